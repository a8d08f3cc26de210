// SPDX-License-Identifier: GPL-2.0
/*
 * Suite "pagealloc": a driver's bug, a page that is freed while it is mapped. Linux 7.3
 * warns (CONFIG_IOMMU_DEBUG_PAGEALLOC). This is the control of the cells in which it must not.
 *
 * The kernel must be booted with iommu.debug_pagealloc=1 and xsmmu.windows=0: it sees only
 * what iommu_map() maps, and a window writes its entries itself.
 */
#include <linux/dma-mapping.h>
#include <linux/gfp.h>

#include "suites.h"

static void page_is_freed_while_it_is_mapped(struct kunit *test)
{
	struct page *page = alloc_page(GFP_KERNEL);
	dma_addr_t iova;

	KUNIT_ASSERT_NOT_NULL(test, page);
	iova = dma_map_page(target.dev, page, 0, PAGE_SIZE, DMA_BIDIRECTIONAL);
	KUNIT_EXPECT_FALSE(test, dma_mapping_error(target.dev, iova));
	__free_page(page);
	if (!dma_mapping_error(target.dev, iova))
		dma_unmap_page(target.dev, iova, PAGE_SIZE, DMA_BIDIRECTIONAL);
}

static const struct attack_case pagealloc_cases[] = {
	ATTACK_CASE(page_is_freed_while_it_is_mapped, XSMMU),
	{ }
};

ATTACK_SUITE(pagealloc, WORDS("pagealloc"));
