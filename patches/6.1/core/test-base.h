/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What core's tests need of Linux 6.1.
 */
#ifndef _XSMMU_TEST_BASE_H
#define _XSMMU_TEST_BASE_H

#include <linux/iommu.h>

/*
 * Defines the operation iotlb_sync_map of a test, which calls told() with the domain, the
 * bus address and the bytes. Returns nothing here.
 */
#define XSMMU_TEST_SYNC_MAP(name, told)					\
static inline void name(struct iommu_domain *domain, unsigned long iova,	\
			size_t size)				\
{									\
	told(domain, iova, size);					\
}

#endif /* _XSMMU_TEST_BASE_H */
