// SPDX-License-Identifier: GPL-2.0
/*
 * Suite "edu": the first question of the other suites, asked of a device that
 * this project did not write. It is slow, so the backstop is off: nothing but
 * the test's own sync may take the buffer out of its reach.
 */
#include <linux/dma-mapping.h>
#include <linux/string.h>

#include "buffers.h"
#include "edu.h"
#include "suites.h"
#include "interval.h"

#define LEN	512

/*
 * struct victim - a page under attack, and a page of the attacker's own
 * @test: the test
 * @page: the victim
 * @iova: where the device found it
 * @own: stays mapped; the device copies into it what it read, and from it what
 *	it writes
 * @own_iova: where the device finds it
 */
struct victim {
	struct kunit *test;
	u8 *page;
	dma_addr_t iova;
	u8 *own;
	dma_addr_t own_iova;
};

static dma_addr_t map(struct kunit *test, void *page)
{
	dma_addr_t iova = dma_map_single(edu_dev(), page, PAGE_SIZE,
					 DMA_BIDIRECTIONAL);

	KUNIT_ASSERT_FALSE(test, dma_mapping_error(edu_dev(), iova));
	return iova;
}

/* Can the device read what stands in the page now? */
static bool device_reads(struct victim *v, u8 secret)
{
	memset(v->page, secret, PAGE_SIZE);
	memset(v->own, 0, PAGE_SIZE);
	KUNIT_ASSERT_EQ(v->test, edu_from_memory(v->iova, LEN), 0);
	KUNIT_ASSERT_EQ(v->test, edu_to_memory(v->own_iova, LEN), 0);
	return !memchr_inv(v->own, secret, LEN);
}

/* Can the device change what stands in the page? */
static bool device_writes(struct victim *v, u8 forged)
{
	memset(v->page, ~forged, PAGE_SIZE);
	memset(v->own, forged, PAGE_SIZE);
	KUNIT_ASSERT_EQ(v->test, edu_from_memory(v->own_iova, LEN), 0);
	KUNIT_ASSERT_EQ(v->test, edu_to_memory(v->iova, LEN), 0);
	if (!memchr_inv(v->page, ~forged, PAGE_SIZE))
		return false;
	KUNIT_EXPECT_NULL(v->test, memchr_inv(v->page, forged, LEN));
	return true;
}

static void expect_reach(struct victim *v, bool reach, u8 pattern)
{
	KUNIT_EXPECT_EQ(v->test, device_reads(v, pattern), reach);
	KUNIT_EXPECT_EQ(v->test, device_writes(v, pattern + 1), reach);
}

static void attack_with_edu(struct kunit *test, bool before, bool after)
{
	struct batch *b = test_batch(test, 2);
	struct victim v = {
		.test = test,
		.page = page_address(b->buf[0].page),
		.own = page_address(b->buf[1].page),
	};
	u32 w;

	v.iova = map(test, v.page);
	v.own_iova = map(test, v.own);
	expect_reach(&v, true, 0x11);

	w = interval_open();
	dma_unmap_single_no_sync(edu_dev(), v.iova, PAGE_SIZE,
				 DMA_BIDIRECTIONAL);
	expect_reach(&v, before, 0x33);
	KUNIT_EXPECT_EQ(test, dma_sync_device_iotlb(edu_dev()), 0);
	expect_reach(&v, after, 0x55);
	interval_close_syncs(test, w, "edu", 1, 1);
	dma_unmap_single(edu_dev(), v.own_iova, PAGE_SIZE, DMA_BIDIRECTIONAL);
}

static void edu_reaches_a_buffer_until_the_sync(struct kunit *test)
{
	attack_with_edu(test, true, false);
}

static void edu_reaches_no_unmapped_buffer(struct kunit *test)
{
	attack_with_edu(test, false, false);
}

static void edu_reaches_everything(struct kunit *test)
{
	attack_with_edu(test, true, true);
}

static int edu_suite_begin(struct kunit_suite *suite)
{
	int ret = suite_begin(suite);

	if (ret)
		return ret;
	ret = edu_init();
	if (!ret && target_mode_of(edu_dev()) != target.mode) {
		edu_exit();
		ret = -EINVAL;
	}
	return ret;
}

static void edu_suite_end(struct kunit_suite *suite)
{
	if (edu_dev())
		edu_exit();
}

static const struct attack_case edu_cases[] = {
	ATTACK_CASE(edu_reaches_a_buffer_until_the_sync, XSMMU),
	/* By the time it acts, a lazy kernel has flushed. */
	ATTACK_CASE(edu_reaches_no_unmapped_buffer, STRICT | LAZY),
	ATTACK_CASE(edu_reaches_everything, PASSTHROUGH),
	{ }
};

ATTACK_SUITE(edu, "edu-strict edu-lazy edu-passthrough edu-xsmmu",
	     .kunit.suite_init = edu_suite_begin,
	     .kunit.suite_exit = edu_suite_end);
