/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What core's tests need of Linux 6.12.
 */
#ifndef _XSMMU_TEST_BASE_H
#define _XSMMU_TEST_BASE_H

#include <linux/device.h>
#include <linux/iommu.h>

/* The type of what the operation iotlb_sync_map returns: here an error, or 0. */
#define XSMMU_TEST_SYNC_MAP	int

/* What an iotlb_sync_map returns that has succeeded. */
static inline XSMMU_TEST_SYNC_MAP xsmmu_test_sync_map_done(void)
{
	return 0;
}

/* A domain with tables that a device can be attached to. NULL or an error if there is none. */
static inline struct iommu_domain *xsmmu_test_domain_alloc(struct device *dev)
{
	return iommu_paging_domain_alloc(dev);
}

#endif /* _XSMMU_TEST_BASE_H */
