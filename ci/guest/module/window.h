/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Windows: what the IOMMU is expected to be told between two marks. The guest
 * announces the expectation in its log; ci/trace.py holds it against QEMU's
 * trace of the commands.
 */
#ifndef XSMMU_GUEST_WINDOW_H
#define XSMMU_GUEST_WINDOW_H

#include <linux/types.h>

struct kunit;

/**
 * struct cmds - IOTLB invalidations, in VT-d's terms
 * @dsi_leaf: domain-selective, leaf entries only (IH=1)
 * @dsi_full: domain-selective, non-leaf entries too (IH=0)
 * @psi: page-selective
 *
 * The waits and, with ATS, the device-TLB invalidations follow from these.
 */
struct cmds {
	unsigned int dsi_leaf;
	unsigned int dsi_full;
	unsigned int psi;
};

u32 window_open(void);
void window_close(struct kunit *test, u32 begin, const char *name,
		  struct cmds expected);
void window_close_unmaps(struct kunit *test, u32 begin, const char *name,
			 unsigned int unmaps);
void window_close_syncs(struct kunit *test, u32 begin, const char *name,
			unsigned int unmaps, unsigned int syncs);

#endif /* XSMMU_GUEST_WINDOW_H */
