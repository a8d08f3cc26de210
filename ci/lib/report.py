# SPDX-License-Identifier: GPL-2.0
"""The results of a check run: a table for people, JSON and JUnit XML for programs."""

import collections
import dataclasses
import json
import re
import xml.etree.ElementTree as ET

STATUSES = ("passed", "failed", "skipped")
NAME = 36


@dataclasses.dataclass
class Row:
    """The results of one cell or host check."""

    name: str
    seconds: float = 0.0
    tests: list = dataclasses.field(default_factory=list)
    notes: list = dataclasses.field(default_factory=list)
    broken: bool = False

    def add(self, name, status, log=()):
        """Adds a test of our own beside the parsed ones."""
        self.tests.append({"name": name, "status": status, "log": list(log)})

    def counts(self):
        """How many tests passed, failed, were skipped."""
        found = collections.Counter(test["status"] for test in self.tests)
        return {status: found[status] for status in STATUSES}


def header():
    """The table's first line."""
    return f"{'cell':<{NAME}}{'passed':>8}{'failed':>8}{'skipped':>9}{'seconds':>9}"


def line(row):
    """One row of the table, with its failed tests below it."""
    counts = row.counts()
    text = [f"{row.name:<{NAME}}{counts['passed']:>8}{counts['failed']:>8}"
            f"{counts['skipped']:>9}{row.seconds:>9.1f}"]
    for test in row.tests:
        if test["status"] == "failed":
            text.append(f"    FAILED: {test['name']}")
            text += [f"        {entry}" for entry in test["log"][-8:]]
    return "\n".join(text + [f"    {note}" for note in row.notes])


def totals(rows):
    """The sums over all rows."""
    return {status: sum(row.counts()[status] for row in rows) for status in STATUSES}


def summary(rows):
    """The last line."""
    return ", ".join(f"{number} {status}" for status, number in totals(rows).items())


def write_json(rows, prepared, path):
    """check.json, in the form that scripts may rely on; prepared: seconds by name."""
    listed = [{"name": row.name, **row.counts(), "seconds": round(row.seconds, 1)} for row in rows]
    made = [{"name": name, "seconds": round(taken, 1)} for name, taken in prepared.items()]
    path.write_text(json.dumps({"cells": listed, **totals(rows), "prepared": made}, indent=2) + "\n",
                    encoding="utf-8")


def _printable(text):
    """A text without the control characters that XML 1.0 does not allow."""
    return re.sub(r"[^\t\n\x20-\ud7ff\ue000-\ufffd]", "?", text)


def write_junit(rows, path):
    """JUnit XML: a suite per row."""
    root = ET.Element("testsuites")
    for row in rows:
        counts = row.counts()
        suite = ET.SubElement(root, "testsuite", name=row.name, time=f"{row.seconds:.1f}",
                              tests=str(len(row.tests)), failures=str(counts["failed"]),
                              skipped=str(counts["skipped"]))
        for test in row.tests:
            case = ET.SubElement(suite, "testcase", classname=row.name,
                                 name=_printable(test["name"]))
            if test["status"] == "failed":
                failure = ET.SubElement(case, "failure", message="failed")
                failure.text = _printable("\n".join(test["log"]))
            elif test["status"] == "skipped":
                ET.SubElement(case, "skipped")
    ET.indent(root)
    ET.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)
