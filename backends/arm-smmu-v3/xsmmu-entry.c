// SPDX-License-Identifier: GPL-2.0
/*
 * The leaf entry of an address, in stage-1 or stage-2 tables of 4 KiB granules.
 */
#include <linux/io-pgtable.h>
#include <linux/sizes.h>
#include "arm-smmu-v3.h"
#include "xsmmu.h"
#include "xsmmu-glue.h"

/* The entry at which the walk for @iova ends, if that is one of a page of 4 KiB. */
static u64 *smmu_find_entry(struct io_pgtable_ops *pgtbl, dma_addr_t iova)
{
	unsigned int shift;
	u64 *entry;

	/* Only an attached domain has tables. The walk ignores higher bits. */
	if (!pgtbl || iova >> io_pgtable_ops_to_pgtable(pgtbl)->cfg.ias)
		return NULL;
	entry = arm_smmu_xsmmu_walk(pgtbl, iova, &shift);
	return shift == ilog2(SZ_4K) ? entry : NULL;
}

/**
 * arm_smmu_xsmmu_leaf_entry - find the entry that maps a page of 4 KiB
 * @domain: the domain
 * @iova: bus address in the page
 * @after: if there is such an entry, set to XSMMU_ORDER_ENTRY: the walker has to
 *	see a new mapping before a device is told of it. Also XSMMU_CLEAN_ENTRY if
 *	walks are not coherent
 *
 * Only reads the tables. The caller makes sure that none on the way is freed, so
 * that no unmap covers all that the table of the entry maps.
 *
 * Context: any but NMI.
 * Return: the entry, which may be zero; NULL if there is no table for it, if a
 * larger page is mapped, or if the granule of the tables is larger than 4 KiB.
 */
u64 *arm_smmu_xsmmu_leaf_entry(struct iommu_domain *domain, dma_addr_t iova,
			       unsigned int *after)
{
	struct arm_smmu_domain *smmu_domain = to_smmu_domain(domain);
	u64 *entry = smmu_find_entry(smmu_domain->pgtbl_ops, iova);

	if (!entry)
		return NULL;
	*after = XSMMU_ORDER_ENTRY;
	if (!(smmu_domain->smmu->features & ARM_SMMU_FEAT_COHERENCY))
		*after |= XSMMU_CLEAN_ENTRY;
	return entry;
}
