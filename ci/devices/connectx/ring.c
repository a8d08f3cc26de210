// SPDX-License-Identifier: GPL-2.0
/*
 * Queues in guest memory: entries of one size, in a list of pages.
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
	/* The low bits of a page are not part of its address. */
	for (i = 0; i < pages; i++)
		ring->pages[i] = ldq_be_p(list + 8 * i) &
				 ~((1ull << CX_PAGE_SHIFT) - 1);
	return true;
}

/* An eqc has these fields in the same places. */
_Static_assert(IFC_AT(cqc, log_cq_size) == IFC_AT(eqc, log_eq_size), "log_eq_size");
_Static_assert(IFC_AT(cqc, log_page_size) == IFC_AT(eqc, log_page_size), "log_page_size");
_Static_assert(IFC_AT(cqc, page_offset) == IFC_AT(eqc, page_offset), "page_offset");

bool ring_init_cq(struct cx_ring *ring, const uint8_t *cqc, uint32_t max_log_size,
		  const uint8_t *list, size_t bytes)
{
	ring->log_size = IFC_GET(cqc, cqc, log_cq_size);
	ring->log_stride = CX_LOG_ENTRY_SIZE;
	ring->log_page = CX_PAGE_SHIFT + IFC_GET(cqc, cqc, log_page_size);
	ring->page_offset = IFC_GET(cqc, cqc, page_offset) * 64;
	return ring->log_size <= max_log_size && ring_init(ring, list, bytes);
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
