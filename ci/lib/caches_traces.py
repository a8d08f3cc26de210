# SPDX-License-Identifier: GPL-2.0
"""Traces for the simulated caches: what a NIC accesses, and what its driver invalidates.

Queues receive packets. A packet of 4 KiB writes the second half of a page and the first half of
the next one, and a completion. Some packets are answered by a packet that is sent, from a page
of its own. The NIC serves queues in random order, a burst of packets each. After a batch of
pages a queue is polled: its driver unmaps what has arrived and what was sent, as its mode does,
and gives the NIC new pages.

All queues, and what they keep mapped (their rings), are in one domain.
"""

import collections
import dataclasses
import random

from caches import PAGE, Access, Domain, Mark, Pages

NIC, OTHER = 1, 2
DESCRIPTOR = 64
MAGAZINE = 128
LAZY_QUEUE, LAZY_NS = 256, 10_000_000
# Limits of xSMMU's named pages (Documentation/design.md).
MOST_PAGES, MOST_RUNS, MOST_BLOCKS = 16, 8, 16
# Time passes only for lazy mode's timer: a page at 100 Gb/s.
PAGE_NS = 4096 * 8 / 100
# Page numbers: where windows, rings and long-lived buffers are. Ordinary addresses are below 4 GiB.
TOP, WINDOWS, RINGS, REGISTERED = 1 << 20, 1 << 26, 1 << 20, 1 << 28
COMPLETIONS, RINGS_EACH = 16, 32


@dataclasses.dataclass(frozen=True)
class Load:
    """What the NIC does.

    queues: each with a ring of so many pages
    batch: pages that a poll handles
    burst: packets that arrive for a queue in a row
    sent: packets sent for each page received
    unmapped: share of the received pages that the driver unmaps. It uses the others again, mapped
    spread: ordinary addresses lie in so many times the 2 MiB regions that they would need
    registered: pages of a neighbour that stay mapped (RDMA), and are accessed in random order
    neighbour: the neighbour's domain
    rate: accesses of the neighbour for each page received
    """

    queues: int = 5
    ring: int = 512
    batch: int = 64
    burst: int = 1
    sent: float = 0.0436
    unmapped: float = 1
    spread: float = 1
    registered: int = 0
    neighbour: int = NIC
    rate: float = 1
    seed: int = 1


class Ordinary:
    """Addresses of an allocator that has run for long: their order says nothing about places.

    Each CPU keeps those that were freed last, and gives them out first (Linux's magazines).
    """

    def __init__(self, load, rng, run=1):
        self.run = run
        in_use = load.queues * (load.ring + 4 * MAGAZINE * run)
        regions = max(1, round(load.spread * load.queues * load.ring / 512))
        places = max(regions * 512, in_use) // run
        picked = rng.sample(range(places), -(-in_use // run))
        self.depot = [TOP - (place + 1) * run for place in picked]
        self.own = [[] for _ in range(load.queues)]

    def take(self, queue):
        """A free run; returns its first page."""
        own = self.own[queue]
        if not own:
            own.extend(self.depot[-MAGAZINE:])
            del self.depot[-MAGAZINE:]
        return own.pop()

    def give(self, queue, page):
        """Takes back a run."""
        own = self.own[queue]
        own.append(page)
        if len(own) > 2 * MAGAZINE:
            self.depot.extend(own[:MAGAZINE])
            del own[:MAGAZINE]


class Waiting:
    """A mode in which each command is waited for, so that packets arrive between commands."""

    def __init__(self, load):
        self.batch = load.batch
        self.waiting = [collections.deque() for _ in range(load.queues)]

    def packet(self, queue):
        """A command between two packets of the queue, a second one if a batch is waiting."""
        waiting = self.waiting[queue]
        for _ in range(min(len(waiting), 2 if len(waiting) > self.batch else 1)):
            command = waiting.popleft()
            yield command
            self.done(queue, command)


class Strict(Waiting):
    """An ordinary address for each page; each unmap waits for a command of its own."""

    leaf = False

    def __init__(self, load, rng):
        super().__init__(load)
        self.addresses = Ordinary(load, rng)

    def take(self, queue, _sent=False):
        """Maps a page."""
        return self.addresses.take(queue)

    def unmap(self, queue, received, sent):
        """What a poll unmaps; the commands follow one by one."""
        self.waiting[queue].extend(Pages(NIC, page, 1, self.leaf) for page in received + sent)
        return ()

    def done(self, queue, command):
        """A command has completed."""
        self.addresses.give(queue, command.page)


class Preserving(Strict):
    """Strict mode that keeps non-leaf entries (IH=1)."""

    leaf = True


class Contiguous(Waiting):
    """F&S: a contiguous run of addresses for each descriptor, and one command for it.

    A page that was sent is invalidated by itself. Its run is free after the last page.
    """

    leaf = True

    def __init__(self, load, rng):
        super().__init__(load)
        self.runs = Ordinary(load, rng, DESCRIPTOR)
        self.open = {}
        self.left = collections.Counter()

    def take(self, queue, sent=False):
        """Maps a page, at the end of the queue's run."""
        page, number = self.open.get((queue, sent), (0, DESCRIPTOR))
        if number == DESCRIPTOR:
            page, number = self.runs.take(queue), 0
            self.left[page] = DESCRIPTOR
        self.open[queue, sent] = page, number + 1
        return page + number

    def _last(self, page):
        """Tells whether this is the last page of its run that is unmapped."""
        first = page - page % DESCRIPTOR
        self.left[first] -= 1
        return not self.left[first]

    def unmap(self, queue, received, sent):
        """A command for each descriptor that is complete, and one for each page that was sent."""
        for page in received:
            if self._last(page):
                first = page - page % DESCRIPTOR
                self.waiting[queue].append(Pages(NIC, first, DESCRIPTOR, self.leaf))
        self.waiting[queue].extend(Pages(NIC, page, 1, self.leaf) for page in sent)
        return ()

    def done(self, queue, command):
        """A command has completed."""
        if command.count == DESCRIPTOR or self._last(command.page):
            self.runs.give(queue, command.page - command.page % DESCRIPTOR)


class ContiguousOnly(Contiguous):
    """The same without the hint (IH=0)."""

    leaf = False


class Lazy:
    """Ordinary addresses; the domain is dropped when a CPU's queue is full, or after 10 ms.

    The command drops non-leaf entries too.
    """

    def __init__(self, load, rng):
        self.load = load
        self.addresses = Ordinary(load, rng)
        self.waiting = [[] for _ in range(load.queues)]
        self.now = self.flushed = 0

    def take(self, queue, _sent=False):
        """Maps a page."""
        return self.addresses.take(queue)

    def unmap(self, queue, received, sent):
        """Puts pages into the queue; drops the domain if it is full."""
        for page in received + sent:
            self.waiting[queue].append(page)
            if len(self.waiting[queue]) == LAZY_QUEUE:
                yield Domain(NIC, False)
                self._release(queue)

    def _release(self, queue):
        for page in self.waiting[queue]:
            self.addresses.give(queue, page)
        self.waiting[queue].clear()

    def packet(self, _queue):
        """The timer."""
        self.now += PAGE_NS
        if self.now - self.flushed >= LAZY_NS:
            self.flushed = self.now
            yield Domain(NIC, False)
            for queue in range(self.load.queues):
                self._release(queue)


class Batched:
    """xSMMU without windows: ordinary addresses, and a command for the domain at each poll."""

    def __init__(self, load, rng):
        self.addresses = Ordinary(load, rng)

    def take(self, queue, _sent=False):
        """Maps a page."""
        return self.addresses.take(queue)

    def unmap(self, queue, received, sent):
        """The sync of a poll."""
        if received or sent:
            yield Domain(NIC, True)
        for page in received + sent:
            self.addresses.give(queue, page)

    def packet(self, _queue):
        """Nothing between packets."""
        return ()


class Windows:
    """xSMMU: slots of a window. They come back in order, so a batch is a run of neighbours.

    A sync of few pages names them; another one drops the domain.
    """

    most_pages = MOST_PAGES

    def __init__(self, load, _rng):
        slots = load.ring + 5 * DESCRIPTOR
        whole = -(-slots // DESCRIPTOR) * DESCRIPTOR
        places = (WINDOWS + queue * whole for queue in range(load.queues))
        self.slots = [collections.deque(range(first, first + whole)) for first in places]

    def take(self, queue, _sent=False):
        """Maps a page: the slot that has been free for longest."""
        return self.slots[queue].popleft()

    def unmap(self, queue, received, sent):
        """The sync of a poll."""
        pages = received + sent
        named = blocks(pages) if len(pages) <= self.most_pages else None
        if named is not None:
            yield from (Pages(NIC, first, count, True) for first, count in named)
        elif pages:
            yield Domain(NIC, True)
        self.slots[queue].extend(pages)

    def packet(self, _queue):
        """Nothing between packets."""
        return ()


class WindowsDomain(Windows):
    """The same without names: each sync drops the domain."""

    most_pages = 0


class WindowsNamed(Windows):
    """The same with a higher limit: each sync of up to 128 pages names them."""

    most_pages = 128


class Passthrough:
    """Nothing is translated."""


def blocks(pages):
    """The aligned blocks that name pages, or None if they are too many (core/blocks.h)."""
    runs = []
    for page in sorted(pages):
        if runs and page == runs[-1][1]:
            runs[-1][1] = page + 1
        else:
            runs.append([page, page + 1])
    found = [block for first, end in runs for block in _cut(first, end)]
    return found if len(runs) <= MOST_RUNS and len(found) <= MOST_BLOCKS else None


def _cut(first, end):
    """One or two blocks that cover a run."""
    order = (first ^ end - 1).bit_length()
    if 1 << order <= 2 * (end - first):
        return [(first >> order << order, 1 << order)]
    middle = (end - 1) >> (order - 1) << (order - 1)
    left, right = ((length - 1).bit_length() for length in (middle - first, end - middle))
    return [(middle - (1 << left), 1 << left), (middle, 1 << right)]


class Queue:
    """A receive queue, and the queue that answers."""

    def __init__(self, number, mode, load):
        self.number = number
        self.ring = RINGS + number * RINGS_EACH
        self.posted = collections.deque(mode.take(number) for _ in range(load.ring))
        self.page = self.posted.popleft()
        self.received, self.sent, self.kept = [], [], collections.deque()
        self.packets = self.answers = 0

    def fill(self, mode, pages):
        """Gives the NIC as many new pages as it has used, pages that stayed mapped first."""
        for _ in range(pages):
            self.posted.append(self.kept.popleft() if self.kept else mode.take(self.number))

    def control(self, place):
        """An access to what stays mapped: rings of descriptors and completions."""
        return Access(NIC, self.ring + place, 64, "rings")

    def receive(self):
        """A packet arrives: its data, and its completion."""
        yield Access(NIC, self.page, 2048, "rx")
        self.received.append(self.page)
        self.page = self.posted.popleft()
        yield Access(NIC, self.page, 2048, "rx")
        yield self.control(self.packets // 64 % COMPLETIONS)
        self.packets += 1

    def answer(self, mode):
        """A packet is sent: its descriptor, its data, and its completion."""
        page = mode.take(self.number, True)
        self.sent.append(page)
        place = self.answers // 64
        yield self.control(COMPLETIONS + place % 4)
        yield Access(NIC, page, 66, "tx")
        yield self.control(COMPLETIONS + 4 + place % 4)
        self.answers += 1

    def poll(self, mode, load, rng):
        """The driver unmaps, and gives the NIC new pages: an interrupt, and two descriptors."""
        yield self.control(COMPLETIONS + 8)
        pages = len(self.received)
        gone = self.received
        if load.unmapped < 1:
            gone = []
            for page in self.received:
                (gone if rng.random() < load.unmapped else self.kept).append(page)
        yield from mode.unmap(self.number, gone, self.sent)
        self.fill(mode, pages)
        self.received, self.sent = [], []
        for place in range(9, 12):
            yield self.control(COMPLETIONS + place)


def _neighbour(load, rng):
    """What the neighbour accesses for each packet that the NIC receives."""
    if load.registered and rng.random() < load.rate:
        page = REGISTERED + int(rng.random() * load.registered)
        yield Access(load.neighbour, page, PAGE, "neighbour")


def trace(mode, load, pages, before=0):
    """The events of a NIC while it receives pages; counting begins when it has received as many
    as before says. mode is a class of this file.
    """
    rng = random.Random(load.seed)
    receive = (lambda number: ()) if mode is Passthrough else _nic(mode, load, rng)
    for number in range(pages):
        if number == before:
            yield Mark()
        yield from receive(number)
        yield from _neighbour(load, rng)


def _nic(mode, load, rng):
    """A function that has the events of a packet, the NIC's and its driver's."""
    driver = mode(load, rng)
    queues = [Queue(number, driver, load) for number in range(load.queues)]
    # Queues begin at different places of their batch.
    for queue in queues:
        queue.packets = rng.randrange(load.batch)
    queue = queues[0]

    def receive(number):
        nonlocal queue
        if number % load.burst == 0:
            queue = queues[int(rng.random() * load.queues)]
        yield from queue.receive()
        if rng.random() < load.sent:
            yield from queue.answer(driver)
        yield from driver.packet(queue.number)
        if queue.packets % load.batch == 0:
            yield from queue.poll(driver, load, rng)

    return receive
