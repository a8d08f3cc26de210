// SPDX-License-Identifier: GPL-2.0
/*
 * The leaf entry of an address, in VT-d's second-stage or first-stage tables.
 *
 * Section numbers are those of the "Intel Virtualization Technology for
 * Directed I/O Architecture Specification", revision 4.1.
 */
#include "iommu.h"
#include "xsmmu.h"
#include "xsmmu-base.h"

static int vtd_buffers_writes(struct intel_xsmmu_sync *unused,
			      struct intel_iommu *iommu, u16 did, u32 pasid)
{
	return intel_xsmmu_has_write_buffer(iommu);
}

/*
 * Is there an IOMMU that has to be told of a new mapping? It may cache entries
 * that are not present (6.1), or keep writes to the tables in a buffer (6.8).
 */
static bool vtd_acts_on_map(struct iommu_domain *domain)
{
	struct dmar_domain *dmar = to_dmar_domain(domain);
	bool buffers;

	if (intel_xsmmu_domain_is_shadowed(domain))
		return true;
	rcu_read_lock();
	buffers = intel_xsmmu_each_iommu(dmar, vtd_buffers_writes, NULL);
	rcu_read_unlock();
	return buffers;
}

/**
 * intel_xsmmu_leaf_entry - find the entry that maps a page of 4 KiB
 * @domain: the domain
 * @iova: bus address in the page
 * @after: if there is such an entry, set to XSMMU_CLEAN_ENTRY and XSMMU_SYNC_MAP
 *	as the IOMMUs need it that the domain is attached to now
 *
 * Only reads the tables. The caller makes sure that none on the way is freed, so
 * that no unmap covers all that the table of the entry maps.
 *
 * Context: any but NMI.
 * Return: the entry, which may be zero; NULL if there is no table for it, or a
 * larger page is mapped.
 */
u64 *intel_xsmmu_leaf_entry(struct iommu_domain *domain, dma_addr_t iova,
			    unsigned int *after)
{
	struct dmar_domain *dmar = to_dmar_domain(domain);
	u64 *entry = intel_xsmmu_find_entry(dmar, iova);

	if (!entry)
		return NULL;
	*after = 0;
	if (!intel_xsmmu_is_coherent(dmar))
		*after |= XSMMU_CLEAN_ENTRY;
	if (vtd_acts_on_map(domain))
		*after |= XSMMU_SYNC_MAP;
	return entry;
}
