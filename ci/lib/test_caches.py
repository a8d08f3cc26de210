# SPDX-License-Identifier: GPL-2.0
"""Tests of the simulated caches, of their traces, and of what is asked of them."""

import dataclasses
import unittest

import caches
import caches_format
import caches_runs
import caches_traces
from caches import Access, Domain, Everything, Geometry, Mark, Pages

SMALL = Geometry(iotlb=8, ways=0, pd=4, pdp=2, pml4=2)
# Short traces, which last a few seconds altogether.
SHORT = 2500


def missed(events, geometry=SMALL):
    """The misses of a trace: those of each cache, without those that have none."""
    iommu = caches.Iommu(geometry)
    iommu.run(events)
    return sum((count.misses for count in iommu.streams.values()), start=caches.Count().misses)


def at(page, domain=1):
    """An access."""
    return Access(domain, page, 4096, "rx")


class Model(unittest.TestCase):
    """What can be computed by hand."""

    def test_walk(self):
        """A first access misses all caches, the same page none, its neighbours the IOTLB only."""
        self.assertEqual(missed([at(0), at(0)]), {"IOTLB": 1, "PD": 1, "PDP": 1, "PML4": 1})
        self.assertEqual(missed([at(0), at(511)]), {"IOTLB": 2, "PD": 1, "PDP": 1, "PML4": 1})
        self.assertEqual(missed([at(0), at(512)]), {"IOTLB": 2, "PD": 2, "PDP": 1, "PML4": 1})
        self.assertEqual(missed([at(0), at(1 << 18)]), {"IOTLB": 2, "PD": 2, "PDP": 2, "PML4": 1})

    def test_one_entry(self):
        """A cache of one entry forgets a page as soon as another one is accessed."""
        one = dataclasses.replace(SMALL, iotlb=1)
        self.assertEqual(missed([at(0), at(0), at(1), at(0)], one)["IOTLB"], 3)

    def test_oldest(self):
        """The entry that was used longest ago makes room, not the one that came first."""
        two = dataclasses.replace(SMALL, iotlb=2)
        self.assertEqual(missed([at(0), at(1), at(0), at(2), at(0)], two)["IOTLB"], 3)
        self.assertEqual(missed([at(0), at(1), at(0), at(2), at(1)], two)["IOTLB"], 4)

    def test_sets(self):
        """Pages of one set evict each other although other sets are empty."""
        two = dataclasses.replace(SMALL, iotlb=4, ways=1)
        self.assertEqual(missed([at(0), at(4), at(0)], two)["IOTLB"], 3)
        self.assertEqual(missed([at(0), at(1), at(0)], two)["IOTLB"], 2)
        with self.assertRaises(ValueError):
            caches.Cache(6, 4)

    def test_pages(self):
        """A command for pages leaves the neighbour, and the page of another domain."""
        before = [at(0), at(1), at(2), at(1, 2)]
        for page, domain, wanted in ((0, 1, 0), (1, 1, 1), (2, 1, 0), (1, 2, 0)):
            again = missed([*before, Pages(1, 1, 1, True), at(page, domain)])
            self.assertEqual(again["IOTLB"] - len(before), wanted, (page, domain))
        self.assertEqual(missed([*before, Pages(1, 1, 2, True), at(1), at(2)])["IOTLB"], 6)

    def test_domain(self):
        """A command for a domain leaves other domains, a global one leaves nothing."""
        before = [at(0), at(0, 2)]
        self.assertEqual(missed([*before, Domain(1, True), at(0, 2)])["IOTLB"], 2)
        self.assertEqual(missed([*before, Domain(1, True), at(0)])["IOTLB"], 3)
        self.assertEqual(missed([*before, Everything(), at(0), at(0, 2)])["PML4"], 4)

    def test_hint(self):
        """The hint keeps non-leaf entries, if hardware honours it for this kind of command."""
        for hint, command, wanted in (
                ("always", Pages(1, 0, 1, True), 1), ("always", Pages(1, 0, 1, False), 2),
                ("always", Domain(1, True), 1), ("always", Domain(1, False), 2),
                ("pages", Pages(1, 0, 1, True), 1), ("pages", Domain(1, True), 2),
                ("never", Pages(1, 0, 1, True), 2), ("never", Domain(1, True), 2)):
            found = missed([at(0), command, at(0)], dataclasses.replace(SMALL, hint=hint))
            self.assertEqual((found["IOTLB"], found["PD"]), (2, wanted), (hint, command))

    def test_mark(self):
        """Counting begins at a mark; what is cached stays cached."""
        self.assertEqual(missed([at(0), Mark(), at(0), at(1)]), {"IOTLB": 1})

    def test_way_to_the_page(self):
        """A command for a page without the hint keeps the ways to other pages."""
        found = missed([at(0), at(512), Pages(1, 0, 1, False), at(513)])
        self.assertEqual((found["PD"], found["PDP"], found["PML4"]), (2, 2, 2))


class Format(unittest.TestCase):
    """Traces as text."""

    EVENTS = [Access(3, 0xFFFFF, 2048, "rx"), Pages(3, 0xFFFFF, 2, True), Pages(3, 1, 1, False),
              Domain(3, True), Domain(4, False), Everything(), Mark()]

    def test_round_trip(self):
        """What was written is what is read."""
        lines = list(caches_format.write(self.EVENTS))
        self.assertEqual(lines[1], "1 pages 3 0xfffff000 2 leaf")
        self.assertEqual(list(caches_format.read(["# a comment", "", *lines])), self.EVENTS)

    def test_refused(self):
        """A line that cannot be read is named."""
        for line in ("1", "1 jump 3", "1 pages 3 0x1000 1 half", "one global", "1 global 3",
                     "1 access 3 0x1000 64"):
            with self.assertRaisesRegex(ValueError, "line 2: cannot read"):
                list(caches_format.read(["0 global", line]))
        with self.assertRaisesRegex(ValueError, "line 2: 1 comes after 2"):
            list(caches_format.read(["2 global", "1 global"]))

    def test_qemu(self):
        """Descriptors and lookups of QEMU's log become events; other lines do not."""
        log = ["vtd_inv_desc invalidate desc type iotlb high 0x0 low 0x300e2",
               "vtd_inv_desc invalidate desc type iotlb high 0x40 low 0x300e2",
               "vtd_inv_desc invalidate desc type iotlb high 0xfff43042 low 0x300f2",
               "vtd_inv_desc invalidate desc type iotlb high 0x0 low 0xd2",
               "vtd_inv_desc invalidate desc type p-iotlb high 0x40 low 0x30026",
               "vtd_inv_desc invalidate desc type wait high 0x1000 low 0x25",
               "vtd_iotlb_page_hit IOTLB page hit sid 0x10 iova 0xfff43080 slpte 0x1 domain 0x3",
               "12@7.5:vtd_iotlb_page_update IOTLB page update sid 0x10 iova 0x1000 slpte 0x1"
               " domain 0x3",
               "dma_probe_mark 7"]
        self.assertEqual(list(caches_format.from_qemu(log)), [
            Domain(3, False), Domain(3, True), Pages(3, 0xFFF40, 4, True), Everything(),
            Domain(3, False), Access(3, 0xFFF43, 64, "sid-10"), Access(3, 1, 64, "sid-10")])


class Traces(unittest.TestCase):
    """What drivers do."""

    def test_nothing_stale(self):
        """No page is mapped again before a command has named it or its domain."""
        for name, mode in caches_runs.TRANSLATED.items():
            taken, wrong = set(), 0

            class Watched(mode):
                """The mode, and whether what it maps was invalidated since it was unmapped."""

                def take(self, queue, *sent):
                    nonlocal wrong
                    page = super().take(queue, *sent)
                    wrong += page in taken
                    return page

                def unmap(self, queue, received, sent):
                    taken.update(received + sent)
                    return super().unmap(queue, received, sent)

            load = caches_traces.Load(queues=3, sent=0.2, spread=2)
            for event in caches_traces.trace(Watched, load, SHORT):
                if isinstance(event, Domain):
                    taken.clear()
                elif isinstance(event, Pages):
                    taken.difference_update(range(event.page, event.page + event.count))
            self.assertEqual(wrong, 0, name)

    def test_blocks(self):
        """Blocks are aligned, cover their run, and at most double it."""
        for first in range(70):
            for length in range(1, 65):
                run = range(first, first + length)
                found = caches_traces.blocks(list(run))
                covered = [page for start, count in found for page in range(start, start + count)]
                self.assertTrue(set(run) <= set(covered))
                self.assertLessEqual(len(covered), 2 * length)
                self.assertTrue(all(start % count == 0 for start, count in found))
        self.assertIsNone(caches_traces.blocks(list(range(0, 40, 2))))

    def test_commands(self):
        """Strict mode sends a command for each page, lazy one for 256, xSMMU one for a poll."""
        for mode, wanted in ((caches_traces.Strict, 1), (caches_traces.Lazy, 1 / 256),
                             (caches_traces.Windows, 1 / 64), (caches_traces.Contiguous, 1 / 64)):
            load = caches_traces.Load(queues=1, sent=0)
            *_, commands = caches_runs.found(mode, load, pages=9000)
            self.assertLess(abs(commands - wanted), 0.1 * wanted, mode)


class Runs(unittest.TestCase):
    """What the page of figures says."""

    def test_hint_ignored(self):
        """The control: where hardware ignores the hint, xSMMU and F&S walk more."""
        ignored = dataclasses.replace(caches_runs.GEOMETRY, hint="never")
        load = caches_traces.Load(spread=caches_runs.SPREAD)
        for mode in (caches_traces.Windows, caches_traces.Contiguous):
            kept, lost = (caches_runs.found(mode, load, geometry, SHORT)
                          for geometry in (caches_runs.GEOMETRY, ignored))
            self.assertGreater(lost[3], kept[3] + 0.01)
            self.assertEqual(lost[0], kept[0])

    def test_fitted(self):
        """The geometry meets the experiment to which it was fitted."""
        self.assertLess(caches_runs.misfit(caches_runs.GEOMETRY, caches_runs.SPREAD, 6000), 0.1)

    def test_ablation(self):
        """F&S needs both of its ideas, as published."""
        reads = {row[0]: row[5] for row in caches_runs.ablation(4000).rows}
        self.assertLess(reads["both (F&S)"], reads["contiguous"])
        self.assertLess(reads["contiguous"], reads["IH=1"])
        self.assertLess(reads["IH=1"], reads["neither"])

    def test_model_of_time(self):
        """F&S's own figures for 5 flows: 1.76 reads are 79.6 Gb/s."""
        self.assertAlmostEqual(caches_runs.gigabits(1.76), 79.6, places=1)
        self.assertEqual(caches_runs.gigabits(0, 400), 400)

    def test_tables(self):
        """Each row of each table has a value for each column."""
        for table in (caches_runs.modes(600), caches_runs.queues(300, numbers=(1, 2)),
                      caches_runs.neighbour(caches_traces.OTHER, 300, sizes=(8,))):
            self.assertTrue(all(len(row) == len(table.head) for row in table.rows), table.name)


if __name__ == "__main__":
    unittest.main()
