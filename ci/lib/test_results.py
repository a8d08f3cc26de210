# SPDX-License-Identifier: GPL-2.0
"""Tests of the results: no failure may be lost."""

import sys
import types
import unittest
import unittest.mock

import cells
import check
import ktap
import report


def with_mutant(**statuses):
    """Results by name; the tests with a b in their name should catch a mutant."""
    row, cell = report.Row("x"), next(iter(cells.load().values()))
    cell.mutant, cell.caught_by = "m", "b|a reason"
    for name, status in statuses.items():
        row.add(name, status, ["a log", "a reason"] if name == "r" else ["a log"])
    check.judge_mutant(row, cell)
    return {entry["name"]: entry["status"] for entry in row.tests}


class Results(unittest.TestCase):
    """Results, counted and judged."""

    def test_failing_group(self):
        """A group that fails although its tests pass is a failure."""
        class Status:  # pylint: disable=too-few-public-methods
            """The statuses of the kernel's parser."""
            SUCCESS, SKIPPED, FAILURE = range(3)

        class Test:  # pylint: disable=too-few-public-methods
            """A parsed test."""
            def __init__(self, name, status, subtests=()):
                self.name, self.status, self.subtests, self.log = name, status, list(subtests), []

        leaf = Test("leaf", Status.SUCCESS)
        found = ktap.flatten(Test("group", Status.FAILURE, [leaf]), Status)
        self.assertEqual([each["status"] for each in found], ["passed", "failed"])

    def test_parsers(self):
        """The parser of each kernel is called with what it takes."""
        printer = types.SimpleNamespace(stdout="out")
        with unittest.mock.patch.dict(sys.modules, kunit_printer=printer):
            self.assertEqual(ktap.whole(lambda lines: lines, ["a"]), ["a"])
            self.assertEqual(ktap.whole(lambda lines, printer: (lines, printer), ["a"]),
                             (["a"], "out"))

    def test_table(self):
        """The last line of a check is the summary."""
        row = report.Row("x")
        row.add("a", "passed")
        row.add("b", "failed")
        self.assertEqual(report.summary([row, row]), "2 passed, 2 failed, 0 skipped")

    def test_mutants(self):
        """A mutant that no test catches is a failure, and so is any other failed test."""
        self.assertEqual(with_mutant(a="passed", b="failed", bb="passed"),
                         {"a": "passed", "bb": "passed", "mutant m is caught by: b": "passed"})
        self.assertEqual(with_mutant(b="failed", bb="failed"),
                         {"mutant m is caught by: b, bb": "passed"})
        self.assertEqual(with_mutant(a="failed", b="failed")["a"], "failed")
        self.assertEqual(with_mutant(r="failed"), {"mutant m is caught by: r": "passed"})
        for found in (with_mutant(), with_mutant(a="failed"), with_mutant(b="passed"),
                      with_mutant(b="skipped")):
            self.assertEqual(found["mutant m is caught"], "failed")
