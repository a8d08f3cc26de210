# SPDX-License-Identifier: GPL-2.0
"""Tests of the identifiers that ci/identifiers.py attributes to the base kernel."""

import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import identifiers

OWN = """
/* comment_word */
#include <linux/header_word.h>
struct own { int state; void (*call)(struct own *o, int count); };
static DEFINE_MUTEX(own_lock);
#define OWN_MACRO(arg)	((arg) + 1)
static int own_function(struct device *dev, u32 number)
{
	int i = "string_word" ? 3u : 0;
again:
	goto again;
	return i + number;
}
"""


class Identifiers(unittest.TestCase):
    """The difference between a tree's identifiers and its own definitions."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        top, identifiers.TOP = identifiers.TOP, pathlib.Path(folder.name)
        self.addCleanup(setattr, identifiers, "TOP", top)
        self.patches = identifiers.TOP / "patches"
        for name in ("core", "patches/1/core", "patches/1/amd", "patches/2/core"):
            (identifiers.TOP / name).mkdir(parents=True)
            (identifiers.TOP / name / "empty.h").touch()

    def found(self, text=""):
        """The identifiers of the base in a file that has OWN and this text."""
        (identifiers.TOP / "core/a.c").write_text(OWN + text, encoding="utf-8")
        return set(identifiers.used(identifiers.own())) - {"device", "u32", "DEFINE_MUTEX"}

    def test_own(self):
        """Own definitions, comments and strings are no identifiers of the base."""
        self.assertEqual(self.found(), set())

    def test_new(self):
        """Functions, members, types and constants of the base are found."""
        text = "struct theirs *f(void) { return call(CONFIG_IT, own_lock.owner); }"
        self.assertEqual(self.found(text), {"theirs", "call", "CONFIG_IT", ".owner"})

    def test_members(self):
        """A local does not hide a member of its name, and a member hides no function."""
        text = "int f(struct device *number) { return number->number + state(number); }"
        self.assertEqual(self.found(text), {".number", "state"})

    def test_accessors(self):
        """An accessor counts as the base's until every base has it that has its part."""
        text = "int f(void) { return accessor(); }"
        header = "static inline int accessor(void) { return 0; }"
        (self.patches / "1/core/base.h").write_text(header, encoding="utf-8")
        self.assertEqual(self.found(text), {"accessor"})
        (self.patches / "2/core/base.h").write_text(header, encoding="utf-8")
        self.assertEqual(self.found(text), set())
        (self.patches / "1/amd/base.h").write_text("int of_amd(void);", encoding="utf-8")
        self.assertEqual(self.found("int f(void) { return of_amd(); }"), set())
        (self.patches / "2/amd").mkdir()
        (self.patches / "2/amd/base.h").write_text("int other(void);", encoding="utf-8")
        self.assertEqual(self.found("int f(void) { return of_amd(); }"), {"of_amd"})


if __name__ == "__main__":
    unittest.main()
