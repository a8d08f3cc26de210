// SPDX-License-Identifier: GPL-2.0
/*
 * Suite "dma-debug": CONFIG_DMA_API_DEBUG tells of a driver that is unbound
 * with unmaps that it never synced. The driver is the probe's own.
 */
#include <linux/console.h>
#include <linux/device.h>
#include <linux/dma-mapping.h>
#include <linux/printk.h>

#include "buffers.h"
#include "files.h"
#include "suites.h"

/* The report is a warning with a backtrace; a good run's console shows none. */
#define CONSOLE_QUIET	4

/*
 * The level decides when a line goes out, not when it is logged: what is still
 * waiting goes out first.
 */
static void set_console_level(int level)
{
	console_lock();
	console_unlock();
	console_loglevel = level;
}

static void unbind_and_bind(struct kunit *test)
{
	struct device *dev = target.dev;
	int level = console_loglevel;

	set_console_level(CONSOLE_QUIET);
	device_release_driver(dev);
	set_console_level(level);
	KUNIT_ASSERT_EQ(test, device_attach(dev), 1);
	KUNIT_ASSERT_EQ(test, target_open(), 0);
}

static void unsynced_unmaps_are_reported_at_unbind(struct kunit *test)
{
	struct batch *b = test_batch_in_reach(test, 3);

	if (!IS_ENABLED(CONFIG_DMA_API_DEBUG))
		kunit_skip(test, "CONFIG_DMA_API_DEBUG is off");
	batch_unmap_no_sync(b);
	unbind_and_bind(test);
	KUNIT_EXPECT_EQ(test, log_lines_with("left 3 DMA unmaps unsynced"), 1);
}

static void synced_unmaps_are_not_reported(struct kunit *test)
{
	unsigned int before = log_lines_with("DMA unmaps unsynced");
	struct batch *b = test_batch_in_reach(test, 3);

	batch_unmap_no_sync(b);
	test_sync(test);
	unbind_and_bind(test);
	KUNIT_EXPECT_EQ(test, log_lines_with("DMA unmaps unsynced"), before);
}

static void ordinary_unmaps_are_not_reported(struct kunit *test)
{
	unsigned int before = log_lines_with("DMA unmaps unsynced");
	struct batch *b = test_batch_in_reach(test, 3);

	batch_unmap(b);
	unbind_and_bind(test);
	KUNIT_EXPECT_EQ(test, log_lines_with("DMA unmaps unsynced"), before);
}

static const struct attack_case dma_debug_cases[] = {
	ATTACK_CASE(unsynced_unmaps_are_reported_at_unbind, XSMMU),
	ATTACK_CASE(synced_unmaps_are_not_reported, XSMMU),
	ATTACK_CASE(ordinary_unmaps_are_not_reported, STRICT | XSMMU),
	{ }
};

ATTACK_SUITE(dma_debug, "xsmmu");
