# SPDX-License-Identifier: GPL-2.0
"""Tests of the points: what the guest and the trace say, and the objections to it."""

import dataclasses
import json
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import baseline
import cells
import map_benchmark
import measure
import oracle
import points
from points import Point

DOMAIN = "amdvi_command 00000000 30000003 fffff001 7fffffff"
PAGE = "amdvi_command 00000000 30000003 40000002 00000000"
WORDS = {"point": "1:2:1:4096:0:0", "mode": "strict", "marks": "1-6", "map_marks": "2-5",
         "polls": "2", "counted": "1", "map": "800", "unmap": "600", "sync": "0", "pages": "2",
         "translations": "2", "lines": "2", "all_translations": "2", "all_lines": "1",
         "led": "0", "shared": "0", "outside": "0"}
SMALL = Point(batch=1, in_flight=2)


def trace(iommu, *lines):
    """A trace with these lines."""
    with tempfile.TemporaryDirectory() as folder:
        log = pathlib.Path(folder) / "trace"
        log.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return oracle.Trace(iommu, log)


def marked(*parts):
    """A trace of AMD-Vi with a mark before each part and one behind all."""
    lines = [line for number, part in enumerate(parts, 1)
             for line in (f"dma_probe_mark {number}", *part)]
    return trace("amd", *lines, f"dma_probe_mark {len(parts) + 1}")


# Two polls of one buffer: each unmap and each map sends a command.
STRICT = marked([PAGE], [PAGE], [PAGE], [PAGE], [])


def figure(booted="strict", log=STRICT, point=SMALL, **words):
    """The figures of a small point."""
    return points.figure({**WORDS, **words}, point, log, cells.load()["amd-strict"],
                         booted)


def good(mode, point, cpus=1):
    """Figures without any objection."""
    buffers = 2048 * point.queues
    unmaps, polls = round(buffers * point.unmaps_per_buffer()), buffers // point.batch
    commands = {"strict": unmaps, "lazy": max(1, unmaps // 246), "passthrough": 0}.get(mode, polls)
    return {**dict.fromkeys(points.KEYS, 0), "buffers": buffers, "unknown_commands": 0,
            "map_commands": 0,
            "pages": buffers * point.pages_per_buffer(), "invalidation_commands": commands,
            "commands_per_page": commands / buffers / point.pages_per_buffer(),
            "led": polls if mode in points.BATCHING else 0,
            "instructions_per_page": 200 + 1000 / point.batch if cpus == 1 else None}


def report(workload, base="6.1"):
    """A good report of a workload."""
    return {"backend": "intel", "base": base, "kernel": "k", "qemu": "q",
            "modes": {mode: {point.name(): good(mode, point, workload.CPUS)
                             for point in workload.points()} for mode in workload.MODES}}


def objections(mode="", name="default", workload=points.Points(), **changes):
    """The objections to good figures with these changes."""
    modes = report(workload)["modes"]
    if mode:
        modes[mode][name].update(changes)
    return workload.broken(modes, "intel")


class Guest(unittest.TestCase):
    """The figures."""

    def test_points(self):
        """Each point has a name and a text of its own, and the default one is on each axis."""
        for workload in (points.Points(), points.FewPoints(), points.QueuePoints()):
            every = workload.points()
            self.assertEqual(len({point.name() for point in every}), len(every))
            self.assertEqual(len({point.text() for point in every}), len(every))
            self.assertIn(Point(), every)
        self.assertEqual(Point().text(), "64:1024:1:4096:0:0")
        self.assertEqual(Point(batch=1, size=256).name(), "batch=1,size=256")

    def test_pages(self):
        """A buffer that straddles a page has one page more."""
        for size in points.SIZES:
            self.assertEqual(points.straddling(size).pages_per_buffer(),
                             Point(size=size).pages_per_buffer() + 1, size)

    def test_cells(self):
        """One CPU is counted and several are not, and the guest gets the points."""
        base = cells.default_base()
        few = measure.cell_of(measure.WORKLOADS["points-few"], "amd", "xsmmu", base)
        self.assertEqual((few.smp, few.tests), (1, ["points-xsmmu"]))
        self.assertEqual(few.name, "points-few-amd-xsmmu")
        self.assertIn("-icount", few.machine)
        self.assertIn("rig.points=1:1024:1:4096:0:0,4:1024:", few.append)
        many = measure.cell_of(measure.WORKLOADS["points-queues"], "intel", "no-windows", base)
        self.assertEqual((many.smp, many.tests), (8, ["points-xsmmu"]))
        self.assertIn("xsmmu.windows=0", many.append)
        self.assertNotIn("-icount", many.machine)

    def test_command_line(self):
        """The kernels take a command line of 2,048 bytes."""
        for backend in measure.NAMES:
            cell = measure.cell_of(measure.WORKLOADS["points"], backend, "no-windows",
                                   cells.default_base())
            self.assertLess(len(cell.append), 1600)

    def test_figure(self):
        """The commands of mappings are left out, and all is per page."""
        found = figure()
        self.assertEqual((found["invalidation_commands"], found["map_commands"]), (2, 2))
        self.assertEqual((found["commands_per_page"], found["lines_per_page"]), (1, 1))
        self.assertEqual([found[f"{key}instructions_per_page"] for key in ("map_", "unmap_", "")],
                         [400, 300, 700])
        self.assertIsNone(found["instructions_per_sync"])

    def test_syncs(self):
        """A sync covers the batches of its poll."""
        log = marked([DOMAIN], [], [DOMAIN], [], [])
        found = figure("no-windows", log, mode="xsmmu", sync="2000", led="2")
        self.assertEqual(found["instructions_per_sync"], 1000)
        self.assertEqual((found["invalidation_commands"], found["led"]), (2, 2))

    def test_several_queues(self):
        """Without marks around mappings half of strict's commands are for them."""
        several = {"map_marks": "3-2", "marks": "1-2", "counted": "0"}
        log = marked([PAGE] * 4)
        found = figure(log=log, **several)
        self.assertEqual((found["invalidation_commands"], found["map_commands"]), (2, 2))
        self.assertIsNone(found["instructions_per_page"])
        log = marked([DOMAIN] + [PAGE] * 2)
        found = figure("xsmmu", log, mode="xsmmu", **several)
        self.assertEqual((found["invalidation_commands"], found["map_commands"]), (1, 2))

    def test_wrong_guest(self):
        """A guest of another mode, or with other buffers, gives no figures."""
        for words in ({"mode": "lazy"}, {"pages": "3"}):
            with self.assertRaises(ValueError, msg=words):
                figure(**words)
        with self.assertRaises(ValueError):
            figure("passthrough", mode="passthrough")
        self.assertEqual(figure("passthrough", mode="passthrough", pages="0")["pages"], 2)

    def test_missing_point(self):
        """A point that the guest has not measured is an error."""
        few = points.FewPoints()
        lines = ["points: " + " ".join(f"{key}={value}" for key, value in
                                       {**WORDS, "point": point.text(), "polls": "2",
                                        "pages": str(2 * point.batch * point.pages_per_buffer())
                                        }.items()) for point in few.points()]
        cell = cells.load()["amd-strict"]
        self.assertEqual(set(few.figures(lines, STRICT, cell, "strict")),
                         {point.name() for point in few.points()})
        with self.assertRaises(KeyError):
            few.figures(lines[1:], STRICT, cell, "strict")


class Judge(unittest.TestCase):
    """The objections."""

    def test_good(self):
        """Good figures are accepted, of each workload."""
        for workload in (points.Points(), points.FewPoints(), points.QueuePoints()):
            self.assertEqual(objections(workload=workload), [])

    def test_commands(self):
        """Each mode has its number of commands."""
        for mode, wrong, right in (("xsmmu", (31, 33), (32,)), ("strict", (2047, 2069), (2068,)),
                                   ("lazy", (0, 41), (1, 40)), ("passthrough", (1,), (0,)),
                                   ("no-windows", (0, 33), (32,))):
            for number, commands in [(1, n) for n in wrong] + [(0, n) for n in right]:
                self.assertEqual(len(objections(mode, invalidation_commands=commands)), number,
                                 (mode, commands))

    def test_large_buffers(self):
        """A large buffer, and a list, may take several of strict's commands."""
        for name in ("size=65536", "list=16"):
            self.assertEqual(objections("strict", name, invalidation_commands=4096), [])
            self.assertEqual(len(objections("strict", name, invalidation_commands=127)), 1)

    def test_queues(self):
        """Queues may share syncs, but each sync is one that led or shared."""
        queues = points.QueuePoints()
        self.assertEqual(objections("xsmmu", "queues=4", queues, invalidation_commands=40,
                                    led=40, shared=88), [])
        self.assertEqual(len(objections("xsmmu", "queues=4", queues, shared=1)), 1)

    def test_unknown(self):
        """A command of unknown type is no result."""
        self.assertEqual(len(objections("lazy", unknown_commands=1)), 1)

    def test_instructions(self):
        """A page costs less in a larger batch, and instructions are counted."""
        self.assertEqual(len(objections("xsmmu", "batch=16", instructions_per_page=325)), 1)
        self.assertEqual(objections("xsmmu", "batch=16", instructions_per_page=324), [])
        self.assertEqual(objections("xsmmu", "batch=256", instructions_per_page=324), [])
        self.assertEqual(len(objections("strict", instructions_per_page=None)), 1)


class Tables(unittest.TestCase):
    """The tables."""

    def test_table(self):
        """Each axis has a table with all its values."""
        for workload in (points.Points(), points.FewPoints(), points.QueuePoints()):
            said = workload.table(report(workload))
            for axis in workload.AXES.values():
                self.assertIn(axis.words, said)
            self.assertEqual("instructions" in said, workload.CPUS == 1)
        self.assertIn("8,192", points.Points().table(report(points.Points())))

    def test_notes(self):
        """Mappings outside of a window, and commands for mappings, are mentioned."""
        found = report(points.Points())
        found["modes"]["xsmmu"]["in_flight=8192"]["outside"] = 1
        found["modes"]["lazy"]["default"]["map_commands"] = 2048
        said = points.Points().table(found)
        self.assertIn("no slot for some mappings of: in_flight=8192.", said)
        self.assertIn("2,048 commands for mappings", said)

    def test_side_by_side(self):
        """The reports of several bases are one table, by what a report keeps."""
        workload = points.Points()
        reports = [report(workload, base) for base in ("6.1", "7.3")]
        for each in reports:
            each["modes"] = {mode: workload.public(found) for mode, found in each["modes"].items()}
            self.assertEqual(set(each["modes"]["xsmmu"]["default"]), set(points.KEYS))
        said = workload.side_by_side(reports)
        for base in ("6.1", "7.3"):
            self.assertIn(f"Intel VT-d, Linux {base}, xSMMU, no windows ", said)

    def test_fields(self):
        """The guest takes as many numbers as a point has."""
        source = (cells.CI / "guest/module/points.c").read_text(encoding="utf-8")
        self.assertIn(":".join(["%u"] * len(dataclasses.fields(Point))), source)


class Charts(unittest.TestCase):
    """The pictures and the CSV files."""

    def test_charts(self):
        """A picture has a column for each mode, without the zeroes of a logarithmic scale."""
        workload = points.Points()
        charts = {chart.name: chart for chart in workload.charts(report(workload))}
        self.assertEqual(list(charts), [f"points-intel-{name}" for name in (
            "batch-instructions", "batch-commands", "in-flight-commands", "size-commands")])
        drawn = charts["points-intel-batch-instructions"]
        self.assertEqual(drawn.head, ["batch", "strict", "lazy", "xSMMU, no windows", "xSMMU",
                                      "passthrough"])
        self.assertEqual(drawn.rows[0], [1, 1200, 1200, 1200, 1200, 1200])
        commands = charts["points-intel-batch-commands"]
        self.assertEqual(commands.rows[-1], [256, 1, 8 / 2048, 1 / 256, 1 / 256])
        self.assertEqual([chart.rows[0][0] for chart in
                          points.QueuePoints().charts(report(points.QueuePoints()))], [1])

    def test_rows(self):
        """The CSV file has a row for each point of each mode."""
        workload = points.Points()
        head, *rows = workload.rows(report(workload))
        self.assertEqual(len(rows), len(workload.MODES) * len(workload.points()))
        self.assertEqual({len(row) for row in rows}, {len(head)})


class Baseline(unittest.TestCase):
    """The instructions of before."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.file = pathlib.Path(self.folder.name) / "baseline"

    def measured(self, name="points-few-intel-6.1", **changes):
        """The figures of a report; changes are those of the default point in xSMMU mode."""
        found = report(points.FewPoints())
        for figures in found["modes"]["strict"].values():
            figures["instructions_per_sync"] = None
        for figures in (each for mode in found["modes"].values() for each in mode.values()):
            figures.update(map_instructions_per_page=100, unmap_instructions_per_page=50)
        for figures in found["modes"]["xsmmu"].values():
            figures["instructions_per_sync"] = 1000.5
        found["modes"]["xsmmu"]["default"].update(changes)
        path = pathlib.Path(self.folder.name) / f"{name}.json"
        path.write_text(json.dumps(found), encoding="utf-8")
        return baseline.measured(path)

    def objections(self, **changes):
        """What is said to the figures with these changes, and how many are better."""
        return baseline.compare(self.measured(**changes), baseline.known(self.file))

    def test_compare(self):
        """A figure that is more than 2 % worse is named; others are not."""
        baseline.write(self.measured(), self.file)
        self.assertEqual(self.objections(), ([], 0))
        self.assertEqual(self.objections(map_instructions_per_page=102), ([], 0))
        wrong, _ = self.objections(map_instructions_per_page=102.1)
        self.assertEqual(len(wrong), 1)
        self.assertIn("points-few-intel-6.1 xsmmu default map_instructions_per_page", wrong[0])
        wrong, _ = self.objections(instructions_per_sync=1021)
        self.assertEqual(len(wrong), 1)
        self.assertEqual(self.objections(unmap_instructions_per_page=40), ([], 1))

    def test_missing(self):
        """A figure that either side does not have is an objection."""
        self.assertEqual(len(self.objections()[0]), len(self.measured()))
        baseline.write(self.measured(), self.file)
        self.assertEqual(len(self.objections(instructions_per_sync=None)[0]), 1)

    def test_write(self):
        """Figures of other reports stay."""
        baseline.write(self.measured("other"), self.file)
        baseline.write(self.measured(map_instructions_per_page=7), self.file)
        baseline.write(self.measured(map_instructions_per_page=8.25), self.file)
        known = baseline.known(self.file)
        self.assertEqual(len(known), 2 * len(self.measured()))
        key = "xsmmu", "default", "map_instructions_per_page"
        self.assertEqual((known["other", *key], known["points-few-intel-6.1", *key]), (100, 8.25))


class Benchmark(unittest.TestCase):
    """The kernel's own benchmark beside ours."""

    workload = map_benchmark.Benchmark()

    def figures(self, unmap=60):
        """The figures of a guest; 60 times 100 ns are 375 instructions of 16 ns."""
        lines = []
        for point in self.workload.points():
            words = {**WORDS, "point": point.text(), "unmap": "700",
                     "pages": str(2 * point.pages_per_buffer())}
            lines += ["points: " + " ".join(f"{key}={value}" for key, value in words.items()),
                      f"benchmark: pages={point.pages_per_buffer()} map_100ns=66 "
                      f"unmap_100ns={unmap}"]
        return self.workload.figures(lines, STRICT, cells.load()["amd-strict"], "strict")

    def test_cell(self):
        """The guest has another kernel, and a slower clock."""
        cell = measure.cell_of(measure.WORKLOADS["benchmark"], "amd", "lazy", cells.default_base())
        self.assertEqual((cell.kernel, cell.tests), ("benchmark", ["benchmark-lazy"]))
        self.assertEqual(cell.machine[-4:], ["-icount", "shift=4", "-icount", "sleep=off"])
        self.assertIn("rig.benchmark=1:1,16:1", cell.append)
        self.assertIn("rig.points=1:1:1:4096:0:0,1:1:1:65536:0:0", cell.append)

    def test_figures(self):
        """Both count the instructions of a buffer."""
        for each in self.figures().values():
            self.assertEqual([each[key] for key in map_benchmark.KEYS], [412.5, 375, 400, 350])

    def test_judge(self):
        """The two may not be far apart."""
        for unmap, number in ((60, 0), (27, 2), (146, 2)):
            found = self.workload.broken({"strict": self.figures(unmap)}, "amd")
            self.assertEqual(len(found), number)

    def test_table(self):
        """The table has both sizes."""
        modes = dict.fromkeys(self.workload.MODES, self.figures())
        told = self.workload.table({"backend": "intel", "kernel": "k", "qemu": "q", "modes": modes})
        for words in ("65,536 bytes", "lazy", "375"):
            self.assertIn(words, told)


if __name__ == "__main__":
    unittest.main()
