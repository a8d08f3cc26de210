#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""make mutants: does a test catch each seeded bug?

ci/mutants.py BASE [WORD...]: takes the mutants ci/mutants/NAME.patch that the words (names or
patterns) select, or all. Each is put into the grafted tree of that base kernel. The cell that
its head names is built and booted, and at least one of the tests that its head names has to
fail. While a mutant is booted, the next one is built.

The head of a mutant says what the bug is, and has a line

    Killed-by: CELL REGULAR EXPRESSION

with a cell of ci/matrix.ini and an expression for names or messages of its tests. If that is
the name of a KUnit test, or several between |, and the cell has the debug kernel and no other
tests, then only the test with the first name runs, in a small kernel. So that one has to fail.
In place of the cell may stand "litmus": then ci/litmus.py has to miss a barrier, and nothing
is booted. A line

    Bases: BASE BASE

names the only bases that have the code with the bug. (The check "graft" tells whether a
mutant fits each of its bases.)
Exit status: 0 all killed, 1 one survived or does not fit any more, 2 the rig failed.
"""

import concurrent.futures
import dataclasses
import os
import re
import subprocess
import sys
import time

import check
from check import boot, cells, prepare, report, selection

FOLDER = cells.CI / "mutants"
LITMUS = "litmus"
# The kernel configuration that has only KUnit tests.
SMALL = "mutants"


@dataclasses.dataclass
class Comparison:
    """A mutant that the comparison of barriers and litmus tests has to catch."""

    mutant: str
    caught_by: str
    arch: str = ""
    kernel: str = ""


def bases_of(text):
    """The bases that a mutant is for, by its head."""
    named = re.search(r"^Bases: (.*)$", text, re.M)
    return named[1].split() if named else cells.bases()


def load(known, base):
    """The cell of each mutant of a base by its name; those of one kernel follow each other."""
    found = {}
    for path in sorted(FOLDER.glob("*.patch")):
        text = path.read_text(encoding="utf-8")
        head = re.search(r"^Killed-by: (\S+) (\S.*)$", text, re.M)
        if head and head[1] == LITMUS:
            found[path.stem] = Comparison(path.stem, head[2])
            continue
        if not head or head[1] not in known:
            raise cells.RigError(f"ci/mutants/{path.name}: its head needs a line 'Killed-by: CELL "
                                 f"REGULAR EXPRESSION' with a cell of the matrix, or {LITMUS}")
        cell = known.get(cells.on_base(head[1], base))
        if cell and base in bases_of(text):
            found[path.stem] = seeded(cell, path.stem, head[2])
    return dict(sorted(found.items(), key=lambda each: (each[1].arch, each[1].kernel, each[0])))


def seeded(cell, mutant, caught_by):
    """A cell with a mutant."""
    cell = dataclasses.replace(cell, name=f"mutant-{mutant}", mutant=mutant, caught_by=caught_by)
    first = re.fullmatch(r"\(?(\w+)(\|\w+)*\)?", caught_by)
    if not cell.tests and cell.kernel == "debug" and first:
        return dataclasses.replace(cell, kernel=SMALL,
                                   append=f"{cell.append} kunit.filter_glob=*.{first[1]}")
    return cell


def build(cell):
    """Builds what a mutant boots. killers() reports a failure."""
    try:
        if not isinstance(cell, Comparison):
            boot.parts(cell)
    except cells.RigError:
        pass


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
    with concurrent.futures.ThreadPoolExecutor(1) as builder:
        built = [builder.submit(build, cell) for cell in chosen]
        try:
            for cell, done in zip(chosen, built):
                killed += run_one(cell, done)
        except BaseException:
            builder.shutdown(cancel_futures=True)
            raise
    return killed


def run_one(cell, built):
    """Runs the cell of a mutant once its parts are built, and prints a line."""
    begin = time.monotonic()
    built.result()
    found, said = killers(cell)
    print(f"{cell.mutant:<{report.NAME}}{'killed' if found else 'SURVIVED':>9}"
          f"{time.monotonic() - begin:>9.1f}  {found[0] if found else ' '.join(said)}", flush=True)
    return bool(found)


def main():
    """The command."""
    base, *words = " ".join(sys.argv[1:]).split() or [cells.default_base()]
    begin = time.monotonic()
    try:
        if base not in cells.bases():
            raise cells.RigError(f"BASE={base} is unknown; allowed: {' '.join(cells.bases())}")
        known = load(cells.load(), base)
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
