/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What all parts of the attack module share: the probe under control, and the
 * way this kernel was booted to treat its unmaps.
 */
#ifndef XSMMU_GUEST_RIG_H
#define XSMMU_GUEST_RIG_H

#include <linux/types.h>

#include "probe.h"

struct device;

/**
 * enum rig_mode - how the kernel treats unmaps of a device
 * @RIG_STRICT: every unmap waits for its own invalidation
 * @RIG_LAZY: unmaps are invalidated together, up to some 10 ms later
 * @RIG_PASSTHROUGH: the device is not translated at all
 * @RIG_XSMMU: unmaps without sync wait for the driver's sync, others are strict
 * @RIG_MODES: how many there are
 */
enum rig_mode {
	RIG_STRICT,
	RIG_LAZY,
	RIG_PASSTHROUGH,
	RIG_XSMMU,
	RIG_MODES,
};

/**
 * enum rig_iommu - the IOMMU that stands between device and memory
 * @RIG_VTD: Intel VT-d with second-stage tables
 * @RIG_VTD_FIRST_STAGE: Intel VT-d with first-stage tables
 * @RIG_AMDVI: AMD-Vi as QEMU emulates it: it claims to cache what is not mapped,
 *	so the kernel invalidates on each map too, and it drops the whole domain
 *	then
 * @RIG_SMMUV3: Arm SMMUv3
 * @RIG_IOMMUS: how many there are
 */
enum rig_iommu {
	RIG_VTD,
	RIG_VTD_FIRST_STAGE,
	RIG_AMDVI,
	RIG_SMMUV3,
	RIG_IOMMUS,
};

/**
 * struct rig - the device under control; filled once, by rig_open()
 * @probe: the probe
 * @dev: its device, for the DMA API
 * @mode: mode that the device was found in, after it opted in
 * @iommu: what the guest was told to expect
 * @ats: the probe translates through a TLB of its own
 */
struct rig {
	struct probe *probe;
	struct device *dev;
	enum rig_mode mode;
	enum rig_iommu iommu;
	bool ats;
};

extern struct rig rig;

int rig_open(void);
enum rig_mode rig_mode_of(struct device *dev);
const char *rig_mode_name(enum rig_mode mode);
int rig_iommu_by_name(const char *name);

/* Does a buffer stay in reach after dma_unmap_page()? */
static inline bool rig_unmap_leaves_reach(void)
{
	return rig.mode == RIG_LAZY || rig.mode == RIG_PASSTHROUGH;
}

/* Does mapping something take all of the domain out of the IOMMU's cache? */
static inline bool rig_map_flushes(void)
{
	return rig.iommu == RIG_AMDVI && rig.mode != RIG_PASSTHROUGH;
}

#endif /* XSMMU_GUEST_RIG_H */
