# SPDX-License-Identifier: GPL-2.0
"""Tests of booting: a guest's problems are found, and QEMU ends with the runner."""

import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from unittest import mock

import boot
import cells


class FakeQemu:
    """A qemu-system-x86_64 that is a shell script, and a cell that uses it."""

    def __init__(self, test, script, timeout=20):
        folder = tempfile.TemporaryDirectory()
        test.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name)
        program = self.path / "qemu-system-x86_64"
        program.write_text("#!/bin/sh\nfor a; do case $a in file:*) log=${a#file:} ;; "
                           "file,*) results=${a##*path=} ;; esac; done\n"
                           f"echo $$ >{self.path}/pid\n{script}\n", encoding="utf-8")
        program.chmod(0o755)
        path = mock.patch.dict(os.environ, PATH=f"{self.path}:{os.environ['PATH']}")
        path.start()
        test.addCleanup(path.stop)
        self.cell = next(iter(cells.load().values()))
        self.cell.timeout = timeout

    def boot(self):
        """Runs it as a cell is run."""
        return boot.boot(self.cell, self.path, self.path / "initrd", [], self.path / "out")

    def alive(self):
        """Whether it still runs, given a moment to die."""
        pid = int((self.path / "pid").read_text())
        for _ in range(50):
            try:
                os.kill(pid, 0)
            except ProcessLookupError:
                return False
            time.sleep(0.1)
        return True


def runner(test, number):
    """Starts a run that hangs, ends the runner by a signal, returns the fake QEMU."""
    qemu = FakeQemu(test, "sleep 60 & wait", timeout=60)
    code = ("import sys, pathlib, boot, cells; p = pathlib.Path(sys.argv[1]);"
            "boot.boot(next(iter(cells.load().values())), p, p / 'i', [], p / 'out')")
    process = subprocess.Popen([sys.executable, "-B", "-c", code, str(qemu.path)],
                               stderr=subprocess.DEVNULL)
    for _ in range(100):
        if (qemu.path / "pid").exists() and (qemu.path / "pid").read_text():
            break
        time.sleep(0.1)
    process.send_signal(number)
    process.wait()
    return qemu


class Boots(unittest.TestCase):
    """How a boot is judged."""

    def test_hang(self):
        """A guest that hangs is ended at its timeout, and its last lines are kept."""
        qemu = FakeQemu(self, "echo last words >$log; sleep 60 & wait", timeout=1)
        outcome = qemu.boot()
        self.assertIn("timeout", outcome.problems[0])
        self.assertEqual(outcome.tail, ["last words"])
        self.assertFalse(qemu.alive())

    def test_panic(self):
        """A guest that panics counts as failed."""
        text = "[ 1.0] Kernel panic - not syncing: x"
        outcome = FakeQemu(self, f"echo '{text}' >$log; echo '{boot.FINISHED}' >$results").boot()
        self.assertTrue(any("panic" in problem for problem in outcome.problems), outcome)

    def test_early_end(self):
        """A guest that ends without FINISHED counts as failed."""
        self.assertTrue(FakeQemu(self, "echo hello >$log").boot().problems)
        self.assertTrue(FakeQemu(self, f"echo '{boot.FINISHED}' >$log").boot().problems)
        self.assertFalse(FakeQemu(self, f"echo '{boot.FINISHED}' >$results").boot().problems)

    def test_expected_splat(self):
        """A splat that a cell expects is no failure; its absence and any other splat are."""
        def problems(*lines):
            text = "\n".join(lines)
            qemu = FakeQemu(self, f"echo '{text}' >$log; echo '{boot.FINISHED}' >$results")
            qemu.cell.expect = "pagealloc: memory corruption"
            return qemu.boot().problems

        self.assertFalse(problems("[ 1.0] pagealloc: memory corruption"))
        self.assertEqual(problems("hello"), ["no splat matches pagealloc: memory corruption"])
        found = problems("pagealloc: memory corruption", "BUG: KASAN: x")
        self.assertTrue(any("KASAN" in problem for problem in found), found)

    def test_allowed_splat(self):
        """A splat that a cell allows may be there or not; any other splat is a failure."""
        def problems(line):
            qemu = FakeQemu(self, f"echo '{line}' >$log; echo '{boot.FINISHED}' >$results")
            qemu.cell.allow = "data-race in a / b"
            return qemu.boot().problems

        self.assertFalse(problems("hello"))
        self.assertFalse(problems("BUG: KCSAN: data-race in a / b"))
        self.assertTrue(problems("BUG: KCSAN: data-race in a / c"))

    def test_boot_test(self):
        """The result of a boot test must be there and good where a cell expects it."""
        line = "[ 1.0] arm-lpae io-pgtable: selftest: completed with {} PASS {} FAIL"
        good, bad = line.format(18, 0), line.format(17, 1)
        wanted = "selftest: completed with 18 PASS 0 FAIL"
        self.assertFalse(boot.judge_splats(good, wanted))
        for text in (bad, "hello"):
            self.assertTrue(boot.judge_splats(text, wanted), text)
            self.assertEqual(bool(boot.judge_splats(text, "", wanted)), text == bad)
        self.assertFalse(boot.judge_splats(good, "", wanted))

    def test_qemu_refuses(self):
        """A QEMU that refuses its arguments counts as failed, with its message."""
        outcome = FakeQemu(self, "echo no such device; exit 1").boot()
        self.assertIn("no such device", outcome.problems[0])


class Ends(unittest.TestCase):
    """QEMU ends if its run is ended."""

    def test_interrupt(self):
        """Ctrl-C leaves no QEMU behind."""
        self.assertFalse(runner(self, signal.SIGINT).alive())

    def test_killed(self):
        """A runner that is killed leaves no QEMU behind."""
        self.assertFalse(runner(self, signal.SIGKILL).alive())
