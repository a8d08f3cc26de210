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
#define QI_OPT_XSMMU_BOUNDED	BIT(8)

/* Status of a device-TLB descriptor whose device did not answer; cf. QI_ABORT. */
#define QI_XSMMU_SILENT		4

#ifdef CONFIG_XSMMU_INTEL
int intel_xsmmu_sync_domain_iotlb(struct iommu_domain *domain, bool leaf_only);
int intel_xsmmu_sync_iotlb_runs(struct iommu_domain *domain,
				const struct xsmmu_run *run, unsigned int n);
bool intel_xsmmu_domain_is_shadowed(struct iommu_domain *domain);
u64 *intel_xsmmu_leaf_entry(struct iommu_domain *domain, dma_addr_t iova,
			    unsigned int *after);
void intel_xsmmu_blame(struct intel_iommu *iommu);
int intel_xsmmu_bounded_result(struct intel_iommu *iommu, int index,
			       int wait_index, int rc);

/*
 * The result of a submission to the invalidation queue. Each strict unmap comes by
 * here, and its submission has no bound.
 */
static inline int intel_xsmmu_result(struct intel_iommu *iommu, int index,
				     int wait_index, unsigned long options,
				     int rc)
{
	if (likely(!(options & QI_OPT_XSMMU_BOUNDED)))
		return rc;
	return intel_xsmmu_bounded_result(iommu, index, wait_index, rc);
}

/*
 * Does a submission that found @rc return although its descriptors were not
 * executed? Only a submitter that looks at the error may go on.
 */
static inline bool intel_xsmmu_gives_up(unsigned long options, int rc)
{
	return rc == -EIO && options & QI_OPT_XSMMU_BOUNDED;
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

static inline int intel_xsmmu_result(struct intel_iommu *iommu, int index,
				     int wait_index, unsigned long options,
				     int rc)
{
	return rc;
}

static inline bool intel_xsmmu_gives_up(unsigned long options, int rc)
{
	return false;
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
