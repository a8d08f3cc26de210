// SPDX-License-Identifier: GPL-2.0
/*
 * Suite "possible": the kernel has been told to prepare for 256 CPUs. Without this,
 * figures for so many would be those of a few.
 */
#include <linux/cpumask.h>

#include "suites.h"

static void kernel_prepares_for_256_cpus(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, num_possible_cpus(), 256);
}

static const struct attack_case possible_cases[] = {
	ATTACK_CASE(kernel_prepares_for_256_cpus, XSMMU),
	{ }
};

ATTACK_SUITE(possible, WORDS("memory-256"));
