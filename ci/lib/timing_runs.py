# SPDX-License-Identifier: GPL-2.0
"""The simulations of time that "make bench" shows: published figures first, then sweeps."""

import dataclasses

from timing import Parameters, simulate

# Instructions of a nanosecond: 3 GHz, 2 instructions in a cycle. An assumption.
SPEED = 6
# Instructions of a page, mapped and unmapped, as "make run" measured them behind VT-d and the
# SMMUv3 with Linux 6.1 (Documentation/figures.md). They include the syncs of xSMMU.
INSTRUCTIONS = {
    "intel": {"strict": 953 + 1687, "lazy": 965 + 1114, "xsmmu": 114 + 86, "passthrough": 71 + 63},
    "arm-smmu-v3": {"strict": 730 + 1743, "lazy": 742 + 834, "xsmmu": 104 + 79,
                    "passthrough": 62 + 53},
}
# Instructions of xSMMU's ordinary mappings, without windows.
NO_WINDOWS = 990 + 1022
# Batches that a sync names (most_pages), and xSMMU's instructions of a page in such batches, from
# ci/baseline-instructions. A sync of the whole domain was counted; one that names pages is taken
# to cost as much.
SMALL = 16
IN_SMALL_BATCHES = 112 + 66 + 1010 // SMALL
PAGE_BITS = 4096 * 8
# In the sweeps a poll's work varies by so much: queues that all take the same time would sync in
# step. An assumption.
JITTER = 0.3

# Published means of an invalidation with its wait: Akaros (2012), a VT-d host (Linux 6.12.9).
FAST, SLOW = 800, 2070


@dataclasses.dataclass(frozen=True)
class Mode:
    """A mode of the sweeps: how it invalidates, and the instructions of a page."""

    kind: str
    instructions: int
    pages: int = 1
    held: bool = False
    batch: int = 64


_VTD = INSTRUCTIONS["intel"]
# F&S allocates and maps contiguous descriptors of 64 pages: counted as lazy's instructions
# once per descriptor, and as a page of a window for the rest.
MODES = {
    "strict (7.3)": Mode("strict", _VTD["strict"], held=True),
    "strict (6.1)": Mode("strict", _VTD["strict"]),
    "lazy": Mode("lazy", _VTD["lazy"]),
    "F&S": Mode("strict", (_VTD["lazy"] + 63 * _VTD["xsmmu"]) // 64, pages=64),
    "xSMMU, no windows": Mode("shared", NO_WINDOWS),
    "xSMMU": Mode("shared", _VTD["xsmmu"]),
    f"xSMMU, {SMALL} pages": Mode("shared", IN_SMALL_BATCHES, batch=SMALL),
    f"xSMMU, {SMALL} named": Mode("local", IN_SMALL_BATCHES, batch=SMALL),
    "passthrough": Mode("free", _VTD["passthrough"]),
}


def added(instructions, backend="intel"):
    """Nanoseconds of a page beyond those without translation."""
    return max(0, instructions - INSTRUCTIONS[backend]["passthrough"]) / SPEED


def run(mode, work, latency, backend="intel", until=2e6, **others):
    """Simulates a Mode; work is what a page takes without translation."""
    return simulate(mode.kind, Parameters(
        work=work, map=0, unmap=added(mode.instructions, backend), latency=latency,
        service=latency,
        **{"pages": mode.pages, "held": mode.held, "batch": mode.batch, **others}), until)


def gigabits(result):
    """The throughput in Gb/s."""
    return result.pages_per_second * PAGE_BITS / 1e9


def optane():
    """Random reads of 4 KiB: millions of them per second. Fitted: no translation."""
    work = 1e3 / 5.01
    found = {}
    for name, mode in (("lazy", MODES["lazy"]), ("strict, slow IOMMU", MODES["strict (6.1)"]),
                       ("strict, fast IOMMU", MODES["strict (6.1)"])):
        latency = SLOW if "slow" in name else FAST
        found[name] = run(mode, work, latency, batch=32).pages_per_second / 1e6
    return [("lazy", found["lazy"], found["lazy"], 1.93),
            ("strict", found["strict, slow IOMMU"], found["strict, fast IOMMU"], 0.57)]


def smmu():
    """iperf3 behind an SMMUv3: Gb/s. Fitted: lazy."""
    own = INSTRUCTIONS["arm-smmu-v3"]
    work = PAGE_BITS / 39.8 - added(own["lazy"], "arm-smmu-v3")
    strict = Mode("strict", own["strict"])
    return [("strict", *(gigabits(run(strict, work, latency, "arm-smmu-v3"))
                         for latency in (SLOW, FAST)), 14.9)]


def nested():
    """Strict in a nested guest, Linux 6.12.9: Gb/s by cores.

    Published: 47, 84, 156, 238 and 25 Gb/s at 1, 2, 4, 8 and 16 cores; a wait took 7.5 us,
    and 70 us at 16 cores. Fitted: pages per command to 8 cores, work to one.
    """
    pages, wait = 55, 7500
    work = PAGE_BITS / 47 - (wait + 50) / pages
    rows = []
    for cores, published in ((2, 84), (4, 156), (16, 25)):
        said = [gigabits(simulate("strict", Parameters(
            work=work, map=0, unmap=0, latency=latency, service=latency, queues=cores,
            pages=pages, batch=pages, held=True), until=2e7))
            for latency in ((70000, wait) if cores == 16 else (wait, wait))]
        rows.append((f"{cores} cores", *said, published))
    return rows


PUBLISHED = {
    "Optane, millions of reads per second": optane,
    "iperf3 behind an SMMUv3, Gb/s": smmu,
    "strict in a nested guest, Gb/s": nested,
}


def swept(mode, work, latency, queues, **others):
    """Simulates a Mode for each number of queues. Few queues run for longer: chance matters more."""
    return [run(mode, work, latency, until=2e6 * max(1, 32 / n), queues=n, jitter=JITTER, **others)
            for n in queues]


def sweep(latencies, queues, work):
    """All modes: {latency: {mode: [of each number of queues]}}."""
    return {latency: {name: swept(mode, work, latency, queues) for name, mode in MODES.items()}
            for latency in latencies}


# Packets that the mlx5 driver sends one by one have two pages each, and take so many instructions
# without translation. A poll completes about 8 pages, and a pen holds 32 (Documentation/mlx5.md).
# A full barrier takes 20 ns, which is an assumption.
SENT, PER_POLL, PEN, BARRIER = 6043 // 2, 8, 32, 20


def covered(latency, queues):
    """Pens that wait for a sync of their own, and pens that any queue's sync covers, by queues."""
    return {kind: swept(Mode(kind, _VTD["xsmmu"], batch=PER_POLL), SENT / SPEED, latency, queues,
                        hold=PEN, snapshot=BARRIER) for kind in ("stay", "covered")}
