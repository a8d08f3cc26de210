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
#ifndef _XSMMU_TEST_RIG_H
#define _XSMMU_TEST_RIG_H

#include <kunit/test.h>
#include <linux/iommu.h>
#include <linux/prandom.h>
#include <linux/workqueue.h>
#include "xsmmu.h"

/* Pages of the address space, pages that one table maps. */
#define RIG_PAGES	4096
#define RIG_TABLE	16

#define RIG_LOG		256

/* How long a test waits for what must happen, in ms. Never reached if it does. */
#define RIG_PATIENCE	5000

struct rig;

/* Ways in which an engine can be worse than it says, for positive controls. */
enum rig_lie {
	RIG_HONEST,
	RIG_KEEPS_NON_LEAF,	/* takes each invalidation for a leaf-only one */
	RIG_HIDES_FAILURE,	/* fails and reports success */
};

/**
 * struct rig_page - one page of the address space
 * @state: free, mapped, or cleared and not yet released
 * @by_unlink: cleared by unlinking its table
 * @cleared: the clock's stamp of that
 */
struct rig_page {
	enum { RIG_FREE, RIG_LIVE, RIG_GONE } state;
	bool by_unlink;
	u64 cleared;
};

/**
 * struct rig_unlinked - the last unlink of one table's place
 * @stamp: when
 * @count: how many there were
 */
struct rig_unlinked {
	u64 stamp;
	unsigned int count;
};

/* Something done by another CPU; see rig_start(). */
struct rig_job {
	struct work_struct work;
	struct rig *rig;
	int (*fn)(struct rig *rig);
	int ret;
};

/**
 * struct rig - a domain under test
 * @test: the running test
 * @domain: the mock domain
 * @ops: its operations
 * @iovad: a real allocator of RIG_PAGES pages
 * @xd: the state under test; NULL once a test has destroyed it
 * @real_release: what core would have called
 * @job: one per possible CPU
 * @middle: called by the engine between begin and completion; interrupts off
 * @arg: for @middle
 * @fail: how many invalidations fail from now on
 * @fail_one_in: fail at random, if not 0
 * @max_delay_us: take that long at random
 * @lie: see &enum rig_lie
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
 * @log: what happened, a letter each; see rig_log()
 * @taken: the part of it that a test looks at
 * @logged: letters in @log
 * @rnd: randomness of the engine
 * @page: the address space
 * @dir: its tables
 * @unlink: what happened to each
 */
struct rig {
	struct kunit *test;
	struct iommu_domain domain;
	struct iommu_domain_ops ops;
	struct iova_domain iovad;
	struct xsmmu_domain *xd;
	void (*real_release)(struct xsmmu_domain *xd,
			     const struct xsmmu_range *r, unsigned int n,
			     struct list_head *tables);
	struct rig_job *job;

	void (*middle)(struct rig *rig);
	void *arg;
	atomic_t fail;
	unsigned int fail_one_in;
	unsigned int max_delay_us;
	enum rig_lie lie;
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
	char log[RIG_LOG];
	char taken[RIG_LOG];
	unsigned int logged;
	struct rnd_state rnd;
	struct rig_page page[RIG_PAGES];
	struct page *dir[RIG_PAGES / RIG_TABLE];
	struct rig_unlinked unlink[RIG_PAGES / RIG_TABLE];
};

/*
 * Letters of the log:
 *	c u	cleared leaf entries; unlinked a table
 *	l f	began an invalidation of leaf entries; of all entries
 *	. !	it completed; it failed
 *	r t	a range was released; a table was
 * Tests add their own through rig_log().
 */
void rig_log(struct rig *rig, char letter);
const char *rig_take_log(struct rig *rig);

#define RIG_EXPECT_LOG(r, expected) do {				\
	struct rig *__rig = (r);					\
									\
	KUNIT_EXPECT_STREQ(__rig->test, rig_take_log(__rig), expected);	\
} while (0)

struct rig *rig_create(struct kunit *test);
void rig_attach(struct rig *rig);
void rig_resize(struct rig *rig, unsigned int entries);
void rig_destroy_domain(struct rig *rig);
void rig_free(struct rig *rig);
void rig_backstop(struct rig *rig, bool on);

dma_addr_t rig_map(struct rig *rig, unsigned int pages);
void rig_unmap(struct rig *rig, dma_addr_t iova, unsigned int pages);
void rig_map_unmap(struct rig *rig, unsigned int pages);
int rig_sync(struct rig *rig);
int rig_judge_sync(struct rig *rig, int (*sync)(struct xsmmu_domain *xd));
void rig_object(struct rig *rig, const char *objection);

struct xsmmu_stats rig_stats(struct rig *rig);
unsigned int rig_pending(struct rig *rig);

void rig_pin(unsigned int cpu);
unsigned int rig_other_cpu(struct kunit *test);
void rig_start(struct rig *rig, unsigned int cpu, int (*fn)(struct rig *rig));
int rig_join(struct rig *rig, unsigned int cpu);
int rig_on(struct rig *rig, unsigned int cpu, int (*fn)(struct rig *rig));
void rig_delay(unsigned int ms);
void rig_signal(bool *flag);
bool rig_wait(bool *flag);
bool rig_wait_pending(struct rig *rig, unsigned int pending);

#endif /* _XSMMU_TEST_RIG_H */
