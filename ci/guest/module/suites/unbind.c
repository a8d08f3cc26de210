// SPDX-License-Identifier: GPL-2.0
/*
 * Suite "unbind": what is left of a domain's state after the driver of its device was
 * unbound. The driver is the probe's own.
 */
#include <linux/device.h>

#include "buffers.h"
#include "counters.h"
#include "suites.h"

static void bind_again(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, device_attach(target.dev), 1);
	KUNIT_ASSERT_EQ(test, target_open(), 0);
}

/* The next driver need not opt in, and must find no window. */
static void unbinding_a_driver_frees_rings_and_window(struct kunit *test)
{
	struct counters bound, unbound;

	batch_unmap_no_sync(test_batch_in_reach(test, 3));
	test_sync(test);
	KUNIT_ASSERT_EQ(test, counters_read(target.dev, &bound), 0);
	device_release_driver(target.dev);
	KUNIT_EXPECT_EQ(test, counters_read(target.dev, &unbound), 0);
	KUNIT_EXPECT_LT(test, unbound.bytes, bound.bytes);
	KUNIT_EXPECT_EQ(test, unbound.chunks, (u64)0);
	bind_again(test);
}

static void driver_that_is_bound_again_batches(struct kunit *test)
{
	struct batch *b;

	device_release_driver(target.dev);
	bind_again(test);
	b = test_batch_in_reach(test, 3);
	batch_unmap_no_sync(b);
	test_sync(test);
	KUNIT_EXPECT_EQ(test, batch_reached(b), 0);
}

static const struct attack_case unbind_cases[] = {
	ATTACK_CASE(unbinding_a_driver_frees_rings_and_window, XSMMU),
	ATTACK_CASE(driver_that_is_bound_again_batches, XSMMU),
	{ }
};

ATTACK_SUITE(unbind, WORDS("xsmmu"));
