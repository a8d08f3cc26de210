/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What mappings touch in page tables and in an IOTLB, computed from their bus addresses.
 *
 * An entry of a leaf table is 8 bytes and maps 4 KiB. So a cache line of 64 bytes has the
 * entries of 8 neighbouring pages, and a page that the device uses takes an entry of the
 * IOTLB. An IOMMU that caches larger translations may need fewer.
 */
#ifndef XSMMU_GUEST_TOUCHED_H
#define XSMMU_GUEST_TOUCHED_H

#include <linux/types.h>

/**
 * struct touched - the pages of some batches of mappings
 * @room: pages for which there is memory
 * @pages: pages of all mappings
 * @batch: the first page of the batch that is not complete
 * @translations: different pages of each batch, summed
 * @lines: different lines of each batch, summed
 * @page: numbers of the pages, in the order of their mappings; sorted within each
 *	complete batch
 */
struct touched {
	size_t room;
	size_t pages;
	size_t batch;
	u64 translations;
	u64 lines;
	u64 page[];
};

struct touched *touched_alloc(size_t room);
void touched_free(struct touched *t);
void touched_reset(struct touched *t);
int touched_add(struct touched *t, dma_addr_t addr, size_t size);
void touched_end_batch(struct touched *t);
void touched_by_all(struct touched *t, u64 *translations, u64 *lines);

#endif /* XSMMU_GUEST_TOUCHED_H */
