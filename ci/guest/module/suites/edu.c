// SPDX-License-Identifier: GPL-2.0
/*
 * Suite "edu": does a buffer stay in reach of a device that this project did not
 * write? The device is QEMU's "edu", which copies between memory and a buffer of its
 * own. It is slow, so the backstop is off: only the test's own sync may take the
 * buffer out of reach.
 *
 * QEMU starts a transfer 100 ms after the request and does not report whether it
 * succeeded. By default the device cuts addresses to 28 bits, so start QEMU with
 * -device edu,dma_mask=0xffffffffffffffff.
 */
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/io-64-nonatomic-lo-hi.h>
#include <linux/string.h>

#include "buffers.h"
#include "suites.h"
#include "interval.h"

#define EDU_DMA_SRC		0x80
#define EDU_DMA_DST		0x88
#define EDU_DMA_LEN		0x90
#define EDU_DMA_CMD		0x98
#define EDU_DMA_START		0x1
#define EDU_DMA_TO_MEMORY	0x2
#define EDU_BUFFER		0x40000

/* A transfer takes 100 ms; on a slow machine, more. */
#define EDU_POLL_MS		10
#define EDU_POLLS		500

/* Bytes per transfer. */
#define LEN			512

/*
 * struct victim - a page under attack, and a page of the attacker's own
 * @test: the test
 * @page: the page under attack
 * @iova: its address before the unmap
 * @own: a page that stays mapped. The device copies to it what it read, and from it
 *	what it writes
 * @own_iova: the address of that page
 */
struct victim {
	struct kunit *test;
	u8 *page;
	dma_addr_t iova;
	u8 *own;
	dma_addr_t own_iova;
};

static int transfer(u64 from, u64 to, u64 cmd)
{
	int i;

	writeq(from, edu.bar + EDU_DMA_SRC);
	writeq(to, edu.bar + EDU_DMA_DST);
	writeq(LEN, edu.bar + EDU_DMA_LEN);
	writeq(cmd | EDU_DMA_START, edu.bar + EDU_DMA_CMD);
	for (i = 0; i < EDU_POLLS; i++) {
		msleep(EDU_POLL_MS);
		if (!(readq(edu.bar + EDU_DMA_CMD) & EDU_DMA_START))
			return 0;
	}
	return -ETIMEDOUT;
}

static void copy(struct kunit *test, dma_addr_t from, dma_addr_t to)
{
	KUNIT_ASSERT_EQ(test, transfer(from, EDU_BUFFER, 0), 0);
	KUNIT_ASSERT_EQ(test, transfer(EDU_BUFFER, to, EDU_DMA_TO_MEMORY), 0);
}

static dma_addr_t map(struct kunit *test, void *page)
{
	dma_addr_t iova = dma_map_single(edu.dev, page, PAGE_SIZE,
					 DMA_BIDIRECTIONAL);

	KUNIT_ASSERT_FALSE(test, dma_mapping_error(edu.dev, iova));
	return iova;
}

/* Does the device read what is in the page now? */
static bool device_reads(struct victim *v, u8 secret)
{
	memset(v->page, secret, PAGE_SIZE);
	memset(v->own, 0, PAGE_SIZE);
	copy(v->test, v->iova, v->own_iova);
	return !memchr_inv(v->own, secret, LEN);
}

/* Does the device change what is in the page? */
static bool device_writes(struct victim *v, u8 forged)
{
	memset(v->page, ~forged, PAGE_SIZE);
	memset(v->own, forged, PAGE_SIZE);
	copy(v->test, v->own_iova, v->iova);
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
	dma_unmap_single_no_sync(edu.dev, v.iova, PAGE_SIZE, DMA_BIDIRECTIONAL);
	expect_reach(&v, before, 0x33);
	KUNIT_EXPECT_EQ(test, dma_sync_device_iotlb(edu.dev), 0);
	expect_reach(&v, after, 0x55);
	interval_close_syncs(test, w, "edu", 1, 1);
	dma_unmap_single(edu.dev, v.own_iova, PAGE_SIZE, DMA_BIDIRECTIONAL);
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
	if (!edu.dev)
		return -ENODEV;
	if (target_mode_of(edu.dev) != target.mode)
		return -EINVAL;
	return suite_begin(suite);
}

static const struct attack_case edu_cases[] = {
	ATTACK_CASE(edu_reaches_a_buffer_until_the_sync, XSMMU),
	/* By the time it acts, a lazy kernel has flushed. */
	ATTACK_CASE(edu_reaches_no_unmapped_buffer, STRICT | LAZY),
	ATTACK_CASE(edu_reaches_everything, PASSTHROUGH),
	{ }
};

ATTACK_SUITE(edu,
	     WORDS("edu-strict", "edu-lazy", "edu-passthrough", "edu-xsmmu"),
	     .kunit.suite_init = edu_suite_begin);
