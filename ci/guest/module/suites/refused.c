// SPDX-License-Identifier: GPL-2.0
/*
 * Suite "refused": the driver of a domain was refused, because a hypervisor shadows the
 * tables. It frees right after its unmaps. So the domain has to stay refused when the
 * reason is gone and a driver is bound again.
 *
 * The kernel must be booted with iommu.xsmmu_virtual=0, behind an IOMMU that claims to
 * cache absent entries.
 */
#include <linux/device.h>
#include <linux/dma-mapping.h>

#include "buffers.h"
#include "interval.h"
#include "suites.h"

#define BUFFERS		8

/* Bind the probe's driver again, which opts in again. */
static void bind_again(struct kunit *test)
{
	device_release_driver(target.dev);
	KUNIT_ASSERT_EQ(test, device_attach(target.dev), 1);
	KUNIT_ASSERT_EQ(test, target_open(), 0);
}

/* Each unmap is one invalidation, and the device is out of reach after it. */
static void expect_strict(struct kunit *test)
{
	struct batch *b = test_batch_in_reach(test, BUFFERS);
	u32 w = interval_open();

	KUNIT_EXPECT_EQ(test, target.mode, TARGET_STRICT);
	batch_unmap_no_sync(b);
	KUNIT_EXPECT_EQ(test, batch_reached(b), 0);
	test_sync(test);
	interval_close_unmaps(test, w, "refused", b->n);
}

/* As iommu.xsmmu_virtual=1 at boot, for drivers that opt in from now on. */
static void allow_shadowed(bool allow)
{
#ifdef CONFIG_XSMMU_DEBUG
	WRITE_ONCE(xsmmu_virtual, allow);
#endif
}

static void refused_domain_stays_refused(struct kunit *test)
{
	bind_again(test);
	expect_strict(test);
}

static void refused_domain_stays_refused_without_the_reason(struct kunit *test)
{
	allow_shadowed(true);
	bind_again(test);
	allow_shadowed(false);
	expect_strict(test);
}

static const struct attack_case refused_cases[] = {
	ATTACK_CASE(refused_domain_stays_refused, STRICT),
	ATTACK_CASE(refused_domain_stays_refused_without_the_reason, STRICT),
	{ }
};

ATTACK_SUITE(refused, WORDS("shadowed"));
