// SPDX-License-Identifier: GPL-2.0
/*
 * Suite "bounce": if a buffer of an untrusted device shares a page with other data,
 * the kernel maps a bounce buffer instead. The unmap gives the bounce buffer back, so
 * it must also take it out of the device's reach, even an unmap without sync.
 *
 * The kernel must be booted with swiotlb=force, or it has no bounce buffers.
 */
#include <linux/dma-mapping.h>
#include <linux/pci.h>

#include "buffers.h"
#include "suites.h"
#include "interval.h"

/* The part of a page that is mapped. */
#define OFFSET	512
#define SIZE	1024

static void set_untrusted(bool untrusted)
{
	to_pci_dev(target.dev)->untrusted = untrusted;
}

static int bounce_begin(struct kunit *test)
{
	int ret = test_begin(test);

	set_untrusted(!ret);
	return ret;
}

static void bounce_end(struct kunit *test)
{
	set_untrusted(false);
	test_end(test);
}

/* The domain still batches: the device opted in while it was trusted. */
static void capability_is_false_for_untrusted_devices(struct kunit *test)
{
	KUNIT_EXPECT_FALSE(test, dma_enable_unmap_no_sync(target.dev));
	set_untrusted(false);
	KUNIT_EXPECT_TRUE(test, dma_enable_unmap_no_sync(target.dev));
}

static void bounced_mapping_costs_one_invalidation(struct kunit *test)
{
	struct batch *b = test_batch(test, 1);
	u64 *word = page_address(b->buf[0].page) + OFFSET;
	dma_addr_t iova;
	u32 w;

	iova = dma_map_single(target.dev, word, SIZE, DMA_BIDIRECTIONAL);
	KUNIT_ASSERT_FALSE_MSG(test, dma_mapping_error(target.dev, iova),
			       "boot with swiotlb=force");
	/* The device writes to the bounce buffer. */
	KUNIT_EXPECT_EQ(test, probe_write(0, iova, 8, 1), 0);
	KUNIT_EXPECT_EQ(test, READ_ONCE(*word), (u64)0);

	w = interval_open();
	dma_unmap_single_no_sync(target.dev, iova, SIZE, DMA_BIDIRECTIONAL);
	KUNIT_EXPECT_EQ(test, READ_ONCE(*word), (u64)1);
	KUNIT_EXPECT_NE(test, probe_read(0, iova, 8), 0);
	KUNIT_EXPECT_NE(test, probe_write(0, iova, 8, 2), 0);
	interval_close(test, w, "bounced", (struct cmds){ .pages = 1 });
	KUNIT_EXPECT_EQ(test, READ_ONCE(*word), (u64)1);
}

/* The opt-in failed, so all unmaps of this device are ordinary. */
static void whole_pages_of_the_same_device_are_strict(struct kunit *test)
{
	struct batch *b = test_batch_in_reach(test, 64);
	u32 w = interval_open();

	batch_unmap_no_sync(b);
	KUNIT_EXPECT_EQ(test, batch_reached(b), 0);
	interval_close(test, w, "untrusted", (struct cmds){ .pages = b->n });
}

/* The device batches again when it is trusted again. */
static void whole_pages_of_a_trusted_device_are_batched(struct kunit *test)
{
	struct batch *b = test_batch_in_reach(test, 64);
	u32 w = interval_open();

	set_untrusted(false);
	batch_unmap_no_sync(b);
	KUNIT_EXPECT_EQ(test, batch_reached(b), b->n);
	test_sync(test);
	interval_close(test, w, "trusted", (struct cmds){ .leaf = 1 });
	KUNIT_EXPECT_EQ(test, batch_reached(b), 0);
}

static const struct attack_case bounce_cases[] = {
	ATTACK_CASE(capability_is_false_for_untrusted_devices, XSMMU),
	ATTACK_CASE(bounced_mapping_costs_one_invalidation, XSMMU),
	ATTACK_CASE(whole_pages_of_the_same_device_are_strict, XSMMU),
	ATTACK_CASE(whole_pages_of_a_trusted_device_are_batched, XSMMU),
	{ }
};

ATTACK_SUITE(bounce, WORDS("bounce"),
	     .kunit.init = bounce_begin, .kunit.exit = bounce_end);
