// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of core with interrupts, other CPUs and the backstop. The letters of a
 * log are explained in test-rig.h.
 */
#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/irq_work.h>
#include <linux/timer.h>
#include "test-rig.h"

/* How often a race is run until it goes the way that a test is about. */
#define TRIES		20

/* Time for another CPU to get from its last sign into its sync, in ms. */
#define SETTLE		2

/* A sync that has begun and been forgotten is not waited for longer, in ms. */
#define BOUND		1000

/**
 * struct smp - what these tests add to the rig
 * @irq: an interrupt
 * @rig: the rig
 * @handler: what it does
 * @cpu: that it goes to
 * @iova: of one page to unmap
 * @ready: CPUs about to sync
 * @crowd: so many are awaited by the one that leads
 */
struct smp {
	struct irq_work irq;
	struct rig *rig;
	void (*handler)(struct smp *s);
	unsigned int cpu;
	dma_addr_t iova;
	atomic_t ready;
	int crowd;
};

static void smp_irq(struct irq_work *irq)
{
	struct smp *s = container_of(irq, struct smp, irq);

	if (!in_hardirq())
		rig_object(s->rig, "the interrupt was none");
	s->handler(s);
}

static int xsmmu_smp_init(struct kunit *test)
{
	struct smp *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);
	struct rig *rig;

	KUNIT_ASSERT_NOT_NULL(test, s);
	/* The first CPU is the one that may not be able to go offline. */
	rig_pin(cpumask_first(cpu_online_mask));
	rig = rig_create(test);
	rig_attach(rig);
	rig->arg = s;
	s->rig = rig;
	s->irq = IRQ_WORK_INIT_HARD(smp_irq);
	return 0;
}

static void xsmmu_smp_exit(struct kunit *test)
{
	struct rig *rig = test->priv;
	struct smp *s;

	if (!rig)
		return;
	s = rig->arg;
	irq_work_sync(&s->irq);
	KUNIT_EXPECT_EQ_MSG(test, rig->violations, 0, "%s", rig->objection);
	test->priv = NULL;
	rig_free(rig);
}

/* Interrupts on the leader's own CPU. */

static void log_context(struct rig *rig)
{
	rig_log(rig, irqs_disabled() ? 'd' : 'e');
}

static void leader_has_interrupts_off(struct kunit *test)
{
	struct rig *rig = test->priv;

	rig->middle = log_context;
	KUNIT_EXPECT_EQ(test, rig_sync(rig), 0);
	KUNIT_EXPECT_FALSE(test, irqs_disabled());
	RIG_EXPECT_LOG(rig, "ld.");
}

static void sync_and_unmap_work_with_interrupts_off(struct kunit *test)
{
	struct rig *rig = test->priv;
	dma_addr_t iova = rig_map(rig, 1);

	local_irq_disable();
	rig_unmap(rig, iova, 1);
	KUNIT_EXPECT_EQ(test, rig_sync(rig), 0);
	KUNIT_EXPECT_TRUE(test, irqs_disabled());
	local_irq_enable();
	RIG_EXPECT_LOG(rig, "cl.r");
}

static void handle_unmap(struct smp *s)
{
	rig_log(s->rig, 'i');
	rig_unmap(s->rig, s->iova, 1);
}

static void handle_sync(struct smp *s)
{
	rig_log(s->rig, 'i');
	rig_sync(s->rig);
}

/* The interrupt comes when the leader unlocks: completed, nothing released. */
static void raise_once(struct rig *rig)
{
	struct smp *s = rig->arg;

	rig->middle = NULL;
	irq_work_queue(&s->irq);
}

static void interrupt_that_unmaps_before_the_release_is_left_alone(struct kunit *test)
{
	struct rig *rig = test->priv;
	struct smp *s = rig->arg;

	s->iova = rig_map(rig, 1);
	s->handler = handle_unmap;
	rig_map_unmap(rig, 1);
	rig->middle = raise_once;
	KUNIT_EXPECT_EQ(test, rig_sync(rig), 0);
	RIG_EXPECT_LOG(rig, "cl.icr");
	KUNIT_EXPECT_EQ(test, rig_pending(rig), 1);
	KUNIT_EXPECT_EQ(test, rig_sync(rig), 0);
	RIG_EXPECT_LOG(rig, "l.r");
}

static void interrupt_that_syncs_before_the_release_releases(struct kunit *test)
{
	struct rig *rig = test->priv;
	struct smp *s = rig->arg;

	s->handler = handle_sync;
	rig_map_unmap(rig, 1);
	rig->middle = raise_once;
	KUNIT_EXPECT_EQ(test, rig_sync(rig), 0);
	RIG_EXPECT_LOG(rig, "cl.il.r");
	KUNIT_EXPECT_EQ(test, rig_pending(rig), 0);
}

static void unmap_in_the_middle(struct rig *rig)
{
	struct smp *s = rig->arg;

	rig->middle = NULL;
	rig_unmap(rig, s->iova, 1);
}

static void unmap_during_the_invalidation_waits_for_the_next(struct kunit *test)
{
	struct rig *rig = test->priv;
	struct smp *s = rig->arg;

	s->iova = rig_map(rig, 1);
	rig_map_unmap(rig, 1);
	rig->middle = unmap_in_the_middle;
	KUNIT_EXPECT_EQ(test, rig_sync(rig), 0);
	RIG_EXPECT_LOG(rig, "clc.r");
	KUNIT_EXPECT_EQ(test, rig_sync(rig), 0);
	RIG_EXPECT_LOG(rig, "l.r");
}

/* Other CPUs. */

static int unmap_page(struct rig *rig)
{
	rig_map_unmap(rig, 1);
	return 0;
}

static int unmap_table(struct rig *rig)
{
	rig_map_unmap(rig, RIG_TABLE);
	return 0;
}

/* M3 and M4. */
static void sync_covers_another_cpus_unmap_but_leaves_its_entry(struct kunit *test)
{
	struct rig *rig = test->priv;

	rig_on(rig, rig_other_cpu(test), unmap_page);
	KUNIT_EXPECT_EQ(test, rig_sync(rig), 0);
	RIG_EXPECT_LOG(rig, "cl.");
	KUNIT_EXPECT_EQ(test, rig_pending(rig), 1);
}

static void table_unlinked_on_another_cpu_makes_this_sync_full(struct kunit *test)
{
	struct rig *rig = test->priv;

	rig_on(rig, rig_other_cpu(test), unmap_table);
	KUNIT_EXPECT_EQ(test, rig_sync(rig), 0);
	KUNIT_EXPECT_EQ(test, rig_sync(rig), 0);
	RIG_EXPECT_LOG(rig, "uf.l.");
}

static void drain_empties_every_cpus_quarantine(struct kunit *test)
{
	struct rig *rig = test->priv;

	rig_on(rig, rig_other_cpu(test), unmap_page);
	rig_map_unmap(rig, 1);
	xsmmu_drain(rig->xd);
	RIG_EXPECT_LOG(rig, "ccl.rl.r");
}

static void end_of_a_domain_empties_every_cpus_quarantine(struct kunit *test)
{
	struct rig *rig = test->priv;

	rig_on(rig, rig_other_cpu(test), unmap_table);
	rig_map_unmap(rig, 1);
	rig_take_log(rig);
	rig_destroy_domain(rig);
	KUNIT_EXPECT_EQ(test, rig->outstanding, 0);
	KUNIT_EXPECT_STREQ(test, rig_take_log(rig), "f.rl.tr");
}

/*
 * Sharing. One CPU leads an invalidation that takes as long as the test wants,
 * others come too late for it.
 */

static int ready_sync(struct rig *rig)
{
	struct smp *s = rig->arg;

	atomic_inc(&s->ready);
	return rig_sync(rig);
}

/* For the leader's engine: wait until @crowd others wait for it. */
static void await_crowd(struct rig *rig)
{
	struct smp *s = rig->arg;
	unsigned int ms;

	rig->middle = NULL;
	rig_signal(&rig->held);
	for (ms = 0; atomic_read(&s->ready) < s->crowd; ms++) {
		if (ms == RIG_PATIENCE) {
			rig_object(rig, "nobody came to wait");
			return;
		}
		rig_delay(1);
	}
	rig_delay(SETTLE);
	rig_log(rig, '|');
}

/* And then interrupt one of them, which lets the invalidation end. */
static void await_and_interrupt(struct rig *rig)
{
	struct smp *s = rig->arg;

	await_crowd(rig);
	irq_work_queue_on(&s->irq, s->cpu);
	if (!rig_wait(&rig->let_go))
		rig_object(rig, "the waiter could not be interrupted");
}

/* @cpu leads, and is inside its engine when this returns. */
static void lead_on(struct rig *rig, unsigned int cpu, int crowd,
		    void (*middle)(struct rig *rig))
{
	struct smp *s = rig->arg;

	s->cpu = raw_smp_processor_id();
	s->crowd = crowd;
	atomic_set(&s->ready, 0);
	rig->held = false;
	rig->let_go = false;
	rig->middle = middle;
	rig_start(rig, cpu, rig_sync);
	KUNIT_ASSERT_TRUE(rig->test, rig_wait(&rig->held));
}

/* One unmap, then a sync that comes while @cpu leads. What happened? */
static const char *late_sync(struct rig *rig, unsigned int cpu,
			     void (*middle)(struct rig *rig))
{
	rig_sync(rig);
	rig_take_log(rig);
	lead_on(rig, cpu, 1, middle);
	rig_map_unmap(rig, 1);
	KUNIT_EXPECT_EQ(rig->test, ready_sync(rig), 0);
	KUNIT_EXPECT_EQ(rig->test, rig_join(rig, cpu), 0);
	return rig_take_log(rig);
}

static void nobody_joins_a_running_invalidation(struct kunit *test)
{
	struct rig *rig = test->priv;
	unsigned int cpu = rig_other_cpu(test);

	KUNIT_EXPECT_STREQ(test, late_sync(rig, cpu, await_crowd), "lc|.l.r");
	KUNIT_EXPECT_EQ(test, rig_stats(rig).shared, 0);
}

static void nobody_joins_when_numbers_wrap(struct kunit *test)
{
	struct rig *rig = test->priv;
	unsigned int cpu = rig_other_cpu(test);
	unsigned long n;

	/* From two before to two after the wrap, the leader's at each place. */
	for (n = ULONG_MAX - 3; n != 1; n++) {
		rig->xd->started = n;
		rig->xd->done = n;
		KUNIT_EXPECT_STREQ(test, late_sync(rig, cpu, await_crowd),
				   "lc|.l.r");
	}
	KUNIT_EXPECT_EQ(test, rig_stats(rig).shared, 0);
}

static void end_it_and_unmap(struct smp *s)
{
	handle_unmap(s);
	rig_signal(&s->rig->let_go);
}

static void interrupt_of_a_waiter_that_unmaps_is_left_alone(struct kunit *test)
{
	struct rig *rig = test->priv;
	unsigned int cpu = rig_other_cpu(test);
	struct smp *s = rig->arg;
	const char *log;
	int try;

	s->handler = end_it_and_unmap;
	/* Fast hosts meet it at once; the interrupt must come after the call. */
	for (try = 0; try < TRIES; try++) {
		s->iova = rig_map(rig, 1);
		log = late_sync(rig, cpu, await_and_interrupt);
		if (rig_pending(rig))
			break;
	}
	KUNIT_EXPECT_STREQ(test, log, "lc|ic.l.r");
	KUNIT_EXPECT_EQ(test, rig_pending(rig), 1);
	KUNIT_EXPECT_EQ(test, rig_sync(rig), 0);
	RIG_EXPECT_LOG(rig, "l.r");
}

static void end_it_and_sync(struct smp *s)
{
	rig_log(s->rig, 'i');
	rig_signal(&s->rig->let_go);
	rig_sync(s->rig);
}

/* Interrupt and interrupted wait for the same one: the interrupt leads it. */
static void interrupt_of_a_waiter_that_syncs_shares_with_it(struct kunit *test)
{
	struct rig *rig = test->priv;
	unsigned int cpu = rig_other_cpu(test);
	struct smp *s = rig->arg;
	const char *log;
	int try;

	s->handler = end_it_and_sync;
	for (try = 0; try < TRIES && !rig_stats(rig).shared; try++)
		log = late_sync(rig, cpu, await_and_interrupt);
	KUNIT_EXPECT_STREQ(test, log, "lc|i.l.r");
	KUNIT_EXPECT_EQ(test, rig_stats(rig).shared, 1);
}

/* All CPUs but @leader wait at once; returns how many invalidations followed. */
static u64 crowd_waits(struct rig *rig, unsigned int leader)
{
	unsigned int cpu, this = raw_smp_processor_id();
	u64 led = rig_stats(rig).led;

	lead_on(rig, leader, num_online_cpus() - 1, await_crowd);
	for_each_online_cpu(cpu)
		if (cpu != leader && cpu != this)
			rig_start(rig, cpu, ready_sync);
	KUNIT_EXPECT_EQ(rig->test, ready_sync(rig), 0);
	for_each_online_cpu(cpu)
		if (cpu != this)
			KUNIT_EXPECT_EQ(rig->test, rig_join(rig, cpu), 0);
	return rig_stats(rig).led - led - 1;
}

static void all_who_wait_share_one_invalidation(struct kunit *test)
{
	struct rig *rig = test->priv;
	unsigned int leader = rig_other_cpu(test);
	u64 followed, shared;
	int try;

	if (num_online_cpus() < 3)
		kunit_skip(test, "needs a third CPU");
	for (try = 0; try < TRIES; try++) {
		shared = rig_stats(rig).shared;
		followed = crowd_waits(rig, leader);
		shared = rig_stats(rig).shared - shared;
		if (followed == 1)
			break;
	}
	KUNIT_EXPECT_EQ(test, followed, 1);
	KUNIT_EXPECT_EQ(test, shared, num_online_cpus() - 2);
}

/*
 * A number that failed is skipped. Both CPUs are content with the next one,
 * whoever leads it, and it is full.
 */
static void waiters_do_not_take_a_failure_for_completion(struct kunit *test)
{
	struct rig *rig = test->priv;
	unsigned int cpu = rig_other_cpu(test);
	const char *log;
	int try;

	for (try = 0; try < TRIES && !rig_stats(rig).shared; try++) {
		rig_sync(rig);
		rig_take_log(rig);
		lead_on(rig, cpu, 1, await_crowd);
		atomic_set(&rig->fail, 1);
		rig_map_unmap(rig, 1);
		KUNIT_EXPECT_EQ(test, ready_sync(rig), 0);
		KUNIT_EXPECT_EQ(test, rig_join(rig, cpu), 0);
		log = rig_take_log(rig);
	}
	KUNIT_EXPECT_STREQ(test, log, "lc|!f.r");
	KUNIT_EXPECT_EQ(test, rig_stats(rig).shared, 1);
}

/*
 * The running one fails, and three more: neither CPU makes the other's failures
 * once more, whoever led them.
 */
static void waiters_share_failures(struct kunit *test)
{
	struct rig *rig = test->priv;
	unsigned int cpu = rig_other_cpu(test);
	const char *log;
	int try;

	for (try = 0; try < TRIES; try++) {
		rig_sync(rig);
		rig_take_log(rig);
		lead_on(rig, cpu, 1, await_crowd);
		atomic_set(&rig->fail, INT_MAX);
		rig_map_unmap(rig, 1);
		KUNIT_EXPECT_EQ(test, ready_sync(rig), -EIO);
		KUNIT_EXPECT_EQ(test, rig_join(rig, cpu), -EIO);
		atomic_set(&rig->fail, 0);
		log = rig_take_log(rig);
		if (!strcmp(log, "lc|!f!f!f!"))
			break;
	}
	KUNIT_EXPECT_STREQ(test, log, "lc|!f!f!f!");
	KUNIT_EXPECT_EQ(test, rig_sync(rig), 0);
}

/* The backstop. */

static void expect_idle_backstop(struct rig *rig)
{
	struct xsmmu_quarantine *q;
	int cpu;

	for_each_possible_cpu(cpu) {
		q = per_cpu_ptr(rig->xd->quarantine, cpu);
		KUNIT_EXPECT_FALSE(rig->test, timer_pending(&q->backstop));
		KUNIT_EXPECT_FALSE(rig->test, q->armed);
		KUNIT_EXPECT_EQ(rig->test, q->period, XSMMU_BACKSTOP_MS);
	}
}

/* No tick comes before this is done, however slow the machine. */
static void unmap_at_once(struct rig *rig)
{
	dma_addr_t iova = rig_map(rig, 1);

	local_irq_disable();
	rig_unmap(rig, iova, 1);
	local_irq_enable();
}

static void forgotten_batch_is_released_in_bounded_time(struct kunit *test)
{
	struct rig *rig = test->priv;
	ktime_t start = ktime_get();

	rig_backstop(rig, true);
	rig_map_unmap(rig, 1);
	rig_map_unmap(rig, RIG_TABLE);
	KUNIT_EXPECT_TRUE(test, rig_wait_pending(rig, 0));
	KUNIT_EXPECT_LT(test, ktime_ms_delta(ktime_get(), start), BOUND);
	msleep(2 * XSMMU_BACKSTOP_MS);
	KUNIT_EXPECT_EQ(test, rig->outstanding, 0);
	KUNIT_EXPECT_GE(test, rig_stats(rig).orphans, 1);
	expect_idle_backstop(rig);
}

static void one_tick_releases_the_orphans_of_a_cpu_together(struct kunit *test)
{
	struct rig *rig = test->priv;

	rig_backstop(rig, true);
	unmap_at_once(rig);
	KUNIT_EXPECT_TRUE(test, rig_wait_pending(rig, 0));
	msleep(2 * XSMMU_BACKSTOP_MS);
	RIG_EXPECT_LOG(rig, "cl.r");
	KUNIT_EXPECT_EQ(test, rig_stats(rig).orphans, 1);
}

/* The timer was started for an entry that is long gone. */
static void forgotten_entry_behind_a_synced_one_is_released(struct kunit *test)
{
	dma_addr_t synced, forgotten;
	struct rig *rig = test->priv;

	synced = rig_map(rig, 1);
	forgotten = rig_map(rig, 1);
	rig_backstop(rig, true);
	local_irq_disable();
	rig_unmap(rig, synced, 1);
	KUNIT_EXPECT_EQ(test, rig_sync(rig), 0);
	rig_unmap(rig, forgotten, 1);
	local_irq_enable();
	KUNIT_EXPECT_TRUE(test, rig_wait_pending(rig, 0));
	msleep(2 * XSMMU_BACKSTOP_MS);
	RIG_EXPECT_LOG(rig, "cl.rcl.r");
	KUNIT_EXPECT_EQ(test, rig_stats(rig).orphans, 1);
	expect_idle_backstop(rig);
}

static void entries_left_by_a_sync_elsewhere_come_back(struct kunit *test)
{
	struct rig *rig = test->priv;
	ktime_t start;

	rig_on(rig, rig_other_cpu(test), unmap_page);
	KUNIT_EXPECT_EQ(test, rig_sync(rig), 0);
	RIG_EXPECT_LOG(rig, "cl.");
	rig_backstop(rig, true);
	start = ktime_get();
	rig_on(rig, rig_other_cpu(test), unmap_page);
	KUNIT_EXPECT_TRUE(test, rig_wait_pending(rig, 0));
	KUNIT_EXPECT_LT(test, ktime_ms_delta(ktime_get(), start), BOUND);
	RIG_EXPECT_LOG(rig, "cl.rr");
}

static void entries_of_an_offline_cpu_come_back(struct kunit *test)
{
	struct rig *rig = test->priv;
	unsigned int cpu = rig_other_cpu(test);
	int err;

	rig_backstop(rig, true);
	rig_on(rig, cpu, unmap_page);
	err = remove_cpu(cpu);
	if (err)
		kunit_skip(test, "CPU %u cannot go offline: %d", cpu, err);
	KUNIT_EXPECT_TRUE(test, rig_wait_pending(rig, 0));
	KUNIT_EXPECT_EQ(test, add_cpu(cpu), 0);
	RIG_EXPECT_LOG(rig, "cl.r");
}

static void drain_reaches_an_offline_cpu(struct kunit *test)
{
	struct rig *rig = test->priv;
	unsigned int cpu = rig_other_cpu(test);
	int err;

	rig_on(rig, cpu, unmap_page);
	err = remove_cpu(cpu);
	if (err)
		kunit_skip(test, "CPU %u cannot go offline: %d", cpu, err);
	xsmmu_drain(rig->xd);
	KUNIT_EXPECT_EQ(test, add_cpu(cpu), 0);
	RIG_EXPECT_LOG(rig, "cl.r");
}

static void backstop_never_meets_a_driver_that_syncs(struct kunit *test)
{
	struct rig *rig = test->priv;
	ktime_t end = ktime_add_ms(ktime_get(), 10 * XSMMU_BACKSTOP_MS);
	u64 syncs = 0;

	rig_backstop(rig, true);
	while (ktime_before(ktime_get(), end)) {
		dma_addr_t iova = rig_map(rig, 1);

		/* A slow machine must not let a tick into the batch. */
		local_irq_disable();
		rig_unmap(rig, iova, 1);
		KUNIT_EXPECT_EQ(test, rig_sync(rig), 0);
		local_irq_enable();
		syncs++;
	}
	KUNIT_EXPECT_EQ(test, rig_stats(rig).orphans, 0);
	KUNIT_EXPECT_EQ(test, rig_stats(rig).led, syncs);
}

static void backstop_that_fails_tries_again_more_slowly(struct kunit *test)
{
	struct rig *rig = test->priv;
	ktime_t start = ktime_get();

	rig_backstop(rig, true);
	atomic_set(&rig->fail, 2 * XSMMU_SYNC_ATTEMPTS);
	unmap_at_once(rig);
	KUNIT_EXPECT_TRUE(test, rig_wait_pending(rig, 0));
	/* Periods of 1, 2 and 4; timers may be early by a part of a jiffy. */
	KUNIT_EXPECT_GT(test, ktime_ms_delta(ktime_get(), start),
			6 * XSMMU_BACKSTOP_MS);
	msleep(2 * XSMMU_BACKSTOP_MS);
	RIG_EXPECT_LOG(rig, "cl!f!f!f!f!f!f.r");
	KUNIT_EXPECT_EQ(test, rig_stats(rig).orphans, 3);
	expect_idle_backstop(rig);
}

static void end_of_a_domain_stops_its_backstop(struct kunit *test)
{
	struct rig *rig = test->priv;

	rig_backstop(rig, true);
	rig_map_unmap(rig, 1);
	rig_destroy_domain(rig);
	KUNIT_EXPECT_EQ(test, rig->outstanding, 0);
	rig_take_log(rig);
	msleep(3 * XSMMU_BACKSTOP_MS);
	RIG_EXPECT_LOG(rig, "");
}

static struct kunit_case xsmmu_smp_cases[] = {
	KUNIT_CASE(leader_has_interrupts_off),
	KUNIT_CASE(sync_and_unmap_work_with_interrupts_off),
	KUNIT_CASE(interrupt_that_unmaps_before_the_release_is_left_alone),
	KUNIT_CASE(interrupt_that_syncs_before_the_release_releases),
	KUNIT_CASE(unmap_during_the_invalidation_waits_for_the_next),
	KUNIT_CASE(sync_covers_another_cpus_unmap_but_leaves_its_entry),
	KUNIT_CASE(table_unlinked_on_another_cpu_makes_this_sync_full),
	KUNIT_CASE(drain_empties_every_cpus_quarantine),
	KUNIT_CASE(end_of_a_domain_empties_every_cpus_quarantine),
	KUNIT_CASE(nobody_joins_a_running_invalidation),
	KUNIT_CASE(nobody_joins_when_numbers_wrap),
	KUNIT_CASE(interrupt_of_a_waiter_that_unmaps_is_left_alone),
	KUNIT_CASE(interrupt_of_a_waiter_that_syncs_shares_with_it),
	KUNIT_CASE(all_who_wait_share_one_invalidation),
	KUNIT_CASE(waiters_do_not_take_a_failure_for_completion),
	KUNIT_CASE(waiters_share_failures),
	KUNIT_CASE(forgotten_batch_is_released_in_bounded_time),
	KUNIT_CASE(one_tick_releases_the_orphans_of_a_cpu_together),
	KUNIT_CASE(forgotten_entry_behind_a_synced_one_is_released),
	KUNIT_CASE(entries_left_by_a_sync_elsewhere_come_back),
	KUNIT_CASE(entries_of_an_offline_cpu_come_back),
	KUNIT_CASE(drain_reaches_an_offline_cpu),
	KUNIT_CASE(backstop_never_meets_a_driver_that_syncs),
	KUNIT_CASE(backstop_that_fails_tries_again_more_slowly),
	KUNIT_CASE(end_of_a_domain_stops_its_backstop),
	{}
};

static struct kunit_suite xsmmu_smp_suite = {
	.name = "xsmmu-smp",
	.init = xsmmu_smp_init,
	.exit = xsmmu_smp_exit,
	.test_cases = xsmmu_smp_cases,
};

kunit_test_suites(&xsmmu_smp_suite);
