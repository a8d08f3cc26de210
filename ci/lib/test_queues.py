# SPDX-License-Identifier: GPL-2.0
"""Tests of the table of several queues."""

import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import oracle
import queues

SAID = "pages=4 syncs=2"
LINES = [f"queues: shared pollers=2 batch=2 marks=1-2 {SAID} led=1 shared=1 named=0",
         f"queues: local pollers=2 batch=2 marks=2-3 {SAID} led=0 shared=0 named=2"]
DOMAIN = "amdvi_command 00000000 30000003 fffff001 7fffffff"
MAP = "amdvi_command 00000000 30000003 40000002 00000000"
PAGE = "amdvi_command 00000000 30000003 40000000 00000000"


class Queues(unittest.TestCase):
    """The rows."""

    def test_rows(self):
        """Commands are counted between the marks of each run, without those of mappings."""
        with tempfile.TemporaryDirectory() as folder:
            log = pathlib.Path(folder) / "trace"
            log.write_text("\n".join(["dma_probe_mark 1", MAP, DOMAIN, "dma_probe_mark 2", MAP,
                                      MAP, PAGE, PAGE, "dma_probe_mark 3", DOMAIN]) + "\n",
                           encoding="utf-8")
            found = queues.runs(LINES, oracle.Trace("amd", log))
        self.assertEqual(list(queues.rows("AMD-Vi", found)),
                         [("AMD-Vi", "2", "2", "4", "1", "1", "1", "2", "2", "0", "0")])


if __name__ == "__main__":
    unittest.main()
