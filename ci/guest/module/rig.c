// SPDX-License-Identifier: GPL-2.0
/*
 * Finds the probe and how the kernel treats it.
 */
#define pr_fmt(fmt) "attack: " fmt

#include <linux/dma-mapping.h>
#include <linux/iommu.h>
#include <linux/string.h>

#include "rig.h"

struct rig rig;

static const char *const mode_names[RIG_MODES] = {
	[RIG_STRICT] = "strict",
	[RIG_LAZY] = "lazy",
	[RIG_PASSTHROUGH] = "passthrough",
	[RIG_XSMMU] = "xsmmu",
};

static const char *const iommu_names[RIG_IOMMUS] = {
	[RIG_VTD] = "vtd",
	[RIG_VTD_FIRST_STAGE] = "vtd-first-stage",
	[RIG_AMDVI] = "amdvi",
	[RIG_SMMUV3] = "smmuv3",
};

/**
 * rig_iommu_by_name() - an IOMMU by its name on command lines
 * @name: the name, or NULL
 *
 * Return: the IOMMU, or -EINVAL.
 */
int rig_iommu_by_name(const char *name)
{
	return name ? match_string(iommu_names, RIG_IOMMUS, name) : -EINVAL;
}

/**
 * rig_mode_name() - a mode's name on command lines and in reports
 * @mode: the mode
 *
 * Return: the name.
 */
const char *rig_mode_name(enum rig_mode mode)
{
	return mode_names[mode];
}

/**
 * rig_mode_of() - find out how the kernel treats a device's unmaps
 * @dev: the device; opts in to unmaps without sync where the kernel offers them
 *
 * Return: the mode. A device without any IOMMU counts as passed through.
 */
enum rig_mode rig_mode_of(struct device *dev)
{
	struct iommu_domain *domain;

	if (dma_enable_unmap_no_sync(dev))
		return RIG_XSMMU;
	domain = iommu_get_domain_for_dev(dev);
	if (!domain || domain->type == IOMMU_DOMAIN_IDENTITY)
		return RIG_PASSTHROUGH;
	return domain->type == IOMMU_DOMAIN_DMA_FQ ? RIG_LAZY : RIG_STRICT;
}

/**
 * rig_open() - take control of the first probe
 *
 * Fills &rig. To be called again whenever the probe's driver was bound anew.
 *
 * Return: 0, or -ENODEV if there is no probe.
 */
int rig_open(void)
{
	struct probe_ats ats;

	rig.probe = probe_get(0);
	if (!rig.probe) {
		pr_err("no DMA probe found: start QEMU with -device dma-probe\n");
		return -ENODEV;
	}
	rig.dev = probe_dev(rig.probe);
	rig.mode = rig_mode_of(rig.dev);
	probe_get_ats(rig.probe, &ats);
	rig.ats = ats.enabled;
	return 0;
}
