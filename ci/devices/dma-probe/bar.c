// SPDX-License-Identifier: GPL-2.0
/*
 * BAR 0: access sizes, dispatch, errors, and the registers outside the engines'
 * blocks.
 */
#include "probe.h"

#include "hw/pci/msi.h"
#include "qemu/log.h"

#define ENGINE_BLOCK	DMA_PROBE_ENGINE(0)

/* The registers that are fields. Those with a maximum store a written value. */
static const struct field fields[] = {
#define AT(member)	offsetof(DmaProbe, member)
	{ DMA_PROBE_ERROR,		AT(error) },
	{ DMA_PROBE_ERROR_OFFSET,	AT(error_offset) },
	{ DMA_PROBE_ERROR_COUNT,	AT(error_count) },
	{ DMA_PROBE_IRQ_ENABLE,		AT(irq_enable), UINT64_MAX },
	{ DMA_PROBE_IRQ_STATUS,		AT(irq_status) },
	{ DMA_PROBE_EXPOSURE_NS,	AT(exposure_ns) },
	{ DMA_PROBE_LANDED_IOVA,	AT(landed_iova) },
	{ DMA_PROBE_LANDED_BY,		AT(landed_by) },
	{ DMA_PROBE_LEDGER_IOVA,	AT(ledger.iova), UINT64_MAX },
	{ DMA_PROBE_LEDGER_LEN,		AT(ledger.len), UINT64_MAX },
	{ DMA_PROBE_LEDGER_STATE,	AT(ledger.answer) },
	{ DMA_PROBE_LEDGER_RESULT,	AT(ledger.result) },
	{ DMA_PROBE_ATS_HITS,		AT(tlb.count.hits) },
	{ DMA_PROBE_ATS_FILLS,		AT(tlb.count.fills) },
	{ DMA_PROBE_ATS_REFUSED,	AT(tlb.count.refused) },
	{ DMA_PROBE_ATS_INVALIDATIONS,	AT(tlb.count.invalidations) },
	{ DMA_PROBE_ATS_DROPPED,	AT(tlb.count.dropped) },
	{ DMA_PROBE_ATS_OVERFLOWS,	AT(tlb.count.overflows) },
#undef AT
};

/* The engine whose block has @reg, or NULL. Makes @reg relative to the block. */
static struct engine *engine_of(DmaProbe *probe, unsigned int *reg)
{
	unsigned int index;

	if (*reg < ENGINE_BLOCK)
		return NULL;
	index = (*reg - ENGINE_BLOCK) / DMA_PROBE_ENGINE_SIZE;
	if (index >= probe->num_engines)
		return NULL;
	*reg -= DMA_PROBE_ENGINE(index);
	return &probe->engines[index];
}

static void fail(DmaProbe *probe, unsigned int error, unsigned int reg)
{
	if (!probe->error_count++) {
		probe->error = error;
		probe->error_offset = reg;
	}
}

static uint64_t features(DmaProbe *probe)
{
	return (icount_enabled() ? DMA_PROBE_FEATURE_ICOUNT : 0) |
	       (probe->tlb.present ? DMA_PROBE_FEATURE_ATS : 0) |
	       (msi_present(&probe->pci) ? DMA_PROBE_FEATURE_MSI : 0);
}

/* QEMU flushes its log after each line, so the lines keep their order. */
static unsigned int mark(uint64_t val)
{
	if (val > UINT32_MAX)
		return DMA_PROBE_ERROR_VALUE;
	qemu_log("dma_probe_mark %" PRIu64 "\n", val);
	return DMA_PROBE_ERROR_NONE;
}

static unsigned int reset(DmaProbe *probe, uint64_t what)
{
	if (what & ~(uint64_t)DMA_PROBE_RESET_ALL)
		return DMA_PROBE_ERROR_VALUE;
	probe_reset(probe, what);
	return DMA_PROBE_ERROR_NONE;
}

static unsigned int enable_irqs(DmaProbe *probe, uint64_t engines)
{
	if (engines >> probe->num_engines)
		return DMA_PROBE_ERROR_VALUE;
	probe->irq_enable = engines;
	probe_raise(probe, 0);
	return DMA_PROBE_ERROR_NONE;
}

static uint64_t sum_of_counters(DmaProbe *probe, unsigned int reg)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < probe->num_engines; i++)
		sum += probe->engines[i].counters.n[reg / 8];
	return sum;
}

/* The registers that are computed. */
static bool computed_read(DmaProbe *probe, unsigned int reg, uint64_t *val)
{
	const struct device_tlb *tlb = &probe->tlb;
	struct ledger *ledger = &probe->ledger.ledger;

	switch (reg) {
	case DMA_PROBE_ID:
		*val = DMA_PROBE_MAGIC;
		break;
	case DMA_PROBE_VERSION:
		*val = DMA_PROBE_VERSION_NOW;
		break;
	case DMA_PROBE_ENGINES:
		*val = probe->num_engines;
		break;
	case DMA_PROBE_FEATURES:
		*val = features(probe);
		break;
	case DMA_PROBE_CLOCK_NS:
		*val = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
		break;
	case DMA_PROBE_INSTRUCTIONS:
		*val = icount_enabled() ? icount_get_raw() : 0;
		break;
	case DMA_PROBE_MARK:
	case DMA_PROBE_RESET:
	case DMA_PROBE_LEDGER_CMD:
		*val = 0;
		break;
	case DMA_PROBE_LEDGER_DEAD:
		*val = ledger_count_dead(ledger);
		break;
	case DMA_PROBE_LEDGER_ALIVE:
		*val = ledger_count_alive(ledger);
		break;
	case DMA_PROBE_LEDGER_CAPACITY:
		*val = ledger->capacity;
		break;
	case DMA_PROBE_ATS_ENABLED:
		*val = device_tlb_enabled(tlb);
		break;
	case DMA_PROBE_ATS_ENTRIES:
		*val = tlb->present ? g_hash_table_size(tlb->entries) : 0;
		break;
	case DMA_PROBE_ATS_CAPACITY:
		*val = tlb->present ? DEVICE_TLB_CAPACITY : 0;
		break;
	default:
		return false;
	}
	return true;
}

static bool read_register(DmaProbe *probe, unsigned int reg, uint64_t *val)
{
	struct engine *engine = engine_of(probe, &reg);
	const struct field *field = FIELD_FIND(fields, reg);

	if (engine)
		return engine_read(engine, reg, val);
	if (reg >= DMA_PROBE_COUNTERS &&
	    reg < DMA_PROBE_COUNTERS + DMA_PROBE_COUNTERS_SIZE) {
		*val = sum_of_counters(probe, reg - DMA_PROBE_COUNTERS);
		return true;
	}
	if (!field)
		return computed_read(probe, reg, val);
	*val = *field_in(probe, field);
	return true;
}

static unsigned int write_register(DmaProbe *probe, unsigned int reg, uint64_t val)
{
	struct engine *engine = engine_of(probe, &reg);

	if (engine)
		return engine_write(engine, reg, val);

	switch (reg) {
	case DMA_PROBE_MARK:
		return mark(val);
	case DMA_PROBE_ERROR:
		probe->error = DMA_PROBE_ERROR_NONE;
		probe->error_offset = 0;
		probe->error_count = 0;
		return DMA_PROBE_ERROR_NONE;
	case DMA_PROBE_RESET:
		return reset(probe, val);
	case DMA_PROBE_IRQ_ENABLE:
		return enable_irqs(probe, val);
	case DMA_PROBE_IRQ_STATUS:
		probe->irq_status &= ~val;
		return DMA_PROBE_ERROR_NONE;
	case DMA_PROBE_EXPOSURE_NS:
		probe->exposure_ns = 0;
		return DMA_PROBE_ERROR_NONE;
	case DMA_PROBE_LEDGER_IOVA:
		probe->ledger.iova = val;
		return DMA_PROBE_ERROR_NONE;
	case DMA_PROBE_LEDGER_LEN:
		probe->ledger.len = val;
		return DMA_PROBE_ERROR_NONE;
	case DMA_PROBE_LEDGER_CMD:
		return ledger_command(&probe->ledger, val);
	default:
		return DMA_PROBE_ERROR_REGISTER;
	}
}

/* Whether @reg stores a written value. If so, the guest can write half of it. */
static bool is_stored(DmaProbe *probe, unsigned int reg)
{
	const struct field *field;

	if (engine_of(probe, &reg))
		return engine_is_stored(reg);
	field = FIELD_FIND(fields, reg);
	return field && field->max;
}

static uint64_t bar_read(void *opaque, hwaddr addr, unsigned int size)
{
	DmaProbe *probe = opaque;
	unsigned int reg = addr & ~7u;
	uint64_t val;

	if (!read_register(probe, reg, &val)) {
		fail(probe, DMA_PROBE_ERROR_REGISTER, reg);
		return UINT64_MAX;
	}
	return val >> (addr & 4) * 8;
}

static void bar_write(void *opaque, hwaddr addr, uint64_t val, unsigned int size)
{
	DmaProbe *probe = opaque;
	unsigned int reg = addr & ~7u;
	unsigned int shift = (addr & 4) * 8;
	unsigned int error;
	uint64_t old;

	if (size == 4 && is_stored(probe, reg) &&
	    read_register(probe, reg, &old))
		val = deposit64(old, shift, 32, val);
	else if (shift)
		return;		/* only the low half starts an action */

	if (!probe_enter(probe)) {
		fail(probe, DMA_PROBE_ERROR_BUSY, reg);
		return;
	}
	error = write_register(probe, reg, val);
	if (error)
		fail(probe, error, reg);
	probe_leave(probe);
}

const MemoryRegionOps bar_ops = {
	.read = bar_read,
	.write = bar_write,
	.endianness = DEVICE_LITTLE_ENDIAN,
	.valid = { .min_access_size = 4, .max_access_size = 8 },
	.impl = { .min_access_size = 4, .max_access_size = 8 },
};
