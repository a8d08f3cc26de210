/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between base kernels and core must not know: how Linux 6.1 keeps
 * a list of unlinked page-table pages (struct page, linked through ->lru).
 */
#ifndef _XSMMU_BASE_H
#define _XSMMU_BASE_H

#include <linux/iommu.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/pagemap.h>

/* The table pages that an unmap into @gather has unlinked. */
static inline struct list_head *
xsmmu_gathered_tables(struct iommu_iotlb_gather *gather)
{
	return &gather->freelist;
}

static inline u32 xsmmu_tables_count(const struct list_head *tables)
{
	const struct list_head *pos;
	u32 n = 0;

	list_for_each(pos, tables)
		n++;
	return n;
}

/* Move the first @n pages of @from to the end of @to. */
static inline void xsmmu_tables_cut(struct list_head *from, u32 n,
				    struct list_head *to)
{
	while (n--)
		list_move_tail(from->next, to);
}

static inline void xsmmu_tables_free(struct list_head *tables)
{
	put_pages_list(tables);
}

#endif /* _XSMMU_BASE_H */
