/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The accessor of Linux 7.3 for the inline functions of the pen; pen.h includes this file.
 */
#ifndef __MLX5E_PEN_BASE_DMA_H__
#define __MLX5E_PEN_BASE_DMA_H__

#include <linux/dma-mapping.h>

/**
 * mlx5e_base_unmap_dma_no_sync - unmap one entry of a send queue's DMA FIFO
 * @dev: the device
 * @dma: the entry
 *
 * Context: any. The caller frees the buffer after dma_sync_device_iotlb().
 */
static inline void mlx5e_base_unmap_dma_no_sync(struct device *dev, struct mlx5e_sq_dma *dma)
{
	/* Memory of another device was mapped, and will be unmapped, by its owner. */
	if (dma->type == MLX5E_DMA_MAP_PAGE && !dma->addr)
		return;
	dma_unmap_page_no_sync(dev, dma->addr, dma->size, DMA_TO_DEVICE);
}

#endif /* __MLX5E_PEN_BASE_DMA_H__ */
