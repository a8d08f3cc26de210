/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the data path calls on its pen. Without the option each is the driver's
 * own call, or nothing.
 */
#ifndef __MLX5E_PEN_PATH_H__
#define __MLX5E_PEN_PATH_H__

#include "en.h"

struct mlx5e_tx_wqe_info;
struct xdp_buff;

#ifdef CONFIG_XSMMU_MLX5

/* The pen of a queue, for its poll only: nobody else may touch it. */
static inline struct mlx5e_pen *mlx5e_cq_pen(struct mlx5e_cq *cq)
{
	return cq->pen.pen;
}

static inline bool mlx5e_pen_is_empty(struct mlx5e_pen *pen)
{
	return !pen->unsynced && !pen->count && skb_queue_empty(&pen->skbs);
}

void __mlx5e_pen_unmap_wi(struct mlx5e_pen *pen, struct mlx5e_txqsq *sq,
			  struct mlx5e_tx_wqe_info *wi, u32 *dma_fifo_cc);
void mlx5e_pen_consume_skb(struct mlx5e_pen *pen, struct sk_buff *skb, int budget);
void mlx5e_pen_add_page(struct mlx5e_pen *pen, struct mlx5e_rq *rq,
			struct page *page, bool recycle);
void mlx5e_pen_add_frame(struct mlx5e_pen *pen, struct xdp_frame *frame,
			 dma_addr_t addr);
void __mlx5e_pen_sync(struct mlx5e_pen *pen, int budget);

void mlx5e_page_release_pen(struct mlx5e_pen *pen, struct mlx5e_rq *rq,
			    struct page *page, bool recycle);

void mlx5e_xdp_unmap_before_redirect(struct mlx5e_rq *rq, struct page *page,
				     struct xdp_buff *xdp);
void mlx5e_xdp_redirect_failed(struct mlx5e_rq *rq, struct page *page,
			       struct xdp_buff *xdp);

static inline void mlx5e_xdp_unmap_after_redirect(struct mlx5e_rq *rq,
						  struct page *page,
						  struct xdp_buff *xdp) {}

/* Unmaps a completed WQE; false if the caller has to, since it has no pen. */
static inline bool mlx5e_pen_unmap_wi(struct mlx5e_pen *pen, struct mlx5e_txqsq *sq,
				      struct mlx5e_tx_wqe_info *wi, u32 *dma_fifo_cc)
{
	if (!pen)
		return false;
	__mlx5e_pen_unmap_wi(pen, sq, wi, dma_fifo_cc);
	return true;
}

/* True if the pen took the frame: it is unmapped, and returned after the sync. */
static inline bool mlx5e_pen_takes_frame(struct mlx5e_pen *pen, struct xdp_frame *frame,
					 dma_addr_t addr)
{
	if (!pen)
		return false;
	mlx5e_pen_add_frame(pen, frame, addr);
	return true;
}

/* The one sync of a poll: before the receive queues are refilled. */
static inline void mlx5e_pen_sync(struct mlx5e_pen *pen, int budget)
{
	if (!mlx5e_pen_is_empty(pen))
		__mlx5e_pen_sync(pen, budget);
}

/* At the end of a poll, while no other CPU can have begun the next one. */
static inline void mlx5e_pen_check(struct mlx5e_pen *pen)
{
	WARN_ON_ONCE(!mlx5e_pen_is_empty(pen));
}

#else

static inline struct mlx5e_pen *mlx5e_cq_pen(struct mlx5e_cq *cq)
{
	return NULL;
}

static inline bool mlx5e_pen_unmap_wi(struct mlx5e_pen *pen, struct mlx5e_txqsq *sq,
				      struct mlx5e_tx_wqe_info *wi, u32 *dma_fifo_cc)
{
	return false;
}

static inline void mlx5e_pen_consume_skb(struct mlx5e_pen *pen, struct sk_buff *skb,
					 int budget)
{
	napi_consume_skb(skb, budget);
}

static inline bool mlx5e_pen_takes_frame(struct mlx5e_pen *pen, struct xdp_frame *frame,
					 dma_addr_t addr)
{
	return false;
}

static inline void mlx5e_page_release_pen(struct mlx5e_pen *pen, struct mlx5e_rq *rq,
					  struct page *page, bool recycle)
{
	mlx5e_page_release_dynamic(rq, page, recycle);
}

static inline void mlx5e_xdp_unmap_before_redirect(struct mlx5e_rq *rq,
						   struct page *page,
						   struct xdp_buff *xdp) {}

static inline void mlx5e_xdp_redirect_failed(struct mlx5e_rq *rq, struct page *page,
					     struct xdp_buff *xdp) {}

static inline void mlx5e_xdp_unmap_after_redirect(struct mlx5e_rq *rq,
						  struct page *page,
						  struct xdp_buff *xdp)
{
	if (xdp->rxq->mem.type != MEM_TYPE_XSK_BUFF_POOL)
		mlx5e_page_dma_unmap(rq, page);
}

static inline void mlx5e_pen_sync(struct mlx5e_pen *pen, int budget) {}

static inline void mlx5e_pen_check(struct mlx5e_pen *pen) {}

#endif /* CONFIG_XSMMU_MLX5 */

static inline struct mlx5e_pen *mlx5e_rq_pen(struct mlx5e_rq *rq)
{
	return mlx5e_cq_pen(&rq->cq);
}

#endif /* __MLX5E_PEN_PATH_H__ */
