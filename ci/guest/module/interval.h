/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Intervals: which commands the IOMMU should get between two marks. The guest writes
 * the expectation to its log. ci/lib/oracle.py compares it with QEMU's trace of the
 * commands.
 */
#ifndef XSMMU_GUEST_INTERVAL_H
#define XSMMU_GUEST_INTERVAL_H

#include <linux/types.h>

struct kunit;

/**
 * struct cmds - what the kernel had to invalidate
 * @leaf: syncs of unmaps that changed leaf entries only
 * @leaves: entries that each of these covers; 0 if it is not known
 * @full: invalidations of a whole domain, non-leaf entries too
 * @pages: invalidations of one mapping
 * @maps: mappings made
 *
 * Commands, waits and, with ATS, the device's share follow from these.
 */
struct cmds {
	unsigned int leaf;
	unsigned int leaves;
	unsigned int full;
	unsigned int pages;
	unsigned int maps;
};

/**
 * struct queues - what several CPUs did at the same time
 * @pages: pages that they unmapped without sync, each mapped before
 * @led: syncs of the whole domain, by the kernel's count
 * @named: syncs that named pages, by the kernel's count
 */
struct queues {
	unsigned int pages;
	unsigned int led;
	unsigned int named;
};

u32 interval_open(void);
void interval_close(struct kunit *test, u32 begin, const char *name,
		    struct cmds expected);
void interval_close_unmaps(struct kunit *test, u32 begin, const char *name,
			   unsigned int unmaps);
void interval_close_syncs(struct kunit *test, u32 begin, const char *name,
			  unsigned int unmaps, unsigned int syncs);
void interval_close_local(struct kunit *test, u32 begin, const char *name,
			  unsigned int pages, unsigned int runs);
void interval_close_shared(struct kunit *test, u32 begin, const char *name,
			   unsigned int unmaps);
u32 interval_close_queues(struct kunit *test, u32 begin, const char *name,
			  struct queues did);

#endif /* XSMMU_GUEST_INTERVAL_H */
