// SPDX-License-Identifier: GPL-2.0
/*
 * Suite "orphan": a driver that does not sync.
 */
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/irqflags.h>

#include "buffers.h"
#include "suites.h"
#include "interval.h"

#define FORGOTTEN_MS	100

/* The backstop needs two ticks of 10 ms; the rest is for a slow machine. */
#define BACKSTOP_LIMIT_MS	500

static void without_backstop_a_forgotten_sync_leaves_reach(struct kunit *test)
{
	struct batch *b = test_batch_in_reach(test, 8);
	u32 w = interval_open();

	batch_unmap_no_sync(b);
	msleep(FORGOTTEN_MS);
	interval_close(test, w, "forgotten", (struct cmds){});
	KUNIT_EXPECT_EQ(test, batch_reached(b), b->n);
}

static void backstop_ends_reach_of_a_forgotten_sync(struct kunit *test)
{
	struct batch *b = test_batch_in_reach(test, 8);
	enum reach reach;
	unsigned long flags;
	u32 w;

	backstop(true);
	w = interval_open();
	local_irq_save(flags);
	batch_unmap_no_sync(b);
	reach = attack(&b->buf[0], 0);
	local_irq_restore(flags);
	KUNIT_EXPECT_EQ(test, reach, REACHED);
	KUNIT_EXPECT_TRUE(test, test_blocked_within(test, &b->buf[0],
						    BACKSTOP_LIMIT_MS));
	KUNIT_EXPECT_EQ(test, batch_reached(b), 0);
	/* The backstop stops when nothing is left. */
	msleep(FORGOTTEN_MS);
	interval_close(test, w, "backstop",
		       (struct cmds){ .leaf = 1, .leaves = b->n });
}

/* Later unmaps do not delay the backstop. */
static void backstop_keeps_its_time_under_load(struct kunit *test)
{
	struct batch *forgotten = test_batch_in_reach(test, 1);
	struct batch *load = test_batch_in_reach(test, 32);
	unsigned int i;

	backstop(true);
	buf_unmap_no_sync(&forgotten->buf[0]);
	for (i = 0; i < load->n; i++) {
		buf_unmap_no_sync(&load->buf[i]);
		usleep_range(2000, 3000);
	}
	KUNIT_EXPECT_EQ(test, attack(&forgotten->buf[0], 0), BLOCKED);
	KUNIT_EXPECT_TRUE(test, test_blocked_within(test,
						    &load->buf[load->n - 1],
						    BACKSTOP_LIMIT_MS));
}

static const struct attack_case orphan_cases[] = {
	ATTACK_CASE(without_backstop_a_forgotten_sync_leaves_reach, XSMMU),
	ATTACK_CASE(backstop_ends_reach_of_a_forgotten_sync, XSMMU),
	ATTACK_CASE(backstop_keeps_its_time_under_load, XSMMU),
	{ }
};

ATTACK_SUITE(orphan, WORDS("xsmmu", "ats"));
