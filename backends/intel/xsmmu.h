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
#include <linux/types.h>

struct intel_iommu;
struct iommu_domain;

/* qi_submit_sync(): report a time-out to the caller instead of trying again. */
#define QI_OPT_XSMMU_BOUNDED	BIT(8)

#ifdef CONFIG_XSMMU_INTEL
int intel_xsmmu_sync_domain_iotlb(struct iommu_domain *domain, bool leaf_only);
bool intel_xsmmu_repair_qi(struct intel_iommu *iommu, int index, int wait_index);

/* qi_check_fault()'s word to qi_submit_sync() that it repaired the queue. */
#define QI_XSMMU_REPAIRED	(-ERESTART)

static inline bool intel_xsmmu_repaired(int rc)
{
	return rc == QI_XSMMU_REPAIRED;
}

static inline bool intel_xsmmu_bounded(unsigned long options)
{
	return options & QI_OPT_XSMMU_BOUNDED;
}
#else
static inline bool intel_xsmmu_repair_qi(struct intel_iommu *iommu, int index,
					 int wait_index)
{
	return false;
}

#define QI_XSMMU_REPAIRED	0

static inline bool intel_xsmmu_repaired(int rc)
{
	return false;
}

static inline bool intel_xsmmu_bounded(unsigned long options)
{
	return false;
}
#endif /* CONFIG_XSMMU_INTEL */

#endif /* _INTEL_XSMMU_H */
