/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Runs of pages, cut into blocks that an invalidation command can name: a power of
 * two of pages, naturally aligned.
 */
#ifndef _XSMMU_BLOCKS_H
#define _XSMMU_BLOCKS_H

#include <linux/bitops.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include "xsmmu.h"

/* No sync names more blocks, whatever debugfs says. */
#define XSMMU_MAX_BLOCKS	32

/* The largest block, for an IOMMU that sets no limit: an unsigned int of pages. */
#define XSMMU_MAX_ORDER		31

/**
 * struct xsmmu_blocks - blocks that a sync names
 * @n: their number
 * @block: the address of the first page, and log2 of the number of pages in the
 *	low bits
 */
struct xsmmu_blocks {
	unsigned int n;
	u64 block[XSMMU_MAX_BLOCKS];
};

static inline u64 xsmmu_block_addr(u64 block)
{
	return block & GENMASK_ULL(63, 12);
}

static inline unsigned int xsmmu_block_order(u64 block)
{
	return block & GENMASK_ULL(5, 0);
}

/**
 * xsmmu_block_by_zero - a block, as PCIe ATS and AMD-Vi encode it
 * @block: the block
 *
 * Bit 0 says that there is more than one page. Then the lowest zero bit of the
 * address, from bit 12 on, gives the size: bit 12 is zero for two pages.
 *
 * Return: the address word.
 */
static inline u64 xsmmu_block_by_zero(u64 block)
{
	unsigned int order = xsmmu_block_order(block);

	if (!order)
		return xsmmu_block_addr(block);
	return xsmmu_block_addr(block) | (BIT_ULL(order - 1) - 1) << 12 | 1;
}

/* Add a block that begins at page @pfn. The caller has seen that there is room. */
static inline void xsmmu_add_block(struct xsmmu_blocks *b, u64 pfn,
				   unsigned int order)
{
	b->block[b->n++] = pfn << 12 | order;
}

/*
 * Add the blocks of a run, which have no other page. Returns false if there would be
 * more than @most.
 */
static inline bool xsmmu_cut_exactly(struct xsmmu_blocks *b,
				     const struct xsmmu_run *run,
				     unsigned int order, unsigned int most)
{
	u64 pfn = (u64)run->addr >> 12;
	unsigned int left = run->pages;
	unsigned int size;

	while (left) {
		if (b->n == most)
			return false;
		size = min3((unsigned int)ilog2(left), order,
			    (unsigned int)__ffs64(pfn | BIT_ULL(63)));
		xsmmu_add_block(b, pfn, size);
		pfn += 1U << size;
		left -= 1U << size;
	}
	return true;
}

/*
 * Add one block or two that have the pages of a run, of two pages or more, and at most
 * as many others. Returns false if the IOMMU cannot name these.
 *
 * The block around the run serves if it is short enough. Otherwise the run is split in
 * its middle, the page with the most aligned address behind the first. No such page
 * is left or right of it, so the blocks that end and begin there are aligned, and each
 * is shorter than twice its part of the run.
 */
static inline bool xsmmu_cover_run(struct xsmmu_blocks *b,
				   const struct xsmmu_run *run,
				   unsigned int order, unsigned int room)
{
	u64 first = (u64)run->addr >> 12, last = first + run->pages - 1;
	unsigned int around = fls64(first ^ last), left, right;
	u64 middle = last & ~(BIT_ULL(around - 1) - 1);

	if (room >= 1 && around <= order &&
	    BIT_ULL(around) <= 2 * (u64)run->pages) {
		xsmmu_add_block(b, first & ~(BIT_ULL(around) - 1), around);
		return true;
	}
	left = order_base_2(middle - first);
	right = order_base_2(last - middle + 1);
	if (room < 2 || max(left, right) > order)
		return false;
	xsmmu_add_block(b, middle - BIT_ULL(left), left);
	xsmmu_add_block(b, middle, right);
	return true;
}

/*
 * Add the blocks of a run: exactly its pages if these are a block. Returns false if there
 * would be more than @most blocks.
 */
static inline bool xsmmu_cut_run(struct xsmmu_blocks *b,
				 const struct xsmmu_run *run,
				 unsigned int order, unsigned int most)
{
	unsigned int n = b->n;

	if (xsmmu_cut_exactly(b, run, order, min(n + 1, most)))
		return true;
	b->n = n;
	if (run->pages > 1 && xsmmu_cover_run(b, run, order, most - n))
		return true;
	return xsmmu_cut_exactly(b, run, order, most);
}

/**
 * xsmmu_cut - cut runs into blocks
 * @b: set to the blocks, in the order of the runs
 * @run: the runs
 * @n: number of runs
 * @order: log2 of the pages of the largest block that the IOMMU can name
 * @most: the most blocks wanted, at most XSMMU_MAX_BLOCKS
 *
 * The blocks of a run have all of its pages. They are one or two, and have at most as
 * many other pages as the run has. These are walked again, and lose nothing else. A run
 * that takes larger blocks than @order for that is cut exactly.
 *
 * Context: any.
 * Return: false if there would be more.
 */
static inline bool xsmmu_cut(struct xsmmu_blocks *b,
			     const struct xsmmu_run *run, unsigned int n,
			     unsigned int order, unsigned int most)
{
	for (b->n = 0; n; n--, run++)
		if (!xsmmu_cut_run(b, run, order, most))
			return false;
	return true;
}

#endif /* _XSMMU_BLOCKS_H */
