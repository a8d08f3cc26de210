/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Accessors of Linux 7.3's arm-smmu-v3 that need what is private to its main
 * file: the command queue, and for tests a few functions and tables.
 *
 * Included once by arm-smmu-v3.c, below its ops. xsmmu-glue.h declares them.
 */
#ifdef CONFIG_XSMMU_ARM_SMMU_V3
#include "xsmmu-glue.h"

/*
 * Always the SMMU's own queue. Tegra241 has others beside it, for some commands,
 * and their errors never reach the handler of global errors, which counts.
 *
 * Some SMMUs miss a TLBI command unless the driver repeats the list after its
 * CMD_SYNC. The driver looks at the first command to decide that. So a list must not
 * mix TLBI commands with others. @at is then the place of the second CMD_SYNC. It
 * matters to ATC invalidations alone, and their lists are not repeated.
 */
int arm_smmu_xsmmu_issue(struct arm_smmu_device *smmu, u64 *cmds,
			 unsigned int n, u32 *at)
{
	unsigned long flags;
	int err;

	local_irq_save(flags);
	err = arm_smmu_cmdq_issue_cmdlist(smmu, &smmu->cmdq,
					  (struct arm_smmu_cmd *)cmds, n, true);
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
	arm_smmu_cmdq_issue_cmdlist(smmu, &smmu->cmdq,
				    (struct arm_smmu_cmd *)cmds, n, false);
}

const struct iommu_flush_ops *arm_smmu_xsmmu_test_flush_ops(void)
{
	return &arm_smmu_flush_ops;
}

const struct iommu_ops *arm_smmu_xsmmu_test_ops(void)
{
	return &arm_smmu_ops;
}

/* A device made by hand has no group, so its lock cannot be held. */
void arm_smmu_xsmmu_test_detach(struct iommu_domain *domain, struct device *dev)
{
	lockdep_off();
	arm_smmu_remove_master_domain(dev_iommu_priv_get(dev), domain,
				      IOMMU_NO_PASID);
	lockdep_on();
}
#endif
#endif /* CONFIG_XSMMU_ARM_SMMU_V3 */
