/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pages of receive queues in a pen. The driver calls mlx5e_page_release_pen();
 * the other functions are for pen.c.
 */
#ifndef __MLX5E_PEN_PAGE_H__
#define __MLX5E_PEN_PAGE_H__

#include "en.h"

#ifdef CONFIG_XSMMU_MLX5

#include "en/pen.h"

void __mlx5e_page_release_pen(struct mlx5e_pen *pen, struct mlx5e_rq *rq,
			      struct page *page, bool recycle);
void mlx5e_pen_add_page(struct mlx5e_pen *pen, struct mlx5e_rq *rq,
			struct page *page, bool recycle);

void __mlx5e_pen_release_pages(struct mlx5e_pen_pages *pages);
unsigned int mlx5e_pen_keep_pages(struct mlx5e_pen_pages *pages);
void mlx5e_pen_free_kept_pages(struct mlx5e_pen_pages *pages);
void mlx5e_pen_abandon_kept_pages(struct mlx5e_pen_pages *pages);
void mlx5e_pen_forbid_recycling(struct mlx5e_pen_pages *pages);

/**
 * mlx5e_page_release_pen - mlx5e_page_release_dynamic() for polls
 * @pen: the pen of the queue; NULL outside of polls and if the device does not
 *       batch
 * @rq: the receive queue that the page belongs to
 * @page: a mapped page
 * @recycle: keep the page for the queue; if false, free it
 *
 * Context: the queue's poll, if there is a pen.
 */
static inline void mlx5e_page_release_pen(struct mlx5e_pen *pen, struct mlx5e_rq *rq,
					  struct page *page, bool recycle)
{
	if (mlx5e_pen_used() && pen)
		__mlx5e_page_release_pen(pen, rq, page, recycle);
	else
		mlx5e_page_release_dynamic(rq, page, recycle);
}

static inline void mlx5e_pen_release_pages(struct mlx5e_pen_pages *pages)
{
	if (pages->count)
		__mlx5e_pen_release_pages(pages);
}

#else

static inline void mlx5e_page_release_pen(struct mlx5e_pen *pen, struct mlx5e_rq *rq,
					  struct page *page, bool recycle)
{
	mlx5e_page_release_dynamic(rq, page, recycle);
}

#endif /* CONFIG_XSMMU_MLX5 */

#endif /* __MLX5E_PEN_PAGE_H__ */
