// SPDX-License-Identifier: GPL-2.0
/*
 * The window of a domain: its addresses, its tables, and what its entries look like.
 */
#define pr_fmt(fmt) "xsmmu: " fmt

#include <linux/gfp.h>
#include <linux/log2.h>
#include <linux/math64.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>
#include "slots.h"
#include "base.h"
#include "clean.h"

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "xsmmu."

/* Read when a device opts in. */
bool xsmmu_windows = true;
#ifdef CONFIG_XSMMU_DEBUG
EXPORT_SYMBOL_GPL(xsmmu_windows);
#endif
module_param_named(windows, xsmmu_windows, bool, 0644);

#if IS_ENABLED(CONFIG_XSMMU_KUNIT_TEST)
void (*xsmmu_cleaned)(const void *start, size_t size);
void (*xsmmu_putting)(const struct xsmmu_slots *s, u32 page);
void (*xsmmu_found_nothing)(dma_addr_t addr);
#endif

/*
 * Windows of devices with long addresses lie below this: three levels of tables reach
 * so far, and above it the tables of some IOMMUs grow.
 */
#define XSMMU_WINDOW_LIMIT	DMA_BIT_MASK(39)

/* A window takes up to this part of what the device can address. */
#define XSMMU_WINDOW_SHARE	8

/* Addresses below this one are for devices that do not reach far enough above it. */
#define XSMMU_WINDOW_FLOOR	(DMA_BIT_MASK(32) + 1)

#define XSMMU_CHUNK_SIZE	((dma_addr_t)XSMMU_CHUNK_PAGES << PAGE_SHIFT)

static const int xsmmu_prot[] = {
	[DMA_BIDIRECTIONAL]	= IOMMU_READ | IOMMU_WRITE,
	[DMA_TO_DEVICE]		= IOMMU_READ,
	[DMA_FROM_DEVICE]	= IOMMU_WRITE,
};

static u64 *xsmmu_find_entry(struct xsmmu_window *w, dma_addr_t addr,
			     unsigned int *after)
{
	struct iommu_domain *domain = w->xd->domain;

	*after = 0;
	return domain->ops->leaf_entry(domain, addr, after);
}

/* What the IOMMU driver writes for @page, less the address; 0 if it is not in it. */
static u64 xsmmu_probe_entry(struct xsmmu_window *w, dma_addr_t addr,
			     struct page *page, int prot)
{
	struct iommu_domain *domain = w->xd->domain;
	phys_addr_t phys = page_to_phys(page);
	u64 *entry, *again, raw = 0;
	unsigned int after;

	if (xsmmu_map(domain, addr, phys, PAGE_SIZE, prot))
		return 0;
	entry = xsmmu_find_entry(w, addr, &after);
	if (entry)
		raw = READ_ONCE(*entry);
	iommu_unmap(domain, addr, PAGE_SIZE);
	again = xsmmu_find_entry(w, addr, &after);
	/* The table must stay. A cleared entry must be 0, another one must not. */
	if (!entry || again != entry || READ_ONCE(*entry) ||
	    (raw & w->phys_mask) != phys)
		return 0;
	return raw & ~w->phys_mask;
}

/*
 * Learn a template from two pages at two addresses. If an entry depended on more
 * than the page and the rights, they would differ.
 */
static u64 xsmmu_probe_template(struct xsmmu_window *w, struct page *page, int prot)
{
	dma_addr_t last = w->base + XSMMU_CHUNK_SIZE - PAGE_SIZE;
	u64 template = xsmmu_probe_entry(w, w->base, page, prot);

	if (!template || template != xsmmu_probe_entry(w, last, page + 1, prot))
		return 0;
	return template;
}

/* Without all three, none is known: a driver maps in all directions. */
static void xsmmu_probe_templates(struct xsmmu_window *w, struct page *page,
				  bool coherent)
{
	u64 *template = &w->template[xsmmu_template(0, coherent)];
	int cache = coherent ? IOMMU_CACHE : 0;
	enum dma_data_direction dir;

	for (dir = DMA_BIDIRECTIONAL; dir <= DMA_FROM_DEVICE; dir++) {
		template[dir] = xsmmu_probe_template(w, page,
						     xsmmu_prot[dir] | cache);
		if (!template[dir]) {
			memset(template, 0, dir * sizeof(*template));
			return;
		}
	}
}

/*
 * Learn from the IOMMU driver what entries look like, for devices of both kinds. Only
 * while the window has no slots: this maps at addresses of the first chunk.
 */
static bool xsmmu_window_learn(struct xsmmu_window *w)
{
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_ZERO, 1);

	if (!page)
		return false;
	xsmmu_probe_templates(w, page, false);
	xsmmu_probe_templates(w, page, true);
	__free_pages(page, 1);
	return true;
}

/**
 * xsmmu_window_serves - can a device use a window?
 * @w: the window
 * @limit: the highest bus address that the device reaches
 * @coherent: is the device's DMA coherent with the CPU's caches?
 *
 * Also learns what has to follow a write to an entry now: the device may stand behind
 * an IOMMU that the domain did not have before.
 *
 * Context: process context, under the lock of windows.
 */
bool xsmmu_window_serves(struct xsmmu_window *w, u64 limit, bool coherent)
{
	unsigned int after;

	if (w->base + w->size - 1 > limit ||
	    !w->template[xsmmu_template(DMA_FROM_DEVICE, coherent)] ||
	    !xsmmu_find_entry(w, w->base, &after))
		return false;
	WRITE_ONCE(w->after, w->after | after);
	return true;
}

/* Do @after and the entries of a table fit a window? */
static bool xsmmu_table_fits(struct xsmmu_window *w, u64 *entry, dma_addr_t addr,
			     unsigned int after)
{
	unsigned int unused;

	return !(after & ~w->after) &&
	       xsmmu_find_entry(w, addr + XSMMU_CHUNK_SIZE - PAGE_SIZE, &unused) ==
	       entry + XSMMU_CHUNK_PAGES - 1 &&
	       !memchr_inv(entry, 0, XSMMU_CHUNK_PAGES * sizeof(*entry));
}

/*
 * Give a chunk its leaf table: map its first page for a moment. The device can read
 * zeroes there meanwhile. Returns NULL if the table cannot be used: it is no array of
 * entries, or something is mapped there.
 */
static u64 *xsmmu_make_table(struct xsmmu_window *w, dma_addr_t addr)
{
	struct iommu_domain *domain = w->xd->domain;
	unsigned int after;
	u64 *entry;

	if (iommu_iova_to_phys(domain, addr) ||
	    xsmmu_map_atomic(domain, addr, page_to_phys(ZERO_PAGE(0)),
			     PAGE_SIZE, IOMMU_READ))
		return NULL;
	iommu_unmap(domain, addr, PAGE_SIZE);
	entry = xsmmu_find_entry(w, addr, &after);
	return entry && xsmmu_table_fits(w, entry, addr, after) ? entry : NULL;
}

static dma_addr_t xsmmu_chunk_address(struct xsmmu_window *w, unsigned int chunk)
{
	return w->base + chunk * XSMMU_CHUNK_SIZE;
}

/**
 * xsmmu_window_grow - make the slots of one more chunk
 * @w: the window
 * @class: of the slots
 *
 * Context: any but NMI. Allocates, and waits for an invalidation.
 * Return: true if the depot has more slots now.
 */
bool xsmmu_window_grow(struct xsmmu_window *w, unsigned int class)
{
	struct xsmmu_chunk *chunk;
	int index;
	u64 *leaf;

	if (oops_in_progress)
		return false;
	index = xsmmu_depot_claim(w, class);
	if (index < 0)
		return false;
	chunk = kzalloc(sizeof(*chunk), GFP_ATOMIC | __GFP_NOWARN);
	leaf = !chunk ? NULL :
	       xsmmu_make_table(w, xsmmu_chunk_address(w, class * w->chunks + index));
	if (leaf) {
		WRITE_ONCE(w->leaf[class * w->chunks + index], leaf);
	} else {
		kfree(chunk);
		chunk = NULL;
	}
	xsmmu_depot_add(w, class, index, chunk);
	return chunk;
}

/*
 * The lowest address that the window of a device may have: 4 GiB, if the device reaches
 * a chunk of each class above it.
 */
static u64 xsmmu_window_floor(u64 limit)
{
	u64 least = roundup_pow_of_two(XSMMU_CHUNK_SIZE * XSMMU_CLASSES);

	return limit >= XSMMU_WINDOW_FLOOR + least - 1 ? XSMMU_WINDOW_FLOOR : 0;
}

/*
 * Chunks per class: by the number of CPUs, unless the addresses are few. A window is
 * aligned to a power of two, as its floor is, so it fits between the floor and the limit.
 */
static unsigned int xsmmu_count_chunks(u64 limit)
{
	u64 room = limit - xsmmu_window_floor(limit);
	u64 most = div_u64(min(limit / XSMMU_WINDOW_SHARE, room) + 1,
			   XSMMU_CHUNK_SIZE * XSMMU_CLASSES);
	u64 wanted = roundup_pow_of_two(num_possible_cpus() *
					XSMMU_CHUNKS_PER_CPU);

	return most ? min_t(u64, wanted, rounddown_pow_of_two(most)) : 0;
}

static bool xsmmu_window_reserve(struct xsmmu_window *w, u64 limit)
{
	unsigned long pages = w->chunks * XSMMU_CLASSES * XSMMU_CHUNK_PAGES;
	struct iova *iova;

	/* From the limit down. */
	iova = alloc_iova(w->xd->iovad, pages, limit >> PAGE_SHIFT, true);
	if (!iova)
		return false;
	if (iova->pfn_lo < xsmmu_window_floor(limit) >> PAGE_SHIFT) {
		free_iova(w->xd->iovad, iova->pfn_lo);
		return false;
	}
	w->base = PFN_PHYS((dma_addr_t)iova->pfn_lo);
	w->size = PFN_PHYS((dma_addr_t)pages);
	w->region = w->chunks * XSMMU_CHUNK_SIZE;
	return true;
}

static bool xsmmu_window_setup(struct xsmmu_window *w, u64 limit)
{
	unsigned int class;
	bool ok = true;

	w->leaf = kvcalloc(w->chunks * XSMMU_CLASSES, sizeof(*w->leaf),
			   GFP_KERNEL);
	for (class = 0; class < XSMMU_CLASSES; class++)
		ok &= xsmmu_depot_init(&w->depot[class], w->chunks);
	return w->leaf && ok && xsmmu_window_reserve(w, limit) &&
	       xsmmu_window_learn(w);
}

/* Unlink the tables of a window, as an ordinary unmap does, and free its addresses. */
static void xsmmu_window_unreserve(struct xsmmu_window *w)
{
	unsigned int i;

	for (i = 0; i < w->chunks * XSMMU_CLASSES; i++)
		if (w->leaf[i]) {
			iommu_unmap(w->xd->domain, xsmmu_chunk_address(w, i),
				    XSMMU_CHUNK_SIZE);
			cond_resched();
		}
	free_iova(w->xd->iovad, w->base >> PAGE_SHIFT);
}

/**
 * xsmmu_window_retire - free a window whose domain goes on
 * @w: the window; all its slots are in its depots, and nobody uses it
 *
 * Its addresses go back to their allocator.
 *
 * Context: process context, may sleep. Waits for invalidations.
 */
void xsmmu_window_retire(struct xsmmu_window *w)
{
	if (w->size)
		xsmmu_window_unreserve(w);
	xsmmu_window_free(w);
}

/**
 * xsmmu_window_create - make a window
 * @xd: the domain, which has none
 * @limit: the highest bus address that the device reaches
 *
 * Context: process context, may sleep.
 * Return: the window, without slots; NULL if the domain has none, which is no error.
 */
struct xsmmu_window *xsmmu_window_create(struct xsmmu_domain *xd, u64 limit)
{
	struct xsmmu_window *w;

	if (!xsmmu_windows || !xd->domain->ops->leaf_entry)
		return NULL;
	if (!XSMMU_HAS_WINDOWS || xd->iovad->granule != PAGE_SIZE) {
		pr_info("%s: no window, which needs pages of 4 KiB\n", xd->name);
		return NULL;
	}
	limit = min_t(u64, limit, XSMMU_WINDOW_LIMIT);
	w = kzalloc(sizeof(*w), GFP_KERNEL);
	if (!w)
		return NULL;
	w->xd = xd;
	w->quarantine = xd->quarantine;
	w->chunks = xsmmu_count_chunks(limit);
	w->region_shift = ilog2(w->chunks ?: 1) + XSMMU_CHUNK_SHIFT;
	w->phys_end = roundup_pow_of_two(PFN_PHYS((u64)max_pfn));
	w->phys_mask = w->phys_end - PAGE_SIZE;
	if (w->chunks && xsmmu_window_setup(w, limit))
		return w;
	xsmmu_window_retire(w);
	pr_info("%s: no window: no memory or no addresses\n", xd->name);
	return NULL;
}

/**
 * xsmmu_window_is_whole - are all slots of a window in its depots?
 * @w: the window
 *
 * Context: any but NMI.
 */
bool xsmmu_window_is_whole(struct xsmmu_window *w)
{
	unsigned int class;

	for (class = 0; class < XSMMU_CLASSES; class++)
		if (!xsmmu_depot_is_full(w, class))
			return false;
	return true;
}

/**
 * xsmmu_window_free - free the memory of a window
 * @w: the window, which nobody uses
 *
 * Its tables and addresses go with the domain.
 *
 * Context: process context, may sleep.
 */
void xsmmu_window_free(struct xsmmu_window *w)
{
	unsigned int class;

	for (class = 0; class < XSMMU_CLASSES; class++)
		xsmmu_depot_free(&w->depot[class], w->chunks);
	kvfree(w->leaf);
	kfree(w);
}

/**
 * xsmmu_window_bytes - what a window costs
 * @w: the window, or NULL
 * @chunks: set to the number of its chunks that have a table
 *
 * Context: any but NMI; the window must not go away meanwhile.
 * Return: bytes of memory, with the leaf tables.
 */
size_t xsmmu_window_bytes(struct xsmmu_window *w, unsigned int *chunks)
{
	size_t all;
	unsigned int i;

	*chunks = 0;
	if (!w)
		return 0;
	all = w->chunks * XSMMU_CLASSES;
	for (i = 0; i < all; i++)
		*chunks += !!READ_ONCE(w->leaf[i]);
	return sizeof(*w) + all * (sizeof(*w->leaf) + sizeof(struct xsmmu_chunk *)) +
	       2 * XSMMU_CLASSES * BITS_TO_LONGS(w->chunks) * sizeof(long) +
	       *chunks * (sizeof(struct xsmmu_chunk) + PAGE_SIZE);
}
