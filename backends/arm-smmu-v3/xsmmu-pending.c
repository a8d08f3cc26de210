// SPDX-License-Identifier: GPL-2.0
/*
 * What the batches of a domain have cleared and no invalidation has covered.
 *
 * Two things are written down when a batched unmap has cleared leaf entries, on
 * the CPU that did it: the cache lines that hold them, if the walker does not
 * look into the caches, and the IOVA ranges, if the SMMU can be told such. The
 * next sync of the domain takes both, on whatever CPU it runs: an entry may be
 * cleared on one CPU and synced on another, and its line must be clean before
 * the invalidation, or the SMMU fetches it again.
 *
 * Who asks for a sync relies on an invalidation that starts afterwards (I4). With
 * the core's barriers that is enough for the logs as well: an unmap sets its
 * CPU's bit before it returns, hence before B1; the sync looks for bits after B2.
 * If the requester reads a number below the sync's, the sync finds the bit.
 *
 * A log that was taken by a sync that failed is gone. That loses nothing. Its
 * lines have been cleaned, and stay so, since entries in quarantine are written
 * by nobody. Its ranges are part of everything, which the next sync drops.
 *
 * Lines are found by walking the tables once more, to one IOVA of each group of
 * lines. It is in quarantine (I2): its entry has not been reused, and no table on
 * the way was freed, because a table goes only with all that it maps. Nothing
 * releases an IOVA but a sync that succeeded, so its line is cleaned before.
 */
#include <linux/dma-mapping.h>
#include <linux/io-pgtable.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include "arm-smmu-v3.h"
#include "xsmmu.h"

/* How often a log's lock is tried in an oops: its holder may have been stopped. */
#define XSMMU_OOPS_TRIES	1000

static bool xsmmu_lock_log(struct arm_smmu_pending_log *log,
			   unsigned long *flags)
{
	unsigned int tries = XSMMU_OOPS_TRIES;

	if (likely(!oops_in_progress)) {
		raw_spin_lock_irqsave(&log->lock, *flags);
		return true;
	}
	while (tries--) {
		if (raw_spin_trylock_irqsave(&log->lock, *flags))
			return true;
		cpu_relax();
	}
	return false;
}

/* Are these neighbours? */
static bool xsmmu_follows(unsigned long iova, unsigned int leaves,
			  unsigned int shift, unsigned long next)
{
	return iova + ((unsigned long)leaves << shift) == next;
}

/*
 * Grow a run by whatever touches it, and take that out of @r. The runs of @r do
 * not touch each other.
 */
static void xsmmu_absorb(struct arm_smmu_ranges *r, unsigned long *iova,
			 unsigned int *leaves)
{
	unsigned int i = 0;

	while (i < r->n) {
		if (!xsmmu_follows(r->run[i].iova, r->run[i].leaves, r->shift,
				   *iova) &&
		    !xsmmu_follows(*iova, *leaves, r->shift, r->run[i].iova)) {
			i++;
			continue;
		}
		*iova = min(*iova, r->run[i].iova);
		*leaves += r->run[i].leaves;
		r->run[i] = r->run[--r->n];
	}
}

static void xsmmu_add_range(struct arm_smmu_ranges *r, unsigned long iova,
			    unsigned int shift, size_t leaves)
{
	unsigned int count = leaves;

	/* A command has one level hint, so there is one size of leaves. */
	if (r->whole || leaves > ARM_SMMU_NAMED_LEAVES - r->leaves ||
	    (r->n && r->shift != shift)) {
		r->whole = true;
		return;
	}
	r->shift = shift;
	r->leaves += count;
	xsmmu_absorb(r, &iova, &count);
	if (r->n == ARM_SMMU_NAMED_RUNS) {
		r->whole = true;
		return;
	}
	r->run[r->n].iova = iova;
	r->run[r->n].leaves = count;
	r->n++;
}

static void xsmmu_add_ranges(struct arm_smmu_ranges *r,
			     const struct arm_smmu_ranges *more)
{
	unsigned int i;

	r->whole |= more->whole;
	for (i = 0; i < more->n; i++)
		xsmmu_add_range(r, more->run[i].iova, more->shift,
				more->run[i].leaves);
}

/* Clean neighbouring entries: once per line, one barrier. */
static void xsmmu_clean_entries(struct arm_smmu_pending *p, u64 *entry,
				unsigned int n)
{
	dma_sync_single_for_device(p->walker, virt_to_phys(entry),
				   n * sizeof(*entry), DMA_TO_DEVICE);
}

/*
 * Clean the lines of a group. A table of a few entries may be shorter than a
 * line; that is the topmost one, which the address space ends.
 */
static void xsmmu_clean_group(struct arm_smmu_pending *p,
			      const struct arm_smmu_lines *group)
{
	unsigned long first, left, start, end;
	unsigned int shift;
	u64 *table;

	table = p->pgtbl->xsmmu_walk(p->pgtbl, group->iova, &shift);
	/* It leads elsewhere than when it was cleared: then nothing is sure. */
	if (shift != group->shift) {
		WRITE_ONCE(p->broken, true);
		return;
	}
	table = PTR_ALIGN_DOWN(table, ARM_SMMU_GROUP_ENTRIES * sizeof(*table));
	first = ALIGN_DOWN(group->iova >> shift, ARM_SMMU_GROUP_ENTRIES);
	left = (p->last >> shift) - first + 1;
	for_each_set_bitrange(start, end, &group->set, BITS_PER_LONG) {
		start *= ARM_SMMU_LINE_ENTRIES;
		xsmmu_clean_entries(p, table + start,
				    min(end * ARM_SMMU_LINE_ENTRIES, left) -
				    start);
	}
}

/* Clean all lines of a log. Its lock is held. */
static void xsmmu_clean_log(struct arm_smmu_pending *p,
			    struct arm_smmu_pending_log *log)
{
	unsigned int i;

	lockdep_assert_held(&log->lock);
	if (!log->n)
		return;
	/*
	 * C1: the lock made the clears of other CPUs happen before this; a clean
	 * is ordered against accesses to other lines only by a barrier. The
	 * cleans themselves end with one that waits for them.
	 */
	smp_mb();
	for (i = 0; i < log->n; i++)
		xsmmu_clean_group(p, &log->lines[i]);
	log->n = 0;
}

/* The group of an IOVA, emptied if it is new. Its lock is held. */
static struct arm_smmu_lines *xsmmu_group(struct arm_smmu_pending *p,
					  struct arm_smmu_pending_log *log,
					  unsigned long iova,
					  unsigned int shift)
{
	unsigned long span = (unsigned long)ARM_SMMU_GROUP_ENTRIES << shift;
	struct arm_smmu_lines *group;
	unsigned int i;

	for (i = 0; i < log->n; i++) {
		group = &log->lines[i];
		if (group->shift == shift &&
		    ALIGN_DOWN(group->iova, span) == ALIGN_DOWN(iova, span))
			return group;
	}
	if (log->n == ARM_SMMU_LINE_GROUPS)
		xsmmu_clean_log(p, log);
	group = &log->lines[log->n++];
	group->iova = iova;
	group->shift = shift;
	group->set = 0;
	return group;
}

static void xsmmu_add_lines(struct arm_smmu_pending *p,
			    struct arm_smmu_pending_log *log,
			    unsigned long iova, unsigned int shift,
			    size_t leaves)
{
	struct arm_smmu_lines *group;
	unsigned long at, n;

	while (leaves) {
		at = (iova >> shift) % ARM_SMMU_GROUP_ENTRIES;
		n = min(leaves, ARM_SMMU_GROUP_ENTRIES - at);
		group = xsmmu_group(p, log, iova, shift);
		group->set |= GENMASK((at + n - 1) / ARM_SMMU_LINE_ENTRIES,
				      at / ARM_SMMU_LINE_ENTRIES);
		iova += n << shift;
		leaves -= n;
	}
}

/**
 * arm_smmu_pending_add - write down that a batched unmap has cleared leaves
 * @p: the domain's state
 * @iova: of the first one
 * @shift: log2 of what each maps
 * @leaves: how many, neighbours
 *
 * Context: any but NMI, right after they were cleared.
 */
void arm_smmu_pending_add(struct arm_smmu_pending *p, unsigned long iova,
			  unsigned int shift, size_t leaves)
{
	unsigned int cpu = raw_smp_processor_id();
	struct arm_smmu_pending_log *log = per_cpu_ptr(p->log, cpu);
	unsigned long flags;

	if (unlikely(!xsmmu_lock_log(log, &flags))) {
		arm_smmu_pending_clean(p, iova, leaves << shift);
		arm_smmu_pending_distrust(p);
		return;
	}
	if (p->walker)
		xsmmu_add_lines(p, log, iova, shift, leaves);
	if (p->ranges)
		xsmmu_add_range(&log->ranges, iova, shift, leaves);
	if (!cpumask_test_cpu(cpu, &p->busy))
		cpumask_set_cpu(cpu, &p->busy);
	raw_spin_unlock_irqrestore(&log->lock, flags);
}

/**
 * arm_smmu_pending_distrust - have the next sync drop everything
 * @p: the domain's state
 */
void arm_smmu_pending_distrust(struct arm_smmu_pending *p)
{
	WRITE_ONCE(p->distrust, 1);
}

/* Clean the lines of a log; take its ranges, unless @ranges is NULL. */
static int xsmmu_take_log(struct arm_smmu_pending *p, unsigned int cpu,
			  struct arm_smmu_ranges *ranges)
{
	struct arm_smmu_pending_log *log = per_cpu_ptr(p->log, cpu);
	unsigned long flags;

	if (!xsmmu_lock_log(log, &flags))
		return -EIO;
	xsmmu_clean_log(p, log);
	if (ranges) {
		xsmmu_add_ranges(ranges, &log->ranges);
		memset(&log->ranges, 0, sizeof(log->ranges));
		/* After the clean: who finds the bit clear relies on it. See C2. */
		cpumask_clear_cpu(cpu, &p->busy);
	}
	raw_spin_unlock_irqrestore(&log->lock, flags);
	return 0;
}

/**
 * arm_smmu_pending_take - clean what is pending, and tell what to invalidate
 * @p: the domain's state
 * @leaf_only: as the core told the sync
 * @ranges: set to what the invalidation has to cover
 *
 * Cleans on behalf of all CPUs; no lines are left in their logs.
 *
 * The core lets one sync of a domain run at a time, but in an oops, or inside a
 * console driver that the sync's own messages called, a second one may run beside
 * it. That one is told to drop everything. So only syncs that are told "leaf
 * only" take ranges and distrust: what the first one has to name is not taken
 * from it. Ranges that stay although everything was dropped are named once more.
 *
 * Context: any but NMI; interrupts may be off.
 * Return: 0; -EIO if a log cannot be had in an oops, or if a line was not found
 * again, and then for good.
 */
int arm_smmu_pending_take(struct arm_smmu_pending *p, bool leaf_only,
			  struct arm_smmu_ranges *ranges)
{
	unsigned int cpu;
	int err = 0;

	memset(ranges, 0, sizeof(*ranges));
	ranges->whole = !leaf_only || xchg(&p->distrust, 0);
	for_each_cpu(cpu, &p->busy)
		err = err ?: xsmmu_take_log(p, cpu, leaf_only ? ranges : NULL);
	/*
	 * C2: whoever emptied a log that was passed over has cleaned it before
	 * it cleared the bit. The bits are read, then the commands published.
	 */
	smp_mb();
	return WARN_ON_ONCE(READ_ONCE(p->broken)) ? -EIO : err;
}

/*
 * How many entries from @entry on map [@iova, @iova + @size) in the same table,
 * and are no tables themselves. Those of the last level never are.
 */
static unsigned int xsmmu_neighbours(struct arm_smmu_pending *p, u64 *entry,
				     unsigned long iova, unsigned int shift,
				     size_t size)
{
	unsigned long per_table = 1UL << (p->granule - ilog2(sizeof(*entry)));
	unsigned long at = iova >> shift, n = 1;
	unsigned int next_shift;

	size = min(((iova + size - 1) >> shift) - at + 1,
		   per_table - at % per_table);
	if (shift == p->granule)
		return size;
	while (n < size && p->pgtbl->xsmmu_walk(p->pgtbl, iova + (n << shift),
						&next_shift) == entry + n)
		n++;
	return n;
}

/**
 * arm_smmu_pending_clean - clean the leaf entries of a range
 * @p: the state of a domain whose walker is not coherent
 * @iova: where the range begins
 * @size: its length in bytes
 *
 * The caller has mapped or unmapped the whole range, and nobody else writes its
 * entries.
 *
 * Context: any but NMI.
 */
void arm_smmu_pending_clean(struct arm_smmu_pending *p, unsigned long iova,
			    size_t size)
{
	unsigned long end = iova + size, n;
	unsigned int shift;
	u64 *entry;

	if (!p->walker)
		return;
	while (iova < end) {
		entry = p->pgtbl->xsmmu_walk(p->pgtbl, iova, &shift);
		n = xsmmu_neighbours(p, entry, iova, shift, end - iova);
		xsmmu_clean_entries(p, entry, n);
		iova = ((iova >> shift) + n) << shift;
	}
}

/**
 * arm_smmu_pending_alloc - state for a domain that nothing is mapped in yet
 * @pgtbl: its tables; if walks are not coherent their leaf entries are cleaned
 *	from here on
 * @ranges: the SMMU has range invalidation
 *
 * Context: process context, may sleep.
 * Return: the state, or NULL. Without it entries are cleaned at once, and a sync
 * drops everything.
 */
struct arm_smmu_pending *arm_smmu_pending_alloc(struct io_pgtable_ops *pgtbl,
						bool ranges)
{
	struct io_pgtable_cfg *cfg = &io_pgtable_ops_to_pgtable(pgtbl)->cfg;
	struct arm_smmu_pending *p = kzalloc(sizeof(*p), GFP_KERNEL);
	int cpu;

	if (!p)
		return NULL;
	p->log = alloc_percpu(struct arm_smmu_pending_log);
	if (!p->log) {
		kfree(p);
		return NULL;
	}
	for_each_possible_cpu(cpu)
		raw_spin_lock_init(&per_cpu_ptr(p->log, cpu)->lock);
	p->pgtbl = pgtbl;
	p->granule = __ffs(cfg->pgsize_bitmap);
	p->last = GENMASK(cfg->ias - 1, 0);
	p->ranges = ranges;
	if (!cfg->coherent_walk) {
		p->walker = cfg->iommu_dev;
		cfg->xsmmu_defer = true;
	}
	return p;
}

/**
 * arm_smmu_pending_free - free the state of a domain, after its tables
 * @p: the state, or NULL
 */
void arm_smmu_pending_free(struct arm_smmu_pending *p)
{
	if (!p)
		return;
	free_percpu(p->log);
	kfree(p);
}
