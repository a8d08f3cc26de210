/* SPDX-License-Identifier: GPL-2.0 */
/*
 * In Linux 7.3 page_pool maps and unmaps the pages of receive queues, and keeps them
 * mapped while they are recycled. So a pen holds none.
 */
#ifndef __MLX5E_PEN_PAGE_TYPES_H__
#define __MLX5E_PEN_PAGE_TYPES_H__

#ifdef CONFIG_XSMMU_MLX5

/**
 * struct mlx5e_pen_pages - the pages in a pen
 * @count: 0
 */
struct mlx5e_pen_pages {
	unsigned int count;
};

#endif /* CONFIG_XSMMU_MLX5 */

#endif /* __MLX5E_PEN_PAGE_TYPES_H__ */
