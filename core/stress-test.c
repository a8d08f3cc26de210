// SPDX-License-Identifier: GPL-2.0
/*
 * All of core at once, on all CPUs, with interrupts, failures and late
 * completions, while the adversary of mock-iommu.h looks for violations. The
 * controls do the same with a seeded bug, to prove that the adversary finds it.
 */
#include <linux/irq_work.h>
#include <linux/ktime.h>
#include <linux/slab.h>
#include "base.h"
#include "mock-iommu.h"

#define ENTRIES		8
#define SLOTS		8

/* Duration: at least; at most, if not everything has happened yet. */
#define SECONDS		1
#define SECONDS_MOST	30

/**
 * struct stress_cpu - what one CPU does
 * @irq: an interrupt for it
 * @mock: the mock
 * @spare: a page for the interrupt to unmap, or 0
 * @rnd: randomness of its thread
 * @irq_rnd: randomness of its interrupt
 * @iova: its mappings, or 0
 * @pages: their sizes
 */
struct stress_cpu {
	struct irq_work irq;
	struct mock *mock;
	unsigned long spare;
	struct rnd_state rnd;
	struct rnd_state irq_rnd;
	dma_addr_t iova[SLOTS];
	unsigned int pages[SLOTS];
};

/**
 * struct stress - one run
 * @name: the seeded bug of a control, or NULL
 * @sync: what the threads call instead of xsmmu_sync()
 * @cpus: the number of CPUs that it needs
 * @lie: what the mock IOMMU does wrong
 * @fail_one_in: how often an invalidation fails
 * @start: when the run began
 * @cpu: one per possible CPU
 * @syncs: how many there were
 */
struct stress {
	const char *name;
	int (*sync)(struct xsmmu_domain *xd);
	unsigned int cpus;
	enum mock_lie lie;
	unsigned int fail_one_in;
	ktime_t start;
	struct stress_cpu *cpu;
	atomic_t syncs;
};

static bool one_in(struct rnd_state *rnd, unsigned int n)
{
	return !(prandom_u32_state(rnd) % n);
}

static struct stress_cpu *this_stress(struct mock *mock)
{
	struct stress *s = mock->arg;

	return &s->cpu[raw_smp_processor_id()];
}

static void stress_sync(struct mock *mock)
{
	struct stress *s = mock->arg;

	mock_judge_sync(mock, s->sync);
	atomic_inc(&s->syncs);
}

static void stress_irq(struct irq_work *irq)
{
	struct stress_cpu *c = container_of(irq, struct stress_cpu, irq);
	dma_addr_t iova = xchg(&c->spare, 0);

	if (iova)
		mock_unmap(c->mock, iova, 1);
	if (one_in(&c->irq_rnd, 4))
		stress_sync(c->mock);
}

/* During an invalidation: queue an interrupt for when the leader unlocks. */
static void stress_middle(struct mock *mock)
{
	struct stress_cpu *c = this_stress(mock);

	if (READ_ONCE(c->spare))
		irq_work_queue(&c->irq);
}

/* Map into free slots, unmap from used ones. */
static void stress_slot(struct mock *mock, struct stress_cpu *c, unsigned int i)
{
	static const unsigned int sizes[] = { 1, 1, 1, 2, 4, MOCK_TABLE };
	unsigned int r = prandom_u32_state(&c->rnd);

	if (c->iova[i]) {
		mock_unmap(mock, c->iova[i], c->pages[i]);
		c->iova[i] = 0;
		return;
	}
	c->pages[i] = sizes[r % ARRAY_SIZE(sizes)];
	c->iova[i] = mock_map(mock, c->pages[i]);
	if (!c->iova[i])
		xsmmu_drain(mock->xd);
}

static void stress_step(struct mock *mock, struct stress_cpu *c)
{
	struct stress *s = mock->arg;
	unsigned int target = prandom_u32_state(&c->rnd) % nr_cpu_ids;

	stress_slot(mock, c, prandom_u32_state(&c->rnd) % SLOTS);
	if (one_in(&c->rnd, 4))
		stress_sync(mock);
	if (!READ_ONCE(c->spare))
		WRITE_ONCE(c->spare, mock_map(mock, 1));
	if (one_in(&c->rnd, 8) && cpu_online(target))
		irq_work_queue_on(&s->cpu[target].irq, target);
	if (one_in(&c->rnd, 64))
		xsmmu_drain(mock->xd);
	if (one_in(&c->rnd, 128))
		xsmmu_domain_trim(mock->xd);
}

/* Has each kind of event happened? A slow machine takes longer. */
static bool stress_saw_all(struct mock *mock)
{
	struct xsmmu_stats sum = mock_stats(mock);

	return sum.led && sum.failed && sum.overflows &&
	       (sum.shared || num_online_cpus() == 1);
}

/* A control ends at the first violation. */
static bool stress_over(struct mock *mock)
{
	struct stress *s = mock->arg;
	s64 ms = ktime_ms_delta(ktime_get(), s->start);

	if (ms > SECONDS_MOST * MSEC_PER_SEC)
		return true;
	if (s->name)
		return READ_ONCE(mock->violations);
	return ms > SECONDS * MSEC_PER_SEC && stress_saw_all(mock);
}

/* One CPU's thread. */
static int stress_run(struct mock *mock)
{
	struct stress_cpu *c = this_stress(mock);
	unsigned int i;

	while (!stress_over(mock)) {
		stress_step(mock, c);
		cond_resched();
	}
	for (i = 0; i < SLOTS; i++)
		if (c->iova[i])
			mock_unmap(mock, c->iova[i], c->pages[i]);
	return 0;
}

static void stress_prepare(struct mock *mock, struct stress *s)
{
	struct stress_cpu *c;
	unsigned int cpu;

	s->cpu = kunit_kcalloc(mock->test, nr_cpu_ids, sizeof(*s->cpu),
			       GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(mock->test, s->cpu);
	for (cpu = 0; cpu < nr_cpu_ids; cpu++) {
		c = &s->cpu[cpu];
		c->mock = mock;
		c->irq = IRQ_WORK_INIT(stress_irq);
		prandom_seed_state(&c->rnd, cpu);
		prandom_seed_state(&c->irq_rnd, ~cpu);
	}
	mock->arg = s;
	mock->lie = s->lie;
	mock->fail_one_in = s->fail_one_in;
	mock->max_delay_us = 20;
	mock->middle = stress_middle;
	mock_backstop(mock, true);
	s->start = ktime_get();
}

/* Wait for the interrupts, and unmap the pages that were left for them. */
static void stress_finish(struct mock *mock, struct stress *s)
{
	struct stress_cpu *c;
	unsigned int cpu;

	mock->middle = NULL;
	mock->max_delay_us = 0;
	mock->fail_one_in = 0;
	for (cpu = 0; cpu < nr_cpu_ids; cpu++) {
		c = &s->cpu[cpu];
		irq_work_sync(&c->irq);
		if (c->spare)
			mock_unmap(mock, c->spare, 1);
	}
}

static void stress(struct mock *mock, struct stress *s)
{
	unsigned int cpu;

	if (num_online_cpus() < s->cpus)
		kunit_skip(mock->test, "needs %u CPUs", s->cpus);
	stress_prepare(mock, s);
	for_each_online_cpu(cpu)
		mock_start(mock, cpu, stress_run);
	for_each_online_cpu(cpu)
		mock_join(mock, cpu);
	stress_finish(mock, s);
}

static void everything_at_once_violates_nothing(struct kunit *test)
{
	struct stress s = { .sync = xsmmu_sync, .fail_one_in = 16 };
	struct mock *mock = test->priv;
	struct xsmmu_stats sum;

	stress(mock, &s);
	KUNIT_EXPECT_EQ_MSG(test, mock->violations, 0, "%s", mock->objection);
	/* A drain does nothing until a sync has found out that all is well. */
	KUNIT_EXPECT_EQ(test, xsmmu_sync(mock->xd), 0);
	KUNIT_EXPECT_TRUE(test, xsmmu_drain(mock->xd));
	KUNIT_EXPECT_EQ(test, mock_pending(mock), 0);
	KUNIT_EXPECT_EQ(test, mock->xd->withheld_pages, 0);
	KUNIT_EXPECT_EQ(test, mock->outstanding, mock->xd->leaked);

	KUNIT_EXPECT_TRUE(test, stress_saw_all(mock));
	sum = mock_stats(mock);
	kunit_info(test, "%d syncs: unmaps %llu led %llu shared %llu failed %llu overflows %llu orphans %llu",
		   atomic_read(&s.syncs), sum.unmaps, sum.led, sum.shared,
		   sum.failed, sum.overflows, sum.orphans);
}

/* Seeded bugs. */

/* Release all of this CPU's quarantine, without asking if it is covered. */
static void release_all(struct xsmmu_domain *xd)
{
	struct xsmmu_quarantine *q = raw_cpu_ptr(xd->quarantine);
	struct xsmmu_range r;
	unsigned long flags;
	LIST_HEAD(tables);

	raw_spin_lock_irqsave(&q->lock, flags);
	while (q->head != q->tail) {
		r = q->ring[q->head++ & xd->mask];
		xsmmu_tables_cut(&q->tables, r.tables, &tables);
		xd->release(xd, &r, 1, &tables);
	}
	raw_spin_unlock_irqrestore(&q->lock, flags);
}

static int release_first(struct xsmmu_domain *xd)
{
	release_all(xd);
	return xsmmu_grace_period(xd);
}

/* Releases what an interrupt has added after the snapshot, too. */
static int detach_late(struct xsmmu_domain *xd)
{
	int err = xsmmu_grace_period(xd);

	if (!err)
		release_all(xd);
	return err;
}

/* Relies on an invalidation that was running already. */
static int join_running(struct xsmmu_domain *xd)
{
	unsigned long running = READ_ONCE(xd->started);

	if (running == READ_ONCE(xd->done))
		return xsmmu_grace_period(xd);
	while (READ_ONCE(xd->done) != running &&
	       raw_spin_is_locked(&xd->flush_lock))
		cpu_relax();
	return 0;
}

static const struct stress controls[] = {
	{
		.name = "ranges released before the invalidation",
		.sync = release_first,
	}, {
		.name = "entries taken out after the snapshot",
		.sync = detach_late,
	}, {
		.name = "a running invalidation joined",
		.sync = join_running,
		.cpus = 2,
	}, {
		.name = "tables freed after leaf-only invalidations",
		.sync = xsmmu_sync,
		.lie = MOCK_KEEPS_NON_LEAF,
	}, {
		.name = "failures taken for completions",
		.sync = xsmmu_sync,
		.lie = MOCK_HIDES_FAILURE,
		.fail_one_in = 8,
	},
};

static void describe_control(const struct stress *s, char *desc)
{
	strscpy(desc, s->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(controls, controls, describe_control);

static void the_adversary_finds(struct kunit *test)
{
	struct stress s = *(const struct stress *)test->param_value;
	struct mock *mock = test->priv;

	skip_if_raw_locks_are_checked(test);
	stress(mock, &s);
	KUNIT_EXPECT_GT(test, mock->violations, 0);
	kunit_info(test, "%s", mock->objection);
}

static int xsmmu_stress_init(struct kunit *test)
{
	struct mock *mock = mock_create(test);

	mock_attach(mock);
	mock_resize(mock, ENTRIES);
	return 0;
}

static void xsmmu_stress_exit(struct kunit *test)
{
	struct mock *mock = test->priv;

	if (!mock)
		return;
	test->priv = NULL;
	mock->lie = MOCK_HONEST;
	mock_free(mock);
}

static struct kunit_case xsmmu_stress_cases[] = {
	KUNIT_CASE(everything_at_once_violates_nothing),
	KUNIT_CASE_PARAM(the_adversary_finds, controls_gen_params),
	{}
};

static struct kunit_suite xsmmu_stress_suite = {
	.name = "xsmmu-stress",
	.init = xsmmu_stress_init,
	.exit = xsmmu_stress_exit,
	.test_cases = xsmmu_stress_cases,
};

kunit_test_suites(&xsmmu_stress_suite);
