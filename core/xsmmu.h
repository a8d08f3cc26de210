/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The interface of xSMMU's core: what the DMA API, dma-iommu, iommu.c and the
 * backends call. core/internal.h has what the files of core share.
 *
 * DOC: the promise
 *
 * I1 buffers     Memory covered by dma_unmap_*_no_sync() is not freed, reused or
 *                handed on before an invalidation has completed that started
 *                after its PTEs were cleared. The driver keeps this promise by
 *                calling dma_sync_device_iotlb() before it frees.
 * I2 IOVAs       No IOVA range goes back to its allocator before that same
 *                invalidation has completed.
 * I3 tables      No page-table page that a batch unlinked is freed before an
 *                invalidation has completed that drops non-leaf entries as well.
 * I4 sharing     A CPU relies on an invalidation that another CPU issued only if
 *                it started after this CPU's own PTE clears were visible.
 * I5 fail closed Where batching is not possible, *_no_sync() is the ordinary
 *                unmap and the sync returns 0. An invalidation that failed
 *                releases nothing, and the driver gets an error.
 */
#ifndef _XSMMU_H
#define _XSMMU_H

#include <linux/bits.h>
#include <linux/dma-direction.h>
#include <linux/iommu.h>
#include <linux/iova.h>
#include <linux/jump_label.h>

/*
 * What has to follow a write to a leaf entry, before the device may use the
 * mapping or a sync may begin; for &iommu_domain_ops.leaf_entry.
 */
#define XSMMU_CLEAN_ENTRY	BIT(0)	/* clean its cache line for the walker */
#define XSMMU_ORDER_ENTRY	BIT(1)	/* wmb() after a new mapping */
#define XSMMU_SYNC_MAP		BIT(2)	/* iotlb_sync_map after a new mapping */

/**
 * struct xsmmu_run - neighbouring pages of 4 KiB whose leaf entries were cleared
 * @addr: bus address of the first one
 * @pages: their number
 *
 * Each page has an entry of its own in a table of the last level.
 */
struct xsmmu_run {
	dma_addr_t addr;
	unsigned int pages;
};

/* The most runs that a sync names. */
#define XSMMU_MAX_RUNS		8

struct scatterlist;
struct xsmmu_domain;
struct xsmmu_window;

/**
 * struct xsmmu_limit - a number that debugfs shows and changes
 * @value: the number; written by debugfs, read with READ_ONCE()
 * @most: its highest value; constant
 */
struct xsmmu_limit {
	u32 value;
	u32 most;
};

#ifdef CONFIG_XSMMU

DECLARE_STATIC_KEY_FALSE(xsmmu_key);

/**
 * xsmmu_mode - is the kernel in xSMMU mode?
 *
 * Return: true with iommu.xsmmu=1, except in a kdump kernel.
 */
static inline bool xsmmu_mode(void)
{
	return static_branch_unlikely(&xsmmu_key);
}

/**
 * xsmmu_of - the batching state of a domain
 * @domain: a DMA domain
 *
 * Return: the state, or NULL until a driver of the domain has opted in.
 */
static inline struct xsmmu_domain *xsmmu_of(struct iommu_domain *domain)
{
	/*
	 * S1, pairs with S0: the address, then the state. The caller may read
	 * the address again without a barrier.
	 * Litmus: core-state
	 */
	return smp_load_acquire(&domain->xsmmu);
}

/**
 * xsmmu_init_iovad - no domain batches unmaps of these IOVAs
 * @iovad: an IOVA allocator
 *
 * Called before the first allocation, and when nobody allocates any more.
 */
static inline void xsmmu_init_iovad(struct iova_domain *iovad)
{
	iovad->xsmmu_domain = NULL;
}

void xsmmu_mode_init(void);
void xsmmu_debugfs_limit(const char *name, struct xsmmu_limit *limit);

bool xsmmu_domain_enable(struct iommu_domain *domain, struct iova_domain *iovad,
			 const char *name);
void xsmmu_domain_trim(struct xsmmu_domain *xd);
void xsmmu_domain_destroy(struct iommu_domain *domain);
void xsmmu_unbound(struct device *dev);

void xsmmu_unmap(struct xsmmu_domain *xd, dma_addr_t addr, size_t size);
int xsmmu_sync(struct xsmmu_domain *xd);
int xsmmu_sync_local(struct xsmmu_domain *xd);
unsigned long xsmmu_snapshot(struct xsmmu_domain *xd);
bool xsmmu_covered(struct xsmmu_domain *xd, unsigned long snap);
bool xsmmu_drain(struct xsmmu_domain *xd);
void xsmmu_drain_iovad(struct iova_domain *iovad);

struct xsmmu_window *xsmmu_window_get(struct xsmmu_domain *xd, u64 limit,
				      bool coherent);
void xsmmu_window_put(struct xsmmu_window *w);
struct xsmmu_window *xsmmu_window_find(struct xsmmu_domain *xd, dma_addr_t addr);
dma_addr_t xsmmu_window_map(struct xsmmu_window *w, phys_addr_t phys,
			    size_t size, enum dma_data_direction dir,
			    bool coherent);
int xsmmu_window_map_sg(struct xsmmu_window *w, struct scatterlist *sg, int nents,
			enum dma_data_direction dir, bool coherent,
			unsigned int longest, unsigned long boundary);
bool xsmmu_window_unmap(struct xsmmu_window *w, dma_addr_t addr,
			phys_addr_t *phys);
bool xsmmu_window_unmap_strict(struct xsmmu_window *w, dma_addr_t addr,
			       phys_addr_t *phys);

#else /* CONFIG_XSMMU */

static inline bool xsmmu_mode(void)
{
	return false;
}

static inline struct xsmmu_domain *xsmmu_of(struct iommu_domain *domain)
{
	return NULL;
}

static inline void xsmmu_mode_init(void)
{
}

static inline void xsmmu_domain_destroy(struct iommu_domain *domain)
{
}

static inline void xsmmu_unbound(struct device *dev)
{
}

static inline void xsmmu_init_iovad(struct iova_domain *iovad)
{
}

static inline void xsmmu_drain_iovad(struct iova_domain *iovad)
{
}

#endif /* CONFIG_XSMMU */

#endif /* _XSMMU_H */
