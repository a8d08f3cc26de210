#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The boundary: which identifiers of the base kernel our kernel code uses.

ci/identifiers.py: compares what core/, backends/ and mlx5/ use with the list in
ci/base-identifiers. Prints a line for each new identifier and for each that no file
uses any more; then the exit status is 1.
ci/identifiers.py --changing: prints a line for each identifier that these folders use
although it is in ci/changing-identifiers; then the exit status is 1.
ci/identifiers.py --write: writes ci/base-identifiers anew and keeps its head.

An identifier belongs to the base if our files do not define it. universal-ctags
tells what they define. Members are kept apart from other names: a variable of ours
with the name "ops" does not hide the base's member ".ops", and a member of ours does
not hide a function of the base. Locals, parameters and labels count in their file only.
"""

import collections
import pathlib
import re
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent
LIST = TOP / "ci/base-identifiers"
CHANGING = TOP / "ci/changing-identifiers"
FOLDERS = ("core", "backends", "mlx5")

KEYWORDS = frozenset("""
    auto break case char const continue default do double else enum extern float for goto if
    inline int long register return short signed sizeof static struct switch typedef typeof
    union unsigned void volatile while asm __attribute__ _Static_assert
    define elif else endif error if ifdef ifndef include pragma undef defined once
    __VA_ARGS__ """.split())
# Comments, strings and names of headers are no code. Newlines stay: lines are counted.
NO_CODE = re.compile(r"""/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|"""
                     r"""^[ \t]*\#[ \t]*include[ \t]*<[^>\n]*>""", re.S | re.M)
# A number may end in letters; "..." is no access to a member.
TOKEN = re.compile(r"\b[0-9]\w*|\.\.\.|(?P<access>->|\.)?\s*(?P<name>\b[A-Za-z_]\w*)(?P<call>\()?")
# Kernel macros that define a name from an argument, and the form of that name.
# FIELD matches those that define a member.
DEFINES = (
    (re.compile(r"\b(?:DEFINE_(?!EVENT|PER_CPU)[A-Z_]+|DECLARE_(?!PER_CPU)[A-Z_]+|LIST_HEAD)"
                r"\(\s*(\w+)"), "{}"),
    (re.compile(r"\bDEFINE_PER_CPU\([^,]*,\s*(\w+)"), "{}"),
    (re.compile(r"\bDEFINE_SHOW_ATTRIBUTE\((\w+)"), "{}_fops"),
    (re.compile(r"\bKUNIT_ARRAY_PARAM\((\w+)"), "{}_gen_params"),
    (re.compile(r"\bTRACE_EVENT\((\w+)"), "trace_{}"),
    (re.compile(r"\bTRACE_EVENT\((\w+)"), "register_trace_{}"),
    (re.compile(r"\bTRACE_EVENT\((\w+)"), "unregister_trace_{}"),
    (re.compile(r"\bDEFINE_EVENT\(\w+,\s*(\w+)"), "trace_{}"),
)
# The parameters of a function pointer or a tracepoint, and their names.
PARAMETERS = re.compile(r"(?:\(\*\w+\)|\bTP_PROTO)\s*\(([^()]*)\)")
PARAMETER = re.compile(r"(\w+)\s*(?:,|$)")
FIELD = re.compile(r"\b__(?:field|array)\(\s*[^,]*,\s*(\w+)[,)]")
# ctags would take one of these for the name if it stands behind the name.
ATTRIBUTES = ("____cacheline_aligned_in_smp", "____cacheline_aligned", "__initdata", "__percpu",
              "__read_mostly", "__maybe_unused", "IS_ENABLED+")
LOCAL = ("local", "parameter", "label", "macroparam")


def files(folders):
    """The C files of some folders."""
    return sorted(path for folder in folders for path in folder.rglob("*.[ch]"))


def code_of(path):
    """A file's code: comments and strings become blanks, lines stay where they are."""
    text = path.read_text(encoding="utf-8").replace("\\\n", " \n")
    return NO_CODE.sub(lambda match: " " + "\n" * match[0].count("\n"), text)


class Definitions:
    """The identifiers that some files define."""

    def __init__(self, paths):
        self.names, self.members, self.prototypes = set(), set(), set()
        self.local = collections.defaultdict(set)
        command = ["ctags", "-x", "--language-force=C", "--kinds-C=+plzLD",
                   f"-I{','.join(ATTRIBUTES)}", "--_xformat=%K %N %F", *map(str, paths)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        for line in done.stdout.splitlines():
            kind, name, path = line.split(" ", 2)
            self._add(kind, name, pathlib.Path(path))
        for path in paths:
            self._add_macros(path, code_of(path))

    def _add(self, kind, name, path):
        if kind == "member":
            self.members.add(name)
        elif kind in LOCAL:
            self.local[path].add(name)
        else:
            (self.prototypes if kind == "prototype" else self.names).add(name)

    def _add_macros(self, path, code):
        for pattern, form in DEFINES:
            self.names |= {form.format(name) for name in pattern.findall(code)}
        self.members |= set(FIELD.findall(code))
        for parameters in PARAMETERS.findall(code):
            self.local[path] |= set(PARAMETER.findall(parameters))

    def has(self, path, name, member, call):
        """Is an identifier of this file one of these?

        Macros like offsetof() take members by their names alone.
        """
        if name in self.members and (member or not call):
            return True
        return not member and (name in self.names or name in self.local[path])


def used(ours=None):
    """Identifiers that are not ours, each with the places that use it."""
    found = collections.defaultdict(list)
    for path in files([TOP / folder for folder in FOLDERS]):
        for number, line in enumerate(code_of(path).split("\n"), 1):
            for match in TOKEN.finditer(line):
                name, member = match["name"], bool(match["access"])
                if not name or (not member and name in KEYWORDS):
                    continue
                if not ours or not ours.has(path, name, member, match["call"]):
                    found["." * member + name].append(f"{path.relative_to(TOP)}:{number}")
    return found


def own():
    """The definitions of our files, and the accessors of each part that every base has.

    A hook patch may define an accessor, so its prototype in patches/BASE counts too. A base
    that does not have a part yet says nothing about its accessors.
    """
    ours = Definitions(files([TOP / folder for folder in FOLDERS]))
    parts = collections.defaultdict(list)
    for path in (TOP / "patches").glob("*/*/"):
        if headers := files([path]):
            found = Definitions(headers)
            parts[path.name].append(found.names | found.prototypes)
    for accessors in parts.values():
        ours.names |= set.intersection(*accessors)
    return ours


def entries(path):
    """The head of a list, and the words of each line, first the identifier."""
    lines = path.read_text(encoding="utf-8").splitlines()
    head = [line for line in lines if line.startswith("#") or not line]
    return head, [line.split() for line in lines if line and not line.startswith("#")]


def changing(found):
    """Uses of identifiers that change, other than in the files named beside them."""
    for name, *allowed in entries(CHANGING)[1]:
        places = found.get(name, [])
        wrong = [place for place in places if place.rsplit(":", 1)[0] not in allowed]
        if wrong:
            yield f"{name} changes between base kernels, but is used at {' '.join(wrong)}"
        for path in allowed:
            if not any(place.startswith(f"{path}:") for place in places):
                yield f"{name} is allowed in {path}, which does not use it any more"


def differences(found):
    """Identifiers that are used but not listed, or listed but not used."""
    listed = {name for name, *_ in entries(LIST)[1]}
    for name in sorted(set(found) - listed):
        yield f"{name} is new at {found[name][0]}; ci/base-identifiers says how to add it"
    for name in sorted(listed - set(found)):
        yield f"{name} is listed in ci/base-identifiers, but no file uses it any more"


def main(words):
    """The command."""
    if words == ["--changing"]:
        wrong = list(changing(used()))
    elif words in ([], ["--write"]):
        found = used(own())
        if words:
            text = "\n".join([*entries(LIST)[0], *sorted(found)]) + "\n"
            LIST.write_text(text, encoding="utf-8")
        wrong = list(differences(found))
    else:
        print("usage: ci/identifiers.py [--changing | --write]", file=sys.stderr)
        return 2
    for line in wrong:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
