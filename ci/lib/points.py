# SPDX-License-Identifier: GPL-2.0
"""The workloads "points": what the DMA API costs, one axis at a time around a default point.

The guest's side is ci/guest/module/points.c. A queue keeps buffers mapped. Each of its polls
unmaps the oldest ones, syncs if the mode is xSMMU, and maps them anew.
"""

import dataclasses

import boot
import figures as shared
from figures import count, machine, per, ratio, said
from figures import table as aligned

PAGE = 4096
# Without windows all mappings are ordinary ones. Only the last mode does not translate.
MODES = {"strict": "strict", "lazy": "lazy", "no-windows": "xSMMU, no windows", "xsmmu": "xSMMU",
         "passthrough": "passthrough*"}
BATCHING = ("no-windows", "xsmmu")
FREE = "passthrough"
KEYS = ("buffers", "pages", "invalidation_commands", "commands_per_page",
        "map_instructions_per_page", "unmap_instructions_per_page", "sync_instructions_per_page",
        "instructions_per_page", "instructions_per_sync", "lines_per_page",
        "translations_per_page", "working_set_lines", "working_set_translations", "led",
        "shared", "outside")
# Commands that may come on top of one per sync, and strict's beyond one per unmap.
SLACK = 0.01
# The flush queue of lazy mode has 256 places, and a timer of 10 ms. So commands are at most
# this share of the unmaps, and a few for the timer. Without counted instructions a guest's
# time is that of a host which may be busy.
LAZY_SHARE, LAZY_TIMER = 1 / 64, 8
LAZY_SHARE_OF_MANY_CPUS = 1 / 8
# Up to this batch, which a poll of a NIC reaches, a larger batch must cost less per page.
FALLING_TO = 64


@dataclasses.dataclass(frozen=True)
class Point:
    """What the queues do; ci/guest/module/ring.h explains the fields."""

    batch: int = 64
    in_flight: int = 1024
    queues: int = 1
    size: int = PAGE
    offset: int = 0
    list: int = 0

    def text(self):
        """The point as the guest takes and prints it."""
        return ":".join(map(str, dataclasses.astuple(self)))

    def name(self):
        """The fields in which it differs from the default point."""
        return ",".join(f"{field.name}={getattr(self, field.name)}"
                        for field in dataclasses.fields(self)
                        if getattr(self, field.name) != field.default) or "default"

    def pages_per_buffer(self):
        """The pages of 4 KiB that a buffer has a part of."""
        return (self.offset + self.size - 1) // PAGE + 1

    def unmaps_per_buffer(self):
        """The calls that unmap a buffer: a list takes one."""
        return 1 / (self.list or 1)


def straddling(size):
    """A buffer that has half its length, or half a page if it is longer, in its first page."""
    return Point(size=size, offset=PAGE - min(size, PAGE) // 2)


def _points(field, *values):
    return tuple(dataclasses.replace(Point(), **{field: value}) for value in values)


@dataclasses.dataclass(frozen=True)
class Axis:
    """The points of one question; field is the one in which they differ."""

    words: str
    field: str
    points: tuple


SIZES = (256, 1024, 4096, 16384, 65536)
AXES = {
    "batch": Axis("buffers of a batch", "batch", _points("batch", 1, 2, 4, 8, 16, 64, 256)),
    "in-flight": Axis("buffers in flight", "in_flight",
                      _points("in_flight", 64, 256, 1024, 4096, 8192)),
    "size": Axis("bytes of a buffer", "size", _points("size", *SIZES)),
    "straddling": Axis("bytes of a buffer that straddles pages", "size",
                       tuple(map(straddling, SIZES))),
    "list": Axis("buffers of a list (0: mapped one by one)", "list",
                 _points("list", 0, 4, 16, 64)),
}
QUEUE_AXES = {"queues": Axis("queues, each on a CPU of its own", "queues",
                             _points("queues", 1, 2, 4, 8))}
FEW_AXES = {
    "batch": Axis("buffers of a batch", "batch", _points("batch", 1, 4, 16, 64)),
    "straddling": Axis("bytes of a buffer that straddles pages", "size", (straddling(256),)),
    "list": Axis("buffers of a list", "list", _points("list", 16)),
}


@dataclasses.dataclass(frozen=True)
class Chart:
    """A picture: the head and the rows of its CSV file, and what its axes are."""

    name: str
    title: str
    xlabel: str
    ylabel: str
    logarithmic: bool
    head: list
    rows: list


# What a picture shows, and whether its scale is logarithmic.
CHARTED = {"commands_per_page": ("commands per page", True),
           "instructions_per_page": ("instructions per page: map, unmap and sync", False)}


def _guest_mode(mode):
    """The mode that the guest's module finds."""
    return "xsmmu" if mode in BATCHING else mode


def _maps(words, log, counts, cell, mode):
    """The commands for maps, which QEMU's AMD-Vi asks for (see ci/lib/pages.py).

    One queue alone has marks around its mappings. Several queues map as many buffers as they
    unmap. In strict mode that takes as many commands of the same kind. In other modes
    no unmap sends a command of this kind.
    """
    first, last = map(int, words["map_marks"].split("-"))
    if first < last:
        return sum(log.count(mark, mark + 1)["pages"] for mark in range(first, last, 2))
    if not cell.maps_send_commands():
        return 0
    return counts["pages"] // 2 if mode == "strict" else counts["pages"]


def _instructions(words, point, pages):
    """The instructions of a point, or None for each of them if they were not counted."""
    spent = {key: int(words[key]) if words["counted"] == "1" else None
             for key in ("map", "unmap", "sync")}
    counted = None not in spent.values()
    syncs = int(words["polls"]) if words["mode"] == "xsmmu" else 0
    return {
        **{f"{key}_instructions_per_page": per(value, pages) for key, value in spent.items()},
        "instructions_per_page": per(sum(spent.values()), pages) if counted else None,
        "instructions_per_sync": per(spent["sync"], syncs) if counted and syncs else None,
    }


def figure(words, point, log, cell, mode):
    """The figures of a point, from the guest's line and the counted commands."""
    if words["mode"] != _guest_mode(mode):
        raise ValueError(f"it ran in mode {words['mode']}")
    counts = log.count(*map(int, words["marks"].split("-")))
    maps = _maps(words, log, counts, cell, mode)
    buffers = int(words["polls"]) * point.batch
    pages = buffers * point.pages_per_buffer()
    if int(words["pages"]) != (0 if mode == FREE else pages):
        raise ValueError(f"its buffers had {words['pages']} pages, not {pages}")
    return {
        "buffers": buffers,
        "pages": pages,
        "invalidation_commands": counts["all"] - maps,
        "map_commands": maps,
        "unknown_commands": counts["unknown"],
        "commands_per_page": per(counts["all"] - maps, pages),
        "lines_per_page": per(int(words["lines"]), pages),
        "translations_per_page": per(int(words["translations"]), pages),
        "working_set_lines": int(words["all_lines"]),
        "working_set_translations": int(words["all_translations"]),
        **{key: int(words[key]) for key in ("led", "shared", "outside")},
        **_instructions(words, point, pages),
    }


def _rate(value):
    """A figure per page for a reader; empty if it was not counted."""
    if value is None:
        return ""
    return count(round(value)) if value >= 100 else f"{value:.3g}"


def _default_point(words, named):
    """The table of the default point, from names and the figures of modes."""
    head = (("", "IOMMU", "per", "instructions per page:", "", "", "per page:", ""),
            (words, "commands", "page", "map", "unmap", "sync", "lines", "translations"))
    rows = []
    for name, found in named:
        each = found[Point().name()]
        rows.append((name, count(each["invalidation_commands"]), ratio(each["commands_per_page"]),
                     *(_rate(each[f"{key}_per_page"])
                       for key in ("map_instructions", "unmap_instructions", "sync_instructions",
                                   "lines", "translations"))))
    return "\n".join(aligned(head, rows))


class Points:
    """All points of one queue, with a counted CPU."""

    FILES = "points"
    MODES = MODES
    CPUS = 1
    AXES = AXES
    CHARTS = (("batch", "instructions_per_page"), ("batch", "commands_per_page"),
              ("in-flight", "commands_per_page"), ("size", "commands_per_page"))

    def points(self):
        """All points, each once."""
        return list(dict.fromkeys(point for axis in self.AXES.values() for point in axis.points))

    def adapted(self, cell, mode):
        """A cell that runs this workload. A counted guest does not wait in real time."""
        points = ",".join(point.text() for point in self.points())
        idle = ["-icount", "sleep=off"] if self.CPUS == 1 else []
        return dataclasses.replace(cell, tests=[f"points-{_guest_mode(mode)}"],
                                   machine=[*cell.machine, *idle],
                                   append=f"{cell.append} rig.points={points}")

    @staticmethod
    def parts(cell):
        """The kernel, initramfs and devices of a cell."""
        return boot.parts(cell)

    def figures(self, lines, log, cell, mode):
        """The figures of a mode: those of each point."""
        words = {pairs["point"]: pairs for _, pairs in said(lines, "points")}
        return {point.name(): figure(words[point.text()], point, log, cell, mode)
                for point in self.points()}

    @staticmethod
    def public(found):
        """The figures of a mode that the report has."""
        return {name: {key: each[key] for key in KEYS} for name, each in found.items()}

    def table(self, report):
        """A table of the default point, one for each axis, and the sentences below them."""
        text = [f"{machine(report)}: buffers are unmapped in batches and mapped anew."]
        if self.CPUS == 1:
            text.append(_default_point("default point", [
                (words, report["modes"][mode]) for mode, words in self.MODES.items()]))
        text += [self._axis(axis, report["modes"]) for axis in self.AXES.values()]
        return "\n\n".join([*text, "\n".join(self._words(report["modes"]))])

    def _axis(self, axis, modes):
        """The table of an axis: its values side by side, for each figure and mode."""
        translated = [mode for mode in modes if mode != FREE]
        groups = [("commands per page", "commands_per_page", translated, ratio),
                  ("page-table lines per page", "lines_per_page", translated, _rate)]
        if self.CPUS == 1:
            groups.insert(1, ("instructions per page", "instructions_per_page", list(modes), _rate))
        rows = []
        for words, key, shown, write in groups:
            rows.append((words, *[""] * len(axis.points)))
            rows += [(f"  {self.MODES[mode]}",
                      *(write(modes[mode][point.name()][key]) for point in axis.points))
                     for mode in shown]
        values = (count(getattr(point, axis.field)) for point in axis.points)
        return "\n".join(aligned([(axis.words, *values)], rows))

    @staticmethod
    def _words(modes):
        """The sentences below the tables."""
        every = [each for found in modes.values() for each in found.values()]
        maps = max(each.get("map_commands", 0) for each in every)
        outside = [name for name, each in modes["xsmmu"].items() if each["outside"]]
        return [*["* no translation: the limit of speed, no protection."] * (FREE in modes),
                *[f"The window had no slot for some mappings of: {'; '.join(outside)}."]
                * bool(outside),
                *[f"Not counted: up to {count(maps)} commands for mappings."] * bool(maps)]

    def charts(self, report):
        """The pictures of a report."""
        for axis_name, key in self.CHARTS:
            axis, (ylabel, logarithmic) = self.AXES[axis_name], CHARTED[key]
            shown = [mode for mode in report["modes"] if not logarithmic or mode != FREE]
            rows = [[getattr(point, axis.field),
                     *(report["modes"][mode][point.name()][key] for mode in shown)]
                    for point in axis.points]
            yield Chart(f"points-{report['backend']}-{axis_name}-{key.split('_', maxsplit=1)[0]}",
                        f"{shared.NAMES[report['backend']]}, counted under emulation", axis.words,
                        ylabel, logarithmic,
                        [axis.field, *(self.MODES[mode].rstrip("*") for mode in shown)], rows)

    def rows(self, report):
        """All figures of a report as the rows of a CSV file, after its head."""
        fields = [field.name for field in dataclasses.fields(Point)]
        yield ["mode", *fields, *KEYS]
        for mode, found in report["modes"].items():
            for point in self.points():
                yield [mode, *dataclasses.astuple(point),
                       *(found[point.name()][key] for key in KEYS)]

    def side_by_side(self, reports):
        """The default point of all backends, one below the other."""
        return _default_point("", shared.by_backend(reports, self.MODES))

    def broken(self, modes, _backend):
        """Broken promises, and errors of the comparison itself; one line each."""
        found = []
        for point in self.points():
            for mode, figures in modes.items():
                found += [f"{mode}, {point.name()}: {text}"
                          for text in _wrong(mode, point, figures[point.name()], self.CPUS)]
        for mode in BATCHING:
            if self.CPUS == 1 and mode in modes:
                found += _not_falling(mode, self.AXES["batch"].points, modes[mode])
        return found


class FewPoints(Points):
    """What the gate measures: few points in two modes."""

    FILES = "points-few"
    MODES = {mode: MODES[mode] for mode in ("strict", "xsmmu")}
    AXES = FEW_AXES


class QueuePoints(Points):
    """Several queues at the same time. The instructions of several CPUs cannot be counted."""

    FILES = "points-queues"
    CPUS = 8
    AXES = QUEUE_AXES
    CHARTS = (("queues", "commands_per_page"),)


def _commands_wrong(mode, point, each, cpus):
    """Whether a mode sent commands that its design does not explain, and which it expects."""
    commands, polls = each["invalidation_commands"], each["buffers"] // point.batch
    unmaps = round(each["buffers"] * point.unmaps_per_buffer())
    if mode in BATCHING:
        least = 1 if point.queues > 1 else polls
        return not least <= commands <= (1 + SLACK) * polls, f"one for each of {polls} syncs"
    if mode == "strict":
        # A command of its own names a page. Several may name a larger buffer.
        most = (1 + SLACK) * unmaps if point.pages_per_buffer() == 1 and not point.list else None
        wrong = commands < unmaps or most is not None and commands > most
        return wrong, f"one for each of {unmaps} unmaps"
    if mode == "lazy":
        share = LAZY_SHARE if cpus == 1 else LAZY_SHARE_OF_MANY_CPUS
        most = round(share * unmaps) + LAZY_TIMER
        return not 0 < commands <= most, f"1 to {most}"
    return commands != 0, "none"


def _wrong(mode, point, each, cpus):
    """The objections to the figures of a point."""
    found = []
    wrong, expected = _commands_wrong(mode, point, each, cpus)
    if wrong:
        found.append(f"{each['invalidation_commands']} commands, expected: {expected}")
    if each["unknown_commands"]:
        found.append(f"{each['unknown_commands']} commands of unknown type")
    if mode in BATCHING and point.queues > 1 and (
            each["led"] + each["shared"] != each["buffers"] // point.batch):
        found.append(f"{each['led']} syncs led and {each['shared']} shared, which is not all")
    if cpus == 1 and not each["instructions_per_page"]:
        found.append("no instructions were counted")
    return found


def _not_falling(mode, batches, figures):
    """The batches whose pages cost no less than those of the next smaller batch."""
    costs = [(point.batch, figures[point.name()]["instructions_per_page"] or 0)
             for point in batches if point.batch <= FALLING_TO]
    return [f"{mode}: a page takes {more:g} instructions in a batch of {batch}, and {less:g} "
            f"in a batch of {small}"
            for (small, less), (batch, more) in zip(costs, costs[1:]) if more >= less]
