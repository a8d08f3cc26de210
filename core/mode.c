// SPDX-License-Identifier: GPL-2.0
/*
 * The mode: the parameter iommu.xsmmu= and its default, and iommu.xsmmu_virtual=.
 */
#define pr_fmt(fmt) "xsmmu: " fmt

#include <linux/crash_dump.h>
#include <linux/export.h>
#include <linux/init.h>
#include <linux/kstrtox.h>
#include "internal.h"

DEFINE_STATIC_KEY_FALSE(xsmmu_key);

static bool xsmmu_wanted __initdata = IS_ENABLED(CONFIG_IOMMU_DEFAULT_DMA_XSMMU);

static int __init xsmmu_setup(char *str)
{
	return kstrtobool(str, &xsmmu_wanted);
}
early_param("iommu.xsmmu", xsmmu_setup);

/* Batch domains too whose tables a hypervisor shadows. */
bool xsmmu_virtual;
#ifdef CONFIG_XSMMU_DEBUG
EXPORT_SYMBOL_GPL(xsmmu_virtual);
#endif

static int __init xsmmu_virtual_setup(char *str)
{
	return kstrtobool(str, &xsmmu_virtual);
}
early_param("iommu.xsmmu_virtual", xsmmu_virtual_setup);

/**
 * xsmmu_mode_init - turn xSMMU mode on if it was asked for
 *
 * Called once, before the type of the default domain is decided. The mode
 * implies strict domains: an ordinary unmap must not go to the flush queue. A
 * kdump kernel inherits the translations of the crashed kernel and does not
 * batch.
 */
void __init xsmmu_mode_init(void)
{
	if (!xsmmu_wanted)
		return;
	if (is_kdump_kernel()) {
		pr_info("off in a kdump kernel\n");
		return;
	}
	iommu_set_dma_strict();
	static_branch_enable(&xsmmu_key);
	pr_info("on: drivers may unmap without sync, all other unmaps are strict\n");
}
