// SPDX-License-Identifier: GPL-2.0
/*
 * Announces windows. The counts come from the design of the modes:
 *
 * strict	a page-selective invalidation per unmap, each with its own wait
 * lazy		domain-selective ones, whenever the flush queue's timer says
 * xsmmu	none per unmap without sync, a domain-selective one per sync
 * passthrough	none
 *
 * With ATS each of these is followed by one invalidation of the device's TLB,
 * and there is a second wait: for the IOTLB, before the device may be told.
 */
#include <kunit/test.h>

#include "rig.h"
#include "window.h"

/* Marks are unique as long as the guest runs. */
static u32 next_mark = 1;

/**
 * window_open() - begin to count commands
 *
 * Return: the window, for one of the window_close functions.
 */
u32 window_open(void)
{
	u32 mark = next_mark++;

	probe_mark(rig.probe, mark);
	return mark;
}

/* Returns the number of the mark that ends the window. */
static u32 window_end(void)
{
	return window_open();
}

/**
 * window_close() - stop counting; these commands exactly
 * @test: the test
 * @begin: the window
 * @name: what happened in it; one word
 * @expected: the invalidations expected, no others
 */
void window_close(struct kunit *test, u32 begin, const char *name,
		  struct cmds expected)
{
	u32 end = window_end();
	unsigned int all = expected.dsi_leaf + expected.dsi_full + expected.psi;

	kunit_info(test,
		   "window %u %u %s dsi_ih1=%u dsi_ih0=%u psi=%u global=0 piotlb=0 devtlb=%u waits=%u resets=0\n",
		   begin, end, name, expected.dsi_leaf, expected.dsi_full,
		   expected.psi, rig.ats ? all : 0, rig.ats ? 2 * all : all);
}

/* The flush queue may or may not have been flushed, but not once per page. */
static void close_lazy(struct kunit *test, u32 begin, const char *name,
		       unsigned int unmaps)
{
	u32 end = window_end();

	kunit_info(test,
		   "window %u %u %s dsi_ih1=0 dsi_ih0<=%u psi=0 global=0 piotlb=0 resets=0\n",
		   begin, end, name, unmaps);
}

/**
 * window_close_unmaps() - stop counting; what ordinary unmaps cost
 * @test: the test
 * @begin: the window
 * @name: what happened in it; one word
 * @unmaps: how many there were
 */
void window_close_unmaps(struct kunit *test, u32 begin, const char *name,
			 unsigned int unmaps)
{
	if (rig.mode == RIG_LAZY)
		close_lazy(test, begin, name, unmaps);
	else if (rig.mode == RIG_PASSTHROUGH)
		window_close(test, begin, name, (struct cmds){});
	else
		window_close(test, begin, name, (struct cmds){ .psi = unmaps });
}

/**
 * window_close_syncs() - stop counting; what unmaps without sync cost
 * @test: the test
 * @begin: the window
 * @name: what happened in it; one word
 * @unmaps: how many there were, none of which unlinked a table
 * @syncs: syncs among them
 */
void window_close_syncs(struct kunit *test, u32 begin, const char *name,
			unsigned int unmaps, unsigned int syncs)
{
	if (rig.mode == RIG_XSMMU)
		window_close(test, begin, name,
			     (struct cmds){ .dsi_leaf = syncs });
	else
		window_close_unmaps(test, begin, name, unmaps);
}
