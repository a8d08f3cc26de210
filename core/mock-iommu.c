// SPDX-License-Identifier: GPL-2.0
/*
 * A mock IOMMU with an adversary behind it; see mock-iommu.h.
 */
#include <linux/delay.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include "mock-iommu.h"
#include "base.h"

static struct mock *to_mock(struct iommu_domain *domain)
{
	return container_of(domain, struct mock, domain);
}

/* The log and the objections. */

static void mock_log_locked(struct mock *mock, char letter)
{
	lockdep_assert_held(&mock->lock);
	if (mock->logged < MOCK_LOG - 1)
		mock->log[mock->logged++] = letter;
}

void mock_log(struct mock *mock, char letter)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&mock->lock, flags);
	mock_log_locked(mock, letter);
	raw_spin_unlock_irqrestore(&mock->lock, flags);
}

/* Returns what was logged since the last call; valid until the next call. */
const char *mock_take_log(struct mock *mock)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&mock->lock, flags);
	memcpy(mock->taken, mock->log, mock->logged);
	mock->taken[mock->logged] = '\0';
	mock->logged = 0;
	raw_spin_unlock_irqrestore(&mock->lock, flags);
	return mock->taken;
}

static void mock_object_locked(struct mock *mock, const char *objection)
{
	lockdep_assert_held(&mock->lock);
	if (!mock->violations++)
		mock->objection = objection;
}

void mock_object(struct mock *mock, const char *objection)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&mock->lock, flags);
	mock_object_locked(mock, objection);
	raw_spin_unlock_irqrestore(&mock->lock, flags);
}

/*
 * Has every cache dropped what was cleared at @stamp? With @non_leaf, that needs
 * an invalidation that drops non-leaf entries.
 */
static bool mock_covered(struct mock *mock, u64 stamp, bool non_leaf)
{
	return stamp < (non_leaf ? mock->began_non_leaf : mock->began);
}

/* The page table. */

static void mock_clear(struct mock *mock, struct mock_page *p, bool by_unlink)
{
	if (p->state != MOCK_LIVE)
		mock_object_locked(mock, "unmapped a page that was not mapped");
	p->state = MOCK_GONE;
	p->by_unlink = by_unlink;
	p->cleared = mock->clock;
	mock->outstanding++;
}

/*
 * As VT-d does: an unmap of all that a table maps unlinks the table, and does not
 * clear the entries in it.
 */
static void mock_unlink(struct mock *mock, unsigned long pfn,
			struct iommu_iotlb_gather *gather)
{
	struct page **dir = &mock->dir[pfn / MOCK_TABLE];
	struct mock_unlinked *unlink = &mock->unlink[pfn / MOCK_TABLE];

	unlink->stamp = mock->clock;
	unlink->count++;
	(*dir)->private = mock->clock;
	xsmmu_table_add(*dir, xsmmu_gathered_tables(gather));
	*dir = NULL;
}

static size_t mock_unmap_pages(struct iommu_domain *domain, unsigned long iova,
			       size_t pgsize, size_t count,
			       struct iommu_iotlb_gather *gather)
{
	struct mock *mock = to_mock(domain);
	unsigned long pfn = iova / PAGE_SIZE, flags;
	bool unlink = count == MOCK_TABLE && IS_ALIGNED(pfn, MOCK_TABLE);
	size_t i;

	raw_spin_lock_irqsave(&mock->lock, flags);
	mock->clock++;
	mock_log_locked(mock, unlink ? 'u' : 'c');
	for (i = 0; i < count; i++)
		mock_clear(mock, &mock->page[pfn + i], unlink);
	if (unlink)
		mock_unlink(mock, pfn, gather);
	raw_spin_unlock_irqrestore(&mock->lock, flags);
	return pgsize * count;
}

static bool mock_add_table(struct mock *mock, unsigned long pfn)
{
	struct page **dir = &mock->dir[pfn / MOCK_TABLE];
	struct page *table = xsmmu_table_alloc();
	unsigned long flags;

	if (!table)
		return false;
	raw_spin_lock_irqsave(&mock->lock, flags);
	if (!*dir)
		swap(*dir, table);
	raw_spin_unlock_irqrestore(&mock->lock, flags);
	if (table)
		xsmmu_table_free(table);
	return true;
}

/*
 * Allocate and map @pages, a power of two up to MOCK_TABLE. Process context.
 * Returns 0 if the address space is used up.
 */
dma_addr_t mock_map(struct mock *mock, unsigned int pages)
{
	unsigned long pfn, flags;
	unsigned int i;

	pfn = alloc_iova_fast(&mock->iovad, pages, MOCK_PAGES - 1, true);
	if (!pfn)
		return 0;
	if (!mock_add_table(mock, pfn)) {
		free_iova_fast(&mock->iovad, pfn, pages);
		return 0;
	}
	raw_spin_lock_irqsave(&mock->lock, flags);
	for (i = 0; i < pages; i++) {
		if (mock->page[pfn + i].state != MOCK_FREE)
			mock_object_locked(mock, "mapped a page that was in use");
		mock->page[pfn + i].state = MOCK_LIVE;
	}
	raw_spin_unlock_irqrestore(&mock->lock, flags);
	return (dma_addr_t)pfn * PAGE_SIZE;
}

/*
 * Unmap. Every sync from now on has to cover a table that this unlinked, unless
 * the table was released meanwhile and another one unlinked in its place.
 */
void mock_unmap(struct mock *mock, dma_addr_t iova, unsigned int pages)
{
	struct mock_unlinked *unlink;
	unsigned long flags;
	unsigned int count;

	unlink = &mock->unlink[iova / PAGE_SIZE / MOCK_TABLE];
	count = READ_ONCE(unlink->count);
	xsmmu_unmap(mock->xd, iova, pages * PAGE_SIZE);
	if (pages != MOCK_TABLE)
		return;
	raw_spin_lock_irqsave(&mock->lock, flags);
	if (unlink->count == count + 1)
		mock->unlinked = max(mock->unlinked, unlink->stamp);
	raw_spin_unlock_irqrestore(&mock->lock, flags);
}

/* One buffer, mapped and unmapped. */
void mock_map_unmap(struct mock *mock, unsigned int pages)
{
	dma_addr_t iova = mock_map(mock, pages);

	if (iova)
		mock_unmap(mock, iova, pages);
	else
		mock_object(mock, "no address to map");
}

/* The invalidations. */

static u64 mock_begin(struct mock *mock, bool leaf_only)
{
	unsigned long flags;
	u64 began;

	raw_spin_lock_irqsave(&mock->lock, flags);
	began = ++mock->clock;
	mock_log_locked(mock, leaf_only ? 'l' : 'n');
	if (mock->in_flight++)
		mock_object_locked(mock, "two invalidations at once");
	raw_spin_unlock_irqrestore(&mock->lock, flags);
	return began;
}

/* Does the running invalidation fail? Only one runs at a time. */
static bool mock_fails(struct mock *mock)
{
	if (atomic_dec_if_positive(&mock->fail) >= 0)
		return true;
	return mock->fail_one_in &&
	       !(prandom_u32_state(&mock->rnd) % mock->fail_one_in);
}

static void mock_end(struct mock *mock, u64 began, bool leaf_only, bool failed)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&mock->lock, flags);
	mock->in_flight--;
	mock_log_locked(mock, failed ? '!' : '.');
	if (!failed) {
		mock->began = max(mock->began, began);
		if (!leaf_only && mock->lie != MOCK_KEEPS_NON_LEAF)
			mock->began_non_leaf = max(mock->began_non_leaf, began);
	}
	raw_spin_unlock_irqrestore(&mock->lock, flags);
}

static int mock_sync_domain_iotlb(struct iommu_domain *domain, bool leaf_only)
{
	struct mock *mock = to_mock(domain);
	u64 began = mock_begin(mock, leaf_only);
	bool failed;

	if (mock->middle)
		mock->middle(mock);
	if (mock->max_delay_us)
		udelay(prandom_u32_state(&mock->rnd) % mock->max_delay_us);
	failed = mock_fails(mock);
	mock_end(mock, began, leaf_only, failed);
	return failed && mock->lie != MOCK_HIDES_FAILURE ? -ETIMEDOUT : 0;
}

/* Checks of a release. */

static void mock_judge_range(struct mock *mock, const struct xsmmu_range *r)
{
	struct mock_page *p = &mock->page[r->pfn];
	unsigned int i;

	mock_log_locked(mock, 'r');
	for (i = 0; i < r->pages; i++, p++) {
		if (p->state != MOCK_GONE)
			mock_object_locked(mock, "released a range twice");
		else if (!mock_covered(mock, p->cleared, p->by_unlink))
			mock_object_locked(mock, "I2: released a cached range");
		p->state = MOCK_FREE;
		mock->outstanding--;
	}
}

static void mock_judge_table(struct mock *mock, struct page *table)
{
	mock_log_locked(mock, 't');
	if (!mock_covered(mock, table->private, true))
		mock_object_locked(mock, "I3: freed a cached table");
	table->private = 0;
}

static void mock_release(struct xsmmu_domain *xd, const struct xsmmu_range *r,
			 unsigned int n, struct list_head *tables)
{
	struct mock *mock = to_mock(xd->domain);
	unsigned long flags;
	struct page *table;
	unsigned int i;

	raw_spin_lock_irqsave(&mock->lock, flags);
	xsmmu_for_each_table(table, tables)
		mock_judge_table(mock, table);
	for (i = 0; i < n; i++)
		mock_judge_range(mock, &r[i]);
	raw_spin_unlock_irqrestore(&mock->lock, flags);
	xsmmu_give_back(xd, r, n, tables);
}

/*
 * Call @sync, and check that it kept I1 and I4: no cache has anything that was
 * cleared before the call, on whichever CPU.
 */
int mock_judge_sync(struct mock *mock, int (*sync)(struct xsmmu_domain *xd))
{
	u64 called, unlinked;
	unsigned long flags;
	int err;

	raw_spin_lock_irqsave(&mock->lock, flags);
	called = mock->clock;
	unlinked = mock->unlinked;
	raw_spin_unlock_irqrestore(&mock->lock, flags);

	err = sync(mock->xd);

	raw_spin_lock_irqsave(&mock->lock, flags);
	if (!err && !mock_covered(mock, called, false))
		mock_object_locked(mock, "I1: a sync returned too early");
	if (!err && !mock_covered(mock, unlinked, true))
		mock_object_locked(mock, "I1: a sync left the way to a table");
	raw_spin_unlock_irqrestore(&mock->lock, flags);
	return err;
}

int mock_sync(struct mock *mock)
{
	return mock_judge_sync(mock, xsmmu_sync);
}

/* The start and the end of a domain. */

static void mock_domain_init(struct mock *mock)
{
	mock->ops.unmap_pages = mock_unmap_pages;
	mock->ops.sync_domain_iotlb = mock_sync_domain_iotlb;
	mock->domain.ops = &mock->ops;
	mock->domain.type = IOMMU_DOMAIN_DMA;
	mock->domain.pgsize_bitmap = PAGE_SIZE;
}

/* A domain without batching state; see mock_attach(). */
struct mock *mock_create(struct kunit *test)
{
	struct mock *mock = kvzalloc(sizeof(*mock), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, mock);
	test->priv = mock;
	mock->test = test;
	raw_spin_lock_init(&mock->lock);
	prandom_seed_state(&mock->rnd, 1);
	mock_domain_init(mock);
	mock->job = kunit_kcalloc(test, nr_cpu_ids, sizeof(*mock->job),
				  GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, mock->job);
	KUNIT_ASSERT_EQ(test, iova_cache_get(), 0);
	init_iova_domain(&mock->iovad, PAGE_SIZE, 1);
	KUNIT_ASSERT_EQ(test, iova_domain_init_rcaches(&mock->iovad), 0);
	return mock;
}

/*
 * Opt in, as a driver does. The tests need the default size, whatever the kernel
 * command line says.
 */
bool mock_enable(struct mock *mock)
{
	bool enabled;

#ifdef CONFIG_XSMMU_DEBUG
	unsigned int size = XSMMU_QUARANTINE_SIZE;

	swap(size, xsmmu_quarantine_size);
#endif
	enabled = xsmmu_domain_enable(&mock->domain, &mock->iovad, "mock");
#ifdef CONFIG_XSMMU_DEBUG
	swap(size, xsmmu_quarantine_size);
#endif
	mock->xd = xsmmu_of(&mock->domain);
	/* Tests say themselves when the quarantines are drained. */
	xsmmu_init_iovad(&mock->iovad);
	return enabled;
}

/* Opt in, then turn the backstop off and empty the log. */
void mock_attach(struct mock *mock)
{
	KUNIT_ASSERT_TRUE(mock->test, mock_enable(mock));
	mock->xd->release = mock_release;
	mock_backstop(mock, false);
	mock_take_log(mock);
}

/* Resize the quarantines, which must be empty, to @entries, a power of two. */
void mock_resize(struct mock *mock, unsigned int entries)
{
	KUNIT_ASSERT_LE(mock->test, entries, XSMMU_QUARANTINE_SIZE);
	xsmmu_domain_trim(mock->xd);
	mock->xd->mask = entries - 1;
}

void mock_destroy_domain(struct mock *mock)
{
	xsmmu_domain_destroy(&mock->domain);
	mock->xd = NULL;
}

static void mock_end_jobs(struct mock *mock)
{
	unsigned int cpu;

	WRITE_ONCE(mock->let_go, true);
	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		if (mock->job[cpu].mock)
			flush_work(&mock->job[cpu].work);
}

void mock_free(struct mock *mock)
{
	unsigned int i;

	if (mock->job)
		mock_end_jobs(mock);
	atomic_set(&mock->fail, 0);
	mock->fail_one_in = 0;
	mock->middle = NULL;
	mock_destroy_domain(mock);
	if (mock->iovad.granule) {
		put_iova_domain(&mock->iovad);
		iova_cache_put();
	}
	for (i = 0; i < ARRAY_SIZE(mock->dir); i++)
		if (mock->dir[i])
			xsmmu_table_free(mock->dir[i]);
	kvfree(mock);
}

/*
 * Turn the backstop on or off. While a quarantine is marked as armed it does not
 * start its timer, so no tick comes between the steps of a slow test.
 */
void mock_backstop(struct mock *mock, bool on)
{
	struct xsmmu_quarantine *q;
	unsigned long flags;
	unsigned int class;
	int cpu;

	for_each_possible_cpu(cpu) {
		q = per_cpu_ptr(mock->xd->quarantine, cpu);
		raw_spin_lock_irqsave(&q->lock, flags);
		q->armed = !on;
		for (class = 0; class < XSMMU_CLASSES; class++)
			q->slots[class].limit = q->slots[class].tail;
		raw_spin_unlock_irqrestore(&q->lock, flags);
	}
}

/* The counts of all CPUs. */
struct xsmmu_stats mock_stats(struct mock *mock)
{
	struct xsmmu_stats sum = {};
	int cpu;

	for_each_possible_cpu(cpu) {
		struct xsmmu_stats *s;

		s = &per_cpu_ptr(mock->xd->quarantine, cpu)->stats;
		sum.unmaps += s->unmaps;
		sum.led += s->led;
		sum.shared += s->shared;
		sum.failed += s->failed;
		sum.overflows += s->overflows;
		sum.orphans += s->orphans;
	}
	return sum;
}

/* Entries in all quarantines. */
unsigned int mock_pending(struct mock *mock)
{
	struct xsmmu_quarantine *q;
	unsigned int pending = 0;
	int cpu;

	for_each_possible_cpu(cpu) {
		q = per_cpu_ptr(mock->xd->quarantine, cpu);
		pending += READ_ONCE(q->tail) - READ_ONCE(q->head);
	}
	return pending;
}

/* Other CPUs. */

void mock_pin(unsigned int cpu)
{
	set_cpus_allowed_ptr(current, cpumask_of(cpu));
}

/* Returns a CPU that the test does not run on; skips the test without one. */
unsigned int mock_other_cpu(struct kunit *test)
{
	unsigned int cpu = cpumask_any_but(cpu_online_mask,
					   raw_smp_processor_id());

	if (cpu >= nr_cpu_ids)
		kunit_skip(test, "needs a second CPU");
	return cpu;
}

static void mock_work(struct work_struct *work)
{
	struct mock_job *job = container_of(work, struct mock_job, work);

	job->ret = job->fn(job->mock);
}

/* Call @fn on @cpu, do not wait for it. One job per CPU. */
void mock_start(struct mock *mock, unsigned int cpu, int (*fn)(struct mock *mock))
{
	struct mock_job *job = &mock->job[cpu];

	job->mock = mock;
	job->fn = fn;
	INIT_WORK(&job->work, mock_work);
	queue_work_on(cpu, system_wq, &job->work);
}

int mock_join(struct mock *mock, unsigned int cpu)
{
	flush_work(&mock->job[cpu].work);
	return mock->job[cpu].ret;
}

int mock_on(struct mock *mock, unsigned int cpu, int (*fn)(struct mock *mock))
{
	mock_start(mock, cpu, fn);
	return mock_join(mock, cpu);
}

/*
 * Spin by the clock. A delay loop depends on its calibration, which may be wrong
 * on a busy machine that emulates. Any context.
 */
void mock_delay(unsigned int ms)
{
	u64 end = ktime_get_mono_fast_ns() + ms * NSEC_PER_MSEC;

	while (ktime_get_mono_fast_ns() < end)
		cpu_relax();
}

void mock_signal(bool *flag)
{
	/* Pairs with mock_wait(): what was done before, then the flag. */
	smp_store_release(flag, true);
}

/* Spin until another CPU signals @flag. Any context. */
bool mock_wait(bool *flag)
{
	u64 end = ktime_get_mono_fast_ns() + MOCK_PATIENCE * NSEC_PER_MSEC;

	/* Pairs with mock_signal(): the flag, then what was done before. */
	while (!smp_load_acquire(flag)) {
		if (ktime_get_mono_fast_ns() > end)
			return false;
		cpu_relax();
	}
	return true;
}

/* Sleep until @pending entries are left in quarantine. */
bool mock_wait_pending(struct mock *mock, unsigned int pending)
{
	unsigned int ms;

	for (ms = 0; ms < MOCK_PATIENCE; ms++) {
		if (mock_pending(mock) == pending)
			return true;
		usleep_range(1000, 1500);
	}
	return false;
}
