// SPDX-License-Identifier: GPL-2.0
/*
 * Finds the probe, and the mode in which the kernel treats it.
 */
#define pr_fmt(fmt) "attack: " fmt

#include <linux/dma-mapping.h>
#include <linux/gfp.h>
#include <linux/iommu.h>
#include <linux/mm.h>

#include "no-sync.h"
#include "target.h"

struct target target;

const char *const target_modes[TARGET_MODES] = {
	[TARGET_STRICT] = "strict",
	[TARGET_LAZY] = "lazy",
	[TARGET_PASSTHROUGH] = "passthrough",
	[TARGET_XSMMU] = "xsmmu",
};

const char *const target_iommus[TARGET_IOMMUS] = {
	[TARGET_INTEL] = "intel",
	[TARGET_INTEL_FIRST_STAGE] = "intel-first-stage",
	[TARGET_AMD] = "amd",
	[TARGET_ARM_SMMU_V3] = "arm-smmu-v3",
	[TARGET_ARM_SMMU_V3_STAGE2] = "arm-smmu-v3-stage2",
};

/**
 * target_mode_of() - find out how the kernel treats a device's unmaps
 * @dev: the device; opts in to unmaps without sync where the kernel offers them
 *
 * Return: the mode. A device without any IOMMU counts as passed through.
 */
enum target_mode target_mode_of(struct device *dev)
{
	struct iommu_domain *domain;

	if (dma_enable_unmap_no_sync(dev))
		return TARGET_XSMMU;
	domain = iommu_get_domain_for_dev(dev);
	if (!domain || domain->type == IOMMU_DOMAIN_IDENTITY)
		return TARGET_PASSTHROUGH;
	return domain->type == IOMMU_DOMAIN_DMA_FQ ? TARGET_LAZY : TARGET_STRICT;
}

/**
 * target_open() - take control of the probe
 *
 * Resets the probe and fills &target. Call it again after the probe's driver was
 * bound again.
 *
 * Return: 0, or -ENODEV if there is no probe of this version.
 */
int target_open(void)
{
	if (!probe.dev) {
		pr_err("no DMA probe found: start QEMU with -device dma-probe\n");
		return -ENODEV;
	}
	if (probe_get(DMA_PROBE_ID) != DMA_PROBE_MAGIC ||
	    probe_get(DMA_PROBE_VERSION) != DMA_PROBE_VERSION_NOW) {
		pr_err("the DMA probe's registers are not of version %d\n",
		       DMA_PROBE_VERSION_NOW);
		return -ENODEV;
	}
	probe_set(DMA_PROBE_RESET, DMA_PROBE_RESET_ALL);
	target.dev = probe.dev;
	target.mode = target_mode_of(target.dev);
	target.ats = probe_get(DMA_PROBE_ATS_ENABLED);
	return 0;
}

/**
 * target_expect() - refuse to measure in a kernel of another mode
 * @wanted: the mode that the kernel was meant to be booted in
 *
 * Return: 0, or -EINVAL if it was booted in another mode.
 */
int target_expect(enum target_mode wanted)
{
	if (target.mode == wanted)
		return 0;
	pr_err("the kernel runs in mode %s, not %s\n",
	       target_modes[target.mode], target_modes[wanted]);
	return -EINVAL;
}

/**
 * target_map_far() - map memory for the probe below the DMA API
 * @page: its first page
 * @size: bytes
 *
 * At TARGET_FAR_IOVA in the domain that the probe is in, in both directions. On later
 * bases than 6.1 the call takes GFP flags. Sleeps.
 *
 * Return: 0 or an error. iommu_unmap() ends the mapping.
 */
int target_map_far(struct page *page, size_t size)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(target.dev);
	int prot = IOMMU_READ | IOMMU_WRITE;

#if BASE_IS_6_1
	return iommu_map(domain, TARGET_FAR_IOVA, page_to_phys(page), size, prot);
#else
	return iommu_map(domain, TARGET_FAR_IOVA, page_to_phys(page), size, prot,
			 GFP_KERNEL);
#endif
}
