# SPDX-License-Identifier: GPL-2.0
"""The workload "pages": what unmapping costs, and what a device still reaches.

The guest's side is ci/guest/module/workload.c.
"""

import dataclasses

import boot
from figures import MODES, by_backend, count, machine, per, ratio, said
from figures import table as aligned

# What the names of reports and logs begin with.
FILES = "run"
KEYS = ("unmapped_pages", "invalidation_commands", "commands_per_page", "instructions_per_page",
        "stale_accesses_tried", "stale_accesses_landed", "longest_exposure_ns")
HEAD = (
    ("", "pages", "IOMMU", "per", "", "instructions", "stale accesses:", "", "freed page"),
    ("", "unmapped", "commands", "page", "waits", "per page", "tried", "landed", "in reach for"),
)
# One command per 64 pages, and nothing lands of at least so many attempts.
MOST_COMMANDS = 1 / 64
LEAST_TRIED = 100000


def adapted(cell, mode):
    """A cell that runs this workload."""
    return dataclasses.replace(cell, tests=[f"workload-{mode}"])


def parts(cell):
    """What it boots with."""
    return boot.parts(cell)


def _commands(words, log):
    """The commands that unmapping took, and the waits.

    An IOMMU that may cache what is not mapped is told of each mapping as well;
    that is no cost of unmapping, and the same in all modes: commands for some
    pages between two marks around a mapping are left out.
    """
    begin, end = map(int, words["marks"].split("-"))
    first, last = map(int, words["map_marks"].split("-"))
    counts = log.count(begin, end)
    maps = sum(log.count(mark, mark + 1)["pages"] for mark in range(first, last, 2))
    return counts["all"] - maps, counts["waits"] - maps, maps


def figures(lines, log, _cell, mode):
    """The figures of a mode, from the guest's words and the commands counted.

    A page that was still in reach when the guest gave up waiting stays so for an
    unknown time.
    """
    words = {key: value for _, found in said(lines, "workload") for key, value in found.items()}
    if words["mode"] != mode:
        raise ValueError(f"it ran in mode {words['mode']}")
    pages = int(words["unmapped_pages"])
    commands, waits, maps = _commands(words, log)
    instructions = int(words["instructions"]) if "instructions" in words else None
    exposure = int(words["longest_exposure_ns"]) if words["reach_ended"] == "1" else None
    return {
        "unmapped_pages": pages,
        "invalidation_commands": commands,
        "waits": waits,
        "map_commands": maps,
        "commands_per_page": per(commands, pages),
        "instructions_per_page": per(instructions, pages),
        "stale_accesses_tried": int(words["stale_tried"]),
        "stale_accesses_landed": int(words["stale_landed"]),
        "longest_exposure_ns": exposure,
    }


def public(figure):
    """Those figures of a mode that are for the report."""
    return {key: figure[key] for key in KEYS}


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


def table(report):
    """The table and what it says, as text."""
    rows = [_row(words, report["modes"][mode]) for mode, words in MODES.items()]
    return "\n".join([f"{machine(report)}: pages are unmapped 64 at a time and freed,",
                      "then a hostile device attacks them.", "", *aligned(HEAD, rows), "",
                      *_words(report["modes"])])


def side_by_side(reports):
    """The modes of several backends, one below the other; waits are not in reports."""
    def cut(row):
        return (*row[:4], *row[5:])

    rows = [cut(_row(name, mode)) for name, mode in by_backend(reports)]
    return "\n".join(aligned([cut(row) for row in HEAD], rows))


def _words(modes):
    lazy, ours = modes["lazy"], modes["xsmmu"]
    fewer = modes["strict"]["invalidation_commands"] / max(ours["invalidation_commands"], 1)
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


def broken(modes):
    """What contradicts the promise, or makes the comparison worthless; a line each."""
    ours, found = modes["xsmmu"], []
    if ours["commands_per_page"] > MOST_COMMANDS:
        found.append(f"xSMMU needed {ours['commands_per_page']} commands per page, more than 1/64")
    if modes["strict"]["commands_per_page"] < 1 or not ours["invalidation_commands"]:
        found.append("strict or xSMMU freed pages without a command: some were not counted")
    for name in ("xsmmu", "strict"):
        if modes[name]["stale_accesses_landed"]:
            found.append(f"{modes[name]['stale_accesses_landed']} stale accesses landed in {name}")
    for name, mode in modes.items():
        if mode["stale_accesses_tried"] < LEAST_TRIED:
            found.append(f"only {mode['stale_accesses_tried']} stale accesses tried in {name}")
    if not modes["lazy"]["stale_accesses_landed"]:
        found.append("no stale access landed in lazy: the attack proves nothing")
    return found
