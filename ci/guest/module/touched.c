// SPDX-License-Identifier: GPL-2.0
/*
 * Counts the different pages, and the different lines of leaf tables, of some mappings.
 */
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/sort.h>

#include "touched.h"

/* log2 of the bytes that an entry maps, and of the entries of a line. */
#define ENTRY_SHIFT	12
#define LINE_SHIFT	3

/**
 * touched_alloc() - allocate the memory for some pages
 * @room: how many
 *
 * Return: nothing is noted yet; NULL without memory.
 */
struct touched *touched_alloc(size_t room)
{
	struct touched *t = kvzalloc(struct_size(t, page, room), GFP_KERNEL);

	if (t)
		t->room = room;
	return t;
}

/**
 * touched_free() - the opposite of touched_alloc()
 * @t: what it returned
 */
void touched_free(struct touched *t)
{
	kvfree(t);
}

/**
 * touched_reset() - forget all mappings
 * @t: of touched_alloc()
 */
void touched_reset(struct touched *t)
{
	t->pages = 0;
	t->batch = 0;
	t->translations = 0;
	t->lines = 0;
}

/**
 * touched_add() - note a mapping of the batch that is not complete
 * @t: of touched_alloc()
 * @addr: its bus address
 * @size: its length in bytes, at least 1
 *
 * Return: 0, or -ENOSPC if there are more pages than touched_alloc() was told.
 */
int touched_add(struct touched *t, dma_addr_t addr, size_t size)
{
	u64 last = ((u64)addr + size - 1) >> ENTRY_SHIFT;
	u64 page;

	for (page = (u64)addr >> ENTRY_SHIFT; page <= last; page++) {
		if (t->pages == t->room)
			return -ENOSPC;
		t->page[t->pages++] = page;
	}
	return 0;
}

static int compare(const void *a, const void *b)
{
	u64 first = *(const u64 *)a, second = *(const u64 *)b;

	return first < second ? -1 : first > second;
}

/* Sort some pages, and add how many different pages and lines they are. */
static void count(u64 *page, size_t n, u64 *translations, u64 *lines)
{
	size_t i;

	sort(page, n, sizeof(*page), compare, NULL);
	for (i = 0; i < n; i++) {
		*translations += !i || page[i] != page[i - 1];
		*lines += !i || page[i] >> LINE_SHIFT != page[i - 1] >> LINE_SHIFT;
	}
}

/**
 * touched_end_batch() - count what a batch touches, now that all its mappings are noted
 * @t: of touched_alloc()
 */
void touched_end_batch(struct touched *t)
{
	count(t->page + t->batch, t->pages - t->batch, &t->translations, &t->lines);
	t->batch = t->pages;
}

/**
 * touched_by_all() - count what all batches touch, each page and line once
 * @t: of touched_alloc(); all batches are complete
 * @translations: is raised by the number of different pages
 * @lines: is raised by the number of different lines
 */
void touched_by_all(struct touched *t, u64 *translations, u64 *lines)
{
	count(t->page, t->pages, translations, lines);
}
