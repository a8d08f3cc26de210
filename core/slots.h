/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Take a slot of this CPU, and put one into its quarantine: the parts that each
 * mapping and each unmap of a window go through. window.h explains slots.
 */
#ifndef _XSMMU_SLOTS_H
#define _XSMMU_SLOTS_H

#include "window.h"

#if IS_ENABLED(CONFIG_XSMMU_KUNIT_TEST)
/* Unless it is NULL, it is told of a slot that goes into quarantine next. Set by a test. */
extern void (*xsmmu_putting)(const struct xsmmu_slots *s, u32 page);

static __always_inline void xsmmu_tell_test_of_slot(const struct xsmmu_slots *s,
						    u32 page)
{
	void (*putting)(const struct xsmmu_slots *s, u32 page) =
		READ_ONCE(xsmmu_putting);

	if (unlikely(putting))
		putting(s, page);
}
#else
static __always_inline void xsmmu_tell_test_of_slot(const struct xsmmu_slots *s,
						    u32 page)
{
}
#endif

/*
 * Take the free slot that this CPU has had for longest; @page is its first page in
 * the window. Returns false if there is none. Interrupts are off.
 */
static __always_inline bool xsmmu_slot_take(struct xsmmu_slots *s, u32 *page)
{
	unsigned long head = s->head;

	/*
	 * No barrier: the new entries depend on this read. An invalidation that
	 * covers the old ones has completed by then: window-reuse.litmus.
	 */
	if (unlikely(head == READ_ONCE(s->done)))
		return false;
	*page = s->ring[head % XSMMU_RING];
	s->head = head + 1;
	return true;
}

/*
 * Put a slot whose entries are cleared into this CPU's quarantine. Returns false if
 * that takes more: a ring, a timer, or room. Interrupts are off.
 */
static __always_inline bool xsmmu_slot_put(struct xsmmu_slots *s, u32 page)
{
	unsigned long tail = s->tail;

	xsmmu_tell_test_of_slot(s, page);
	/* The tail never passes the limit. */
	if (unlikely(tail == s->limit))
		return false;
	s->ring[tail % XSMMU_RING] = page;
	/*
	 * W0, pairs with B1: the cleared entries, then the position. A drainer
	 * that reads the position has the clears before its B1.
	 * Litmus: window-position
	 */
	smp_store_release(&s->tail, tail + 1);
	return true;
}

/* slots.c */
void xsmmu_slots_put_back(struct xsmmu_window *w, unsigned int class, u32 page);
bool xsmmu_slots_restock(struct xsmmu_window *w, unsigned int class);
void xsmmu_slots_put_slowly(struct xsmmu_window *w, unsigned int class, u32 page);
void xsmmu_slots_set_limit(struct xsmmu_domain *xd, struct xsmmu_quarantine *q,
			   struct xsmmu_slots *s);
void xsmmu_slots_return_all(struct xsmmu_window *w);
void xsmmu_slots_return(struct xsmmu_window *w, struct xsmmu_quarantine *q);
void xsmmu_slots_free_rings(struct xsmmu_window *w);

#endif /* _XSMMU_SLOTS_H */
