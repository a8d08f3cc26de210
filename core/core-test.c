// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of core that need one CPU: order, counts, strength, failure, overflow,
 * birth and end of a domain. The letters of a log are explained in test-rig.h.
 */
#include <linux/mm.h>
#include <linux/printk.h>
#include "test-rig.h"

/* Entries of a quarantine in these tests. */
#define ENTRIES		8

static int xsmmu_core_init(struct kunit *test)
{
	struct rig *rig = rig_create(test);

	rig_pin(raw_smp_processor_id());
	rig_attach(rig);
	rig_resize(rig, ENTRIES);
	return 0;
}

/* The adversary has the last word in every test. */
static void xsmmu_core_exit(struct kunit *test)
{
	struct rig *rig = test->priv;

	if (!rig)
		return;
	KUNIT_EXPECT_EQ_MSG(test, rig->violations, 0, "%s", rig->objection);
	test->priv = NULL;
	rig_free(rig);
}

static void rig_map_unmap_many(struct rig *rig, unsigned int n)
{
	while (n--)
		rig_map_unmap(rig, 1);
}

/* Order. */

static void unmap_neither_invalidates_nor_releases(struct kunit *test)
{
	struct rig *rig = test->priv;

	rig_map_unmap_many(rig, 3);
	RIG_EXPECT_LOG(rig, "ccc");
	KUNIT_EXPECT_EQ(test, rig_pending(rig), 3);
	KUNIT_EXPECT_EQ(test, rig_stats(rig).unmaps, 3);
}

static void sync_clears_invalidates_completes_then_releases(struct kunit *test)
{
	struct rig *rig = test->priv;

	rig_map_unmap_many(rig, 3);
	KUNIT_EXPECT_EQ(test, rig_sync(rig), 0);
	RIG_EXPECT_LOG(rig, "cccl.rrr");
	KUNIT_EXPECT_EQ(test, rig_pending(rig), 0);
}

static void log_pending(struct rig *rig)
{
	rig_log(rig, '0' + rig_pending(rig));
}

static void nothing_leaves_quarantine_before_completion(struct kunit *test)
{
	struct rig *rig = test->priv;

	rig_map_unmap_many(rig, 5);
	rig->middle = log_pending;
	KUNIT_EXPECT_EQ(test, rig_sync(rig), 0);
	RIG_EXPECT_LOG(rig, "cccccl5.rrrrr");
}

static void addresses_return_to_their_allocator_by_sync_only(struct kunit *test)
{
	struct rig *rig = test->priv;
	dma_addr_t iova, first = 0;

	/* Tables' worth, so that all space can be had and the quarantine fits. */
	rig_resize(rig, XSMMU_QUARANTINE_SIZE);
	while ((iova = rig_map(rig, RIG_TABLE))) {
		first = iova;
		rig_unmap(rig, iova, RIG_TABLE);
	}
	KUNIT_EXPECT_EQ(test, rig_map(rig, RIG_TABLE), 0);
	KUNIT_EXPECT_EQ(test, rig_sync(rig), 0);
	KUNIT_EXPECT_EQ(test, rig->outstanding, 0);
	iova = rig_map(rig, RIG_TABLE);
	KUNIT_EXPECT_NE(test, iova, 0);
	KUNIT_EXPECT_NE(test, first, 0);
	rig_unmap(rig, iova, RIG_TABLE);
}

/* Counts. */

static void one_invalidation_covers_a_batch(struct kunit *test)
{
	struct rig *rig = test->priv;

	rig_resize(rig, 64);
	rig_map_unmap_many(rig, 64);
	KUNIT_EXPECT_EQ(test, rig_sync(rig), 0);
	KUNIT_EXPECT_EQ(test, rig_stats(rig).unmaps, 64);
	KUNIT_EXPECT_EQ(test, rig_stats(rig).led, 1);
	KUNIT_EXPECT_EQ(test, rig_stats(rig).shared, 0);
	KUNIT_EXPECT_EQ(test, rig_stats(rig).failed, 0);
	KUNIT_EXPECT_EQ(test, rig_stats(rig).overflows, 0);
}

/* M3: what the caller wants covered may lie in another CPU's quarantine. */
static void sync_with_empty_quarantine_invalidates(struct kunit *test)
{
	struct rig *rig = test->priv;

	KUNIT_EXPECT_EQ(test, rig_sync(rig), 0);
	KUNIT_EXPECT_EQ(test, rig_sync(rig), 0);
	RIG_EXPECT_LOG(rig, "l.l.");
}

/* Strength. */

static void unlinked_table_makes_one_invalidation_full(struct kunit *test)
{
	struct rig *rig = test->priv;

	rig_map_unmap(rig, RIG_TABLE);
	KUNIT_EXPECT_EQ(test, rig_sync(rig), 0);
	RIG_EXPECT_LOG(rig, "uf.tr");
	rig_map_unmap(rig, 1);
	KUNIT_EXPECT_EQ(test, rig_sync(rig), 0);
	RIG_EXPECT_LOG(rig, "cl.r");
}

static void tables_leave_with_the_entries_they_belong_to(struct kunit *test)
{
	struct rig *rig = test->priv;
	int i;

	/* More than one chunk of a release, tables in both. */
	rig_resize(rig, 64);
	for (i = 0; i < 20; i++)
		rig_map_unmap(rig, i % 4 ? 1 : RIG_TABLE);
	RIG_EXPECT_LOG(rig, "ucccucccucccucccuccc");
	KUNIT_EXPECT_EQ(test, rig_sync(rig), 0);
	RIG_EXPECT_LOG(rig, "f.ttttrrrrrrrrrrrrrrrrtrrrr");
}

static void failed_full_invalidation_leaves_the_next_full(struct kunit *test)
{
	struct rig *rig = test->priv;

	rig_map_unmap(rig, RIG_TABLE);
	atomic_set(&rig->fail, XSMMU_SYNC_ATTEMPTS);
	KUNIT_EXPECT_EQ(test, rig_sync(rig), -EIO);
	RIG_EXPECT_LOG(rig, "uf!f!f!");
	KUNIT_EXPECT_EQ(test, rig_sync(rig), 0);
	RIG_EXPECT_LOG(rig, "f.tr");
}

/* An unlink between the taking of the flag and completion is not lost. */
static void unlink_in_the_middle(struct rig *rig)
{
	dma_addr_t *iova = rig->arg;

	rig->middle = NULL;
	rig_unmap(rig, *iova, RIG_TABLE);
}

static void table_unlinked_during_a_full_one_needs_another(struct kunit *test)
{
	struct rig *rig = test->priv;
	dma_addr_t iova = rig_map(rig, RIG_TABLE);

	rig_map_unmap(rig, RIG_TABLE);
	rig->middle = unlink_in_the_middle;
	rig->arg = &iova;
	KUNIT_EXPECT_EQ(test, rig_sync(rig), 0);
	RIG_EXPECT_LOG(rig, "ufu.tr");
	KUNIT_EXPECT_EQ(test, rig_sync(rig), 0);
	RIG_EXPECT_LOG(rig, "f.tr");
}

/* Failure. */

static void failure_is_retried_full(struct kunit *test)
{
	struct rig *rig = test->priv;

	rig_map_unmap(rig, 1);
	atomic_set(&rig->fail, 1);
	KUNIT_EXPECT_EQ(test, rig_sync(rig), 0);
	RIG_EXPECT_LOG(rig, "cl!f.r");
	KUNIT_EXPECT_EQ(test, rig_stats(rig).failed, 1);
	KUNIT_EXPECT_EQ(test, rig_stats(rig).led, 1);
	KUNIT_EXPECT_EQ(test, rig_sync(rig), 0);
	RIG_EXPECT_LOG(rig, "l.");
}

static void lasting_failure_reaches_the_caller_and_releases_nothing(struct kunit *test)
{
	struct rig *rig = test->priv;

	rig_map_unmap_many(rig, 2);
	atomic_set(&rig->fail, XSMMU_SYNC_ATTEMPTS);
	KUNIT_EXPECT_EQ(test, rig_sync(rig), -EIO);
	RIG_EXPECT_LOG(rig, "ccl!f!f!");
	KUNIT_EXPECT_EQ(test, rig_pending(rig), 2);
	KUNIT_EXPECT_EQ(test, rig_stats(rig).failed, XSMMU_SYNC_ATTEMPTS);
	KUNIT_EXPECT_EQ(test, rig_stats(rig).led, 0);
}

static void sync_after_lasting_failure_releases_everything(struct kunit *test)
{
	struct rig *rig = test->priv;

	rig_map_unmap_many(rig, 2);
	atomic_set(&rig->fail, XSMMU_SYNC_ATTEMPTS);
	KUNIT_EXPECT_EQ(test, rig_sync(rig), -EIO);
	rig_map_unmap(rig, 1);
	rig_take_log(rig);
	KUNIT_EXPECT_EQ(test, rig_sync(rig), 0);
	RIG_EXPECT_LOG(rig, "f.rrr");
	KUNIT_EXPECT_EQ(test, rig->outstanding, 0);
}

/* Overflow. */

static void full_quarantine_is_synced_in_place(struct kunit *test)
{
	struct rig *rig = test->priv;

	rig_map_unmap_many(rig, ENTRIES);
	RIG_EXPECT_LOG(rig, "cccccccc");
	KUNIT_EXPECT_EQ(test, rig_pending(rig), ENTRIES);
	/* The ninth needs no place: the sync covers it as well. */
	rig_map_unmap(rig, 1);
	RIG_EXPECT_LOG(rig, "cl.rrrrrrrrr");
	KUNIT_EXPECT_EQ(test, rig_pending(rig), 0);
	KUNIT_EXPECT_EQ(test, rig_stats(rig).overflows, 1);
}

static void overflows_lose_nothing(struct kunit *test)
{
	struct rig *rig = test->priv;

	/* Overflows at the 9th, 18th and 27th. */
	rig_map_unmap_many(rig, 30);
	KUNIT_EXPECT_EQ(test, rig_stats(rig).overflows, 3);
	KUNIT_EXPECT_EQ(test, rig_stats(rig).led, 3);
	KUNIT_EXPECT_EQ(test, rig_pending(rig), 3);
	KUNIT_EXPECT_EQ(test, rig->outstanding, 3);
	KUNIT_EXPECT_EQ(test, rig_sync(rig), 0);
	KUNIT_EXPECT_EQ(test, rig->outstanding, 0);
	KUNIT_EXPECT_EQ(test, rig_stats(rig).unmaps, 30);
}

static void overflow_by_an_unlink_is_full(struct kunit *test)
{
	struct rig *rig = test->priv;

	rig_map_unmap_many(rig, ENTRIES);
	rig_take_log(rig);
	rig_map_unmap(rig, RIG_TABLE);
	RIG_EXPECT_LOG(rig, "uf.rrrrrrrrtr");
}

/* Fill the quarantine, then unmap one more table while the backend fails. */
static struct page *overflow_and_fail(struct rig *rig)
{
	dma_addr_t iova = rig_map(rig, RIG_TABLE);
	struct page *table = rig->dir[iova / PAGE_SIZE / RIG_TABLE];

	get_page(table);
	rig_map_unmap_many(rig, ENTRIES);
	rig_take_log(rig);
	atomic_set(&rig->fail, XSMMU_SYNC_ATTEMPTS);
	rig_unmap(rig, iova, RIG_TABLE);
	return table;
}

static void overflow_while_the_backend_fails_withholds(struct kunit *test)
{
	struct rig *rig = test->priv;
	struct page *table = overflow_and_fail(rig);

	RIG_EXPECT_LOG(rig, "uf!f!f!");
	KUNIT_EXPECT_EQ(test, rig_pending(rig), ENTRIES);
	KUNIT_EXPECT_EQ(test, rig->xd->withheld_pages, RIG_TABLE);
	/* A later success releases what is in quarantine, and only that. */
	KUNIT_EXPECT_EQ(test, rig_sync(rig), 0);
	RIG_EXPECT_LOG(rig, "f.rrrrrrrr");
	KUNIT_EXPECT_EQ(test, rig->outstanding, RIG_TABLE);
	KUNIT_EXPECT_EQ(test, page_count(table), 2);
	put_page(table);
}

/* A time-out for each unmap of a poll would be a poll of minutes. */
static void overflow_after_a_failure_does_not_wait(struct kunit *test)
{
	struct rig *rig = test->priv;

	put_page(overflow_and_fail(rig));
	rig_take_log(rig);
	rig_map_unmap_many(rig, 2);
	RIG_EXPECT_LOG(rig, "cc");
	KUNIT_EXPECT_EQ(test, rig->xd->withheld_pages, RIG_TABLE + 2);
	/* Whoever syncs ends it. */
	KUNIT_EXPECT_EQ(test, rig_sync(rig), 0);
	rig_map_unmap_many(rig, ENTRIES);
	rig_take_log(rig);
	rig_map_unmap(rig, 1);
	RIG_EXPECT_LOG(rig, "cl.rrrrrrrrr");
}

static void withheld_tables_are_freed_at_the_end(struct kunit *test)
{
	struct rig *rig = test->priv;
	struct page *table = overflow_and_fail(rig);

	KUNIT_EXPECT_EQ(test, rig_sync(rig), 0);
	rig_take_log(rig);
	rig_destroy_domain(rig);
	RIG_EXPECT_LOG(rig, "l.");
	KUNIT_EXPECT_EQ(test, page_count(table), 1);
	put_page(table);
}

/* Numbers. */

static void numbers_wrap(struct kunit *test)
{
	struct rig *rig = test->priv;
	int i;

	rig->xd->started = ULONG_MAX - 2;
	rig->xd->done = ULONG_MAX - 2;
	for (i = 0; i < 6; i++) {
		rig_map_unmap(rig, 1);
		KUNIT_EXPECT_EQ(test, rig_sync(rig), 0);
		RIG_EXPECT_LOG(rig, "cl.r");
	}
	KUNIT_EXPECT_EQ(test, rig->xd->done, 3);
}

static void numbers_wrap_over_a_failure(struct kunit *test)
{
	struct rig *rig = test->priv;

	rig->xd->started = ULONG_MAX - 1;
	rig->xd->done = ULONG_MAX - 1;
	rig_map_unmap(rig, 1);
	atomic_set(&rig->fail, 2);
	KUNIT_EXPECT_EQ(test, rig_sync(rig), 0);
	RIG_EXPECT_LOG(rig, "cl!f!f.r");
	KUNIT_EXPECT_EQ(test, rig->xd->done, 1);
}

/*
 * In an oops: a leader was stopped with the lock held. Nobody comes to unlock,
 * and a sync does its own, leaving numbers and flag to the dead.
 */
static void sync_in_an_oops_waits_for_nobody(struct kunit *test)
{
	struct rig *rig = test->priv;
	struct xsmmu_domain *xd = rig->xd;
	unsigned long flags;
	int err;

	rig_map_unmap(rig, RIG_TABLE);
	raw_spin_lock_irqsave(&xd->flush_lock, flags);
	xd->started++;
	xd->need_full = 0;
	oops_in_progress++;
	err = rig_sync(rig);
	oops_in_progress--;
	xd->done = xd->started;
	raw_spin_unlock_irqrestore(&xd->flush_lock, flags);

	KUNIT_EXPECT_EQ(test, err, 0);
	RIG_EXPECT_LOG(rig, "uf.tr");
	KUNIT_EXPECT_EQ(test, xd->started, 1);
}

/*
 * Inside an invalidation, as a console driver does that the backend's message
 * called. The adversary objects to two at once, but these two are meant.
 */
static void sync_in_the_middle(struct rig *rig)
{
	dma_addr_t *iova = rig->arg;

	rig->middle = NULL;
	rig_unmap(rig, *iova, 1);
	rig->in_flight--;
	KUNIT_EXPECT_EQ(rig->test, rig_sync(rig), 0);
	rig->in_flight++;
}

static void sync_within_a_sync_waits_for_nobody(struct kunit *test)
{
	struct rig *rig = test->priv;
	dma_addr_t iova = rig_map(rig, 1);

	rig_map_unmap(rig, 1);
	rig->middle = sync_in_the_middle;
	rig->arg = &iova;
	KUNIT_EXPECT_EQ(test, rig_sync(rig), 0);
	RIG_EXPECT_LOG(rig, "clcf.rr.");
	KUNIT_EXPECT_EQ(test, rig->xd->started, 1);
	KUNIT_EXPECT_EQ(test, rig->xd->done, 1);
	/* The next one leads again. */
	KUNIT_EXPECT_EQ(test, rig_sync(rig), 0);
	RIG_EXPECT_LOG(rig, "l.");
	KUNIT_EXPECT_EQ(test, rig->xd->done, 2);
}

/* Drain. */

static void drain_of_nothing_costs_nothing(struct kunit *test)
{
	struct rig *rig = test->priv;

	KUNIT_EXPECT_FALSE(test, xsmmu_drain(NULL));
	/* Somebody else may have released it: worth another try. */
	KUNIT_EXPECT_TRUE(test, xsmmu_drain(rig->xd));
	RIG_EXPECT_LOG(rig, "");
}

static void drain_releases_what_its_sync_covered(struct kunit *test)
{
	struct rig *rig = test->priv;

	rig_map_unmap_many(rig, 2);
	atomic_set(&rig->fail, XSMMU_SYNC_ATTEMPTS);
	xsmmu_drain(rig->xd);
	RIG_EXPECT_LOG(rig, "ccl!f!f!");
	xsmmu_drain(rig->xd);
	RIG_EXPECT_LOG(rig, "f.rr");
}

/* Birth and end. */

static void domain_is_tried_with_both_kinds_of_invalidation(struct kunit *test)
{
	struct rig *rig = test->priv;

	rig_destroy_domain(rig);
	rig->xd = xsmmu_domain_create(&rig->domain, &rig->iovad, "again");
	KUNIT_EXPECT_NOT_NULL(test, rig->xd);
	RIG_EXPECT_LOG(rig, "l.f.");
}

static void domain_whose_leaf_only_trial_fails_is_refused(struct kunit *test)
{
	struct rig *rig = test->priv;

	rig_destroy_domain(rig);
	atomic_set(&rig->fail, 1);
	rig->xd = xsmmu_domain_create(&rig->domain, &rig->iovad, "again");
	KUNIT_EXPECT_NULL(test, rig->xd);
	RIG_EXPECT_LOG(rig, "l!");
}

static void fail_the_next(struct rig *rig)
{
	if (rig->arg)
		atomic_set(&rig->fail, 1);
	rig->arg = rig;
}

static void domain_whose_full_trial_fails_is_refused(struct kunit *test)
{
	struct rig *rig = test->priv;

	rig_destroy_domain(rig);
	rig->middle = fail_the_next;
	rig->xd = xsmmu_domain_create(&rig->domain, &rig->iovad, "again");
	KUNIT_EXPECT_NULL(test, rig->xd);
	RIG_EXPECT_LOG(rig, "l.f!");
}

static void domain_without_the_op_is_refused(struct kunit *test)
{
	struct rig *rig = test->priv;

	rig_destroy_domain(rig);
	rig->ops.sync_domain_iotlb = NULL;
	rig->xd = xsmmu_domain_create(&rig->domain, &rig->iovad, "again");
	KUNIT_EXPECT_NULL(test, rig->xd);
	RIG_EXPECT_LOG(rig, "");
}

static void end_of_a_domain_syncs_what_is_left(struct kunit *test)
{
	struct rig *rig = test->priv;

	rig_map_unmap(rig, RIG_TABLE);
	rig_map_unmap(rig, 1);
	rig_take_log(rig);
	rig_destroy_domain(rig);
	RIG_EXPECT_LOG(rig, "f.trr");
	KUNIT_EXPECT_EQ(test, rig->outstanding, 0);
}

static void end_of_an_idle_domain_costs_nothing(struct kunit *test)
{
	struct rig *rig = test->priv;

	rig_destroy_domain(rig);
	RIG_EXPECT_LOG(rig, "");
	xsmmu_domain_destroy(NULL);
}

/* Rather leak a page than let the walker read it after it was freed. */
static void end_of_a_domain_that_fails_leaks_its_tables(struct kunit *test)
{
	struct rig *rig = test->priv;
	dma_addr_t iova = rig_map(rig, RIG_TABLE);
	struct page *table = rig->dir[iova / PAGE_SIZE / RIG_TABLE];

	rig_unmap(rig, iova, RIG_TABLE);
	rig_take_log(rig);
	atomic_set(&rig->fail, XSMMU_SYNC_ATTEMPTS);
	rig_destroy_domain(rig);
	RIG_EXPECT_LOG(rig, "f!f!f!");
	KUNIT_EXPECT_EQ(test, page_count(table), 1);
	__free_page(table);
}

static struct kunit_case xsmmu_core_cases[] = {
	KUNIT_CASE(unmap_neither_invalidates_nor_releases),
	KUNIT_CASE(sync_clears_invalidates_completes_then_releases),
	KUNIT_CASE(nothing_leaves_quarantine_before_completion),
	KUNIT_CASE(addresses_return_to_their_allocator_by_sync_only),
	KUNIT_CASE(one_invalidation_covers_a_batch),
	KUNIT_CASE(sync_with_empty_quarantine_invalidates),
	KUNIT_CASE(unlinked_table_makes_one_invalidation_full),
	KUNIT_CASE(tables_leave_with_the_entries_they_belong_to),
	KUNIT_CASE(failed_full_invalidation_leaves_the_next_full),
	KUNIT_CASE(table_unlinked_during_a_full_one_needs_another),
	KUNIT_CASE(failure_is_retried_full),
	KUNIT_CASE(lasting_failure_reaches_the_caller_and_releases_nothing),
	KUNIT_CASE(sync_after_lasting_failure_releases_everything),
	KUNIT_CASE(full_quarantine_is_synced_in_place),
	KUNIT_CASE(overflows_lose_nothing),
	KUNIT_CASE(overflow_by_an_unlink_is_full),
	KUNIT_CASE(overflow_while_the_backend_fails_withholds),
	KUNIT_CASE(overflow_after_a_failure_does_not_wait),
	KUNIT_CASE(withheld_tables_are_freed_at_the_end),
	KUNIT_CASE(numbers_wrap),
	KUNIT_CASE(numbers_wrap_over_a_failure),
	KUNIT_CASE(sync_in_an_oops_waits_for_nobody),
	KUNIT_CASE(sync_within_a_sync_waits_for_nobody),
	KUNIT_CASE(drain_of_nothing_costs_nothing),
	KUNIT_CASE(drain_releases_what_its_sync_covered),
	KUNIT_CASE(domain_is_tried_with_both_kinds_of_invalidation),
	KUNIT_CASE(domain_whose_leaf_only_trial_fails_is_refused),
	KUNIT_CASE(domain_whose_full_trial_fails_is_refused),
	KUNIT_CASE(domain_without_the_op_is_refused),
	KUNIT_CASE(end_of_a_domain_syncs_what_is_left),
	KUNIT_CASE(end_of_an_idle_domain_costs_nothing),
	KUNIT_CASE(end_of_a_domain_that_fails_leaks_its_tables),
	{}
};

static struct kunit_suite xsmmu_core_suite = {
	.name = "xsmmu-core",
	.init = xsmmu_core_init,
	.exit = xsmmu_core_exit,
	.test_cases = xsmmu_core_cases,
};

kunit_test_suites(&xsmmu_core_suite);
