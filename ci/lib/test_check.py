# SPDX-License-Identifier: GPL-2.0
"""Tests of the rows that "make check" selects, of its parallel guests, of its times."""

import contextlib
import io
import pathlib
import sys
import unittest

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


class Budget(unittest.TestCase):
    """The gate's time."""

    def test_within(self):
        """A gate within its budget gives no warning."""
        self.assertEqual(seconds.over_budget({"a": seconds.WARM}, {}, {}), [])

    def test_rows(self):
        """Slow rows are a warning that names the one that grew."""
        said, = seconds.over_budget({"a": seconds.WARM, "b": 9}, {}, {"a": seconds.WARM})
        self.assertRegex(said, "over its budget: its rows took .*look at 9  b")

    def test_kernels(self):
        """Kernels that had to be built count in the budget."""
        said, = seconds.over_budget({"a": 9}, {"kernel x": seconds.COLD}, {})
        self.assertRegex(said, "what they needed.*kernel x")

    def test_slowest(self):
        """The ten slowest rows are listed, slowest first, with their last seconds."""
        said = seconds.slowest({str(n): float(n) for n in range(20)}, {"19": 7.0})
        self.assertEqual(len(said), 11)
        self.assertRegex(said[1], r"19  19  \(last time 7\)")


if __name__ == "__main__":
    unittest.main()
