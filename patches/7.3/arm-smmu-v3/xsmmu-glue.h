/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Accessors of Linux 7.3's arm-smmu-v3: what the backend asks of the driver and
 * of its page tables. They decide nothing.
 *
 * Include order: "arm-smmu-v3.h", then "xsmmu.h".
 */
#ifndef _ARM_SMMU_V3_XSMMU_GLUE_H
#define _ARM_SMMU_V3_XSMMU_GLUE_H

#include <linux/interrupt.h>
#include <linux/io-pgtable.h>
#include <linux/rculist.h>

/**
 * arm_smmu_xsmmu_context - tell what commands name a domain by
 * @domain: the domain
 * @ctx: its smmu, id and stage2 are set
 *
 * Here every domain with these ops translates, and has its SMMU before it is attached.
 * It is attached to devices of this SMMU only. The driver names the same ASID or VMID
 * in its own list of invalidations, which is empty while no device is attached.
 *
 * Context: any.
 * Return: false if the domain has no SMMU.
 */
static inline bool arm_smmu_xsmmu_context(struct iommu_domain *domain,
					  struct arm_smmu_context *ctx)
{
	struct arm_smmu_domain *smmu_domain = to_smmu_domain(domain);

	if (!smmu_domain->smmu)
		return false;
	ctx->smmu = smmu_domain->smmu;
	ctx->stage2 = smmu_domain->stage == ARM_SMMU_DOMAIN_S2;
	ctx->id = ctx->stage2 ? smmu_domain->s2_cfg.vmid :
				smmu_domain->cd.asid;
	return true;
}

/**
 * arm_smmu_xsmmu_each_ats - visit the streams of a domain that use ATS
 * @domain: the domain
 * @fn: called for each stream of each device with ATS enabled, until it returns
 *	an error; @dev is the device, @sid the StreamID
 * @arg: passed on to @fn
 *
 * The list is one of links between domain and device. A device that uses the domain
 * by several PASIDs is visited several times: its @sid stands for all of them.
 *
 * Whether ATS is on is asked of a note in the device, which is there before ATS is
 * turned on. ats_enabled is set only afterwards. The driver's own list of invalidations
 * would tell too, but it does not name the devices, and its lock may sleep on
 * PREEMPT_RT.
 *
 * Context: any; @fn runs under rcu_read_lock().
 * Return: 0, or the error of @fn.
 */
static inline int
arm_smmu_xsmmu_each_ats(struct iommu_domain *domain,
			int (*fn)(void *arg, struct device *dev, u32 sid),
			void *arg)
{
	struct arm_smmu_domain *smmu_domain = to_smmu_domain(domain);
	struct arm_smmu_master_domain *link;
	struct arm_smmu_master *master;
	unsigned int i;
	int err = 0;

	if (!atomic_read(&smmu_domain->nr_ats_masters))
		return 0;
	rcu_read_lock();
	list_for_each_entry_rcu(link, &smmu_domain->devices, devices_elm) {
		master = link->master;
		if (!READ_ONCE(master->xsmmu_ats))
			continue;
		for (i = 0; i < master->num_streams; i++)
			err = err ?: fn(arg, master->dev, master->streams[i].id);
	}
	rcu_read_unlock();
	return err;
}

/**
 * arm_smmu_xsmmu_issue - submit commands with a CMD_SYNC, and wait for that
 * @smmu: the SMMU
 * @cmds: the commands, two words each, as the SMMU reads them. Either all or none of
 *	them are TLBI commands
 * @n: their number
 * @at: set to the position of the CMD_SYNC in the queue
 *
 * Context: any but NMI; interrupts may be off.
 * Return: 0, or -ETIMEDOUT if the queue did not complete within a second. If a
 * command is an error, the driver's handler of global errors lets the queue go
 * on, and the return value does not tell.
 */
int arm_smmu_xsmmu_issue(struct arm_smmu_device *smmu, u64 *cmds,
			 unsigned int n, u32 *at);

/**
 * arm_smmu_xsmmu_skip_error - mend the error at which the command queue stands
 * @smmu: the SMMU; its error is not acknowledged yet
 *
 * Turns an illegal command into a CMD_SYNC. What the queue stands at after other
 * errors can be repeated as it is.
 *
 * Context: any but NMI. The caller excludes others that mend errors.
 */
void arm_smmu_xsmmu_skip_error(struct arm_smmu_device *smmu);

/** arm_smmu_xsmmu_driver_gerror - the driver's own handler of global errors */
irqreturn_t arm_smmu_xsmmu_driver_gerror(int irq, struct arm_smmu_device *smmu);

/* See arm_lpae_xsmmu_walk(): all tables of this driver are of that format. */
static inline u64 *arm_smmu_xsmmu_walk(struct io_pgtable_ops *ops,
				       unsigned long iova, unsigned int *shift)
{
	return arm_lpae_xsmmu_walk(ops, iova, shift);
}

/* The op of that name. The caller undoes the mapping after an error. */
static inline int arm_smmu_xsmmu_iotlb_sync_map(struct iommu_domain *domain,
						unsigned long iova, size_t size)
{
	return arm_smmu_pending_clean(to_smmu_domain(domain)->pending, iova,
				      size);
}

/*
 * For tests: issue commands without CMD_SYNC; the driver's callbacks for its page
 * tables; its ops; take a device off the list of its domain.
 */
void arm_smmu_xsmmu_test_issue(struct arm_smmu_device *smmu, u64 *cmds,
			       unsigned int n);
const struct iommu_flush_ops *arm_smmu_xsmmu_test_flush_ops(void);
const struct iommu_ops *arm_smmu_xsmmu_test_ops(void);
void arm_smmu_xsmmu_test_detach(struct iommu_domain *domain, struct device *dev);

#endif /* _ARM_SMMU_V3_XSMMU_GLUE_H */
