// SPDX-License-Identifier: GPL-2.0
/*
 * Suite "reuse": a page or a bus address that was freed gets a new owner.
 */
#include <linux/dma-mapping.h>
#include <linux/irqflags.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "buffers.h"
#include "suites.h"
#include "interval.h"

/* Within so many allocations, the page that was freed last comes back. */
#define PAGE_TRIES	512

/* Within so many mappings, a free bus address comes back. */
#define IOVA_TRIES	512

/* Free the buffer's page, and allocate pages until it comes back to this test. */
static void give_page_to_another(struct kunit *test, struct buf *b)
{
	struct page *page = NULL, *next;
	LIST_HEAD(others);
	int i;

	__free_page(b->page);
	for (i = 0; i < PAGE_TRIES; i++) {
		page = alloc_page(GFP_KERNEL | __GFP_ZERO);
		if (!page || page == b->page)
			break;
		list_add(&page->lru, &others);
	}
	if (page != b->page)
		b->page = NULL;
	list_for_each_entry_safe(page, next, &others, lru)
		__free_page(page);
	KUNIT_ASSERT_NOT_NULL_MSG(test, b->page, "the page did not come back");
}

/* attack() acts for the new owner: it writes a secret, which must stay. */
static void reused_page_is_out_of_reach_after_the_sync(struct kunit *test)
{
	struct batch *b = test_batch_in_reach(test, 1);

	buf_unmap_no_sync(&b->buf[0]);
	test_sync(test);
	give_page_to_another(test, &b->buf[0]);
	probe_dead(b->buf[0].iova);
	KUNIT_EXPECT_EQ(test, attack(&b->buf[0], 0), BLOCKED);
	KUNIT_EXPECT_EQ(test, attack(&b->buf[0], 1), BLOCKED);
}

/* A driver that forgets the sync exposes the page, and so does a lazy kernel. */
static void reused_page_is_in_reach_before_the_sync(struct kunit *test)
{
	struct batch *b = test_batch_in_reach(test, 1);
	enum reach reach = BLOCKED;
	int tries;

	/* A lazy kernel may flush before the attack once, but not every time. */
	for (tries = 0; tries < 20 && reach == BLOCKED; tries++) {
		if (!b->buf[0].mapped) {
			KUNIT_ASSERT_EQ(test, batch_map(b), 0);
			KUNIT_ASSERT_EQ(test, batch_reached(b), 1);
		}
		buf_unmap_no_sync(&b->buf[0]);
		give_page_to_another(test, &b->buf[0]);
		reach = attack(&b->buf[0], 0);
	}
	KUNIT_EXPECT_EQ(test, reach, REACHED);
}

/* Map buffers until one gets @iova. Returns their number, or 0 if none gets it. */
static unsigned int map_until(struct kunit *test, struct batch *b,
			      dma_addr_t iova)
{
	unsigned int i;

	for (i = 0; i < b->n; i++) {
		KUNIT_ASSERT_EQ(test, buf_map(&b->buf[i], DMA_BIDIRECTIONAL),
				0);
		if (b->buf[i].iova == iova)
			return i + 1;
	}
	return 0;
}

static void iova_is_not_handed_out_before_the_sync(struct kunit *test)
{
	struct batch *b = test_batch_in_reach(test, 8);
	struct batch *more = test_batch(test, IOVA_TRIES);

	batch_unmap_no_sync(b);
	KUNIT_ASSERT_EQ(test, batch_map(more), 0);
	KUNIT_EXPECT_EQ(test, batch_iovas_in(b, more), 0);
	/* The new mappings invalidated nothing: all buffers are still in reach. */
	KUNIT_EXPECT_EQ(test, batch_reached(b), target_map_flushes() ? 0 : b->n);
}

static void reused_iova_leads_to_the_new_page_only(struct kunit *test)
{
	struct batch *b = test_batch_in_reach(test, 1);
	struct batch *more = test_batch(test, IOVA_TRIES);
	struct buf *old = &b->buf[0];
	unsigned int n;

	buf_unmap_no_sync(old);
	test_sync(test);
	n = map_until(test, more, old->iova);
	KUNIT_ASSERT_GT_MSG(test, n, 0, "the bus address did not come back");
	KUNIT_EXPECT_EQ(test, attack(&more->buf[n - 1], 0), REACHED);
	KUNIT_EXPECT_EQ(test, attack(old, 1), ELSEWHERE);
}

/* A buffer of three pages takes a slot of four in a window, and a range of four outside. */
#define THREE	(3 * PAGE_SIZE)
#define FOUR	(4 * PAGE_SIZE)

/* For reading: then dma-debug allows several mappings of a page. */
static dma_addr_t map_bytes(struct page *page, size_t size)
{
	return dma_map_page(target.dev, page, 0, size, DMA_TO_DEVICE);
}

static void unmap_bytes(dma_addr_t iova, size_t size)
{
	dma_unmap_page_no_sync(target.dev, iova, size, DMA_TO_DEVICE);
}

/*
 * Map the first three of four pages until they get the bus address @iova. Earlier
 * mappings stay, so that their addresses do not come back. Returns the number of mappings.
 */
static unsigned int map_three_until(struct page *page, dma_addr_t iova,
				    dma_addr_t *addr)
{
	unsigned int n = 0;

	do {
		addr[n] = map_bytes(page, THREE);
		if (dma_mapping_error(target.dev, addr[n]))
			break;
	} while (addr[n++] != iova && n < IOVA_TRIES);
	return n;
}

/* A page that was mapped, is mapped no more, and lies behind what is mapped now. */
static void attack_behind(struct kunit *test, struct page *page, dma_addr_t *addr)
{
	struct buf last = { .page = page + 2 }, behind = { .page = page + 3 };
	dma_addr_t iova = map_bytes(page, FOUR);
	unsigned int i, n;

	KUNIT_ASSERT_EQ(test, dma_mapping_error(target.dev, iova), 0);
	last.iova = iova + 2 * PAGE_SIZE;
	behind.iova = iova + THREE;
	KUNIT_EXPECT_EQ(test, attack(&behind, 0), READ_ONLY);
	unmap_bytes(iova, FOUR);
	test_sync(test);

	n = map_three_until(page, iova, addr);
	KUNIT_EXPECT_EQ_MSG(test, n ? addr[n - 1] : 0, iova,
			    "the bus address did not come back");
	KUNIT_EXPECT_EQ(test, attack(&last, 0), READ_ONLY);
	KUNIT_EXPECT_EQ(test, attack(&behind, 0), BLOCKED);
	for (i = 0; i < n; i++)
		unmap_bytes(addr[i], THREE);
	test_sync(test);
	KUNIT_EXPECT_EQ(test, attack(&last, 0), BLOCKED);
	KUNIT_EXPECT_EQ(test, attack(&behind, 0), BLOCKED);
}

static void page_behind_a_buffer_is_out_of_reach(struct kunit *test)
{
	dma_addr_t *addr = kunit_kcalloc(test, IOVA_TRIES, sizeof(*addr), GFP_KERNEL);
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_ZERO, get_order(FOUR));

	KUNIT_EXPECT_TRUE(test, addr && page);
	if (addr && page)
		attack_behind(test, page, addr);
	if (page)
		__free_pages(page, get_order(FOUR));
}

static const struct attack_case reuse_cases[] = {
	ATTACK_CASE(reused_page_is_out_of_reach_after_the_sync, STRICT | XSMMU),
	ATTACK_CASE(reused_page_is_in_reach_before_the_sync,
		    ANY_MODE & ~STRICT),
	ATTACK_CASE(iova_is_not_handed_out_before_the_sync, XSMMU),
	ATTACK_CASE(reused_iova_leads_to_the_new_page_only, STRICT | XSMMU),
	ATTACK_CASE(page_behind_a_buffer_is_out_of_reach, STRICT | XSMMU),
	{ }
};

ATTACK_SUITE(reuse, WORDS("strict", "no-backend", "lazy", "passthrough",
			  "xsmmu", "ats"));
