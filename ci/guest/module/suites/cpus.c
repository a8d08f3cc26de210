// SPDX-License-Identifier: GPL-2.0
/*
 * Suite "cpus": unmap on one CPU, sync on another. The test runs and syncs on CPU 0,
 * whose quarantine is empty.
 */
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/ktime.h>
#include <linux/workqueue.h>

#include "buffers.h"
#include "suites.h"
#include "interval.h"

#define OTHER_CPU	1
#define BUFFERS		16

/* The backstop needs two ticks of 10 ms; the rest is for a slow machine. */
#define BACKSTOP_LIMIT_MS	500

/* Without the backstop: long enough to see that nothing happens. */
#define NO_BACKSTOP_MS		100

/*
 * The IOVA allocator keeps released addresses in magazines of the CPU that released
 * them, the newest on top. Addresses of a CPU that went offline are in its tree,
 * where it looks last. A window has up to 320 slots of the CPU, the newest come last.
 */
#define TOP_OF_MAGAZINES	512
#define MORE_THAN_MAGAZINES	4096

static long unmap_work(void *b)
{
	batch_unmap_no_sync(b);
	return 0;
}

/* Map @mappings pages, and count the addresses that @old had. */
struct search {
	struct batch *old;
	unsigned int mappings;
};

static long search_work(void *data)
{
	struct search *search = data;
	struct batch *new = batch_alloc(search->mappings);
	long found = -ENOMEM;

	if (new && !batch_map(new))
		found = batch_iovas_in(search->old, new);
	batch_free(new);
	return found;
}

static bool found_within(struct kunit *test, int cpu, struct search search,
			 unsigned int ms)
{
	ktime_t begin = ktime_get();
	long found;

	do {
		found = work_on_cpu(cpu, search_work, &search);
		KUNIT_EXPECT_GE(test, found, 0L);
		usleep_range(500, 1000);
	} while (!found && ktime_ms_delta(ktime_get(), begin) < ms);
	return found > 0;
}

static void needs_two_cpus(struct kunit *test)
{
	if (num_online_cpus() < 2)
		kunit_skip(test, "needs two CPUs");
}

static void unmap_on_other_cpu(struct kunit *test, struct batch *b)
{
	KUNIT_ASSERT_EQ(test, work_on_cpu(OTHER_CPU, unmap_work, b), 0L);
}

static struct batch *unmapped_on_other_cpu(struct kunit *test)
{
	struct batch *b = test_batch_in_reach(test, BUFFERS);

	unmap_on_other_cpu(test, b);
	return b;
}

static void sync_here_covers_unmaps_elsewhere(struct kunit *test)
{
	struct batch *b;
	u32 w;

	needs_two_cpus(test);
	b = test_batch_in_reach(test, BUFFERS);
	w = interval_open();
	unmap_on_other_cpu(test, b);
	KUNIT_EXPECT_EQ(test, batch_reached(b), b->n);
	test_sync(test);
	interval_close(test, w, "sync_elsewhere",
		       (struct cmds){ .leaf = 1, .leaves = BUFFERS });
	KUNIT_EXPECT_EQ(test, batch_reached(b), 0);
}

static void iovas_unmapped_elsewhere_come_back(struct kunit *test)
{
	struct search search = { .mappings = TOP_OF_MAGAZINES };

	needs_two_cpus(test);
	/* Without the backstop nothing releases the addresses. */
	search.old = unmapped_on_other_cpu(test);
	test_sync(test);
	KUNIT_EXPECT_FALSE(test, found_within(test, OTHER_CPU, search,
					      NO_BACKSTOP_MS));
	backstop(true);
	search.old = unmapped_on_other_cpu(test);
	test_sync(test);
	KUNIT_EXPECT_TRUE(test, found_within(test, OTHER_CPU, search,
					     BACKSTOP_LIMIT_MS));
}

static void unmaps_of_a_cpu_that_leaves_are_synced(struct kunit *test)
{
	struct batch *b;

	needs_two_cpus(test);
	b = unmapped_on_other_cpu(test);
	KUNIT_EXPECT_EQ(test, batch_reached(b), b->n);
	KUNIT_ASSERT_EQ(test, remove_cpu(OTHER_CPU), 0);
	KUNIT_EXPECT_EQ(test, batch_reached(b), 0);
	KUNIT_EXPECT_EQ(test, add_cpu(OTHER_CPU), 0);
}

static void iovas_of_a_cpu_that_left_come_back(struct kunit *test)
{
	struct search search = { .mappings = MORE_THAN_MAGAZINES };

	needs_two_cpus(test);
	backstop(true);
	search.old = unmapped_on_other_cpu(test);
	KUNIT_ASSERT_EQ(test, remove_cpu(OTHER_CPU), 0);
	KUNIT_EXPECT_TRUE(test, test_blocked_within(test, &search.old->buf[0],
						    BACKSTOP_LIMIT_MS));
	KUNIT_EXPECT_EQ(test, batch_reached(search.old), 0);
	KUNIT_EXPECT_TRUE(test, found_within(test, 0, search,
					     BACKSTOP_LIMIT_MS));
	KUNIT_EXPECT_EQ(test, add_cpu(OTHER_CPU), 0);
}

/**
 * struct reuse - what another CPU does with slots that were mapped on CPU 0
 * @old: unmapped there
 * @early: mapped there before the sync
 * @late: mapped there after it
 * @err: of the mappings and the sync
 */
struct reuse {
	struct batch *old;
	struct batch *early;
	struct batch *late;
	int err;
};

static long unmap_and_map_work(void *data)
{
	struct reuse *reuse = data;

	batch_unmap_no_sync(reuse->old);
	reuse->err = batch_map(reuse->early);
	return reuse->err;
}

static long sync_and_map_work(void *data)
{
	struct reuse *reuse = data;

	migrate_disable();
	reuse->err = dma_sync_device_iotlb_local(target.dev);
	migrate_enable();
	if (!reuse->err)
		reuse->err = batch_map(reuse->late);
	return reuse->err;
}

/* Each old address that leads to a new page now. Returns how many there are. */
static unsigned int attack_new_owners(struct kunit *test, const struct reuse *reuse)
{
	const struct batch *old = reuse->old, *late = reuse->late;
	unsigned int i, k, found = 0;

	for (i = 0; i < old->n; i++)
		for (k = 0; k < late->n; k++) {
			if (late->buf[k].iova != old->buf[i].iova)
				continue;
			KUNIT_EXPECT_EQ(test, attack(&late->buf[k], 0), REACHED);
			KUNIT_EXPECT_EQ(test, attack(&old->buf[i], 1), ELSEWHERE);
			found++;
		}
	return found;
}

/*
 * A slot that was mapped here is unmapped on another CPU, and used again by that CPU
 * after its own sync, not before. The device has loaded the old translation.
 */
static void slot_used_again_on_another_cpu_leads_to_the_new_page(struct kunit *test)
{
	struct reuse reuse;

	needs_two_cpus(test);
	reuse = (struct reuse){
		.old = test_batch_in_reach(test, BUFFERS),
		.early = test_batch(test, TOP_OF_MAGAZINES),
		.late = test_batch(test, TOP_OF_MAGAZINES),
	};
	KUNIT_ASSERT_EQ(test, work_on_cpu(OTHER_CPU, unmap_and_map_work, &reuse), 0L);
	KUNIT_EXPECT_EQ(test, batch_iovas_in(reuse.old, reuse.early), 0);
	/* A mapping invalidates nothing, where the IOMMU does not ask for that. */
	KUNIT_EXPECT_EQ(test, batch_reached(reuse.old),
			target_map_flushes() ? 0 : reuse.old->n);
	KUNIT_ASSERT_EQ(test, work_on_cpu(OTHER_CPU, sync_and_map_work, &reuse), 0L);
	KUNIT_EXPECT_GT_MSG(test, attack_new_owners(test, &reuse), 0,
			    "no address came back");
}

static const struct attack_case cpus_cases[] = {
	ATTACK_CASE(sync_here_covers_unmaps_elsewhere, XSMMU),
	ATTACK_CASE(iovas_unmapped_elsewhere_come_back, XSMMU),
	ATTACK_CASE(slot_used_again_on_another_cpu_leads_to_the_new_page, XSMMU),
	ATTACK_CASE(unmaps_of_a_cpu_that_leaves_are_synced, XSMMU),
	ATTACK_CASE(iovas_of_a_cpu_that_left_come_back, XSMMU),
	{ }
};

ATTACK_SUITE(cpus, WORDS("xsmmu", "ats"));
