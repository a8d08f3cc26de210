// SPDX-License-Identifier: GPL-2.0
/*
 * The leaf entry of an address, in AMD-Vi's v1 or v2 tables.
 *
 * Section numbers are those of the "AMD I/O Virtualization Technology (IOMMU)
 * Specification", publication 48882, revision 3.
 */
#include "amd_iommu.h"
#include "xsmmu.h"
#include "xsmmu-base.h"

/**
 * amd_xsmmu_leaf_entry - find the entry that maps a page of 4 KiB
 * @domain: the domain
 * @iova: bus address in the page
 * @after: if there is such an entry, set to XSMMU_SYNC_MAP or to 0. An IOMMU that
 *	caches entries that are not present (NpCache, 3.2.1) has to be told of a
 *	new mapping. Entries are never cleaned, because walks are coherent
 *
 * Only reads the tables. The caller makes sure that none on the way is freed: no
 * superpage replaces the table of the entry, and the domain stays. An entry of a
 * series that maps a page above 4 KiB is none.
 *
 * Context: any but NMI.
 * Return: the entry, which may be zero; NULL if there is no table for it, or a
 * larger page is mapped.
 */
u64 *amd_xsmmu_leaf_entry(struct iommu_domain *domain, dma_addr_t iova,
			  unsigned int *after)
{
	struct protection_domain *pdom;
	u64 *entry;

	pdom = container_of(domain, struct protection_domain, domain);
	entry = amd_xsmmu_find_entry(pdom, iova);
	if (entry)
		*after = amd_iommu_np_cache ? XSMMU_SYNC_MAP : 0;
	return entry;
}
