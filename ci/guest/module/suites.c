// SPDX-License-Identifier: GPL-2.0
/*
 * Chooses and runs suites. Prepares every test and cleans up after it.
 */
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/ktime.h>
#include <linux/moduleparam.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "buffers.h"
#include "suites.h"

/* More than there are suites and words. */
#define MOST_WORDS	32

static char *tests[MOST_WORDS];
static unsigned int n_tests;
module_param_array(tests, charp, &n_tests, 0444);
MODULE_PARM_DESC(tests, "run the suites that have one of these words");

static char *suites[MOST_WORDS];
static unsigned int n_suites;
module_param_array(suites, charp, &n_suites, 0444);
MODULE_PARM_DESC(suites, "run the suites with these names instead");

static struct attack_suite *const all_suites[] = { ATTACK_SUITE_ADDRESSES };

static enum target_mode wanted_mode;

static bool has_name(const struct attack_suite *suite, const char *name)
{
	return !strcmp(suite->kunit.name, name);
}

static bool has_word(const struct attack_suite *suite, const char *word)
{
	return match_string(suite->words, -1, word) >= 0;
}

/* Choose the suites that fit a word; an error if there are none. */
static int choose(const char *word,
		  bool (*fits)(const struct attack_suite *, const char *))
{
	int i, ret = -EINVAL;

	for (i = 0; i < ARRAY_SIZE(all_suites); i++) {
		if (fits(all_suites[i], word)) {
			all_suites[i]->chosen = true;
			ret = 0;
		}
	}
	if (ret)
		pr_err("attack: there is no suite for \"%s\"\n", word);
	return ret;
}

static int choose_all(void)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; !ret && i < n_suites; i++)
		ret = choose(suites[i], has_name);
	for (i = 0; !ret && !n_suites && i < n_tests; i++)
		ret = choose(tests[i], has_word);
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
 * suites_run() - run the suites that the module's parameters name
 * @wanted: the mode that the kernel was meant to be booted in. In another mode
 *	every suite fails: what the tests expect depends on the mode, so nothing
 *	else would report a wrong boot
 *
 * KUnit would start registered suites before the module's parameters are known.
 * For that reason the suites are not registered, but started here.
 *
 * Return: 0 if all suites ran, whether they passed or failed, or if the parameters
 * name none; -EINVAL if no suite fits a word or a name, and -ENOMEM.
 */
int suites_run(enum target_mode wanted)
{
	int ret = choose_all();

	if (ret || !(n_tests || n_suites))
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
	       target_modes[target.mode], target_modes[wanted_mode]);
	return -EINVAL;
}

/**
 * backstop() - switch the backstop on or off
 * @on: for unmaps from now on; unmaps that wait already are not affected
 *
 * Off between test_begin() and test_end(), so that on a slow machine it does not
 * drain a test's unmaps too early. Without the kernel's debug knobs it is always on.
 */
void backstop(bool on)
{
#ifdef CONFIG_XSMMU_DEBUG
	WRITE_ONCE(xsmmu_backstop_on, on);
#endif
}

/* Empty the quarantine, the flush queue and the IOTLB. */
static void settle(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, dma_sync_device_iotlb(target.dev), 0);
	if (target.mode == TARGET_LAZY)
		msleep(TARGET_SETTLE_MS);
}

/**
 * test_begin() - reset the probe and keep the test on CPU 0
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
	probe_set(DMA_PROBE_RESET, DMA_PROBE_RESET_ALL);
	backstop(false);
	settle(test);
	return 0;
}

/**
 * test_end() - stop all attacks, and fail if the probe refused a command
 * @test: the test
 */
void test_end(struct kunit *test)
{
	probe_set(DMA_PROBE_RESET,
		  DMA_PROBE_RESET_ENGINES | DMA_PROBE_RESET_LEDGER);
	settle(test);
	backstop(true);
	KUNIT_EXPECT_EQ_MSG(test, probe_get(DMA_PROBE_ERROR_COUNT), (u64)0,
			    "probe error %llu at register %#llx",
			    probe_get(DMA_PROBE_ERROR),
			    probe_get(DMA_PROBE_ERROR_OFFSET));
	probe_set(DMA_PROBE_ERROR, 0);
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
 * test_batch() - allocate buffers that are freed when the test ends, passed or not
 * @test: the test; fails if there is no memory
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
 * test_batch_in_reach() - allocate and map buffers that the device reaches
 * @test: the test; fails if it does not
 * @n: how many
 *
 * The device's accesses load the translations into the IOTLB.
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
 * test_sync() - sync, as a driver does before it frees
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
		/* The buffer may go out of reach between read and write. */
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
