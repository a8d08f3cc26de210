/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The test suites: one file each, named after it.
 */
#ifndef XSMMU_GUEST_SUITES_H
#define XSMMU_GUEST_SUITES_H

#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/printk.h>

#include "target.h"

#if IS_ENABLED(CONFIG_KUNIT)
#include <kunit/test.h>

struct batch;
struct buf;

int suites_run(const char *names, enum target_mode wanted);

/* Sets of modes, for a case that makes sense in some only. */
#define STRICT		BIT(TARGET_STRICT)
#define LAZY		BIT(TARGET_LAZY)
#define PASSTHROUGH	BIT(TARGET_PASSTHROUGH)
#define XSMMU		BIT(TARGET_XSMMU)
#define ANY_MODE	(STRICT | LAZY | PASSTHROUGH | XSMMU)

/**
 * struct attack_case - a test case
 * @kunit: the case
 * @modes: modes in which it runs
 */
struct attack_case {
	struct kunit_case kunit;
	unsigned int modes;
};

#define ATTACK_CASE(func, in_modes)					\
	{ .kunit = KUNIT_CASE(func), .modes = (in_modes) }

/**
 * struct attack_suite - a test suite
 * @kunit: the suite, without cases
 * @cases: all cases, of which those for the kernel's mode run
 */
struct attack_suite {
	struct kunit_suite kunit;
	const struct attack_case *cases;
};

int suite_begin(struct kunit_suite *suite);
int test_begin(struct kunit *test);
void test_end(struct kunit *test);

/* A suite of the probe: ATTACK_SUITE(foo, "foo", foo_cases). */
#define ATTACK_SUITE(suite, suite_name, suite_cases)			\
	struct attack_suite suite = {					\
		.kunit = {						\
			.name = suite_name,				\
			.suite_init = suite_begin,			\
			.init = test_begin,				\
			.exit = test_end,				\
		},							\
		.cases = suite_cases,					\
	}

/* Knobs of the kernel's debug build, exported for tests. */
#ifdef CONFIG_XSMMU_DEBUG
extern unsigned int xsmmu_quarantine_size;
extern bool xsmmu_backstop_on;
#endif

void backstop(bool on);
struct batch *test_batch(struct kunit *test, unsigned int n);
struct batch *test_batch_in_reach(struct kunit *test, unsigned int n);
void test_sync(struct kunit *test);
bool test_blocked_within(struct kunit *test, const struct buf *b,
			 unsigned int ms);

extern struct attack_suite basic_suite;
extern struct attack_suite stale_suite;
extern struct attack_suite reuse_suite;
extern struct attack_suite batch_suite;
extern struct attack_suite cpus_suite;
extern struct attack_suite orphan_suite;
extern struct attack_suite overflow_suite;
extern struct attack_suite unlink_suite;
extern struct attack_suite fq_suite;
extern struct attack_suite bounce_suite;
extern struct attack_suite hammer_suite;
extern struct attack_suite dma_debug_suite;
extern struct attack_suite ats_suite;
extern struct attack_suite edu_suite;
#else
static inline int suites_run(const char *names, enum target_mode wanted)
{
	pr_err("this kernel has no KUnit: CONFIG_KUNIT is off\n");
	return -EOPNOTSUPP;
}
#endif

#endif /* XSMMU_GUEST_SUITES_H */
