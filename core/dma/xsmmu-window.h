/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Mappings in a window, as the DMA API makes and ends them: what mapping.c and the
 * batched unmaps call.
 */
#ifndef _KERNEL_DMA_XSMMU_WINDOW_H
#define _KERNEL_DMA_XSMMU_WINDOW_H

#include "../../drivers/iommu/xsmmu/xsmmu.h"

#ifdef CONFIG_XSMMU
void xsmmu_enter_window(struct device *dev, struct iommu_domain *domain);
void xsmmu_leave_window(struct device *dev);
bool xsmmu_window_unmap_page(struct device *dev, dma_addr_t addr, size_t size,
			     enum dma_data_direction dir, unsigned long attrs);

bool xsmmu_window_unmap_sg(struct device *dev, struct scatterlist *sg, int nents,
			   enum dma_data_direction dir, unsigned long attrs);

dma_addr_t xsmmu_map_page(struct device *dev, struct xsmmu_window *w,
			  phys_addr_t phys, size_t size,
			  enum dma_data_direction dir, unsigned long attrs);
void xsmmu_unmap_page_in_mode(struct device *dev, dma_addr_t addr, size_t size,
			      enum dma_data_direction dir, unsigned long attrs);
int xsmmu_map_sg_in_mode(struct device *dev, struct scatterlist *sg, int nents,
			 enum dma_data_direction dir, unsigned long attrs);
void xsmmu_unmap_sg_in_mode(struct device *dev, struct scatterlist *sg, int nents,
			    enum dma_data_direction dir, unsigned long attrs);

/**
 * xsmmu_window_of - the window in which a device maps
 * @dev: the device
 *
 * Context: any.
 * Return: the window, or NULL. It stays while the device's driver is bound.
 */
static __always_inline struct xsmmu_window *xsmmu_window_of(struct device *dev)
{
	return likely(dev->iommu) ?
	       rcu_dereference_raw(dev->iommu->xsmmu_window) : NULL;
}

/**
 * xsmmu_window_in_mode - the window for xsmmu_map_page()
 * @dev: the device
 *
 * Context: any.
 * Return: the window; NULL: the device has none, or the mode is off.
 */
static __always_inline struct xsmmu_window *
xsmmu_window_in_mode(struct device *dev)
{
	return xsmmu_mode() ? xsmmu_window_of(dev) : NULL;
}
#else
static inline struct xsmmu_window *xsmmu_window_in_mode(struct device *dev)
{
	return NULL;
}

static inline dma_addr_t xsmmu_map_page(struct device *dev,
					struct xsmmu_window *w,
					phys_addr_t phys, size_t size,
					enum dma_data_direction dir,
					unsigned long attrs)
{
	return DMA_MAPPING_ERROR;
}

static inline void xsmmu_unmap_page_in_mode(struct device *dev, dma_addr_t addr,
					    size_t size,
					    enum dma_data_direction dir,
					    unsigned long attrs)
{
}

static inline int xsmmu_map_sg_in_mode(struct device *dev,
				       struct scatterlist *sg, int nents,
				       enum dma_data_direction dir,
				       unsigned long attrs)
{
	return 0;
}

static inline void xsmmu_unmap_sg_in_mode(struct device *dev,
					  struct scatterlist *sg, int nents,
					  enum dma_data_direction dir,
					  unsigned long attrs)
{
}
#endif /* CONFIG_XSMMU */

#endif /* _KERNEL_DMA_XSMMU_WINDOW_H */
