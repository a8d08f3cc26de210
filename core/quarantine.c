// SPDX-License-Identifier: GPL-2.0
/*
 * The quarantine: IOVA ranges and unlinked tables that wait for an invalidation.
 *
 * One ring per CPU. The unmap path touches only its own CPU's ring, allocates
 * nothing but this ring, once, and takes no lock of the domain.
 */
#include <linux/bitops.h>
#include <linux/kernel.h>
#include <linux/processor.h>
#include <linux/slab.h>
#include "slots.h"
#include "base.h"
#include "trace.h"

/* Ranges released per turn: bounds the stack and the time with interrupts off. */
#define XSMMU_RELEASE_CHUNK	16

/* How often an oops tries a lock, whose holder may have been stopped. */
#define XSMMU_OOPS_TRIES	1000

/**
 * xsmmu_lock_in_oops - try to take a lock whose holder may have been stopped
 * @lock: a lock that the core holds for short only
 * @flags: as for raw_spin_lock_irqsave()
 *
 * Context: any but NMI.
 * Return: true if the lock is held.
 */
bool xsmmu_lock_in_oops(raw_spinlock_t *lock, unsigned long *flags)
{
	unsigned int tries = XSMMU_OOPS_TRIES;

	while (tries--) {
		if (raw_spin_trylock_irqsave(lock, *flags)) {
			/* For sparse, xsmmu_lock() takes it. */
			__release(lock);
			return true;
		}
		cpu_relax();
	}
	return false;
}

/*
 * Take up to a chunk of entries before position @until out of the ring. In an
 * oops in which the lock cannot be had, take none.
 */
static unsigned int xsmmu_take(struct xsmmu_domain *xd,
			       struct xsmmu_quarantine *q, unsigned int until,
			       struct xsmmu_range *chunk,
			       struct list_head *tables)
{
	unsigned int n = 0;
	unsigned long flags;

	if (!xsmmu_lock(&q->lock, &flags))
		return 0;
	while (n < XSMMU_RELEASE_CHUNK && (int)(until - q->head) > 0) {
		chunk[n] = q->ring[q->head & xd->mask];
		xsmmu_tables_cut(&q->tables, chunk[n].tables, tables);
		/*
		 * N5, pairs with N4: the completion, then the head. A CPU that
		 * finds its quarantine empty relies on the caller's invalidation.
		 * Litmus: core-named-taken
		 */
		smp_store_release(&q->head, q->head + 1);
		n++;
	}
	raw_spin_unlock_irqrestore(&q->lock, flags);
	return n;
}

/**
 * xsmmu_give_back - give IOVA ranges and tables to their allocators (I2, I3)
 * @xd: the domain
 * @r: ranges that are in no quarantine any more
 * @n: their number
 * @tables: the table pages that their unmaps unlinked; empty afterwards
 *
 * A grace period that began after their unmaps must have ended. A slot of a window
 * that was an overflow, or withheld, comes back here too.
 *
 * Context: any but NMI.
 */
void xsmmu_give_back(struct xsmmu_domain *xd, const struct xsmmu_range *r,
		     unsigned int n, struct list_head *tables)
{
	struct xsmmu_window *w;

	xsmmu_tables_free(tables);
	while (n--) {
		w = xsmmu_window_find(xd, PFN_PHYS((dma_addr_t)r->pfn));
		if (unlikely(w))
			xsmmu_depot_put(w, r->pfn - (w->base >> PAGE_SHIFT));
		else
			free_iova_fast(xd->iovad, r->pfn, r->pages);
		r++;
	}
}

/* Give back, or call the test that watches the order. */
void xsmmu_release_ranges(struct xsmmu_domain *xd, const struct xsmmu_range *r,
			  unsigned int n, struct list_head *tables)
{
#if IS_ENABLED(CONFIG_XSMMU_KUNIT_TEST)
	if (xd->release) {
		xd->release(xd, r, n, tables);
		return;
	}
#endif
	xsmmu_give_back(xd, r, n, tables);
}

static void xsmmu_release_ring(struct xsmmu_domain *xd,
			       struct xsmmu_quarantine *q, unsigned int until)
{
	struct xsmmu_range chunk[XSMMU_RELEASE_CHUNK];
	LIST_HEAD(tables);
	unsigned int n;

	do {
		n = xsmmu_take(xd, q, until, chunk, &tables);
		if (n)
			xsmmu_release_ranges(xd, chunk, n, &tables);
	} while (n == XSMMU_RELEASE_CHUNK);
}

/**
 * xsmmu_release_slots - free the slots before a position
 * @s: the slots of a class that a CPU has
 * @until: the position; a completed invalidation covers what is before it
 *
 * Context: any but NMI.
 */
void xsmmu_release_slots(struct xsmmu_slots *s, unsigned long until)
{
	unsigned long done = READ_ONCE(s->done);

	/*
	 * N3, pairs with N1: the completion, then done. Fully ordered. A mapping
	 * needs no barrier here; see xsmmu_slot_take().
	 * Litmus: core-named-released
	 */
	while ((long)(until - done) > 0 && !try_cmpxchg(&s->done, &done, until))
		;
}

/*
 * Release the entries before the positions @until. The caller's grace period covers
 * them. Another CPU may have released some of them already; then the head, or done,
 * has moved past those.
 */
static void xsmmu_release(struct xsmmu_domain *xd, struct xsmmu_quarantine *q,
			  const struct xsmmu_positions *until)
{
	unsigned int class;

	for (class = 0; class < XSMMU_CLASSES; class++)
		xsmmu_release_slots(&q->slots[class], until->slots[class]);
	if ((int)(until->ring - READ_ONCE(q->head)) > 0)
		xsmmu_release_ring(xd, q, until->ring);
}

/*
 * The position after the newest entry of the ring. In an oops in which the lock
 * cannot be had, the position of the oldest, so that nothing is released.
 */
static unsigned int xsmmu_position(struct xsmmu_quarantine *q)
{
	unsigned long flags;
	unsigned int until;

	if (!xsmmu_lock(&q->lock, &flags))
		return READ_ONCE(q->head);
	until = q->tail;
	raw_spin_unlock_irqrestore(&q->lock, flags);
	return until;
}

/* Note how far a quarantine is filled. */
static void xsmmu_note(struct xsmmu_quarantine *q, struct xsmmu_positions *until)
{
	unsigned int class;

	/* B1 of the grace period orders these reads; it pairs with W0. */
	for (class = 0; class < XSMMU_CLASSES; class++)
		until->slots[class] = READ_ONCE(q->slots[class].tail);
	until->ring = xsmmu_position(q);
}

/* Has a quarantine entries before the positions @until? A hint. */
static bool xsmmu_has_entries(const struct xsmmu_quarantine *q,
			      const struct xsmmu_positions *until)
{
	unsigned int class;

	for (class = 0; class < XSMMU_CLASSES; class++)
		if ((long)(until->slots[class] -
			  READ_ONCE(q->slots[class].done)) > 0)
			return true;
	return (int)(until->ring - READ_ONCE(q->head)) > 0;
}

/**
 * xsmmu_drain_one - sync, then release what was in @q when the sync began
 * @xd: the domain
 * @q: a quarantine of @xd, of this CPU or of another
 *
 * The positions are read before the grace period's snapshot, that of the ring under
 * @q's lock. The lock, or W0, orders the PTE clears of the CPU that added
 * the entries before this CPU's barrier B1. An entry added later lies behind the
 * position. Withheld ranges are taken out before the snapshot too, up to a
 * quarantine's worth.
 *
 * Context: any but NMI. Spins for one invalidation, or two.
 * Return: 0, or the error of xsmmu_grace_period(); then nothing was released.
 */
int xsmmu_drain_one(struct xsmmu_domain *xd, struct xsmmu_quarantine *q)
{
	struct xsmmu_positions until;
	LIST_HEAD(withheld);
	int err;

	xsmmu_note(q, &until);
	xsmmu_withheld_take(xd, &withheld, XSMMU_QUARANTINE_SIZE);
	err = xsmmu_grace_period(xd);
	if (!err)
		xsmmu_release(xd, q, &until);
	xsmmu_withheld_end(xd, &withheld, err);
	return err;
}

/**
 * xsmmu_sync - cover all earlier unmaps of a domain by one invalidation
 * @xd: the domain
 *
 * Invalidates even if this CPU's quarantine is empty, because the caller's
 * buffers may have been unmapped on another CPU.
 *
 * Context: any but NMI.
 * Return: 0: the buffers may be freed. -EIO: they must be kept, because the
 * invalidation failed. -EBUSY: they must be kept, because this sync was called
 * from within an invalidation of the domain; a later sync covers them.
 */
int xsmmu_sync(struct xsmmu_domain *xd)
{
	return xsmmu_drain_one(xd, raw_cpu_ptr(xd->quarantine));
}

/*
 * Note how far the rings of all CPUs are filled. Only one drainer at a time may
 * do this. Returns false if all are empty.
 */
static bool xsmmu_note_positions(struct xsmmu_domain *xd)
{
	struct xsmmu_quarantine *q;
	bool any = false;
	int cpu;

	for_each_possible_cpu(cpu) {
		q = per_cpu_ptr(xd->quarantine, cpu);
		xsmmu_note(q, &q->until);
		any |= xsmmu_has_entries(q, &q->until);
	}
	return any;
}

static void xsmmu_release_noted(struct xsmmu_domain *xd)
{
	struct xsmmu_quarantine *q;
	int cpu;

	for_each_possible_cpu(cpu) {
		q = per_cpu_ptr(xd->quarantine, cpu);
		xsmmu_release(xd, q, &q->until);
	}
}

/**
 * xsmmu_drain_all - one sync for the quarantines of all CPUs
 * @xd: the domain; the caller is its only drainer
 *
 * All positions are read before the grace period's snapshot, as in
 * xsmmu_drain_one(). If the quarantines are empty, this costs no invalidation.
 *
 * Context: any but NMI.
 * Return: 0, or the error of xsmmu_grace_period(); then nothing was released.
 */
int xsmmu_drain_all(struct xsmmu_domain *xd)
{
	LIST_HEAD(withheld);
	int err;

	xsmmu_withheld_take(xd, &withheld, UINT_MAX);
	if (!xsmmu_note_positions(xd) && list_empty(&withheld))
		return 0;
	err = xsmmu_grace_period(xd);
	if (!err)
		xsmmu_release_noted(xd);
	xsmmu_withheld_end(xd, &withheld, err);
	return err;
}

/**
 * xsmmu_drain - sync and release the quarantines of all CPUs
 * @xd: the domain, or NULL
 *
 * Called when an IOVA allocation has failed, or a driver leaves. Costs one
 * invalidation, or none while invalidations fail: each allocation that failed would
 * wait for time-outs.
 * A caller that finds another one draining cannot wait for it, because it may
 * have interrupted it. It syncs its own CPU's quarantine, which takes about as
 * long as the other drain.
 *
 * Context: any but NMI.
 * Return: false while invalidations fail. True includes finding the quarantines
 * empty: another CPU may have taken the entries out. It gives their IOVAs back a
 * little later, so an allocation can fail although one is about to come.
 */
bool xsmmu_drain(struct xsmmu_domain *xd)
{
	int err;

	if (!xd || READ_ONCE(xd->failing))
		return false;
	if (test_and_set_bit_lock(0, &xd->draining))
		return !xsmmu_sync(xd);
	err = xsmmu_drain_all(xd);
	clear_bit_unlock(0, &xd->draining);
	return !err;
}

/**
 * xsmmu_drain_iovad - drain the quarantines that hold IOVAs of an allocator
 * @iovad: the allocator; an allocation has failed, and another try will follow
 *
 * A domain that batches is in @iovad until nobody allocates there any more.
 *
 * Context: any but NMI.
 */
void xsmmu_drain_iovad(struct iova_domain *iovad)
{
	struct iommu_domain *domain = READ_ONCE(iovad->xsmmu_domain);

	if (domain)
		xsmmu_drain(xsmmu_of(domain));
}

/*
 * Give @q a ring. Without memory it has none, and each unmap is an overflow. An
 * oops does not try.
 */
static noinline void xsmmu_ring_alloc(struct xsmmu_domain *xd,
				      struct xsmmu_quarantine *q)
{
	struct xsmmu_range *ring;
	unsigned long flags;

	if (oops_in_progress)
		return;
	ring = kmalloc_array(xd->mask + 1, sizeof(*ring),
			     GFP_ATOMIC | __GFP_NOWARN);
	raw_spin_lock_irqsave(&q->lock, flags);
	if (!q->ring) {
		WRITE_ONCE(q->ring, ring);
		ring = NULL;
	}
	raw_spin_unlock_irqrestore(&q->lock, flags);
	kfree(ring);
}

/* Free the ring of @q if it is empty. */
void xsmmu_quarantine_trim(struct xsmmu_quarantine *q)
{
	struct xsmmu_range *ring = NULL;
	unsigned long flags;

	raw_spin_lock_irqsave(&q->lock, flags);
	if (q->head == q->tail) {
		ring = q->ring;
		WRITE_ONCE(q->ring, NULL);
	}
	raw_spin_unlock_irqrestore(&q->lock, flags);
	kfree(ring);
}

/*
 * Start the backstop's timer on the CPU of @q, which must not be pending. If that CPU
 * is offline, on this one. Caller holds @q's lock, so no CPU goes offline meanwhile.
 */
static void xsmmu_start_backstop(struct xsmmu_quarantine *q, unsigned int ms)
{
	lockdep_assert_held(&q->lock);
	q->backstop.expires = jiffies + msecs_to_jiffies(ms);
	if (likely(cpu_online(q->cpu)))
		add_timer_on(&q->backstop, q->cpu);
	else
		add_timer(&q->backstop);
}

/* Note the positions of a tick. Caller holds @q's lock. */
static void xsmmu_tick(struct xsmmu_quarantine *q)
{
	unsigned int class;

	q->tick.ring = q->tail;
	for (class = 0; class < XSMMU_CLASSES; class++)
		q->tick.slots[class] = READ_ONCE(q->slots[class].tail);
}

/*
 * Start the backstop's timer unless it runs. Caller holds @q's lock. An oops starts
 * no timer: its locks may never be free.
 */
static void xsmmu_arm_backstop(struct xsmmu_quarantine *q)
{
	lockdep_assert_held(&q->lock);
	if (q->armed || !xsmmu_backstop_on || oops_in_progress)
		return;
	q->armed = true;
	xsmmu_tick(q);
	xsmmu_start_backstop(q, XSMMU_BACKSTOP_MS);
}

/**
 * xsmmu_quarantine_arm - see to it that the backstop's timer of a quarantine runs
 * @q: the quarantine of this CPU
 *
 * Context: interrupts off.
 */
void xsmmu_quarantine_arm(struct xsmmu_quarantine *q)
{
	unsigned long flags;

	if (!xsmmu_lock(&q->lock, &flags))
		return;
	xsmmu_arm_backstop(q);
	raw_spin_unlock_irqrestore(&q->lock, flags);
}

/*
 * Add a range; returns false if the ring is full or missing. Starts the backstop's
 * timer if it does not run. In an oops in which the lock cannot be had, leaks the
 * range.
 */
static bool xsmmu_add(struct xsmmu_domain *xd, struct xsmmu_quarantine *q,
		      const struct xsmmu_range *r, struct list_head *tables)
{
	unsigned long flags;
	bool added = false;

	if (!xsmmu_lock(&q->lock, &flags)) {
		WRITE_ONCE(xd->lost, true);
		return true;
	}
	if (q->ring && q->tail - q->head <= xd->mask) {
		q->ring[q->tail & xd->mask] = *r;
		WRITE_ONCE(q->tail, q->tail + 1);
		list_splice_tail_init(tables, &q->tables);
		added = true;
		xsmmu_arm_backstop(q);
	}
	raw_spin_unlock_irqrestore(&q->lock, flags);
	return added;
}

/* Withhold a range, and see to it that the backstop tries to release it. */
static void xsmmu_withhold_and_arm(struct xsmmu_domain *xd,
				   struct xsmmu_quarantine *q,
				   const struct xsmmu_range *r,
				   struct list_head *tables)
{
	unsigned long flags;

	xsmmu_withhold(xd, r, tables);
	if (!xsmmu_lock(&q->lock, &flags))
		return;
	xsmmu_arm_backstop(q);
	raw_spin_unlock_irqrestore(&q->lock, flags);
}

/*
 * The ring is full, or there was no memory for one: sync in place. The range at
 * hand was cleared before, so the same grace period covers it and it needs no
 * entry any more. If the sync fails, the range is withheld until another one
 * succeeds (I5). While invalidations are failing, an unmap that finds the ring
 * full withholds its range at once instead of waiting for another time-out. Syncs
 * and the backstop find out when invalidations succeed again.
 */
static void xsmmu_overflow(struct xsmmu_domain *xd, struct xsmmu_quarantine *q,
			   const struct xsmmu_range *r, struct list_head *tables)
{
	this_cpu_inc(xd->quarantine->stats.overflows);
	trace_xsmmu_overflow(xd->name, xd->mask + 1);
	if (!READ_ONCE(xd->failing) && !xsmmu_drain_one(xd, q))
		xsmmu_release_ranges(xd, r, 1, tables);
	else
		xsmmu_withhold_and_arm(xd, q, r, tables);
}

/**
 * xsmmu_overflow_page - find a place for a slot for which the quarantine has none
 * @xd: the domain
 * @pfn: first IOVA page frame of the slot, whose entries are cleared
 * @pages: its pages
 *
 * Context: any but NMI.
 */
void xsmmu_overflow_page(struct xsmmu_domain *xd, unsigned long pfn,
			 unsigned int pages)
{
	struct xsmmu_range r = { .pfn = pfn, .pages = pages };
	LIST_HEAD(none);

	this_cpu_inc(xd->quarantine->stats.unmaps);
	xsmmu_overflow(xd, raw_cpu_ptr(xd->quarantine), &r, &none);
}

/* May an entry that an unmap of @size bytes cleared be no leaf for the IOMMU driver? */
static bool xsmmu_exceeds_leaf(const struct xsmmu_domain *xd, size_t size)
{
	size_t most = xd->domain->ops->leaf_only_size;

	return most && size > most;
}

/**
 * xsmmu_unmap - clear the PTEs of a mapping, do not wait
 * @xd: the domain
 * @addr: bus address of the mapping
 * @size: its length in bytes
 *
 * Widens the range to whole IOVA granules, as the mapping was. The gather is
 * private to this call, so nothing is flushed for it. The range and the tables
 * that its unmap unlinked go into this CPU's quarantine.
 *
 * Context: any but NMI.
 */
void xsmmu_unmap(struct xsmmu_domain *xd, dma_addr_t addr, size_t size)
{
	unsigned long shift = iova_shift(xd->iovad);
	unsigned long first = addr >> shift;
	unsigned long pages = ((addr + size - 1) >> shift) - first + 1;
	struct xsmmu_range r = { .pfn = first, .pages = pages };
	struct iommu_iotlb_gather gather;
	struct xsmmu_quarantine *q;
	struct list_head *tables;
	size_t unmapped;

	iommu_iotlb_gather_init(&gather);
	gather.queued = true;
	unmapped = iommu_unmap_fast(xd->domain, first << shift, pages << shift,
				    &gather);
	WARN_ON(unmapped != pages << shift);

	tables = xsmmu_gathered_tables(&gather);
	r.tables = xsmmu_tables_count(tables);
	/* A page within a larger leaf takes all of the leaf with it. */
	if (r.tables || xsmmu_exceeds_leaf(xd, max_t(size_t, unmapped, pages << shift))) {
		/*
		 * B0, pairs with B5: a leader that takes the flag has the clear
		 * of the non-leaf entry, or of the large leaf, before its
		 * invalidation. If the flag could be seen first, the leader
		 * would use it up on an invalidation that does not cover it.
		 * Full, because the leader may read the flag from another CPU
		 * that stored it on top of this one, and because a flag that is
		 * set already is not set again.
		 * Litmus: core-b0-covered, core-b0-two, core-b0-two-next,
		 * core-b0-set, core-b0-restored
		 */
		smp_mb();
		if (!READ_ONCE(xd->drop_non_leaf))
			WRITE_ONCE(xd->drop_non_leaf, 1);
	}

	this_cpu_inc(xd->quarantine->stats.unmaps);
	q = raw_cpu_ptr(xd->quarantine);
	if (unlikely(!READ_ONCE(q->ring)))
		xsmmu_ring_alloc(xd, q);
	if (unlikely(!xsmmu_add(xd, q, &r, tables)))
		xsmmu_overflow(xd, q, &r, tables);
}

/*
 * Note that no timer runs: the next unmap in the window has to look. By the CPU of
 * @q with interrupts off, or for it while it is offline.
 */
static void xsmmu_disarm(struct xsmmu_quarantine *q)
{
	unsigned int class;

	q->armed = false;
	for (class = 0; class < XSMMU_CLASSES; class++)
		q->slots[class].limit = q->slots[class].tail;
}

/*
 * Restart the timer if entries or withheld ranges are left, with a longer period
 * after an error. A timer that ran on another CPU, because its own was offline, goes
 * on: only its own CPU may say that no unmap comes between.
 */
static void xsmmu_backstop_rearm(struct xsmmu_domain *xd,
				 struct xsmmu_quarantine *q, int err)
{
	bool foreign, left;
	unsigned long flags;

	raw_spin_lock_irqsave(&q->lock, flags);
	q->period = err ? min(2 * q->period, XSMMU_BACKSTOP_MAX_MS) :
			  XSMMU_BACKSTOP_MS;
	xsmmu_tick(q);
	left = xsmmu_has_entries(q, &q->tick) || xsmmu_withholds(xd);
	foreign = smp_processor_id() != q->cpu;
	if (foreign || (xsmmu_backstop_on && left))
		xsmmu_start_backstop(q, left || cpu_online(q->cpu) ?
				     q->period : XSMMU_BACKSTOP_MAX_MS);
	else
		xsmmu_disarm(q);
	raw_spin_unlock_irqrestore(&q->lock, flags);
}

/*
 * The backstop: release entries that no sync has released. An entry that has been
 * here for a full tick is an orphan: its driver did not sync, or synced on
 * another CPU. A driver that syncs its batches leaves none, however busy it is.
 * Also release what is withheld, for a driver that does not sync any more.
 */
static void xsmmu_backstop(struct timer_list *t)
{
	struct xsmmu_quarantine *q = container_of(t, struct xsmmu_quarantine,
						  backstop);
	struct xsmmu_domain *xd = q->xd;
	unsigned long flags;
	bool orphans;
	int err = 0;

	raw_spin_lock_irqsave(&q->lock, flags);
	orphans = xsmmu_backstop_on &&
		  (xsmmu_has_entries(q, &q->tick) || xsmmu_withholds(xd));
	raw_spin_unlock_irqrestore(&q->lock, flags);

	if (orphans) {
		err = xsmmu_drain_one(xd, q);
		this_cpu_inc(xd->quarantine->stats.orphans);
		trace_xsmmu_backstop(xd->name, err);
	}
	xsmmu_backstop_rearm(xd, q, err);
}

/**
 * xsmmu_quarantine_settle - stop the timer of an offline CPU, or let it run in time
 * @xd: the domain
 * @q: of a CPU that is offline and does not run meanwhile
 *
 * A timer that ran for the CPU may have a long period. The CPU's unmaps will rely on
 * it, so it starts anew if something is left.
 *
 * Context: process context.
 */
void xsmmu_quarantine_settle(struct xsmmu_domain *xd, struct xsmmu_quarantine *q)
{
	unsigned long flags;

	timer_delete_sync(&q->backstop);
	raw_spin_lock_irqsave(&q->lock, flags);
	xsmmu_disarm(q);
	xsmmu_tick(q);
	if (xsmmu_has_entries(q, &q->tick) || xsmmu_withholds(xd))
		xsmmu_arm_backstop(q);
	raw_spin_unlock_irqrestore(&q->lock, flags);
}

/**
 * xsmmu_quarantine_dead - empty the quarantine of a dead CPU
 * @xd: the domain
 * @q: of a CPU that is offline and cannot come back meanwhile
 *
 * If no invalidation succeeds, its timer goes on trying on another CPU.
 *
 * Context: process context.
 */
void xsmmu_quarantine_dead(struct xsmmu_domain *xd, struct xsmmu_quarantine *q)
{
	struct xsmmu_positions until;

	xsmmu_note(q, &until);
	if (xsmmu_has_entries(q, &until))
		xsmmu_drain_one(xd, q);
	xsmmu_quarantine_settle(xd, q);
}

/* Prepare the empty quarantine of one CPU. */
void xsmmu_quarantine_init(struct xsmmu_domain *xd, struct xsmmu_quarantine *q,
			   int cpu)
{
	raw_spin_lock_init(&q->lock);
	INIT_LIST_HEAD(&q->tables);
	timer_setup(&q->backstop, xsmmu_backstop, TIMER_PINNED);
	q->period = XSMMU_BACKSTOP_MS;
	q->cpu = cpu;
	q->xd = xd;
}
