/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The guest's side of the DMA probe: the calls by which tests control it.
 *
 * A test maps a buffer with the DMA API, declares its IOVA alive, and lets the
 * probe read and write. Then it frees the buffer, declares the IOVA dead, and
 * counts the accesses that still land.
 *
 * All calls work in any context, also with interrupts off. They take no locks:
 * only one CPU at a time may make them.
 *
 * The device checks each argument. If it refuses one, the call returns -EIO, and
 * DMA_PROBE_ERROR keeps the first reason.
 */
#ifndef XSMMU_GUEST_PROBE_H
#define XSMMU_GUEST_PROBE_H

#include <linux/types.h>

#include "attackers.h"
#include "../../devices/dma-probe/regs.h"

u64 probe_get(unsigned int reg);
void probe_set(unsigned int reg, u64 val);
u64 probe_counting_cost(void);

int probe_read(int engine, dma_addr_t iova, size_t len);
int probe_write(int engine, dma_addr_t iova, size_t len, u64 pattern);
u64 probe_value(int engine);

int probe_dead(dma_addr_t iova);
int probe_alive(dma_addr_t iova);
int probe_forget(dma_addr_t iova);

int probe_sweep(int engine, bool write);
int probe_hammer_start(int engine, bool write, u64 period_ns, u32 burst);
void probe_hammer_stop(int engine);

u64 probe_count(unsigned int dir, unsigned int what);

#endif /* XSMMU_GUEST_PROBE_H */
