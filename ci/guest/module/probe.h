/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The guest's side of the DMA probe: a PCI driver for the device that attacks
 * the IOMMU, and the calls by which tests in the same module steer it.
 *
 * A test maps a buffer with the DMA API on probe_dev(), tells the probe what
 * is alive, lets it read and write, frees the buffer, declares its IOVA dead,
 * and counts what still lands. Every call may be made in any context, also
 * with interrupts off; calls for different engines do not wait for each other.
 */
#ifndef XSMMU_GUEST_PROBE_H
#define XSMMU_GUEST_PROBE_H

#include <linux/types.h>

#include "../../devices/dma-probe/regs.h"

struct device;
struct probe;

/* In place of an engine's number: the sum of all engines. */
#define PROBE_ALL_ENGINES	(-1)

/**
 * struct probe_counters - what became of the accesses
 * @tried:	accesses made, by DMA_PROBE_READ and DMA_PROBE_WRITE
 * @ok:		of these, let through by the bus
 * @faulted:	of these, blocked
 * @landed:	of @ok, on a page that was declared dead
 * @exposure_ns: longest time between a page's death and a landing on it, in
 *		nanoseconds of the virtual clock
 */
struct probe_counters {
	u64 tried[2];
	u64 ok[2];
	u64 faulted[2];
	u64 landed[2];
	u64 exposure_ns;
};

/**
 * struct probe_ats - what the device TLB did
 * @enabled:	the kernel switched ATS on
 * @hits:	accesses translated by an entry at hand
 * @fills:	translations fetched from the IOMMU
 * @refused:	translations that the IOMMU refused
 * @invalidations: device-TLB invalidations received
 * @dropped:	entries that they dropped
 * @entries:	entries held now (4 KiB each)
 * @capacity:	most entries that can be held
 * @overflows:	times that it was full and emptied; void a test that sees one
 */
struct probe_ats {
	bool enabled;
	u64 hits;
	u64 fills;
	u64 refused;
	u64 invalidations;
	u64 dropped;
	u64 entries;
	u64 capacity;
	u64 overflows;
};

/**
 * struct probe_hammer - what an engine does on its own
 * @write:	write, else read
 * @ledger:	go round the dead pages, else stay at @iova
 * @iova:	target when not @ledger
 * @len:	bytes per access, within one 4 KiB page
 * @pattern:	what writes write, repeated
 * @period_ns:	time between bursts, at least DMA_PROBE_MIN_PERIOD_NS
 * @burst:	accesses per burst, 1 .. DMA_PROBE_MAX_BURST
 * @count:	accesses in all; 0 until stopped
 */
struct probe_hammer {
	bool write;
	bool ledger;
	dma_addr_t iova;
	u32 len;
	u64 pattern;
	u64 period_ns;
	u32 burst;
	u64 count;
};

int probe_init(void);
void probe_exit(void);

int probe_count(void);
struct probe *probe_get(int index);
struct device *probe_dev(struct probe *p);
int probe_engines(struct probe *p);

int probe_read(struct probe *p, int engine, dma_addr_t iova, size_t len);
int probe_write(struct probe *p, int engine, dma_addr_t iova, size_t len,
		u64 pattern);
u64 probe_value(struct probe *p, int engine);

int probe_dead(struct probe *p, dma_addr_t iova, size_t len);
int probe_alive(struct probe *p, dma_addr_t iova, size_t len);
int probe_forget(struct probe *p, dma_addr_t iova, size_t len);
int probe_state(struct probe *p, dma_addr_t iova);
u64 probe_dead_pages(struct probe *p);

int probe_sweep(struct probe *p, int engine, bool write);

int probe_hammer_start(struct probe *p, int engine,
		       const struct probe_hammer *hammer);
u64 probe_hammer_stop(struct probe *p, int engine);
bool probe_hammer_running(struct probe *p, int engine);

void probe_get_counters(struct probe *p, int engine, struct probe_counters *c);
void probe_get_ats(struct probe *p, struct probe_ats *ats);
bool probe_first_landing(struct probe *p, dma_addr_t *iova, int *engine,
			 bool *write);
void probe_reset(struct probe *p, u64 what);
u64 probe_errors(struct probe *p, u32 *first, u32 *offset);

void probe_mark(struct probe *p, u32 number);
u64 probe_clock_ns(struct probe *p);
bool probe_has_instructions(struct probe *p);
u64 probe_instructions(struct probe *p);

#endif /* XSMMU_GUEST_PROBE_H */
