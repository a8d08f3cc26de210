/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The functions for pages that pen.c calls. A pen holds none; see pen-page-types.h.
 */
#ifndef __MLX5E_PEN_PAGE_H__
#define __MLX5E_PEN_PAGE_H__

#include "en.h"

#ifdef CONFIG_XSMMU_MLX5

static inline void mlx5e_pen_release_pages(struct mlx5e_pen_pages *pages)
{
}

static inline unsigned int mlx5e_pen_keep_pages(struct mlx5e_pen_pages *pages)
{
	return 0;
}

static inline void mlx5e_pen_free_kept_pages(struct mlx5e_pen_pages *pages)
{
}

static inline void mlx5e_pen_abandon_kept_pages(struct mlx5e_pen_pages *pages)
{
}

static inline void mlx5e_pen_forbid_recycling(struct mlx5e_pen_pages *pages)
{
}

#endif /* CONFIG_XSMMU_MLX5 */

#endif /* __MLX5E_PEN_PAGE_H__ */
