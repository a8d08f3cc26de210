# SPDX-License-Identifier: GPL-2.0
"""Tests of the heads of the mutants."""

import pathlib
import subprocess
import sys
import tempfile
import unittest
import unittest.mock

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import cells
import mutants


class Heads(unittest.TestCase):
    """What the head of a mutant says."""

    def load(self, head):
        """The mutants of a folder with one mutant."""
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "bug.patch").write_text(head, encoding="utf-8")
            with unittest.mock.patch.object(mutants, "FOLDER", pathlib.Path(folder)):
                return mutants.load(cells.load())

    def test_all_name_a_cell_and_tests(self):
        """Every mutant of the project has a cell and an expression."""
        for cell in mutants.load(cells.load()).values():
            self.assertTrue(cell.caught_by)

    def test_taken(self):
        """The cell is that of the matrix, with the mutant and the expression."""
        cell = self.load("A bug.\n\nKilled-by: kunit a_(b|c) fails\n")["bug"]
        self.assertEqual((cell.mutant, cell.caught_by, cell.tests),
                         ("bug", "a_(b|c) fails", cells.load()["kunit"].tests))

    def test_litmus(self):
        """A mutant that litmus kills needs no cell, and survives if another test fails."""
        bug = self.load("A bug.\n\nKilled-by: litmus B7 in core\n")["bug"]
        self.assertEqual(bug, mutants.Comparison("bug", "B7 in core"))
        for said, status, killed in (("not ok B7 in core/a.c", 0, True),
                                     ("not ok B8 in core/a.c", 0, False),
                                     ("ok B7 in core/a.c", 0, False),
                                     ("not ok B7 in core/a.c", 1, False)):
            done = subprocess.CompletedProcess([], status, f"{said}\n", "does not fit\n")
            with unittest.mock.patch.object(mutants.subprocess, "run", return_value=done):
                found, why = mutants.killers(bug)
            self.assertEqual((bool(found), why), (killed, ["does not fit"] * status))

    def test_refused(self):
        """A head without the line, and one with an unknown cell, are refused."""
        for head in ("A bug.\n", "A bug.\n\nKilled-by: nobody test\n"):
            with self.assertRaisesRegex(cells.RigError, "needs a line 'Killed-by"):
                self.load(head)
