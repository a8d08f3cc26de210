/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Accessors of Linux 7.3's io-pgtable-arm: find an entry, and leave its cache
 * maintenance to the IOMMU driver.
 *
 * Included once by io-pgtable-arm.c, above its function that writes entries.
 */
#ifdef CONFIG_XSMMU_ARM_SMMU_V3

/**
 * arm_lpae_xsmmu_walk - find the entry at which the walk for an IOVA ends
 * @ops: the page tables
 * @iova: bus address that is mapped, or was mapped
 * @shift: set to log2 of the bytes that the entry maps
 *
 * An entry that was cleared ends the walk as a leaf does. The kernel's own walk, with
 * its visitors, takes such an entry for an error. The caller makes sure that no table
 * on the way is freed.
 *
 * Context: any.
 * Return: the entry.
 */
u64 *arm_lpae_xsmmu_walk(struct io_pgtable_ops *ops, unsigned long iova,
			 unsigned int *shift)
{
	struct arm_lpae_io_pgtable *data = io_pgtable_ops_to_data(ops);
	arm_lpae_iopte *entry = data->pgd, pte;
	int lvl;

	for (lvl = data->start_level; ; lvl++) {
		entry += ARM_LPAE_LVL_IDX(iova, lvl, data);
		pte = READ_ONCE(*entry);
		if (!pte || iopte_leaf(pte, lvl, data->iop.fmt) ||
		    lvl == ARM_LPAE_MAX_LEVELS - 1)
			break;
		entry = iopte_deref(pte, data);
	}
	*shift = ARM_LPAE_LVL_SHIFT(lvl, data);
	return entry;
}

/* Does the driver clean leaf entries itself, after a map and at a sync? */
static inline bool arm_lpae_xsmmu_defers(const struct io_pgtable_cfg *cfg)
{
	return cfg->xsmmu_defer;
}
#else
static inline bool arm_lpae_xsmmu_defers(const struct io_pgtable_cfg *cfg)
{
	return false;
}
#endif /* CONFIG_XSMMU_ARM_SMMU_V3 */

/*
 * Clear @n neighbouring entries. Tables among them were unlinked, cleared and
 * cleaned before; leaves may be left for the driver to clean.
 *
 * Here an unmap clears all its entries of a table in one go, and cleans each line
 * once. So what is saved is the cleans of unmaps that share a line.
 */
static inline void arm_lpae_xsmmu_clear_ptes(struct io_pgtable *iop,
					     struct iommu_iotlb_gather *gather,
					     arm_lpae_iopte *ptep, int n)
{
	int i;

	if (!arm_lpae_xsmmu_defers(&iop->cfg) ||
	    !iommu_iotlb_gather_queued(gather)) {
		__arm_lpae_clear_pte(ptep, &iop->cfg, n);
		return;
	}
	for (i = 0; i < n; i++)
		WRITE_ONCE(ptep[i], 0);
}
