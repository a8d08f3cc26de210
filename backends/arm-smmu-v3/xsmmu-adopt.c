// SPDX-License-Identifier: GPL-2.0
/*
 * Adoption: which DMA domains note what their batches clear, and the ops with
 * which they do it.
 *
 * If walks are not coherent, a sync can clean cache lines once per batch, but only
 * if unmaps noted them. So an adopted domain gets a copy of the driver's ops in
 * which unmap_pages notes and iotlb_sync_map cleans. The other members stay the
 * driver's. A domain that is not adopted keeps the driver's ops, and the page-table
 * code cleans each entry at once.
 */
#include <linux/io-pgtable.h>
#include "arm-smmu-v3.h"
#include "xsmmu.h"
#include "xsmmu-glue.h"

/*
 * Unmap, and note what a batch has cleared. There is no flush queue in xSMMU
 * mode, so a queued gather is the core's private one.
 */
static size_t smmu_unmap_pages(struct iommu_domain *domain, unsigned long iova,
			       size_t pgsize, size_t pgcount,
			       struct iommu_iotlb_gather *gather)
{
	struct arm_smmu_pending *p = to_smmu_domain(domain)->pending;
	/* Read first: splitting two blocks initialises the gather again. */
	bool queued = iommu_iotlb_gather_queued(gather);
	size_t unmapped;

	unmapped = p->driver->unmap_pages(domain, iova, pgsize, pgcount,
					  gather);
	if (unmapped && queued)
		arm_smmu_pending_add(p, iova, __ffs(pgsize), unmapped / pgsize);
	return unmapped;
}

/**
 * arm_smmu_xsmmu_adopt - let a domain note what its batches clear, if that helps
 * @domain: a domain with an SMMU, tables and the driver's ops, in which nothing
 *	is being mapped or unmapped and nothing is in quarantine
 *
 * It does not help behind a coherent SMMU. The domain is not adopted either if there
 * is no memory, or if the copy would replace an iotlb_sync_map that the driver has.
 *
 * Context: process context, may sleep.
 */
void arm_smmu_xsmmu_adopt(struct iommu_domain *domain)
{
	struct arm_smmu_domain *smmu_domain = to_smmu_domain(domain);
	u32 features = smmu_domain->smmu->features;
	struct arm_smmu_pending *p;

	if (features & ARM_SMMU_FEAT_COHERENCY || domain->ops->iotlb_sync_map)
		return;
	p = arm_smmu_pending_alloc(smmu_domain->pgtbl_ops);
	if (!p)
		return;
	p->driver = domain->ops;
	p->ops = *domain->ops;
	p->ops.unmap_pages = smmu_unmap_pages;
	p->ops.iotlb_sync_map = arm_smmu_xsmmu_iotlb_sync_map;
	smmu_domain->pending = p;
	domain->ops = &p->ops;
}

/**
 * arm_smmu_xsmmu_attach - a device is being attached to a domain
 * @domain: the domain; it has its SMMU and, if it translates, its tables
 *
 * In xSMMU mode the first attach of a DMA domain adopts it. Later ones do not:
 * while a domain is in use its ops cannot be replaced, and what its batches have
 * cleared so far was not noted.
 *
 * Context: process context, may sleep. The caller serialises the attaches of a
 * domain.
 */
void arm_smmu_xsmmu_attach(struct iommu_domain *domain)
{
	struct arm_smmu_domain *smmu_domain = to_smmu_domain(domain);
	bool first = !smmu_domain->xsmmu_attached;

	smmu_domain->xsmmu_attached = true;
	if (first && xsmmu_mode() && iommu_is_dma_domain(domain))
		arm_smmu_xsmmu_adopt(domain);
}

/**
 * arm_smmu_xsmmu_free - a domain is being freed, and its tables are gone
 * @smmu_domain: the domain; its ops are gone afterwards
 *
 * Context: process context, may sleep.
 */
void arm_smmu_xsmmu_free(struct arm_smmu_domain *smmu_domain)
{
	arm_smmu_pending_free(smmu_domain->pending);
}
