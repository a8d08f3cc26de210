#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""make run: strict, lazy, xSMMU and passthrough side by side.

ci/run.py [BACKEND]: boots the same kernel once per mode, with one CPU whose
instructions QEMU counts. The guest (ci/guest/module/workload.c) unmaps pages in
batches and then lets a hostile device attack what was freed. Commands to the
IOMMU are counted here, in QEMU's trace between two marks of the guest.

Prints a table, writes build/report/run-BACKEND.json. Exit status: 0 if xSMMU
keeps its promise, 1 if it does not or a guest failed, 2 if the rig failed.
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
import compare  # noqa: E402
import prepare  # noqa: E402
import oracle  # noqa: E402

# The matrix's cell for a mode says how to boot it; the name is NAME-MODE.
BACKENDS = ("intel", "amd", "arm-smmu-v3")
# Where instructions are the clock, x86's local APIC timer fails its calibration
# after 10 s of spinning; leave it out at once.
APPEND = {"x86_64": "noapictimer", "arm64": ""}
MODES = ("strict", "lazy", "xsmmu", "passthrough")
TABLE_ONLY = ("waits", "map_commands")
REPORT = prepare.BUILD / "report"
RESULT = re.compile(r"\bworkload: (.*)")


class GuestError(Exception):
    """A guest failed; the message is for the user, console lines included."""


def cell_of(backend, mode):
    """How to boot a mode: as the matrix does, but one counted CPU and the small kernel."""
    cell = cells.load()[f"{backend}-{mode}"]
    return dataclasses.replace(
        cell, name=f"run-{backend}-{mode}", kernel="release", smp=1, tests=[f"workload-{mode}"],
        append=f"{cell.append} {APPEND[cell.arch]}",
        machine=[*cell.machine, "-icount", "shift=0"], timeout=300)


def results(console):
    """What the guest says: all key=value of its "workload:" lines."""
    found = {}
    for line in console.read_text(encoding="utf-8", errors="replace").splitlines():
        if match := RESULT.search(line):
            found.update(re.findall(r"(\w+)=(\S+)", match[1]))
    return found


def per_page(count, pages):
    """A count per page, as an int where it is one."""
    if count is None:
        return None
    return count // pages if count % pages == 0 else round(count / pages, 6)


def commands(said, log):
    """The commands that unmapping took, and the waits.

    An IOMMU that may cache what is not mapped is told of each mapping as well;
    that is no cost of unmapping, and the same in all modes: commands for some
    pages between two marks around a mapping are left out.
    """
    begin, end = map(int, said["marks"].split("-"))
    first, last = map(int, said["map_marks"].split("-"))
    counts = log.count(begin, end)
    maps = sum(log.count(mark, mark + 1)["pages"] for mark in range(first, last, 2))
    return counts["all"] - maps, counts["waits"] - maps, maps


def figures(said, log):
    """The figures of a mode, from the guest's words and the commands counted.

    A page that was still in reach when the guest gave up waiting stays so for
    nobody knows how long.
    """
    pages = int(said["unmapped_pages"])
    count, waits, maps = commands(said, log)
    instructions = int(said["instructions"]) if "instructions" in said else None
    exposure = int(said["longest_exposure_ns"]) if said["reach_ended"] == "1" else None
    return {
        "unmapped_pages": pages,
        "invalidation_commands": count,
        "waits": waits,
        "map_commands": maps,
        "commands_per_page": per_page(count, pages),
        "instructions_per_page": per_page(instructions, pages),
        "stale_accesses_tried": int(said["stale_tried"]),
        "stale_accesses_landed": int(said["stale_landed"]),
        "longest_exposure_ns": exposure,
    }


def measure(cell, mode):
    """Boots a cell and returns its figures."""
    with prepare.report_folder(cell.name) as out:
        outcome = boot.boot_cell(cell, out)
        return judge(cell, outcome, mode)


def judge(cell, outcome, mode):
    """The figures of a boot that went well."""
    tail = "\n".join(f"  | {line}" for line in outcome.tail)
    if outcome.problems:
        raise GuestError("; ".join(outcome.problems) + "\n" + tail)
    said = results(outcome.console)
    try:
        if said["mode"] != mode:
            raise GuestError(f"the guest ran in mode {said['mode']}")
        return figures(said, oracle.Trace(cell.iommu, outcome.trace))
    except (KeyError, ValueError) as error:
        raise GuestError(f"the guest's report is incomplete ({error})\n{tail}") from error


def versions(backend):
    """What was measured with."""
    cell = cell_of(backend, "xsmmu")
    release = (prepare.kernel(cell.base, cell.arch, cell.kernel) / "release").read_text().strip()
    said = subprocess.run([boot.QEMU[cell.arch], "--version"], capture_output=True, text=True,
                          check=True).stdout
    qemu = re.search(r"version (\S+)", said)
    return {"backend": backend, "base": cell.base, "kernel": release,
            "qemu": qemu[1] if qemu else said.split("\n")[0]}


def measure_all(backend):
    """The whole report."""
    prepared = [cell_of(backend, mode) for mode in MODES]
    boot.parts(prepared[0])
    report = {**versions(backend), "modes": {}}
    for mode, cell in zip(MODES, prepared):
        print(f"run: {mode} … ", end="", flush=True)
        begin = time.monotonic()
        try:
            report["modes"][mode] = measure(cell, mode)
        except GuestError as error:
            print("failed")
            raise GuestError(f"{mode}: {error}") from error
        print(f"{time.monotonic() - begin:.0f} s", flush=True)
    return report


def write(report):
    """The report as JSON; what is for the table only is left out."""
    path = REPORT / f"run-{report['backend']}.json"
    modes = {mode: {key: value for key, value in figures_.items() if key not in TABLE_ONLY}
             for mode, figures_ in report["modes"].items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(f".{os.getpid()}")
    new.write_text(json.dumps({**report, "modes": modes}, indent=2) + "\n", encoding="utf-8")
    new.replace(path)
    return path


def on_signal(number, _frame):
    """Ends like Ctrl-C, so that QEMU is ended."""
    raise KeyboardInterrupt(number)


def run(backend):
    """Measures, shows, judges."""
    report = measure_all(backend)
    path = write(report)
    print("\n" + compare.table(report))
    broken = compare.broken(report)
    for text in broken:
        print(f"run.py: {text}", file=sys.stderr)
    print(f"\nFigures: {path.relative_to(prepare.TOP)}; logs beside it")
    return 1 if broken else 0


def main(words):
    """The command."""
    backend = words[0] if words else "intel"
    if len(words) > 1 or backend not in BACKENDS:
        print(f"run.py: BACKEND={' '.join(words)} is unknown; allowed: {' '.join(BACKENDS)}",
              file=sys.stderr)
        return 2
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, on_signal)
    try:
        return run(backend)
    except GuestError as error:
        print(f"run.py: {error}", file=sys.stderr)
        return 1
    except (cells.RigError, OSError, subprocess.CalledProcessError) as error:
        print(f"run.py: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("run.py: interrupted", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
