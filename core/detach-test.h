/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The test of R1 that is the same for all backends: when a driver detaches a device, it
 * waits for the syncs that read the lists of the device's domain.
 */
#ifndef _XSMMU_DETACH_TEST_H
#define _XSMMU_DETACH_TEST_H

#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/iommu.h>
#include <linux/kthread.h>
#include <linux/pci.h>
#include <linux/rcupdate.h>
#include "test-base.h"
#include "xsmmu.h"

/* How long a reader reads if the driver waits for it. */
#define DETACH_READ_MS	300

/**
 * struct detach_reader - a reader of a domain's lists, as a sync is
 * @thread: reads once, on a CPU of its own
 * @reads: it has begun
 * @left: the driver has detached the device
 * @late: the reader has found @left before it ended, so the driver did not wait
 */
struct detach_reader {
	struct task_struct *thread;
	bool reads;
	bool left;
	bool late;
};

static inline int detach_reader_thread(void *data)
{
	struct detach_reader *r = data;
	unsigned int ms;

	rcu_read_lock();
	WRITE_ONCE(r->reads, true);
	for (ms = 0; ms < DETACH_READ_MS && !READ_ONCE(r->left); ms++)
		mdelay(1);
	r->late = READ_ONCE(r->left);
	rcu_read_unlock();
	while (!kthread_should_stop())
		cond_resched();
	return 0;
}

/* Call before anything is made. There are no syncs to wait for outside xSMMU mode. */
static inline void detach_test_skip(struct kunit *test)
{
	if (!xsmmu_mode())
		kunit_skip(test, "not in xSMMU mode");
	if (num_online_cpus() < 2)
		kunit_skip(test, "the reader needs a second CPU");
}

/* A reader begins. Call the driver's function after this, then detach_reader_end(). */
static inline void detach_reader_begin(struct kunit *test,
				       struct detach_reader *r)
{
	unsigned int cpu = cpumask_first(cpu_online_mask);

	*r = (struct detach_reader){};
	set_cpus_allowed_ptr(current, cpumask_of(cpu));
	r->thread = kthread_run_on_cpu(detach_reader_thread, r,
				       cpumask_last(cpu_online_mask),
				       "reader/%u");
	KUNIT_ASSERT_FALSE(test, IS_ERR(r->thread));
	while (!READ_ONCE(r->reads))
		cond_resched();
}

static inline void detach_reader_end(struct kunit *test,
				     struct detach_reader *r)
{
	WRITE_ONCE(r->left, true);
	kthread_stop(r->thread);
	KUNIT_EXPECT_FALSE(test, r->late);
}

static inline int detach_test_count(struct device *dev, void *n)
{
	++*(unsigned int *)n;
	return 0;
}

static inline bool detach_test_is_alone(struct device *dev)
{
	struct iommu_group *group = iommu_group_get(dev);
	unsigned int n = 0;

	if (!group)
		return false;
	iommu_group_for_each_dev(group, &n, detach_test_count);
	iommu_group_put(group);
	return n == 1;
}

static inline bool detach_test_may_move(struct device *dev,
					const struct iommu_ops *ops)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(dev);

	return !dev->driver && domain &&
	       domain->type & __IOMMU_DOMAIN_PAGING &&
	       dev->iommu->iommu_dev->ops == ops && detach_test_is_alone(dev);
}

/*
 * A PCI device of this machine without a driver, alone in its group, behind an IOMMU
 * with @ops. To be given to pci_dev_put().
 */
static inline struct device *detach_test_device(struct kunit *test,
						const struct iommu_ops *ops)
{
	struct pci_dev *pdev = NULL;

	for_each_pci_dev(pdev)
		if (detach_test_may_move(&pdev->dev, ops))
			return &pdev->dev;
	kunit_skip(test, "no such device here");
	return NULL;
}

/**
 * detach_test - let a driver move a device to another domain beside a reader
 * @test: the running test
 * @ops: the driver's operations
 */
static inline void detach_test(struct kunit *test, const struct iommu_ops *ops)
{
	struct iommu_domain *domain;
	struct detach_reader r;
	struct device *dev;
	int err;

	detach_test_skip(test);
	dev = detach_test_device(test, ops);
	domain = xsmmu_test_domain_alloc(dev);
	KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL(domain));
	detach_reader_begin(test, &r);
	err = iommu_attach_device(domain, dev);
	detach_reader_end(test, &r);
	KUNIT_EXPECT_EQ(test, err, 0);
	if (!err)
		iommu_detach_device(domain, dev);
	iommu_domain_free(domain);
	pci_dev_put(to_pci_dev(dev));
}

#endif /* _XSMMU_DETACH_TEST_H */
