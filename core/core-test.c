// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of core that need one CPU: order, counts, strength, failure, overflow,
 * birth and end of a domain. The letters of a log are explained in mock-iommu.h.
 */
#include <linux/mm.h>
#include <linux/printk.h>
#include "mock-iommu.h"

/* Entries of a quarantine in these tests. */
#define ENTRIES		8

static int xsmmu_core_init(struct kunit *test)
{
	struct mock *mock = mock_create(test);

	mock_pin(raw_smp_processor_id());
	mock_attach(mock);
	mock_resize(mock, ENTRIES);
	return 0;
}

/* The adversary has the last word in every test. */
static void xsmmu_core_exit(struct kunit *test)
{
	struct mock *mock = test->priv;

	if (!mock)
		return;
	KUNIT_EXPECT_EQ_MSG(test, mock->violations, 0, "%s", mock->objection);
	test->priv = NULL;
	mock_free(mock);
}

static void mock_map_unmap_many(struct mock *mock, unsigned int n)
{
	while (n--)
		mock_map_unmap(mock, 1);
}

/* Order. */

static void unmap_neither_invalidates_nor_releases(struct kunit *test)
{
	struct mock *mock = test->priv;

	mock_map_unmap_many(mock, 3);
	MOCK_EXPECT_LOG(mock, "ccc");
	KUNIT_EXPECT_EQ(test, mock_pending(mock), 3);
	KUNIT_EXPECT_EQ(test, mock_stats(mock).unmaps, 3);
}

static void sync_clears_invalidates_completes_then_releases(struct kunit *test)
{
	struct mock *mock = test->priv;

	mock_map_unmap_many(mock, 3);
	KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
	MOCK_EXPECT_LOG(mock, "cccl.rrr");
	KUNIT_EXPECT_EQ(test, mock_pending(mock), 0);
}

static void log_pending(struct mock *mock)
{
	mock_log(mock, '0' + mock_pending(mock));
}

static void nothing_leaves_quarantine_before_completion(struct kunit *test)
{
	struct mock *mock = test->priv;

	mock_map_unmap_many(mock, 5);
	mock->middle = log_pending;
	KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
	MOCK_EXPECT_LOG(mock, "cccccl5.rrrrr");
}

static void addresses_return_to_their_allocator_by_sync_only(struct kunit *test)
{
	struct mock *mock = test->priv;
	dma_addr_t iova, first = 0;

	/* Tables' worth, so that all space can be had and the quarantine fits. */
	mock_resize(mock, XSMMU_QUARANTINE_SIZE);
	while ((iova = mock_map(mock, MOCK_TABLE))) {
		first = iova;
		mock_unmap(mock, iova, MOCK_TABLE);
	}
	KUNIT_EXPECT_EQ(test, mock_map(mock, MOCK_TABLE), 0);
	KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
	KUNIT_EXPECT_EQ(test, mock->outstanding, 0);
	iova = mock_map(mock, MOCK_TABLE);
	KUNIT_EXPECT_NE(test, iova, 0);
	KUNIT_EXPECT_NE(test, first, 0);
	mock_unmap(mock, iova, MOCK_TABLE);
}

/* Counts. */

static void one_invalidation_covers_a_batch(struct kunit *test)
{
	struct mock *mock = test->priv;

	mock_resize(mock, 64);
	mock_map_unmap_many(mock, 64);
	KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
	KUNIT_EXPECT_EQ(test, mock_stats(mock).unmaps, 64);
	KUNIT_EXPECT_EQ(test, mock_stats(mock).led, 1);
	KUNIT_EXPECT_EQ(test, mock_stats(mock).shared, 0);
	KUNIT_EXPECT_EQ(test, mock_stats(mock).failed, 0);
	KUNIT_EXPECT_EQ(test, mock_stats(mock).overflows, 0);
}

/* M3: what the caller wants covered may lie in another CPU's quarantine. */
static void sync_with_empty_quarantine_invalidates(struct kunit *test)
{
	struct mock *mock = test->priv;

	KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
	KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
	MOCK_EXPECT_LOG(mock, "l.l.");
}

/* Strength. */

static void unlinked_table_makes_one_invalidation_full(struct kunit *test)
{
	struct mock *mock = test->priv;

	mock_map_unmap(mock, MOCK_TABLE);
	KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
	MOCK_EXPECT_LOG(mock, "uf.tr");
	mock_map_unmap(mock, 1);
	KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
	MOCK_EXPECT_LOG(mock, "cl.r");
}

static void tables_leave_with_the_entries_they_belong_to(struct kunit *test)
{
	struct mock *mock = test->priv;
	int i;

	/* More than one chunk of a release, tables in both. */
	mock_resize(mock, 64);
	for (i = 0; i < 20; i++)
		mock_map_unmap(mock, i % 4 ? 1 : MOCK_TABLE);
	MOCK_EXPECT_LOG(mock, "ucccucccucccucccuccc");
	KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
	MOCK_EXPECT_LOG(mock, "f.ttttrrrrrrrrrrrrrrrrtrrrr");
}

static void failed_full_invalidation_leaves_the_next_full(struct kunit *test)
{
	struct mock *mock = test->priv;

	mock_map_unmap(mock, MOCK_TABLE);
	atomic_set(&mock->fail, XSMMU_SYNC_ATTEMPTS);
	KUNIT_EXPECT_EQ(test, mock_sync(mock), -EIO);
	MOCK_EXPECT_LOG(mock, "uf!f!f!");
	KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
	MOCK_EXPECT_LOG(mock, "f.tr");
}

/* An unlink between the taking of the flag and completion is not lost. */
static void unlink_in_the_middle(struct mock *mock)
{
	dma_addr_t *iova = mock->arg;

	mock->middle = NULL;
	mock_unmap(mock, *iova, MOCK_TABLE);
}

static void table_unlinked_during_a_full_one_needs_another(struct kunit *test)
{
	struct mock *mock = test->priv;
	dma_addr_t iova = mock_map(mock, MOCK_TABLE);

	mock_map_unmap(mock, MOCK_TABLE);
	mock->middle = unlink_in_the_middle;
	mock->arg = &iova;
	KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
	MOCK_EXPECT_LOG(mock, "ufu.tr");
	KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
	MOCK_EXPECT_LOG(mock, "f.tr");
}

/* Failure. */

static void failure_is_retried_full(struct kunit *test)
{
	struct mock *mock = test->priv;

	mock_map_unmap(mock, 1);
	atomic_set(&mock->fail, 1);
	KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
	MOCK_EXPECT_LOG(mock, "cl!f.r");
	KUNIT_EXPECT_EQ(test, mock_stats(mock).failed, 1);
	KUNIT_EXPECT_EQ(test, mock_stats(mock).led, 1);
	KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
	MOCK_EXPECT_LOG(mock, "l.");
}

static void lasting_failure_reaches_the_caller_and_releases_nothing(struct kunit *test)
{
	struct mock *mock = test->priv;

	mock_map_unmap_many(mock, 2);
	atomic_set(&mock->fail, XSMMU_SYNC_ATTEMPTS);
	KUNIT_EXPECT_EQ(test, mock_sync(mock), -EIO);
	MOCK_EXPECT_LOG(mock, "ccl!f!f!");
	KUNIT_EXPECT_EQ(test, mock_pending(mock), 2);
	KUNIT_EXPECT_EQ(test, mock_stats(mock).failed, XSMMU_SYNC_ATTEMPTS);
	KUNIT_EXPECT_EQ(test, mock_stats(mock).led, 0);
}

static void sync_after_lasting_failure_releases_everything(struct kunit *test)
{
	struct mock *mock = test->priv;

	mock_map_unmap_many(mock, 2);
	atomic_set(&mock->fail, XSMMU_SYNC_ATTEMPTS);
	KUNIT_EXPECT_EQ(test, mock_sync(mock), -EIO);
	mock_map_unmap(mock, 1);
	mock_take_log(mock);
	KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
	MOCK_EXPECT_LOG(mock, "f.rrr");
	KUNIT_EXPECT_EQ(test, mock->outstanding, 0);
}

/* Overflow. */

static void full_quarantine_is_synced_in_place(struct kunit *test)
{
	struct mock *mock = test->priv;

	mock_map_unmap_many(mock, ENTRIES);
	MOCK_EXPECT_LOG(mock, "cccccccc");
	KUNIT_EXPECT_EQ(test, mock_pending(mock), ENTRIES);
	/* The ninth needs no place: the sync covers it as well. */
	mock_map_unmap(mock, 1);
	MOCK_EXPECT_LOG(mock, "cl.rrrrrrrrr");
	KUNIT_EXPECT_EQ(test, mock_pending(mock), 0);
	KUNIT_EXPECT_EQ(test, mock_stats(mock).overflows, 1);
}

static void overflows_lose_nothing(struct kunit *test)
{
	struct mock *mock = test->priv;

	/* Overflows at the 9th, 18th and 27th. */
	mock_map_unmap_many(mock, 30);
	KUNIT_EXPECT_EQ(test, mock_stats(mock).overflows, 3);
	KUNIT_EXPECT_EQ(test, mock_stats(mock).led, 3);
	KUNIT_EXPECT_EQ(test, mock_pending(mock), 3);
	KUNIT_EXPECT_EQ(test, mock->outstanding, 3);
	KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
	KUNIT_EXPECT_EQ(test, mock->outstanding, 0);
	KUNIT_EXPECT_EQ(test, mock_stats(mock).unmaps, 30);
}

static void overflow_by_an_unlink_is_full(struct kunit *test)
{
	struct mock *mock = test->priv;

	mock_map_unmap_many(mock, ENTRIES);
	mock_take_log(mock);
	mock_map_unmap(mock, MOCK_TABLE);
	MOCK_EXPECT_LOG(mock, "uf.rrrrrrrrtr");
}

/* Fill the quarantine, then unmap one more table while the backend fails. */
static struct page *overflow_and_fail(struct mock *mock)
{
	dma_addr_t iova = mock_map(mock, MOCK_TABLE);
	struct page *table = mock->dir[iova / PAGE_SIZE / MOCK_TABLE];

	get_page(table);
	mock_map_unmap_many(mock, ENTRIES);
	mock_take_log(mock);
	atomic_set(&mock->fail, XSMMU_SYNC_ATTEMPTS);
	mock_unmap(mock, iova, MOCK_TABLE);
	return table;
}

static void overflow_while_the_backend_fails_withholds(struct kunit *test)
{
	struct mock *mock = test->priv;
	struct page *table = overflow_and_fail(mock);

	MOCK_EXPECT_LOG(mock, "uf!f!f!");
	KUNIT_EXPECT_EQ(test, mock_pending(mock), ENTRIES);
	KUNIT_EXPECT_EQ(test, mock->xd->withheld_pages, MOCK_TABLE);
	/* A later success releases what is in quarantine, and only that. */
	KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
	MOCK_EXPECT_LOG(mock, "f.rrrrrrrr");
	KUNIT_EXPECT_EQ(test, mock->outstanding, MOCK_TABLE);
	KUNIT_EXPECT_EQ(test, page_count(table), 2);
	put_page(table);
}

/* A time-out for each unmap of a poll would be a poll of minutes. */
static void overflow_after_a_failure_does_not_wait(struct kunit *test)
{
	struct mock *mock = test->priv;

	put_page(overflow_and_fail(mock));
	mock_take_log(mock);
	mock_map_unmap_many(mock, 2);
	MOCK_EXPECT_LOG(mock, "cc");
	KUNIT_EXPECT_EQ(test, mock->xd->withheld_pages, MOCK_TABLE + 2);
	/* Whoever syncs ends it. */
	KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
	mock_map_unmap_many(mock, ENTRIES);
	mock_take_log(mock);
	mock_map_unmap(mock, 1);
	MOCK_EXPECT_LOG(mock, "cl.rrrrrrrrr");
}

static void withheld_tables_are_freed_at_the_end(struct kunit *test)
{
	struct mock *mock = test->priv;
	struct page *table = overflow_and_fail(mock);

	KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
	mock_take_log(mock);
	mock_destroy_domain(mock);
	MOCK_EXPECT_LOG(mock, "l.");
	KUNIT_EXPECT_EQ(test, page_count(table), 1);
	put_page(table);
}

/* Numbers. */

static void numbers_wrap(struct kunit *test)
{
	struct mock *mock = test->priv;
	int i;

	mock->xd->started = ULONG_MAX - 2;
	mock->xd->done = ULONG_MAX - 2;
	for (i = 0; i < 6; i++) {
		mock_map_unmap(mock, 1);
		KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
		MOCK_EXPECT_LOG(mock, "cl.r");
	}
	KUNIT_EXPECT_EQ(test, mock->xd->done, 3);
}

static void numbers_wrap_over_a_failure(struct kunit *test)
{
	struct mock *mock = test->priv;

	mock->xd->started = ULONG_MAX - 1;
	mock->xd->done = ULONG_MAX - 1;
	mock_map_unmap(mock, 1);
	atomic_set(&mock->fail, 2);
	KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
	MOCK_EXPECT_LOG(mock, "cl!f!f.r");
	KUNIT_EXPECT_EQ(test, mock->xd->done, 1);
}

/*
 * In an oops: a leader was stopped with the lock held. Nobody comes to unlock,
 * and a sync does its own, leaving numbers and flag to the dead.
 */
static void sync_in_an_oops_waits_for_nobody(struct kunit *test)
{
	struct mock *mock = test->priv;
	struct xsmmu_domain *xd = mock->xd;
	unsigned long flags;
	int err;

	mock_map_unmap(mock, MOCK_TABLE);
	raw_spin_lock_irqsave(&xd->flush_lock, flags);
	xd->started++;
	xd->need_full = 0;
	oops_in_progress++;
	err = mock_sync(mock);
	oops_in_progress--;
	xd->done = xd->started;
	raw_spin_unlock_irqrestore(&xd->flush_lock, flags);

	KUNIT_EXPECT_EQ(test, err, 0);
	MOCK_EXPECT_LOG(mock, "uf.tr");
	KUNIT_EXPECT_EQ(test, xd->started, 1);
}

/*
 * Inside an invalidation, as a console driver does that the backend's message
 * called. The adversary objects to two at once, but these two are meant.
 */
static void sync_in_the_middle(struct mock *mock)
{
	dma_addr_t *iova = mock->arg;

	mock->middle = NULL;
	mock_unmap(mock, *iova, 1);
	mock->in_flight--;
	KUNIT_EXPECT_EQ(mock->test, mock_sync(mock), 0);
	mock->in_flight++;
}

static void sync_within_a_sync_waits_for_nobody(struct kunit *test)
{
	struct mock *mock = test->priv;
	dma_addr_t iova = mock_map(mock, 1);

	mock_map_unmap(mock, 1);
	mock->middle = sync_in_the_middle;
	mock->arg = &iova;
	KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
	MOCK_EXPECT_LOG(mock, "clcf.rr.");
	KUNIT_EXPECT_EQ(test, mock->xd->started, 1);
	KUNIT_EXPECT_EQ(test, mock->xd->done, 1);
	/* The next one leads again. */
	KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
	MOCK_EXPECT_LOG(mock, "l.");
	KUNIT_EXPECT_EQ(test, mock->xd->done, 2);
}

/* Drain. */

static void drain_of_nothing_costs_nothing(struct kunit *test)
{
	struct mock *mock = test->priv;

	KUNIT_EXPECT_FALSE(test, xsmmu_drain(NULL));
	/* Somebody else may have released it: worth another try. */
	KUNIT_EXPECT_TRUE(test, xsmmu_drain(mock->xd));
	MOCK_EXPECT_LOG(mock, "");
}

static void drain_releases_what_its_sync_covered(struct kunit *test)
{
	struct mock *mock = test->priv;

	mock_map_unmap_many(mock, 2);
	atomic_set(&mock->fail, XSMMU_SYNC_ATTEMPTS);
	xsmmu_drain(mock->xd);
	MOCK_EXPECT_LOG(mock, "ccl!f!f!");
	xsmmu_drain(mock->xd);
	MOCK_EXPECT_LOG(mock, "f.rr");
}

/* Birth and end. */

static void domain_is_tried_with_both_kinds_of_invalidation(struct kunit *test)
{
	struct mock *mock = test->priv;

	mock_destroy_domain(mock);
	mock->xd = xsmmu_domain_create(&mock->domain, &mock->iovad, "again");
	KUNIT_EXPECT_NOT_NULL(test, mock->xd);
	MOCK_EXPECT_LOG(mock, "l.f.");
}

static void domain_whose_leaf_only_trial_fails_is_refused(struct kunit *test)
{
	struct mock *mock = test->priv;

	mock_destroy_domain(mock);
	atomic_set(&mock->fail, 1);
	mock->xd = xsmmu_domain_create(&mock->domain, &mock->iovad, "again");
	KUNIT_EXPECT_NULL(test, mock->xd);
	MOCK_EXPECT_LOG(mock, "l!");
}

static void fail_the_next(struct mock *mock)
{
	if (mock->arg)
		atomic_set(&mock->fail, 1);
	mock->arg = mock;
}

static void domain_whose_full_trial_fails_is_refused(struct kunit *test)
{
	struct mock *mock = test->priv;

	mock_destroy_domain(mock);
	mock->middle = fail_the_next;
	mock->xd = xsmmu_domain_create(&mock->domain, &mock->iovad, "again");
	KUNIT_EXPECT_NULL(test, mock->xd);
	MOCK_EXPECT_LOG(mock, "l.f!");
}

static void domain_without_the_op_is_refused(struct kunit *test)
{
	struct mock *mock = test->priv;

	mock_destroy_domain(mock);
	mock->ops.sync_domain_iotlb = NULL;
	mock->xd = xsmmu_domain_create(&mock->domain, &mock->iovad, "again");
	KUNIT_EXPECT_NULL(test, mock->xd);
	MOCK_EXPECT_LOG(mock, "");
}

static void end_of_a_domain_syncs_what_is_left(struct kunit *test)
{
	struct mock *mock = test->priv;

	mock_map_unmap(mock, MOCK_TABLE);
	mock_map_unmap(mock, 1);
	mock_take_log(mock);
	mock_destroy_domain(mock);
	MOCK_EXPECT_LOG(mock, "f.trr");
	KUNIT_EXPECT_EQ(test, mock->outstanding, 0);
}

static void end_of_an_idle_domain_costs_nothing(struct kunit *test)
{
	struct mock *mock = test->priv;

	mock_destroy_domain(mock);
	MOCK_EXPECT_LOG(mock, "");
	xsmmu_domain_destroy(NULL);
}

/* Rather leak a page than let the walker read it after it was freed. */
static void end_of_a_domain_that_fails_leaks_its_tables(struct kunit *test)
{
	struct mock *mock = test->priv;
	dma_addr_t iova = mock_map(mock, MOCK_TABLE);
	struct page *table = mock->dir[iova / PAGE_SIZE / MOCK_TABLE];

	mock_unmap(mock, iova, MOCK_TABLE);
	mock_take_log(mock);
	atomic_set(&mock->fail, XSMMU_SYNC_ATTEMPTS);
	mock_destroy_domain(mock);
	MOCK_EXPECT_LOG(mock, "f!f!f!");
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
