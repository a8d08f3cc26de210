// SPDX-License-Identifier: GPL-2.0
/*
 * Suite "overflow": more unmaps without sync than a CPU's quarantine can hold. The
 * kernel must be booted with a small quarantine: xsmmu.quarantine=32.
 */
#include <linux/dma-mapping.h>

#include "buffers.h"
#include "suites.h"
#include "interval.h"

#define QUARANTINE	32
#define UNMAPS		128

/* More mappings than the magazines of the IOVA allocator hold addresses. */
#define MANY		4096

/* An unmap that finds the quarantine full syncs, and takes no place in it. */
#define PER_OVERFLOW	(QUARANTINE + 1)
#define OVERFLOWS	(UNMAPS / PER_OVERFLOW)

#ifndef CONFIG_XSMMU_DEBUG
#define xsmmu_quarantine_size	0
#endif

static void needs_small_quarantine(struct kunit *test)
{
	KUNIT_ASSERT_EQ_MSG(test, xsmmu_quarantine_size, QUARANTINE,
			    "boot with xsmmu.quarantine=%d", QUARANTINE);
}

static void overflow_syncs_once_per_full_quarantine(struct kunit *test)
{
	struct batch *b = test_batch_in_reach(test, UNMAPS);
	u32 w;

	needs_small_quarantine(test);
	w = interval_open();
	batch_unmap_no_sync(b);
	interval_close(test, w, "overflow",
		       (struct cmds){ .leaf = OVERFLOWS });

	/* Unmaps after the last overflow wait for the driver's sync. */
	w = interval_open();
	test_sync(test);
	interval_close(test, w, "after_overflow", (struct cmds){ .leaf = 1 });
	KUNIT_EXPECT_EQ(test, batch_bury(b), 0);
	KUNIT_EXPECT_EQ(test, probe_sweep(0, true), 0);
}

/* No unmap is lost, and none is released before an invalidation covers it. */
static void overflow_covers_all_earlier_unmaps(struct kunit *test)
{
	struct batch *b = test_batch_in_reach(test, UNMAPS);
	unsigned int i, since = 0;
	u32 w;

	needs_small_quarantine(test);
	w = interval_open();
	for (i = 0; i < b->n; i++) {
		/* Each overflow empties the IOTLB: fill it again. */
		KUNIT_EXPECT_EQ(test, attack(&b->buf[i], 0), REACHED);
		buf_unmap_no_sync(&b->buf[i]);
		since = (since + 1) % PER_OVERFLOW;
		if (since && since != QUARANTINE)
			continue;
		/*
		 * The quarantine is full, or was just emptied. In reach are buffers
		 * that are mapped, and those unmapped since the last overflow.
		 */
		KUNIT_EXPECT_EQ_MSG(test, batch_reached(b),
				    b->n - 1 - i + since,
				    "after unmap %u", i + 1);
	}
	test_sync(test);
	KUNIT_EXPECT_EQ(test, batch_reached(b), 0);
	interval_close(test, w, "overflow_attacked",
		       (struct cmds){ .leaf = OVERFLOWS + 1 });
}

static void iova_is_not_handed_out_before_the_overflow(struct kunit *test)
{
	struct batch *b = test_batch_in_reach(test, QUARANTINE);
	struct batch *more = test_batch(test, QUARANTINE);

	needs_small_quarantine(test);
	batch_unmap_no_sync(b);
	KUNIT_ASSERT_EQ(test, batch_map(more), 0);
	KUNIT_EXPECT_EQ(test, batch_iovas_in(b, more), 0);
}

/* This holds for IOVAs in quarantine, and for those that found no place in it. */
static void no_iova_is_lost_in_an_overflow(struct kunit *test)
{
	struct batch *b = test_batch_in_reach(test, UNMAPS);
	struct batch *more = test_batch(test, MANY);

	needs_small_quarantine(test);
	batch_unmap_no_sync(b);
	test_sync(test);
	KUNIT_ASSERT_EQ(test, batch_map(more), 0);
	KUNIT_EXPECT_EQ(test, batch_iovas_in(b, more), b->n);
}

static const struct attack_case overflow_cases[] = {
	ATTACK_CASE(overflow_syncs_once_per_full_quarantine, XSMMU),
	ATTACK_CASE(overflow_covers_all_earlier_unmaps, XSMMU),
	ATTACK_CASE(iova_is_not_handed_out_before_the_overflow, XSMMU),
	ATTACK_CASE(no_iova_is_lost_in_an_overflow, XSMMU),
	{ }
};

ATTACK_SUITE(overflow, WORDS("overflow"));
