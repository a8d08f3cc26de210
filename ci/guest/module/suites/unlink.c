// SPDX-License-Identifier: GPL-2.0
/*
 * Suite "unlink": an unmap that empties a whole page table. The IOMMU may keep
 * the way to that table in its paging-structure caches, so if the table goes, the
 * invalidation must drop those too, once; the next is for leaf entries again.
 *
 * Linux 6.1 unlinks the table and leaves it to the sync (VT-d), keeps the table
 * (AMD-Vi: but it was unmapped as if by one large entry), or unlinks it and
 * invalidates its range at once (SMMUv3). It does not hear whether that went
 * well, so the sync then drops everything.
 */
#include <linux/dma-mapping.h>
#include <linux/iommu.h>
#include <linux/mm.h>
#include <linux/scatterlist.h>
#include <linux/sizes.h>

#include "buffers.h"
#include "suites.h"
#include "interval.h"

/* Pages that one last-level table maps. */
#define TABLE_PAGES	512

/* The device touches some of them only: QEMU's IOTLB is small. */
#define SAMPLE_STEP	64
#define SAMPLES		(TABLE_PAGES / SAMPLE_STEP)

/*
 * struct list - a mapped scatterlist that fills one page table
 * @sgt: the list
 * @pages: its pages, all mapped by 4 KiB entries
 */
struct list {
	struct sg_table sgt;
	struct page *pages[TABLE_PAGES];
};

/*
 * Pages of which no two are neighbours in physical memory, or the IOMMU driver
 * would map them by something larger than a page: keep the even ones.
 */
static unsigned int scattered_pages(struct page **pages, unsigned int n)
{
	struct page *page, *next;
	LIST_HEAD(odd);
	unsigned int i = 0;

	while (i < n) {
		page = alloc_page(GFP_KERNEL | __GFP_ZERO);
		if (!page)
			break;
		if (page_to_pfn(page) & 1)
			list_add(&page->lru, &odd);
		else
			pages[i++] = page;
	}
	list_for_each_entry_safe(page, next, &odd, lru)
		__free_page(page);
	return i;
}

static void list_free(struct kunit_resource *res)
{
	struct list *l = res->data;
	unsigned int i;

	sg_free_table(&l->sgt);
	for (i = 0; i < TABLE_PAGES && l->pages[i]; i++)
		__free_page(l->pages[i]);
	kvfree(l);
}

static int list_init(struct kunit_resource *res, void *unused)
{
	struct scatterlist *sg;
	struct list *l;
	int i;

	l = kvzalloc(sizeof(*l), GFP_KERNEL);
	res->data = l;
	if (!l)
		return -ENOMEM;
	if (scattered_pages(l->pages, TABLE_PAGES) < TABLE_PAGES ||
	    sg_alloc_table(&l->sgt, TABLE_PAGES, GFP_KERNEL)) {
		list_free(res);
		return -ENOMEM;
	}
	for_each_sgtable_sg(&l->sgt, sg, i)
		sg_set_page(sg, l->pages[i], PAGE_SIZE, 0);
	return 0;
}

static struct list *test_list(struct kunit *test)
{
	struct list *l = kunit_alloc_resource(test, list_init, list_free,
					      GFP_KERNEL, NULL);

	KUNIT_ASSERT_NOT_NULL(test, l);
	return l;
}

/* Map the list to a block of bus addresses that is a whole table's. */
static dma_addr_t map_list(struct kunit *test, struct list *l)
{
	dma_addr_t iova;
	int n;

	n = dma_map_sg(target.dev, l->sgt.sgl, TABLE_PAGES, DMA_BIDIRECTIONAL);
	KUNIT_ASSERT_GT(test, n, 0);
	iova = sg_dma_address(l->sgt.sgl);
	KUNIT_ASSERT_TRUE_MSG(test, IS_ALIGNED(iova, SZ_2M),
			      "the list does not begin with a table");
	return iova;
}

/* Attack some pages of the list; how many are in reach? */
static unsigned int samples_reached(struct list *l, dma_addr_t iova)
{
	unsigned int i, reached = 0;

	for (i = 0; i < TABLE_PAGES; i += SAMPLE_STEP) {
		struct buf b = {
			.page = l->pages[i],
			.iova = iova + i * PAGE_SIZE,
		};

		reached += attack(&b, 0) == REACHED;
	}
	return reached;
}

/* The commands of an unmapped list and its sync. */
static struct cmds unlink_cost(void)
{
	switch (target.iommu) {
	case TARGET_ARM_SMMU_V3:
		return (struct cmds){ .pages = 1, .full = 1 };
	default:
		return (struct cmds){ .full = 1 };
	}
}

static void unlinked_table_costs_one_full_invalidation(struct kunit *test)
{
	struct list *l = test_list(test);
	dma_addr_t iova = map_list(test, l);
	struct batch *b = test_batch_in_reach(test, 64);
	u32 w;

	KUNIT_EXPECT_EQ(test, samples_reached(l, iova), SAMPLES);
	w = interval_open();
	dma_unmap_sg_no_sync(target.dev, l->sgt.sgl, TABLE_PAGES,
			     DMA_BIDIRECTIONAL);
	KUNIT_EXPECT_EQ(test, samples_reached(l, iova),
			target.iommu == TARGET_ARM_SMMU_V3 ? 0 : SAMPLES);
	test_sync(test);
	interval_close(test, w, "unlink", unlink_cost());
	KUNIT_EXPECT_EQ(test, samples_reached(l, iova), 0);

	/* Other translations survived, and the next sync is for leaf entries again. */
	KUNIT_EXPECT_EQ(test, batch_reached(b), b->n);
	w = interval_open();
	batch_unmap_no_sync(b);
	test_sync(test);
	interval_close(test, w, "after_unlink", (struct cmds){ .leaf = 1 });
	KUNIT_EXPECT_EQ(test, batch_reached(b), 0);
}

/* Pages that are unmapped before and after the list change nothing. */
static void unlink_amid_a_batch_makes_it_full(struct kunit *test)
{
	struct list *l = test_list(test);
	dma_addr_t iova = map_list(test, l);
	struct batch *b = test_batch_in_reach(test, 32);
	struct batch *c = test_batch_in_reach(test, 32);
	u32 w;

	KUNIT_EXPECT_EQ(test, samples_reached(l, iova), SAMPLES);
	w = interval_open();
	batch_unmap_no_sync(b);
	dma_unmap_sg_no_sync(target.dev, l->sgt.sgl, TABLE_PAGES,
			     DMA_BIDIRECTIONAL);
	batch_unmap_no_sync(c);
	test_sync(test);
	interval_close(test, w, "unlink_amid", unlink_cost());
	KUNIT_EXPECT_EQ(test, samples_reached(l, iova), 0);
	KUNIT_EXPECT_EQ(test, batch_reached(b) + batch_reached(c), 0);
}

/* At the same addresses the device finds the new table, not the old one. */
static void list_can_be_mapped_again_at_once(struct kunit *test)
{
	struct list *l = test_list(test);
	dma_addr_t iova;
	int round;

	for (round = 0; round < 4; round++) {
		iova = map_list(test, l);
		KUNIT_EXPECT_EQ(test, samples_reached(l, iova), SAMPLES);
		dma_unmap_sg_no_sync(target.dev, l->sgt.sgl, TABLE_PAGES,
				     DMA_BIDIRECTIONAL);
		test_sync(test);
		KUNIT_EXPECT_EQ(test, samples_reached(l, iova), 0);
	}
}

static void ordinary_unmap_of_a_list_is_one_invalidation(struct kunit *test)
{
	struct list *l = test_list(test);
	dma_addr_t iova = map_list(test, l);
	u32 w;

	KUNIT_EXPECT_EQ(test, samples_reached(l, iova), SAMPLES);
	w = interval_open();
	dma_unmap_sg(target.dev, l->sgt.sgl, TABLE_PAGES, DMA_BIDIRECTIONAL);
	interval_close_unmaps(test, w, "ordinary_list", 1);
	KUNIT_EXPECT_EQ(test, samples_reached(l, iova), 0);
}

/* Above all that the DMA API hands out, and aligned for a superpage. */
#define FAR_IOVA	BIT_ULL(37)

/*
 * A table is still linked when its last page was unmapped. A superpage takes its
 * place: the IOMMU driver has to invalidate the way to it before it is freed.
 */
static struct cmds replace_cost(void)
{
	/* The driver's own flush, which it waits for before it frees the table. */
	if (target.iommu == TARGET_AMD)
		return (struct cmds){ .full = 1, .maps = 1 };
	return (struct cmds){ .pages = 1 };
}

static void replace_emptied_table(struct kunit *test, struct page *page,
				  struct page *large)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(target.dev);
	int prot = IOMMU_READ | IOMMU_WRITE;
	u32 w;

	KUNIT_ASSERT_TRUE(test, domain->pgsize_bitmap & SZ_2M);
	KUNIT_ASSERT_EQ(test, iommu_map(domain, FAR_IOVA, page_to_phys(page),
					PAGE_SIZE, prot), 0);
	KUNIT_EXPECT_EQ(test, probe_read(target.probe, 0, FAR_IOVA, 8), 0);
	KUNIT_EXPECT_EQ(test, iommu_unmap(domain, FAR_IOVA, PAGE_SIZE),
			PAGE_SIZE);
	w = interval_open();
	KUNIT_ASSERT_EQ(test, iommu_map(domain, FAR_IOVA, page_to_phys(large),
					SZ_2M, prot), 0);
	interval_close(test, w, "replace_table", replace_cost());
	KUNIT_EXPECT_EQ(test, probe_read(target.probe, 0,
					 FAR_IOVA + SZ_2M - PAGE_SIZE, 8), 0);
	KUNIT_EXPECT_EQ(test, iommu_unmap(domain, FAR_IOVA, SZ_2M), SZ_2M);
	KUNIT_EXPECT_NE(test, probe_read(target.probe, 0, FAR_IOVA, 8), 0);
}

static void superpage_replaces_an_emptied_table(struct kunit *test)
{
	struct page *page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	struct page *large = alloc_pages(GFP_KERNEL | __GFP_ZERO,
					 get_order(SZ_2M));

	KUNIT_EXPECT_TRUE(test, page && large);
	if (page && large)
		replace_emptied_table(test, page, large);
	if (large)
		__free_pages(large, get_order(SZ_2M));
	if (page)
		__free_page(page);
}

static const struct attack_case unlink_cases[] = {
	ATTACK_CASE(unlinked_table_costs_one_full_invalidation, XSMMU),
	ATTACK_CASE(unlink_amid_a_batch_makes_it_full, XSMMU),
	ATTACK_CASE(list_can_be_mapped_again_at_once, STRICT | XSMMU),
	ATTACK_CASE(ordinary_unmap_of_a_list_is_one_invalidation,
		    STRICT | XSMMU),
	ATTACK_CASE(superpage_replaces_an_emptied_table, STRICT | XSMMU),
	{ }
};

ATTACK_SUITE(unlink, "strict no-backend xsmmu ats");
