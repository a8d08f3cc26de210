/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of xSMMU's core and its tests share: the quarantine, the numbers
 * of invalidations, statistics, knobs. xsmmu.h is the interface for all others.
 */
#ifndef _XSMMU_INTERNAL_H
#define _XSMMU_INTERNAL_H

#include <linux/iova.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/percpu.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include "xsmmu.h"

/* A caller gets -EIO once so many invalidations that would cover it failed. */
#define XSMMU_SYNC_ATTEMPTS	3

/* An entry found in a quarantine on two ticks in a row is an orphan. */
#define XSMMU_BACKSTOP_MS	10U

/* The backstop's longest period while invalidations fail. */
#define XSMMU_BACKSTOP_MAX_MS	10000U

/* A device's name, cut to fit. */
#define XSMMU_NAME_LEN		32

/* Entries of one CPU's quarantine: as many as a CPU's flush queue holds. */
#define XSMMU_QUARANTINE_SIZE	256

/* Classes of slots in a window: runs of 1, 2, 4, 8 and 16 pages. */
#define XSMMU_CLASSES		5

struct xsmmu_window;

/**
 * struct xsmmu_range - an IOVA range that may not be reused yet
 * @pfn: first IOVA page frame, in units of the IOVA domain's granule
 * @pages: number of granules
 * @tables: page-table pages that its unmap unlinked
 */
struct xsmmu_range {
	unsigned long pfn;
	u32 pages;
	u32 tables;
};

/**
 * struct xsmmu_stats - counts of one CPU in one domain
 * @unmaps: unmaps without sync, less those in a window
 * @led: invalidations that this CPU issued and that succeeded
 * @shared: syncs satisfied by an invalidation of another CPU
 * @named: invalidations of runs that succeeded
 * @failed: invalidations that this CPU issued and that failed, runs included
 * @overflows: unmaps that found the quarantine full
 * @orphans: drains by the backstop
 * @outside: mappings that found no slot in the window
 *
 * Rule: written with this_cpu_inc(), summed without a lock. The sum is exact
 * when no CPU is writing.
 */
struct xsmmu_stats {
	u64 unmaps;
	u64 led;
	u64 shared;
	u64 named;
	u64 failed;
	u64 overflows;
	u64 orphans;
	u64 outside;
};

/**
 * struct xsmmu_slots - the slots of one class that a CPU has; see window.h
 * @head: (O) position of the next slot to take
 * @done: position up to which slots are free; raised by drainers
 * @tail: (O) position after the newest slot in quarantine; drainers read it
 * @limit: (O) position at which an unmap has to stop and look
 * @ring: (O) first pages of the slots, by position modulo XSMMU_RING; NULL until
 *	the CPU takes or gives back one. Statistics read it
 *
 * (O): written by the CPU that owns them only, with interrupts off, or for it while
 * it is offline. Positions only grow, except that head steps back to add slots.
 *
 * Aligned so that a mapping or an unmap touches one line of them.
 */
struct xsmmu_slots {
	unsigned long head;
	unsigned long done;
	unsigned long tail;
	unsigned long limit;
	u32 *ring;
} ____cacheline_aligned_in_smp;

/**
 * struct xsmmu_positions - up to where a quarantine was filled
 * @ring: of its ring of ranges
 * @slots: of its slots, by class
 */
struct xsmmu_positions {
	unsigned int ring;
	unsigned long slots[XSMMU_CLASSES];
};

/**
 * struct xsmmu_quarantine - what one CPU has unmapped and not yet released
 * @lock: (L) protects the fields so marked; taken by the CPU and by drainers
 * @head: (L) position of the oldest entry; positions only grow
 * @tail: (L) position after the newest entry
 * @until: positions as the drainer of all quarantines saw them; only that one uses
 *	them
 * @tick: (L) positions as the backstop last saw them
 * @period: (L) of the backstop's timer, in ms
 * @armed: (L) the backstop's timer is pending or running. The CPU also reads it
 *	with interrupts off, without the lock: only its own timer clears it, on the
 *	same CPU, or somebody else while the CPU is offline
 * @naming: the CPU invalidates runs. Written and read by it with interrupts off
 * @cpu: the CPU; constant
 * @slots: what the CPU has of the domain's window, by class
 * @tables: (L) unlinked table pages, in the order of the entries they belong to
 * @backstop: timer that finds orphans; an add to an idle quarantine starts it
 * @xd: the domain; constant
 * @stats: see &struct xsmmu_stats
 * @ring: (L) the entries, indexed by position modulo their number; NULL until the
 *	CPU unmaps, and again after a driver was unbound. Unmaps read it without
 *	the lock, as a hint
 *
 * Two positions delimit a batch. A sync remembers @tail before its snapshot and
 * releases the entries up to there afterwards. An entry that an interrupt adds
 * meanwhile lies behind that position and stays.
 */
struct xsmmu_quarantine {
	raw_spinlock_t lock;
	unsigned int head;
	unsigned int tail;
	struct xsmmu_positions until;
	struct xsmmu_positions tick;
	unsigned int period;
	bool armed;
	bool naming;
	int cpu;
	struct xsmmu_slots slots[XSMMU_CLASSES];
	struct list_head tables;
	struct timer_list backstop;
	struct xsmmu_domain *xd;
	struct xsmmu_stats stats;
	struct xsmmu_range *ring;
};

/**
 * struct xsmmu_domain - batching state of one DMA domain
 * @domain: the domain that is invalidated; constant
 * @iovad: allocator that the ranges go back to; constant
 * @quarantine: one per possible CPU; constant
 * @mask: entries of a quarantine less one (a power of two); constant
 * @name: of the device that opted in first; constant
 * @node: on the list of all domains, under that list's mutex
 * @window: of the domain, or NULL. Written under the lock of windows, read under it
 *	or under RCU
 * @release: for tests that watch the order: called instead of xsmmu_give_back(),
 *	or NULL; set before the first unmap
 * @failing: a sync gave up, and none has succeeded since; written under
 *	@flush_lock. Unmaps read it without the lock, as a hint: if it is out of
 *	date, they try once more, or withhold a range
 * @lost: an unmap could not be noted in an oops, so a quarantine does not tell all.
 *	Set once
 * @name_again: no sync names runs before that time, in jiffies. Written after a failure
 * @started: number of the newest invalidation begun; written under @flush_lock
 * @drop_non_leaf: (any) the next invalidation must not be leaf-only: a table was
 *	unlinked since the last one that dropped non-leaf entries, or more than
 *	the driver's leaf_only_size was cleared at once, or an invalidation
 *	failed. Set by the unmap that unlinked or cleared, after B0; taken by
 *	the leader, by B5; set again by a leader that failed, before it unlocks
 * @flush_lock: held from "started" to "completed", interrupts off: one
 *	invalidation in flight
 * @leader: the CPU that holds @flush_lock to lead, plus one; 0 if no CPU leads.
 *	Written under @flush_lock; only the CPU that it names relies on it, and
 *	with preemption off
 * @done: number of the newest that completed; written under @flush_lock.
 *	Numbers that failed are skipped, never counted
 * @draining: bit 0 is set while a CPU drains all quarantines; taken and cleared by
 *	bit operations that order as a lock does
 * @withheld_lock: protects the fields after it
 * @withheld: ranges that no invalidation covered and for which the quarantine had
 *	no room, as &struct xsmmu_withheld; a sync takes them out, and puts them
 *	back if it fails
 * @withheld_pages: their IOVA granules, with those that a sync has taken. Also
 *	read without the lock, as a hint that a sync has something to take
 * @leaked: granules that could not even be withheld, for want of memory
 * @leaked_tables: tables of these; they wait for the domain's end
 *
 * Two cache lines change with each invalidation. Waiters spin on that
 * of @flush_lock. The leader writes @started and then @drop_non_leaf, so they
 * share a line: B5 can stay unconditional and costs no line of its own. The
 * fields before them change rarely.
 */
struct xsmmu_domain {
	struct iommu_domain *domain;
	struct iova_domain *iovad;
	struct xsmmu_quarantine __percpu *quarantine;
	unsigned int mask;
	char name[XSMMU_NAME_LEN];
	struct list_head node;
	struct xsmmu_window __rcu *window;
#if IS_ENABLED(CONFIG_XSMMU_KUNIT_TEST)
	void (*release)(struct xsmmu_domain *xd, const struct xsmmu_range *r,
			unsigned int n, struct list_head *tables);
#endif

	bool failing;
	bool lost;
	unsigned long name_again;

	unsigned long started ____cacheline_aligned_in_smp;
	unsigned int drop_non_leaf;

	raw_spinlock_t flush_lock ____cacheline_aligned_in_smp;
	unsigned int leader;
	unsigned long done;

	unsigned long draining ____cacheline_aligned_in_smp;

	raw_spinlock_t withheld_lock;
	struct list_head withheld;
	unsigned long withheld_pages;
	unsigned long leaked;
	struct list_head leaked_tables;
};

/**
 * struct xsmmu_refusal - a domain whose unmaps are not batched
 * @node: on the list of all refusals, under that list's mutex
 * @name: of the device that asked first; constant
 * @why: the reason; constant
 */
struct xsmmu_refusal {
	struct list_head node;
	char name[XSMMU_NAME_LEN];
	const char *why;
};

/* mode.c: constant after boot; tests change it. */
extern bool xsmmu_virtual;

/* quarantine.c */
bool xsmmu_lock_in_oops(raw_spinlock_t *lock, unsigned long *flags);
void xsmmu_release_slots(struct xsmmu_slots *s, unsigned long until);
void xsmmu_release_ranges(struct xsmmu_domain *xd, const struct xsmmu_range *r,
			  unsigned int n, struct list_head *tables);
void xsmmu_quarantine_init(struct xsmmu_domain *xd, struct xsmmu_quarantine *q,
			   int cpu);
void xsmmu_quarantine_arm(struct xsmmu_quarantine *q);
void xsmmu_quarantine_dead(struct xsmmu_domain *xd, struct xsmmu_quarantine *q);
void xsmmu_quarantine_settle(struct xsmmu_domain *xd, struct xsmmu_quarantine *q);
void xsmmu_overflow_page(struct xsmmu_domain *xd, unsigned long pfn,
			 unsigned int pages);
void xsmmu_quarantine_trim(struct xsmmu_quarantine *q);
int xsmmu_drain_one(struct xsmmu_domain *xd, struct xsmmu_quarantine *q);
int xsmmu_drain_all(struct xsmmu_domain *xd);
void xsmmu_give_back(struct xsmmu_domain *xd, const struct xsmmu_range *r,
		     unsigned int n, struct list_head *tables);

/* Returns false if the lock cannot be had, which happens only in an oops. */
static __always_inline bool xsmmu_lock(raw_spinlock_t *lock,
				       unsigned long *flags)
{
	if (likely(!oops_in_progress)) {
		raw_spin_lock_irqsave(lock, *flags);
	} else {
		if (!xsmmu_lock_in_oops(lock, flags))
			return false;
		__acquire(lock);
	}
	return true;
}

/* withheld.c */
void xsmmu_withhold(struct xsmmu_domain *xd, const struct xsmmu_range *r,
		    struct list_head *tables);
void __xsmmu_withheld_take(struct xsmmu_domain *xd, struct list_head *list,
			   unsigned int max);
void __xsmmu_withheld_end(struct xsmmu_domain *xd, struct list_head *list,
			  int err);
bool xsmmu_withheld_last(struct xsmmu_domain *xd, int err);

/* Has a sync something to take? A hint. */
static inline bool xsmmu_withholds(struct xsmmu_domain *xd)
{
	return READ_ONCE(xd->withheld_pages);
}

/* Take up to @max withheld ranges, before a grace period. */
static inline void xsmmu_withheld_take(struct xsmmu_domain *xd,
				       struct list_head *list, unsigned int max)
{
	if (unlikely(xsmmu_withholds(xd)))
		__xsmmu_withheld_take(xd, list, max);
}

/* After it: release them, or put them back if it failed. */
static inline void xsmmu_withheld_end(struct xsmmu_domain *xd,
				      struct list_head *list, int err)
{
	if (unlikely(!list_empty(list)))
		__xsmmu_withheld_end(xd, list, err);
}

/* sync.c */
int xsmmu_grace_period(struct xsmmu_domain *xd);
bool xsmmu_is_invalidating(const struct xsmmu_domain *xd);

/* local.c */
extern struct xsmmu_limit xsmmu_most_pages;

/* stats.c */
void xsmmu_stats_add(struct xsmmu_domain *xd);
void xsmmu_stats_remove(struct xsmmu_domain *xd);
void xsmmu_stats_add_refusal(struct xsmmu_refusal *refusal);
void xsmmu_stats_remove_refusal(struct xsmmu_refusal *refusal);
int xsmmu_limit_set(void *data, u64 value);
void xsmmu_each_domain(void (*fn)(struct xsmmu_domain *xd, unsigned int cpu),
		       unsigned int cpu);

/* window.c */
extern bool xsmmu_windows;

/* debug.c: knobs that can be written only with CONFIG_XSMMU_DEBUG. */
#ifdef CONFIG_XSMMU_DEBUG
extern unsigned int xsmmu_quarantine_size;
extern bool xsmmu_backstop_on;
#else
#define xsmmu_quarantine_size	XSMMU_QUARANTINE_SIZE
#define xsmmu_backstop_on	true
#endif

#endif /* _XSMMU_INTERNAL_H */
