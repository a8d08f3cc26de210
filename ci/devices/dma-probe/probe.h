/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The state of the DMA probe, and the functions that its parts share.
 *
 * device.c	the QEMU device: PCI configuration, properties, reset
 * bar.c	the registers, except those of the engines
 * engine.c	accesses: at once, swept over the ledger, or on a timer
 * ledger.c	commands of the ledger of dead pages (lib/ledger.h)
 *
 * All code runs under QEMU's big lock, so the structures have no lock of their
 * own. A function that handles the write of a register returns one of
 * DMA_PROBE_ERROR_*. A function that handles a read returns whether the
 * register exists.
 */
#ifndef XSMMU_DMA_PROBE_PROBE_H
#define XSMMU_DMA_PROBE_PROBE_H

#include "qemu/osdep.h"
#include "qemu/timer.h"
#include "qom/object.h"

#include "../lib/compat.h"
#include "../lib/device-tlb.h"
#include "../lib/field.h"
#include "../lib/ledger.h"
#include "regs.h"

#define TYPE_DMA_PROBE "dma-probe"
OBJECT_DECLARE_SIMPLE_TYPE(DmaProbe, DMA_PROBE)

/* ---- ledger.c ---- */

struct ledger_regs {
	struct ledger ledger;
	uint64_t iova;
	uint64_t len;
	uint64_t answer;
	uint64_t result;
};

void ledger_regs_reset(struct ledger_regs *regs);
unsigned int ledger_command(struct ledger_regs *regs, uint64_t cmd);

/* ---- engine.c ---- */

/* In the layout of DMA_PROBE_COUNTER(): the index is the offset divided by 8. */
struct counters {
	uint64_t n[DMA_PROBE_COUNTERS_SIZE / 8];
};

struct engine {
	DmaProbe *probe;
	unsigned int index;
	uint64_t iova;		/* registers */
	uint64_t len;
	uint64_t pattern;
	uint64_t value;
	uint64_t result;
	uint64_t period_ns;
	uint64_t burst;
	uint64_t count;
	uint64_t target;
	uint64_t running;
	uint64_t made;
	uint64_t exposure_ns;
	struct counters counters;
	QEMUTimer timer;	/* armed while running */
	int64_t next;		/* when it is due */
	guint cursor;		/* place in ledger.dead */
	bool writes;		/* direction while running */
};

void engine_init(struct engine *engine, DmaProbe *probe, unsigned int index);
void engine_reset(struct engine *engine);
/* Stop a running engine. An idle one does not change. */
void engine_stop(struct engine *engine);
void engine_reset_counters(struct engine *engine);
bool engine_read(struct engine *engine, unsigned int reg, uint64_t *val);
unsigned int engine_write(struct engine *engine, unsigned int reg, uint64_t val);
/* Whether @reg stores what is written to it. */
bool engine_is_stored(unsigned int reg);

/* ---- device.c and bar.c ---- */

struct DmaProbe {
	PCIDevice pci;
	MemoryRegion bar;
	uint32_t num_engines;		/* properties */
	uint32_t ledger_capacity;
	struct engine engines[DMA_PROBE_MAX_ENGINES];
	struct ledger_regs ledger;
	struct device_tlb tlb;
	bool busy;			/* the device's own DMA may be under way */
	uint64_t error;			/* registers */
	uint64_t error_offset;
	uint64_t error_count;
	uint64_t irq_enable;
	uint64_t irq_status;
	uint64_t landed_iova;
	uint64_t landed_by;
	uint64_t exposure_ns;
};

extern const MemoryRegionOps bar_ops;

/*
 * Call this before code that makes accesses or changes their settings. An
 * access can go anywhere: to this device's own BAR, or to the switch that
 * unplugs the device. Returns false if such an access is under way; the caller
 * must then do nothing. A reference keeps the state if the device is unplugged.
 */
bool probe_enter(DmaProbe *probe);
void probe_leave(DmaProbe *probe);
/* Reset the parts that @what names, DMA_PROBE_RESET_* bits. */
void probe_reset(DmaProbe *probe, uint64_t what);
/* @engines, a bit each, have ended. Raise the interrupt if it is enabled. */
void probe_raise(DmaProbe *probe, uint64_t engines);

#endif /* XSMMU_DMA_PROBE_PROBE_H */
