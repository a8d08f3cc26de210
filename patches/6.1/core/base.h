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
#include <linux/io.h>
#include <linux/iommu.h>
#include <linux/iova.h>
#include <linux/list.h>
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/scatterlist.h>

/** xsmmu_iommu_dma_ops - dma-iommu's own DMA operations */
extern const struct dma_map_ops *const xsmmu_iommu_dma_ops;

struct iova_domain *xsmmu_iovad(struct iommu_domain *domain);
bool xsmmu_has_flush_queue(struct iommu_domain *domain);

/** xsmmu_map - map a range of a domain; may sleep */
static inline int xsmmu_map(struct iommu_domain *domain, dma_addr_t addr,
			    phys_addr_t phys, size_t size, int prot)
{
	return iommu_map(domain, addr, phys, size, prot);
}

/** xsmmu_map_atomic - map a range of a domain in a context that may not sleep */
static inline int xsmmu_map_atomic(struct iommu_domain *domain, dma_addr_t addr,
				   phys_addr_t phys, size_t size, int prot)
{
	return iommu_map_atomic(domain, addr, phys, size, prot);
}

/**
 * xsmmu_sync_range - invalidate a range of pages whose leaf entries were cleared
 * @domain: the domain
 * @addr: bus address, of a whole page
 * @size: bytes, of whole pages
 *
 * Waits, as an ordinary unmap does. Context: any but NMI.
 */
static inline void xsmmu_sync_range(struct iommu_domain *domain, dma_addr_t addr,
				    size_t size)
{
	struct iommu_iotlb_gather gather;

	iommu_iotlb_gather_init(&gather);
	gather.pgsize = PAGE_SIZE;
	gather.start = addr;
	gather.end = addr + size - 1;
	iommu_iotlb_sync(domain, &gather);
}

/**
 * xsmmu_write_back - write memory out of the CPU's caches, and wait for that
 * @start: its first byte
 * @size: bytes
 *
 * Context: any.
 */
static inline void xsmmu_write_back(void *start, size_t size)
{
	arch_sync_dma_for_device(virt_to_phys(start), size, DMA_TO_DEVICE);
}

/** xsmmu_sg_is_peers - is an entry of a list the memory of a peer device? */
static inline bool xsmmu_sg_is_peers(struct scatterlist *s)
{
	return is_pci_p2pdma_page(sg_page(s));
}

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
