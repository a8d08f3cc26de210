// SPDX-License-Identifier: GPL-2.0
/*
 * Suite "stale": how long can the device reach one buffer after its unmap?
 *
 * Attacks right after an unmap run with interrupts off, so that neither the flush
 * queue nor the backstop of this CPU runs before them.
 */
#include <linux/dma-mapping.h>
#include <linux/irqflags.h>
#include <linux/scatterlist.h>

#include "buffers.h"
#include "suites.h"
#include "interval.h"

/* A lazy kernel flushes after 10 ms; the rest is for a slow machine. */
#define LAZY_LIMIT_MS	500

static enum reach unmap_then_attack(struct buf *b, void (*unmap)(struct buf *))
{
	enum reach reach;
	unsigned long flags;

	local_irq_save(flags);
	unmap(b);
	probe_dead(b->iova);
	reach = attack(b, 0);
	local_irq_restore(flags);
	return reach;
}

static u64 landed(void)
{
	return probe_count(DMA_PROBE_READ, DMA_PROBE_LANDED) +
	       probe_count(DMA_PROBE_WRITE, DMA_PROBE_LANDED);
}

/* What an attack finds after an ordinary unmap. */
static enum reach reach_after_unmap(void)
{
	return target_unmap_leaves_reach() ? REACHED : BLOCKED;
}

/* The device reaches the buffer before the sync, so this test can fail. */
static void buffer_is_in_reach_until_the_sync_and_not_after(struct kunit *test)
{
	struct batch *b = test_batch_in_reach(test, 1);
	struct buf *buf = &b->buf[0];
	int engine;
	u64 before;
	u32 w;

	w = interval_open();
	KUNIT_EXPECT_EQ(test, unmap_then_attack(buf, buf_unmap_no_sync),
			REACHED);
	interval_close(test, w, "unmap_no_sync", (struct cmds){});
	KUNIT_EXPECT_EQ(test, landed(), (u64)2);

	w = interval_open();
	test_sync(test);
	interval_close(test, w, "sync", (struct cmds){ .leaf = 1, .leaves = 1 });
	before = landed();
	for (engine = 0; engine < probe_get(DMA_PROBE_ENGINES); engine++)
		KUNIT_EXPECT_EQ(test, attack(buf, engine), BLOCKED);
	KUNIT_EXPECT_EQ(test, landed(), before);
}

/* If the opt-in failed, an unmap without sync is an ordinary unmap. */
static void without_the_mode_no_sync_is_the_ordinary_unmap(struct kunit *test)
{
	struct batch *b = test_batch_in_reach(test, 1);
	u32 w = interval_open();

	KUNIT_EXPECT_EQ(test,
			unmap_then_attack(&b->buf[0], buf_unmap_no_sync),
			reach_after_unmap());
	test_sync(test);
	interval_close_syncs(test, w, "unmap_no_sync_without_mode", 1, 1);
}

static void ordinary_unmap_follows_the_mode(struct kunit *test)
{
	struct batch *b = test_batch_in_reach(test, 1);
	enum reach expected = reach_after_unmap();
	u32 w = interval_open();

	KUNIT_EXPECT_EQ(test, unmap_then_attack(&b->buf[0], buf_unmap),
			expected);
	interval_close_unmaps(test, w, "ordinary_unmap", 1);
	KUNIT_EXPECT_EQ(test, landed(), (u64)(expected == REACHED ? 2 : 0));
}

static void ordinary_sg_unmap_follows_the_mode(struct kunit *test)
{
	struct batch *b = test_batch(test, 1);
	struct buf *buf = &b->buf[0];
	struct scatterlist sg;
	unsigned long flags;
	enum reach reach;
	u32 w;

	sg_init_table(&sg, 1);
	sg_set_page(&sg, buf->page, PAGE_SIZE, 0);
	KUNIT_ASSERT_EQ(test, dma_map_sg(target.dev, &sg, 1, DMA_BIDIRECTIONAL),
			1);
	buf->iova = sg_dma_address(&sg);
	KUNIT_EXPECT_EQ(test, attack(buf, 0), REACHED);

	w = interval_open();
	local_irq_save(flags);
	dma_unmap_sg(target.dev, &sg, 1, DMA_BIDIRECTIONAL);
	reach = attack(buf, 0);
	local_irq_restore(flags);
	interval_close_unmaps(test, w, "ordinary_sg_unmap", 1);
	KUNIT_EXPECT_EQ(test, reach, reach_after_unmap());
}

static void lazy_buffer_goes_out_of_reach_by_itself(struct kunit *test)
{
	struct batch *b = test_batch_in_reach(test, 1);

	KUNIT_EXPECT_EQ(test, unmap_then_attack(&b->buf[0], buf_unmap),
			REACHED);
	KUNIT_EXPECT_TRUE(test, test_blocked_within(test, &b->buf[0],
						    LAZY_LIMIT_MS));
}

/* Without translation there is no protection; the documentation says so. */
static void passed_through_buffer_stays_in_reach(struct kunit *test)
{
	struct batch *b = test_batch_in_reach(test, 1);

	buf_unmap_no_sync(&b->buf[0]);
	test_sync(test);
	KUNIT_EXPECT_FALSE(test, test_blocked_within(test, &b->buf[0], 100));
}

static const struct attack_case stale_cases[] = {
	ATTACK_CASE(buffer_is_in_reach_until_the_sync_and_not_after, XSMMU),
	ATTACK_CASE(without_the_mode_no_sync_is_the_ordinary_unmap,
		    ANY_MODE & ~XSMMU),
	ATTACK_CASE(ordinary_unmap_follows_the_mode, ANY_MODE),
	ATTACK_CASE(ordinary_sg_unmap_follows_the_mode, ANY_MODE),
	ATTACK_CASE(lazy_buffer_goes_out_of_reach_by_itself, LAZY),
	ATTACK_CASE(passed_through_buffer_stays_in_reach, PASSTHROUGH),
	{ }
};

ATTACK_SUITE(stale, WORDS("strict", "no-backend", "lazy", "passthrough",
			  "xsmmu", "ats"));
