#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Measures a workload in strict, lazy, xSMMU and passthrough mode, side by side.

ci/measure.py WORKLOAD BACKEND [BASE] boots the same kernel once per mode. QEMU counts the
instructions of a guest with one CPU. The guest runs the workload. This program counts the
commands to the IOMMU in QEMU's trace, between marks of the guest. It prints a table and writes
it as JSON to build/report/FILE-BACKEND-BASE.json, and for the default base also to
FILE-BACKEND.json. Exit status: 0 if the project's promises hold, 1 if they do not or a
guest failed, 2 if the rig failed.

BACKEND is intel, amd, arm-smmu-v3, or amd-npcache-off: QEMU's AMD-Vi with a knob of the rig,
which takes away its claim to cache entries that are not present (ci/devices/command-log).

ci/measure.py WORKLOAD side-by-side [BASE] prints the reports of all backends as one table,
those of one base or of every base that has them.

The workloads, each of a module of ci/lib:
  pages          unmaps batches of pages, then lets a hostile device attack them ("make run")
  packets        sends and receives with the mlx5 driver and two emulated ConnectX
  points         maps and unmaps buffers of different sizes and forms, in different batches
  points-few     a few of these points, in strict and xSMMU mode only
  points-queues  several queues at the same time, each on a CPU of its own; instructions are
                 not counted
  benchmark      the kernel's own benchmark of the DMA API, beside the same point of ours
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
import ktap  # noqa: E402
import map_benchmark  # noqa: E402
import oracle  # noqa: E402
import packets  # noqa: E402
import pages  # noqa: E402
import points  # noqa: E402
import prepare  # noqa: E402
from figures import KNOBS, MACHINES, NAMES  # noqa: E402

WORKLOADS = {"pages": pages, "packets": packets, "points": points.Points(),
             "points-few": points.FewPoints(), "points-queues": points.QueuePoints(),
             "benchmark": map_benchmark.Benchmark()}
SIDE_BY_SIDE = "side-by-side"
# For each machine with a knob of the rig: the backend of its cells, and QEMU's arguments.
DEVICES = {"amd-npcache-off": ["amd", "-global", cells.NPCACHE_OFF]}
REPORT = prepare.BUILD / "report"
# With instructions as the clock, the calibration of x86's local APIC timer fails
# after 10 s of spinning, so the kernel must not use this timer.
APPEND = {"x86_64": "noapictimer", "arm64": ""}


class GuestError(Exception):
    """A guest failed; the message includes lines of the console."""


def counted(cell):
    """A cell with one CPU whose instructions QEMU counts."""
    return dataclasses.replace(cell, append=f"{cell.append} {APPEND[cell.arch]}",
                               machine=[*cell.machine, "-icount", "shift=0"])


def cell_of(workload, backend, mode, base):
    """The matrix's cell of a mode, but with the release kernel and the workload's CPUs.

    QEMU counts the instructions of all CPUs as one number, and executes one CPU after the
    other then. So those of several CPUs are not counted.
    """
    machine, *knob = DEVICES.get(backend, [backend])
    cell = cells.load()[cells.on_base(f"{machine}-{mode}", base)]
    name = f"{workload.FILES}-{cells.on_base(f'{backend}-{mode}', base)}"
    cell = dataclasses.replace(cell, name=name, kernel="release", smp=workload.CPUS, timeout=300,
                               devices=[*cell.devices, *knob])
    return workload.adapted(counted(cell) if workload.CPUS == 1 else cell, mode)


def word_of(workload):
    """The word for a workload."""
    return next(word for word, each in WORKLOADS.items() if each is workload)


def judge(workload, cell, outcome, mode):
    """The figures of a boot; GuestError if the guest failed."""
    tail = "\n".join(["", *(f"  | {line}" for line in outcome.tail)])
    lines = [line for log in outcome.logs() for line in ktap.lines(log)]
    problems = outcome.problems or [line for line in lines if line.startswith("not ok")][:1]
    if problems:
        raise GuestError("; ".join(problems) + tail)
    try:
        return workload.figures(lines, oracle.Trace(cell.iommu, outcome.trace), cell, mode)
    except (KeyError, OSError, ValueError) as error:
        raise GuestError(f"the guest's report is incomplete ({error}){tail}") from error


def boot_mode(workload, cell, mode, words=""):
    """Boots a cell and returns its figures; words say what differs from the mode's own cell."""
    print(f"{word_of(workload)}: {mode}{words} … ", end="", flush=True)
    begin = time.monotonic()
    try:
        with prepare.report_folder(cell.name) as out:
            outcome = boot.boot(cell, *workload.parts(cell), out)
            found = judge(workload, cell, outcome, mode)
    except GuestError as error:
        print("failed")
        raise GuestError(f"{mode}: {error}") from error
    print(f"{time.monotonic() - begin:.0f} s", flush=True)
    return found


def versions(backend, cell, kernel):
    """The backend and the versions of base, kernel and QEMU."""
    said = subprocess.run([boot.QEMU[cell.arch], "--version"], capture_output=True, text=True,
                          check=True).stdout
    qemu = re.search(r"version (\S+)", said)
    return {"backend": backend, "base": cell.base,
            "kernel": (kernel / "release").read_text(encoding="utf-8").strip(),
            "qemu": qemu[1] if qemu else said.split("\n")[0]}


def measure(workload, backend, base):
    """The whole report."""
    prepared = {mode: cell_of(workload, backend, mode, base) for mode in workload.MODES}
    first = next(iter(prepared.values()))
    kernel, *_ = workload.parts(first)
    report = versions(backend, first, kernel)
    report["modes"] = {mode: boot_mode(workload, cell, mode) for mode, cell in prepared.items()}
    return report


def paths_of(workload, backend, base):
    """The paths of a report: its own, and for the default base a shorter one."""
    names = [f"{workload.FILES}-{backend}-{base}.json"]
    if base == cells.default_base():
        names.append(f"{workload.FILES}-{backend}.json")
    return [REPORT / name for name in names]


def public(workload, report):
    """The report without the figures that only judge and table need."""
    return {**report, "modes": {mode: workload.public(found)
                                for mode, found in report["modes"].items()}}


def write(workload, report):
    """Writes the public part of a report as JSON."""
    paths = paths_of(workload, report["backend"], report["base"])
    text = json.dumps(public(workload, report), indent=2) + "\n"
    REPORT.mkdir(parents=True, exist_ok=True)
    for path in paths:
        new = path.with_suffix(f".{os.getpid()}")
        new.write_text(text, encoding="utf-8")
        new.replace(path)
    return paths[0]


def run(workload, backend, base):
    """Measures, prints the table, judges the figures."""
    report = measure(workload, backend, base)
    path = write(workload, report)
    print("\n" + workload.table(report))
    broken = workload.broken(report["modes"], backend)
    for text in broken:
        print(f"measure.py: {text}", file=sys.stderr)
    print(f"\nFigures: {path.relative_to(prepare.TOP)}; logs beside it")
    return 1 if broken else 0


def side_by_side(workload, bases):
    """Prints the reports of all backends as one table, base by base.

    If several bases are given, those without a report are left out. So are machines with a
    knob of the rig.
    """
    paths = [path for base in bases for backend in MACHINES
             if (path := paths_of(workload, backend, base)[0]).exists()
             or len(bases) == 1 and backend not in KNOBS]
    print(workload.side_by_side([json.loads(path.read_text(encoding="utf-8")) for path in paths]))
    return 0


def chosen(words):
    """The workload, the backend or SIDE_BY_SIDE, and the bases that the words name."""
    allowed = {"WORKLOAD": list(WORKLOADS), "BACKEND": [*MACHINES, SIDE_BY_SIDE],
               "BASE": cells.bases()}
    if len(words) not in (2, 3):
        raise cells.RigError("usage: ci/measure.py WORKLOAD BACKEND [BASE]")
    for word, (name, known) in zip(words, allowed.items()):
        if word not in known:
            raise cells.RigError(f"{name}={word} is unknown; allowed: {' '.join(known)}")
    return WORKLOADS[words[0]], words[1], words[2:] or cells.bases()


def on_signal(number, _frame):
    """Ends like Ctrl-C, so that QEMU is ended."""
    raise KeyboardInterrupt(number)


def main(words):
    """The command."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, on_signal)
    try:
        workload, backend, bases = chosen(words)
        if backend == SIDE_BY_SIDE:
            return side_by_side(workload, bases)
        return run(workload, backend, bases[0])
    except GuestError as error:
        print(f"measure.py: {error}", file=sys.stderr)
        return 1
    except (cells.RigError, OSError, subprocess.CalledProcessError) as error:
        print(f"measure.py: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("measure.py: interrupted", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
