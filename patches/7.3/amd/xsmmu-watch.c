// SPDX-License-Identifier: GPL-2.0
/*
 * Tells the AMD-Vi backend of unmaps in Linux 7.3, whose page tables are unmapped by
 * operations of their own.
 */
#include <linux/align.h>
#include <linux/bitops.h>
#include <linux/bits.h>
#include "amd_iommu.h"
#include "xsmmu.h"
#include "xsmmu-base.h"

/*
 * Can a page above 4 KiB have been mapped in a range? All of the range was unmapped.
 * Pages are naturally aligned, and each lies in the range as a whole. So if the smallest
 * of the larger sizes does not fit, none does.
 */
static bool amd_may_be_large(const struct protection_domain *pdom,
			     dma_addr_t iova, size_t size)
{
	unsigned long sizes = pdom->domain.pgsize_bitmap &
			      GENMASK(BITS_PER_LONG - 1, PAGE_SHIFT + 1);
	dma_addr_t first;
	size_t larger;

	if (!sizes)
		return false;
	larger = BIT(__ffs(sizes));
	first = ALIGN(iova, larger);
	/* The address wraps near the end of the address space. */
	return first >= iova && size >= larger && first - iova <= size - larger;
}

static size_t amd_unmap_range(struct pt_iommu *table, dma_addr_t iova,
			      dma_addr_t len, struct iommu_iotlb_gather *gather)
{
	struct protection_domain *pdom;
	size_t size;

	pdom = container_of(table, struct protection_domain, iommu);
	/* Returns more than @len if it ends within a larger page. */
	size = pdom->xsmmu_pt_ops->unmap_range(table, iova, len, gather);
	amd_xsmmu_unmapped(pdom, amd_may_be_large(pdom, iova, size) ? size :
								      PAGE_SIZE,
			   gather);
	return size;
}

void amd_xsmmu_watch_unmaps(struct protection_domain *pdom)
{
	if (!xsmmu_mode())
		return;
	pdom->xsmmu_pt_ops = pdom->iommu.ops;
	pdom->xsmmu_watching = *pdom->iommu.ops;
	pdom->xsmmu_watching.unmap_range = amd_unmap_range;
	pdom->iommu.ops = &pdom->xsmmu_watching;
}
