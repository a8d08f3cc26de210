// SPDX-License-Identifier: GPL-2.0
/*
 * Suite "group": two functions of a device without ACS, which could reach each other.
 * They share a group and its domain. The first is the probe, the second is QEMU's "edu".
 */
#include <linux/dma-mapping.h>
#include <linux/iommu.h>

#include "buffers.h"
#include "suites.h"
#include "interval.h"

#define BUFFERS		4

static void devices_share_a_domain(struct kunit *test)
{
	KUNIT_EXPECT_PTR_EQ(test, iommu_get_domain_for_dev(target.dev),
			    iommu_get_domain_for_dev(edu.dev));
}

static void a_sync_of_one_covers_the_other(struct kunit *test)
{
	struct batch *b = test_batch_in_reach(test, BUFFERS);
	u32 w = interval_open();

	batch_unmap_no_sync(b);
	KUNIT_EXPECT_EQ(test, batch_reached(b), b->n);
	KUNIT_EXPECT_EQ(test, dma_sync_device_iotlb(edu.dev), 0);
	KUNIT_EXPECT_EQ(test, batch_reached(b), 0);
	interval_close(test, w, "other_device",
		       (struct cmds){ .leaf = 1, .leaves = BUFFERS });
}

static int group_suite_begin(struct kunit_suite *suite)
{
	if (!edu.dev || target_mode_of(edu.dev) != target.mode)
		return -EINVAL;
	return suite_begin(suite);
}

static const struct attack_case group_cases[] = {
	ATTACK_CASE(devices_share_a_domain, XSMMU),
	ATTACK_CASE(a_sync_of_one_covers_the_other, XSMMU),
	{ }
};

ATTACK_SUITE(group, WORDS("group"), .kunit.suite_init = group_suite_begin);
