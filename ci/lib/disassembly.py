# SPDX-License-Identifier: GPL-2.0
"""Prints the functions whose machine code differs between two builds of an object.

disassembly.py OBJDUMP PLAIN OFF OBJECT...: OBJECT is a path below both folders. Prints
"object function" for each function that differs or is only in one of them.

Placement is not a difference: addresses are dropped, a reference into a code section
becomes function + offset, and a reference into a section of strings becomes the
string.
"""

import bisect
import pathlib
import re
import subprocess
import sys

FUNCTION = re.compile(r"^(?:[0-9a-f]+ )?<(.+)>:$")
SECTION = re.compile(r"^Disassembly of section (.+):$")
TARGET = re.compile(r"\b[0-9a-f]+ <")
RELOCATION = re.compile(r"^\s*(?:[0-9a-f]+: )?(R_\S+)\s+(\S+?)(?:([+-])0x([0-9a-f]+))?$")
SYMBOL = re.compile(r"^([0-9a-f]+) .{6}F (\S+)\t[0-9a-f]+ (?:\.hidden )?(\S+)$")
CONTENTS = re.compile(r"^Contents of section (.+):$")
DUMPED = re.compile(r"^ [0-9a-f]+ ((?:[0-9a-f]{2,8} ){1,4})")
PC_RELATIVE = 4  # x86 counts from the end of a 4-byte displacement
X86_RELATIVE = "R_X86_64_P"


def run(*command):
    """The lines that a binutils program prints."""
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.splitlines()


class Object:
    """Resolves the references of an object file."""

    def __init__(self, objdump, path):
        self.functions = {}
        for line in run(objdump, "-t", str(path)):
            if match := SYMBOL.match(line):
                self.functions.setdefault(match[2], []).append((int(match[1], 16), match[3]))
        for entries in self.functions.values():
            entries.sort()
        self.strings, section = {}, ""
        for line in run(objdump, "-s", str(path)):
            if match := CONTENTS.match(line):
                section = match[1]
            elif ".str" in section and (match := DUMPED.match(line)):
                self.strings[section] = self.strings.get(section, b"") + bytes.fromhex(
                    match[1].replace(" ", ""))

    def target(self, section, offset):
        """The name of a place in a section."""
        if section in self.functions:
            entries = self.functions[section]
            start, name = entries[max(bisect.bisect(entries, (offset, "~")) - 1, 0)]
            return f"{name}+{offset - start:#x}"
        if section in self.strings:
            return repr(self.strings[section][offset:].split(b"\0")[0])
        return f"{section} {offset:#x}"

    def relocation(self, line):
        """A relocation without its own address; None if the line has no relocation."""
        match = RELOCATION.match(line)
        if not match:
            return None
        kind, symbol, sign, offset = match.groups()
        number = int(offset or "0", 16) * (-1 if sign == "-" else 1)
        number += PC_RELATIVE * kind.startswith(X86_RELATIVE)
        return f"{kind} {self.target(symbol, number)}"


def functions_of(objdump, path):
    """The code of each function of an object, as comparable lines."""
    known, code, lines, section = Object(objdump, path), {}, [], ""
    for line in run(objdump, "-dr", "--no-show-raw-insn", "--no-addresses", str(path)):
        if match := SECTION.match(line):
            section = match[1]
        elif match := FUNCTION.match(line):
            lines = code.setdefault((section, match[1]), [])
        elif found := known.relocation(line):
            # The target in a relocated instruction is a placeholder.
            lines[-1] = re.sub(r"<.*>", "<>", lines[-1])
            lines.append(found)
        elif line.strip():
            lines.append(TARGET.sub("<", line.strip()))
    return code


def main(objdump, plain, off, *objects):
    """The command."""
    for name in objects:
        one, two = (functions_of(objdump, pathlib.Path(folder) / name) for folder in (plain, off))
        for key in sorted(set(one) | set(two)):
            if one.get(key) != two.get(key):
                print(name, key[1])


if __name__ == "__main__":
    main(*sys.argv[1:])
