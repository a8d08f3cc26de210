// SPDX-License-Identifier: GPL-2.0
/*
 * The ledger.
 *
 * A hash table finds the page of an access. An array holds the dead pages, so
 * that a device can visit all of them in turn. When a page leaves the array,
 * the last page takes its place. So every operation takes constant time per
 * page.
 */
#include "ledger.h"

#include "qemu/timer.h"

void ledger_init(struct ledger *ledger, uint32_t capacity)
{
	ledger->capacity = capacity;
	ledger->pages = g_hash_table_new_full(g_int64_hash, g_int64_equal,
					      NULL, g_free);
	ledger->dead = g_ptr_array_new();
}

void ledger_free(struct ledger *ledger)
{
	g_clear_pointer(&ledger->pages, g_hash_table_unref);
	g_clear_pointer(&ledger->dead, g_ptr_array_unref);
}

void ledger_clear(struct ledger *ledger)
{
	g_ptr_array_set_size(ledger->dead, 0);
	g_hash_table_remove_all(ledger->pages);
}

static struct ledger_page *find(struct ledger *ledger, uint64_t pfn)
{
	return g_hash_table_lookup(ledger->pages, &pfn);
}

const struct ledger_page *ledger_find(struct ledger *ledger, uint64_t iova)
{
	return find(ledger, iova >> LEDGER_PAGE_SHIFT);
}

const struct ledger_page *ledger_find_dead(struct ledger *ledger, uint64_t iova)
{
	const struct ledger_page *page = ledger_find(ledger, iova);

	return page && page->dead ? page : NULL;
}

enum ledger_state ledger_state(struct ledger *ledger, uint64_t iova)
{
	const struct ledger_page *page = ledger_find(ledger, iova);

	if (!page)
		return LEDGER_UNKNOWN;
	return page->dead ? LEDGER_DEAD : LEDGER_ALIVE;
}

uint32_t ledger_count_dead(const struct ledger *ledger)
{
	return ledger->dead->len;
}

uint32_t ledger_count_alive(const struct ledger *ledger)
{
	return g_hash_table_size(ledger->pages) - ledger->dead->len;
}

static void add_dead(struct ledger *ledger, struct ledger_page *page, int64_t now)
{
	if (page->dead)
		return;
	page->dead = true;
	page->taken = false;
	page->dead_since = now;
	page->slot = ledger->dead->len;
	g_ptr_array_add(ledger->dead, page);
}

static void del_dead(struct ledger *ledger, struct ledger_page *page)
{
	struct ledger_page *moved;

	if (!page->dead)
		return;
	g_ptr_array_remove_index_fast(ledger->dead, page->slot);
	if (page->slot < ledger->dead->len) {
		moved = g_ptr_array_index(ledger->dead, page->slot);
		moved->slot = page->slot;
	}
	page->dead = false;
}

struct range {
	uint64_t first;		/* page frames */
	uint64_t last;
};

/* A range may be as long as the ledger, and may not wrap. */
static bool range_of(const struct ledger *ledger, uint64_t iova, uint64_t len,
		     struct range *range)
{
	uint64_t end = iova + len - 1;

	range->first = iova >> LEDGER_PAGE_SHIFT;
	range->last = end >> LEDGER_PAGE_SHIFT;
	return len && end >= iova &&
	       range->last - range->first < ledger->capacity;
}

/* Find the pages of a range. Add all of them that are missing, or none. */
static enum ledger_result hold(struct ledger *ledger, uint64_t iova, uint64_t len,
			       struct range *range)
{
	uint64_t missing = 0;
	uint64_t pfn;

	if (!range_of(ledger, iova, len, range))
		return LEDGER_BAD_RANGE;
	for (pfn = range->first; pfn <= range->last; pfn++)
		missing += !find(ledger, pfn);
	if (g_hash_table_size(ledger->pages) + missing > ledger->capacity)
		return LEDGER_FULL;

	for (pfn = range->first; missing && pfn <= range->last; pfn++) {
		struct ledger_page *page;

		if (find(ledger, pfn))
			continue;
		page = g_new0(struct ledger_page, 1);
		page->pfn = pfn;
		page->memory = LEDGER_ANYWHERE;
		g_hash_table_insert(ledger->pages, &page->pfn, page);
		missing--;
	}
	return LEDGER_OK;
}

enum ledger_result ledger_declare_dead(struct ledger *ledger, uint64_t iova,
				       uint64_t len)
{
	int64_t now = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
	struct range range;
	enum ledger_result result = hold(ledger, iova, len, &range);
	uint64_t pfn;

	for (pfn = range.first; !result && pfn <= range.last; pfn++)
		add_dead(ledger, find(ledger, pfn), now);
	return result;
}

enum ledger_result ledger_declare_alive(struct ledger *ledger, uint64_t iova,
					uint64_t len, uint64_t memory)
{
	struct range range;
	enum ledger_result result = hold(ledger, iova, len, &range);
	uint64_t pfn;

	if (memory != LEDGER_ANYWHERE)
		memory &= -(uint64_t)LEDGER_PAGE_SIZE;
	for (pfn = range.first; !result && pfn <= range.last; pfn++) {
		struct ledger_page *page = find(ledger, pfn);

		del_dead(ledger, page);
		page->memory = memory;
		if (memory != LEDGER_ANYWHERE)
			memory += LEDGER_PAGE_SIZE;
	}
	return result;
}

enum ledger_result ledger_take(struct ledger *ledger, uint64_t iova, uint64_t len)
{
	struct range range;
	uint64_t pfn;

	if (!range_of(ledger, iova, len, &range))
		return LEDGER_BAD_RANGE;
	for (pfn = range.first; pfn <= range.last; pfn++) {
		struct ledger_page *page = find(ledger, pfn);

		if (page && page->dead)
			page->taken = true;
	}
	return LEDGER_OK;
}

enum ledger_result ledger_forget(struct ledger *ledger, uint64_t iova,
				 uint64_t len)
{
	struct range range;
	uint64_t pfn;

	if (!range_of(ledger, iova, len, &range))
		return LEDGER_BAD_RANGE;
	for (pfn = range.first; pfn <= range.last; pfn++) {
		struct ledger_page *page = find(ledger, pfn);

		if (!page)
			continue;
		del_dead(ledger, page);
		g_hash_table_remove(ledger->pages, &pfn);
	}
	return LEDGER_OK;
}
