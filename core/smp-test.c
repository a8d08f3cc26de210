// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of core with interrupts, other CPUs and the backstop. mock-iommu.h
 * explains the letters of a log.
 */
#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/irq_work.h>
#include <linux/timer.h>
#include "mock-iommu.h"

/* How often a test repeats a race until it goes the way that the test needs. */
#define TRIES		20

/* Time for another CPU to enter its sync after it has signalled, in ms. */
#define SETTLE		2

/* The longest that entries without a sync may stay in quarantine, in ms. */
#define BOUND		1000

/**
 * struct smp - what these tests add to the mock
 * @irq: an interrupt
 * @mock: the mock
 * @handler: what the interrupt does
 * @cpu: the CPU that gets the interrupt
 * @iova: of one page to unmap
 * @ready: CPUs about to sync
 * @crowd: for how many of them the leader waits
 */
struct smp {
	struct irq_work irq;
	struct mock *mock;
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
		mock_object(s->mock, "the handler ran outside an interrupt");
	s->handler(s);
}

static int xsmmu_smp_init(struct kunit *test)
{
	struct smp *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);
	struct mock *mock;

	KUNIT_ASSERT_NOT_NULL(test, s);
	/* Tests take other CPUs offline; the first CPU may not be able to. */
	mock_pin(cpumask_first(cpu_online_mask));
	mock = mock_create(test);
	mock_attach(mock);
	mock->arg = s;
	s->mock = mock;
	s->irq = IRQ_WORK_INIT(smp_irq);
	return 0;
}

static void xsmmu_smp_exit(struct kunit *test)
{
	struct mock *mock = test->priv;
	struct smp *s;

	if (!mock)
		return;
	s = mock->arg;
	irq_work_sync(&s->irq);
	KUNIT_EXPECT_EQ_MSG(test, mock->violations, 0, "%s", mock->objection);
	test->priv = NULL;
	mock_free(mock);
}

/* Interrupts on the leader's own CPU. */

static void log_context(struct mock *mock)
{
	mock_log(mock, irqs_disabled() ? 'd' : 'e');
}

static void leader_has_interrupts_off(struct kunit *test)
{
	struct mock *mock = test->priv;

	mock->middle = log_context;
	KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
	KUNIT_EXPECT_FALSE(test, irqs_disabled());
	MOCK_EXPECT_LOG(mock, "ld.");
}

static void sync_and_unmap_work_with_interrupts_off(struct kunit *test)
{
	struct mock *mock = test->priv;
	dma_addr_t iova = mock_map(mock, 1);

	local_irq_disable();
	mock_unmap(mock, iova, 1);
	KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
	KUNIT_EXPECT_TRUE(test, irqs_disabled());
	local_irq_enable();
	MOCK_EXPECT_LOG(mock, "cl.r");
}

static void handle_unmap(struct smp *s)
{
	mock_log(s->mock, 'i');
	mock_unmap(s->mock, s->iova, 1);
}

static void handle_sync(struct smp *s)
{
	mock_log(s->mock, 'i');
	mock_sync(s->mock);
}

/* The interrupt comes when the leader unlocks: before anything is released. */
static void raise_once(struct mock *mock)
{
	struct smp *s = mock->arg;

	mock->middle = NULL;
	irq_work_queue(&s->irq);
}

static void unmap_in_an_interrupt_before_the_release_stays_in_quarantine(struct kunit *test)
{
	struct mock *mock = test->priv;
	struct smp *s = mock->arg;

	s->iova = mock_map(mock, 1);
	s->handler = handle_unmap;
	mock_map_unmap(mock, 1);
	mock->middle = raise_once;
	KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
	MOCK_EXPECT_LOG(mock, "cl.icr");
	KUNIT_EXPECT_EQ(test, mock_pending(mock), 1);
	KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
	MOCK_EXPECT_LOG(mock, "l.r");
}

static void sync_in_an_interrupt_before_the_release_releases(struct kunit *test)
{
	struct mock *mock = test->priv;
	struct smp *s = mock->arg;

	s->handler = handle_sync;
	mock_map_unmap(mock, 1);
	mock->middle = raise_once;
	KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
	MOCK_EXPECT_LOG(mock, "cl.il.r");
	KUNIT_EXPECT_EQ(test, mock_pending(mock), 0);
}

static void unmap_in_the_middle(struct mock *mock)
{
	struct smp *s = mock->arg;

	mock->middle = NULL;
	mock_unmap(mock, s->iova, 1);
}

static void unmap_during_the_invalidation_waits_for_the_next(struct kunit *test)
{
	struct mock *mock = test->priv;
	struct smp *s = mock->arg;

	s->iova = mock_map(mock, 1);
	mock_map_unmap(mock, 1);
	mock->middle = unmap_in_the_middle;
	KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
	MOCK_EXPECT_LOG(mock, "clc.r");
	KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
	MOCK_EXPECT_LOG(mock, "l.r");
}

/* Other CPUs. */

static int unmap_page(struct mock *mock)
{
	mock_map_unmap(mock, 1);
	return 0;
}

static int unmap_table(struct mock *mock)
{
	mock_map_unmap(mock, MOCK_TABLE);
	return 0;
}

/* The invalidation is of the domain, but a sync releases its own CPU's ring. */
static void sync_covers_another_cpus_unmap_but_leaves_its_entry(struct kunit *test)
{
	struct mock *mock = test->priv;

	mock_on(mock, mock_other_cpu(test), unmap_page);
	KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
	MOCK_EXPECT_LOG(mock, "cl.");
	KUNIT_EXPECT_EQ(test, mock_pending(mock), 1);
}

static void sync_drops_non_leaf_entries_after_an_unlink_on_another_cpu(struct kunit *test)
{
	struct mock *mock = test->priv;

	mock_on(mock, mock_other_cpu(test), unmap_table);
	KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
	KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
	MOCK_EXPECT_LOG(mock, "un.l.");
}

static void drain_empties_every_cpus_quarantine(struct kunit *test)
{
	struct mock *mock = test->priv;

	mock_on(mock, mock_other_cpu(test), unmap_page);
	mock_map_unmap(mock, 1);
	xsmmu_drain(mock->xd);
	MOCK_EXPECT_LOG(mock, "ccl.rr");
}

static void end_of_a_domain_empties_every_cpus_quarantine(struct kunit *test)
{
	struct mock *mock = test->priv;

	mock_on(mock, mock_other_cpu(test), unmap_table);
	mock_map_unmap(mock, 1);
	mock_take_log(mock);
	mock_destroy_domain(mock);
	KUNIT_EXPECT_EQ(test, mock->outstanding, 0);
	KUNIT_EXPECT_STREQ(test, mock_take_log(mock), "n.rtr");
}

/*
 * Sharing. One CPU leads an invalidation that the test keeps running; other CPUs
 * unmap and sync meanwhile, too late for it.
 */

static int ready_sync(struct mock *mock)
{
	struct smp *s = mock->arg;

	atomic_inc(&s->ready);
	return mock_sync(mock);
}

/* Keep the invalidation running until @crowd other CPUs wait for it. */
static void await_crowd(struct mock *mock)
{
	struct smp *s = mock->arg;
	unsigned int ms;

	mock->middle = NULL;
	mock_signal(&mock->held);
	for (ms = 0; atomic_read(&s->ready) < s->crowd; ms++) {
		if (ms == MOCK_PATIENCE) {
			mock_object(mock, "no CPU came to wait");
			return;
		}
		mock_delay(1);
	}
	mock_delay(SETTLE);
	mock_log(mock, '|');
}

/* The same; then interrupt one of them, which lets the invalidation end. */
static void await_and_interrupt(struct mock *mock)
{
	struct smp *s = mock->arg;

	await_crowd(mock);
	irq_work_queue_on(&s->irq, s->cpu);
	if (!mock_wait(&mock->let_go))
		mock_object(mock, "the waiter could not be interrupted");
}

/* Let @cpu lead; when this returns, its invalidation is running. */
static void lead_on(struct mock *mock, unsigned int cpu, int crowd,
		    void (*middle)(struct mock *mock))
{
	struct smp *s = mock->arg;

	s->cpu = raw_smp_processor_id();
	s->crowd = crowd;
	atomic_set(&s->ready, 0);
	mock->held = false;
	mock->let_go = false;
	mock->middle = middle;
	mock_start(mock, cpu, mock_sync);
	KUNIT_ASSERT_TRUE(mock->test, mock_wait(&mock->held));
}

/* Unmap and sync while @cpu leads; returns the log. */
static const char *late_sync(struct mock *mock, unsigned int cpu,
			     void (*middle)(struct mock *mock))
{
	mock_sync(mock);
	mock_take_log(mock);
	lead_on(mock, cpu, 1, middle);
	mock_map_unmap(mock, 1);
	KUNIT_EXPECT_EQ(mock->test, ready_sync(mock), 0);
	KUNIT_EXPECT_EQ(mock->test, mock_join(mock, cpu), 0);
	return mock_take_log(mock);
}

static void sync_does_not_join_a_running_invalidation(struct kunit *test)
{
	struct mock *mock = test->priv;
	unsigned int cpu = mock_other_cpu(test);

	KUNIT_EXPECT_STREQ(test, late_sync(mock, cpu, await_crowd), "lc|.l.r");
	KUNIT_EXPECT_EQ(test, mock_stats(mock).shared, 0);
}

static void sync_does_not_join_when_numbers_wrap(struct kunit *test)
{
	struct mock *mock = test->priv;
	unsigned int cpu = mock_other_cpu(test);
	unsigned long n;

	/* The leader's number goes from two before the wrap to two after it. */
	for (n = ULONG_MAX - 3; n != 1; n++) {
		mock->xd->started = n;
		mock->xd->done = n;
		KUNIT_EXPECT_STREQ(test, late_sync(mock, cpu, await_crowd),
				   "lc|.l.r");
	}
	KUNIT_EXPECT_EQ(test, mock_stats(mock).shared, 0);
}

static void end_it_and_unmap(struct smp *s)
{
	handle_unmap(s);
	mock_signal(&s->mock->let_go);
}

static void unmap_in_an_interrupt_of_a_waiter_stays_in_quarantine(struct kunit *test)
{
	struct mock *mock = test->priv;
	unsigned int cpu = mock_other_cpu(test);
	struct smp *s = mock->arg;
	const char *log;
	int try;

	s->handler = end_it_and_unmap;
	/* The interrupt must come once the sync has begun: try until it does. */
	for (try = 0; try < TRIES; try++) {
		s->iova = mock_map(mock, 1);
		log = late_sync(mock, cpu, await_and_interrupt);
		if (mock_pending(mock))
			break;
	}
	KUNIT_EXPECT_STREQ(test, log, "lc|ic.l.r");
	KUNIT_EXPECT_EQ(test, mock_pending(mock), 1);
	KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
	MOCK_EXPECT_LOG(mock, "l.r");
}

static void end_it_and_sync(struct smp *s)
{
	mock_log(s->mock, 'i');
	mock_signal(&s->mock->let_go);
	mock_sync(s->mock);
}

/* Both need the same invalidation; the interrupt leads it. */
static void sync_in_an_interrupt_of_a_waiter_shares_with_it(struct kunit *test)
{
	struct mock *mock = test->priv;
	unsigned int cpu = mock_other_cpu(test);
	struct smp *s = mock->arg;
	const char *log;
	int try;

	s->handler = end_it_and_sync;
	for (try = 0; try < TRIES && !mock_stats(mock).shared; try++)
		log = late_sync(mock, cpu, await_and_interrupt);
	KUNIT_EXPECT_STREQ(test, log, "lc|i.l.r");
	KUNIT_EXPECT_EQ(test, mock_stats(mock).shared, 1);
}

/* All CPUs but @leader wait at once; returns how many invalidations it took. */
static u64 crowd_waits(struct mock *mock, unsigned int leader)
{
	unsigned int cpu, this = raw_smp_processor_id();
	u64 led = mock_stats(mock).led;

	lead_on(mock, leader, num_online_cpus() - 1, await_crowd);
	for_each_online_cpu(cpu)
		if (cpu != leader && cpu != this)
			mock_start(mock, cpu, ready_sync);
	KUNIT_EXPECT_EQ(mock->test, ready_sync(mock), 0);
	for_each_online_cpu(cpu)
		if (cpu != this)
			KUNIT_EXPECT_EQ(mock->test, mock_join(mock, cpu), 0);
	return mock_stats(mock).led - led - 1;
}

static void all_waiting_cpus_share_one_invalidation(struct kunit *test)
{
	struct mock *mock = test->priv;
	unsigned int leader = mock_other_cpu(test);
	u64 followed, shared;
	int try;

	if (num_online_cpus() < 3)
		kunit_skip(test, "needs a third CPU");
	for (try = 0; try < TRIES; try++) {
		shared = mock_stats(mock).shared;
		followed = crowd_waits(mock, leader);
		shared = mock_stats(mock).shared - shared;
		if (followed == 1)
			break;
	}
	KUNIT_EXPECT_EQ(test, followed, 1);
	KUNIT_EXPECT_EQ(test, shared, num_online_cpus() - 2);
}

/*
 * A number that failed is skipped. The next one covers both CPUs, whichever of
 * them leads it, and drops non-leaf entries.
 */
static void waiters_do_not_take_a_failure_for_completion(struct kunit *test)
{
	struct mock *mock = test->priv;
	unsigned int cpu = mock_other_cpu(test);
	const char *log;
	int try;

	for (try = 0; try < TRIES && !mock_stats(mock).shared; try++) {
		mock_sync(mock);
		mock_take_log(mock);
		lead_on(mock, cpu, 1, await_crowd);
		atomic_set(&mock->fail, 1);
		mock_map_unmap(mock, 1);
		KUNIT_EXPECT_EQ(test, ready_sync(mock), 0);
		KUNIT_EXPECT_EQ(test, mock_join(mock, cpu), 0);
		log = mock_take_log(mock);
	}
	KUNIT_EXPECT_STREQ(test, log, "lc|!n.r");
	KUNIT_EXPECT_EQ(test, mock_stats(mock).shared, 1);
}

/*
 * The running invalidation fails, and three more. A failure counts for both CPUs,
 * whichever of them led, so they do not try three times each.
 */
static void waiters_share_failures(struct kunit *test)
{
	struct mock *mock = test->priv;
	unsigned int cpu = mock_other_cpu(test);
	const char *log;
	int try;

	for (try = 0; try < TRIES; try++) {
		mock_sync(mock);
		mock_take_log(mock);
		lead_on(mock, cpu, 1, await_crowd);
		atomic_set(&mock->fail, INT_MAX);
		mock_map_unmap(mock, 1);
		KUNIT_EXPECT_EQ(test, ready_sync(mock), -EIO);
		KUNIT_EXPECT_EQ(test, mock_join(mock, cpu), -EIO);
		atomic_set(&mock->fail, 0);
		log = mock_take_log(mock);
		if (!strcmp(log, "lc|!n!n!n!"))
			break;
	}
	KUNIT_EXPECT_STREQ(test, log, "lc|!n!n!n!");
	KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
}

/* The backstop. */

static void expect_idle_backstop(struct mock *mock)
{
	struct xsmmu_quarantine *q;
	int cpu;

	for_each_possible_cpu(cpu) {
		q = per_cpu_ptr(mock->xd->quarantine, cpu);
		KUNIT_EXPECT_FALSE(mock->test, timer_pending(&q->backstop));
		KUNIT_EXPECT_FALSE(mock->test, q->armed);
		KUNIT_EXPECT_EQ(mock->test, q->period, XSMMU_BACKSTOP_MS);
	}
}

/* With interrupts off: no tick comes before it is done, even on a slow machine. */
static void unmap_at_once(struct mock *mock)
{
	dma_addr_t iova = mock_map(mock, 1);

	local_irq_disable();
	mock_unmap(mock, iova, 1);
	local_irq_enable();
}

static void forgotten_batch_is_released_in_bounded_time(struct kunit *test)
{
	struct mock *mock = test->priv;
	ktime_t start = ktime_get();

	mock_backstop(mock, true);
	mock_map_unmap(mock, 1);
	mock_map_unmap(mock, MOCK_TABLE);
	KUNIT_EXPECT_TRUE(test, mock_wait_pending(mock, 0));
	KUNIT_EXPECT_LT(test, ktime_ms_delta(ktime_get(), start), BOUND);
	msleep(2 * XSMMU_BACKSTOP_MS);
	KUNIT_EXPECT_EQ(test, mock->outstanding, 0);
	KUNIT_EXPECT_GE(test, mock_stats(mock).orphans, 1);
	expect_idle_backstop(mock);
}

static void one_tick_releases_the_orphans_of_a_cpu_together(struct kunit *test)
{
	struct mock *mock = test->priv;

	mock_backstop(mock, true);
	unmap_at_once(mock);
	KUNIT_EXPECT_TRUE(test, mock_wait_pending(mock, 0));
	msleep(2 * XSMMU_BACKSTOP_MS);
	MOCK_EXPECT_LOG(mock, "cl.r");
	KUNIT_EXPECT_EQ(test, mock_stats(mock).orphans, 1);
}

/* The timer was started for an entry that a sync has released since. */
static void forgotten_entry_behind_a_synced_one_is_released(struct kunit *test)
{
	dma_addr_t synced, forgotten;
	struct mock *mock = test->priv;

	synced = mock_map(mock, 1);
	forgotten = mock_map(mock, 1);
	mock_backstop(mock, true);
	local_irq_disable();
	mock_unmap(mock, synced, 1);
	KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
	mock_unmap(mock, forgotten, 1);
	local_irq_enable();
	KUNIT_EXPECT_TRUE(test, mock_wait_pending(mock, 0));
	msleep(2 * XSMMU_BACKSTOP_MS);
	MOCK_EXPECT_LOG(mock, "cl.rcl.r");
	KUNIT_EXPECT_EQ(test, mock_stats(mock).orphans, 1);
	expect_idle_backstop(mock);
}

static void entries_left_by_a_sync_on_another_cpu_are_released(struct kunit *test)
{
	struct mock *mock = test->priv;
	ktime_t start;

	mock_on(mock, mock_other_cpu(test), unmap_page);
	KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
	MOCK_EXPECT_LOG(mock, "cl.");
	mock_backstop(mock, true);
	start = ktime_get();
	mock_on(mock, mock_other_cpu(test), unmap_page);
	KUNIT_EXPECT_TRUE(test, mock_wait_pending(mock, 0));
	KUNIT_EXPECT_LT(test, ktime_ms_delta(ktime_get(), start), BOUND);
	MOCK_EXPECT_LOG(mock, "cl.rr");
}

static void entries_of_an_offline_cpu_are_released(struct kunit *test)
{
	struct mock *mock = test->priv;
	unsigned int cpu = mock_other_cpu(test);
	int err;

	mock_backstop(mock, true);
	mock_on(mock, cpu, unmap_page);
	err = remove_cpu(cpu);
	if (err)
		kunit_skip(test, "CPU %u cannot go offline: %d", cpu, err);
	KUNIT_EXPECT_TRUE(test, mock_wait_pending(mock, 0));
	KUNIT_EXPECT_EQ(test, add_cpu(cpu), 0);
	MOCK_EXPECT_LOG(mock, "cl.r");
}

static void drain_reaches_an_offline_cpu(struct kunit *test)
{
	struct mock *mock = test->priv;
	unsigned int cpu = mock_other_cpu(test);
	int err;

	mock_on(mock, cpu, unmap_page);
	err = remove_cpu(cpu);
	if (err)
		kunit_skip(test, "CPU %u cannot go offline: %d", cpu, err);
	xsmmu_drain(mock->xd);
	KUNIT_EXPECT_EQ(test, add_cpu(cpu), 0);
	MOCK_EXPECT_LOG(mock, "cl.r");
}

static void backstop_finds_no_orphans_of_a_driver_that_syncs(struct kunit *test)
{
	struct mock *mock = test->priv;
	ktime_t end = ktime_add_ms(ktime_get(), 10 * XSMMU_BACKSTOP_MS);
	u64 syncs = 0;

	mock_backstop(mock, true);
	while (ktime_before(ktime_get(), end)) {
		dma_addr_t iova = mock_map(mock, 1);

		/* On a slow machine a tick could come within the batch. */
		local_irq_disable();
		mock_unmap(mock, iova, 1);
		KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
		local_irq_enable();
		syncs++;
	}
	KUNIT_EXPECT_EQ(test, mock_stats(mock).orphans, 0);
	KUNIT_EXPECT_EQ(test, mock_stats(mock).led, syncs);
}

static void backstop_that_fails_tries_again_more_slowly(struct kunit *test)
{
	struct mock *mock = test->priv;
	ktime_t start = ktime_get();

	mock_backstop(mock, true);
	atomic_set(&mock->fail, 2 * XSMMU_SYNC_ATTEMPTS);
	unmap_at_once(mock);
	KUNIT_EXPECT_TRUE(test, mock_wait_pending(mock, 0));
	/* 1, 2 and 4 periods; a timer may be early by a part of a jiffy. */
	KUNIT_EXPECT_GT(test, ktime_ms_delta(ktime_get(), start),
			6 * XSMMU_BACKSTOP_MS);
	msleep(2 * XSMMU_BACKSTOP_MS);
	MOCK_EXPECT_LOG(mock, "cl!n!n!n!n!n!n.r");
	KUNIT_EXPECT_EQ(test, mock_stats(mock).orphans, 3);
	expect_idle_backstop(mock);
}

static void end_of_a_domain_stops_its_backstop(struct kunit *test)
{
	struct mock *mock = test->priv;

	mock_backstop(mock, true);
	mock_map_unmap(mock, 1);
	mock_destroy_domain(mock);
	KUNIT_EXPECT_EQ(test, mock->outstanding, 0);
	mock_take_log(mock);
	msleep(3 * XSMMU_BACKSTOP_MS);
	MOCK_EXPECT_LOG(mock, "");
}

static struct kunit_case xsmmu_smp_cases[] = {
	KUNIT_CASE(leader_has_interrupts_off),
	KUNIT_CASE(sync_and_unmap_work_with_interrupts_off),
	KUNIT_CASE(unmap_in_an_interrupt_before_the_release_stays_in_quarantine),
	KUNIT_CASE(sync_in_an_interrupt_before_the_release_releases),
	KUNIT_CASE(unmap_during_the_invalidation_waits_for_the_next),
	KUNIT_CASE(sync_covers_another_cpus_unmap_but_leaves_its_entry),
	KUNIT_CASE(sync_drops_non_leaf_entries_after_an_unlink_on_another_cpu),
	KUNIT_CASE(drain_empties_every_cpus_quarantine),
	KUNIT_CASE(end_of_a_domain_empties_every_cpus_quarantine),
	KUNIT_CASE(sync_does_not_join_a_running_invalidation),
	KUNIT_CASE(sync_does_not_join_when_numbers_wrap),
	KUNIT_CASE(unmap_in_an_interrupt_of_a_waiter_stays_in_quarantine),
	KUNIT_CASE(sync_in_an_interrupt_of_a_waiter_shares_with_it),
	KUNIT_CASE(all_waiting_cpus_share_one_invalidation),
	KUNIT_CASE(waiters_do_not_take_a_failure_for_completion),
	KUNIT_CASE(waiters_share_failures),
	KUNIT_CASE(forgotten_batch_is_released_in_bounded_time),
	KUNIT_CASE(one_tick_releases_the_orphans_of_a_cpu_together),
	KUNIT_CASE(forgotten_entry_behind_a_synced_one_is_released),
	KUNIT_CASE(entries_left_by_a_sync_on_another_cpu_are_released),
	KUNIT_CASE(entries_of_an_offline_cpu_are_released),
	KUNIT_CASE(drain_reaches_an_offline_cpu),
	KUNIT_CASE(backstop_finds_no_orphans_of_a_driver_that_syncs),
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
