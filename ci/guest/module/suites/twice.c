// SPDX-License-Identifier: GPL-2.0
/*
 * Suite "twice": addresses that an unmap must not give back.
 *
 * A driver's bug: a page that is unmapped twice. The kernel warns and gives the page's
 * address back once. If it came back twice, two buffers would get it.
 *
 * A list of the memory of a peer device: it has the peer's own bus addresses, and one of
 * these can be an address that another mapping has in the IOMMU.
 *
 * The kernel must be booted with dma_debug=off, or dma-debug reports both.
 */
#include <linux/dma-mapping.h>
#include <linux/scatterlist.h>

#include "buffers.h"
#include "suites.h"

/* More than a magazine of the IOVA allocator holds. */
#define PAGES	256

static unsigned int pages_with_the_address_of_another(const struct batch *b)
{
	unsigned int i, j, found = 0;

	for (i = 0; i < b->n; i++)
		for (j = 0; j < i; j++)
			found += b->buf[i].iova == b->buf[j].iova;
	return found;
}

/* The device still reaches the page afterwards, so the unmap waits for a sync. */
static void unmap_without_sync(struct kunit *test, struct buf *b)
{
	KUNIT_EXPECT_EQ(test, attack(b, 0), REACHED);
	buf_unmap_no_sync(b);
	KUNIT_EXPECT_EQ(test, attack(b, 0), REACHED);
}

/* Map again, and see that no two pages have the same address. */
static void expect_given_back_once(struct kunit *test, struct batch *b)
{
	test_sync(test);
	KUNIT_ASSERT_EQ(test, batch_map(b), 0);
	KUNIT_EXPECT_EQ(test, pages_with_the_address_of_another(b), 0);
	batch_unmap(b);
}

static void page_unmapped_twice_without_sync_is_given_back_once(struct kunit *test)
{
	struct batch *b = test_batch(test, PAGES);
	struct buf *twice = &b->buf[0];

	KUNIT_ASSERT_EQ(test, buf_map(twice, DMA_BIDIRECTIONAL), 0);
	unmap_without_sync(test, twice);
	dma_unmap_page_attrs_no_sync(target.dev, twice->iova, PAGE_SIZE,
				     DMA_BIDIRECTIONAL, 0);
	expect_given_back_once(test, b);
}

/* A bug in an error path: the ordinary unmap follows the batched one. */
static void page_unmapped_once_more_is_given_back_once(struct kunit *test)
{
	struct batch *b = test_batch(test, PAGES);
	struct buf *twice = &b->buf[0];

	KUNIT_ASSERT_EQ(test, buf_map(twice, DMA_BIDIRECTIONAL), 0);
	unmap_without_sync(test, twice);
	dma_unmap_page(target.dev, twice->iova, PAGE_SIZE, DMA_BIDIRECTIONAL);
	expect_given_back_once(test, b);
}

static void list_of_a_peer(struct scatterlist *sg, const struct buf *buf)
{
	sg_init_table(sg, 1);
	sg_set_page(sg, buf->page, PAGE_SIZE, 0);
	sg_dma_address(sg) = buf->iova;
	sg_dma_len(sg) = PAGE_SIZE;
	sg_dma_mark_bus_address(sg);
}

static void list_of_a_peer_ends_no_mapping(struct kunit *test)
{
	struct batch *b = test_batch_in_reach(test, 1);
	struct scatterlist sg;

	if (!IS_ENABLED(CONFIG_PCI_P2PDMA))
		kunit_skip(test, "the kernel has no PCI_P2PDMA");
	list_of_a_peer(&sg, &b->buf[0]);
	dma_unmap_sg(target.dev, &sg, 1, DMA_BIDIRECTIONAL);
	KUNIT_EXPECT_EQ(test, batch_reached(b), 1);
	list_of_a_peer(&sg, &b->buf[0]);
	dma_unmap_sg_attrs_no_sync(target.dev, &sg, 1, DMA_BIDIRECTIONAL, 0);
	test_sync(test);
	KUNIT_EXPECT_EQ(test, batch_reached(b), 1);
}

static const struct attack_case twice_cases[] = {
	ATTACK_CASE(page_unmapped_twice_without_sync_is_given_back_once, XSMMU),
	ATTACK_CASE(page_unmapped_once_more_is_given_back_once, XSMMU),
	ATTACK_CASE(list_of_a_peer_ends_no_mapping, XSMMU),
	{ }
};

ATTACK_SUITE(twice, WORDS("twice"));
