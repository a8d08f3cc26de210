/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Accessor of Linux 7.3's VT-d driver that needs what is private to its main file:
 * a quirk.
 *
 * Included once by iommu.c, at its end. xsmmu-base.h declares it.
 */
#ifdef CONFIG_XSMMU_INTEL
#include "xsmmu-base.h"

bool intel_xsmmu_has_write_buffer(const struct intel_iommu *iommu)
{
	return rwbf_required(iommu);
}
#endif /* CONFIG_XSMMU_INTEL */
