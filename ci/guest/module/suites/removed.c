// SPDX-License-Identifier: GPL-2.0
/*
 * Suite "removed": the only device of a domain is removed and comes back. Its domain
 * and its quarantine end with it. The next domain has to batch too: each time the
 * buffers must be in reach after the unmaps and out of reach after the sync.
 */
#include <linux/dma-mapping.h>
#include <linux/pci.h>

#include "attackers.h"
#include "buffers.h"
#include "suites.h"

#define REMOVALS	8
#define BUFFERS		64

static void a_device_that_returns_batches_again(struct kunit *test)
{
	struct batch *b = test_batch(test, BUFFERS);
	int i;

	for (i = 0; i < REMOVALS; i++) {
		KUNIT_ASSERT_EQ(test, batch_map(b), 0);
		KUNIT_EXPECT_EQ(test, batch_reached(b), b->n);
		batch_unmap_no_sync(b);
		KUNIT_EXPECT_EQ(test, batch_reached(b), b->n);
		test_sync(test);
		KUNIT_EXPECT_EQ(test, batch_reached(b), 0);
		attacker_replug(to_pci_dev(target.dev));
		KUNIT_ASSERT_EQ(test, target_open(), 0);
		KUNIT_ASSERT_EQ(test, target.mode, TARGET_XSMMU);
		backstop(false);
		KUNIT_EXPECT_EQ(test, batch_reached(b), 0);
	}
}

static const struct attack_case removed_cases[] = {
	ATTACK_CASE(a_device_that_returns_batches_again, XSMMU),
	{ }
};

ATTACK_SUITE(removed, WORDS("removed"), .last = true);
