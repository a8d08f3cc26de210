/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Buffers of one page that the probe attacks.
 */
#ifndef XSMMU_GUEST_BUFFERS_H
#define XSMMU_GUEST_BUFFERS_H

#include <linux/dma-mapping.h>
#include <linux/mm.h>

#include "target.h"

/**
 * struct buf - a page and its bus address
 * @page: the page
 * @iova: bus address; keeps the last one after an unmap
 * @mapped: between map and unmap
 */
struct buf {
	struct page *page;
	dma_addr_t iova;
	bool mapped;
};

/**
 * struct batch - some buffers
 * @n: how many
 * @buf: the buffers
 */
struct batch {
	unsigned int n;
	struct buf buf[];
};

/**
 * enum reach - what an attack found
 * @BLOCKED: neither read nor write got through, the page is as it was
 * @REACHED: both got through: the page's content was read, then changed
 * @ELSEWHERE: both got through, but not to this page
 * @READ_ONLY: the page's content was read, the write did not get through
 * @TORN: the bus results, the memory, or read and write disagree
 */
enum reach {
	BLOCKED,
	REACHED,
	ELSEWHERE,
	READ_ONLY,
	TORN,
};

enum reach attack(const struct buf *b, int engine);

int buf_map(struct buf *b, enum dma_data_direction dir);
int buf_mapped(struct buf *b);
void buf_unmap(struct buf *b);
void buf_unmap_no_sync(struct buf *b);

struct batch *batch_alloc(unsigned int n);
void batch_free(struct batch *b);
int batch_map(struct batch *b);
void batch_unmap(struct batch *b);
void batch_unmap_no_sync(struct batch *b);
unsigned int batch_reached(const struct batch *b);
unsigned int batch_iovas_in(const struct batch *b, const struct batch *others);
int batch_bury(const struct batch *b);
void batch_forget(const struct batch *b);

#endif /* XSMMU_GUEST_BUFFERS_H */
