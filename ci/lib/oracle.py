# SPDX-License-Identifier: GPL-2.0
"""The judge outside the guest: it counts the commands that the IOMMU received.

The trace log has a line for every command that the emulated IOMMU took, and for
every mark that the guest wrote to the probe or to a ConnectX. The guest's logs have its
expectation between two marks:

    # interval BEGIN END NAME key=value key<=value key>=value ...

Keys are the counts of KINDS and SUMS; domain=N restricts the commands that name a
domain to that one.
"""

import collections
import dataclasses
import re

KINDS = {
    "domain_leaf": "a whole domain, leaf entries only",
    "domain_full": "a whole domain, non-leaf entries too",
    "pages_leaf": "some pages, leaf entries only",
    "pages_full": "some pages, non-leaf entries too",
    "global": "all domains",
    "devtlb": "a device's TLB",
    "waits": "wait for completion, fences included",
    "context": "the entries that lead from a device to its domain",
    "iec": "interrupt remapping",
    "resets": "QEMU dropped all translations: its cache was full, or a command did it",
    "faults": "blocked accesses that the IOMMU reported",
}
SUMS = {
    "pages": ("pages_leaf", "pages_full"),
    "all": ("domain_leaf", "domain_full", "pages_leaf", "pages_full", "global", "devtlb"),
}

MARK = re.compile(r"\bdma_probe_mark (\d+)")
INTERVAL = re.compile(r"#.*?\binterval (\d+) (\d+) (\S+)((?: +[a-z0-9_]+(?:<=|>=|=)\d+)*)\s*$")
CLAIM = re.compile(r"([a-z0-9_]+)(<=|>=|=)(\d+)")
COMPARE = {"=": int.__eq__, "<=": int.__le__, ">=": int.__ge__}


@dataclasses.dataclass
class Event:
    """An event of the trace; domain is None if the event names none."""

    kind: str
    domain: int = None
    mark: int = None


def _form(scope, leaf):
    return f"{scope}_{'leaf' if leaf else 'full'}"


class Vtd:
    """Intel VT-d: raw descriptors; specification, section 6.5.2."""

    events = ("vtd_inv_desc", "vtd_iotlb_reset")
    faults = ("vtd_dmar_fault",)
    line = re.compile(r"\bvtd_(?:inv_desc .* high 0x([0-9a-f]+) low 0x([0-9a-f]+)|(\w+))")
    others = {"iotlb_reset": "resets", "dmar_fault": "faults"}
    types = {1: "context", 3: "devtlb", 4: "iec", 5: "waits", 7: "context", 8: "devtlb"}
    # Granularity, bits 5:4 of a descriptor of IOTLB (2) and PASID-based IOTLB (6).
    scopes = {(2, 1): "global", (2, 2): "domain", (2, 3): "pages", (6, 2): "domain",
              (6, 3): "pages"}

    def read(self, match):
        """The event of one line."""
        if match[3]:
            return Event(self.others[match[3]]) if match[3] in self.others else None
        high, low = int(match[1], 16), int(match[2], 16)
        kind, domain = low & 0xF, low >> 16 & 0xFFFF
        if kind in self.types:
            return Event(self.types[kind])
        scope = self.scopes.get((kind, low >> 4 & 3), "unknown")
        if scope in ("global", "unknown"):
            return Event(scope)
        # Bit 6 is IH. PASID-selective commands (6, 2) have no IH and drop all entries.
        leaf = bool(high & 1 << 6) and (kind, scope) != (6, "domain")
        return Event(_form(scope, leaf), domain=domain)


class Amdvi:
    """AMD-Vi: raw commands, from ci/devices/command-log; specification, section 2.4."""

    events = ("amdvi_iotlb_reset",)
    faults = ()
    line = re.compile(r"\bamdvi_(?:command ([0-9a-f]{8}) ([0-9a-f]{8}) ([0-9a-f]{8})"
                      r" ([0-9a-f]{8})|(\w+))")
    others = {"iotlb_reset": "resets"}
    types = {1: "waits", 2: "context", 4: "devtlb", 5: "iec", 8: "global"}
    all_pages = 0x7FFFFFFFFFFFF000

    def read(self, match):
        """The event of one line."""
        if match[5]:
            return Event(self.others[match[5]]) if match[5] in self.others else None
        words = [int(match[n], 16) for n in range(1, 5)]
        kind, domain = words[1] >> 28, words[1] & 0xFFFF
        if kind != 3:
            return Event(self.types.get(kind, "unknown"))
        address, sized = words[3] << 32 | words[2] & ~0xFFF, words[2] & 1
        scope = "domain" if sized and address == self.all_pages else "pages"
        # PDE=1 drops non-leaf entries too.
        return Event(_form(scope, not words[2] & 2), domain=domain)


class Smmuv3:
    """Arm SMMUv3: QEMU's trace of each command; IHI 0070, chapter 4."""

    # QEMU's event of a range lost its "s1" in version 9.
    events = ("smmuv3_cmdq_opcode", "smmuv3_cmdq_tlbi_nh_asid", "smmuv3_*range_inval",
              "smmu_iotlb_inv_all")
    faults = ("smmuv3_record_event",)
    line = re.compile(r"\b(?:smmuv3_cmdq_opcode .*?(?:SMMU_)?CMD_(\w+)|"
                      r"(smmuv3_(?:s1_)?range_inval) .*leaf=(\d)|(smmu\w+))")
    others = {"smmu_iotlb_inv_all": "resets", "smmuv3_record_event": "faults"}
    # ASID and VMID forms have no leaf-only variant.
    types = {"SYNC": "waits", "TLBI_NH_ASID": "domain_full", "TLBI_EL2_ASID": "domain_full",
             "TLBI_S12_VMALL": "domain_full", "TLBI_NH_ALL": "global", "TLBI_NSNH_ALL": "global",
             "TLBI_EL2_ALL": "global", "ATC_INV": "devtlb", "CFGI_STE": "context",
             "CFGI_STE_RANGE": "context", "CFGI_ALL": "context", "CFGI_CD": "context",
             "CFGI_CD_ALL": "context", "PREFETCH_CONFIG": "context"}
    ranges = ("TLBI_NH_VA", "TLBI_NH_VAA")

    def __init__(self):
        self.pending = False

    def read(self, match):
        """The event of one line. A range's leaf bit is in the first line that follows."""
        if match[1]:
            self.pending = match[1] in self.ranges
            return None if self.pending else Event(self.types.get(match[1], "unknown"))
        if match[2]:
            first, self.pending = self.pending, False
            return Event(_form("pages", match[3] == "1")) if first else None
        return Event(self.others[match[4]]) if match[4] in self.others else None


class Smmuv3Stage2(Smmuv3):
    """The same without stage 1: its commands count as unknown."""

    types = {name: kind for name, kind in Smmuv3.types.items()
             if not name.startswith(("TLBI_NH_", "TLBI_EL2_"))}
    ranges = ("TLBI_S2_IPA",)


READERS = {"intel": Vtd, "intel-first-stage": Vtd, "amd": Amdvi, "arm-smmu-v3": Smmuv3,
           "arm-smmu-v3-stage2": Smmuv3Stage2}


def qemu_events(iommu, with_faults):
    """The trace events that QEMU logs. A NIC that attacks would have a fault for each access."""
    reader = READERS[iommu]
    return reader.events + (reader.faults if with_faults else ())


def events(iommu, path):
    """All events of a trace log, in order."""
    reader, found = READERS[iommu](), []
    with open(path, encoding="utf-8", errors="replace") as file:
        for line in file:
            if match := MARK.search(line):
                found.append(Event("mark", mark=int(match[1])))
            elif match := reader.line.search(line):
                if event := reader.read(match):
                    found.append(event)
    return found


class Trace:
    """A trace log that can be cut at its marks."""

    def __init__(self, iommu, path):
        self.events = events(iommu, path)
        self.marks = collections.defaultdict(list)
        for place, event in enumerate(self.events):
            if event.kind == "mark":
                self.marks[event.mark].append(place)

    def place(self, mark):
        """The place of a mark, which must be in the trace exactly once."""
        places = self.marks[mark]
        if len(places) != 1:
            raise ValueError(f"mark {mark} is in the trace {len(places)} times")
        return places[0]

    def count(self, begin, end, domain=None):
        """How many events of each kind lie between two marks, and the sums of some."""
        first, last = self.place(begin), self.place(end)
        if first > last:
            raise ValueError(f"mark {begin} comes after mark {end}")
        counts = collections.Counter(
            event.kind for event in self.events[first:last]
            if domain is None or event.domain in (None, domain))
        for name, kinds in SUMS.items():
            counts[name] = sum(counts[kind] for kind in kinds)
        return counts


@dataclasses.dataclass
class Interval:
    """The guest's expectation between two marks."""

    begin: int
    end: int
    name: str
    claims: list


def intervals(log):
    """The intervals that a guest's log announces; raises ValueError on a bad line."""
    found = []
    with open(log, encoding="utf-8", errors="replace") as file:
        for line in file:
            if re.search(r"# .*\binterval \d|# interval", line):
                match = INTERVAL.search(line.rstrip())
                if not match:
                    raise ValueError(f"cannot read: {line.strip()}")
                claims = [(k, op, int(v)) for k, op, v in CLAIM.findall(match[4])]
                found.append(Interval(int(match[1]), int(match[2]), match[3], claims))
    return found


def judge(interval, trace):
    """The errors of an interval, one line each."""
    known = ("domain", *KINDS, *SUMS)
    unknown = [key for key, _, _ in interval.claims if key not in known]
    if unknown or not interval.claims:
        return [f"unknown keys {unknown}; known: {' '.join(known)}" if unknown else "no claims"]
    domain = next((value for key, _, value in interval.claims if key == "domain"), None)
    try:
        counts = trace.count(interval.begin, interval.end, domain)
    except ValueError as error:
        return [str(error)]
    wrong = [f"{key}{op}{value} expected, {key}={counts[key]} seen"
             for key, op, value in interval.claims
             if key != "domain" and not COMPARE[op](counts[key], value)]
    if counts["unknown"]:
        wrong.append(f"{counts['unknown']} commands of unknown type")
    return wrong


def verdicts(iommu, logs, trace_log):
    """A pair for each interval of the guest's logs: its name and its errors, one line each."""
    try:
        expected = [each for log in logs for each in intervals(log)]
        trace = Trace(iommu, trace_log)
    except (OSError, ValueError) as error:
        return [("the logs can be read", [str(error)])]
    if not expected:
        return [("the guest announced an interval", ["there is none in its logs"])]
    return [(f"interval {each.name} ({each.begin} to {each.end})", judge(each, trace))
            for each in expected]
