/* SPDX-License-Identifier: GPL-2.0 */
/*
 * IOVA windows: addresses whose page tables stay. A mapping of a few pages takes a
 * slot and writes its leaf entries, an unmap without sync clears them. No table is
 * walked, linked or unlinked.
 *
 * DOC: slots
 *
 * A window has a region for each class of slots: runs of 1, 2, 4, 8 and 16 pages.
 * The address of a slot tells its class. A chunk is the part of a region that one
 * leaf table maps. A chunk gets its table when slots of its class run out.
 *
 * Each CPU has a ring of slots per class. Three positions divide it:
 *
 *	head .. done	free; a mapping takes the slot at head
 *	done .. tail	in quarantine; an unmap appends at tail
 *
 * Only the CPU itself moves head and tail, with interrupts off. Whoever has
 * completed a grace period raises done to where tail stood before it. So a batch
 * is released at once, and slots are reused in the order in which they came back.
 *
 * A depot per class holds the free slots that no CPU has, as one bit each. A CPU
 * takes those of a word of bits, up to 64 neighbours, and of more words until it has
 * 32. It gives back what is too many: see xsmmu_most_slots(). So a CPU that only maps
 * gets the slots of a CPU that only unmaps, in ascending order again.
 *
 * I2 for slots: a slot is not handed out before an invalidation has completed that
 * started after its entries were cleared. done and the depot are ways back, and both
 * stand behind a grace period. An ordinary unmap waits for its own invalidation and
 * puts the slot back at head, or into quarantine while invalidations fail.
 */
#ifndef _XSMMU_WINDOW_H
#define _XSMMU_WINDOW_H

#include <linux/bitmap.h>
#include <linux/dma-direction.h>
#include <linux/mm.h>
#include "internal.h"

/*
 * Windows need pages of 4 KiB, on both sides, and a CPU that writes an entry at once.
 */
#define XSMMU_HAS_WINDOWS	(IS_ENABLED(CONFIG_64BIT) && PAGE_SHIFT == 12)

/* The pages that a leaf table maps. */
#define XSMMU_CHUNK_SHIFT	9
#define XSMMU_CHUNK_PAGES	BIT(XSMMU_CHUNK_SHIFT)

/* The most pages that a slot has. */
#define XSMMU_SLOT_PAGES	BIT(XSMMU_CLASSES - 1)

/* Places of a ring. Positions wrap there. */
#define XSMMU_RING		(2 * XSMMU_QUARANTINE_SIZE)

/* The fewest free slots for which a CPU with a full quarantine has room. */
#define XSMMU_SPARE		64U

/* Chunks that each class has per possible CPU. */
#define XSMMU_CHUNKS_PER_CPU	8

/**
 * struct xsmmu_chunk - the free slots of a chunk that are in the depot
 * @free: a bit per slot, under the depot's lock
 */
struct xsmmu_chunk {
	DECLARE_BITMAP(free, XSMMU_CHUNK_PAGES);
};

/**
 * struct xsmmu_depot - the slots of a class that no CPU has
 * @lock: protects the other fields, and the bits of the chunks
 * @slots: number of free slots; also read without the lock, as a hint
 * @full: all chunks are made; also read without the lock, as a hint
 * @made: chunks that have a table, or that a CPU is giving one
 * @stock: chunks with free slots
 * @chunk: the chunks; NULL without a table
 * @retry: no CPU tries to make a chunk before that time, in jiffies; also read
 *	without the lock, as a hint
 */
struct xsmmu_depot {
	raw_spinlock_t lock;
	unsigned int slots;
	bool full;
	unsigned long *made;
	unsigned long *stock;
	struct xsmmu_chunk **chunk;
	unsigned long retry;
};

/**
 * struct xsmmu_window - the window of a domain
 * @base: its first bus address; constant
 * @region: length of a region in bytes; constant
 * @phys_end: CPU addresses below it fit a leaf entry; constant
 * @leaf: the leaf tables, by chunk of the window; NULL without a table. Written
 *	before a slot of the chunk comes into the depot
 * @quarantine: of the domain; constant
 * @after: what has to follow a write to an entry: XSMMU_CLEAN_ENTRY and others.
 *	Written under the lock of windows
 * @region_shift: log2 of the pages of a region; constant
 * @size: its length in bytes; constant
 * @xd: the domain; constant
 * @template: the entry less its address, by xsmmu_template(); 0 if it has no form
 *	that core can write; constant
 * @phys_mask: address bits of a leaf entry, those of @phys_end - 1; constant
 * @users: devices that use the window, under the lock of windows
 * @chunks: number of chunks of a region; constant
 * @depot: by class
 *
 * What each mapping and each unmap read are the first two cache lines. They are constant
 * but for @after. CPUs that run out of slots write to the depots, on lines of their own.
 */
struct xsmmu_window {
	dma_addr_t base;
	dma_addr_t region;
	phys_addr_t phys_end;
	u64 **leaf;
	struct xsmmu_quarantine __percpu *quarantine;
	unsigned int after;
	unsigned int region_shift;
	dma_addr_t size;
	struct xsmmu_domain *xd;
	u64 template[8];
	phys_addr_t phys_mask;
	unsigned int users;
	unsigned int chunks;
	struct xsmmu_depot depot[XSMMU_CLASSES] ____cacheline_aligned_in_smp;
};

/*
 * The most slots of a class that a CPU may have: a full quarantine and some free ones,
 * but no more than half of what the class has per CPU.
 */
static inline unsigned int xsmmu_most_slots(unsigned int class)
{
	return min_t(unsigned int, XSMMU_QUARANTINE_SIZE + XSMMU_SPARE,
		     XSMMU_CHUNKS_PER_CPU * (XSMMU_CHUNK_PAGES >> class) / 2);
}

/* Where &xsmmu_window.template has the template of a direction. */
static inline unsigned int xsmmu_template(enum dma_data_direction dir,
					  bool coherent)
{
	return coherent << 2 | dir;
}

/* The entry less its address, or 0. */
static inline u64 xsmmu_template_of(const struct xsmmu_window *w,
				    enum dma_data_direction dir, bool coherent)
{
	return w->template[xsmmu_template(dir, coherent)];
}

/* window.c */
struct xsmmu_window *xsmmu_window_create(struct xsmmu_domain *xd, u64 limit);
bool xsmmu_window_serves(struct xsmmu_window *w, u64 limit, bool coherent);
bool xsmmu_window_is_whole(struct xsmmu_window *w);
void xsmmu_window_retire(struct xsmmu_window *w);
void xsmmu_window_free(struct xsmmu_window *w);
size_t xsmmu_window_bytes(struct xsmmu_window *w, unsigned int *chunks);
bool xsmmu_window_grow(struct xsmmu_window *w, unsigned int class);

#if IS_ENABLED(CONFIG_XSMMU_KUNIT_TEST)
/* Unless it is NULL, it is told of unmaps of nothing, not the log. Set by a test. */
extern void (*xsmmu_found_nothing)(dma_addr_t addr);

static inline bool xsmmu_test_is_told(dma_addr_t addr)
{
	void (*found)(dma_addr_t addr) = READ_ONCE(xsmmu_found_nothing);

	if (found)
		found(addr);
	return found;
}
#else
static inline bool xsmmu_test_is_told(dma_addr_t addr)
{
	return false;
}
#endif

/* window-map.c */
dma_addr_t xsmmu_tell_of_map(dma_addr_t addr, const struct xsmmu_window *w,
			     unsigned int n);

/* depot.c */
bool xsmmu_depot_init(struct xsmmu_depot *d, unsigned int chunks);
void xsmmu_depot_free(struct xsmmu_depot *d, unsigned int chunks);
int xsmmu_depot_claim(struct xsmmu_window *w, unsigned int class);
void xsmmu_depot_add(struct xsmmu_window *w, unsigned int class, int index,
		     struct xsmmu_chunk *chunk);
unsigned int xsmmu_depot_take(struct xsmmu_window *w, unsigned int class,
			      struct xsmmu_slots *s);
void xsmmu_depot_give(struct xsmmu_window *w, unsigned int class,
		      struct xsmmu_slots *s, unsigned int n);
void xsmmu_depot_put(struct xsmmu_window *w, u32 page);
bool xsmmu_depot_is_full(struct xsmmu_window *w, unsigned int class);

/* Is a bus address in the window? */
static inline bool xsmmu_window_has(const struct xsmmu_window *w,
				    dma_addr_t addr)
{
	return addr - w->base < w->size;
}

/* The class of the slot that begins at a page of the window. */
static inline unsigned int xsmmu_class_of(const struct xsmmu_window *w, u32 page)
{
	return page >> w->region_shift;
}

/* The entry of a page of the window whose chunk has a table. */
static inline u64 *xsmmu_entry_of(const struct xsmmu_window *w, u32 page)
{
	return w->leaf[page >> XSMMU_CHUNK_SHIFT] +
	       page % XSMMU_CHUNK_PAGES;
}

/* The bus address of a buffer at @phys whose first page is a page of the window. */
static inline dma_addr_t xsmmu_address_of(const struct xsmmu_window *w, u32 page,
					  phys_addr_t phys)
{
	return w->base + PFN_PHYS((dma_addr_t)page) + offset_in_page(phys);
}

#endif /* _XSMMU_WINDOW_H */
