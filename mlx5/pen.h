/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The pen: what a NAPI poll has unmapped waits here until one invalidation has
 * covered all of it.
 *
 * There is one per NAPI context. It fills while the context's completion queues
 * are polled, mlx5e_pen_sync() empties it, and it is empty whenever its poll is
 * not running. Whoever frees buffers outside of a poll has no pen, unmaps the
 * ordinary way, and passes NULL where a pen is asked for.
 *
 * Types only, for en.h; the calls are in pen-path.h.
 */
#ifndef __MLX5E_PEN_H__
#define __MLX5E_PEN_H__

#include <linux/jiffies.h>
#include <linux/skbuff.h>
#include <linux/types.h>
#include <linux/workqueue.h>

struct mlx5e_ch_stats;
struct mlx5e_priv;
struct mlx5e_rq;
struct page;
struct xdp_frame;

#ifdef CONFIG_XSMMU_MLX5

/* Pages and frames that wait at most; more of them cost an early sync. */
#define MLX5E_PEN_ENTRIES	256

/**
 * struct mlx5e_pen_entry - a page of a receive queue, or an XDP frame
 * @rq: the page's queue, NULL for a frame
 * @page: the page
 * @frame: the frame
 * @recycle: the page goes back to the queue's pool, else to the system
 */
struct mlx5e_pen_entry {
	struct mlx5e_rq *rq;
	union {
		struct page *page;
		struct xdp_frame *frame;
	};
	bool recycle;
};

/**
 * struct mlx5e_pen_kept - what a failed sync did not cover
 * @skbs: chained by themselves
 * @pages: chained through page->private, taken out of their pool
 * @frames: chained through dev_rx, which is a CPU map's and unused here
 * @count: of all three
 *
 * Chains, so that they grow without memory: an IOMMU that fails may fail for
 * long.
 */
struct mlx5e_pen_kept {
	struct sk_buff_head skbs;
	struct page *pages;
	struct xdp_frame *frames;
	unsigned int count;
};

/**
 * struct mlx5e_pen - the pen of a NAPI context
 * @dev: whose unmaps wait
 * @priv: whose recovery a failed sync starts
 * @stats: of the NAPI context
 * @unsynced: unmaps since the last sync
 * @count: of entries
 * @failed: an early sync of this poll failed; so would the next
 * @skbs: sent, unmapped
 * @kept: what failed syncs left
 * @entries: pages and frames
 */
struct mlx5e_pen {
	struct device *dev;
	struct mlx5e_priv *priv;
	struct mlx5e_ch_stats *stats;
	unsigned int unsynced;
	unsigned int count;
	bool failed;
	struct sk_buff_head skbs;
	struct mlx5e_pen_kept kept;
	struct mlx5e_pen_entry entries[MLX5E_PEN_ENTRIES];
};

/* A pointer that takes no room without the option. */
struct mlx5e_pen_ref {
	struct mlx5e_pen *pen;
};

/**
 * struct mlx5e_pen_priv - what the pens of an interface share
 * @batching: the device's unmaps without sync are deferred; without, no queue
 *            is given a pen
 * @reopened: when the channels last were, in jiffies; 0 if never
 * @recover_work: reopens the channels after a failed sync
 */
struct mlx5e_pen_priv {
	bool batching;
	unsigned long reopened;
	struct work_struct recover_work;
};

/* Who fails again so soon will not be helped by it. */
#define MLX5E_PEN_REOPEN_PAUSE	(HZ / 2)

static inline bool mlx5e_pen_may_reopen(unsigned long last, unsigned long now)
{
	return !last || now - last >= MLX5E_PEN_REOPEN_PAUSE;
}

static inline struct mlx5e_pen_ref mlx5e_pen_ref(struct mlx5e_pen *pen)
{
	return (struct mlx5e_pen_ref){ .pen = pen->dev ? pen : NULL };
}

void mlx5e_pen_priv_init(struct mlx5e_priv *priv);
void mlx5e_pen_open(struct mlx5e_pen *pen, struct mlx5e_priv *priv,
		    struct mlx5e_ch_stats *stats);
void mlx5e_pen_close(struct mlx5e_pen *pen);
void mlx5e_pen_recover(struct mlx5e_priv *priv);

#else

struct mlx5e_pen {};

struct mlx5e_pen_ref {};

struct mlx5e_pen_priv {};

static inline struct mlx5e_pen_ref mlx5e_pen_ref(struct mlx5e_pen *pen)
{
	return (struct mlx5e_pen_ref){};
}

static inline void mlx5e_pen_priv_init(struct mlx5e_priv *priv) {}

static inline void mlx5e_pen_open(struct mlx5e_pen *pen, struct mlx5e_priv *priv,
				  struct mlx5e_ch_stats *stats) {}

static inline void mlx5e_pen_close(struct mlx5e_pen *pen) {}

#endif /* CONFIG_XSMMU_MLX5 */

#endif /* __MLX5E_PEN_H__ */
