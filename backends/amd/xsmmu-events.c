// SPDX-License-Identifier: GPL-2.0
/*
 * xSMMU behind AMD-Vi: which commands does the event log report as failed?
 *
 * The driver's interrupt thread reads the log some time after the IOMMU has
 * written it. The thread counts the errors that it reads, and a sync looks
 * through the entries that the thread has not read yet.
 *
 * Section numbers are those of the "AMD I/O Virtualization Technology (IOMMU)
 * Specification", publication 48882, revision 3.
 */
#include <linux/bitfield.h>
#include <linux/io.h>
#include "amd_iommu.h"
#include "xsmmu.h"
#include "xsmmu-base.h"

/* Event codes, in the last four bits of the second word of an entry (2.5). */
#define AMD_EVENT_CODE			GENMASK(31, 28)
#define AMD_ILLEGAL_COMMAND_ERROR	0x5	/* 2.5.6 */
#define AMD_COMMAND_HARDWARE_ERROR	0x6	/* 2.5.7 */
#define AMD_IOTLB_INV_TIMEOUT		0x7	/* 2.5.8 */

/* IOTLB_INV_TIMEOUT: the device, in the first word. */
#define AMD_EVENT_DEVICE_ID		GENMASK(15, 0)

#define AMD_EVENT_BYTES			16

/*
 * The domain of the device that an event names as silent, or NULL if it is about
 * another error or the device's domain is not known.
 */
static struct protection_domain *amd_silent(const struct amd_iommu *iommu,
					    int code, u16 devid)
{
	return code == AMD_IOTLB_INV_TIMEOUT ?
	       amd_xsmmu_domain_of(iommu, devid) : NULL;
}

/* Does an event say that a command was not executed? */
static bool amd_event_is_error(int code)
{
	return code == AMD_ILLEGAL_COMMAND_ERROR ||
	       code == AMD_COMMAND_HARDWARE_ERROR ||
	       code == AMD_IOTLB_INV_TIMEOUT;
}

/**
 * amd_xsmmu_event - count an event if it says that a command was not executed
 * @iommu: the IOMMU that has logged it
 * @type: event code
 * @devid: device id that the event names (2.5.8), if it names one
 *
 * The driver calls this when it has read an entry of the log, and clears the
 * entry afterwards. A device that did not answer counts for its domain only, all
 * else for all domains of the IOMMU. (The domain is safe from being freed in
 * xSMMU mode only. Without syncs it does not matter who is blamed.)
 *
 * Context: the IOMMU's interrupt thread, the only writer of the IOMMU's counts.
 */
void amd_xsmmu_event(struct amd_iommu *iommu, int type, u16 devid)
{
	struct protection_domain *pdom;

	if (!amd_event_is_error(type))
		return;
	/* A domain that the device leaves meanwhile is not freed; see R1. */
	rcu_read_lock();
	pdom = xsmmu_mode() ? amd_silent(iommu, type, devid) : NULL;
	if (pdom) {
		atomic_inc(&pdom->xsmmu_timeouts);
		WRITE_ONCE(iommu->xsmmu_timeouts, iommu->xsmmu_timeouts + 1);
	} else {
		WRITE_ONCE(iommu->xsmmu_errors, iommu->xsmmu_errors + 1);
	}
	rcu_read_unlock();
	/*
	 * V0, pairs with V1: the counts, then the caller clears the entry. If a
	 * sync reads a cleared entry, it reads a count with the entry's error.
	 * Litmus: amd-v0-v1
	 */
	smp_wmb();
}

/**
 * amd_xsmmu_event_tail - where an IOMMU writes its next event
 * @iommu: the IOMMU
 *
 * Registers of an IOMMU that is gone read as all ones, hence the mask.
 *
 * Return: the offset into the log, in bytes.
 */
u32 amd_xsmmu_event_tail(struct amd_iommu *iommu)
{
	return readl(iommu->mmio_base + MMIO_EVT_TAIL_OFFSET) &
	       (amd_xsmmu_event_log_size(iommu) - 1) & ~(AMD_EVENT_BYTES - 1);
}

/* What an entry of the log says about the syncs of a domain. */
static enum amd_xsmmu_logged
amd_entry(const struct amd_iommu *iommu, const u32 *event,
	  const struct protection_domain *pdom)
{
	int code = FIELD_GET(AMD_EVENT_CODE, READ_ONCE(event[1]));
	u16 devid = FIELD_GET(AMD_EVENT_DEVICE_ID, READ_ONCE(event[0]));
	const struct protection_domain *silent;

	if (!amd_event_is_error(code))
		return AMD_XSMMU_NO_ERROR;
	silent = amd_silent(iommu, code, devid);
	return silent && silent != pdom ? AMD_XSMMU_OTHERS_SILENT :
					  AMD_XSMMU_ERROR;
}

/**
 * amd_xsmmu_logged - what does an event log hold from @tail on?
 * @iommu: the IOMMU
 * @tail: offset of the first entry to look at, from amd_xsmmu_event_tail()
 * @pdom: the domain that is being synced
 *
 * Only reads the log. Misses an entry that the IOMMU writes after the tail
 * register, and one that finds the log full. The driver may clear an entry
 * between the reads of its words. Then its device id reads as that of a device
 * of another domain at worst, and the counts have the error (V1).
 *
 * Context: any; rcu_read_lock() held, so that no device of @pdom has joined
 * another domain since the sync began.
 */
enum amd_xsmmu_logged amd_xsmmu_logged(struct amd_iommu *iommu, u32 tail,
				       const struct protection_domain *pdom)
{
	enum amd_xsmmu_logged found = AMD_XSMMU_NO_ERROR;
	u32 size = amd_xsmmu_event_log_size(iommu);
	u32 end = amd_xsmmu_event_tail(iommu);
	const u32 *event;

	while (tail != end) {
		event = (const u32 *)(iommu->evt_buf + tail);
		found = max(found, amd_entry(iommu, event, pdom));
		tail = (tail + AMD_EVENT_BYTES) % size;
	}
	return found;
}
