/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For tests: replace the batched DMA calls of one device.
 *
 * Only in kernels with CONFIG_XSMMU_KUNIT_TEST. An override takes effect in xSMMU
 * mode only; without the mode each call is the ordinary one. dma-debug is told
 * about overridden calls as well. A device whose unmaps are replaced uses no window.
 */
#ifndef _LINUX_DMA_XSMMU_OVERRIDE_H
#define _LINUX_DMA_XSMMU_OVERRIDE_H

#include <linux/dma-direction.h>
#include <linux/list.h>
#include <linux/types.h>

struct device;

/**
 * struct xsmmu_override - what the batched calls of a device do instead
 * @node: on the list of overrides; changed under its mutex, read under RCU
 * @dev: the device; its DMA operations may then be a copy of dma-iommu's
 * @enable: for dma_enable_unmap_no_sync(), or NULL for what it does itself
 * @unmap_page: for dma_unmap_page_attrs_no_sync(), or NULL likewise. It returns
 *	false for "use the ordinary unmap"
 * @sync: for dma_sync_device_iotlb() and, with @local, for
 *	dma_sync_device_iotlb_local(); or NULL likewise
 *
 * The members are called in the context of the calls that they replace.
 */
struct xsmmu_override {
	struct list_head node;
	struct device *dev;
	bool (*enable)(struct xsmmu_override *override);
	bool (*unmap_page)(struct xsmmu_override *override, dma_addr_t addr,
			   size_t size, enum dma_data_direction dir,
			   unsigned long attrs);
	int (*sync)(struct xsmmu_override *override, bool local);
};

#if IS_ENABLED(CONFIG_XSMMU_KUNIT_TEST)
void xsmmu_override_add(struct xsmmu_override *override);
void xsmmu_override_remove(struct xsmmu_override *override);

/* What sync replaces, for an override that does so at times. */
int xsmmu_real_sync(struct device *dev, bool local);
#endif /* CONFIG_XSMMU_KUNIT_TEST */

#endif /* _LINUX_DMA_XSMMU_OVERRIDE_H */
