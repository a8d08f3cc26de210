# SPDX-License-Identifier: GPL-2.0
"""Tests of the simulation of time."""

import unittest

import timing
import timing_runs


def run(kind, **changed):
    """A simulation of 2 ms in which a page takes 100 ns and a command 1000 ns."""
    return timing.simulate(kind, timing.Parameters(**{
        "work": 100, "map": 0, "unmap": 0, "latency": 1000, "service": 1000, "submit": 0,
        **changed}))


class Timing(unittest.TestCase):
    """What can be computed by hand."""

    def near(self, found, wanted):
        """Within 2 %: the last poll of a run may be unfinished."""
        self.assertLess(abs(found - wanted), 0.02 * wanted, (found, wanted))

    def test_free(self):
        """Without translation only the work counts, on each CPU."""
        self.near(run("free", queues=4).pages_per_second, 4 / 100e-9)

    def test_strict(self):
        """Each page waits for its command."""
        self.near(run("strict").pages_per_second, 1 / 1100e-9)
        self.near(run("strict", pages=64).pages_per_second, 64 / 7400e-9)
        self.near(run("strict", submit=50).pages_per_second, 1 / 1150e-9)

    def test_serial(self):
        """The IOMMU executes one command after the other, if each occupies it all the time."""
        self.near(run("strict", queues=16).pages_per_second, 1 / 1000e-9)
        self.near(run("strict", queues=4, service=100).pages_per_second, 4 / 1100e-9)
        self.near(run("local", queues=64, batch=16).pages_per_second, 16 / 1000e-9)

    def test_local(self):
        """A local sync has a command of its own, unless its pages are too many to be named."""
        few = run("local", queues=4, batch=16)
        self.assertEqual(few.shared, 0)
        self.near(few.pages_per_second / few.commands, 16 / 2e6 * 1e9)
        self.assertEqual(run("local", queues=64, batch=17), run("shared", queues=64, batch=17))

    def test_held(self):
        """A lock that is held during the wait serialises what the IOMMU does not."""
        self.near(run("strict", queues=16, service=10, held=True).pages_per_second, 1 / 1000e-9)

    def test_lazy(self):
        """A CPU sends a command for each 256 pages."""
        found = run("lazy")
        self.near(found.pages_per_second / found.commands, 256 / 2e6 * 1e9)

    def test_shared(self):
        """A poll that waits for a command that starts later needs none of its own."""
        found = run("shared", queues=64)
        self.assertGreater(found.shared, 10 * found.commands)
        self.assertEqual(run("shared").shared, 0)
        self.near(run("shared").pages_per_second, 64 / 7400e-9)

    def test_started(self):
        """A command that has started does not cover a poll that comes later.

        Two polls alternate: each finds the other's command running, and waits for the next
        one. So nobody waits for less than a whole command.
        """
        machine = timing.Machine(timing.Parameters(
            work=100, map=0, unmap=0, latency=1000, service=1000, submit=0, queues=2))
        shared = timing.Shared(machine)
        ends = []

        def poll(start):
            yield start
            yield from shared.poll(0)
            ends.append(machine.now)

        machine.run([poll(0), poll(500), poll(600)], 1e6)
        self.assertEqual((ends, machine.commands, machine.shared), ([1000, 2000, 2000], 2, 1))

    def test_stay(self):
        """Pages wait until a pen is full. Each queue syncs for itself."""
        found = run("stay", batch=8, hold=32)
        self.near(found.pages_per_second, 32 / 4200e-9)
        self.near(found.pages_per_second / found.commands, 32 / 2e6 * 1e9)

    def test_covered(self):
        """A command of one queue frees pages of all n, so a sync is for up to n times as many."""
        before = 0
        for queues in (1, 2, 4, 8):
            alone, found = (run(kind, batch=8, hold=32, queues=queues, latency=10, service=10,
                                jitter=0.3) for kind in ("stay", "covered"))
            self.near(alone.pages_per_second / (alone.commands + alone.shared), 32 / 2e6 * 1e9)
            pages = found.pages_per_second * 2e-3 / (found.commands + found.shared)
            self.assertGreater(pages, max(before, 0.5 * 32 * queues))
            self.assertLess(pages, 1.05 * 32 * queues)
            before = pages

    def test_jitter(self):
        """Polls that differ take as long together, and two runs are the same."""
        found = run("free", queues=2, jitter=0.5)
        self.near(found.pages_per_second, 2 / 100e-9)
        self.assertEqual(run("shared", queues=4, jitter=0.5), run("shared", queues=4, jitter=0.5))
        self.assertNotEqual(run("shared", queues=4, jitter=0.5), run("shared", queues=4))

    def test_covered_needs_a_later_command(self):
        """Pages are freed by a command that starts after their poll, and by no earlier one."""
        machine = timing.Machine(timing.Parameters(
            work=100, map=0, unmap=0, latency=1000, service=1000, submit=0, batch=8, hold=24))
        covered = timing.Covered(machine)
        freed = []

        def queue(number, *polls):
            for start in polls:
                yield start - machine.now
                before = machine.pages
                yield from covered.poll(number)
                freed.append((number, start, machine.now, machine.pages - before))

        # Queue 1 leads a command at 100. For queue 2 it covers the poll at 60, and not that
        # at 500, for which and for two more queue 2 leads a command at 1300.
        machine.run([queue(1, 50, 70, 100), queue(2, 60, 500, 1200, 1300)], 1e6)
        self.assertEqual(sorted(freed), [
            (1, 50, 50, 0), (1, 70, 70, 0), (1, 100, 1100, 24),
            (2, 60, 60, 0), (2, 500, 500, 0), (2, 1200, 1200, 8), (2, 1300, 2300, 24)])
        self.assertEqual(machine.commands, 2)

    def test_published(self):
        """The published figures lie within what is simulated, where the page says so."""
        (_, low, high, said), = timing_runs.smmu()
        self.assertLess(low, said)
        self.assertGreater(high, said)
        lazy, strict = timing_runs.optane()
        self.near(lazy[1], 1.89)
        self.assertLess(strict[1], strict[3])
        self.assertGreater(strict[2], strict[3])


if __name__ == "__main__":
    unittest.main()
