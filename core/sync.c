// SPDX-License-Identifier: GPL-2.0
/*
 * The grace period: make sure that an invalidation which started after now has
 * completed, and share it with all who ask for the same one.
 *
 * Invalidations of a domain are numbered and single-flight. A CPU that finds
 * number n running waits for n + 1: its own clears may have come too late for n.
 * rcu_seq_snap() has its barrier on the other side of the read, and the flush
 * queue's counters allow two at once, which loses "tables were unlinked"; so
 * neither is used here.
 */
#include <linux/kernel.h>
#include <linux/processor.h>
#include "xsmmu.h"
#include "trace.h"

/* Is number @a at or after @b? Numbers wrap. */
static bool xsmmu_reached(unsigned long a, unsigned long b)
{
	return (long)(a - b) >= 0;
}

/* Issue the next invalidation. Caller holds flush_lock with interrupts off. */
static int xsmmu_lead(struct xsmmu_domain *xd)
{
	unsigned long n = xd->started + 1;
	bool full;
	int err;

	lockdep_assert_held(&xd->flush_lock);
	WRITE_ONCE(xd->leader, raw_smp_processor_id() + 1);
	WRITE_ONCE(xd->started, n);
	/*
	 * B2, pairs with B1: store "started", then let the engine begin. If a
	 * requester reads a number below n, its clears are visible to the
	 * engine's first action of n.
	 */
	smp_mb();
	full = xchg(&xd->need_full, 0);
	err = xd->domain->ops->sync_domain_iotlb(xd->domain, !full);
	WRITE_ONCE(xd->leader, 0);
	trace_xsmmu_sync(xd->name, n, full, err);
	if (err) {
		/*
		 * Restores the flag before the lock is dropped, and makes the
		 * retry, whoever leads it, the strongest kind.
		 */
		WRITE_ONCE(xd->need_full, 1);
		this_cpu_inc(xd->quarantine->stats.failed);
		return -EIO;
	}
	/* B3, pairs with B4: completion, then "done", then the reuse. */
	smp_store_release(&xd->done, n);
	this_cpu_inc(xd->quarantine->stats.led);
	return 0;
}

/*
 * Lead, but not once as many numbers from @snap on have failed as are tried: what
 * began after the caller's clears and failed, failed for the caller, whoever led it.
 * Caller holds flush_lock with interrupts off; no number from @snap on is done.
 */
static int xsmmu_attempt(struct xsmmu_domain *xd, unsigned long snap)
{
	int err = -EIO;

	if (xd->started + 1 - snap < XSMMU_SYNC_ATTEMPTS)
		err = xsmmu_lead(xd);
	if (err && xd->started + 1 - snap < XSMMU_SYNC_ATTEMPTS)
		return -EAGAIN;
	WRITE_ONCE(xd->failing, !!err);
	return err;
}

/*
 * Is there nobody to wait for? In an oops the leader may be a CPU that was stopped.
 * And it may be this one: an IOMMU driver that prints, and a console behind a
 * device of this domain. The leader has interrupts off, so what it finds on its
 * own CPU it has called itself. A waiter that was moved here takes one more
 * invalidation for nothing.
 */
static bool xsmmu_alone(const struct xsmmu_domain *xd)
{
	return oops_in_progress ||
	       READ_ONCE(xd->leader) == raw_smp_processor_id() + 1;
}

/*
 * Then nobody is waited for: one invalidation of our own, full because the flag
 * may be with that leader. It touches neither numbers nor flag.
 */
static int xsmmu_sync_alone(struct xsmmu_domain *xd)
{
	return xd->domain->ops->sync_domain_iotlb(xd->domain, false) ? -EIO : 0;
}

/**
 * xsmmu_grace_period - wait for an invalidation that starts after now
 * @xd: the domain
 *
 * Without failures the wait is at most the running invalidation and the next,
 * with failures the running one and XSMMU_SYNC_ATTEMPTS more, whoever leads them.
 *
 * Context: any but NMI. The leader has interrupts off; a waiter holds nothing.
 * Return: 0, or -EIO after the last failed attempt.
 */
int xsmmu_grace_period(struct xsmmu_domain *xd)
{
	unsigned long snap, flags;
	int err;

	/*
	 * B1, pairs with B2: every PTE clear that happens before this call,
	 * then the read of "started". Full, and before the read.
	 */
	smp_mb();
	snap = READ_ONCE(xd->started) + 1;

	for (;;) {
		/* B4, pairs with B3: what we release is released after it. */
		if (xsmmu_reached(smp_load_acquire(&xd->done), snap)) {
			this_cpu_inc(xd->quarantine->stats.shared);
			return 0;
		}
		if (unlikely(xsmmu_alone(xd)))
			return xsmmu_sync_alone(xd);
		if (raw_spin_is_locked(&xd->flush_lock) ||
		    !raw_spin_trylock_irqsave(&xd->flush_lock, flags)) {
			cpu_relax();
			continue;
		}
		if (xsmmu_reached(xd->done, snap)) {
			raw_spin_unlock_irqrestore(&xd->flush_lock, flags);
			continue;
		}
		err = xsmmu_attempt(xd, snap);
		raw_spin_unlock_irqrestore(&xd->flush_lock, flags);
		if (err != -EAGAIN)
			return err;
	}
}
