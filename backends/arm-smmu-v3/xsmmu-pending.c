// SPDX-License-Identifier: GPL-2.0
/*
 * What the batches of a domain have cleared and no invalidation has covered.
 *
 * When a batched unmap has cleared leaf entries, their CPU notes two things in
 * its log: the cache lines that hold the entries, if the walker does not look
 * into the caches, and the IOVA ranges, if the SMMU has range invalidation. The
 * next sync of the domain takes both from the logs of all CPUs, because an entry
 * may be cleared on one CPU and synced on another. A line must be clean before
 * the invalidation, or the SMMU fetches the old entry again.
 *
 * A caller of a sync relies on an invalidation that starts afterwards (I4). With
 * the core's barriers the same holds for the logs: an unmap sets its CPU's bit
 * before it returns, hence before B1, and the sync looks for bits after B2. If
 * the caller reads a number below the sync's, the sync finds the bit (litmus
 * test arm-busy).
 *
 * If a sync fails, the logs that it has taken are empty. Nothing is lost. Their
 * lines are clean and stay clean, since no code writes entries in quarantine.
 * Their ranges are covered by the next sync, which drops everything.
 *
 * Entries that the core clears itself, by their addresses, are in no log. It cleans
 * their lines itself, too. Their ranges are not known here: once the core has been
 * shown an entry of a domain, each sync of that domain drops everything.
 *
 * To find the lines of a group, the tables are walked once more to one of its
 * IOVAs. That IOVA is in quarantine (I2): its entry has not been used again, and
 * no table on the way was freed, because a table is freed only with all that it
 * maps. Only a sync that succeeded releases an IOVA, and it cleans the line
 * before.
 */
#include <linux/dma-map-ops.h>
#include <linux/io-pgtable.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include "arm-smmu-v3.h"
#include "xsmmu.h"
#include "xsmmu-glue.h"

/* How often an oops tries a log's lock, whose holder may have been stopped. */
#define SMMU_OOPS_TRIES		1000

static noinline bool smmu_lock_log_in_oops(struct arm_smmu_pending_log *log,
					   unsigned long *flags)
{
	unsigned int tries = SMMU_OOPS_TRIES;

	while (tries--) {
		if (raw_spin_trylock_irqsave(&log->lock, *flags))
			return true;
		cpu_relax();
	}
	return false;
}

/* Returns false if the lock cannot be had, which happens only in an oops. */
static __always_inline bool smmu_lock_log(struct arm_smmu_pending_log *log,
					  unsigned long *flags)
{
	if (unlikely(oops_in_progress))
		return smmu_lock_log_in_oops(log, flags);
	raw_spin_lock_irqsave(&log->lock, *flags);
	return true;
}

/* Does a run end where @next begins? */
static bool smmu_follows(unsigned long iova, unsigned int leaves,
			 unsigned int shift, unsigned long next)
{
	return iova + ((unsigned long)leaves << shift) == next;
}

/*
 * Grow a run by the runs of @r that touch it, and remove those from @r. The runs
 * of @r do not touch each other.
 */
static void smmu_absorb(struct arm_smmu_ranges *r, unsigned long *iova,
			unsigned int *leaves)
{
	unsigned int i = 0;

	while (i < r->n) {
		if (!smmu_follows(r->run[i].iova, r->run[i].leaves, r->shift,
				  *iova) &&
		    !smmu_follows(*iova, *leaves, r->shift, r->run[i].iova)) {
			i++;
			continue;
		}
		*iova = min(*iova, r->run[i].iova);
		*leaves += r->run[i].leaves;
		r->run[i] = r->run[--r->n];
	}
}

/* Only the first @n runs are read, so the others keep what they hold. */
static void smmu_forget_ranges(struct arm_smmu_ranges *r)
{
	r->n = 0;
	r->leaves = 0;
	r->whole = false;
}

static void smmu_add_range(struct arm_smmu_ranges *r, unsigned long iova,
			   unsigned int shift, size_t leaves)
{
	unsigned int count = leaves;

	/* A command has one level hint, so all leaves have one size. */
	if (r->whole || leaves > ARM_SMMU_NAMED_LEAVES - r->leaves ||
	    (r->n && r->shift != shift)) {
		r->whole = true;
		return;
	}
	r->shift = shift;
	r->leaves += count;
	smmu_absorb(r, &iova, &count);
	if (r->n == ARM_SMMU_NAMED_RUNS) {
		r->whole = true;
		return;
	}
	r->run[r->n].iova = iova;
	r->run[r->n].leaves = count;
	r->n++;
}

static void smmu_add_ranges(struct arm_smmu_ranges *r,
			    const struct arm_smmu_ranges *more)
{
	unsigned int i;

	r->whole |= more->whole;
	for (i = 0; i < more->n; i++)
		smmu_add_range(r, more->run[i].iova, more->shift,
			       more->run[i].leaves);
}

/*
 * Clean neighbouring entries: each line once, then one barrier. Not by
 * dma_sync_single_for_device(), which does the same for the walker's device:
 * dma-debug takes a lock there that may sleep on PREEMPT_RT, and the caller may
 * hold raw locks.
 */
static void smmu_clean_entries(struct arm_smmu_pending *p, u64 *entry,
			       unsigned int n)
{
	size_t size = n * sizeof(*entry);

	arch_sync_dma_for_device(virt_to_phys(entry), size, DMA_TO_DEVICE);
#if IS_ENABLED(CONFIG_XSMMU_KUNIT_TEST)
	if (p->cleaned)
		p->cleaned(p->walker, virt_to_phys(entry), size, DMA_TO_DEVICE);
#endif
}

/*
 * Clean the lines of a group. The topmost table may be shorter than a line: it
 * ends with the address space.
 */
static void smmu_clean_group(struct arm_smmu_pending *p,
			     const struct arm_smmu_lines *group)
{
	unsigned long first, left, start, end;
	unsigned int shift;
	u64 *table;

	table = arm_smmu_xsmmu_walk(p->pgtbl, group->iova, &shift);
	/* If the tables have changed on the way, the lines cannot be found. */
	if (shift != group->shift) {
		/*
		 * A later sync finds the log empty, under its lock, and clears
		 * its bit. A sync that finds the bit clear fails too (litmus
		 * test arm-broken).
		 */
		WRITE_ONCE(p->broken, true);
		return;
	}
	table = PTR_ALIGN_DOWN(table, ARM_SMMU_GROUP_ENTRIES * sizeof(*table));
	first = ALIGN_DOWN(group->iova >> shift, ARM_SMMU_GROUP_ENTRIES);
	left = (p->last >> shift) - first + 1;
	for_each_set_bitrange(start, end, &group->set, BITS_PER_LONG) {
		start *= ARM_SMMU_LINE_ENTRIES;
		smmu_clean_entries(p, table + start,
				   min(end * ARM_SMMU_LINE_ENTRIES, left) -
				   start);
	}
}

/* Clean all lines of a log. The caller holds its lock. */
static void smmu_clean_log(struct arm_smmu_pending *p,
			   struct arm_smmu_pending_log *log)
{
	unsigned int i;

	lockdep_assert_held(&log->lock);
	if (!log->n)
		return;
	/*
	 * C1, pairs with the log's lock: the lock made the clears of other CPUs
	 * happen before this; a clean is ordered against accesses to other lines
	 * only by a barrier. The cleans themselves end with one that waits for
	 * them.
	 * Litmus: arm-c1
	 */
	smp_mb();
	for (i = 0; i < log->n; i++)
		smmu_clean_group(p, &log->lines[i]);
	log->n = 0;
}

/*
 * The group of an IOVA: one that is in use, or a new and empty one. The caller
 * holds the log's lock.
 */
static struct arm_smmu_lines *smmu_group(struct arm_smmu_pending *p,
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
		smmu_clean_log(p, log);
	group = &log->lines[log->n++];
	group->iova = iova;
	group->shift = shift;
	group->set = 0;
	return group;
}

static void smmu_add_lines(struct arm_smmu_pending *p,
			   struct arm_smmu_pending_log *log,
			   unsigned long iova, unsigned int shift,
			   size_t leaves)
{
	struct arm_smmu_lines *group;
	unsigned long at, n;

	while (leaves) {
		at = (iova >> shift) % ARM_SMMU_GROUP_ENTRIES;
		n = min(leaves, ARM_SMMU_GROUP_ENTRIES - at);
		group = smmu_group(p, log, iova, shift);
		group->set |= GENMASK((at + n - 1) / ARM_SMMU_LINE_ENTRIES,
				      at / ARM_SMMU_LINE_ENTRIES);
		iova += n << shift;
		leaves -= n;
	}
}

/**
 * arm_smmu_pending_add - note that a batched unmap has cleared leaves
 * @p: the domain's state
 * @iova: bus address that the first leaf mapped
 * @shift: log2 of the bytes that each leaf mapped
 * @leaves: number of leaves, which are neighbours
 *
 * If the log cannot be had in an oops, the entries are cleaned here, and the next
 * sync drops everything.
 *
 * Context: any but NMI, right after they were cleared.
 */
void arm_smmu_pending_add(struct arm_smmu_pending *p, unsigned long iova,
			  unsigned int shift, size_t leaves)
{
	unsigned int cpu = raw_smp_processor_id();
	struct arm_smmu_pending_log *log = per_cpu_ptr(p->log, cpu);
	unsigned long flags;

	if (unlikely(!smmu_lock_log(log, &flags))) {
		arm_smmu_pending_clean(p, iova, leaves << shift);
		arm_smmu_pending_distrust(p);
		return;
	}
	if (p->walker)
		smmu_add_lines(p, log, iova, shift, leaves);
	if (p->ranges)
		smmu_add_range(&log->ranges, iova, shift, leaves);
	if (!cpumask_test_cpu(cpu, &p->busy))
		cpumask_set_cpu(cpu, &p->busy);
	raw_spin_unlock_irqrestore(&log->lock, flags);
}

static bool smmu_log_is_empty(const struct arm_smmu_pending_log *log)
{
	return !log->n && !log->ranges.n && !log->ranges.whole;
}

/*
 * Clean the lines of a log, and take its ranges if the core passed @leaf_only.
 *
 * A bit stays while its CPU is at work: it is cleared by a sync that finds the
 * log empty. All unmaps read the mask, so each change of it costs every CPU a
 * miss.
 */
static int smmu_take_log(struct arm_smmu_pending *p, unsigned int cpu,
			 bool leaf_only, struct arm_smmu_ranges *ranges)
{
	struct arm_smmu_pending_log *log = per_cpu_ptr(p->log, cpu);
	unsigned long flags;

	if (!smmu_lock_log(log, &flags))
		return -EIO;
	if (leaf_only && smmu_log_is_empty(log)) {
		/*
		 * The sync that emptied the log has cleaned it or set "broken",
		 * under this lock. A sync that finds the bit clear relies on the
		 * one or the other (C2).
		 */
		cpumask_clear_cpu(cpu, &p->busy);
	} else {
		smmu_clean_log(p, log);
	}
	if (leaf_only) {
		smmu_add_ranges(ranges, &log->ranges);
		smmu_forget_ranges(&log->ranges);
	}
	raw_spin_unlock_irqrestore(&log->lock, flags);
	return 0;
}

/*
 * Take the logs of busy CPUs, this CPU's first. If there are no lines to clean,
 * stop when the invalidation covers everything. The ranges of the other logs stay
 * and are named once more. A CPU that syncs what it has unmapped always takes its
 * own log, so these do not fill for ever.
 */
static int smmu_take_logs(struct arm_smmu_pending *p, bool leaf_only,
			  struct arm_smmu_ranges *ranges)
{
	/* In an oops this CPU may change on the way. */
	unsigned int cpu, first = raw_smp_processor_id();
	int err;

	if (!p->walker && !leaf_only)
		return 0;
	for_each_cpu_wrap(cpu, &p->busy, first) {
		err = smmu_take_log(p, cpu, leaf_only, ranges);
		if (err)
			return err;
		if (!p->walker && ranges->whole)
			break;
	}
	return 0;
}

/*
 * Must this sync drop everything? Read first: the flag is seldom set, and its line
 * holds the mask of busy CPUs. If a caller of this sync has set the flag, B1 and
 * B2 let a plain read see it.
 */
static bool smmu_take_distrust(struct arm_smmu_pending *p)
{
	return READ_ONCE(p->distrust) && xchg_relaxed(&p->distrust, 0);
}

/**
 * arm_smmu_pending_take - clean what is pending, and tell what to invalidate
 * @p: the domain's state
 * @leaf_only: as the core passed it to the sync
 * @ranges: set to what the invalidation has to cover
 *
 * Cleans the lines in the logs of all CPUs. Takes ranges until they name
 * everything; see smmu_take_logs().
 *
 * The core lets one sync of a domain run at a time. Only in an oops a second one
 * may run beside it, and the core tells that one to drop everything. So only a
 * sync with @leaf_only takes ranges and distrust, and the second one cannot take
 * what the first one has to name. Ranges that stay although everything was
 * dropped are named once more.
 *
 * Context: any but NMI; interrupts may be off.
 * Return: 0, or -EIO if a log cannot be had in an oops. Also -EIO, now and from
 * now on, if a line was not found again.
 */
int arm_smmu_pending_take(struct arm_smmu_pending *p, bool leaf_only,
			  struct arm_smmu_ranges *ranges)
{
	int err;

	smmu_forget_ranges(ranges);
	/* Core's B2 and C2 below order this. */
	ranges->whole = !leaf_only || READ_ONCE(p->unlogged) ||
			smmu_take_distrust(p);
	err = smmu_take_logs(p, leaf_only, ranges);
	/*
	 * C2, pairs with C0, and with the barrier that ends a clean: the flag
	 * and the bits are read, then "broken", and then the commands are
	 * published. If this sync has taken the flag of an unmap, the SMMU sees
	 * the entry that the unmap has changed. If it has passed over a log, the
	 * sync that emptied that log had cleaned it, or had set "broken", before
	 * the bit was cleared. (The second half matters only to a sync beside
	 * another one. Otherwise flush_lock orders them.)
	 * Litmus: arm-c0-two, arm-c2, arm-broken
	 */
	smp_mb();
	return WARN_ON_ONCE(READ_ONCE(p->broken)) ? -EIO : err;
}

/*
 * The number of entries from @entry on that map [@iova, @iova + @size), are in
 * the same table, and are no tables themselves. On the last level none is.
 */
static unsigned int smmu_neighbours(struct arm_smmu_pending *p, u64 *entry,
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
	while (n < size && arm_smmu_xsmmu_walk(p->pgtbl, iova + (n << shift),
					       &next_shift) == entry + n)
		n++;
	return n;
}

/**
 * arm_smmu_pending_clean - clean the leaf entries of a range
 * @p: the domain's state; there is nothing to do if its walker is coherent
 * @iova: bus address at which the range begins
 * @size: its length in bytes
 *
 * The caller has mapped or unmapped the whole range, and no other CPU writes its
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
		entry = arm_smmu_xsmmu_walk(p->pgtbl, iova, &shift);
		n = smmu_neighbours(p, entry, iova, shift, end - iova);
		smmu_clean_entries(p, entry, n);
		iova = ((iova >> shift) + n) << shift;
	}
}

/**
 * arm_smmu_pending_alloc - state for a domain in which nothing is being mapped
 * @pgtbl: its tables; if walks are not coherent, the page-table code leaves their
 *	leaf entries to be cleaned here from now on
 * @ranges: the SMMU has range invalidation
 *
 * Context: process context, may sleep.
 * Return: the state, or NULL if there is no memory.
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
