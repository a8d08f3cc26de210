// SPDX-License-Identifier: GPL-2.0
/*
 * Mapping and unmapping in a window: a slot is taken and its entries are written, or
 * they are cleared and the slot goes into quarantine.
 */
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/scatterlist.h>
#include "window-page.h"
#include "base.h"

/**
 * struct xsmmu_mapping - a mapping that is being unmapped
 * @page: the slot's first page in the window
 * @class: of the slot
 * @phys: CPU address of the buffer
 */
struct xsmmu_mapping {
	u32 page;
	unsigned int class;
	phys_addr_t phys;
};

/* Take a slot for 1 to XSMMU_SLOT_PAGES pages. Returns false if there is none. */
static __always_inline bool xsmmu_take_for(struct xsmmu_window *w, size_t pages,
					   u32 *page)
{
	unsigned int class = pages == 1 ? 0 : order_base_2(pages);

	while (unlikely(!xsmmu_take(w, class, page)))
		if (!xsmmu_slots_restock(w, class))
			return false;
	return true;
}

/* Write the entries of a part of a slot. */
static __always_inline void xsmmu_write(u64 *entry, phys_addr_t first,
					size_t pages, u64 template)
{
	size_t i;

	WRITE_ONCE(*entry, first | template);
	for (i = 1; unlikely(i < pages); i++)
		WRITE_ONCE(entry[i], (first + PFN_PHYS(i)) | template);
}

/**
 * xsmmu_tell_of_map - tell an IOMMU that may cache entries that are not present
 * @addr: bus address of a new mapping
 * @w: the window
 * @n: its pages
 *
 * Context: any but NMI.
 * Return: @addr.
 */
noinline dma_addr_t xsmmu_tell_of_map(dma_addr_t addr, const struct xsmmu_window *w,
				      unsigned int n)
{
	struct iommu_domain *domain = w->xd->domain;

	domain->ops->iotlb_sync_map(domain, addr & PAGE_MASK, n << PAGE_SHIFT);
	return addr;
}

/* Map a buffer of any number of pages; see xsmmu_window_map(). */
static dma_addr_t xsmmu_run_map(struct xsmmu_window *w, phys_addr_t phys,
				size_t size, enum dma_data_direction dir,
				bool coherent)
{
	u64 template = xsmmu_template_of(w, dir, coherent);
	size_t pages = PFN_UP(offset_in_page(phys) + size);
	phys_addr_t first = phys & PAGE_MASK;
	u64 *entry;
	u32 page;

	if (unlikely(pages - 1 >= XSMMU_SLOT_PAGES || !template ||
		     (first + PFN_PHYS(pages - 1)) & ~w->phys_mask))
		return DMA_MAPPING_ERROR;
	if (unlikely(!xsmmu_take_for(w, pages, &page)))
		return DMA_MAPPING_ERROR;
	entry = xsmmu_entry_of(w, page);
	xsmmu_write(entry, first, pages, template);
	return xsmmu_entries_written(w, xsmmu_address_of(w, page, phys), entry,
				     pages, true);
}

/**
 * xsmmu_window_map - map a buffer
 * @w: a window that the device can reach
 * @phys: CPU address of the buffer
 * @size: its length in bytes
 * @dir: what the device may do
 * @coherent: is the device's DMA coherent with the CPU's caches?
 *
 * Context: any but NMI.
 * Return: the bus address, or DMA_MAPPING_ERROR: the buffer has too many pages, its
 * address does not fit a template, or no slot is free. Then map it the ordinary way.
 */
dma_addr_t xsmmu_window_map(struct xsmmu_window *w, phys_addr_t phys,
			    size_t size, enum dma_data_direction dir,
			    bool coherent)
{
	dma_addr_t addr;

	if (xsmmu_page_map(w, 0, phys, size, dir, coherent, &addr) ||
	    xsmmu_page_map(w, 1, phys, size, dir, coherent, &addr))
		return addr;
	return xsmmu_run_map(w, phys, size, dir, coherent);
}

static size_t xsmmu_sg_entry_pages(struct scatterlist *s)
{
	return PFN_UP(offset_in_page(sg_phys(s)) + s->length);
}

/* The pages of a list that fits a slot, or 0. */
static size_t xsmmu_sg_pages(const struct xsmmu_window *w, struct scatterlist *sg,
			     int nents)
{
	struct scatterlist *s;
	size_t n, pages = 0;
	int i;

	for_each_sg(sg, s, nents, i) {
		n = xsmmu_sg_entry_pages(s);
		pages += n;
		if (!s->length || pages > XSMMU_SLOT_PAGES || xsmmu_sg_is_peers(s) ||
		    ((sg_phys(s) & PAGE_MASK) + PFN_PHYS(n - 1)) & ~w->phys_mask)
			return 0;
	}
	return pages;
}

/*
 * Give the entries of a mapped list their bus addresses. What is next to each other on
 * the bus becomes one segment, unless it would be longer than @longest. Returns the
 * number of segments.
 */
static int xsmmu_sg_finish(struct scatterlist *sg, int nents, dma_addr_t addr,
			   unsigned int longest)
{
	struct scatterlist *s, *segment = NULL;
	unsigned int offset;
	int i, count = 0;

	for_each_sg(sg, s, nents, i) {
		offset = offset_in_page(sg_phys(s));
		sg_dma_len(s) = 0;
		if (segment && !offset &&
		    sg_dma_address(segment) + sg_dma_len(segment) == addr &&
		    longest - sg_dma_len(segment) >= s->length) {
			sg_dma_len(segment) += s->length;
		} else {
			segment = segment ? sg_next(segment) : sg;
			sg_dma_address(segment) = addr + offset;
			sg_dma_len(segment) = s->length;
			count++;
		}
		addr += PFN_PHYS((dma_addr_t)xsmmu_sg_entry_pages(s));
	}
	return count;
}

/**
 * xsmmu_window_map_sg - map the buffers of a list in one slot
 * @w: a window that the device can reach
 * @sg: the list; on success its DMA addresses and lengths are set
 * @nents: its entries
 * @dir: what the device may do
 * @coherent: is the device's DMA coherent with the CPU's caches?
 * @longest: bytes that a segment may have at most
 * @boundary: a segment may not cross a multiple of this and 1
 *
 * Context: any but NMI.
 * Return: the number of segments; 0: map the list the ordinary way.
 */
int xsmmu_window_map_sg(struct xsmmu_window *w, struct scatterlist *sg, int nents,
			enum dma_data_direction dir, bool coherent,
			unsigned int longest, unsigned long boundary)
{
	u64 template = xsmmu_template_of(w, dir, coherent);
	size_t n, pages = xsmmu_sg_pages(w, sg, nents);
	struct scatterlist *s;
	dma_addr_t addr;
	u64 *entry;
	u32 page;
	int i;

	/* A slot is aligned to its size, so no larger boundary lies in it. */
	if (!pages || !template ||
	    boundary < (roundup_pow_of_two(pages) << PAGE_SHIFT) - 1 ||
	    !xsmmu_take_for(w, pages, &page))
		return 0;
	entry = xsmmu_entry_of(w, page);
	for_each_sg(sg, s, nents, i) {
		n = xsmmu_sg_entry_pages(s);
		xsmmu_write(entry, sg_phys(s) & PAGE_MASK, n, template);
		entry += n;
	}
	addr = xsmmu_entries_written(w, xsmmu_address_of(w, page, 0),
				     entry - pages, pages, true);
	return xsmmu_sg_finish(sg, nents, addr, longest);
}

/*
 * Clear all entries of the slot at @addr, whatever the driver says about the size: a
 * later mapping of the slot may be shorter. Returns false if nothing is mapped there.
 */
static __always_inline bool xsmmu_clear(struct xsmmu_window *w, dma_addr_t addr,
					struct xsmmu_mapping *m)
{
	unsigned int i, pages;
	u64 *entry, old;

	m->page = (addr - w->base) >> PAGE_SHIFT;
	m->class = xsmmu_class_of(w, m->page);
	if (unlikely(m->class >= XSMMU_CLASSES ||
		     !READ_ONCE(w->leaf[m->page >> XSMMU_CHUNK_SHIFT])))
		return false;
	pages = 1U << m->class;
	entry = xsmmu_entry_of(w, m->page);
	old = READ_ONCE(*entry);
	if (unlikely(!old || m->page & (pages - 1)))
		return false;
	m->phys = (old & w->phys_mask) | offset_in_page(addr);
	WRITE_ONCE(*entry, 0);
	for (i = 1; unlikely(i < pages); i++)
		WRITE_ONCE(entry[i], 0);
	if (READ_ONCE(w->after) & XSMMU_CLEAN_ENTRY)
		xsmmu_clean_entries(entry, pages);
	return true;
}

static noinline void xsmmu_unmap_of_nothing(struct xsmmu_window *w,
					    dma_addr_t addr)
{
	if (!xsmmu_test_is_told(addr))
		WARN(1, "xsmmu: %s: unmap of %pad, where nothing is mapped\n",
		     w->xd->name, &addr);
}

/**
 * xsmmu_window_unmap - clear a mapping, do not wait
 * @w: the window
 * @addr: bus address in it that xsmmu_window_map() returned
 * @phys: gets the CPU address of the buffer
 *
 * An address where nothing is mapped is a bug of the driver and gets a warning. The
 * slot is not put into quarantine again. If two CPUs unmap one mapping at the same
 * time, nothing detects it.
 *
 * Context: any but NMI.
 * Return: true if a mapping was cleared.
 */
bool xsmmu_window_unmap(struct xsmmu_window *w, dma_addr_t addr,
			phys_addr_t *phys)
{
	struct xsmmu_mapping m;

	if (unlikely(!xsmmu_clear(w, addr, &m))) {
		xsmmu_unmap_of_nothing(w, addr);
		return false;
	}
	xsmmu_put(w, m.class, m.page);
	*phys = m.phys;
	return true;
}

/**
 * xsmmu_window_unmap_strict - clear a mapping and wait for its invalidation
 * @w: the window
 * @addr: bus address in it that xsmmu_window_map() returned
 * @phys: gets the CPU address of the buffer
 *
 * Context: any but NMI.
 * Return: as xsmmu_window_unmap().
 */
bool xsmmu_window_unmap_strict(struct xsmmu_window *w, dma_addr_t addr,
			       phys_addr_t *phys)
{
	struct xsmmu_mapping m;

	if (unlikely(!xsmmu_clear(w, addr, &m))) {
		xsmmu_unmap_of_nothing(w, addr);
		return false;
	}
	xsmmu_sync_range(w->xd->domain, addr & PAGE_MASK,
			 PAGE_SIZE << m.class);
	/* It cannot report an error. While there are some, another sync has to follow. */
	if (unlikely(READ_ONCE(w->xd->failing)))
		xsmmu_put(w, m.class, m.page);
	else
		xsmmu_slots_put_back(w, m.class, m.page);
	*phys = m.phys;
	return true;
}

/**
 * xsmmu_window_find - the window of a domain, if it has an address
 * @xd: the domain, or NULL
 * @addr: the bus address
 *
 * While something is mapped at @addr, the window stays.
 *
 * Context: any.
 */
struct xsmmu_window *xsmmu_window_find(struct xsmmu_domain *xd, dma_addr_t addr)
{
	struct xsmmu_window *w;

	if (!xd)
		return NULL;
	rcu_read_lock();
	w = rcu_dereference(xd->window);
	if (w && !xsmmu_window_has(w, addr))
		w = NULL;
	rcu_read_unlock();
	return w;
}
