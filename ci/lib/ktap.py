# SPDX-License-Identifier: GPL-2.0
"""KTAP in a log, parsed by the kernel tree's own tools/testing/kunit.

This is a separate program (ktap.py SOURCE LOG RESULT) because that parser prints:
stdout gets its readable account, and RESULT gets a JSON list of
{"name", "status": "passed"|"failed"|"skipped", "log": [lines]}.

A log may hold several KTAP documents, of built-in tests and of modules. Each is
parsed alone.
"""

import inspect
import json
import pathlib
import re
import subprocess
import sys

STAMP = re.compile(r"^\[ *\d+\.\d+\] ")
HEADER = re.compile(r"^K?TAP version \d+$")


def parse(source, log, result):
    """Runs this file on a log; returns (tests, readable account)."""
    command = [sys.executable, "-B", __file__, str(source), str(log), str(result)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(pathlib.Path(result).read_text(encoding="utf-8")), done.stdout


def lines(log):
    """The lines of a log, without carriage returns and time stamps."""
    text = pathlib.Path(log).read_text(encoding="utf-8", errors="replace")
    return [STAMP.sub("", line.rstrip("\r")) for line in text.splitlines()]


def documents(log):
    """The KTAP documents of a log, each a list of lines."""
    found = []
    for line in lines(log):
        if HEADER.match(line):
            found.append([])
        if found:
            found[-1].append(line)
    return found


def flatten(test, status, path=()):
    """The leaves of a parsed test, as results with full names.

    A group that is "not ok" although all its leaves passed is one more failure.
    The kernel's own summary does not count it.
    """
    path = path + ((test.name,) if test.name else ())
    name = ": ".join(path)
    if not test.subtests:
        words = {status.SUCCESS: "passed", status.SKIPPED: "skipped"}
        return [{"name": name or "(no name)", "status": words.get(test.status, "failed"),
                 "log": test.log}]
    leaves = [leaf for sub in test.subtests for leaf in flatten(sub, status, path)]
    fine = (status.SUCCESS, status.SKIPPED)
    if test.status not in fine and all(leaf["status"] != "failed" for leaf in leaves):
        leaves.append({"name": f"{name}: the whole", "status": "failed", "log": test.log})
    return leaves


def whole(parse, document):
    """A document, parsed by a kernel's parse_run_tests(), which may take a printer as well."""
    if len(inspect.signature(parse).parameters) == 1:
        return parse(document)
    import kunit_printer  # pylint: disable=import-error,import-outside-toplevel

    return parse(document, kunit_printer.stdout)


def main(source, log, result):
    """Parses one log."""
    sys.path.insert(0, str(pathlib.Path(source) / "tools/testing/kunit"))
    import kunit_parser  # pylint: disable=import-error,import-outside-toplevel

    leaves = []
    for number, document in enumerate(documents(log), 1):
        test = whole(kunit_parser.parse_run_tests, document)
        if not test.subtests:
            continue
        test.name = ""
        found = flatten(test, kunit_parser.TestStatus)
        if test.counts.errors and all(leaf["status"] != "failed" for leaf in found):
            found.append({"name": f"KTAP document {number} is well formed", "status": "failed",
                          "log": [f"{test.counts.errors} errors, see kunit.txt"]})
        leaves += found
    pathlib.Path(result).write_text(json.dumps(leaves, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
