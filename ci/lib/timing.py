# SPDX-License-Identifier: GPL-2.0
"""Simulated time: what syncs cost when many queues share one IOMMU.

Queues run on CPUs of their own. Each of their polls maps and unmaps a batch of pages, and
invalidates as its mode does. The IOMMU executes commands one after the other. All times are
in nanoseconds, and none was measured on hardware: Parameters has what they come from.

This is a model. It has no memory bandwidth, no interrupts, no link, and no cache. What it
shows is how often CPUs wait for the IOMMU and for each other.
"""

import collections
import dataclasses
import heapq
import itertools
import random

# Pages that lazy mode collects before it drops the domain (IOVA_FQ_SIZE of the kernel).
LAZY_QUEUE = 256


@dataclasses.dataclass(frozen=True)
class Parameters:
    """What a run depends on.

    work: what a queue does for a page without translation
    map, unmap: what the mode adds for a page, without any wait
    submit: to put a command into the queue and ring the doorbell
    latency: from the doorbell until the CPU sees the completion, in an idle IOMMU
    service: what a command occupies the IOMMU for; the next one starts afterwards
    batch: pages of a poll
    most: pages of a sync that names them (most_pages of the kernel); a larger one is shared
    hold: pages that wait in a queue before it syncs for them, which may take several polls
    snapshot: to note which invalidation will cover the pages of a poll
    pages: pages that a command of strict mode covers
    queues: queues, each on a CPU
    jitter: the share by which the work of a poll is more or less, at random
    held: a lock of the domain is held while strict mode waits (VT-d of Linux 7.3)
    """

    work: float
    map: float
    unmap: float
    latency: float
    service: float
    submit: float = 50
    batch: int = 64
    most: int = 16
    hold: int = 32
    snapshot: float = 0
    jitter: float = 0
    pages: int = 1
    queues: int = 1
    held: bool = False


@dataclasses.dataclass
class Result:
    """What a run took: throughput in pages per second, times in nanoseconds."""

    pages: int
    pages_per_second: float
    cpu_per_page: float
    median_wait: float
    worst_wait: float
    commands: int
    shared: int


class Lock:
    """A lock whose waiters spin, first come, first served."""

    def __init__(self):
        self.held = False
        self.waiters = []


class Machine:
    """CPUs, an IOMMU, and the time."""

    def __init__(self, parameters):
        self.parameters = parameters
        self.now = 0.0
        self.free = 0.0
        self.pages = 0
        self.commands = 0
        self.shared = 0
        self.waits = []
        self._events = []
        self._order = itertools.count()

    def at(self, when, process):
        """Lets a process go on at a time."""
        heapq.heappush(self._events, (when, next(self._order), process))

    def submit(self):
        """Puts a command into the IOMMU's queue; returns when it has completed."""
        self.commands += 1
        self.free = max(self.free, self.now) + self.parameters.service
        return self.free + self.parameters.latency - self.parameters.service

    def run(self, processes, until):
        """Runs until a time. A process yields how long it runs, or a lock that it wants."""
        for process in processes:
            self.at(0.0, process)
        while self._events:
            when, _, process = heapq.heappop(self._events)
            if when > until:
                return
            self.now = when
            self._step(process)

    def _step(self, process):
        wanted = next(process, None)
        if wanted is None:
            return
        if not isinstance(wanted, Lock):
            self.at(self.now + wanted, process)
        elif wanted.held:
            wanted.waiters.append(process)
        else:
            wanted.held = True
            self.at(self.now, process)

    def give(self, lock):
        """Ends what a process did under a lock. The next waiter has it at once."""
        if lock.waiters:
            self.at(self.now, lock.waiters.pop(0))
        else:
            lock.held = False


def _command(machine, begin=None):
    """One command, until it has completed. What waits for it began to wait now or before."""
    begin = machine.now if begin is None else begin
    yield machine.parameters.submit
    yield machine.submit() - machine.now
    machine.waits.append(machine.now - begin)


class Strict:
    """A command for each buffer, or for each contiguous descriptor."""

    def __init__(self, machine):
        self.machine = machine
        self.lock = Lock()

    def poll(self, _queue):
        """The invalidations of a poll."""
        p = self.machine.parameters
        for first in range(0, p.batch, p.pages):
            begin = self.machine.now
            if p.held:
                yield self.lock
            yield from _command(self.machine, begin)
            if p.held:
                self.machine.give(self.lock)
            self.machine.pages += min(p.pages, p.batch - first)


class Lazy:
    """A command when a queue of the CPU is full. Freed pages stay reachable until then."""

    def __init__(self, machine):
        self.machine = machine
        self.pages = {}

    def poll(self, queue):
        """The invalidations of a poll."""
        waiting = self.pages.get(queue, 0) + self.machine.parameters.batch
        while waiting >= LAZY_QUEUE:
            yield from _command(self.machine)
            waiting -= LAZY_QUEUE
        self.pages[queue] = waiting
        self.machine.pages += self.machine.parameters.batch


class Shared:
    """A grace period: one command for all queues that wait when it starts."""

    def __init__(self, machine):
        self.machine = machine
        self.lock = Lock()
        self.started = 0
        self.completed = 0

    def needed(self):
        """The command that covers what was unmapped by now: one that has started does not."""
        return self.started + 1

    def sync(self):
        """Waits for a command that starts later, or leads it."""
        needed, begin = self.needed(), self.machine.now
        yield self.lock
        if self.completed >= needed:
            self.machine.shared += 1
            self.machine.waits.append(self.machine.now - begin)
        else:
            self.started += 1
            mine = self.started
            yield self.machine.parameters.submit
            yield self.machine.submit() - self.machine.now
            self.completed = mine
            self.machine.waits.append(self.machine.now - begin)
        self.machine.give(self.lock)

    def poll(self, _queue):
        """The invalidations of a poll."""
        yield from self.sync()
        self.machine.pages += self.machine.parameters.batch


class Local(Shared):
    """A command that names what this queue has unmapped (dma_sync_device_iotlb_local()).

    The pages of a poll are one run. Too many pages are not named: such a sync is shared.
    """

    def poll(self, queue):
        """The invalidations of a poll."""
        p = self.machine.parameters
        if p.batch > p.most:
            yield from super().poll(queue)
            return
        yield from _command(self.machine)
        self.machine.pages += p.batch


class Stay(Shared):
    """Pages wait in their queue until they are enough for a sync (the pen of the mlx5 driver)."""

    def __init__(self, machine):
        super().__init__(machine)
        self.pens = collections.defaultdict(collections.deque)

    def poll(self, queue):
        """The invalidations of a poll."""
        p, pen = self.machine.parameters, self.pens[queue]
        pen.append(self.needed())
        if len(pen) * p.batch >= p.hold:
            yield from self.sync()
            self.free(pen, len(pen))

    def free(self, pen, polls):
        """Frees the pages of the oldest polls."""
        for _ in range(polls):
            pen.popleft()
        self.machine.pages += polls * self.machine.parameters.batch


class Covered(Stay):
    """The same, but a command of any queue frees what it covers.

    A poll takes a snapshot for its pages (dma_iotlb_snapshot()), and looks which of the earlier
    ones are covered (dma_iotlb_covered()).
    """

    def poll(self, queue):
        """The invalidations of a poll."""
        pen = self.pens[queue]
        yield self.machine.parameters.snapshot
        self.free(pen, sum(needed <= self.completed for needed in pen))
        yield from super().poll(queue)


class Free:
    """No translation."""

    def __init__(self, machine):
        self.machine = machine

    def poll(self, _queue):
        """Nothing to invalidate."""
        self.machine.pages += self.machine.parameters.batch
        return iter(())


KINDS = {"strict": Strict, "lazy": Lazy, "local": Local, "shared": Shared, "stay": Stay,
         "covered": Covered, "free": Free}


def _queue(machine, kind, number):
    """A queue that is never idle."""
    p, chance = machine.parameters, random.Random(number)
    yield number * p.work / p.queues
    while True:
        share = chance.uniform(1 - p.jitter, 1 + p.jitter)
        yield p.batch * (p.work + p.map + p.unmap) * share
        yield from kind.poll(number)


def simulate(name, parameters, until=2e6):
    """Runs queues that invalidate in one way for some time; returns the Result."""
    machine = Machine(parameters)
    kind = KINDS[name](machine)
    machine.run([_queue(machine, kind, number) for number in range(parameters.queues)], until)
    waits = sorted(machine.waits) or [0]
    return Result(
        pages=machine.pages, pages_per_second=machine.pages / until * 1e9,
        cpu_per_page=parameters.queues * until / machine.pages if machine.pages else float("inf"),
        median_wait=waits[len(waits) // 2],
        worst_wait=waits[int(len(waits) * 0.999)],
        commands=machine.commands, shared=machine.shared)
