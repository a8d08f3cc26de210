/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Domains, devices and page tables as Linux 6.12's AMD IOMMU driver stores them,
 * built by hand or by the driver for the tests in xsmmu-test.c.
 */
#ifndef _AMD_XSMMU_TEST_BASE_H
#define _AMD_XSMMU_TEST_BASE_H

#include <kunit/test.h>
#include <linux/amd-iommu.h>
#include <linux/io-pgtable.h>
#include <linux/pci.h>
#include <linux/xarray.h>
#include "amd_iommu.h"
#include "xsmmu.h"
#include "xsmmu-base.h"
#include "../iommu-pages.h"

/* Device ids of devices that the driver attaches are below this. */
#define AMD_XSMMU_TEST_DEVICES	64

/**
 * amd_xsmmu_test_enter - put an IOMMU into the driver's table
 * @iommu: the IOMMU; its index is below MAX_IOMMUS
 *
 * Return: false if its place is taken.
 */
static inline bool amd_xsmmu_test_enter(struct amd_iommu *iommu)
{
	if (amd_iommus[iommu->index])
		return false;
	amd_iommus[iommu->index] = iommu;
	return true;
}

/* Takes it out again. */
static inline void amd_xsmmu_test_remove(struct amd_iommu *iommu)
{
	amd_iommus[iommu->index] = NULL;
}

/* An IOMMU of this machine, or NULL. */
static inline struct amd_iommu *amd_xsmmu_test_live(void)
{
	return amd_iommu_get_num_iommus() ? amd_iommus[0] : NULL;
}

/**
 * amd_xsmmu_test_init_domain - make a zeroed domain one without devices
 * @domain: the domain, with v1 tables
 * @id: its id
 */
static inline void amd_xsmmu_test_init_domain(struct protection_domain *domain,
					      u16 id)
{
	spin_lock_init(&domain->lock);
	INIT_LIST_HEAD(&domain->dev_list);
	INIT_LIST_HEAD(&domain->dev_data_list);
	xa_init(&domain->iommu_array);
	domain->pd_mode = PD_MODE_V1;
	domain->id = id;
	domain->iop.pgtbl.cfg.amd.nid = NUMA_NO_NODE;
}

/**
 * amd_xsmmu_test_free_domain - free what a domain's lists have allocated
 * @domain: the domain, which no sync uses any more
 */
static inline void amd_xsmmu_test_free_domain(struct protection_domain *domain)
{
	xa_destroy(&domain->iommu_array);
}

/**
 * amd_xsmmu_test_count - count an IOMMU in a domain, or no longer
 * @test: owns what is allocated
 * @domain: the domain
 * @iommu: the IOMMU, in the driver's table
 * @counted: whether devices of the domain stand behind it
 */
static inline void amd_xsmmu_test_count(struct kunit *test,
					struct protection_domain *domain,
					struct amd_iommu *iommu, bool counted)
{
	struct pdom_iommu_info *info = NULL;
	void *old;

	if (counted) {
		info = kunit_kzalloc(test, sizeof(*info), GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, info);
		info->iommu = iommu;
		info->refcnt = 1;
	}
	old = xa_store(&domain->iommu_array, iommu->index, info, GFP_KERNEL);
	KUNIT_ASSERT_EQ(test, 0, xa_err(old));
}

/**
 * amd_xsmmu_test_use_guest - give a domain v2 tables, as far as syncs see
 * @domain: the domain
 */
static inline void amd_xsmmu_test_use_guest(struct protection_domain *domain)
{
	domain->pd_mode = PD_MODE_V2;
}

/**
 * amd_xsmmu_test_set_ats - say whether a device has ATS switched on
 * @dev_data: the device
 * @enabled: whether it has
 * @qdep: depth of its invalidation queue
 */
static inline void amd_xsmmu_test_set_ats(struct iommu_dev_data *dev_data,
					  bool enabled, int qdep)
{
	dev_data->ats_enabled = enabled;
	dev_data->ats_qdep = qdep;
}

/**
 * amd_xsmmu_test_set_id - give a device an id of its own
 * @dev_data: the device
 * @id: the id
 */
static inline void amd_xsmmu_test_set_id(struct iommu_dev_data *dev_data,
					 u16 id)
{
	dev_data->gcr3_info.domid = id;
}

/**
 * amd_xsmmu_test_guest_id - what names a device's translations by v2 tables?
 * @domain: the domain of the device
 * @dev_data: the device
 *
 * Return: the id that the IOMMU knows the translations by. Devices may share one.
 */
static inline u16
amd_xsmmu_test_guest_id(const struct protection_domain *domain,
			const struct iommu_dev_data *dev_data)
{
	return dev_data->gcr3_info.domid;
}

/* The driver's operations of a domain. */
static inline const struct iommu_domain_ops *
amd_xsmmu_test_domain_ops(const struct protection_domain *domain)
{
	return amd_iommu_ops.default_domain_ops;
}

/* The root of a domain's tables. v2 has four levels, v1 three. */
static inline u64 *amd_xsmmu_test_root(const struct protection_domain *domain)
{
	return amd_xsmmu_is_guest(domain) ? domain->iop.pgd : domain->iop.root;
}

/**
 * amd_xsmmu_test_map - map memory at the same address, as one page or one series
 * @domain: the domain, with tables
 * @iova: bus address
 * @size: size of the page or of the series
 *
 * Return: 0, or an error.
 */
static inline int amd_xsmmu_test_map(struct protection_domain *domain, u64 iova,
				     size_t size)
{
	struct io_pgtable_ops *ops = &domain->iop.pgtbl.ops;
	size_t mapped = 0;

	return ops->map_pages(ops, iova, iova, size, 1,
			      IOMMU_PROT_IR | IOMMU_PROT_IW, GFP_KERNEL,
			      &mapped);
}

/**
 * amd_xsmmu_test_unmap - take away what amd_xsmmu_test_map() has mapped
 * @domain: the domain
 * @iova: bus address
 * @size: size of the page or of the series
 *
 * Return: the number of bytes that were unmapped.
 */
static inline size_t amd_xsmmu_test_unmap(struct protection_domain *domain,
					  u64 iova, size_t size)
{
	struct io_pgtable_ops *ops = &domain->iop.pgtbl.ops;

	return ops->unmap_pages(ops, iova, size, 1, NULL);
}

/* Does the driver map a page where another one is mapped? */
static inline bool amd_xsmmu_test_replaces_pages(void)
{
	return true;
}

/**
 * amd_xsmmu_test_new_tables - let the driver make the page tables of a domain
 * @test: fails if there is no memory
 * @domain: the domain. If it has v2 tables, they have four levels
 * @levels: levels of v1 tables, 3, or 0 for a domain that does not translate
 */
static inline void amd_xsmmu_test_new_tables(struct kunit *test,
					     struct protection_domain *domain,
					     int levels)
{
	bool guest = domain->pd_mode == PD_MODE_V2;

	KUNIT_ASSERT_NOT_NULL(test,
			      alloc_io_pgtable_ops(guest ? AMD_IOMMU_V2 :
							   AMD_IOMMU_V1,
						   &domain->iop.pgtbl.cfg,
						   domain));
	if (guest || levels)
		return;
	iommu_free_page(domain->iop.root);
	domain->iop.root = NULL;
	domain->iop.mode = PAGE_MODE_NONE;
}

/**
 * amd_xsmmu_test_free_tables - let the driver free them
 * @domain: the domain
 */
static inline void amd_xsmmu_test_free_tables(struct protection_domain *domain)
{
	free_io_pgtable_ops(&domain->iop.pgtbl.ops);
}

/*
 * Do the driver's own flushes find the fake IOMMUs? Here always, by what the domain
 * has counted and listed.
 */
static inline void amd_xsmmu_test_find_fakes(bool find)
{
}

/*
 * The first command of a flush of v2 tables whose loss the driver reports without a
 * warning with a backtrace.
 */
static inline unsigned int amd_xsmmu_test_first_quiet(void)
{
	return 2;
}

/**
 * amd_xsmmu_test_resize_log - change the size that the driver takes for the logs'
 * @size: the new size in bytes, a power of two
 *
 * Return: the old size, or 0 if the size is a constant.
 */
static inline u32 amd_xsmmu_test_resize_log(u32 size)
{
	u32 old = amd_iommu_evtlog_size;

	amd_iommu_evtlog_size = size;
	return old;
}

/**
 * amd_xsmmu_test_can_attach - can the driver attach a device that only tests know?
 * @test: owns what is allocated
 * @iommu: the IOMMU of the device, prepared for that
 *
 * A device with v2 tables gets a domain id. The driver has ids if it has found an IOMMU.
 */
static inline bool amd_xsmmu_test_can_attach(struct kunit *test,
					     struct amd_iommu *iommu)
{
	struct amd_iommu_pci_seg *seg = iommu->pci_seg;
	unsigned int i;

	if (!amd_iommu_pd_alloc_bitmap)
		return false;
	iommu->dev = kunit_kzalloc(test, sizeof(*iommu->dev), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, iommu->dev);
	set_dev_node(&iommu->dev->dev, NUMA_NO_NODE);
	if (seg->dev_table)
		return true;
	seg->dev_table = kunit_kcalloc(test, AMD_XSMMU_TEST_DEVICES,
				       sizeof(*seg->dev_table), GFP_KERNEL);
	seg->alias_table = kunit_kcalloc(test, AMD_XSMMU_TEST_DEVICES,
					 sizeof(*seg->alias_table), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, seg->dev_table);
	KUNIT_ASSERT_NOT_NULL(test, seg->alias_table);
	for (i = 0; i < AMD_XSMMU_TEST_DEVICES; i++)
		seg->alias_table[i] = i;
	return true;
}

/**
 * amd_xsmmu_test_attach - let the driver attach a device to a domain
 * @test: fails if the driver does
 * @domain: the domain, with tables
 * @dev_data: the device, which is no PCI device, behind an IOMMU for which
 *	amd_xsmmu_test_can_attach() is true
 */
static inline void amd_xsmmu_test_attach(struct kunit *test,
					 struct protection_domain *domain,
					 struct iommu_dev_data *dev_data)
{
	const struct iommu_domain_ops *ops = amd_iommu_ops.default_domain_ops;
	int err, levels = amd_iommu_max_glx_val;

	KUNIT_ASSERT_LT(test, dev_data->devid, AMD_XSMMU_TEST_DEVICES);
	mutex_init(&dev_data->mutex);
	spin_lock_init(&dev_data->dte_lock);
	dev_data->dev->iommu->priv = dev_data;
	/* The IOMMUs of this machine may know no v2 tables. */
	amd_iommu_max_glx_val = 0;
	err = ops->attach_dev(&domain->domain, dev_data->dev);
	amd_iommu_max_glx_val = levels;
	KUNIT_ASSERT_EQ(test, err, 0);
}

/**
 * amd_xsmmu_test_detach - let the driver detach a device from its domain
 * @test: fails if the driver does
 * @dev_data: the device
 */
static inline void amd_xsmmu_test_detach(struct kunit *test,
					 struct iommu_dev_data *dev_data)
{
	struct iommu_domain *blocked = amd_iommu_ops.blocked_domain;

	KUNIT_ASSERT_EQ(test, 0, blocked->ops->attach_dev(blocked,
							  dev_data->dev));
}

/**
 * amd_xsmmu_test_table_id - the domain id in a device's table entry
 * @dev_data: the device, which the driver has attached
 *
 * Return: the id by which the IOMMU caches the device's translations.
 */
static inline u16 amd_xsmmu_test_table_id(struct iommu_dev_data *dev_data)
{
	struct amd_iommu *iommu = get_amd_iommu_from_dev_data(dev_data);

	return iommu->pci_seg->dev_table[dev_data->devid].data[1] & 0xffff;
}

#endif /* _AMD_XSMMU_TEST_BASE_H */
