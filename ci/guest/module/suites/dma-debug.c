// SPDX-License-Identifier: GPL-2.0
/*
 * Suite "dma-debug": CONFIG_DMA_API_DEBUG reports a driver that leaves unmaps
 * unsynced when it is unbound. The driver is the probe's own.
 */
#include <linux/console.h>
#include <linux/device.h>
#include <linux/dma-mapping.h>
#include <linux/dma-xsmmu-override.h>
#include <linux/kmsg_dump.h>
#include <linux/printk.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "buffers.h"
#include "suites.h"

/* This level hides the report, which would be a splat on the console. */
#define CONSOLE_QUIET	4

/*
 * The kernel applies the level when it prints a line, not when it logs it. KUnit's lines
 * have no newline, so the last one is not printed before another is logged. Taking the lock
 * prints the lines that wait, at the old level.
 */
static void set_console_level(int level)
{
	pr_info("the level of the console becomes %d\n", level);
	console_lock();
	console_unlock();
	console_loglevel = level;
}

/* Lines of the kernel's log that contain a text, printed on the console or not. */
static unsigned int log_lines_with(const char *text)
{
	struct kmsg_dump_iter iter;
	unsigned int found = 0;
	char line[256];
	size_t len;

	kmsg_dump_rewind(&iter);
	while (kmsg_dump_get_line(&iter, false, line, sizeof(line) - 1, &len)) {
		line[len] = '\0';
		found += !!strstr(line, text);
	}
	return found;
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

#ifdef CONFIG_XSMMU_KUNIT_TEST
static int sync_that_fails(struct xsmmu_override *override, bool local)
{
	return -EIO;
}
#endif

/* A later sync covers them. If none comes, they are as unsynced as without a sync. */
static void unmaps_of_a_failed_sync_are_reported_at_unbind(struct kunit *test)
{
#ifdef CONFIG_XSMMU_KUNIT_TEST
	struct xsmmu_override override = {
		.dev = target.dev, .sync = sync_that_fails,
	};
	struct batch *b = test_batch_in_reach(test, 4);

	if (!IS_ENABLED(CONFIG_DMA_API_DEBUG))
		kunit_skip(test, "CONFIG_DMA_API_DEBUG is off");
	batch_unmap_no_sync(b);
	xsmmu_override_add(&override);
	KUNIT_EXPECT_EQ(test, dma_sync_device_iotlb(target.dev), -EIO);
	xsmmu_override_remove(&override);
	unbind_and_bind(test);
	KUNIT_EXPECT_EQ(test, log_lines_with("left 4 DMA unmaps unsynced"), 1);
#else
	kunit_skip(test, "CONFIG_XSMMU_KUNIT_TEST is off");
#endif
}

static long unmap_work(void *b)
{
	batch_unmap_no_sync(b);
	return 0;
}

/* A local sync covers nothing that was unmapped before the driver moved. */
static void driver_that_moved_before_a_local_sync_is_reported(struct kunit *test)
{
	struct batch *b;

	if (!IS_ENABLED(CONFIG_DMA_API_DEBUG))
		kunit_skip(test, "CONFIG_DMA_API_DEBUG is off");
	if (num_online_cpus() < 2)
		kunit_skip(test, "needs two CPUs");
	b = test_batch_in_reach(test, 5);
	KUNIT_ASSERT_EQ(test, work_on_cpu(1, unmap_work, b), 0L);
	migrate_disable();
	KUNIT_EXPECT_EQ(test, dma_sync_device_iotlb_local(target.dev), 0);
	migrate_enable();
	unbind_and_bind(test);
	KUNIT_EXPECT_EQ(test, log_lines_with("left 5 DMA unmaps unsynced"), 1);
}

static void expect_no_report_at_unbind(struct kunit *test)
{
	unsigned int before = log_lines_with("DMA unmaps unsynced");

	unbind_and_bind(test);
	KUNIT_EXPECT_EQ(test, log_lines_with("DMA unmaps unsynced"), before);
}

static void synced_unmaps_are_not_reported(struct kunit *test)
{
	batch_unmap_no_sync(test_batch_in_reach(test, 3));
	test_sync(test);
	expect_no_report_at_unbind(test);
}

static void ordinary_unmaps_are_not_reported(struct kunit *test)
{
	batch_unmap(test_batch_in_reach(test, 3));
	expect_no_report_at_unbind(test);
}

static const struct attack_case dma_debug_cases[] = {
	ATTACK_CASE(unsynced_unmaps_are_reported_at_unbind, XSMMU),
	ATTACK_CASE(unmaps_of_a_failed_sync_are_reported_at_unbind, XSMMU),
	ATTACK_CASE(driver_that_moved_before_a_local_sync_is_reported, XSMMU),
	ATTACK_CASE(synced_unmaps_are_not_reported, XSMMU),
	ATTACK_CASE(ordinary_unmaps_are_not_reported, STRICT | XSMMU),
	{ }
};

ATTACK_SUITE(dma_debug, WORDS("xsmmu"));
