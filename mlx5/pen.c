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

static void mlx5e_pen_skbs_init(struct mlx5e_pen_skbs *skbs)
{
	skbs->last = &skbs->first;
	skbs->count = 0;
}

/**
 * mlx5e_pen_open - prepare the pen of a NAPI context
 * @pen: the pen, all zero
 * @napi: the NAPI context
 * @priv: the interface
 * @dev: the device that the queues of the NAPI context map for
 * @stats: the counters of the NAPI context
 *
 * The channels of an interface may belong to several devices. Only those of its first
 * device batch: it alone was asked, and the recovery syncs it alone.
 *
 * Context: process, before the queues open and take their mlx5e_pen_ref().
 */
void mlx5e_pen_open(struct mlx5e_pen *pen, struct napi_struct *napi, struct mlx5e_priv *priv,
		    struct device *dev, struct mlx5e_ch_stats *stats)
{
	mlx5e_pen_skbs_init(&pen->skbs);
	mlx5e_pen_skbs_init(&pen->kept.skbs);
	mlx5e_pen_open_stay(pen, napi);
	pen->priv = priv;
	pen->stats = stats;
	if (priv->pen.batching && dev == mlx5_core_dma_dev(priv->mdev))
		pen->dev = dev;
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

static void mlx5e_pen_release_skbs(struct mlx5e_pen_skbs *skbs, int budget)
{
	struct sk_buff *skb, *next;

	*skbs->last = NULL;
	for (skb = skbs->first; skb; skb = next) {
		next = skb->next;
		skb_mark_not_on_list(skb);
		napi_consume_skb(skb, budget);
	}
	mlx5e_pen_skbs_init(skbs);
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
	unsigned int count = pen->skbs.count;
	struct xdp_frame *frame;

	if (count) {
		*kept->skbs.last = pen->skbs.first;
		kept->skbs.last = pen->skbs.last;
		mlx5e_pen_skbs_init(&pen->skbs);
	}
	mlx5e_pen_none_stay(pen);
	while ((frame = mlx5e_pen_pop_frame(&pen->frames))) {
		mlx5e_pen_push_frame(&kept->frames, frame);
		count++;
	}
	count += mlx5e_pen_keep_pages(&pen->pages);
	kept->count += count;
	pen->stats->unmap_kept += count;
}

/* With @local, everything that is to be covered was unmapped on this CPU. */
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
static int mlx5e_pen_cover(struct mlx5e_pen *pen)
{
	if (!pen->unsynced)
		return 0;
	pen->stats->unmap_batched += pen->unsynced;
	pen->unsynced = 0;
	return mlx5e_pen_invalidate(pen, !pen->kept.count && !pen->strayed &&
				    mlx5e_pen_unmapped_here(pen));
}

/*
 * Interrupts may be off in a poll with budget 0, and such a poll may not release
 * frames and pages. It adds none. Kept ones wait for a poll with a budget.
 */
static void mlx5e_pen_drain(struct mlx5e_pen *pen, int budget)
{
	bool covers_kept = pen->unsynced && budget;

	if (unlikely(mlx5e_pen_cover(pen))) {
		pen->failed = true;
		mlx5e_pen_keep(pen);
		mlx5e_pen_recover(pen->priv);
		return;
	}
	mlx5e_pen_release_skbs(&pen->skbs, budget);
	mlx5e_pen_none_stay(pen);
	mlx5e_pen_release_frames(pen);
	mlx5e_pen_release_pages(&pen->pages);
	if (unlikely(pen->kept.count) && covers_kept)
		mlx5e_pen_release_kept(pen, budget);
}

/* The last sync of a poll, or its only one; see mlx5e_pen_before_refill(). */
void __mlx5e_pen_sync(struct mlx5e_pen *pen, int budget)
{
	if (pen->unsynced && pen->unsynced < MLX5E_PEN_MOST_STAY && mlx5e_pen_try_stay(pen, budget))
		return;
	mlx5e_pen_drain(pen, budget);
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
	mlx5e_pen_drain(pen, 1);
}

/* mlx5e_pen_wi_is_shared() for a WQE of many packets. */
bool __mlx5e_pen_any_is_shared(struct mlx5e_txqsq *sq, struct mlx5e_tx_wqe_info *wi)
{
	struct mlx5e_skb_fifo *fifo = &sq->db.skb_fifo;
	int i;

	for (i = 0; i < wi->num_fifo_pkts; i++)
		if (skb_shared(*mlx5e_skb_fifo_get(fifo, *fifo->cc + i)))
			return true;
	return false;
}

/* mlx5e_pen_unmap_wi() for a WQE with shared skbs. A trace of strict unmaps shows its name. */
void mlx5e_pen_unmap_shared_wi(struct mlx5e_pen *pen, struct mlx5e_txqsq *sq,
			       struct mlx5e_tx_wqe_info *wi, u32 *dma_fifo_cc)
{
	int i;

	for (i = 0; i < wi->num_dma; i++)
		mlx5e_tx_dma_unmap(pen->dev, mlx5e_dma_get(sq, (*dma_fifo_cc)++));
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
	struct sk_buff *skb, *next;

	netdev_err(pen->priv->netdev,
		   "%u buffers stay allocated for good: no IOTLB invalidation succeeded since they were unmapped\n",
		   kept->count);
	*kept->skbs.last = NULL;
	for (skb = kept->skbs.first; skb; skb = next) {
		next = skb->next;
		skb_mark_not_on_list(skb);
		mlx5e_pen_abandon_skb(skb);
	}
	mlx5e_pen_skbs_init(&kept->skbs);
	while ((frame = mlx5e_pen_pop_frame(&kept->frames)))
		mlx5e_base_detach_frame(frame);
	mlx5e_pen_abandon_kept_pages(&pen->pages);
	kept->count = 0;
}

/*
 * Empty a pen outside of a poll, which may have run on another CPU. Only polls may recycle
 * pages. They also leave none here; if one did, that is a bug, but it must not leak memory.
 */
static void mlx5e_pen_empty_late(struct mlx5e_pen *pen)
{
	mlx5e_pen_forbid_recycling(&pen->pages);
	pen->strayed = true;
	rcu_read_lock();
	mlx5e_pen_drain(pen, 0);
	rcu_read_unlock();
}

/**
 * mlx5e_pen_close - empty the pen of a NAPI context for good
 * @pen: the pen
 *
 * If buffers stay or are kept, syncs once more. Buffers that this sync does not cover
 * stay allocated.
 *
 * Context: process, after the poll was disabled and before the queues close.
 */
void mlx5e_pen_close(struct mlx5e_pen *pen)
{
	hrtimer_cancel(&pen->stay.timer);
	WARN_ON_ONCE(mlx5e_pen_strays(pen));
	if (!mlx5e_pen_is_empty(pen))
		mlx5e_pen_empty_late(pen);
	if (likely(!pen->kept.count))
		return;
	if (mlx5e_pen_invalidate(pen, false))
		mlx5e_pen_abandon_kept(pen);
	else
		mlx5e_pen_release_kept(pen, 0);
}
