// SPDX-License-Identifier: GPL-2.0
/*
 * Commands for the DMA probe. The header that the device itself is built from
 * describes the registers.
 */
#include <linux/dma-mapping.h>
#include <linux/io-64-nonatomic-lo-hi.h>
#include <linux/minmax.h>

#include "probe.h"

/**
 * probe_get() - read a register of the probe
 * @reg: its offset, DMA_PROBE_*
 *
 * Return: the value; U64_MAX if there is no such register.
 */
u64 probe_get(unsigned int reg)
{
	return readq(probe.bar + reg);
}

/**
 * probe_set() - write a register of the probe
 * @reg: its offset, DMA_PROBE_*
 * @val: the value
 */
void probe_set(unsigned int reg, u64 val)
{
	writeq(val, probe.bar + reg);
}

/**
 * probe_counting_cost() - what it takes to count instructions
 *
 * Return: the instructions that two readings of DMA_PROBE_INSTRUCTIONS show if nothing is
 * executed between them.
 */
u64 probe_counting_cost(void)
{
	u64 begin, least = U64_MAX;
	int i;

	for (i = 0; i < 16; i++) {
		begin = probe_get(DMA_PROBE_INSTRUCTIONS);
		least = min(least, probe_get(DMA_PROBE_INSTRUCTIONS) - begin);
	}
	return least;
}

static u64 engine_get(int engine, unsigned int reg)
{
	return probe_get(DMA_PROBE_ENGINE(engine) + reg);
}

static void engine_set(int engine, unsigned int reg, u64 val)
{
	probe_set(DMA_PROBE_ENGINE(engine) + reg, val);
}

static int engine_command(int engine, u64 cmd)
{
	u64 result;

	engine_set(engine, DMA_PROBE_ENGINE_CMD, cmd);
	result = engine_get(engine, DMA_PROBE_ENGINE_RESULT);
	return result & DMA_PROBE_RESULT_REFUSED ? -EIO : result;
}

static int engine_once(int engine, dma_addr_t iova, size_t len, u64 cmd,
		       u64 pattern)
{
	engine_set(engine, DMA_PROBE_ENGINE_IOVA, iova);
	engine_set(engine, DMA_PROBE_ENGINE_LEN, len);
	engine_set(engine, DMA_PROBE_ENGINE_PATTERN, pattern);
	return engine_command(engine, cmd);
}

/**
 * probe_read() - have the device read memory, now
 * @engine: number of the engine to do it
 * @iova: where
 * @len: bytes, 1 .. DMA_PROBE_MAX_LEN; one access per 4 KiB page touched
 *
 * Return: 0 if the bus let every access through, a positive bus result if it
 * blocked one, or -EIO.
 */
int probe_read(int engine, dma_addr_t iova, size_t len)
{
	return engine_once(engine, iova, len, DMA_PROBE_CMD_READ, 0);
}

/**
 * probe_write() - have the device write memory, now
 * @engine: number of the engine to do it
 * @iova: where
 * @len: bytes, 1 .. DMA_PROBE_MAX_LEN; one access per 4 KiB page touched
 * @pattern: what to write, repeated, lowest byte first
 *
 * Return: as probe_read().
 */
int probe_write(int engine, dma_addr_t iova, size_t len, u64 pattern)
{
	return engine_once(engine, iova, len, DMA_PROBE_CMD_WRITE, pattern);
}

/**
 * probe_value() - first 8 bytes that the engine's last successful read found
 * @engine: number of the engine
 *
 * Return: the bytes, lowest first; zeroes in place of those not read.
 */
u64 probe_value(int engine)
{
	return engine_get(engine, DMA_PROBE_ENGINE_VALUE);
}

static int ledger_command(dma_addr_t iova, u64 cmd)
{
	probe_set(DMA_PROBE_LEDGER_IOVA, iova);
	probe_set(DMA_PROBE_LEDGER_LEN, DMA_PROBE_PAGE_SIZE);
	probe_set(DMA_PROBE_LEDGER_CMD, cmd);
	return probe_get(DMA_PROBE_LEDGER_RESULT) ? -EIO : 0;
}

/**
 * probe_dead() - declare a page dead: its memory was freed
 * @iova: the page
 *
 * Return: 0 or -EIO, for example because the ledger is full.
 */
int probe_dead(dma_addr_t iova)
{
	return ledger_command(iova, DMA_PROBE_LEDGER_CMD_DEAD);
}

/**
 * probe_alive() - declare a page alive: it was mapped
 * @iova: the page
 *
 * Return: as probe_dead().
 */
int probe_alive(dma_addr_t iova)
{
	return ledger_command(iova, DMA_PROBE_LEDGER_CMD_ALIVE);
}

/**
 * probe_forget() - take a page off the ledger
 * @iova: the page
 *
 * Return: 0 or -EIO.
 */
int probe_forget(dma_addr_t iova)
{
	return ledger_command(iova, DMA_PROBE_LEDGER_CMD_FORGET);
}

/**
 * probe_sweep() - try every dead page once, with one byte, now
 * @engine: number of the engine to do it
 * @write: write, else read
 *
 * All virtual CPUs that touch a device wait meanwhile; keep the dead pages to
 * some ten thousand.
 *
 * Return: accesses that landed, or -EIO.
 */
int probe_sweep(int engine, bool write)
{
	unsigned int landed = DMA_PROBE_ENGINE_COUNTERS +
			      DMA_PROBE_COUNTER(write) + DMA_PROBE_LANDED;
	u64 before = engine_get(engine, landed);
	int ret;

	engine_set(engine, DMA_PROBE_ENGINE_LEN, 1);
	ret = engine_command(engine, write ? DMA_PROBE_CMD_SWEEP_WRITE :
					     DMA_PROBE_CMD_SWEEP_READ);
	return ret < 0 ? ret : engine_get(engine, landed) - before;
}

/**
 * probe_hammer_start() - let an engine attack dead pages until it is stopped
 * @engine: number of the engine
 * @write: write, else read
 * @period_ns: time between bursts, at least DMA_PROBE_MIN_PERIOD_NS
 * @burst: accesses per burst, 1 .. DMA_PROBE_MAX_BURST
 *
 * Return: 0 or -EIO, for example because the engine runs already.
 */
int probe_hammer_start(int engine, bool write, u64 period_ns, u32 burst)
{
	engine_set(engine, DMA_PROBE_ENGINE_LEN, sizeof(u64));
	engine_set(engine, DMA_PROBE_ENGINE_PATTERN, 0xdeadbeefdeadbeefULL);
	engine_set(engine, DMA_PROBE_ENGINE_PERIOD_NS, period_ns);
	engine_set(engine, DMA_PROBE_ENGINE_BURST, burst);
	engine_set(engine, DMA_PROBE_ENGINE_COUNT, 0);
	engine_set(engine, DMA_PROBE_ENGINE_TARGET, DMA_PROBE_TARGET_LEDGER);
	return engine_command(engine, write ? DMA_PROBE_CMD_START_WRITE :
					      DMA_PROBE_CMD_START_READ);
}

/**
 * probe_hammer_stop() - stop an engine; harmless on an idle one
 * @engine: number of the engine
 *
 * No access of the engine is under way when this returns.
 */
void probe_hammer_stop(int engine)
{
	engine_command(engine, DMA_PROBE_CMD_STOP);
}

/**
 * probe_count() - a counter, summed over all engines
 * @dir: DMA_PROBE_READ or DMA_PROBE_WRITE
 * @what: DMA_PROBE_TRIED, DMA_PROBE_OK, DMA_PROBE_FAULTED or DMA_PROBE_LANDED
 *
 * Return: accesses since the counters were reset.
 */
u64 probe_count(unsigned int dir, unsigned int what)
{
	return probe_get(DMA_PROBE_COUNTERS + DMA_PROBE_COUNTER(dir) + what);
}
