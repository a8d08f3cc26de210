/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Accessors of Linux 6.12's VT-d driver that need what is private to its main
 * file: the format of its tables, and a quirk.
 *
 * Included once by iommu.c, at its end. xsmmu-base.h declares them.
 */
#ifdef CONFIG_XSMMU_INTEL
#include "xsmmu-base.h"

u64 *intel_xsmmu_find_entry(struct dmar_domain *domain, dma_addr_t iova)
{
	unsigned long pfn = iova >> VTD_PAGE_SHIFT;
	int level = agaw_to_level(domain->agaw);
	struct dma_pte *pte, *table = domain->pgd;

	/* The walk ignores higher bits. */
	if (!domain_pfn_supported(domain, pfn))
		return NULL;
	while (true) {
		pte = &table[pfn_level_offset(pfn, level)];
		if (level == 1)
			return &pte->val;
		if (!dma_pte_present(pte) || dma_pte_superpage(pte))
			return NULL;
		table = phys_to_virt(dma_pte_addr(pte));
		level--;
	}
}

bool intel_xsmmu_has_write_buffer(const struct intel_iommu *iommu)
{
	return rwbf_quirk || cap_rwbf(iommu->cap);
}
#endif /* CONFIG_XSMMU_INTEL */
