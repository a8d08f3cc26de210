/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What all parts of the attack module share: the probe under control, and the
 * way this kernel was booted to treat its unmaps.
 */
#ifndef XSMMU_GUEST_TARGET_H
#define XSMMU_GUEST_TARGET_H

#include <linux/types.h>

#include "probe.h"

struct device;

/**
 * enum target_mode - how the kernel treats unmaps of a device
 * @TARGET_STRICT: every unmap waits for its own invalidation
 * @TARGET_LAZY: unmaps are invalidated together, up to some 10 ms later
 * @TARGET_PASSTHROUGH: the device is not translated at all
 * @TARGET_XSMMU: unmaps without sync wait for the driver's sync, others are strict
 * @TARGET_MODES: how many there are
 */
enum target_mode {
	TARGET_STRICT,
	TARGET_LAZY,
	TARGET_PASSTHROUGH,
	TARGET_XSMMU,
	TARGET_MODES,
};

/**
 * enum target_iommu - the IOMMU that stands between device and memory
 * @TARGET_INTEL: Intel VT-d with second-stage tables
 * @TARGET_INTEL_FIRST_STAGE: Intel VT-d with first-stage tables
 * @TARGET_AMD: AMD-Vi as QEMU emulates it: it claims to cache what is not mapped,
 *	so the kernel invalidates on each map too, and it drops the whole domain
 *	then
 * @TARGET_ARM_SMMU_V3: Arm SMMUv3
 * @TARGET_IOMMUS: how many there are
 */
enum target_iommu {
	TARGET_INTEL,
	TARGET_INTEL_FIRST_STAGE,
	TARGET_AMD,
	TARGET_ARM_SMMU_V3,
	TARGET_IOMMUS,
};

/**
 * struct target - the device under control; filled once, by target_open()
 * @probe: the probe
 * @dev: its device, for the DMA API
 * @mode: mode that the device was found in, after it opted in
 * @iommu: what the guest was told to expect
 * @ats: the probe translates through a TLB of its own
 */
struct target {
	struct probe *probe;
	struct device *dev;
	enum target_mode mode;
	enum target_iommu iommu;
	bool ats;
};

extern struct target target;

int target_open(void);
enum target_mode target_mode_of(struct device *dev);
const char *target_mode_name(enum target_mode mode);
int target_iommu_by_name(const char *name);

/* Does a buffer stay in reach after dma_unmap_page()? */
static inline bool target_unmap_leaves_reach(void)
{
	return target.mode == TARGET_LAZY || target.mode == TARGET_PASSTHROUGH;
}

/* Does mapping something take all of the domain out of the IOMMU's cache? */
static inline bool target_map_flushes(void)
{
	return target.iommu == TARGET_AMD && target.mode != TARGET_PASSTHROUGH;
}

#endif /* XSMMU_GUEST_TARGET_H */
