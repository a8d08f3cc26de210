/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What core's tests need of Linux 6.12.
 */
#ifndef _XSMMU_TEST_BASE_H
#define _XSMMU_TEST_BASE_H

#include <linux/device.h>
#include <linux/iommu.h>
#include <linux/memremap.h>
#include <linux/mm.h>

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

/*
 * Make a page look like the memory of a peer device, until the caller restores its struct
 * page. Returns false if the kernel knows no such memory.
 */
static inline bool xsmmu_test_make_peers(struct page *page,
					 struct dev_pagemap *pgmap)
{
#ifdef CONFIG_PCI_P2PDMA
	pgmap->type = MEMORY_DEVICE_PCI_P2PDMA;
	set_page_zone(page, ZONE_DEVICE);
	page->pgmap = pgmap;
	return true;
#else
	return false;
#endif
}

#endif /* _XSMMU_TEST_BASE_H */
