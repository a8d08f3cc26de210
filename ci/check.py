#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""make check: the host checks and the QEMU matrix.

ci/check.py ["CELL CELL ..."]: all cells of ci/matrix.ini and all checks of
ci/checks/, or those named. Exit status: 0 all passed, 1 a failure, 2 the rig
itself failed. Everything is kept in build/report/.

A check is an executable ci/checks/NAME.sh that prints KTAP and exits 0 or 1;
any other status means that it could not do its work.
"""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "lib"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import boot  # noqa: E402
import cells  # noqa: E402
import ktap  # noqa: E402
import oracle  # noqa: E402
import prepare  # noqa: E402
import report  # noqa: E402

REPORT = prepare.BUILD / "report"
# Quick ones first: who waits for a kernel wants to know of a typing mistake.
QUICK = ("style", "words")


def host_checks():
    """The checks by name, quick ones first."""
    found = {path.stem: path for path in sorted((cells.CI / "checks").glob("*.sh"))}
    return dict(sorted(found.items(), key=lambda item: item[0] not in QUICK))


def choose(words, matrix, checks):
    """The names to run, in the order in which they run."""
    known = [n for n in checks if n in QUICK] + list(matrix) + [n for n in checks if n not in QUICK]
    for word in words:
        if word not in known:
            raise cells.RigError(f"CELLS={word} is unknown; allowed: {' '.join(known)}")
    return [name for name in known if name in words] if words else known


def parse_into(row, base, log, out):
    """Adds the KTAP results of a log to a row."""
    tests, account = ktap.parse(prepare.source(base), log, out / f"{log.stem}.json")
    with open(out / "kunit.txt", "a", encoding="utf-8") as file:
        file.write(account)
    for test in tests:
        row.add(test["name"], test["status"], test["log"])
    return len(tests)


def run_check(path, base, out):
    """Runs one host check."""
    row = report.Row(path.stem)
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    log, begin = out / "output.ktap", time.monotonic()
    with open(log, "wb") as file:
        done = subprocess.run([str(path)], stdout=file, stdin=subprocess.DEVNULL, check=False)
    row.seconds = time.monotonic() - begin
    found = parse_into(row, base, log, out)
    if done.returncode not in (0, 1):
        raise cells.RigError(f"check {path.stem} could not do its work (exit {done.returncode})")
    if not found:
        row.add("ran at least one test", "failed", log.read_text(errors="replace").splitlines())
    elif done.returncode and not row.counts()["failed"]:
        row.add(f"exit status {done.returncode}", "failed")
    return row


def judge_mutant(row, cell):
    """The tests that are there to catch a mutant have to: one at least.

    Their failures are what is wanted, so one result takes their place; what else
    fails is a failure here as anywhere.
    """
    wanted = re.compile(cell.caught_by)
    caught = [test for test in row.tests
              if test["status"] == "failed"
              and wanted.search("\n".join([test["name"], *test["log"]]))]
    row.tests = [test for test in row.tests if test not in caught]
    if caught:
        names = ", ".join(test["name"] for test in caught)
        row.add(f"mutant {cell.mutant} is caught by: {names}", "passed")
    else:
        row.add(f"mutant {cell.mutant} is caught", "failed",
                [f"no test that matches '{cell.caught_by}' has failed"])


def run_cell(cell, out):
    """Boots one cell and asks everyone who has something to say about it."""
    row = report.Row(cell.name)
    outcome = boot.boot_cell(cell, out)
    row.seconds = outcome.seconds
    found = parse_into(row, cell.base, outcome.console, out)
    if cell.mutant:
        judge_mutant(row, cell)
    if not found:
        row.add("ran at least one test", "failed")
    if outcome.problems:
        row.add("the guest lives and ends well", "failed", outcome.problems)
        row.notes = ["last lines of the console:", *(f"  | {text}" for text in outcome.tail)]
    row.notes += [cell.note] * bool(cell.note)
    if "commands" in cell.oracles:
        for name, wrong in oracle.verdicts(cell.iommu, outcome.console, outcome.trace):
            row.add(f"outside: {name}", "failed" if wrong else "passed", wrong)
    return row


def prepare_all(chosen):
    """Builds what the cells need before the table begins; who fails says so later."""
    for cell in chosen:
        try:
            boot.parts(cell)
        except cells.RigError:
            pass


def run_all(names, matrix, checks, rows):
    """Runs everything; a part of the rig that fails does not stop the others."""
    broken = []
    base = next(iter(matrix.values())).base
    prepare_all([matrix[name] for name in names if name in matrix])
    print(report.header(), flush=True)
    for name in names:
        try:
            with prepare.report_folder(name) as out:
                row = (run_cell(matrix[name], out) if name in matrix
                       else run_check(checks[name], base, out))
        except (cells.RigError, OSError, subprocess.CalledProcessError) as error:
            row = report.Row(name)
            row.add("the rig could run it", "failed", [str(error)])
            broken.append(name)
        rows.append(row)
        print(report.line(row), flush=True)
    return broken


def on_signal(number, _frame):
    """Ends like Ctrl-C, so that QEMU is ended and half-made files are removed."""
    raise KeyboardInterrupt(number)


def main(words):
    """The command."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, on_signal)
    rows, broken = [], []
    try:
        matrix, checks = cells.load(), host_checks()
        names = choose(words, matrix, checks)
        REPORT.mkdir(parents=True, exist_ok=True)
        broken = run_all(names, matrix, checks, rows)
    except cells.RigError as error:
        print(f"check.py: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("check.py: interrupted", file=sys.stderr)
        return 2
    report.write_json(rows, REPORT / "check.json")
    report.write_junit(rows, REPORT / "junit.xml")
    if broken:
        print(f"the rig failed in: {' '.join(broken)}")
    print(report.summary(rows))
    if broken:
        return 2
    return 1 if report.totals(rows)["failed"] else 0


if __name__ == "__main__":
    os.chdir(prepare.TOP)
    sys.exit(main(" ".join(sys.argv[1:]).split()))
