/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A queue of a driver that keeps buffers mapped. Each of its polls unmaps the oldest ones,
 * waits for the invalidation that its mode demands, and maps them anew.
 */
#ifndef XSMMU_GUEST_RING_H
#define XSMMU_GUEST_RING_H

#include <linux/scatterlist.h>
#include <linux/types.h>

#include "touched.h"

/**
 * struct point - what the queues of a measurement do
 * @batch: buffers of a poll
 * @in_flight: buffers that a queue keeps mapped, a multiple of @batch
 * @queues: number of queues, each on a CPU of its own
 * @size: bytes of a buffer
 * @offset: where a buffer begins in its first page
 * @list: buffers of a list that is mapped as a whole, which divides @batch; 0: each
 *	buffer is mapped by itself
 */
struct point {
	unsigned int batch;
	unsigned int in_flight;
	unsigned int queues;
	unsigned int size;
	unsigned int offset;
	unsigned int list;
};

/**
 * struct ring_cost - what the polls of a queue cost
 * @polls: polls
 * @map: instructions of the mappings
 * @unmap: instructions of the unmaps, without syncs
 * @sync: instructions of the syncs
 */
struct ring_cost {
	u64 polls;
	u64 map;
	u64 unmap;
	u64 sync;
};

/**
 * struct ring - a queue
 * @point: what it does
 * @mark: the next mark for QEMU's log, which has one before and one after the mappings of
 *	each poll; NULL: no marks, and nothing is counted, because other queues run too
 * @overhead: instructions that counting itself takes
 * @next: the oldest buffer
 * @sg: the buffers, with their bus addresses
 * @entries: of each mapping the number of its bus addresses; 0 if it is not mapped
 * @touched: what the buffers touch that the polls have unmapped
 * @cost: what the polls have cost
 */
struct ring {
	const struct point *point;
	u32 *mark;
	u64 overhead;
	unsigned int next;
	struct scatterlist *sg;
	int *entries;
	struct touched *touched;
	struct ring_cost cost;
};

struct ring *ring_alloc(const struct point *p, unsigned int most_buffers);
void ring_free(struct ring *r);
int ring_fill(struct ring *r);
int ring_run(struct ring *r, unsigned int polls);
void ring_reset(struct ring *r);
int ring_reached(const struct ring *r);

#endif /* XSMMU_GUEST_RING_H */
