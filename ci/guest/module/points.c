// SPDX-License-Identifier: GPL-2.0
/*
 * The workload "points": what mappings and unmaps cost, against the size of a batch, the
 * buffers in flight, the number of queues, and the size and form of the buffers.
 *
 * The host names the points, and the module measures one after the other. Each of them is
 * a line "points: key=value ..." in the kernel's log. The host counts the commands to the
 * IOMMU between the marks that the line names.
 */
#define pr_fmt(fmt) "points: " fmt

#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/kernel.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>

#include "counters.h"
#include "parallel.h"
#include "points.h"
#include "ring.h"
#include "target.h"

#define MOST_POINTS	64

/* Buffers that each queue unmaps at a point; more if more are in flight. */
#define BUFFERS		2048

static char *points[MOST_POINTS];
static unsigned int n_points;
module_param_array(points, charp, &n_points, 0444);
MODULE_PARM_DESC(points, "what to measure: BATCH:IN_FLIGHT:QUEUES:SIZE:OFFSET:LIST for each point");

/* Marks are unique while the guest runs. */
static u32 next_mark = 1;

/**
 * struct run - the measurement of a point
 * @point: the point
 * @name: its text
 * @polls: polls of each queue
 * @begin: the mark before the polls
 * @first: the mark before the first mapping
 * @last: the mark after the last mapping; less than @first if the mappings have none
 * @end: the mark after the polls
 * @counters: the kernel's own counts of the polls
 * @ring: the queues
 */
struct run {
	struct point point;
	const char *name;
	unsigned int polls;
	u32 begin;
	u32 first;
	u32 last;
	u32 end;
	struct counters counters;
	struct ring *ring[];
};

static int parse(const char *text, struct point *p)
{
	int end = 0;

	if (sscanf(text, "%u:%u:%u:%u:%u:%u%n", &p->batch, &p->in_flight,
		   &p->queues, &p->size, &p->offset, &p->list, &end) != 6 ||
	    text[end])
		return -EINVAL;
	if (!p->batch || !p->in_flight || p->in_flight % p->batch ||
	    (p->list && p->batch % p->list))
		return -EINVAL;
	if (!p->size || p->size > SZ_1M || p->offset >= PAGE_SIZE)
		return -EINVAL;
	if (!p->queues || p->queues > num_online_cpus())
		return -EINVAL;
	return 0;
}

/* Can the instructions of this point be counted? QEMU counts those of all CPUs as one. */
static bool counted(const struct point *p)
{
	return p->queues == 1 && num_online_cpus() == 1 &&
	       probe_get(DMA_PROBE_FEATURES) & DMA_PROBE_FEATURE_ICOUNT;
}

static u32 write_mark(void)
{
	u32 mark = next_mark++;

	probe_set(DMA_PROBE_MARK, mark);
	return mark;
}

static void free_run(struct run *run)
{
	unsigned int i;

	for (i = 0; run && i < run->point.queues; i++)
		ring_free(run->ring[i]);
	kfree(run);
}

static struct run *alloc_run(const struct point *p, const char *name)
{
	unsigned int buffers = max_t(unsigned int, BUFFERS, p->in_flight), i;
	struct run *run;

	run = kzalloc(struct_size(run, ring, p->queues), GFP_KERNEL);
	if (!run)
		return NULL;
	run->point = *p;
	run->name = name;
	run->polls = DIV_ROUND_UP(buffers, p->batch);
	for (i = 0; i < p->queues; i++) {
		run->ring[i] = ring_alloc(&run->point, run->polls * p->batch);
		if (!run->ring[i]) {
			free_run(run);
			return NULL;
		}
	}
	return run;
}

/*
 * Map all buffers, and let each be unmapped and mapped once. Page tables that stay are
 * made by that, and caches of addresses are filled.
 */
static int warm_up(void *data, unsigned int cpu)
{
	struct run *run = data;
	struct ring *r = run->ring[cpu];
	int ret = ring_fill(r);

	if (!ret)
		ret = ring_run(r, run->point.in_flight / run->point.batch);
	ring_reset(r);
	return ret;
}

static int measure(void *data, unsigned int cpu)
{
	struct run *run = data;

	return ring_run(run->ring[cpu], run->polls);
}

static int all_reached(const struct run *run)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; !ret && i < run->point.queues; i++)
		ret = ring_reached(run->ring[i]);
	return ret;
}

/* A domain that does not batch has no counts. */
static int count_none(int ret)
{
	return ret == -ENOENT ? 0 : ret;
}

/* Let the queues poll between two marks. Flushes that come later are before the second. */
static int measure_between_marks(struct run *run)
{
	struct ring *only = run->point.queues == 1 ? run->ring[0] : NULL;
	struct counters before;
	int ret = count_none(counters_read(target.dev, &before));

	if (ret)
		return ret;
	if (only) {
		only->mark = &next_mark;
		only->overhead = probe_counting_cost();
	}
	run->begin = write_mark();
	run->first = next_mark;
	ret = run_on_cpus(run->point.queues, measure, run);
	run->last = next_mark - 1;
	msleep(TARGET_SETTLE_MS);
	run->end = write_mark();
	return ret ?: count_none(counters_since(target.dev, &before, &run->counters));
}

/* What all queues have cost and touched. */
static void report(const struct run *run)
{
	u64 pages = 0, translations = 0, lines = 0, all_translations = 0, all_lines = 0;
	struct ring_cost cost = {};
	unsigned int i;

	for (i = 0; i < run->point.queues; i++) {
		struct ring *r = run->ring[i];

		cost.polls += r->cost.polls;
		cost.map += r->cost.map;
		cost.unmap += r->cost.unmap;
		cost.sync += r->cost.sync;
		pages += r->touched->pages;
		translations += r->touched->translations;
		lines += r->touched->lines;
		touched_by_all(r->touched, &all_translations, &all_lines);
	}
	pr_info("point=%s mode=%s marks=%u-%u map_marks=%u-%u polls=%llu counted=%d map=%llu unmap=%llu sync=%llu pages=%llu translations=%llu lines=%llu all_translations=%llu all_lines=%llu led=%llu shared=%llu outside=%llu\n",
		run->name, target_modes[target.mode], run->begin, run->end,
		run->first, run->last, cost.polls, counted(&run->point), cost.map,
		cost.unmap, cost.sync, pages, translations, lines,
		all_translations, all_lines, run->counters.led,
		run->counters.shared, run->counters.outside);
}

static int run_point(const char *name)
{
	struct point point;
	struct run *run;
	int ret = parse(name, &point);

	if (ret) {
		pr_err("%s is no point that can be measured here\n", name);
		return ret;
	}
	run = alloc_run(&point, name);
	if (!run)
		return -ENOMEM;
	ret = run_on_cpus(point.queues, warm_up, run);
	if (!ret)
		ret = all_reached(run);
	if (!ret) {
		msleep(TARGET_SETTLE_MS);
		ret = measure_between_marks(run);
	}
	if (!ret)
		report(run);
	else
		pr_err("%s: failed: %d\n", name, ret);
	free_run(run);
	return ret;
}

/**
 * run_points() - measure the points of the module's parameter, and report each in the log
 *
 * Return: 0 or an error; -EINVAL also if there are no points.
 */
int run_points(void)
{
	unsigned int i;
	int ret = n_points ? 0 : -EINVAL;

	for (i = 0; !ret && i < n_points; i++)
		ret = run_point(points[i]);
	return ret;
}
