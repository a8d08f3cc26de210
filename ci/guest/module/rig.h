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
 * struct rig - the device under control; filled once, by rig_open()
 * @probe: the probe
 * @dev: its device, for the DMA API
 * @mode: mode that the device was found in, after it opted in
 * @ats: the probe translates through a TLB of its own
 */
struct rig {
	struct probe *probe;
	struct device *dev;
	enum rig_mode mode;
	bool ats;
};

extern struct rig rig;

int rig_open(void);
enum rig_mode rig_mode_of(struct device *dev);
const char *rig_mode_name(enum rig_mode mode);

/* Does a buffer stay in reach after dma_unmap_page()? */
static inline bool rig_unmap_leaves_reach(void)
{
	return rig.mode == RIG_LAZY || rig.mode == RIG_PASSTHROUGH;
}

#endif /* XSMMU_GUEST_RIG_H */
