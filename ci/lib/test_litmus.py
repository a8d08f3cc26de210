# SPDX-License-Identifier: GPL-2.0
"""Tests of the comparison of barriers, litmus tests and their document."""

import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import litmus

CODE = """
static void reader(void)
{
	/*
	 * B1, pairs with B2: the clears, then the read.
	 * Litmus: core-b1
	 */
	smp_mb();
	/*
	 * B2, pairs with B1: the store, then the
	 * doorbell. Litmus: core-b1
	 */
	dma_wmb();
}
"""
TEST = """C core-b1

(*
 * Labels: B1 B2
 * Code: core/a.c reader
 * Result: Never
 *)

{
}

P0(int *x)
{
	smp_mb(); //B1 | - | Never: smp_wmb();
	smp_wmb(); //B2 | Race: -
}
exists (x=1)
"""
DOCUMENT = """
| label | pairs with | litmus tests |
| --- | --- | --- |
| B1 | B2 | `core-b1` |
| B2 | B1 | `core-b1` |
"""


class Litmus(unittest.TestCase):
    """Code, tests and document that agree, each with one change."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        top, litmus.TOP = litmus.TOP, pathlib.Path(folder.name)
        self.addCleanup(setattr, litmus, "TOP", top)
        for name in ("core", "backends", "formal/litmus", "Documentation"):
            (litmus.TOP / name).mkdir(parents=True)

    def wrong(self, code=CODE, test=TEST, document=DOCUMENT):
        """Everything that is wrong, as one text."""
        for name, text in (("core/a.c", code), ("formal/litmus/core-b1.litmus", test),
                           ("Documentation/barriers.md", document)):
            (litmus.TOP / name).write_text(text, encoding="utf-8")
        return "\n".join(line for _, wrong in litmus.judge_labels() for line in wrong)

    def test_agreement(self):
        """Barriers that agree with their tests and with the document pass."""
        self.assertEqual(self.wrong(), "")

    def test_removed(self):
        """A barrier that is gone is found, also if its comment is gone too."""
        self.assertIn("no barrier follows its comment", self.wrong(CODE.replace("smp_mb();", "")))
        gone = CODE[:CODE.index("\t/*")] + CODE[CODE.index("smp_mb();") + len("smp_mb();"):]
        self.assertIn("no barrier has the label B1", self.wrong(gone))

    def test_weakened(self):
        """A barrier that is not the one of its test is found."""
        self.assertIn("the code has smp_rmb(), but the test core-b1 has no smp_rmb()",
                      self.wrong(CODE.replace("smp_mb();", "smp_rmb();")))

    def test_unlabelled(self):
        """A barrier without a label is found."""
        self.assertIn("core/a.c:14: smp_wmb() has no label",
                      self.wrong(CODE.replace("dma_wmb();", "dma_wmb();\n\tsmp_wmb();")))

    def test_comment(self):
        """A label without a pair or without a test is found."""
        for part in (", pairs with B2", "Litmus: core-b1"):
            self.assertIn("its comment is not", self.wrong(CODE.replace(part, "", 1)))
        self.assertIn("there is no test formal/litmus/core-b7.litmus",
                      self.wrong(CODE.replace("Litmus: core-b1", "Litmus: core-b7", 1)))

    def test_control(self):
        """A barrier whose removal shows nothing is found."""
        self.assertIn("none of its tests shows a breach without it: core-b1",
                      self.wrong(test=TEST.replace("//B1 | - |", "//B1 | Never: - |")))

    def test_head(self):
        """A test that names an unknown label or function, or no result, is found."""
        self.assertIn("no barrier has the label B7",
                      self.wrong(test=TEST.replace("B2\n", "B2 B7\n")))
        self.assertIn("core/a.c has no function writer",
                      self.wrong(test=TEST.replace("reader", "writer")))
        self.assertIn("no line 'Result:", self.wrong(test=TEST.replace("Result", "Results")))

    def test_document(self):
        """A document with another pair, without a test or without a label is found."""
        for old, new, message in (("| B2 |", "| B3 |", "has another pair: B3"),
                                  ("core", "cure", "core-b1 is missing"),
                                  ("| B2 | B1", "| B1 | B1", "has no row for it")):
            self.assertIn(message, self.wrong(document=DOCUMENT.replace(old, new)))

    def test_variants(self):
        """A marked line is replaced by each of its alternatives in turn."""
        self.wrong()
        found = list(litmus.variants(litmus.tests()["core-b1"]))
        self.assertEqual([(what, wanted) for what, _, wanted in found],
                         [("", "Never"), ("without B1", "Sometimes"),
                          ("B1 is smp_wmb();", "Never"), ("without B2", "Race")])
        bodies = [text[text.index("P0"):].split("\n")[2:4] for _, text, _ in found]
        self.assertEqual(bodies, [["\tsmp_mb();", "\tsmp_wmb();"], ["\t", "\tsmp_wmb();"],
                                  ["\tsmp_wmb();", "\tsmp_wmb();"], ["\tsmp_mb();", "\t"]])

    def test_herd(self):
        """A result or a flag that is not the expected one fails, and so does no result."""
        self.wrong()
        test = litmus.tests()["core-b1"]
        program = litmus.TOP / "herd7"
        for said, passed in (("Observation core-b1 Never 0 1", [True, False, True, False]),
                             ("Flag data-race\nObservation core-b1 Sometimes 1 1",
                              [False, True, False, True]),
                             ("Fatal error", [False, False, False, False])):
            program.write_text(f"#!/bin/sh\ncat <<END\n{said}\nEND\n", encoding="utf-8")
            program.chmod(0o755)
            results = [litmus.judge_herd(program, litmus.TOP, test, variant)
                       for variant in litmus.variants(test)]
            self.assertEqual([not wrong for _, wrong in results], passed)


class Seeded(unittest.TestCase):
    """The project's own files with a bug."""

    def test_mutant(self):
        """A mutant changes the file that it names."""
        sound = dict(litmus.sources())
        seeded = dict(litmus.sources(litmus.TOP / "ci/mutants/core-without-b0.patch"))
        self.assertEqual([path for path, text in sound.items() if seeded[path] != text],
                         ["core/quarantine.c"])


if __name__ == "__main__":
    unittest.main()
