/* SPDX-License-Identifier: GPL-2.0 */
/*
 * XDP_REDIRECT of received pages; see pen-redirect.c. Without a pen the driver
 * unmaps after a redirect that succeeded, as it always did.
 */
#ifndef __MLX5E_PEN_REDIRECT_H__
#define __MLX5E_PEN_REDIRECT_H__

#include "en.h"
#include "en/pen.h"

struct xdp_buff;

#ifdef CONFIG_XSMMU_MLX5

void __mlx5e_xdp_unmap_before_redirect(struct mlx5e_rq *rq, struct page *page,
				       struct xdp_buff *xdp);
void __mlx5e_xdp_redirect_failed(struct mlx5e_rq *rq, struct page *page,
				 struct xdp_buff *xdp);

static inline void mlx5e_xdp_unmap_before_redirect(struct mlx5e_rq *rq, struct page *page,
						   struct xdp_buff *xdp)
{
	if (mlx5e_cq_pen(&rq->cq))
		__mlx5e_xdp_unmap_before_redirect(rq, page, xdp);
}

static inline void mlx5e_xdp_redirect_failed(struct mlx5e_rq *rq, struct page *page,
					     struct xdp_buff *xdp)
{
	if (mlx5e_cq_pen(&rq->cq))
		__mlx5e_xdp_redirect_failed(rq, page, xdp);
}

#else

static inline void mlx5e_xdp_unmap_before_redirect(struct mlx5e_rq *rq, struct page *page,
						   struct xdp_buff *xdp) {}

static inline void mlx5e_xdp_redirect_failed(struct mlx5e_rq *rq, struct page *page,
					     struct xdp_buff *xdp) {}

#endif /* CONFIG_XSMMU_MLX5 */

static inline void mlx5e_xdp_unmap_after_redirect(struct mlx5e_rq *rq, struct page *page,
						  struct xdp_buff *xdp)
{
	if (!mlx5e_cq_pen(&rq->cq) && xdp->rxq->mem.type != MEM_TYPE_XSK_BUFF_POOL)
		mlx5e_page_dma_unmap(rq, page);
}

#endif /* __MLX5E_PEN_REDIRECT_H__ */
