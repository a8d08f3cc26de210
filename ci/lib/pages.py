# SPDX-License-Identifier: GPL-2.0
"""The workload "pages": the cost of unmaps, and the stale accesses that land.

The guest's side is ci/guest/module/workload.c.
"""

import dataclasses
import statistics

import boot
from figures import MODES, by_backend, count, machine, per, ratio, said
from figures import table as aligned

# The prefix of the names of reports and logs.
FILES = "run"
CPUS = 1
KEYS = ("unmapped_pages", "invalidation_commands", "commands_per_page", "instructions_per_page",
        "map_instructions_per_page", "stale_accesses_tried", "stale_accesses_landed", "longest_exposure_ns")
HEAD = (
    ("", "pages", "IOMMU", "per", "", "instructions per page:", "", "stale accesses:", "",
     "freed page"),
    ("", "unmapped", "commands", "page", "waits", "unmap", "map", "tried", "landed",
     "in reach for"),
)
# At most one command per 64 pages, and at least so many attempts, none of which lands.
MOST_COMMANDS = 1 / 64
LEAST_TRIED = 100000
# The most instructions of a page in xSMMU mode: for its unmap and its share of the sync, and
# for its mapping. QEMU's VT-d has a walker that is not coherent, so entries are cleaned there.
# QEMU's AMD-Vi needs a command for each mapping, which hardware does not. What the command costs
# depends on the base kernel. So None stands for a limit that follows from strict mode's figure.
MOST_INSTRUCTIONS = {"intel": (150, 190), "amd": (110, None), "amd-npcache-off": (110, 125),
                     "arm-smmu-v3": (110, 125)}
# In xSMMU mode such a mapping takes at least so many instructions less than in strict mode.
LEAST_SAVED = 545


def adapted(cell, mode):
    """A cell that runs this workload."""
    return dataclasses.replace(cell, tests=[f"workload-{mode}"])


def parts(cell):
    """The kernel, initramfs and devices of a cell."""
    return boot.parts(cell)


def _commands(words, log):
    """The commands and waits for unmaps, and the commands for maps.

    An IOMMU that may cache entries that are not present needs a command for each map
    too. This is no cost of unmaps and is the same in all modes. So commands for pages
    between the two marks around a map are left out.
    """
    begin, end = map(int, words["marks"].split("-"))
    first, last = map(int, words["map_marks"].split("-"))
    counts = log.count(begin, end)
    maps = sum(log.count(mark, mark + 1)["pages"] for mark in range(first, last, 2))
    return counts["all"] - maps, counts["waits"] - maps, maps


def _batches(lines, key):
    """The instructions of each batch; none if QEMU counted none."""
    return [int(found[key]) for _, found in said(lines, "workload") if key in found]


def _median(batches, pages):
    """The instructions of a page in the median batch, which no interrupt hit."""
    return statistics.median(batches) * len(batches) / pages if batches else None


def figures(lines, log, _cell, mode):
    """The figures of a mode, from the guest's lines and the counted commands.

    The exposure is unknown if a page was still in reach when the guest stopped waiting.
    """
    words = {key: value for _, found in said(lines, "workload") for key, value in found.items()}
    if words["mode"] != mode:
        raise ValueError(f"it ran in mode {words['mode']}")
    pages = int(words["unmapped_pages"])
    commands, waits, maps = _commands(words, log)
    unmap, remap = (_batches(lines, key) for key in ("instructions", "map_instructions"))
    exposure = int(words["longest_exposure_ns"]) if words["reach_ended"] == "1" else None
    return {
        "unmapped_pages": pages,
        "invalidation_commands": commands,
        "waits": waits,
        "map_commands": maps,
        "commands_per_page": per(commands, pages),
        "instructions_per_page": per(sum(unmap), pages) if unmap else None,
        "map_instructions_per_page": per(sum(remap), pages) if remap else None,
        "median_instructions_per_page": _median(unmap, pages),
        "median_map_instructions_per_page": _median(remap, pages),
        "stale_accesses_tried": int(words["stale_tried"]),
        "stale_accesses_landed": int(words["stale_landed"]),
        "longest_exposure_ns": exposure,
    }


def public(figure):
    """The figures of a mode that the report has."""
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
    unmap, remap = (None if mode[key] is None else round(mode[key])
                    for key in ("instructions_per_page", "map_instructions_per_page"))
    return (name, count(mode["unmapped_pages"]), count(mode["invalidation_commands"]),
            ratio(mode["commands_per_page"]), count(mode.get("waits")),
            count(unmap), count(remap),
            count(mode["stale_accesses_tried"]), count(mode["stale_accesses_landed"]),
            _time(mode))


def table(report):
    """The table and the sentences below it, as text."""
    rows = [_row(words, report["modes"][mode]) for mode, words in MODES.items()]
    return "\n".join([f"{machine(report)}: pages are unmapped 64 at a time and freed,",
                      "then a hostile device attacks them.", "", *aligned(HEAD, rows), "",
                      *_words(report["modes"])])


def side_by_side(reports):
    """The modes of all backends, one below the other. Reports have no waits."""
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
    """A sentence about commands that are not counted, if any."""
    maps = max(mode.get("map_commands", 0) for mode in modes.values())
    if not maps:
        return []
    return [f"Not counted: {count(maps)} commands for mappings. QEMU's AMD-Vi claims to cache\n"
            "entries that are not present; hardware does not. Without that claim:\n"
            "make run BACKEND=amd-npcache-off"]


def _expensive(modes, backend):
    """The figures of xSMMU mode that are above their limits."""
    unmap, remap = MOST_INSTRUCTIONS[backend]
    key = "map_instructions_per_page"
    if remap is None and modes["strict"][key] is not None:
        remap = modes["strict"][key] - LEAST_SAVED
    found = []
    for words, name, most in (("an unmap", "instructions_per_page", unmap),
                              ("a mapping", key, remap)):
        figure = modes["xsmmu"][name]
        if None in (figure, most) or figure > most:
            found.append(f"{words} took {figure} instructions in xsmmu, more than {most}")
    return found


def broken(modes, backend):
    """Broken promises, and errors of the comparison itself; one line each."""
    ours = modes["xsmmu"]
    found = _expensive(modes, backend)
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
