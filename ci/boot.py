#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Boots one cell of the matrix in QEMU and reports the outcome.

As a command: ci/boot.py CELL [EXTRA KERNEL ARGUMENTS...] boots a cell of
ci/matrix.ini by hand, shows the console as it comes, and leaves the logs in
build/report/CELL/.

The guest has a console for the kernel's log, and a serial port for its results.
The guest must end by itself: ci/guest/init writes FINISHED to the results port and powers
the machine off. A guest that ends without FINISHED has crashed.
"""

import argparse
import dataclasses
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "lib"))
import cells  # noqa: E402
import prepare  # noqa: E402
import oracle  # noqa: E402

FINISHED = "rig: finished"
QEMU = {"x86_64": "qemu-system-x86_64", "arm64": "qemu-system-aarch64"}
CONSOLE = {"x86_64": "ttyS0", "arm64": "ttyAMA0"}
# A cell that keeps the early console has no other.
EARLY = re.compile(r"\bearly(?:con|printk)=")
IMAGE = {"x86_64": "bzImage", "arm64": "Image"}
# A panic ends the run at once (-no-reboot) instead of waiting for the timeout.
APPEND = "panic=-1 oops=panic rdinit=/init loglevel=7"
# On a busy host, TCG delivers timer interrupts too late for x86's own check.
APPEND_ARCH = {"x86_64": "no_timer_check", "arm64": ""}
TAIL = 15


@dataclasses.dataclass
class Outcome:
    """The outcome of a boot: problems is empty if the guest ran and ended without an error."""

    console: pathlib.Path
    trace: pathlib.Path
    seconds: float
    problems: list
    tail: list

    def logs(self):
        """The logs that may hold results: the kernel prints those of KUnit on its console."""
        return [path for path in (self.console, results_of(self.console)) if path.exists()]


def results_of(console):
    """The log of the results port, beside the log of the console."""
    return console.with_name("results.log")


def machine(cell):
    """The first part of a cell's QEMU command line, for env."""
    return [*prepare.emulator(cell.qemu, QEMU[cell.arch]), *cell.machine, "-smp", str(cell.smp),
            "-m", cell.memory, "-nodefaults", "-display", "none"]


def command(cell, kernel, initrd, out, extra=""):
    """The QEMU command line of a cell."""
    tests = f"rig.tests={','.join(cell.tests)}" if cell.tests else ""
    console = "null keep_bootcon" if EARLY.search(cell.append) else CONSOLE[cell.arch]
    append = " ".join([f"console={console}", APPEND, APPEND_ARCH[cell.arch],
                       f"rig.iommu={cell.iommu}", cell.append, tests, extra])
    line = [*machine(cell), "-no-user-config", "-no-reboot"]
    line += ["-serial", f"file:{out / 'console.log'}", "-D", str(out / "trace.log")]
    line += ["-kernel", str(kernel / IMAGE[cell.arch]), "-initrd", str(initrd)]
    line += ["-append", " ".join(append.split()), *cell.devices]
    # This device comes last, so that it does not change the other devices' addresses.
    line += ["-chardev", f"file,id=results,path={results_of(out / 'console.log')}",
             "-device", "pci-serial,chardev=results"]
    for event in oracle.qemu_events(cell.iommu, not cell.has_nic()) if cell.oracles else ():
        line += ["-trace", event]
    return line + (device_tree(cell, out) if cell.dtb_delete else [])


def device_tree(cell, out):
    """The option that gives the machine its own device tree without some properties."""
    path = out / "machine.dtb"
    steps = [["env", *machine(cell), "-machine", f"dumpdtb={path}"]]
    steps += [["fdtput", "-d", str(path), node, name]
              for node, name in zip(cell.dtb_delete[::2], cell.dtb_delete[1::2])]
    for step in steps:
        done = subprocess.run(step, capture_output=True, text=True, check=False)
        if done.returncode:
            raise cells.RigError(f"{cell.name}: {' '.join(step[:1])}: {done.stderr.strip()}")
    return ["-dtb", str(path)]


def start(line, preload, errors):
    """Starts QEMU so that it always ends together with this program.

    Its own session keeps a terminal's Ctrl-C from QEMU; stop() ends QEMU then.
    The parent-death signal ends QEMU if this program gets SIGKILL. LD_PRELOAD
    is for QEMU only: no other program has the symbols that the devices need.
    """
    guard = ["setpriv", "--pdeathsig", "KILL", "env", f"LD_PRELOAD={':'.join(map(str, preload))}"]
    return subprocess.Popen(guard + line, stdin=subprocess.DEVNULL, stdout=errors,
                            stderr=subprocess.STDOUT, start_new_session=True)


def stop(process):
    """Ends QEMU and the processes that it started."""
    if process.poll() is None:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()


def splats(text):
    """The console's lines that match a pattern of ci/splats."""
    lines = (cells.CI / "splats").read_text(encoding="utf-8").splitlines()
    bad = re.compile("|".join(f"(?:{p})" for p in lines if p.strip() and not p.startswith("#")))
    return [line for line in text.splitlines() if bad.search(line)]


def judge_splats(text, expect, allow=""):
    """Unexpected splats, and a line if the expected one is missing."""
    found = splats(text)
    if allow:
        found = [line for line in found if not re.search(allow, line)]
    if not expect:
        return [f"splat: {line.strip()}" for line in found[:5]]
    wanted = re.compile(expect)
    problems = [f"splat: {line.strip()}" for line in found if not wanted.search(line)][:5]
    if not any(map(wanted.search, found)):
        problems.append(f"no splat matches {expect}")
    return problems


def judge(cell, console, status, errors):
    """The problems of a boot and the console's last lines."""
    text = console.read_text(encoding="utf-8", errors="replace") if console.exists() else ""
    problems = []
    if status is None:
        problems.append(f"timeout: the guest was ended after {cell.timeout} s")
    elif status:
        said = errors.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        problems.append(f"QEMU exit status {status}: {said[-1] if said else 'no message'}")
    problems += judge_splats(text, cell.expect, cell.allow)
    results = results_of(console)
    if not problems and not (results.exists() and FINISHED in results.read_text(errors="replace")):
        problems.append(f"the guest ended without saying '{FINISHED}'")
    return problems, [line.rstrip() for line in text.splitlines()[-TAIL:]]


def boot(cell, kernel, initrd, preload, out, extra="", follow=None):
    """Boots a cell with its logs in the folder out; calls follow for each while QEMU runs."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    console, errors = out / "console.log", out / "qemu.log"
    line = command(cell, kernel, initrd, out, extra)
    (out / "command").write_text(" ".join(line) + "\n", encoding="utf-8")
    begin = time.monotonic()
    status = None
    with open(errors, "wb") as file:
        process = start(line, preload, file)
        try:
            while status is None and time.monotonic() - begin < cell.timeout:
                try:
                    status = process.wait(0.2)
                except subprocess.TimeoutExpired:
                    pass
                if prepare.STOP.is_set():
                    raise cells.RigError(f"{cell.name} was interrupted")
                for path in (console, results_of(console)) if follow else ():
                    follow(path)
        finally:
            stop(process)
    problems, tail = judge(cell, console, status, errors)
    return Outcome(console, out / "trace.log", time.monotonic() - begin, problems, tail)


def parts(cell):
    """The kernel, initramfs and devices of a cell, built if they do not exist."""
    kernel = prepare.kernel(cell.base, cell.arch, cell.kernel, cell.backends, cell.mutant)
    selftests = prepare.source(cell.base) if cell.has_selftests() else None
    initrd = prepare.initramfs(cell.arch, kernel, bool(cell.tests), cell.has_nic(), selftests)
    return kernel, initrd, prepare.devices(cell.qemu)


def boot_cell(cell, out, extra="", follow=None):
    """Prepares everything that a cell needs, then boots it."""
    return boot(cell, *parts(cell), out, extra, follow)


class Echo:
    """Prints the new part of growing files."""

    def __init__(self):
        self.seen = {}

    def __call__(self, path):
        if path.exists():
            with open(path, "rb") as file:
                file.seek(self.seen.get(path, 0))
                sys.stdout.write(file.read().decode("utf-8", "replace").replace("\r", ""))
                self.seen[path] = file.tell()
            sys.stdout.flush()


def main():
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("cell")
    parser.add_argument("append", nargs="*")
    words = parser.parse_args()
    try:
        known = cells.load()
        if words.cell not in known:
            raise cells.RigError(f"cell {words.cell} is unknown; allowed: {' '.join(known)}")
        with prepare.report_folder(words.cell) as out:
            outcome = boot_cell(known[words.cell], out, " ".join(words.append), Echo())
    except cells.RigError as error:
        print(f"boot.py: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    for problem in outcome.problems:
        print(f"boot.py: {problem}", file=sys.stderr)
    print(f"boot.py: {outcome.seconds:.1f} s, logs in {out}", file=sys.stderr)
    return 1 if outcome.problems else 0


if __name__ == "__main__":
    sys.exit(main())
