#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""make check: the host checks and the QEMU matrix.

ci/check.py [--base BASE] [--jobs N] [--list] [WORD...]: runs the cells of ci/matrix.ini and
the checks of ci/checks/ that the words select (see ci/lib/selection.py), of one base kernel or
of all; without words, the gate.
Exit status: 0 all passed, 1 a failure, 2 the rig itself failed. Logs and reports are in
build/report/.

A check prints KTAP and exits 0 or 1; any other status means that it could not do its work.
"""

import argparse
import concurrent.futures
import contextlib
import itertools
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
import seconds  # noqa: E402
import selection  # noqa: E402

REPORT = prepare.BUILD / "report"
# The memory of QEMU itself beside the guest's, in MB.
OVERHEAD = 512


def parse_into(row, base, log, out):
    """Adds the KTAP results of a log to a row."""
    tests, account = ktap.parse(prepare.source(base), log, out / f"{log.stem}.json")
    with open(out / "kunit.txt", "a", encoding="utf-8") as file:
        file.write(account)
    for test in tests:
        row.add(test["name"], test["status"], test["log"])
    return len(tests)


def start_check(check, log):
    """Runs a check's program; Ctrl-C ends the program and all its children."""
    with open(log, "wb") as file:
        process = subprocess.Popen([check.path, *check.argument], stdout=file,
                                   stdin=subprocess.DEVNULL, start_new_session=True)
        try:
            return process.wait()
        except KeyboardInterrupt:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            process.wait()
            raise


def run_check(check, out):
    """Runs one host check."""
    row = report.Row(check.name)
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    log, begin = out / "output.ktap", time.monotonic()
    status = start_check(check, log)
    row.seconds = time.monotonic() - begin
    found = parse_into(row, check.base, log, out)
    if status not in (0, 1):
        raise cells.RigError(f"check {check.name} could not do its work (exit {status})")
    if not found:
        row.add("ran at least one test", "failed", log.read_text(errors="replace").splitlines())
    elif status and not row.counts()["failed"]:
        row.add(f"exit status {status}", "failed")
    return row


def judge_mutant(row, cell):
    """At least one of the tests that can catch a mutant must fail.

    One passed result replaces these failures. Any other failed test is a failure,
    as in every cell.
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
    """Boots one cell and collects all results: the tests, the boot, the oracle."""
    row = report.Row(cell.name)
    outcome = boot.boot_cell(cell, out)
    row.seconds = outcome.seconds
    found = sum(parse_into(row, cell.base, log, out) for log in outcome.logs())
    if not found:
        row.add("ran at least one test", "failed")
    if outcome.problems:
        row.add("the guest runs and ends without an error", "failed", outcome.problems)
        row.notes = ["last lines of the console:", *(f"  | {text}" for text in outcome.tail)]
    row.notes += [cell.note] * bool(cell.note)
    if "commands" in cell.oracles:
        for name, wrong in oracle.verdicts(cell.iommu, outcome.logs(), outcome.trace):
            row.add(f"outside: {name}", "failed" if wrong else "passed", wrong)
    if cell.mutant:
        judge_mutant(row, cell)
    return row


def run_one(what):
    """Runs a cell or a check. If the rig fails, this row fails and the others still run."""
    try:
        with prepare.report_folder(what.name) as out:
            row = (run_cell if isinstance(what, cells.Cell) else run_check)(what, out)
    except (cells.RigError, OSError, subprocess.CalledProcessError) as error:
        row = report.Row(what.name)
        row.add("the rig could run it", "failed", [str(error)])
        row.broken = True
    return row


def by_kernel(chosen):
    """The cells of each kernel together, those of the kernel with the most cells first.

    So while its guests run, there is time to build the other kernels.
    """
    kernels = [(cell.base, cell.arch, cell.kernel, cell.backends, cell.mutant) for cell in chosen]
    order = sorted(range(len(chosen)), key=lambda number: (
        -kernels.count(kernels[number]), kernels.index(kernels[number])))
    return [chosen[number] for number in order]


def prepare_one(cell):
    """Builds all parts of a cell. run_one() reports failures."""
    with contextlib.suppress(cells.RigError):
        boot.parts(cell)


def run_built(cell, built):
    """Runs a cell once its parts are built.

    The tests of a NIC count what happens in some milliseconds of the host's time.
    """
    built.result()
    with prepare.alone() if cell.has_nic() else contextlib.nullcontext():
        return run_one(cell)


def free_memory():
    """The memory that is free for guests, in MB."""
    text = pathlib.Path("/proc/meminfo").read_text(encoding="utf-8")
    return int(re.search(r"^MemAvailable: +(\d+)", text, re.M)[1]) // 1024


def jobs_that_fit(jobs, chosen, free):
    """How many of these guests may run at once; prints a line if that is less than jobs."""
    need = OVERHEAD + max((cell.megabytes() for cell in chosen), default=0)
    fit = max(1, min(jobs, free // need))
    if fit < jobs:
        print(f"check.py: {fit} guests at once, not {jobs}: each takes {need} MB, and {free} MB "
              "are free", file=sys.stderr)
    return fit


def run_parallel(chosen, jobs):
    """Runs cells, up to jobs at once, and yields their rows in order.

    Meanwhile one thread builds what the later ones need.
    """
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool, \
            concurrent.futures.ThreadPoolExecutor(
                1, initializer=prepare.build_beside_guests,
                initargs=(REPORT / "building.log",)) as builder:
        built = [builder.submit(prepare_one, cell) for cell in chosen]
        futures = [pool.submit(run_built, *pair) for pair in zip(chosen, built)]
        try:
            for future in futures:
                yield future.result()
        except BaseException:
            builder.shutdown(wait=False, cancel_futures=True)
            prepare.stop()
            pool.shutdown(cancel_futures=True)
            raise


def run_all(chosen, jobs):
    """Runs all, and yields the rows in order: checks one by one, guests in parallel.

    What the first guests need is built before the table begins, with its progress.
    """
    guests = by_kernel([what for what in chosen if isinstance(what, cells.Cell)])
    for cell in guests[:1]:
        prepare_one(cell)
    print(report.header(), flush=True)
    for are_cells, group in itertools.groupby(chosen, lambda what: isinstance(what, cells.Cell)):
        group = list(group)
        if are_cells:
            fit = jobs_that_fit(jobs, group, free_memory())
            yield from run_parallel(by_kernel(group), fit)
        else:
            yield from map(run_one, group)


def show_list(names, before):
    """Prints the rows that would run, with their last seconds on this machine."""
    for name in names:
        print(f"{name:<{report.NAME}}{before[name]:>9.0f}" if name in before else
              f"{name:<{report.NAME}}{'?':>9}")
    known = sum(before.get(name, 0) for name in names)
    print(f"{len(names)} rows, {known:.0f} s where known")


def finish(rows, chosen, before, elapsed):
    """Writes the reports, prints the lines after the table, returns the exit status.

    chosen: words or a base were given, so this was not the gate. elapsed: its seconds.
    """
    taken = {row.name: row.seconds for row in rows}
    report.write_json(rows, prepare.SECONDS, REPORT / "check.json")
    report.write_junit(rows, REPORT / "junit.xml")
    for text in seconds.slowest({**taken, **prepare.SECONDS}, before):
        print(text)
    if not chosen:
        for text in seconds.over_budget(taken, prepare.SECONDS, elapsed, before):
            print(text)
    seconds.remember({**taken, **prepare.SECONDS})
    if broken := [row.name for row in rows if row.broken]:
        print(f"the rig failed in: {' '.join(broken)}")
    print(report.summary(rows))
    if broken:
        return 2
    return 1 if report.totals(rows)["failed"] else 0


def on_signal(number, _frame):
    """Ends like Ctrl-C, so that QEMU is ended and half-made files are removed."""
    raise KeyboardInterrupt(number)


def arguments():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--base", default="")
    parser.add_argument("--jobs", type=int, default=max(1, (os.cpu_count() or 1) // 2))
    parser.add_argument("--list", action="store_true")
    parser.add_argument("words", nargs="*")
    found = parser.parse_args()
    if found.base and found.base not in cells.bases():
        parser.error(f"--base {found.base} is unknown; allowed: {' '.join(cells.bases())}")
    if found.jobs < 1:
        parser.error("--jobs takes a number from 1 on")
    return found


def main():
    """The command."""
    asked = arguments()
    words = " ".join(asked.words).split()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, on_signal)
    rows, begin = [], time.monotonic()
    try:
        known, before = selection.everything(), seconds.last()
        names = selection.choose(words, known, asked.base)
        if asked.list:
            show_list(names, before)
            return 0
        REPORT.mkdir(parents=True, exist_ok=True)
        for row in run_all([known[name] for name in names], asked.jobs):
            rows.append(row)
            print(report.line(row), flush=True)
    except cells.RigError as error:
        print(f"check.py: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("check.py: interrupted", file=sys.stderr)
        return 2
    return finish(rows, words or asked.base, before, time.monotonic() - begin)


if __name__ == "__main__":
    os.chdir(prepare.TOP)
    sys.exit(main())
