/* SPDX-License-Identifier: GPL-2.0 */
/*
 * xSMMU behind Intel VT-d: what iommu.c and dmar.c call.
 *
 * Section numbers are those of the "Intel Virtualization Technology for
 * Directed I/O Architecture Specification", revision 4.1.
 */
#ifndef _INTEL_XSMMU_H
#define _INTEL_XSMMU_H

#include <linux/bits.h>
#include <linux/compiler.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/types.h>
#include "../xsmmu/xsmmu.h"

struct intel_iommu;
struct iommu_domain;

/*
 * Option of qi_submit_sync(): return an error after a time-out or if the queue is
 * beyond repair, instead of repeating or waiting without limit. -ETIMEDOUT: a
 * device that the submission names did not answer. -ECANCELED: another one did
 * not, and that aborted a descriptor of this submission.
 */
#define QI_OPT_XSMMU_BOUNDED	BIT_ULL(34)

/* Status of a device-TLB descriptor whose device did not answer; cf. QI_ABORT. */
#define QI_XSMMU_SILENT		4

/* Status that the wait of a bounded submission writes. It includes QI_DONE. */
#define QI_XSMMU_DONE		6

#ifdef CONFIG_XSMMU_INTEL
int intel_xsmmu_sync_domain_iotlb(struct iommu_domain *domain, bool leaf_only);
int intel_xsmmu_sync_iotlb_runs(struct iommu_domain *domain,
				const struct xsmmu_run *run, unsigned int n);
bool intel_xsmmu_domain_is_shadowed(struct iommu_domain *domain);
u64 *intel_xsmmu_leaf_entry(struct iommu_domain *domain, dma_addr_t iova,
			    unsigned int *after);
void intel_xsmmu_blame(struct intel_iommu *iommu);
bool __intel_xsmmu_is_bounded(struct intel_iommu *iommu, int wait_index);
int intel_xsmmu_wait(struct intel_iommu *iommu, int index, int wait_index);

/*
 * The bits of a wait descriptor that follow from the options of its submission. That
 * of a bounded one writes QI_XSMMU_DONE. So the driver never sees QI_DONE where it
 * waits for it, and calls intel_xsmmu_wait().
 *
 * Each strict unmap comes by here. QI_OPT_WAIT_DRAIN needs no mask: this bit of the
 * descriptor's type is always set.
 */
static inline u64 intel_xsmmu_wait_bits(unsigned long options)
{
	static_assert(QI_IWD_STATUS_DATA(QI_XSMMU_DONE) ==
		      (QI_IWD_STATUS_DATA(QI_DONE) | QI_OPT_XSMMU_BOUNDED));
	static_assert(QI_OPT_XSMMU_BOUNDED == (unsigned long)QI_OPT_XSMMU_BOUNDED);
	static_assert(QI_OPT_WAIT_DRAIN & QI_IWD_TYPE);
	return options;
}

/*
 * Is this the wait descriptor of a bounded submission? The driver asks where it waits.
 * It does not look at the options there: each strict unmap comes by, and would have to
 * keep them.
 */
static inline bool intel_xsmmu_is_bounded(struct intel_iommu *iommu, int wait_index)
{
	return READ_ONCE(iommu->qi->desc_status[wait_index]) == QI_XSMMU_DONE ||
	       __intel_xsmmu_is_bounded(iommu, wait_index);
}

/*
 * A sync reads a domain's devices and IOMMUs under rcu_read_lock() only. It
 * runs with interrupts off and a raw lock held, and dmar_domain's own lock may
 * sleep on PREEMPT_RT.
 */
static inline void intel_xsmmu_link(struct list_head *link,
				    struct list_head *devices)
{
	list_add_rcu(link, devices);
	/*
	 * D1, pairs with B2: the IOMMU is in the domain's array, where the
	 * driver has put it before, then the driver writes the device's context
	 * entry. If a sync does not find the IOMMU, the device translates
	 * nothing before that sync's B2, so nothing by the entries that it
	 * covers.
	 * Litmus: intel-d1
	 */
	smp_mb();
}

static inline void intel_xsmmu_unlink(struct list_head *link)
{
	list_del_rcu(link);
}

/*
 * Call this before a device that was unlinked joins another list or is freed.
 * May sleep.
 * Outside xSMMU mode there are no syncs to wait for.
 */
static inline void intel_xsmmu_unlinked(void)
{
	/*
	 * R1, pairs with a sync's rcu_read_lock(): the device leaves the list,
	 * then it joins another. A sync that stands on it stays in its list.
	 * Litmus: detach-r1
	 */
	if (xsmmu_mode())
		synchronize_rcu();
}

#define intel_xsmmu_kfree(info)	kfree_rcu(info, xsmmu_rcu)
#else
static inline void intel_xsmmu_blame(struct intel_iommu *iommu)
{
}

static inline u64 intel_xsmmu_wait_bits(unsigned long options)
{
	return 0;
}

static inline bool intel_xsmmu_is_bounded(struct intel_iommu *iommu, int wait_index)
{
	return false;
}

static inline int intel_xsmmu_wait(struct intel_iommu *iommu, int index,
				   int wait_index)
{
	return 0;
}

static inline void intel_xsmmu_link(struct list_head *link,
				    struct list_head *devices)
{
	list_add(link, devices);
}

static inline void intel_xsmmu_unlink(struct list_head *link)
{
	list_del(link);
}

static inline void intel_xsmmu_unlinked(void)
{
}

#define intel_xsmmu_kfree(info)	kfree(info)
#endif /* CONFIG_XSMMU_INTEL */

#endif /* _INTEL_XSMMU_H */
