/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What drivers call: unmap many buffers without waiting, ask for one IOTLB
 * invalidation, then free the buffers.
 *
 * <linux/dma-mapping.h> includes this file; drivers include that one. With
 * CONFIG_XSMMU=n, and for every device for which dma_enable_unmap_no_sync()
 * returned false, each *_no_sync() call is the ordinary unmap, and the sync
 * returns 0 at once.
 */
#ifndef _LINUX_DMA_XSMMU_H
#define _LINUX_DMA_XSMMU_H

struct device;
struct scatterlist;

#ifdef CONFIG_XSMMU
bool dma_enable_unmap_no_sync(struct device *dev);
void dma_unmap_page_attrs_no_sync(struct device *dev, dma_addr_t addr,
				  size_t size, enum dma_data_direction dir,
				  unsigned long attrs);
void dma_unmap_sg_attrs_no_sync(struct device *dev, struct scatterlist *sg,
				int nents, enum dma_data_direction dir,
				unsigned long attrs);
int __must_check dma_sync_device_iotlb(struct device *dev);
int __must_check dma_sync_device_iotlb_local(struct device *dev);
unsigned long dma_iotlb_snapshot(struct device *dev);
bool dma_iotlb_covered(struct device *dev, unsigned long snap);
#else
static inline bool dma_enable_unmap_no_sync(struct device *dev)
{
	return false;
}

static inline void dma_unmap_page_attrs_no_sync(struct device *dev,
						dma_addr_t addr, size_t size,
						enum dma_data_direction dir,
						unsigned long attrs)
{
	dma_unmap_page_attrs(dev, addr, size, dir, attrs);
}

static inline void dma_unmap_sg_attrs_no_sync(struct device *dev,
					      struct scatterlist *sg, int nents,
					      enum dma_data_direction dir,
					      unsigned long attrs)
{
	dma_unmap_sg_attrs(dev, sg, nents, dir, attrs);
}

static inline int __must_check dma_sync_device_iotlb(struct device *dev)
{
	return 0;
}

static inline int __must_check dma_sync_device_iotlb_local(struct device *dev)
{
	return 0;
}

static inline unsigned long dma_iotlb_snapshot(struct device *dev)
{
	return 0;
}

static inline bool dma_iotlb_covered(struct device *dev, unsigned long snap)
{
	return true;
}
#endif /* CONFIG_XSMMU */

/* dma_map_single() maps a page; only dma-debug distinguishes the two. */
static inline void dma_unmap_single_attrs_no_sync(struct device *dev,
						  dma_addr_t addr, size_t size,
						  enum dma_data_direction dir,
						  unsigned long attrs)
{
	dma_unmap_page_attrs_no_sync(dev, addr, size, dir, attrs);
}

#define dma_unmap_page_no_sync(d, a, s, r) \
	dma_unmap_page_attrs_no_sync(d, a, s, r, 0)
#define dma_unmap_single_no_sync(d, a, s, r) \
	dma_unmap_single_attrs_no_sync(d, a, s, r, 0)
#define dma_unmap_sg_no_sync(d, s, n, r) \
	dma_unmap_sg_attrs_no_sync(d, s, n, r, 0)

#endif /* _LINUX_DMA_XSMMU_H */
