// SPDX-License-Identifier: GPL-2.0
/*
 * A sync of what this CPU has unmapped. It names the runs of slots that are in the
 * quarantine of this CPU, so the IOMMU keeps the other translations of the domain.
 *
 * It names all that it releases: the same positions delimit both. It takes no
 * number of the grace period, so no other sync can rely on it (I4), and no lock of the
 * domain, so many CPUs may do this at once.
 *
 * It falls back to the grace period where the quarantine does not tell all that this
 * CPU has unmapped, and where the runs are too many.
 */
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/pfn.h>
#include <linux/printk.h>
#include <linux/rcupdate.h>
#include "window.h"
#include "trace.h"

/*
 * A sync of more pages drops the whole domain, by one command. What it costs the devices
 * to walk again does not grow with the batch, but to name its pages does. The simulation
 * in Documentation/figures.md ("What the IOMMU's caches miss") has 5 queues and 8 more
 * reads of memory for each sync that drops the domain, whether it is for 8 pages or for
 * 64. Each command more saves 5 reads at 8 pages, 3 at 16, less than 2 at 64. Up to 16
 * that is worth a command, even if the CPU waits for it. An estimate: no hardware was
 * measured.
 */
struct xsmmu_limit xsmmu_most_pages = { .value = 16, .most = 512 };

/* After runs could not be invalidated, none are named for so long. */
#define XSMMU_NAMELESS	HZ

/**
 * struct xsmmu_named - what a sync names
 * @run: the runs
 * @n: number of runs
 * @pages: their pages
 * @most: the most pages that are named
 * @until: positions up to which they reach, by class
 */
struct xsmmu_named {
	struct xsmmu_run run[XSMMU_MAX_RUNS];
	unsigned int n;
	unsigned int pages;
	unsigned int most;
	unsigned long until[XSMMU_CLASSES];
};

/*
 * Slots come one after the other, upwards, or downwards after ordinary unmaps. Returns
 * false if there are too many runs or pages.
 */
static bool xsmmu_name(struct xsmmu_named *named, dma_addr_t addr,
		       unsigned int pages)
{
	struct xsmmu_run *last;

	named->pages += pages;
	if (named->pages > named->most)
		return false;
	if (named->n) {
		last = &named->run[named->n - 1];
		if (last->addr + PFN_PHYS((dma_addr_t)last->pages) == addr) {
			last->pages += pages;
			return true;
		}
		if (addr + PFN_PHYS((dma_addr_t)pages) == last->addr) {
			last->addr = addr;
			last->pages += pages;
			return true;
		}
	}
	if (named->n == XSMMU_MAX_RUNS)
		return false;
	named->run[named->n++] = (struct xsmmu_run) {
		.addr = addr, .pages = pages,
	};
	return true;
}

/* Name the slots of one class that are in quarantine. Without a window none is. */
static bool xsmmu_name_slots(struct xsmmu_named *named, struct xsmmu_window *w,
			     const struct xsmmu_slots *s, unsigned int class)
{
	unsigned long tail = s->tail;
	unsigned long pos;

	named->until[class] = tail;
	if (tail - READ_ONCE(s->done) > named->most)
		return false;
	/*
	 * N1, pairs with N3: done, then what the caller does with the buffers of
	 * the slots before it. Another sync covered those.
	 * Litmus: core-named-released
	 */
	for (pos = smp_load_acquire(&s->done); pos != tail; pos++)
		if (WARN_ON_ONCE(!w) ||
		    !xsmmu_name(named, xsmmu_address_of(w, s->ring[pos % XSMMU_RING], 0),
				1U << class))
			return false;
	return true;
}

static bool xsmmu_name_all(struct xsmmu_domain *xd,
			   const struct xsmmu_quarantine *q,
			   struct xsmmu_named *named)
{
	struct xsmmu_window *w;
	unsigned int class;
	bool ok = true;

	rcu_read_lock();
	w = rcu_dereference(xd->window);
	for (class = 0; ok && class < XSMMU_CLASSES; class++)
		ok = xsmmu_name_slots(named, w, &q->slots[class], class);
	rcu_read_unlock();
	return ok;
}

static void xsmmu_naming_failed(struct xsmmu_domain *xd)
{
	WRITE_ONCE(xd->name_again, jiffies + XSMMU_NAMELESS);
	this_cpu_inc(xd->quarantine->stats.failed);
}

/* The IOMMU driver's messages go to the consoles later, as in xsmmu_lead(). */
static int xsmmu_invalidate_named(struct xsmmu_domain *xd,
				  struct xsmmu_quarantine *q,
				  const struct xsmmu_named *named)
{
	struct iommu_domain *domain = xd->domain;
	int err;

	/*
	 * N0, pairs with D0, D1: the cleared entries of this CPU, then the
	 * backend's reads of the IOMMUs and devices of the domain, and its
	 * commands.
	 * Litmus: core-named-attach, core-named-attach-amd
	 */
	smp_mb();
	WRITE_ONCE(q->naming, true);
	printk_deferred_enter();
	err = domain->ops->sync_iotlb_runs(domain, named->run, named->n);
	printk_deferred_exit();
	WRITE_ONCE(q->naming, false);
	if (unlikely(err && err != -E2BIG))
		xsmmu_naming_failed(xd);
	if (err)
		return err;
	/*
	 * N2, pairs with the IOMMU's completion: the completion, then what the
	 * caller reads in its buffers, and the reuse of the slots. As B6.
	 * Litmus: core-named-read
	 */
	smp_acquire__after_ctrl_dep();
	return 0;
}

/*
 * Sync what this CPU has unmapped, with interrupts off. Returns 0 if all of that is
 * covered. A slot that another CPU has freed by now needs no invalidation of this one.
 */
static int xsmmu_sync_named(struct xsmmu_domain *xd, struct xsmmu_named *named)
{
	struct xsmmu_quarantine *q = this_cpu_ptr(xd->quarantine);
	unsigned int class;
	int err;

	if (xsmmu_is_invalidating(xd))
		return -EBUSY;
	/*
	 * N4, pairs with N5: the head, then the buffers of ordinary ranges.
	 * Litmus: core-named-taken
	 */
	if (smp_load_acquire(&q->head) != READ_ONCE(q->tail))
		return -E2BIG;
	if (!xsmmu_name_all(xd, q, named))
		return -E2BIG;
	if (!named->n)
		return 0;
	err = xsmmu_invalidate_named(xd, q, named);
	if (err)
		return err;
	for (class = 0; class < XSMMU_CLASSES; class++)
		xsmmu_release_slots(&q->slots[class], named->until[class]);
	q->stats.named++;
	return 0;
}

/*
 * Does the quarantine of each CPU tell all that the CPU has unmapped? Ranges that were
 * withheld or leaked are not there. After a failure syncs have to find out when
 * invalidations succeed again.
 */
static bool xsmmu_quarantines_tell_all(struct xsmmu_domain *xd)
{
	/*
	 * N6, pairs with N7: nothing is withheld any more, then what the caller
	 * does with the buffers of ranges that were.
	 * Litmus: core-named-withheld
	 */
	return !smp_load_acquire(&xd->withheld_pages) &&
	       !READ_ONCE(xd->failing) && !READ_ONCE(xd->leaked) &&
	       !READ_ONCE(xd->lost) && !oops_in_progress;
}

/*
 * May a sync name runs? If that has failed, only the whole domain is dropped for a while:
 * a device that does not answer when pages are named would make each sync wait in vain.
 */
static bool xsmmu_may_name(struct xsmmu_domain *xd)
{
	return xd->domain->ops->sync_iotlb_runs &&
	       likely(!time_before(jiffies, READ_ONCE(xd->name_again))) &&
	       likely(xsmmu_quarantines_tell_all(xd));
}

/**
 * xsmmu_sync_local - cover what this CPU has unmapped
 * @xd: the domain
 *
 * All that the caller relies on was unmapped on this CPU. Costs no invalidation if other
 * syncs have covered all of that.
 *
 * Context: any but NMI, migration off.
 * Return: as xsmmu_sync().
 */
int xsmmu_sync_local(struct xsmmu_domain *xd)
{
	struct xsmmu_named named;
	unsigned long flags;
	int err;

	/* Leave run[] uninitialised; entries are written before use. */
	named.n = 0;
	named.pages = 0;
	named.most = READ_ONCE(xsmmu_most_pages.value);
	if (!xsmmu_may_name(xd))
		return xsmmu_sync(xd);
	local_irq_save(flags);
	err = xsmmu_sync_named(xd, &named);
	local_irq_restore(flags);
	/* A tracer that prints may sync this domain. */
	if (err || named.n)
		trace_xsmmu_named(xd->name, named.n, err);
	return err ? xsmmu_sync(xd) : 0;
}

static int __init xsmmu_local_init(void)
{
	xsmmu_debugfs_limit("most_pages", &xsmmu_most_pages);
	return 0;
}
late_initcall(xsmmu_local_init);
