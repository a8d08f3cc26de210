/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Domains as Linux 7.3's VT-d driver stores them, built by hand or by the driver
 * for the tests in xsmmu-test.c.
 */
#ifndef _INTEL_XSMMU_TEST_BASE_H
#define _INTEL_XSMMU_TEST_BASE_H

#include <kunit/test.h>
#include <linux/generic_pt/iommu.h>
#include <linux/list.h>
#include <linux/numa.h>
#include <linux/rbtree.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/xarray.h>
#include "iommu.h"
#include "xsmmu-base.h"

/**
 * intel_xsmmu_test_init_iommu - make a zeroed IOMMU one that knows no device
 * @iommu: the IOMMU
 */
static inline void intel_xsmmu_test_init_iommu(struct intel_iommu *iommu)
{
	iommu->device_rbtree = RB_ROOT;
	raw_spin_lock_init(&iommu->device_rbtree_lock);
}

/**
 * intel_xsmmu_test_init_domain - make a zeroed domain one without devices
 * @domain: the domain, with second-stage tables
 */
static inline void intel_xsmmu_test_init_domain(struct dmar_domain *domain)
{
	spin_lock_init(&domain->lock);
	spin_lock_init(&domain->cache_lock);
	INIT_LIST_HEAD(&domain->cache_tags);
	INIT_LIST_HEAD(&domain->devices);
	INIT_LIST_HEAD(&domain->dev_pasids);
	xa_init(&domain->iommu_array);
	domain->domain.ops = &intel_ss_paging_domain_ops;
}

/**
 * intel_xsmmu_test_free_domain - free what a domain's lists have allocated
 * @domain: the domain, which no sync uses any more
 */
static inline void intel_xsmmu_test_free_domain(struct dmar_domain *domain)
{
	xa_destroy(&domain->iommu_array);
}

/**
 * intel_xsmmu_test_add_iommu - attach a domain to an IOMMU
 * @test: owns the memory of the membership; fails if there is none
 * @domain: the domain
 * @iommu: the IOMMU
 * @did: the domain's id there
 */
static inline void intel_xsmmu_test_add_iommu(struct kunit *test,
					      struct dmar_domain *domain,
					      struct intel_iommu *iommu,
					      u16 did)
{
	struct iommu_domain_info *info = kunit_kzalloc(test, sizeof(*info),
						       GFP_KERNEL);
	void *old;

	KUNIT_ASSERT_NOT_NULL(test, info);
	info->iommu = iommu;
	info->did = did;
	old = xa_store(&domain->iommu_array, iommu->seq_id, info, GFP_KERNEL);
	KUNIT_ASSERT_EQ(test, 0, xa_err(old));
}

/**
 * intel_xsmmu_test_add_device - attach a device to a domain
 * @domain: the domain
 * @info: the device
 */
static inline void intel_xsmmu_test_add_device(struct dmar_domain *domain,
					       struct device_domain_info *info)
{
	list_add_tail(&info->link, &domain->devices);
}

/**
 * intel_xsmmu_test_add_pasid - attach a PASID of a device to a domain
 * @test: owns the memory of the membership; fails if there is none
 * @domain: the domain
 * @dev: the device, whose dev_iommu_priv_get() works
 * @pasid: the PASID
 *
 * Return: false if this kernel attaches no PASIDs to such domains.
 */
static inline bool intel_xsmmu_test_add_pasid(struct kunit *test,
					      struct dmar_domain *domain,
					      struct device *dev, u32 pasid)
{
	struct dev_pasid_info *dp = kunit_kzalloc(test, sizeof(*dp), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, dp);
	dp->dev = dev;
	dp->pasid = pasid;
	list_add_tail(&dp->link_domain, &domain->dev_pasids);
	return true;
}

/**
 * intel_xsmmu_test_use_first_stage - give a domain first-stage tables
 * @domain: the domain
 */
static inline void intel_xsmmu_test_use_first_stage(struct dmar_domain *domain)
{
	domain->domain.ops = &intel_fs_paging_domain_ops;
}

/* Make the tables of a domain as the driver does, for addresses of 48 bits. */
static inline int intel_xsmmu_test_init_tables(struct dmar_domain *domain)
{
	struct pt_iommu_x86_64_cfg first = {
		.common.features = BIT(PT_FEAT_SIGN_EXTEND) |
				   BIT(PT_FEAT_FLUSH_RANGE),
		.common.hw_max_vasz_lg2 = 48,
		.common.hw_max_oasz_lg2 = 52,
		.top_level = 3,
	};
	struct pt_iommu_vtdss_cfg second = {
		.common.features = BIT(PT_FEAT_FLUSH_RANGE),
		.common.hw_max_vasz_lg2 = 48,
		.common.hw_max_oasz_lg2 = 52,
		.top_level = 3,
	};

	domain->iommu.nid = NUMA_NO_NODE;
	if (intel_xsmmu_is_first_stage(domain))
		return pt_iommu_x86_64_init(&domain->fspt, &first, GFP_KERNEL);
	return pt_iommu_vtdss_init(&domain->sspt, &second, GFP_KERNEL);
}

/**
 * intel_xsmmu_test_new_domain - make a domain with tables of the driver
 * @test: fails if there is no memory
 * @first_stage: kind of its tables
 *
 * Return: the domain, attached to no IOMMU. It has page sizes 4 KiB and 2 MiB.
 */
static inline struct dmar_domain *
intel_xsmmu_test_new_domain(struct kunit *test, bool first_stage)
{
	/* The driver frees it. */
	struct dmar_domain *dmar = kzalloc(sizeof(*dmar), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, dmar);
	intel_xsmmu_test_init_domain(dmar);
	if (first_stage)
		intel_xsmmu_test_use_first_stage(dmar);
	KUNIT_ASSERT_EQ(test, 0, intel_xsmmu_test_init_tables(dmar));
	dmar->domain.type = IOMMU_DOMAIN_DMA;
	dmar->domain.pgsize_bitmap = SZ_4K | SZ_2M;
	return dmar;
}

/**
 * intel_xsmmu_test_delete_domain - let the driver free a domain and its tables
 * @dmar: the domain, which has no devices
 */
static inline void intel_xsmmu_test_delete_domain(struct dmar_domain *dmar)
{
	intel_xsmmu_test_free_domain(dmar);
	dmar->domain.ops->free(&dmar->domain);
}

/**
 * intel_xsmmu_test_set_coherent - say whether walks of a domain are coherent
 * @domain: the domain
 * @coherent: the IOMMUs look into the CPUs' caches
 */
static inline void intel_xsmmu_test_set_coherent(struct dmar_domain *domain,
						 bool coherent)
{
	struct pt_common *tables = intel_xsmmu_tables(domain);

	if (coherent)
		tables->features &= ~BIT(PT_FEAT_DMA_INCOHERENT);
	else
		tables->features |= BIT(PT_FEAT_DMA_INCOHERENT);
}

/**
 * intel_xsmmu_test_add_flushed - attach a domain to an IOMMU that the driver flushes
 * @test: owns what is allocated; fails if there is no memory
 * @domain: the domain, made by the driver
 * @iommu: the IOMMU, which has a queue
 * @did: the domain's id there
 *
 * Return: true if the driver's own flushes of the domain reach that queue.
 */
static inline bool intel_xsmmu_test_add_flushed(struct kunit *test,
						struct dmar_domain *domain,
						struct intel_iommu *iommu,
						u16 did)
{
	/* Generic code frees the tables that it replaces. */
	return false;
}

/* Has the driver a function of its own that detaches a device which is removed? */
static inline bool intel_xsmmu_test_can_release(void)
{
	return false;
}

/* Not called: the core attaches another domain before it releases a device. */
static inline void intel_xsmmu_test_probe(struct kunit *test, struct device *dev)
{
}

#endif /* _INTEL_XSMMU_TEST_BASE_H */
