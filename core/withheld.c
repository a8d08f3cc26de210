// SPDX-License-Identifier: GPL-2.0
/*
 * Withheld ranges: no invalidation covered them, and the quarantine had no room.
 * They come back after a sync that succeeds.
 *
 * A sync takes ranges out of the list before its grace period, under the lock
 * under which they were put there. As for the quarantine's position, that lock
 * orders the PTE clears of the CPU that withheld a range before barrier B1 of the
 * CPU that takes it.
 */
#include <linux/kernel.h>
#include <linux/slab.h>
#include "internal.h"
#include "base.h"

/**
 * struct xsmmu_withheld - a withheld range
 * @node: on &xsmmu_domain.withheld, or on the list of the sync that took it
 * @range: the range
 * @tables: the table pages that its unmap unlinked
 */
struct xsmmu_withheld {
	struct list_head node;
	struct xsmmu_range range;
	struct list_head tables;
};

/* In an oops the allocator's locks may never be free. */
static struct xsmmu_withheld *xsmmu_withheld_alloc(void)
{
	if (oops_in_progress)
		return NULL;
	return kmalloc(sizeof(struct xsmmu_withheld), GFP_ATOMIC | __GFP_NOWARN);
}

/**
 * xsmmu_withhold - keep a range until a sync succeeds
 * @xd: the domain
 * @r: a range that was unmapped and is in no quarantine
 * @tables: the table pages that its unmap unlinked; not to be freed by the caller
 *
 * Without memory the range is leaked, and its tables wait for the domain's end.
 *
 * Context: any but NMI.
 */
void xsmmu_withhold(struct xsmmu_domain *xd, const struct xsmmu_range *r,
		    struct list_head *tables)
{
	struct xsmmu_withheld *w = xsmmu_withheld_alloc();
	unsigned long flags;

	if (!xsmmu_lock(&xd->withheld_lock, &flags)) {
		WRITE_ONCE(xd->lost, true);
		return;
	}
	if (w) {
		w->range = *r;
		INIT_LIST_HEAD(&w->tables);
		list_splice_init(tables, &w->tables);
		list_add_tail(&w->node, &xd->withheld);
		WRITE_ONCE(xd->withheld_pages, xd->withheld_pages + r->pages);
	} else {
		list_splice_tail_init(tables, &xd->leaked_tables);
		WRITE_ONCE(xd->leaked, xd->leaked + r->pages);
	}
	raw_spin_unlock_irqrestore(&xd->withheld_lock, flags);
}

/* Move up to @max ranges to @list. */
void __xsmmu_withheld_take(struct xsmmu_domain *xd, struct list_head *list,
			   unsigned int max)
{
	unsigned long flags;

	if (!xsmmu_lock(&xd->withheld_lock, &flags))
		return;
	while (max-- && !list_empty(&xd->withheld))
		list_move_tail(xd->withheld.next, list);
	raw_spin_unlock_irqrestore(&xd->withheld_lock, flags);
}

static void xsmmu_withheld_put_back(struct xsmmu_domain *xd,
				    struct list_head *list)
{
	unsigned long flags;

	if (!xsmmu_lock(&xd->withheld_lock, &flags))
		return;
	list_splice_init(list, &xd->withheld);
	raw_spin_unlock_irqrestore(&xd->withheld_lock, flags);
}

/* Release what is on @list; a grace period covers it. */
static void xsmmu_withheld_release(struct xsmmu_domain *xd,
				   struct list_head *list)
{
	struct xsmmu_withheld *w, *next;
	unsigned long pages = 0, flags;

	list_for_each_entry_safe(w, next, list, node) {
		xsmmu_release_ranges(xd, &w->range, 1, &w->tables);
		pages += w->range.pages;
		kfree(w);
	}
	if (!xsmmu_lock(&xd->withheld_lock, &flags))
		return;
	/*
	 * N7, pairs with N6: the completion, then the number. A local sync that reads
	 * that nothing is withheld relies on the invalidation that covered this.
	 * Litmus: core-named-withheld
	 */
	smp_store_release(&xd->withheld_pages, xd->withheld_pages - pages);
	raw_spin_unlock_irqrestore(&xd->withheld_lock, flags);
}

/* See xsmmu_withheld_end(). */
void __xsmmu_withheld_end(struct xsmmu_domain *xd, struct list_head *list,
			  int err)
{
	if (err)
		xsmmu_withheld_put_back(xd, list);
	else
		xsmmu_withheld_release(xd, list);
}

/**
 * xsmmu_withheld_last - forget what is withheld at a domain's end
 * @xd: the domain, which has no users any more
 * @err: of the last sync; 0 if it covers all unmaps
 *
 * Frees the tables of leaked ranges if @err is 0. The IOVAs go with their
 * allocator.
 *
 * Context: process context.
 * Return: true if tables are leaked.
 */
bool xsmmu_withheld_last(struct xsmmu_domain *xd, int err)
{
	struct xsmmu_withheld *w, *next;
	bool leaked;

	if (!err)
		xsmmu_tables_free(&xd->leaked_tables);
	leaked = !list_empty(&xd->leaked_tables);
	list_for_each_entry_safe(w, next, &xd->withheld, node) {
		leaked |= !list_empty(&w->tables);
		kfree(w);
	}
	return leaked;
}
