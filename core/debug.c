// SPDX-License-Identifier: GPL-2.0
/*
 * Knobs of the debug build: /sys/module/xsmmu/parameters/, and xsmmu.* on the
 * kernel command line. They can turn protection off, so that a test can show that
 * the protection works. A production kernel is built without them.
 */
#include <linux/moduleparam.h>
#include "internal.h"

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "xsmmu."

/* Read when a device opts in. Rounded up to a power of two. */
unsigned int xsmmu_quarantine_size = XSMMU_QUARANTINE_SIZE;
EXPORT_SYMBOL_GPL(xsmmu_quarantine_size);

static int xsmmu_set_quarantine(const char *val, const struct kernel_param *kp)
{
	return param_set_uint_minmax(val, kp, 2, 1024);
}

static const struct kernel_param_ops xsmmu_quarantine_ops = {
	.set = xsmmu_set_quarantine,
	.get = param_get_uint,
};
module_param_cb(quarantine, &xsmmu_quarantine_ops, &xsmmu_quarantine_size, 0644);

/* If false, orphans stay in quarantine until their CPU syncs. */
bool xsmmu_backstop_on = true;
EXPORT_SYMBOL_GPL(xsmmu_backstop_on);
module_param_named(backstop, xsmmu_backstop_on, bool, 0644);
