/* SPDX-License-Identifier: GPL-2.0 */
/*
 * xSMMU behind AMD-Vi: what the driver calls, and what the files of the backend
 * share.
 *
 * Section numbers are those of the "AMD I/O Virtualization Technology (IOMMU)
 * Specification", publication 48882, revision 3.
 */
#ifndef _AMD_XSMMU_H
#define _AMD_XSMMU_H

#include <linux/rculist.h>
#include <linux/rcupdate.h>
#include "../xsmmu/xsmmu.h"
#include "amd_iommu_types.h"

/**
 * struct amd_xsmmu_cmd - a command as the IOMMU reads it (2.4)
 * @dw: its four words, the first at the lowest address
 */
struct amd_xsmmu_cmd {
	u32 dw[4];
};

#ifdef CONFIG_XSMMU_AMD
int amd_xsmmu_sync_domain_iotlb(struct iommu_domain *domain, bool leaf_only);
int amd_xsmmu_sync_iotlb_runs(struct iommu_domain *domain,
			      const struct xsmmu_run *run, unsigned int n);
bool amd_xsmmu_domain_is_shadowed(struct iommu_domain *domain);
u64 *amd_xsmmu_leaf_entry(struct iommu_domain *domain, dma_addr_t iova,
			  unsigned int *after);
void amd_xsmmu_event(struct amd_iommu *iommu, int type, u16 devid);

/* What an event log says about the commands of a sync. */
enum amd_xsmmu_logged {
	AMD_XSMMU_NO_ERROR,
	AMD_XSMMU_OTHERS_SILENT,	/* a device of another domain timed out */
	AMD_XSMMU_ERROR,		/* a command of the sync may have failed */
};

/* Between the files of the backend, and for its accessors. */
struct amd_xsmmu_cmd amd_xsmmu_wait_cmd(u64 phys, u64 number);
u32 amd_xsmmu_event_tail(struct amd_iommu *iommu);
enum amd_xsmmu_logged amd_xsmmu_logged(struct amd_iommu *iommu, u32 tail,
				       const struct protection_domain *pdom);

/*
 * The driver has listed a device and counted its IOMMU, and will write the
 * device's table entry.
 */
static inline void amd_xsmmu_counted(void)
{
	/*
	 * D0, pairs with B2: the list and the count, then the device's table
	 * entry. If a sync does not find the IOMMU counted, or the device
	 * listed, the device translates nothing before that sync's B2, so
	 * nothing by the entries that it covers.
	 * Litmus: amd-d0
	 */
	smp_mb();
}

/*
 * A sync reads the domain's devices under rcu_read_lock() alone. It runs with
 * interrupts off and a raw lock held, and the domain's own lock may sleep on
 * PREEMPT_RT.
 */
static inline void amd_xsmmu_link(struct list_head *link,
				  struct list_head *devices)
{
	list_add_rcu(link, devices);
}

static inline void amd_xsmmu_unlink(struct list_head *link)
{
	list_del_rcu(link);
}

/*
 * The driver has unlinked devices and dropped its locks. Afterwards no sync
 * stands on such a device, so it may join another list. May sleep.
 * Outside xSMMU mode there are no syncs to wait for.
 */
static inline void amd_xsmmu_unlinked(void)
{
	/*
	 * R1, pairs with a sync's rcu_read_lock(): the device leaves the list,
	 * then it joins another. A sync that stands on it stays in its list,
	 * and a domain that amd_xsmmu_event() found is not freed yet.
	 * Litmus: detach-r1
	 */
	if (xsmmu_mode())
		synchronize_rcu();
}
#else
static inline void amd_xsmmu_event(struct amd_iommu *iommu, int type,
				   u16 devid)
{
}

static inline void amd_xsmmu_counted(void)
{
}

static inline void amd_xsmmu_link(struct list_head *link,
				  struct list_head *devices)
{
	list_add(link, devices);
}

static inline void amd_xsmmu_unlink(struct list_head *link)
{
	list_del(link);
}

static inline void amd_xsmmu_unlinked(void)
{
}
#endif /* CONFIG_XSMMU_AMD */

#if IS_ENABLED(CONFIG_XSMMU_AMD) && IS_ENABLED(CONFIG_XSMMU_KUNIT_TEST)
extern int amd_xsmmu_test_iommus;

/*
 * The driver asks how many places of its table of IOMMUs are taken, if it walks the
 * table in a flush. The tests add IOMMUs at the end of that table.
 */
static inline int amd_xsmmu_iommus(int present)
{
	return max(present, READ_ONCE(amd_xsmmu_test_iommus));
}
#else
static inline int amd_xsmmu_iommus(int present)
{
	return present;
}
#endif

#endif /* _AMD_XSMMU_H */
