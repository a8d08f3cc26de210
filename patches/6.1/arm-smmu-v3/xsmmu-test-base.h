/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Domains, devices and SMMUs as Linux 6.1's arm-smmu-v3 stores them, built by hand
 * or by the driver for the tests in xsmmu-test.c.
 *
 * Include order: after xsmmu-glue.h.
 */
#ifndef _ARM_SMMU_V3_XSMMU_TEST_BASE_H
#define _ARM_SMMU_V3_XSMMU_TEST_BASE_H

#include <kunit/test.h>
#include <linux/dma-map-ops.h>
#include <linux/iommu.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/scatterlist.h>

/* All values of @stage with which a domain has stage-2 tables. */
static const enum arm_smmu_domain_stage arm_smmu_xsmmu_test_stage2[] = {
	ARM_SMMU_DOMAIN_S2, ARM_SMMU_DOMAIN_NESTED,
};

/**
 * arm_smmu_xsmmu_test_bypass - let a domain translate nothing
 * @d: the domain
 *
 * Return: false if this kernel has no such domains with the paging ops.
 */
static inline bool arm_smmu_xsmmu_test_bypass(struct arm_smmu_domain *d)
{
	d->stage = ARM_SMMU_DOMAIN_BYPASS;
	return true;
}

/** arm_smmu_xsmmu_test_set_asid - give a domain with stage-1 tables an ASID */
static inline void arm_smmu_xsmmu_test_set_asid(struct arm_smmu_domain *d,
						u16 asid)
{
	d->s1_cfg.cd.asid = asid;
}

/**
 * arm_smmu_xsmmu_test_init_domain - give a domain made by hand what the driver needs
 * @test: owns the memory
 * @d: the domain; it has its SMMU, its stage, and its ASID or VMID
 *
 * The driver invalidates the domain, but attaches no device to it.
 */
static inline void arm_smmu_xsmmu_test_init_domain(struct kunit *test,
						   struct arm_smmu_domain *d)
{
	INIT_LIST_HEAD(&d->devices);
}

/**
 * arm_smmu_xsmmu_test_link - put a device into the list of a domain
 * @test: owns the memory of the membership; fails if there is none
 * @d: the domain
 * @master: the device
 * @ats: it uses ATS
 * @pasid: it uses the domain by this PASID; 0 for none
 *
 * Return: false if this kernel knows no paging domains of PASIDs.
 */
static inline bool arm_smmu_xsmmu_test_link(struct kunit *test,
					    struct arm_smmu_domain *d,
					    struct arm_smmu_master *master,
					    bool ats, u32 pasid)
{
	if (pasid)
		return false;
	master->ats_enabled = ats;
	list_add_tail(&master->domain_head, &d->devices);
	return true;
}

/**
 * arm_smmu_xsmmu_test_domain_alloc - let the driver allocate a DMA domain
 * @dev: the device that it is for, or NULL. This kernel does not tell the driver
 *
 * Return: the domain, without what the core sets in it; or NULL.
 */
static inline struct iommu_domain *
arm_smmu_xsmmu_test_domain_alloc(struct device *dev)
{
	return arm_smmu_xsmmu_test_ops()->domain_alloc(IOMMU_DOMAIN_DMA);
}

/* The stream table of a fake SMMU, for so many streams. */
#define ARM_SMMU_XSMMU_TEST_STREAMS	4

/** arm_smmu_xsmmu_test_init_attach - give a device and its SMMU what an attach needs */
static inline void arm_smmu_xsmmu_test_init_attach(struct kunit *test,
						   struct arm_smmu_master *master)
{
	struct arm_smmu_device *smmu = master->smmu;

	smmu->ias = 48;
	smmu->strtab_cfg.strtab =
		kunit_kzalloc(test, ARM_SMMU_XSMMU_TEST_STREAMS *
				    STRTAB_STE_DWORDS * sizeof(__le64),
			      GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, smmu->strtab_cfg.strtab);
}

/** arm_smmu_xsmmu_test_attach - let the driver attach a device; as the core does */
static inline int arm_smmu_xsmmu_test_attach(struct iommu_domain *domain,
					     struct device *dev)
{
	return domain->ops->attach_dev(domain, dev);
}

/*
 * Define DMA operations. @map is told the CPU address of a buffer, and here the DMA
 * API tells the page and the offset.
 */
#define DEFINE_ARM_SMMU_XSMMU_TEST_OPS(name, map, unmap, clean)		\
static dma_addr_t name##_map_page(struct device *dev, struct page *page, \
				  unsigned long offset, size_t size,	\
				  enum dma_data_direction dir,		\
				  unsigned long attrs)			\
{									\
	return map(dev, page_to_phys(page) + offset, size, dir, attrs);	\
}									\
static const struct dma_map_ops name = {				\
	.map_page		= name##_map_page,			\
	.unmap_page		= unmap,				\
	.sync_single_for_device	= clean,				\
}

/** arm_smmu_xsmmu_test_map_sg - map a list; as iommu_map_sg() */
static inline ssize_t
arm_smmu_xsmmu_test_map_sg(struct iommu_domain *domain, unsigned long iova,
			   struct scatterlist *sg, unsigned int nents, int prot)
{
	return iommu_map_sg(domain, iova, sg, nents, prot);
}

/* Does a mapping fail if iotlb_sync_map does? Here that returns nothing. */
#define ARM_SMMU_XSMMU_TEST_SYNC_MAP_TELLS	false

/**
 * arm_smmu_xsmmu_test_count_choices - count how often a queue is chosen
 * @smmu: an SMMU
 *
 * Return: how often the driver has chosen among the queues of an SMMU; NULL if
 * this kernel knows of one queue per SMMU.
 */
static inline unsigned int *
arm_smmu_xsmmu_test_count_choices(struct arm_smmu_device *smmu)
{
	return NULL;
}

#endif /* _ARM_SMMU_V3_XSMMU_TEST_BASE_H */
