// SPDX-License-Identifier: GPL-2.0
/*
 * Accessor of Linux 7.3's v1 tables: the walk. Their format is in headers that one file
 * can include for one format only.
 */
#include "xsmmu-base.h"

/* As in generic_pt/fmt/iommu_amdv1.c. */
#define PT_SUPPORTED_FEATURES						\
	(BIT(PT_FEAT_FULL_VA) | BIT(PT_FEAT_DYNAMIC_TOP) |		\
	 BIT(PT_FEAT_FLUSH_RANGE) | BIT(PT_FEAT_FLUSH_RANGE_NO_GAPS) |	\
	 BIT(PT_FEAT_AMDV1_ENCRYPT_TABLES) |				\
	 BIT(PT_FEAT_AMDV1_FORCE_COHERENCE))
#define PT_FORCE_ENABLED_FEATURES					\
	(BIT(PT_FEAT_DYNAMIC_TOP) | BIT(PT_FEAT_AMDV1_ENCRYPT_TABLES) |	\
	 BIT(PT_FEAT_AMDV1_FORCE_COHERENCE))

#include "../generic_pt/fmt/defs_amdv1.h"
#include "../generic_pt/pt_defs.h"
#include "../generic_pt/fmt/amdv1.h"
#include "../generic_pt/pt_common.h"
#include "../generic_pt/pt_iter.h"
#include "xsmmu-walk.h"

u64 *amd_xsmmu_v1_entry(struct pt_iommu_amdv1 *pgtable, dma_addr_t iova)
{
	return amd_xsmmu_walk(&pgtable->amdpt.common, iova);
}
