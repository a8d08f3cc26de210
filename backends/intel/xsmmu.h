/* SPDX-License-Identifier: GPL-2.0 */
/*
 * xSMMU behind Intel VT-d: what iommu.c and dmar.c call.
 *
 * Section numbers are those of the "Intel Virtualization Technology for Directed
 * I/O Architecture Specification", revision 4.1.
 */
#ifndef _INTEL_XSMMU_H
#define _INTEL_XSMMU_H

#include <linux/bits.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/types.h>

struct intel_iommu;
struct iommu_domain;

/*
 * qi_submit_sync(): report an aborted descriptor to the caller instead of
 * trying again without limit.
 */
#define QI_OPT_XSMMU_BOUNDED	BIT(8)

/* qi_check_fault()'s word to qi_submit_sync() that it repaired the queue. */
#define QI_XSMMU_REPAIRED	(-ERESTART)

#ifdef CONFIG_XSMMU_INTEL
int intel_xsmmu_sync_domain_iotlb(struct iommu_domain *domain, bool leaf_only);
int intel_xsmmu_repair_qi(struct intel_iommu *iommu, int index, int wait_index);
bool intel_xsmmu_aborted(struct intel_iommu *iommu, int index, int wait_index);

static inline bool intel_xsmmu_repaired(int rc)
{
	return rc == QI_XSMMU_REPAIRED;
}

static inline bool intel_xsmmu_bounded(unsigned long options)
{
	return options & QI_OPT_XSMMU_BOUNDED;
}

/*
 * A sync reads the domain's devices and IOMMUs under rcu_read_lock() alone: it
 * runs with interrupts off and a raw lock held, and dmar_domain's own lock may
 * sleep on PREEMPT_RT.
 */
static inline void intel_xsmmu_link(struct list_head *link,
				    struct list_head *devices)
{
	list_add_rcu(link, devices);
}

static inline void intel_xsmmu_unlink(struct list_head *link)
{
	list_del_rcu(link);
}

/* Before an unlinked device joins another list or is freed. May sleep. */
static inline void intel_xsmmu_unlinked(void)
{
	synchronize_rcu();
}

#define intel_xsmmu_kfree(info)	kfree_rcu(info, xsmmu_rcu)
#else
static inline int intel_xsmmu_repair_qi(struct intel_iommu *iommu, int index,
					int wait_index)
{
	return 0;
}

static inline bool intel_xsmmu_aborted(struct intel_iommu *iommu, int index,
				       int wait_index)
{
	return false;
}

static inline bool intel_xsmmu_repaired(int rc)
{
	return false;
}

static inline bool intel_xsmmu_bounded(unsigned long options)
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
