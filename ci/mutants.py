#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""make mutants: does a test catch each seeded bug?

ci/mutants.py [WORD...]: takes the mutants ci/mutants/NAME.patch that the words (names or
patterns) select, or all. Each is put into the grafted tree. The cell that its head names is
built and booted, and at least one of the tests that its head names has to fail.

The head of a mutant says what the bug is, and has a line

    Killed-by: CELL REGULAR EXPRESSION

with a cell of ci/matrix.ini and an expression for names or messages of its tests. In place of
the cell may stand "litmus": then ci/litmus.py has to miss a barrier, and nothing is booted.
Exit status: 0 all killed, 1 one survived or does not fit any more, 2 the rig failed.
"""

import dataclasses
import os
import re
import subprocess
import sys
import time

import check
from check import cells, prepare, report, selection

FOLDER = cells.CI / "mutants"
LITMUS = "litmus"


@dataclasses.dataclass
class Comparison:
    """A mutant that the comparison of barriers and litmus tests has to catch."""

    mutant: str
    caught_by: str
    arch: str = ""
    kernel: str = ""


def load(known):
    """The cell of each mutant by its name; those of one kernel follow each other."""
    found = {}
    for path in sorted(FOLDER.glob("*.patch")):
        head = re.search(r"^Killed-by: (\S+) (\S.*)$", path.read_text(encoding="utf-8"), re.M)
        if head and head[1] == LITMUS:
            found[path.stem] = Comparison(path.stem, head[2])
            continue
        if not head or head[1] not in known:
            raise cells.RigError(f"ci/mutants/{path.name}: its head needs a line 'Killed-by: CELL "
                                 f"REGULAR EXPRESSION' with a cell of the matrix, or {LITMUS}")
        found[path.stem] = dataclasses.replace(
            known[head[1]], name=f"mutant-{path.stem}", mutant=path.stem, caught_by=head[2])
    return dict(sorted(found.items(), key=lambda each: (each[1].arch, each[1].kernel, each[0])))


def killers(cell):
    """The names of the failed tests that catch a mutant, and why it could not be run."""
    if isinstance(cell, Comparison):
        return compare(cell)
    row = check.run_one(cell)
    begin = f"mutant {cell.mutant} is caught by: "
    found = [test["name"][len(begin):] for test in row.tests if test["name"].startswith(begin)]
    said = [text for test in row.tests if row.broken for text in test["log"]]
    return found, said


def compare(mutant):
    """The same for a mutant that needs no kernel."""
    done = subprocess.run([cells.CI / "litmus.py", "labels", FOLDER / f"{mutant.mutant}.patch"],
                          capture_output=True, text=True, check=False)
    failed = re.findall(r"^not ok (.*)$", done.stdout, re.M)
    if done.returncode:
        return [], done.stderr.splitlines()[-1:]
    return [name for name in failed if re.search(mutant.caught_by, name)], []


def run(chosen):
    """Runs the cells of mutants and prints a line each; returns the number of killed ones."""
    killed = 0
    for cell in chosen:
        begin = time.monotonic()
        found, said = killers(cell)
        killed += bool(found)
        verdict = "killed" if found else "SURVIVED"
        print(f"{cell.mutant:<{report.NAME}}{verdict:>9}{time.monotonic() - begin:>9.1f}  "
              f"{found[0] if found else ' '.join(said)}", flush=True)
    return killed


def main():
    """The command."""
    words = " ".join(sys.argv[1:]).split()
    begin = time.monotonic()
    try:
        known = load(cells.load())
        chosen = [known[name] for name in selection.matching("MUTANTS", words or ["all"], known)]
        (prepare.BUILD / "report").mkdir(parents=True, exist_ok=True)
        print(f"{'mutant':<{report.NAME}}{'':>9}{'seconds':>9}  tests that failed", flush=True)
        killed = run(chosen)
    except cells.RigError as error:
        print(f"mutants.py: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("mutants.py: interrupted", file=sys.stderr)
        return 2
    print(f"{time.monotonic() - begin:.0f} s")
    print(f"{killed} killed, {len(chosen) - killed} survived")
    return 0 if killed == len(chosen) else 1


if __name__ == "__main__":
    os.chdir(prepare.TOP)
    sys.exit(main())
