/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How the entry points find the override of a device. A kernel without tests has
 * none, and the compiler removes the question.
 */
#ifndef _KERNEL_DMA_XSMMU_OVERRIDE_H
#define _KERNEL_DMA_XSMMU_OVERRIDE_H

#include <linux/dma-xsmmu-override.h>
#include <linux/jump_label.h>

#if IS_ENABLED(CONFIG_XSMMU_KUNIT_TEST)
DECLARE_STATIC_KEY_FALSE(xsmmu_overrides_key);

struct xsmmu_override *__xsmmu_override_of(struct device *dev);

/* The override of @dev, or NULL. Any context but NMI. */
static inline struct xsmmu_override *xsmmu_override_of(struct device *dev)
{
	if (!static_branch_unlikely(&xsmmu_overrides_key))
		return NULL;
	return __xsmmu_override_of(dev);
}
#else
static inline struct xsmmu_override *xsmmu_override_of(struct device *dev)
{
	return NULL;
}
#endif /* CONFIG_XSMMU_KUNIT_TEST */

/* Does an override replace the unmaps of @dev? Then nothing of it is in a window. */
static inline bool xsmmu_override_unmaps(struct device *dev)
{
	struct xsmmu_override *override = xsmmu_override_of(dev);

	return override && override->unmap_page;
}

#endif /* _KERNEL_DMA_XSMMU_OVERRIDE_H */
