# SPDX-License-Identifier: GPL-2.0
"""The comparison of the modes: as a table, and against the promise.

compare.py REPORT...: prints the reports of several backends side by side.
"""

import json
import pathlib
import sys

NAMES = {"intel": "Intel VT-d", "amd": "AMD-Vi", "arm-smmu-v3": "Arm SMMUv3"}
ROWS = {
    "strict": "strict",
    "lazy": "lazy",
    "xsmmu": "xSMMU",
    "passthrough": "passthrough*",
}
HEAD = (
    ("", "pages", "IOMMU", "per", "", "instructions", "stale accesses:", "", "freed page"),
    ("", "unmapped", "commands", "page", "waits", "per page", "tried", "landed", "in reach for"),
)
# One command per 64 pages, and nothing lands of at least so many attempts.
MOST_COMMANDS = 1 / 64
LEAST_TRIED = 100000


def count(value):
    """A number for a reader, ? if it is not known."""
    return "?" if value is None else f"{value:,}"


def ratio(value):
    """A number, as a fraction where it is below 1."""
    if value == 0 or value >= 1:
        return f"{value:g}"
    return f"1/{1 / value:.0f}"


def _time(mode):
    """How long a freed page stayed in reach."""
    ns, landed = mode["longest_exposure_ns"], mode["stale_accesses_landed"]
    if ns is None:
        return "for ever"
    if not landed:
        return "0 ms"
    return f"{ns / 1e6:.1f} ms" if ns >= 1e5 else f"{ns / 1e3:.1f} us"


def _row(name, mode):
    instructions = mode["instructions_per_page"]
    return (name, count(mode["unmapped_pages"]), count(mode["invalidation_commands"]),
            ratio(mode["commands_per_page"]), count(mode.get("waits")),
            count(None if instructions is None else round(instructions)),
            count(mode["stale_accesses_tried"]), count(mode["stale_accesses_landed"]),
            _time(mode))


def lines(head, rows):
    """A table's lines, columns aligned, and the rule that frames it."""
    widths = [max(len(row[i]) for row in [*head, *rows]) for i in range(len(head[0]))]
    found = []
    for row in [*head, *rows]:
        text = "  ".join(cell.rjust(width) for cell, width in zip(row[1:], widths[1:]))
        found.append(f"{row[0].ljust(widths[0])}  {text}".rstrip())
    rule = "-" * max(map(len, found))
    return [*found[:len(head)], rule, *found[len(head):], rule]


def table(report):
    """The table and what it says, as text."""
    rows = [_row(ROWS[name], report["modes"][name]) for name in ROWS]
    return "\n".join([_title(report), "", *lines(HEAD, rows), "", *_words(report)])


def side_by_side(reports):
    """The modes of several backends, one below the other; waits are not in reports."""
    def cut(row):
        return (*row[:4], *row[5:])

    rows = [cut(_row(f"{NAMES[report['backend']]}, {ROWS[name]}", report["modes"][name]))
            for name in ROWS for report in reports]
    return "\n".join(lines([cut(row) for row in HEAD], rows))


def _title(report):
    machine = f"{NAMES[report['backend']]}, Linux {report['kernel']}, QEMU {report['qemu']}"
    return (f"{machine}: pages are unmapped 64 at a time and freed,\n"
            "then a hostile device attacks them.")


def _words(report):
    modes = report["modes"]
    fewer = modes["strict"]["invalidation_commands"] / max(
        modes["xsmmu"]["invalidation_commands"], 1)
    lazy, ours = modes["lazy"], modes["xsmmu"]
    return [f"xSMMU: {fewer:.0f} times fewer commands than strict, and "
            f"{count(ours['stale_accesses_landed'])} of "
            f"{count(ours['stale_accesses_tried'])} stale accesses landed (lazy: "
            f"{count(lazy['stale_accesses_landed'])}).",
            "* no translation: the limit of speed, no protection.",
            *_maps(modes)]


def _maps(modes):
    """What was left out of the counts, if anything."""
    maps = max(mode.get("map_commands", 0) for mode in modes.values())
    if not maps:
        return []
    return [f"Not counted: {count(maps)} commands for mappings. QEMU's AMD-Vi claims to cache what "
            "is\nnot mapped; hardware does not."]


def broken(report):
    """What contradicts the promise, or makes the comparison worthless; a line each."""
    modes, found = report["modes"], []
    ours = modes["xsmmu"]
    if ours["commands_per_page"] > MOST_COMMANDS:
        found.append(f"xSMMU needed {ours['commands_per_page']} commands per page, more than 1/64")
    if modes["strict"]["commands_per_page"] < 1 or not ours["invalidation_commands"]:
        found.append("strict or xSMMU freed pages without a command: the count has no teeth")
    for name in ("xsmmu", "strict"):
        if modes[name]["stale_accesses_landed"]:
            found.append(f"{modes[name]['stale_accesses_landed']} stale accesses landed in {name}")
    for name, mode in modes.items():
        if mode["stale_accesses_tried"] < LEAST_TRIED:
            found.append(f"only {mode['stale_accesses_tried']} stale accesses tried in {name}")
    if not modes["lazy"]["stale_accesses_landed"]:
        found.append("no stale access landed in lazy: the attack has no teeth")
    return found


if __name__ == "__main__":
    print(side_by_side([json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
                        for path in sys.argv[1:]]))
