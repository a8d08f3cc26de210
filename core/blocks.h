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

/* Add the blocks of a run. Returns false if there would be more than @most. */
static inline bool xsmmu_cut_run(struct xsmmu_blocks *b,
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
		b->block[b->n++] = pfn << 12 | size;
		pfn += 1U << size;
		left -= 1U << size;
	}
	return true;
}

/**
 * xsmmu_cut - cut runs into blocks
 * @b: set to the blocks, in order; they cover the pages of the runs and no other
 * @run: the runs
 * @n: number of runs
 * @order: log2 of the pages of the largest block that the IOMMU can name
 * @most: the most blocks wanted, at most XSMMU_MAX_BLOCKS
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
