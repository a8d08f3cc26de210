// SPDX-License-Identifier: GPL-2.0
/*
 * Sweep: a timer accesses random pages of those that the device used last. A
 * read goes to any byte of the page. A write goes only to the bytes that the
 * device itself wrote last, because other buffers may share the memory behind
 * the page.
 */
#include "attack.h"

#define REMEMBERED	1024
#define READ_LEN	64

struct recent {
	uint64_t iova;		/* of the page */
	uint16_t from;		/* offset of the last write, if len is not 0 */
	uint16_t len;
};

struct attack_sweep {
	struct recent pages[REMEMBERED];
	GHashTable *index;	/* page frame to struct recent */
	unsigned int used;
	unsigned int oldest;	/* its index, once all are used */
	QEMUTimer *timer;
};

static gpointer key_of(uint64_t iova)
{
	return (gpointer)(uintptr_t)(iova >> CX_ATTACK_PAGE_SHIFT);
}

static struct recent *recent_new(struct attack_sweep *sweep, uint64_t iova)
{
	struct recent *recent;

	if (sweep->used < REMEMBERED) {
		recent = &sweep->pages[sweep->used++];
	} else {
		recent = &sweep->pages[sweep->oldest++ % REMEMBERED];
		g_hash_table_remove(sweep->index, key_of(recent->iova));
	}
	recent->iova = iova & -(uint64_t)CX_ATTACK_PAGE_SIZE;
	recent->len = 0;
	g_hash_table_insert(sweep->index, key_of(iova), recent);
	return recent;
}

void sweep_note(ConnectX *cx, uint64_t iova, size_t len, bool write)
{
	struct attack_sweep *sweep = cx->attack->sweep;
	uint64_t offset = iova & (CX_ATTACK_PAGE_SIZE - 1);
	struct recent *recent;

	if (!(cx->attack->control & CX_ATTACK_CONTROL_SWEEP))
		return;
	recent = g_hash_table_lookup(sweep->index, key_of(iova));
	if (!recent)
		recent = recent_new(sweep, iova);
	if (write) {
		recent->from = offset;
		recent->len = MIN(len, CX_ATTACK_PAGE_SIZE - offset);
	}
}

static void sweep_one(ConnectX *cx)
{
	struct attack_sweep *sweep = cx->attack->sweep;
	const struct recent *recent;
	uint64_t offset;

	recent = &sweep->pages[g_rand_int_range(cx->random, 0, sweep->used)];
	if (recent->len && g_rand_boolean(cx->random)) {
		attack_access(cx, CX_ATTACK_SWEEP_WRITE,
			      recent->iova + recent->from, recent->len);
		return;
	}
	offset = g_rand_int_range(cx->random, 0, CX_ATTACK_PAGE_SIZE - READ_LEN);
	attack_access(cx, CX_ATTACK_SWEEP_READ, recent->iova + offset, READ_LEN);
}

static void sweep_tick(void *opaque)
{
	ConnectX *cx = opaque;
	unsigned int i;

	for (i = 0; cx->attack->sweep->used && i < cx->prop.attack.sweep_burst; i++)
		sweep_one(cx);
	sweep_update(cx);
}

void sweep_update(ConnectX *cx)
{
	int64_t now = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
	struct attack_sweep *sweep = cx->attack->sweep;

	if (!(cx->attack->control & CX_ATTACK_CONTROL_SWEEP))
		timer_del(sweep->timer);
	else if (!timer_pending(sweep->timer))
		timer_mod_ns(sweep->timer, now + cx->prop.attack.sweep_ns);
}

void sweep_init(ConnectX *cx)
{
	struct attack_sweep *sweep = g_new0(struct attack_sweep, 1);

	sweep->index = g_hash_table_new(NULL, NULL);
	sweep->timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, sweep_tick, cx);
	cx->attack->sweep = sweep;
}

void sweep_reset(ConnectX *cx)
{
	struct attack_sweep *sweep = cx->attack->sweep;

	g_hash_table_remove_all(sweep->index);
	sweep->used = 0;
	sweep->oldest = 0;
}

void sweep_exit(ConnectX *cx)
{
	struct attack_sweep *sweep = cx->attack->sweep;

	timer_free(sweep->timer);
	g_hash_table_unref(sweep->index);
	g_clear_pointer(&cx->attack->sweep, g_free);
}
