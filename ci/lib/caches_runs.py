# SPDX-License-Identifier: GPL-2.0
"""The questions to the simulated caches that "make bench" asks; each answer is a Table.

F&S below is "Fast & Safe IO Memory Protection" (SOSP 2024). Its figures are vector graphics, so
what it measured is read from the heights of bars. It names the levels L1 (PML4), L2 (PDP), L3 (PD).
"""

import dataclasses
import itertools

import caches
import caches_traces as traces
import pictures
from caches import CACHES, Geometry
from caches_traces import Load

# The page that F&S's model of time needs without translation, and a read of a walk, in ns.
BASE_NS, READ_NS = 65, 197
LINKS = (100, 200, 400)
PAGES = 12000

# What was fitted to one experiment of F&S, strict mode with 5 flows: the IOTLB's entries and
# ways, and how far ordinary addresses are spread. The entries of the other caches are estimates
# of F&S's: 64 or 128 for PD, 32 for the levels above.
GEOMETRY = Geometry(iotlb=128, ways=2, pd=64, pdp=32, pml4=32)
SPREAD = 19
SHAPES = ((64, 2), (64, 4), (128, 1), (128, 2), (128, 4), (256, 1), (256, 2))
SPREADS = (10, 15, 19, 25, 40)

MODES = {
    "strict": traces.Strict,
    "strict, IH=1": traces.Preserving,
    "lazy": traces.Lazy,
    "F&S": traces.Contiguous,
    "xSMMU, no windows": traces.Batched,
    "xSMMU": traces.Windows,
    "xSMMU, names 128": traces.WindowsNamed,
    "passthrough": traces.Passthrough,
}
TRANSLATED = {name: mode for name, mode in MODES.items() if mode is not traces.Passthrough}


@dataclasses.dataclass(frozen=True)
class Table:
    """An answer: the first column of each row says what was simulated."""

    name: str
    title: str
    head: tuple
    rows: list


@dataclasses.dataclass(frozen=True)
class Experiment:
    """An experiment of F&S: what the trace takes from it, and what it measured.

    misses are those of the IOTLB, PD, PDP and PML4 for each page. ring counts packets of 4 KiB;
    twice as many pages are mapped for them.
    """

    name: str
    mode: type
    queues: int
    ring: int
    sent: float
    misses: tuple
    measured: float

    def load(self, spread=SPREAD):
        """The load. Drivers of stock kernels use most pages again without an unmap. How many they
        unmap was not published. Each command that drops PML4 entries costs one miss of PML4 if
        a walk follows it, so it is what these misses do not owe to packets that were sent.
        """
        unmapped = 1
        if self.mode in (traces.Strict, traces.Preserving):
            unmapped = max(0, self.misses[3] - self.sent)
        return Load(queues=self.queues, ring=2 * self.ring, sent=self.sent, unmapped=unmapped,
                    spread=spread)


_STRICT, _IH, _CONTIGUOUS, _BOTH = (traces.Strict, traces.Preserving, traces.ContiguousOnly,
                                    traces.Contiguous)
# Figures 2, 3, 7, 8 and 12 of F&S; the misses of F&S itself in 7 and 8 from the factors there.
EXPERIMENTS = (
    Experiment("strict, 5 flows (fitted)", _STRICT, 5, 256, .0436, (1.299, .360, .049, .049), 77.8),
    Experiment("strict, 10 flows", _STRICT, 5, 256, .0667, (1.436, .565, .152, .157), 61.6),
    Experiment("strict, 20 flows", _STRICT, 5, 256, .1000, (1.956, .761, .423, .427), 40.1),
    Experiment("strict, 40 flows", _STRICT, 5, 256, .1195, (2.195, .895, .625, .632), 30.9),
    Experiment("strict, ring of 512", _STRICT, 5, 512, .0528, (1.344, .694, .054, .053), 69.0),
    Experiment("strict, ring of 1024", _STRICT, 5, 1024, .0537, (1.366, .833, .055, .055), 66.6),
    Experiment("strict, ring of 2048", _STRICT, 5, 2048, .0541, (1.355, .856, .055, .055), 66.3),
    Experiment("F&S, 5 flows", _BOTH, 5, 256, .0465, (1.254, .019, 0, 0), 97.6),
    Experiment("F&S, 40 flows", _BOTH, 5, 256, .0187, (1.219, .045, 0, 0), 84.8),
    Experiment("F&S, ring of 2048", _BOTH, 5, 2048, .0190, (1.180, .053, 0, 0), 88.9),
)
# Redis: 8 cores and packets of 9 KiB, which need twice the pages of packets of 4 KiB. Preserving
# mode unmaps as many pages as strict mode, from which it differs in one bit.
ABLATION = (
    Experiment("neither", _STRICT, 8, 512, .1014, (1.533, .626, .148, .142), 39.8),
    Experiment("IH=1", _IH, 8, 512, .1323, (1.998, .678, 0, 0), 46.1),
    Experiment("contiguous", _CONTIGUOUS, 8, 512, .1300, (1.632, .094, .122, .151), 74.5),
    Experiment("both (F&S)", _BOTH, 8, 512, .1089, (1.502, .053, 0, 0), 96.9),
)


def simulate(mode, load, geometry=GEOMETRY, pages=PAGES):
    """Runs a trace. It counts after a third of it: caches and the drivers' queues are full then."""
    iommu = caches.Iommu(geometry)
    pages = max(pages, pages * load.queues // 16)
    iommu.run(traces.trace(mode, load, pages, pages // 3))
    return iommu


def gigabits(reads, link=LINKS[0]):
    """The throughput by F&S's model of time, at most that of the link."""
    return min(link, caches.PAGE * 8 / (BASE_NS + READ_NS * reads))


def found(mode, load, geometry=GEOMETRY, pages=PAGES):
    """Misses of each cache and reads, for each page received; and commands for each page."""
    if mode is traces.Passthrough:
        return [0] * (len(CACHES) + 2)
    iommu = simulate(mode, load, geometry, pages)
    missed = caches.misses(iommu, ("rx", "tx", "rings"))
    received = iommu.streams["rx"].size / caches.PAGE
    return [*missed.values(), caches.reads(missed), sum(iommu.commands.values()) / received]


def misfit(geometry, spread, pages=PAGES):
    """The sum of what the simulation misses, in the experiment to which it was fitted."""
    fitted = EXPERIMENTS[0]
    simulated = found(fitted.mode, fitted.load(spread), geometry, pages)
    return sum(abs(a - b) for a, b in zip(simulated, fitted.misses))


def fit(pages=PAGES):
    """How well other geometries and spreads would meet that experiment."""
    head = ("entries of the IOTLB, ways, spread", "misfit")
    rows = [(f"{entries}, {ways}, {SPREAD}",
             misfit(dataclasses.replace(GEOMETRY, iotlb=entries, ways=ways), SPREAD, pages))
            for entries, ways in SHAPES]
    rows += [(f"{GEOMETRY.iotlb}, {GEOMETRY.ways}, {spread}", misfit(GEOMETRY, spread, pages))
             for spread in SPREADS if spread != SPREAD]
    return Table("fit", "the sum of what all four caches are off by, in misses per page", head,
                 rows)


def _compared(name, title, experiments, pages):
    head = ("F&S's experiment", *CACHES, "reads", "published", "off by %", "Gb/s", "measured")
    rows = []
    for each in experiments:
        load = each.load()
        if each.mode is traces.Preserving:
            load = dataclasses.replace(load, unmapped=ABLATION[0].load().unmapped)
        *missed, reads, _ = found(each.mode, load, pages=pages)
        said = sum(each.misses)
        rows.append((each.name, *missed, reads, said, 100 * (reads / said - 1),
                     gigabits(reads), each.measured))
    return Table(name, title, head, rows)


def published(pages=PAGES):
    """Strict mode and F&S, simulated against published."""
    return _compared("published", "misses per page, and reads beside those that F&S measured", EXPERIMENTS, pages)


def ablation(pages=PAGES):
    """The parts of F&S, simulated against published."""
    return _compared("ablation", "the parts of F&S, and reads beside those that F&S measured", ABLATION, pages)


def modes(pages=PAGES):
    """All modes side by side; each page is unmapped."""
    head = ("mode", *CACHES, "reads", "commands", *(f"{link} Gb/s" for link in LINKS))
    rows = []
    for name, mode in MODES.items():
        values = found(mode, Load(spread=SPREAD), pages=pages)
        rows.append((name, *values, *(gigabits(values[-2], link) for link in LINKS)))
    return Table("modes", "5 queues, polls of 64 pages: misses, reads and commands per page, and "
                 "Gb/s by links of 100, 200 and 400 Gb/s", head, rows)


def hints(pages=PAGES):
    """What hardware does with the hint."""
    head = ("mode", *caches.HINTS)
    rows = [(name, *(found(mode, Load(spread=SPREAD), dataclasses.replace(GEOMETRY, hint=hint),
                           pages)[-2] for hint in caches.HINTS))
            for name, mode in TRANSLATED.items()]
    return Table("hints", "reads per page, by when hardware honours the hint", head, rows)


def names(pages=PAGES):
    """Whole domains against names, by the size of a poll."""
    head = ("pages of a poll", "never: reads", "commands", "up to 16: reads", "commands",
            "up to 128: reads", "commands")
    kinds = (traces.WindowsDomain, traces.Windows, traces.WindowsNamed)
    rows = [(batch, *itertools.chain.from_iterable(
        found(kind, Load(spread=SPREAD, batch=batch), pages=pages)[-2:] for kind in kinds))
        for batch in (1, 4, 8, 16, 32, 64)]
    return Table("names", "xSMMU, 5 queues: reads and commands per page, by when it names pages",
                 head, rows)


def queues(pages=PAGES, burst=1, numbers=(1, 2, 4, 8, 16, 32, 64)):
    """More and more queues."""
    rows = [(number, *(found(mode, Load(queues=number, spread=SPREAD, burst=burst), pages=pages)[-2]
                       for mode in TRANSLATED.values())) for number in numbers]
    said = "packets of all queues mixed" if burst == 1 else f"bursts of {burst} packets of a queue"
    return Table(f"queues-{'mixed' if burst == 1 else 'bursts'}",
                 f"reads per page by queues, {said}", ("queues", *TRANSLATED), rows)


def _suffers(mode, registered, domain, pages):
    load = Load(spread=SPREAD, registered=registered, neighbour=domain)
    iommu = simulate(mode, load, pages=pages)
    return caches.reads(caches.misses(iommu, ("neighbour",), ("neighbour",)))


def neighbour(domain, pages=PAGES, sizes=(8, 32, 128, 512, 2048)):
    """A neighbour whose mappings stay (RDMA), in the NIC's domain or in another one."""
    where = "the same domain" if domain == traces.NIC else "another domain"
    rows = [(size, *(_suffers(mode, size, domain, pages) for mode in MODES.values()))
            for size in sizes]
    return Table(f"neighbour-{'same' if domain == traces.NIC else 'other'}",
                 f"reads per access of a neighbour in {where}, by its pages",
                 ("pages", *MODES), rows)


_BY_QUEUES = (pictures.lines, None, pictures.Axes(
    "queues", "reads of page-table entries per page of data",
    "set logscale x 2\nset yrange [0:]\nset key outside right center"))
_BY_PAGES = (pictures.lines, None, pictures.Axes(
    "pages that the neighbour has mapped, 4 KiB each", "reads of page-table entries per access",
    "set logscale x 2\nset yrange [0:]\nset key outside right center"))
_COMPARED = (pictures.bars, {6: "simulated", 7: "published"}, pictures.Axes(
    "experiment", "reads of page-table entries per page of data", "set key right top"))
PICTURES = {"published": _COMPARED, "ablation": _COMPARED, "queues-mixed": _BY_QUEUES,
            "queues-bursts": _BY_QUEUES, "neighbour-same": _BY_PAGES, "neighbour-other": _BY_PAGES}


def everything(pages=PAGES):
    """The answers to all questions."""
    return [fit(pages), published(pages), ablation(pages), modes(pages), hints(pages), names(pages),
            queues(pages), queues(pages, 16), neighbour(traces.NIC, pages),
            neighbour(traces.OTHER, pages)]
