// SPDX-License-Identifier: GPL-2.0
/*
 * xSMMU backend for Intel VT-d: one IOTLB invalidation for a whole domain.
 *
 * Section numbers are those of the "Intel Virtualization Technology for Directed
 * I/O Architecture Specification", revision 4.1.
 */
#include <linux/iopoll.h>
#include <linux/pci.h>
#include "iommu.h"
#include "pasid.h"
#include "xsmmu.h"

/*
 * Descriptors of one submission. The queue has 256 places, is shared by all
 * CPUs, and a submission that does not fit waits until it does.
 */
#define XSMMU_QI_BATCH	16

/*
 * How often a submission is repeated that was aborted although it holds nothing
 * that can time out: then a device of somebody else did not answer.
 */
#define XSMMU_QI_REPEATS	16

/* How long a queue error may take to go away once it was cleared. */
#define XSMMU_QI_CLEAR_US	100000

struct xsmmu_qi_batch {
	struct intel_iommu *iommu;
	unsigned int n;
	bool devtlb;	/* holds, or has held, a device-TLB invalidation */
	struct qi_desc desc[XSMMU_QI_BATCH];
};

/*
 * Target of status writes nobody reads. A wait descriptor that writes no status
 * and raises no interrupt is not accepted everywhere, so fences write here.
 */
static u32 xsmmu_qi_scratch ____cacheline_aligned;

/* Invalidation wait descriptor (6.5.2.8) that writes @status. */
static struct qi_desc xsmmu_wait(u32 *status)
{
	return (struct qi_desc) {
		.qw0 = QI_IWD_STATUS_DATA(QI_DONE) | QI_IWD_STATUS_WRITE |
		       QI_IWD_TYPE,
		.qw1 = virt_to_phys(status),
	};
}

/*
 * A wait with the fence flag: what follows in the queue starts after what
 * precedes has completed.
 */
static struct qi_desc xsmmu_fence(void)
{
	struct qi_desc desc = xsmmu_wait(&xsmmu_qi_scratch);

	desc.qw0 |= QI_IWD_FENCE;
	return desc;
}

/*
 * IOTLB invalidation (6.5.2.3) of all of a domain's second-stage translations.
 * The hint IH says that no non-leaf entry was modified, so paging-structure
 * caches may be kept; 6.5.3.3 demands IH=0 before an unlinked table is freed.
 * The drain bits make "completed" include DMA already translated (6.5.4).
 */
static struct qi_desc xsmmu_iotlb_desc(struct intel_iommu *iommu, u16 did,
				       bool leaf_only)
{
	return (struct qi_desc) {
		.qw0 = QI_IOTLB_DID(did) |
		       QI_IOTLB_DR(!!cap_read_drain(iommu->cap)) |
		       QI_IOTLB_DW(!!cap_write_drain(iommu->cap)) |
		       QI_IOTLB_GRAN(DMA_TLB_DSI_FLUSH) | QI_IOTLB_TYPE,
		.qw1 = QI_IOTLB_IH(leaf_only),
	};
}

/*
 * PASID-based IOTLB invalidation (6.5.2.4), PASID-selective: all first-stage
 * translations of the domain. This granularity has no hint; it always drops
 * the paging-structure caches too.
 */
static struct qi_desc xsmmu_piotlb_desc(u16 did)
{
	return (struct qi_desc) {
		.qw0 = QI_EIOTLB_PASID(PASID_RID2PASID) | QI_EIOTLB_DID(did) |
		       QI_EIOTLB_GRAN(QI_GRAN_NONG_PASID) | QI_EIOTLB_TYPE,
	};
}

/*
 * Device-TLB invalidation (6.5.2.5) of everything: S=1 and all address bits
 * below 63 set names the whole 64-bit range.
 */
static struct qi_desc xsmmu_devtlb_desc(struct device_domain_info *info)
{
	u16 qdep = info->ats_qdep >= QI_DEV_IOTLB_MAX_INVS ? 0 : info->ats_qdep;

	return (struct qi_desc) {
		.qw0 = QI_DEV_IOTLB_SID(PCI_DEVID(info->bus, info->devfn)) |
		       QI_DEV_IOTLB_QDEP(qdep) | QI_DIOTLB_TYPE |
		       QI_DEV_IOTLB_PFSID(info->pfsid),
		.qw1 = QI_DEV_IOTLB_ADDR(GENMASK_ULL(62, 0)) |
		       QI_DEV_IOTLB_SIZE,
	};
}

static int xsmmu_submit(struct xsmmu_qi_batch *batch)
{
	unsigned int repeats = batch->devtlb ? 0 : XSMMU_QI_REPEATS;
	int err;

	if (!batch->n)
		return 0;
	do {
		err = qi_submit_sync(batch->iommu, batch->desc, batch->n,
				     QI_OPT_XSMMU_BOUNDED);
	} while (err == -EAGAIN && repeats--);
	batch->n = 0;
	return err;
}

static int xsmmu_add_desc(struct xsmmu_qi_batch *batch, struct qi_desc desc)
{
	int err = 0;

	if (batch->n == XSMMU_QI_BATCH)
		err = xsmmu_submit(batch);
	batch->desc[batch->n++] = desc;
	return err;
}

/* A device that was pulled out answers no more, and does no DMA either. */
static bool xsmmu_device_gone(struct device_domain_info *info)
{
	return dev_is_pci(info->dev) &&
	       to_pci_dev(info->dev)->error_state == pci_channel_io_perm_failure;
}

static int xsmmu_add_devtlbs(struct xsmmu_qi_batch *batch,
			     struct dmar_domain *domain)
{
	struct device_domain_info *info;
	int err = 0;

	batch->devtlb = true;
	list_for_each_entry_rcu(info, &domain->devices, link) {
		if (info->iommu != batch->iommu || !info->ats_enabled ||
		    xsmmu_device_gone(info))
			continue;
		err = err ?: xsmmu_add_desc(batch, xsmmu_devtlb_desc(info));
		/* Some devices need it twice; see quirk_extra_dev_tlb_flush(). */
		if (info->dtlb_extra_inval)
			err = err ?: xsmmu_add_desc(batch,
						    xsmmu_devtlb_desc(info));
	}
	return err;
}

/*
 * The device TLBs behind one IOMMU. They go after the IOTLB and a fence: until
 * the IOTLB is clean a device could refill from it (6.5.2.5). While translation
 * is off no device-TLB invalidation is sent (4.3).
 */
static int xsmmu_flush_devtlbs(struct xsmmu_qi_batch *batch,
			       struct dmar_domain *domain)
{
	int err;

	if (!domain->has_iotlb_device || !(batch->iommu->gcmd & DMA_GCMD_TE))
		return 0;
	err = xsmmu_add_desc(batch, xsmmu_fence());
	return err ?: xsmmu_add_devtlbs(batch, domain);
}

static int xsmmu_flush_iommu(struct dmar_domain *domain,
			     struct iommu_domain_info *info, bool leaf_only)
{
	struct xsmmu_qi_batch batch = { .iommu = info->iommu };
	struct qi_desc desc;
	int err;

	/* qi_submit_sync() without a queue does nothing and says success. */
	if (!info->iommu->qi)
		return -EOPNOTSUPP;
	desc = domain->flags & DOMAIN_FLAG_USE_FIRST_LEVEL ?
		xsmmu_piotlb_desc(info->did) :
		xsmmu_iotlb_desc(info->iommu, info->did, leaf_only);
	xsmmu_add_desc(&batch, desc);
	err = xsmmu_flush_devtlbs(&batch, domain);
	return err ?: xsmmu_submit(&batch);
}

/**
 * intel_xsmmu_sync_domain_iotlb - drop all translations of a domain, and wait
 * @domain: the domain
 * @leaf_only: only leaf entries changed since the last call with false
 *
 * On every IOMMU that the domain is attached to. With none there is nothing to
 * do: detaching flushed the domain's entries already.
 *
 * Context: any but NMI; interrupts may be off.
 * Return: 0 if every descriptor completed. Any error means that none can be
 * relied on.
 */
int intel_xsmmu_sync_domain_iotlb(struct iommu_domain *domain, bool leaf_only)
{
	struct dmar_domain *dmar_domain = to_dmar_domain(domain);
	struct iommu_domain_info *info;
	unsigned long i;
	int err = 0;

	/* A device may leave the domain meanwhile; see intel_xsmmu_unlink(). */
	rcu_read_lock();
	xa_for_each(&dmar_domain->iommu_array, i, info) {
		err = xsmmu_flush_iommu(dmar_domain, info, leaf_only);
		if (err)
			break;
	}
	rcu_read_unlock();
	return err;
}

/* Does the engine stand at place @head, at an error? */
static bool xsmmu_stopped(struct intel_iommu *iommu, int head)
{
	return readl(iommu->reg + DMAR_FSTS_REG) & DMA_FSTS_IQE &&
	       readl(iommu->reg + DMAR_IQH_REG) >> qi_shift(iommu) == head;
}

/*
 * Clear IQE and let the engine go on; false if the error stays. It may be set
 * again at once, by a later descriptor.
 */
static bool xsmmu_clear_iqe(struct intel_iommu *iommu, int head)
{
	bool stopped;

	writel(DMA_FSTS_IQE, iommu->reg + DMAR_FSTS_REG);
	if (read_poll_timeout_atomic(xsmmu_stopped, stopped, !stopped, 1,
				     XSMMU_QI_CLEAR_US, false, iommu, head))
		return false;
	/* Emulated queues look again only when the tail is written. */
	writel(readl(iommu->reg + DMAR_IQT_REG), iommu->reg + DMAR_IQT_REG);
	return true;
}

/**
 * intel_xsmmu_repair_qi - clear a queue error caused by one submission
 * @iommu: the IOMMU whose fault status has IQE set
 * @index: place of the submission's first descriptor
 * @wait_index: place of the wait descriptor that ends it
 *
 * On an error the head stands on the descriptor that caused it and fetching
 * stops until IQE is cleared (6.5.2.10). Replace that descriptor by a wait that
 * tells nobody, so that the rest runs and the submission's own wait still says
 * when it is over; giving up the places before that would let the status write
 * of a forgotten wait meet a later submission.
 *
 * A queue that does not accept the replacement either is beyond repair.
 *
 * Context: q_lock held.
 * Return: 0: not this submission's error. QI_XSMMU_REPAIRED: it has failed, and
 * the caller goes on waiting for its end. -EIO: give up waiting.
 */
int intel_xsmmu_repair_qi(struct intel_iommu *iommu, int index, int wait_index)
{
	struct q_inval *qi = iommu->qi;
	int shift = qi_shift(iommu);
	int head = readl(iommu->reg + DMAR_IQH_REG) >> shift;
	int offset = (head - index + QI_LENGTH) % QI_LENGTH;
	int count = (wait_index - index + QI_LENGTH) % QI_LENGTH;
	void *slot = qi->desc + (head << shift);
	struct qi_desc wait;

	/* Whoever had this place gave up: the queue stands still for good. */
	if (READ_ONCE(qi->desc_status[head]) == QI_FREE)
		return -EIO;
	if (offset > count)
		return 0;
	wait = xsmmu_wait(offset < count ? &xsmmu_qi_scratch :
					   (u32 *)&qi->desc_status[wait_index]);
	pr_err_ratelimited("xsmmu: invalidation queue error, descriptor %d of %d\n",
			   offset + 1, count + 1);
	if (!memcmp(slot, &wait, 1 << shift))
		return -EIO;
	memcpy(slot, &wait, 1 << shift);
	/* The engine fetches again once IQE is clear: the wait goes first. */
	wmb();
	return xsmmu_clear_iqe(iommu, head) ? QI_XSMMU_REPAIRED : -EIO;
}

/**
 * intel_xsmmu_aborted - was any descriptor of a submission aborted?
 * @iommu: the IOMMU
 * @index: place of the submission's first descriptor
 * @wait_index: place of the wait descriptor that ends it
 *
 * A time-out aborts what had been fetched by then (6.5.2.10). If that was only
 * the first part of the submission, its own wait, fetched later, completes and
 * says nothing about it.
 *
 * Context: q_lock held, before the places are given up.
 */
bool intel_xsmmu_aborted(struct intel_iommu *iommu, int index, int wait_index)
{
	int i;

	for (i = index; i != wait_index; i = (i + 1) % QI_LENGTH)
		if (iommu->qi->desc_status[i] == QI_ABORT)
			return true;
	return false;
}

#if IS_ENABLED(CONFIG_XSMMU_KUNIT_TEST)
#include "xsmmu-test.c"
#endif
