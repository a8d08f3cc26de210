// SPDX-License-Identifier: GPL-2.0
/*
 * The workload of "make run": what a batch of unmaps costs in the mode that the
 * kernel was booted in, and what a hostile device still reaches of its pages.
 *
 * Results are lines "workload: key=value ..." in the kernel's log. Commands to the
 * IOMMU are counted outside, between the two marks that the log names.
 *
 * Pages are "freed" to the workload itself, so what a device writes to a page
 * that it should not reach does no harm.
 */
#define pr_fmt(fmt) "workload: " fmt

#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/ktime.h>

#include "buffers.h"
#include "workload.h"

/* As many pages as a NIC's poll completes. */
#define BATCH		64
#define PAGES		6400

/* Attacks on pages just freed: sweeps of a batch, each way; and all in all. */
#define SWEEPS		8
#define TRIES		100000

/* Rounds in which a batch is attacked until it is out of reach, or this long. */
#define EXPOSURE_ROUNDS	10
#define EXPOSURE_MS	100

/* For a lazy kernel to do what it has put off. */
#define SETTLE_MS	50

#define ATTACKER	0
#define TOUCHER		1

#define MARK_BEGIN	1
#define MARK_END	2
/* Two more for each batch, around its mapping. */
#define MARK_MAPS	3

/*
 * struct cost - what unmapping costs
 * @pages: pages unmapped
 * @instructions: of the guest, for the unmaps and the sync only
 */
struct cost {
	unsigned int pages;
	u64 instructions;
};

/* Map a batch, and let the device fetch the translations. */
static int map_and_touch(struct batch *b)
{
	unsigned int i;
	int ret = batch_map(b);

	for (i = 0; !ret && i < b->n; i++)
		if (probe_read(target.probe, TOUCHER, b->buf[i].iova, 1))
			ret = -EIO;
	return ret;
}

/* What a driver does to be allowed to free a batch. */
static int unmap_in_mode(struct batch *b)
{
	if (target.mode != TARGET_XSMMU) {
		batch_unmap(b);
		return 0;
	}
	batch_unmap_no_sync(b);
	return dma_sync_device_iotlb(target.dev);
}

/* Instructions that reading the counter twice takes by itself. */
static u64 cost_of_counting(void)
{
	u64 begin, least = U64_MAX;
	int i;

	for (i = 0; i < 16; i++) {
		begin = probe_instructions(target.probe);
		least = min(least, probe_instructions(target.probe) - begin);
	}
	return least;
}

static int measure_batch(struct batch *b, u64 overhead, struct cost *cost)
{
	u32 mark = MARK_MAPS + 2 * (cost->pages / b->n);
	u64 begin;
	int ret;

	probe_mark(target.probe, mark);
	ret = map_and_touch(b);
	probe_mark(target.probe, mark + 1);
	if (ret)
		return ret;
	begin = probe_instructions(target.probe);
	ret = unmap_in_mode(b);
	cost->instructions += probe_instructions(target.probe) - begin - overhead;
	cost->pages += b->n;
	return ret;
}

static int measure_cost(struct batch *b)
{
	u64 overhead = cost_of_counting();
	struct cost cost = {};
	int ret = 0;

	probe_mark(target.probe, MARK_BEGIN);
	while (!ret && cost.pages < PAGES)
		ret = measure_batch(b, overhead, &cost);
	msleep(SETTLE_MS);
	probe_mark(target.probe, MARK_END);
	if (ret)
		return ret;
	pr_info("mode=%s batch=%u unmapped_pages=%u marks=%u-%u map_marks=%u-%u\n",
		target_mode_name(target.mode), BATCH, cost.pages, MARK_BEGIN,
		MARK_END, MARK_MAPS, MARK_MAPS + 2 * (cost.pages / BATCH) - 1);
	if (probe_has_instructions(target.probe))
		pr_info("instructions=%llu\n", cost.instructions);
	return 0;
}

static u64 tried(void)
{
	struct probe_counters c;

	probe_get_counters(target.probe, ATTACKER, &c);
	return c.tried[DMA_PROBE_READ] + c.tried[DMA_PROBE_WRITE];
}

/* Try every dead page in both ways; how many accesses landed, or an error. */
static int sweep(void)
{
	int read = probe_sweep(target.probe, ATTACKER, false);
	int written = probe_sweep(target.probe, ATTACKER, true);

	if (read < 0)
		return read;
	return written < 0 ? written : read + written;
}

/* Attack until nothing lands: 1, or 0 if it still did at the end; or an error. */
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
 * A batch is freed and attacked at once. On the ledger only while nothing is
 * mapped: its addresses may be handed out again.
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
	struct probe_counters c;
	bool ended = true;
	unsigned int round;
	int ret = 0;

	probe_reset(target.probe, DMA_PROBE_RESET_COUNTERS);
	for (round = 0; !ret && tried() < TRIES; round++)
		ret = attack_freed_batch(b, round < EXPOSURE_ROUNDS, &ended);
	if (ret)
		return ret;
	probe_get_counters(target.probe, ATTACKER, &c);
	pr_info("stale_tried=%llu stale_landed=%llu longest_exposure_ns=%llu reach_ended=%d\n",
		c.tried[DMA_PROBE_READ] + c.tried[DMA_PROBE_WRITE],
		c.landed[DMA_PROBE_READ] + c.landed[DMA_PROBE_WRITE],
		c.exposure_ns, ended);
	return 0;
}

/**
 * run_workload() - measure, and report in the kernel's log
 * @wanted: the mode that the kernel was meant to be booted in
 *
 * Return: 0; -EINVAL if it was booted in another; or what went wrong.
 */
int run_workload(enum target_mode wanted)
{
	struct batch *b;
	int ret;

	if (target.mode != wanted) {
		pr_err("the kernel runs in mode %s, not %s\n",
		       target_mode_name(target.mode), target_mode_name(wanted));
		return -EINVAL;
	}
	b = batch_alloc(BATCH);
	if (!b)
		return -ENOMEM;
	ret = measure_cost(b);
	if (!ret)
		ret = measure_reach(b);
	if (ret)
		pr_err("failed: %d\n", ret);
	/* Nothing attacks any more when the pages go. */
	probe_reset(target.probe, DMA_PROBE_RESET_ALL);
	batch_free(b);
	return ret;
}
