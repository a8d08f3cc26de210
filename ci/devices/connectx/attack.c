// SPDX-License-Identifier: GPL-2.0
/*
 * One hostile access and its verdict; start and reset of the attacks.
 *
 * An access has landed if it succeeded on a page that the ledger holds dead:
 * the guest has freed the memory, and the device has reached it. An access was
 * mistranslated if it reached other memory than the guest declared for the
 * page.
 */
#include "attack.h"

#include "exec/address-spaces.h"
#include "qemu/rcu.h"

#include "../lib/common.h"

#define PAGE_OFFSET	(CX_ATTACK_PAGE_SIZE - 1)

/*
 * A write that must do no harm writes back the present contents, and at most
 * this many bytes at the end of the buffer. If the guest writes to the same
 * bytes at the same instant, its write is lost. That is least likely at the
 * end.
 */
#define HARMLESS_LEN	8

/* The most pages whose mapping may be under way. */
#define MAX_MAPPING	65536

#define MIN_PERIOD	1000
#define MAX_PERIOD	1000000000
#define MAX_BURST	1024

enum verdict { HARMLESS, LANDED, MISTRANSLATED, UNJUDGED };

static void count(ConnectX *cx, unsigned int kind, unsigned int what)
{
	cx->attack->result.kind[kind].n[what / 8]++;
}

static bool is_ram(uint64_t memory, size_t len, bool write)
{
	hwaddr offset, room = len;
	bool ram;

	WITH_RCU_READ_LOCK_GUARD() {
		MemoryRegion *mr;

		mr = address_space_translate(&address_space_memory, memory,
					     &offset, &room, write,
					     MEMTXATTRS_UNSPECIFIED);
		ram = memory_region_is_ram(mr) && room >= len;
	}
	return ram;
}

bool attack_mapping(struct cx_attack *attack, uint64_t pfn, bool begins)
{
	gpointer key = (gpointer)(uintptr_t)pfn;
	guint now = GPOINTER_TO_UINT(g_hash_table_lookup(attack->mapping, key));

	if (begins ? g_hash_table_size(attack->mapping) >= MAX_MAPPING : !now)
		return false;
	now += begins ? 1 : -1;
	if (now)
		g_hash_table_insert(attack->mapping, key, GUINT_TO_POINTER(now));
	else
		g_hash_table_remove(attack->mapping, key);
	return true;
}

static bool is_being_mapped(struct cx_attack *attack, uint64_t memory)
{
	gpointer key = (gpointer)(uintptr_t)(memory >> CX_ATTACK_PAGE_SHIFT);

	return attack->mapping_any || g_hash_table_contains(attack->mapping, key);
}

/* Judge an access that reached @memory. The ledger has @page for it, or NULL. */
static enum verdict judge(struct cx_attack *attack, uint64_t memory,
			  const struct ledger_page *page)
{
	bool elsewhere;

	if (!page)
		return HARMLESS;
	elsewhere = page->memory != LEDGER_ANYWHERE &&
		    page->memory != (memory & ~(uint64_t)PAGE_OFFSET);
	if (!page->dead && !elsewhere)
		return HARMLESS;
	if (is_being_mapped(attack, memory))
		return UNJUDGED;
	return elsewhere ? MISTRANSLATED : LANDED;
}

static void record(ConnectX *cx, unsigned int kind, uint64_t iova,
		   enum verdict verdict, const struct ledger_page *page)
{
	struct attack_result *result = &cx->attack->result;
	uint64_t exposure;

	switch (verdict) {
	case LANDED:
		count(cx, kind, CX_ATTACK_LANDED);
		exposure = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) -
			   page->dead_since;
		result->exposure_ns = MAX(result->exposure_ns, exposure);
		result->landed_last = iova;
		if (result->landed_first == UINT64_MAX)
			result->landed_first = iova;
		break;
	case MISTRANSLATED:
		count(cx, kind, CX_ATTACK_MISTRANSLATED);
		if (result->mistranslated_first == UINT64_MAX)
			result->mistranslated_first = iova;
		break;
	case UNJUDGED:
		count(cx, kind, CX_ATTACK_UNJUDGED);
		break;
	case HARMLESS:
		break;
	}
}

/* Write back the contents of @memory at the end of the range. */
static bool write_same(ConnectX *cx, uint64_t iova, uint64_t memory, size_t len)
{
	size_t part = MIN(len, HARMLESS_LEN);
	uint8_t buf[HARMLESS_LEN];

	if (address_space_read(&address_space_memory, memory + len - part,
			       MEMTXATTRS_UNSPECIFIED, buf, part))
		return false;
	return dma_raw(cx, iova + len - part, buf, part, true);
}

/*
 * Write a pattern to memory that has no owner, so that the guest's page
 * poisoning finds it. Keep the contents of all other memory, so that traffic
 * goes on.
 */
static bool hostile_write(ConnectX *cx, uint64_t iova, uint64_t memory,
			  size_t len, bool unowned)
{
	uint8_t buf[CX_ATTACK_PAGE_SIZE];

	if (!unowned)
		return write_same(cx, iova, memory, len);
	memset(buf, CX_ATTACK_PATTERN, len);
	cx->attack->result.damaged++;
	return dma_raw(cx, iova, buf, len, true);
}

static bool hostile_read(ConnectX *cx, uint64_t iova, size_t len)
{
	uint8_t buf[CX_ATTACK_PAGE_SIZE];

	return dma_raw(cx, iova, buf, len, false);
}

/*
 * Ask for the translation first, because a write depends on it. If the
 * translation is refused, make no access: QEMU would report one fault for each
 * 4 bytes. If it does not lead to RAM, make no access either: a device's
 * register can have side effects.
 */
void attack_access(ConnectX *cx, unsigned int kind, uint64_t iova, size_t len)
{
	bool write = kind == CX_ATTACK_REPLAY_WRITE ||
		     kind == CX_ATTACK_SWEEP_WRITE;
	const struct ledger_page *page;
	enum verdict verdict;
	uint64_t memory;
	bool ok;

	ok = device_tlb_translate(&cx->tlb, iova, write, &memory);
	if (ok && !is_ram(memory, len, write))
		return;
	count(cx, kind, CX_ATTACK_TRIED);
	if (!ok) {
		count(cx, kind, CX_ATTACK_FAULTED);
		return;
	}

	page = ledger_find(&cx->attack->ledger, iova);
	verdict = judge(cx->attack, memory, page);
	if (write)
		ok = hostile_write(cx, iova, memory, len,
				   verdict == LANDED && !page->taken);
	else
		ok = hostile_read(cx, iova, len);
	count(cx, kind, ok ? CX_ATTACK_OK : CX_ATTACK_FAULTED);
	if (ok)
		record(cx, kind, iova, verdict, page);
}

static size_t rest_of_page(uint64_t iova, size_t len)
{
	size_t rest = CX_ATTACK_PAGE_SIZE - (iova & PAGE_OFFSET);

	return MIN(rest, len);
}

void attack_range(ConnectX *cx, unsigned int kind, uint64_t iova, size_t len)
{
	size_t part;

	for (; len; iova += part, len -= part) {
		part = rest_of_page(iova, len);
		attack_access(cx, kind, iova, part);
	}
}

/* If the device's own work lands, the driver has freed the memory too early. */
static void judge_work(ConnectX *cx, uint64_t iova, bool write)
{
	unsigned int kind = write ? CX_ATTACK_WORK_WRITE : CX_ATTACK_WORK_READ;
	const struct ledger_page *page;
	uint64_t memory;

	count(cx, kind, CX_ATTACK_TRIED);
	count(cx, kind, CX_ATTACK_OK);
	page = ledger_find(&cx->attack->ledger, iova);
	if (page && device_tlb_translate(&cx->tlb, iova, write, &memory))
		record(cx, kind, iova, judge(cx->attack, memory, page), page);
}

void attack_accessed(ConnectX *cx, uint64_t iova, size_t len, bool write)
{
	size_t part;

	for (; len; iova += part, len -= part) {
		part = rest_of_page(iova, len);
		judge_work(cx, iova, write);
		sweep_note(cx, iova, part, false);
	}
}

bool attack_fails(ConnectX *cx, bool send)
{
	uint64_t *left = send ? &cx->attack->fail_send :
				&cx->attack->fail_receive;

	if (!*left)
		return false;
	(*left)--;
	return true;
}

bool attack_holds_updates(ConnectX *cx)
{
	return cx->attack->hold_updates;
}

bool attack_wants_accesses(ConnectX *cx)
{
	return cx->attack->control;
}

void attack_completed(ConnectX *cx, GArray *touched)
{
	guint i;

	for (i = 0; touched && i < touched->len; i++)
		replay_completed(cx, &g_array_index(touched, struct cx_access, i));
	if (touched)
		g_array_unref(touched);
}

void attack_reset_ledger(struct cx_attack *attack)
{
	ledger_clear(&attack->ledger);
	g_hash_table_remove_all(attack->mapping);
	attack->mapping_any = 0;
	attack->errors = 0;
}

void attack_reset_counters(struct cx_attack *attack)
{
	memset(&attack->result, 0, sizeof(attack->result));
	attack->result.landed_first = UINT64_MAX;
	attack->result.landed_last = UINT64_MAX;
	attack->result.mistranslated_first = UINT64_MAX;
}

bool attack_check(ConnectX *cx, Error **errp)
{
	const struct cx_attack_properties *prop = &cx->prop.attack;

	return device_check_property("replay-times", prop->replay_times, 0, CX_MAX_REPLAYS,
				     errp) &&
	       device_check_property("sweep-ns", prop->sweep_ns, MIN_PERIOD, MAX_PERIOD,
				     errp) &&
	       device_check_property("sweep-burst", prop->sweep_burst, 1, MAX_BURST, errp) &&
	       device_check_property("ledger", prop->ledger, 1, LEDGER_MAX_CAPACITY, errp);
}

void attack_init(ConnectX *cx)
{
	struct cx_attack *attack = g_new0(struct cx_attack, 1);

	cx->attack = attack;
	ledger_init(&attack->ledger, cx->prop.attack.ledger);
	attack->mapping = g_hash_table_new(NULL, NULL);
	replay_init(cx);
	sweep_init(cx);
	attack_reset(cx);
}

void attack_reset(ConnectX *cx)
{
	struct cx_attack *attack = cx->attack;

	attack->control =
		(cx->prop.attack.replay ? CX_ATTACK_CONTROL_REPLAY : 0) |
		(cx->prop.attack.sweep ? CX_ATTACK_CONTROL_SWEEP : 0);
	attack->fail_send = 0;
	attack->fail_receive = 0;
	attack->hold_updates = 0;
	attack->memory = LEDGER_ANYWHERE;
	attack->state = CX_ATTACK_PAGE_UNKNOWN;
	attack_reset_ledger(attack);
	attack_reset_counters(attack);
	replay_reset(cx);
	sweep_reset(cx);
	sweep_update(cx);
}

void attack_exit(ConnectX *cx)
{
	replay_exit(cx);
	sweep_exit(cx);
	g_hash_table_unref(cx->attack->mapping);
	ledger_free(&cx->attack->ledger);
	g_clear_pointer(&cx->attack, g_free);
}
