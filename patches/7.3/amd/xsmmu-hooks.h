/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the hooks in Linux 7.3's AMD IOMMU driver call, other than xsmmu.h.
 */
#ifndef _AMD_XSMMU_HOOKS_H
#define _AMD_XSMMU_HOOKS_H

#include <linux/rcupdate.h>
#include <linux/slab.h>
#include "amd_iommu_types.h"

#ifdef CONFIG_XSMMU_AMD
#include "xsmmu-base.h"

/*
 * The driver has taken an IOMMU out of a domain's array. A sync may still read what
 * the array pointed to; see amd_xsmmu_each_target().
 */
static inline void amd_xsmmu_free_info(struct pdom_iommu_info *info)
{
	kfree_rcu(info, xsmmu_rcu);
}
#else
static inline void amd_xsmmu_free_info(struct pdom_iommu_info *info)
{
	kfree(info);
}
#endif /* CONFIG_XSMMU_AMD */

#endif /* _AMD_XSMMU_HOOKS_H */
