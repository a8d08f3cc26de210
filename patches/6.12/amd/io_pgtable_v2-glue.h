/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Accessor of Linux 6.12's v2 tables: the walk, which is private to their file.
 *
 * Included once by io_pgtable_v2.c, at its end. xsmmu-base.h declares it.
 */
#ifdef CONFIG_XSMMU_AMD
#include "xsmmu-base.h"

u64 *amd_xsmmu_v2_entry(struct amd_io_pgtable *pgtable, dma_addr_t iova)
{
	unsigned long size;
	u64 *entry;

	/* The walk ignores higher bits. */
	if (iova > PM_LEVEL_SIZE(get_pgtable_level()))
		return NULL;
	entry = fetch_pte(pgtable, iova, &size);
	return size == SZ_4K ? entry : NULL;
}
#endif /* CONFIG_XSMMU_AMD */
