/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Domains, devices and page tables as Linux 6.1's AMD IOMMU driver stores them,
 * built by hand or by the driver for the tests in xsmmu-test.c.
 */
#ifndef _AMD_XSMMU_TEST_BASE_H
#define _AMD_XSMMU_TEST_BASE_H

#include <kunit/test.h>
#include <linux/amd-iommu.h>
#include <linux/io-pgtable.h>
#include "amd_iommu.h"
#include "xsmmu.h"
#include "xsmmu-base.h"

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
	domain->id = id;
}

/**
 * amd_xsmmu_test_free_domain - free what a domain's lists have allocated
 * @domain: the domain, which no sync uses any more
 */
static inline void amd_xsmmu_test_free_domain(struct protection_domain *domain)
{
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
	domain->dev_iommu[iommu->index] = counted;
}

/**
 * amd_xsmmu_test_use_guest - give a domain v2 tables, as far as syncs see
 * @domain: the domain
 */
static inline void amd_xsmmu_test_use_guest(struct protection_domain *domain)
{
	domain->flags = PD_IOMMUV2_MASK | PD_GIOV_MASK;
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
	dev_data->ats.enabled = enabled;
	dev_data->ats.qdep = qdep;
}

/**
 * amd_xsmmu_test_set_id - give a device an id of its own
 * @dev_data: the device
 * @id: the id, for later kernels
 */
static inline void amd_xsmmu_test_set_id(struct iommu_dev_data *dev_data,
					 u16 id)
{
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
	return domain->id;
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
	struct io_pgtable_ops *ops = &domain->iop.iop.ops;
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
	struct io_pgtable_ops *ops = &domain->iop.iop.ops;

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
	bool guest = domain->flags & PD_GIOV_MASK;
	u64 *root = NULL;

	if (guest || levels) {
		root = (u64 *)get_zeroed_page(GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, root);
	}
	if (guest)
		domain->gcr3_tbl = root;
	else if (levels)
		amd_iommu_domain_set_pt_root(domain,
					     (unsigned long)root | levels);
	KUNIT_ASSERT_NOT_NULL(test,
			      alloc_io_pgtable_ops(guest ? AMD_IOMMU_V2 :
							   AMD_IOMMU_V1,
						   &domain->iop.pgtbl_cfg,
						   domain));
	/*
	 * The driver refuses to map in a domain without a mode unless its default
	 * are v2 tables, which have none.
	 */
	if (guest)
		domain->iop.mode = PAGE_MODE_4_LEVEL;
}

/**
 * amd_xsmmu_test_free_tables - let the driver free them
 * @domain: the domain; forgets its devices, which the driver would look for
 */
static inline void amd_xsmmu_test_free_tables(struct protection_domain *domain)
{
	INIT_LIST_HEAD(&domain->dev_list);
	free_io_pgtable_ops(&domain->iop.iop.ops);
	if (domain->gcr3_tbl)
		free_page((unsigned long)domain->gcr3_tbl);
}

/*
 * Do the driver's own flushes find the fake IOMMUs? They walk its table, as far as
 * it is taken.
 */
static inline void amd_xsmmu_test_find_fakes(bool find)
{
	WRITE_ONCE(amd_xsmmu_test_iommus, find ? MAX_IOMMUS : 0);
}

/*
 * The first command of a flush of v2 tables whose loss the driver reports without a
 * warning with a backtrace.
 */
static inline unsigned int amd_xsmmu_test_first_quiet(void)
{
	return 1;
}

/**
 * amd_xsmmu_test_resize_log - change the size that the driver takes for the logs'
 * @size: the new size in bytes, a power of two
 *
 * Return: the old size, or 0 if the size is a constant.
 */
static inline u32 amd_xsmmu_test_resize_log(u32 size)
{
	return 0;
}

/**
 * amd_xsmmu_test_can_attach - can the driver attach a device that only tests know?
 * @test: owns what is allocated
 * @iommu: the IOMMU of the device, prepared for that
 *
 * This driver looks for the segment of a device in a list that is complete.
 */
static inline bool amd_xsmmu_test_can_attach(struct kunit *test,
					     struct amd_iommu *iommu)
{
	return false;
}

static inline void amd_xsmmu_test_attach(struct kunit *test,
					 struct protection_domain *domain,
					 struct iommu_dev_data *dev_data)
{
}

static inline void amd_xsmmu_test_detach(struct kunit *test,
					 struct iommu_dev_data *dev_data)
{
}

static inline u16 amd_xsmmu_test_table_id(struct iommu_dev_data *dev_data)
{
	return 0;
}

#endif /* _AMD_XSMMU_TEST_BASE_H */
