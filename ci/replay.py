#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Runs the simulated caches on a trace.

ci/replay.py TRACE...           prints what each trace misses (format: ci/lib/caches_format.py)
ci/replay.py --convert LOG...   prints QEMU's logs of a guest behind VT-d as traces

A log needs the trace events "vtd_inv_desc", "vtd_iotlb_page_hit" and "vtd_iotlb_page_update".
The rig's own logs have only the first: they have no accesses.

Exit status: 0, or 2 if a file cannot be read or has no accesses.
"""

import argparse
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "lib"))
import caches  # noqa: E402
import caches_format  # noqa: E402
import caches_runs  # noqa: E402
import figures  # noqa: E402


def convert(path):
    """Prints a log as a trace."""
    events = list(caches_format.from_qemu(path.open(encoding="utf-8", errors="replace")))
    if not any(isinstance(event, caches.Access) for event in events):
        raise ValueError(f"no accesses: QEMU must trace {', '.join(caches_format.QEMU_EVENTS)}")
    print("\n".join(caches_format.write(events)))


def replay(path):
    """Prints a row for each stream of a trace: accesses, and what they missed."""
    iommu = caches.Iommu(caches_runs.GEOMETRY)
    iommu.run(caches_format.read(path.open(encoding="utf-8")))
    if not iommu.streams:
        raise ValueError("no accesses")
    rows = [(name, *map(str, (count.accesses, count.size,
                              *(count.misses[cache] for cache in caches.CACHES))))
            for name, count in sorted(iommu.streams.items())]
    head = ("stream", "accesses", "bytes", *(f"{cache} misses" for cache in caches.CACHES))
    print("\n".join([f"{path}: {sum(iommu.commands.values())} commands; simulated:",
                     *figures.table((head,), rows)]))


def main():
    """The command."""
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--convert", action="store_true")
    parser.add_argument("files", nargs="+", type=pathlib.Path)
    words = parser.parse_args()
    for path in words.files:
        try:
            (convert if words.convert else replay)(path)
        except (OSError, ValueError) as error:
            print(f"replay.py: {path}: {error}", file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
