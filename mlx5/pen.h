/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The functions of the pen that the driver calls. txrx.h includes this file.
 *
 * Without the option each function does nothing, or what the driver does itself.
 */
#ifndef __MLX5E_PEN_H__
#define __MLX5E_PEN_H__

#include "en.h"

#ifdef CONFIG_XSMMU_MLX5

#include <linux/dma-mapping.h>
#include <linux/jump_label.h>
#include <net/xdp.h>
#include "en/pen-base-dma.h"

/* On once a device batches. While it is off, a poll skips the pen by a nop. */
DECLARE_STATIC_KEY_FALSE(mlx5e_pen_key);

/* For functions that the compiler inlines only in the driver without hooks. */
#define mlx5e_pen_inline	__always_inline

void mlx5e_pen_priv_init(struct mlx5e_priv *priv);
void mlx5e_pen_priv_cleanup(struct mlx5e_priv *priv);
void mlx5e_pen_open(struct mlx5e_pen *pen, struct napi_struct *napi, struct mlx5e_priv *priv,
		    struct device *dev, struct mlx5e_ch_stats *stats);
void mlx5e_pen_close(struct mlx5e_pen *pen);

bool __mlx5e_pen_any_is_shared(struct mlx5e_txqsq *sq, struct mlx5e_tx_wqe_info *wi);
void mlx5e_pen_unmap_shared_wi(struct mlx5e_pen *pen, struct mlx5e_txqsq *sq,
			       struct mlx5e_tx_wqe_info *wi, u32 *dma_fifo_cc);
void __mlx5e_pen_sync(struct mlx5e_pen *pen, int budget);
void mlx5e_pen_end_poll(struct mlx5e_pen *pen, struct napi_struct *napi, int budget);

/*
 * Does any device batch? Each inline function asks this first, also where the pen
 * is NULL: the compiler cannot keep a test of @pen out of a loop.
 */
static inline bool mlx5e_pen_used(void)
{
	return static_branch_unlikely(&mlx5e_pen_key);
}

/* The pen that a new completion queue refers to. */
static inline struct mlx5e_pen_ref mlx5e_pen_ref(struct mlx5e_pen *pen)
{
	return (struct mlx5e_pen_ref){ .pen = pen->dev ? pen : NULL };
}

/* The pen of a queue, or NULL. Only the queue's poll may use it. */
static inline struct mlx5e_pen *mlx5e_cq_pen(struct mlx5e_cq *cq)
{
	return mlx5e_pen_used() ? cq->pen.pen : NULL;
}

/*
 * The same for functions that polls and teardown share. Of these only polls
 * recycle, so @recycle tells the two apart.
 */
static inline struct mlx5e_pen *mlx5e_cq_pen_if_polled(struct mlx5e_cq *cq, bool recycle)
{
	return mlx5e_pen_used() && recycle ? cq->pen.pen : NULL;
}

static inline bool mlx5e_pen_is_empty(struct mlx5e_pen *pen)
{
	return !pen->unsynced && !pen->skbs.count;
}

/* Are there buffers in a pen that may not stay beyond their poll? See pen-stay.c. */
static inline bool mlx5e_pen_strays(struct mlx5e_pen *pen)
{
	return pen->skbs.last != pen->stay.seen || pen->frames || pen->pages.count;
}

/* Buffers that a poll completes */

/*
 * An skb with further references cannot be put on a list: a packet generator may
 * have posted it many times, also to other queues. When the last reference is
 * completed, the skb is not shared any more. Only the owner of a reference can
 * take another one, so an skb that is not shared stays so.
 */
static inline bool mlx5e_pen_wi_is_shared(struct mlx5e_txqsq *sq, struct mlx5e_tx_wqe_info *wi)
{
	return wi->skb ? skb_shared(wi->skb) : __mlx5e_pen_any_is_shared(sq, wi);
}

/**
 * mlx5e_pen_unmap_wi - unmap the buffers of a completed send WQE
 * @pen: the pen of the queue, or NULL
 * @sq: the send queue
 * @wi: the WQE
 * @dma_fifo_cc: consumer counter of the queue's DMA FIFO; moved on
 *
 * Context: the queue's poll.
 * Return: false without a pen: the caller has to unmap.
 */
static inline bool mlx5e_pen_unmap_wi(struct mlx5e_pen *pen, struct mlx5e_txqsq *sq,
				      struct mlx5e_tx_wqe_info *wi, u32 *dma_fifo_cc)
{
	int i;

	if (!mlx5e_pen_used() || !pen)
		return false;
	if (unlikely(mlx5e_pen_wi_is_shared(sq, wi))) {
		mlx5e_pen_unmap_shared_wi(pen, sq, wi, dma_fifo_cc);
		return true;
	}
	for (i = 0; i < wi->num_dma; i++)
		mlx5e_base_unmap_dma_no_sync(pen->dev, mlx5e_dma_get(sq, (*dma_fifo_cc)++));
	pen->unsynced += wi->num_dma;
	return true;
}

static inline void mlx5e_pen_push_skb(struct mlx5e_pen_skbs *skbs, struct sk_buff *skb)
{
	*skbs->last = skb;
	skbs->last = &skb->next;
	skbs->count++;
}

/**
 * mlx5e_pen_consume_skb - free an skb that was sent, after the poll's sync
 * @pen: the pen of the queue, or NULL
 * @skb: the skb, unmapped by mlx5e_pen_unmap_wi()
 * @budget: the budget of the poll
 *
 * Without a pen this is napi_consume_skb(). A shared skb is freed at once, because its
 * unmap was strict. Context: the queue's poll.
 */
static inline void mlx5e_pen_consume_skb(struct mlx5e_pen *pen, struct sk_buff *skb,
					 int budget)
{
	if (mlx5e_pen_used() && pen && likely(!skb_shared(skb)))
		mlx5e_pen_push_skb(&pen->skbs, skb);
	else
		napi_consume_skb(skb, budget);
}

/**
 * mlx5e_pen_unmap_frag - unmap one fragment of an XDP frame that was sent
 * @pen: the pen of the queue, or NULL
 * @addr: bus address
 * @len: length in bytes
 *
 * mlx5e_pen_return_frame() for the frame has to follow in the same poll.
 *
 * Context: the queue's poll.
 * Return: false without a pen: the caller has to unmap.
 */
static inline bool mlx5e_pen_unmap_frag(struct mlx5e_pen *pen, dma_addr_t addr, size_t len)
{
	if (!mlx5e_pen_used() || !pen)
		return false;
	dma_unmap_single_no_sync(pen->dev, addr, len, DMA_TO_DEVICE);
	pen->unsynced++;
	return true;
}

static inline void mlx5e_pen_push_frame(struct xdp_frame **frames, struct xdp_frame *frame)
{
	frame->dev_rx = (struct net_device *)*frames;
	*frames = frame;
}

/**
 * mlx5e_pen_return_frame - return an XDP frame after the poll's sync
 * @pen: the pen of the queue, or NULL
 * @frame: a frame whose fragments mlx5e_pen_unmap_frag() has unmapped
 *
 * Context: the queue's poll.
 * Return: false without a pen: the caller has to return the frame.
 */
static inline bool mlx5e_pen_return_frame(struct mlx5e_pen *pen, struct xdp_frame *frame)
{
	if (!mlx5e_pen_used() || !pen)
		return false;
	mlx5e_pen_push_frame(&pen->frames, frame);
	return true;
}

/* Points of a poll */

/* While a pen keeps this many buffers or more, its context does not poll. */
#define MLX5E_PEN_MOST_KEPT	1024

/**
 * mlx5e_pen_ends_poll - does a poll end before it handles any completion?
 * @pen: the pen of the NAPI context
 * @napi: the NAPI context
 * @budget: the budget of the poll, possibly 0
 *
 * The recovery needs the RTNL, and its holder may take long. Until then the pen
 * must not keep buffers without bound.
 *
 * Return: true if the poll has to return 0. NAPI was told so, and the completion
 * queues are not armed: the recovery reopens or closes the channels.
 */
static inline bool mlx5e_pen_ends_poll(struct mlx5e_pen *pen, struct napi_struct *napi,
				       int budget)
{
	if (!mlx5e_pen_used() || likely(pen->kept.count < MLX5E_PEN_MOST_KEPT))
		return false;
	mlx5e_pen_end_poll(pen, napi, budget);
	return true;
}

static inline void mlx5e_pen_sync(struct mlx5e_pen *pen, int budget)
{
	if (mlx5e_pen_used() && !mlx5e_pen_is_empty(pen))
		__mlx5e_pen_sync(pen, budget);
}

/**
 * mlx5e_pen_before_refill - a poll has handled its completions
 * @pen: the pen of the NAPI context
 * @budget: the budget of the poll
 *
 * This is the one sync of a poll, unless what it has sent stays in the pen. It comes
 * after all queues that unmap, and before the refill, so that the refill finds the
 * recycled pages.
 */
static inline void mlx5e_pen_before_refill(struct mlx5e_pen *pen, int budget)
{
	mlx5e_pen_sync(pen, budget);
}

/**
 * mlx5e_pen_without_refill - a poll has handled its completions and does not refill
 * @pen: the pen of the NAPI context
 * @budget: the budget of the poll, possibly 0
 */
static inline void mlx5e_pen_without_refill(struct mlx5e_pen *pen, int budget)
{
	mlx5e_pen_sync(pen, budget);
}

/**
 * mlx5e_pen_end_of_poll - warn if a poll leaves buffers in its pen that may not stay
 * @pen: the pen of the NAPI context
 *
 * Call it before napi_complete_done(), which lets another CPU start the next poll.
 */
static inline void mlx5e_pen_end_of_poll(struct mlx5e_pen *pen)
{
	if (mlx5e_pen_used() && WARN_ON_ONCE(mlx5e_pen_strays(pen)))
		pen->strayed = true;
}

#else

#define mlx5e_pen_inline

static inline void mlx5e_pen_priv_init(struct mlx5e_priv *priv) {}

static inline void mlx5e_pen_priv_cleanup(struct mlx5e_priv *priv) {}

static inline void mlx5e_pen_open(struct mlx5e_pen *pen, struct napi_struct *napi,
				  struct mlx5e_priv *priv, struct device *dev,
				  struct mlx5e_ch_stats *stats) {}

static inline void mlx5e_pen_close(struct mlx5e_pen *pen) {}

static inline struct mlx5e_pen_ref mlx5e_pen_ref(struct mlx5e_pen *pen)
{
	return (struct mlx5e_pen_ref){};
}

static inline struct mlx5e_pen *mlx5e_cq_pen(struct mlx5e_cq *cq)
{
	return NULL;
}

/* A macro, because a function with an argument of type bool changes its callers' code. */
#define mlx5e_cq_pen_if_polled(cq, recycle)	((struct mlx5e_pen *)NULL)

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

static inline bool mlx5e_pen_unmap_frag(struct mlx5e_pen *pen, dma_addr_t addr, size_t len)
{
	return false;
}

static inline bool mlx5e_pen_return_frame(struct mlx5e_pen *pen, struct xdp_frame *frame)
{
	return false;
}

/* Also a macro: the compiler drops the caller's branch before it optimizes. */
#define mlx5e_pen_ends_poll(pen, napi, budget)	false

static inline void mlx5e_pen_before_refill(struct mlx5e_pen *pen, int budget) {}

static inline void mlx5e_pen_without_refill(struct mlx5e_pen *pen, int budget) {}

static inline void mlx5e_pen_end_of_poll(struct mlx5e_pen *pen) {}

#endif /* CONFIG_XSMMU_MLX5 */

#endif /* __MLX5E_PEN_H__ */
