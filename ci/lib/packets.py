# SPDX-License-Identifier: GPL-2.0
"""The workload "packets": the cost of a packet in the mlx5 driver.

The guest's side is ci/guest/nic/cost.sh.
"""

import dataclasses

import prepare
from figures import MODES, NAMES, by_backend, count, machine, per, ratio, said
from figures import table as aligned

# The prefix of the names of reports and logs.
FILES = "mlx5"
CPUS = 1
# The guest's runs (ci/guest/nic/cost.sh), as the table calls them.
RUNS = {
    "tx": "sent in bursts of 44",
    "tx_single": "sent one by one",
    "rx": "received, striding queue",
    "rx_cyclic": "received, cyclic queue",
}
# The run with the sending NIC's instructions, which runs that receive include.
IDLE = "idle"
NICS = [word for number in "01" for word in (
    "-netdev", f"hubport,id=h{number},hubid=0",
    "-device", f"connectx,netdev=h{number},striding-rq=on")]
KEYS = ("packets", "invalidation_commands", "commands_per_packet", "instructions_per_packet",
        "stale_accesses_tried", "stale_accesses_landed")
HEAD = (
    ("", "packets", "IOMMU", "per", "instructions", "xSMMU:", "unmaps"),
    ("", "", "commands", "packet", "per packet", "polls", "per sync"),
)
# The targets under load: at most these shares of strict's commands and lazy's instructions.
LOAD = ("tx", "rx")
MOST_COMMANDS = 1 / 32
MOST_INSTRUCTIONS = 1.05
# "Clearly below strict": at most this share of the instructions that strict adds to
# passthrough. (Most instructions of a packet do not map or unmap: all modes have them.)
MOST_OF_STRICT = 0.9
# In small polls a pen outlives its poll: at most this share of strict's commands.
MOST_COMMANDS_OF_SMALL_POLLS = {"tx_single": 1 / 16}
# xSMMU takes at most so many times passthrough's instructions.
MOST_OF_FREE = {"tx": 1.08, "tx_single": 1.20, "rx": 1.05, "rx_cyclic": 1.05}
# The least share of received pages that must miss the page cache.
LEAST_MISSES = 0.95
# Where received pages stay mapped, a packet costs at most so many commands, in any mode.
MOST_OF_KEPT = 1 / 32


def adapted(cell, _mode):
    """A cell that runs this workload, with two NICs.

    With sleep=off an idle guest does not wait in real time. Waiting takes longer, and
    on a busy host one guest never woke up.
    """
    return dataclasses.replace(cell, tests=["nic-cost"], devices=[*cell.devices, *NICS],
                               machine=[*cell.machine, "-icount", "sleep=off"])


def parts(cell):
    """The kernel, an initramfs without modules of ours, and the devices."""
    kernel = prepare.kernel(cell.base, cell.arch, cell.kernel, cell.backends)
    return (kernel, prepare.initramfs(cell.arch, kernel, False, True),
            prepare.devices(cell.qemu))


def _maps(words, counts, mode):
    """The commands for maps.

    With QEMU's AMD-Vi each map needs a command too, of the kind that a strict unmap sends
    and that names the pages of a small batch. The guest maps as often as it unmaps. So
    half of these commands in strict mode are for maps, all in lazy mode, and with batches
    as many as there were unmaps.
    """
    if mode == "strict":
        return counts["pages"] // 2
    return min(counts["pages"], words.get("ch_unmap_batched") or counts["pages"])


def _stay_mapped(name, words):
    """Whether the pages of received packets stay mapped.

    From Linux 6.12 on the driver has no page cache. page_pool has one, and unmaps a page only
    when it gives it away.
    """
    return name.startswith("rx") and "rx_cache_full" not in words


def _commands(name, words, counts, cell, mode):
    """The commands for unmaps, None if they cannot be told from those for maps, and the latter.

    Where pages stay mapped there are maps without unmaps. Except in strict mode, a command
    for a map is the only one that names pages and drops non-leaf entries.
    """
    if not cell.maps_send_commands():
        return counts["all"], 0
    if not _stay_mapped(name, words):
        maps = _maps(words, counts, mode)
        return counts["all"] - maps, maps
    if mode == "strict":
        return None, counts["pages"]
    return counts["all"] - counts["pages_full"], counts["pages_full"]


def _figure(name, words, idle, counts, cell, mode):
    """A run's figures: those of the report, and those for the judge and the table."""
    commands, maps = _commands(name, words, counts, cell, mode)
    instructions = words["instructions"] - (idle["instructions"] if words["rx_packets"] else 0)
    return {
        "packets": words["packets"],
        "invalidation_commands": commands,
        "commands_per_packet": per(commands, words["packets"]),
        "instructions_per_packet": per(instructions, words["packets"]),
        "stale_accesses_tried": None,
        "stale_accesses_landed": None,
        "map_commands": maps,
        "domain_commands": counts["domain_leaf"] + counts["domain_full"],
        "unknown_commands": counts["unknown"],
        "driver": words,
    }


def figures(lines, log, cell, mode):
    """The figures of a mode: those of each run."""
    runs = {name: {key: int(value) for key, value in words.items()}
            for name, words in said(lines, "cost")}
    return {name: _figure(name, runs[name], runs[IDLE],
                          log.count(runs[name]["mark"], runs[name]["mark"] + 1), cell, mode)
            for name in RUNS}


def public(runs):
    """The figures of a mode that the report has."""
    return {name: {key: figure[key] for key in KEYS} for name, figure in runs.items()}


def _batches(figure):
    """The number of polls, and of unmaps per sync."""
    driver, syncs = figure["driver"], figure["driver"]["ch_iotlb_sync"]
    if not syncs:
        return "", ""
    return count(driver["ch_poll"]), f"{driver['ch_unmap_batched'] / syncs:.1f}"


def _per(value):
    return "?" if value is None else ratio(round(value, 1) if value >= 1 else value)


def _row(name, figure):
    return (name, count(figure["packets"]), count(figure["invalidation_commands"]),
            _per(figure["commands_per_packet"]), count(round(figure["instructions_per_packet"])))


def table(report):
    """The table, as text."""
    rows = []
    for name, words in RUNS.items():
        rows.append((words, *[""] * 6))
        rows += [(*_row(f"  {mode}", runs[name]), *_batches(runs[name]))
                 for mode, runs in ((MODES[mode], report["modes"][mode]) for mode in MODES)]
    return "\n".join([f"{machine(report)}: mlx5, packets of 1,472 bytes in UDP.", "",
                      *aligned(HEAD, rows), "", *_words(report["modes"])])


def _words(modes):
    """The sentences below the table."""
    text = [f"{RUNS[name]}: {_times(modes, name)} times fewer commands than strict, "
            f"{_share(modes, name):.2f} times lazy's instructions, "
            f"{_added(modes, name):.2f} times what strict adds to passthrough."
            for name in RUNS if not _stay_mapped(name, modes["strict"][name]["driver"])]
    text += [_unmaps_of(name, modes) for name in RUNS if name.startswith("rx")]
    maps = max(figure["map_commands"] for runs in modes.values() for figure in runs.values())
    return text + [f"Not counted: up to {count(maps)} commands for mappings."] * bool(maps)


def _unmaps_of(name, modes):
    """A sentence: how many pages a received packet unmaps, and its instructions.

    In strict mode each unmap is a command, so they are counted outside the guest.
    """
    took = ", ".join(f"{MODES[mode].rstrip('*')} "
                     f"{count(round(modes[mode][name]['instructions_per_packet']))}"
                     for mode in MODES)
    return (f"{RUNS[name]}: {_per(modes['strict'][name]['commands_per_packet'])} unmaps per "
            f"packet (strict mode's commands); instructions: {took}.")


def _times(modes, name):
    strict, ours = (modes[mode][name]["invalidation_commands"] for mode in ("strict", "xsmmu"))
    return f"{strict / max(ours, 1):.0f}"


def _share(modes, name):
    return (modes["xsmmu"][name]["instructions_per_packet"] /
            modes["lazy"][name]["instructions_per_packet"])


def _of_free(modes, name):
    return (modes["xsmmu"][name]["instructions_per_packet"] /
            modes["passthrough"][name]["instructions_per_packet"])


def _added(modes, name):
    """The instructions that xSMMU adds to passthrough, per one that strict adds."""
    strict, ours, free = (modes[mode][name]["instructions_per_packet"]
                          for mode in ("strict", "xsmmu", "passthrough"))
    return (ours - free) / (strict - free) if strict > free else float("inf")


def _unmaps(name, figure):
    """The least number of unmaps: each packet sent, and each page that missed."""
    return figure["packets"] if name.startswith("tx") else figure["driver"]["rx_cache_full"]


def _traffic(where, name, figure):
    """Signs that the run did not carry its packets, or reused too many pages."""
    driver, found = figure["driver"], []
    carried = driver["tx_packets" if name.startswith("tx") else "rx_packets"]
    if carried != figure["packets"]:
        found.append(f"{where}: {carried} of {figure['packets']} packets were carried")
    if figure["unknown_commands"]:
        found.append(f"{where}: {figure['unknown_commands']} commands of unknown type")
    if name.startswith("rx") and not _stay_mapped(name, driver):
        missed, hit = driver["rx_cache_full"], driver["rx_cache_reuse"]
        if missed < LEAST_MISSES * (missed + hit) or 3 * missed < figure["packets"]:
            found.append(f"{where}: the page cache missed {missed} times, and hit {hit} times")
    return found


def _controls(modes, name):
    """Modes whose number of commands cannot be right: the count is wrong."""
    strict, lazy, free = (modes[mode][name] for mode in ("strict", "lazy", "passthrough"))
    found = []
    if free["invalidation_commands"]:
        found.append(f"{name}: passthrough sent {free['invalidation_commands']} commands")
    if _stay_mapped(name, strict["driver"]):
        return found
    if strict["invalidation_commands"] < _unmaps(name, strict):
        found.append(f"{name}: strict sent {strict['invalidation_commands']} commands for "
                     f"{_unmaps(name, strict)} unmaps")
    if not 0 < lazy["invalidation_commands"] < MOST_COMMANDS * strict["invalidation_commands"]:
        found.append(f"{name}: lazy sent {lazy['invalidation_commands']} commands")
    return found


def _kept(modes, name):
    """Missed targets of a run in which received pages stay mapped: nothing is to be batched."""
    found = [f"{name}: {mode} sent {figure['invalidation_commands']} commands for "
             f"{figure['packets']} packets, although pages stay mapped"
             for mode, figure in ((mode, runs[name]) for mode, runs in modes.items())
             if (figure["invalidation_commands"] or 0) > MOST_OF_KEPT * figure["packets"]]
    return found + _cost(modes, name)


def _cost(modes, name):
    """With QEMU's AMD-Vi each mapping costs a command, which hardware does not need."""
    most = MOST_OF_FREE.get(name, float("inf"))
    if modes["xsmmu"][name]["map_commands"] or _of_free(modes, name) <= most:
        return []
    return [f"{name}: xSMMU took {_of_free(modes, name):.3f} times passthrough's instructions"]


def _one_sync_per_poll(name, figure):
    """Syncs beyond one per poll, by the driver's counters and by the IOMMU's commands."""
    driver = figure["driver"]
    most = driver["ch_poll"] + driver["ch_iotlb_sync_early"]
    found = [f"{name}: {number} {what} in {driver['ch_poll']} polls"
             for what, number in (("syncs", driver["ch_iotlb_sync"]),
                                  ("commands for a domain", figure["domain_commands"]))
             if number > most]
    return found if driver["ch_iotlb_sync"] else [*found, f"{name}: nothing was batched"]


def _targets(modes, name):
    strict, ours = modes["strict"][name], modes["xsmmu"][name]
    found = _one_sync_per_poll(name, ours)
    # xSMMU maps as often as strict mode: more commands of that kind were for unmaps.
    if ours["map_commands"] > 1.05 * strict["map_commands"]:
        found.append(f"{name}: xSMMU sent {ours['map_commands']} commands for some pages, "
                     f"and strict {strict['map_commands']} for mappings")
    if ours["invalidation_commands"] > strict["invalidation_commands"]:
        found.append(f"{name}: xSMMU sent {ours['invalidation_commands']} commands, strict "
                     f"{strict['invalidation_commands']}")
    found += _cost(modes, name)
    small = MOST_COMMANDS_OF_SMALL_POLLS.get(name, 1)
    if strict["invalidation_commands"] >= ours["invalidation_commands"] > (
            small * strict["invalidation_commands"]):
        found.append(f"{name}: xSMMU sent {ours['invalidation_commands']} commands, strict "
                     f"{strict['invalidation_commands']}: more than 1/{1 / small:.0f}")
    if name not in LOAD:
        return found
    if ours["invalidation_commands"] > MOST_COMMANDS * strict["invalidation_commands"]:
        found.append(f"{name}: xSMMU sent {ours['invalidation_commands']} commands, strict "
                     f"{strict['invalidation_commands']}: more than 1/32")
    if _share(modes, name) > MOST_INSTRUCTIONS:
        found.append(f"{name}: xSMMU took {_share(modes, name):.3f} times lazy's instructions")
    if _added(modes, name) > MOST_OF_STRICT:
        found.append(f"{name}: xSMMU added {_added(modes, name):.3f} times what strict adds to "
                     "passthrough's instructions")
    return found


def broken(modes, _backend):
    """Missed targets, and errors of the comparison itself; one line each."""
    found = []
    for name in RUNS:
        for mode, runs in modes.items():
            found += _traffic(f"{name}, {mode}", name, runs[name])
        kept = _stay_mapped(name, modes["strict"][name]["driver"])
        found += _controls(modes, name) + (_kept if kept else _targets)(modes, name)
    return found


def side_by_side(reports):
    """The backends one below the other, and what a received packet unmaps on each."""
    rows = []
    for name, words in RUNS.items():
        rows.append((words, *[""] * 4))
        rows += [_row(f"  {mode}", runs[name]) for mode, runs in by_backend(reports)]
    text = [f"{NAMES[report['backend']]}, Linux {report['base']}: "
            f"{_unmaps_of(name, report['modes'])}"
            for name in RUNS if name.startswith("rx") for report in reports]
    return "\n".join([*aligned([row[:5] for row in HEAD], rows), "", *text])
