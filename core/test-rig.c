// SPDX-License-Identifier: GPL-2.0
/*
 * A mock IOMMU with an adversary behind it; see test-rig.h.
 */
#include <linux/delay.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include "test-rig.h"
#include "base.h"

static struct rig *to_rig(struct iommu_domain *domain)
{
	return container_of(domain, struct rig, domain);
}

/* The log and the objections. */

static void rig_log_locked(struct rig *rig, char letter)
{
	lockdep_assert_held(&rig->lock);
	if (rig->logged < RIG_LOG - 1)
		rig->log[rig->logged++] = letter;
}

void rig_log(struct rig *rig, char letter)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&rig->lock, flags);
	rig_log_locked(rig, letter);
	raw_spin_unlock_irqrestore(&rig->lock, flags);
}

/* What was logged since the last call. Valid until the next. */
const char *rig_take_log(struct rig *rig)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&rig->lock, flags);
	memcpy(rig->taken, rig->log, rig->logged);
	rig->taken[rig->logged] = '\0';
	rig->logged = 0;
	raw_spin_unlock_irqrestore(&rig->lock, flags);
	return rig->taken;
}

static void rig_object_locked(struct rig *rig, const char *objection)
{
	lockdep_assert_held(&rig->lock);
	if (!rig->violations++)
		rig->objection = objection;
}

void rig_object(struct rig *rig, const char *objection)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&rig->lock, flags);
	rig_object_locked(rig, objection);
	raw_spin_unlock_irqrestore(&rig->lock, flags);
}

/* Is what was cleared at @stamp out of every cache? */
static bool rig_covered(struct rig *rig, u64 stamp, bool full)
{
	return stamp < (full ? rig->began_full : rig->began);
}

/* The page table. */

static void rig_clear(struct rig *rig, struct rig_page *p, bool by_unlink)
{
	if (p->state != RIG_LIVE)
		rig_object_locked(rig, "unmapped a page that was not mapped");
	p->state = RIG_GONE;
	p->by_unlink = by_unlink;
	p->cleared = rig->clock;
	rig->outstanding++;
}

/* As VT-d does: a range that fills a table takes the table, leaves intact. */
static void rig_unlink(struct rig *rig, unsigned long pfn,
		       struct iommu_iotlb_gather *gather)
{
	struct page **dir = &rig->dir[pfn / RIG_TABLE];
	struct rig_unlinked *unlink = &rig->unlink[pfn / RIG_TABLE];

	unlink->stamp = rig->clock;
	unlink->count++;
	(*dir)->private = rig->clock;
	list_add_tail(&(*dir)->lru, xsmmu_gathered_tables(gather));
	*dir = NULL;
}

static size_t rig_unmap_pages(struct iommu_domain *domain, unsigned long iova,
			      size_t pgsize, size_t count,
			      struct iommu_iotlb_gather *gather)
{
	struct rig *rig = to_rig(domain);
	unsigned long pfn = iova / PAGE_SIZE, flags;
	bool unlink = count == RIG_TABLE && IS_ALIGNED(pfn, RIG_TABLE);
	size_t i;

	raw_spin_lock_irqsave(&rig->lock, flags);
	rig->clock++;
	rig_log_locked(rig, unlink ? 'u' : 'c');
	for (i = 0; i < count; i++)
		rig_clear(rig, &rig->page[pfn + i], unlink);
	if (unlink)
		rig_unlink(rig, pfn, gather);
	raw_spin_unlock_irqrestore(&rig->lock, flags);
	return pgsize * count;
}

static bool rig_add_table(struct rig *rig, unsigned long pfn)
{
	struct page **dir = &rig->dir[pfn / RIG_TABLE];
	struct page *table = alloc_page(GFP_KERNEL);
	unsigned long flags;

	if (!table)
		return false;
	raw_spin_lock_irqsave(&rig->lock, flags);
	if (!*dir)
		swap(*dir, table);
	raw_spin_unlock_irqrestore(&rig->lock, flags);
	if (table)
		__free_page(table);
	return true;
}

/*
 * Allocate and map @pages, a power of two up to RIG_TABLE. Process context.
 * Returns 0 if the address space is used up.
 */
dma_addr_t rig_map(struct rig *rig, unsigned int pages)
{
	unsigned long pfn, flags;
	unsigned int i;

	pfn = alloc_iova_fast(&rig->iovad, pages, RIG_PAGES - 1, true);
	if (!pfn)
		return 0;
	if (!rig_add_table(rig, pfn)) {
		free_iova_fast(&rig->iovad, pfn, pages);
		return 0;
	}
	raw_spin_lock_irqsave(&rig->lock, flags);
	for (i = 0; i < pages; i++) {
		if (rig->page[pfn + i].state != RIG_FREE)
			rig_object_locked(rig, "mapped a page that was in use");
		rig->page[pfn + i].state = RIG_LIVE;
	}
	raw_spin_unlock_irqrestore(&rig->lock, flags);
	return (dma_addr_t)pfn * PAGE_SIZE;
}

/*
 * Unmap. A table that this unlinked is the business of every sync from now on,
 * unless it was released already and its place used again.
 */
void rig_unmap(struct rig *rig, dma_addr_t iova, unsigned int pages)
{
	struct rig_unlinked *unlink;
	unsigned long flags;
	unsigned int count;

	unlink = &rig->unlink[iova / PAGE_SIZE / RIG_TABLE];
	count = READ_ONCE(unlink->count);
	xsmmu_unmap(rig->xd, iova, pages * PAGE_SIZE);
	if (pages != RIG_TABLE)
		return;
	raw_spin_lock_irqsave(&rig->lock, flags);
	if (unlink->count == count + 1)
		rig->unlinked = max(rig->unlinked, unlink->stamp);
	raw_spin_unlock_irqrestore(&rig->lock, flags);
}

/* One buffer, mapped and unmapped. */
void rig_map_unmap(struct rig *rig, unsigned int pages)
{
	dma_addr_t iova = rig_map(rig, pages);

	if (iova)
		rig_unmap(rig, iova, pages);
	else
		rig_object(rig, "no address to map");
}

/* The engine. */

static u64 rig_begin(struct rig *rig, bool leaf_only)
{
	unsigned long flags;
	u64 began;

	raw_spin_lock_irqsave(&rig->lock, flags);
	began = ++rig->clock;
	rig_log_locked(rig, leaf_only ? 'l' : 'f');
	if (rig->in_flight++)
		rig_object_locked(rig, "two invalidations at once");
	raw_spin_unlock_irqrestore(&rig->lock, flags);
	return began;
}

/* Must the running invalidation fail? Only one runs. */
static bool rig_fails(struct rig *rig)
{
	if (atomic_dec_if_positive(&rig->fail) >= 0)
		return true;
	return rig->fail_one_in &&
	       !(prandom_u32_state(&rig->rnd) % rig->fail_one_in);
}

static void rig_end(struct rig *rig, u64 began, bool leaf_only, bool failed)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&rig->lock, flags);
	rig->in_flight--;
	rig_log_locked(rig, failed ? '!' : '.');
	if (!failed) {
		rig->began = max(rig->began, began);
		if (!leaf_only && rig->lie != RIG_KEEPS_NON_LEAF)
			rig->began_full = max(rig->began_full, began);
	}
	raw_spin_unlock_irqrestore(&rig->lock, flags);
}

static int rig_sync_domain_iotlb(struct iommu_domain *domain, bool leaf_only)
{
	struct rig *rig = to_rig(domain);
	u64 began = rig_begin(rig, leaf_only);
	bool failed;

	if (rig->middle)
		rig->middle(rig);
	if (rig->max_delay_us)
		udelay(prandom_u32_state(&rig->rnd) % rig->max_delay_us);
	failed = rig_fails(rig);
	rig_end(rig, began, leaf_only, failed);
	return failed && rig->lie != RIG_HIDES_FAILURE ? -ETIMEDOUT : 0;
}

/* The judgement of a release. */

static void rig_judge_range(struct rig *rig, const struct xsmmu_range *r)
{
	struct rig_page *p = &rig->page[r->pfn];
	unsigned int i;

	rig_log_locked(rig, 'r');
	for (i = 0; i < r->pages; i++, p++) {
		if (p->state != RIG_GONE)
			rig_object_locked(rig, "released a range twice");
		else if (!rig_covered(rig, p->cleared, p->by_unlink))
			rig_object_locked(rig, "I2: released a cached range");
		p->state = RIG_FREE;
		rig->outstanding--;
	}
}

static void rig_judge_table(struct rig *rig, struct page *table)
{
	rig_log_locked(rig, 't');
	if (!rig_covered(rig, table->private, true))
		rig_object_locked(rig, "I3: freed a cached table");
	table->private = 0;
}

static void rig_release(struct xsmmu_domain *xd, const struct xsmmu_range *r,
			unsigned int n, struct list_head *tables)
{
	struct rig *rig = to_rig(xd->domain);
	unsigned long flags;
	struct page *table;
	unsigned int i;

	raw_spin_lock_irqsave(&rig->lock, flags);
	list_for_each_entry(table, tables, lru)
		rig_judge_table(rig, table);
	for (i = 0; i < n; i++)
		rig_judge_range(rig, &r[i]);
	raw_spin_unlock_irqrestore(&rig->lock, flags);
	rig->real_release(xd, r, n, tables);
}

/*
 * Sync by way of @sync, and see that it kept I1 and I4: all that was cleared
 * before the call is gone, no matter by which CPU.
 */
int rig_judge_sync(struct rig *rig, int (*sync)(struct xsmmu_domain *xd))
{
	u64 called, unlinked;
	unsigned long flags;
	int err;

	raw_spin_lock_irqsave(&rig->lock, flags);
	called = rig->clock;
	unlinked = rig->unlinked;
	raw_spin_unlock_irqrestore(&rig->lock, flags);

	err = sync(rig->xd);

	raw_spin_lock_irqsave(&rig->lock, flags);
	if (!err && !rig_covered(rig, called, false))
		rig_object_locked(rig, "I1: a sync returned too early");
	if (!err && !rig_covered(rig, unlinked, true))
		rig_object_locked(rig, "I1: a sync left the way to a table");
	raw_spin_unlock_irqrestore(&rig->lock, flags);
	return err;
}

int rig_sync(struct rig *rig)
{
	return rig_judge_sync(rig, xsmmu_sync);
}

/* Birth and end. */

static void rig_domain_init(struct rig *rig)
{
	rig->ops.unmap_pages = rig_unmap_pages;
	rig->ops.sync_domain_iotlb = rig_sync_domain_iotlb;
	rig->domain.ops = &rig->ops;
	rig->domain.type = IOMMU_DOMAIN_DMA;
	rig->domain.pgsize_bitmap = PAGE_SIZE;
}

/* A domain without batching state; see rig_attach(). */
struct rig *rig_create(struct kunit *test)
{
	struct rig *rig = kvzalloc(sizeof(*rig), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, rig);
	test->priv = rig;
	rig->test = test;
	raw_spin_lock_init(&rig->lock);
	prandom_seed_state(&rig->rnd, 1);
	rig_domain_init(rig);
	rig->job = kunit_kcalloc(test, nr_cpu_ids, sizeof(*rig->job),
				 GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, rig->job);
	KUNIT_ASSERT_EQ(test, iova_cache_get(), 0);
	init_iova_domain(&rig->iovad, PAGE_SIZE, 1);
	KUNIT_ASSERT_EQ(test, iova_domain_init_rcaches(&rig->iovad), 0);
	return rig;
}

/* Whatever the command line says, the tests start from the same knobs. */
static struct xsmmu_domain *rig_create_domain(struct rig *rig)
{
#ifdef CONFIG_XSMMU_DEBUG
	unsigned int size = XSMMU_QUARANTINE_SIZE;
	struct xsmmu_domain *xd;

	swap(size, xsmmu_quarantine_size);
	xd = xsmmu_domain_create(&rig->domain, &rig->iovad, "rig");
	swap(size, xsmmu_quarantine_size);
	return xd;
#else
	return xsmmu_domain_create(&rig->domain, &rig->iovad, "rig");
#endif
}

/* Batching state, the backstop off, the log empty. */
void rig_attach(struct rig *rig)
{
	rig->xd = rig_create_domain(rig);
	KUNIT_ASSERT_NOT_NULL(rig->test, rig->xd);
	rig->real_release = rig->xd->release;
	rig->xd->release = rig_release;
	rig_backstop(rig, false);
	rig_take_log(rig);
}

/* Quarantines of @entries, a power of two. While they are empty. */
void rig_resize(struct rig *rig, unsigned int entries)
{
	KUNIT_ASSERT_LE(rig->test, entries, XSMMU_QUARANTINE_SIZE);
	rig->xd->mask = entries - 1;
}

void rig_destroy_domain(struct rig *rig)
{
	xsmmu_domain_destroy(rig->xd);
	rig->xd = NULL;
}

static void rig_end_jobs(struct rig *rig)
{
	unsigned int cpu;

	WRITE_ONCE(rig->let_go, true);
	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		if (rig->job[cpu].rig)
			flush_work(&rig->job[cpu].work);
}

void rig_free(struct rig *rig)
{
	unsigned int i;

	if (rig->job)
		rig_end_jobs(rig);
	atomic_set(&rig->fail, 0);
	rig->fail_one_in = 0;
	rig->middle = NULL;
	rig_destroy_domain(rig);
	if (rig->iovad.granule) {
		put_iova_domain(&rig->iovad);
		iova_cache_put();
	}
	for (i = 0; i < ARRAY_SIZE(rig->dir); i++)
		if (rig->dir[i])
			__free_page(rig->dir[i]);
	kvfree(rig);
}

/*
 * The backstop on or off. A quarantine that believes its timer to be pending
 * does not start it, so no tick comes between the steps of a slow test.
 */
void rig_backstop(struct rig *rig, bool on)
{
	struct xsmmu_quarantine *q;
	unsigned long flags;
	int cpu;

	for_each_possible_cpu(cpu) {
		q = per_cpu_ptr(rig->xd->quarantine, cpu);
		raw_spin_lock_irqsave(&q->lock, flags);
		q->armed = !on;
		raw_spin_unlock_irqrestore(&q->lock, flags);
	}
}

/* The counts of all CPUs. */
struct xsmmu_stats rig_stats(struct rig *rig)
{
	struct xsmmu_stats sum = {};
	int cpu;

	for_each_possible_cpu(cpu) {
		struct xsmmu_stats *s;

		s = &per_cpu_ptr(rig->xd->quarantine, cpu)->stats;
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
unsigned int rig_pending(struct rig *rig)
{
	struct xsmmu_quarantine *q;
	unsigned int pending = 0;
	int cpu;

	for_each_possible_cpu(cpu) {
		q = per_cpu_ptr(rig->xd->quarantine, cpu);
		pending += READ_ONCE(q->tail) - READ_ONCE(q->head);
	}
	return pending;
}

/* Other CPUs. */

void rig_pin(unsigned int cpu)
{
	set_cpus_allowed_ptr(current, cpumask_of(cpu));
}

/* A CPU that the test does not run on. Skips the test if there is none. */
unsigned int rig_other_cpu(struct kunit *test)
{
	unsigned int cpu = cpumask_any_but(cpu_online_mask,
					   raw_smp_processor_id());

	if (cpu >= nr_cpu_ids)
		kunit_skip(test, "needs a second CPU");
	return cpu;
}

static void rig_work(struct work_struct *work)
{
	struct rig_job *job = container_of(work, struct rig_job, work);

	job->ret = job->fn(job->rig);
}

/* Call @fn on @cpu and go on. One job per CPU. */
void rig_start(struct rig *rig, unsigned int cpu, int (*fn)(struct rig *rig))
{
	struct rig_job *job = &rig->job[cpu];

	job->rig = rig;
	job->fn = fn;
	INIT_WORK(&job->work, rig_work);
	queue_work_on(cpu, system_wq, &job->work);
}

int rig_join(struct rig *rig, unsigned int cpu)
{
	flush_work(&rig->job[cpu].work);
	return rig->job[cpu].ret;
}

int rig_on(struct rig *rig, unsigned int cpu, int (*fn)(struct rig *rig))
{
	rig_start(rig, cpu, fn);
	return rig_join(rig, cpu);
}

/*
 * Spin by the clock. A delay loop is as good as its calibration, and that may
 * fail on a machine that is emulated and busy. Any context.
 */
void rig_delay(unsigned int ms)
{
	u64 end = ktime_get_mono_fast_ns() + ms * NSEC_PER_MSEC;

	while (ktime_get_mono_fast_ns() < end)
		cpu_relax();
}

void rig_signal(bool *flag)
{
	/* Who sees the flag sees what was done before. */
	smp_store_release(flag, true);
}

/* Spin until another CPU signals @flag. Any context. */
bool rig_wait(bool *flag)
{
	u64 end = ktime_get_mono_fast_ns() + RIG_PATIENCE * NSEC_PER_MSEC;

	/* Pairs with rig_signal(). */
	while (!smp_load_acquire(flag)) {
		if (ktime_get_mono_fast_ns() > end)
			return false;
		cpu_relax();
	}
	return true;
}

/* Sleep until @pending entries are left in quarantine. */
bool rig_wait_pending(struct rig *rig, unsigned int pending)
{
	unsigned int ms;

	for (ms = 0; ms < RIG_PATIENCE; ms++) {
		if (rig_pending(rig) == pending)
			return true;
		usleep_range(1000, 1500);
	}
	return false;
}
