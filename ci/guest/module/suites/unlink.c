// SPDX-License-Identifier: GPL-2.0
/*
 * Suite "unlink": an unmap that empties a whole page table. The IOMMU may keep
 * the entry that leads to the table in its paging-structure caches. So if the unmap
 * unlinks the table, the next invalidation must be full. The one after it is leaf
 * only again.
 *
 * What Linux 6.1 does in the unmap:
 *
 * VT-d		unlinks the table and leaves the invalidation to the sync
 * AMD-Vi	keeps the table, but the range could have been one large entry
 * SMMUv3	unlinks the table and invalidates its range at once. The backend does
 *		not learn whether that succeeded, so the sync is full
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

/* The device accesses only some of them: QEMU's IOTLB is small. */
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
 * Keep only pages with an even number. The IOMMU driver could map neighbours in
 * physical memory by an entry larger than a page.
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

/* Map the list. Its bus addresses are exactly those of one last-level table. */
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

static void unmap_list_no_sync(struct list *l)
{
	dma_unmap_sg_no_sync(target.dev, l->sgt.sgl, TABLE_PAGES,
			     DMA_BIDIRECTIONAL);
}

/* Attack some pages of the list. Returns how many are in reach. */
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

static void skip_if_tables_are_large(struct kunit *test)
{
	if (PAGE_SIZE != SZ_4K)
		kunit_skip(test, "a table for pages of this size maps more than the list\n");
}

/* The commands of the list's unmap and the sync. */
static struct cmds unlink_cost(void)
{
	return (struct cmds){
		.pages = target_is_smmuv3(),
		.full = 1,
	};
}

static void unlinked_table_costs_one_full_invalidation(struct kunit *test)
{
	struct batch *b;
	struct list *l;
	dma_addr_t iova;
	u32 w;

	skip_if_tables_are_large(test);
	l = test_list(test);
	iova = map_list(test, l);
	b = test_batch_in_reach(test, 64);
	KUNIT_EXPECT_EQ(test, samples_reached(l, iova), SAMPLES);
	w = interval_open();
	unmap_list_no_sync(l);
	KUNIT_EXPECT_EQ(test, samples_reached(l, iova),
			target_is_smmuv3() ? 0 : SAMPLES);
	test_sync(test);
	interval_close(test, w, "unlink", unlink_cost());
	KUNIT_EXPECT_EQ(test, samples_reached(l, iova), 0);

	/* Other mappings still work, and the next sync is leaf only again. */
	KUNIT_EXPECT_EQ(test, batch_reached(b), b->n);
	w = interval_open();
	batch_unmap_no_sync(b);
	test_sync(test);
	interval_close(test, w, "after_unlink", (struct cmds){ .leaf = 1 });
	KUNIT_EXPECT_EQ(test, batch_reached(b), 0);
}

/* Unmaps before and after that of the list change nothing. */
static void unlink_amid_a_batch_makes_it_full(struct kunit *test)
{
	struct batch *b, *c;
	struct list *l;
	dma_addr_t iova;
	u32 w;

	skip_if_tables_are_large(test);
	l = test_list(test);
	iova = map_list(test, l);
	b = test_batch_in_reach(test, 32);
	c = test_batch_in_reach(test, 32);
	KUNIT_EXPECT_EQ(test, samples_reached(l, iova), SAMPLES);
	w = interval_open();
	batch_unmap_no_sync(b);
	unmap_list_no_sync(l);
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
		unmap_list_no_sync(l);
		test_sync(test);
		KUNIT_EXPECT_EQ(test, samples_reached(l, iova), 0);
	}
}

/*
 * From Linux 6.12 on the SMMUv3 driver invalidates the range of the table that it
 * unlinked, and then the address as if a large entry had been there.
 */
static unsigned int ordinary_unlink_cost(void)
{
	return target_is_smmuv3() && !BASE_IS_6_1 ? 2 : 1;
}

static void ordinary_unmap_of_a_list_invalidates_at_once(struct kunit *test)
{
	struct list *l = test_list(test);
	dma_addr_t iova = map_list(test, l);
	u32 w;

	KUNIT_EXPECT_EQ(test, samples_reached(l, iova), SAMPLES);
	w = interval_open();
	dma_unmap_sg(target.dev, l->sgt.sgl, TABLE_PAGES, DMA_BIDIRECTIONAL);
	interval_close_unmaps(test, w, "ordinary_list", ordinary_unlink_cost());
	KUNIT_EXPECT_EQ(test, samples_reached(l, iova), 0);
}

/*
 * A table stays linked after its last page was unmapped. Then a superpage takes its
 * place. The IOMMU driver must invalidate the entry that led to the table before it
 * frees the table. With AMD-Vi it has a flush of its own for that: on Linux 6.1 of the
 * domain, later of the pages.
 */
static struct cmds replace_cost(void)
{
	bool by_pages = !BASE_IS_6_1;

	if (target.iommu != TARGET_AMD)
		return (struct cmds){ .pages = 1 };
	return (struct cmds){ .full = !by_pages, .pages = by_pages, .maps = 1 };
}

static void replace_emptied_table(struct kunit *test, struct page *page,
				  struct page *large)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(target.dev);
	u32 w;

	KUNIT_ASSERT_TRUE(test, domain->pgsize_bitmap & SZ_2M);
	KUNIT_ASSERT_EQ(test, target_map_far(page, PAGE_SIZE), 0);
	KUNIT_EXPECT_EQ(test, probe_read(0, TARGET_FAR_IOVA, 8), 0);
	KUNIT_EXPECT_EQ(test, iommu_unmap(domain, TARGET_FAR_IOVA, PAGE_SIZE),
			PAGE_SIZE);
	w = interval_open();
	KUNIT_ASSERT_EQ(test, target_map_far(large, SZ_2M), 0);
	interval_close(test, w, "replace_table", replace_cost());
	KUNIT_EXPECT_EQ(test, probe_read(0, TARGET_FAR_IOVA + SZ_2M - PAGE_SIZE,
					 8), 0);
	KUNIT_EXPECT_EQ(test, iommu_unmap(domain, TARGET_FAR_IOVA, SZ_2M), SZ_2M);
	KUNIT_EXPECT_NE(test, probe_read(0, TARGET_FAR_IOVA, 8), 0);
}

static void superpage_replaces_an_emptied_table(struct kunit *test)
{
	struct page *page, *large;

	skip_if_tables_are_large(test);
	page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	large = alloc_pages(GFP_KERNEL | __GFP_ZERO, get_order(SZ_2M));
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
	ATTACK_CASE(ordinary_unmap_of_a_list_invalidates_at_once, STRICT | XSMMU),
	ATTACK_CASE(superpage_replaces_an_emptied_table, STRICT | XSMMU),
	{ }
};

ATTACK_SUITE(unlink, WORDS("strict", "no-backend", "xsmmu", "ats"));
