/* SPDX-License-Identifier: GPL-2.0 */
/*
 * xSMMU in Linux 6.1's AMD IOMMU driver: its command queue, for xsmmu.c.
 *
 * Included once by iommu.c, at its end, because these are private to that file.
 */
#ifdef CONFIG_XSMMU_AMD

/**
 * amd_xsmmu_queue - hand a command to an IOMMU, do not wait
 * @iommu: the IOMMU
 * @cmd: the command
 *
 * Return: 0, or -EIO if its queue stayed full for too long.
 */
int amd_xsmmu_queue(struct amd_iommu *iommu, const struct amd_xsmmu_cmd *cmd)
{
	struct iommu_cmd raw;

	static_assert(sizeof(raw) == sizeof(*cmd));
	memcpy(&raw, cmd, sizeof(raw));
	return iommu_queue_command(iommu, &raw);
}

/**
 * amd_xsmmu_wait - wait until an IOMMU has executed all it was handed before
 * @iommu: the IOMMU
 *
 * Return: 0, or -EIO if that took too long.
 */
int amd_xsmmu_wait(struct amd_iommu *iommu)
{
	return iommu_completion_wait(iommu);
}

#if IS_ENABLED(CONFIG_XSMMU_KUNIT_TEST)
/* What the interrupt thread does with the event log. */
void amd_xsmmu_test_events(struct amd_iommu *iommu)
{
	iommu_poll_events(iommu);
}
#endif

#endif /* CONFIG_XSMMU_AMD */
