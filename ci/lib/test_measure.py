# SPDX-License-Identifier: GPL-2.0
"""Tests of the judges of figures: only figures that meet the targets pass."""

import collections
import pathlib
import sys
import tempfile
import unittest
import unittest.mock

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import boot
import cells
import measure
import off
import packets
import pages
from figures import per

GOOD = {"invalidation_commands": 100, "commands_per_page": 0.015625,
        "instructions_per_page": 100, "map_instructions_per_page": 120,
        "stale_accesses_tried": 100608, "stale_accesses_landed": 0}


def pages_objections(backend="intel", **changes):
    """The number of objections to a good comparison with these changes."""
    modes = {"strict": {**GOOD, "invalidation_commands": 6400, "commands_per_page": 1},
             "lazy": {**GOOD, "stale_accesses_landed": 90000}, "xsmmu": dict(GOOD)}
    for mode, figures in changes.items():
        modes[mode].update(figures)
    return len(pages.broken(modes, backend))


def packets_figure(commands, instructions, **driver):
    """A run of the mlx5 driver in which 4,400 packets were carried."""
    said = {"tx_packets": 4400, "rx_packets": 4400, "rx_cache_full": 2200, "rx_cache_reuse": 0,
            "ch_poll": 100, "ch_unmap_batched": 0, "ch_iotlb_sync": 0, "ch_iotlb_sync_early": 0}
    return {"packets": 4400, "invalidation_commands": commands, "map_commands": 0,
            "instructions_per_packet": instructions, "domain_commands": commands,
            "unknown_commands": 0, "driver": {**said, **driver}}


def packets_objections(mode="", name="tx", driver=(), **changes):
    """The number of objections to good figures of packets with these changes."""
    good = {"strict": (8800, 5000), "lazy": (40, 4000), "passthrough": (0, 3000)}
    modes = {mode: {run: packets_figure(*figures) for run in packets.RUNS}
             for mode, figures in good.items()}
    modes["xsmmu"] = {run: packets_figure(60, 3100, ch_iotlb_sync=60, ch_unmap_batched=8800)
                      for run in packets.RUNS}
    if mode:
        modes[mode][name].update(changes)
        modes[mode][name]["driver"].update(driver)
    return len(packets.broken(modes, "intel"))


def kept_modes(**commands):
    """Figures of a base whose driver leaves received pages to page_pool, mapped."""
    modes = {mode: {run: packets_figure(*figures) for run in packets.RUNS} for mode, figures in
             {"strict": (8800, 5000), "lazy": (40, 4000), "passthrough": (0, 3000)}.items()}
    modes["xsmmu"] = {run: packets_figure(60, 3100, ch_iotlb_sync=60, ch_unmap_batched=8800)
                      for run in packets.RUNS}
    for mode, runs in modes.items():
        for run in ("rx", "rx_cyclic"):
            runs[run] = packets_figure(commands.get(mode, 0), 3000)
            for name in ("rx_cache_full", "rx_cache_reuse"):
                del runs[run]["driver"][name]
    return modes


SAID = ("workload: mode=strict unmapped_pages=64 marks=1-2 map_marks=3-4",
        "workload: instructions=3000 map_instructions=1",
        "workload: instructions=3464 map_instructions=2",
        "workload: stale_tried=9 stale_landed=0 longest_exposure_ns=0 reach_ended=1")
PAGE = "amdvi_command 00000000 30000003 40000002 00000000"


def pages_figures(*said, mode="strict", backend="amd"):
    """The figures of a guest with this log and two commands, one of them beside a mapping."""
    with tempfile.TemporaryDirectory() as folder:
        console, trace = pathlib.Path(folder) / "console", pathlib.Path(folder) / "trace"
        console.write_text("".join(f"[    1.5] {line}\r\n" for line in said), encoding="utf-8")
        trace.write_text("\n".join(["dma_probe_mark 1", "dma_probe_mark 3", PAGE,
                                    "dma_probe_mark 4", PAGE, "dma_probe_mark 2"]),
                         encoding="utf-8")
        outcome = boot.Outcome(console, trace, 1.0, [], list(said))
        cell = measure.cell_of(pages, backend, "strict", cells.default_base())
        return measure.judge(pages, cell, outcome, mode)


class Reports(unittest.TestCase):
    """The files with figures, and the table of several."""

    mode = {key: 1 for key in pages.KEYS}

    def report(self, base):
        """A report of the workload "pages"."""
        return {"backend": "intel", "base": base, "kernel": "k", "qemu": "q",
                "modes": {mode: self.mode for mode in pages.MODES}}

    def written(self, base):
        """The names of the files of a report."""
        with tempfile.TemporaryDirectory() as folder, \
                unittest.mock.patch.object(measure, "REPORT", pathlib.Path(folder)):
            measure.write(pages, self.report(base))
            return sorted(path.name for path in pathlib.Path(folder).iterdir())

    def test_names(self):
        """A report carries its base, and that of the default base has a shorter name too."""
        base = cells.default_base()
        self.assertEqual(self.written(base), sorted([f"run-intel-{base}.json", "run-intel.json"]))
        self.assertEqual(self.written("0.1"), ["run-intel-0.1.json"])

    def test_side_by_side(self):
        """The table of several reports says which base each line is of."""
        said = pages.side_by_side([self.report("6.1"), self.report("7.3")])
        for base in ("6.1", "7.3"):
            self.assertIn(f"Intel VT-d, Linux {base}, strict ", said)

    def test_cells(self):
        """A measurement takes the cells of its base."""
        cell = measure.cell_of(pages, "intel", "lazy", cells.default_base())
        self.assertEqual((cell.name, cell.base), ("run-intel-lazy", cells.default_base()))


    def test_knobs(self):
        """A machine with a knob of the rig is its backend's, with one argument more."""
        base = cells.default_base()
        plain, rigged = (measure.cell_of(packets, backend, "xsmmu", base)
                         for backend in ("amd", "amd-npcache-off"))
        self.assertEqual(rigged.name, "mlx5-amd-npcache-off-xsmmu")
        self.assertEqual(set(rigged.devices) - set(plain.devices),
                         {"-global", "command-log.npcache=off"})
        self.assertEqual((plain.maps_send_commands(), rigged.maps_send_commands()), (True, False))
        self.assertEqual(set(measure.DEVICES), set(measure.KNOBS))
        said = (cells.CI / "lib/common.sh").read_text(encoding="utf-8")
        self.assertIn(f"knobs=({' '.join(measure.KNOBS)})", said)

    def test_knobs_side_by_side(self):
        """Such a machine is in the table of all if it was measured, and the others must be."""
        base = cells.default_base()
        with tempfile.TemporaryDirectory() as folder, \
                unittest.mock.patch.object(measure, "REPORT", pathlib.Path(folder)), \
                unittest.mock.patch.object(pages, "side_by_side", len), \
                unittest.mock.patch("builtins.print") as said:
            with self.assertRaises(OSError):
                measure.side_by_side(pages, [base])
            for number, backend in enumerate([*measure.NAMES, *measure.KNOBS], 1):
                measure.write(pages, {**self.report(base), "backend": backend})
                if number >= len(measure.NAMES):
                    measure.side_by_side(pages, [base])
                    said.assert_called_with(number)


class Off(unittest.TestCase):
    """The judges of the off state."""

    def test_pages(self):
        """A page may take up to 2 instructions more, or fewer."""
        def objections(unmap, remap, untouched=0):
            found = {kernel: {"median_instructions_per_page": figures[0],
                              "median_map_instructions_per_page": figures[1]}
                     for kernel, figures in zip(off.Pages.KERNELS, (
                         (untouched, 0), (1000, 500), (unmap, remap)))}
            rows, wrong = off.Pages.judge("strict", found)
            self.assertEqual([row[0] for row in rows], ["unmap", "map"])
            return len(wrong)

        self.assertEqual(objections(1002, 496, 800), 0)
        self.assertEqual(objections(1002.1, 500), 1)
        self.assertEqual(objections(1002.1, 502.1), 2)
        with self.assertRaises(measure.GuestError):
            objections(None, 500)

    def test_boots(self):
        """Each kernel boots with the words of its mode, and the judge gets the mode itself."""
        kernels = []

        def booted(_workload, cell, mode, words):
            kernels.append((cell.kernel, cell.name, cell.tests, mode, words))
            return {"median_instructions_per_page": 1, "median_map_instructions_per_page": 1}

        with unittest.mock.patch.object(measure, "boot_mode", booted), \
                unittest.mock.patch("builtins.print"):
            self.assertEqual(off.compare(off.Pages, "amd", "lazy", cells.default_base()), [])
        self.assertEqual(kernels, [
            (kernel, f"off-{kernel}-run-amd-lazy", ["workload-lazy"], "lazy", f", {words}")
            for kernel, words in off.Pages.KERNELS.items()])

    def test_packets(self):
        """A packet may take a little more, less in the steady run than in the others."""
        def objections(mode, more, batched=0):
            drivers = {off.FIXED: {}, off.OURS: {"ch_unmap_batched": batched}}
            found = {kernel: {name: {"instructions_per_packet": figure, "driver": drivers[kernel]}
                              for name in packets.RUNS}
                     for kernel, figure in ((off.FIXED, 1000), (off.OURS, 1000 * (1 + more)))}
            return len(off.Packets.judge(mode, found)[1])

        self.assertEqual(objections("passthrough", 0.003), 0)
        self.assertEqual(objections("passthrough", 0.005), 1)
        self.assertEqual(objections("strict", 0.045), 0)
        self.assertEqual(objections("strict", 0.06), len(packets.RUNS))
        for batched in (1, None):
            with self.assertRaises(measure.GuestError):
                objections("strict", 0, batched)


class Figures(unittest.TestCase):
    """The objections of the judges."""

    def test_pages(self):
        """The figures of pages are accepted only if the promise holds."""
        self.assertEqual(pages_objections(), 0)
        self.assertEqual(pages_objections(xsmmu={"commands_per_page": 0.015782}), 1)
        self.assertEqual(pages_objections(xsmmu={"stale_accesses_landed": 1}), 1)
        self.assertEqual(pages_objections(xsmmu={"stale_accesses_tried": 99999}), 1)
        none = {"invalidation_commands": 0, "commands_per_page": 0}
        self.assertEqual(pages_objections(xsmmu=none), 1)
        self.assertEqual(pages_objections(strict={"stale_accesses_landed": 1}), 1)
        self.assertEqual(pages_objections(strict={"commands_per_page": 0.5}), 1)
        self.assertEqual(pages_objections(lazy={"stale_accesses_landed": 0}), 1)

    def test_expensive_pages(self):
        """An unmap and a mapping may take no more instructions than their limits say."""
        self.assertEqual(set(pages.MOST_INSTRUCTIONS), set(measure.MACHINES))
        strict = {"map_instructions_per_page": 1500}
        for backend, (unmap, remap) in pages.MOST_INSTRUCTIONS.items():
            most = {"instructions_per_page": unmap,
                    "map_instructions_per_page": remap or 1500 - pages.LEAST_SAVED}
            self.assertEqual(pages_objections(backend, xsmmu=most, strict=strict), 0)
            for key, value in most.items():
                more, none = {**most, key: value + 0.1}, {**most, key: None}
                self.assertEqual(pages_objections(backend, xsmmu=more, strict=strict), 1)
                self.assertEqual(pages_objections(backend, xsmmu=none, strict=strict), 1)
        none = {"map_instructions_per_page": None}
        self.assertEqual(pages_objections("amd", strict=none), 1)
        self.assertEqual(pages_objections("amd-npcache-off", strict=none), 0)

    def test_packets(self):
        """The figures of packets are accepted only if the targets are met."""
        self.assertEqual(packets_objections(), 0)
        self.assertEqual(packets_objections("xsmmu", driver={"ch_poll": 59}), 2)
        self.assertEqual(packets_objections("xsmmu", driver={"ch_iotlb_sync": 101}), 1)
        self.assertEqual(packets_objections("xsmmu", driver={"ch_iotlb_sync": 0}), 1)
        self.assertEqual(packets_objections("xsmmu", domain_commands=101), 1)
        self.assertEqual(packets_objections("xsmmu", invalidation_commands=276), 1)
        self.assertEqual(packets_objections("xsmmu", instructions_per_packet=4201), 2)
        self.assertEqual(packets_objections("xsmmu", instructions_per_packet=3241), 1)
        self.assertEqual(packets_objections("xsmmu", instructions_per_packet=3239), 0)
        self.assertEqual(packets_objections("xsmmu", "rx", instructions_per_packet=3151), 1)
        self.assertEqual(packets_objections("xsmmu", "rx_cyclic", instructions_per_packet=3151), 1)
        self.assertEqual(packets_objections("xsmmu", "rx_cyclic", instructions_per_packet=3149), 0)
        self.assertEqual(packets_objections("xsmmu", "tx_single", invalidation_commands=8801), 1)
        self.assertEqual(packets_objections("xsmmu", "tx_single", invalidation_commands=551), 1)
        self.assertEqual(packets_objections("xsmmu", "tx_single", invalidation_commands=550), 0)
        self.assertEqual(packets_objections("xsmmu", "tx_single",
                                            instructions_per_packet=3601), 1)
        self.assertEqual(packets_objections("strict", instructions_per_packet=3110), 1)
        self.assertEqual(packets_objections("strict", instructions_per_packet=3112), 0)
        self.assertEqual(packets_objections("strict", invalidation_commands=4399), 1)
        self.assertEqual(packets_objections("lazy", invalidation_commands=0), 1)
        self.assertEqual(packets_objections("lazy", "rx", {"rx_packets": 4399}), 1)
        self.assertEqual(packets_objections("lazy", "rx", {"rx_cache_reuse": 200}), 1)
        self.assertEqual(packets_objections("strict", map_commands=10), 0)
        self.assertEqual(packets_objections("xsmmu", map_commands=10), 1)

    def test_packets_kept(self):
        """Where received pages stay mapped, no mode may send more than a few commands."""
        self.assertEqual(packets.broken(kept_modes(strict=3, lazy=1, xsmmu=2), "intel"), [])
        self.assertEqual(packets.broken(kept_modes(strict=None), "intel"), [])
        for mode in ("strict", "lazy", "xsmmu"):
            found = packets.broken(kept_modes(**{mode: 2200}), "intel")
            self.assertEqual(len(found), 2, found)
            self.assertIn("although pages stay mapped", found[0])
        slow = kept_modes()
        slow["xsmmu"]["rx"]["instructions_per_packet"] = 3151
        self.assertEqual(len(packets.broken(slow, "intel")), 1)

    def test_packets_commands(self):
        """Commands of AMD-Vi for maps are told from those for unmaps, or are not counted."""
        amd, intel = (cells.load()[f"{iommu}-strict"] for iommu in ("amd", "intel"))
        kept = {"rx_packets": 4400, "ch_unmap_batched": 2}
        counts = collections.Counter(all=2211, pages=2207, pages_full=2200, pages_leaf=7,
                                     domain_leaf=4)

        def split(name, words, cell, mode):
            return packets._commands(name, words, counts, cell, mode)  # pylint: disable=W0212

        self.assertEqual(split("rx", kept, amd, "strict"), (None, 2207))
        self.assertEqual(split("rx", kept, amd, "xsmmu"), (11, 2200))
        self.assertEqual(split("rx", {**kept, "rx_cache_full": 9}, amd, "xsmmu"), (2209, 2))
        self.assertEqual(split("tx", kept, amd, "strict"), (1108, 1103))
        self.assertEqual(split("rx", kept, intel, "strict"), (2211, 0))

    def test_packets_received(self):
        """The tables of one backend and of all say what a received packet unmaps."""
        def report(strict):
            modes = kept_modes(strict=strict)
            for runs in modes.values():
                for figure in runs.values():
                    commands = figure["invalidation_commands"]
                    figure["commands_per_packet"] = per(commands, 4400)
            return {"backend": "amd", "base": "6.12", "kernel": "k", "qemu": "q", "modes": modes}

        for strict, wanted in ((44, "1/100"), (None, "?"), (0, "0")):
            said = f"received, striding queue: {wanted} unmaps per packet"
            self.assertIn(f"\n{said}", packets.table(report(strict)))
            self.assertIn(f"AMD-Vi, Linux 6.12: {said}", packets.side_by_side([report(strict)]))

    def test_guest(self):
        """The figures come from the guest and the trace, without the mappings."""
        found = pages_figures(*SAID)
        self.assertEqual((found["invalidation_commands"], found["map_commands"]), (1, 1))
        rigged = pages_figures(*SAID, backend="amd-npcache-off")
        self.assertEqual((rigged["invalidation_commands"], rigged["map_commands"]), (1, 1))
        self.assertEqual(found["instructions_per_page"], 101)
        self.assertEqual(found["median_instructions_per_page"], 101)
        self.assertIsNone(pages_figures(SAID[0], SAID[-1])["instructions_per_page"])

    def test_failed_guest(self):
        """A guest that failed, said too little or ran in another mode gives no figures."""
        for said in (SAID[1:], SAID[:2], (*SAID, "not ok 1 workload"), ()):
            with self.assertRaises(measure.GuestError, msg=said):
                pages_figures(*said)
        with self.assertRaisesRegex(measure.GuestError, "it ran in mode strict"):
            pages_figures(*SAID, mode="lazy")
