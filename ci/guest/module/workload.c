// SPDX-License-Identifier: GPL-2.0
/*
 * The workload of "make run". In the mode that the kernel was booted in, it measures
 * the cost of a batch of unmaps, and how many attacks on the unmapped pages land.
 *
 * Results are lines "workload: key=value ..." in the kernel's log. The host counts
 * the commands to the IOMMU between the two marks that the log names.
 *
 * The workload declares pages freed and keeps them, so a device that still writes to
 * them does no harm.
 */
#define pr_fmt(fmt) "workload: " fmt

#include <linux/delay.h>
#include <linux/ktime.h>

#include "buffers.h"
#include "no-sync.h"
#include "workload.h"

/* A NAPI poll of a NIC completes about as many pages. */
#define BATCH		64
#define PAGES		6400
#define BATCHES		(PAGES / BATCH)

/* Attacks on freed pages: sweeps per batch and direction, and accesses in all. */
#define SWEEPS		8
#define TRIES		100000

/* In the first rounds a batch is attacked until it is out of reach, or so long. */
#define EXPOSURE_ROUNDS	10
#define EXPOSURE_MS	100

#define ATTACKER	0
#define TOUCHER		1

#define MARK_BEGIN	1
#define MARK_END	2
/* Two more for each batch, around its mapping. */
#define MARK_MAPS	3

/*
 * struct cost - what mapping and unmapping cost
 * @batches: batches unmapped
 * @unmap: instructions of the guest for each, for the unmaps and the sync only
 * @map: the same for the mappings only
 */
struct cost {
	unsigned int batches;
	u64 unmap[BATCHES];
	u64 map[BATCHES];
};

/* Let the device fetch the translations of a batch. */
static int touch(struct batch *b)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; !ret && i < b->n; i++)
		if (probe_read(TOUCHER, b->buf[i].iova, 1))
			ret = -EIO;
	return ret;
}

static int map_and_touch(struct batch *b)
{
	int ret = batch_map(b);

	return ret ?: touch(b);
}

/* The same. Counts only what a driver executes to map. */
static int map_counted_and_touch(struct batch *b, u64 overhead, struct cost *cost)
{
	u64 begin = probe_get(DMA_PROBE_INSTRUCTIONS);
	unsigned int i;
	int ret = 0;

	for (i = 0; i < b->n; i++)
		b->buf[i].iova = dma_map_page(target.dev, b->buf[i].page, 0,
					      PAGE_SIZE, DMA_BIDIRECTIONAL);
	cost->map[cost->batches] = probe_get(DMA_PROBE_INSTRUCTIONS) - begin - overhead;
	for (i = 0; !ret && i < b->n; i++)
		ret = buf_mapped(&b->buf[i]);
	return ret ?: touch(b);
}

/* What a driver must do before it may free a batch. */
static int unmap_in_mode(struct batch *b)
{
	if (target.mode != TARGET_XSMMU) {
		batch_unmap(b);
		return 0;
	}
	batch_unmap_no_sync(b);
	return dma_sync_device_iotlb(target.dev);
}

static int measure_batch(struct batch *b, u64 overhead, struct cost *cost)
{
	u32 mark = MARK_MAPS + 2 * cost->batches;
	u64 begin;
	int ret;

	probe_set(DMA_PROBE_MARK, mark);
	ret = map_counted_and_touch(b, overhead, cost);
	probe_set(DMA_PROBE_MARK, mark + 1);
	if (ret)
		return ret;
	begin = probe_get(DMA_PROBE_INSTRUCTIONS);
	ret = unmap_in_mode(b);
	cost->unmap[cost->batches++] = probe_get(DMA_PROBE_INSTRUCTIONS) - begin - overhead;
	return ret;
}

static int warm_up(struct batch *b)
{
	int ret = map_and_touch(b);

	return ret ?: unmap_in_mode(b);
}

static void report_batches(const struct cost *cost)
{
	unsigned int i;

	if (!(probe_get(DMA_PROBE_FEATURES) & DMA_PROBE_FEATURE_ICOUNT))
		return;
	for (i = 0; i < cost->batches; i++)
		pr_info("instructions=%llu map_instructions=%llu\n",
			cost->unmap[i], cost->map[i]);
}

static int measure_cost(struct batch *b)
{
	static struct cost cost;
	u64 overhead = probe_counting_cost();
	/* Page tables that stay are made by the first batch. */
	int ret = warm_up(b);

	probe_set(DMA_PROBE_MARK, MARK_BEGIN);
	while (!ret && cost.batches < BATCHES)
		ret = measure_batch(b, overhead, &cost);
	msleep(TARGET_SETTLE_MS);
	probe_set(DMA_PROBE_MARK, MARK_END);
	if (ret)
		return ret;
	pr_info("mode=%s batch=%u unmapped_pages=%u marks=%u-%u map_marks=%u-%u\n",
		target_modes[target.mode], BATCH, PAGES, MARK_BEGIN,
		MARK_END, MARK_MAPS, MARK_MAPS + 2 * BATCHES - 1);
	report_batches(&cost);
	return 0;
}

/* A counter of the attacker, of both directions. */
static u64 attacks(unsigned int what)
{
	unsigned int counters = DMA_PROBE_ENGINE(ATTACKER) +
				DMA_PROBE_ENGINE_COUNTERS + what;

	return probe_get(counters + DMA_PROBE_COUNTER(DMA_PROBE_READ)) +
	       probe_get(counters + DMA_PROBE_COUNTER(DMA_PROBE_WRITE));
}

/* Read and write every dead page. Returns how many accesses landed, or an error. */
static int sweep(void)
{
	int read = probe_sweep(ATTACKER, false);
	int written = probe_sweep(ATTACKER, true);

	if (read < 0)
		return read;
	return written < 0 ? written : read + written;
}

/* Attack until nothing lands. Returns 1, 0 after EXPOSURE_MS, or an error. */
static int outlast(void)
{
	ktime_t begin = ktime_get();
	int landed;

	do {
		landed = sweep();
		if (landed <= 0)
			return landed ?: 1;
		usleep_range(200, 300);
	} while (ktime_ms_delta(ktime_get(), begin) < EXPOSURE_MS);
	return 0;
}

/*
 * Free a batch and attack it at once. It must not be on the ledger during the next
 * mapping, which may get the same addresses.
 */
static int attack_freed_batch(struct batch *b, bool to_the_end, bool *ended)
{
	int i, ret = map_and_touch(b);

	if (!ret)
		ret = unmap_in_mode(b);
	if (!ret)
		ret = batch_bury(b);
	for (i = 0; ret >= 0 && i < SWEEPS; i++)
		ret = sweep();
	if (ret >= 0 && to_the_end) {
		ret = outlast();
		*ended &= ret > 0;
	}
	batch_forget(b);
	return min(ret, 0);
}

static int measure_reach(struct batch *b)
{
	bool ended = true;
	unsigned int round;
	int ret = 0;

	probe_set(DMA_PROBE_RESET, DMA_PROBE_RESET_COUNTERS);
	for (round = 0; !ret && attacks(DMA_PROBE_TRIED) < TRIES; round++)
		ret = attack_freed_batch(b, round < EXPOSURE_ROUNDS, &ended);
	if (ret)
		return ret;
	pr_info("stale_tried=%llu stale_landed=%llu longest_exposure_ns=%llu reach_ended=%d\n",
		attacks(DMA_PROBE_TRIED), attacks(DMA_PROBE_LANDED),
		probe_get(DMA_PROBE_EXPOSURE_NS), ended);
	return 0;
}

/**
 * run_workload() - measure, and report in the kernel's log
 *
 * Return: 0 or an error.
 */
int run_workload(void)
{
	struct batch *b;
	int ret;

	b = batch_alloc(BATCH);
	if (!b)
		return -ENOMEM;
	ret = measure_cost(b);
	if (!ret)
		ret = measure_reach(b);
	if (ret)
		pr_err("failed: %d\n", ret);
	/* Stop the attacks before the pages are freed. */
	probe_set(DMA_PROBE_RESET, DMA_PROBE_RESET_ALL);
	batch_free(b);
	return ret;
}
