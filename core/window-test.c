// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of windows: slots, entries, their order, and what core learns of entries.
 */
#include <linux/delay.h>
#include <linux/irq_work.h>
#include <linux/ktime.h>
#include <linux/kthread.h>
#include <linux/prandom.h>
#include <linux/scatterlist.h>
#include <linux/sizes.h>
#include "window-fixture.h"

/* Entries. */

static void entries_have_the_rights_of_their_direction(struct kunit *test)
{
	static const u64 rights[] = {
		[DMA_BIDIRECTIONAL] = ENTRY_READ | ENTRY_WRITE | ENTRY_SNOOP,
		[DMA_TO_DEVICE] = ENTRY_READ | ENTRY_SNOOP,
		[DMA_FROM_DEVICE] = ENTRY_WRITE | ENTRY_SNOOP,
	};
	struct fix *f = test->priv;
	enum dma_data_direction dir;
	dma_addr_t addr;

	KUNIT_ASSERT_TRUE(test, get_window(f));
	for (dir = DMA_BIDIRECTIONAL; dir <= DMA_FROM_DEVICE; dir++) {
		addr = map_at(f, 7, PAGE_SIZE, dir);
		KUNIT_ASSERT_NE(test, addr, DMA_MAPPING_ERROR);
		KUNIT_EXPECT_EQ(test, f->entry[addr >> PAGE_SHIFT],
				PFN_PHYS(7) | rights[dir]);
		unmap(f, addr);
		KUNIT_EXPECT_EQ(test, f->entry[addr >> PAGE_SHIFT], 0);
	}
}

/* An IOMMU that caches entries that are not present has to know of each new one. */
static void iommu_is_told_of_new_entries(struct kunit *test)
{
	struct fix *f = test->priv;
	unsigned int pages, told;
	dma_addr_t addr;

	f->after = XSMMU_SYNC_MAP;
	KUNIT_ASSERT_TRUE(test, get_window(f));
	for (pages = 1; pages <= XSMMU_SLOT_PAGES; pages++) {
		/* The first mapping of a class makes a chunk, and tells of that too. */
		map(f, pages);
		told = f->told;
		addr = map(f, pages);
		KUNIT_ASSERT_NE(test, addr, DMA_MAPPING_ERROR);
		KUNIT_EXPECT_EQ(test, f->told, told + pages);
		KUNIT_EXPECT_EQ(test, f->told_of, addr);
	}
}

static void buffer_within_a_page_keeps_its_offset(struct kunit *test)
{
	struct fix *f = test->priv;
	phys_addr_t phys;
	dma_addr_t addr;

	KUNIT_ASSERT_TRUE(test, get_window(f));
	addr = xsmmu_window_map(f->w, PFN_PHYS(9) + 100, 200, DMA_TO_DEVICE, true);
	KUNIT_ASSERT_NE(test, addr, DMA_MAPPING_ERROR);
	KUNIT_EXPECT_EQ(test, offset_in_page(addr), 100);
	KUNIT_EXPECT_TRUE(test, xsmmu_window_unmap(f->w, addr, &phys));
	KUNIT_EXPECT_EQ(test, phys, PFN_PHYS(9) + 100);
}

/* A buffer of 300 bytes that crosses a page has two entries. */
static void buffer_across_pages_is_one_run(struct kunit *test)
{
	struct fix *f = test->priv;
	unsigned int i;
	dma_addr_t addr;
	u64 *entry;

	KUNIT_ASSERT_TRUE(test, get_window(f));
	/* The first mapping finds no slot at once. It gets more than one. */
	for (i = 0; i < 2; i++) {
		addr = xsmmu_window_map(f->w, PFN_PHYS(20) - 100, 300,
					DMA_TO_DEVICE, true);
		KUNIT_ASSERT_NE(test, addr, DMA_MAPPING_ERROR);
		entry = &f->entry[addr >> PAGE_SHIFT];
		KUNIT_EXPECT_EQ(test, entry[0], PFN_PHYS(19) | ENTRY_READ | ENTRY_SNOOP);
		KUNIT_EXPECT_EQ(test, entry[1], PFN_PHYS(20) | ENTRY_READ | ENTRY_SNOOP);
		unmap(f, addr);
		KUNIT_EXPECT_EQ(test, entry[0] | entry[1], 0);
	}
}

static void runs_of_all_lengths_are_mapped(struct kunit *test)
{
	struct fix *f = test->priv;
	unsigned int n, i;
	dma_addr_t addr;

	KUNIT_ASSERT_TRUE(test, get_window(f));
	for (n = 1; n <= XSMMU_SLOT_PAGES; n++) {
		addr = map_at(f, 64, n * PAGE_SIZE, DMA_FROM_DEVICE);
		KUNIT_ASSERT_NE(test, addr, DMA_MAPPING_ERROR);
		for (i = 0; i < n; i++)
			KUNIT_EXPECT_EQ(test, f->entry[(addr >> PAGE_SHIFT) + i],
					PFN_PHYS(64 + i) | ENTRY_WRITE | ENTRY_SNOOP);
		unmap(f, addr);
		for (i = 0; i < n; i++)
			KUNIT_EXPECT_EQ(test, f->entry[(addr >> PAGE_SHIFT) + i], 0);
	}
}

static void what_fits_no_slot_is_not_mapped(struct kunit *test)
{
	struct fix *f = test->priv;

	KUNIT_ASSERT_TRUE(test, get_window(f));
	KUNIT_EXPECT_EQ(test, map(f, XSMMU_SLOT_PAGES + 1), DMA_MAPPING_ERROR);
	KUNIT_EXPECT_EQ(test, xsmmu_window_map(f->w, 0, 0, DMA_TO_DEVICE, true),
			DMA_MAPPING_ERROR);
	KUNIT_EXPECT_EQ(test, xsmmu_window_map(f->w, ~(phys_addr_t)0 & PAGE_MASK,
					       PAGE_SIZE, DMA_TO_DEVICE, true),
			DMA_MAPPING_ERROR);
	/* Only the first of its two pages fits an entry. A slot of two pages is free. */
	KUNIT_ASSERT_NE(test, map(f, 2), DMA_MAPPING_ERROR);
	KUNIT_EXPECT_EQ(test, xsmmu_window_map(f->w, f->w->phys_end - 100, 200,
					       DMA_TO_DEVICE, true),
			DMA_MAPPING_ERROR);
}

/* If a driver names too short a size, nothing of the slot stays mapped. */
static void unmap_clears_the_whole_slot(struct kunit *test)
{
	struct fix *f = test->priv;
	unsigned int i;
	dma_addr_t addr;

	KUNIT_ASSERT_TRUE(test, get_window(f));
	addr = map(f, XSMMU_SLOT_PAGES);
	KUNIT_ASSERT_NE(test, addr, DMA_MAPPING_ERROR);
	unmap(f, addr);
	for (i = 0; i < XSMMU_SLOT_PAGES; i++)
		KUNIT_EXPECT_EQ(test, f->entry[(addr >> PAGE_SHIFT) + i], 0);
}

/* What is no slot of the class is left to the function that can warn about it. */
static void page_that_is_not_mapped_is_left_alone(struct kunit *test)
{
	struct fix *f = test->priv;
	dma_addr_t addr, run;
	phys_addr_t phys;

	KUNIT_ASSERT_TRUE(test, get_window(f));
	addr = map(f, 1);
	run = map(f, 2);
	KUNIT_EXPECT_FALSE(test, xsmmu_page_unmap(f->w, 1, addr));
	KUNIT_EXPECT_TRUE(test, xsmmu_page_unmap(f->w, 0, addr));
	KUNIT_EXPECT_FALSE(test, xsmmu_page_unmap(f->w, 0, addr));
	KUNIT_EXPECT_FALSE(test, xsmmu_page_unmap(f->w, 0, run));
	KUNIT_EXPECT_FALSE(test, xsmmu_page_unmap(f->w, 1, run + PAGE_SIZE));
	KUNIT_EXPECT_FALSE(test, xsmmu_page_unmap(f->w, 0, f->w->base - PAGE_SIZE));
	KUNIT_EXPECT_FALSE(test, xsmmu_page_unmap(f->w, 0, f->w->base + f->w->size));
	/* No chunk was made there. */
	KUNIT_EXPECT_FALSE(test, xsmmu_page_unmap(f->w, 0, f->w->base + f->w->region -
							PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, pending(f), 1);
	KUNIT_EXPECT_TRUE(test, xsmmu_window_unmap(f->w, run, &phys));
	KUNIT_EXPECT_EQ(test, pending(f), 2);
}

static unsigned int found;

static void note_nothing(dma_addr_t addr)
{
	found++;
}

/* Both unmaps find nothing, change nothing, and say so. */
static void expect_nothing_at(struct fix *f, dma_addr_t addr)
{
	unsigned int before = pending(f), ranges = f->ranges;
	phys_addr_t phys;

	found = 0;
	KUNIT_EXPECT_FALSE(f->test, unmapped(f, addr));
	KUNIT_EXPECT_FALSE(f->test, xsmmu_window_unmap_strict(f->w, addr, &phys));
	KUNIT_EXPECT_EQ(f->test, found, 2);
	KUNIT_EXPECT_EQ(f->test, pending(f), before);
	KUNIT_EXPECT_EQ(f->test, f->ranges, ranges);
}

/* The addresses within a slot of the class, and that of a slot that was unmapped. */
static void expect_nothing_around(struct fix *f, unsigned int pages)
{
	dma_addr_t addr = map(f, pages);
	unsigned long first = addr >> PAGE_SHIFT;
	unsigned int i;

	KUNIT_ASSERT_NE(f->test, addr, DMA_MAPPING_ERROR);
	for (i = 1; i < pages; i++)
		expect_nothing_at(f, addr + i * PAGE_SIZE);
	for (i = 0; i < pages; i++)
		KUNIT_EXPECT_EQ(f->test, f->entry[first + i], f->kept[first + i]);
	unmap(f, addr);
	expect_nothing_at(f, addr);
	KUNIT_EXPECT_EQ(f->test, xsmmu_sync(f->xd), 0);
	expect_nothing_at(f, addr);
}

static void address_without_a_mapping_is_left_alone(struct kunit *test)
{
	struct fix *f = test->priv;
	unsigned int pages;

	KUNIT_ASSERT_TRUE(test, get_window(f));
	WRITE_ONCE(xsmmu_found_nothing, note_nothing);
	for (pages = 1; pages <= XSMMU_SLOT_PAGES; pages *= 2)
		expect_nothing_around(f, pages);
	/* The last chunk of a class has no table. */
	for (pages = 1; pages <= XSMMU_CLASSES; pages++)
		expect_nothing_at(f, f->w->base + pages * f->w->region -
				     XSMMU_SLOT_PAGES * PAGE_SIZE);
	/* No class has these. */
	expect_nothing_at(f, f->w->base + f->w->size);
	expect_nothing_at(f, f->w->base - PAGE_SIZE);
	return_all(f);
	KUNIT_EXPECT_TRUE(test, xsmmu_window_is_whole(f->w));
}

/* What is next to the window has an ordinary mapping. */
static void window_has_its_own_addresses_only(struct kunit *test)
{
	dma_addr_t base, end;
	struct fix *f = test->priv;

	KUNIT_ASSERT_TRUE(test, get_window(f));
	base = f->w->base;
	end = base + f->w->size;
	KUNIT_EXPECT_PTR_EQ(test, xsmmu_window_find(f->xd, base), f->w);
	KUNIT_EXPECT_PTR_EQ(test, xsmmu_window_find(f->xd, end - 1), f->w);
	KUNIT_EXPECT_NULL(test, xsmmu_window_find(f->xd, base - 1));
	KUNIT_EXPECT_NULL(test, xsmmu_window_find(f->xd, end));
}

/* Lists. */

/* The first three entries are whole pages, the last one crosses a page. */
static const struct {
	unsigned int offset;
	unsigned int length;
} list[] = {
	{ 1024, PAGE_SIZE - 1024 },
	{ 0, 2 * PAGE_SIZE },
	{ 0, 512 },
	{ PAGE_SIZE - 256, 512 },
};

#define LIST_PAGES	6

static void list_init(struct kunit *test, struct scatterlist *sg)
{
	unsigned int i;

	sg_init_table(sg, ARRAY_SIZE(list));
	for (i = 0; i < ARRAY_SIZE(list); i++)
		sg_set_page(&sg[i], pfn_to_page(first_pfn() + 10 * i),
			    list[i].length, list[i].offset);
}

static int map_list(struct fix *f, struct scatterlist *sg, unsigned int longest,
		    unsigned long boundary)
{
	return xsmmu_window_map_sg(f->w, sg, ARRAY_SIZE(list), DMA_TO_DEVICE,
				   true, longest, boundary);
}

static void list_is_mapped_in_one_slot(struct kunit *test)
{
	static const unsigned int page[LIST_PAGES] = { 0, 10, 11, 20, 30, 31 };
	struct scatterlist sg[ARRAY_SIZE(list)];
	struct fix *f = test->priv;
	unsigned int i;
	u64 *entry;

	KUNIT_ASSERT_TRUE(test, get_window(f));
	list_init(test, sg);
	/* What is next to each other on the bus is one segment. */
	KUNIT_ASSERT_EQ(test, map_list(f, sg, UINT_MAX, ULONG_MAX), 2);
	KUNIT_EXPECT_EQ(test, sg_dma_len(&sg[0]), 3 * PAGE_SIZE - 1024 + 512);
	KUNIT_EXPECT_EQ(test, offset_in_page(sg_dma_address(&sg[0])), 1024);
	KUNIT_EXPECT_EQ(test, sg_dma_len(&sg[1]), 512);
	KUNIT_EXPECT_EQ(test, offset_in_page(sg_dma_address(&sg[1])), PAGE_SIZE - 256);
	KUNIT_EXPECT_EQ(test, sg_dma_len(&sg[2]), 0);
	entry = &f->entry[sg_dma_address(&sg[0]) >> PAGE_SHIFT];
	KUNIT_EXPECT_PTR_EQ(test, entry + 4,
			    &f->entry[sg_dma_address(&sg[1]) >> PAGE_SHIFT]);
	for (i = 0; i < LIST_PAGES; i++)
		KUNIT_EXPECT_EQ(test, entry[i],
				PFN_PHYS(first_pfn() + page[i]) | ENTRY_READ |
				ENTRY_SNOOP);
	unmap(f, sg_dma_address(&sg[0]));
	for (i = 0; i < LIST_PAGES; i++)
		KUNIT_EXPECT_EQ(test, entry[i], 0);
}

static void segments_are_not_longer_than_the_device_allows(struct kunit *test)
{
	struct scatterlist sg[ARRAY_SIZE(list)];
	struct fix *f = test->priv;

	KUNIT_ASSERT_TRUE(test, get_window(f));
	list_init(test, sg);
	KUNIT_ASSERT_EQ(test, map_list(f, sg, 2 * PAGE_SIZE, ULONG_MAX), 4);
	KUNIT_EXPECT_EQ(test, sg_dma_len(&sg[1]), 2 * PAGE_SIZE);
	unmap(f, sg_dma_address(&sg[0]));
}

static void list_that_fits_no_slot_is_not_mapped(struct kunit *test)
{
	struct scatterlist sg[ARRAY_SIZE(list)];
	struct fix *f = test->priv;

	KUNIT_ASSERT_TRUE(test, get_window(f));
	list_init(test, sg);
	KUNIT_EXPECT_EQ(test, map_list(f, sg, UINT_MAX, 4 * PAGE_SIZE - 1), 0);
	sg[1].length = XSMMU_SLOT_PAGES * PAGE_SIZE;
	KUNIT_EXPECT_EQ(test, map_list(f, sg, UINT_MAX, ULONG_MAX), 0);
	KUNIT_EXPECT_EQ(test, outside(f), 0);
}

/* The IOMMU need not translate what a peer's memory is reached by. */
static void list_with_memory_of_a_peer_is_not_mapped(struct kunit *test)
{
	struct scatterlist sg[ARRAY_SIZE(list)];
	struct dev_pagemap *pgmap = kunit_kzalloc(test, sizeof(*pgmap), GFP_KERNEL);
	struct page *page, saved;
	struct fix *f = test->priv;
	int segments = -1;

	KUNIT_ASSERT_TRUE(test, get_window(f));
	page = alloc_page(GFP_KERNEL);
	KUNIT_ASSERT_TRUE(test, pgmap && page);
	saved = *page;
	list_init(test, sg);
	sg_set_page(&sg[1], page, PAGE_SIZE, 0);
	if (xsmmu_test_make_peers(page, pgmap))
		segments = map_list(f, sg, UINT_MAX, ULONG_MAX);
	*page = saved;
	__free_page(page);
	if (segments < 0)
		kunit_skip(test, "the kernel has no PCI_P2PDMA");
	KUNIT_EXPECT_EQ(test, segments, 0);
	KUNIT_EXPECT_EQ(test, outside(f), 0);
}

/* Cleans. */

static struct fix *watched;

/* What was cleaned is in memory, whole lines or less. */
static void note_clean(const void *start, size_t size)
{
	const u64 *entry = start;
	size_t first = entry - watched->entry;

	if (first < PAGES)
		memcpy(&watched->memory[first], entry, size);
}

/* Until fix_free(). */
static void watch_cleans(struct fix *f)
{
	watched = f;
	WRITE_ONCE(xsmmu_cleaned, note_clean);
}

/* Are the entries of a slot in memory? */
static void expect_cleaned(struct fix *f, dma_addr_t addr)
{
	unsigned int i;

	for (i = 0; i < XSMMU_SLOT_PAGES; i++)
		KUNIT_EXPECT_EQ_MSG(f->test, f->memory[(addr >> PAGE_SHIFT) + i],
				    f->entry[(addr >> PAGE_SHIFT) + i],
				    "page %u of the slot", i);
}

/* A walker that does not look into the CPU's caches reads what was cleaned. */
static void entries_are_cleaned_when_written_and_cleared(struct kunit *test)
{
	struct scatterlist sg[ARRAY_SIZE(list)];
	struct fix *f = test->priv;
	unsigned int n, k;
	phys_addr_t phys;
	dma_addr_t addr;

	f->after = XSMMU_CLEAN_ENTRY;
	watch_cleans(f);
	KUNIT_ASSERT_TRUE(test, get_window(f));
	for (n = 1; n <= XSMMU_SLOT_PAGES; n++) {
		/* The first mapping of a class finds no slot at once. */
		for (k = 0; k < 2; k++) {
			addr = map(f, n);
			KUNIT_ASSERT_NE(test, addr, DMA_MAPPING_ERROR);
			expect_cleaned(f, addr);
			unmap(f, addr);
			expect_cleaned(f, addr);
		}
		addr = map(f, n);
		xsmmu_window_unmap_strict(f->w, addr, &phys);
		expect_cleaned(f, addr);
	}
	list_init(test, sg);
	KUNIT_ASSERT_EQ(test, map_list(f, sg, UINT_MAX, ULONG_MAX), 2);
	expect_cleaned(f, sg_dma_address(&sg[0]));
	unmap(f, sg_dma_address(&sg[0]));
	expect_cleaned(f, sg_dma_address(&sg[0]));
}

/* Slots that went into quarantine, and entries of theirs that were not cleared. */
static unsigned int put, uncleared;

static void note_put(const struct xsmmu_slots *s, u32 page)
{
	struct xsmmu_window *w = watched->w;
	unsigned int class = xsmmu_class_of(w, page);
	unsigned long first = index_of(w->base) + page, i;

	if (class >= XSMMU_CLASSES ||
	    s != &this_cpu_ptr(w->quarantine)->slots[class])
		return;
	put++;
	for (i = first; i < first + (1U << class); i++)
		if (watched->entry[i] ||
		    (w->after & XSMMU_CLEAN_ENTRY && watched->memory[i]))
			uncleared++;
}

/* In each way that an unmap can go. The first one of a class has no ring. */
static void put_slots_in_all_ways(struct fix *f)
{
	unsigned int pages, k;
	phys_addr_t phys;

	put = 0;
	uncleared = 0;
	for (pages = 1; pages <= XSMMU_SLOT_PAGES; pages++)
		for (k = 0; k < 3; k++)
			unmap(f, map(f, pages));
	atomic_set(&f->fail, XSMMU_SYNC_ATTEMPTS);
	KUNIT_EXPECT_EQ(f->test, xsmmu_sync(f->xd), -EIO);
	for (pages = 1; pages <= XSMMU_SLOT_PAGES; pages++)
		KUNIT_EXPECT_TRUE(f->test,
				  xsmmu_window_unmap_strict(f->w, map(f, pages), &phys));
	KUNIT_EXPECT_GE(f->test, put, 4 * XSMMU_SLOT_PAGES);
	KUNIT_EXPECT_EQ(f->test, uncleared, 0);
	KUNIT_EXPECT_EQ(f->test, xsmmu_sync(f->xd), 0);
}

/*
 * I2: as soon as a slot is in quarantine, a sync of another CPU can release it. Then its
 * entries belong to the next mapping.
 */
static void slot_is_cleared_before_it_is_in_quarantine(struct kunit *test)
{
	struct fix *f = test->priv;

	KUNIT_ASSERT_TRUE(test, get_window(f));
	/* It would find that invalidations succeed again. */
	stop_backstop(f);
	watch_cleans(f);
	WRITE_ONCE(xsmmu_putting, note_put);
	put_slots_in_all_ways(f);
	WRITE_ONCE(f->w->after, XSMMU_CLEAN_ENTRY);
	put_slots_in_all_ways(f);
}

/* What core learns. */

static void expect_no_window(struct kunit *test, enum lie lie)
{
	struct fix *f = test->priv;

	f->lie = lie;
	KUNIT_EXPECT_FALSE(test, get_window(f));
	KUNIT_EXPECT_FALSE(test, has_window(f));
	/* And once more: nothing was left behind. */
	KUNIT_EXPECT_FALSE(test, get_window(f));
}

static void entry_that_depends_on_its_address_gives_no_window(struct kunit *test)
{
	expect_no_window(test, DEPENDS_ON_ADDRESS);
}

static void entry_with_a_sum_of_the_buffer_gives_no_window(struct kunit *test)
{
	expect_no_window(test, DEPENDS_ON_BUFFER);
}

static void table_that_moves_gives_no_window(struct kunit *test)
{
	expect_no_window(test, TABLE_MOVES);
}

static void domain_without_leaf_tables_gives_no_window(struct kunit *test)
{
	expect_no_window(test, NO_TABLE);
}

static void cleared_entry_that_is_not_0_gives_no_window(struct kunit *test)
{
	expect_no_window(test, KEEPS_CLEARED);
}

/* The templates are right, but no chunk can be used. */
static void table_that_is_no_array_gives_no_slots(struct kunit *test)
{
	struct fix *f = test->priv;

	f->lie = NO_ARRAY;
	if (get_window(f))
		KUNIT_EXPECT_EQ(test, map(f, 1), DMA_MAPPING_ERROR);
}

static void device_that_does_not_reach_the_window_does_not_get_it(struct kunit *test)
{
	struct fix *f = test->priv;

	KUNIT_ASSERT_TRUE(test, get_window(f));
	KUNIT_EXPECT_NULL(test, xsmmu_window_get(f->xd, f->w->base, true));
}

/* Addresses below 4 GiB are few, and some devices reach no others. */
static void window_lies_above_4_gib_if_the_device_reaches_that_far(struct kunit *test)
{
	static const struct {
		u64 limit;
		bool above;
	} device[] = {
		{ LIMIT, false },
		{ DMA_BIT_MASK(32), false },
		/* This one does not reach enough above. */
		{ DMA_BIT_MASK(32) + SZ_8M, false },
		{ DMA_BIT_MASK(32) + SZ_16M, true },
		{ DMA_BIT_MASK(32) + SZ_64M, true },
		{ DMA_BIT_MASK(33), true },
		{ DMA_BIT_MASK(64), true },
	};
	struct fix *f = test->priv;
	struct xsmmu_window *w;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(device); i++) {
		w = xsmmu_window_get(f->xd, device[i].limit, true);
		KUNIT_ASSERT_NOT_NULL(test, w);
		KUNIT_EXPECT_EQ_MSG(test, w->base > DMA_BIT_MASK(32),
				    device[i].above, "limit %#llx",
				    device[i].limit);
		KUNIT_EXPECT_LE(test, w->base + w->size - 1, device[i].limit);
		xsmmu_window_put(w);
	}
}

/* What is above is taken. What is below is not for this device. */
static void device_that_reaches_far_takes_no_low_window(struct kunit *test)
{
	struct fix *f = test->priv;
	struct iova *taken;

	taken = alloc_iova(&f->iovad, SZ_16M >> PAGE_SHIFT,
			   (DMA_BIT_MASK(32) + SZ_16M) >> PAGE_SHIFT, true);
	KUNIT_ASSERT_NOT_NULL(test, taken);
	KUNIT_EXPECT_NULL(test, xsmmu_window_get(f->xd, DMA_BIT_MASK(32) + SZ_16M,
						 true));
	free_iova(&f->iovad, taken->pfn_lo);
}

/* A group may have devices of both kinds. The second one finds the window in use. */
static void device_of_the_other_kind_disturbs_no_mapping(struct kunit *test)
{
	struct fix *f = test->priv;
	unsigned int i;
	dma_addr_t addr;

	KUNIT_ASSERT_TRUE(test, get_window(f));
	for (i = 0; i < XSMMU_CHUNK_PAGES; i++)
		KUNIT_ASSERT_NE(test, map(f, 1), DMA_MAPPING_ERROR);
	KUNIT_ASSERT_PTR_EQ(test, xsmmu_window_get(f->xd, LIMIT, false), f->w);
	for (i = 0; i < XSMMU_CHUNK_PAGES; i++) {
		addr = f->w->base + PFN_PHYS(i);
		KUNIT_EXPECT_EQ(test, f->entry[addr >> PAGE_SHIFT] & ~PAGE_MASK,
				ENTRY_READ | ENTRY_WRITE | ENTRY_SNOOP);
	}
	addr = xsmmu_window_map(f->w, PFN_PHYS(3), PAGE_SIZE, DMA_TO_DEVICE, false);
	KUNIT_ASSERT_NE(test, addr, DMA_MAPPING_ERROR);
	KUNIT_EXPECT_EQ(test, f->entry[addr >> PAGE_SHIFT], PFN_PHYS(3) | ENTRY_READ);
	unmap(f, addr);
}

static void chunk_in_which_something_is_mapped_is_not_used(struct kunit *test)
{
	struct fix *f = test->priv;
	unsigned long page;
	dma_addr_t addr;

	KUNIT_ASSERT_TRUE(test, get_window(f));
	page = (f->w->base >> PAGE_SHIFT) + 7;
	f->entry[page] = ENTRY_READ;
	addr = map(f, 1);
	KUNIT_EXPECT_EQ(test, f->entry[page], ENTRY_READ);
	f->entry[page] = 0;
	/* It is tried again later; until then mappings are ordinary. */
	KUNIT_EXPECT_EQ(test, addr, DMA_MAPPING_ERROR);
}

/* Slots. */

static void batch_is_one_aligned_run(struct kunit *test)
{
	struct fix *f = test->priv;
	dma_addr_t first, addr;
	unsigned int i;

	KUNIT_ASSERT_TRUE(test, get_window(f));
	first = map(f, 1);
	KUNIT_EXPECT_TRUE(test, IS_ALIGNED(first, BATCH * PAGE_SIZE));
	for (i = 1; i < BATCH; i++) {
		addr = map(f, 1);
		KUNIT_EXPECT_EQ(test, addr, first + i * PAGE_SIZE);
	}
}

/* Map, unmap and sync batches; with @sync false nothing is synced. */
static void run_batches(struct fix *f, unsigned int batches, unsigned int pages,
			bool sync)
{
	static dma_addr_t addr[BATCH];
	unsigned int i, k;

	for (k = 0; k < batches; k++) {
		for (i = 0; i < BATCH; i++) {
			addr[i] = map(f, pages);
			KUNIT_ASSERT_NE(f->test, addr[i], DMA_MAPPING_ERROR);
		}
		for (i = 0; i < BATCH; i++)
			unmap(f, addr[i]);
		if (!sync)
			continue;
		KUNIT_ASSERT_EQ(f->test, xsmmu_sync(f->xd), 0);
		for (i = 0; i < BATCH; i++)
			KUNIT_EXPECT_FALSE(f->test, is_kept(f, addr[i]));
	}
}

static void batches_use_the_same_slots_again(struct kunit *test)
{
	struct fix *f = test->priv;
	unsigned int made, asked, pages;

	KUNIT_ASSERT_TRUE(test, get_window(f));
	for (pages = 1; pages <= XSMMU_SLOT_PAGES / 2; pages *= 2) {
		run_batches(f, 2, pages, true);
		xsmmu_window_bytes(f->w, &made);
		asked = f->asked;
		run_batches(f, 100, pages, true);
		KUNIT_EXPECT_EQ(test, f->asked, asked);
	}
	KUNIT_EXPECT_EQ(test, pending(f), 0);
	KUNIT_EXPECT_EQ(test, outside(f), 0);
}

static void slot_waits_for_the_sync(struct kunit *test)
{
	struct fix *f = test->priv;
	dma_addr_t addr, other;
	unsigned int i, n = 2 * XSMMU_RING;

	KUNIT_ASSERT_TRUE(test, get_window(f));
	addr = map(f, 1);
	unmap(f, addr);
	for (i = 0; i < n; i++) {
		other = map(f, 1);
		KUNIT_EXPECT_NE(test, other, addr);
		if (other == DMA_MAPPING_ERROR)
			break;
	}
	KUNIT_EXPECT_TRUE(test, is_kept(f, addr));
	KUNIT_EXPECT_EQ(test, xsmmu_sync(f->xd), 0);
	KUNIT_EXPECT_FALSE(test, is_kept(f, addr));
}

static void unmap_in_the_middle(struct fix *f)
{
	f->middle = NULL;
	f->during = map(f, 1);
	unmap(f, f->during);
}

static void slot_unmapped_during_an_invalidation_waits_for_the_next(struct kunit *test)
{
	struct fix *f = test->priv;

	KUNIT_ASSERT_TRUE(test, get_window(f));
	unmap(f, map(f, 1));
	f->middle = unmap_in_the_middle;
	KUNIT_EXPECT_EQ(test, xsmmu_sync(f->xd), 0);
	KUNIT_EXPECT_TRUE(test, is_kept(f, f->during));
	KUNIT_EXPECT_EQ(test, pending(f), 1);
	KUNIT_EXPECT_EQ(test, xsmmu_sync(f->xd), 0);
	KUNIT_EXPECT_FALSE(test, is_kept(f, f->during));
	KUNIT_EXPECT_EQ(test, pending(f), 0);
}

/* More than this CPU has free, so that a slot would come that is free too early. */
static void map_in_the_middle(struct fix *f)
{
	unsigned int i;

	f->middle = NULL;
	for (i = 0; i < 2 * BATCH; i++)
		map(f, 1);
}

/* The device keeps its translation until the invalidation has completed. */
static void slot_waits_for_the_end_of_the_invalidation(struct kunit *test)
{
	struct fix *f = test->priv;
	dma_addr_t addr;

	KUNIT_ASSERT_TRUE(test, get_window(f));
	addr = map(f, 1);
	unmap(f, addr);
	f->middle = map_in_the_middle;
	KUNIT_EXPECT_EQ(test, xsmmu_sync(f->xd), 0);
	KUNIT_EXPECT_NULL(test, f->middle);
	KUNIT_EXPECT_FALSE(test, is_kept(f, addr));
}

static void failed_sync_releases_no_slot(struct kunit *test)
{
	struct fix *f = test->priv;
	dma_addr_t addr;

	KUNIT_ASSERT_TRUE(test, get_window(f));
	addr = map(f, 1);
	unmap(f, addr);
	atomic_set(&f->fail, XSMMU_SYNC_ATTEMPTS);
	KUNIT_EXPECT_EQ(test, xsmmu_sync(f->xd), -EIO);
	KUNIT_EXPECT_EQ(test, pending(f), 1);
	KUNIT_EXPECT_EQ(test, xsmmu_sync(f->xd), 0);
	KUNIT_EXPECT_EQ(test, pending(f), 0);
}

/* More unmaps than the quarantine holds, and no sync by the driver. */
static void full_quarantine_syncs_in_place(struct kunit *test)
{
	struct fix *f = test->priv;
	unsigned int syncs;

	KUNIT_ASSERT_TRUE(test, get_window(f));
	syncs = f->syncs;
	run_batches(f, 4 * XSMMU_QUARANTINE_SIZE / BATCH, 1, false);
	KUNIT_EXPECT_GE(test, f->syncs - syncs, 3);
	KUNIT_EXPECT_LE(test, pending(f), XSMMU_QUARANTINE_SIZE);
}

/* The slots that find no room while invalidations fail come back later. */
static void withheld_slots_come_back(struct kunit *test)
{
	struct fix *f = test->priv;

	KUNIT_ASSERT_TRUE(test, get_window(f));
	atomic_set(&f->fail, INT_MAX);
	run_batches(f, XSMMU_QUARANTINE_SIZE / BATCH + 1, 1, false);
	KUNIT_EXPECT_GT(test, f->xd->withheld_pages, 0);
	atomic_set(&f->fail, 0);
	KUNIT_EXPECT_EQ(test, xsmmu_sync(f->xd), 0);
	KUNIT_EXPECT_EQ(test, f->xd->withheld_pages, 0);
	KUNIT_EXPECT_EQ(test, f->xd->leaked, 0);
	xsmmu_drain_all(f->xd);
	return_all(f);
	KUNIT_EXPECT_TRUE(test, xsmmu_window_is_whole(f->w));
}

/*
 * The pointers of a window to its chunks grow with the possible CPUs. With 256 they take
 * at most half of the 1 MiB that a device with two queues may cost. The cell
 * intel-memory-256 measures all of that.
 */
static void window_of_256_cpus_is_small(struct kunit *test)
{
	size_t chunks = roundup_pow_of_two(256 * XSMMU_CHUNKS_PER_CPU);
	size_t pointers = sizeof_field(struct xsmmu_window, leaf) +
			  sizeof_field(struct xsmmu_depot, chunk);

	KUNIT_EXPECT_LE(test, chunks * XSMMU_CLASSES * pointers, SZ_512K);
}

static void mapping_that_finds_no_slot_is_counted(struct kunit *test)
{
	struct fix *f = test->priv;
	unsigned int n = 0, most = 2 * f->iovad.granule;

	KUNIT_ASSERT_TRUE(test, get_window(f));
	while (n < most && map(f, XSMMU_SLOT_PAGES) != DMA_MAPPING_ERROR)
		n++;
	KUNIT_EXPECT_EQ(test, n, f->w->chunks * XSMMU_CHUNK_PAGES /
				 XSMMU_SLOT_PAGES);
	KUNIT_EXPECT_EQ(test, outside(f), 1);
	/* The other classes have theirs. */
	KUNIT_EXPECT_NE(test, map(f, 1), DMA_MAPPING_ERROR);
}

/* If slots come back while a mapping looks for some, no chunk is made for it. */
static void cpu_that_has_slots_makes_no_chunk(struct kunit *test)
{
	struct fix *f = test->priv;
	unsigned int before, after, i;

	KUNIT_ASSERT_TRUE(test, get_window(f));
	run_batches(f, XSMMU_QUARANTINE_SIZE / BATCH, 1, true);
	xsmmu_window_bytes(f->w, &before);
	for (i = 0; i < 10; i++)
		KUNIT_EXPECT_TRUE(test, xsmmu_slots_restock(f->w, 0));
	xsmmu_window_bytes(f->w, &after);
	KUNIT_EXPECT_EQ(test, after, before);
}

static void ordinary_unmap_frees_its_slot_at_once(struct kunit *test)
{
	struct fix *f = test->priv;
	unsigned int syncs, ranges;
	phys_addr_t phys;
	dma_addr_t addr;

	KUNIT_ASSERT_TRUE(test, get_window(f));
	addr = map(f, 3);
	KUNIT_ASSERT_NE(test, addr, DMA_MAPPING_ERROR);
	syncs = f->syncs;
	ranges = f->ranges;
	KUNIT_EXPECT_TRUE(test, xsmmu_window_unmap_strict(f->w, addr, &phys));
	KUNIT_EXPECT_FALSE(test, is_kept(f, addr));
	KUNIT_EXPECT_EQ(test, f->syncs, syncs);
	KUNIT_EXPECT_EQ(test, f->ranges, ranges + 4);
	KUNIT_EXPECT_EQ(test, pending(f), 0);
	return_all(f);
	KUNIT_EXPECT_TRUE(test, xsmmu_window_is_whole(f->w));
}

/* Meanwhile the slot is not free. */
static void ordinary_unmap_frees_its_slot_after_its_invalidation(struct kunit *test)
{
	struct fix *f = test->priv;
	phys_addr_t phys;
	dma_addr_t addr;

	KUNIT_ASSERT_TRUE(test, get_window(f));
	addr = map(f, 1);
	KUNIT_ASSERT_NE(test, addr, DMA_MAPPING_ERROR);
	f->middle = unmap_in_the_middle;
	KUNIT_EXPECT_TRUE(test, xsmmu_window_unmap_strict(f->w, addr, &phys));
	KUNIT_EXPECT_NE(test, f->during, addr);
	KUNIT_EXPECT_EQ(test, pending(f), 1);
}

/* The IOMMU driver does not tell whether the invalidation of the unmap has failed too. */
static void ordinary_unmap_after_a_failure_leaves_its_slot_to_a_sync(struct kunit *test)
{
	struct fix *f = test->priv;
	phys_addr_t phys;
	dma_addr_t addr;

	KUNIT_ASSERT_TRUE(test, get_window(f));
	addr = map(f, 1);
	KUNIT_ASSERT_NE(test, addr, DMA_MAPPING_ERROR);
	atomic_set(&f->fail, XSMMU_SYNC_ATTEMPTS);
	KUNIT_EXPECT_EQ(test, xsmmu_sync(f->xd), -EIO);
	KUNIT_EXPECT_TRUE(test, xsmmu_window_unmap_strict(f->w, addr, &phys));
	KUNIT_EXPECT_EQ(test, pending(f), 1);
	KUNIT_EXPECT_EQ(test, xsmmu_sync(f->xd), 0);
	KUNIT_EXPECT_EQ(test, pending(f), 0);
}

/* CPUs. */

struct job {
	struct work_struct work;
	struct fix *f;
	dma_addr_t *addr;
	unsigned int n;
	unsigned int pages;
};

static void map_job(struct work_struct *work)
{
	struct job *job = container_of(work, struct job, work);
	unsigned int i;

	for (i = 0; i < job->n; i++) {
		job->addr[i] = map(job->f, job->pages);
		if (job->addr[i] == DMA_MAPPING_ERROR)
			break;
	}
	job->n = i;
}

static void unmap_job(struct work_struct *work)
{
	struct job *job = container_of(work, struct job, work);

	while (job->n)
		unmap(job->f, job->addr[--job->n]);
	if (!job->f->forgets && xsmmu_sync(job->f->xd))
		job->f->violation = "a sync failed";
}

static unsigned int other_cpu(struct kunit *test)
{
	unsigned int cpu = cpumask_any_but(cpu_online_mask,
					   raw_smp_processor_id());

	if (cpu >= nr_cpu_ids)
		kunit_skip(test, "needs a second CPU");
	return cpu;
}

static void do_job(struct job *job, unsigned int cpu, work_func_t fn)
{
	INIT_WORK_ONSTACK(&job->work, fn);
	queue_work_on(cpu, system_wq, &job->work);
	flush_work(&job->work);
	destroy_work_on_stack(&job->work);
}

static void unmap_on(struct fix *f, unsigned int cpu, dma_addr_t *addr,
		     unsigned int n)
{
	struct job job = { .f = f, .addr = addr, .n = n };

	do_job(&job, cpu, unmap_job);
}

/* Returns how many were mapped. */
static unsigned int map_on(struct fix *f, unsigned int cpu, dma_addr_t *addr,
			   unsigned int n, unsigned int pages)
{
	struct job job = { .f = f, .addr = addr, .n = n, .pages = pages };

	do_job(&job, cpu, map_job);
	return job.n;
}

/* The ring of a class goes round 25 times on each CPU. */
#define ROUNDS		(25 * XSMMU_RING / BATCH)

/* One CPU maps and another one unmaps. Always there is a slot for the next mapping. */
static void pass_slots(struct fix *f, unsigned int from, unsigned int to,
		       unsigned int pages)
{
	static dma_addr_t addr[BATCH];
	unsigned int k, n = BATCH;

	for (k = 0; k < ROUNDS && n == BATCH; k++) {
		n = map_on(f, from, addr, BATCH, pages);
		unmap_on(f, to, addr, n);
	}
	KUNIT_EXPECT_EQ_MSG(f->test, n, BATCH,
			    "slots of %u pages from CPU %u to %u, round %u",
			    pages, from, to, k);
}

static void slots_return_from_a_cpu_that_only_unmaps(struct kunit *test)
{
	unsigned int here = raw_smp_processor_id(), there = other_cpu(test), pages;
	struct fix *f = test->priv;

	KUNIT_ASSERT_TRUE(test, get_window(f));
	for (pages = 1; pages <= XSMMU_SLOT_PAGES; pages *= 2) {
		pass_slots(f, here, there, pages);
		pass_slots(f, there, here, pages);
	}
	KUNIT_EXPECT_EQ(test, outside(f), 0);
}

static void slots_of_an_offline_cpu_come_back(struct kunit *test)
{
	static dma_addr_t addr[BATCH];
	struct fix *f = test->priv;
	unsigned int cpu = other_cpu(test), i;
	struct xsmmu_slots *s;

	KUNIT_ASSERT_TRUE(test, get_window(f));
	for (i = 0; i < BATCH; i++)
		addr[i] = map(f, 1);
	unmap_on(f, cpu, addr, BATCH);
	if (remove_cpu(cpu))
		kunit_skip(test, "the CPU cannot go offline");
	s = &per_cpu_ptr(f->xd->quarantine, cpu)->slots[0];
	KUNIT_EXPECT_EQ(test, s->head, s->tail);
	return_all(f);
	KUNIT_EXPECT_TRUE(test, xsmmu_window_is_whole(f->w));
	KUNIT_EXPECT_EQ(test, add_cpu(cpu), 0);
}

static bool released_within(struct fix *f, unsigned int ms)
{
	ktime_t end = ktime_add_ms(ktime_get(), ms);

	while (pending(f)) {
		if (ktime_after(ktime_get(), end))
			return false;
		usleep_range(1000, 1500);
	}
	return true;
}

/* The sync fails when the CPU leaves. Its timer goes on, and the CPU gets it back. */
static void slots_of_a_cpu_that_left_unsynced_come_back(struct kunit *test)
{
	static dma_addr_t addr[BATCH];
	struct fix *f = test->priv;
	unsigned int cpu = other_cpu(test), i;

	KUNIT_ASSERT_TRUE(test, get_window(f));
	for (i = 0; i < BATCH; i++)
		addr[i] = map(f, 1);
	f->forgets = true;
	unmap_on(f, cpu, addr, BATCH - 1);
	atomic_set(&f->fail, INT_MAX);
	if (remove_cpu(cpu))
		kunit_skip(test, "the CPU cannot go offline");
	KUNIT_EXPECT_EQ(test, pending(f), BATCH - 1);
	atomic_set(&f->fail, 0);
	KUNIT_EXPECT_TRUE(test, released_within(f, 2 * XSMMU_BACKSTOP_MAX_MS));
	unmap(f, addr[BATCH - 1]);
	KUNIT_EXPECT_EQ(test, xsmmu_sync(f->xd), 0);
	return_all(f);
	KUNIT_EXPECT_TRUE(test, xsmmu_window_is_whole(f->w));
	KUNIT_EXPECT_EQ(test, add_cpu(cpu), 0);
	addr[0] = map(f, 1);
	unmap_on(f, cpu, addr, 1);
	KUNIT_EXPECT_TRUE(test, released_within(f, 1000));
}

static void backstop_releases_forgotten_slots(struct kunit *test)
{
	struct fix *f = test->priv;
	dma_addr_t addr;

	KUNIT_ASSERT_TRUE(test, get_window(f));
	addr = map(f, 1);
	unmap(f, addr);
	KUNIT_EXPECT_TRUE(test, released_within(f, 1000));
	KUNIT_EXPECT_FALSE(test, is_kept(f, addr));
	/* The timer has stopped. The next one that is forgotten starts it again. */
	msleep(3 * XSMMU_BACKSTOP_MS);
	addr = map(f, 2);
	unmap(f, addr);
	KUNIT_EXPECT_TRUE(test, released_within(f, 1000));
}

/* All together: threads that map, unmap and sync at random, and pass mappings on. */

#define STRESS_OPS	5000
#define STRESS_HELD	128
#define STRESS_PASSED	16

struct stress {
	struct fix *f;
	struct irq_work irq;
	struct stress **all;
	struct task_struct *task;
	struct rnd_state rnd;
	dma_addr_t held[STRESS_HELD];
	unsigned int n;
	struct {
		unsigned long page;
		unsigned int taken;
	} gone[XSMMU_QUARANTINE_SIZE];
	unsigned int unsynced;
	atomic64_t *passed;
	u64 outside;
};

static u32 one_in(struct stress *s, u32 n)
{
	return prandom_u32_state(&s->rnd) % n;
}

static void stress_map(struct stress *s)
{
	unsigned int pages = 1 + one_in(s, 4) * one_in(s, 5);
	dma_addr_t addr;

	if (s->n == STRESS_HELD)
		return;
	addr = one_in(s, 4) ? map(s->f, pages) : map_as_list(s->f, pages);
	if (addr == DMA_MAPPING_ERROR)
		s->outside++;
	else
		s->held[s->n++] = addr;
}

/* Swap a mapping with another thread; 0 is no mapping. */
static void stress_pass(struct stress *s)
{
	dma_addr_t addr = s->n ? s->held[--s->n] : 0;

	addr = atomic64_xchg(&s->passed[one_in(s, STRESS_PASSED)], addr);
	if (addr)
		s->held[s->n++] = addr;
}

/* The thread stays on its CPU, so either sync covers all that it has unmapped. */
static void stress_sync(struct stress *s)
{
	struct fix *f = s->f;
	unsigned long page;

	if (!one_in(s, 50))
		atomic_set(&f->fail, 1 + one_in(s, 4));
	WRITE_ONCE(f->fail_named, one_in(s, 8) ? 0 : -E2BIG);
	if (one_in(s, 3) ? xsmmu_sync_local(f->xd) : xsmmu_sync(f->xd))
		return;
	while (s->unsynced) {
		s->unsynced--;
		page = s->gone[s->unsynced].page;
		if (READ_ONCE(f->kept[page]) &&
		    READ_ONCE(f->taken[page]) == s->gone[s->unsynced].taken)
			f->violation = "a sync left what was unmapped before";
	}
}

static void stress_unmap(struct stress *s)
{
	unsigned int which;
	dma_addr_t addr;
	phys_addr_t phys;

	if (!s->n)
		return;
	which = one_in(s, s->n);
	addr = s->held[which];
	s->held[which] = s->held[--s->n];
	if (!one_in(s, 20)) {
		xsmmu_window_unmap_strict(s->f->w, addr, &phys);
		return;
	}
	s->gone[s->unsynced].page = addr >> PAGE_SHIFT;
	s->gone[s->unsynced++].taken = s->f->taken[addr >> PAGE_SHIFT];
	if (!unmapped(s->f, addr))
		s->f->violation = "a mapping was lost";
	if (s->unsynced == ARRAY_SIZE(s->gone))
		while (s->unsynced)
			stress_sync(s);
}

/* An interrupt comes between any two instructions of what the thread does. */
static void stress_irq(struct irq_work *irq)
{
	struct stress *s = container_of(irq, struct stress, irq);
	dma_addr_t addr = map(s->f, 1);

	if (addr != DMA_MAPPING_ERROR && !unmapped(s->f, addr))
		s->f->violation = "a mapping of an interrupt was lost";
}

static void stress_interrupt(struct stress *s)
{
	unsigned int cpu = one_in(s, nr_cpu_ids);
	struct stress *other = READ_ONCE(s->all[cpu]);

	if (other && cpu_online(cpu))
		irq_work_queue_on(&other->irq, cpu);
}

/* An invalidation takes a while, in which others go on. */
static void stress_middle(struct fix *f)
{
	unsigned int i;

	for (i = 0; i < 1000; i++)
		cpu_relax();
}

static int stress_thread(void *data)
{
	struct stress *s = data;
	unsigned int i;

	for (i = 0; i < STRESS_OPS && !READ_ONCE(s->f->violation); i++) {
		switch (one_in(s, 16)) {
		case 0:
			stress_sync(s);
			break;
		case 1:
			stress_pass(s);
			break;
		case 2:
			stress_interrupt(s);
			break;
		case 3 ... 8:
			stress_unmap(s);
			break;
		default:
			stress_map(s);
		}
		cond_resched();
	}
	while (s->n)
		stress_unmap(s);
	while (!kthread_should_stop())
		usleep_range(1000, 2000);
	return 0;
}

static struct stress *stress_start(struct fix *f, unsigned int cpu, atomic64_t *passed,
				   struct stress **all)
{
	struct stress *s = kunit_kzalloc(f->test, sizeof(*s), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(f->test, s);
	s->f = f;
	s->passed = passed;
	s->all = all;
	s->irq = IRQ_WORK_INIT_HARD(stress_irq);
	prandom_seed_state(&s->rnd, cpu + 1);
	s->task = kthread_run_on_cpu(stress_thread, s, cpu, "window/%u");
	KUNIT_ASSERT_FALSE(f->test, IS_ERR(s->task));
	return s;
}

static void random_mappings_on_all_cpus(struct kunit *test)
{
	static atomic64_t passed[STRESS_PASSED];
	struct fix *f = test->priv;
	struct stress **s;
	unsigned int i, cpu;

	KUNIT_ASSERT_TRUE(test, get_window(f));
	memset(passed, 0, sizeof(passed));
	f->middle = stress_middle;
	s = kunit_kcalloc(test, nr_cpu_ids, sizeof(*s), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, s);
	for_each_online_cpu(cpu)
		WRITE_ONCE(s[cpu], stress_start(f, cpu, passed, s));
	for_each_online_cpu(cpu)
		kthread_stop(s[cpu]->task);
	for_each_online_cpu(cpu)
		irq_work_sync(&s[cpu]->irq);
	for (i = 0; i < STRESS_PASSED; i++)
		if (atomic64_read(&passed[i]))
			unmap(f, atomic64_read(&passed[i]));
	atomic_set(&f->fail, 0);
	KUNIT_EXPECT_EQ(test, xsmmu_drain_all(f->xd), 0);
	return_all(f);
	KUNIT_EXPECT_TRUE(test, xsmmu_window_is_whole(f->w));
	KUNIT_EXPECT_EQ(test, f->xd->withheld_pages, 0);
	KUNIT_EXPECT_EQ(test, pending(f), 0);
}

/* The end. */

static void window_without_users_is_freed(struct kunit *test)
{
	struct fix *f = test->priv;
	dma_addr_t base;
	unsigned int i;

	KUNIT_ASSERT_TRUE(test, get_window(f));
	base = f->w->base;
	for (i = 0; i < 3; i++) {
		run_batches(f, 3, 2, true);
		KUNIT_EXPECT_TRUE(test, xsmmu_window_get(f->xd, LIMIT, true));
		xsmmu_window_put(f->w);
		KUNIT_EXPECT_TRUE(test, has_window(f));
		xsmmu_window_put(f->w);
		KUNIT_EXPECT_FALSE(test, has_window(f));
		KUNIT_ASSERT_TRUE(test, get_window(f));
		KUNIT_EXPECT_EQ(test, f->w->base, base);
	}
}

/* What a driver left mapped keeps the window, and can be unmapped later. */
static void window_stays_while_something_is_mapped(struct kunit *test)
{
	struct fix *f = test->priv;
	unsigned int pages;
	dma_addr_t addr;

	for (pages = 1; pages <= XSMMU_SLOT_PAGES; pages *= 2) {
		KUNIT_ASSERT_TRUE(test, get_window(f));
		addr = map(f, pages);
		xsmmu_window_put(f->w);
		KUNIT_ASSERT_TRUE(test, has_window(f));
		KUNIT_EXPECT_PTR_EQ(test, xsmmu_window_find(f->xd, addr), f->w);
		unmap(f, addr);
		KUNIT_EXPECT_EQ(test, xsmmu_sync(f->xd), 0);
		KUNIT_ASSERT_TRUE(test, get_window(f));
		xsmmu_window_put(f->w);
		KUNIT_EXPECT_FALSE(test, has_window(f));
	}
}

static void window_stays_while_a_slot_is_unsynced(struct kunit *test)
{
	struct fix *f = test->priv;

	KUNIT_ASSERT_TRUE(test, get_window(f));
	unmap(f, map(f, 1));
	atomic_set(&f->fail, INT_MAX);
	xsmmu_window_put(f->w);
	KUNIT_ASSERT_TRUE(test, has_window(f));
	atomic_set(&f->fail, 0);
	KUNIT_EXPECT_EQ(test, xsmmu_sync(f->xd), 0);
	KUNIT_ASSERT_TRUE(test, get_window(f));
	xsmmu_window_put(f->w);
	KUNIT_EXPECT_FALSE(test, has_window(f));
}

static struct kunit_case xsmmu_window_cases[] = {
	KUNIT_CASE(entries_have_the_rights_of_their_direction),
	KUNIT_CASE(iommu_is_told_of_new_entries),
	KUNIT_CASE(buffer_within_a_page_keeps_its_offset),
	KUNIT_CASE(buffer_across_pages_is_one_run),
	KUNIT_CASE(runs_of_all_lengths_are_mapped),
	KUNIT_CASE(what_fits_no_slot_is_not_mapped),
	KUNIT_CASE(unmap_clears_the_whole_slot),
	KUNIT_CASE(page_that_is_not_mapped_is_left_alone),
	KUNIT_CASE(address_without_a_mapping_is_left_alone),
	KUNIT_CASE(window_has_its_own_addresses_only),
	KUNIT_CASE(list_is_mapped_in_one_slot),
	KUNIT_CASE(segments_are_not_longer_than_the_device_allows),
	KUNIT_CASE(list_that_fits_no_slot_is_not_mapped),
	KUNIT_CASE(list_with_memory_of_a_peer_is_not_mapped),
	KUNIT_CASE(entries_are_cleaned_when_written_and_cleared),
	KUNIT_CASE(slot_is_cleared_before_it_is_in_quarantine),
	KUNIT_CASE(entry_that_depends_on_its_address_gives_no_window),
	KUNIT_CASE(entry_with_a_sum_of_the_buffer_gives_no_window),
	KUNIT_CASE(table_that_moves_gives_no_window),
	KUNIT_CASE(domain_without_leaf_tables_gives_no_window),
	KUNIT_CASE(cleared_entry_that_is_not_0_gives_no_window),
	KUNIT_CASE(table_that_is_no_array_gives_no_slots),
	KUNIT_CASE(device_that_does_not_reach_the_window_does_not_get_it),
	KUNIT_CASE(window_lies_above_4_gib_if_the_device_reaches_that_far),
	KUNIT_CASE(device_that_reaches_far_takes_no_low_window),
	KUNIT_CASE(device_of_the_other_kind_disturbs_no_mapping),
	KUNIT_CASE(chunk_in_which_something_is_mapped_is_not_used),
	KUNIT_CASE(batch_is_one_aligned_run),
	KUNIT_CASE(batches_use_the_same_slots_again),
	KUNIT_CASE(slot_waits_for_the_sync),
	KUNIT_CASE(slot_unmapped_during_an_invalidation_waits_for_the_next),
	KUNIT_CASE(slot_waits_for_the_end_of_the_invalidation),
	KUNIT_CASE(failed_sync_releases_no_slot),
	KUNIT_CASE(full_quarantine_syncs_in_place),
	KUNIT_CASE(withheld_slots_come_back),
	KUNIT_CASE(window_of_256_cpus_is_small),
	KUNIT_CASE(mapping_that_finds_no_slot_is_counted),
	KUNIT_CASE(cpu_that_has_slots_makes_no_chunk),
	KUNIT_CASE(ordinary_unmap_frees_its_slot_at_once),
	KUNIT_CASE(ordinary_unmap_frees_its_slot_after_its_invalidation),
	KUNIT_CASE(ordinary_unmap_after_a_failure_leaves_its_slot_to_a_sync),
	KUNIT_CASE(slots_return_from_a_cpu_that_only_unmaps),
	KUNIT_CASE(slots_of_an_offline_cpu_come_back),
	KUNIT_CASE(slots_of_a_cpu_that_left_unsynced_come_back),
	KUNIT_CASE(backstop_releases_forgotten_slots),
	KUNIT_CASE(random_mappings_on_all_cpus),
	KUNIT_CASE(window_without_users_is_freed),
	KUNIT_CASE(window_stays_while_something_is_mapped),
	KUNIT_CASE(window_stays_while_a_slot_is_unsynced),
	{}
};

static struct kunit_suite xsmmu_window_suite = {
	.name = "xsmmu-window",
	.init = xsmmu_window_init,
	.exit = xsmmu_window_exit,
	.test_cases = xsmmu_window_cases,
};

kunit_test_suites(&xsmmu_window_suite);
