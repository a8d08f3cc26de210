/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What core asks of Linux 6.1: the page-table pages that an unmap has unlinked,
 * and what only dma-iommu.c can tell (dma-glue.h).
 *
 * Here a list of tables links struct page through ->lru.
 */
#ifndef _XSMMU_BASE_H
#define _XSMMU_BASE_H

#include <linux/dma-map-ops.h>
#include <linux/gfp.h>
#include <linux/iommu.h>
#include <linux/iova.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/pagemap.h>

/** xsmmu_iommu_dma_ops - dma-iommu's own DMA operations */
extern const struct dma_map_ops *const xsmmu_iommu_dma_ops;

struct iova_domain *xsmmu_iovad(struct iommu_domain *domain);
bool xsmmu_has_flush_queue(struct iommu_domain *domain);

/** xsmmu_gathered_tables - the table pages that an unmap with @gather unlinked */
static inline struct list_head *
xsmmu_gathered_tables(struct iommu_iotlb_gather *gather)
{
	return &gather->freelist;
}

/** xsmmu_tables_count - the number of pages on a list of tables */
static inline u32 xsmmu_tables_count(const struct list_head *tables)
{
	const struct list_head *pos;
	u32 n = 0;

	list_for_each(pos, tables)
		n++;
	return n;
}

/** xsmmu_tables_cut - move the first @n pages of @from to the end of @to */
static inline void xsmmu_tables_cut(struct list_head *from, u32 n,
				    struct list_head *to)
{
	while (n--)
		list_move_tail(from->next, to);
}

/** xsmmu_tables_free - free all pages on a list of tables and empty the list */
static inline void xsmmu_tables_free(struct list_head *tables)
{
	put_pages_list(tables);
}

/** xsmmu_table_add - put a table page at the end of a list of tables */
static inline void xsmmu_table_add(struct page *table, struct list_head *tables)
{
	list_add_tail(&table->lru, tables);
}

/** xsmmu_table_alloc - a table page for tests; xsmmu_tables_free() may free it */
static inline struct page *xsmmu_table_alloc(void)
{
	return alloc_page(GFP_KERNEL);
}

/** xsmmu_table_free - free a table page that is on no list */
static inline void xsmmu_table_free(struct page *table)
{
	__free_page(table);
}

/** xsmmu_for_each_table - visit the pages on a list of tables */
#define xsmmu_for_each_table(table, tables)	\
	list_for_each_entry(table, tables, lru)

#endif /* _XSMMU_BASE_H */
