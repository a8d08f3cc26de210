// SPDX-License-Identifier: GPL-2.0
/*
 * xSMMU backend for Intel VT-d: one IOTLB invalidation for a whole domain, or
 * invalidations of a few runs of its pages.
 *
 * Section numbers are those of the "Intel Virtualization Technology for
 * Directed I/O Architecture Specification", revision 4.1.
 */
#include <linux/init.h>
#include <linux/pci.h>
#include "../xsmmu/blocks.h"
#include "iommu.h"
#include "xsmmu.h"
#include "xsmmu-base.h"

/*
 * Descriptors of one submission. The queue has 256 slots that all CPUs share,
 * and a submission that does not fit waits until it does.
 */
#define VTD_BATCH	16

/*
 * How often to repeat a submission that was aborted because a device of another
 * submission did not answer.
 */
#define VTD_REPEATS	16

/*
 * The most blocks that a sync names. To name them costs each TLB, the IOMMU's and
 * those of the devices, a descriptor per block. To drop everything costs one
 * descriptor, and then a walk, of one read of memory or more, for every page that
 * the devices go on using. A NIC uses hundreds. So a block more is cheap as long as
 * all fit into one submission with one wait. An estimate: no hardware was measured.
 */
static struct xsmmu_limit vtd_most_blocks = {
	.value = VTD_BATCH, .most = XSMMU_MAX_BLOCKS,
};

/**
 * struct intel_xsmmu_sync - the state of one sync
 * @domain: the domain
 * @leaf_only: only leaf entries changed
 * @blocks: the pages to name, whose leaf entries changed; NULL: drop everything
 * @order: log2 of the pages of the largest block that each IOMMU can name
 * @iommu: the IOMMU that is being invalidated
 * @n: number of descriptors in @desc that were not submitted yet
 * @desc: the descriptors. Left uninitialised, entries are written before use.
 */
struct intel_xsmmu_sync {
	struct dmar_domain *domain;
	bool leaf_only;
	const struct xsmmu_blocks *blocks;
	unsigned int order;
	struct intel_iommu *iommu;
	unsigned int n;
	struct qi_desc desc[VTD_BATCH];
};

/*
 * IOTLB invalidation (6.5.2.3) of all of a domain's second-stage translations.
 * The hint IH says that no non-leaf entry was modified, so the IOMMU may keep
 * its paging-structure caches. 6.5.3.3 demands IH=0 before an unlinked table
 * is freed. With the drain bits, the invalidation completes only after DMA
 * requests that were already translated (6.5.4).
 */
static struct qi_desc vtd_iotlb_desc(struct intel_iommu *iommu, u16 did,
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
 * The same of a block of pages: page-selective-within-domain. IH=1, because only
 * leaf entries were cleared.
 */
static struct qi_desc vtd_iotlb_block_desc(struct intel_iommu *iommu, u16 did,
					   u64 block)
{
	return (struct qi_desc) {
		.qw0 = QI_IOTLB_DID(did) |
		       QI_IOTLB_DR(!!cap_read_drain(iommu->cap)) |
		       QI_IOTLB_DW(!!cap_write_drain(iommu->cap)) |
		       QI_IOTLB_GRAN(DMA_TLB_PSI_FLUSH) | QI_IOTLB_TYPE,
		.qw1 = QI_IOTLB_ADDR(xsmmu_block_addr(block)) |
		       QI_IOTLB_IH(1) |
		       QI_IOTLB_AM(xsmmu_block_order(block)),
	};
}

/*
 * PASID-based IOTLB invalidation (6.5.2.4), PASID-selective: all first-stage
 * translations of the domain. This granularity has no hint; it always drops
 * the paging-structure caches too.
 */
static struct qi_desc vtd_piotlb_desc(u16 did, u32 pasid)
{
	return (struct qi_desc) {
		.qw0 = QI_EIOTLB_PASID(pasid) | QI_EIOTLB_DID(did) |
		       QI_EIOTLB_GRAN(QI_GRAN_NONG_PASID) | QI_EIOTLB_TYPE,
	};
}

/* The same of a block of pages: page-selective-within-PASID, with IH=1. */
static struct qi_desc vtd_piotlb_block_desc(u16 did, u32 pasid, u64 block)
{
	return (struct qi_desc) {
		.qw0 = QI_EIOTLB_PASID(pasid) | QI_EIOTLB_DID(did) |
		       QI_EIOTLB_GRAN(QI_GRAN_PSI_PASID) | QI_EIOTLB_TYPE,
		.qw1 = QI_EIOTLB_ADDR(xsmmu_block_addr(block)) |
		       QI_EIOTLB_IH(1) |
		       QI_EIOTLB_AM(xsmmu_block_order(block)),
	};
}

/*
 * Device-TLB invalidation (6.5.2.5) of all addresses: S=1 and all address bits
 * below 63 set give the whole 64-bit range.
 */
#define VTD_DEVTLB_ALL						\
	(QI_DEV_IOTLB_ADDR(GENMASK_ULL(62, 0)) | QI_DEV_IOTLB_SIZE)

/*
 * @pages: the second word, which names everything or a block. With a PASID it is a
 * PASID-based device-TLB invalidation (6.5.2.6), whose second word is the same.
 */
static struct qi_desc vtd_devtlb_desc(struct device_domain_info *info,
				      u32 pasid, u64 pages)
{
	u16 qdep = info->ats_qdep >= QI_DEV_IOTLB_MAX_INVS ? 0 : info->ats_qdep;
	u16 sid = PCI_DEVID(info->bus, info->devfn);

	if (pasid != INTEL_XSMMU_NO_PASID)
		return (struct qi_desc) {
			.qw0 = QI_DEV_EIOTLB_PASID(pasid) |
			       QI_DEV_EIOTLB_SID(sid) |
			       QI_DEV_EIOTLB_QDEP(qdep) | QI_DEIOTLB_TYPE |
			       QI_DEV_IOTLB_PFSID(info->pfsid),
			.qw1 = pages,
		};
	return (struct qi_desc) {
		.qw0 = QI_DEV_IOTLB_SID(sid) |
		       QI_DEV_IOTLB_QDEP(qdep) | QI_DIOTLB_TYPE |
		       QI_DEV_IOTLB_PFSID(info->pfsid),
		.qw1 = pages,
	};
}

static int vtd_submit(struct intel_xsmmu_sync *sync)
{
	unsigned int repeats = VTD_REPEATS;
	int err;

	if (!sync->n)
		return 0;
	do {
		err = qi_submit_sync(sync->iommu, sync->desc, sync->n,
				     QI_OPT_XSMMU_BOUNDED);
	} while (err == -ECANCELED && repeats--);
	sync->n = 0;
	return err;
}

static int vtd_add(struct intel_xsmmu_sync *sync, struct qi_desc desc)
{
	int err = 0;

	if (sync->n == VTD_BATCH)
		err = vtd_submit(sync);
	sync->desc[sync->n++] = desc;
	return err;
}

/* A device that was pulled out does not answer, and does no DMA either. */
static bool vtd_device_gone(struct device_domain_info *info)
{
	if (!dev_is_pci(info->dev))
		return false;
	return to_pci_dev(info->dev)->error_state ==
	       pci_channel_io_perm_failure;
}

static int vtd_add_devtlb(struct intel_xsmmu_sync *sync,
			  struct device_domain_info *info, u32 pasid)
{
	const struct xsmmu_blocks *b = sync->blocks;
	unsigned int i;
	int err = 0;
	u64 pages;

	if (!b)
		return vtd_add(sync, vtd_devtlb_desc(info, pasid,
						     VTD_DEVTLB_ALL));
	for (i = 0; !err && i < b->n; i++) {
		pages = xsmmu_block_by_zero(b->block[i]);
		err = vtd_add(sync, vtd_devtlb_desc(info, pasid, pages));
	}
	return err;
}

static int vtd_add_device(struct intel_xsmmu_sync *sync,
			  struct device_domain_info *info, u32 pasid)
{
	int err;

	if (!info->ats_enabled || vtd_device_gone(info))
		return 0;
	err = vtd_add_devtlb(sync, info, pasid);
	/* Some devices need it twice; see quirk_extra_dev_tlb_flush(). */
	if (info->dtlb_extra_inval)
		err = err ?: vtd_add_devtlb(sync, info, pasid);
	return err;
}

static int vtd_add_iotlb(struct intel_xsmmu_sync *sync, u16 did, u32 pasid)
{
	bool first_stage = intel_xsmmu_is_first_stage(sync->domain);
	const struct xsmmu_blocks *b = sync->blocks;
	unsigned int i;
	int err = 0;

	if (!b)
		return vtd_add(sync, first_stage ?
				     vtd_piotlb_desc(did, pasid) :
				     vtd_iotlb_desc(sync->iommu, did,
						    sync->leaf_only));
	for (i = 0; !err && i < b->n; i++)
		err = vtd_add(sync, first_stage ?
				    vtd_piotlb_block_desc(did, pasid,
							  b->block[i]) :
				    vtd_iotlb_block_desc(sync->iommu, did,
							 b->block[i]));
	return err;
}

static int vtd_sync_iotlb(struct intel_xsmmu_sync *sync, u16 did, u32 pasid)
{
	int err = vtd_add_iotlb(sync, did, pasid);

	return err ?: vtd_submit(sync);
}

/*
 * Can an IOMMU name blocks, and how large? PSI and MAMV (10.4.2) are about second-
 * stage translations. No such limit is given for first-stage ones, and the same
 * one is safe there.
 */
static int vtd_find_order(struct intel_xsmmu_sync *sync,
			  struct intel_iommu *iommu, u16 did, u32 pasid)
{
	if (!iommu->qi)
		return -EOPNOTSUPP;
	if (!cap_pgsel_inv(iommu->cap))
		return -E2BIG;
	sync->order = min_t(unsigned int, sync->order,
			    cap_max_amask_val(iommu->cap));
	return 0;
}

/*
 * Invalidate the device TLBs behind an IOMMU. Its IOTLB is clean: until then a
 * device could refill its TLB from it (6.5.2.5).
 */
static int vtd_sync_devices(struct intel_xsmmu_sync *sync)
{
	int err;

	/* No device-TLB invalidation is sent while translation is off (4.3). */
	if (!(sync->iommu->gcmd & DMA_GCMD_TE))
		return 0;
	/*
	 * A2, pairs with the device's first request for a translation: the
	 * IOTLB is clean, then ats_enabled is read. A device that is left out
	 * asks only after ats_enabled was set, so it is not answered from what
	 * the IOTLB held before.
	 * Litmus: intel-a2
	 */
	smp_mb();
	err = intel_xsmmu_each_device(sync->domain, sync->iommu,
				      vtd_add_device, sync);
	return err ?: vtd_submit(sync);
}

static int vtd_sync_iommu(struct intel_xsmmu_sync *sync,
			  struct intel_iommu *iommu, u16 did, u32 pasid)
{
	int err;

	/* Without a queue, qi_submit_sync() returns 0 and does nothing. */
	if (!iommu->qi)
		return -EOPNOTSUPP;
	/* The domain is being attached to one that cannot name the blocks. */
	if (sync->blocks && (!cap_pgsel_inv(iommu->cap) ||
			     cap_max_amask_val(iommu->cap) < sync->order))
		return -EAGAIN;
	sync->iommu = iommu;
	sync->n = 0;
	err = vtd_sync_iotlb(sync, did, pasid);
	return err ?: vtd_sync_devices(sync);
}

/**
 * intel_xsmmu_sync_domain_iotlb - drop all translations of a domain, and wait
 * @domain: the domain
 * @leaf_only: only leaf entries changed since the last call with false
 *
 * Invalidates every IOMMU that the domain is attached to. A domain that is
 * attached to none needs no invalidation: detaching flushed its entries.
 *
 * Context: any but NMI; interrupts may be off.
 * Return: 0 if every descriptor completed. After any error none of them can be
 * relied on.
 */
int intel_xsmmu_sync_domain_iotlb(struct iommu_domain *domain, bool leaf_only)
{
	struct intel_xsmmu_sync sync;
	int err;

	sync.domain = to_dmar_domain(domain);
	sync.leaf_only = leaf_only;
	sync.blocks = NULL;
	/* A device may leave the domain meanwhile; see intel_xsmmu_unlink(). */
	rcu_read_lock();
	err = intel_xsmmu_each_iommu(sync.domain, vtd_sync_iommu, &sync);
	rcu_read_unlock();
	return err;
}

/**
 * intel_xsmmu_sync_iotlb_runs - drop the leaf entries of a few pages, and wait
 * @domain: the domain
 * @run: runs of pages of 4 KiB; their entries are clear for the walkers
 * @n: number of runs
 *
 * The caller's full barrier between the clears and this call takes the place of B2
 * for D1: an IOMMU that is not found here translates by no cleared entry.
 *
 * Several CPUs may call this for a domain at once, also beside a sync of all of it.
 * All state is on the caller's stack. An error belongs to one submission: each has
 * slots of its own in the queue, a device that did not answer is noted in the slots
 * that name it, and q_lock is held for that and until the slots have been read.
 *
 * Context: any but NMI; interrupts are off.
 * Return: 0 if every descriptor completed. -E2BIG, before any descriptor, if the
 * runs are more blocks than debugfs allows or an IOMMU cannot name pages. After
 * other errors no descriptor can be relied on.
 */
int intel_xsmmu_sync_iotlb_runs(struct iommu_domain *domain,
				const struct xsmmu_run *run, unsigned int n)
{
	struct intel_xsmmu_sync sync;
	struct xsmmu_blocks blocks;
	int err;

	sync.domain = to_dmar_domain(domain);
	sync.blocks = &blocks;
	sync.order = XSMMU_MAX_ORDER;
	/* As above. */
	rcu_read_lock();
	err = intel_xsmmu_each_iommu(sync.domain, vtd_find_order, &sync);
	if (!err && !xsmmu_cut(&blocks, run, n, sync.order,
			       READ_ONCE(vtd_most_blocks.value)))
		err = -E2BIG;
	err = err ?: intel_xsmmu_each_iommu(sync.domain, vtd_sync_iommu, &sync);
	rcu_read_unlock();
	return err;
}

static int __init vtd_debugfs_init(void)
{
	xsmmu_debugfs_limit("intel_most_blocks", &vtd_most_blocks);
	return 0;
}
device_initcall(vtd_debugfs_init);

static int vtd_caches_absent(struct intel_xsmmu_sync *unused,
			     struct intel_iommu *iommu, u16 did, u32 pasid)
{
	return cap_caching_mode(iommu->cap);
}

/**
 * intel_xsmmu_domain_is_shadowed - does a hypervisor shadow a domain's tables?
 * @domain: the domain, attached
 *
 * In caching mode (10.4.2, CM) the IOMMU may cache entries that are not present,
 * which lets a hypervisor see each change by an invalidation. It need not see
 * first-stage tables, because hardware can walk those of a guest.
 *
 * Context: any.
 */
bool intel_xsmmu_domain_is_shadowed(struct iommu_domain *domain)
{
	struct dmar_domain *dmar = to_dmar_domain(domain);
	bool shadowed;

	if (intel_xsmmu_is_first_stage(dmar))
		return false;
	rcu_read_lock();
	shadowed = intel_xsmmu_each_iommu(dmar, vtd_caches_absent, NULL);
	rcu_read_unlock();
	return shadowed;
}

static const struct qi_desc *vtd_descriptor(struct intel_iommu *iommu, int slot)
{
	return iommu->qi->desc + (slot << qi_shift(iommu));
}

/* Is a slot of the queue a device-TLB invalidation of the device @sid? */
static bool vtd_names(struct intel_iommu *iommu, int slot, u16 sid)
{
	const struct qi_desc *desc = vtd_descriptor(iommu, slot);

	switch (desc->qw0 & GENMASK_ULL(3, 0)) {
	case QI_DIOTLB_TYPE:
		return !sid || (u16)(desc->qw0 >> 32) == sid;
	case QI_DEIOTLB_TYPE:
		return !sid || (u16)(desc->qw0 >> 16) == sid;
	default:
		return false;
	}
}

/**
 * intel_xsmmu_blame - mark the descriptors of a device that did not answer
 * @iommu: the IOMMU; its queue has stopped at a time-out
 *
 * The IOMMU names the device by its source id (11.4.9.10). An IOMMU that has no
 * such register reads as 0, which is no ATS device. Then all devices are blamed
 * that are in the queue.
 *
 * Context: q_lock held, before the fault is cleared.
 */
void intel_xsmmu_blame(struct intel_iommu *iommu)
{
	u16 sid = DMAR_IQER_REG_ITESID(readq(iommu->reg + DMAR_IQER_REG));
	int *status = iommu->qi->desc_status;
	int i;

	for (i = 0; i < QI_LENGTH; i++)
		if (status[i] == QI_IN_USE && vtd_names(iommu, i, sid))
			status[i] = QI_XSMMU_SILENT;
}

/* See intel_xsmmu_is_bounded(). */
bool __intel_xsmmu_is_bounded(struct intel_iommu *iommu, int wait_index)
{
	return vtd_descriptor(iommu, wait_index)->qw0 >> 32 == QI_XSMMU_DONE;
}

/* A wait that the driver has put in the place of a bad one writes QI_DONE. */
static bool vtd_waited(int status)
{
	return status == QI_XSMMU_DONE || status == QI_DONE;
}

/*
 * The result of a submission whose wait ended with @err. A time-out aborts the
 * descriptors that were fetched before it (6.5.2.10). If those were only the first
 * part of the submission, its wait descriptor is fetched later, completes, and says
 * nothing about them.
 */
static __always_inline int
vtd_result(const int *status, int index, int wait_index, int err)
{
	bool aborted = err == -EAGAIN;
	int i;

	for (i = index; i != wait_index; i = (i + 1) % QI_LENGTH) {
		if (status[i] == QI_XSMMU_SILENT)
			return -ETIMEDOUT;
		aborted |= status[i] == QI_ABORT;
	}
	return aborted ? -ECANCELED : err;
}

/* Wait for a bounded submission that the queue has not executed yet. */
static noinline int vtd_wait(struct intel_iommu *iommu, int index, int wait_index)
{
	struct q_inval *qi = iommu->qi;
	int *status = qi->desc_status;
	int err = 0, rc;

	while (!vtd_waited(READ_ONCE(status[wait_index]))) {
		rc = intel_xsmmu_check_fault(iommu, index, wait_index);
		if (rc)
			err = rc;
		/* A bad descriptor was replaced; wait for the others. */
		if (rc && rc != -EINVAL)
			break;
		raw_spin_unlock(&qi->q_lock);
		cpu_relax();
		raw_spin_lock(&qi->q_lock);
	}
	return vtd_result(status, index, wait_index, err);
}

/**
 * intel_xsmmu_wait - wait for a submission with QI_OPT_XSMMU_BOUNDED
 * @iommu: the IOMMU
 * @index: slot of the submission's first descriptor
 * @wait_index: slot of the wait descriptor that ends it
 *
 * As the driver's own wait, but a time-out and a queue beyond repair end it.
 *
 * Context: q_lock held, interrupts off. Releases the lock for moments, so that
 * others can mend a fault.
 * Return: what that option asks for; -EINVAL: a descriptor was bad.
 */
int intel_xsmmu_wait(struct intel_iommu *iommu, int index, int wait_index)
{
	int *status = iommu->qi->desc_status;

	if (vtd_waited(READ_ONCE(status[wait_index])))
		return vtd_result(status, index, wait_index, 0);
	return vtd_wait(iommu, index, wait_index);
}

#if IS_ENABLED(CONFIG_XSMMU_KUNIT_TEST)
#include "xsmmu-test.c"
#endif
