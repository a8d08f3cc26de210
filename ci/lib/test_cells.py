# SPDX-License-Identifier: GPL-2.0
"""Tests of the matrix: invalid keys and values are refused, cells run on their bases."""

import pathlib
import re
import tempfile
import unittest
import unittest.mock

import boot
import cells
import selection

MUTANT = "mutant = mlx5-consume-before-sync"


class Matrix(unittest.TestCase):
    """ci/matrix.ini."""

    def test_matrix(self):
        """A wrong key or value in the matrix is refused with its place."""
        text = (cells.CI / "matrix.ini").read_text(encoding="utf-8")
        for wrong in ("like = @intel\nnonsense = 1", "like = @intel\nsmp = two",
                      "like = @intel\noracles = luck", "like = @intel\niommu = none",
                      "like = @intel\nqemu = new", "like = @nobody",
                      "like = @intel\nbases = 1.0", "like = @intel\nbases =",
                      "like = @intel\ngate = maybe",
                      "like = x", "smp = 2", "like = @intel\nexpect = (",
                      f"like = @intel\n{MUTANT}",
                      f"like = @intel\n{MUTANT}\ncaught_by = (", "like = @intel\ncaught_by = b",
                      "like = @intel\nmutant = nobody\ncaught_by = b"):
            with tempfile.NamedTemporaryFile("w", suffix=".ini") as file:
                file.write(f"{text}\n[x]\n{wrong}\n")
                file.flush()
                with self.assertRaisesRegex(cells.RigError, r"\[x\]", msg=wrong):
                    cells.load(file.name)


class Batching(unittest.TestCase):
    """Cells of the mode that batches."""

    # The suites in which the device itself shows that an unmap waits for its sync, and one
    # that is a control.
    shown_by_the_device = {"removed", "top", "twice"}
    no_batches = {"pagealloc"}
    # Words whose kernels do not batch although the option is on, and KUnit tests.
    others = {"no-backend", "passthrough", "shadowed", "nic-pen"}

    def test_counted(self):
        """Each of them counts commands outside the guest, so none passes if nothing is batched."""
        with with_bases("6.1", "6.12", "7.3"):
            known = cells.load()
        self.assertIn("nic-intel-selftests-xsmmu-7.3", known)
        for name, cell in known.items():
            modes = re.findall(r"\biommu\.xsmmu=([01])", cell.append)
            if not cell.tests or modes[-1:] != ["1"] or self.others.intersection(cell.tests):
                continue
            exempt = self.shown_by_the_device | self.no_batches
            self.assertTrue("commands" in cell.oracles or exempt.issuperset(cell.tests), name)

    def test_nic(self):
        """A NIC's cell logs the raw commands of AMD-Vi, and no fault of an attack."""
        amd, intel = (cells.load()[f"nic-{iommu}-hostile-xsmmu"] for iommu in ("amd", "intel"))
        self.assertIn("command-log", amd.devices)
        line = boot.command(intel, pathlib.Path("k"), pathlib.Path("i"), pathlib.Path("o"))
        self.assertIn("vtd_inv_desc", line)
        self.assertNotIn("vtd_dmar_fault", line)


def with_bases(*bases):
    """Pretends that exactly these bases have patches; the default is the first packaged one."""
    return unittest.mock.patch.object(cells, "bases", return_value=list(bases))


class Bases(unittest.TestCase):
    """The base kernels."""

    first = cells.default_base()

    def load(self, text):
        """The cells of a matrix with these sections after the real one's templates."""
        whole = (cells.CI / "matrix.ini").read_text(encoding="utf-8")
        head = whole[:whole.index("\n[kunit]")]
        with tempfile.NamedTemporaryFile("w", suffix=".ini") as file:
            file.write(f"{head}\n{text}\n")
            file.flush()
            return cells.load(file.name)

    def test_names(self):
        """A cell runs on each base that it names and that has patches."""
        text = f"[a]\nlike = @intel\n[b]\nlike = @intel\nbases = {self.first}\n"
        with with_bases(self.first):
            self.assertEqual(list(self.load(text)), ["a", "b"])
        with with_bases(self.first, "7.3"):
            found = self.load(text)
        self.assertEqual({name: cell.base for name, cell in found.items()},
                         {"a": self.first, "b": self.first, "a-7.3": "7.3"})

    def test_gate(self):
        """On a base that is not the default the gate has only what every base needs."""
        text = "".join(f"[{word}]\nlike = @intel\ngate = {word}\n" for word in cells.GATES)
        with with_bases(self.first, "7.3"):
            found = self.load(text)
        self.assertEqual([name for name, cell in found.items() if cell.gate],
                         ["yes", "every", "every-7.3"])

    def test_selection(self):
        """With a base only its rows are chosen, by their names with or without the base."""
        with with_bases(self.first, "7.3"), \
                unittest.mock.patch.object(selection, "_refuse"):
            known = selection.everything()
            self.assertEqual(selection.choose(["kunit", "intel-lazy-*"], known, "7.3"),
                             ["kunit-7.3", "intel-lazy-7.3"])
            for name in selection.choose(["all"], known, "7.3"):
                self.assertEqual(known[name].base, "7.3")
            gate = selection.choose([], known, "7.3")
            self.assertEqual([name for name in gate if name.startswith("kunit")],
                             ["kunit-7.3", "kunit-amd-7.3", "kunit-arm64-7.3"])
            with self.assertRaisesRegex(cells.RigError, "style matches nothing on BASE=7.3"):
                selection.choose(["style"], known, "7.3")

    def test_same_default(self):
        """The shell scripts know the same bases."""
        said = pathlib.Path(cells.CI / "bases.ini").read_text(encoding="utf-8")
        self.assertIn(f"\ndefault = {self.first}\n", said)
        self.assertIn(self.first, cells.bases())
