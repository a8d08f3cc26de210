// SPDX-License-Identifier: GPL-2.0
/*
 * Suite "reuse": a page or a bus address that was freed gets a new owner.
 */
#include <linux/dma-mapping.h>
#include <linux/irqflags.h>
#include <linux/list.h>
#include <linux/mm.h>

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

static const struct attack_case reuse_cases[] = {
	ATTACK_CASE(reused_page_is_out_of_reach_after_the_sync, STRICT | XSMMU),
	ATTACK_CASE(reused_page_is_in_reach_before_the_sync,
		    ANY_MODE & ~STRICT),
	ATTACK_CASE(iova_is_not_handed_out_before_the_sync, XSMMU),
	ATTACK_CASE(reused_iova_leads_to_the_new_page_only, STRICT | XSMMU),
	{ }
};

ATTACK_SUITE(reuse, WORDS("strict", "no-backend", "lazy", "passthrough",
			  "xsmmu", "ats"));
