// SPDX-License-Identifier: GPL-2.0
/*
 * The DMA API's entry points to xSMMU.
 *
 * Each falls back to the ordinary call unless the kernel is in xSMMU mode and
 * the device's DMA ops know batching; whether the device's domain batches is
 * decided behind the op.
 */
#include <linux/dma-map-ops.h>
#include <linux/export.h>
#include <linux/jump_label.h>
#include "debug.h"
#include "xsmmu-debug.h"

DECLARE_STATIC_KEY_FALSE(xsmmu_key);

/* The device's ops, or NULL where every call is the ordinary one. */
static const struct dma_map_ops *xsmmu_ops(struct device *dev)
{
	const struct dma_map_ops *ops;

	if (!static_branch_unlikely(&xsmmu_key))
		return NULL;
	ops = get_dma_ops(dev);
	return ops && ops->enable_unmap_no_sync ? ops : NULL;
}

/**
 * dma_enable_unmap_no_sync - opt in to batched unmapping
 * @dev: the device that does the DMA
 *
 * Call it from the driver's probe, after the DMA mask is set. The answer is
 * final, and the same whenever it is asked for: a driver may skip its batching
 * and its syncs where it is false, but need not, all calls are valid either way.
 *
 * Context: process context; allocates, may sleep.
 * Return: true if *_no_sync() unmaps of @dev defer their invalidation, false if
 * they are ordinary unmaps (mode off, no IOMMU translation, an IOMMU or a
 * backend that cannot, an untrusted device, lazy mode).
 */
bool dma_enable_unmap_no_sync(struct device *dev)
{
	const struct dma_map_ops *ops = xsmmu_ops(dev);

	if (!ops || !ops->enable_unmap_no_sync(dev))
		return false;
	xsmmu_debug_enable(dev);
	return true;
}
EXPORT_SYMBOL_GPL(dma_enable_unmap_no_sync);

/**
 * dma_unmap_page_attrs_no_sync - unmap a page, do not wait for the IOTLB
 * @dev: the device
 * @addr: bus address that dma_map_page_attrs() returned
 * @size: bytes, as mapped
 * @dir: as mapped
 * @attrs: DMA attributes
 *
 * As dma_unmap_page_attrs(), except that the device may still reach the buffer
 * until dma_sync_device_iotlb() has returned 0. Until then the buffer belongs to
 * nobody: the CPU may read it, but not free, reuse or hand it on. What the CPU
 * reads can still change: do not check it first and use it later.
 *
 * A mapping that was bounced is unmapped the ordinary way.
 *
 * Context: any but NMI.
 */
void dma_unmap_page_attrs_no_sync(struct device *dev, dma_addr_t addr,
				  size_t size, enum dma_data_direction dir,
				  unsigned long attrs)
{
	const struct dma_map_ops *ops = xsmmu_ops(dev);

	WARN_ON_ONCE(!valid_dma_direction(dir));
	if (!ops) {
		dma_unmap_page_attrs(dev, addr, size, dir, attrs);
		return;
	}
	ops->unmap_page_no_sync(dev, addr, size, dir, attrs);
	debug_dma_unmap_page(dev, addr, size, dir);
	xsmmu_debug_unmap(dev);
}
EXPORT_SYMBOL_GPL(dma_unmap_page_attrs_no_sync);

/**
 * dma_unmap_sg_attrs_no_sync - unmap a scatterlist, do not wait for the IOTLB
 * @dev: the device
 * @sg: the scatterlist
 * @nents: entries, as passed to dma_map_sg_attrs(), not as it returned
 * @dir: as mapped
 * @attrs: DMA attributes
 *
 * To dma_unmap_sg_attrs() what dma_unmap_page_attrs_no_sync() is to its own
 * ordinary form.
 *
 * Context: any but NMI.
 */
void dma_unmap_sg_attrs_no_sync(struct device *dev, struct scatterlist *sg,
				int nents, enum dma_data_direction dir,
				unsigned long attrs)
{
	const struct dma_map_ops *ops = xsmmu_ops(dev);

	WARN_ON_ONCE(!valid_dma_direction(dir));
	if (!ops) {
		dma_unmap_sg_attrs(dev, sg, nents, dir, attrs);
		return;
	}
	debug_dma_unmap_sg(dev, sg, nents, dir);
	ops->unmap_sg_no_sync(dev, sg, nents, dir, attrs);
	xsmmu_debug_unmap(dev);
}
EXPORT_SYMBOL_GPL(dma_unmap_sg_attrs_no_sync);

/**
 * dma_sync_device_iotlb - one invalidation for all earlier unmaps without sync
 * @dev: the device
 *
 * Covers every *_no_sync() unmap of @dev that happened before this call, on any
 * CPU. It always invalidates: a driver that unmapped nothing does not call it.
 * Despite its name it has nothing to do with CPU caches.
 *
 * Context: any but NMI. Spins until the IOMMU has completed.
 * Return: 0: the buffers may be freed or reused. Negative: the device may still
 * reach them; keep them, count them, and stop the queue they came from. A later
 * sync that returns 0 covers them too.
 */
int dma_sync_device_iotlb(struct device *dev)
{
	const struct dma_map_ops *ops = xsmmu_ops(dev);
	int unsynced, err;

	if (!ops)
		return 0;
	unsynced = xsmmu_debug_sync_begin(dev);
	err = ops->sync_device_iotlb(dev);
	xsmmu_debug_sync_end(dev, unsynced, err);
	return err;
}
EXPORT_SYMBOL_GPL(dma_sync_device_iotlb);
