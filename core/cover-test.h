/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Random runs of pages, and bitmaps of the pages that commands name, for the KUnit
 * tests of the backends. Inline, because one kernel may build several of these tests.
 */
#ifndef _XSMMU_COVER_TEST_H
#define _XSMMU_COVER_TEST_H

#include <kunit/test.h>
#include <linux/bitmap.h>
#include <linux/prandom.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include "xsmmu.h"

#define COVER_PAGES	1024

/* Each run is in a part of its own. */
#define COVER_PART	(COVER_PAGES / XSMMU_MAX_RUNS)

/**
 * struct cover - runs, and the pages that the commands of a sync name
 * @run: the runs
 * @n: number of runs
 * @wanted: their pages
 * @iommu: pages that the IOMMU's TLB drops
 * @device: pages that the TLB of the device drops
 */
struct cover {
	struct xsmmu_run run[XSMMU_MAX_RUNS];
	unsigned int n;
	DECLARE_BITMAP(wanted, COVER_PAGES);
	DECLARE_BITMAP(iommu, COVER_PAGES);
	DECLARE_BITMAP(device, COVER_PAGES);
};

/* Make runs of up to @longest pages. */
static inline void cover_runs(struct cover *c, struct rnd_state *rnd,
			      unsigned int longest)
{
	unsigned int i, len, at;

	memset(c, 0, sizeof(*c));
	c->n = 1 + prandom_u32_state(rnd) % XSMMU_MAX_RUNS;
	for (i = 0; i < c->n; i++) {
		len = 1 + prandom_u32_state(rnd) % longest;
		at = i * COVER_PART +
		     prandom_u32_state(rnd) % (COVER_PART - len);
		bitmap_set(c->wanted, at, len);
		c->run[i] = (struct xsmmu_run){ at * SZ_4K, len };
	}
}

/* A command names pages. No page is named twice. */
static inline void cover_add(struct kunit *test, unsigned long *named,
			     u64 first, u64 pages)
{
	KUNIT_ASSERT_LE(test, first + pages, COVER_PAGES);
	KUNIT_EXPECT_EQ(test, first + pages,
			find_next_bit(named, first + pages, first));
	bitmap_set(named, first, pages);
}

/* A block, by its first page or one in it: an IOMMU ignores the bits below the size. */
static inline void cover_add_block(struct kunit *test, unsigned long *named,
				   u64 page, unsigned int order)
{
	cover_add(test, named, page & ~(BIT_ULL(order) - 1), BIT_ULL(order));
}

/* A bitmap has all pages of the runs, and beside each as many others at most. */
static inline void cover_expect(struct kunit *test, const struct cover *c,
				const unsigned long *named)
{
	unsigned int i, pages;

	KUNIT_EXPECT_TRUE(test, bitmap_subset(c->wanted, named, COVER_PAGES));
	for (i = 0; i < XSMMU_MAX_RUNS; i++) {
		pages = bitmap_weight(named + BIT_WORD(i * COVER_PART),
				      COVER_PART);
		KUNIT_EXPECT_LE(test, pages, 2 * c->run[i].pages);
	}
}

/* A bitmap has the pages of the runs and no others. */
static inline void cover_expect_exact(struct kunit *test, const struct cover *c,
				      const unsigned long *named)
{
	KUNIT_EXPECT_TRUE(test, bitmap_equal(c->wanted, named, COVER_PAGES));
}

#endif /* _XSMMU_COVER_TEST_H */
