/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How Linux 6.1's VT-d driver stores a domain: its IOMMUs, its devices, and its
 * tables. For xsmmu.c and xsmmu-entry.c, which take all decisions.
 */
#ifndef _INTEL_XSMMU_BASE_H
#define _INTEL_XSMMU_BASE_H

#include <linux/rculist.h>
#include <linux/xarray.h>
#include "iommu.h"
#include "pasid.h"

/* The PASID under which requests without a PASID are translated. */
#define INTEL_XSMMU_NO_PASID	PASID_RID2PASID

/* Defined by the caller of the functions below. */
struct intel_xsmmu_sync;

/**
 * intel_xsmmu_is_first_stage - does a domain use first-stage tables?
 * @domain: the domain
 *
 * Context: any.
 */
static inline bool intel_xsmmu_is_first_stage(const struct dmar_domain *domain)
{
	return domain->flags & DOMAIN_FLAG_USE_FIRST_LEVEL;
}

/**
 * intel_xsmmu_is_coherent - do the IOMMUs of a domain look into the CPUs' caches
 *	when they walk its tables?
 * @domain: the domain
 *
 * Context: any.
 */
static inline bool intel_xsmmu_is_coherent(const struct dmar_domain *domain)
{
	return domain->iommu_coherency;
}

/**
 * intel_xsmmu_find_entry - find the entry of a page of 4 KiB
 * @domain: the domain
 * @iova: bus address in the page
 *
 * Defined in iommu-glue.h, as is the function below.
 *
 * Context: any. The caller makes sure that no table on the way is freed.
 * Return: the entry, or NULL if there is no table for it.
 */
u64 *intel_xsmmu_find_entry(struct dmar_domain *domain, dma_addr_t iova);

/**
 * intel_xsmmu_has_write_buffer - must an IOMMU's write buffer be flushed after
 *	an entry was written?
 * @iommu: the IOMMU
 *
 * Context: any.
 */
bool intel_xsmmu_has_write_buffer(const struct intel_iommu *iommu);

/**
 * intel_xsmmu_check_fault - look for a fault of the invalidation queue, and mend it
 * @iommu: the IOMMU
 * @index: slot of a submission's first descriptor
 * @wait_index: slot of the wait descriptor that ends it
 *
 * Defined in dmar-glue.h.
 *
 * Context: q_lock held.
 * Return: 0; -EINVAL: a descriptor of the submission was bad and has been replaced;
 * any other error: the wait descriptor will not be executed.
 */
int intel_xsmmu_check_fault(struct intel_iommu *iommu, int index, int wait_index);

/**
 * intel_xsmmu_each_iommu - call a function for each IOMMU of a domain
 * @domain: the domain
 * @fn: gets @sync, the IOMMU, the domain id there, and INTEL_XSMMU_NO_PASID: Linux
 *	6.1 attaches no domain with tables of its own to a PASID
 * @sync: the caller's state
 *
 * An IOMMU whose first device is being attached may be left out. The driver adds
 * it before it writes the device's context entry (D1), so the caller's full
 * barrier before this call (B2) covers that device.
 *
 * Context: rcu_read_lock() held.
 * Return: 0, or the first other value that @fn returned; no call follows that.
 */
static __always_inline int
intel_xsmmu_each_iommu(struct dmar_domain *domain,
		       int (*fn)(struct intel_xsmmu_sync *sync,
				 struct intel_iommu *iommu, u16 did, u32 pasid),
		       struct intel_xsmmu_sync *sync)
{
	struct iommu_domain_info *info;
	unsigned long i;
	int err;

	xa_for_each(&domain->iommu_array, i, info) {
		err = fn(sync, info->iommu, info->did, INTEL_XSMMU_NO_PASID);
		if (err)
			return err;
	}
	return 0;
}

/**
 * intel_xsmmu_each_device - call a function for each device of a domain that
 *	stands behind one IOMMU
 * @domain: the domain
 * @iommu: the IOMMU
 * @fn: gets @sync, the device, and a PASID of it that the domain is attached to
 * @sync: the caller's state
 *
 * Context: rcu_read_lock() held.
 * Return: 0, or the first other value that @fn returned; no call follows that.
 */
static __always_inline int
intel_xsmmu_each_device(struct dmar_domain *domain, struct intel_iommu *iommu,
			int (*fn)(struct intel_xsmmu_sync *sync,
				  struct device_domain_info *info, u32 pasid),
			struct intel_xsmmu_sync *sync)
{
	struct device_domain_info *info;
	int err;

	list_for_each_entry_rcu(info, &domain->devices, link) {
		err = info->iommu == iommu ?
		      fn(sync, info, INTEL_XSMMU_NO_PASID) : 0;
		if (err)
			return err;
	}
	return 0;
}

#endif /* _INTEL_XSMMU_BASE_H */
