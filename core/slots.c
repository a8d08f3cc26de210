// SPDX-License-Identifier: GPL-2.0
/*
 * The slots that a CPU has of a window, where it takes more than a position: their
 * rings, the depot, and the limit at which an unmap has to stop and look.
 */
#include <linux/cpumask.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include "slots.h"

static struct xsmmu_slots *xsmmu_slots_of_this_cpu(struct xsmmu_window *w,
						   unsigned int class)
{
	return &this_cpu_ptr(w->quarantine)->slots[class];
}

/* Free slots that a CPU has of a class. Its own CPU, interrupts off. */
static unsigned int xsmmu_slots_spare(const struct xsmmu_slots *s)
{
	/* No barrier; see xsmmu_slot_take(). */
	return READ_ONCE(s->done) - s->head;
}

/**
 * xsmmu_slots_set_limit - decide at which position an unmap has to stop and look
 * @xd: the domain
 * @q: this CPU's quarantine
 * @s: its slots of a class
 *
 * Up to there the CPU has not too many slots, the quarantine is not full, and the backstop's
 * timer runs. Other CPUs only make more room. In an oops no timer starts, nor with
 * the backstop off, so each unmap has to look.
 *
 * Context: interrupts off.
 */
void xsmmu_slots_set_limit(struct xsmmu_domain *xd, struct xsmmu_quarantine *q,
			   struct xsmmu_slots *s)
{
	int most = xsmmu_most_slots(s - q->slots);
	int unsynced = s->tail - READ_ONCE(s->done);
	int room = most - (int)(s->tail - s->head);

	most = min_t(int, xd->mask + 1, most - XSMMU_SPARE);
	room = min(room, most - unsynced);
	if (!s->ring)
		room = 0;
	else if (!q->armed)
		room = min(room, oops_in_progress || !xsmmu_backstop_on);
	s->limit = s->tail + max(room, 0);
}

/* Give this CPU a ring for slots of @class. An oops does not try. */
static noinline void xsmmu_slots_alloc(struct xsmmu_window *w, unsigned int class)
{
	struct xsmmu_slots *s;
	unsigned long flags;
	u32 *ring;

	if (oops_in_progress)
		return;
	ring = kmalloc_array(XSMMU_RING, sizeof(*ring),
			     GFP_ATOMIC | __GFP_NOWARN);
	local_irq_save(flags);
	s = xsmmu_slots_of_this_cpu(w, class);
	if (!s->ring) {
		WRITE_ONCE(s->ring, ring);
		ring = NULL;
	}
	local_irq_restore(flags);
	kfree(ring);
}

/* Does this CPU have a ring? A hint if interrupts are on. */
static bool xsmmu_slots_ready(struct xsmmu_window *w, unsigned int class)
{
	return READ_ONCE(raw_cpu_ptr(w->quarantine)->slots[class].ring);
}

/* Returns the number of free slots that this CPU has then; a hint. */
static unsigned int xsmmu_slots_take(struct xsmmu_window *w, unsigned int class)
{
	struct xsmmu_quarantine *q;
	struct xsmmu_slots *s;
	unsigned long flags;
	unsigned int n;

	local_irq_save(flags);
	q = this_cpu_ptr(w->quarantine);
	s = &q->slots[class];
	/* An interrupt may have freed some, or the task may have moved here. */
	n = xsmmu_slots_spare(s);
	if (!n && s->ring) {
		n = xsmmu_depot_take(w, class, s);
		xsmmu_slots_set_limit(w->xd, q, s);
	}
	local_irq_restore(flags);
	return n;
}

/**
 * xsmmu_slots_restock - get free slots for this CPU
 * @w: the window
 * @class: of the slots
 *
 * Takes them from the depot, or from a new chunk.
 *
 * Context: any but NMI. A new chunk allocates and waits for an invalidation.
 * Return: false if there are none; the mapping takes the ordinary way.
 */
bool xsmmu_slots_restock(struct xsmmu_window *w, unsigned int class)
{
	do {
		if (!xsmmu_slots_ready(w, class))
			xsmmu_slots_alloc(w, class);
		if (xsmmu_slots_take(w, class))
			return true;
	} while (xsmmu_slots_ready(w, class) && xsmmu_window_grow(w, class));
	this_cpu_inc(w->quarantine->stats.outside);
	return false;
}

/* Make room in this CPU's ring, and see to it that the backstop's timer runs. */
static bool xsmmu_slots_make_room(struct xsmmu_window *w, unsigned int class,
				  struct xsmmu_quarantine *q)
{
	struct xsmmu_slots *s = &q->slots[class];

	if (s->tail - s->head >= xsmmu_most_slots(class))
		xsmmu_depot_give(w, class, s,
				 min(xsmmu_slots_spare(s), XSMMU_SPARE));
	xsmmu_quarantine_arm(q);
	xsmmu_slots_set_limit(w->xd, q, s);
	return s->tail != s->limit;
}

/**
 * xsmmu_slots_put_slowly - put a slot into quarantine that xsmmu_slot_put() did not
 * @w: the window
 * @class: of the slot
 * @page: its first page in the window; its entries are cleared
 *
 * If the quarantine is full, or there is no memory for a ring, the unmap syncs in
 * place, as an ordinary range does that finds no room.
 *
 * Context: any but NMI.
 */
void xsmmu_slots_put_slowly(struct xsmmu_window *w, unsigned int class, u32 page)
{
	struct xsmmu_quarantine *q;
	unsigned long flags;
	bool put;

	if (!xsmmu_slots_ready(w, class))
		xsmmu_slots_alloc(w, class);
	local_irq_save(flags);
	q = this_cpu_ptr(w->quarantine);
	put = xsmmu_slots_make_room(w, class, q) &&
	      xsmmu_slot_put(&q->slots[class], page);
	local_irq_restore(flags);
	if (!put)
		xsmmu_overflow_page(w->xd, (w->base >> PAGE_SHIFT) + page,
				    1U << class);
}

/**
 * xsmmu_slots_put_back - free a slot whose invalidation has completed
 * @w: the window
 * @class: of the slot
 * @page: its first page in the window
 *
 * Context: any but NMI.
 */
void xsmmu_slots_put_back(struct xsmmu_window *w, unsigned int class, u32 page)
{
	struct xsmmu_quarantine *q;
	struct xsmmu_slots *s;
	unsigned long flags;
	bool room;

	local_irq_save(flags);
	q = this_cpu_ptr(w->quarantine);
	s = &q->slots[class];
	room = s->ring && s->tail - s->head < xsmmu_most_slots(class);
	if (room) {
		s->ring[--s->head % XSMMU_RING] = page;
		xsmmu_slots_set_limit(w->xd, q, s);
	}
	local_irq_restore(flags);
	if (!room)
		xsmmu_depot_put(w, page);
}

/**
 * xsmmu_slots_return - give the free slots of a CPU to the depots
 * @w: the window
 * @q: the quarantine of this CPU, or of one that stays offline meanwhile
 *
 * Context: interrupts off, unless the CPU is offline.
 */
void xsmmu_slots_return(struct xsmmu_window *w, struct xsmmu_quarantine *q)
{
	struct xsmmu_slots *s;
	unsigned int class;

	for (class = 0; class < XSMMU_CLASSES; class++) {
		s = &q->slots[class];
		if (s->ring)
			xsmmu_depot_give(w, class, s, xsmmu_slots_spare(s));
	}
}

static void xsmmu_slots_return_mine(void *window)
{
	struct xsmmu_window *w = window;
	unsigned long flags;

	local_irq_save(flags);
	xsmmu_slots_return(w, this_cpu_ptr(w->quarantine));
	local_irq_restore(flags);
}

/**
 * xsmmu_slots_return_all - give the free slots of all CPUs to the depots
 * @w: the window
 *
 * Context: process context, cpus_read_lock() held.
 */
void xsmmu_slots_return_all(struct xsmmu_window *w)
{
	int cpu;

	on_each_cpu(xsmmu_slots_return_mine, w, 1);
	for_each_possible_cpu(cpu)
		if (!cpu_online(cpu))
			xsmmu_slots_return(w, per_cpu_ptr(w->quarantine, cpu));
}

/**
 * xsmmu_slots_free_rings - free the rings of all CPUs
 * @w: a window whose slots are all in the depots, and that nobody uses
 *
 * Context: process context.
 */
void xsmmu_slots_free_rings(struct xsmmu_window *w)
{
	struct xsmmu_slots *s;
	unsigned int class;
	int cpu;

	for_each_possible_cpu(cpu)
		for (class = 0; class < XSMMU_CLASSES; class++) {
			s = &per_cpu_ptr(w->quarantine, cpu)->slots[class];
			kfree(s->ring);
			WRITE_ONCE(s->ring, NULL);
			s->limit = s->tail;
		}
}
