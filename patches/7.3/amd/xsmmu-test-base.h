/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Domains, devices and page tables as Linux 7.3's AMD IOMMU driver stores them,
 * built by hand or by the driver for the tests in xsmmu-test.c.
 */
#ifndef _AMD_XSMMU_TEST_BASE_H
#define _AMD_XSMMU_TEST_BASE_H

#include <kunit/test.h>
#include <linux/amd-iommu.h>
#include <linux/generic_pt/iommu.h>
#include <linux/pci.h>
#include <linux/xarray.h>
#include "amd_iommu.h"
#include "xsmmu.h"
#include "xsmmu-base.h"
#include "../iommu-pages.h"

/* Device ids of devices that the driver attaches are below this. */
#define AMD_XSMMU_TEST_DEVICES	64

/**
 * amd_xsmmu_test_enter - let the driver use an IOMMU
 * @iommu: the IOMMU; has the word that the driver's waits are stored to
 *
 * This driver has no table of IOMMUs. It keeps the physical address of the word.
 *
 * Return: true.
 */
static inline bool amd_xsmmu_test_enter(struct amd_iommu *iommu)
{
	iommu->cmd_sem_paddr = iommu_virt_to_phys((void *)iommu->cmd_sem);
	return true;
}

/* The opposite. */
static inline void amd_xsmmu_test_remove(struct amd_iommu *iommu)
{
}

/* An IOMMU of this machine, or NULL. */
static inline struct amd_iommu *amd_xsmmu_test_live(void)
{
	return list_first_entry_or_null(&amd_iommu_list, struct amd_iommu, list);
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
	INIT_LIST_HEAD(&domain->viommu_list);
	xa_init(&domain->iommu_array);
	domain->pd_mode = PD_MODE_V1;
	domain->id = id;
	domain->iommu.nid = NUMA_NO_NODE;
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
 * @iommu: the IOMMU
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

static inline u64 *amd_xsmmu_test_top(const struct pt_common *common)
{
	return (u64 *)(common->top_of_table & ~(uintptr_t)PT_TOP_LEVEL_MASK);
}

/* The root of a domain's tables. v2 has four levels, v1 three. */
static inline u64 *amd_xsmmu_test_root(const struct protection_domain *domain)
{
	return amd_xsmmu_is_guest(domain) ?
	       amd_xsmmu_test_top(&domain->amdv2.x86_64_pt.common) :
	       amd_xsmmu_test_top(&domain->amdv1.amdpt.common);
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
	unsigned long sizes = domain->domain.pgsize_bitmap;
	size_t mapped = 0;
	int err;

	domain->domain.pgsize_bitmap = size;
	err = domain->iommu.ops->map_range(&domain->iommu, iova, iova, size,
					   IOMMU_READ | IOMMU_WRITE, GFP_KERNEL,
					   &mapped);
	domain->domain.pgsize_bitmap = sizes;
	return err;
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
	struct iommu_iotlb_gather gather;
	size_t unmapped;

	iommu_iotlb_gather_init(&gather);
	unmapped = domain->iommu.ops->unmap_range(&domain->iommu, iova, size,
						  &gather);
	iommu_put_pages_list(&gather.freelist);
	return unmapped;
}

/* Does the driver map a page where another one is mapped? */
static inline bool amd_xsmmu_test_replaces_pages(void)
{
	return false;
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
	/* Without translation there are no tables. */
	if (!amd_xsmmu_is_guest(domain) && !levels)
		return;
	if (amd_xsmmu_is_guest(domain))
		KUNIT_ASSERT_EQ(test, 0, amd_xsmmu_test_init_v2(domain));
	else
		KUNIT_ASSERT_EQ(test, 0, amd_xsmmu_test_init_v1(domain, levels));
	domain->domain.ops = amd_xsmmu_test_domain_ops(domain);
}

/**
 * amd_xsmmu_test_free_tables - let the driver free them
 * @domain: the domain
 */
static inline void amd_xsmmu_test_free_tables(struct protection_domain *domain)
{
	pt_iommu_deinit(&domain->iommu);
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
 */
static inline bool amd_xsmmu_test_can_attach(struct kunit *test,
					     struct amd_iommu *iommu)
{
	struct amd_iommu_pci_seg *seg = iommu->pci_seg;
	unsigned int i;

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
	const struct iommu_domain_ops *ops = domain->domain.ops;
	int err, levels = amd_iommu_max_glx_val;

	KUNIT_ASSERT_LT(test, dev_data->devid, AMD_XSMMU_TEST_DEVICES);
	mutex_init(&dev_data->mutex);
	spin_lock_init(&dev_data->dte_lock);
	dev_data->dev->iommu->priv = dev_data;
	/* The IOMMUs of this machine may know no v2 tables. */
	amd_iommu_max_glx_val = 0;
	err = ops->attach_dev(&domain->domain, dev_data->dev, NULL);
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

	KUNIT_ASSERT_EQ(test, 0, blocked->ops->attach_dev(blocked, dev_data->dev,
							  &dev_data->domain->domain));
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
