// SPDX-License-Identifier: GPL-2.0
/*
 * Suite "top": a list that ends with the 64-bit address space. The address behind it
 * is 0, which is also what the kernel could take for a list without an address.
 *
 * The IOMMU must have 64-bit addresses, as AMD-Vi has with v1 tables. The kernel must be
 * booted with iommu.forcedac=1, or a PCI device gets 32-bit addresses.
 */
#include <linux/dma-mapping.h>
#include <linux/mm.h>
#include <linux/scatterlist.h>

#include "buffers.h"
#include "suites.h"

/* The allocator rounds to a power of two, so that only such a list ends there. */
#define ORDER	2
#define SIZE	(PAGE_SIZE << ORDER)

/* The topmost range may be taken, but not by many. */
#define LISTS	16

/**
 * struct lists - mapped lists of neighbouring pages
 * @page: the pages of all of them
 * @sg: the lists, of one entry each
 * @n: how many are mapped; the last one ends with the address space
 */
struct lists {
	struct page *page;
	struct scatterlist sg[LISTS];
	unsigned int n;
};

static bool map_list(struct lists *l)
{
	struct scatterlist *sg = &l->sg[l->n];

	sg_init_table(sg, 1);
	sg_set_page(sg, l->page, SIZE, 0);
	if (dma_map_sg(target.dev, sg, 1, DMA_BIDIRECTIONAL) != 1)
		return false;
	l->n++;
	return true;
}

static dma_addr_t end_of(const struct scatterlist *sg)
{
	return sg_dma_address(sg) + sg_dma_len(sg);
}

static bool map_lists(struct lists *l)
{
	while (l->n < LISTS && map_list(l))
		if (!end_of(&l->sg[l->n - 1]))
			return true;
	return false;
}

static void unmap_list(struct scatterlist *sg)
{
	dma_unmap_sg(target.dev, sg, 1, DMA_BIDIRECTIONAL);
}

/* The device reaches the list's first page until the sync. */
static void unmap_list_no_sync(struct kunit *test, struct scatterlist *sg,
			       const struct buf *first)
{
	dma_unmap_sg_attrs_no_sync(target.dev, sg, 1, DMA_BIDIRECTIONAL, 0);
	KUNIT_EXPECT_EQ(test, attack(first, 0), REACHED);
	test_sync(test);
}

/* The device reaches the list's first page before the unmap, and not afterwards. */
static void expect_unmapped(struct kunit *test, struct lists *l, bool no_sync)
{
	struct buf b = { .page = l->page };
	bool found = map_lists(l);

	KUNIT_EXPECT_TRUE_MSG(test, found, "boot with iommu.forcedac=1");
	if (found) {
		b.iova = sg_dma_address(&l->sg[l->n - 1]);
		KUNIT_EXPECT_EQ(test, attack(&b, 0), REACHED);
		l->n--;
		if (no_sync)
			unmap_list_no_sync(test, &l->sg[l->n], &b);
		else
			unmap_list(&l->sg[l->n]);
		KUNIT_EXPECT_EQ(test, attack(&b, 0), BLOCKED);
	}
	while (l->n)
		unmap_list(&l->sg[--l->n]);
}

static void run(struct kunit *test, bool no_sync)
{
	struct lists *l = kunit_kzalloc(test, sizeof(*l), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, l);
	l->page = alloc_pages(GFP_KERNEL | __GFP_ZERO, ORDER);
	KUNIT_ASSERT_NOT_NULL(test, l->page);
	expect_unmapped(test, l, no_sync);
	__free_pages(l->page, ORDER);
}

static void list_that_ends_with_the_address_space_is_unmapped(struct kunit *test)
{
	run(test, false);
}

static void the_same_list_is_unmapped_without_sync(struct kunit *test)
{
	run(test, true);
}

static const struct attack_case top_cases[] = {
	ATTACK_CASE(the_same_list_is_unmapped_without_sync, XSMMU),
	ATTACK_CASE(list_that_ends_with_the_address_space_is_unmapped, XSMMU),
	{ }
};

ATTACK_SUITE(top, WORDS("top"));
