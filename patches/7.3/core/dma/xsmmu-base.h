/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the entry points in kernel/dma/xsmmu.c ask of Linux 7.3.
 */
#ifndef _KERNEL_DMA_XSMMU_BASE_H
#define _KERNEL_DMA_XSMMU_BASE_H

#include <linux/dma-map-ops.h>
#include <linux/iommu.h>
#include <linux/iommu-dma.h>
#include <linux/kmsan.h>
#include <linux/pci.h>
#include <linux/swiotlb.h>
#include <trace/events/dma.h>
#include "../../drivers/iommu/xsmmu/base.h"
#include "debug.h"

/** xsmmu_uses_dma_iommu - does dma-iommu map and unmap for this device? */
static inline bool xsmmu_uses_dma_iommu(struct device *dev)
{
	return use_dma_iommu(dev);
}

/** xsmmu_dma_domain - the DMA domain of a device that dma-iommu maps for */
static inline struct iommu_domain *xsmmu_dma_domain(struct device *dev)
{
	return iommu_get_dma_domain(dev);
}

/** xsmmu_dma_limit - the highest bus address of @domain that a device reaches */
static inline u64 xsmmu_dma_limit(struct device *dev, struct iommu_domain *domain)
{
	u64 limit = min_not_zero(dma_get_mask(dev), dev->bus_dma_limit);

	if (domain->geometry.force_aperture)
		limit = min_t(u64, limit, domain->geometry.aperture_end);
	return limit;
}

/** xsmmu_is_untrusted - may dma-iommu bounce mappings because of the device? */
static inline bool xsmmu_is_untrusted(struct device *dev)
{
	return likely(dev_is_pci(dev)) && unlikely(to_pci_dev(dev)->untrusted);
}

/**
 * xsmmu_attrs_may_batch - may what has these attributes be unmapped without sync?
 * @attrs: DMA attributes
 *
 * The address of a device's registers (MMIO) has no page, and memory that is shared
 * with a hypervisor is not mapped by dma-iommu.
 */
static inline bool xsmmu_attrs_may_batch(unsigned long attrs)
{
	return !(attrs & (DMA_ATTR_MMIO | DMA_ATTR_CC_SHARED));
}

/** xsmmu_attrs_fit_window - do the attributes ask for nothing that a window lacks? */
static inline bool xsmmu_attrs_fit_window(unsigned long attrs)
{
	return !(attrs & (DMA_ATTR_PRIVILEGED | DMA_ATTR_REQUIRE_COHERENT)) &&
	       xsmmu_attrs_may_batch(attrs);
}

/**
 * xsmmu_must_bounce - may dma-iommu bounce a mapping?
 * @dev: the device
 * @size: bytes
 * @dir: direction
 *
 * For an untrusted device, because of what else is in the page. For a device that is not
 * coherent, because of what else kmalloc() has put into the cache line.
 */
static inline bool xsmmu_must_bounce(struct device *dev, size_t size,
				     enum dma_data_direction dir)
{
	return xsmmu_is_untrusted(dev) || dma_kmalloc_needs_bounce(dev, size, dir);
}

/** xsmmu_sg_must_bounce - the same for the @nents buffers of a list */
static inline bool xsmmu_sg_must_bounce(struct device *dev, struct scatterlist *sg,
					int nents, enum dma_data_direction dir)
{
	struct scatterlist *s;
	int i;

	if (xsmmu_is_untrusted(dev))
		return true;
	if (dma_kmalloc_safe(dev, dir))
		return false;
	for_each_sg(sg, s, nents, i)
		if (!dma_kmalloc_size_aligned(s->length))
			return true;
	return false;
}

/** xsmmu_is_bounced - is the CPU address @phys in a bounce buffer? */
static inline bool xsmmu_is_bounced(struct device *dev, phys_addr_t phys)
{
	return swiotlb_find_pool(dev, phys);
}

/** xsmmu_sg_is_bounced - were the entries of a list mapped one by one to bounce? */
static inline bool xsmmu_sg_is_bounced(struct scatterlist *sg)
{
	return sg_dma_is_swiotlb(sg);
}

/** xsmmu_sync_for_device - let a device that is not coherent see a buffer */
static inline void xsmmu_sync_for_device(phys_addr_t phys, size_t size,
					 enum dma_data_direction dir)
{
	arch_sync_dma_for_device(phys, size, dir);
	arch_sync_dma_flush();
}

/** xsmmu_sync_for_cpu - let the CPU read what the device wrote to a buffer */
static inline void xsmmu_sync_for_cpu(struct device *dev, phys_addr_t phys,
				      size_t size, enum dma_data_direction dir)
{
	if (dev_is_dma_coherent(dev))
		return;
	arch_sync_dma_for_cpu(phys, size, dir);
	arch_sync_dma_flush();
}

/* Call @sync for each of the @nents buffers of a list, unless the device is coherent. */
static inline void xsmmu_sync_sg(struct device *dev, struct scatterlist *sg,
				 int nents, enum dma_data_direction dir,
				 void (*sync)(phys_addr_t phys, size_t size,
					      enum dma_data_direction dir))
{
	struct scatterlist *s;
	int i;

	if (dev_is_dma_coherent(dev))
		return;
	for_each_sg(sg, s, nents, i)
		sync(sg_phys(s), s->length, dir);
	arch_sync_dma_flush();
}

/** xsmmu_sync_sg_for_device - write the @nents buffers of a list out of the CPU's caches */
static inline void xsmmu_sync_sg_for_device(struct device *dev,
					    struct scatterlist *sg, int nents,
					    enum dma_data_direction dir)
{
	xsmmu_sync_sg(dev, sg, nents, dir, arch_sync_dma_for_device);
}

/** xsmmu_sync_sg_for_cpu - let the CPU read the @nents buffers of a list */
static inline void xsmmu_sync_sg_for_cpu(struct device *dev,
					 struct scatterlist *sg, int nents,
					 enum dma_data_direction dir)
{
	xsmmu_sync_sg(dev, sg, nents, dir, arch_sync_dma_for_cpu);
}

/** xsmmu_sg_is_bus_address - does an entry hold a peer's own bus address? */
static inline bool xsmmu_sg_is_bus_address(struct scatterlist *sg)
{
	return sg_dma_is_bus_address(sg);
}

/** xsmmu_sg_unmark_bus_address - an unmapped entry holds no bus address */
static inline void xsmmu_sg_unmark_bus_address(struct scatterlist *sg)
{
	sg_dma_unmark_bus_address(sg);
}

/** xsmmu_ordinary_unmap - unmap a buffer strictly */
static inline void xsmmu_ordinary_unmap(struct device *dev, dma_addr_t addr,
					size_t size, enum dma_data_direction dir,
					unsigned long attrs)
{
	dma_unmap_phys(dev, addr, size, dir, attrs);
}

/**
 * xsmmu_ops_map - map a buffer as dma-iommu, or the operations of a device, do
 * @dev: the device
 * @phys: CPU address
 * @size: bytes
 * @dir: direction
 * @attrs: DMA attributes
 *
 * dma_map_phys() itself refuses what these attributes forbid.
 */
static inline dma_addr_t xsmmu_ops_map(struct device *dev, phys_addr_t phys,
				       size_t size, enum dma_data_direction dir,
				       unsigned long attrs)
{
	if (attrs & DMA_ATTR_CC_SHARED ||
	    (attrs & DMA_ATTR_REQUIRE_COHERENT && !dev_is_dma_coherent(dev)))
		return DMA_MAPPING_ERROR;
	if (xsmmu_uses_dma_iommu(dev))
		return iommu_dma_map_phys(dev, phys, size, dir, attrs);
	return get_dma_ops(dev)->map_phys(dev, phys, size, dir, attrs);
}

/** xsmmu_ops_unmap - unmap a buffer as dma-iommu, or the operations of a device, do */
static inline void xsmmu_ops_unmap(struct device *dev, dma_addr_t addr,
				   size_t size, enum dma_data_direction dir,
				   unsigned long attrs)
{
	if (xsmmu_uses_dma_iommu(dev))
		iommu_dma_unmap_phys(dev, addr, size, dir, attrs);
	else if (get_dma_ops(dev)->unmap_phys)
		get_dma_ops(dev)->unmap_phys(dev, addr, size, dir, attrs);
}

/** xsmmu_ops_map_sg - map a list as dma-iommu, or the operations of a device, do */
static inline int xsmmu_ops_map_sg(struct device *dev, struct scatterlist *sg,
				   int nents, enum dma_data_direction dir,
				   unsigned long attrs)
{
	if (xsmmu_uses_dma_iommu(dev))
		return iommu_dma_map_sg(dev, sg, nents, dir, attrs);
	return get_dma_ops(dev)->map_sg(dev, sg, nents, dir, attrs);
}

/** xsmmu_ops_unmap_sg - unmap a list as dma-iommu, or the operations of a device, do */
static inline void xsmmu_ops_unmap_sg(struct device *dev, struct scatterlist *sg,
				      int nents, enum dma_data_direction dir,
				      unsigned long attrs)
{
	if (xsmmu_uses_dma_iommu(dev))
		iommu_dma_unmap_sg(dev, sg, nents, dir, attrs);
	else if (get_dma_ops(dev)->unmap_sg)
		get_dma_ops(dev)->unmap_sg(dev, sg, nents, dir, attrs);
}

/** xsmmu_note_map - tell KMSAN, tracers and dma-debug that a buffer was mapped */
static inline void xsmmu_note_map(struct device *dev, phys_addr_t phys,
				  size_t size, enum dma_data_direction dir,
				  dma_addr_t addr, unsigned long attrs)
{
	if (!(attrs & DMA_ATTR_MMIO))
		kmsan_handle_dma(phys, size, dir);
	trace_dma_map_phys(dev, phys, addr, size, dir, attrs);
	debug_dma_map_phys(dev, phys, size, dir, addr, attrs);
}

/** xsmmu_note_unmap_page - tell tracers and dma-debug that a page was unmapped */
static inline void xsmmu_note_unmap_page(struct device *dev, dma_addr_t addr,
					 size_t size,
					 enum dma_data_direction dir,
					 unsigned long attrs)
{
	trace_dma_unmap_phys(dev, addr, size, dir, attrs);
	debug_dma_unmap_phys(dev, addr, size, dir, attrs);
}

/** xsmmu_note_unmap_sg - tell tracers and dma-debug that a list is about to be unmapped */
static inline void xsmmu_note_unmap_sg(struct device *dev,
				       struct scatterlist *sg, int nents,
				       enum dma_data_direction dir,
				       unsigned long attrs)
{
	trace_dma_unmap_sg(dev, sg, nents, dir, attrs);
	debug_dma_unmap_sg(dev, sg, nents, dir, attrs);
}

#endif /* _KERNEL_DMA_XSMMU_BASE_H */
