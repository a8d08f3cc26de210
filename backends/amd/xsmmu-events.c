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

#define AMD_EVENT_BYTES			16

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
 *
 * The driver calls this when it has read an entry of the log, and clears the
 * entry afterwards.
 *
 * Context: the IOMMU's interrupt thread, the only writer of the count.
 */
void amd_xsmmu_event(struct amd_iommu *iommu, int type)
{
	if (!amd_event_is_error(type))
		return;
	WRITE_ONCE(iommu->xsmmu_errors, iommu->xsmmu_errors + 1);
	/*
	 * V0, pairs with V1: the count, then the caller clears the entry. If a
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

/**
 * amd_xsmmu_error_logged - does an event log hold an error from @tail on?
 * @iommu: the IOMMU
 * @tail: offset of the first entry to look at, from amd_xsmmu_event_tail()
 *
 * Only reads the log. Misses an entry that the IOMMU writes after the tail
 * register, and one that finds the log full.
 *
 * Context: any.
 */
bool amd_xsmmu_error_logged(struct amd_iommu *iommu, u32 tail)
{
	u32 size = amd_xsmmu_event_log_size(iommu);
	u32 end = amd_xsmmu_event_tail(iommu);
	const u32 *event;

	while (tail != end) {
		event = (const u32 *)(iommu->evt_buf + tail);
		if (amd_event_is_error(FIELD_GET(AMD_EVENT_CODE,
						 READ_ONCE(event[1]))))
			return true;
		tail = (tail + AMD_EVENT_BYTES) % size;
	}
	return false;
}
