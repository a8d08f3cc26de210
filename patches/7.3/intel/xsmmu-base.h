/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How Linux 7.3's VT-d driver stores a domain: its IOMMUs, its devices, and its
 * tables. For xsmmu.c and xsmmu-entry.c, which take all decisions.
 */
#ifndef _INTEL_XSMMU_BASE_H
#define _INTEL_XSMMU_BASE_H

#include <linux/generic_pt/iommu.h>
#include <linux/io.h>
#include <linux/rculist.h>
#include <linux/xarray.h>
#include "iommu.h"
#include "pasid.h"

/* The PASID under which requests without a PASID are translated. */
#define INTEL_XSMMU_NO_PASID	IOMMU_NO_PASID

/* Defined by the caller of the functions below. */
struct intel_xsmmu_sync;

/**
 * intel_xsmmu_is_first_stage - does a domain use first-stage tables?
 * @domain: the domain, of the DMA API
 *
 * Context: any.
 */
static inline bool intel_xsmmu_is_first_stage(struct dmar_domain *domain)
{
	return intel_domain_is_fs_paging(domain);
}

/* The tables of a domain. The generic code of both formats keeps them there. */
static inline struct pt_common *intel_xsmmu_tables(struct dmar_domain *domain)
{
	if (intel_xsmmu_is_first_stage(domain))
		return &domain->fspt.x86_64_pt.common;
	return &domain->sspt.vtdss_pt.common;
}

/**
 * intel_xsmmu_is_coherent - do the IOMMUs of a domain look into the CPUs' caches
 *	when they walk its tables?
 * @domain: the domain
 *
 * Decided when the domain is made. An IOMMU that is not coherent cannot join a
 * domain that is.
 *
 * Context: any.
 */
static inline bool intel_xsmmu_is_coherent(struct dmar_domain *domain)
{
	return !(intel_xsmmu_tables(domain)->features &
		 BIT(PT_FEAT_DMA_INCOHERENT));
}

/**
 * intel_xsmmu_find_entry - find the entry of a page of 4 KiB
 * @domain: the domain
 * @iova: bus address in the page
 *
 * Entries of both formats have the bits that this looks at in the same places.
 *
 * Context: any. The caller makes sure that no table on the way is freed.
 * Return: the entry, or NULL if there is no table for it.
 */
static inline u64 *intel_xsmmu_find_entry(struct dmar_domain *domain,
					  dma_addr_t iova)
{
	uintptr_t top = READ_ONCE(intel_xsmmu_tables(domain)->top_of_table);
	struct dma_pte *table = (void *)(top & ~(uintptr_t)PT_TOP_LEVEL_MASK);
	int level = top % (1 << PT_TOP_LEVEL_BITS) + 1;
	struct dma_pte *pte, old;

	/* The walk ignores higher bits. */
	if (iova > domain->domain.geometry.aperture_end)
		return NULL;
	while (true) {
		pte = &table[pfn_level_offset(iova >> VTD_PAGE_SHIFT, level)];
		if (level == 1)
			return &pte->val;
		old.val = READ_ONCE(pte->val);
		if (!dma_pte_present(&old) || dma_pte_superpage(&old))
			return NULL;
		table = phys_to_virt(dma_pte_addr(&old));
		level--;
	}
}

/**
 * intel_xsmmu_has_write_buffer - must an IOMMU's write buffer be flushed after
 *	an entry was written?
 * @iommu: the IOMMU
 *
 * Defined in iommu-glue.h. The driver's iotlb_sync_map flushes it: an IOMMU that
 * has such a buffer cannot join a domain for which that does nothing.
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
 * intel_xsmmu_each_iommu - call a function for each IOMMU of a domain and, if it has
 *	first-stage tables, again for each PASID there
 * @domain: the domain
 * @fn: gets @sync, the IOMMU, the domain id there, and the PASID
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
	struct device_domain_info *device;
	struct iommu_domain_info *info;
	struct dev_pasid_info *dp;
	unsigned long i;
	int err;

	xa_for_each(&domain->iommu_array, i, info) {
		err = fn(sync, info->iommu, info->did, INTEL_XSMMU_NO_PASID);
		if (err)
			return err;
		if (!intel_xsmmu_is_first_stage(domain))
			continue;
		list_for_each_entry_rcu(dp, &domain->dev_pasids, link_domain) {
			device = dev_iommu_priv_get(dp->dev);
			err = device->iommu == info->iommu ?
			      fn(sync, info->iommu, info->did, dp->pasid) : 0;
			if (err)
				return err;
		}
	}
	return 0;
}

/**
 * intel_xsmmu_each_device - call a function for each device of a domain that
 *	stands behind one IOMMU, and for each PASID of such a device
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
	struct dev_pasid_info *dp;
	int err;

	list_for_each_entry_rcu(info, &domain->devices, link) {
		err = info->iommu == iommu ?
		      fn(sync, info, INTEL_XSMMU_NO_PASID) : 0;
		if (err)
			return err;
	}
	list_for_each_entry_rcu(dp, &domain->dev_pasids, link_domain) {
		info = dev_iommu_priv_get(dp->dev);
		err = info->iommu == iommu ? fn(sync, info, dp->pasid) : 0;
		if (err)
			return err;
	}
	return 0;
}

#endif /* _INTEL_XSMMU_BASE_H */
