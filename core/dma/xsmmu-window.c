// SPDX-License-Identifier: GPL-2.0
/*
 * Mappings in a window, as the DMA API makes and ends them. A device uses the window
 * of its domain from when its driver opted in until the driver is unbound.
 */
#include <linux/device.h>
#include <linux/dma-mapping.h>
#include <linux/export.h>
#include <linux/rcupdate.h>
#include "xsmmu-base.h"
#include "xsmmu-override.h"
#include "xsmmu-window.h"
#include "../../drivers/iommu/xsmmu/window-page.h"

/**
 * xsmmu_enter_window - let a device map in the window of its domain
 * @dev: the device; its driver has opted in
 * @domain: its domain, which batches
 *
 * Context: process context, may sleep.
 */
void xsmmu_enter_window(struct device *dev, struct iommu_domain *domain)
{
	struct xsmmu_window *w;

	/* Without a DMA mask each mapping fails, and xsmmu_map_page() does not look. */
	if (!dev->iommu || !dev->dma_mask || xsmmu_window_of(dev))
		return;
	w = xsmmu_window_get(domain->xsmmu, xsmmu_dma_limit(dev, domain),
			     dev_is_dma_coherent(dev));
	rcu_assign_pointer(dev->iommu->xsmmu_window, w);
}

/**
 * xsmmu_leave_window - let a device map in no window any more
 * @dev: the device; its driver is unbound
 *
 * Context: process context, may sleep.
 */
void xsmmu_leave_window(struct device *dev)
{
	struct xsmmu_window *w = xsmmu_window_of(dev);

	if (!w)
		return;
	RCU_INIT_POINTER(dev->iommu->xsmmu_window, NULL);
	xsmmu_window_put(w);
}

/*
 * The window that has @addr, or NULL. A device whose driver was unbound has no window
 * any more, but its domain has it as long as something is mapped there.
 */
static struct xsmmu_window *xsmmu_window_at(struct device *dev, dma_addr_t addr)
{
	if (!xsmmu_uses_dma_iommu(dev) && !xsmmu_override_of(dev))
		return NULL;
	return xsmmu_window_find(xsmmu_of(xsmmu_dma_domain(dev)), addr);
}

/* May what the caller asks for be mapped in a window? */
static __always_inline bool xsmmu_may_map(struct device *dev, size_t size,
					  enum dma_data_direction dir,
					  unsigned long attrs)
{
	return xsmmu_attrs_fit_window(attrs) && !xsmmu_must_bounce(dev, size, dir);
}

/* Does a mapping need nothing but its entry? */
static __always_inline bool xsmmu_is_plain(struct device *dev, size_t size,
					   enum dma_data_direction dir,
					   unsigned long attrs)
{
	return dev_is_dma_coherent(dev) && !xsmmu_override_unmaps(dev) &&
	       xsmmu_may_map(dev, size, dir, attrs);
}

static __always_inline bool
xsmmu_window_map_page(struct device *dev, struct xsmmu_window *w,
		      phys_addr_t phys, size_t size,
		      enum dma_data_direction dir, unsigned long attrs,
		      dma_addr_t *addr)
{
	bool coherent = dev_is_dma_coherent(dev);

	if (!w || !xsmmu_may_map(dev, size, dir, attrs))
		return false;
	*addr = xsmmu_window_map(w, phys, size, dir, coherent);
	if (unlikely(*addr == DMA_MAPPING_ERROR))
		return false;
	/* The driver has not told the device yet. */
	if (!coherent && !(attrs & DMA_ATTR_SKIP_CPU_SYNC))
		xsmmu_sync_for_device(phys, size, dir);
	return true;
}

/* Let the CPU read what the device wrote, unless the caller does that. */
static __always_inline void xsmmu_unmapped(struct device *dev, phys_addr_t phys,
					   size_t size,
					   enum dma_data_direction dir,
					   unsigned long attrs)
{
	if (!(attrs & DMA_ATTR_SKIP_CPU_SYNC))
		xsmmu_sync_for_cpu(dev, phys, size, dir);
}

/**
 * xsmmu_window_unmap_page - unmap a page without sync, if it is mapped in a window
 * @dev: the device
 * @addr: bus address
 * @size: bytes, as mapped
 * @dir: as mapped
 * @attrs: DMA attributes
 *
 * Context: any but NMI.
 * Return: false if @addr is in no window.
 */
bool xsmmu_window_unmap_page(struct device *dev, dma_addr_t addr, size_t size,
			     enum dma_data_direction dir, unsigned long attrs)
{
	struct xsmmu_window *w = xsmmu_window_of(dev);
	phys_addr_t phys;

	if (unlikely(!w))
		w = xsmmu_window_at(dev, addr);
	if (unlikely(!w) || !xsmmu_window_has(w, addr))
		return false;
	if (xsmmu_window_unmap(w, addr, &phys))
		xsmmu_unmapped(dev, phys, size, dir, attrs);
	return true;
}

static __always_inline bool
xsmmu_window_unmap_page_strict(struct device *dev, dma_addr_t addr, size_t size,
			       enum dma_data_direction dir, unsigned long attrs)
{
	struct xsmmu_window *w = xsmmu_window_at(dev, addr);
	phys_addr_t phys;

	if (!w)
		return false;
	if (xsmmu_window_unmap_strict(w, addr, &phys))
		xsmmu_unmapped(dev, phys, size, dir, attrs);
	return true;
}

/*
 * Map a page that xsmmu_map_page() could not map at once. A device with an
 * override of its unmaps goes through its own table of operations.
 */
static noinline dma_addr_t
xsmmu_map_page_slowly(struct device *dev, struct xsmmu_window *w,
		      phys_addr_t phys, size_t size,
		      enum dma_data_direction dir, unsigned long attrs)
{
	dma_addr_t addr;

	if (xsmmu_override_unmaps(dev) ||
	    !xsmmu_window_map_page(dev, w, phys, size, dir, attrs, &addr))
		addr = xsmmu_ops_map(dev, phys, size, dir, attrs);
	xsmmu_note_map(dev, phys, size, dir, addr, attrs);
	return addr;
}

/* Map a page that xsmmu_map_page() could not map at once, if it crosses into another. */
static noinline dma_addr_t
xsmmu_map_two_pages(struct device *dev, struct xsmmu_window *w,
		    phys_addr_t phys, size_t size, enum dma_data_direction dir,
		    unsigned long attrs)
{
	dma_addr_t addr;

	if (unlikely(!xsmmu_page_map(w, 1, phys, size, dir, true, &addr)))
		return xsmmu_map_page_slowly(dev, w, phys, size, dir, attrs);
	xsmmu_note_map(dev, phys, size, dir, addr, attrs);
	return addr;
}

/**
 * xsmmu_map_page - what dma_map_page_attrs() does for a device that has a window
 * @dev: the device
 * @w: its window
 * @phys: CPU address of the buffer
 * @size: its length in bytes
 * @dir: direction
 * @attrs: DMA attributes
 *
 * Calls come last here, so that the compiler need not save a register for them.
 *
 * Context: any but NMI.
 * Return: the bus address, or DMA_MAPPING_ERROR.
 */
dma_addr_t xsmmu_map_page(struct device *dev, struct xsmmu_window *w,
			  phys_addr_t phys, size_t size,
			  enum dma_data_direction dir, unsigned long attrs)
{
	dma_addr_t addr;

	if (unlikely(!xsmmu_is_plain(dev, size, dir, attrs)))
		return xsmmu_map_page_slowly(dev, w, phys, size, dir, attrs);
	if (unlikely(!xsmmu_page_map(w, 0, phys, size, dir, true, &addr)))
		return xsmmu_map_two_pages(dev, w, phys, size, dir, attrs);
	xsmmu_note_map(dev, phys, size, dir, addr, attrs);
	return addr;
}

/**
 * xsmmu_unmap_page_in_mode - what dma_unmap_page_attrs() does in xSMMU mode
 * @dev: the device; it does not map directly
 * @addr: bus address
 * @size: bytes, as mapped
 * @dir: as mapped
 * @attrs: DMA attributes
 *
 * Unmaps strictly, in a window or as the operations of the device do.
 *
 * Context: any but NMI.
 */
void xsmmu_unmap_page_in_mode(struct device *dev, dma_addr_t addr, size_t size,
			      enum dma_data_direction dir, unsigned long attrs)
{
	if (xsmmu_override_unmaps(dev) ||
	    !xsmmu_window_unmap_page_strict(dev, addr, size, dir, attrs))
		xsmmu_ops_unmap(dev, addr, size, dir, attrs);
}

/* Map a list in the window of a device; 0 if it has to be mapped the ordinary way. */
static int xsmmu_window_map_list(struct device *dev, struct scatterlist *sg,
				 int nents, enum dma_data_direction dir,
				 unsigned long attrs)
{
	struct xsmmu_window *w = xsmmu_window_of(dev);
	bool coherent = dev_is_dma_coherent(dev);
	int segments;

	if (!w || !xsmmu_attrs_fit_window(attrs) ||
	    xsmmu_sg_must_bounce(dev, sg, nents, dir))
		return 0;
	segments = xsmmu_window_map_sg(w, sg, nents, dir, coherent,
				       dma_get_max_seg_size(dev),
				       dma_get_seg_boundary(dev));
	/* The driver has not told the device yet. */
	if (segments && !(attrs & DMA_ATTR_SKIP_CPU_SYNC))
		xsmmu_sync_sg_for_device(dev, sg, nents, dir);
	return segments;
}

/**
 * xsmmu_map_sg_in_mode - what dma_map_sg_attrs() does in xSMMU mode
 * @dev: the device; it does not map directly
 * @sg: the list
 * @nents: its entries
 * @dir: direction
 * @attrs: DMA attributes
 *
 * Context: any but NMI.
 * Return: the number of segments, or an error, as the operations of the device do.
 */
int xsmmu_map_sg_in_mode(struct device *dev, struct scatterlist *sg, int nents,
			 enum dma_data_direction dir, unsigned long attrs)
{
	return xsmmu_window_map_list(dev, sg, nents, dir, attrs) ?:
	       xsmmu_ops_map_sg(dev, sg, nents, dir, attrs);
}

/*
 * The address of a list that may be mapped in a window: the first one. If that is a
 * peer's own address, nothing of the list is in a window.
 */
static bool xsmmu_sg_address(struct scatterlist *sg, dma_addr_t *addr)
{
	*addr = sg_dma_address(sg);
	return sg_dma_len(sg) && !xsmmu_sg_is_bus_address(sg);
}

/**
 * xsmmu_window_unmap_sg - unmap a list without sync, if it is mapped in a window
 * @dev: the device
 * @sg: the list
 * @nents: entries, as passed to dma_map_sg_attrs()
 * @dir: as mapped
 * @attrs: DMA attributes
 *
 * Context: any but NMI.
 * Return: false if it is in no window.
 */
bool xsmmu_window_unmap_sg(struct device *dev, struct scatterlist *sg, int nents,
			   enum dma_data_direction dir, unsigned long attrs)
{
	struct xsmmu_window *w = xsmmu_window_of(dev);
	phys_addr_t unused;
	dma_addr_t addr;

	if (!xsmmu_sg_address(sg, &addr))
		return false;
	if (unlikely(!w))
		w = xsmmu_window_at(dev, addr);
	if (!w || !xsmmu_window_has(w, addr))
		return false;
	if (xsmmu_window_unmap(w, addr, &unused) &&
	    !(attrs & DMA_ATTR_SKIP_CPU_SYNC))
		xsmmu_sync_sg_for_cpu(dev, sg, nents, dir);
	return true;
}

/* Unmap a list strictly, if it is mapped in a window; false if it is in none. */
static bool xsmmu_window_unmap_sg_strict(struct device *dev,
					 struct scatterlist *sg, int nents,
					 enum dma_data_direction dir,
					 unsigned long attrs)
{
	struct xsmmu_window *w;
	phys_addr_t unused;
	dma_addr_t addr;

	if (!xsmmu_sg_address(sg, &addr))
		return false;
	w = xsmmu_window_at(dev, addr);
	if (!w)
		return false;
	if (xsmmu_window_unmap_strict(w, addr, &unused) &&
	    !(attrs & DMA_ATTR_SKIP_CPU_SYNC))
		xsmmu_sync_sg_for_cpu(dev, sg, nents, dir);
	return true;
}

/**
 * xsmmu_unmap_sg_in_mode - what dma_unmap_sg_attrs() does in xSMMU mode
 * @dev: the device; it does not map directly
 * @sg: the list
 * @nents: entries, as passed to dma_map_sg_attrs()
 * @dir: as mapped
 * @attrs: DMA attributes
 *
 * Unmaps strictly, in a window or as the operations of the device do.
 *
 * Context: any but NMI.
 */
void xsmmu_unmap_sg_in_mode(struct device *dev, struct scatterlist *sg, int nents,
			    enum dma_data_direction dir, unsigned long attrs)
{
	if (!xsmmu_window_unmap_sg_strict(dev, sg, nents, dir, attrs))
		xsmmu_ops_unmap_sg(dev, sg, nents, dir, attrs);
}
