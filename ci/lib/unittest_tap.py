# SPDX-License-Identifier: GPL-2.0
"""Runs the unit tests of a folder and reports each result to ci/lib/tap.sh.

unittest_tap.py FOLDER: prints a line "ok NAME" or "not ok NAME" for each test of the
folder's test_*.py, after its errors. To run the same tests by hand:

    PYTHONPATH=ci:ci/lib python3 -m unittest -v ci/lib/test_oracle.py
"""

import sys
import unittest


class Results(unittest.TestResult):
    """Prints each result; a test's name is the first line of its description."""

    def tell(self, test):
        """Prints the errors since the last call, and the result of a test."""
        wrong = self.failures + self.errors
        self.failures, self.errors = [], []
        for _, text in wrong:
            print(text)
        name = (test.shortDescription() or test.id()).rstrip(".")
        print(f"{'not ok' if wrong else 'ok'} {name}")

    def addError(self, test, err):
        super().addError(test, err)
        # The error is in the setup of a class or a module, not in a test.
        if not isinstance(test, unittest.TestCase):
            self.tell(test)

    def stopTest(self, test):
        super().stopTest(test)
        self.tell(test)


def main(folder):
    """The command."""
    suite = unittest.defaultTestLoader.discover(folder)
    if not suite.countTestCases():
        sys.exit(f"{folder} has no tests")
    suite.run(Results())


if __name__ == "__main__":
    main(*sys.argv[1:])
