// SPDX-License-Identifier: GPL-2.0
/*
 * Suite "unbind": what is left of a domain's state after the driver of its device was
 * unbound, and what the device reaches then. The driver is the probe's own.
 */
#include <linux/device.h>
#include <linux/iommu.h>
#include <linux/pci.h>

#include "attackers.h"
#include "buffers.h"
#include "counters.h"
#include "suites.h"

static void bind_again(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, device_attach(target.dev), 1);
	KUNIT_ASSERT_EQ(test, target_open(), 0);
}

/* The next driver need not opt in, and must find no window. */
static void unbinding_a_driver_frees_rings_and_window(struct kunit *test)
{
	struct counters bound, unbound;

	batch_unmap_no_sync(test_batch_in_reach(test, 3));
	test_sync(test);
	KUNIT_ASSERT_EQ(test, counters_read(target.dev, &bound), 0);
	device_release_driver(target.dev);
	KUNIT_EXPECT_EQ(test, counters_read(target.dev, &unbound), 0);
	KUNIT_EXPECT_LT(test, unbound.bytes, bound.bytes);
	KUNIT_EXPECT_EQ(test, unbound.chunks, (u64)0);
	bind_again(test);
}

static void driver_that_is_bound_again_batches(struct kunit *test)
{
	struct batch *b;

	device_release_driver(target.dev);
	bind_again(test);
	b = test_batch_in_reach(test, 3);
	batch_unmap_no_sync(b);
	test_sync(test);
	KUNIT_EXPECT_EQ(test, batch_reached(b), 0);
}

/* Let the probe do DMA without a driver, as VFIO lets a device whose owner it is. */
static void start_without_driver(struct kunit *test, struct pci_dev *pdev)
{
	KUNIT_ASSERT_EQ(test, pci_enable_device(pdev), 0);
	probe.bar = pci_iomap(pdev, 0, 0);
	KUNIT_ASSERT_NOT_NULL(test, probe.bar);
	pci_set_master(pdev);
}

static void stop_without_driver(struct pci_dev *pdev)
{
	pci_clear_master(pdev);
	pci_iounmap(pdev, probe.bar);
	probe.bar = NULL;
	pci_disable_device(pdev);
}

/*
 * The device reaches what is mapped in its default domain, but nothing while it belongs
 * to somebody else. @former was unmapped before.
 */
static void change_owners(struct kunit *test, struct iommu_group *group,
			  const struct batch *former, const struct buf *mapped)
{
	KUNIT_EXPECT_EQ(test, batch_reached(former), 0);
	KUNIT_EXPECT_EQ(test, attack(mapped, 0), REACHED);
	KUNIT_EXPECT_EQ(test, iommu_group_claim_dma_owner(group, test), 0);
	KUNIT_EXPECT_EQ(test, batch_reached(former), 0);
	KUNIT_EXPECT_EQ(test, attack(mapped, 0), BLOCKED);
	iommu_group_release_dma_owner(group);
	KUNIT_EXPECT_EQ(test, batch_reached(former), 0);
	KUNIT_EXPECT_EQ(test, attack(mapped, 0), REACHED);
}

static void hand_over(struct kunit *test, struct iommu_group *group,
		      const struct batch *former)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(target.dev);
	struct buf far = {
		.page = test_batch(test, 1)->buf[0].page,
		.iova = TARGET_FAR_IOVA,
	};

	KUNIT_EXPECT_EQ(test, target_map_far(far.page, PAGE_SIZE), 0);
	change_owners(test, group, former, &far);
	KUNIT_EXPECT_EQ(test, iommu_unmap(domain, far.iova, PAGE_SIZE), PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, attack(&far, 0), BLOCKED);
}

/* The device is handed over, as to VFIO, and comes back. */
static void former_addresses_stay_blocked_when_the_device_is_handed_over(struct kunit *test)
{
	struct batch *b = test_batch_in_reach(test, 40);
	struct pci_dev *pdev = to_pci_dev(target.dev);
	struct iommu_group *group = iommu_group_get(target.dev);

	KUNIT_ASSERT_NOT_NULL(test, group);
	batch_unmap_no_sync(b);
	KUNIT_EXPECT_EQ(test, batch_reached(b), b->n);
	test_sync(test);
	device_release_driver(target.dev);
	start_without_driver(test, pdev);
	hand_over(test, group, b);
	stop_without_driver(pdev);
	iommu_group_put(group);
	bind_again(test);
	b = test_batch_in_reach(test, 40);
	batch_unmap_no_sync(b);
	KUNIT_EXPECT_EQ(test, batch_reached(b), b->n);
	test_sync(test);
	KUNIT_EXPECT_EQ(test, batch_reached(b), 0);
}

static const struct attack_case unbind_cases[] = {
	ATTACK_CASE(unbinding_a_driver_frees_rings_and_window, XSMMU),
	ATTACK_CASE(driver_that_is_bound_again_batches, XSMMU),
	ATTACK_CASE(former_addresses_stay_blocked_when_the_device_is_handed_over,
		    XSMMU),
	{ }
};

ATTACK_SUITE(unbind, WORDS("xsmmu"));
