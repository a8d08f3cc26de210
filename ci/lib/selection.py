# SPDX-License-Identifier: GPL-2.0
"""The cells and checks of "make check", and those that a list of words selects.

A check is an executable ci/checks/NAME.sh. Two lines in its head say how it runs:

    # each: WORD WORD     one check NAME-WORD for each word, which is its argument
    # gate: yes|no|WORDS  whether the gate has it, or for which of these words

Every change has to pass the gate. The head of ci/matrix.ini has the rule for what
belongs to it.
"""

import dataclasses
import fnmatch
import pathlib
import re
import subprocess

import cells
from cells import CI, RigError

# These run first, so that a spelling mistake is reported before any kernel is built.
QUICK = ("style", "words")
ALL = "all"


@dataclasses.dataclass
class Check:
    """One check on the host."""

    name: str
    path: pathlib.Path
    argument: list
    gate: bool


def _head(path, key):
    """The words of a line "# KEY: ..." of a check, or None if it has none."""
    found = re.search(rf"^# {key}: *(.*)$", path.read_text(encoding="utf-8"), re.M)
    return found[1].split() if found else None


def _variants(path):
    """The checks of one file, one for each word of its line "each"."""
    each, gate = _head(path, "each"), _head(path, "gate")
    allowed = ["yes", "no", *(each or [])]
    if not gate or set(gate) - set(allowed):
        raise RigError(f"ci/checks/{path.name}: its head needs a line '# gate: ...' with some of: "
                       f"{' '.join(allowed)}")
    if not each:
        return [Check(path.stem, path, [], gate == ["yes"])]
    return [Check(f"{path.stem}-{word}", path, [word], gate == ["yes"] or word in gate)
            for word in each]


def checks():
    """All checks by name."""
    found = [check for path in sorted((CI / "checks").glob("*.sh")) for check in _variants(path)]
    return {check.name: check for check in found}


def everything():
    """All cells and checks by name, in the order in which they run."""
    found = checks()
    quick = {name: found.pop(name) for name in QUICK if name in found}
    return {**quick, **cells.load(), **found}


def _refuse(setting, words):
    """Refuses a word that selects nothing."""
    done = subprocess.run([CI / "words.sh", f"{setting}={' '.join(words)}"], capture_output=True,
                          text=True, check=False)
    if said := done.stdout + done.stderr:
        raise RigError(said.strip())


def matching(setting, words, names):
    """The names that words (names, patterns or "all") select."""
    _refuse(setting, words)
    return [name for name in names
            if any(word == ALL or fnmatch.fnmatchcase(name, word) for word in words)]


def choose(words, known):
    """The names of cells and checks that words select; without words, the gate."""
    if not words:
        _refuse("CELLS", words)
        return [name for name, what in known.items() if what.gate]
    return matching("CELLS", words, known)
