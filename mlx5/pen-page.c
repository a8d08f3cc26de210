// SPDX-License-Identifier: GPL-2.0
/*
 * Pages of receive queues in a pen; see pen-page-types.h.
 */
#include <linux/dma-mapping.h>
#include <linux/mm.h>
#include <net/page_pool.h>
#include "en/txrx.h"
#include "en/pen-internal.h"
#include "en/pen-page.h"

/**
 * mlx5e_pen_add_page - unmap a page and release it after the poll's sync
 * @pen: the pen of the queue
 * @rq: the receive queue that the page belongs to
 * @page: a mapped page
 * @recycle: return the page to the queue's page pool; if false, free it
 *
 * Context: the queue's poll. Syncs early if the pen is full.
 */
void mlx5e_pen_add_page(struct mlx5e_pen *pen, struct mlx5e_rq *rq,
			struct page *page, bool recycle)
{
	struct mlx5e_pen_page *entry;

	if (unlikely(pen->pages.count == MLX5E_PEN_PAGES))
		mlx5e_pen_make_room(pen);
	pen->unsynced++;
	entry = &pen->pages.entries[pen->pages.count++];

	dma_unmap_page_attrs_no_sync(pen->dev, page_pool_get_dma_addr(page), PAGE_SIZE,
				     rq->buff.map_dir, DMA_ATTR_SKIP_CPU_SYNC);
	page_pool_set_dma_addr(page, 0);
	entry->rq = rq;
	entry->page = (unsigned long)page | (recycle ? MLX5E_PEN_RECYCLE : 0);
}

static struct page *mlx5e_pen_page_of(struct mlx5e_pen_page *entry)
{
	return (struct page *)(entry->page & ~MLX5E_PEN_RECYCLE);
}

static void mlx5e_pen_release_page(struct mlx5e_pen_page *entry)
{
	struct page_pool *pool = entry->rq->page_pool;
	struct page *page = mlx5e_pen_page_of(entry);

	if (likely(entry->page & MLX5E_PEN_RECYCLE)) {
		page_pool_recycle_direct(pool, page);
	} else {
		page_pool_release_page(pool, page);
		put_page(page);
	}
}

/* A sync has covered the pages. */
void __mlx5e_pen_release_pages(struct mlx5e_pen_pages *pages)
{
	unsigned int i;

	for (i = 0; i < pages->count; i++)
		mlx5e_pen_release_page(&pages->entries[i]);
	pages->count = 0;
}

/*
 * A sync failed. The queue may close before a later sync covers its pages, and
 * its page pool would wait for them. So they leave the pool.
 */
unsigned int mlx5e_pen_keep_pages(struct mlx5e_pen_pages *pages)
{
	unsigned int i, count = pages->count;

	for (i = 0; i < count; i++) {
		struct page *page = mlx5e_pen_page_of(&pages->entries[i]);

		page_pool_release_page(pages->entries[i].rq->page_pool, page);
		set_page_private(page, (unsigned long)pages->kept);
		pages->kept = page;
	}
	pages->count = 0;
	return count;
}

/* A later sync has covered the kept pages. */
void mlx5e_pen_free_kept_pages(struct mlx5e_pen_pages *pages)
{
	struct page *page;

	while ((page = pages->kept)) {
		pages->kept = (struct page *)page_private(page);
		set_page_private(page, 0);
		put_page(page);
	}
}

/* No sync has covered the kept pages, and none will. They stay allocated. */
void mlx5e_pen_abandon_kept_pages(struct mlx5e_pen_pages *pages)
{
	pages->kept = NULL;
}

/* Only polls may recycle to a page pool. */
void mlx5e_pen_forbid_recycling(struct mlx5e_pen_pages *pages)
{
	unsigned int i;

	for (i = 0; i < pages->count; i++)
		pages->entries[i].page &= ~MLX5E_PEN_RECYCLE;
}
