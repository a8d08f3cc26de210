// SPDX-License-Identifier: GPL-2.0
/*
 * Suite "ats": the probe translates through a TLB of its own. The other suites can
 * run on such a probe. This suite checks that the probe has a TLB and uses it.
 */
#include <linux/dma-mapping.h>

#include "buffers.h"
#include "suites.h"
#include "interval.h"

#define BUFFERS		64

static void device_translates_through_its_own_tlb(struct kunit *test)
{
	u64 before = probe_get(DMA_PROBE_ATS_FILLS), fills, hits;
	struct batch *b;

	KUNIT_ASSERT_TRUE_MSG(test, target.ats,
			      "start QEMU with -device intel-iommu,device-iotlb=on -device dma-probe,ats=on");
	b = test_batch_in_reach(test, BUFFERS);
	fills = probe_get(DMA_PROBE_ATS_FILLS);
	hits = probe_get(DMA_PROBE_ATS_HITS);
	KUNIT_EXPECT_GE(test, fills - before, (u64)BUFFERS);
	/* Each attack reads once and writes once. */
	KUNIT_EXPECT_EQ(test, batch_reached(b), b->n);
	KUNIT_EXPECT_EQ(test, probe_get(DMA_PROBE_ATS_FILLS), fills);
	KUNIT_EXPECT_EQ(test, probe_get(DMA_PROBE_ATS_HITS) - hits,
			(u64)2 * BUFFERS);
	KUNIT_EXPECT_EQ(test, probe_get(DMA_PROBE_ATS_OVERFLOWS), (u64)0);
}

static void sync_empties_the_device_tlb(struct kunit *test)
{
	struct batch *b = test_batch_in_reach(test, BUFFERS);
	u64 fills = probe_get(DMA_PROBE_ATS_FILLS);
	u64 invalidations = probe_get(DMA_PROBE_ATS_INVALIDATIONS);
	u64 refused;
	u32 w;

	batch_unmap_no_sync(b);
	KUNIT_EXPECT_GE(test, probe_get(DMA_PROBE_ATS_ENTRIES), (u64)BUFFERS);
	/* In reach through the device's TLB: no translation is fetched. */
	KUNIT_EXPECT_EQ(test, batch_reached(b), b->n);
	KUNIT_EXPECT_EQ(test, probe_get(DMA_PROBE_ATS_FILLS), fills);

	w = interval_open();
	test_sync(test);
	interval_close(test, w, "ats_sync", (struct cmds){ .leaf = 1 });
	KUNIT_EXPECT_EQ(test, probe_get(DMA_PROBE_ATS_ENTRIES), (u64)0);
	KUNIT_EXPECT_EQ(test, probe_get(DMA_PROBE_ATS_INVALIDATIONS),
			invalidations + 1);
	refused = probe_get(DMA_PROBE_ATS_REFUSED);
	KUNIT_EXPECT_EQ(test, batch_reached(b), 0);
	KUNIT_EXPECT_GT(test, probe_get(DMA_PROBE_ATS_REFUSED), refused);
}

static const struct attack_case ats_cases[] = {
	ATTACK_CASE(device_translates_through_its_own_tlb, ANY_MODE),
	ATTACK_CASE(sync_empties_the_device_tlb, XSMMU),
	{ }
};

ATTACK_SUITE(ats, WORDS("ats"));
