/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What dma-debug counts for xSMMU: unmaps that no sync has covered.
 */
#ifndef _KERNEL_DMA_XSMMU_DEBUG_H
#define _KERNEL_DMA_XSMMU_DEBUG_H

struct device;

#if defined(CONFIG_DMA_API_DEBUG) && defined(CONFIG_XSMMU)
void xsmmu_debug_enable(struct device *dev);
void xsmmu_debug_unmap(struct device *dev);
int xsmmu_debug_sync_begin(struct device *dev, bool local);
void xsmmu_debug_sync_end(struct device *dev, int unsynced, int err);
int xsmmu_debug_unbind(struct device *dev);
#else
static inline void xsmmu_debug_enable(struct device *dev)
{
}

static inline void xsmmu_debug_unmap(struct device *dev)
{
}

static inline int xsmmu_debug_sync_begin(struct device *dev, bool local)
{
	return 0;
}

static inline void xsmmu_debug_sync_end(struct device *dev, int unsynced,
					int err)
{
}

static inline int xsmmu_debug_unbind(struct device *dev)
{
	return 0;
}
#endif

#endif /* _KERNEL_DMA_XSMMU_DEBUG_H */
