#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The judge outside the guest: which commands the IOMMU really received.

QEMU's trace holds every invalidation descriptor as raw words, and a line for
every mark that the guest wrote to the probe. The guest's log says what it
expects between two marks:

    # window BEGIN END NAME key=value key<=value key>=value ...

Keys are the counts of KINDS; did=N restricts the IOTLB counts to one domain.
ci/trace.py CONSOLE TRACE prints one KTAP test per window.
"""

import collections
import dataclasses
import pathlib
import re
import sys

# What can be counted, and where a descriptor's layout comes from: VT-d
# specification, section 6.5.2, "Queued Invalidation Interface".
KINDS = {
    "dsi_ih1": "domain-selective IOTLB invalidation, leaf entries only",
    "dsi_ih0": "domain-selective IOTLB invalidation, paging-structure caches too",
    "psi": "page-selective IOTLB invalidation",
    "global": "global IOTLB invalidation",
    "piotlb": "PASID-based IOTLB invalidation",
    "devtlb": "device-TLB invalidation, with or without PASID",
    "waits": "invalidation wait, fences included",
    "context": "context-cache invalidation",
    "pasid": "PASID-cache invalidation",
    "iec": "interrupt-entry-cache invalidation",
    "resets": "QEMU dropped its whole IOTLB (full, or a global invalidation)",
    "faults": "blocked accesses that the IOMMU reported",
}
TYPES = {1: "context", 3: "devtlb", 4: "iec", 5: "waits", 6: "piotlb", 7: "pasid", 8: "devtlb"}
IOTLB_TYPE = 2
GRANULARITY = {1: "global", 2: "dsi", 3: "psi"}

MARK = re.compile(r"\bdma_probe_mark (\d+)")
DESCRIPTOR = re.compile(r"\bvtd_inv_desc .* high 0x([0-9a-f]+) low 0x([0-9a-f]+)")
WINDOW = re.compile(r"#.*?\bwindow (\d+) (\d+) (\S+)((?: +[a-z0-9_]+(?:<=|>=|=)\d+)*)\s*$")
CLAIM = re.compile(r"([a-z0-9_]+)(<=|>=|=)(\d+)")
COMPARE = {"=": int.__eq__, "<=": int.__le__, ">=": int.__ge__}


@dataclasses.dataclass
class Event:
    """One line of the trace that matters; did is None where there is none."""

    kind: str
    did: int = None
    mark: int = None


def descriptor(high, low):
    """The event of one invalidation descriptor."""
    kind = low & 0xF
    if kind == IOTLB_TYPE:
        name = GRANULARITY.get(low >> 4 & 3, "unknown")
        if name == "dsi":
            name = f"dsi_ih{high >> 6 & 1}"
        return Event(name, did=low >> 16 & 0xFFFF)
    did = low >> 16 & 0xFFFF if TYPES.get(kind) == "piotlb" else None
    return Event(TYPES.get(kind, "unknown"), did=did)


def events(path):
    """All events of a trace log, in order."""
    found = []
    with open(path, encoding="utf-8", errors="replace") as file:
        for line in file:
            if match := MARK.search(line):
                found.append(Event("mark", mark=int(match[1])))
            elif match := DESCRIPTOR.search(line):
                found.append(descriptor(int(match[1], 16), int(match[2], 16)))
            elif "vtd_iotlb_reset" in line:
                found.append(Event("resets"))
            elif "vtd_dmar_fault" in line:
                found.append(Event("faults"))
    return found


class Trace:
    """A trace log that can be cut at its marks."""

    def __init__(self, path):
        self.events = events(path)
        self.marks = collections.defaultdict(list)
        for place, event in enumerate(self.events):
            if event.kind == "mark":
                self.marks[event.mark].append(place)

    def place(self, mark):
        """Where a mark is; it must be there exactly once."""
        places = self.marks[mark]
        if len(places) != 1:
            raise ValueError(f"mark {mark} is in the trace {len(places)} times")
        return places[0]

    def count(self, begin, end, did=None):
        """How many events of each kind lie between two marks."""
        first, last = self.place(begin), self.place(end)
        if first > last:
            raise ValueError(f"mark {begin} comes after mark {end}")
        return collections.Counter(
            event.kind for event in self.events[first:last]
            if did is None or event.did is None or event.did == did)


@dataclasses.dataclass
class Window:
    """What the guest expects between two marks."""

    begin: int
    end: int
    name: str
    claims: list


def windows(console):
    """The windows that a guest's log announces; raises ValueError on a bad line."""
    found = []
    with open(console, encoding="utf-8", errors="replace") as file:
        for line in file:
            if re.search(r"# .*\bwindow \d|# window", line):
                match = WINDOW.search(line.rstrip())
                if not match:
                    raise ValueError(f"cannot read: {line.strip()}")
                claims = [(k, op, int(v)) for k, op, v in CLAIM.findall(match[4])]
                found.append(Window(int(match[1]), int(match[2]), match[3], claims))
    return found


def judge(window, trace):
    """What is wrong with a window, one line each."""
    unknown = [key for key, _, _ in window.claims if key not in KINDS and key != "did"]
    if unknown or not window.claims:
        return [f"unknown keys {unknown}; known: did {' '.join(KINDS)}" if unknown else "no claims"]
    did = next((value for key, _, value in window.claims if key == "did"), None)
    try:
        counts = trace.count(window.begin, window.end, did)
    except ValueError as error:
        return [str(error)]
    wrong = [f"{key}{op}{value} expected, {key}={counts[key]} seen"
             for key, op, value in window.claims
             if key != "did" and not COMPARE[op](counts[key], value)]
    if counts["unknown"]:
        wrong.append(f"{counts['unknown']} descriptors of unknown type")
    return wrong


def ktap(console, trace_log):
    """The verdict on all windows, as KTAP text."""
    try:
        expected, trace = windows(console), Trace(trace_log)
    except (OSError, ValueError) as error:
        return f"KTAP version 1\n1..1\n# {error}\nnot ok 1 the logs can be read\n"
    if not expected:
        return "KTAP version 1\n1..1\nnot ok 1 the guest announced a window\n"
    lines = ["KTAP version 1", f"1..{len(expected)}"]
    for number, window in enumerate(expected, 1):
        wrong = judge(window, trace)
        lines += [f"# {text}" for text in wrong]
        lines.append(f"{'not ok' if wrong else 'ok'} {number} window {window.name}"
                     f" ({window.begin} to {window.end})")
    return "\n".join(lines) + "\n"


def main(arguments):
    """The command."""
    if len(arguments) != 2 or not all(pathlib.Path(a).is_file() for a in arguments):
        print("usage: ci/trace.py CONSOLE TRACE (both must exist)", file=sys.stderr)
        return 2
    text = ktap(*arguments)
    print(text, end="")
    return 1 if "\nnot ok" in text else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
