// SPDX-License-Identifier: GPL-2.0
/*
 * A queue of a driver that keeps buffers mapped, and what its polls cost.
 *
 * What is counted runs with interrupts off, so that no timer of the kernel is counted too.
 */
#include <linux/bottom_half.h>
#include <linux/gfp.h>
#include <linux/irqflags.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "no-sync.h"
#include "ring.h"
#include "target.h"

/* The engine of the probe that reads the buffers. */
#define READER	0

/* Buffers of a mapping. */
static unsigned int per_mapping(const struct point *p)
{
	return p->list ?: 1;
}

static int alloc_buffers(struct ring *r)
{
	const struct point *p = r->point;
	unsigned int order = get_order(p->offset + p->size), i;
	struct page *page;

	for (i = 0; i < p->in_flight; i += per_mapping(p))
		sg_init_table(&r->sg[i], per_mapping(p));
	for (i = 0; i < p->in_flight; i++) {
		page = alloc_pages(GFP_KERNEL, order);
		if (!page)
			return -ENOMEM;
		sg_set_page(&r->sg[i], page, p->size, p->offset);
		/* A list gets the lengths from its mapping. */
		sg_dma_len(&r->sg[i]) = p->size;
	}
	return 0;
}

/**
 * ring_alloc() - allocate a queue
 * @p: what it does
 * @most_buffers: the most buffers that its polls unmap until ring_reset()
 *
 * Return: the queue, nothing mapped; NULL without memory.
 */
struct ring *ring_alloc(const struct point *p, unsigned int most_buffers)
{
	/* Two partial pages may be at the ends of a buffer. */
	size_t pages = p->size / DMA_PROBE_PAGE_SIZE + 2;
	struct ring *r = kzalloc(sizeof(*r), GFP_KERNEL);

	if (!r)
		return NULL;
	r->point = p;
	r->sg = kvcalloc(p->in_flight, sizeof(*r->sg), GFP_KERNEL);
	r->entries = kvcalloc(p->in_flight / per_mapping(p), sizeof(*r->entries),
			      GFP_KERNEL);
	r->touched = touched_alloc(most_buffers * pages);
	if (!r->sg || !r->entries || !r->touched || alloc_buffers(r)) {
		ring_free(r);
		return NULL;
	}
	return r;
}

static void map_pages(struct ring *r)
{
	struct scatterlist *sg = &r->sg[r->next], *end = sg + r->point->batch;

	for (; sg < end; sg++)
		sg_dma_address(sg) = dma_map_page(target.dev, sg_page(sg),
						  sg->offset, sg->length,
						  DMA_BIDIRECTIONAL);
}

static void map_lists(struct ring *r)
{
	struct scatterlist *sg = &r->sg[r->next], *end = sg + r->point->batch;
	int *entries = &r->entries[r->next / r->point->list];

	for (; sg < end; sg += r->point->list)
		*entries++ = dma_map_sg(target.dev, sg, r->point->list,
					DMA_BIDIRECTIONAL);
}

static void unmap_pages(struct ring *r)
{
	struct scatterlist *sg = &r->sg[r->next], *end = sg + r->point->batch;

	for (; sg < end; sg++)
		dma_unmap_page(target.dev, sg_dma_address(sg), sg->length,
			       DMA_BIDIRECTIONAL);
}

static void unmap_pages_no_sync(struct ring *r)
{
	struct scatterlist *sg = &r->sg[r->next], *end = sg + r->point->batch;

	for (; sg < end; sg++)
		dma_unmap_page_no_sync(target.dev, sg_dma_address(sg), sg->length,
				       DMA_BIDIRECTIONAL);
}

static void unmap_lists(struct ring *r)
{
	struct scatterlist *sg = &r->sg[r->next], *end = sg + r->point->batch;

	for (; sg < end; sg += r->point->list)
		dma_unmap_sg(target.dev, sg, r->point->list, DMA_BIDIRECTIONAL);
}

static void unmap_lists_no_sync(struct ring *r)
{
	struct scatterlist *sg = &r->sg[r->next], *end = sg + r->point->batch;

	for (; sg < end; sg += r->point->list)
		dma_unmap_sg_no_sync(target.dev, sg, r->point->list,
				     DMA_BIDIRECTIONAL);
}

static u64 instructions(const struct ring *r)
{
	return r->mark ? probe_get(DMA_PROBE_INSTRUCTIONS) : 0;
}

static void write_mark(struct ring *r)
{
	if (r->mark)
		probe_set(DMA_PROBE_MARK, (*r->mark)++);
}

/* Sets which mappings of the poll exist. Returns an error if some do not. */
static int note_mappings(struct ring *r)
{
	unsigned int each = per_mapping(r->point), i;
	int ret = 0;

	for (i = r->next; i < r->next + r->point->batch; i += each) {
		if (!r->point->list)
			r->entries[i] = !dma_mapping_error(target.dev,
							   sg_dma_address(&r->sg[i]));
		if (!r->entries[i / each])
			ret = -ENOMEM;
	}
	return ret;
}

/* Map the buffers of the poll, and move to those of the next one. */
static int map_counted(struct ring *r)
{
	unsigned long flags;
	u64 begin;
	int ret;

	write_mark(r);
	local_irq_save(flags);
	begin = instructions(r);
	if (r->point->list)
		map_lists(r);
	else
		map_pages(r);
	r->cost.map += instructions(r) - begin - r->overhead;
	local_irq_restore(flags);
	write_mark(r);
	ret = note_mappings(r);
	r->next = (r->next + r->point->batch) % r->point->in_flight;
	return ret;
}

static void unmap_in_mode(struct ring *r)
{
	bool no_sync = target.mode == TARGET_XSMMU;

	if (r->point->list && no_sync)
		unmap_lists_no_sync(r);
	else if (r->point->list)
		unmap_lists(r);
	else if (no_sync)
		unmap_pages_no_sync(r);
	else
		unmap_pages(r);
}

/* What a driver must do before it may use the buffers of the poll again. */
static int unmap_counted(struct ring *r)
{
	unsigned int each = per_mapping(r->point), i;
	u64 begin, unmapped, synced;
	unsigned long flags;
	int ret = 0;

	local_irq_save(flags);
	begin = instructions(r);
	unmap_in_mode(r);
	unmapped = instructions(r);
	if (target.mode == TARGET_XSMMU)
		ret = dma_sync_device_iotlb(target.dev);
	synced = instructions(r);
	local_irq_restore(flags);
	r->cost.unmap += unmapped - begin - r->overhead;
	if (target.mode == TARGET_XSMMU)
		r->cost.sync += synced - unmapped - r->overhead;
	for (i = r->next; i < r->next + r->point->batch; i += each)
		r->entries[i / each] = 0;
	return ret;
}

/* Note what the buffers of the poll touch. Without translation they touch nothing. */
static int note_touched(struct ring *r)
{
	unsigned int each = per_mapping(r->point), i;
	struct scatterlist *sg;
	int k, ret = 0;

	if (target.mode == TARGET_PASSTHROUGH)
		return 0;
	for (i = r->next; i < r->next + r->point->batch; i += each) {
		for_each_sg(&r->sg[i], sg, r->entries[i / each], k) {
			ret = touched_add(r->touched, sg_dma_address(sg), sg_dma_len(sg));
			if (ret)
				return ret;
		}
	}
	touched_end_batch(r->touched);
	return ret;
}

static int poll_once(struct ring *r)
{
	int ret = note_touched(r);

	if (!ret)
		ret = unmap_counted(r);
	if (!ret)
		ret = map_counted(r);
	r->cost.polls++;
	return ret;
}

/**
 * ring_fill() - map all buffers of a queue
 * @r: the queue, nothing mapped
 *
 * Return: 0 or an error; then some may be mapped.
 */
int ring_fill(struct ring *r)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; !ret && i < r->point->in_flight; i += r->point->batch)
		ret = map_counted(r);
	return ret;
}

/**
 * ring_run() - let a queue poll
 * @r: the queue, after ring_fill()
 * @polls: how often
 *
 * As a driver's, a poll has soft interrupts off, so it stays on its CPU.
 *
 * Context: process.
 * Return: 0 or an error; the queue may be freed then.
 */
int ring_run(struct ring *r, unsigned int polls)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; !ret && i < polls; i++) {
		local_bh_disable();
		ret = poll_once(r);
		local_bh_enable();
		cond_resched();
	}
	return ret;
}

/**
 * ring_reset() - forget what a queue has cost and touched
 * @r: the queue
 */
void ring_reset(struct ring *r)
{
	r->cost = (struct ring_cost){};
	touched_reset(r->touched);
}

/**
 * ring_reached() - let the device read each buffer at both ends
 * @r: the queue, after ring_fill()
 *
 * Only one CPU at a time may use the probe.
 *
 * Return: 0, or -EIO if the device does not reach all.
 */
int ring_reached(const struct ring *r)
{
	unsigned int each = per_mapping(r->point), i;
	struct scatterlist *sg;
	dma_addr_t last;
	int k;

	for (i = 0; i < r->point->in_flight; i += each) {
		for_each_sg(&r->sg[i], sg, r->entries[i / each], k) {
			last = sg_dma_address(sg) + sg_dma_len(sg) - 1;
			if (probe_read(READER, sg_dma_address(sg), 1) ||
			    probe_read(READER, last, 1))
				return -EIO;
		}
	}
	return 0;
}

/* Unmap what is mapped, the ordinary way. */
static void unmap_all(struct ring *r)
{
	unsigned int each = per_mapping(r->point), i;

	for (i = 0; i < r->point->in_flight; i += each) {
		if (!r->entries[i / each])
			continue;
		if (r->point->list)
			dma_unmap_sg(target.dev, &r->sg[i], each,
				     DMA_BIDIRECTIONAL);
		else
			dma_unmap_page(target.dev, sg_dma_address(&r->sg[i]),
				       r->point->size, DMA_BIDIRECTIONAL);
	}
}

/**
 * ring_free() - unmap and free what a queue has
 * @r: the queue, or NULL
 */
void ring_free(struct ring *r)
{
	unsigned int order, i;

	if (!r)
		return;
	order = get_order(r->point->offset + r->point->size);
	if (r->sg && r->entries)
		unmap_all(r);
	for (i = 0; r->sg && i < r->point->in_flight; i++)
		if (sg_page(&r->sg[i]))
			__free_pages(sg_page(&r->sg[i]), order);
	touched_free(r->touched);
	kvfree(r->entries);
	kvfree(r->sg);
	kfree(r);
}
