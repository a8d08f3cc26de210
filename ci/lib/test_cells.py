# SPDX-License-Identifier: GPL-2.0
"""Tests of the matrix: invalid keys and values are refused."""

import tempfile
import unittest

import cells

MUTANT = "mutant = mlx5-consume-before-sync"


class Matrix(unittest.TestCase):
    """ci/matrix.ini."""

    def test_matrix(self):
        """A wrong key or value in the matrix is refused with its place."""
        text = (cells.CI / "matrix.ini").read_text(encoding="utf-8")
        for wrong in ("like = @intel\nnonsense = 1", "like = @intel\nsmp = two",
                      "like = @intel\noracles = luck", "like = @intel\niommu = none",
                      "like = @intel\nqemu = new", "like = @nobody",
                      "like = x", "smp = 2", "like = @intel\nexpect = (",
                      f"like = @intel\n{MUTANT}",
                      f"like = @intel\n{MUTANT}\ncaught_by = (", "like = @intel\ncaught_by = b",
                      "like = @intel\nmutant = nobody\ncaught_by = b"):
            with tempfile.NamedTemporaryFile("w", suffix=".ini") as file:
                file.write(f"{text}\n[x]\n{wrong}\n")
                file.flush()
                with self.assertRaisesRegex(cells.RigError, r"\[x\]", msg=wrong):
                    cells.load(file.name)
