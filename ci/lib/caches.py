# SPDX-License-Identifier: GPL-2.0
"""Simulated caches of an IOMMU: the IOTLB, and three caches of non-leaf entries.

A trace of accesses and invalidations goes in, misses come out. Addresses are numbers of
4 KiB pages. Tables have four levels, so a walk reads up to four entries:

    PML4   an entry covers 512 GiB
    PDP    an entry covers 1 GiB
    PD     an entry covers 2 MiB
    (leaf) an entry covers 4 KiB; the IOTLB caches the translation

After a miss of the IOTLB a walk goes from level to level. It takes each entry from its cache or
reads it from memory, and keeps what it has read. So each miss is a read. Hardware that finds an
entry of a lower level can skip the levels above; then there are fewer reads than counted here.

This is a model. It has no time: a walk is over before the next access. It fetches nothing
ahead, and it has neither superpages nor device TLBs.
"""

import collections
import dataclasses
import typing

LEVELS = {"PD": 9, "PDP": 18, "PML4": 27}
CACHES = ("IOTLB", *LEVELS)
PAGE = 4096

# What hardware does with the hint "leaf entries only" (IH=1 of VT-d):
#   always   keeps non-leaf entries
#   pages    keeps them if the command names pages, and drops them with a whole domain
#   never    ignores the hint
HINTS = ("always", "pages", "never")


class Access(typing.NamedTuple):
    """The device reads or writes bytes of a page; stream says what for."""

    domain: int
    page: int
    size: int
    stream: str


class Pages(typing.NamedTuple):
    """A command that names neighbouring pages."""

    domain: int
    page: int
    count: int
    leaf: bool


class Domain(typing.NamedTuple):
    """A command that names a domain."""

    domain: int
    leaf: bool


class Everything(typing.NamedTuple):
    """A command that drops all entries of all domains."""


class Mark(typing.NamedTuple):
    """Counting begins here; the caches keep their entries."""


@dataclasses.dataclass(frozen=True)
class Geometry:
    """Entries of each cache, the ways of the IOTLB (0: fully associative), and the hint."""

    iotlb: int
    ways: int
    pd: int
    pdp: int
    pml4: int
    hint: str = "always"


class Cache:
    """Sets of entries; each forgets the entry that was used longest ago."""

    def __init__(self, entries, ways=0):
        self.ways = ways or entries
        if entries < 1 or entries % self.ways:
            raise ValueError(f"{entries} entries cannot have {ways} ways")
        self.sets = [{} for _ in range(entries // self.ways)]

    def use(self, domain, number):
        """Tells whether an entry is there. If not, it takes the place of another one."""
        entries = self.sets[number % len(self.sets)]
        key = (domain, number)
        if key in entries:
            entries[key] = entries.pop(key)
            return True
        if len(entries) == self.ways:
            del entries[next(iter(entries))]
        entries[key] = None
        return False

    def drop(self, domain, first, last):
        """Drops the entries of a range of numbers."""
        for number in range(first, last + 1):
            self.sets[number % len(self.sets)].pop((domain, number), None)

    def drop_domain(self, domain):
        """Drops the entries of a domain."""
        for entries in self.sets:
            for key in [key for key in entries if key[0] == domain]:
                del entries[key]

    def drop_all(self):
        """Drops all entries."""
        for entries in self.sets:
            entries.clear()


@dataclasses.dataclass
class Count:
    """The bytes and the accesses of a stream, and the misses of each cache."""

    size: int = 0
    accesses: int = 0
    misses: collections.Counter = dataclasses.field(default_factory=collections.Counter)


class Iommu:
    """The caches of one IOMMU, and what was counted."""

    def __init__(self, geometry):
        self.geometry = geometry
        self.iotlb = Cache(geometry.iotlb, geometry.ways)
        self.levels = {"PD": Cache(geometry.pd), "PDP": Cache(geometry.pdp),
                       "PML4": Cache(geometry.pml4)}
        self.reset()

    def reset(self):
        """Forgets what was counted."""
        self.streams = collections.defaultdict(Count)
        self.commands = collections.Counter()

    def run(self, events):
        """Executes the events of a trace in their order."""
        for event in events:
            if isinstance(event, Access):
                self.access(event)
            elif isinstance(event, Mark):
                self.reset()
            else:
                self.invalidate(event)

    def access(self, event):
        """Translates an access, and counts what it misses."""
        count = self.streams[event.stream]
        count.size += event.size
        count.accesses += 1
        if self.iotlb.use(event.domain, event.page):
            return
        count.misses["IOTLB"] += 1
        for name, shift in LEVELS.items():
            if not self.levels[name].use(event.domain, event.page >> shift):
                count.misses[name] += 1

    def invalidate(self, event):
        """Executes a command."""
        self.commands[type(event).__name__] += 1
        if isinstance(event, Pages):
            last = event.page + event.count - 1
            self.iotlb.drop(event.domain, event.page, last)
            if not (event.leaf and self.geometry.hint != "never"):
                for name, shift in LEVELS.items():
                    self.levels[name].drop(event.domain, event.page >> shift, last >> shift)
        elif isinstance(event, Domain):
            self.iotlb.drop_domain(event.domain)
            if not (event.leaf and self.geometry.hint == "always"):
                for cache in self.levels.values():
                    cache.drop_domain(event.domain)
        else:
            for cache in (self.iotlb, *self.levels.values()):
                cache.drop_all()


def misses(iommu, streams=None, per=("rx",)):
    """Misses of some streams, or of all, for each page of data that the streams of per carried."""
    pages = sum(iommu.streams[name].size for name in per) / PAGE
    chosen = [iommu.streams[name] for name in streams or iommu.streams]
    return {cache: sum(count.misses[cache] for count in chosen) / pages for cache in CACHES}


def reads(missed):
    """The entries that walks read from memory, for each page: a leaf, and what missed above."""
    return sum(missed.values())
