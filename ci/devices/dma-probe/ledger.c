// SPDX-License-Identifier: GPL-2.0
/*
 * The ledger: which IOVA pages the guest declared dead or alive.
 *
 * A hash table answers "is this page dead?" for every access; an array of the
 * dead ones lets engines go round them. A page leaves the array by changing
 * places with the last one, so every operation takes constant time per page.
 */
#include "probe.h"

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
	ledger->iova = 0;
	ledger->len = 0;
	ledger->answer = DMA_PROBE_PAGE_UNKNOWN;
	ledger->result = DMA_PROBE_ERROR_NONE;
}

static struct ledger_page *ledger_find(struct ledger *ledger, uint64_t pfn)
{
	return g_hash_table_lookup(ledger->pages, &pfn);
}

/* The dead page that holds @iova, or NULL. */
const struct ledger_page *ledger_find_dead(struct ledger *ledger, uint64_t iova)
{
	struct ledger_page *page;

	page = ledger_find(ledger, iova >> DMA_PROBE_PAGE_SHIFT);
	return page && page->dead ? page : NULL;
}

static void ledger_add_dead(struct ledger *ledger, struct ledger_page *page,
			    int64_t now)
{
	if (page->dead)
		return;
	page->dead = true;
	page->dead_since = now;
	page->slot = ledger->dead->len;
	g_ptr_array_add(ledger->dead, page);
}

static void ledger_del_dead(struct ledger *ledger, struct ledger_page *page)
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

/* Make sure that the ledger holds the range; all or nothing. */
static unsigned int ledger_hold(struct ledger *ledger, uint64_t first,
				uint64_t last)
{
	uint64_t missing = 0;
	uint64_t pfn;

	for (pfn = first; pfn <= last; pfn++)
		missing += !ledger_find(ledger, pfn);
	if (g_hash_table_size(ledger->pages) + missing > ledger->capacity)
		return DMA_PROBE_ERROR_LEDGER_FULL;

	for (pfn = first; missing && pfn <= last; pfn++) {
		struct ledger_page *page;

		if (ledger_find(ledger, pfn))
			continue;
		page = g_new0(struct ledger_page, 1);
		page->pfn = pfn;
		g_hash_table_insert(ledger->pages, &page->pfn, page);
		missing--;
	}
	return DMA_PROBE_ERROR_NONE;
}

static unsigned int ledger_declare(struct ledger *ledger, uint64_t first,
				   uint64_t last, bool dead)
{
	int64_t now = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
	unsigned int error;
	uint64_t pfn;

	error = ledger_hold(ledger, first, last);
	if (error)
		return error;
	for (pfn = first; pfn <= last; pfn++) {
		if (dead)
			ledger_add_dead(ledger, ledger_find(ledger, pfn), now);
		else
			ledger_del_dead(ledger, ledger_find(ledger, pfn));
	}
	return DMA_PROBE_ERROR_NONE;
}

static void ledger_forget(struct ledger *ledger, uint64_t first, uint64_t last)
{
	uint64_t pfn;

	for (pfn = first; pfn <= last; pfn++) {
		struct ledger_page *page = ledger_find(ledger, pfn);

		if (!page)
			continue;
		ledger_del_dead(ledger, page);
		g_hash_table_remove(ledger->pages, &pfn);
	}
}

static uint64_t ledger_state(struct ledger *ledger, uint64_t pfn)
{
	struct ledger_page *page = ledger_find(ledger, pfn);

	if (!page)
		return DMA_PROBE_PAGE_UNKNOWN;
	return page->dead ? DMA_PROBE_PAGE_DEAD : DMA_PROBE_PAGE_ALIVE;
}

static unsigned int ledger_command(struct ledger *ledger, uint64_t cmd)
{
	uint64_t end = ledger->iova + ledger->len - 1;
	uint64_t first = ledger->iova >> DMA_PROBE_PAGE_SHIFT;
	uint64_t last = end >> DMA_PROBE_PAGE_SHIFT;

	if (cmd == DMA_PROBE_LEDGER_CMD_QUERY) {
		ledger->answer = ledger_state(ledger, first);
		return DMA_PROBE_ERROR_NONE;
	}
	if (!ledger->len || end < ledger->iova ||
	    last - first >= ledger->capacity)
		return DMA_PROBE_ERROR_RANGE;

	switch (cmd) {
	case DMA_PROBE_LEDGER_CMD_DEAD:
		return ledger_declare(ledger, first, last, true);
	case DMA_PROBE_LEDGER_CMD_ALIVE:
		return ledger_declare(ledger, first, last, false);
	case DMA_PROBE_LEDGER_CMD_FORGET:
		ledger_forget(ledger, first, last);
		return DMA_PROBE_ERROR_NONE;
	default:
		return DMA_PROBE_ERROR_COMMAND;
	}
}

bool ledger_read(struct ledger *ledger, unsigned int reg, uint64_t *val)
{
	switch (reg) {
	case DMA_PROBE_LEDGER_IOVA:
		*val = ledger->iova;
		return true;
	case DMA_PROBE_LEDGER_LEN:
		*val = ledger->len;
		return true;
	case DMA_PROBE_LEDGER_CMD:
		*val = 0;
		return true;
	case DMA_PROBE_LEDGER_STATE:
		*val = ledger->answer;
		return true;
	case DMA_PROBE_LEDGER_DEAD:
		*val = ledger->dead->len;
		return true;
	case DMA_PROBE_LEDGER_ALIVE:
		*val = g_hash_table_size(ledger->pages) - ledger->dead->len;
		return true;
	case DMA_PROBE_LEDGER_CAPACITY:
		*val = ledger->capacity;
		return true;
	case DMA_PROBE_LEDGER_RESULT:
		*val = ledger->result;
		return true;
	default:
		return false;
	}
}

unsigned int ledger_write(struct ledger *ledger, unsigned int reg, uint64_t val)
{
	switch (reg) {
	case DMA_PROBE_LEDGER_IOVA:
		ledger->iova = val;
		return DMA_PROBE_ERROR_NONE;
	case DMA_PROBE_LEDGER_LEN:
		ledger->len = val;
		return DMA_PROBE_ERROR_NONE;
	case DMA_PROBE_LEDGER_CMD:
		ledger->result = ledger_command(ledger, val);
		return ledger->result;
	default:
		return DMA_PROBE_ERROR_REGISTER;
	}
}
