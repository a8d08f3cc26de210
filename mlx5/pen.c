// SPDX-License-Identifier: GPL-2.0
/*
 * The pen of a NAPI context; see pen-types.h.
 */
#include <linux/dma-mapping.h>
#include <linux/kmemleak.h>
#include <net/xdp.h>
#include "en/txrx.h"
#include "en/pen-base.h"
#include "en/pen-internal.h"
#include "en/pen-page.h"

DEFINE_STATIC_KEY_FALSE(mlx5e_pen_key);

/**
 * mlx5e_pen_open - prepare the pen of a NAPI context
 * @pen: the pen, all zero
 * @priv: the interface
 * @stats: the counters of the NAPI context
 *
 * Context: process, before the queues open and take their mlx5e_pen_ref().
 */
void mlx5e_pen_open(struct mlx5e_pen *pen, struct mlx5e_priv *priv,
		    struct mlx5e_ch_stats *stats)
{
	__skb_queue_head_init(&pen->skbs);
	__skb_queue_head_init(&pen->kept.skbs);
	pen->priv = priv;
	pen->stats = stats;
	if (priv->pen.batching)
		pen->dev = mlx5_core_dma_dev(priv->mdev);
}

static struct xdp_frame *mlx5e_pen_pop_frame(struct xdp_frame **frames)
{
	struct xdp_frame *frame = *frames;

	if (frame) {
		*frames = (struct xdp_frame *)frame->dev_rx;
		frame->dev_rx = NULL;
	}
	return frame;
}

/* Release of buffers that a sync covered, and of skbs that were not mapped. */

static void mlx5e_pen_release_skbs(struct sk_buff_head *skbs, int budget)
{
	struct sk_buff *skb;

	while ((skb = __skb_dequeue(skbs)))
		napi_consume_skb(skb, budget);
}

/* Under rcu_read_lock(), which xdp_return_frame_bulk() needs. */
static void mlx5e_pen_release_frames(struct mlx5e_pen *pen)
{
	struct xdp_frame_bulk bq;
	struct xdp_frame *frame;

	if (!pen->frames)
		return;
	xdp_frame_bulk_init(&bq);
	while ((frame = mlx5e_pen_pop_frame(&pen->frames)))
		xdp_return_frame_bulk(frame, &bq);
	xdp_flush_frame_bulk(&bq);
}

static void mlx5e_pen_release_kept(struct mlx5e_pen *pen, int budget)
{
	struct mlx5e_pen_kept *kept = &pen->kept;
	struct xdp_frame *frame;

	mlx5e_pen_release_skbs(&kept->skbs, budget);
	while ((frame = mlx5e_pen_pop_frame(&kept->frames)))
		xdp_return_frame(frame);
	mlx5e_pen_free_kept_pages(&pen->pages);
	pen->stats->unmap_kept -= kept->count;
	kept->count = 0;
}

/* Move all buffers to the kept ones, because a sync did not cover them. */
static void mlx5e_pen_keep(struct mlx5e_pen *pen)
{
	struct mlx5e_pen_kept *kept = &pen->kept;
	unsigned int count = skb_queue_len(&pen->skbs);
	struct xdp_frame *frame;

	skb_queue_splice_tail_init(&pen->skbs, &kept->skbs);
	while ((frame = mlx5e_pen_pop_frame(&pen->frames))) {
		mlx5e_pen_push_frame(&kept->frames, frame);
		count++;
	}
	count += mlx5e_pen_keep_pages(&pen->pages);
	kept->count += count;
	pen->stats->unmap_kept += count;
}

/* With @local, everything that is to be covered was unmapped on this CPU, in this poll. */
static int mlx5e_pen_invalidate(struct mlx5e_pen *pen, bool local)
{
	int err = local ? dma_sync_device_iotlb_local(pen->dev) : dma_sync_device_iotlb(pen->dev);

	pen->stats->iotlb_sync++;
	if (unlikely(err))
		pen->stats->iotlb_sync_err++;
	return err;
}

/*
 * Sync if anything was unmapped. Return 0 if all buffers may be released. Kept ones may
 * have been unmapped on any CPU.
 */
static int mlx5e_pen_cover(struct mlx5e_pen *pen, bool local)
{
	if (!pen->unsynced)
		return 0;
	pen->stats->unmap_batched += pen->unsynced;
	pen->unsynced = 0;
	return mlx5e_pen_invalidate(pen, local && !pen->kept.count && !pen->strayed);
}

/*
 * Interrupts may be off in a poll with budget 0, and such a poll may not release
 * frames and pages. It adds none. Kept ones wait for a poll with a budget.
 */
static void mlx5e_pen_drain(struct mlx5e_pen *pen, int budget, bool local)
{
	bool covers_kept = pen->unsynced && budget;

	if (unlikely(mlx5e_pen_cover(pen, local))) {
		pen->failed = true;
		mlx5e_pen_keep(pen);
		mlx5e_pen_recover(pen->priv);
		return;
	}
	mlx5e_pen_release_skbs(&pen->skbs, budget);
	mlx5e_pen_release_frames(pen);
	mlx5e_pen_release_pages(&pen->pages);
	if (unlikely(pen->kept.count) && covers_kept)
		mlx5e_pen_release_kept(pen, budget);
}

/* The last sync of a poll, or its only one; see mlx5e_pen_before_refill(). */
void __mlx5e_pen_sync(struct mlx5e_pen *pen, int budget)
{
	mlx5e_pen_drain(pen, budget, true);
	pen->failed = false;
}

/* mlx5e_pen_ends_poll() for a pen that keeps too many buffers. */
void mlx5e_pen_end_poll(struct mlx5e_pen *pen, struct napi_struct *napi, int budget)
{
	mlx5e_pen_recover(pen->priv);
	if (budget)
		napi_complete_done(napi, 0);
}

/**
 * mlx5e_pen_make_room - empty a full pen before the end of the poll
 * @pen: the pen
 *
 * While the IOMMU does not answer, each sync takes its full timeout. So a poll
 * tries one early sync. If that fails, it keeps all further buffers without a
 * sync, and its last sync covers them.
 *
 * Context: a poll with a budget. A poll without one adds only skbs, or the pages
 * of one packet to a trap, so its pen is never full.
 */
void mlx5e_pen_make_room(struct mlx5e_pen *pen)
{
	if (pen->failed) {
		mlx5e_pen_keep(pen);
		return;
	}
	pen->stats->iotlb_sync_early++;
	mlx5e_pen_drain(pen, 1, true);
}

/*
 * An skb with further references cannot be put on a list: a packet generator may
 * have posted it many times, also to other queues. When the last reference is
 * completed, the skb is not shared any more. Only the owner of a reference can
 * take another one, so an skb that is not shared stays so.
 */
static bool mlx5e_pen_wi_is_shared(struct mlx5e_txqsq *sq, struct mlx5e_tx_wqe_info *wi)
{
	struct mlx5e_skb_fifo *fifo = &sq->db.skb_fifo;
	int i;

	if (wi->skb)
		return skb_shared(wi->skb);
	for (i = 0; i < wi->num_fifo_pkts; i++)
		if (skb_shared(*mlx5e_skb_fifo_get(fifo, *fifo->cc + i)))
			return true;
	return false;
}

/* Not inlined, so that a trace of strict unmaps shows its name. */
static noinline void mlx5e_pen_unmap_shared_wi(struct mlx5e_pen *pen, struct mlx5e_txqsq *sq,
					       struct mlx5e_tx_wqe_info *wi, u32 *dma_fifo_cc)
{
	int i;

	for (i = 0; i < wi->num_dma; i++)
		mlx5e_tx_dma_unmap(pen->dev, mlx5e_dma_get(sq, (*dma_fifo_cc)++));
}

/* mlx5e_pen_unmap_wi() with a pen. */
void __mlx5e_pen_unmap_wi(struct mlx5e_pen *pen, struct mlx5e_txqsq *sq,
			  struct mlx5e_tx_wqe_info *wi, u32 *dma_fifo_cc)
{
	int i;

	if (unlikely(mlx5e_pen_wi_is_shared(sq, wi))) {
		mlx5e_pen_unmap_shared_wi(pen, sq, wi, dma_fifo_cc);
		return;
	}
	for (i = 0; i < wi->num_dma; i++)
		mlx5e_base_unmap_dma_no_sync(pen->dev, mlx5e_dma_get(sq, (*dma_fifo_cc)++));
	pen->unsynced += wi->num_dma;
}

/*
 * mlx5e_pen_consume_skb() with a pen. A shared skb is freed at once, because its
 * unmap was strict.
 */
void __mlx5e_pen_consume_skb(struct mlx5e_pen *pen, struct sk_buff *skb, int budget)
{
	if (likely(!skb_shared(skb)))
		__skb_queue_tail(&pen->skbs, skb);
	else
		napi_consume_skb(skb, budget);
}

/*
 * The skb is never freed. Release what it refers to: its socket, route,
 * connection (the end of a network namespace would wait for it) and extensions.
 *
 * Tell the owner of zero-copy pages that the transmission has ended, because the
 * owner may wait for that. The skb still holds references to the pages, so they
 * are not given to anybody else.
 */
static void mlx5e_pen_abandon_skb(struct sk_buff *skb)
{
	if (!mlx5e_base_skb_is_lent(skb)) {
		mlx5e_base_end_zerocopy(skb);
		skb_orphan(skb);
	}
	skb_dst_drop(skb);
	nf_reset_ct(skb);
	skb_ext_reset(skb);
	kmemleak_not_leak(skb);
}

static void mlx5e_pen_abandon_kept(struct mlx5e_pen *pen)
{
	struct mlx5e_pen_kept *kept = &pen->kept;
	struct xdp_frame *frame;
	struct sk_buff *skb;

	netdev_err(pen->priv->netdev,
		   "%u buffers stay allocated for good: no IOTLB invalidation succeeded since they were unmapped\n",
		   kept->count);
	while ((skb = __skb_dequeue(&kept->skbs)))
		mlx5e_pen_abandon_skb(skb);
	while ((frame = mlx5e_pen_pop_frame(&kept->frames)))
		mlx5e_base_detach_frame(frame);
	mlx5e_pen_abandon_kept_pages(&pen->pages);
	kept->count = 0;
}

/*
 * A poll did not empty the pen. That is a bug, but it must not leak memory. The poll may
 * have run on another CPU.
 */
static void mlx5e_pen_empty_late(struct mlx5e_pen *pen)
{
	mlx5e_pen_forbid_recycling(&pen->pages);
	rcu_read_lock();
	mlx5e_pen_drain(pen, 0, false);
	rcu_read_unlock();
}

/**
 * mlx5e_pen_close - empty the pen of a NAPI context for good
 * @pen: the pen
 *
 * If buffers are kept, syncs once more. Buffers that this sync does not cover
 * stay allocated.
 *
 * Context: process, after the poll was disabled and before the queues close.
 */
void mlx5e_pen_close(struct mlx5e_pen *pen)
{
	if (WARN_ON_ONCE(!mlx5e_pen_is_empty(pen)))
		mlx5e_pen_empty_late(pen);
	if (likely(!pen->kept.count))
		return;
	if (mlx5e_pen_invalidate(pen, false))
		mlx5e_pen_abandon_kept(pen);
	else
		mlx5e_pen_release_kept(pen, 0);
}
