# SPDX-License-Identifier: GPL-2.0
"""The workload "benchmark": the kernel's own benchmark of the DMA API beside "points".

The kernel's benchmark (CONFIG_DMA_MAP_BENCHMARK) measures the time of a mapping and of an
unmap. If instructions are the clock, these times are instructions. It does not batch. So it
shows strict, lazy and passthrough mode, and is compared with batches of one buffer. Its
figures include a reading of the clock, and what interrupts take.
"""

import dataclasses

import points
from figures import by_backend, count, machine, said
from figures import table as aligned

# An instruction takes 2 ** SHIFT ns of the guest's time. With 0 the benchmark, which counts in
# steps of 100 ns, would be coarse and its shortest run of a second long.
SHIFT = 4
SECONDS = 1
# The most that a reading of the clock takes, and the most that the two may differ beside.
CLOCK, MOST = 200, 2
KEYS = ("kernel_map_instructions", "kernel_unmap_instructions", "map_instructions",
        "unmap_instructions")
HEAD = (("", "the kernel's benchmark:", "", "points:", ""), ("", "map", "unmap", "map", "unmap"))


class Benchmark(points.Points):
    """One buffer at a time, of one and of 16 pages."""

    FILES = "benchmark"
    MODES = {mode: points.MODES[mode] for mode in ("strict", "lazy", "passthrough")}
    AXES = {"size": points.Axis("bytes of a buffer", "size", tuple(
        points.Point(batch=1, in_flight=1, size=pages * points.PAGE) for pages in (1, 16)))}

    def adapted(self, cell, mode):
        """A cell with the kernel that has the benchmark."""
        runs = ",".join(f"{point.pages_per_buffer()}:{SECONDS}" for point in self.points())
        cell = super().adapted(cell, mode)
        slower = [word if word != "shift=0" else f"shift={SHIFT}" for word in cell.machine]
        return dataclasses.replace(cell, kernel="benchmark", tests=[f"benchmark-{mode}"],
                                   machine=slower,
                                   append=f"{cell.append} rig.benchmark={runs}")

    def figures(self, lines, log, cell, mode):
        """The figures of a mode: instructions per buffer, of each size."""
        kernels = {int(pairs["pages"]): pairs for _, pairs in said(lines, "benchmark")}
        ours = super().figures(lines, log, cell, mode)
        found = {}
        for point in self.points():
            pages, name = point.pages_per_buffer(), point.name()
            if ours[name]["instructions_per_page"] is None:
                raise ValueError("no instructions were counted")
            found[name] = {
                **{f"kernel_{what}_instructions": int(kernels[pages][f"{what}_100ns"]) * 100
                   / 2 ** SHIFT for what in ("map", "unmap")},
                **{f"{what}_instructions": ours[name][f"{what}_instructions_per_page"] * pages
                   for what in ("map", "unmap")}}
        return found

    @staticmethod
    def public(found):
        """The figures of a mode that the report has."""
        return found

    def _rows(self, named):
        """Rows for figures of modes, by the size of a buffer."""
        rows = []
        for point in self.points():
            rows.append((f"{count(point.size)} bytes", *[""] * len(KEYS)))
            rows += [(f"  {words}", *(count(round(modes[point.name()][key])) for key in KEYS))
                     for words, modes in named]
        return aligned(HEAD, rows)

    def table(self, report):
        """The table, as text."""
        named = [(words, report["modes"][mode]) for mode, words in self.MODES.items()]
        return "\n".join([f"{machine(report)}: instructions per buffer, mapped one at a time.", "",
                          *self._rows(named), "", "* no translation"])

    def side_by_side(self, reports):
        """The backends one below the other."""
        return "\n".join(self._rows(by_backend(reports, self.MODES)))

    def broken(self, modes, _backend):
        """Figures that are too far apart; one line each."""
        found = []
        for mode, sizes in modes.items():
            for name, each in sizes.items():
                for what in ("map", "unmap"):
                    kernels, ours = (each[f"{kind}{what}_instructions"] for kind in ("kernel_", ""))
                    if not ours / MOST <= kernels <= ours * MOST + CLOCK:
                        found.append(f"{mode}, {name}: the kernel's benchmark counts {kernels:.0f} "
                                     f"instructions for {what}, points {ours:.0f}")
        return found
