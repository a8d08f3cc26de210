// SPDX-License-Identifier: GPL-2.0
/*
 * The quarantine: IOVA ranges and unlinked tables that wait for an invalidation.
 *
 * One ring per CPU. The unmap path touches only its own CPU's ring, allocates
 * nothing and takes no lock of the domain.
 */
#include "xsmmu.h"
#include "base.h"
#include "trace.h"

/* Ranges released per turn: bounds the stack and the time with interrupts off. */
#define XSMMU_RELEASE_CHUNK	16

void xsmmu_quarantine_init(struct xsmmu_domain *xd, struct xsmmu_quarantine *q)
{
	raw_spin_lock_init(&q->lock);
	INIT_LIST_HEAD(&q->tables);
	timer_setup(&q->backstop, xsmmu_backstop, 0);
	q->period = XSMMU_BACKSTOP_MS;
	q->xd = xd;
}

/* Take up to a chunk of entries before position @upto out of the ring. */
static unsigned int xsmmu_take(struct xsmmu_domain *xd,
			       struct xsmmu_quarantine *q, unsigned int upto,
			       struct xsmmu_range *chunk,
			       struct list_head *tables)
{
	unsigned int n = 0;
	unsigned long flags;

	raw_spin_lock_irqsave(&q->lock, flags);
	while (n < XSMMU_RELEASE_CHUNK && (int)(upto - q->head) > 0) {
		chunk[n] = q->ring[q->head & xd->mask];
		xsmmu_tables_cut(&q->tables, chunk[n].tables, tables);
		WRITE_ONCE(q->head, q->head + 1);
		n++;
	}
	raw_spin_unlock_irqrestore(&q->lock, flags);
	return n;
}

/*
 * Release what stood before position @upto. The caller's grace period covers
 * it. Someone else may have released part of it already: then the head is past.
 */
static void xsmmu_release(struct xsmmu_domain *xd, struct xsmmu_quarantine *q,
			  unsigned int upto)
{
	struct xsmmu_range chunk[XSMMU_RELEASE_CHUNK];
	LIST_HEAD(tables);
	unsigned int n;

	do {
		n = xsmmu_take(xd, q, upto, chunk, &tables);
		if (n)
			xd->release(xd, chunk, n, &tables);
	} while (n == XSMMU_RELEASE_CHUNK);
}

/**
 * xsmmu_drain_one - sync, then release what @q held when the sync began
 * @xd: the domain
 * @q: a quarantine of @xd, of this CPU or of another
 *
 * The position is read under @q's lock and before the grace period's snapshot:
 * the lock orders the PTE clears of the CPU that added the entries before this
 * CPU's barrier B1, and an entry added later lies behind the position.
 *
 * Context: any but NMI. Spins; the time of an invalidation, or two.
 * Return: 0, or -EIO if the invalidation failed; then nothing was released.
 */
int xsmmu_drain_one(struct xsmmu_domain *xd, struct xsmmu_quarantine *q)
{
	unsigned long flags;
	unsigned int upto;
	int err;

	raw_spin_lock_irqsave(&q->lock, flags);
	upto = q->tail;
	raw_spin_unlock_irqrestore(&q->lock, flags);

	err = xsmmu_grace_period(xd);
	if (!err)
		xsmmu_release(xd, q, upto);
	return err;
}

/**
 * xsmmu_sync - cover everything that happened before by one invalidation
 * @xd: the domain
 *
 * Invalidates even if this CPU's quarantine is empty: what the caller wants
 * covered may have been unmapped on another CPU.
 *
 * Context: any but NMI.
 * Return: 0: covered, the buffers may be freed. -EIO: they must be kept.
 */
int xsmmu_sync(struct xsmmu_domain *xd)
{
	return xsmmu_drain_one(xd, raw_cpu_ptr(xd->quarantine));
}

/**
 * xsmmu_drain - sync and release the quarantines of all CPUs
 * @xd: the domain, or NULL
 *
 * For whoever ran out of IOVAs. One invalidation per CPU that has entries.
 *
 * Context: any but NMI.
 * Return: true if it is worth trying again. That includes finding nothing: then
 * somebody else released it in the meantime.
 */
bool xsmmu_drain(struct xsmmu_domain *xd)
{
	struct xsmmu_quarantine *q;
	int cpu;

	if (!xd)
		return false;
	for_each_possible_cpu(cpu) {
		q = per_cpu_ptr(xd->quarantine, cpu);
		if (READ_ONCE(q->head) != READ_ONCE(q->tail))
			xsmmu_drain_one(xd, q);
	}
	return true;
}

/* Enter a range; false if the ring is full. Starts the backstop if it idles. */
static bool xsmmu_add(struct xsmmu_domain *xd, struct xsmmu_quarantine *q,
		      const struct xsmmu_range *r, struct list_head *tables)
{
	bool arm = false, added = false;
	unsigned long flags;

	raw_spin_lock_irqsave(&q->lock, flags);
	if (q->tail - q->head <= xd->mask) {
		q->ring[q->tail & xd->mask] = *r;
		WRITE_ONCE(q->tail, q->tail + 1);
		list_splice_tail_init(tables, &q->tables);
		added = true;
		if (!q->armed && xsmmu_backstop_on) {
			arm = true;
			q->armed = true;
			q->tick = q->tail;
		}
	}
	raw_spin_unlock_irqrestore(&q->lock, flags);

	if (arm)
		mod_timer(&q->backstop,
			  jiffies + msecs_to_jiffies(XSMMU_BACKSTOP_MS));
	return added;
}

/*
 * The ring is full: sync in place. The range at hand was cleared before, so the
 * same grace period covers it and it needs no place any more. If the sync fails
 * the range is withheld for as long as the domain lives (I5). After a failure
 * unmaps do not try: a full ring stays full, and one of them would wait for the
 * time-outs that the other had. Syncs and the backstop find out when it is over.
 */
static void xsmmu_overflow(struct xsmmu_domain *xd, struct xsmmu_quarantine *q,
			   const struct xsmmu_range *r, struct list_head *tables)
{
	unsigned long flags;

	this_cpu_inc(xd->quarantine->stats.overflows);
	trace_xsmmu_overflow(xd->name, xd->mask + 1);
	if (!READ_ONCE(xd->failing) && !xsmmu_drain_one(xd, q)) {
		xd->release(xd, r, 1, tables);
		return;
	}
	raw_spin_lock_irqsave(&xd->withheld_lock, flags);
	list_splice_tail_init(tables, &xd->withheld);
	xd->withheld_pages += r->pages;
	raw_spin_unlock_irqrestore(&xd->withheld_lock, flags);
}

/**
 * xsmmu_unmap - clear the PTEs of an IOVA range, do not wait
 * @xd: the domain
 * @iova: bus address of the range, aligned to the IOVA granule
 * @size: its length in bytes, a multiple of the granule
 *
 * The gather is private to this call: nothing is flushed on its behalf. The
 * range and the tables that its unmap unlinked enter this CPU's quarantine.
 *
 * Context: any but NMI.
 */
void xsmmu_unmap(struct xsmmu_domain *xd, dma_addr_t iova, size_t size)
{
	struct xsmmu_range r = {
		.pfn = iova_pfn(xd->iovad, iova),
		.pages = size >> iova_shift(xd->iovad),
	};
	struct iommu_iotlb_gather gather;
	struct xsmmu_quarantine *q;
	struct list_head *tables;
	size_t unmapped;

	iommu_iotlb_gather_init(&gather);
	gather.queued = true;
	unmapped = iommu_unmap_fast(xd->domain, iova, size, &gather);
	WARN_ON(unmapped != size);

	tables = xsmmu_gathered_tables(&gather);
	if (!list_empty(tables)) {
		r.tables = xsmmu_tables_count(tables);
		/*
		 * B0, pairs with B2: a leader that takes the flag has the clear
		 * of the non-leaf entry before its invalidation. If the flag
		 * could be seen first, the leader would use it up on one that
		 * does not cover the table.
		 */
		smp_wmb();
		WRITE_ONCE(xd->need_full, 1);
	}

	this_cpu_inc(xd->quarantine->stats.unmaps);
	q = raw_cpu_ptr(xd->quarantine);
	if (unlikely(!xsmmu_add(xd, q, &r, tables)))
		xsmmu_overflow(xd, q, &r, tables);
}

/* Restart the timer if entries are left; after a failure, more slowly. */
static void xsmmu_backstop_rearm(struct xsmmu_quarantine *q, int err)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&q->lock, flags);
	q->period = err ? min(2 * q->period, XSMMU_BACKSTOP_MAX_MS) :
			  XSMMU_BACKSTOP_MS;
	q->armed = xsmmu_backstop_on && q->head != q->tail;
	q->tick = q->tail;
	if (q->armed)
		mod_timer(&q->backstop, jiffies + msecs_to_jiffies(q->period));
	raw_spin_unlock_irqrestore(&q->lock, flags);
}

/*
 * The backstop: release what nobody synced. An entry that stood here a full
 * tick ago is an orphan: its driver forgot it, or synced on another CPU.
 * A driver that syncs its batches never meets this, however busy it is.
 */
void xsmmu_backstop(struct timer_list *t)
{
	struct xsmmu_quarantine *q = container_of(t, struct xsmmu_quarantine,
						  backstop);
	struct xsmmu_domain *xd = q->xd;
	unsigned long flags;
	bool orphans;
	int err = 0;

	raw_spin_lock_irqsave(&q->lock, flags);
	orphans = xsmmu_backstop_on && (int)(q->tick - q->head) > 0;
	raw_spin_unlock_irqrestore(&q->lock, flags);

	if (orphans) {
		err = xsmmu_drain_one(xd, q);
		this_cpu_inc(xd->quarantine->stats.orphans);
		trace_xsmmu_backstop(xd->name, err);
	}
	xsmmu_backstop_rearm(q, err);
}
