/* SPDX-License-Identifier: GPL-2.0 */
/*
 * xSMMU core: what dma-iommu, the backends and the tests see of it.
 *
 * DOC: the promise
 *
 * I1 buffers     Memory covered by dma_unmap_*_no_sync() is not freed, reused or
 *                handed on before an invalidation that started after its PTEs
 *                were cleared has completed. The driver keeps this one, by
 *                calling dma_sync_device_iotlb() before it frees.
 * I2 IOVAs       No IOVA range goes back to its allocator before that same
 *                invalidation completed.
 * I3 tables      No page-table page unlinked by a batch is freed before an
 *                invalidation completed that drops non-leaf entries as well.
 * I4 sharing     A CPU relies on an invalidation that another CPU issued only if
 *                it started after this CPU's own PTE clears were visible.
 * I5 fail closed Where batching cannot be had, *_no_sync() is the ordinary unmap
 *                and the sync a success. An invalidation that failed releases
 *                nothing, and the driver hears of it.
 *
 * Include order: <linux/iommu.h> first.
 */
#ifndef _XSMMU_H
#define _XSMMU_H

#include <linux/iommu.h>
#include <linux/iova.h>
#include <linux/jump_label.h>
#include <linux/spinlock.h>
#include <linux/timer.h>

struct xsmmu_domain;

#ifdef CONFIG_XSMMU

/* How often one sync leads an invalidation that fails before it gives up. */
#define XSMMU_SYNC_ATTEMPTS	3

/* An entry found in a quarantine on two ticks in a row is an orphan. */
#define XSMMU_BACKSTOP_MS	10U

/* Its longest period while invalidations fail. */
#define XSMMU_BACKSTOP_MAX_MS	10000U

/* A device's name, cut to fit. */
#define XSMMU_NAME_LEN		32

/* Entries of one CPU's quarantine: as many as a CPU's flush queue holds. */
#define XSMMU_QUARANTINE_SIZE	256

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
 * @unmaps: unmaps without sync
 * @led: invalidations that this CPU issued and that succeeded
 * @shared: syncs satisfied by an invalidation of another CPU
 * @failed: invalidations that this CPU issued and that failed
 * @overflows: unmaps that found the quarantine full
 * @orphans: drains by the backstop
 *
 * Rule: written with this_cpu_inc(), summed without a lock; each is exact once
 * its writers are quiet.
 */
struct xsmmu_stats {
	u64 unmaps;
	u64 led;
	u64 shared;
	u64 failed;
	u64 overflows;
	u64 orphans;
};

/**
 * struct xsmmu_quarantine - what one CPU has unmapped and not yet released
 * @lock: (L) protects the fields so marked; taken by the CPU and by drainers
 * @head: (L) position of the oldest entry; positions only grow
 * @tail: (L) position after the newest entry
 * @tick: (L) @tail as the backstop last saw it
 * @period: (L) of the backstop's timer, in ms
 * @armed: (L) the backstop's timer is pending or running
 * @tables: (L) unlinked table pages, in the order of the entries they belong to
 * @backstop: timer that finds orphans; armed by an add to an idle quarantine
 * @xd: the domain; constant
 * @stats: see &struct xsmmu_stats
 * @ring: (L) the entries, indexed by position modulo their number
 *
 * Positions make a batch: whoever syncs remembers @tail before its snapshot and
 * releases up to there afterwards. Entries that an interrupt adds meanwhile lie
 * behind that position and stay.
 */
struct xsmmu_quarantine {
	raw_spinlock_t lock;
	unsigned int head;
	unsigned int tail;
	unsigned int tick;
	unsigned int period;
	bool armed;
	struct list_head tables;
	struct timer_list backstop;
	struct xsmmu_domain *xd;
	struct xsmmu_stats stats;
	struct xsmmu_range ring[];
};

/**
 * struct xsmmu_domain - batching state of one DMA domain
 * @domain: the domain that is invalidated; constant
 * @iovad: allocator that the ranges go back to; constant
 * @release: gives @n ranges and the page-table pages on a list back; constant,
 *	but for tests that watch the order
 * @quarantine: one per possible CPU; constant
 * @mask: entries of a quarantine less one (a power of two); constant
 * @name: of the device that opted in first; constant
 * @node: on the list of all domains, under its mutex
 * @need_full: (any) a table was unlinked since the last invalidation of
 *	non-leaf entries. Set by the unmap that unlinked, after B0; taken by the
 *	leader, after B2; set again by a leader that failed, before it unlocks
 * @flush_lock: held from "started" to "completed", interrupts off: one
 *	invalidation in flight
 * @leader: the CPU that holds it to lead, plus one; 0 if none does. Written under
 *	@flush_lock; only the CPU that it names relies on it
 * @started: number of the newest invalidation begun; written under @flush_lock
 * @done: number of the newest that completed; written under @flush_lock.
 *	Numbers that failed are skipped, never counted
 * @failing: a sync gave up, and none has succeeded since; written under
 *	@flush_lock. A hint to unmaps, read without it: in doubt they try once
 *	more, or withhold a range
 * @withheld_lock: protects the two fields below
 * @withheld: tables that no invalidation covered and that found no place
 * @withheld_pages: IOVA granules likewise; both wait for the domain's end
 */
struct xsmmu_domain {
	struct iommu_domain *domain;
	struct iova_domain *iovad;
	void (*release)(struct xsmmu_domain *xd, const struct xsmmu_range *r,
			unsigned int n, struct list_head *tables);
	struct xsmmu_quarantine __percpu *quarantine;
	unsigned int mask;
	char name[XSMMU_NAME_LEN];
	struct list_head node;

	unsigned int need_full ____cacheline_aligned_in_smp;

	raw_spinlock_t flush_lock ____cacheline_aligned_in_smp;
	unsigned int leader;
	unsigned long started;
	unsigned long done;
	bool failing;

	raw_spinlock_t withheld_lock;
	struct list_head withheld;
	unsigned long withheld_pages;
};

/* The state in a DMA cookie, set when a driver of the domain opts in. */
#define xsmmu_of_cookie(cookie)	smp_load_acquire(&(cookie)->xsmmu)

DECLARE_STATIC_KEY_FALSE(xsmmu_key);

/* Is the kernel in xSMMU mode (iommu.xsmmu=1 and not a kdump kernel)? */
static inline bool xsmmu_mode(void)
{
	return static_branch_unlikely(&xsmmu_key);
}

void xsmmu_mode_init(void);

struct xsmmu_domain *xsmmu_domain_create(struct iommu_domain *domain,
					 struct iova_domain *iovad,
					 const char *name);
void xsmmu_domain_destroy(struct xsmmu_domain *xd);

void xsmmu_unmap(struct xsmmu_domain *xd, dma_addr_t iova, size_t size);
int xsmmu_sync(struct xsmmu_domain *xd);
bool xsmmu_drain(struct xsmmu_domain *xd);

/* Between the files of core. */
int xsmmu_grace_period(struct xsmmu_domain *xd);
int xsmmu_drain_one(struct xsmmu_domain *xd, struct xsmmu_quarantine *q);
void xsmmu_quarantine_init(struct xsmmu_domain *xd, struct xsmmu_quarantine *q);
void xsmmu_backstop(struct timer_list *t);
void xsmmu_stats_add(struct xsmmu_domain *xd);
void xsmmu_stats_remove(struct xsmmu_domain *xd);

/* Knobs, writable only with CONFIG_XSMMU_DEBUG (core/debug.c). */
#ifdef CONFIG_XSMMU_DEBUG
extern unsigned int xsmmu_quarantine_size;
extern bool xsmmu_backstop_on;
#else
#define xsmmu_quarantine_size	XSMMU_QUARANTINE_SIZE
#define xsmmu_backstop_on	true
#endif

#else /* CONFIG_XSMMU */

#define xsmmu_of_cookie(cookie)	((struct xsmmu_domain *)NULL)

static inline bool xsmmu_mode(void)
{
	return false;
}

static inline void xsmmu_mode_init(void)
{
}

static inline void xsmmu_domain_destroy(struct xsmmu_domain *xd)
{
}

static inline bool xsmmu_drain(struct xsmmu_domain *xd)
{
	return false;
}

#endif /* CONFIG_XSMMU */

#endif /* _XSMMU_H */
