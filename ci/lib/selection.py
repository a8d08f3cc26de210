# SPDX-License-Identifier: GPL-2.0
"""The cells and checks of "make check", and those that a list of words selects.

A check is an executable ci/checks/NAME.sh. Lines in its head say how it runs:

    # each: WORD WORD     one check NAME-WORD for each word, which is its argument
    # gate: yes|no|WORDS  whether the gate has it, or for which of these words
    # bases: yes|every    one check NAME, or NAME-WORD, for each base kernel, which is its
                          last argument. With "every" the gate has them on all bases, with
                          "yes" on the default base only. The name ends in -BASE if that is
                          not the default base. Without this line there is one check, which
                          belongs to the default base

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
    base: str
    path: pathlib.Path
    argument: list
    gate: bool


def _head(path, key):
    """The words of a line "# KEY: ..." of a check, or None if it has none."""
    found = re.search(rf"^# {key}: *(.*)$", path.read_text(encoding="utf-8"), re.M)
    return found[1].split() if found else None


def _variants(path):
    """The checks of one file, one for each base and for each word of its line "each"."""
    each, gate, bases = (_head(path, key) for key in ("each", "gate", "bases"))
    allowed = ["yes", "no", *(each or [])]
    if not gate or set(gate) - set(allowed):
        raise RigError(f"ci/checks/{path.name}: its head needs a line '# gate: ...' with some of: "
                       f"{' '.join(allowed)}")
    if bases not in (None, ["yes"], [cells.EVERY]):
        raise RigError(f"ci/checks/{path.name}: '# bases:' takes yes or {cells.EVERY}")
    for base in cells.bases() if bases else [cells.default_base()]:
        wanted = cells.in_gate(bases[0] if bases else "yes", base)
        for word in each or [""]:
            name = f"{path.stem}-{word}" if word else path.stem
            yield Check(cells.on_base(name, base), base, path,
                        [*[word] * bool(word), *[base] * bool(bases)],
                        wanted and (gate == ["yes"] or word in gate))


def checks():
    """All checks by name: those of the default base, then those of other bases."""
    found = [check for path in sorted((CI / "checks").glob("*.sh")) for check in _variants(path)]
    return {check.name: check for base in cells.bases() for check in found if check.base == base}


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


def matches(word, name, base=""):
    """Whether a word (a name, a pattern or "all") selects a name.

    If all names are those of one base, a word need not end in -BASE.
    """
    return word == ALL or any(fnmatch.fnmatchcase(each, word)
                              for each in (name, name.removesuffix(f"-{base}") if base else name))


def matching(setting, words, names, base=""):
    """The names that words select; each word must select one."""
    _refuse(setting, words)
    for word in words:
        if not any(matches(word, name, base) for name in names):
            raise RigError(f"{setting}={word} matches nothing{f' on BASE={base}' if base else ''}")
    return [name for name in names if any(matches(word, name, base) for word in words)]


def choose(words, known, base=""):
    """The names of cells and checks that words select, of all bases or of one.

    Without words these are the gate's. A base that is not the default has no more in the
    gate than what is tested in breadth.
    """
    known = {name: what for name, what in known.items() if base in ("", what.base)}
    if not words:
        _refuse("CELLS", words)
        return [name for name, what in known.items() if what.gate]
    return matching("CELLS", words, known, base)
