/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the AMD-Vi backend asks of Linux 7.3's AMD IOMMU driver.
 *
 * The driver gives each device with v2 tables a domain id of its own. Both kinds of
 * tables are generic page tables. Each base kernel brings this file, with the same
 * functions.
 */
#ifndef _AMD_XSMMU_BASE_H
#define _AMD_XSMMU_BASE_H

#include <linux/llist.h>
#include <linux/rculist.h>
#include <linux/xarray.h>
#include "amd_iommu.h"
#include "xsmmu.h"

/**
 * amd_xsmmu_queue - append a command to an IOMMU's command buffer
 * @iommu: the IOMMU
 * @cmd: the command
 *
 * Does not wait for the command. Defined in iommu-glue.h, as are those below.
 *
 * Context: any but NMI.
 * Return: 0, or -EIO if the buffer stayed full for about 0.1 s.
 */
int amd_xsmmu_queue(struct amd_iommu *iommu, const struct amd_xsmmu_cmd *cmd);

/**
 * amd_xsmmu_queue_wait - append a COMPLETION_WAIT of ours to a command buffer
 * @iommu: the IOMMU
 * @number: set to what the IOMMU will store to amd_xsmmu_wait_word()
 *
 * Gives out the numbers in the order of the queue, so the word only grows.
 *
 * Context: any but NMI.
 * Return: 0, or -EIO if the buffer stayed full for about 0.1 s.
 */
int amd_xsmmu_queue_wait(struct amd_iommu *iommu, u64 *number);

/*
 * amd_xsmmu_wait_word - the word that waits of ours are stored to
 *
 * Next to the driver's own word, in a page of which the driver uses only that.
 * With SNP the IOMMU may not write to any other memory.
 */
static inline u64 *amd_xsmmu_wait_word(struct amd_iommu *iommu)
{
	return (u64 *)iommu->cmd_sem + L1_CACHE_BYTES / sizeof(u64);
}

/*
 * For tests: read and clear the event log, as the interrupt thread does; queue a
 * command and wait, as the driver's own flushes do.
 */
void amd_xsmmu_test_events(struct amd_iommu *iommu);
int amd_xsmmu_test_flush(struct amd_iommu *iommu,
			 const struct amd_xsmmu_cmd *cmd);

/*
 * For tests: the driver's operations of a domain; page tables as the driver makes them,
 * for a domain that has none.
 */
const struct iommu_domain_ops *
amd_xsmmu_test_domain_ops(const struct protection_domain *domain);
int amd_xsmmu_test_init_v1(struct protection_domain *domain, int levels);
int amd_xsmmu_test_init_v2(struct protection_domain *domain);

/**
 * amd_xsmmu_is_guest - does a domain translate DMA without PASID by v2 tables?
 * @pdom: the domain
 *
 * The IOMMU caches such translations as guest translations of PASID 0 (GIOV).
 */
static inline bool amd_xsmmu_is_guest(const struct protection_domain *pdom)
{
	return pdom->pd_mode == PD_MODE_V2;
}

/**
 * amd_xsmmu_v1_entry - find the entry of a page of 4 KiB in v1 tables
 * @pgtable: the tables
 * @iova: bus address in the page
 *
 * Another CPU may add a level on top meanwhile. The root and its level are one word,
 * so this walks from the old root or from the new one. Defined in xsmmu-v1.c.
 *
 * Context: any. The caller makes sure that no table on the way is freed.
 * Return: the entry; NULL if there is no table for it, or a larger page is mapped.
 */
u64 *amd_xsmmu_v1_entry(struct pt_iommu_amdv1 *pgtable, dma_addr_t iova);

/* The same in v2 tables. Defined in xsmmu-v2.c. */
u64 *amd_xsmmu_v2_entry(struct pt_iommu_x86_64 *pgtable, dma_addr_t iova);

/* The same in the tables that a domain translates DMA without PASID by. */
static inline u64 *amd_xsmmu_find_entry(struct protection_domain *pdom,
					dma_addr_t iova)
{
	/* Without translation there is no root. */
	if (!pdom->iommu.ops)
		return NULL;
	switch (pdom->pd_mode) {
	case PD_MODE_V1:
		return amd_xsmmu_v1_entry(&pdom->amdv1, iova);
	case PD_MODE_V2:
		return amd_xsmmu_v2_entry(&pdom->amdv2, iova);
	default:
		return NULL;
	}
}

/* The IOMMU of a device. */
static inline struct amd_iommu *amd_xsmmu_iommu_of(struct device *dev)
{
	return get_amd_iommu_from_dev(dev);
}

/*
 * For amd_xsmmu_each_target(), with v1 tables. What the array points to may leave it
 * meanwhile, and is freed after a grace period of RCU.
 */
static inline int
amd_xsmmu_each_iommu(struct protection_domain *pdom,
		     int (*fn)(void *arg, struct amd_iommu *iommu, u16 domid),
		     void *arg)
{
	struct pdom_iommu_info *info;
	unsigned long i;
	int err;

	xa_for_each(&pdom->iommu_array, i, info) {
		err = fn(arg, info->iommu, pdom->id);
		if (err)
			return err;
	}
	return 0;
}

/* The same with v2 tables. */
static inline int
amd_xsmmu_each_device(struct protection_domain *pdom,
		      int (*fn)(void *arg, struct amd_iommu *iommu, u16 domid),
		      void *arg)
{
	struct iommu_dev_data *dev_data;
	int err;

	list_for_each_entry_rcu(dev_data, &pdom->dev_list, list) {
		err = fn(arg, amd_xsmmu_iommu_of(dev_data->dev),
			 READ_ONCE(dev_data->gcr3_info.domid));
		if (err)
			return err;
	}
	return 0;
}

/**
 * amd_xsmmu_each_target - visit each pair of IOMMU and domain id of a domain
 * @pdom: the domain
 * @fn: called with @arg, an IOMMU, and the id that names the domain's
 *	translations there; an error ends the visit. Several calls may name the
 *	same IOMMU
 * @arg: for @fn
 *
 * In 7.3 a domain with v1 tables has one id, so this is one call per IOMMU. With v2
 * tables each device has an id of its own, so this is one call per device. (A parent of
 * nested domains has more ids. It is no DMA domain, so it is never synced.)
 *
 * A device that is being attached may be left out, and with v1 tables its IOMMU. The
 * driver counts the IOMMU and lists the device before it writes the device's table
 * entry (D0), so the caller's full barrier before this call (B2) covers that device.
 *
 * A device that is being detached may be left out when its table entry has been
 * cleared and the IOMMU's TLB has been flushed. Until then it is on the list. A device
 * that is found here and leaves meanwhile may have lost its id. Then the command drops
 * what another device has cached.
 *
 * Context: rcu_read_lock() held.
 * Return: 0, or the error of @fn.
 */
static inline int
amd_xsmmu_each_target(struct protection_domain *pdom,
		      int (*fn)(void *arg, struct amd_iommu *iommu, u16 domid),
		      void *arg)
{
	return amd_xsmmu_is_guest(pdom) ? amd_xsmmu_each_device(pdom, fn, arg) :
					  amd_xsmmu_each_iommu(pdom, fn, arg);
}

/**
 * amd_xsmmu_each_ats - visit the devices of a domain whose ATS is on
 * @pdom: the domain
 * @fn: called with @arg, the device's IOMMU, the device, its device id (the
 *	requester id) and the depth of its invalidation queue; an error ends the
 *	visit
 * @arg: for @fn
 *
 * The driver switches ATS on before it lists a device. It switches ATS off in the
 * device first, then in its own data, and last takes the device off the list.
 *
 * Context: rcu_read_lock() held.
 * Return: 0, or the error of @fn.
 */
static inline int
amd_xsmmu_each_ats(const struct protection_domain *pdom,
		   int (*fn)(void *arg, struct amd_iommu *iommu,
			     struct device *dev, u16 devid, int qdep),
		   void *arg)
{
	struct iommu_dev_data *dev_data;
	int err;

	list_for_each_entry_rcu(dev_data, &pdom->dev_list, list) {
		/* One bit of many, so no READ_ONCE(). */
		if (data_race(!dev_data->ats_enabled))
			continue;
		err = fn(arg, amd_xsmmu_iommu_of(dev_data->dev), dev_data->dev,
			 dev_data->devid, dev_data->ats_qdep);
		if (err)
			return err;
	}
	return 0;
}

/**
 * amd_xsmmu_domain_of - the domain of a device
 * @iommu: the device's IOMMU
 * @devid: the device id
 *
 * The data of a device is never freed, and is only added to the segment's list.
 *
 * Context: any. In an RCU section the domain stays, in xSMMU mode.
 * Return: the domain, or NULL if the device is unknown, or is in no domain.
 */
static inline struct protection_domain *
amd_xsmmu_domain_of(const struct amd_iommu *iommu, u16 devid)
{
	struct llist_node *first = READ_ONCE(iommu->pci_seg->dev_data_list.first);
	struct iommu_dev_data *dev_data;

	llist_for_each_entry(dev_data, first, dev_data_list)
		if (dev_data->devid == devid)
			return READ_ONCE(dev_data->domain);
	return NULL;
}

/**
 * amd_xsmmu_has_devtlbs - can devices behind an IOMMU have TLBs of their own?
 * @iommu: the IOMMU
 */
static inline bool amd_xsmmu_has_devtlbs(const struct amd_iommu *iommu)
{
	return iommu->cap & BIT(IOMMU_CAP_IOTLB);
}

/**
 * amd_xsmmu_event_log_size - size of an IOMMU's event log
 * @iommu: the IOMMU
 *
 * Return: the size in bytes, a power of two.
 */
static inline u32 amd_xsmmu_event_log_size(const struct amd_iommu *iommu)
{
	return amd_iommu_evtlog_size;
}

#endif /* _AMD_XSMMU_BASE_H */
