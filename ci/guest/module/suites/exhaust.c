// SPDX-License-Identifier: GPL-2.0
/*
 * Suite "exhaust": the quarantine holds all of a small address space. The next
 * mapping must drain it and succeed, as it would in strict mode.
 *
 * After an allocation has failed, Linux allocates large ranges above 4 GiB for a
 * while, so this suite runs last.
 */
#include <linux/dma-mapping.h>
#include <linux/irqflags.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "suites.h"

/* More buffers than the address space has room for, but fewer than a ring has. */
#define SPACE_BITS	24
#define BUFFER		SZ_128K
#define BUFFERS		200

static_assert(BUFFERS * BUFFER > BIT(SPACE_BITS));

/* Returns how many mappings succeeded before one failed. */
static unsigned int map_and_unmap_many(struct device *dev, void *buffer)
{
	unsigned int n;
	dma_addr_t addr;

	for (n = 0; n < BUFFERS; n++) {
		addr = dma_map_single(dev, buffer, BUFFER, DMA_TO_DEVICE);
		if (dma_mapping_error(dev, addr))
			break;
		dma_unmap_single_no_sync(dev, addr, BUFFER, DMA_TO_DEVICE);
	}
	return n;
}

/* Interrupts are off, so that the backstop releases nothing. */
static void mapping_drains_a_full_address_space(struct kunit *test)
{
	struct device *dev = target.dev;
	u64 mask = *dev->dma_mask;
	unsigned long flags;
	unsigned int n;
	void *buffer;

	buffer = kunit_kmalloc(test, BUFFER, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, buffer);
	KUNIT_ASSERT_EQ(test, dma_set_mask(dev, DMA_BIT_MASK(SPACE_BITS)), 0);
	local_irq_save(flags);
	n = map_and_unmap_many(dev, buffer);
	local_irq_restore(flags);
	KUNIT_EXPECT_EQ(test, dma_set_mask(dev, mask), 0);
	KUNIT_EXPECT_EQ(test, dma_sync_device_iotlb(dev), 0);
	KUNIT_EXPECT_EQ(test, n, BUFFERS);
}

static const struct attack_case exhaust_cases[] = {
	ATTACK_CASE(mapping_drains_a_full_address_space, XSMMU),
	{ }
};

ATTACK_SUITE(exhaust, WORDS("xsmmu"), .last = true);
