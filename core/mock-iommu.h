/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The fixture for the tests of core: a domain with a mock IOMMU, and an adversary
 * that keeps everything that hardware is allowed to keep cached.
 *
 * DOC: the adversary
 *
 * It treats a translation as cached until an invalidation has completed that
 * began after the entry was cleared. It treats an unlinked table, and the leaf
 * entries in it, as cached until an invalidation of that kind has completed that
 * also drops non-leaf entries: after a leaf-only one the walker can still reach
 * them. The adversary needs no cache for this. It stamps clears and the beginnings
 * of invalidations from one clock. Of the invalidations that completed it keeps
 * the latest beginning, and the same for those that were not leaf-only. It reports
 * a violation if a range or a table is released, or a sync returns, too early.
 *
 * The clock has a lock, and that lock also orders accesses that lack a barrier. So
 * these tests cannot find a missing barrier. The litmus tests do, which each
 * barrier's comment names.
 */
#ifndef _XSMMU_MOCK_IOMMU_H
#define _XSMMU_MOCK_IOMMU_H

#include <kunit/test.h>
#include <linux/iommu.h>
#include <linux/prandom.h>
#include <linux/workqueue.h>
#include "internal.h"

/* Pages of the address space, pages that one table maps. */
#define MOCK_PAGES	4096
#define MOCK_TABLE	16

#define MOCK_LOG		256

/* After so many ms a test fails that waits for an event. */
#define MOCK_PATIENCE	5000

struct mock;

/* What the mock IOMMU does wrong in a control. */
enum mock_lie {
	MOCK_HONEST,
	MOCK_KEEPS_NON_LEAF,	/* treats each invalidation as leaf-only */
	MOCK_HIDES_FAILURE,	/* reports success after a failure */
};

/**
 * struct mock_page - one page of the address space
 * @state: free, mapped, or cleared and not yet released
 * @by_unlink: cleared by unlinking its table
 * @cleared: the clock when it was cleared
 */
struct mock_page {
	enum { MOCK_FREE, MOCK_LIVE, MOCK_GONE } state;
	bool by_unlink;
	u64 cleared;
};

/**
 * struct mock_unlinked - unlinks of the tables for one part of the address space
 * @stamp: the clock at the last one
 * @count: how many there were
 */
struct mock_unlinked {
	u64 stamp;
	unsigned int count;
};

/* A function that runs on another CPU; see mock_start(). */
struct mock_job {
	struct work_struct work;
	struct mock *mock;
	int (*fn)(struct mock *mock);
	int ret;
};

/**
 * struct mock - a domain under test
 * @test: the running test
 * @domain: the mock domain
 * @ops: its operations
 * @iovad: a real allocator of MOCK_PAGES pages
 * @xd: the state under test; NULL once a test has destroyed it
 * @job: one per possible CPU
 * @middle: called between begin and completion of an invalidation; interrupts off
 * @arg: for @middle
 * @fail: how many invalidations fail from now on
 * @fail_one_in: fail at random, if not 0
 * @max_delay_us: an invalidation takes up to that long, at random
 * @lie: see &enum mock_lie
 * @held: an invalidation has begun and waits for the test
 * @let_go: it may complete
 * @lock: protects all fields below
 * @clock: the adversary's; counts clears and begins
 * @began: the latest beginning of an invalidation that completed
 * @began_non_leaf: the same of those that dropped non-leaf entries too
 * @unlinked: the latest unlink whose unmap has returned
 * @in_flight: invalidations begun and not ended
 * @violations: how many violations the adversary has found
 * @objection: the first one
 * @outstanding: pages cleared and not yet released
 * @log: what happened, a letter each; see mock_log()
 * @taken: the part of it that mock_take_log() returned
 * @logged: letters in @log
 * @rnd: randomness of the invalidations
 * @page: the address space
 * @dir: its tables
 * @unlink: the unlinks of each table
 */
struct mock {
	struct kunit *test;
	struct iommu_domain domain;
	struct iommu_domain_ops ops;
	struct iova_domain iovad;
	struct xsmmu_domain *xd;
	struct mock_job *job;

	void (*middle)(struct mock *mock);
	void *arg;
	atomic_t fail;
	unsigned int fail_one_in;
	unsigned int max_delay_us;
	enum mock_lie lie;
	bool held;
	bool let_go;

	raw_spinlock_t lock;
	u64 clock;
	u64 began;
	u64 began_non_leaf;
	u64 unlinked;
	unsigned int in_flight;
	unsigned int violations;
	const char *objection;
	unsigned int outstanding;
	char log[MOCK_LOG];
	char taken[MOCK_LOG];
	unsigned int logged;
	struct rnd_state rnd;
	struct mock_page page[MOCK_PAGES];
	struct page *dir[MOCK_PAGES / MOCK_TABLE];
	struct mock_unlinked unlink[MOCK_PAGES / MOCK_TABLE];
};

/*
 * Letters of the log:
 *	c u	cleared leaf entries; unlinked a table
 *	l n	began a leaf-only invalidation; one that drops non-leaf entries too
 *	. !	it completed; it failed
 *	r t	a range was released; a table was
 * Tests add their own through mock_log().
 */
void mock_log(struct mock *mock, char letter);
const char *mock_take_log(struct mock *mock);

#define MOCK_EXPECT_LOG(r, expected) do {				\
	struct mock *__mock = (r);					\
									\
	KUNIT_EXPECT_STREQ(__mock->test, mock_take_log(__mock), expected);	\
} while (0)

/*
 * For a test that allocates or releases under a raw lock. With PREEMPT_RT nothing does
 * so: consoles print from threads there, and only a console's driver unmaps within an
 * invalidation.
 */
static inline void skip_if_raw_locks_are_checked(struct kunit *test)
{
	if (IS_ENABLED(CONFIG_PROVE_RAW_LOCK_NESTING))
		kunit_skip(test, "it releases under a raw lock; with PREEMPT_RT nothing does");
}

struct mock *mock_create(struct kunit *test);
bool mock_enable(struct mock *mock);
void mock_attach(struct mock *mock);
void mock_resize(struct mock *mock, unsigned int entries);
void mock_destroy_domain(struct mock *mock);
void mock_free(struct mock *mock);
void mock_backstop(struct mock *mock, bool on);

dma_addr_t mock_map(struct mock *mock, unsigned int pages);
void mock_unmap(struct mock *mock, dma_addr_t iova, unsigned int pages);
void mock_map_unmap(struct mock *mock, unsigned int pages);
int mock_sync(struct mock *mock);
int mock_judge_sync(struct mock *mock, int (*sync)(struct xsmmu_domain *xd));
void mock_object(struct mock *mock, const char *objection);

struct xsmmu_stats mock_stats(struct mock *mock);
unsigned int mock_pending(struct mock *mock);

void mock_pin(unsigned int cpu);
unsigned int mock_other_cpu(struct kunit *test);
void mock_start(struct mock *mock, unsigned int cpu, int (*fn)(struct mock *mock));
int mock_join(struct mock *mock, unsigned int cpu);
int mock_on(struct mock *mock, unsigned int cpu, int (*fn)(struct mock *mock));
void mock_delay(unsigned int ms);
void mock_signal(bool *flag);
bool mock_wait(bool *flag);
bool mock_wait_pending(struct mock *mock, unsigned int pending);

#endif /* _XSMMU_MOCK_IOMMU_H */
