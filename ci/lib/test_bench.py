# SPDX-License-Identifier: GPL-2.0
"""Tests of what "make bench" writes."""

import csv
import pathlib
import sys
import tempfile
import unittest
import unittest.mock

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import bench
import packets
import timing_runs


def table(folder, name):
    """The rows of a CSV file."""
    with open(folder / f"{name}.csv", encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


class Bench(unittest.TestCase):
    """The parts that need no guest."""

    def test_packets(self):
        """The picture has a bar for each mode that translates, and a line for the last column."""
        spent = {"strict": 4000, "lazy": 3000, "xsmmu": 2000.4, "passthrough": 1000}
        report = {"backend": "intel", "base": "6.1", "modes": {
            mode: {run: {"instructions_per_packet": figure} for run in packets.RUNS}
            for mode, figure in spent.items()}}
        with tempfile.TemporaryDirectory() as folder, \
                unittest.mock.patch.object(bench, "OUT", pathlib.Path(folder)), \
                unittest.mock.patch.object(bench.pictures, "bars") as bars:
            bench.draw_packets(report)
            head, *rows = table(pathlib.Path(folder), "packets-intel")
        self.assertEqual(head, ["run", "strict", "lazy", "xSMMU", "passthrough"])
        self.assertEqual(rows, [[words, "4000", "3000", "2000", "1000"]
                                for words in packets.RUNS.values()])
        columns, _, marks = bars.call_args.args[3:]
        self.assertEqual([head[number - 1] for number in columns], list(columns.values()))
        self.assertEqual([head[number - 1] for number in marks], ["passthrough"])

    def test_covered(self):
        """The table of snapshots has both kinds of pens for each number of queues."""
        with tempfile.TemporaryDirectory() as folder, \
                unittest.mock.patch.object(bench, "OUT", pathlib.Path(folder)), \
                unittest.mock.patch.object(bench, "FEW_QUEUES", (1, 64)), \
                unittest.mock.patch("builtins.print"):
            rows = bench.covered_part()
            written = table(pathlib.Path(folder), "time-covered")
        self.assertEqual(len(written), 1 + len(rows))
        self.assertEqual([(row["kind"], row["queues"]) for row in rows],
                         [("stay", 1), ("stay", 64), ("covered", 1), ("covered", 64)])
        self.assertAlmostEqual(rows[0]["syncs_per_1000_pages"], 1000 / timing_runs.PEN, places=1)


if __name__ == "__main__":
    unittest.main()
