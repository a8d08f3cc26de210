// SPDX-License-Identifier: GPL-2.0
/*
 * Suite "queues": several CPUs map, unmap and sync batches of one device at the same
 * time, as the queues of a NIC do.
 *
 * A poller is a worker that stays on its CPU. Each of its polls maps a batch of pages,
 * unmaps them without sync, and syncs. The suite compares the kernel's own counts with the
 * commands that the IOMMU got. The lines "queues:" of the log become a table:
 * ci/lib/queues.py.
 */
#include <linux/bottom_half.h>
#include <linux/cpumask.h>
#include <linux/dma-mapping.h>
#include <linux/sched.h>
#include <linux/spinlock.h>

#include "buffers.h"
#include "counters.h"
#include "interval.h"
#include "parallel.h"
#include "suites.h"

/* As many as there are CPUs, but no more than this. */
#define MOST_POLLERS	4

/*
 * What a poller does where commands are counted: so many pages, but no more polls. On a
 * host with fewer CPUs than the guest has, each sync may wait for a CPU that does not run.
 */
#define PAGES		512
#define POLLS		64

/* Its polls where it is attacked. */
#define ATTACKED_POLLS	16

/* The most pages that a sync names; beyond that it drops the domain. */
#define MOST_NAMED	16

#define READER		0
#define WRITER		1
#define TOUCHER		2

static const unsigned int batches[] = { 1, 4, 16, 64 };
#define LARGEST		64

/**
 * enum attack_time - when a poll declares its pages freed and the device attacks them
 * @NEVER: not at all
 * @AFTER_SYNC: after the sync
 * @BEFORE_SYNC: before it, as with a driver that frees too early
 */
enum attack_time {
	NEVER,
	AFTER_SYNC,
	BEFORE_SYNC,
};

/**
 * struct run - what all pollers of a run do
 * @pollers: their number; poller n runs on CPU n
 * @batch: pages of a poll
 * @polls: polls of each poller
 * @local: sync what the poller's CPU has unmapped, not all CPUs
 * @attacks: when the device attacks
 * @poller: the pollers
 */
struct run {
	unsigned int pollers;
	unsigned int batch;
	unsigned int polls;
	bool local;
	enum attack_time attacks;
	struct poller *poller;
};

/**
 * struct poller - one CPU of a run
 * @run: the run
 * @b: its buffers
 */
struct poller {
	struct run *run;
	struct batch *b;
};

/* One CPU at a time uses the probe. */
static DEFINE_SPINLOCK(probe_lock);

static int map_pages(struct poller *p)
{
	unsigned int i;

	for (i = 0; i < p->run->batch; i++) {
		struct buf *buf = &p->b->buf[i];

		buf->iova = dma_map_page(target.dev, buf->page, 0, PAGE_SIZE,
					 DMA_BIDIRECTIONAL);
		if (dma_mapping_error(target.dev, buf->iova))
			return -ENOMEM;
		buf->mapped = true;
	}
	return 0;
}

/* Let the device load the translations. */
static int touch_pages(struct poller *p)
{
	unsigned int i;
	int ret = 0;

	spin_lock(&probe_lock);
	for (i = 0; !ret && i < p->run->batch; i++)
		ret = probe_read(TOUCHER, p->b->buf[i].iova, 1);
	spin_unlock(&probe_lock);
	return ret ? -EIO : 0;
}

static void unmap_pages(struct poller *p)
{
	unsigned int i;

	for (i = 0; i < p->run->batch; i++)
		buf_unmap_no_sync(&p->b->buf[i]);
}

/*
 * Declare the pages dead, and try them and all others that are dead now: what other
 * pollers have freed. They must be off the ledger before they are mapped again.
 */
static int free_pages_and_attack(struct poller *p)
{
	unsigned int i;
	int ret = 0;

	spin_lock(&probe_lock);
	for (i = 0; !ret && i < p->run->batch; i++)
		ret = probe_dead(p->b->buf[i].iova);
	if (!ret)
		ret = min(probe_sweep(READER, false), 0) ?:
		      min(probe_sweep(WRITER, true), 0);
	spin_unlock(&probe_lock);
	return ret;
}

static void forget_pages(struct poller *p)
{
	unsigned int i;

	spin_lock(&probe_lock);
	for (i = 0; i < p->run->batch; i++)
		probe_forget(p->b->buf[i].iova);
	spin_unlock(&probe_lock);
}

static int sync_pages(struct run *run)
{
	return run->local ? dma_sync_device_iotlb_local(target.dev) :
			    dma_sync_device_iotlb(target.dev);
}

/* Returns the first error; buffers that are still mapped are unmapped later. */
static int poll_once(struct poller *p)
{
	enum attack_time attacks = p->run->attacks;
	int ret = map_pages(p);

	if (!ret && attacks != NEVER)
		ret = touch_pages(p);
	if (ret)
		return ret;
	unmap_pages(p);
	if (attacks == BEFORE_SYNC)
		ret = free_pages_and_attack(p);
	ret = sync_pages(p->run) ?: ret;
	if (!ret && attacks == AFTER_SYNC)
		ret = free_pages_and_attack(p);
	if (attacks != NEVER)
		forget_pages(p);
	return ret;
}

/* A poll runs with soft interrupts off, as a driver's does, so it stays on its CPU. */
static int run_poller(void *data, unsigned int cpu)
{
	struct run *run = data;
	unsigned int i;
	int ret = 0;

	for (i = 0; !ret && i < run->polls; i++) {
		local_bh_disable();
		ret = poll_once(&run->poller[cpu]);
		local_bh_enable();
		cond_resched();
	}
	return ret;
}

static void run_pollers(struct kunit *test, struct poller *poller,
			struct run *run)
{
	unsigned int i;

	run->poller = poller;
	for (i = 0; i < run->pollers; i++)
		poller[i].run = run;
	KUNIT_EXPECT_EQ(test, run_on_cpus(run->pollers, run_poller, run), 0);
}

static unsigned int most_pollers(void)
{
	return min_t(unsigned int, num_online_cpus(), MOST_POLLERS);
}

/* Each CPU gets slots and rings, so that later runs make no page table. */
static void warm_up(struct kunit *test, struct poller *poller)
{
	struct run run = { .pollers = most_pollers(), .batch = LARGEST, .polls = 2 };

	run_pollers(test, poller, &run);
}

static struct poller *make_pollers(struct kunit *test)
{
	struct poller *poller;
	unsigned int i;

	if (num_online_cpus() < 2)
		kunit_skip(test, "needs two CPUs");
	poller = kunit_kcalloc(test, MOST_POLLERS, sizeof(*poller), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, poller);
	for (i = 0; i < most_pollers(); i++)
		poller[i].b = test_batch(test, LARGEST);
	warm_up(test, poller);
	return poller;
}

/* Each sync is counted once. Only local ones name pages, and these drop no domain. */
static void expect_counters(struct kunit *test, const struct run *run,
			    const struct counters *c)
{
	unsigned int syncs = run->pollers * run->polls;
	bool names = run->local && run->batch <= MOST_NAMED;

	KUNIT_EXPECT_EQ(test, c->named, names ? syncs : 0);
	KUNIT_EXPECT_EQ(test, c->led + c->shared, names ? 0 : syncs);
	KUNIT_EXPECT_LE(test, c->led, syncs);
	KUNIT_EXPECT_EQ(test, c->failed, 0);
	KUNIT_EXPECT_EQ(test, c->orphans, 0);
	KUNIT_EXPECT_EQ(test, c->outside, 0);
}

static void count_run(struct kunit *test, struct poller *poller, struct run *run)
{
	struct counters before, c;
	unsigned int pages;
	u32 begin, end;

	run->polls = min_t(unsigned int, PAGES / run->batch, POLLS);
	pages = run->pollers * run->polls * run->batch;
	KUNIT_EXPECT_EQ(test, counters_read(target.dev, &before), 0);
	begin = interval_open();
	run_pollers(test, poller, run);
	KUNIT_EXPECT_EQ(test, counters_since(target.dev, &before, &c), 0);
	end = interval_close_queues(test, begin, run->local ? "local" : "shared",
				    (struct queues){ .pages = pages,
						     .led = c.led,
						     .named = c.named });
	expect_counters(test, run, &c);
	pr_info("queues: %s pollers=%u batch=%u marks=%u-%u pages=%u syncs=%u led=%llu shared=%llu named=%llu\n",
		run->local ? "local" : "shared", run->pollers, run->batch, begin,
		end, pages, run->pollers * run->polls, c.led, c.shared, c.named);
}

static void count_runs(struct kunit *test, bool local)
{
	struct poller *poller = make_pollers(test);
	unsigned int pollers, i;

	for (pollers = 1; pollers <= most_pollers(); pollers *= 2)
		for (i = 0; i < ARRAY_SIZE(batches); i++)
			count_run(test, poller,
				  &(struct run){ .pollers = pollers,
						 .batch = batches[i],
						 .local = local });
}

static void syncs_of_all_cpus_lead_or_share(struct kunit *test)
{
	count_runs(test, false);
}

static void local_syncs_name_small_batches(struct kunit *test)
{
	count_runs(test, true);
}

static u64 attacks(unsigned int what)
{
	return probe_count(DMA_PROBE_READ, what) +
	       probe_count(DMA_PROBE_WRITE, what);
}

static void attack_run(struct kunit *test, struct poller *poller,
		       unsigned int batch, bool local)
{
	struct run run = {
		.pollers = most_pollers(), .batch = batch, .local = local,
		.polls = ATTACKED_POLLS, .attacks = AFTER_SYNC,
	};

	run_pollers(test, poller, &run);
}

static void pages_are_out_of_reach_after_the_sync_of_their_cpu(struct kunit *test)
{
	struct poller *poller = make_pollers(test);
	unsigned int i, tried = 0;

	for (i = 0; i < ARRAY_SIZE(batches); i++) {
		attack_run(test, poller, batches[i], false);
		attack_run(test, poller, batches[i], true);
		/* Each page is read and written once at least. */
		tried += 2 * 2 * most_pollers() * ATTACKED_POLLS * batches[i];
	}
	KUNIT_EXPECT_EQ(test, attacks(DMA_PROBE_LANDED), 0);
	KUNIT_EXPECT_GE(test, attacks(DMA_PROBE_FAULTED), tried);
}

/* The control: a driver that frees before its sync. */
static void pages_are_in_reach_before_the_sync(struct kunit *test)
{
	struct poller *poller = make_pollers(test);
	struct run run = {
		.pollers = 1, .batch = 4, .polls = 1, .attacks = BEFORE_SYNC,
	};

	run_pollers(test, poller, &run);
	KUNIT_EXPECT_EQ(test, attacks(DMA_PROBE_LANDED), 2 * run.batch);
}

static const struct attack_case queues_cases[] = {
	ATTACK_CASE(syncs_of_all_cpus_lead_or_share, XSMMU),
	ATTACK_CASE(local_syncs_name_small_batches, XSMMU),
	ATTACK_CASE(pages_are_out_of_reach_after_the_sync_of_their_cpu, XSMMU),
	ATTACK_CASE(pages_are_in_reach_before_the_sync, XSMMU),
	{ }
};

ATTACK_SUITE(queues, WORDS("queues"));
