// SPDX-License-Identifier: GPL-2.0
/*
 * The DMA API's entry points to xSMMU, and the decision which unmaps may be
 * batched. All others are the ordinary dma_unmap_page_attrs() and
 * dma_unmap_sg_attrs() (I5).
 */
#include <linux/device.h>
#include <linux/dma-mapping.h>
#include <linux/export.h>
#include <linux/scatterlist.h>
#include "../../drivers/iommu/xsmmu/window-page.h"
#include "xsmmu-base.h"
#include "xsmmu-debug.h"
#include "xsmmu-override.h"
#include "xsmmu-window.h"

/*
 * May unmaps of @dev be batched, if its domain can? An untrusted device was
 * refused when it asked, even if another device of its domain was not.
 */
static bool xsmmu_may_batch(struct device *dev)
{
	return (xsmmu_uses_dma_iommu(dev) || xsmmu_override_of(dev)) &&
	       !xsmmu_is_untrusted(dev);
}

/*
 * The domain of @dev if its unmaps are batched, or NULL if they are ordinary.
 * Only in xSMMU mode. Inline, because each unmap asks.
 */
static __always_inline struct iommu_domain *
xsmmu_batching_domain(struct device *dev)
{
	struct iommu_domain *domain;

	if (!xsmmu_may_batch(dev))
		return NULL;
	domain = xsmmu_dma_domain(dev);
	return xsmmu_of(domain) ? domain : NULL;
}

static bool xsmmu_enable(struct device *dev)
{
	struct iommu_domain *domain;

	if (!xsmmu_may_batch(dev))
		return false;
	domain = xsmmu_dma_domain(dev);
	/* What is not batched would be lazy. */
	if (xsmmu_has_flush_queue(domain))
		return false;
	if (!xsmmu_domain_enable(domain, xsmmu_iovad(domain), dev_name(dev)))
		return false;
	xsmmu_enter_window(dev, domain);
	return true;
}

/**
 * xsmmu_unbound - a driver no longer uses the domain of its device
 * @dev: the device, which may be in no domain
 *
 * Frees the rings of the domain. A driver that is bound later need not opt in, so it must
 * find no window. The caller still keeps the domain from being replaced.
 *
 * Context: process context, may sleep.
 */
void xsmmu_unbound(struct device *dev)
{
	struct iommu_domain *domain;

	if (!xsmmu_mode())
		return;
	domain = xsmmu_batching_domain(dev);
	if (!domain)
		return;
	xsmmu_domain_trim(xsmmu_of(domain));
	xsmmu_leave_window(dev);
}

/*
 * Clear a mapping of one or two pages in the window of @dev, if that is all there is to
 * do. @class is that of the slot.
 */
static __always_inline bool xsmmu_unmap_page_at_once(struct device *dev,
						     unsigned int class,
						     dma_addr_t addr)
{
	struct xsmmu_window *w = xsmmu_window_of(dev);

	return likely(w) && dev_is_dma_coherent(dev) &&
	       !xsmmu_override_unmaps(dev) && xsmmu_page_unmap(w, class, addr);
}

/* Returns false if the unmap has to be the ordinary one. */
static bool xsmmu_unmap_page(struct device *dev, dma_addr_t addr, size_t size,
			     enum dma_data_direction dir, unsigned long attrs)
{
	struct iommu_domain *domain;
	phys_addr_t phys;

	if (xsmmu_window_unmap_page(dev, addr, size, dir, attrs))
		return true;
	domain = xsmmu_batching_domain(dev);
	if (unlikely(!domain || !xsmmu_attrs_may_batch(attrs)))
		return false;
	phys = iommu_iova_to_phys(domain, addr);
	/*
	 * I5: the ordinary unmap gives a bounce slot back at once, so the
	 * mapping of a slot must be gone by then. The ordinary unmap also warns
	 * about an address that is not mapped.
	 */
	if (unlikely(!phys || xsmmu_is_bounced(dev, phys)))
		return false;
	/* The driver may read the buffer right after this call. */
	if (!(attrs & DMA_ATTR_SKIP_CPU_SYNC))
		xsmmu_sync_for_cpu(dev, phys, size, dir);
	xsmmu_unmap(domain->xsmmu, addr, size);
	return true;
}

/*
 * The bus range of a mapped list: [@start, @end). Its entries share one IOVA
 * allocation in ascending order; an entry with a peer's bus address is not part
 * of that. Returns false if no entry has an IOVA.
 */
static bool xsmmu_sg_range(struct scatterlist *sg, int nents,
			   dma_addr_t *start, dma_addr_t *end)
{
	struct scatterlist *s;
	bool found = false;
	int i;

	for_each_sg(sg, s, nents, i) {
		if (xsmmu_sg_is_bus_address(s)) {
			xsmmu_sg_unmark_bus_address(s);
			continue;
		}
		if (!sg_dma_len(s))
			break;
		if (!found)
			*start = sg_dma_address(s);
		*end = sg_dma_address(s) + sg_dma_len(s);
		found = true;
	}
	return found;
}

static void xsmmu_unmap_sg(struct device *dev, struct iommu_domain *domain,
			   struct scatterlist *sg, int nents,
			   enum dma_data_direction dir, unsigned long attrs)
{
	dma_addr_t start, end;

	if (!(attrs & DMA_ATTR_SKIP_CPU_SYNC))
		xsmmu_sync_sg_for_cpu(dev, sg, nents, dir);
	if (xsmmu_sg_range(sg, nents, &start, &end))
		xsmmu_unmap(domain->xsmmu, start, end - start);
}

static int xsmmu_sync_device(struct device *dev, bool local)
{
	struct iommu_domain *domain = xsmmu_batching_domain(dev);

	if (!domain)
		return 0;
	return local ? xsmmu_sync_local(domain->xsmmu) : xsmmu_sync(domain->xsmmu);
}

/**
 * dma_enable_unmap_no_sync - opt in to batched unmapping
 * @dev: the device that does the DMA
 *
 * Call it from the driver's probe, after the DMA mask is set, and not from a driver
 * that manages its DMA itself (driver_managed_dma). The answer is
 * final and does not depend on when the driver asks. Where it is false, a driver
 * may leave out its batching and its syncs, but all calls stay valid.
 *
 * Context: process context; allocates, may sleep.
 * Return: true if *_no_sync() unmaps of @dev defer their invalidation. False if
 * they are ordinary unmaps: the mode is off, no IOMMU translates, the IOMMU or
 * its backend cannot batch, the device is untrusted, or the domain is lazy.
 */
bool dma_enable_unmap_no_sync(struct device *dev)
{
	struct xsmmu_override *override;
	bool enabled;

	if (!xsmmu_mode())
		return false;
	override = xsmmu_override_of(dev);
	if (override && override->enable)
		enabled = override->enable(override);
	else
		enabled = xsmmu_enable(dev);
	if (enabled)
		xsmmu_debug_enable(dev);
	return enabled;
}
EXPORT_SYMBOL_GPL(dma_enable_unmap_no_sync);

static bool xsmmu_try_unmap_page(struct device *dev, dma_addr_t addr,
				 size_t size, enum dma_data_direction dir,
				 unsigned long attrs)
{
	struct xsmmu_override *override = xsmmu_override_of(dev);

	if (override && override->unmap_page)
		return override->unmap_page(override, addr, size, dir, attrs);
	return xsmmu_unmap_page(dev, addr, size, dir, attrs);
}

/* Any unmap of a page in xSMMU mode. */
static noinline void xsmmu_unmap_page_slowly(struct device *dev, dma_addr_t addr,
					     size_t size,
					     enum dma_data_direction dir,
					     unsigned long attrs)
{
	if (!xsmmu_try_unmap_page(dev, addr, size, dir, attrs)) {
		xsmmu_ordinary_unmap(dev, addr, size, dir, attrs);
		return;
	}
	xsmmu_note_unmap_page(dev, addr, size, dir, attrs);
	xsmmu_debug_unmap(dev);
}

/* Unmap what was not cleared at once as one page: two pages at once, or whatever it is. */
static noinline void xsmmu_unmap_two_pages(struct device *dev, dma_addr_t addr,
					   size_t size,
					   enum dma_data_direction dir,
					   unsigned long attrs)
{
	if (unlikely(!xsmmu_unmap_page_at_once(dev, 1, addr))) {
		xsmmu_unmap_page_slowly(dev, addr, size, dir, attrs);
		return;
	}
	xsmmu_note_unmap_page(dev, addr, size, dir, attrs);
	xsmmu_debug_unmap(dev);
}

/**
 * dma_unmap_page_attrs_no_sync - unmap a page, do not wait for the IOTLB
 * @dev: the device
 * @addr: bus address that dma_map_page_attrs() returned
 * @size: bytes, as mapped
 * @dir: as mapped
 * @attrs: DMA attributes
 *
 * Does what dma_unmap_page_attrs() does, except that the device may still reach
 * the buffer until dma_sync_device_iotlb() has returned 0. Until then the CPU may
 * read the buffer, but the driver must not free it, reuse it or hand it on. The
 * device can still change what the CPU reads, so the driver must not check a
 * value first and read it again later.
 *
 * A mapping that was bounced is unmapped the ordinary way.
 *
 * Context: any but NMI.
 */
void dma_unmap_page_attrs_no_sync(struct device *dev, dma_addr_t addr,
				  size_t size, enum dma_data_direction dir,
				  unsigned long attrs)
{
	WARN_ON_ONCE(!valid_dma_direction(dir));
	if (!xsmmu_mode()) {
		xsmmu_ordinary_unmap(dev, addr, size, dir, attrs);
	} else if (likely(xsmmu_unmap_page_at_once(dev, 0, addr))) {
		xsmmu_note_unmap_page(dev, addr, size, dir, attrs);
		xsmmu_debug_unmap(dev);
	} else {
		xsmmu_unmap_two_pages(dev, addr, size, dir, attrs);
	}
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
 * Does what dma_unmap_sg_attrs() does, with the exception and the rules that
 * dma_unmap_page_attrs_no_sync() describes. A list whose entries were bounced is
 * unmapped the ordinary way.
 *
 * Context: any but NMI.
 */
void dma_unmap_sg_attrs_no_sync(struct device *dev, struct scatterlist *sg,
				int nents, enum dma_data_direction dir,
				unsigned long attrs)
{
	struct iommu_domain *domain = NULL;

	WARN_ON_ONCE(!valid_dma_direction(dir));
	if (xsmmu_mode())
		domain = xsmmu_batching_domain(dev);
	if (!domain || xsmmu_sg_is_bounced(sg)) {
		dma_unmap_sg_attrs(dev, sg, nents, dir, attrs);
		return;
	}
	/* First, because the unmap changes the list that dma-debug compares. */
	xsmmu_note_unmap_sg(dev, sg, nents, dir, attrs);
	if (!xsmmu_window_unmap_sg(dev, sg, nents, dir, attrs))
		xsmmu_unmap_sg(dev, domain, sg, nents, dir, attrs);
	xsmmu_debug_unmap(dev);
}
EXPORT_SYMBOL_GPL(dma_unmap_sg_attrs_no_sync);

static int xsmmu_sync_or_override(struct device *dev, bool local)
{
	struct xsmmu_override *override = xsmmu_override_of(dev);
	int unsynced = xsmmu_debug_sync_begin(dev, local);
	int err;

	if (override && override->sync)
		err = override->sync(override, local);
	else
		err = xsmmu_sync_device(dev, local);
	xsmmu_debug_sync_end(dev, unsynced, err);
	return err;
}

/**
 * dma_sync_device_iotlb - one invalidation for all earlier unmaps without sync
 * @dev: the device
 *
 * Covers every *_no_sync() unmap of @dev that happened before this call, on any
 * CPU. It always invalidates, so a driver that unmapped nothing should not call
 * it. Despite its name it does nothing to CPU caches.
 *
 * Context: any but NMI. Spins until the IOMMU has completed.
 * Return: 0: the buffers may be freed or reused. Negative: the device may still
 * reach them; keep them. A later sync that returns 0 covers them too. -EIO: the
 * invalidation failed; count the buffers and stop the queue they came from.
 * -EBUSY: an invalidation of the domain is running on this CPU and has called,
 * as when the IOMMU driver prints and the console is behind @dev.
 */
int dma_sync_device_iotlb(struct device *dev)
{
	return xsmmu_mode() ? xsmmu_sync_or_override(dev, false) : 0;
}
EXPORT_SYMBOL_GPL(dma_sync_device_iotlb);

/**
 * dma_sync_device_iotlb_local - an invalidation for what this CPU has unmapped
 * @dev: the device
 *
 * Covers the *_no_sync() unmaps of @dev that happened on this CPU before this call.
 * Names their addresses if they are few, so that the IOMMU keeps its other
 * translations for @dev. Otherwise it is dma_sync_device_iotlb(). Costs no
 * invalidation if others have covered these unmaps meanwhile.
 *
 * The caller knows that all unmaps that it relies on happened on this CPU. So it is for
 * a NAPI poll that syncs what its context has unmapped here. If a sync of either kind
 * has failed, the buffers that were kept need dma_sync_device_iotlb().
 *
 * Context: any but NMI, migration off. Spins until the IOMMU has completed.
 * Return: as dma_sync_device_iotlb().
 */
int dma_sync_device_iotlb_local(struct device *dev)
{
	cant_migrate();
	return xsmmu_mode() ? xsmmu_sync_or_override(dev, true) : 0;
}
EXPORT_SYMBOL_GPL(dma_sync_device_iotlb_local);

/**
 * dma_iotlb_snapshot - note which invalidation will cover all earlier unmaps
 * @dev: the device
 *
 * A driver that is in no hurry may free its buffers when dma_iotlb_covered() says that
 * somebody's dma_sync_device_iotlb() has covered them, and needs no sync of its own.
 * dma_sync_device_iotlb_local() covers no snapshot. Nobody promises a sync: a driver
 * that waits too long has to sync itself.
 *
 * Context: any but NMI.
 * Return: a number for dma_iotlb_covered(), valid until the driver is unbound.
 */
unsigned long dma_iotlb_snapshot(struct device *dev)
{
	struct iommu_domain *domain;

	domain = xsmmu_mode() ? xsmmu_batching_domain(dev) : NULL;
	return domain ? xsmmu_snapshot(domain->xsmmu) : 0;
}
EXPORT_SYMBOL_GPL(dma_iotlb_snapshot);

/**
 * dma_iotlb_covered - may buffers be freed that were unmapped before a snapshot?
 * @dev: the device
 * @snap: what dma_iotlb_snapshot() returned
 *
 * Context: any but NMI.
 * Return: true if an invalidation has covered every *_no_sync() unmap of @dev, on any
 * CPU, that happened before the snapshot. True at once if unmaps are not batched.
 */
bool dma_iotlb_covered(struct device *dev, unsigned long snap)
{
	struct iommu_domain *domain;

	domain = xsmmu_mode() ? xsmmu_batching_domain(dev) : NULL;
	return !domain || xsmmu_covered(domain->xsmmu, snap);
}
EXPORT_SYMBOL_GPL(dma_iotlb_covered);

#if IS_ENABLED(CONFIG_XSMMU_KUNIT_TEST)
int xsmmu_real_sync(struct device *dev, bool local)
{
	return xsmmu_sync_device(dev, local);
}
EXPORT_SYMBOL_GPL(xsmmu_real_sync);
#endif
