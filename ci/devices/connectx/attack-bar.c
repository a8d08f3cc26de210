// SPDX-License-Identifier: GPL-2.0
/*
 * The registers of hostility, and the same numbers as properties for QMP:
 * qom-get with the device's path and a name of the tables below.
 */
#include "attack.h"

#include "qapi/visitor.h"
#include "qemu/log.h"

#define COUNTERS_END	CX_ATTACK_KIND(CX_ATTACK_KINDS)

static const char *const kinds[CX_ATTACK_KINDS] = {
	[CX_ATTACK_REPLAY_READ] = "replay-read",
	[CX_ATTACK_REPLAY_WRITE] = "replay-write",
	[CX_ATTACK_SWEEP_READ] = "sweep-read",
	[CX_ATTACK_SWEEP_WRITE] = "sweep-write",
	[CX_ATTACK_WORK_READ] = "work-read",
	[CX_ATTACK_WORK_WRITE] = "work-write",
};

struct named_register {
	const char *name;
	unsigned int reg;
};

static const struct named_register counters[] = {
	{ "tried", CX_ATTACK_TRIED },
	{ "ok", CX_ATTACK_OK },
	{ "faulted", CX_ATTACK_FAULTED },
	{ "landed", CX_ATTACK_LANDED },
	{ "mistranslated", CX_ATTACK_MISTRANSLATED },
	{ "unjudged", CX_ATTACK_UNJUDGED },
};

static const struct named_register others[] = {
	{ "attack-control", CX_ATTACK_CONTROL },
	{ "attack-ledger-errors", CX_ATTACK_LEDGER_ERRORS },
	{ "attack-ledger-dead-pages", CX_ATTACK_LEDGER_DEAD_PAGES },
	{ "attack-ledger-alive-pages", CX_ATTACK_LEDGER_ALIVE_PAGES },
	{ "attack-landed-first", CX_ATTACK_LANDED_FIRST },
	{ "attack-landed-last", CX_ATTACK_LANDED_LAST },
	{ "attack-exposure-ns", CX_ATTACK_EXPOSURE_NS },
	{ "attack-mistranslated-first", CX_ATTACK_MISTRANSLATED_FIRST },
	{ "attack-dropped", CX_ATTACK_DROPPED },
	{ "attack-damaged", CX_ATTACK_DAMAGED },
	{ "attack-ats-enabled", CX_ATTACK_ATS_ENABLED },
	{ "attack-ats-hits", CX_ATTACK_ATS_HITS },
	{ "attack-ats-fills", CX_ATTACK_ATS_FILLS },
	{ "attack-ats-refused", CX_ATTACK_ATS_REFUSED },
	{ "attack-ats-invalidations", CX_ATTACK_ATS_INVALIDATIONS },
	{ "attack-ats-dropped", CX_ATTACK_ATS_DROPPED },
	{ "attack-ats-overflows", CX_ATTACK_ATS_OVERFLOWS },
};

/* ---- reading ---- */

static uint64_t read_ledger(struct cx_attack *attack, unsigned int reg)
{
	switch (reg) {
	case CX_ATTACK_LEDGER_MEMORY:
		return attack->memory;
	case CX_ATTACK_LEDGER_STATE:
		return attack->state;
	case CX_ATTACK_LEDGER_ERRORS:
		return attack->errors;
	case CX_ATTACK_LEDGER_DEAD_PAGES:
		return ledger_count_dead(&attack->ledger);
	case CX_ATTACK_LEDGER_ALIVE_PAGES:
		return ledger_count_alive(&attack->ledger);
	case CX_ATTACK_LEDGER_CAPACITY:
		return attack->ledger.capacity;
	default:
		return 0;
	}
}

static uint64_t read_result(const struct attack_result *result, unsigned int reg)
{
	unsigned int offset = reg - CX_ATTACK_COUNTERS;

	if (reg < COUNTERS_END)
		return result->kind[offset / 0x40].n[offset % 0x40 / 8];

	switch (reg) {
	case CX_ATTACK_LANDED_FIRST:
		return result->landed_first;
	case CX_ATTACK_LANDED_LAST:
		return result->landed_last;
	case CX_ATTACK_EXPOSURE_NS:
		return result->exposure_ns;
	case CX_ATTACK_MISTRANSLATED_FIRST:
		return result->mistranslated_first;
	case CX_ATTACK_DROPPED:
		return result->dropped;
	case CX_ATTACK_DAMAGED:
		return result->damaged;
	default:
		return 0;
	}
}

static uint64_t read_tlb(const struct device_tlb *tlb, unsigned int reg)
{
	switch (reg) {
	case CX_ATTACK_ATS_ENABLED:
		return device_tlb_enabled(tlb);
	case CX_ATTACK_ATS_HITS:
		return tlb->count.hits;
	case CX_ATTACK_ATS_FILLS:
		return tlb->count.fills;
	case CX_ATTACK_ATS_REFUSED:
		return tlb->count.refused;
	case CX_ATTACK_ATS_INVALIDATIONS:
		return tlb->count.invalidations;
	case CX_ATTACK_ATS_DROPPED:
		return tlb->count.dropped;
	case CX_ATTACK_ATS_OVERFLOWS:
		return tlb->count.overflows;
	default:
		return 0;
	}
}

static uint64_t read_register(ConnectX *cx, unsigned int reg)
{
	struct cx_attack *attack = cx->attack;

	if (reg >= CX_ATTACK_ATS_ENABLED)
		return read_tlb(&cx->tlb, reg);
	if (reg >= CX_ATTACK_COUNTERS)
		return read_result(&attack->result, reg);

	switch (reg) {
	case CX_ATTACK_ID:
		return CX_ATTACK_MAGIC;
	case CX_ATTACK_VERSION:
		return CX_ATTACK_VERSION_NOW;
	case CX_ATTACK_CONTROL:
		return attack->control;
	case CX_ATTACK_FAIL_SEND:
		return attack->fail_send;
	case CX_ATTACK_FAIL_RECEIVE:
		return attack->fail_receive;
	case CX_ATTACK_HOLD_UPDATES:
		return attack->hold_updates;
	case CX_ATTACK_CLOCK_NS:
		return qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
	default:
		return read_ledger(attack, reg);
	}
}

/* ---- writing ---- */

static uint64_t state_of(enum ledger_state state)
{
	switch (state) {
	case LEDGER_DEAD:
		return CX_ATTACK_PAGE_DEAD;
	case LEDGER_ALIVE:
		return CX_ATTACK_PAGE_ALIVE;
	default:
		return CX_ATTACK_PAGE_UNKNOWN;
	}
}

static bool map_memory(struct cx_attack *attack, uint64_t addr,
		       unsigned int pages, bool begins)
{
	uint64_t pfn = addr >> CX_ATTACK_PAGE_SHIFT;
	bool ok = true;
	unsigned int i;

	for (i = 0; i < pages; i++)
		ok &= attack_mapping(attack, pfn + i, begins);
	if (pages)
		return ok;
	if (!begins && !attack->mapping_any)
		return false;
	attack->mapping_any += begins ? 1 : -1;
	return true;
}

static bool ledger_command(struct cx_attack *attack, uint64_t val)
{
	uint64_t addr = val & -(uint64_t)CX_ATTACK_PAGE_SIZE;
	unsigned int pages = extract64(val, 4, 8);
	uint64_t len = (uint64_t)pages << CX_ATTACK_PAGE_SHIFT;
	struct ledger *ledger = &attack->ledger;

	switch (val & 0xf) {
	case CX_ATTACK_LEDGER_DEAD:
		return ledger_declare_dead(ledger, addr, len) == LEDGER_OK;
	case CX_ATTACK_LEDGER_ALIVE:
		return ledger_declare_alive(ledger, addr, len,
					    attack->memory) == LEDGER_OK;
	case CX_ATTACK_LEDGER_FORGET:
		return ledger_forget(ledger, addr, len) == LEDGER_OK;
	case CX_ATTACK_LEDGER_TAKEN:
		return ledger_take(ledger, addr, len) == LEDGER_OK;
	case CX_ATTACK_LEDGER_MAPPING:
		return map_memory(attack, addr, pages, true);
	case CX_ATTACK_LEDGER_MAPPED:
		return map_memory(attack, addr, pages, false);
	case CX_ATTACK_LEDGER_QUERY:
		attack->state = state_of(ledger_state(ledger, addr));
		return true;
	default:
		return false;
	}
}

static void reset(ConnectX *cx, uint64_t what)
{
	struct cx_attack *attack = cx->attack;

	if (what & CX_ATTACK_RESET_COUNTERS) {
		attack_reset_counters(attack);
		device_tlb_reset_counters(&cx->tlb);
	}
	if (what & CX_ATTACK_RESET_LEDGER) {
		ledger_clear(&attack->ledger);
		g_hash_table_remove_all(attack->mapping);
		attack->mapping_any = 0;
		attack->errors = 0;
	}
	if (what & CX_ATTACK_RESET_MEMORY) {
		replay_reset(cx);
		sweep_reset(cx);
	}
}

static uint64_t bar_read(void *opaque, hwaddr addr, unsigned int size)
{
	ConnectX *cx = opaque;

	return read_register(cx, addr);
}

static void bar_write(void *opaque, hwaddr addr, uint64_t val, unsigned int size)
{
	ConnectX *cx = opaque;
	struct cx_attack *attack = cx->attack;

	if (cx->in_dma)
		return;
	switch (addr) {
	case CX_ATTACK_CONTROL:
		attack->control = val & CX_ATTACK_CONTROL_ALL;
		sweep_update(cx);
		break;
	case CX_ATTACK_RESET:
		reset(cx, val);
		break;
	case CX_ATTACK_MARK:
		qemu_log("dma_probe_mark %" PRIu32 "\n", (uint32_t)val);
		break;
	case CX_ATTACK_FAIL_SEND:
		attack->fail_send = val;
		break;
	case CX_ATTACK_FAIL_RECEIVE:
		attack->fail_receive = val;
		break;
	case CX_ATTACK_HOLD_UPDATES:
		attack->hold_updates = val;
		break;
	case CX_ATTACK_LEDGER_MEMORY:
		attack->memory = val;
		break;
	case CX_ATTACK_LEDGER_CMD:
		attack->errors += !ledger_command(attack, val);
		break;
	}
}

const MemoryRegionOps attack_bar_ops = {
	.read = bar_read,
	.write = bar_write,
	.endianness = DEVICE_LITTLE_ENDIAN,
	.valid = { .min_access_size = 8, .max_access_size = 8 },
	.impl = { .min_access_size = 8, .max_access_size = 8 },
};

/* ---- QMP: 0 before the device is realized ---- */

static void get_property(Object *obj, Visitor *visitor, const char *name,
			 void *opaque, Error **errp)
{
	ConnectX *cx = CONNECTX(obj);
	uint64_t val = 0;

	if (cx->attack)
		val = read_register(cx, GPOINTER_TO_UINT(opaque));
	visit_type_uint64(visitor, name, &val, errp);
}

static void add_property(ObjectClass *class, const char *name, unsigned int reg)
{
	object_class_property_add(class, name, "uint64", get_property, NULL,
				  NULL, GUINT_TO_POINTER(reg));
}

void attack_class_init(ObjectClass *class)
{
	unsigned int i, kind;

	for (i = 0; i < ARRAY_SIZE(others); i++)
		add_property(class, others[i].name, others[i].reg);
	for (kind = 0; kind < CX_ATTACK_KINDS; kind++) {
		for (i = 0; i < ARRAY_SIZE(counters); i++) {
			g_autofree char *name = NULL;

			name = g_strdup_printf("attack-%s-%s", kinds[kind],
					       counters[i].name);
			add_property(class, name,
				     CX_ATTACK_KIND(kind) + counters[i].reg);
		}
	}
}
