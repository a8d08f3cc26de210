#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Compares measured instructions with those that the project had before.

ci/baseline.py REPORT...: compares reports of ci/measure.py (points and others with the same
figures) with ci/baseline-instructions, and names each figure that is more than 2 % worse.
ci/baseline.py --write REPORT...: writes the figures of these reports there. Those of other
reports stay.

The instructions do not depend on the machine, but on the compiler and on the base kernel's
version. Exit status: 0, 1 if a figure is worse or cannot be compared, 2 if a file cannot be
read.
"""

import json
import pathlib
import sys

CI = pathlib.Path(__file__).resolve().parent
FILE = CI / "baseline-instructions"
# What is compared: each of these is the cost of one call, whatever the batch.
KEYS = ("map_instructions_per_page", "unmap_instructions_per_page", "instructions_per_sync")
MOST = 0.02
HEAD = """# SPDX-License-Identifier: GPL-2.0
#
# Instructions that the checks compare with (ci/baseline.py), one figure in a line: the report,
# the mode, the point, the figure. To write those of a report again:
#   ci/measure.py points-few intel
#   ci/baseline.py --write build/report/points-few-intel-6.1.json
"""


def measured(path):
    """The figures of a report that are compared, by the words that name them."""
    report = json.loads(path.read_text(encoding="utf-8"))
    return {(path.stem, mode, point, key): figures[key]
            for mode, points in report["modes"].items() for point, figures in points.items()
            for key in KEYS if figures[key] is not None}


def known(path=FILE):
    """The figures of the baseline; none if there is no such file."""
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        if line.strip() and not line.startswith("#"):
            *name, value = line.split()
            found[tuple(name)] = float(value)
    return found


def write(found, path=FILE):
    """Writes the figures, and keeps those of other reports."""
    reports = {name[0] for name in found}
    kept = {name: value for name, value in known(path).items() if name[0] not in reports}
    lines = [" ".join((*name, f"{value:g}")) for name, value in sorted({**kept, **found}.items())]
    path.write_text(HEAD + "\n".join(lines) + "\n", encoding="utf-8")


def compare(found, before):
    """The objections to the figures of some reports, one line each, and how many are better."""
    reports = {name[0] for name in found}
    before = {name: value for name, value in before.items() if name[0] in reports}
    wrong = [f"{' '.join(name)}: there is no such figure in {where}"
             for names, where in ((found.keys() - before.keys(), FILE.name),
                                  (before.keys() - found.keys(), "the report"))
             for name in sorted(names)]
    both = sorted(found.keys() & before.keys())
    wrong += [f"{' '.join(name)}: {found[name]:g} instructions, {before[name]:g} before: "
              f"{100 * (found[name] / before[name] - 1):.1f} % more"
              for name in both if found[name] > (1 + MOST) * before[name]]
    return wrong, sum(found[name] < (1 - MOST) * before[name] for name in both)


def main(words):
    """The command."""
    paths = [pathlib.Path(word) for word in words if word != "--write"]
    try:
        found = {}
        for path in paths:
            found.update(measured(path))
        if not found:
            raise ValueError("usage: ci/baseline.py [--write] REPORT...; some figures are needed")
        if "--write" in words:
            write(found)
            return 0
        wrong, better = compare(found, known())
    except (AttributeError, KeyError, OSError, TypeError, ValueError) as error:
        print(f"baseline.py: {error}", file=sys.stderr)
        return 2
    for text in wrong:
        print(f"baseline.py: {text}", file=sys.stderr)
    print(f"{len(found)} figures, {len(wrong)} worse or not comparable, {better} more than "
          f"{100 * MOST:g} % better" + ": --write keeps these" * bool(better))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
