// SPDX-License-Identifier: GPL-2.0
/*
 * The grace period: wait for an invalidation that starts after now, and share it
 * with all callers that need the same one.
 *
 * The invalidations of a domain are numbered, and one runs at a time. A CPU that
 * finds number n running waits for n + 1, because its own clears may have come
 * too late for n. rcu_seq_snap() does not fit here: its barrier is on the other
 * side of the read. Nor do the flush queue's counters: they allow two
 * invalidations at once, and the flag "drop non-leaf entries" would be lost.
 */
#include <linux/kernel.h>
#include <linux/preempt.h>
#include <linux/printk.h>
#include <linux/processor.h>
#include "internal.h"
#include "trace.h"

/* Is number @a at or after @b? Numbers wrap. */
static bool xsmmu_reached(unsigned long a, unsigned long b)
{
	return (long)(a - b) >= 0;
}

/**
 * struct xsmmu_led - an invalidation that was led, for the trace event
 * @number: its number
 * @leaf_only: it did not have to drop non-leaf entries
 * @err: the backend's result
 * @any: an invalidation was led; the other fields are set only then
 */
struct xsmmu_led {
	unsigned long number;
	bool leaf_only;
	int err;
	bool any;
};

static int xsmmu_invalidate(struct xsmmu_domain *xd, bool leaf_only)
{
	int err = xd->domain->ops->sync_domain_iotlb(xd->domain, leaf_only);

	if (err)
		return err;
	/*
	 * B6, pairs with the IOMMU's completion: the completion, then what the
	 * caller of this sync reads in its buffers. The device has written them
	 * before the IOMMU completed, but the backend only polls for that.
	 * Litmus: core-leader-read
	 */
	smp_acquire__after_ctrl_dep();
	return 0;
}

/*
 * Issue the next invalidation. Caller holds flush_lock with interrupts off. The
 * IOMMU driver's messages go to the consoles later: a console may be behind this
 * IOMMU. "leader" is cleared last: whatever else this function calls may lead to
 * a sync of the same domain on this CPU, which must be refused.
 */
static int xsmmu_lead(struct xsmmu_domain *xd, struct xsmmu_led *led)
{
	unsigned long n = xd->started + 1;
	bool leaf_only;
	int err;

	lockdep_assert_held(&xd->flush_lock);
	WRITE_ONCE(xd->leader, smp_processor_id() + 1);
	WRITE_ONCE(xd->started, n);
	/*
	 * B2, pairs with B1: store "started", then take the flag and let the
	 * engine begin. If a requester reads a number below n, its clears are
	 * visible to the engine's first action of n, and its flag to B5. B5 is
	 * a full barrier too, as long as it is unconditional.
	 * Litmus: core-b1-b2, core-b1-b2-bare, core-b0-lost-bare
	 */
	smp_mb();
	/*
	 * B5, pairs with B0: take the flag, then let the engine begin. Fully
	 * ordered. If it takes the flag of an unmap, the engine's first action
	 * of n sees that unmap's clear of the non-leaf entry.
	 * Litmus: core-b0-covered, core-b0-two, core-b0-set
	 */
	leaf_only = !xchg(&xd->drop_non_leaf, 0);
	/* Drivers print about errors while they hold the lock of their queue. */
	printk_deferred_enter();
	err = xsmmu_invalidate(xd, leaf_only);
	printk_deferred_exit();
	*led = (struct xsmmu_led) {
		.number = n, .leaf_only = leaf_only, .err = err, .any = true,
	};
	if (err) {
		/*
		 * Set the flag before the lock is dropped: the next
		 * invalidation, on whichever CPU, drops non-leaf entries too.
		 */
		WRITE_ONCE(xd->drop_non_leaf, 1);
		this_cpu_inc(xd->quarantine->stats.failed);
	} else {
		/*
		 * B3, pairs with B4: completion, then "done", then the reuse.
		 * Litmus: core-b3-b4-write, core-b3-b4-read
		 */
		smp_store_release(&xd->done, n);
		this_cpu_inc(xd->quarantine->stats.led);
	}
	WRITE_ONCE(xd->leader, 0);
	return err ? -EIO : 0;
}

/*
 * Lead, unless XSMMU_SYNC_ATTEMPTS numbers from @snap on have failed: each began
 * after the caller's clears, so it failed for the caller too, whichever CPU led
 * it. Caller holds flush_lock with interrupts off; no number from @snap on is
 * done. Returns -EAGAIN if the caller may try once more.
 */
static int xsmmu_attempt(struct xsmmu_domain *xd, unsigned long snap,
			 struct xsmmu_led *led)
{
	int err = -EIO;

	if (xd->started + 1 - snap < XSMMU_SYNC_ATTEMPTS)
		err = xsmmu_lead(xd, led);
	if (err && xd->started + 1 - snap < XSMMU_SYNC_ATTEMPTS)
		return -EAGAIN;
	if (xd->failing != !!err)
		WRITE_ONCE(xd->failing, !!err);
	return err;
}

/**
 * xsmmu_is_invalidating - was this function called from within an invalidation?
 * @xd: the domain that is invalidated
 *
 * The leader has interrupts off, so while preemption is off only code that it calls
 * can find its own CPU leading. Without that, a waiter could read "leader", be moved
 * to the leader's CPU and take itself for the leader. The same holds for "naming".
 *
 * Context: any but NMI.
 */
bool xsmmu_is_invalidating(const struct xsmmu_domain *xd)
{
	bool invalidating;

	preempt_disable();
	invalidating = READ_ONCE(xd->leader) == smp_processor_id() + 1 ||
		       READ_ONCE(this_cpu_ptr(xd->quarantine)->naming);
	preempt_enable();
	return invalidating;
}

/*
 * In an oops the leader may be a CPU that was stopped. So this CPU does not wait
 * for it and issues an invalidation itself. That one drops non-leaf entries,
 * because the leader may have taken the flag. It changes neither numbers nor flag.
 */
static int xsmmu_sync_alone(struct xsmmu_domain *xd)
{
	unsigned long flags;
	int err;

	local_irq_save(flags);
	printk_deferred_enter();
	err = xsmmu_invalidate(xd, false);
	printk_deferred_exit();
	local_irq_restore(flags);
	return err ? -EIO : 0;
}

/**
 * xsmmu_snapshot - the number of the invalidation that covers all earlier unmaps
 * @xd: the domain
 *
 * Context: any.
 * Return: the number, for xsmmu_covered().
 */
unsigned long xsmmu_snapshot(struct xsmmu_domain *xd)
{
	/*
	 * B1, pairs with B2: every PTE clear that happens before this call,
	 * then the read of "started". Full, and before the read.
	 * Litmus: core-b1-b2, core-b1-handover, core-b0-lost, core-drain,
	 * core-alone-bare, core-snap-order, window-position
	 */
	smp_mb();
	return READ_ONCE(xd->started) + 1;
}

/**
 * xsmmu_covered - has an invalidation completed that covers a snapshot?
 * @xd: the domain
 * @snap: what xsmmu_snapshot() returned
 *
 * Context: any.
 * Return: true if all that was unmapped before the snapshot may be freed or reused.
 */
bool xsmmu_covered(struct xsmmu_domain *xd, unsigned long snap)
{
	/*
	 * B4, pairs with B3: completion, then the caller's release.
	 * Litmus: core-b3-b4-read
	 */
	return xsmmu_reached(smp_load_acquire(&xd->done), snap);
}

/**
 * xsmmu_grace_period - wait for an invalidation that starts after now
 * @xd: the domain
 *
 * Without failures the wait is at most the running invalidation and the next;
 * with failures, the running one and XSMMU_SYNC_ATTEMPTS more, on any CPUs.
 *
 * Context: any but NMI. The leader has interrupts off; a waiter holds no lock.
 * Return: 0. -EIO after the last failed attempt. -EBUSY if an invalidation of
 * this domain has called: the IOMMU driver may hold the lock of its queue, so
 * this CPU can neither wait for that invalidation nor issue another one.
 */
int xsmmu_grace_period(struct xsmmu_domain *xd)
{
	unsigned long snap, flags;
	struct xsmmu_led led;
	int err;

	snap = xsmmu_snapshot(xd);
	for (;;) {
		if (xsmmu_covered(xd, snap)) {
			this_cpu_inc(xd->quarantine->stats.shared);
			return 0;
		}
		if (unlikely(xsmmu_is_invalidating(xd)))
			return -EBUSY;
		if (unlikely(oops_in_progress))
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
		led.any = false;
		err = xsmmu_attempt(xd, snap, &led);
		raw_spin_unlock_irqrestore(&xd->flush_lock, flags);
		/* A tracer that prints may sync this domain, so no lock is held. */
		if (led.any)
			trace_xsmmu_sync(xd->name, led.number, led.leaf_only,
					 led.err);
		if (err != -EAGAIN)
			return err;
	}
}
