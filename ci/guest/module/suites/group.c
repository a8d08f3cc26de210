// SPDX-License-Identifier: GPL-2.0
/*
 * Suite "group": two functions of a device without ACS, which could reach each other.
 * They share a group and its domain. The first is the probe, the second is QEMU's "edu".
 */
#include <linux/completion.h>
#include <linux/dma-mapping.h>
#include <linux/iommu.h>
#include <linux/kthread.h>
#include <linux/mutex.h>
#include <linux/pci.h>

#include "attackers.h"
#include "buffers.h"
#include "suites.h"
#include "interval.h"

#define BUFFERS		4
#define REPLUGS		32

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

/**
 * struct leaver - what removes a device and brings it back
 * @registers: held while QEMU's memory map changes, and while registers are used. With
 *	QEMU 7.2 an access of another CPU may go to the wrong device meanwhile
 * @replugs: how often it did so
 * @done: it has ended
 */
struct leaver {
	struct mutex registers;		/* between QEMU's memory map and its users */
	unsigned int replugs;
	struct completion done;
};

static void leave_and_return(struct leaver *leaver, struct pci_dev *pdev)
{
	struct pci_bus *bus = pdev->bus;

	pci_lock_rescan_remove();
	mutex_lock(&leaver->registers);
	attacker_silence(pdev);
	mutex_unlock(&leaver->registers);
	attacker_rescan(pdev);
	mutex_lock(&leaver->registers);
	attacker_return(bus);
	mutex_unlock(&leaver->registers);
	pci_unlock_rescan_remove();
}

static int leave_often(void *data)
{
	struct leaver *leaver = data;

	while (leaver->replugs < REPLUGS && edu.dev) {
		leave_and_return(leaver, to_pci_dev(edu.dev));
		leaver->replugs++;
	}
	kthread_complete_and_exit(&leaver->done, 0);
}

static unsigned int reached(struct leaver *leaver, const struct batch *b)
{
	unsigned int n;

	mutex_lock(&leaver->registers);
	n = batch_reached(b);
	mutex_unlock(&leaver->registers);
	return n;
}

/* Map, unmap and sync. The unmaps and the sync run beside all that the leaver does. */
static void unmap_beside(struct kunit *test, struct leaver *leaver, struct batch *b)
{
	mutex_lock(&leaver->registers);
	KUNIT_EXPECT_EQ(test, batch_map(b), 0);
	mutex_unlock(&leaver->registers);
	KUNIT_EXPECT_EQ(test, reached(leaver, b), b->n);
	batch_unmap_no_sync(b);
	test_sync(test);
	KUNIT_EXPECT_EQ(test, reached(leaver, b), 0);
}

/* A sync reads the domain's devices while one of them leaves or returns. */
static void a_device_may_leave_during_syncs(struct kunit *test)
{
	struct leaver leaver = { .done = COMPLETION_INITIALIZER_ONSTACK(leaver.done) };
	struct batch *b = test_batch(test, BUFFERS);
	struct task_struct *task;

	mutex_init(&leaver.registers);
	task = kthread_run(leave_often, &leaver, "leaver");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	do
		unmap_beside(test, &leaver, b);
	while (!completion_done(&leaver.done));
	wait_for_completion(&leaver.done);
	KUNIT_EXPECT_EQ(test, leaver.replugs, REPLUGS);
	KUNIT_ASSERT_NOT_NULL(test, edu.dev);
	devices_share_a_domain(test);
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
	ATTACK_CASE(a_device_may_leave_during_syncs, XSMMU),
	{ }
};

ATTACK_SUITE(group, WORDS("group"), .kunit.suite_init = group_suite_begin);
