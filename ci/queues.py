#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Prints what several CPUs cost that unmap and sync at the same time.

ci/queues.py reads the logs that "make check CELLS=*-queues" leaves in build/report, and
prints a table. The guest's side is ci/guest/module/suites/queues.c: it says what it did and
what the kernel has counted. The commands are counted in QEMU's trace, between marks. The
cells judge these figures. Exit status: 0, or 2 if the logs cannot be read.
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "lib"))
import figures  # noqa: E402
import ktap  # noqa: E402
import oracle  # noqa: E402
import prepare  # noqa: E402

KINDS = ("shared", "local")
HEAD = (
    ("", "", "", "", "sync of all CPUs:", "", "", "local sync:", "", "", ""),
    ("", "queues", "batch", "pages", "commands", "led", "shared", "commands", "named", "led",
     "shared"),
)


def commands(words, trace):
    """The commands of a run, without those that an IOMMU asks for after each mapping.

    Only AMD-Vi as QEMU emulates it does. These drop non-leaf entries too, and no others do.
    """
    counts = trace.count(*map(int, words["marks"].split("-")))
    return counts["all"] - counts["pages_full"]


def runs(lines, trace):
    """The figures of each run, by queues, batch and kind of sync."""
    found = {}
    for kind, words in figures.said(lines, "queues"):
        key = int(words["pollers"]), int(words["batch"])
        found.setdefault(key, {})[kind] = {**words, "commands": commands(words, trace)}
    return found


def rows(name, found):
    """The rows of a backend's table."""
    for (pollers, batch), kinds in found.items():
        shared, local = (kinds[kind] for kind in KINDS)
        cells = (pollers, batch, int(shared["pages"]), shared["commands"], int(shared["led"]),
                 int(shared["shared"]), local["commands"], int(local["named"]), int(local["led"]),
                 int(local["shared"]))
        yield (name, *map(figures.count, cells))


def main():
    """The command."""
    table = []
    try:
        for backend, name in figures.NAMES.items():
            folder = prepare.BUILD / "report" / f"{backend}-queues"
            if folder.exists():
                trace = oracle.Trace(backend, folder / "trace.log")
                table += rows(name, runs(ktap.lines(folder / "console.log"), trace))
    except (KeyError, OSError, ValueError) as error:
        print(f"queues.py: the logs are those of no whole run: {error}", file=sys.stderr)
        return 2
    if not table:
        print('queues.py: run make check CELLS="*-queues" first', file=sys.stderr)
        return 2
    print("\n".join(figures.table(HEAD, table)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
