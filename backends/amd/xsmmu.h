/* SPDX-License-Identifier: GPL-2.0 */
/*
 * xSMMU behind AMD-Vi: what the driver calls, and what it lets xsmmu.c call.
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
void amd_xsmmu_collect(u64 *table, int level, struct list_head *tables);
void amd_xsmmu_free_tables(struct protection_domain *domain,
			   struct list_head *tables);

/* From the driver, through amd-glue.h. */
int amd_xsmmu_queue(struct amd_iommu *iommu, const struct amd_xsmmu_cmd *cmd);
int amd_xsmmu_wait(struct amd_iommu *iommu);
void amd_xsmmu_test_events(struct amd_iommu *iommu);

/*
 * Events that say that a command was not executed: ILLEGAL_COMMAND_ERROR (2.5.6),
 * COMMAND_HARDWARE_ERROR (2.5.7) and IOTLB_INV_TIMEOUT (2.5.8).
 */
static inline bool amd_xsmmu_is_error(int type)
{
	return type == EVENT_TYPE_ILL_CMD || type == EVENT_TYPE_CMD_HARD_ERR ||
	       type == EVENT_TYPE_IOTLB_INV_TO;
}

/* Count an event that is being read from the log, if it is an error. */
static inline void amd_xsmmu_event(struct amd_iommu *iommu, int type)
{
	if (!amd_xsmmu_is_error(type))
		return;
	WRITE_ONCE(iommu->xsmmu_errors, iommu->xsmmu_errors + 1);
	/*
	 * E0, pairs with E1: the count, then the caller wipes the entry. A sync
	 * that finds the entry gone finds it counted.
	 */
	smp_wmb();
}

/* A list for amd_xsmmu_collect(), as long-lived as the block where it stands. */
#define AMD_XSMMU_TABLES	(&(struct list_head) { })

static inline void amd_xsmmu_init_tables(struct list_head *tables)
{
	INIT_LIST_HEAD(tables);
}

/* Do tables that a mapping has replaced go through amd_xsmmu_free_tables()? */
static inline bool amd_xsmmu_frees(void)
{
	return xsmmu_mode();
}

/*
 * An unmap has cleared entries, @pgsize each, or fewer and smaller ones. There is
 * no flush queue in xSMMU mode, so a queued gather is the core's private one.
 */
static inline void
amd_xsmmu_unmapped(struct protection_domain *domain, size_t pgsize,
		   struct iommu_iotlb_gather *gather)
{
	if (!xsmmu_mode() || pgsize == PAGE_SIZE ||
	    !iommu_iotlb_gather_queued(gather))
		return;
	/*
	 * L0, pairs with the caller's B2: who takes the flag has the clear before
	 * its invalidation. As B0 in core.
	 */
	smp_wmb();
	WRITE_ONCE(domain->xsmmu_large, 1);
}

/* A device's IOMMU is counted, then its table entry is written. */
static inline void amd_xsmmu_counted(void)
{
	/*
	 * D0: what a device translates whose IOMMU a sync did not find counted,
	 * it translates after that sync's barrier B2, so after the clears.
	 */
	smp_wmb();
}

/*
 * A sync reads the domain's devices under rcu_read_lock() alone: it runs with
 * interrupts off and a raw lock held, and the domain's own lock may sleep on
 * PREEMPT_RT.
 */
static inline void amd_xsmmu_link(struct list_head *link,
				  struct list_head *devices)
{
	list_add_rcu(link, devices);
}

/*
 * After do_detach(), once the locks are dropped: no sync stands on the device any
 * more, so it may join another list. May sleep.
 */
static inline void amd_xsmmu_unlinked(void)
{
	synchronize_rcu();
}
#else
#define AMD_XSMMU_TABLES	NULL

static inline void amd_xsmmu_init_tables(struct list_head *tables)
{
}

static inline void amd_xsmmu_collect(u64 *table, int level,
				     struct list_head *tables)
{
}

static inline void amd_xsmmu_free_tables(struct protection_domain *domain,
					 struct list_head *tables)
{
}

static inline bool amd_xsmmu_frees(void)
{
	return false;
}

static inline void
amd_xsmmu_unmapped(struct protection_domain *domain, size_t pgsize,
		   struct iommu_iotlb_gather *gather)
{
}

static inline void amd_xsmmu_counted(void)
{
}

static inline void amd_xsmmu_event(struct amd_iommu *iommu, int type)
{
}

static inline void amd_xsmmu_link(struct list_head *link,
				  struct list_head *devices)
{
	list_add(link, devices);
}

static inline void amd_xsmmu_unlinked(void)
{
}
#endif /* CONFIG_XSMMU_AMD */

#endif /* _AMD_XSMMU_H */
