// SPDX-License-Identifier: GPL-2.0
/*
 * The list of suites, and what every test does before and after.
 */
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/ktime.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "buffers.h"
#include "suites.h"

/* Time for a lazy kernel to flush what it has queued. */
#define LAZY_SETTLE_MS	40

static struct attack_suite *const all_suites[] = { ATTACK_SUITE_ADDRESSES };

static enum target_mode wanted_mode;

static bool has_name(const struct attack_suite *suite, const char *name)
{
	return !strcmp(suite->kunit.name, name);
}

static bool has_word(const struct attack_suite *suite, const char *word)
{
	size_t len = strlen(word);
	const char *at = suite->words;

	while ((at = strstr(at, word))) {
		if ((at == suite->words || at[-1] == ' ') &&
		    (at[len] == ' ' || !at[len]))
			return true;
		at += len;
	}
	return false;
}

/* Choose the suites that fit a word. Returns their number. */
static int choose_one(const char *word,
		      bool (*fits)(const struct attack_suite *, const char *))
{
	int i, n = 0;

	for (i = 0; i < ARRAY_SIZE(all_suites); i++) {
		if (!fits(all_suites[i], word))
			continue;
		all_suites[i]->chosen = true;
		n++;
	}
	return n;
}

/* Choose the suites that fit one of the words in a list; 0 or an error. */
static int choose(const char *list,
		  bool (*fits)(const struct attack_suite *, const char *))
{
	char *copy = kstrdup(list, GFP_KERNEL), *rest = copy, *word;
	int ret = copy ? 0 : -ENOMEM;

	while (!ret && (word = strsep(&rest, ","))) {
		/* An empty word would fit any list of words. */
		if (!*word || !choose_one(word, fits)) {
			pr_err("attack: there is no suite for \"%s\"\n", word);
			ret = -EINVAL;
		}
	}
	kfree(copy);
	return ret;
}

/* The cases of a suite that fit the mode, ended by an empty one. */
static struct kunit_case *cases_of(const struct attack_suite *suite)
{
	const struct attack_case *c;
	struct kunit_case *cases;
	unsigned int n = 1;

	for (c = suite->cases; c->kunit.run_case; c++)
		n++;
	cases = kcalloc(n, sizeof(*cases), GFP_KERNEL);
	n = 0;
	for (c = suite->cases; cases && c->kunit.run_case; c++)
		if (c->modes & BIT(wanted_mode))
			cases[n++] = c->kunit;
	return cases;
}

static int run_suite(struct attack_suite *suite)
{
	suite->kunit.test_cases = cases_of(suite);
	if (!suite->kunit.test_cases)
		return -ENOMEM;
	kunit_run_tests(&suite->kunit);
	kfree(suite->kunit.test_cases);
	suite->kunit.test_cases = NULL;
	return 0;
}

/* Run the chosen suites that come last, or those that do not. */
static int run_chosen(bool last)
{
	int i, ret = 0;

	for (i = 0; !ret && i < ARRAY_SIZE(all_suites); i++)
		if (all_suites[i]->chosen && all_suites[i]->last == last)
			ret = run_suite(all_suites[i]);
	return ret;
}

/* The head of the KTAP document whose tests are the chosen suites. */
static void print_plan(void)
{
	unsigned int i, n = 0;

	for (i = 0; i < ARRAY_SIZE(all_suites); i++)
		n += all_suites[i]->chosen;
	pr_info("KTAP version 1\n");
	pr_info("1..%u\n", n);
}

/**
 * suites_run() - run test suites
 * @tests: words of a cell's "tests", separated by commas
 * @names: names of suites, separated by commas, to run these instead; or NULL
 * @wanted: the mode that the kernel was meant to be booted in. In another mode
 *	every suite fails: what the tests expect depends on the mode, so nothing
 *	else would report a wrong boot
 *
 * KUnit would start registered suites before the module's parameters are known.
 * For that reason the suites are not registered, but started here.
 *
 * Return: 0 if all suites ran, whether they passed or failed; -EINVAL if no suite
 * fits a word or a name, and -ENOMEM.
 */
int suites_run(const char *tests, const char *names, enum target_mode wanted)
{
	int ret = names ? choose(names, has_name) : choose(tests, has_word);

	if (ret)
		return ret;
	wanted_mode = wanted;
	print_plan();
	return run_chosen(false) ?: run_chosen(true);
}

/**
 * suite_begin() - refuse to run in a kernel of another mode
 * @suite: the suite
 *
 * Return: 0 or -EINVAL.
 */
int suite_begin(struct kunit_suite *suite)
{
	if (target.mode == wanted_mode)
		return 0;
	pr_err("attack: %s: the kernel runs in mode %s, not %s\n", suite->name,
	       target_mode_name(target.mode), target_mode_name(wanted_mode));
	return -EINVAL;
}

/**
 * backstop() - let the kernel drain what no driver synced, or not
 * @on: what to do from now on; what waits already is not affected
 *
 * Off between test_begin() and test_end(), so that a test on a slow machine
 * finds its unmaps as it left them. Without the kernel's debug knobs it is
 * always on.
 */
void backstop(bool on)
{
#ifdef CONFIG_XSMMU_DEBUG
	WRITE_ONCE(xsmmu_backstop_on, on);
#endif
}

/* Empty the quarantine, the flush queue and the IOTLB of what came before. */
static void settle(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, dma_sync_device_iotlb(target.dev), 0);
	if (target.mode == TARGET_LAZY)
		msleep(LAZY_SETTLE_MS);
}

/**
 * test_begin() - a quiet device, and a test that stays on CPU 0
 * @test: the test
 *
 * Magazines of IOVAs, quarantines and flush queues belong to a CPU.
 *
 * Return: 0 or an error.
 */
int test_begin(struct kunit *test)
{
	int ret = set_cpus_allowed_ptr(current, cpumask_of(0));

	if (ret)
		return ret;
	probe_reset(target.probe, DMA_PROBE_RESET_ALL);
	backstop(false);
	settle(test);
	return 0;
}

/**
 * test_end() - stop all attacks; the device must not have complained
 * @test: the test
 */
void test_end(struct kunit *test)
{
	u32 first, offset;

	probe_reset(target.probe, DMA_PROBE_RESET_ENGINES |
			       DMA_PROBE_RESET_LEDGER);
	settle(test);
	backstop(true);
	KUNIT_EXPECT_EQ_MSG(test, probe_errors(target.probe, &first, &offset),
			    (u64)0, "probe error %u at register %#x",
			    first, offset);
}

static int init_batch(struct kunit_resource *res, void *n)
{
	res->data = batch_alloc(*(unsigned int *)n);
	return res->data ? 0 : -ENOMEM;
}

static void free_batch(struct kunit_resource *res)
{
	batch_free(res->data);
}

/**
 * test_batch() - buffers that go when the test ends, however it ends
 * @test: the test; ended if there is no memory
 * @n: how many
 *
 * Return: the batch, nothing mapped.
 */
struct batch *test_batch(struct kunit *test, unsigned int n)
{
	struct batch *b = kunit_alloc_resource(test, init_batch, free_batch,
					       GFP_KERNEL, &n);

	KUNIT_ASSERT_NOT_NULL(test, b);
	return b;
}

/**
 * test_batch_in_reach() - buffers that are mapped, and that the device reaches
 * @test: the test; ended if that cannot be had
 * @n: how many
 *
 * The device's accesses have filled the IOTLB.
 *
 * Return: the batch.
 */
struct batch *test_batch_in_reach(struct kunit *test, unsigned int n)
{
	struct batch *b = test_batch(test, n);

	KUNIT_ASSERT_EQ(test, batch_map(b), 0);
	KUNIT_ASSERT_EQ(test, batch_reached(b), n);
	return b;
}

/**
 * test_sync() - what a driver does before it frees
 * @test: the test; fails if the sync does
 */
void test_sync(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, dma_sync_device_iotlb(target.dev), 0);
}

/**
 * test_blocked_within() - attack a buffer until it is out of reach
 * @test: the test; fails if an attack is torn
 * @b: the buffer
 * @ms: how long at most
 *
 * Return: whether it went out of reach.
 */
bool test_blocked_within(struct kunit *test, const struct buf *b,
			 unsigned int ms)
{
	ktime_t begin = ktime_get();
	enum reach reach;
	s64 passed;

	do {
		reach = attack(b, 0);
		/* Between read and write it may go out of reach, for good. */
		if (reach == READ_ONLY && attack(b, 0) == BLOCKED)
			reach = BLOCKED;
		passed = ktime_ms_delta(ktime_get(), begin);
		if (reach == BLOCKED) {
			kunit_info(test, "out of reach after %lld ms\n",
				   passed);
			return true;
		}
		usleep_range(500, 1000);
	} while (reach == REACHED && passed < ms);
	KUNIT_EXPECT_EQ(test, reach, REACHED);
	return false;
}
