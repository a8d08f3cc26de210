// SPDX-License-Identifier: GPL-2.0
/*
 * Accessor of Linux 7.3's v2 tables: the walk. Their format is in headers that one file
 * can include for one format only.
 */
#include "xsmmu-base.h"

/* As in generic_pt/fmt/iommu_x86_64.c. */
#define PT_SUPPORTED_FEATURES						\
	(BIT(PT_FEAT_SIGN_EXTEND) | BIT(PT_FEAT_FLUSH_RANGE) |		\
	 BIT(PT_FEAT_FLUSH_RANGE_NO_GAPS) |				\
	 BIT(PT_FEAT_X86_64_AMD_ENCRYPT_TABLES) |			\
	 BIT(PT_FEAT_DMA_INCOHERENT))

#include "../generic_pt/fmt/defs_x86_64.h"
#include "../generic_pt/pt_defs.h"
#include "../generic_pt/fmt/x86_64.h"
#include "../generic_pt/pt_common.h"
#include "../generic_pt/pt_iter.h"
#include "xsmmu-walk.h"

u64 *amd_xsmmu_v2_entry(struct pt_iommu_x86_64 *pgtable, dma_addr_t iova)
{
	return amd_xsmmu_walk(&pgtable->x86_64_pt.common, iova);
}
