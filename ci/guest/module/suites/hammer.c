// SPDX-License-Identifier: GPL-2.0
/*
 * Suite "hammer": engines attack all freed pages without pause, while the kernel
 * maps, unmaps and frees.
 *
 * The pages are declared freed, but the test keeps them. In a mode that lets the
 * device write to them, it damages only memory of the test.
 */
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/ktime.h>

#include "buffers.h"
#include "suites.h"

#define BATCH		64
#define HAMMER_MS	1000

/* Each engine makes 16 accesses every 500 us. A blocked one causes an interrupt. */
#define PERIOD_NS	500000
#define BURST		16

/* Engines that hammer, and one that touches what is mapped. */
#define READER		0
#define WRITER		1
#define TOUCHER		2

/* Time that a batch stays dead: long enough for several bursts. */
#define DEAD_US		2000

static u64 landed(unsigned int dir)
{
	return probe_count(dir, DMA_PROBE_LANDED);
}

static u64 blocked(unsigned int dir)
{
	return probe_count(dir, DMA_PROBE_FAULTED);
}

static void start_hammers(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test,
			probe_hammer_start(READER, false, PERIOD_NS, BURST), 0);
	KUNIT_ASSERT_EQ(test,
			probe_hammer_start(WRITER, true, PERIOD_NS, BURST), 0);
}

/*
 * Map, unmap and free a batch. Nothing else may be mapped while the batch is on the
 * ledger.
 */
static void live_and_die(struct kunit *test, struct batch *b)
{
	unsigned int i;

	KUNIT_ASSERT_EQ(test, batch_map(b), 0);
	for (i = 0; i < b->n; i++)
		KUNIT_EXPECT_EQ(test, attack(&b->buf[i], TOUCHER), REACHED);
	batch_unmap_no_sync(b);
	test_sync(test);
	KUNIT_EXPECT_EQ(test, batch_bury(b), 0);
	usleep_range(DEAD_US, 2 * DEAD_US);
	batch_forget(b);
}

static void hammer_for_a_second(struct kunit *test)
{
	struct batch *b = test_batch(test, BATCH);
	ktime_t begin = ktime_get();
	unsigned int rounds = 0;

	start_hammers(test);
	do {
		live_and_die(test, b);
		rounds++;
	} while (ktime_ms_delta(ktime_get(), begin) < HAMMER_MS);
	probe_hammer_stop(READER);
	probe_hammer_stop(WRITER);
	kunit_info(test, "%u batches, %llu accesses blocked, %llu landed\n",
		   rounds, blocked(DMA_PROBE_READ) + blocked(DMA_PROBE_WRITE),
		   landed(DMA_PROBE_READ) + landed(DMA_PROBE_WRITE));
}

static void nothing_lands_on_freed_pages(struct kunit *test)
{
	hammer_for_a_second(test);
	KUNIT_EXPECT_EQ(test, landed(DMA_PROBE_READ), (u64)0);
	KUNIT_EXPECT_EQ(test, landed(DMA_PROBE_WRITE), (u64)0);
	/* The engines tried. */
	KUNIT_EXPECT_GT(test, blocked(DMA_PROBE_READ), (u64)0);
	KUNIT_EXPECT_GT(test, blocked(DMA_PROBE_WRITE), (u64)0);
}

static void much_lands_on_freed_pages_of_a_lazy_kernel(struct kunit *test)
{
	hammer_for_a_second(test);
	KUNIT_EXPECT_GT(test, landed(DMA_PROBE_READ), (u64)0);
	KUNIT_EXPECT_GT(test, landed(DMA_PROBE_WRITE), (u64)0);
	KUNIT_EXPECT_GT(test, probe_get(DMA_PROBE_EXPOSURE_NS), (u64)0);
}

static const struct attack_case hammer_cases[] = {
	ATTACK_CASE(nothing_lands_on_freed_pages, STRICT | XSMMU),
	ATTACK_CASE(much_lands_on_freed_pages_of_a_lazy_kernel,
		    LAZY | PASSTHROUGH),
	{ }
};

ATTACK_SUITE(hammer, WORDS("strict", "no-backend", "lazy", "xsmmu"));
