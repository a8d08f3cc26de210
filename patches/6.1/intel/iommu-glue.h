/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Accessors of Linux 6.1's VT-d driver that need what is private to its main
 * file: the walk to an entry, and a quirk.
 *
 * Included once by iommu.c, at its end. xsmmu-base.h declares them.
 */
#ifdef CONFIG_XSMMU_INTEL
#include "xsmmu-base.h"

u64 *intel_xsmmu_find_entry(struct dmar_domain *domain, dma_addr_t iova)
{
	unsigned long pfn = iova >> VTD_PAGE_SHIFT;
	struct dma_pte *pte;
	int level = 1;

	/* The walk ignores higher bits. */
	if (!domain_pfn_supported(domain, pfn))
		return NULL;
	/* Changes the level if the walk ends above it. */
	pte = dma_pfn_level_pte(domain, pfn, 1, &level);
	return pte && level == 1 ? &pte->val : NULL;
}

bool intel_xsmmu_has_write_buffer(const struct intel_iommu *iommu)
{
	return rwbf_quirk || cap_rwbf(iommu->cap);
}
#endif /* CONFIG_XSMMU_INTEL */
