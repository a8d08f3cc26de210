/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What drivers call of xSMMU that only kernels with dma_map_phys() have.
 *
 * <linux/dma-mapping.h> includes this file; drivers include that one.
 */
#ifndef _LINUX_DMA_XSMMU_PHYS_H
#define _LINUX_DMA_XSMMU_PHYS_H

#include <linux/dma-xsmmu.h>

/**
 * dma_unmap_phys_no_sync - unmap a buffer, do not wait for the IOTLB
 * @dev: the device
 * @addr: bus address that dma_map_phys() returned
 * @size: bytes, as mapped
 * @dir: as mapped
 * @attrs: DMA attributes
 *
 * To dma_unmap_phys() what dma_unmap_page_attrs_no_sync() is to
 * dma_unmap_page_attrs(). Device registers (DMA_ATTR_MMIO) are unmapped strictly.
 *
 * Context: any but NMI.
 */
static inline void dma_unmap_phys_no_sync(struct device *dev, dma_addr_t addr,
					  size_t size,
					  enum dma_data_direction dir,
					  unsigned long attrs)
{
	if (IS_ENABLED(CONFIG_XSMMU))
		dma_unmap_page_attrs_no_sync(dev, addr, size, dir, attrs);
	else
		dma_unmap_phys(dev, addr, size, dir, attrs);
}

#endif /* _LINUX_DMA_XSMMU_PHYS_H */
