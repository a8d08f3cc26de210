/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Map and unmap one or two pages in a window. Most mappings are of one page, and small
 * buffers that cross a page have two. So these parts are inline in the entry points of
 * the DMA API: they need no memory of their own, and seldom call anything. Where that is not
 * possible they change nothing, and xsmmu_window_map() and xsmmu_window_unmap() do it.
 */
#ifndef _XSMMU_WINDOW_PAGE_H
#define _XSMMU_WINDOW_PAGE_H

#include <linux/dma-mapping.h>
#include <linux/mm.h>
#include "clean.h"
#include "slots.h"

/*
 * Turn interrupts off, and return the flags for local_irq_restore(). On arm64,
 * local_irq_save() also asks whether they are off already, and compilers make a call of
 * that. With pseudo-NMIs this replaces other masked states until they are restored.
 */
static __always_inline unsigned long xsmmu_irqs_off(void)
{
	unsigned long flags;

	local_save_flags(flags);
	local_irq_disable();
	return flags;
}

/* Take a slot of this CPU; @page is its first page. Returns false if there is none. */
static __always_inline bool xsmmu_take(struct xsmmu_window *w,
				       unsigned int class, u32 *page)
{
	unsigned long flags = xsmmu_irqs_off();

	if (unlikely(!xsmmu_slot_take(&this_cpu_ptr(w->quarantine)->slots[class],
				      page))) {
		local_irq_restore(flags);
		return false;
	}
	local_irq_restore(flags);
	return true;
}

/* Put a slot whose entries are cleared into quarantine. */
static __always_inline void xsmmu_put(struct xsmmu_window *w,
				      unsigned int class, u32 page)
{
	unsigned long flags = xsmmu_irqs_off();

	if (unlikely(!xsmmu_slot_put(&this_cpu_ptr(w->quarantine)->slots[class],
				     page))) {
		local_irq_restore(flags);
		xsmmu_slots_put_slowly(w, class, page);
		return;
	}
	local_irq_restore(flags);
}

/*
 * New entries are visible before the driver tells the device about @addr, the bus
 * address of the buffer. Without @clean it is known that they need no clean. Returns
 * @addr.
 */
static __always_inline dma_addr_t
xsmmu_entries_written(const struct xsmmu_window *w, dma_addr_t addr, u64 *entry,
		      unsigned int n, bool clean)
{
	unsigned int after = READ_ONCE(w->after);

	if (!after)
		return addr;
	if (clean && after & XSMMU_CLEAN_ENTRY) {
		/* The clean orders them too. */
		xsmmu_clean_entries(entry, n);
	} else if (after & XSMMU_ORDER_ENTRY) {
		/*
		 * W1, pairs with the device's walk: the entries, then whatever
		 * makes the device use the mapping.
		 * Litmus: window-entry
		 */
		wmb();
	}
	if (unlikely(after & XSMMU_SYNC_MAP))
		return xsmmu_tell_of_map(addr, w, n);
	return addr;
}

/* Does it take a call to clean an entry of the window? */
static __always_inline bool xsmmu_clean_calls(const struct xsmmu_window *w)
{
	return !XSMMU_CLEANS_INLINE &&
	       unlikely(READ_ONCE(w->after) & XSMMU_CLEAN_ENTRY);
}

/**
 * xsmmu_page_map - map a buffer in one or two pages, if that is possible at once
 * @w: a window that the device can reach
 * @class: class of the slot, a constant: 0 for one page, 1 for two
 * @phys: CPU address of the buffer
 * @size: its length in bytes
 * @dir: what the device may do
 * @coherent: is the device's DMA coherent with the CPU's caches?
 * @addr: gets the bus address
 *
 * The window serves the device, so it has a template: see xsmmu_window_serves().
 *
 * Context: any but NMI.
 * Return: false: nothing was done; another class or xsmmu_window_map() may be able to.
 */
static __always_inline bool
xsmmu_page_map(struct xsmmu_window *w, unsigned int class, phys_addr_t phys,
	       size_t size, enum dma_data_direction dir, bool coherent,
	       dma_addr_t *addr)
{
	size_t last = offset_in_page(phys) + size - 1;
	u64 *entry, value;
	u32 page;

	/* The last byte tells the number of pages, and so the class of the slot. */
	if (unlikely(last >> PAGE_SHIFT != class ||
		     phys >= w->phys_end - PFN_PHYS((phys_addr_t)class) ||
		     xsmmu_clean_calls(w) || !xsmmu_take(w, class, &page)))
		return false;
	entry = xsmmu_entry_of(w, page);
	value = (phys & PAGE_MASK) | xsmmu_template_of(w, dir, coherent);
	WRITE_ONCE(entry[0], value);
	if (class)
		WRITE_ONCE(entry[1], value + PAGE_SIZE);
	*addr = xsmmu_entries_written(w, xsmmu_address_of(w, page, phys), entry,
				      1 + class, XSMMU_CLEANS_INLINE);
	return true;
}

/**
 * xsmmu_page_unmap - clear a mapping of one or two pages, if that is possible at once
 * @w: a window
 * @class: class of the slot, as for xsmmu_page_map()
 * @addr: a bus address, in the window or not
 *
 * Does not wait, as xsmmu_window_unmap(), but says nothing about the buffer. So it is
 * for devices whose DMA is coherent with the CPU's caches.
 *
 * Context: any but NMI.
 * Return: false: nothing was done, and @addr may be in the window all the same.
 */
static __always_inline bool xsmmu_page_unmap(struct xsmmu_window *w,
					     unsigned int class, dma_addr_t addr)
{
	dma_addr_t offset = addr - w->base;
	unsigned long page = offset >> PAGE_SHIFT;
	u64 *leaf, *entry;

	if (unlikely(offset - class * w->region >= w->region || page & class ||
		     xsmmu_clean_calls(w)))
		return false;
	leaf = READ_ONCE(w->leaf[page >> XSMMU_CHUNK_SHIFT]);
	if (unlikely(!leaf))
		return false;
	entry = leaf + page % XSMMU_CHUNK_PAGES;
	if (unlikely(!READ_ONCE(*entry)))
		return false;
	WRITE_ONCE(entry[0], 0);
	if (class)
		WRITE_ONCE(entry[1], 0);
	if (XSMMU_CLEANS_INLINE && READ_ONCE(w->after) & XSMMU_CLEAN_ENTRY)
		xsmmu_clean_entries(entry, 1 + class);
	xsmmu_put(w, class, page);
	return true;
}

#endif /* _XSMMU_WINDOW_PAGE_H */
