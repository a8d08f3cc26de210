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

static struct probe_ats ats_now(void)
{
	struct probe_ats ats;

	probe_get_ats(target.probe, &ats);
	return ats;
}

static void device_translates_through_its_own_tlb(struct kunit *test)
{
	struct probe_ats first = ats_now(), second, third;
	struct batch *b;

	KUNIT_ASSERT_TRUE_MSG(test, target.ats,
			      "start QEMU with -device intel-iommu,device-iotlb=on -device dma-probe,ats=on");
	b = test_batch_in_reach(test, BUFFERS);
	second = ats_now();
	KUNIT_EXPECT_GE(test, second.fills - first.fills, (u64)BUFFERS);
	/* Each attack reads once and writes once. */
	KUNIT_EXPECT_EQ(test, batch_reached(b), b->n);
	third = ats_now();
	KUNIT_EXPECT_EQ(test, third.fills, second.fills);
	KUNIT_EXPECT_EQ(test, third.hits - second.hits, (u64)2 * BUFFERS);
	KUNIT_EXPECT_EQ(test, third.overflows, (u64)0);
}

static void sync_empties_the_device_tlb(struct kunit *test)
{
	struct batch *b = test_batch_in_reach(test, BUFFERS);
	struct probe_ats before, after;
	u32 w;

	batch_unmap_no_sync(b);
	before = ats_now();
	KUNIT_EXPECT_GE(test, before.entries, (u64)BUFFERS);
	/* In reach through the device's TLB: no translation is fetched. */
	KUNIT_EXPECT_EQ(test, batch_reached(b), b->n);
	KUNIT_EXPECT_EQ(test, ats_now().fills, before.fills);

	w = interval_open();
	test_sync(test);
	interval_close(test, w, "ats_sync", (struct cmds){ .leaf = 1 });
	after = ats_now();
	KUNIT_EXPECT_EQ(test, after.entries, (u64)0);
	KUNIT_EXPECT_EQ(test, after.invalidations - before.invalidations,
			(u64)1);
	KUNIT_EXPECT_EQ(test, batch_reached(b), 0);
	KUNIT_EXPECT_GT(test, ats_now().refused, after.refused);
}

static const struct attack_case ats_cases[] = {
	ATTACK_CASE(device_translates_through_its_own_tlb, ANY_MODE),
	ATTACK_CASE(sync_empties_the_device_tlb, XSMMU),
	{ }
};

ATTACK_SUITE(ats, "ats");
