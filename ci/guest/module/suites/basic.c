// SPDX-License-Identifier: GPL-2.0
/*
 * Suite "basic": the probe detects what the other suites look for, and the calls of
 * the DMA API are valid in every mode.
 */
#include <linux/dma-mapping.h>
#include <linux/iommu.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>

#include "buffers.h"
#include "suites.h"
#include "interval.h"

static void every_engine_reaches_a_mapped_buffer(struct kunit *test)
{
	struct batch *b = test_batch(test, 1);
	int engine;

	KUNIT_ASSERT_EQ(test, batch_map(b), 0);
	for (engine = 0; engine < probe_get(DMA_PROBE_ENGINES); engine++)
		KUNIT_EXPECT_EQ(test, attack(&b->buf[0], engine), REACHED);
}

/*
 * The IOTLB has no entry for a buffer that no device has accessed. So if other tests
 * reach a buffer after its unmap, they reach it through a stale entry.
 */
static void untouched_buffer_is_blocked_by_any_unmap(struct kunit *test)
{
	enum reach expected = target.mode == TARGET_PASSTHROUGH ? REACHED : BLOCKED;
	struct batch *b = test_batch(test, 2);

	KUNIT_ASSERT_EQ(test, batch_map(b), 0);
	buf_unmap_no_sync(&b->buf[0]);
	buf_unmap(&b->buf[1]);
	KUNIT_EXPECT_EQ(test, attack(&b->buf[0], 0), expected);
	KUNIT_EXPECT_EQ(test, attack(&b->buf[1], 1), expected);
}

/* The device can read the word at @addr, and write it only without translation. */
static void expect_read_only(struct kunit *test, dma_addr_t addr, u64 *word)
{
	bool translated = target.mode != TARGET_PASSTHROUGH;
	u64 before = READ_ONCE(*word);

	KUNIT_EXPECT_EQ(test, probe_read(0, addr, 8), 0);
	KUNIT_EXPECT_EQ(test, probe_value(0), before);
	KUNIT_EXPECT_EQ(test, !!probe_write(1, addr, 8, before + 1), translated);
	KUNIT_EXPECT_EQ(test, READ_ONCE(*word), before + !translated);
}

static void buffer_mapped_for_reading_is_not_written(struct kunit *test)
{
	struct batch *b = test_batch(test, 1);
	struct buf *buf = &b->buf[0];

	KUNIT_ASSERT_EQ(test, buf_map(buf, DMA_TO_DEVICE), 0);
	expect_read_only(test, buf->iova, page_address(buf->page));
	dma_unmap_page(target.dev, buf->iova, PAGE_SIZE, DMA_TO_DEVICE);
	buf->mapped = false;
}

/* The last word of a page and the first one of the next. */
static void both_pages_mapped_for_reading_are_not_written(struct kunit *test)
{
	u64 *word = kunit_kzalloc(test, 2 * PAGE_SIZE, GFP_KERNEL);
	dma_addr_t addr;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, word);
	word += PAGE_SIZE / sizeof(*word) - 1;
	/* The first mapping finds no slot of a window at once. */
	for (i = 0; i < 2; i++) {
		addr = dma_map_single(target.dev, word, 16, DMA_TO_DEVICE);
		KUNIT_ASSERT_EQ(test, dma_mapping_error(target.dev, addr), 0);
		expect_read_only(test, addr, word);
		expect_read_only(test, addr + 8, word + 1);
		dma_unmap_single(target.dev, addr, 16, DMA_TO_DEVICE);
	}
}

static void list_mapped_for_reading_is_not_written(struct kunit *test)
{
	u64 *word = kunit_kzalloc(test, 2 * PAGE_SIZE, GFP_KERNEL);
	struct scatterlist sg[2];
	dma_addr_t addr;

	KUNIT_ASSERT_NOT_NULL(test, word);
	sg_init_table(sg, 2);
	sg_set_buf(&sg[0], word, PAGE_SIZE);
	sg_set_buf(&sg[1], (void *)word + PAGE_SIZE, 8);
	KUNIT_ASSERT_GT(test, dma_map_sg(target.dev, sg, 2, DMA_TO_DEVICE), 0);
	addr = sg_dma_address(&sg[0]);
	expect_read_only(test, addr, word);
	expect_read_only(test, addr + PAGE_SIZE, (void *)word + PAGE_SIZE);
	dma_unmap_sg(target.dev, sg, 2, DMA_TO_DEVICE);
}

/* What the CPU writes reaches the device, then what the device writes reaches the CPU. */
static void pass_to_and_fro(struct kunit *test, dma_addr_t addr, size_t size,
			    u64 *word, size_t offset)
{
	u64 sent = 0x5e40000000000000ULL | offset;

	dma_sync_single_for_cpu(target.dev, addr, size, DMA_BIDIRECTIONAL);
	WRITE_ONCE(*word, sent);
	dma_sync_single_for_device(target.dev, addr, size, DMA_BIDIRECTIONAL);
	KUNIT_EXPECT_EQ(test, probe_read(0, addr + offset, 8), 0);
	KUNIT_EXPECT_EQ(test, probe_value(0), sent);
	KUNIT_EXPECT_EQ(test, probe_write(1, addr + offset, 8, ~sent), 0);
	dma_sync_single_for_cpu(target.dev, addr, size, DMA_BIDIRECTIONAL);
	KUNIT_EXPECT_EQ(test, READ_ONCE(*word), ~sent);
	dma_sync_single_for_device(target.dev, addr, size, DMA_BIDIRECTIONAL);
}

/*
 * The CPU's address of each page, as the DMA API and others ask for it. dma_sync_*() of
 * a device that is not coherent maintains the caches there.
 */
static void expect_pages(struct kunit *test, dma_addr_t addr, void *buffer,
			 unsigned int pages)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(target.dev);
	size_t offset;

	KUNIT_ASSERT_NOT_NULL(test, domain);
	for (offset = 0; offset < pages * PAGE_SIZE; offset += PAGE_SIZE) {
		KUNIT_EXPECT_EQ(test, iommu_iova_to_phys(domain, addr + offset),
				virt_to_phys(buffer + offset));
		/* A word in the middle of the page. */
		pass_to_and_fro(test, addr, pages * PAGE_SIZE,
				buffer + offset + PAGE_SIZE / 2,
				offset + PAGE_SIZE / 2);
	}
}

static void contents_of_a_mapped_buffer_arrive_both_ways(struct kunit *test)
{
	static const unsigned int pages[] = { 1, 3, 1, 3 };
	dma_addr_t addr;
	size_t size;
	void *buffer;
	int i;

	/* The first mapping of a length finds no slot of a window at once. */
	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		size = pages[i] * PAGE_SIZE;
		buffer = kunit_kzalloc(test, size, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, buffer);
		addr = dma_map_single(target.dev, buffer, size, DMA_BIDIRECTIONAL);
		KUNIT_ASSERT_EQ(test, dma_mapping_error(target.dev, addr), 0);
		expect_pages(test, addr, buffer, pages[i]);
		dma_unmap_single(target.dev, addr, size, DMA_BIDIRECTIONAL);
	}
}

/* A driver need not know the mode: a sync that is not needed costs nothing. */
static void sync_is_valid_without_unmaps(struct kunit *test)
{
	u32 w = interval_open();

	test_sync(test);
	test_sync(test);
	interval_close_syncs(test, w, "empty_syncs", 0, 2);
}

static void ledger_counts_landings_on_dead_pages_only(struct kunit *test)
{
	struct batch *b = test_batch_in_reach(test, 2);

	/* A mapped page that is declared dead: accesses land there in every mode. */
	KUNIT_ASSERT_EQ(test, probe_dead(b->buf[1].iova), 0);
	KUNIT_EXPECT_EQ(test, probe_get(DMA_PROBE_LEDGER_DEAD), (u64)1);
	probe_set(DMA_PROBE_RESET, DMA_PROBE_RESET_COUNTERS);
	KUNIT_EXPECT_EQ(test, batch_reached(b), 2);
	KUNIT_EXPECT_EQ(test, probe_count(DMA_PROBE_WRITE, DMA_PROBE_OK),
			(u64)2);
	KUNIT_EXPECT_EQ(test, probe_count(DMA_PROBE_READ, DMA_PROBE_LANDED),
			(u64)1);
	KUNIT_EXPECT_EQ(test, probe_count(DMA_PROBE_WRITE, DMA_PROBE_LANDED),
			(u64)1);
	KUNIT_EXPECT_GT(test, probe_get(DMA_PROBE_EXPOSURE_NS), (u64)0);
}

static const struct attack_case basic_cases[] = {
	ATTACK_CASE(every_engine_reaches_a_mapped_buffer, ANY_MODE),
	ATTACK_CASE(untouched_buffer_is_blocked_by_any_unmap, ANY_MODE),
	ATTACK_CASE(buffer_mapped_for_reading_is_not_written, ANY_MODE),
	ATTACK_CASE(both_pages_mapped_for_reading_are_not_written, ANY_MODE),
	ATTACK_CASE(list_mapped_for_reading_is_not_written, ANY_MODE),
	ATTACK_CASE(contents_of_a_mapped_buffer_arrive_both_ways, ANY_MODE),
	ATTACK_CASE(sync_is_valid_without_unmaps, ANY_MODE),
	ATTACK_CASE(ledger_counts_landings_on_dead_pages_only, ANY_MODE),
	{ }
};

ATTACK_SUITE(basic, WORDS("strict", "no-backend", "lazy", "passthrough",
			  "xsmmu", "ats"));
