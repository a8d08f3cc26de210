// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of core that need one CPU: order, counts, leaf-only or not, failure,
 * overflow, the start and the end of a domain. mock-iommu.h explains the letters
 * of a log.
 */
#include <linux/console.h>
#include <linux/delay.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include "base.h"
#include "mock-iommu.h"
#include "trace.h"

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

/* A test passes only if the adversary has found no violation. */
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

static void only_a_sync_returns_addresses_to_their_allocator(struct kunit *test)
{
	struct mock *mock = test->priv;
	dma_addr_t iova, first = 0;

	/* By whole tables: then the quarantine holds all of the address space. */
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

/* A mapping that does not begin or end at a page takes whole pages. */
static void unmap_widens_to_whole_granules(struct kunit *test)
{
	struct mock *mock = test->priv;
	dma_addr_t iova = mock_map(mock, 2);

	xsmmu_unmap(mock->xd, iova + PAGE_SIZE - 1, 2);
	KUNIT_EXPECT_EQ(test, mock->outstanding, 2);
	KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
	MOCK_EXPECT_LOG(mock, "cl.r");
	KUNIT_EXPECT_EQ(test, mock->outstanding, 0);
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

/* The caller's unmaps may be in another CPU's quarantine. */
static void sync_with_empty_quarantine_invalidates(struct kunit *test)
{
	struct mock *mock = test->priv;

	KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
	KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
	MOCK_EXPECT_LOG(mock, "l.l.");
}

/* Leaf-only or not. */

static void unlinked_table_makes_one_invalidation_drop_non_leaf_entries(struct kunit *test)
{
	struct mock *mock = test->priv;

	mock_map_unmap(mock, MOCK_TABLE);
	KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
	MOCK_EXPECT_LOG(mock, "un.tr");
	mock_map_unmap(mock, 1);
	KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
	MOCK_EXPECT_LOG(mock, "cl.r");
}

/* The mock counts no more than a page as a leaf. */
static void unmap_of_more_than_a_leaf_drops_non_leaf_entries_once(struct kunit *test)
{
	struct mock *mock = test->priv;

	mock->ops.leaf_only_size = PAGE_SIZE;
	mock_map_unmap(mock, 1);
	mock_map_unmap(mock, 2);
	KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
	MOCK_EXPECT_LOG(mock, "ccn.rr");
	mock_map_unmap(mock, 1);
	KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
	MOCK_EXPECT_LOG(mock, "cl.r");
}

static void leaf_may_have_any_size_where_the_driver_names_none(struct kunit *test)
{
	struct mock *mock = test->priv;

	mock_map_unmap(mock, 2);
	KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
	MOCK_EXPECT_LOG(mock, "cl.r");
}

static void tables_are_freed_with_the_entries_they_belong_to(struct kunit *test)
{
	struct mock *mock = test->priv;
	int i;

	/* A release takes two chunks, and both have tables. */
	mock_resize(mock, 64);
	for (i = 0; i < 20; i++)
		mock_map_unmap(mock, i % 4 ? 1 : MOCK_TABLE);
	MOCK_EXPECT_LOG(mock, "ucccucccucccucccuccc");
	KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
	MOCK_EXPECT_LOG(mock, "n.ttttrrrrrrrrrrrrrrrrtrrrr");
}

static void after_a_failure_the_next_drops_non_leaf_entries_again(struct kunit *test)
{
	struct mock *mock = test->priv;

	mock_map_unmap(mock, MOCK_TABLE);
	atomic_set(&mock->fail, XSMMU_SYNC_ATTEMPTS);
	KUNIT_EXPECT_EQ(test, mock_sync(mock), -EIO);
	MOCK_EXPECT_LOG(mock, "un!n!n!");
	KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
	MOCK_EXPECT_LOG(mock, "n.tr");
}

/* An unlink after the leader took the flag, before the completion. */
static void unlink_in_the_middle(struct mock *mock)
{
	dma_addr_t *iova = mock->arg;

	mock->middle = NULL;
	mock_unmap(mock, *iova, MOCK_TABLE);
}

static void table_unlinked_during_an_invalidation_needs_another(struct kunit *test)
{
	struct mock *mock = test->priv;
	dma_addr_t iova = mock_map(mock, MOCK_TABLE);

	mock_map_unmap(mock, MOCK_TABLE);
	mock->middle = unlink_in_the_middle;
	mock->arg = &iova;
	KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
	MOCK_EXPECT_LOG(mock, "unu.tr");
	KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
	MOCK_EXPECT_LOG(mock, "n.tr");
}

/* Failure. */

static void retry_after_a_failure_drops_non_leaf_entries(struct kunit *test)
{
	struct mock *mock = test->priv;

	mock_map_unmap(mock, 1);
	atomic_set(&mock->fail, 1);
	KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
	MOCK_EXPECT_LOG(mock, "cl!n.r");
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
	MOCK_EXPECT_LOG(mock, "ccl!n!n!");
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
	MOCK_EXPECT_LOG(mock, "n.rrr");
	KUNIT_EXPECT_EQ(test, mock->outstanding, 0);
}

/* Overflow. */

static void full_quarantine_is_synced_in_place(struct kunit *test)
{
	struct mock *mock = test->priv;

	mock_map_unmap_many(mock, ENTRIES);
	MOCK_EXPECT_LOG(mock, "cccccccc");
	KUNIT_EXPECT_EQ(test, mock_pending(mock), ENTRIES);
	/* The ninth needs no entry: the sync covers it as well. */
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

static void overflow_by_an_unlink_drops_non_leaf_entries(struct kunit *test)
{
	struct mock *mock = test->priv;

	mock_map_unmap_many(mock, ENTRIES);
	mock_take_log(mock);
	mock_map_unmap(mock, MOCK_TABLE);
	MOCK_EXPECT_LOG(mock, "un.rrrrrrrrtr");
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

	MOCK_EXPECT_LOG(mock, "un!n!n!");
	KUNIT_EXPECT_EQ(test, mock_pending(mock), ENTRIES);
	KUNIT_EXPECT_EQ(test, mock->xd->withheld_pages, MOCK_TABLE);
	KUNIT_EXPECT_EQ(test, page_count(table), 2);
	/* A failure leaves it withheld. */
	atomic_set(&mock->fail, XSMMU_SYNC_ATTEMPTS);
	KUNIT_EXPECT_EQ(test, mock_sync(mock), -EIO);
	MOCK_EXPECT_LOG(mock, "n!n!n!");
	KUNIT_EXPECT_EQ(test, mock->xd->withheld_pages, MOCK_TABLE);
	/* A success releases the quarantine and what is withheld. */
	KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
	MOCK_EXPECT_LOG(mock, "n.rrrrrrrrtr");
	KUNIT_EXPECT_EQ(test, mock->outstanding, 0);
	KUNIT_EXPECT_EQ(test, mock->xd->withheld_pages, 0);
	KUNIT_EXPECT_EQ(test, page_count(table), 1);
	put_page(table);
}

/* If each unmap of a poll waited for a time-out, the poll would take minutes. */
static void overflow_after_a_failure_does_not_wait(struct kunit *test)
{
	struct mock *mock = test->priv;

	put_page(overflow_and_fail(mock));
	mock_take_log(mock);
	mock_map_unmap_many(mock, 2);
	MOCK_EXPECT_LOG(mock, "cc");
	KUNIT_EXPECT_EQ(test, mock->xd->withheld_pages, MOCK_TABLE + 2);
	/* A sync that succeeds ends the failure. */
	KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
	mock_map_unmap_many(mock, ENTRIES);
	mock_take_log(mock);
	mock_map_unmap(mock, 1);
	MOCK_EXPECT_LOG(mock, "cl.rrrrrrrrr");
}

static void unmap_in_the_middle(struct mock *mock)
{
	dma_addr_t *iova = mock->arg;

	mock->middle = NULL;
	mock_unmap(mock, *iova, 1);
}

/* A range that is withheld during the invalidation waits for the next one. */
static void withheld_range_waits_for_an_invalidation_after_it(struct kunit *test)
{
	struct mock *mock = test->priv;
	dma_addr_t iova = mock_map(mock, 1);

	put_page(overflow_and_fail(mock));
	mock_take_log(mock);
	mock->middle = unmap_in_the_middle;
	mock->arg = &iova;
	KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
	MOCK_EXPECT_LOG(mock, "nc.rrrrrrrrtr");
	KUNIT_EXPECT_EQ(test, mock->xd->withheld_pages, 1);
	KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
	MOCK_EXPECT_LOG(mock, "l.r");
	KUNIT_EXPECT_EQ(test, mock->xd->withheld_pages, 0);
}

static void drain_releases_what_is_withheld(struct kunit *test)
{
	struct mock *mock = test->priv;
	dma_addr_t iova = mock_map(mock, 1);

	mock_map_unmap_many(mock, ENTRIES);
	mock->middle = unmap_in_the_middle;
	mock->arg = &iova;
	KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
	KUNIT_EXPECT_EQ(test, mock->xd->withheld_pages, 1);
	mock_take_log(mock);
	KUNIT_EXPECT_TRUE(test, xsmmu_drain(mock->xd));
	MOCK_EXPECT_LOG(mock, "l.r");
	KUNIT_EXPECT_EQ(test, mock->xd->withheld_pages, 0);
}

/* A driver that does not sync any more gets its addresses back too. */
static void backstop_releases_what_is_withheld(struct kunit *test)
{
	struct mock *mock = test->priv;
	dma_addr_t iova = mock_map(mock, 1);
	unsigned int ms;

	mock_map_unmap_many(mock, ENTRIES);
	mock_backstop(mock, true);
	mock->middle = unmap_in_the_middle;
	mock->arg = &iova;
	KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
	for (ms = 0; ms < MOCK_PATIENCE && mock->outstanding; ms++)
		usleep_range(1000, 1500);
	KUNIT_EXPECT_EQ(test, mock->outstanding, 0);
	KUNIT_EXPECT_EQ(test, READ_ONCE(mock->xd->withheld_pages), 0);
}

static void withheld_ranges_are_released_at_the_end(struct kunit *test)
{
	struct mock *mock = test->priv;
	struct page *table = overflow_and_fail(mock);

	mock_take_log(mock);
	mock_destroy_domain(mock);
	MOCK_EXPECT_LOG(mock, "n.rrrrrrrrtr");
	KUNIT_EXPECT_EQ(test, page_count(table), 1);
	put_page(table);
}

/* An oops allocates nothing. The tables wait for the domain's end. */
static void range_that_cannot_be_withheld_is_leaked(struct kunit *test)
{
	struct mock *mock = test->priv;
	struct page *table;

	mock_map_unmap(mock, 1);
	KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
	oops_in_progress++;
	table = overflow_and_fail(mock);
	oops_in_progress--;
	KUNIT_EXPECT_EQ(test, mock->xd->withheld_pages, 0);
	KUNIT_EXPECT_EQ(test, mock->xd->leaked, MOCK_TABLE);
	KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
	KUNIT_EXPECT_EQ(test, mock->outstanding, MOCK_TABLE);
	KUNIT_EXPECT_EQ(test, page_count(table), 2);
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
	MOCK_EXPECT_LOG(mock, "cl!n!n.r");
	KUNIT_EXPECT_EQ(test, mock->xd->done, 1);
}

/*
 * In an oops: the leader's CPU was stopped with the lock held, so the lock will
 * not be released. A sync issues its own invalidation and leaves the numbers and
 * the flag as they are.
 */
static void sync_in_an_oops_does_not_wait(struct kunit *test)
{
	struct mock *mock = test->priv;
	struct xsmmu_domain *xd = mock->xd;
	unsigned long flags;
	int err;

	mock_map_unmap(mock, MOCK_TABLE);
	/* Another CPU holds it, so lockdep must not see this CPU take it. */
	local_irq_save(flags);
	arch_spin_lock(&xd->flush_lock.raw_lock);
	xd->started++;
	xd->drop_non_leaf = 0;
	oops_in_progress++;
	err = mock_sync(mock);
	oops_in_progress--;
	xd->done = xd->started;
	arch_spin_unlock(&xd->flush_lock.raw_lock);
	local_irq_restore(flags);

	KUNIT_EXPECT_EQ(test, err, 0);
	MOCK_EXPECT_LOG(mock, "un.tr");
	KUNIT_EXPECT_EQ(test, xd->started, 1);
}

/*
 * The CPU that held the quarantine's lock was stopped. The range cannot be noted,
 * and nothing can be released, but nothing waits either.
 */
static void oops_does_not_wait_for_a_quarantine(struct kunit *test)
{
	struct mock *mock = test->priv;
	struct xsmmu_quarantine *q = raw_cpu_ptr(mock->xd->quarantine);
	dma_addr_t iova = mock_map(mock, 1);
	unsigned long flags;
	int err;

	mock_map_unmap(mock, 1);
	raw_spin_lock_irqsave(&q->lock, flags);
	oops_in_progress++;
	mock_unmap(mock, iova, 1);
	err = mock_sync(mock);
	xsmmu_drain(mock->xd);
	oops_in_progress--;
	raw_spin_unlock_irqrestore(&q->lock, flags);

	KUNIT_EXPECT_EQ(test, err, 0);
	MOCK_EXPECT_LOG(mock, "ccn.");
	KUNIT_EXPECT_EQ(test, mock_pending(mock), 1);
	KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
	MOCK_EXPECT_LOG(mock, "l.r");
	KUNIT_EXPECT_EQ(test, mock->outstanding, 1);
}

/*
 * A sync inside an invalidation, as in a console driver that prints a message of
 * the backend, which may hold the lock of its queue.
 */
static void sync_in_the_middle(struct mock *mock)
{
	dma_addr_t *iova = mock->arg;

	mock->middle = NULL;
	mock_unmap(mock, *iova, 1);
	KUNIT_EXPECT_EQ(mock->test, mock_sync(mock), -EBUSY);
}

static void sync_within_a_sync_is_refused(struct kunit *test)
{
	struct mock *mock = test->priv;
	dma_addr_t iova = mock_map(mock, 1);

	mock_map_unmap(mock, 1);
	mock->middle = sync_in_the_middle;
	mock->arg = &iova;
	KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
	MOCK_EXPECT_LOG(mock, "clc.r");
	KUNIT_EXPECT_EQ(test, mock->xd->done, 1);
	KUNIT_EXPECT_FALSE(test, mock->xd->failing);
	/* The next one leads again, and covers what was left. */
	KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
	MOCK_EXPECT_LOG(mock, "l.r");
	KUNIT_EXPECT_EQ(test, mock->xd->done, 2);
}

/* What a console saw: a message, printed by the CPU that led just then. */
static struct mock *console_mock;
static bool console_printed;
static bool console_within;

static void write_console(struct console *con, const char *text, unsigned int n)
{
	if (!strnstr(text, "xsmmu: an error of the mock IOMMU", n))
		return;
	if (READ_ONCE(console_mock->xd->leader) == smp_processor_id() + 1)
		console_within = true;
	mock_signal(&console_printed);
}

static void print_in_the_middle(struct mock *mock)
{
	pr_err("xsmmu: an error of the mock IOMMU\n");
}

/* The backend may hold the lock of its queue, and the console may need that. */
static void message_of_an_invalidation_is_printed_after_it(struct kunit *test)
{
	struct console con = {
		.name = "xsmmu", .write = write_console,
		.flags = CON_ENABLED | CON_ANYTIME, .index = -1,
	};
	struct mock *mock = test->priv;

	console_mock = mock;
	console_printed = false;
	console_within = false;
	mock->middle = print_in_the_middle;
	register_console(&con);
	KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
	KUNIT_EXPECT_TRUE(test, mock_wait(&console_printed));
	unregister_console(&con);
	KUNIT_EXPECT_FALSE(test, console_within);
}

static void sync_in_the_middle_of_an_oops(struct mock *mock)
{
	oops_in_progress++;
	sync_in_the_middle(mock);
	oops_in_progress--;
}

/* The oops is the backend's own, so the lock of its queue may never be free. */
static void sync_within_a_sync_is_refused_in_an_oops(struct kunit *test)
{
	struct mock *mock = test->priv;
	dma_addr_t iova = mock_map(mock, 1);

	/* The unmap in the oops needs a ring. */
	mock_map_unmap(mock, 1);
	mock->middle = sync_in_the_middle_of_an_oops;
	mock->arg = &iova;
	KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
	MOCK_EXPECT_LOG(mock, "clc.r");
	KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
	MOCK_EXPECT_LOG(mock, "l.r");
}

/* An unmap there that finds the quarantine full cannot sync in place. */
static void overflow_within_a_sync_withholds(struct kunit *test)
{
	struct mock *mock = test->priv;
	dma_addr_t iova;

	skip_if_raw_locks_are_checked(test);
	iova = mock_map(mock, 1);
	mock_map_unmap_many(mock, ENTRIES);
	mock_take_log(mock);
	mock->middle = sync_in_the_middle;
	mock->arg = &iova;
	KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
	MOCK_EXPECT_LOG(mock, "lc.rrrrrrrr");
	KUNIT_EXPECT_EQ(test, mock->xd->withheld_pages, 1);
}

/*
 * A tracer that prints to a console behind a device of this domain. The console
 * driver unmaps and syncs, which must neither find the lock held nor wait.
 */
static void sync_in_the_trace_event(void *data, const char *name,
				    unsigned long number, bool leaf_only,
				    int err)
{
	struct mock *mock = data;
	dma_addr_t *iova = mock->arg;

	if (!iova)
		return;
	mock->arg = NULL;
	mock_log(mock, raw_spin_is_locked(&mock->xd->flush_lock) ? 'L' : 'T');
	if (irqs_disabled() || mock->xd->leader)
		mock_object(mock, "a trace event comes before the end of a lead");
	mock_unmap(mock, *iova, 1);
	/* With the lock held, a sync would spin for ever. */
	if (!raw_spin_is_locked(&mock->xd->flush_lock))
		KUNIT_EXPECT_EQ(mock->test, mock_sync(mock), 0);
}

static void sync_within_the_trace_event_of_a_sync_leads(struct kunit *test)
{
	struct mock *mock = test->priv;
	dma_addr_t iova;

	if (register_trace_xsmmu_sync(sync_in_the_trace_event, mock))
		kunit_skip(test, "needs tracepoints");
	iova = mock_map(mock, 1);
	mock_map_unmap(mock, 1);
	mock->arg = &iova;
	KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
	unregister_trace_xsmmu_sync(sync_in_the_trace_event, mock);
	tracepoint_synchronize_unregister();
	MOCK_EXPECT_LOG(mock, "cl.Tcl.rr");
	KUNIT_EXPECT_EQ(test, mock->xd->done, 2);
}

/* Drain. */

static void drain_of_nothing_costs_nothing(struct kunit *test)
{
	struct mock *mock = test->priv;

	KUNIT_EXPECT_FALSE(test, xsmmu_drain(NULL));
	/* Another CPU may have released entries: worth another try. */
	KUNIT_EXPECT_TRUE(test, xsmmu_drain(mock->xd));
	MOCK_EXPECT_LOG(mock, "");
}

static void failed_allocation_drains_and_succeeds(struct kunit *test)
{
	struct mock *mock = test->priv;
	dma_addr_t iova;

	/* By whole tables: then the quarantine holds all of the address space. */
	mock_resize(mock, XSMMU_QUARANTINE_SIZE);
	while ((iova = mock_map(mock, MOCK_TABLE)))
		mock_unmap(mock, iova, MOCK_TABLE);
	mock->iovad.xsmmu_domain = &mock->domain;
	iova = mock_map(mock, MOCK_TABLE);
	KUNIT_ASSERT_NE(test, iova, 0);
	KUNIT_EXPECT_EQ(test, mock_pending(mock), 0);
	mock_unmap(mock, iova, MOCK_TABLE);
}

static void drain_releases_what_its_sync_covered(struct kunit *test)
{
	struct mock *mock = test->priv;

	mock_map_unmap_many(mock, 2);
	atomic_set(&mock->fail, XSMMU_SYNC_ATTEMPTS);
	KUNIT_EXPECT_FALSE(test, xsmmu_drain(mock->xd));
	MOCK_EXPECT_LOG(mock, "ccl!n!n!");
	KUNIT_EXPECT_EQ(test, mock_pending(mock), 2);
	KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
	MOCK_EXPECT_LOG(mock, "n.rr");
	mock_map_unmap(mock, 1);
	KUNIT_EXPECT_TRUE(test, xsmmu_drain(mock->xd));
	MOCK_EXPECT_LOG(mock, "cl.r");
}

/* Each failed allocation would wait for time-outs, with interrupts off. */
static void drain_while_invalidations_fail_costs_nothing(struct kunit *test)
{
	struct mock *mock = test->priv;

	mock_map_unmap(mock, 1);
	atomic_set(&mock->fail, XSMMU_SYNC_ATTEMPTS);
	KUNIT_EXPECT_EQ(test, mock_sync(mock), -EIO);
	mock_take_log(mock);
	KUNIT_EXPECT_FALSE(test, xsmmu_drain(mock->xd));
	MOCK_EXPECT_LOG(mock, "");
}

/* An interrupt between the reading of the positions and the release. */
static void drain_in_the_middle(struct mock *mock)
{
	struct xsmmu_domain *xd = mock->xd;

	mock->middle = NULL;
	KUNIT_EXPECT_TRUE(mock->test, test_bit(0, &xd->draining));
	mock_unmap(mock, *(dma_addr_t *)mock->arg, 1);
	KUNIT_EXPECT_FALSE(mock->test, xsmmu_drain(xd));
}

static void drain_within_a_drain_leaves_its_positions(struct kunit *test)
{
	struct mock *mock = test->priv;
	dma_addr_t iova = mock_map(mock, 1);

	mock_map_unmap(mock, 1);
	mock->middle = drain_in_the_middle;
	mock->arg = &iova;
	KUNIT_EXPECT_TRUE(test, xsmmu_drain(mock->xd));
	MOCK_EXPECT_LOG(mock, "clc.r");
	KUNIT_EXPECT_FALSE(test, test_bit(0, &mock->xd->draining));
	KUNIT_EXPECT_TRUE(test, xsmmu_drain(mock->xd));
	MOCK_EXPECT_LOG(mock, "l.r");
}

/* A CPU that finds another one draining covers its own entries. */
static void drain_beside_a_drain_syncs(struct kunit *test)
{
	struct mock *mock = test->priv;

	mock_map_unmap(mock, 1);
	set_bit(0, &mock->xd->draining);
	KUNIT_EXPECT_TRUE(test, xsmmu_drain(mock->xd));
	MOCK_EXPECT_LOG(mock, "cl.r");
	clear_bit(0, &mock->xd->draining);
}

/* The start and the end of a domain. */

static void both_kinds_of_invalidation_are_tried_at_the_start(struct kunit *test)
{
	struct mock *mock = test->priv;

	mock_destroy_domain(mock);
	KUNIT_EXPECT_TRUE(test, mock_enable(mock));
	KUNIT_EXPECT_NOT_NULL(test, mock->xd);
	MOCK_EXPECT_LOG(mock, "l.n.");
}

static void domain_whose_leaf_only_trial_fails_is_refused(struct kunit *test)
{
	struct mock *mock = test->priv;

	mock_destroy_domain(mock);
	atomic_set(&mock->fail, XSMMU_SYNC_ATTEMPTS);
	KUNIT_EXPECT_FALSE(test, mock_enable(mock));
	KUNIT_EXPECT_NULL(test, mock->xd);
	MOCK_EXPECT_LOG(mock, "l!l!l!");
}

static void fail_the_next(struct mock *mock)
{
	if (mock->arg)
		atomic_set(&mock->fail, 1);
	mock->arg = mock;
}

static void domain_whose_non_leaf_trial_fails_is_refused(struct kunit *test)
{
	struct mock *mock = test->priv;

	mock_destroy_domain(mock);
	mock->middle = fail_the_next;
	KUNIT_EXPECT_FALSE(test, mock_enable(mock));
	KUNIT_EXPECT_NULL(test, mock->xd);
	MOCK_EXPECT_LOG(mock, "l.n!n!n!");
}

/* A device of another domain can make an invalidation time out. */
static void trial_that_fails_once_is_repeated(struct kunit *test)
{
	struct mock *mock = test->priv;

	mock_destroy_domain(mock);
	atomic_set(&mock->fail, 1);
	KUNIT_EXPECT_TRUE(test, mock_enable(mock));
	MOCK_EXPECT_LOG(mock, "l!l.n.");
}

static int cannot_invalidate(struct iommu_domain *domain, bool leaf_only)
{
	struct mock *mock = container_of(domain, struct mock, domain);

	mock_log(mock, 'x');
	return -EOPNOTSUPP;
}

static void trial_that_cannot_be_done_is_not_repeated(struct kunit *test)
{
	struct mock *mock = test->priv;

	mock_destroy_domain(mock);
	mock->ops.sync_domain_iotlb = cannot_invalidate;
	KUNIT_EXPECT_FALSE(test, mock_enable(mock));
	MOCK_EXPECT_LOG(mock, "x");
}

static void domain_without_the_op_is_refused(struct kunit *test)
{
	struct mock *mock = test->priv;

	mock_destroy_domain(mock);
	mock->ops.sync_domain_iotlb = NULL;
	KUNIT_EXPECT_FALSE(test, mock_enable(mock));
	KUNIT_EXPECT_NULL(test, mock->xd);
	MOCK_EXPECT_LOG(mock, "");
}

static bool is_shadowed(struct iommu_domain *domain)
{
	return true;
}

/* Opt in as under a hypervisor, with iommu.xsmmu_virtual=@allowed. */
static bool enable_under_hypervisor(struct mock *mock, bool allowed)
{
	bool enabled;

	mock_destroy_domain(mock);
	mock->ops.domain_is_shadowed = is_shadowed;
	swap(allowed, xsmmu_virtual);
	enabled = mock_enable(mock);
	swap(allowed, xsmmu_virtual);
	return enabled;
}

/* Not even a trial: it would make the hypervisor walk the domain. */
static void domain_that_a_hypervisor_shadows_is_refused(struct kunit *test)
{
	struct mock *mock = test->priv;

	KUNIT_EXPECT_FALSE(test, enable_under_hypervisor(mock, false));
	KUNIT_EXPECT_NULL(test, mock->xd);
	MOCK_EXPECT_LOG(mock, "");
}

static void domain_that_a_hypervisor_shadows_is_batched_on_request(struct kunit *test)
{
	struct mock *mock = test->priv;

	KUNIT_EXPECT_TRUE(test, enable_under_hypervisor(mock, true));
	MOCK_EXPECT_LOG(mock, "l.n.");
}

/* A driver that got a "no" frees at once, and a device may share its domain. */
static void refused_domain_stays_refused(struct kunit *test)
{
	struct mock *mock = test->priv;

	mock_destroy_domain(mock);
	atomic_set(&mock->fail, XSMMU_SYNC_ATTEMPTS);
	KUNIT_EXPECT_FALSE(test, mock_enable(mock));
	mock_take_log(mock);
	KUNIT_EXPECT_FALSE(test, mock_enable(mock));
	KUNIT_EXPECT_NULL(test, mock->xd);
	MOCK_EXPECT_LOG(mock, "");
}

static void devices_of_a_domain_share_its_state(struct kunit *test)
{
	struct mock *mock = test->priv;
	struct xsmmu_domain *xd = mock->xd;

	KUNIT_EXPECT_TRUE(test, mock_enable(mock));
	KUNIT_EXPECT_PTR_EQ(test, mock->xd, xd);
	MOCK_EXPECT_LOG(mock, "");
}

/* The CPUs that have a ring. */
static unsigned int rings(struct mock *mock)
{
	unsigned int n = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		if (per_cpu_ptr(mock->xd->quarantine, cpu)->ring)
			n++;
	return n;
}

static void cpu_gets_its_ring_with_its_first_unmap(struct kunit *test)
{
	struct mock *mock = test->priv;

	KUNIT_EXPECT_EQ(test, rings(mock), 0);
	KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
	KUNIT_EXPECT_EQ(test, rings(mock), 0);
	mock_map_unmap_many(mock, 2);
	KUNIT_EXPECT_EQ(test, rings(mock), 1);
}

/* An oops allocates no ring, so this is as without memory. */
static void unmap_without_a_ring_is_synced_in_place(struct kunit *test)
{
	struct mock *mock = test->priv;

	oops_in_progress++;
	mock_map_unmap(mock, 1);
	oops_in_progress--;
	MOCK_EXPECT_LOG(mock, "cn.r");
	KUNIT_EXPECT_EQ(test, mock_pending(mock), 0);
	KUNIT_EXPECT_EQ(test, rings(mock), 0);
}

/* What the driver has left is released first. */
static void unbinding_a_driver_frees_the_rings(struct kunit *test)
{
	struct mock *mock = test->priv;
	struct xsmmu_domain *xd = mock->xd;

	mock_map_unmap(mock, 1);
	xsmmu_domain_trim(xd);
	MOCK_EXPECT_LOG(mock, "cl.r");
	KUNIT_EXPECT_EQ(test, rings(mock), 0);
	/* The next driver gets the same answer and a new ring. */
	KUNIT_EXPECT_TRUE(test, mock_enable(mock));
	KUNIT_EXPECT_PTR_EQ(test, mock->xd, xd);
	mock_map_unmap(mock, 1);
	KUNIT_EXPECT_EQ(test, rings(mock), 1);
	KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
	MOCK_EXPECT_LOG(mock, "cl.r");
}

static void ring_with_entries_outlives_its_driver(struct kunit *test)
{
	struct mock *mock = test->priv;

	mock_map_unmap(mock, 1);
	atomic_set(&mock->fail, XSMMU_SYNC_ATTEMPTS);
	xsmmu_domain_trim(mock->xd);
	KUNIT_EXPECT_EQ(test, rings(mock), 1);
	mock_take_log(mock);
	KUNIT_EXPECT_EQ(test, mock_sync(mock), 0);
	MOCK_EXPECT_LOG(mock, "n.r");
}

static void end_of_a_domain_syncs_what_is_left(struct kunit *test)
{
	struct mock *mock = test->priv;

	mock_map_unmap(mock, MOCK_TABLE);
	mock_map_unmap(mock, 1);
	mock_take_log(mock);
	mock_destroy_domain(mock);
	MOCK_EXPECT_LOG(mock, "n.trr");
	KUNIT_EXPECT_EQ(test, mock->outstanding, 0);
}

static void end_of_an_idle_domain_costs_nothing(struct kunit *test)
{
	struct mock *mock = test->priv;

	mock_destroy_domain(mock);
	MOCK_EXPECT_LOG(mock, "");
	mock_destroy_domain(mock);
}

/* A leaked page is better than one that the walker reads after it was freed. */
static void end_of_a_domain_that_fails_leaks_its_tables(struct kunit *test)
{
	struct mock *mock = test->priv;
	dma_addr_t iova = mock_map(mock, MOCK_TABLE);
	struct page *table = mock->dir[iova / PAGE_SIZE / MOCK_TABLE];

	mock_unmap(mock, iova, MOCK_TABLE);
	mock_take_log(mock);
	atomic_set(&mock->fail, XSMMU_SYNC_ATTEMPTS);
	mock_destroy_domain(mock);
	MOCK_EXPECT_LOG(mock, "n!n!n!");
	KUNIT_EXPECT_EQ(test, page_count(table), 1);
	xsmmu_table_free(table);
}

static struct kunit_case xsmmu_core_cases[] = {
	KUNIT_CASE(unmap_neither_invalidates_nor_releases),
	KUNIT_CASE(sync_clears_invalidates_completes_then_releases),
	KUNIT_CASE(nothing_leaves_quarantine_before_completion),
	KUNIT_CASE(only_a_sync_returns_addresses_to_their_allocator),
	KUNIT_CASE(unmap_widens_to_whole_granules),
	KUNIT_CASE(one_invalidation_covers_a_batch),
	KUNIT_CASE(sync_with_empty_quarantine_invalidates),
	KUNIT_CASE(unlinked_table_makes_one_invalidation_drop_non_leaf_entries),
	KUNIT_CASE(unmap_of_more_than_a_leaf_drops_non_leaf_entries_once),
	KUNIT_CASE(leaf_may_have_any_size_where_the_driver_names_none),
	KUNIT_CASE(tables_are_freed_with_the_entries_they_belong_to),
	KUNIT_CASE(after_a_failure_the_next_drops_non_leaf_entries_again),
	KUNIT_CASE(table_unlinked_during_an_invalidation_needs_another),
	KUNIT_CASE(retry_after_a_failure_drops_non_leaf_entries),
	KUNIT_CASE(lasting_failure_reaches_the_caller_and_releases_nothing),
	KUNIT_CASE(sync_after_lasting_failure_releases_everything),
	KUNIT_CASE(full_quarantine_is_synced_in_place),
	KUNIT_CASE(overflows_lose_nothing),
	KUNIT_CASE(overflow_by_an_unlink_drops_non_leaf_entries),
	KUNIT_CASE(overflow_while_the_backend_fails_withholds),
	KUNIT_CASE(overflow_after_a_failure_does_not_wait),
	KUNIT_CASE(withheld_range_waits_for_an_invalidation_after_it),
	KUNIT_CASE(drain_releases_what_is_withheld),
	KUNIT_CASE(backstop_releases_what_is_withheld),
	KUNIT_CASE(withheld_ranges_are_released_at_the_end),
	KUNIT_CASE(range_that_cannot_be_withheld_is_leaked),
	KUNIT_CASE(numbers_wrap),
	KUNIT_CASE(numbers_wrap_over_a_failure),
	KUNIT_CASE(sync_in_an_oops_does_not_wait),
	KUNIT_CASE(oops_does_not_wait_for_a_quarantine),
	KUNIT_CASE(sync_within_a_sync_is_refused),
	KUNIT_CASE(sync_within_a_sync_is_refused_in_an_oops),
	KUNIT_CASE(message_of_an_invalidation_is_printed_after_it),
	KUNIT_CASE(overflow_within_a_sync_withholds),
	KUNIT_CASE(sync_within_the_trace_event_of_a_sync_leads),
	KUNIT_CASE(drain_of_nothing_costs_nothing),
	KUNIT_CASE(failed_allocation_drains_and_succeeds),
	KUNIT_CASE(drain_releases_what_its_sync_covered),
	KUNIT_CASE(drain_while_invalidations_fail_costs_nothing),
	KUNIT_CASE(drain_within_a_drain_leaves_its_positions),
	KUNIT_CASE(drain_beside_a_drain_syncs),
	KUNIT_CASE(both_kinds_of_invalidation_are_tried_at_the_start),
	KUNIT_CASE(domain_whose_leaf_only_trial_fails_is_refused),
	KUNIT_CASE(domain_whose_non_leaf_trial_fails_is_refused),
	KUNIT_CASE(trial_that_fails_once_is_repeated),
	KUNIT_CASE(trial_that_cannot_be_done_is_not_repeated),
	KUNIT_CASE(domain_without_the_op_is_refused),
	KUNIT_CASE(domain_that_a_hypervisor_shadows_is_refused),
	KUNIT_CASE(domain_that_a_hypervisor_shadows_is_batched_on_request),
	KUNIT_CASE(refused_domain_stays_refused),
	KUNIT_CASE(devices_of_a_domain_share_its_state),
	KUNIT_CASE(cpu_gets_its_ring_with_its_first_unmap),
	KUNIT_CASE(unmap_without_a_ring_is_synced_in_place),
	KUNIT_CASE(unbinding_a_driver_frees_the_rings),
	KUNIT_CASE(ring_with_entries_outlives_its_driver),
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
