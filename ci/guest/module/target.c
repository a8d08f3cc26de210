// SPDX-License-Identifier: GPL-2.0
/*
 * Finds the probe and how the kernel treats it.
 */
#define pr_fmt(fmt) "attack: " fmt

#include <linux/dma-mapping.h>
#include <linux/iommu.h>
#include <linux/string.h>

#include "target.h"

struct target target;

static const char *const mode_names[TARGET_MODES] = {
	[TARGET_STRICT] = "strict",
	[TARGET_LAZY] = "lazy",
	[TARGET_PASSTHROUGH] = "passthrough",
	[TARGET_XSMMU] = "xsmmu",
};

static const char *const iommu_names[TARGET_IOMMUS] = {
	[TARGET_INTEL] = "intel",
	[TARGET_INTEL_FIRST_STAGE] = "intel-first-stage",
	[TARGET_AMD] = "amd",
	[TARGET_ARM_SMMU_V3] = "arm-smmu-v3",
};

/**
 * target_iommu_by_name() - an IOMMU by its name on command lines
 * @name: the name, or NULL
 *
 * Return: the IOMMU, or -EINVAL.
 */
int target_iommu_by_name(const char *name)
{
	return name ? match_string(iommu_names, TARGET_IOMMUS, name) : -EINVAL;
}

/**
 * target_mode_name() - a mode's name on command lines and in reports
 * @mode: the mode
 *
 * Return: the name.
 */
const char *target_mode_name(enum target_mode mode)
{
	return mode_names[mode];
}

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
 * target_open() - take control of the first probe
 *
 * Fills &target. To be called again whenever the probe's driver was bound anew.
 *
 * Return: 0, or -ENODEV if there is no probe.
 */
int target_open(void)
{
	struct probe_ats ats;

	target.probe = probe_get(0);
	if (!target.probe) {
		pr_err("no DMA probe found: start QEMU with -device dma-probe\n");
		return -ENODEV;
	}
	target.dev = probe_dev(target.probe);
	target.mode = target_mode_of(target.dev);
	probe_get_ats(target.probe, &ats);
	target.ats = ats.enabled;
	return 0;
}
