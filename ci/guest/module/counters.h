/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's own counts of a device's domain, as debugfs shows them.
 */
#ifndef XSMMU_GUEST_COUNTERS_H
#define XSMMU_GUEST_COUNTERS_H

#include <linux/types.h>

struct device;

/**
 * struct counters - what /sys/kernel/debug/xsmmu/domains says of a domain
 * @led: invalidations of the domain that succeeded
 * @shared: syncs that another CPU's invalidation has satisfied
 * @named: invalidations of pages that succeeded
 * @failed: invalidations that failed
 * @orphans: drains by the backstop
 * @chunks: chunks of the window that have a table
 * @outside: mappings for which the window had no slot
 * @bytes: memory that the domain costs
 */
struct counters {
	u64 led;
	u64 shared;
	u64 named;
	u64 failed;
	u64 orphans;
	u64 chunks;
	u64 outside;
	u64 bytes;
};

int counters_read(const struct device *dev, struct counters *c);
int counters_since(const struct device *dev, const struct counters *before,
		   struct counters *c);

#endif /* XSMMU_GUEST_COUNTERS_H */
