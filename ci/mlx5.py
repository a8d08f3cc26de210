#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What a packet costs the mlx5 driver: strict, lazy, xSMMU and passthrough.

ci/mlx5.py [BACKEND]: boots the kernel of "make run" once per mode, with one CPU whose
instructions QEMU counts, and two emulated ConnectX. The guest (ci/guest/nic/cost.sh)
sends and receives; commands to the IOMMU are counted here, in QEMU's trace between
two marks of the guest.

Prints a table, writes build/report/mlx5-BACKEND.json. Exit status: 0 if the targets
are met, 1 if one is not or a guest failed, 2 if the rig failed.
"""

import dataclasses
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "lib"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import boot  # noqa: E402
import cells  # noqa: E402
import packets  # noqa: E402
import prepare  # noqa: E402
import run  # noqa: E402
import oracle  # noqa: E402

RESULT = re.compile(r"^\[[ .\d]+\] cost: (\S+) (.*)$", re.MULTILINE)
# Of what the guest sends while its NIC has nothing to do: the other NIC's share.
IDLE = "idle"
NICS = [word for number in "01" for word in (
    "-netdev", f"hubport,id=h{number},hubid=0",
    "-device", f"connectx,netdev=h{number},striding-rq=on")]


def cell_of(backend, mode):
    """How to boot a mode: as "make run" does, with two NICs.

    An idle guest does not wait in real time: that would take longer, and on a busy
    host one was seen to sleep for ever.
    """
    cell = run.cell_of(backend, mode)
    return dataclasses.replace(cell, name=f"mlx5-{backend}-{mode}", tests=["nic-cost"],
                               machine=[*cell.machine, "-icount", "sleep=off"],
                               devices=[*cell.devices, *NICS])


def parts(cell):
    """What it boots with: none of our modules is in the guest."""
    kernel = prepare.kernel(cell.base, cell.arch, cell.kernel, cell.backends)
    return (kernel, prepare.initramfs(cell.arch, kernel, False, True),
            prepare.devices(cell.qemu))


def said(console):
    """What the guest says of each run: numbers by name."""
    text = console.read_text(encoding="utf-8", errors="replace").replace("\r", "")
    return {name: {key: int(value) for key, value in re.findall(r"(\w+)=(\d+)", rest)}
            for name, rest in RESULT.findall(text)}


def commands(counts, cell, mode):
    """The commands that unmapping took, and those that mapping took.

    QEMU's AMD-Vi is told of each mapping as well, in the words of a strict unmap. The
    guest maps what it unmaps, so that strict mode needs as many for one as for the other;
    the others unmap by whole domains.
    """
    maps = 0
    if cell.iommu == "amd":
        maps = counts["pages"] // 2 if mode == "strict" else counts["pages"]
    return counts["all"] - maps, maps


def figures(words, idle, log, cell, mode):
    """A run's figures: those of the report, and those for the judge and the table."""
    sent = words["packets"]
    counts = log.count(words["mark"], words["mark"] + 1)
    count, maps = commands(counts, cell, mode)
    instructions = words["instructions"] - (idle["instructions"] if words["rx_packets"] else 0)
    return {
        "packets": sent,
        "invalidation_commands": count,
        "commands_per_packet": run.per_page(count, sent),
        "instructions_per_packet": run.per_page(instructions, sent),
        "stale_accesses_tried": None,
        "stale_accesses_landed": None,
        "map_commands": maps,
        "domain_commands": counts["domain_leaf"] + counts["domain_full"],
        "unknown_commands": counts["unknown"],
        "driver": words,
    }


def judge(cell, outcome, mode):
    """The figures of a boot that went well."""
    tail = "\n".join(f"  | {line}" for line in outcome.tail)
    if outcome.problems or "\nnot ok" in (text := "\n" + run_text(outcome.console)):
        problems = outcome.problems or [re.search(r"not ok.*", text)[0]]
        raise run.GuestError("; ".join(problems) + "\n" + tail)
    runs = said(outcome.console)
    log = oracle.Trace(cell.iommu, outcome.trace)
    try:
        return {name: figures(runs[name], runs[IDLE], log, cell, mode) for name in packets.RUNS}
    except (KeyError, ValueError) as error:
        raise run.GuestError(f"the guest's report is incomplete ({error})\n{tail}") from error


def run_text(console):
    """The console's lines without their times."""
    text = console.read_text(encoding="utf-8", errors="replace")
    return re.sub(r"^\[[ .\d]+\] ", "", text, flags=re.MULTILINE)


def measure(cell, mode):
    """Boots a cell and returns its figures."""
    with prepare.report_folder(cell.name) as out:
        return judge(cell, boot.boot(cell, *parts(cell), out), mode)


def measure_all(backend):
    """The whole report."""
    prepared = {mode: cell_of(backend, mode) for mode in run.MODES}
    parts(prepared["xsmmu"])
    report = {**run.versions(backend), "modes": {}}
    for mode, cell in prepared.items():
        print(f"mlx5: {mode} … ", end="", flush=True)
        begin = time.monotonic()
        try:
            report["modes"][mode] = measure(cell, mode)
        except run.GuestError as error:
            print("failed")
            raise run.GuestError(f"{mode}: {error}") from error
        print(f"{time.monotonic() - begin:.0f} s", flush=True)
    return report


def write(report):
    """The report as JSON; what is for the judge and the table only is left out."""
    path = run.REPORT / f"mlx5-{report['backend']}.json"
    modes = {mode: {name: {key: figure[key] for key in packets.KEYS}
                    for name, figure in runs.items()}
             for mode, runs in report["modes"].items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(f".{os.getpid()}")
    new.write_text(json.dumps({**report, "modes": modes}, indent=2) + "\n", encoding="utf-8")
    new.replace(path)
    return path


def compare(backend):
    """Measures, shows, judges."""
    report = measure_all(backend)
    path = write(report)
    print("\n" + packets.table(report))
    broken = packets.broken(report)
    for text in broken:
        print(f"mlx5.py: {text}", file=sys.stderr)
    print(f"\nFigures: {path.relative_to(prepare.TOP)}; logs beside it")
    return 1 if broken else 0


def main(words):
    """The command."""
    backend = words[0] if words else "intel"
    if len(words) > 1 or backend not in run.BACKENDS:
        print(f"mlx5.py: BACKEND={' '.join(words)} is unknown; allowed: {' '.join(run.BACKENDS)}",
              file=sys.stderr)
        return 2
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, run.on_signal)
    try:
        return compare(backend)
    except run.GuestError as error:
        print(f"mlx5.py: {error}", file=sys.stderr)
        return 1
    except (cells.RigError, OSError, subprocess.CalledProcessError) as error:
        print(f"mlx5.py: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("mlx5.py: interrupted", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
