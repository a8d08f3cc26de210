// SPDX-License-Identifier: GPL-2.0
/*
 * Queues in guest memory: a list of pages, entries of equal size.
 */
#include "connectx.h"

bool ring_init(struct cx_ring *ring, const uint8_t *list, size_t bytes)
{
	uint64_t size = (1ull << (ring->log_size + ring->log_stride)) +
			ring->page_offset;
	uint64_t pages = DIV_ROUND_UP(size, 1ull << ring->log_page);
	uint32_t i;

	if (!pages || pages > bytes / 8)
		return false;
	ring->num_pages = pages;
	ring->pages = g_new(uint64_t, pages);
	/* A page's low bits are not part of its address. */
	for (i = 0; i < pages; i++)
		ring->pages[i] = ldq_be_p(list + 8 * i) &
				 ~((1ull << CX_PAGE_SHIFT) - 1);
	return true;
}

void ring_free(struct cx_ring *ring)
{
	g_clear_pointer(&ring->pages, g_free);
}

uint64_t ring_iova(const struct cx_ring *ring, uint32_t index)
{
	uint64_t at = ring->page_offset;

	at += (uint64_t)(index & ((1u << ring->log_size) - 1)) <<
	      ring->log_stride;
	return ring->pages[at >> ring->log_page] +
	       (at & ((1ull << ring->log_page) - 1));
}
