// SPDX-License-Identifier: GPL-2.0
/*
 * Overrides of batched DMA calls, for tests; see <linux/dma-xsmmu-override.h>.
 */
#include <linux/export.h>
#include <linux/mutex.h>
#include <linux/rculist.h>
#include "xsmmu-override.h"

DEFINE_STATIC_KEY_FALSE(xsmmu_overrides_key);

/* Changed under the mutex, read under RCU. */
static LIST_HEAD(xsmmu_overrides);
static DEFINE_MUTEX(xsmmu_overrides_lock);

struct xsmmu_override *__xsmmu_override_of(struct device *dev)
{
	struct xsmmu_override *override, *found = NULL;

	rcu_read_lock();
	list_for_each_entry_rcu(override, &xsmmu_overrides, node) {
		if (override->dev == dev) {
			found = override;
			break;
		}
	}
	rcu_read_unlock();
	return found;
}

/**
 * xsmmu_override_add - override the batched DMA calls of a device
 * @override: of a device that has none and whose driver is not bound yet
 *
 * Context: process context, may sleep.
 */
void xsmmu_override_add(struct xsmmu_override *override)
{
	mutex_lock(&xsmmu_overrides_lock);
	list_add_rcu(&override->node, &xsmmu_overrides);
	mutex_unlock(&xsmmu_overrides_lock);
	static_branch_inc(&xsmmu_overrides_key);
}
EXPORT_SYMBOL_GPL(xsmmu_override_add);

/**
 * xsmmu_override_remove - end an override
 * @override: of a device that makes no more calls
 *
 * Context: process context, may sleep.
 */
void xsmmu_override_remove(struct xsmmu_override *override)
{
	static_branch_dec(&xsmmu_overrides_key);
	mutex_lock(&xsmmu_overrides_lock);
	list_del_rcu(&override->node);
	mutex_unlock(&xsmmu_overrides_lock);
	/* A call of another device may still look at @override. */
	synchronize_rcu();
}
EXPORT_SYMBOL_GPL(xsmmu_override_remove);
