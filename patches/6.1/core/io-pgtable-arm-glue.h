/* SPDX-License-Identifier: GPL-2.0 */
/*
 * xSMMU in Linux 6.1's io-pgtable-arm: where a walk ends.
 *
 * Included once by io-pgtable-arm.c, below its walk and above its table of ops.
 */
#ifdef CONFIG_XSMMU_ARM_SMMU_V3

/*
 * The walk for an IOVA that is mapped, or was: an entry that is cleared ends it
 * as a leaf does. The caller sees to it that no table on the way is freed.
 */
static u64 *arm_lpae_xsmmu_walk(struct io_pgtable_ops *ops, unsigned long iova,
				unsigned int *shift)
{
	struct arm_lpae_io_pgtable *data = io_pgtable_ops_to_data(ops);
	int lvl = data->start_level;
	arm_lpae_iopte *entry;

	arm_lpae_walk(data, iova, &entry, &lvl);
	*shift = ARM_LPAE_LVL_SHIFT(lvl, data);
	return entry;
}

#define ARM_LPAE_XSMMU_OPS	.xsmmu_walk = arm_lpae_xsmmu_walk,
#else
#define ARM_LPAE_XSMMU_OPS
#endif /* CONFIG_XSMMU_ARM_SMMU_V3 */
