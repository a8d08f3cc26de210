/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Domains, devices and SMMUs as Linux 7.3's arm-smmu-v3 stores them, built by hand
 * or by the driver for the tests in xsmmu-test.c.
 *
 * Include order: after xsmmu-glue.h.
 */
#ifndef _ARM_SMMU_V3_XSMMU_TEST_BASE_H
#define _ARM_SMMU_V3_XSMMU_TEST_BASE_H

#include <kunit/test.h>
#include <linux/dma-map-ops.h>
#include <linux/err.h>
#include <linux/idr.h>
#include <linux/iommu.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/log2.h>
#include <linux/mutex.h>
#include <linux/overflow.h>
#include <linux/rcupdate.h>
#include <linux/scatterlist.h>
#include <linux/sizes.h>
#include <linux/spinlock.h>

/* All values of @stage with which a domain has stage-2 tables. */
static const enum arm_smmu_domain_stage arm_smmu_xsmmu_test_stage2[] = {
	ARM_SMMU_DOMAIN_S2,
};

/**
 * arm_smmu_xsmmu_test_bypass - let a domain translate nothing
 * @d: the domain
 *
 * Return: false if this kernel has no such domains with the paging ops. Here they
 * have ops of their own.
 */
static inline bool arm_smmu_xsmmu_test_bypass(struct arm_smmu_domain *d)
{
	return false;
}

/** arm_smmu_xsmmu_test_set_asid - give a domain with stage-1 tables an ASID */
static inline void arm_smmu_xsmmu_test_set_asid(struct arm_smmu_domain *d,
						u16 asid)
{
	d->cd.asid = asid;
}

/* A list of so many invalidations, all of them still zero. */
static inline struct arm_smmu_invs *
arm_smmu_xsmmu_test_invs(struct kunit *test, size_t n)
{
	struct arm_smmu_invs *invs;

	invs = kunit_kzalloc(test, struct_size(invs, inv, n), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, invs);
	invs->max_invs = n;
	rwlock_init(&invs->rwlock);
	return invs;
}

/**
 * arm_smmu_xsmmu_test_init_domain - give a domain made by hand what the driver needs
 * @test: owns the memory
 * @d: the domain; it has its SMMU, its stage, and its ASID or VMID
 *
 * The driver invalidates the domain, but attaches no device to it. Here it invalidates
 * what is in the list of the domain: the one ASID or VMID.
 */
static inline void arm_smmu_xsmmu_test_init_domain(struct kunit *test,
						   struct arm_smmu_domain *d)
{
	struct arm_smmu_invs *invs = arm_smmu_xsmmu_test_invs(test, 1);
	bool el2 = d->smmu->features & ARM_SMMU_FEAT_E2H;
	struct arm_smmu_inv *inv = &invs->inv[0];

	inv->smmu = d->smmu;
	inv->pgsize = ilog2(SZ_4K);
	inv->users = 1;
	if (d->stage == ARM_SMMU_DOMAIN_S2) {
		inv->type = INV_TYPE_S2_VMID;
		inv->size_opcode = CMDQ_OP_TLBI_S2_IPA;
		inv->nsize_opcode = CMDQ_OP_TLBI_S12_VMALL;
		inv->id = d->s2_cfg.vmid;
	} else {
		inv->type = INV_TYPE_S1_ASID;
		inv->size_opcode = el2 ? CMDQ_OP_TLBI_EL2_VA :
					 CMDQ_OP_TLBI_NH_VA;
		inv->nsize_opcode = el2 ? CMDQ_OP_TLBI_EL2_ASID :
					  CMDQ_OP_TLBI_NH_ASID;
		inv->id = d->cd.asid;
	}
	invs->num_invs = 1;
	INIT_LIST_HEAD(&d->devices);
	rcu_assign_pointer(d->invs, invs);
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
	struct arm_smmu_master_domain *link;

	link = kunit_kzalloc(test, sizeof(*link), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, link);
	link->domain = &d->domain;
	link->master = master;
	link->ssid = pasid;
	master->xsmmu_ats = ats;
	list_add_tail(&link->devices_elm, &d->devices);
	return true;
}

/**
 * arm_smmu_xsmmu_test_domain_alloc - let the driver allocate a DMA domain
 * @dev: the device that it is for, or NULL. With a device the driver makes the tables at
 *	once. Without one it allocates what it needs before it makes them
 *
 * Return: the domain, without what the core sets in it; or NULL.
 */
static inline struct iommu_domain *
arm_smmu_xsmmu_test_domain_alloc(struct device *dev)
{
	const struct iommu_ops *ops;
	struct iommu_domain *domain;
	struct arm_smmu_domain *d;

	if (!dev) {
		d = arm_smmu_domain_alloc();
		return IS_ERR(d) ? NULL : &d->domain;
	}
	ops = arm_smmu_xsmmu_test_ops();
	domain = ops->domain_alloc_paging_flags(dev, 0, NULL);
	return IS_ERR(domain) ? NULL : domain;
}

/* The stream table of a fake SMMU, for so many streams. */
#define ARM_SMMU_XSMMU_TEST_STREAMS	4

/** arm_smmu_xsmmu_test_init_attach - give a device and its SMMU what an attach needs */
static inline void arm_smmu_xsmmu_test_init_attach(struct kunit *test,
						   struct arm_smmu_master *master)
{
	struct arm_smmu_device *smmu = master->smmu;
	struct arm_smmu_strtab_cfg *cfg = &smmu->strtab_cfg;

	master->build_invs = arm_smmu_xsmmu_test_invs(test,
						      2 + master->num_streams);
	mutex_init(&smmu->streams_mutex);
	cfg->linear.num_ents = ARM_SMMU_XSMMU_TEST_STREAMS;
	cfg->linear.table = kunit_kcalloc(test, cfg->linear.num_ents,
					  sizeof(*cfg->linear.table),
					  GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, cfg->linear.table);
	/* It is empty again when the domains are freed, and owns no memory then. */
	ida_init(&smmu->vmid_map);
}

/**
 * arm_smmu_xsmmu_test_attach - let the driver attach a device; as the core does
 * @domain: the domain
 * @dev: the device; it was attached to none before
 *
 * The core holds the lock of the device's group, and the driver asserts that. A device
 * made by hand has no group.
 */
static inline int arm_smmu_xsmmu_test_attach(struct iommu_domain *domain,
					     struct device *dev)
{
	int err;

	lockdep_off();
	err = domain->ops->attach_dev(domain, dev, NULL);
	lockdep_on();
	return err;
}

/* Define DMA operations. @map is told the CPU address of a buffer. */
#define DEFINE_ARM_SMMU_XSMMU_TEST_OPS(name, map, unmap, clean)		\
static const struct dma_map_ops name = {				\
	.map_phys		= map,					\
	.unmap_phys		= unmap,				\
	.sync_single_for_device	= clean,				\
}

/** arm_smmu_xsmmu_test_map_sg - map a list; as iommu_map_sg() */
static inline ssize_t
arm_smmu_xsmmu_test_map_sg(struct iommu_domain *domain, unsigned long iova,
			   struct scatterlist *sg, unsigned int nents, int prot)
{
	return iommu_map_sg(domain, iova, sg, nents, prot, GFP_KERNEL);
}

/* Does a mapping fail if iotlb_sync_map does? */
#define ARM_SMMU_XSMMU_TEST_SYNC_MAP_TELLS	true

static unsigned int arm_smmu_xsmmu_test_choices;

static struct arm_smmu_cmdq *
arm_smmu_xsmmu_test_choose(struct arm_smmu_device *smmu,
			   struct arm_smmu_cmd *cmd)
{
	arm_smmu_xsmmu_test_choices++;
	return NULL;
}

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
	static const struct arm_smmu_impl_ops ops = {
		.get_secondary_cmdq = arm_smmu_xsmmu_test_choose,
	};

	smmu->impl_ops = &ops;
	arm_smmu_xsmmu_test_choices = 0;
	return &arm_smmu_xsmmu_test_choices;
}

#endif /* _ARM_SMMU_V3_XSMMU_TEST_BASE_H */
