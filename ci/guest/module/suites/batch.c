// SPDX-License-Identifier: GPL-2.0
/*
 * Suite "batch": many buffers and one sync. QEMU's IOTLB holds 1024 translations
 * and drops all of them when it is full, so the tests use far fewer.
 */
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/irqflags.h>

#include "buffers.h"
#include "suites.h"
#include "interval.h"

/* A backstop with work to do would have done it in this time. */
#define BACKSTOP_WAIT_MS	100

/* Declare a batch dead. The device still reads and writes @n of all dead pages. */
static void expect_landed(struct kunit *test, const struct batch *b,
			  unsigned int n)
{
	KUNIT_EXPECT_EQ(test, batch_bury(b), 0);
	KUNIT_EXPECT_EQ(test, probe_sweep(0, false), n);
	KUNIT_EXPECT_EQ(test, probe_sweep(1, true), n);
}

static void attack_batch(struct kunit *test, unsigned int n)
{
	unsigned int after = target.mode == TARGET_PASSTHROUGH ? n : 0;
	struct batch *b = test_batch_in_reach(test, n);
	u32 w = interval_open();

	batch_unmap_no_sync(b);
	/* A driver that frees too early exposes all pages. */
	if (target.mode == TARGET_XSMMU)
		expect_landed(test, b, n);
	test_sync(test);
	interval_close_syncs(test, w, "batch", n, 1);
	if (target.mode != TARGET_LAZY)
		expect_landed(test, b, after);
}

static void one_sync_covers_64_buffers(struct kunit *test)
{
	attack_batch(test, 64);
}

static void one_sync_covers_200_buffers(struct kunit *test)
{
	attack_batch(test, 200);
}

static void ordinary_unmaps_cost_one_invalidation_each(struct kunit *test)
{
	struct batch *b = test_batch_in_reach(test, 64);
	u32 w = interval_open();

	batch_unmap(b);
	interval_close_unmaps(test, w, "ordinary_batch", b->n);
	if (!target_unmap_leaves_reach())
		expect_landed(test, b, 0);
}

/* The sweep finds what a lazy kernel leaves in reach. */
static void lazy_batch_is_in_reach_when_it_is_freed(struct kunit *test)
{
	struct batch *b = test_batch_in_reach(test, 64);
	unsigned long flags;
	int landed;

	/* The timer of the flush queue cannot run before the sweep. */
	local_irq_save(flags);
	batch_unmap(b);
	batch_bury(b);
	landed = probe_sweep(0, true);
	local_irq_restore(flags);
	KUNIT_EXPECT_GT(test, landed, 0);
}

static void syncs_of_two_batches_are_two_invalidations(struct kunit *test)
{
	struct batch *a = test_batch_in_reach(test, 64);
	struct batch *b = test_batch_in_reach(test, 64);
	u32 w = interval_open();

	batch_unmap_no_sync(a);
	test_sync(test);
	expect_landed(test, a, 0);
	/* The first sync covers nothing that comes later. */
	KUNIT_EXPECT_EQ(test, batch_reached(b), b->n);
	batch_unmap_no_sync(b);
	expect_landed(test, b, b->n);
	test_sync(test);
	interval_close(test, w, "two_batches", (struct cmds){ .leaf = 2 });
	expect_landed(test, b, 0);
}

static void backstop_costs_nothing_where_drivers_sync(struct kunit *test)
{
	struct batch *b = test_batch_in_reach(test, 64);
	unsigned long flags;
	u32 w;

	backstop(true);
	w = interval_open();
	/* The backstop's timer cannot run between unmap and sync. */
	local_irq_save(flags);
	batch_unmap_no_sync(b);
	test_sync(test);
	local_irq_restore(flags);
	msleep(BACKSTOP_WAIT_MS);
	interval_close(test, w, "backstop_idle", (struct cmds){ .leaf = 1 });
}

static const struct attack_case batch_cases[] = {
	ATTACK_CASE(one_sync_covers_64_buffers, ANY_MODE),
	ATTACK_CASE(one_sync_covers_200_buffers, ANY_MODE),
	ATTACK_CASE(ordinary_unmaps_cost_one_invalidation_each, ANY_MODE),
	ATTACK_CASE(lazy_batch_is_in_reach_when_it_is_freed, LAZY),
	ATTACK_CASE(syncs_of_two_batches_are_two_invalidations, XSMMU),
	ATTACK_CASE(backstop_costs_nothing_where_drivers_sync, XSMMU),
	{ }
};

ATTACK_SUITE(batch, WORDS("strict", "no-backend", "shadowed", "lazy",
			  "passthrough", "xsmmu", "ats"));
