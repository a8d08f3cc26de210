#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The litmus tests of the barriers: formal/litmus/README.md has their form.

ci/litmus.py labels [MUTANT]: compares the labelled barriers of core/ and backends/, the tests
and Documentation/barriers.md. With a file of ci/mutants it judges the code that has this bug.
ci/litmus.py run HERD7 MODEL [NAME...]: lets the program HERD7 judge each test as it stands
and with each marked line weakened. MODEL is the folder tools/memory-model of a kernel tree.

Both print a line "ok NAME" or "not ok NAME" per result, after what is wrong. The exit status
is 0 if all results could be had.
"""

import collections
import concurrent.futures
import dataclasses
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOP / "ci/lib"))
import cells  # noqa: E402
FOLDERS = ("core", "backends")
TESTS = "formal/litmus"
DOCUMENT = "Documentation/barriers.md"
TIMEOUT = 300

# Files that no kernel without KUnit tests contains.
TEST_FILE = re.compile(r"test|mock|fake|override")
COMMENT = re.compile(r"/\*.*?\*/", re.S)
# I1 to I5 are the invariants.
LABEL = re.compile(r"\b[A-HJ-Z][0-9]\b")
HEAD = re.compile(rf"(?P<label>{LABEL.pattern})[,:]")
STATEMENT = re.compile(r"(?:(?!/\*)[^;{}])*")
LABELLED = re.compile(r"\w+, pairs with (?P<pair>[^:]+): (?P<sentence>.+?) "
                      r"Litmus: (?P<tests>[a-z0-9-]+(?:, [a-z0-9-]+)*)")
BARRIER = re.compile(r"\b(?:try_)?(smp_\w*mb\w*|smp_store_release|smp_load_acquire|smp_acquire__\w+|"
                     r"(?:dma_)?[rw]?mb|xchg|cmpxchg|synchronize_rcu)\(")
# What stands for a barrier in a litmus test, if that is another word.
IN_MODEL = {"dma_mb": "smp_mb", "mb": "smp_mb", "dma_rmb": "smp_rmb", "rmb": "smp_rmb",
            "dma_wmb": "smp_wmb", "wmb": "smp_wmb", "smp_acquire__after_ctrl_dep": "smp_rmb"}
PREFIX = re.compile(r"(Never|Race): ")
MARK = re.compile(r"(?P<code>.*?)\s*//(?P<label>[A-Z][A-Z0-9-]*) \| (?P<rest>.*)")


@dataclasses.dataclass
class Barrier:
    """A labelled barrier of the code."""

    label: str
    path: str
    pair: str = ""
    tests: tuple = ()
    name: str = ""
    place: int = 0
    wrong: str = ""


@dataclasses.dataclass
class Litmus:
    """A litmus test: its head, its text and the alternatives of its marked lines."""

    path: pathlib.Path
    text: str
    head: dict
    marks: dict

    @property
    def name(self):
        """The file's name without the extension."""
        return self.path.name.removesuffix(".litmus")

    @property
    def stem(self):
        """The name without the architecture; the test in C has the same."""
        return self.name.split(".")[0]

    def labels(self):
        """The labels that the head names."""
        words = " ".join(self.head.get("Labels", ["none"])).split()
        return [] if words == ["none"] else words


def squeezed(comment):
    """The words of a C comment in one line."""
    lines = comment[2:-2].splitlines()
    return " ".join(" ".join(line.strip().removeprefix("*") for line in lines).split())


def barriers_of(path, text):
    """The labelled barriers of a file, and the lines that have a barrier without a label."""
    found, labelled = [], set()
    for match in COMMENT.finditer(text):
        words = squeezed(match[0])
        if not (head := HEAD.match(words)):
            continue
        barrier = Barrier(head["label"], path)
        found.append(barrier)
        if not (full := LABELLED.fullmatch(words)):
            barrier.wrong = ("its comment is not 'LABEL, pairs with PAIR: SENTENCE "
                             "Litmus: TEST, ...'")
            continue
        barrier.pair, barrier.tests = full["pair"], tuple(full["tests"].split(", "))
        # The barrier is in the statement that follows the comment.
        statement = STATEMENT.match(text, match.end())[0]
        if not (call := BARRIER.search(statement)):
            barrier.wrong = "no barrier follows its comment"
            continue
        barrier.name = call[1]
        barrier.place = match.end() + call.start()
        labelled.add(barrier.place)
    code = COMMENT.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
    return found, [f"{path}:{code.count(chr(10), 0, match.start()) + 1}: {match[0]}) has no label"
                   for match in BARRIER.finditer(code) if match.start() not in labelled]


def sources(mutant=None):
    """The path and the text of each file of core and backends, with a mutant's bug if given."""
    files = sorted(path for folder in FOLDERS for path in (TOP / folder).rglob("*.[ch]")
                   if not TEST_FILE.search(path.name))
    with tempfile.TemporaryDirectory() as folder:
        seeded = seed(files, mutant, pathlib.Path(folder)) if mutant else {}
        for path in files:
            text = seeded.get(path, path).read_text(encoding="utf-8")
            yield str(path.relative_to(TOP)), text


def seed(files, mutant, folder):
    """Copies our files to their places in a kernel tree, and patches the copies."""
    done = subprocess.run([TOP / "ci/graft.sh", "files", cells.default_base(), "pairs"],
                          check=True, stdout=subprocess.PIPE, text=True)
    pairs = (line.split(" ", 1) for line in done.stdout.splitlines())
    copies = {pathlib.Path(source): folder / place for source, place in pairs
              if pathlib.Path(source) in files}
    for path, copy in copies.items():
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    with open(mutant, encoding="utf-8") as text:
        subprocess.run(["patch", "-p1", "--fuzz=0", "--silent"], check=True, cwd=folder, stdin=text)
    return copies


def load(path):
    """Reads a litmus test."""
    text = path.read_text(encoding="utf-8")
    head, marks = {}, {}
    for key, value in re.findall(r"^ \* (Labels|Code|Result|Flags): (.*)$", text, re.M):
        head.setdefault(key, []).append(value)
    for number, line in enumerate(text.splitlines()):
        if mark := MARK.fullmatch(line):
            marks.setdefault(mark["label"], []).append((number, mark["code"],
                                                        mark["rest"].split(" | ")))
    return Litmus(path, text, head, marks)


def tests():
    """All litmus tests by name."""
    found = [load(path) for path in sorted((TOP / TESTS).glob("*.litmus"))]
    return {test.name: test for test in found}


def shows(test, label):
    """Does the model allow the breach if this label is weakened?"""
    if test.head.get("Result") != ["Never"]:
        return False
    return any(not alternative.startswith("Never: ")
               for _, _, alternatives in test.marks.get(label, ()) for alternative in alternatives)


def wrong_with_barrier(barrier, known, row):
    """What does not fit to one labelled barrier."""
    if barrier.wrong:
        yield barrier.wrong
        return
    named = [known[name] for name in barrier.tests if name in known]
    for name in barrier.tests:
        if name not in known:
            yield f"there is no test {TESTS}/{name}.litmus"
        elif barrier.label not in known[name].labels():
            yield f"the test {name} does not name {barrier.label}"
    if not any(shows(test, barrier.label) for test in named):
        yield f"none of its tests shows a breach without it: {', '.join(barrier.tests)}"
    modelled = IN_MODEL.get(barrier.name, barrier.name)
    for test in known.values():
        lines = [code for _, code, _ in test.marks.get(barrier.label, ())]
        if lines and not any(f"{modelled}(" in code for code in lines):
            yield f"the code has {barrier.name}(), but the test {test.name} has no {modelled}()"
    if row is None:
        yield f"{DOCUMENT} has no row for it"
        return
    if set(LABEL.findall(row[1])) != set(LABEL.findall(barrier.pair)):
        yield f"{DOCUMENT} has another pair: {row[1]}"
    if missing := [name for name in barrier.tests if f"`{name}`" not in row[-1]]:
        yield f"{DOCUMENT} does not name its tests {', '.join(missing)}"


def wrong_with_test(test, labels, code):
    """What does not fit in one litmus test."""
    marked = {label for label in test.marks if LABEL.fullmatch(label)}
    named = test.labels()
    if "Labels" not in test.head or named != sorted(set(named)):
        yield "its head has no sorted line 'Labels: LABEL ...' or 'Labels: none'"
    for label in sorted(set(named) - labels):
        yield f"no barrier has the label {label}"
    for label in sorted(marked - set(named)):
        yield f"its head does not name {label}"
    if test.head.get("Result") not in (["Never"], ["Sometimes"]):
        yield "its head has no line 'Result: Never' or 'Result: Sometimes'"
    if "Code" not in test.head:
        yield "its head has no line 'Code: FILE FUNCTION ...'"
    for line in test.head.get("Code", ()):
        path, *functions = line.split()
        for function in functions or ["?"]:
            if not re.search(rf"\b{re.escape(function)}\(", code.get(path, "")):
                yield f"{path} has no function {function}"


def document_rows():
    """The cells of each label's row in the document, and its text.

    A row is in a table whose first column is "label". Behind the label it may name the
    backends that have it, with commas between them.
    """
    text = (TOP / DOCUMENT).read_text(encoding="utf-8")
    rows, labels = {}, False
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        labels = bool(cells) and (labels or cells[0] == "label")
        if labels and LABEL.match(cells[0]):
            rows[cells[0].split()[0]] = cells
    return rows, text


def judge_labels(mutant=None):
    """Pairs of a result's name and what is wrong."""
    code = dict(sources(mutant))
    known = tests()
    rows, text = document_rows()
    barriers, bare = [], []
    for path, content in code.items():
        found, without = barriers_of(path, content)
        barriers += found
        bare += without
    labels = collections.Counter(barrier.label for barrier in barriers)
    yield "every barrier of core and backends has a label", bare
    for barrier in sorted(barriers, key=lambda barrier: (barrier.path, barrier.place)):
        yield (f"{barrier.label} in {barrier.path}: code, tests and document agree",
               list(wrong_with_barrier(barrier, known, rows.get(barrier.label))))
    yield "every litmus test names labels and functions that exist", [
        f"{name}: {wrong}" for name, test in known.items()
        for wrong in wrong_with_test(test, labels.keys(), code)]
    yield f"{DOCUMENT} names every litmus test, and each label as often as the code", [
        *(f"{test.stem} is missing" for test in known.values() if f"`{test.stem}`" not in text),
        *(f"{label}: {row[0].count(',') + 1} in the document, {labels[label]} in the code"
          for label, row in rows.items() if row[0].count(",") + 1 != labels[label])]


def variants(test):
    """Each form of a test: what was weakened, the text, the expected result.

    The result is what herd7 observes, or Race for a data race.
    """
    lines = [mark["code"] if (mark := MARK.fullmatch(line)) else line
             for line in test.text.splitlines()]
    yield "", "\n".join(lines) + "\n", test.head["Result"][0]
    for label, marked in test.marks.items():
        for number, alternative in enumerate(marked[0][2]):
            changed = list(lines)
            for place, _, alternatives in marked:
                other = alternatives[min(number, len(alternatives) - 1)]
                changed[place] = "\t" + PREFIX.sub("", other).removeprefix("-")
            prefix = PREFIX.match(alternative)
            wanted = prefix[1] if prefix else "Sometimes"
            alternative = PREFIX.sub("", alternative)
            what = f"without {label}" if alternative == "-" else f"{label} is {alternative}"
            yield what, "\n".join(changed) + "\n", wanted


def herd(herd7, model, name, text):
    """The result and the flags that herd7 prints, and all of its output."""
    command = [herd7]
    if "." not in name:
        command += ["-conf", "linux-kernel.cfg"]
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / f"{name}.litmus"
        path.write_text(text, encoding="utf-8")
        try:
            done = subprocess.run([*command, path], cwd=model, stdout=subprocess.PIPE, text=True,
                                  stderr=subprocess.STDOUT, timeout=TIMEOUT, check=False)
        except subprocess.TimeoutExpired:
            return "no result", set(), f"herd7 took more than {TIMEOUT} s"
    seen = re.search(r"^Observation \S+ (\w+)", done.stdout, re.M)
    flags = {flag for flag in re.findall(r"^Flag (.*)$", done.stdout, re.M)}
    return seen[1] if seen else "no result", flags, done.stdout


def judge_herd(herd7, model, test, variant):
    """A result's name and what is wrong. A weakened test may have any other flags."""
    what, text, wanted = variant
    result, flags, output = herd(herd7, model, test.name, text)
    title = f"{test.name}{', ' * bool(what)}{what}: {wanted}"
    if wanted == "Race":
        passed = "data-race" in flags
    else:
        passed = result == wanted and (what or flags == set(test.head.get("Flags", ())))
    if not passed:
        return title, [f"herd7 says {result}, flags: {', '.join(sorted(flags)) or 'none'}",
                       *output.splitlines()[-20:]]
    return title, []


def run(herd7, model, names):
    """All results of herd7, several at a time."""
    known = tests()
    chosen = [known[name] for name in names or known]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        yield from pool.map(lambda pair: judge_herd(herd7, model, *pair),
                            [(test, variant) for test in chosen for variant in variants(test)])


def main(words):
    """The command."""
    match words:
        case ["labels", *mutant] if len(mutant) <= 1:
            results = judge_labels(*mutant)
        case ["run", herd7, model, *names]:
            results = run(herd7, model, names)
        case _:
            print("usage: ci/litmus.py labels [MUTANT] | run HERD7 MODEL [NAME...]", file=sys.stderr)
            return 2
    for name, wrong in results:
        for line in wrong:
            print(line)
        print(f"{'not ok' if wrong else 'ok'} {name}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
