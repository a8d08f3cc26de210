/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Accessors of Linux 6.12's arm-smmu-v3 that need what is private to its main
 * file: the command queue, and for tests a few functions and tables.
 *
 * Included once by arm-smmu-v3.c, below its ops. xsmmu-glue.h declares them.
 */
#ifdef CONFIG_XSMMU_ARM_SMMU_V3
#include "xsmmu-glue.h"

/*
 * Always the SMMU's own queue. Tegra241 has others beside it, for some commands,
 * and their errors never reach the handler of global errors, which counts.
 */
int arm_smmu_xsmmu_issue(struct arm_smmu_device *smmu, u64 *cmds,
			 unsigned int n, u32 *at)
{
	unsigned long flags;
	int err;

	local_irq_save(flags);
	err = arm_smmu_cmdq_issue_cmdlist(smmu, &smmu->cmdq, cmds, n, true);
	*at = __this_cpu_read(arm_smmu_xsmmu_sync_at);
	local_irq_restore(flags);
	return err;
}

void arm_smmu_xsmmu_skip_error(struct arm_smmu_device *smmu)
{
	arm_smmu_cmdq_skip_err(smmu);
}

irqreturn_t arm_smmu_xsmmu_driver_gerror(int irq, struct arm_smmu_device *smmu)
{
	return arm_smmu_gerror_handler(irq, smmu);
}

#if IS_ENABLED(CONFIG_XSMMU_KUNIT_TEST)
void arm_smmu_xsmmu_test_issue(struct arm_smmu_device *smmu, u64 *cmds,
			       unsigned int n)
{
	arm_smmu_cmdq_issue_cmdlist(smmu, &smmu->cmdq, cmds, n, false);
}

const struct iommu_flush_ops *arm_smmu_xsmmu_test_flush_ops(void)
{
	return &arm_smmu_flush_ops;
}

const struct iommu_ops *arm_smmu_xsmmu_test_ops(void)
{
	return &arm_smmu_ops;
}

void arm_smmu_xsmmu_test_detach(struct iommu_domain *domain, struct device *dev)
{
	arm_smmu_remove_master_domain(dev_iommu_priv_get(dev), domain,
				      IOMMU_NO_PASID);
}
#endif
#endif /* CONFIG_XSMMU_ARM_SMMU_V3 */
