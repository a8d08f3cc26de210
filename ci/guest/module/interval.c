// SPDX-License-Identifier: GPL-2.0
/*
 * Writes the expectations of intervals. They come from the design of the modes:
 *
 * strict	per unmap an invalidation of its pages, with its own wait
 * lazy		an invalidation of the whole domain when the flush queue's timer runs
 * xsmmu	none per unmap without sync, one of the whole domain per sync; a local sync
 *		names pages instead, if they are few
 * passthrough	none
 *
 * With ATS one invalidation of the device TLB follows each of these. The kernel waits
 * for the IOTLB before it sends that, so there are two waits.
 */
#include <kunit/test.h>
#include <linux/moduleparam.h>

#include "interval.h"
#include "suites.h"

/* Marks are unique while the guest runs, also if the module is loaded more than once. */
static u32 next_mark = 1;
module_param_named(first_mark, next_mark, uint, 0444);

/**
 * interval_open() - begin to count commands, with a mark
 *
 * Return: the interval, for one of the interval_close functions.
 */
u32 interval_open(void)
{
	u32 mark = next_mark++;

	probe_set(DMA_PROBE_MARK, mark);
	return mark;
}

/* SMMUv3: every command for a whole domain drops non-leaf entries too. */
static void announce_smmuv3(char *text, size_t size, struct cmds c)
{
	scnprintf(text, size, "domain_leaf=0 domain_full=%u pages=%u all=%u",
		  c.leaf + c.full, c.pages, c.leaf + c.full + c.pages);
}

/* The others. VT-d has no invalidation hint for a domain with first-stage tables. */
static void announce(char *text, size_t size, struct cmds c)
{
	bool hint = target.iommu != TARGET_INTEL_FIRST_STAGE;

	scnprintf(text, size, "domain_leaf=%u domain_full=%u pages=%u",
		  hint ? c.leaf : 0, hint ? c.full : c.leaf + c.full, c.pages);
}

/**
 * interval_close() - stop counting; expect exactly these commands
 * @test: the test
 * @begin: the interval
 * @name: what happened in it; one word
 * @expected: the invalidations expected, no others
 */
void interval_close(struct kunit *test, u32 begin, const char *name,
		    struct cmds expected)
{
	u32 end = interval_open();
	unsigned int all;
	char text[80];

	if (target_map_flushes())
		expected.pages += expected.maps;
	all = expected.leaf + expected.full + expected.pages;
	if (target_is_smmuv3())
		announce_smmuv3(text, sizeof(text), expected);
	else
		announce(text, sizeof(text), expected);
	kunit_info(test,
		   "interval %u %u %s %s global=0 devtlb=%u waits=%u resets=0\n",
		   begin, end, name, text, target.ats ? all : 0,
		   target.ats ? 2 * all : all);
}

/* The timer of the flush queue may have run, but no unmap invalidates its pages. */
static void close_lazy(struct kunit *test, u32 begin, const char *name,
		       unsigned int unmaps)
{
	u32 end = interval_open();

	kunit_info(test,
		   "interval %u %u %s domain_leaf=0 domain_full<=%u pages=0 global=0 resets=0\n",
		   begin, end, name, unmaps);
}

/**
 * interval_close_unmaps() - stop counting; expect the commands of ordinary unmaps
 * @test: the test
 * @begin: the interval
 * @name: what happened in it; one word
 * @unmaps: how many there were
 */
void interval_close_unmaps(struct kunit *test, u32 begin, const char *name,
			   unsigned int unmaps)
{
	if (target.mode == TARGET_LAZY)
		close_lazy(test, begin, name, unmaps);
	else if (target.mode == TARGET_PASSTHROUGH)
		interval_close(test, begin, name, (struct cmds){});
	else
		interval_close(test, begin, name, (struct cmds){ .pages = unmaps });
}

/**
 * interval_close_syncs() - stop counting; expect the commands of unmaps without sync
 * @test: the test
 * @begin: the interval
 * @name: what happened in it; one word
 * @unmaps: how many there were, none of which unlinked a table
 * @syncs: syncs among them, at least one
 */
void interval_close_syncs(struct kunit *test, u32 begin, const char *name,
			  unsigned int unmaps, unsigned int syncs)
{
	if (target.mode == TARGET_XSMMU)
		interval_close(test, begin, name,
			       (struct cmds){ .leaf = syncs,
					    .leaves = unmaps / syncs });
	else
		interval_close_unmaps(test, begin, name, unmaps);
}

/*
 * Are the buffers of the tests mapped in a window? Only kernels for tests can turn
 * windows off.
 */
static bool in_window(void)
{
#ifdef CONFIG_XSMMU_DEBUG
	if (!xsmmu_windows)
		return false;
#endif
	return target.mode == TARGET_XSMMU && PAGE_SHIFT == 12;
}

/**
 * interval_close_local() - stop counting; expect the commands of a local sync
 * @test: the test
 * @begin: the interval
 * @name: what happened in it; one word
 * @pages: how many pages it covers, as few as a sync names
 * @runs: in how many runs
 *
 * One or two commands name a run. SMMUv3 may take one per page. They are under one wait,
 * and none is for the whole domain. Without a window there is nothing to name.
 */
void interval_close_local(struct kunit *test, u32 begin, const char *name,
			  unsigned int pages, unsigned int runs)
{
	unsigned int most = target_is_smmuv3() ? pages : min(pages, 2 * runs);
	u32 end;

	if (!in_window()) {
		interval_close(test, begin, name,
			       (struct cmds){ .leaf = 1, .leaves = pages });
		return;
	}
	end = interval_open();
	kunit_info(test,
		   "interval %u %u %s domain_leaf=0 domain_full=0 pages_leaf>=1 pages_leaf<=%u pages_full=0 global=0 waits=%u resets=0\n",
		   begin, end, name, most, target.ats ? 2 : 1);
}

/**
 * interval_close_shared() - stop counting; expect that unmaps shared waits
 * @test: the test
 * @begin: the interval
 * @name: what happened in it; one word
 * @unmaps: how many there were without sync, each of a mapping made in the interval
 *
 * Strict mode waits once per unmap. Where each map sends a command too, it waits as well.
 */
void interval_close_shared(struct kunit *test, u32 begin, const char *name,
			   unsigned int unmaps)
{
	u32 end = interval_open();

	kunit_info(test, "interval %u %u %s waits>=1 waits<=%u\n", begin, end, name,
		   unmaps / 2 + (target_map_flushes() ? unmaps : 0));
}

/**
 * interval_close_queues() - stop counting; expect the commands of several CPUs
 * @test: the test
 * @begin: the interval
 * @name: what happened in it; one word
 * @did: what they did
 *
 * One command per sync of the whole domain. One or more per sync that names pages, but
 * no more than pages: strict mode sends so many. Where each map sends a command too, that
 * one drops non-leaf entries, and its wait may be another CPU's.
 *
 * Return: the mark at the end.
 */
u32 interval_close_queues(struct kunit *test, u32 begin, const char *name,
			  struct queues did)
{
	bool hint = !target_is_smmuv3() && target.iommu != TARGET_INTEL_FIRST_STAGE;
	unsigned int maps = target_map_flushes() ? did.pages : 0;
	unsigned int syncs = did.led + did.named;
	u32 end = interval_open();

	kunit_info(test,
		   "interval %u %u %s domain_leaf=%u domain_full=%u pages_leaf>=%u pages_leaf<=%u pages_full=%u all<=%u global=0 waits>=%u waits<=%u resets=0\n",
		   begin, end, name, hint ? did.led : 0, hint ? 0 : did.led,
		   did.named, did.named ? did.pages : 0,
		   maps, did.pages + maps, syncs, syncs + maps);
	return end;
}
