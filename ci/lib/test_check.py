# SPDX-License-Identifier: GPL-2.0
"""Tests of the rows that "make check" selects, of its parallel guests, of its times."""

import contextlib
import io
import pathlib
import sys
import tempfile
import threading
import time
import unittest
import unittest.mock

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import cells
import check
import seconds
import selection


class Selection(unittest.TestCase):
    """The cells and checks that words select."""

    known = selection.everything()

    def test_gate(self):
        """Without words the gate is chosen, which is a part of all cells and checks."""
        gate = selection.choose([], self.known)
        everything = selection.choose(["all"], self.known)
        self.assertEqual(everything, list(self.known))
        self.assertLess(set(gate), set(everything))
        self.assertEqual(gate, [name for name in self.known if self.known[name].gate])

    def test_patterns(self):
        """Patterns and names are united, in the order of the matrix."""
        found = selection.choose(["kunit", "intel-la?y", "style"], self.known)
        self.assertEqual(found, ["style", "kunit", "intel-lazy"])

    def test_refusal(self):
        """A word that selects nothing is refused beside one that selects a cell."""
        with self.assertRaisesRegex(cells.RigError, "CELLS=nobody matches nothing"):
            selection.choose(["kunit", "nobody"], self.known)

    def test_gate_is_not_inherited(self):
        """A cell does not inherit its place in the gate through "like"."""
        for name, cell in cells.load().items():
            self.assertIs(type(cell.gate), bool, name)
        self.assertFalse(self.known["kunit-no-backends"].gate)


class Jobs(unittest.TestCase):
    """How many guests run at once."""

    cell = cells.load()["intel-xsmmu"]

    def fit(self, jobs, free):
        """The number of guests, and the message about it."""
        with contextlib.redirect_stderr(io.StringIO()) as said:
            return check.jobs_that_fit(jobs, [self.cell] * 8, free), said.getvalue()

    def test_memory(self):
        """Fewer guests run than asked for if memory is short, and a line says so."""
        need = check.OVERHEAD + self.cell.megabytes()
        self.assertEqual(self.fit(4, 4 * need), (4, ""))
        number, said = self.fit(4, 3 * need - 1)
        self.assertEqual(number, 2)
        self.assertIn("2 guests at once, not 4", said)
        self.assertEqual(self.fit(1, 0), (1, ""))


class BesideGuests(unittest.TestCase):
    """Building while guests run."""

    known = cells.load()

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def test_order(self):
        """The cells of a kernel come together, those of the largest number first."""
        names = ["kunit-kasan", "intel-xsmmu", "kunit-kcsan", "intel-lazy"]
        found = check.by_kernel([self.known[name] for name in names])
        self.assertEqual([cell.name for cell in found],
                         ["intel-xsmmu", "intel-lazy", "kunit-kasan", "kunit-kcsan"])

    def run_beside(self, prepare_one, run_one, names=("intel-xsmmu", "intel-lazy", "kunit-kasan")):
        """The rows of three cells, with replaced functions of check.py."""
        chosen = [self.known[name] for name in names]
        with unittest.mock.patch.multiple(check, prepare_one=prepare_one, run_one=run_one,
                                         REPORT=self.folder):
            return list(check.run_parallel(chosen, 1))

    def test_beside(self):
        """A guest runs before the parts of the last cell are built, and after its own are."""
        built, first = [], threading.Event()

        def build(cell):
            if cell.name == "kunit-kasan":
                self.assertTrue(first.wait(30), "no guest runs meanwhile")
            built.append(cell.name)

        def run(cell):
            self.assertIn(cell.name, built)
            first.set()
            return cell.name

        self.assertEqual(self.run_beside(build, run), ["intel-xsmmu", "intel-lazy", "kunit-kasan"])

    def test_alone(self):
        """While the guest of a NIC runs, nothing is built."""
        ticks, seen = self.folder / "ticks", []
        script = self.folder / "build.sh"
        script.write_text(f"#!/bin/sh\nfor i in $(seq 40); do echo >>{ticks}; sleep 0.1; done\n",
                          encoding="utf-8")
        script.chmod(0o755)
        ticks.touch()

        def size():
            time.sleep(0.5)
            return ticks.stat().st_size

        def build(cell):
            if cell.name == "kunit-kasan":
                check.prepare.script(script)

        def run(cell):
            if cell.name != "kunit-kasan":
                seen.append((size(), size()))

        self.run_beside(build, run, ("nic-kunit", "intel-xsmmu", "kunit-kasan"))
        (first, then), (before, later) = seen
        self.assertEqual(first, then)
        self.assertLess(before, later)
        self.assertEqual(size(), 40)

    def test_interrupted(self):
        """An interrupted run ends what is built, and does not wait for it."""
        slow = self.folder / "slow.sh"
        slow.write_text("#!/bin/sh\nsleep 600\n", encoding="utf-8")
        slow.chmod(0o755)

        def build(cell):
            if cell.name == "intel-lazy":
                check.prepare.script(slow)

        def run(_cell):
            raise KeyboardInterrupt

        self.addCleanup(check.prepare.STOP.clear)
        begin = time.monotonic()
        with self.assertRaises(KeyboardInterrupt):
            self.run_beside(build, run)
        self.assertLess(time.monotonic() - begin, 60)


class Budget(unittest.TestCase):
    """The gate's time."""

    def test_within(self):
        """A gate within its budget gives no warning."""
        self.assertEqual(seconds.over_budget({"a": seconds.WARM}, {}, seconds.COLD, {}), [])

    def test_rows(self):
        """Slow rows are a warning that names the one that grew."""
        said, = seconds.over_budget({"a": seconds.WARM, "b": 9}, {}, 0, {"a": seconds.WARM})
        self.assertRegex(said, "over its budget: its rows took .*look at 9  b")

    def test_kernels(self):
        """What had to be built counts in the budget, as far as nothing ran beside it."""
        built = {"kernel x": seconds.COLD}
        self.assertEqual(seconds.over_budget({"a": 9}, built, seconds.COLD, {}), [])
        said, = seconds.over_budget({"a": 9}, built, seconds.COLD + 9, {})
        self.assertRegex(said, "all of it took .*kernel x")

    def test_slowest(self):
        """The ten slowest rows are listed, slowest first, with their last seconds."""
        said = seconds.slowest({str(n): float(n) for n in range(20)}, {"19": 7.0})
        self.assertEqual(len(said), 11)
        self.assertRegex(said[1], r"19  19  \(last time 7\)")


if __name__ == "__main__":
    unittest.main()
