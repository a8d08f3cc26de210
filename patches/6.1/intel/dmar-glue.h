/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Accessor of Linux 6.1's VT-d driver that needs what is private to the file of its
 * invalidation queue.
 *
 * Included once by dmar.c, at its end. xsmmu-base.h declares it.
 */
#ifdef CONFIG_XSMMU_INTEL
#include "xsmmu-base.h"

int intel_xsmmu_check_fault(struct intel_iommu *iommu, int index, int wait_index)
{
	return qi_check_fault(iommu, index, wait_index);
}
#endif /* CONFIG_XSMMU_INTEL */
