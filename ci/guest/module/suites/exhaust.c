// SPDX-License-Identifier: GPL-2.0
/*
 * Suite "exhaust": addresses run out.
 *
 * A window has no slot left. The next mapping must take the ordinary way, be as safe
 * there, and the one after the slots have come back must be in the window again.
 *
 * The quarantine holds all of a small address space. The next mapping must drain it
 * and succeed, as it would in strict mode.
 *
 * After an allocation has failed, Linux allocates large ranges above 4 GiB for a
 * while, so this suite runs last.
 */
#include <linux/dma-mapping.h>
#include <linux/irqflags.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "buffers.h"
#include "counters.h"
#include "suites.h"

/* More slots than a class has in a window of 8 CPUs, and pages of the largest slot. */
#define MOST_SLOTS	(8 * 8 * 512)
#define LARGEST		16

/* The kernel's counts are read after so many mappings. */
#define LOOK		64

static_assert(MOST_SLOTS % LOOK == 0);

/**
 * struct filler - mappings that fill the slots of a class
 * @addr: their addresses
 * @n: how many there are
 * @page: what all of them map, for reading. The page that is attacked comes after it
 * @size: bytes of each
 */
struct filler {
	dma_addr_t *addr;
	unsigned int n;
	struct page *page;
	size_t size;
};

/* How many mappings have found no slot. */
static u64 outside(struct kunit *test)
{
	struct counters c;

	KUNIT_ASSERT_EQ(test, counters_read(target.dev, &c), 0);
	return c.outside;
}

static bool has_window(struct kunit *test)
{
	struct counters c;

	KUNIT_ASSERT_EQ(test, counters_read(target.dev, &c), 0);
	return c.chunks;
}

static dma_addr_t map_filler(const struct filler *f)
{
	return dma_map_page(target.dev, f->page, 0, f->size, DMA_TO_DEVICE);
}

static void unmap_fillers(struct kunit *test, struct filler *f)
{
	while (f->n) {
		f->n--;
		dma_unmap_page_no_sync(target.dev, f->addr[f->n], f->size,
				       DMA_TO_DEVICE);
	}
	test_sync(test);
}

/* Fill the slots of a class. The last mappings find none. */
static void fill(struct kunit *test, struct filler *f)
{
	u64 before = outside(test);

	while (f->n < MOST_SLOTS) {
		f->addr[f->n] = map_filler(f);
		if (dma_mapping_error(target.dev, f->addr[f->n]))
			break;
		f->n++;
		if (f->n % LOOK == 0 && outside(test) > before)
			return;
	}
	KUNIT_FAIL(test, "the window does not get full");
}

/* Attack the first and the last page of a buffer of @size bytes. */
static void expect_reach(struct kunit *test, struct page *page, dma_addr_t iova,
			 size_t size, enum reach reach)
{
	struct buf first = { .page = page, .iova = iova };
	struct buf last = {
		.page = page + size / PAGE_SIZE - 1,
		.iova = iova + size - PAGE_SIZE,
	};

	KUNIT_EXPECT_EQ(test, attack(&first, 0), reach);
	KUNIT_EXPECT_EQ(test, attack(&last, 1), reach);
}

/* A buffer is mapped, unmapped without sync, and synced. Is it @ordinary? */
static void attack_one_more(struct kunit *test, const struct filler *f,
			    bool ordinary)
{
	struct page *page = f->page + LARGEST;
	u64 before = outside(test);
	dma_addr_t iova;

	iova = dma_map_page(target.dev, page, 0, f->size, DMA_BIDIRECTIONAL);
	KUNIT_ASSERT_EQ(test, dma_mapping_error(target.dev, iova), 0);
	KUNIT_EXPECT_EQ(test, outside(test), before + ordinary);
	expect_reach(test, page, iova, f->size, REACHED);
	dma_unmap_page_no_sync(target.dev, iova, f->size, DMA_BIDIRECTIONAL);
	expect_reach(test, page, iova, f->size, REACHED);
	test_sync(test);
	expect_reach(test, page, iova, f->size, BLOCKED);
}

static void overfill(struct kunit *test, struct filler *f, unsigned int pages)
{
	f->size = pages * PAGE_SIZE;
	attack_one_more(test, f, false);
	if (!has_window(test))
		kunit_skip(test, "the device has no window");
	fill(test, f);
	attack_one_more(test, f, true);
	unmap_fillers(test, f);
	attack_one_more(test, f, false);
}

static void mapping_that_finds_no_slot_is_as_safe(struct kunit *test)
{
	static const unsigned int pages[] = { 1, 3, LARGEST };
	void *buffer = kunit_kzalloc(test, 2 * LARGEST * PAGE_SIZE, GFP_KERNEL);
	struct filler f = {};
	int i;

	KUNIT_ASSERT_NOT_NULL(test, buffer);
	f.page = virt_to_page(buffer);
	f.addr = kunit_kcalloc(test, MOST_SLOTS, sizeof(*f.addr), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, f.addr);
	for (i = 0; i < ARRAY_SIZE(pages); i++)
		overfill(test, &f, pages[i]);
}

/* More buffers than the address space has room for, but fewer than a ring has. */
#define SPACE_BITS	24
#define BUFFER		SZ_128K
#define BUFFERS		200

static_assert(BUFFERS * BUFFER > BIT(SPACE_BITS));

/* Returns how many mappings succeeded before one failed. */
static unsigned int map_and_unmap_many(struct device *dev, void *buffer)
{
	unsigned int n;
	dma_addr_t addr;

	for (n = 0; n < BUFFERS; n++) {
		addr = dma_map_single(dev, buffer, BUFFER, DMA_TO_DEVICE);
		if (dma_mapping_error(dev, addr))
			break;
		dma_unmap_single_no_sync(dev, addr, BUFFER, DMA_TO_DEVICE);
	}
	return n;
}

/* Interrupts are off, so that the backstop releases nothing. */
static void mapping_drains_a_full_address_space(struct kunit *test)
{
	struct device *dev = target.dev;
	u64 mask = *dev->dma_mask;
	unsigned long flags;
	unsigned int n;
	void *buffer;

	buffer = kunit_kmalloc(test, BUFFER, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, buffer);
	KUNIT_ASSERT_EQ(test, dma_set_mask(dev, DMA_BIT_MASK(SPACE_BITS)), 0);
	local_irq_save(flags);
	n = map_and_unmap_many(dev, buffer);
	local_irq_restore(flags);
	KUNIT_EXPECT_EQ(test, dma_set_mask(dev, mask), 0);
	KUNIT_EXPECT_EQ(test, dma_sync_device_iotlb(dev), 0);
	KUNIT_EXPECT_EQ(test, n, BUFFERS);
}

static const struct attack_case exhaust_cases[] = {
	ATTACK_CASE(mapping_that_finds_no_slot_is_as_safe, XSMMU),
	ATTACK_CASE(mapping_drains_a_full_address_space, XSMMU),
	{ }
};

ATTACK_SUITE(exhaust, WORDS("xsmmu"), .last = true);
