/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The type of the pages in a pen. pen-types.h includes this file; the functions
 * are in pen-page.h.
 *
 * The pages are those that the receive queues of the driver map and unmap by
 * themselves. Where page_pool does that, polls unmap no pages. The manifest of
 * such a base excludes the pen-page files, and its own folder provides this
 * header and pen-page.h with an empty struct and functions that do nothing.
 */
#ifndef __MLX5E_PEN_PAGE_TYPES_H__
#define __MLX5E_PEN_PAGE_TYPES_H__

#include <linux/types.h>

struct mlx5e_rq;
struct page;

#ifdef CONFIG_XSMMU_MLX5

/* A poll that unmaps more pages than this syncs early. */
#define MLX5E_PEN_PAGES	256

/**
 * struct mlx5e_pen_page - a page that waits for the sync
 * @rq: the receive queue that it belongs to
 * @page: the page, plus MLX5E_PEN_RECYCLE if it goes back to the page pool of @rq.
 *        Without that bit it is freed
 */
struct mlx5e_pen_page {
	struct mlx5e_rq *rq;
	unsigned long page;
};

#define MLX5E_PEN_RECYCLE	1ul

/**
 * struct mlx5e_pen_pages - the pages in a pen
 * @count: number of entries in use
 * @kept: pages that failed syncs did not cover, linked through page->private.
 *        They have left their page pool
 * @entries: pages that wait for the sync
 *
 * See struct mlx5e_pen for who may change them.
 */
struct mlx5e_pen_pages {
	unsigned int count;
	struct page *kept;
	struct mlx5e_pen_page entries[MLX5E_PEN_PAGES];
};

#endif /* CONFIG_XSMMU_MLX5 */

#endif /* __MLX5E_PEN_PAGE_TYPES_H__ */
