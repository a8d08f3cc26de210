/* SPDX-License-Identifier: GPL-2.0 */
/*
 * xSMMU in Linux 6.1's arm-smmu-v3: what the backend needs of the driver.
 *
 * Included once by arm-smmu-v3.c, below its ops, because its functions and its
 * ops are private to that file.
 */
#ifdef CONFIG_XSMMU_ARM_SMMU_V3

#include "../../xsmmu/xsmmu.h"

/*
 * Unmap, and write down what a batch has cleared. There is no flush queue in
 * xSMMU mode, so a queued gather is the core's private one.
 */
static size_t arm_smmu_xsmmu_unmap_pages(struct iommu_domain *domain,
					 unsigned long iova, size_t pgsize,
					 size_t pgcount,
					 struct iommu_iotlb_gather *gather)
{
	struct arm_smmu_pending *pending = to_smmu_domain(domain)->pending;
	/* Read first: splitting two blocks starts the gather afresh. */
	bool queued = iommu_iotlb_gather_queued(gather);
	size_t unmapped;

	unmapped = arm_smmu_unmap_pages(domain, iova, pgsize, pgcount, gather);
	if (!unmapped || !queued)
		return unmapped;
	/*
	 * The page-table code adds nothing to a queued gather, unless it had to
	 * split a block: what is cached is larger than what was unmapped then.
	 */
	if (unlikely(gather->pgsize))
		arm_smmu_pending_distrust(pending);
	arm_smmu_pending_add(pending, iova, __ffs(pgsize), unmapped / pgsize);
	return unmapped;
}

/* Returns nothing in 6.1, an int in 6.12. Nothing here can fail. */
static void arm_smmu_xsmmu_iotlb_sync_map(struct iommu_domain *domain,
					  unsigned long iova, size_t size)
{
	arm_smmu_pending_clean(to_smmu_domain(domain)->pending, iova, size);
}

/* A coherent SMMU with range invalidation: it pays for a short log, no more. */
static const struct iommu_domain_ops arm_smmu_xsmmu_coherent_ops = {
	.attach_dev		= arm_smmu_attach_dev,
	.map_pages		= arm_smmu_map_pages,
	.unmap_pages		= arm_smmu_xsmmu_unmap_pages,
	.flush_iotlb_all	= arm_smmu_flush_iotlb_all,
	.iotlb_sync		= arm_smmu_iotlb_sync,
	.sync_domain_iotlb	= arm_smmu_xsmmu_sync_domain_iotlb,
	.iova_to_phys		= arm_smmu_iova_to_phys,
	.enable_nesting		= arm_smmu_enable_nesting,
	.free			= arm_smmu_domain_free,
};

static const struct iommu_domain_ops arm_smmu_xsmmu_noncoherent_ops = {
	.attach_dev		= arm_smmu_attach_dev,
	.map_pages		= arm_smmu_map_pages,
	.unmap_pages		= arm_smmu_xsmmu_unmap_pages,
	.flush_iotlb_all	= arm_smmu_flush_iotlb_all,
	.iotlb_sync_map		= arm_smmu_xsmmu_iotlb_sync_map,
	.iotlb_sync		= arm_smmu_iotlb_sync,
	.sync_domain_iotlb	= arm_smmu_xsmmu_sync_domain_iotlb,
	.iova_to_phys		= arm_smmu_iova_to_phys,
	.enable_nesting		= arm_smmu_enable_nesting,
	.free			= arm_smmu_domain_free,
};

/*
 * Give a domain that nothing is mapped in yet the ops that suit its SMMU. A
 * coherent one without ranges keeps the driver's, and so does one whose log
 * cannot be had: its entries are cleaned at once.
 */
void arm_smmu_xsmmu_adopt(struct iommu_domain *domain)
{
	struct arm_smmu_domain *smmu_domain = to_smmu_domain(domain);
	u32 features = smmu_domain->smmu->features;
	bool ranges = features & ARM_SMMU_FEAT_RANGE_INV;
	bool coherent = features & ARM_SMMU_FEAT_COHERENCY;

	if (coherent && !ranges)
		return;
	smmu_domain->pending = arm_smmu_pending_alloc(smmu_domain->pgtbl_ops,
						      ranges);
	if (smmu_domain->pending)
		domain->ops = coherent ? &arm_smmu_xsmmu_coherent_ops :
					 &arm_smmu_xsmmu_noncoherent_ops;
}

void arm_smmu_xsmmu_finalise(struct iommu_domain *domain)
{
	if (xsmmu_mode() && iommu_is_dma_domain(domain))
		arm_smmu_xsmmu_adopt(domain);
}

void arm_smmu_xsmmu_release(struct arm_smmu_domain *smmu_domain)
{
	arm_smmu_pending_free(smmu_domain->pending);
}

/* A table was unlinked, and its invalidation may have failed unheard. */
void arm_smmu_xsmmu_unlinked_table(struct arm_smmu_domain *smmu_domain)
{
	if (smmu_domain->pending)
		arm_smmu_pending_distrust(smmu_domain->pending);
}

/* What commands name a domain by; false if there is nothing to invalidate. */
bool arm_smmu_xsmmu_context(struct iommu_domain *domain,
			    struct arm_smmu_context *ctx)
{
	struct arm_smmu_domain *smmu_domain = to_smmu_domain(domain);
	bool stage1 = smmu_domain->stage == ARM_SMMU_DOMAIN_S1;

	if (!smmu_domain->smmu || smmu_domain->stage == ARM_SMMU_DOMAIN_BYPASS)
		return false;
	ctx->smmu = smmu_domain->smmu;
	ctx->pending = smmu_domain->pending;
	ctx->id = stage1 ? smmu_domain->s1_cfg.cd.asid :
			   smmu_domain->s2_cfg.vmid;
	ctx->stage2 = !stage1;
	ctx->granule = __ffs(domain->pgsize_bitmap);
	return true;
}

int arm_smmu_xsmmu_issue(struct arm_smmu_device *smmu, u64 *cmds,
			 unsigned int n)
{
	return arm_smmu_cmdq_issue_cmdlist(smmu, cmds, n, true);
}

/* A device that was pulled out answers no more, and does no DMA either. */
static bool arm_smmu_xsmmu_gone(struct device *dev)
{
	return dev_is_pci(dev) &&
	       to_pci_dev(dev)->error_state == pci_channel_io_perm_failure;
}

static int arm_smmu_xsmmu_each_stream(struct arm_smmu_master *master,
				      int (*fn)(void *arg, u32 sid), void *arg)
{
	unsigned int i;
	int err = 0;

	if (!master->ats_enabled || arm_smmu_xsmmu_gone(master->dev))
		return 0;
	for (i = 0; i < master->num_streams; i++)
		err = err ?: fn(arg, master->streams[i].id);
	return err;
}

/* The streams whose devices may hold translations of a domain, until an error. */
int arm_smmu_xsmmu_visit_ats(struct iommu_domain *domain,
			     int (*fn)(void *arg, u32 sid), void *arg)
{
	struct arm_smmu_domain *smmu_domain = to_smmu_domain(domain);
	struct arm_smmu_master *master;
	int err = 0;

	if (!(smmu_domain->smmu->features & ARM_SMMU_FEAT_ATS))
		return 0;
	/*
	 * A1: the SMMU's own TLBs are clean, then the number of ATS devices and
	 * their list are read. Pairs with the barrier that arm_smmu_enable_ats()
	 * has, in its own ATC invalidation, between the entry in both and the
	 * write that turns ATS on. A device that could fill its TLB before the
	 * SMMU's were clean is in the list; one that is not yet has nothing
	 * stale to fill it from.
	 */
	smp_mb();
	if (!atomic_read(&smmu_domain->nr_ats_masters))
		return 0;
	rcu_read_lock();
	list_for_each_entry_rcu(master, &smmu_domain->devices, domain_head)
		err = err ?: arm_smmu_xsmmu_each_stream(master, fn, arg);
	rcu_read_unlock();
	return err;
}

#if IS_ENABLED(CONFIG_XSMMU_KUNIT_TEST)
void arm_smmu_xsmmu_test_gerror(struct arm_smmu_device *smmu)
{
	arm_smmu_gerror_handler(0, smmu);
}

void arm_smmu_xsmmu_test_issue(struct arm_smmu_device *smmu, u64 *cmds,
			       unsigned int n)
{
	arm_smmu_cmdq_issue_cmdlist(smmu, cmds, n, false);
}

const struct iommu_flush_ops *arm_smmu_xsmmu_test_flush_ops(void)
{
	return &arm_smmu_flush_ops;
}
#endif
#endif /* CONFIG_XSMMU_ARM_SMMU_V3 */
