# SPDX-License-Identifier: GPL-2.0
"""Traces for the simulated caches as text, and out of QEMU's log.

A trace has an event on each line. Words are separated by spaces; what follows a # is ignored:

    ORDER access DOMAIN IOVA BYTES STREAM     the device accessed memory
    ORDER pages DOMAIN IOVA COUNT leaf|full   an invalidation that names COUNT pages
    ORDER domain DOMAIN leaf|full             an invalidation of a whole domain
    ORDER global                              an invalidation of everything
    ORDER mark                                counting begins here

ORDER is a number that never falls: nanoseconds, or a line's number. The simulation needs only
the order of lines. DOMAIN is a number, IOVA a number such as 0xfffff000, STREAM a word that
says what the access was for. leaf means that non-leaf entries may stay cached.
"""

import re

from caches import PAGE, Access, Domain, Everything, Mark, Pages

BARE = {"global": Everything, "mark": Mark}
STRENGTH = {"leaf": True, "full": False}


def _line(event):
    """An event as text, without its order."""
    strength = "leaf" if getattr(event, "leaf", False) else "full"
    if isinstance(event, Access):
        return f"access {event.domain} {event.page * PAGE:#x} {event.size} {event.stream}"
    if isinstance(event, Pages):
        return f"pages {event.domain} {event.page * PAGE:#x} {event.count} {strength}"
    if isinstance(event, Domain):
        return f"domain {event.domain} {strength}"
    return next(name for name, kind in BARE.items() if isinstance(event, kind))


def write(events):
    """The lines of a trace, numbered."""
    return (f"{order} {_line(event)}" for order, event in enumerate(events))


def _event(kind, words):
    """The event of the words of a line; raises what an unfit word raises."""
    if kind == "access":
        domain, iova, size, stream = words
        return Access(int(domain), int(iova, 0) // PAGE, int(size), stream)
    if kind == "pages":
        domain, iova, count, strength = words
        return Pages(int(domain), int(iova, 0) // PAGE, int(count), STRENGTH[strength])
    if kind == "domain":
        domain, strength = words
        return Domain(int(domain), STRENGTH[strength])
    if kind in BARE and not words:
        return BARE[kind]()
    raise ValueError(kind)


def read(lines):
    """The events of a trace; raises ValueError with the number of a line that it cannot read."""
    last = 0
    for number, line in enumerate(lines, 1):
        words = line.split("#")[0].split()
        if not words:
            continue
        try:
            order, event = int(words[0]), _event(words[1], words[2:])
        except (IndexError, KeyError, ValueError) as error:
            raise ValueError(f"line {number}: cannot read: {line.strip()}") from error
        if order < last:
            raise ValueError(f"line {number}: {order} comes after {last}")
        last = order
        yield event


# The trace events of QEMU that a log must have. The rig's own logs have only the first.
QEMU_EVENTS = ("vtd_inv_desc", "vtd_iotlb_page_hit", "vtd_iotlb_page_update")
DESCRIPTOR = re.compile(r"\bvtd_inv_desc .* high 0x([0-9a-f]+) low 0x([0-9a-f]+)")
LOOKUP = re.compile(r"\bvtd_iotlb_page_(?:hit|update) .* sid 0x([0-9a-f]+) iova 0x([0-9a-f]+)"
                    r" .* domain 0x([0-9a-f]+)")


def descriptor(high, low):
    """The event of a VT-d descriptor, or None if it drops no translation of the IOMMU's own.

    Specification, section 6.5.2: granularity in bits 5:4, domain in bits 31:16, and in the high
    word IH in bit 6, AM in bits 5:0, the address in bits 63:12.
    """
    kind, granularity, domain = low & 0xF, low >> 4 & 3, low >> 16 & 0xFFFF
    leaf, order = bool(high & 1 << 6), high & 0x3F
    if kind == 2 and granularity == 1:
        return Everything()
    if (kind, granularity) in ((2, 3), (6, 3)):
        return Pages(domain, high >> 12 >> order << order, 1 << order, leaf)
    if (kind, granularity) in ((2, 2), (6, 2)):
        # PASID-selective commands (6, 2) have no IH.
        return Domain(domain, leaf and kind == 2)
    return None


def from_qemu(lines, size=64):
    """The events of QEMU's log behind VT-d.

    QEMU logs that the device looked an address up, and not how many bytes it accessed, so each
    access gets the same size. The stream is the PCI requester of the access.
    """
    for line in lines:
        if match := DESCRIPTOR.search(line):
            event = descriptor(int(match[1], 16), int(match[2], 16))
            if event is not None:
                yield event
        elif match := LOOKUP.search(line):
            yield Access(int(match[3], 16), int(match[2], 16) // PAGE, size, f"sid-{match[1]}")
