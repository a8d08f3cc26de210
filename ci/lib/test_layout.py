# SPDX-License-Identifier: GPL-2.0
"""Tests of the judge of layouts."""

import unittest

import layout

TEXT = """struct demo {
	long unsigned int          mine;                 /*     0     8 */
	void                       (*hook)(struct demo *, const int  *); /*     8     8 */
	struct inner               part[2] __attribute__((__aligned__(64))); /*    64   128 */
	/* --- cacheline 3 boundary (192 bytes) --- */
	raw_spinlock_t             lock;                 /*   192     4 */

	/* size: 256, cachelines: 4, members: 4 */
} __attribute__((__aligned__(64)));
"""
KINDS = {"own": "mine", "read": "hook", "rare": "part", "other": "lock"}


class Layouts(unittest.TestCase):
    """Fields, lines and kinds."""

    def test_fields(self):
        """Each form of a field is read, with its place."""
        self.assertEqual(layout.fields(TEXT), {"mine": (0, 8), "hook": (8, 8),
                                               "part": (64, 128), "lock": (192, 4)})

    def test_good(self):
        """A layout without a shared line passes."""
        self.assertEqual(layout.judge("demo", TEXT, KINDS), [])

    def test_shared(self):
        """A line that others write beside a field of the owner's does not."""
        for kind in ("own", "read"):
            with self.subTest(kind):
                text = TEXT.replace("/*   192 ", "/*    16 ")
                wrong = layout.judge("demo", text, {kind: "mine hook", "rare": "part",
                                                    "other": "lock"})
                self.assertEqual(wrong, ["line 0: other CPUs write lock beside mine hook"])

    def test_long(self):
        """A field that reaches into a later line counts there too."""
        text = TEXT.replace("/*   192 ", "/*   184 ")
        self.assertEqual(layout.judge("demo", text, {**KINDS, "rare": "", "own": "mine part"}),
                         ["line 2: other CPUs write lock beside part"])

    def test_unknown(self):
        """A new field needs a kind, and a field that has gone is found."""
        self.assertEqual(layout.judge("demo", TEXT, {**KINDS, "rare": "part gone", "read": ""}),
                         ["hook has no kind in ci/lib/layout.py", "there is no gone"])

    def test_whole(self):
        """Slots fill whole lines."""
        text = TEXT.replace("size: 256", "size: 260")
        self.assertEqual(layout.judge(layout.WHOLE_LINES[0], text, KINDS),
                         ["its 260 bytes are no whole lines"])


if __name__ == "__main__":
    unittest.main()
