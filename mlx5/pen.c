// SPDX-License-Identifier: GPL-2.0
/*
 * The pen of a NAPI context; see pen.h.
 *
 * Only the context's poll adds to it and empties it, so it has no lock; opening
 * and closing happen while the poll is disabled.
 */
#include <linux/dma-mapping.h>
#include <linux/kmemleak.h>
#include <net/page_pool.h>
#include <net/xdp.h>
#include "en/txrx.h"

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

/* What a sync covered, or needed not to. */

static void mlx5e_pen_release_skbs(struct sk_buff_head *skbs, int budget)
{
	struct sk_buff *skb;

	while ((skb = __skb_dequeue(skbs)))
		napi_consume_skb(skb, budget);
}

static void mlx5e_pen_release_page(struct mlx5e_pen_entry *e)
{
	struct page_pool *pool = e->rq->page_pool;

	if (likely(e->recycle)) {
		page_pool_recycle_direct(pool, e->page);
	} else {
		page_pool_release_page(pool, e->page);
		put_page(e->page);
	}
}

/* Under rcu_read_lock(), which returning frames in bulk asks for. */
static void mlx5e_pen_release_entries(struct mlx5e_pen *pen)
{
	struct xdp_frame_bulk bq;
	unsigned int i;

	xdp_frame_bulk_init(&bq);
	for (i = 0; i < pen->count; i++) {
		if (pen->entries[i].rq)
			mlx5e_pen_release_page(&pen->entries[i]);
		else
			xdp_return_frame_bulk(pen->entries[i].frame, &bq);
	}
	xdp_flush_frame_bulk(&bq);
	pen->count = 0;
}

static struct page *mlx5e_pen_pop_kept_page(struct mlx5e_pen_kept *kept)
{
	struct page *page = kept->pages;

	if (page) {
		kept->pages = (struct page *)page_private(page);
		set_page_private(page, 0);
	}
	return page;
}

static struct xdp_frame *mlx5e_pen_pop_kept_frame(struct mlx5e_pen_kept *kept)
{
	struct xdp_frame *frame = kept->frames;

	if (frame) {
		kept->frames = (struct xdp_frame *)frame->dev_rx;
		frame->dev_rx = NULL;
	}
	return frame;
}

static void mlx5e_pen_release_kept(struct mlx5e_pen *pen, int budget)
{
	struct mlx5e_pen_kept *kept = &pen->kept;
	struct xdp_frame *frame;
	struct page *page;

	mlx5e_pen_release_skbs(&kept->skbs, budget);
	while ((page = mlx5e_pen_pop_kept_page(kept)))
		put_page(page);
	while ((frame = mlx5e_pen_pop_kept_frame(kept)))
		xdp_return_frame(frame);
	pen->stats->unmap_kept -= kept->count;
	kept->count = 0;
}

/* What a sync did not cover. */

static void mlx5e_pen_keep_page(struct mlx5e_pen_kept *kept, struct mlx5e_pen_entry *e)
{
	/* The queue may close before the page can go: it must not wait for it. */
	page_pool_release_page(e->rq->page_pool, e->page);
	set_page_private(e->page, (unsigned long)kept->pages);
	kept->pages = e->page;
}

static void mlx5e_pen_keep_frame(struct mlx5e_pen_kept *kept, struct xdp_frame *frame)
{
	frame->dev_rx = (struct net_device *)kept->frames;
	kept->frames = frame;
}

static void mlx5e_pen_keep(struct mlx5e_pen *pen)
{
	unsigned int i, n = skb_queue_len(&pen->skbs) + pen->count;

	skb_queue_splice_tail_init(&pen->skbs, &pen->kept.skbs);
	for (i = 0; i < pen->count; i++) {
		if (pen->entries[i].rq)
			mlx5e_pen_keep_page(&pen->kept, &pen->entries[i]);
		else
			mlx5e_pen_keep_frame(&pen->kept, pen->entries[i].frame);
	}
	pen->count = 0;
	pen->kept.count += n;
	pen->stats->unmap_kept += n;
}

static int mlx5e_pen_invalidate(struct mlx5e_pen *pen)
{
	int err = dma_sync_device_iotlb(pen->dev);

	pen->stats->iotlb_sync++;
	if (unlikely(err))
		pen->stats->iotlb_sync_err++;
	return err;
}

/* Invalidates if there is something to cover; 0 if all may be released. */
static int mlx5e_pen_cover(struct mlx5e_pen *pen)
{
	if (!pen->unsynced)
		return 0;
	pen->stats->unmap_batched += pen->unsynced;
	pen->unsynced = 0;
	return mlx5e_pen_invalidate(pen);
}

/*
 * At budget 0 interrupts may be off, and there are no pages: what was kept
 * waits for a poll that may free anything.
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
	mlx5e_pen_release_entries(pen);
	if (unlikely(pen->kept.count) && covers_kept)
		mlx5e_pen_release_kept(pen, budget);
}

void __mlx5e_pen_sync(struct mlx5e_pen *pen, int budget)
{
	mlx5e_pen_drain(pen, budget);
	pen->failed = false;
}

/* Adding. */

/*
 * Only polls with a budget fill the pen: without, nothing but skbs is added, or
 * the pages of one packet to a trap. An IOMMU that is dead costs a time-out per
 * sync, so a poll waits for one early sync that fails and keeps what follows,
 * for its last sync to cover.
 */
static void mlx5e_pen_make_room(struct mlx5e_pen *pen)
{
	if (pen->failed) {
		mlx5e_pen_keep(pen);
		return;
	}
	pen->stats->iotlb_sync_early++;
	mlx5e_pen_drain(pen, 1);
}

static struct mlx5e_pen_entry *mlx5e_pen_add_entry(struct mlx5e_pen *pen)
{
	if (unlikely(pen->count == MLX5E_PEN_ENTRIES))
		mlx5e_pen_make_room(pen);
	pen->unsynced++;
	return &pen->entries[pen->count++];
}

void mlx5e_pen_add_page(struct mlx5e_pen *pen, struct mlx5e_rq *rq,
			struct page *page, bool recycle)
{
	struct mlx5e_pen_entry *e = mlx5e_pen_add_entry(pen);

	dma_unmap_page_attrs_no_sync(pen->dev, page_pool_get_dma_addr(page), PAGE_SIZE,
				     rq->buff.map_dir, DMA_ATTR_SKIP_CPU_SYNC);
	page_pool_set_dma_addr(page, 0);
	e->rq = rq;
	e->page = page;
	e->recycle = recycle;
}

void mlx5e_pen_add_frame(struct mlx5e_pen *pen, struct xdp_frame *frame,
			 dma_addr_t addr)
{
	struct mlx5e_pen_entry *e = mlx5e_pen_add_entry(pen);

	dma_unmap_single_no_sync(pen->dev, addr, frame->len, DMA_TO_DEVICE);
	e->rq = NULL;
	e->frame = frame;
}

/*
 * An skb that has other owners cannot be chained: a packet generator may have
 * posted it many times, to other queues too. The last reference to it is no
 * longer shared, and nobody can share an skb that he does not own.
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

/* A function of its own, so that a trace of strict unmaps tells it by its name. */
static noinline void mlx5e_pen_unmap_shared_wi(struct mlx5e_pen *pen, struct mlx5e_txqsq *sq,
					       struct mlx5e_tx_wqe_info *wi, u32 *dma_fifo_cc)
{
	int i;

	for (i = 0; i < wi->num_dma; i++)
		mlx5e_tx_dma_unmap(pen->dev, mlx5e_dma_get(sq, (*dma_fifo_cc)++));
}

void __mlx5e_pen_unmap_wi(struct mlx5e_pen *pen, struct mlx5e_txqsq *sq,
			  struct mlx5e_tx_wqe_info *wi, u32 *dma_fifo_cc)
{
	int i;

	if (unlikely(mlx5e_pen_wi_is_shared(sq, wi))) {
		mlx5e_pen_unmap_shared_wi(pen, sq, wi, dma_fifo_cc);
		return;
	}
	for (i = 0; i < wi->num_dma; i++) {
		struct mlx5e_sq_dma *dma = mlx5e_dma_get(sq, (*dma_fifo_cc)++);

		dma_unmap_page_no_sync(pen->dev, dma->addr, dma->size, DMA_TO_DEVICE);
	}
	pen->unsynced += wi->num_dma;
}

void mlx5e_pen_consume_skb(struct mlx5e_pen *pen, struct sk_buff *skb, int budget)
{
	if (likely(pen && !skb_shared(skb)))
		__skb_queue_tail(&pen->skbs, skb);
	else
		napi_consume_skb(skb, budget);
}

/* Closing, in process context, after the poll was disabled for good. */

/* A packet socket's destructor hands the ring's frame back to be written again. */
static bool mlx5e_pen_skb_is_lent(struct sk_buff *skb)
{
	return skb_zcopy(skb) && skb_zcopy_is_nouarg(skb);
}

/*
 * What else hangs on an skb that is never freed: its socket, route, connection
 * (for which the end of a network namespace would wait), and extensions.
 */
static void mlx5e_pen_abandon_skb(struct sk_buff *skb)
{
	if (!mlx5e_pen_skb_is_lent(skb))
		skb_orphan(skb);
	skb_dst_drop(skb);
	nf_reset_ct(skb);
	skb_ext_reset(skb);
	kmemleak_not_leak(skb);
}

/* Takes the frame's page out of its pool, which else would wait for it. */
static void mlx5e_pen_abandon_frame(struct xdp_frame *frame)
{
	struct page *page = virt_to_head_page(frame->data);

	if (frame->mem.type == MEM_TYPE_PAGE_POOL &&
	    !(page->pp->p.flags & PP_FLAG_PAGE_FRAG))
		page_pool_release_page(page->pp, page);
}

static void mlx5e_pen_abandon_kept(struct mlx5e_pen *pen)
{
	struct mlx5e_pen_kept *kept = &pen->kept;
	struct xdp_frame *frame;
	struct sk_buff *skb;

	netdev_err(pen->priv->netdev,
		   "%u buffers stay allocated for good: no invalidation of the IOTLB succeeded since they were unmapped\n",
		   kept->count);
	while ((skb = __skb_dequeue(&kept->skbs)))
		mlx5e_pen_abandon_skb(skb);
	while ((frame = mlx5e_pen_pop_kept_frame(kept)))
		mlx5e_pen_abandon_frame(frame);
	kept->pages = NULL;
	kept->count = 0;
}

/* A poll left something behind: a mistake, but no reason to leak. */
static void mlx5e_pen_empty_late(struct mlx5e_pen *pen)
{
	unsigned int i;

	for (i = 0; i < pen->count; i++)
		pen->entries[i].recycle = false; /* only polls may */
	rcu_read_lock();
	__mlx5e_pen_sync(pen, 0);
	rcu_read_unlock();
}

void mlx5e_pen_close(struct mlx5e_pen *pen)
{
	if (WARN_ON_ONCE(!mlx5e_pen_is_empty(pen)))
		mlx5e_pen_empty_late(pen);
	if (likely(!pen->kept.count))
		return;
	if (mlx5e_pen_invalidate(pen))
		mlx5e_pen_abandon_kept(pen);
	else
		mlx5e_pen_release_kept(pen, 0);
}
