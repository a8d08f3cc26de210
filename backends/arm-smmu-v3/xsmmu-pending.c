// SPDX-License-Identifier: GPL-2.0
/*
 * What the batches of a domain have cleared and the walker may not see yet.
 *
 * If the walker does not look into the caches, and a batched unmap has cleared leaf
 * entries, their CPU notes the cache lines that hold them in its log. The next sync
 * of the domain cleans the lines in the logs of all CPUs, because an entry may be
 * cleared on one CPU and synced on another. A line must be clean before the
 * invalidation, or the SMMU fetches the old entry again.
 *
 * A caller of a sync relies on an invalidation that starts afterwards (I4). With
 * the core's barriers the same holds for the logs: an unmap sets its CPU's bit
 * before it returns, hence before B1, and the sync looks for bits after B2. If
 * the caller reads a number below the sync's, the sync finds the bit (litmus
 * test arm-busy).
 *
 * If a sync fails, the logs that it has taken are empty. Nothing is lost. Their
 * lines are clean and stay clean, since no code writes entries in quarantine.
 *
 * Entries that the core clears itself, by their addresses, are in no log. It cleans
 * their lines itself, too.
 *
 * To find the lines of a group, the tables are walked once more to one of its
 * IOVAs. That IOVA is in quarantine (I2): its entry has not been used again, and
 * no table on the way was freed, because a table is freed only with all that it
 * maps. Only a sync that succeeded releases an IOVA, and it cleans the line
 * before.
 */
#include <linux/io-pgtable.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include "../../xsmmu/base.h"
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
		if (raw_spin_trylock_irqsave(&log->lock, *flags)) {
			/* For sparse, smmu_lock_log() takes it. */
			__release(&log->lock);
			return true;
		}
		cpu_relax();
	}
	return false;
}

/* Returns false if the lock cannot be had, which happens only in an oops. */
static __always_inline bool smmu_lock_log(struct arm_smmu_pending_log *log,
					  unsigned long *flags)
{
	if (likely(!oops_in_progress)) {
		raw_spin_lock_irqsave(&log->lock, *flags);
	} else {
		if (!smmu_lock_log_in_oops(log, flags))
			return false;
		__acquire(&log->lock);
	}
	return true;
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

	xsmmu_write_back(entry, size);
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
 * If the log cannot be had in an oops, the entries are cleaned here.
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
		return;
	}
	smmu_add_lines(p, log, iova, shift, leaves);
	if (!cpumask_test_cpu(cpu, &p->busy))
		cpumask_set_cpu(cpu, &p->busy);
	raw_spin_unlock_irqrestore(&log->lock, flags);
}

/*
 * Clean the lines of a log.
 *
 * A bit stays while its CPU is at work: it is cleared by a sync that finds the
 * log empty. All unmaps read the mask, so each change of it costs every CPU a
 * miss.
 */
static int smmu_take_log(struct arm_smmu_pending *p, unsigned int cpu)
{
	struct arm_smmu_pending_log *log = per_cpu_ptr(p->log, cpu);
	unsigned long flags;

	if (!smmu_lock_log(log, &flags))
		return -EIO;
	if (!log->n) {
		/*
		 * The sync that emptied the log has cleaned it or set "broken",
		 * under this lock. A sync that finds the bit clear relies on the
		 * one or the other (C2).
		 */
		cpumask_clear_cpu(cpu, &p->busy);
	} else {
		smmu_clean_log(p, log);
	}
	raw_spin_unlock_irqrestore(&log->lock, flags);
	return 0;
}

/* Take the logs of busy CPUs, this CPU's first. */
static int smmu_take_logs(struct arm_smmu_pending *p)
{
	/* In an oops this CPU may change on the way. */
	unsigned int cpu, first = raw_smp_processor_id();
	int err;

	for_each_cpu_wrap(cpu, &p->busy, first) {
		err = smmu_take_log(p, cpu);
		if (err)
			return err;
	}
	return 0;
}

/**
 * arm_smmu_pending_take - clean what is pending on all CPUs
 * @p: the domain's state
 *
 * The core lets one sync of a domain run at a time, but for one beside it in an
 * oops.
 *
 * Context: any but NMI; interrupts may be off.
 * Return: 0, or -EIO if a log cannot be had in an oops. Also -EIO, now and from
 * now on, if a line was not found again.
 */
int arm_smmu_pending_take(struct arm_smmu_pending *p)
{
	/* Core's B2 orders this. */
	int err = smmu_take_logs(p);

	/*
	 * C2, pairs with the barrier that ends a clean: the bits are read, then
	 * "broken", and then the commands are published. If this sync has passed
	 * over a log, the sync that emptied that log had cleaned it, or had set
	 * "broken", before the bit was cleared. (It matters only to a sync
	 * beside another one. Otherwise flush_lock orders them.)
	 * Litmus: arm-c2, arm-broken
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
 * @p: the domain's state
 * @iova: bus address at which the range begins
 * @size: its length in bytes
 *
 * The caller has mapped or unmapped the whole range, and no other CPU writes its
 * entries.
 *
 * Context: any but NMI.
 * Return: 0. -ERANGE, with nothing cleaned, if the range ends beyond the tables: the
 * walk would ignore the higher bits, and clean other entries.
 */
int arm_smmu_pending_clean(struct arm_smmu_pending *p, unsigned long iova,
			   size_t size)
{
	unsigned long end = iova + size, n;
	unsigned int shift;
	u64 *entry;

	if (size && (iova > p->last || size - 1 > p->last - iova))
		return -ERANGE;
	while (iova < end) {
		entry = arm_smmu_xsmmu_walk(p->pgtbl, iova, &shift);
		n = smmu_neighbours(p, entry, iova, shift, end - iova);
		smmu_clean_entries(p, entry, n);
		iova = ((iova >> shift) + n) << shift;
	}
	return 0;
}

/**
 * arm_smmu_pending_alloc - state for a domain in which nothing is being mapped
 * @pgtbl: its tables, whose walks are not coherent. The page-table code leaves their
 *	leaf entries to be cleaned here from now on
 *
 * Context: process context, may sleep.
 * Return: the state, or NULL if there is no memory.
 */
struct arm_smmu_pending *arm_smmu_pending_alloc(struct io_pgtable_ops *pgtbl)
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
	p->walker = cfg->iommu_dev;
	cfg->xsmmu_defer = true;
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
