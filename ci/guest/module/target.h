/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What all parts of the attack module share: the device that they attack with, and
 * the mode in which the kernel treats its unmaps.
 */
#ifndef XSMMU_GUEST_TARGET_H
#define XSMMU_GUEST_TARGET_H

#include <linux/bits.h>

#include "probe.h"

struct page;

/* Time for a lazy kernel to flush what it has queued. */
#define TARGET_SETTLE_MS	50

/**
 * enum target_mode - how the kernel treats unmaps of a device
 * @TARGET_STRICT: every unmap waits for its own invalidation
 * @TARGET_LAZY: one invalidation, within 10 ms, covers many unmaps
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
 * @TARGET_AMD: AMD-Vi as QEMU emulates it. It claims to cache entries that are not
 *	present, so the kernel invalidates after each map too, and then QEMU drops
 *	the whole domain
 * @TARGET_ARM_SMMU_V3: Arm SMMUv3 with stage 1
 * @TARGET_ARM_SMMU_V3_STAGE2: Arm SMMUv3 with stage 2 only
 * @TARGET_IOMMUS: how many there are
 */
enum target_iommu {
	TARGET_INTEL,
	TARGET_INTEL_FIRST_STAGE,
	TARGET_AMD,
	TARGET_ARM_SMMU_V3,
	TARGET_ARM_SMMU_V3_STAGE2,
	TARGET_IOMMUS,
};

/**
 * struct target - the probe and its environment; filled by target_open()
 * @dev: the probe, for the DMA API
 * @mode: mode that the device was found in, after it opted in
 * @iommu: the module's parameter
 * @ats: the probe translates through a TLB of its own
 */
struct target {
	struct device *dev;
	enum target_mode mode;
	enum target_iommu iommu;
	bool ats;
};

extern struct target target;

/* Their names on command lines and in reports. */
extern const char *const target_modes[TARGET_MODES];
extern const char *const target_iommus[TARGET_IOMMUS];

int target_open(void);
int target_expect(enum target_mode wanted);
enum target_mode target_mode_of(struct device *dev);
int target_map_far(struct page *page, size_t size);

/* Above all addresses that the DMA API allocates, and aligned for a superpage. */
#define TARGET_FAR_IOVA	BIT_ULL(37)

static inline bool target_is_smmuv3(void)
{
	return target.iommu == TARGET_ARM_SMMU_V3 ||
	       target.iommu == TARGET_ARM_SMMU_V3_STAGE2;
}

/* Does a buffer stay in reach after dma_unmap_page()? */
static inline bool target_unmap_leaves_reach(void)
{
	return target.mode == TARGET_LAZY || target.mode == TARGET_PASSTHROUGH;
}

/* Does each map invalidate the whole domain? */
static inline bool target_map_flushes(void)
{
	return target.iommu == TARGET_AMD && target.mode != TARGET_PASSTHROUGH;
}

#endif /* XSMMU_GUEST_TARGET_H */
