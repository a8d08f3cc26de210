# SPDX-License-Identifier: GPL-2.0
"""Tests of the heads of the mutants."""

import contextlib
import io
import pathlib
import subprocess
import sys
import tempfile
import unittest
import unittest.mock

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import cells
import mutants


class Runs(unittest.TestCase):
    """The order of builds and boots."""

    def test_built_first(self):
        """Each mutant is booted after it was built, and one that cannot be built is reported."""
        done = []

        def build(cell):
            done.append(f"build {cell.mutant}")

        def killers(cell):
            done.append(f"boot {cell.mutant}")
            return ["a test"] if cell.mutant == "a" else [], ["does not fit"]

        chosen = [mutants.Comparison(name, "x") for name in "ab"]
        with unittest.mock.patch.multiple(mutants, build=build, killers=killers), \
                contextlib.redirect_stdout(io.StringIO()) as said:
            self.assertEqual(mutants.run(chosen), 1)
        for name in "ab":
            self.assertLess(done.index(f"build {name}"), done.index(f"boot {name}"))
        self.assertRegex(said.getvalue(), r"a +killed .* a test\nb +SURVIVED .* does not fit\n")


class Heads(unittest.TestCase):
    """What the head of a mutant says."""

    def load(self, head):
        """The mutants of a folder with one mutant."""
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "bug.patch").write_text(head, encoding="utf-8")
            with unittest.mock.patch.object(mutants, "FOLDER", pathlib.Path(folder)):
                return mutants.load(cells.load(), cells.default_base())

    def test_all_name_a_cell_and_tests(self):
        """Every mutant of the project has a cell and an expression."""
        for cell in mutants.load(cells.load(), cells.default_base()).values():
            self.assertTrue(cell.caught_by)

    def test_taken(self):
        """The cell is that of the matrix, with the mutant and the expression."""
        cell = self.load("A bug.\n\nKilled-by: kunit a_(b|c) fails\n")["bug"]
        self.assertEqual((cell.mutant, cell.caught_by, cell.tests),
                         ("bug", "a_(b|c) fails", cells.load()["kunit"].tests))

    def test_one_test(self):
        """If KUnit tests kill a mutant, only the first one runs, in the small kernel."""
        for names in ("a_b", "a_b|c", "(a_b|c|d)"):
            bug = self.load(f"A bug.\n\nKilled-by: kunit {names}\n")["bug"]
            self.assertRegex(bug.append, r" kunit\.filter_glob=\*\.a_b$")
            self.assertEqual(bug.kernel, mutants.SMALL)
        for head in ("kunit a_(b|c)", "kunit splat: a", "kunit-arm64-rt-locks a_b", "intel-xsmmu a_b"):
            bug, cell = self.load(f"A bug.\n\nKilled-by: {head}\n")["bug"], head.split()[0]
            self.assertEqual((bug.append, bug.kernel),
                             (cells.load()[cell].append, cells.load()[cell].kernel))

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
