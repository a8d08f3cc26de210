// SPDX-License-Identifier: GPL-2.0
/*
 * dma-debug for xSMMU: counts, per device, the unmaps that no sync has covered
 * yet. If a driver is unbound while its device has some, it has freed, or will
 * free, memory that the device can still reach.
 */
#include <linux/overflow.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/xarray.h>
#include "xsmmu-debug.h"

/**
 * struct xsmmu_unsynced - the unmaps of a device that no sync has covered
 * @kept: how many a sync has failed to cover; only a sync for all CPUs covers them
 * @rcu: to free the structure
 * @unmapped: how many others, by the CPU that unmapped
 */
struct xsmmu_unsynced {
	atomic_t kept;
	struct rcu_head rcu;
	atomic_t unmapped[];
};

/*
 * Indexed by the device's address; read under RCU. A device is entered when it
 * opts in and removed when its driver is unbound.
 */
static DEFINE_XARRAY(xsmmu_unsynced);

void xsmmu_debug_enable(struct device *dev)
{
	struct xsmmu_unsynced *u;

	u = kzalloc(struct_size(u, unmapped, nr_cpu_ids), GFP_KERNEL);
	if (u && xa_insert(&xsmmu_unsynced, (unsigned long)dev, u, GFP_KERNEL))
		kfree(u);
}

void xsmmu_debug_unmap(struct device *dev)
{
	struct xsmmu_unsynced *u;

	rcu_read_lock();
	u = xa_load(&xsmmu_unsynced, (unsigned long)dev);
	if (u)
		atomic_inc(&u->unmapped[raw_smp_processor_id()]);
	rcu_read_unlock();
}

/* Take what was unmapped on all CPUs. */
static int xsmmu_unsynced_take(struct xsmmu_unsynced *u)
{
	int cpu, n = atomic_xchg(&u->kept, 0);

	for_each_possible_cpu(cpu)
		n += atomic_xchg(&u->unmapped[cpu], 0);
	return n;
}

/*
 * Take the count before the sync: unmaps after that are not covered. With @local, only
 * that of this CPU. So the unmaps of a driver that has moved to another CPU before
 * such a sync are reported, unless a later sync covers them.
 */
int xsmmu_debug_sync_begin(struct device *dev, bool local)
{
	struct xsmmu_unsynced *u;
	int n = 0;

	rcu_read_lock();
	u = xa_load(&xsmmu_unsynced, (unsigned long)dev);
	if (u)
		n = local ? atomic_xchg(&u->unmapped[raw_smp_processor_id()], 0) :
			    xsmmu_unsynced_take(u);
	rcu_read_unlock();
	return n;
}

void xsmmu_debug_sync_end(struct device *dev, int unsynced, int err)
{
	struct xsmmu_unsynced *u;

	if (!err)
		return;
	rcu_read_lock();
	u = xa_load(&xsmmu_unsynced, (unsigned long)dev);
	if (u)
		atomic_add(unsynced, &u->kept);
	rcu_read_unlock();
}

/* Remove @dev; returns how many unmaps its driver left without a sync. */
int xsmmu_debug_unbind(struct device *dev)
{
	struct xsmmu_unsynced *u = xa_erase(&xsmmu_unsynced, (unsigned long)dev);
	int unsynced;

	if (!u)
		return 0;
	unsynced = xsmmu_unsynced_take(u);
	kfree_rcu(u, rcu);
	return unsynced;
}
