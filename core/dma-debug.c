// SPDX-License-Identifier: GPL-2.0
/*
 * dma-debug for xSMMU: a count per device of unmaps that no sync has covered
 * yet. A driver that leaves its device with some has freed, or will free,
 * memory that the device could still reach.
 */
#include <linux/slab.h>
#include <linux/xarray.h>
#include "xsmmu-debug.h"

/* Index: the device's address. Entries come at opt-in and go at unbind. */
static DEFINE_XARRAY(xsmmu_unsynced);

void xsmmu_debug_enable(struct device *dev)
{
	atomic_t *count = kzalloc(sizeof(*count), GFP_KERNEL);

	if (count && xa_insert(&xsmmu_unsynced, (unsigned long)dev, count,
			       GFP_KERNEL))
		kfree(count);
}

void xsmmu_debug_unmap(struct device *dev)
{
	atomic_t *count = xa_load(&xsmmu_unsynced, (unsigned long)dev);

	if (count)
		atomic_inc(count);
}

/* Take the count before the sync, so that later unmaps are not forgiven. */
int xsmmu_debug_sync_begin(struct device *dev)
{
	atomic_t *count = xa_load(&xsmmu_unsynced, (unsigned long)dev);

	return count ? atomic_xchg(count, 0) : 0;
}

void xsmmu_debug_sync_end(struct device *dev, int unsynced, int err)
{
	atomic_t *count = xa_load(&xsmmu_unsynced, (unsigned long)dev);

	if (err && count)
		atomic_add(unsynced, count);
}

/* How many unmaps @dev's driver leaves behind; forgets the device. */
int xsmmu_debug_unbind(struct device *dev)
{
	atomic_t *count = xa_erase(&xsmmu_unsynced, (unsigned long)dev);
	int unsynced = count ? atomic_read(count) : 0;

	kfree(count);
	return unsynced;
}
