// SPDX-License-Identifier: GPL-2.0
/*
 * Birth and end of a domain's batching state.
 */
#include <linux/percpu.h>
#include <linux/slab.h>
#include "xsmmu.h"
#include "base.h"

static void xsmmu_release_ranges(struct xsmmu_domain *xd,
				 const struct xsmmu_range *r, unsigned int n,
				 struct list_head *tables)
{
	xsmmu_tables_free(tables);
	while (n--) {
		free_iova_fast(xd->iovad, r->pfn, r->pages);
		r++;
	}
}

static struct xsmmu_domain *xsmmu_domain_alloc(unsigned int entries)
{
	struct xsmmu_domain *xd = kzalloc(sizeof(*xd), GFP_KERNEL);
	struct xsmmu_quarantine *q;
	int cpu;

	if (!xd)
		return NULL;
	xd->quarantine = __alloc_percpu(struct_size(q, ring, entries),
					SMP_CACHE_BYTES);
	if (!xd->quarantine) {
		kfree(xd);
		return NULL;
	}
	xd->mask = entries - 1;
	for_each_possible_cpu(cpu)
		xsmmu_quarantine_init(xd, per_cpu_ptr(xd->quarantine, cpu));
	return xd;
}

static void xsmmu_domain_free(struct xsmmu_domain *xd)
{
	free_percpu(xd->quarantine);
	kfree(xd);
}

/**
 * xsmmu_domain_create - batching state for a domain whose driver opts in
 * @domain: a DMA domain, attached to the device
 * @iovad: the domain's IOVA allocator
 * @name: of the device, for statistics
 *
 * Tries both kinds of invalidation before it promises anything: a backend that
 * cannot (no queue, no support in the hardware) says so by failing them.
 *
 * Context: process context, may sleep.
 * Return: the state, or NULL if unmaps of this domain cannot be batched.
 */
struct xsmmu_domain *xsmmu_domain_create(struct iommu_domain *domain,
					 struct iova_domain *iovad,
					 const char *name)
{
	struct xsmmu_domain *xd;

	if (!domain->ops->sync_domain_iotlb ||
	    domain->ops->sync_domain_iotlb(domain, true) ||
	    domain->ops->sync_domain_iotlb(domain, false))
		return NULL;
	xd = xsmmu_domain_alloc(roundup_pow_of_two(xsmmu_quarantine_size));
	if (!xd)
		return NULL;
	xd->domain = domain;
	xd->iovad = iovad;
	xd->release = xsmmu_release_ranges;
	raw_spin_lock_init(&xd->flush_lock);
	raw_spin_lock_init(&xd->withheld_lock);
	INIT_LIST_HEAD(&xd->withheld);
	strscpy(xd->name, name, sizeof(xd->name));
	xsmmu_stats_add(xd);
	return xd;
}

/*
 * Last sync, and a release if it succeeded. If not, the tables are leaked: the
 * walker may still hold a way to them. The IOVAs end with their allocator.
 */
static void xsmmu_drain_last(struct xsmmu_domain *xd)
{
	struct xsmmu_quarantine *q;
	int cpu;

	for_each_possible_cpu(cpu) {
		q = per_cpu_ptr(xd->quarantine, cpu);
		timer_shutdown_sync(&q->backstop);
		if ((q->head != q->tail && xsmmu_drain_one(xd, q)) ||
		    !list_empty(&q->tables))
			pr_err("xsmmu: %s: tables leaked, invalidation failed\n",
			       xd->name);
	}
	if (!list_empty(&xd->withheld) && !xsmmu_grace_period(xd))
		xsmmu_tables_free(&xd->withheld);
}

/**
 * xsmmu_domain_destroy - release everything and free the state
 * @xd: the state, or NULL
 *
 * To be called before the IOVA allocator goes. All devices are detached by
 * then, and their detach has flushed what the IOMMU knew of the domain.
 *
 * Context: process context, may sleep.
 */
void xsmmu_domain_destroy(struct xsmmu_domain *xd)
{
	if (!xd)
		return;
	xsmmu_stats_remove(xd);
	xsmmu_drain_last(xd);
	xsmmu_domain_free(xd);
}
