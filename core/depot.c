// SPDX-License-Identifier: GPL-2.0
/*
 * The depot of a class: slots of a window that no CPU has, as bits of their chunks.
 * A CPU takes the slots of a word of bits, which are neighbours, lowest first; of more
 * words if they have few.
 */
#include <linux/bitops.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include "slots.h"

/* After a chunk could not be made, none is tried for so long. */
#define XSMMU_RETRY	HZ

static unsigned int xsmmu_slots_per_chunk(unsigned int class)
{
	return XSMMU_CHUNK_PAGES >> class;
}

/* The first page of a slot, given its chunk and its bit there. */
static u32 xsmmu_page_of(const struct xsmmu_window *w, unsigned int class,
			 unsigned int index, unsigned int bit)
{
	return (class << w->region_shift) + (index << XSMMU_CHUNK_SHIFT) +
	       (bit << class);
}

/**
 * xsmmu_depot_init - prepare a depot that has no chunks yet
 * @d: the depot, zeroed
 * @chunks: how many it can get
 *
 * Context: process context, may sleep.
 * Return: false without memory. xsmmu_depot_free() is right in any case.
 */
bool xsmmu_depot_init(struct xsmmu_depot *d, unsigned int chunks)
{
	raw_spin_lock_init(&d->lock);
	d->retry = jiffies;
	d->made = bitmap_zalloc(chunks, GFP_KERNEL);
	d->stock = bitmap_zalloc(chunks, GFP_KERNEL);
	d->chunk = kvcalloc(chunks, sizeof(*d->chunk), GFP_KERNEL);
	return d->made && d->stock && d->chunk;
}

/** xsmmu_depot_free - free a depot of @chunks chunks; process context */
void xsmmu_depot_free(struct xsmmu_depot *d, unsigned int chunks)
{
	unsigned int i;

	for (i = 0; d->chunk && i < chunks; i++)
		kfree(d->chunk[i]);
	kvfree(d->chunk);
	bitmap_free(d->stock);
	bitmap_free(d->made);
}

/**
 * xsmmu_depot_claim - choose a chunk for which the caller makes a table
 * @w: the window
 * @class: of the chunk
 *
 * Context: any but NMI.
 * Return: its number in the region, or a negative number: there is none, or one
 * could not be made a short time ago.
 */
int xsmmu_depot_claim(struct xsmmu_window *w, unsigned int class)
{
	struct xsmmu_depot *d = &w->depot[class];
	unsigned long flags;
	unsigned int index;

	if (READ_ONCE(d->full) || time_before(jiffies, READ_ONCE(d->retry)) ||
	    !xsmmu_lock(&d->lock, &flags))
		return -1;
	index = find_first_zero_bit(d->made, w->chunks);
	if (index < w->chunks)
		__set_bit(index, d->made);
	WRITE_ONCE(d->full, bitmap_full(d->made, w->chunks));
	raw_spin_unlock_irqrestore(&d->lock, flags);
	return index < w->chunks ? (int)index : -1;
}

/**
 * xsmmu_depot_add - add the slots of a chunk that was claimed
 * @w: the window
 * @class: of the chunk
 * @index: its number in the region
 * @chunk: the chunk, or NULL if it could not be made
 *
 * Context: any but NMI.
 */
void xsmmu_depot_add(struct xsmmu_window *w, unsigned int class, int index,
		     struct xsmmu_chunk *chunk)
{
	struct xsmmu_depot *d = &w->depot[class];
	unsigned long flags;

	if (!xsmmu_lock(&d->lock, &flags))
		return;
	if (chunk) {
		bitmap_set(chunk->free, 0, xsmmu_slots_per_chunk(class));
		d->chunk[index] = chunk;
		__set_bit(index, d->stock);
		WRITE_ONCE(d->slots, d->slots + xsmmu_slots_per_chunk(class));
	} else {
		__clear_bit(index, d->made);
		WRITE_ONCE(d->full, false);
		WRITE_ONCE(d->retry, jiffies + XSMMU_RETRY);
	}
	raw_spin_unlock_irqrestore(&d->lock, flags);
}

/* Move the slots of one word to the free end of a ring; they stay in order. */
static unsigned int xsmmu_word_take(struct xsmmu_window *w, unsigned int class,
				    unsigned int index, struct xsmmu_slots *s)
{
	struct xsmmu_chunk *chunk = w->depot[class].chunk[index];
	unsigned int room = xsmmu_most_slots(class) - (s->tail - s->head);
	unsigned int first, last, bit, i, n;

	bit = find_first_bit(chunk->free, XSMMU_CHUNK_PAGES);
	first = round_down(bit, BITS_PER_LONG);
	last = first + BITS_PER_LONG;
	n = min_t(unsigned int, room,
		  hweight_long(chunk->free[first / BITS_PER_LONG]));
	for (i = 0; i < n; i++) {
		s->ring[(s->head - n + i) % XSMMU_RING] =
			xsmmu_page_of(w, class, index, bit);
		__clear_bit(bit, chunk->free);
		bit = find_next_bit(chunk->free, last, bit);
	}
	s->head -= n;
	if (bitmap_empty(chunk->free, XSMMU_CHUNK_PAGES))
		__clear_bit(index, w->depot[class].stock);
	WRITE_ONCE(w->depot[class].slots, w->depot[class].slots - n);
	return n;
}

/**
 * xsmmu_depot_take - give free slots to a CPU
 * @w: the window
 * @class: of the slots
 * @s: the slots of this CPU, which has a ring
 *
 * Context: interrupts off.
 * Return: how many there were.
 */
unsigned int xsmmu_depot_take(struct xsmmu_window *w, unsigned int class,
			      struct xsmmu_slots *s)
{
	struct xsmmu_depot *d = &w->depot[class];
	unsigned int index, got, n = 0;
	unsigned long flags;

	if (!READ_ONCE(d->slots) || !xsmmu_lock(&d->lock, &flags))
		return 0;
	do {
		index = find_first_bit(d->stock, w->chunks);
		got = index < w->chunks ? xsmmu_word_take(w, class, index, s) : 0;
		n += got;
	} while (got && n < XSMMU_SPARE / 2);
	raw_spin_unlock_irqrestore(&d->lock, flags);
	return n;
}

/** xsmmu_depot_is_full - has a depot all slots of its class? Any context but NMI */
bool xsmmu_depot_is_full(struct xsmmu_window *w, unsigned int class)
{
	struct xsmmu_depot *d = &w->depot[class];
	unsigned long flags;
	unsigned int i;
	bool full = true;

	raw_spin_lock_irqsave(&d->lock, flags);
	for_each_set_bit(i, d->made, w->chunks)
		full &= d->chunk[i] && bitmap_full(d->chunk[i]->free,
						   xsmmu_slots_per_chunk(class));
	raw_spin_unlock_irqrestore(&d->lock, flags);
	return full;
}

/* Note a free slot. Caller holds the depot's lock. */
static void xsmmu_depot_note(struct xsmmu_window *w, unsigned int class, u32 page)
{
	struct xsmmu_depot *d = &w->depot[class];
	u32 in_region = page - (class << w->region_shift);
	unsigned int index = in_region >> XSMMU_CHUNK_SHIFT;

	lockdep_assert_held(&d->lock);
	__set_bit((in_region % XSMMU_CHUNK_PAGES) >> class,
		  d->chunk[index]->free);
	__set_bit(index, d->stock);
	WRITE_ONCE(d->slots, d->slots + 1);
}

/**
 * xsmmu_depot_give - take free slots back from a CPU
 * @w: the window
 * @class: of the slots
 * @s: the slots of this CPU, or of one that is offline
 * @n: how many; it has so many free ones
 *
 * Context: interrupts off, unless the CPU is offline.
 */
void xsmmu_depot_give(struct xsmmu_window *w, unsigned int class,
		      struct xsmmu_slots *s, unsigned int n)
{
	struct xsmmu_depot *d = &w->depot[class];
	unsigned long flags;

	if (!xsmmu_lock(&d->lock, &flags))
		return;
	while (n--)
		xsmmu_depot_note(w, class, s->ring[s->head++ % XSMMU_RING]);
	raw_spin_unlock_irqrestore(&d->lock, flags);
}

/**
 * xsmmu_depot_put - put one free slot into its depot
 * @w: the window
 * @page: the slot's first page in the window
 *
 * In an oops in which the lock cannot be had, the slot is leaked.
 *
 * Context: any but NMI. A completed invalidation covers the slot.
 */
void xsmmu_depot_put(struct xsmmu_window *w, u32 page)
{
	unsigned int class = xsmmu_class_of(w, page);
	unsigned long flags;

	if (!xsmmu_lock(&w->depot[class].lock, &flags))
		return;
	xsmmu_depot_note(w, class, page);
	raw_spin_unlock_irqrestore(&w->depot[class].lock, flags);
}
