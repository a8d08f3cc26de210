// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of syncs that name runs: what they name, what they leave to others, and when
 * they invalidate the whole domain.
 */
#include <linux/delay.h>
#include <linux/workqueue.h>
#include "window-fixture.h"

#define MAPPED		64

/**
 * struct mapped - mappings of one page each, in the order of their slots
 * @addr: their addresses
 */
struct mapped {
	dma_addr_t addr[MAPPED];
};

static struct mapped *map_pages_again(struct kunit *test)
{
	struct mapped *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);
	struct fix *f = test->priv;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, m);
	for (i = 0; i < MAPPED; i++) {
		m->addr[i] = map(f, 1);
		KUNIT_ASSERT_NE(test, m->addr[i], DMA_MAPPING_ERROR);
	}
	return m;
}

static struct mapped *map_pages(struct kunit *test)
{
	KUNIT_ASSERT_TRUE(test, get_window(test->priv));
	return map_pages_again(test);
}

static void unmap_some(struct fix *f, struct mapped *m, unsigned int first,
		       unsigned int n)
{
	unsigned int i;

	for (i = first; i < first + n; i++)
		unmap(f, m->addr[i]);
}

/* The device keeps the translations of a part of the pages, or of none of it. */
static void expect_kept(struct fix *f, struct mapped *m, unsigned int first,
			unsigned int n, bool kept)
{
	unsigned int i;

	for (i = first; i < first + n; i++)
		KUNIT_EXPECT_EQ(f->test, is_kept(f, m->addr[i]), kept);
}

static void expect_run(struct fix *f, unsigned int i, dma_addr_t addr,
		       unsigned int pages)
{
	KUNIT_EXPECT_EQ(f->test, f->run[i].addr, addr & PAGE_MASK);
	KUNIT_EXPECT_EQ(f->test, f->run[i].pages, pages);
}

/* What was invalidated by now: so many times runs, and so many times the domain. */
static void expect_counts(struct fix *f, unsigned int named, unsigned int syncs)
{
	KUNIT_EXPECT_EQ(f->test, f->named, named);
	KUNIT_EXPECT_EQ(f->test, f->syncs, syncs);
}

/* The trial of both kinds, when the domain began to batch, is not counted. */
static void forget_counts(struct fix *f)
{
	f->named = 0;
	f->syncs = 0;
}

static u64 named(struct fix *f)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += per_cpu_ptr(f->xd->quarantine, cpu)->stats.named;
	return sum;
}

/* What is named. */

static void run_is_named_and_nothing_else_is_dropped(struct kunit *test)
{
	struct mapped *m = map_pages(test);
	struct fix *f = test->priv;

	forget_counts(f);
	unmap_some(f, m, 4, 4);
	KUNIT_EXPECT_EQ(test, xsmmu_sync_local(f->xd), 0);
	expect_counts(f, 1, 0);
	KUNIT_EXPECT_EQ(test, f->runs, 1);
	expect_run(f, 0, m->addr[4], 4);
	expect_kept(f, m, 0, 4, true);
	expect_kept(f, m, 4, 4, false);
	expect_kept(f, m, 8, MAPPED - 8, true);
	KUNIT_EXPECT_EQ(test, pending(f), 0);
	KUNIT_EXPECT_EQ(test, named(f), 1);
}

static void runs_are_named_in_their_order(struct kunit *test)
{
	struct mapped *m = map_pages(test);
	struct fix *f = test->priv;

	forget_counts(f);
	unmap_some(f, m, 40, 3);
	unmap_some(f, m, 10, 1);
	unmap_some(f, m, 12, 9);
	KUNIT_EXPECT_EQ(test, xsmmu_sync_local(f->xd), 0);
	expect_counts(f, 1, 0);
	KUNIT_EXPECT_EQ(test, f->runs, 3);
	expect_run(f, 0, m->addr[40], 3);
	expect_run(f, 1, m->addr[10], 1);
	expect_run(f, 2, m->addr[12], 9);
	expect_kept(f, m, 40, 3, false);
	expect_kept(f, m, 10, 1, false);
	expect_kept(f, m, 12, 9, false);
	expect_kept(f, m, 11, 1, true);
}

/* Slots that ordinary unmaps have freed come downwards. */
static void run_is_named_downwards_too(struct kunit *test)
{
	struct mapped *m = map_pages(test);
	struct fix *f = test->priv;
	unsigned int i;

	forget_counts(f);
	for (i = 20; i > 10; i--)
		unmap_some(f, m, i, 1);
	unmap_some(f, m, 21, 2);
	KUNIT_EXPECT_EQ(test, xsmmu_sync_local(f->xd), 0);
	expect_counts(f, 1, 0);
	KUNIT_EXPECT_EQ(test, f->runs, 1);
	expect_run(f, 0, m->addr[11], 12);
	expect_kept(f, m, 11, 12, false);
	expect_kept(f, m, 10, 1, true);
	expect_kept(f, m, 23, 1, true);
}

static void too_many_runs_drop_the_whole_domain(struct kunit *test)
{
	struct mapped *m = map_pages(test);
	struct fix *f = test->priv;
	unsigned int i;

	forget_counts(f);
	for (i = 0; i < XSMMU_MAX_RUNS; i++)
		unmap_some(f, m, 2 * i, 1);
	KUNIT_EXPECT_EQ(test, xsmmu_sync_local(f->xd), 0);
	expect_counts(f, 1, 0);
	for (i = 0; i < XSMMU_MAX_RUNS + 1; i++)
		unmap_some(f, m, 2 * i + 20, 1);
	KUNIT_EXPECT_EQ(test, xsmmu_sync_local(f->xd), 0);
	expect_counts(f, 1, 1);
	expect_kept(f, m, 20, 1, false);
	KUNIT_EXPECT_EQ(test, pending(f), 0);
	KUNIT_EXPECT_EQ(test, named(f), 1);
}

/* Which blocks it takes is the backend's choice. */
static void run_is_named_without_its_neighbours(struct kunit *test)
{
	struct mapped *m = map_pages(test);
	struct fix *f = test->priv;

	KUNIT_ASSERT_TRUE(test, IS_ALIGNED(m->addr[0], 64 * PAGE_SIZE));
	unmap_some(f, m, 9, 4);
	KUNIT_EXPECT_EQ(test, xsmmu_sync_local(f->xd), 0);
	KUNIT_EXPECT_EQ(test, f->runs, 1);
	expect_run(f, 0, m->addr[9], 4);
	expect_kept(f, m, 8, 1, true);
	expect_kept(f, m, 9, 4, false);
	expect_kept(f, m, 13, 1, true);
	unmap_some(f, m, 23, 9);
	KUNIT_EXPECT_EQ(test, xsmmu_sync_local(f->xd), 0);
	KUNIT_EXPECT_EQ(test, f->runs, 1);
	expect_run(f, 0, m->addr[23], 9);
	expect_kept(f, m, 16, 7, true);
	expect_kept(f, m, 23, 9, false);
	expect_kept(f, m, 32, 1, true);
}

static void large_batch_drops_the_domain(struct kunit *test)
{
	struct mapped *m = map_pages(test);
	struct fix *f = test->priv;
	dma_addr_t run;

	forget_counts(f);
	unmap_some(f, m, 0, 16);
	KUNIT_EXPECT_EQ(test, xsmmu_sync_local(f->xd), 0);
	expect_counts(f, 1, 0);
	unmap_some(f, m, 16, 17);
	KUNIT_EXPECT_EQ(test, xsmmu_sync_local(f->xd), 0);
	expect_counts(f, 1, 1);
	/* In pages, not in slots. */
	run = map(f, 16);
	unmap_some(f, m, 40, 1);
	unmap(f, run);
	KUNIT_EXPECT_EQ(test, xsmmu_sync_local(f->xd), 0);
	KUNIT_EXPECT_EQ(test, f->named, 1);
	KUNIT_EXPECT_EQ(test, pending(f), 0);
}

/* A later mapping of the slot may be shorter, so all its pages are named. */
static void all_pages_of_a_slot_are_named(struct kunit *test)
{
	struct fix *f = test->priv;
	unsigned int pages, slot;
	dma_addr_t addr;

	KUNIT_ASSERT_TRUE(test, get_window(f));
	for (pages = 1; pages <= XSMMU_SLOT_PAGES; pages++) {
		addr = map(f, pages);
		KUNIT_ASSERT_NE(test, addr, DMA_MAPPING_ERROR);
		forget_counts(f);
		unmap(f, addr);
		slot = roundup_pow_of_two(pages);
		KUNIT_EXPECT_EQ(test, xsmmu_sync_local(f->xd), 0);
		expect_counts(f, 1, 0);
		KUNIT_EXPECT_EQ(test, f->runs, 1);
		expect_run(f, 0, addr, slot);
		KUNIT_EXPECT_EQ(test, pending(f), 0);
	}
}

static void slots_of_all_classes_are_named_together(struct kunit *test)
{
	u32 most = xsmmu_most_pages.value;
	dma_addr_t addr[XSMMU_CLASSES];
	struct fix *f = test->priv;
	unsigned int class;

	KUNIT_ASSERT_TRUE(test, get_window(f));
	WRITE_ONCE(xsmmu_most_pages.value, 31);
	for (class = 0; class < XSMMU_CLASSES; class++)
		addr[class] = map(f, 1U << class);
	forget_counts(f);
	for (class = 0; class < XSMMU_CLASSES; class++)
		unmap(f, addr[class]);
	KUNIT_EXPECT_EQ(test, xsmmu_sync_local(f->xd), 0);
	expect_counts(f, 1, 0);
	KUNIT_EXPECT_EQ(test, f->runs, XSMMU_CLASSES);
	for (class = 0; class < XSMMU_CLASSES; class++)
		expect_run(f, class, addr[class], 1U << class);
	KUNIT_EXPECT_EQ(test, pending(f), 0);
	WRITE_ONCE(xsmmu_most_pages.value, most);
}

static void sync_without_unmaps_costs_nothing(struct kunit *test)
{
	struct mapped *m = map_pages(test);
	struct fix *f = test->priv;

	unmap_some(f, m, 0, 4);
	KUNIT_EXPECT_TRUE(test, xsmmu_drain(f->xd));
	expect_kept(f, m, 0, 4, false);
	forget_counts(f);
	KUNIT_EXPECT_EQ(test, xsmmu_sync_local(f->xd), 0);
	expect_counts(f, 0, 0);
	/* Later ones are named, and only these. */
	unmap_some(f, m, 4, 4);
	KUNIT_EXPECT_EQ(test, xsmmu_sync_local(f->xd), 0);
	expect_counts(f, 1, 0);
	KUNIT_EXPECT_EQ(test, f->runs, 1);
	expect_run(f, 0, m->addr[4], 4);
}

/* The places of a ring are used again and again. */
static void positions_go_round(struct kunit *test)
{
	struct mapped *m = map_pages(test);
	struct fix *f = test->priv;
	unsigned int i, k;

	for (i = 0; i < 4 * XSMMU_RING / 7; i++) {
		unmap_some(f, m, 0, 7);
		KUNIT_EXPECT_EQ(test, xsmmu_sync_local(f->xd), 0);
		expect_kept(f, m, 0, 7, false);
		KUNIT_EXPECT_EQ(test, pending(f), 0);
		for (k = 0; k < 7; k++)
			m->addr[k] = map(f, 1);
	}
	KUNIT_EXPECT_EQ(test, f->syncs, 2);
}

static void slot_that_was_synced_is_used_again(struct kunit *test)
{
	struct mapped *m = map_pages(test);
	struct fix *f = test->priv;
	unsigned int i;
	bool found = false;

	unmap_some(f, m, 7, 1);
	KUNIT_EXPECT_EQ(test, xsmmu_sync_local(f->xd), 0);
	for (i = 0; i < XSMMU_RING && !found; i++)
		found = map(f, 1) == m->addr[7];
	KUNIT_EXPECT_TRUE(test, found);
}

/* What is left to others (I4). */

/**
 * struct job - something done on another CPU
 * @work: does it
 * @f: the fixture
 * @m: the mappings
 * @fn: what
 */
struct job {
	struct work_struct work;
	struct fix *f;
	struct mapped *m;
	void (*fn)(struct job *job);
};

static void job_work(struct work_struct *work)
{
	struct job *job = container_of(work, struct job, work);

	job->fn(job);
}

static void do_on_other_cpu(struct fix *f, struct mapped *m,
			    void (*fn)(struct job *job))
{
	unsigned int cpu = cpumask_any_but(cpu_online_mask,
					   raw_smp_processor_id());
	struct job job = { .f = f, .m = m, .fn = fn };

	if (cpu >= nr_cpu_ids)
		kunit_skip(f->test, "needs a second CPU");
	INIT_WORK_ONSTACK(&job.work, job_work);
	queue_work_on(cpu, system_wq, &job.work);
	flush_work(&job.work);
	destroy_work_on_stack(&job.work);
}

static void job_unmap_some(struct job *job)
{
	unmap_some(job->f, job->m, 20, 5);
}

static void what_another_cpu_has_unmapped_is_left_to_it(struct kunit *test)
{
	struct mapped *m = map_pages(test);
	struct fix *f = test->priv;

	do_on_other_cpu(f, m, job_unmap_some);
	unmap_some(f, m, 0, 3);
	forget_counts(f);
	KUNIT_EXPECT_EQ(test, xsmmu_sync_local(f->xd), 0);
	expect_counts(f, 1, 0);
	expect_kept(f, m, 0, 3, false);
	expect_kept(f, m, 20, 5, true);
	KUNIT_EXPECT_EQ(test, pending(f), 5);
	KUNIT_EXPECT_EQ(test, xsmmu_sync(f->xd), 0);
	expect_kept(f, m, 20, 5, false);
}

static void local_sync_covers_no_snapshot(struct kunit *test)
{
	struct mapped *m = map_pages(test);
	struct fix *f = test->priv;
	unsigned long snap;

	unmap_some(f, m, 0, 3);
	snap = xsmmu_snapshot(f->xd);
	KUNIT_EXPECT_FALSE(test, xsmmu_covered(f->xd, snap));
	KUNIT_EXPECT_EQ(test, xsmmu_sync_local(f->xd), 0);
	KUNIT_EXPECT_FALSE(test, xsmmu_covered(f->xd, snap));
	KUNIT_EXPECT_EQ(test, xsmmu_sync(f->xd), 0);
	KUNIT_EXPECT_TRUE(test, xsmmu_covered(f->xd, snap));
	KUNIT_EXPECT_FALSE(test, xsmmu_covered(f->xd, xsmmu_snapshot(f->xd)));
}

static unsigned long snap_in_the_middle;

static void take_snapshot(struct fix *f)
{
	f->middle = NULL;
	snap_in_the_middle = xsmmu_snapshot(f->xd);
}

/* An invalidation that has begun already says nothing about later unmaps. */
static void running_invalidation_covers_no_snapshot(struct kunit *test)
{
	struct fix *f = test->priv;

	KUNIT_ASSERT_TRUE(test, get_window(f));
	f->middle = take_snapshot;
	KUNIT_EXPECT_EQ(test, xsmmu_sync(f->xd), 0);
	KUNIT_EXPECT_FALSE(test, xsmmu_covered(f->xd, snap_in_the_middle));
	KUNIT_EXPECT_EQ(test, xsmmu_sync(f->xd), 0);
	KUNIT_EXPECT_TRUE(test, xsmmu_covered(f->xd, snap_in_the_middle));
}

static void failed_sync_covers_no_snapshot(struct kunit *test)
{
	struct fix *f = test->priv;
	unsigned long snap;

	KUNIT_ASSERT_TRUE(test, get_window(f));
	snap = xsmmu_snapshot(f->xd);
	atomic_set(&f->fail, XSMMU_SYNC_ATTEMPTS);
	KUNIT_EXPECT_EQ(test, xsmmu_sync(f->xd), -EIO);
	KUNIT_EXPECT_FALSE(test, xsmmu_covered(f->xd, snap));
	KUNIT_EXPECT_EQ(test, xsmmu_sync(f->xd), 0);
	KUNIT_EXPECT_TRUE(test, xsmmu_covered(f->xd, snap));
}

static void job_sync_local(struct job *job)
{
	unmap_some(job->f, job->m, 20, 5);
	if (xsmmu_sync_local(job->f->xd))
		job->f->violation = "a sync of another CPU failed";
}

static struct job second;

static void start_second(struct fix *f)
{
	f->middle = NULL;
	queue_work_on(cpumask_any_but(cpu_online_mask, smp_processor_id()),
		      system_wq, &second.work);
	/* It ends while this CPU is in the middle of its own invalidation. */
	while (READ_ONCE(f->named) < 2)
		cpu_relax();
}

static void two_cpus_name_their_runs_at_once(struct kunit *test)
{
	struct mapped *m = map_pages(test);
	struct fix *f = test->priv;

	if (num_online_cpus() < 2)
		kunit_skip(test, "needs a second CPU");
	second = (struct job){ .f = f, .m = m, .fn = job_sync_local };
	INIT_WORK(&second.work, job_work);
	unmap_some(f, m, 0, 3);
	forget_counts(f);
	f->middle = start_second;
	KUNIT_EXPECT_EQ(test, xsmmu_sync_local(f->xd), 0);
	flush_work(&second.work);
	expect_counts(f, 2, 0);
	expect_kept(f, m, 0, 3, false);
	expect_kept(f, m, 20, 5, false);
	KUNIT_EXPECT_EQ(test, pending(f), 0);
}

/* Another CPU is in the middle of a sync of the whole domain until @let_go. */
static bool held, let_go;

static void hold(struct fix *f)
{
	f->middle = NULL;
	WRITE_ONCE(held, true);
	while (!READ_ONCE(let_go))
		cpu_relax();
}

static void job_drain(struct job *job)
{
	if (!xsmmu_drain(job->f->xd))
		job->f->violation = "a drain of another CPU failed";
}

static void start_drain(struct fix *f, void (*middle)(struct fix *f))
{
	if (num_online_cpus() < 2)
		kunit_skip(f->test, "needs a second CPU");
	held = false;
	let_go = false;
	f->middle = middle;
	second = (struct job){ .f = f, .fn = job_drain };
	INIT_WORK(&second.work, job_work);
	queue_work_on(cpumask_any_but(cpu_online_mask, raw_smp_processor_id()),
		      system_wq, &second.work);
}

/* The drain has noted what was unmapped before this returns, and releases no more. */
static void start_drain_and_hold_it(struct fix *f)
{
	start_drain(f, hold);
	while (!READ_ONCE(held))
		cpu_relax();
}

static void end_drain(void)
{
	WRITE_ONCE(let_go, true);
	flush_work(&second.work);
}

static void slots_that_another_sync_has_released_are_not_named(struct kunit *test)
{
	struct mapped *m = map_pages(test);
	struct fix *f = test->priv;

	unmap_some(f, m, 0, 4);
	start_drain_and_hold_it(f);
	unmap_some(f, m, 4, 2);
	end_drain();
	KUNIT_EXPECT_EQ(test, pending(f), 2);
	expect_kept(f, m, 0, 4, false);
	expect_kept(f, m, 4, 2, true);
	forget_counts(f);
	KUNIT_EXPECT_EQ(test, xsmmu_sync_local(f->xd), 0);
	expect_counts(f, 1, 0);
	KUNIT_EXPECT_EQ(test, f->runs, 1);
	expect_run(f, 0, m->addr[4], 2);
	expect_kept(f, m, 4, 2, false);
	KUNIT_EXPECT_EQ(test, pending(f), 0);
}

/* The slower sync has an older position, to which nothing goes back. */
static void slower_sync_takes_no_slot_back_into_quarantine(struct kunit *test)
{
	struct mapped *m = map_pages(test);
	struct fix *f = test->priv;

	unmap_some(f, m, 0, 4);
	start_drain_and_hold_it(f);
	unmap_some(f, m, 4, 4);
	forget_counts(f);
	KUNIT_EXPECT_EQ(test, xsmmu_sync_local(f->xd), 0);
	expect_counts(f, 1, 0);
	expect_run(f, 0, m->addr[0], 8);
	KUNIT_EXPECT_EQ(test, pending(f), 0);
	end_drain();
	KUNIT_EXPECT_EQ(test, pending(f), 0);
	map_pages_again(test);
}

static void drain_in_the_middle(struct fix *f)
{
	start_drain(f, NULL);
	while (pending(f))
		cpu_relax();
}

/* The same slots are named by one sync and released by another. */
static void slots_that_another_sync_releases_meanwhile_are_free_once(struct kunit *test)
{
	struct mapped *m = map_pages(test);
	struct fix *f = test->priv;

	if (num_online_cpus() < 2)
		kunit_skip(test, "needs a second CPU");
	unmap_some(f, m, 0, 4);
	forget_counts(f);
	f->middle = drain_in_the_middle;
	KUNIT_EXPECT_EQ(test, xsmmu_sync_local(f->xd), 0);
	flush_work(&second.work);
	expect_counts(f, 1, 1);
	expect_kept(f, m, 0, 4, false);
	KUNIT_EXPECT_EQ(test, pending(f), 0);
	/* Later ones still wait for their own sync. */
	unmap_some(f, m, 4, 4);
	KUNIT_EXPECT_EQ(test, pending(f), 4);
	KUNIT_EXPECT_EQ(test, xsmmu_sync_local(f->xd), 0);
	expect_run(f, 0, m->addr[4], 4);
}

static dma_addr_t addr_in_the_middle;

static void unmap_in_the_middle(struct fix *f)
{
	f->middle = NULL;
	unmap(f, addr_in_the_middle);
}

/* An interrupt unmaps while the runs are invalidated. */
static void slot_unmapped_meanwhile_waits_for_the_next_sync(struct kunit *test)
{
	struct mapped *m = map_pages(test);
	struct fix *f = test->priv;

	addr_in_the_middle = m->addr[5];
	unmap_some(f, m, 0, 3);
	f->middle = unmap_in_the_middle;
	KUNIT_EXPECT_EQ(test, xsmmu_sync_local(f->xd), 0);
	KUNIT_EXPECT_EQ(test, pending(f), 1);
	expect_kept(f, m, 5, 1, true);
	KUNIT_EXPECT_EQ(test, xsmmu_sync_local(f->xd), 0);
	KUNIT_EXPECT_EQ(test, pending(f), 0);
	expect_kept(f, m, 5, 1, false);
}

/* When the whole domain is invalidated. */

/* Unmap and sync; the whole domain is invalidated. */
static void expect_whole(struct fix *f, struct mapped *m, unsigned int first,
			 unsigned int named)
{
	forget_counts(f);
	unmap_some(f, m, first, 2);
	KUNIT_EXPECT_EQ(f->test, xsmmu_sync_local(f->xd), 0);
	expect_counts(f, named, 1);
	expect_kept(f, m, first, 2, false);
}

static void ordinary_range_takes_the_whole_domain(struct kunit *test)
{
	struct mapped *m = map_pages(test);
	struct fix *f = test->priv;
	unsigned long pfn;

	pfn = alloc_iova_fast(&f->iovad, 1, PAGES - 1, true);
	KUNIT_ASSERT_TRUE(test, pfn);
	KUNIT_ASSERT_EQ(test, 0, xsmmu_map(&f->domain, PFN_PHYS(pfn), PAGE_SIZE,
					   PAGE_SIZE, IOMMU_READ));
	xsmmu_unmap(f->xd, PFN_PHYS(pfn), PAGE_SIZE);
	expect_whole(f, m, 0, 0);
	/* It is released now. */
	forget_counts(f);
	unmap_some(f, m, 4, 2);
	KUNIT_EXPECT_EQ(test, xsmmu_sync_local(f->xd), 0);
	expect_counts(f, 1, 0);
}

static void backend_that_finds_the_domain_cheaper_decides(struct kunit *test)
{
	struct mapped *m = map_pages(test);
	struct fix *f = test->priv;

	f->fail_named = -E2BIG;
	expect_whole(f, m, 0, 1);
	f->ops.sync_iotlb_runs = NULL;
	expect_whole(f, m, 4, 0);
}

static void error_of_the_runs_takes_the_whole_domain(struct kunit *test)
{
	struct mapped *m = map_pages(test);
	struct fix *f = test->priv;

	f->fail_named = -ETIMEDOUT;
	expect_whole(f, m, 0, 1);
	KUNIT_EXPECT_EQ(test, named(f), 0);
	/* For a while nothing is named. */
	expect_whole(f, m, 2, 0);
	f->xd->name_again = jiffies;
	unmap_some(f, m, 4, 2);
	atomic_set(&f->fail, XSMMU_SYNC_ATTEMPTS);
	KUNIT_EXPECT_EQ(test, xsmmu_sync_local(f->xd), -EIO);
	KUNIT_EXPECT_EQ(test, pending(f), 2);
	/* Invalidations of the domain have failed: it tries one of these first. */
	f->fail_named = 0;
	expect_whole(f, m, 8, 0);
	expect_kept(f, m, 4, 2, false);
}

static void withheld_range_takes_the_whole_domain(struct kunit *test)
{
	struct mapped *m = map_pages(test);
	struct fix *f = test->priv;
	struct xsmmu_range r;
	LIST_HEAD(none);

	unmap_some(f, m, 0, 1);
	KUNIT_EXPECT_EQ(test, xsmmu_sync(f->xd), 0);
	/* A slot that is free now, as if it had been an overflow. */
	r = (struct xsmmu_range){
		.pfn = alloc_iova_fast(&f->iovad, 1, PAGES - 1, true), .pages = 1,
	};
	KUNIT_ASSERT_TRUE(test, r.pfn);
	xsmmu_withhold(f->xd, &r, &none);
	expect_whole(f, m, 2, 0);
	KUNIT_EXPECT_EQ(test, f->xd->withheld_pages, 0);
	forget_counts(f);
	unmap_some(f, m, 4, 2);
	KUNIT_EXPECT_EQ(test, xsmmu_sync_local(f->xd), 0);
	expect_counts(f, 1, 0);
}

static void unmap_that_no_quarantine_has_takes_the_whole_domain(struct kunit *test)
{
	struct mapped *m = map_pages(test);
	struct fix *f = test->priv;

	f->xd->leaked = 1;
	expect_whole(f, m, 0, 0);
	f->xd->leaked = 0;
	f->xd->lost = true;
	expect_whole(f, m, 4, 0);
	/* For good: nobody knows what it was. */
	expect_whole(f, m, 8, 0);
}

/* It has to find out whether invalidations succeed again. */
static void sync_after_a_failed_one_takes_the_whole_domain(struct kunit *test)
{
	struct mapped *m = map_pages(test);
	struct fix *f = test->priv;

	unmap_some(f, m, 0, 2);
	atomic_set(&f->fail, XSMMU_SYNC_ATTEMPTS);
	KUNIT_EXPECT_EQ(test, xsmmu_sync(f->xd), -EIO);
	KUNIT_EXPECT_EQ(test, pending(f), 2);
	expect_whole(f, m, 4, 0);
	expect_kept(f, m, 0, 2, false);
	KUNIT_EXPECT_EQ(test, pending(f), 0);
	/* That one has succeeded. */
	forget_counts(f);
	unmap_some(f, m, 8, 2);
	KUNIT_EXPECT_EQ(test, xsmmu_sync_local(f->xd), 0);
	expect_counts(f, 1, 0);
}

/* Unmaps of an oops may be nowhere, and a CPU that was stopped may hold what names need. */
static void sync_in_an_oops_takes_the_whole_domain(struct kunit *test)
{
	struct mapped *m = map_pages(test);
	struct fix *f = test->priv;
	int err;

	forget_counts(f);
	unmap_some(f, m, 0, 2);
	oops_in_progress++;
	err = xsmmu_sync_local(f->xd);
	oops_in_progress--;
	KUNIT_EXPECT_EQ(test, err, 0);
	expect_counts(f, 0, 1);
	expect_kept(f, m, 0, 2, false);
	KUNIT_EXPECT_EQ(test, pending(f), 0);
	forget_counts(f);
	unmap_some(f, m, 4, 2);
	KUNIT_EXPECT_EQ(test, xsmmu_sync_local(f->xd), 0);
	expect_counts(f, 1, 0);
}

/* A sync within an invalidation. */

static int nested_err[2];

static void sync_in_the_middle(struct fix *f)
{
	f->middle = NULL;
	nested_err[0] = xsmmu_sync_local(f->xd);
	nested_err[1] = xsmmu_sync(f->xd);
}

static void expect_nested_refusal(struct fix *f, struct mapped *m,
				  unsigned int first,
				  int (*sync)(struct xsmmu_domain *xd))
{
	unmap_some(f, m, first, 2);
	memset(nested_err, 0, sizeof(nested_err));
	f->middle = sync_in_the_middle;
	KUNIT_EXPECT_EQ(f->test, sync(f->xd), 0);
	KUNIT_EXPECT_EQ(f->test, nested_err[0], -EBUSY);
	KUNIT_EXPECT_EQ(f->test, nested_err[1], -EBUSY);
}

static void sync_within_an_invalidation_is_refused(struct kunit *test)
{
	struct mapped *m = map_pages(test);
	struct fix *f = test->priv;

	expect_nested_refusal(f, m, 0, xsmmu_sync);
	expect_nested_refusal(f, m, 4, xsmmu_sync_local);
	/* Afterwards all is well. */
	forget_counts(f);
	unmap_some(f, m, 8, 2);
	KUNIT_EXPECT_EQ(test, xsmmu_sync_local(f->xd), 0);
	expect_counts(f, 1, 0);
}

static int xsmmu_local_init(struct kunit *test)
{
	int err = xsmmu_window_init(test);

	if (!err)
		stop_backstop(test->priv);
	return err;
}

static struct kunit_case xsmmu_local_cases[] = {
	KUNIT_CASE(run_is_named_and_nothing_else_is_dropped),
	KUNIT_CASE(runs_are_named_in_their_order),
	KUNIT_CASE(run_is_named_downwards_too),
	KUNIT_CASE(too_many_runs_drop_the_whole_domain),
	KUNIT_CASE(run_is_named_without_its_neighbours),
	KUNIT_CASE(large_batch_drops_the_domain),
	KUNIT_CASE(all_pages_of_a_slot_are_named),
	KUNIT_CASE(slots_of_all_classes_are_named_together),
	KUNIT_CASE(sync_without_unmaps_costs_nothing),
	KUNIT_CASE(slot_that_was_synced_is_used_again),
	KUNIT_CASE(positions_go_round),
	KUNIT_CASE(what_another_cpu_has_unmapped_is_left_to_it),
	KUNIT_CASE(local_sync_covers_no_snapshot),
	KUNIT_CASE(running_invalidation_covers_no_snapshot),
	KUNIT_CASE(failed_sync_covers_no_snapshot),
	KUNIT_CASE(two_cpus_name_their_runs_at_once),
	KUNIT_CASE(slots_that_another_sync_has_released_are_not_named),
	KUNIT_CASE(slower_sync_takes_no_slot_back_into_quarantine),
	KUNIT_CASE(slots_that_another_sync_releases_meanwhile_are_free_once),
	KUNIT_CASE(slot_unmapped_meanwhile_waits_for_the_next_sync),
	KUNIT_CASE(ordinary_range_takes_the_whole_domain),
	KUNIT_CASE(backend_that_finds_the_domain_cheaper_decides),
	KUNIT_CASE(error_of_the_runs_takes_the_whole_domain),
	KUNIT_CASE(withheld_range_takes_the_whole_domain),
	KUNIT_CASE(unmap_that_no_quarantine_has_takes_the_whole_domain),
	KUNIT_CASE(sync_after_a_failed_one_takes_the_whole_domain),
	KUNIT_CASE(sync_in_an_oops_takes_the_whole_domain),
	KUNIT_CASE(sync_within_an_invalidation_is_refused),
	{}
};

static struct kunit_suite xsmmu_local_suite = {
	.name = "xsmmu-local",
	.init = xsmmu_local_init,
	.exit = xsmmu_window_exit,
	.test_cases = xsmmu_local_cases,
};

kunit_test_suites(&xsmmu_local_suite);
