// SPDX-License-Identifier: GPL-2.0
/*
 * BAR 0: access sizes, which part owns a register, errors; and the registers
 * of the device itself.
 */
#include "probe.h"

#include "hw/pci/msi.h"
#include "qemu/log.h"

#define LEDGER_BLOCK	DMA_PROBE_LEDGER_IOVA
#define ATS_BLOCK	DMA_PROBE_ATS_ENABLED
#define ENGINE_BLOCK	DMA_PROBE_ENGINE(0)
#define BLOCK_SIZE	0x100

static bool in_block(unsigned int reg, unsigned int block)
{
	return reg >= block && reg < block + BLOCK_SIZE;
}

/* The engine whose block holds @reg, or NULL; @reg becomes relative to it. */
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

/*
 * Write a line to the trace. QEMU flushes each line of its log before it writes
 * the next, so the order in the file is the order of events.
 */
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

/* Registers of the device's identity and of the time. */
static bool identity_read(DmaProbe *probe, unsigned int reg, uint64_t *val)
{
	switch (reg) {
	case DMA_PROBE_ID:
		*val = DMA_PROBE_MAGIC;
		return true;
	case DMA_PROBE_VERSION:
		*val = DMA_PROBE_VERSION_NOW;
		return true;
	case DMA_PROBE_ENGINES:
		*val = probe->num_engines;
		return true;
	case DMA_PROBE_FEATURES:
		*val = features(probe);
		return true;
	case DMA_PROBE_CLOCK_NS:
		*val = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
		return true;
	case DMA_PROBE_INSTRUCTIONS:
		*val = icount_enabled() ? icount_get_raw() : 0;
		return true;
	default:
		return false;
	}
}

static bool device_read(DmaProbe *probe, unsigned int reg, uint64_t *val)
{
	if (identity_read(probe, reg, val))
		return true;
	if (reg >= DMA_PROBE_COUNTERS &&
	    reg < DMA_PROBE_COUNTERS + DMA_PROBE_COUNTERS_SIZE) {
		*val = sum_of_counters(probe, reg - DMA_PROBE_COUNTERS);
		return true;
	}

	switch (reg) {
	case DMA_PROBE_MARK:
	case DMA_PROBE_RESET:
		*val = 0;
		return true;
	case DMA_PROBE_ERROR:
		*val = probe->error;
		return true;
	case DMA_PROBE_ERROR_OFFSET:
		*val = probe->error_offset;
		return true;
	case DMA_PROBE_ERROR_COUNT:
		*val = probe->error_count;
		return true;
	case DMA_PROBE_IRQ_ENABLE:
		*val = probe->irq_enable;
		return true;
	case DMA_PROBE_IRQ_STATUS:
		*val = probe->irq_status;
		return true;
	case DMA_PROBE_EXPOSURE_NS:
		*val = probe->exposure_ns;
		return true;
	case DMA_PROBE_LANDED_IOVA:
		*val = probe->landed_iova;
		return true;
	case DMA_PROBE_LANDED_BY:
		*val = probe->landed_by;
		return true;
	default:
		return false;
	}
}

static unsigned int device_write(DmaProbe *probe, unsigned int reg, uint64_t val)
{
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
	default:
		return DMA_PROBE_ERROR_REGISTER;
	}
}

static bool read_register(DmaProbe *probe, unsigned int reg, uint64_t *val)
{
	struct engine *engine = engine_of(probe, &reg);

	if (engine)
		return engine_read(engine, reg, val);
	if (in_block(reg, LEDGER_BLOCK) &&
	    ledger_read(&probe->ledger, reg, val))
		return true;
	if (in_block(reg, ATS_BLOCK))
		return ats_read(&probe->tlb, reg, val);
	return device_read(probe, reg, val);
}

static unsigned int write_register(DmaProbe *probe, unsigned int reg,
				   uint64_t val)
{
	struct engine *engine = engine_of(probe, &reg);
	unsigned int error = DMA_PROBE_ERROR_REGISTER;

	if (engine)
		return engine_write(engine, reg, val);
	if (in_block(reg, LEDGER_BLOCK))
		error = ledger_write(&probe->ledger, reg, val);
	if (error == DMA_PROBE_ERROR_REGISTER)
		error = device_write(probe, reg, val);
	return error;
}

/* Whether @reg keeps what is written, so that a half of it can be written. */
static bool is_stored(DmaProbe *probe, unsigned int reg)
{
	if (engine_of(probe, &reg))
		return engine_is_stored(reg);
	return reg == DMA_PROBE_LEDGER_IOVA || reg == DMA_PROBE_LEDGER_LEN ||
	       reg == DMA_PROBE_IRQ_ENABLE;
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
		return;		/* the high half of one that acts */

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
