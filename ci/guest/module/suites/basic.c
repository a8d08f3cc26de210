// SPDX-License-Identifier: GPL-2.0
/*
 * Suite "basic": the probe detects what the other suites look for, and the calls of
 * the DMA API are valid in every mode.
 */
#include <linux/dma-mapping.h>

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

static void buffer_mapped_for_reading_is_not_written(struct kunit *test)
{
	struct batch *b = test_batch(test, 1);
	struct buf *buf = &b->buf[0];
	u64 *word = page_address(buf->page);
	bool translated = target.mode != TARGET_PASSTHROUGH;

	WRITE_ONCE(*word, 1);
	KUNIT_ASSERT_EQ(test, buf_map(buf, DMA_TO_DEVICE), 0);
	KUNIT_EXPECT_EQ(test, probe_read(0, buf->iova, 8), 0);
	KUNIT_EXPECT_EQ(test, probe_value(0), (u64)1);
	KUNIT_EXPECT_EQ(test, !!probe_write(1, buf->iova, 8, 2),
			translated);
	dma_unmap_page(target.dev, buf->iova, PAGE_SIZE, DMA_TO_DEVICE);
	buf->mapped = false;
	KUNIT_EXPECT_EQ(test, READ_ONCE(*word), (u64)(translated ? 1 : 2));
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
	ATTACK_CASE(sync_is_valid_without_unmaps, ANY_MODE),
	ATTACK_CASE(ledger_counts_landings_on_dead_pages_only, ANY_MODE),
	{ }
};

ATTACK_SUITE(basic, WORDS("strict", "no-backend", "lazy", "passthrough",
			  "xsmmu", "ats"));
