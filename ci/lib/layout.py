# SPDX-License-Identifier: GPL-2.0
"""Which fields of core's structures share a cache line, as pahole shows them.

layout.py OBJECT: compares the layout in an object with debug information with FIELDS.
Prints "ok NAME" or "not ok NAME" for each structure, after what is wrong.

No line that a queue writes or reads when it maps and unmaps may be written by others on
their way. So each field is of one kind:

  own     written by the CPU that owns the structure, when it maps, unmaps or syncs
  read    read by all CPUs when they map and unmap, and almost never written
  rare    written by another CPU only where slots or addresses run out, invalidations fail,
          a CPU or a driver goes, or the backstop's timer finds something
  other   written by whatever CPU leads a sync, drains or takes slots from a depot

A line with a field of "other" has none of "own" or "read".
"""

import re
import subprocess
import sys

LINE = 64
FIELDS = {
    "xsmmu_slots": {
        "own": "head tail limit ring",
        "rare": "done",
    },
    "xsmmu_quarantine": {
        "own": "lock head tail tick period armed naming slots tables backstop stats ring",
        "read": "cpu xd",
        "rare": "until",
    },
    "xsmmu_domain": {
        "read": "domain iovad quarantine mask window",
        "rare": "name node failing lost name_again",
        "other": "started drop_non_leaf flush_lock leader done draining withheld_lock withheld "
                 "withheld_pages leaked leaked_tables",
    },
    "xsmmu_window": {
        "read": "base region phys_end leaf quarantine after region_shift size xd template "
                "phys_mask",
        "rare": "users chunks",
        "other": "depot",
    },
}
# Structures of which neighbours belong to different CPUs or classes.
WHOLE_LINES = ("xsmmu_slots", "xsmmu_quarantine")

FIELD = re.compile(r"(?:\(\*)?(\w+)\)?(?:\[\d+\])*(?:\([^;]*\))?(?: __attribute__\(\(.*\)\))?;"
                   r"\s*/\*\s*(\d+)\s+(\d+)")


def fields(text):
    """The offset and the size of each field that pahole prints."""
    return {match[1]: (int(match[2]), int(match[3])) for match in FIELD.finditer(text)}


def size(text):
    """The size of the structure that pahole prints, 0 if there is none."""
    found = re.search(r"/\* size: (\d+)", text)
    return int(found[1]) if found else 0


def lines(place):
    """The cache lines of a field."""
    offset, length = place
    return range(offset // LINE, (offset + max(length, 1) - 1) // LINE + 1)


def judge(name, text, kinds):
    """What is wrong with the layout of a structure, one line each."""
    placed, kind_of = fields(text), {}
    for kind, words in kinds.items():
        kind_of.update(dict.fromkeys(words.split(), kind))
    wrong = [f"{field} has no kind in ci/lib/layout.py" for field in placed.keys() - kind_of]
    wrong += [f"there is no {field}" for field in kind_of.keys() - placed]
    held = {}
    for field in sorted(placed.keys() & kind_of, key=placed.get):
        for line in lines(placed[field]):
            held.setdefault(line, {}).setdefault(kind_of[field], []).append(field)
    for line, found in held.items():
        if "other" in found and (mine := found.get("own", []) + found.get("read", [])):
            wrong.append(f"line {line}: other CPUs write {' '.join(found['other'])} "
                         f"beside {' '.join(mine)}")
    if name in WHOLE_LINES and size(text) % LINE:
        wrong.append(f"its {size(text)} bytes are no whole lines")
    return wrong


def main(path):
    """The command."""
    for name, kinds in FIELDS.items():
        text = subprocess.run(["pahole", "-C", name, path], stdout=subprocess.PIPE, text=True,
                              check=True).stdout
        wrong = judge(name, text, kinds)
        for line in wrong:
            print(line)
        print(f"{'not ok' if wrong else 'ok'} struct {name}: no line is written by two queues")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
