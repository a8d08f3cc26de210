// SPDX-License-Identifier: GPL-2.0
/*
 * The registers of the hostile side, and the same numbers as properties for
 * QMP: qom-get with the path of the device and a name of the tables below.
 */
#include "attack.h"

#include "../lib/field.h"

#include "qapi/visitor.h"
#include "qemu/log.h"

#define COUNTERS_END	CX_ATTACK_KIND(CX_ATTACK_KINDS)

static const char *const kinds[CX_ATTACK_KINDS] = {
	[CX_ATTACK_REPLAY_READ] = "replay-read-",
	[CX_ATTACK_REPLAY_WRITE] = "replay-write-",
	[CX_ATTACK_SWEEP_READ] = "sweep-read-",
	[CX_ATTACK_SWEEP_WRITE] = "sweep-write-",
	[CX_ATTACK_WORK_READ] = "work-read-",
	[CX_ATTACK_WORK_WRITE] = "work-write-",
};

static const struct {
	const char *name;
	unsigned int offset;
} counters[] = {
	{ "tried", CX_ATTACK_TRIED },
	{ "ok", CX_ATTACK_OK },
	{ "faulted", CX_ATTACK_FAULTED },
	{ "landed", CX_ATTACK_LANDED },
	{ "mistranslated", CX_ATTACK_MISTRANSLATED },
	{ "unjudged", CX_ATTACK_UNJUDGED },
};

/* The registers that are fields of struct cx_attack. */
static const struct field attack_fields[] = {
#define AT(member)	offsetof(struct cx_attack, member)
	{ CX_ATTACK_CONTROL, AT(control), .name = "control" },
	{ CX_ATTACK_FAIL_SEND, AT(fail_send), UINT64_MAX },
	{ CX_ATTACK_FAIL_RECEIVE, AT(fail_receive), UINT64_MAX },
	{ CX_ATTACK_HOLD_UPDATES, AT(hold_updates) },
	{ CX_ATTACK_LEDGER_MEMORY, AT(memory), UINT64_MAX },
	{ CX_ATTACK_LEDGER_STATE, AT(state) },
	{ CX_ATTACK_LEDGER_ERRORS, AT(errors), .name = "ledger-errors" },
	{ CX_ATTACK_LANDED_FIRST, AT(result.landed_first), .name = "landed-first" },
	{ CX_ATTACK_LANDED_LAST, AT(result.landed_last), .name = "landed-last" },
	{ CX_ATTACK_EXPOSURE_NS, AT(result.exposure_ns), .name = "exposure-ns" },
	{ CX_ATTACK_MISTRANSLATED_FIRST, AT(result.mistranslated_first),
	  .name = "mistranslated-first" },
	{ CX_ATTACK_DROPPED, AT(result.dropped), .name = "dropped" },
	{ CX_ATTACK_DAMAGED, AT(result.damaged), .name = "damaged" },
#undef AT
};

/* The registers that are fields of ConnectX. */
static const struct field tlb_fields[] = {
#define AT(member)	offsetof(ConnectX, tlb.count.member)
	{ CX_ATTACK_ATS_HITS, AT(hits), .name = "ats-hits" },
	{ CX_ATTACK_ATS_FILLS, AT(fills), .name = "ats-fills" },
	{ CX_ATTACK_ATS_REFUSED, AT(refused), .name = "ats-refused" },
	{ CX_ATTACK_ATS_INVALIDATIONS, AT(invalidations), .name = "ats-invalidations" },
	{ CX_ATTACK_ATS_DROPPED, AT(dropped), .name = "ats-dropped" },
	{ CX_ATTACK_ATS_OVERFLOWS, AT(overflows), .name = "ats-overflows" },
#undef AT
};

/* Registers that are computed and have a property. */
static const struct field computed[] = {
	{ CX_ATTACK_LEDGER_DEAD_PAGES, .name = "ledger-dead-pages" },
	{ CX_ATTACK_LEDGER_ALIVE_PAGES, .name = "ledger-alive-pages" },
	{ CX_ATTACK_ATS_ENABLED, .name = "ats-enabled" },
};

static uint64_t read_computed(ConnectX *cx, unsigned int reg)
{
	struct cx_attack *attack = cx->attack;
	unsigned int offset = reg - CX_ATTACK_COUNTERS;

	if (reg >= CX_ATTACK_COUNTERS && reg < COUNTERS_END)
		return attack->result.kind[offset / 0x40].n[offset % 0x40 / 8];

	switch (reg) {
	case CX_ATTACK_ID:
		return CX_ATTACK_MAGIC;
	case CX_ATTACK_VERSION:
		return CX_ATTACK_VERSION_NOW;
	case CX_ATTACK_CLOCK_NS:
		return qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
	case CX_ATTACK_LEDGER_DEAD_PAGES:
		return ledger_count_dead(&attack->ledger);
	case CX_ATTACK_LEDGER_ALIVE_PAGES:
		return ledger_count_alive(&attack->ledger);
	case CX_ATTACK_LEDGER_CAPACITY:
		return attack->ledger.capacity;
	case CX_ATTACK_ATS_ENABLED:
		return device_tlb_enabled(&cx->tlb);
	default:
		return 0;
	}
}

static uint64_t read_register(ConnectX *cx, unsigned int reg)
{
	const struct field *field = FIELD_FIND(attack_fields, reg);

	if (field)
		return *field_in(cx->attack, field);
	field = FIELD_FIND(tlb_fields, reg);
	return field ? *field_in(cx, field) : read_computed(cx, reg);
}

/* ---- writing ---- */

/* The register holds the ledger's own values. */
_Static_assert(CX_ATTACK_PAGE_UNKNOWN == (int)LEDGER_UNKNOWN &&
	       CX_ATTACK_PAGE_DEAD == (int)LEDGER_DEAD &&
	       CX_ATTACK_PAGE_ALIVE == (int)LEDGER_ALIVE, "states of a page");

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
		attack->state = ledger_state(ledger, addr);
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
	if (what & CX_ATTACK_RESET_LEDGER)
		attack_reset_ledger(attack);
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
	const struct field *field = FIELD_FIND(attack_fields, addr);
	struct cx_attack *attack = cx->attack;

	/* The device's own DMA may lead to this BAR. */
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
	case CX_ATTACK_HOLD_UPDATES:
		attack->hold_updates = !!val;
		break;
	case CX_ATTACK_LEDGER_CMD:
		attack->errors += !ledger_command(attack, val);
		break;
	default:
		if (field && field->max)
			*field_in(attack, field) = val;
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

static void add_property(ObjectClass *class, unsigned int reg, const char *prefix,
			 const char *name)
{
	g_autofree char *property = g_strconcat("attack-", prefix, name, NULL);

	object_class_property_add(class, property, "uint64", get_property, NULL, NULL,
				  GUINT_TO_POINTER(reg));
}

static void add_properties(ObjectClass *class, const struct field *fields, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (fields[i].name)
			add_property(class, fields[i].reg, "", fields[i].name);
}

void attack_class_init(ObjectClass *class)
{
	unsigned int i, kind;

	add_properties(class, attack_fields, ARRAY_SIZE(attack_fields));
	add_properties(class, tlb_fields, ARRAY_SIZE(tlb_fields));
	add_properties(class, computed, ARRAY_SIZE(computed));
	for (kind = 0; kind < CX_ATTACK_KINDS; kind++)
		for (i = 0; i < ARRAY_SIZE(counters); i++)
			add_property(class, CX_ATTACK_KIND(kind) + counters[i].offset,
				     kinds[kind], counters[i].name);
}
