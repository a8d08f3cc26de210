// SPDX-License-Identifier: GPL-2.0
/*
 * dma-debug for xSMMU: counts, per device, the unmaps that no sync has covered
 * yet. If a driver is unbound while its device has some, it has freed, or will
 * free, memory that the device can still reach.
 */
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/xarray.h>
#include "xsmmu-debug.h"

/**
 * struct xsmmu_unsynced - the unmaps of a device that no sync has covered
 * @count: how many
 * @rcu: to free the structure
 */
struct xsmmu_unsynced {
	atomic_t count;
	struct rcu_head rcu;
};

/*
 * Indexed by the device's address; read under RCU. A device is entered when it
 * opts in and removed when its driver is unbound.
 */
static DEFINE_XARRAY(xsmmu_unsynced);

void xsmmu_debug_enable(struct device *dev)
{
	struct xsmmu_unsynced *u = kzalloc(sizeof(*u), GFP_KERNEL);

	if (u && xa_insert(&xsmmu_unsynced, (unsigned long)dev, u, GFP_KERNEL))
		kfree(u);
}

static void xsmmu_unsynced_add(struct device *dev, int n)
{
	struct xsmmu_unsynced *u;

	rcu_read_lock();
	u = xa_load(&xsmmu_unsynced, (unsigned long)dev);
	if (u)
		atomic_add(n, &u->count);
	rcu_read_unlock();
}

void xsmmu_debug_unmap(struct device *dev)
{
	xsmmu_unsynced_add(dev, 1);
}

/* Take the count before the sync: unmaps after that are not covered. */
int xsmmu_debug_sync_begin(struct device *dev)
{
	struct xsmmu_unsynced *u;
	int n = 0;

	rcu_read_lock();
	u = xa_load(&xsmmu_unsynced, (unsigned long)dev);
	if (u)
		n = atomic_xchg(&u->count, 0);
	rcu_read_unlock();
	return n;
}

void xsmmu_debug_sync_end(struct device *dev, int unsynced, int err)
{
	if (err)
		xsmmu_unsynced_add(dev, unsynced);
}

/* Remove @dev; returns how many unmaps its driver left without a sync. */
int xsmmu_debug_unbind(struct device *dev)
{
	struct xsmmu_unsynced *u = xa_erase(&xsmmu_unsynced, (unsigned long)dev);
	int unsynced = u ? atomic_read(&u->count) : 0;

	if (u)
		kfree_rcu(u, rcu);
	return unsynced;
}
