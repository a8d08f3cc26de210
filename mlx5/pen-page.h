/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pages of receive queues in a pen. The driver calls mlx5e_page_release_pen();
 * the other functions are for pen.c.
 */
#ifndef __MLX5E_PEN_PAGE_H__
#define __MLX5E_PEN_PAGE_H__

#include "en.h"

#ifdef CONFIG_XSMMU_MLX5

void mlx5e_page_release_pen(struct mlx5e_pen *pen, struct mlx5e_rq *rq,
			    struct page *page, bool recycle);
void mlx5e_pen_add_page(struct mlx5e_pen *pen, struct mlx5e_rq *rq,
			struct page *page, bool recycle);

void __mlx5e_pen_release_pages(struct mlx5e_pen_pages *pages);
unsigned int mlx5e_pen_keep_pages(struct mlx5e_pen_pages *pages);
void mlx5e_pen_free_kept_pages(struct mlx5e_pen_pages *pages);
void mlx5e_pen_abandon_kept_pages(struct mlx5e_pen_pages *pages);
void mlx5e_pen_forbid_recycling(struct mlx5e_pen_pages *pages);

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
