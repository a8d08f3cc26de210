/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of core stand on: a domain with a mock IOMMU behind it, and an
 * adversary that remembers all that the hardware may still remember.
 *
 * DOC: the adversary
 *
 * A cached translation is gone when an invalidation that began after the entry
 * was cleared has completed; until then it is there. A table is gone, and so are
 * the leaf entries in it, when one that drops non-leaf entries has; a leaf-only
 * one leaves the walker its way to them. So the adversary needs no cache: it
 * stamps clears and begins from one clock and keeps the youngest begin among the
 * invalidations that completed, one for each strength. It objects when a range
 * or a table is released, or a sync returns, before that.
 *
 * The clock is under a lock, and the lock orders what a missing barrier would
 * not: barriers are the business of the litmus tests.
 */
#ifndef _XSMMU_MOCK_IOMMU_H
#define _XSMMU_MOCK_IOMMU_H

#include <kunit/test.h>
#include <linux/iommu.h>
#include <linux/prandom.h>
#include <linux/workqueue.h>
#include "xsmmu.h"

/* Pages of the address space, pages that one table maps. */
#define MOCK_PAGES	4096
#define MOCK_TABLE	16

#define MOCK_LOG		256

/* How long a test waits for what must happen, in ms. Never reached if it does. */
#define MOCK_PATIENCE	5000

struct mock;

/* Ways in which an engine can be worse than it says, for positive controls. */
enum mock_lie {
	MOCK_HONEST,
	MOCK_KEEPS_NON_LEAF,	/* takes each invalidation for a leaf-only one */
	MOCK_HIDES_FAILURE,	/* fails and reports success */
};

/**
 * struct mock_page - one page of the address space
 * @state: free, mapped, or cleared and not yet released
 * @by_unlink: cleared by unlinking its table
 * @cleared: the clock's stamp of that
 */
struct mock_page {
	enum { MOCK_FREE, MOCK_LIVE, MOCK_GONE } state;
	bool by_unlink;
	u64 cleared;
};

/**
 * struct mock_unlinked - the last unlink of one table's place
 * @stamp: when
 * @count: how many there were
 */
struct mock_unlinked {
	u64 stamp;
	unsigned int count;
};

/* Something done by another CPU; see mock_start(). */
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
 * @real_release: what core would have called
 * @job: one per possible CPU
 * @middle: called by the engine between begin and completion; interrupts off
 * @arg: for @middle
 * @fail: how many invalidations fail from now on
 * @fail_one_in: fail at random, if not 0
 * @max_delay_us: take that long at random
 * @lie: see &enum mock_lie
 * @held: an invalidation is waiting for the test
 * @let_go: it need not any more
 * @lock: protects all below
 * @clock: the adversary's; counts clears and begins
 * @began: begin of the youngest completed invalidation, of any strength
 * @began_full: the same for one that dropped non-leaf entries
 * @unlinked: youngest unlink whose unmap has returned
 * @in_flight: invalidations begun and not ended
 * @violations: what the adversary objected to
 * @objection: the first one
 * @outstanding: pages cleared and not yet released
 * @log: what happened, a letter each; see mock_log()
 * @taken: the part of it that a test looks at
 * @logged: letters in @log
 * @rnd: randomness of the engine
 * @page: the address space
 * @dir: its tables
 * @unlink: what happened to each
 */
struct mock {
	struct kunit *test;
	struct iommu_domain domain;
	struct iommu_domain_ops ops;
	struct iova_domain iovad;
	struct xsmmu_domain *xd;
	void (*real_release)(struct xsmmu_domain *xd,
			     const struct xsmmu_range *r, unsigned int n,
			     struct list_head *tables);
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
	u64 began_full;
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
 *	l f	began an invalidation of leaf entries; of all entries
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

struct mock *mock_create(struct kunit *test);
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
