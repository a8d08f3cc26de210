/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Accessors of Linux 7.3's AMD IOMMU driver that need what is private to its main
 * file: the command buffer, and for tests the event log and the operations of domains.
 *
 * Included once by iommu.c, at its end. xsmmu-base.h declares them.
 */
#ifdef CONFIG_XSMMU_AMD
#include "xsmmu-base.h"

int amd_xsmmu_queue(struct amd_iommu *iommu, const struct amd_xsmmu_cmd *cmd)
{
	struct iommu_cmd raw;

	static_assert(sizeof(raw) == sizeof(*cmd));
	memcpy(&raw, cmd, sizeof(raw));
	return iommu_queue_command(iommu, &raw);
}

int amd_xsmmu_queue_wait(struct amd_iommu *iommu, u64 *number)
{
	u64 phys = iommu->cmd_sem_paddr + L1_CACHE_BYTES;
	struct amd_xsmmu_cmd cmd;
	struct iommu_cmd raw;
	unsigned long flags;
	int ret;

	raw_spin_lock_irqsave(&iommu->lock, flags);
	*number = ++iommu->xsmmu_waits;
	cmd = amd_xsmmu_wait_cmd(phys, *number);
	memcpy(&raw, &cmd, sizeof(raw));
	/* true: the driver's own waits must not rely on this one. */
	ret = __iommu_queue_command_sync(iommu, &raw, true);
	raw_spin_unlock_irqrestore(&iommu->lock, flags);
	return ret;
}

#if IS_ENABLED(CONFIG_XSMMU_KUNIT_TEST)
void amd_xsmmu_test_events(struct amd_iommu *iommu)
{
	iommu_poll_events(iommu);
}

int amd_xsmmu_test_flush(struct amd_iommu *iommu,
			 const struct amd_xsmmu_cmd *cmd)
{
	return amd_xsmmu_queue(iommu, cmd) ?: iommu_completion_wait(iommu);
}

const struct iommu_domain_ops *
amd_xsmmu_test_domain_ops(const struct protection_domain *domain)
{
	return amd_xsmmu_is_guest(domain) ? &amdv2_ops : &amdv1_ops;
}

/* As amd_iommu_domain_alloc_paging_v1(), but for any machine. */
int amd_xsmmu_test_init_v1(struct protection_domain *domain, int levels)
{
	struct pt_iommu_amdv1_cfg cfg = {
		.common.features = BIT(PT_FEAT_DYNAMIC_TOP) |
				   BIT(PT_FEAT_AMDV1_ENCRYPT_TABLES) |
				   BIT(PT_FEAT_AMDV1_FORCE_COHERENCE) |
				   BIT(PT_FEAT_FLUSH_RANGE),
		.common.hw_max_vasz_lg2 = 48,
		.common.hw_max_oasz_lg2 = 52,
		.starting_level = levels - 1,
	};

	domain->iommu.driver_ops = &amd_hw_driver_ops_v1;
	return pt_iommu_amdv1_init(&domain->amdv1, &cfg, GFP_KERNEL);
}

/* As amd_iommu_domain_alloc_paging_v2(), with four levels. */
int amd_xsmmu_test_init_v2(struct protection_domain *domain)
{
	struct pt_iommu_x86_64_cfg cfg = {
		.common.features = BIT(PT_FEAT_X86_64_AMD_ENCRYPT_TABLES) |
				   BIT(PT_FEAT_FLUSH_RANGE),
		.common.hw_max_vasz_lg2 = 47,
		.common.hw_max_oasz_lg2 = 52,
		.top_level = 3,
	};

	return pt_iommu_x86_64_init(&domain->amdv2, &cfg, GFP_KERNEL);
}
#endif
#endif /* CONFIG_XSMMU_AMD */
