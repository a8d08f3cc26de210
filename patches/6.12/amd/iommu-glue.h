/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Accessors of Linux 6.12's AMD IOMMU driver that need what is private to its main
 * file: the command buffer, and for tests the event log.
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
	u64 phys = iommu_virt_to_phys(amd_xsmmu_wait_word(iommu));
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
#endif
#endif /* CONFIG_XSMMU_AMD */
