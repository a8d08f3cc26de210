# SPDX-License-Identifier: GPL-2.0
"""Prepares what a cell needs: the kernel, guest modules, the initramfs, the devices.

A script of ci/ makes each part, caches it and prints its path. This module calls
each script once per run.
"""

import contextlib
import fcntl
import functools
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time

from cells import CI, RigError

TOP = CI.parent
BUILD = TOP / "build"

# The kernel tree's own Python must not leave bytecode in the cached source.
os.environ["PYTHONDONTWRITEBYTECODE"] = "1"


# The seconds of each part that was fetched or built in this run, by name.
SECONDS = {}


@contextlib.contextmanager
def timed(name):
    """Notes the seconds of a part, if it takes a second or more."""
    begin = time.monotonic()
    yield
    if (taken := time.monotonic() - begin) >= 1:
        SECONDS[name] = SECONDS.get(name, 0) + taken


# If this is set, the guests of this run end, and what is built beside them.
STOP = threading.Event()
# What the thread that builds beside guests has: the log that takes its progress.
_beside = threading.local()
# The scripts of such threads, and a mark for each guest that wants the CPUs for itself.
_lock = threading.Lock()
_running = set()
_alone = []


def build_beside_guests(log):
    """Called in a thread: its scripts leave the CPUs to guests, and their progress goes to a file."""
    _beside.log = log


def _signal(process, *numbers):
    for number in numbers:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)


def stop():
    """Ends the guests of this run, and the scripts that run beside them."""
    STOP.set()
    with _lock:
        for process in _running:
            _signal(process, signal.SIGTERM, signal.SIGCONT)


@contextlib.contextmanager
def alone():
    """Nothing is built beside guests meanwhile."""
    with _lock:
        _alone.append(True)
        for process in _running:
            _signal(process, signal.SIGSTOP)
    try:
        yield
    finally:
        with _lock:
            _alone.pop()
            for process in _running if not _alone else ():
                _signal(process, signal.SIGCONT)


def _run_beside(command, log):
    """Runs a command at low priority in a session of its own; returns what subprocess.run() does."""
    with open(log, "ab") as progress:
        with _lock:
            process = subprocess.Popen(["nice", "-n", "19", *command], stdout=subprocess.PIPE,
                                       stderr=progress, text=True, start_new_session=True)
            _running.add(process)
            if STOP.is_set():
                _signal(process, signal.SIGTERM)
            elif _alone:
                _signal(process, signal.SIGSTOP)
        said = process.communicate()[0]
        with _lock:
            _running.remove(process)
    return subprocess.CompletedProcess(command, process.returncode, said)


def script(name, *arguments):
    """Runs ci/<name>; its progress goes to stderr, the last line of its stdout is returned."""
    command = [str(CI / name), *map(str, arguments)]
    log = getattr(_beside, "log", None)
    done = (_run_beside(command, log) if log else
            subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False))
    if done.returncode:
        where = f"in {os.path.relpath(log, TOP)}" if log else "above"
        raise RigError(f"ci/{name} failed (exit status {done.returncode}); it says why {where}")
    lines = done.stdout.split("\n")
    return lines[-2] if len(lines) > 1 else ""


@contextlib.contextmanager
def report_folder(name):
    """A folder of build/report, locked against other runs."""
    locks = BUILD / "locks"
    locks.mkdir(parents=True, exist_ok=True)
    with open(locks / name, "w", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"{name}: waiting for another run of it", file=sys.stderr)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield BUILD / "report" / name


def once(function):
    """Calls a function only once per set of arguments, even if it fails."""
    done = {}

    @functools.wraps(function)
    def wrapper(*arguments):
        if arguments not in done:
            try:
                done[arguments] = (function(*arguments), None)
            except RigError as error:
                done[arguments] = (None, error)
        value, error = done[arguments]
        if error:
            raise error
        return value

    return wrapper


@once
def source(base):
    """The untouched kernel source of a base."""
    with timed(f"source {base}"):
        return pathlib.Path(script("source.sh", base))


@once
def kernel(base, arch, config, backends="default", mutant=""):
    """The folder of a built kernel (see ci/kernel.sh)."""
    source(base)
    parts = [config, arch, base, mutant and f"mutant {mutant}",
             backends != "default" and f"backends '{backends}'"]
    with timed(f"kernel {' '.join(filter(None, parts))}"):
        return pathlib.Path(script("kernel.sh", "--base", base, "--arch", arch, "--config", config,
                                   "--backends", backends, "--mutant", mutant))


@once
def initramfs(arch, kernel_dir, with_modules, nic=False, selftests=None):
    """An initramfs with the guest's init and the modules that are built for that kernel.

    nic: with the programs and modules for tests of a NIC, without the attacks' module.
    selftests: a kernel source, whose tests of network drivers are put in too.
    """
    modules = ["--nic"] if nic else []
    modules += ["--selftests", selftests] if selftests else []
    if with_modules:
        with timed("guest modules"):
            folder = script("guest-modules.sh", arch, kernel_dir,
                            "observer" if nic else "module")
        modules += sorted(pathlib.Path(folder).glob("*.ko"))
    kind = "-modules" * with_modules + "-nic" * nic + "-selftests" * bool(selftests)
    image = BUILD / "initramfs" / f"{kernel_dir.name}{kind}.cpio.gz"
    image.parent.mkdir(parents=True, exist_ok=True)
    with timed("initramfs"):
        script("initramfs.sh", image, arch, kernel_dir, *modules)
    return image


@once
def emulator(word, program):
    """The arguments of env that start a program of an emulator (a word of ci/qemu.sh)."""
    if word == "stock":
        return (program,)
    with timed(f"emulator {word}"):
        words = pathlib.Path(script("qemu.sh", word)) / f"{program}.command"
    if not words.exists():
        raise RigError(f"qemu={word} has no {program}")
    return tuple(words.read_text(encoding="utf-8").splitlines())


@once
def devices(qemu="stock"):
    """The shared objects that add our devices to a QEMU (a word of ci/qemu.sh)."""
    out = BUILD / ("devices" if qemu == "stock" else f"devices-{qemu}")
    with timed(f"devices {qemu}"):
        script("devices/build.sh", out, qemu)
    found = sorted(out.glob("*.so"))
    if not found:
        raise RigError(f"ci/devices/build.sh left no .so in {out}")
    return tuple(found)
