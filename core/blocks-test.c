// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the blocks that runs are cut into: all short runs at all places.
 */
#include <kunit/test.h>
#include <linux/bitmap.h>
#include <linux/sizes.h>
#include "blocks.h"

#define LONGEST		64
#define PLACES		64
/* Pages that the blocks of such a run may have. */
#define PAGES		256
/* A block of more pages than the longest run is never the smallest. */
#define ORDERS		8

/* The bounds of the pages of a block. */
static u64 first_of(u64 block)
{
	return xsmmu_block_addr(block) / SZ_4K;
}

static u64 end_of(u64 block)
{
	return first_of(block) + BIT_ULL(xsmmu_block_order(block));
}

/*
 * The blocks are aligned and no larger than @order, none has a page of another, and
 * together they have all pages of the run. Returns how many others they have.
 */
static unsigned int expect_blocks(struct kunit *test,
				  const struct xsmmu_blocks *b,
				  const struct xsmmu_run *run,
				  unsigned int order)
{
	unsigned int first = run->addr / SZ_4K, i;
	DECLARE_BITMAP(named, PAGES) = {};

	for (i = 0; i < b->n; i++) {
		u64 from = first_of(b->block[i]), to = end_of(b->block[i]);

		KUNIT_EXPECT_LE(test, xsmmu_block_order(b->block[i]), order);
		KUNIT_EXPECT_TRUE(test, IS_ALIGNED(from, to - from));
		KUNIT_ASSERT_LE(test, to, PAGES);
		KUNIT_EXPECT_EQ(test, find_next_bit(named, to, from), to);
		bitmap_set(named, from, to - from);
	}
	KUNIT_EXPECT_EQ(test, first + run->pages,
			find_next_zero_bit(named, first + run->pages, first));
	return bitmap_weight(named, PAGES) - run->pages;
}

/* The fewest blocks that have exactly the pages of a run, one page after the other. */
static unsigned int exact_blocks(const struct xsmmu_run *run,
				 unsigned int order)
{
	unsigned int at = run->addr / SZ_4K, end = at + run->pages, n, k;

	for (n = 0; at < end; n++) {
		for (k = order; at % BIT(k) || at + BIT(k) > end; k--)
			;
		at += BIT(k);
	}
	return n;
}

/* Call @fn for each short run at each place. */
static void try_all_runs(struct kunit *test, unsigned int order,
			 void (*fn)(struct kunit *test,
				    const struct xsmmu_run *run,
				    unsigned int order))
{
	struct xsmmu_run run;
	unsigned int at;

	for (at = 0; at < PLACES; at++) {
		run.addr = (dma_addr_t)at * SZ_4K;
		for (run.pages = 1; run.pages <= LONGEST; run.pages++)
			fn(test, &run, order);
	}
}

static void expect_two(struct kunit *test, const struct xsmmu_run *run,
		       unsigned int order)
{
	u64 first = run->addr / SZ_4K, last = first + run->pages - 1;
	bool one = BIT_ULL(fls64(first ^ last)) <= 2 * (u64)run->pages;
	unsigned int exact = exact_blocks(run, order), others;
	struct xsmmu_blocks b;

	KUNIT_ASSERT_TRUE(test, xsmmu_cut(&b, run, 1, order, XSMMU_MAX_BLOCKS));
	others = expect_blocks(test, &b, run, order);
	KUNIT_EXPECT_EQ(test, b.n, one ? 1 : 2);
	KUNIT_EXPECT_LE(test, others, b.n == exact ? 0 : run->pages);
}

static void run_is_two_blocks_at_most(struct kunit *test)
{
	try_all_runs(test, ORDERS, expect_two);
	try_all_runs(test, XSMMU_MAX_ORDER, expect_two);
}

/* Either exactly the run, however many blocks that takes, or two blocks. */
static void expect_small(struct kunit *test, const struct xsmmu_run *run,
			 unsigned int order)
{
	unsigned int exact = exact_blocks(run, order), others;
	struct xsmmu_blocks b;

	if (!xsmmu_cut(&b, run, 1, order, XSMMU_MAX_BLOCKS)) {
		KUNIT_EXPECT_GT(test, exact, XSMMU_MAX_BLOCKS);
		return;
	}
	others = expect_blocks(test, &b, run, order);
	KUNIT_EXPECT_LE(test, others, b.n > 2 ? 0 : run->pages);
	KUNIT_EXPECT_LE(test, b.n, max(exact, 2U));
}

static void blocks_are_no_larger_than_the_iommu_can_name(struct kunit *test)
{
	unsigned int order;

	for (order = 0; order < ORDERS; order++)
		try_all_runs(test, order, expect_small);
}

/* The run comes after another one, of a block that is left out then. */
static void expect_limit(struct kunit *test, const struct xsmmu_run *run,
			 unsigned int order)
{
	struct xsmmu_run two[] = { { 0x100000, 2 }, *run };
	struct xsmmu_blocks b, again;
	unsigned int most;

	if (!xsmmu_cut(&b, two, 2, order, XSMMU_MAX_BLOCKS))
		return;
	KUNIT_EXPECT_EQ(test, b.block[0], order ? 0x100001 : 0x100000);
	for (most = 0; most <= b.n; most++) {
		bool fits = xsmmu_cut(&again, two, 2, order, most);

		/* With room for one block less, one around the run may serve. */
		KUNIT_EXPECT_TRUE(test, fits || most < b.n);
		KUNIT_EXPECT_LE(test, again.n, most);
		if (!fits || !order)
			continue;
		again.n--;
		memmove(again.block, again.block + 1, sizeof(u64) * again.n);
		KUNIT_EXPECT_LE(test, expect_blocks(test, &again, run, order),
				run->pages);
	}
}

static void blocks_are_no_more_than_wanted(struct kunit *test)
{
	try_all_runs(test, 0, expect_limit);
	try_all_runs(test, 2, expect_limit);
	try_all_runs(test, XSMMU_MAX_ORDER, expect_limit);
}

/* The longest run that there is takes the two largest blocks. */
static void longest_run_is_two_blocks(struct kunit *test)
{
	static const u64 addr[] = { 0, 0x1000 };
	struct xsmmu_run run = { .pages = UINT_MAX };
	struct xsmmu_blocks b;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(addr); i++) {
		run.addr = addr[i];
		KUNIT_EXPECT_TRUE(test, xsmmu_cut(&b, &run, 1, 31, 2));
		KUNIT_EXPECT_EQ(test, b.n, 2);
		KUNIT_EXPECT_EQ(test, b.block[0], 31);
		KUNIT_EXPECT_EQ(test, b.block[1], 0x8000000001fULL);
		KUNIT_EXPECT_FALSE(test, xsmmu_cut(&b, &run, 1, 30,
						   XSMMU_MAX_BLOCKS - 1));
	}
}

/* Words as they were worked out by hand. */
static void blocks_have_address_and_size(struct kunit *test)
{
	static const struct {
		struct xsmmu_run run;
		unsigned int n;
		u64 block[2];
	} cuts[] = {
		{ { 0x5000, 1 }, 1, { 0x5000 } },
		{ { 0x3000, 3 }, 2, { 0x3000, 0x4001 } },
		/* Five pages in a block of eight: exactly these would be two. */
		{ { 0x3000, 5 }, 1, { 0x0003 } },
		/* Seven pages in a block of eight. */
		{ { 0x41000, 7 }, 1, { 0x40003 } },
		/* Six pages around 0x8000: five before it, and one. */
		{ { 0x3000, 6 }, 2, { 0x0003, 0x8000 } },
		/* Three before 0x8000, three after it. */
		{ { 0x5000, 6 }, 2, { 0x4002, 0x8002 } },
		{ { 0xfffffffff9000, 7 }, 1, { 0xfffffffff8003 } },
	};
	struct xsmmu_blocks b;
	unsigned int i, k;

	for (i = 0; i < ARRAY_SIZE(cuts); i++) {
		KUNIT_EXPECT_TRUE(test, xsmmu_cut(&b, &cuts[i].run, 1, 31, 2));
		KUNIT_ASSERT_EQ(test, b.n, cuts[i].n);
		for (k = 0; k < b.n; k++)
			KUNIT_EXPECT_EQ(test, b.block[k], cuts[i].block[k]);
	}
}

static struct kunit_case xsmmu_blocks_cases[] = {
	KUNIT_CASE(run_is_two_blocks_at_most),
	KUNIT_CASE(blocks_are_no_larger_than_the_iommu_can_name),
	KUNIT_CASE(blocks_are_no_more_than_wanted),
	KUNIT_CASE(longest_run_is_two_blocks),
	KUNIT_CASE(blocks_have_address_and_size),
	{}
};

static struct kunit_suite xsmmu_blocks_suite = {
	.name = "xsmmu-blocks",
	.test_cases = xsmmu_blocks_cases,
};

kunit_test_suites(&xsmmu_blocks_suite);
