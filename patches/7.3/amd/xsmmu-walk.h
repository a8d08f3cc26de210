/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The walk to an entry of a generic page table. Included by xsmmu-v1.c and xsmmu-v2.c,
 * after the headers of their format.
 */
#ifndef _AMD_XSMMU_WALK_H
#define _AMD_XSMMU_WALK_H

/*
 * The entry of the lowest level for an address. Only reads the tables. The pages of a
 * series are no pages of 4 KiB.
 */
static u64 *amd_xsmmu_walk(struct pt_common *common, dma_addr_t iova)
{
	struct pt_range range = pt_make_range(common, iova, iova);
	struct pt_state pts = pt_init_top(&range);

	/* The walk ignores higher bits. */
	if (pt_check_range(&range))
		return NULL;
	while (pts.level) {
		if (pt_load_single_entry(&pts) != PT_ENTRY_TABLE)
			return NULL;
		pts = pt_init(&range, pts.level - 1, pts.table_lower);
	}
	if (pt_load_single_entry(&pts) == PT_ENTRY_OA &&
	    pt_entry_num_contig_lg2(&pts))
		return NULL;
	return pt_cur_table(&pts, u64) + pts.index;
}

#endif /* _AMD_XSMMU_WALK_H */
