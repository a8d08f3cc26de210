# SPDX-License-Identifier: GPL-2.0
"""Tests of the oracle: it must count each kind of command and miss none."""

import pathlib
import tempfile
import unittest

import oracle

DSI_LEAF = "vtd_inv_desc invalidate desc type iotlb high 0x40 low 0x300e2"
DSI_FULL = "vtd_inv_desc invalidate desc type iotlb high 0x0 low 0x300e2"
PSI = "vtd_inv_desc invalidate desc type iotlb high 0xfffff040 low 0x300f2"
GLOBAL = "vtd_inv_desc invalidate desc type iotlb high 0x0 low 0xd2"
WAIT = "vtd_inv_desc invalidate desc type wait high 0x154c3c low 0x200000025"
DEVTLB = "vtd_inv_desc invalidate desc type device-iotlb high 0x7ffffffffffff001 low 0x800000003"
PIOTLB = "vtd_inv_desc invalidate desc type p-iotlb high 0x40 low 0x30026"
PIOTLB_PAGES = "vtd_inv_desc invalidate desc type p-iotlb high 0xfffff040 low 0x30036"
DROPPED = "vtd_iotlb_reset IOTLB reset (reason: limit)"

AMD_LEAF = "amdvi_command 00000000 30000003 fffff001 7fffffff"
AMD_FULL = "amdvi_command 00000000 30000003 fffff003 7fffffff"
AMD_PAGE = "amdvi_command 00000000 30000003 40000002 00000000"
AMD_WAIT = "amdvi_command 01234001 10000000 00000017 00000000"
AMD_DEVTLB = "amdvi_command 00000018 40000018 fffff001 7fffffff"

SMMU_ASID = "smmuv3_cmdq_opcode <--- SMMU_CMD_TLBI_NH_ASID"
SMMU_RANGE = "smmuv3_cmdq_opcode <--- SMMU_CMD_TLBI_NH_VA"
SMMU_SYNC = "smmuv3_cmdq_opcode <--- SMMU_CMD_SYNC"
SMMU_LEAF = "smmuv3_s1_range_inval vmid=0 asid=1 addr=0xfffff000 tg=1 num_pages=0x1 ttl=3 leaf=1"
SMMU_WALK = SMMU_LEAF.replace("leaf=1", "leaf=0")


def verdict(claims, *lines, marks=("dma_probe_mark 1", "dma_probe_mark 2"), iommu="intel"):
    """The errors that ci/lib/oracle.py finds in one interval over these trace lines."""
    with tempfile.TemporaryDirectory() as folder:
        console, log = pathlib.Path(folder) / "console", pathlib.Path(folder) / "trace"
        console.write_text(f"[    1.5]     # a_test: interval 1 2 it {claims}\n", encoding="utf-8")
        around = lines[:1]
        log.write_text("\n".join([*around, marks[0], *lines, *marks[1:], *around]),
                       encoding="utf-8")
        (_, wrong), = oracle.verdicts(iommu, [console], log)
        return wrong


class Verdicts(unittest.TestCase):
    """The oracle's verdicts on intervals."""

    def test_counts(self):
        """The oracle counts each kind of VT-d descriptor."""
        said = verdict("domain_leaf=2 domain_full=2 pages_leaf=2 pages=2 global=1 waits=1 devtlb=1"
                       " resets=1 all=8", DSI_LEAF, DSI_LEAF, DSI_FULL, PSI, GLOBAL, WAIT, DEVTLB,
                       DROPPED, PIOTLB, PIOTLB_PAGES)
        self.assertEqual(said, [])

    def test_counts_amdvi(self):
        """The oracle counts each kind of AMD-Vi command, S and PDE bits included."""
        said = verdict("domain_leaf=1 domain_full=1 pages_full=2 pages_leaf=1 waits=1 devtlb=1"
                       " resets=1", AMD_LEAF, AMD_FULL, AMD_PAGE,
                       AMD_PAGE.replace("40000002", "40000000"),
                       AMD_FULL.replace("7fffffff", "0fffffff"), AMD_WAIT, AMD_DEVTLB,
                       "amdvi_iotlb_reset IOTLB exceed size limit - reset", iommu="amd")
        self.assertEqual(said, [])

    def test_counts_smmuv3(self):
        """The oracle counts each kind of SMMUv3 command; a range that QEMU splits is one."""
        said = verdict("domain_full=1 pages_leaf=1 pages_full=1 waits=1 resets=1 faults=1",
                       SMMU_ASID, SMMU_RANGE, SMMU_LEAF, SMMU_LEAF, SMMU_RANGE, SMMU_WALK,
                       SMMU_SYNC, "smmu_iotlb_inv_all IOTLB invalidate all",
                       "smmuv3_record_event smmuv3-iommu-memory-region-0-2 F_TRANSLATION",
                       iommu="arm-smmu-v3")
        self.assertEqual(said, [])

    def test_counts_smmuv3_stage2(self):
        """The oracle counts commands of stage 2; those of stage 1 are unknown there."""
        lines = [SMMU_ASID.replace("NH_ASID", "S12_VMALL"), SMMU_RANGE.replace("NH_VA", "S2_IPA"),
                 SMMU_LEAF.replace("s1_range", "range"), SMMU_SYNC]
        claims = "domain_full=1 pages_leaf=1 waits=1 all=2"
        self.assertEqual(verdict(claims, *lines, iommu="arm-smmu-v3-stage2"), [])
        self.assertTrue(verdict(claims, *lines, SMMU_ASID, iommu="arm-smmu-v3-stage2"))

    def test_finds_differences(self):
        """The oracle finds a surplus command, a missing one, one of another kind."""
        for lines in ([DSI_LEAF, DSI_LEAF], [WAIT], [DSI_FULL], [PSI]):
            self.assertTrue(verdict("domain_leaf=1 domain_full=0 pages=0", *lines), lines)

    def test_finds_unknown_commands(self):
        """The oracle fails an interval with a command that it does not know."""
        for iommu, line in (("intel", DSI_LEAF.replace("0x300e2", "0x300ef")),
                            ("amd", AMD_LEAF.replace("30000003", "f0000003")),
                            ("arm-smmu-v3", SMMU_ASID.replace("TLBI_NH_ASID", "TLBI_EL3_ALL"))):
            self.assertTrue(verdict("global=0", line, iommu=iommu), line)

    def test_bounds(self):
        """The oracle judges upper and lower bounds."""
        self.assertFalse(verdict("waits<=1 pages>=1", WAIT, PSI))
        self.assertTrue(verdict("waits<=1", WAIT, WAIT))
        self.assertTrue(verdict("waits>=1", PSI))

    def test_two_logs(self):
        """A NIC's guest announces its interval among the results; a strict kernel fails it."""
        said = "# interval 1 2 mlx5 waits>=1 waits<=2\n"
        with tempfile.TemporaryDirectory() as folder:
            console, results, log = (pathlib.Path(folder) / name for name in ("c", "r", "t"))
            console.write_text("[    1.5] hello\n", encoding="utf-8")
            results.write_text(f"KTAP version 1\n1..1\n{said}ok 1 x\n", encoding="utf-8")
            for syncs, wrong in (([DSI_LEAF, WAIT] * 2, False), ([PSI, WAIT] * 4, True),
                                 ([], True)):
                log.write_text("\n".join(["dma_probe_mark 1", *syncs, "dma_probe_mark 2"]),
                               encoding="utf-8")
                (_, found), = oracle.verdicts("intel", [console, results], log)
                self.assertEqual(bool(found), wrong, found)
            (_, found), = oracle.verdicts("intel", [console], log)
            self.assertTrue(found)

    def test_domains(self):
        """The oracle counts only one domain if the interval names it."""
        other = DSI_LEAF.replace("0x300e2", "0x400e2")
        self.assertFalse(verdict("domain=3 domain_leaf=1", DSI_LEAF, other))
        self.assertFalse(verdict("domain_leaf=2", DSI_LEAF, other))

    def test_marks(self):
        """The oracle fails an interval whose marks are missing, doubled or swapped."""
        one, two = "dma_probe_mark 1", "dma_probe_mark 2"
        for wrong in ((one,), (one, two, two), (two, one)):
            self.assertTrue(verdict("pages=0", WAIT, marks=wrong), wrong)

    def test_unknown_keys(self):
        """The oracle fails an interval with unknown keys, bad values or no claims."""
        self.assertTrue(verdict("dsi=0", WAIT))
        self.assertTrue(verdict("pages=x", WAIT))
        self.assertTrue(verdict("", WAIT))
