// SPDX-License-Identifier: GPL-2.0
/*
 * Suite "local": a sync that covers what its CPU has unmapped, and names its addresses.
 *
 * The device has loaded the translations of all buffers. After such a sync it reaches
 * none that was unmapped here, but each of the others.
 */
#include <linux/dma-mapping.h>
#include <linux/workqueue.h>

#include "buffers.h"
#include "suites.h"
#include "interval.h"

#define OTHER_CPU	1
#define BUFFERS		40

/* The longest run, and the places at which runs begin. */
#define LONGEST		17
#define PLACES		3

static void sync_local(struct kunit *test)
{
	int err;

	migrate_disable();
	err = dma_sync_device_iotlb_local(target.dev);
	migrate_enable();
	KUNIT_EXPECT_EQ(test, err, 0);
}

static void expect_reach(struct kunit *test, const struct batch *b,
			 unsigned int first, unsigned int n, enum reach reach)
{
	unsigned int i;

	for (i = first; i < first + n; i++)
		KUNIT_EXPECT_EQ_MSG(test, attack(&b->buf[i], 0), reach,
				    "buffer %u", i);
}

static void unmap_run(struct batch *b, unsigned int first, unsigned int n)
{
	unsigned int i;

	for (i = first; i < first + n; i++)
		buf_unmap_no_sync(&b->buf[i]);
}

/* Into how many runs of neighbouring addresses some buffers fall, at most. */
static unsigned int runs_of(const struct batch *b, unsigned int first,
			    unsigned int n)
{
	unsigned int i, runs = 1;
	dma_addr_t before;

	for (i = first + 1; i < first + n; i++) {
		before = b->buf[i - 1].iova;
		if (b->buf[i].iova != before + PAGE_SIZE &&
		    b->buf[i].iova != before - PAGE_SIZE)
			runs++;
	}
	return runs;
}

static void run_is_out_of_reach_and_its_neighbours_are_not(struct kunit *test)
{
	struct batch *b = test_batch_in_reach(test, BUFFERS);
	u32 w;

	unmap_run(b, 5, 7);
	expect_reach(test, b, 5, 7, REACHED);
	w = interval_open();
	sync_local(test);
	interval_close_local(test, w, "local_run", 7, runs_of(b, 5, 7));
	expect_reach(test, b, 0, 5, REACHED);
	expect_reach(test, b, 5, 7, BLOCKED);
	expect_reach(test, b, 12, BUFFERS - 12, REACHED);
}

/*
 * Blocks of all lengths at all alignments: a command that is a page short shows. It may
 * name neighbours too, which the device then loads again.
 */
static void runs_of_all_lengths_are_out_of_reach(struct kunit *test)
{
	unsigned int len, place;

	for (len = 1; len <= LONGEST; len++) {
		for (place = 0; place < PLACES; place++) {
			struct batch *b = batch_alloc(LONGEST + PLACES + 1);

			KUNIT_ASSERT_NOT_NULL(test, b);
			KUNIT_EXPECT_EQ(test, batch_map(b), 0);
			KUNIT_EXPECT_EQ(test, batch_reached(b), b->n);
			unmap_run(b, place, len);
			sync_local(test);
			expect_reach(test, b, place, len, BLOCKED);
			expect_reach(test, b, place + len,
				     b->n - place - len, REACHED);
			batch_free(b);
		}
	}
}

/* More runs than a sync names. */
static void scattered_buffers_are_out_of_reach(struct kunit *test)
{
	struct batch *b = test_batch_in_reach(test, BUFFERS);
	unsigned int i;
	u32 w;

	for (i = 0; i < BUFFERS; i += 2)
		buf_unmap_no_sync(&b->buf[i]);
	w = interval_open();
	sync_local(test);
	interval_close(test, w, "local_scattered",
		       (struct cmds){ .leaf = 1, .leaves = BUFFERS / 2 });
	for (i = 0; i < BUFFERS; i++)
		expect_reach(test, b, i, 1, i % 2 ? REACHED : BLOCKED);
}

static long unmap_work(void *b)
{
	batch_unmap_no_sync(b);
	return 0;
}

/*
 * What another CPU has unmapped stays in reach: a local sync here has nothing to name,
 * and sends nothing. A driver that has moved between its unmap and its sync needs the
 * sync of all CPUs.
 */
static void what_another_cpu_has_unmapped_stays_in_reach(struct kunit *test)
{
	struct batch *b;
	u32 w;

	if (num_online_cpus() < 2)
		kunit_skip(test, "needs two CPUs");
	b = test_batch_in_reach(test, BUFFERS);
	KUNIT_ASSERT_EQ(test, work_on_cpu(OTHER_CPU, unmap_work, b), 0L);
	w = interval_open();
	sync_local(test);
	interval_close(test, w, "local_elsewhere", (struct cmds){});
	KUNIT_EXPECT_EQ(test, batch_reached(b), b->n);
	test_sync(test);
	KUNIT_EXPECT_EQ(test, batch_reached(b), 0);
}

static void snapshot_is_covered_by_somebodys_sync(struct kunit *test)
{
	struct batch *b = test_batch_in_reach(test, 4);
	unsigned long snap;

	batch_unmap_no_sync(b);
	snap = dma_iotlb_snapshot(target.dev);
	KUNIT_EXPECT_FALSE(test, dma_iotlb_covered(target.dev, snap));
	KUNIT_EXPECT_EQ(test, batch_reached(b), b->n);
	test_sync(test);
	KUNIT_EXPECT_TRUE(test, dma_iotlb_covered(target.dev, snap));
	KUNIT_EXPECT_EQ(test, batch_reached(b), 0);
}

static void without_the_mode_a_snapshot_is_covered_at_once(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, dma_iotlb_covered(target.dev,
						  dma_iotlb_snapshot(target.dev)));
	sync_local(test);
}

static const struct attack_case local_cases[] = {
	ATTACK_CASE(run_is_out_of_reach_and_its_neighbours_are_not, XSMMU),
	ATTACK_CASE(runs_of_all_lengths_are_out_of_reach, XSMMU),
	ATTACK_CASE(scattered_buffers_are_out_of_reach, XSMMU),
	ATTACK_CASE(what_another_cpu_has_unmapped_stays_in_reach, XSMMU),
	ATTACK_CASE(snapshot_is_covered_by_somebodys_sync, XSMMU),
	ATTACK_CASE(without_the_mode_a_snapshot_is_covered_at_once,
		    ANY_MODE & ~XSMMU),
	{ }
};

ATTACK_SUITE(local, WORDS("strict", "no-backend", "lazy", "passthrough",
			  "xsmmu", "ats"));
