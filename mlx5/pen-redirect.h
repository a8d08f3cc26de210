/* SPDX-License-Identifier: GPL-2.0 */
/*
 * XDP_REDIRECT of received pages; see pen-redirect.c. Without the option the
 * driver unmaps after the redirect, as it always did.
 */
#ifndef __MLX5E_PEN_REDIRECT_H__
#define __MLX5E_PEN_REDIRECT_H__

#include "en.h"

struct xdp_buff;

#ifdef CONFIG_XSMMU_MLX5

void mlx5e_xdp_unmap_before_redirect(struct mlx5e_rq *rq, struct page *page,
				     struct xdp_buff *xdp);
void mlx5e_xdp_redirect_failed(struct mlx5e_rq *rq, struct page *page,
			       struct xdp_buff *xdp);

static inline void mlx5e_xdp_unmap_after_redirect(struct mlx5e_rq *rq, struct page *page,
						  struct xdp_buff *xdp) {}

#else

static inline void mlx5e_xdp_unmap_before_redirect(struct mlx5e_rq *rq, struct page *page,
						   struct xdp_buff *xdp) {}

static inline void mlx5e_xdp_redirect_failed(struct mlx5e_rq *rq, struct page *page,
					     struct xdp_buff *xdp) {}

static inline void mlx5e_xdp_unmap_after_redirect(struct mlx5e_rq *rq, struct page *page,
						  struct xdp_buff *xdp)
{
	if (xdp->rxq->mem.type != MEM_TYPE_XSK_BUFF_POOL)
		mlx5e_page_dma_unmap(rq, page);
}

#endif /* CONFIG_XSMMU_MLX5 */

#endif /* __MLX5E_PEN_REDIRECT_H__ */
