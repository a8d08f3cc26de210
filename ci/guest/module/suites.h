/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The parts of a test suite. Each suite is a file in suites/.
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

int suites_run(enum target_mode wanted);

/* Sets of modes. */
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
 * @words: words of a cell's "tests" that ask for the suite; ends with NULL
 * @last: runs after all suites that do not have this set
 * @chosen: runs in this load of the module
 */
struct attack_suite {
	struct kunit_suite kunit;
	const struct attack_case *cases;
	const char *const *words;
	bool last;
	bool chosen;
};

int suite_begin(struct kunit_suite *suite);
int test_begin(struct kunit *test);
void test_end(struct kunit *test);

#define WORDS(...)	((const char *const []){ __VA_ARGS__, NULL })

/*
 * Registers the suite of the file suites/ID.c, with the cases in ID_cases. More
 * members of struct attack_suite may follow.
 */
#define ATTACK_SUITE(id, in_words, ...)					\
	struct attack_suite id##_suite = {				\
		.kunit.name = #id,					\
		.kunit.suite_init = suite_begin,			\
		.kunit.init = test_begin,				\
		.kunit.exit = test_end,					\
		.cases = id##_cases,					\
		.words = in_words,					\
		__VA_ARGS__						\
	}

/*
 * The suites. Kbuild makes ATTACK_SUITES, a list of the variables, and
 * ATTACK_SUITE_ADDRESSES of the names of the files in suites/.
 */
extern struct attack_suite ATTACK_SUITES;

/* Knobs of the kernel's debug build, exported for tests. */
#ifdef CONFIG_XSMMU_DEBUG
extern unsigned int xsmmu_quarantine_size;
extern bool xsmmu_backstop_on;
extern bool xsmmu_virtual;
extern bool xsmmu_windows;
#endif

void backstop(bool on);
struct batch *test_batch(struct kunit *test, unsigned int n);
struct batch *test_batch_in_reach(struct kunit *test, unsigned int n);
void test_sync(struct kunit *test);
bool test_blocked_within(struct kunit *test, const struct buf *b,
			 unsigned int ms);
#else
static inline int suites_run(enum target_mode wanted)
{
	pr_err("this kernel has no KUnit: CONFIG_KUNIT is off\n");
	return -EOPNOTSUPP;
}
#endif

#endif /* XSMMU_GUEST_SUITES_H */
