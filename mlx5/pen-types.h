/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The types of the pen, which the driver's own structures contain. en.h
 * includes this file; the functions are in pen.h.
 *
 * A pen holds the buffers that a NAPI poll has unmapped, until one IOTLB
 * invalidation has covered all of them. Each NAPI context has one pen. The poll
 * fills it while it handles completions, and empties it before it refills the
 * receive queue. Only a few sent skbs may stay between polls; see pen-stay.c.
 *
 * Code that frees buffers outside of a poll uses the ordinary unmap. It passes
 * NULL where a function asks for a pen.
 */
#ifndef __MLX5E_PEN_TYPES_H__
#define __MLX5E_PEN_TYPES_H__

#include <linux/cache.h>
#include <linux/hrtimer.h>
#include <linux/skbuff.h>
#include <linux/types.h>
#include <linux/workqueue.h>
#include "en/pen-page-types.h"

struct device;
struct mlx5e_ch_stats;
struct mlx5e_priv;
struct napi_struct;
struct xdp_frame;

#ifdef CONFIG_XSMMU_MLX5

/**
 * struct mlx5e_pen_skbs - skbs in the order in which they were sent
 * @first: the first one; linked through sk_buff.next. The last one's is undefined
 * @last: where the next one is entered
 * @count: their number
 */
struct mlx5e_pen_skbs {
	struct sk_buff *first;
	struct sk_buff **last;
	unsigned int count;
};

/**
 * struct mlx5e_pen_stay - buffers that stay in a pen beyond their poll
 * @cpu: the CPU that has unmapped them, or -1 if none stay
 * @seen: where pen.skbs ended when the last poll left them
 * @timing: the timer was started, and no poll has seen its end
 * @aging: it was started for buffers that still stay
 * @expired: written by the timer
 * @timer: lets NAPI poll
 * @napi: the NAPI context
 */
struct mlx5e_pen_stay {
	int cpu;
	struct sk_buff **seen;
	bool timing;
	bool aging;
	bool expired;
	struct hrtimer timer;
	struct napi_struct *napi;
};

/**
 * struct mlx5e_pen_kept - buffers that a failed sync did not cover
 * @skbs: linked through the skbs themselves
 * @frames: XDP frames, linked through xdp_frame.dev_rx
 * @count: number of skbs, frames and pages
 *
 * Lists need no memory, so they can grow for as long as the IOMMU fails.
 */
struct mlx5e_pen_kept {
	struct mlx5e_pen_skbs skbs;
	struct xdp_frame *frames;
	unsigned int count;
};

/**
 * struct mlx5e_pen - the pen of a NAPI context
 * @dev: the device whose unmaps wait, or NULL if it does not batch. Set before
 *       the queues open, then constant; so are @priv and @stats
 * @priv: the interface that recovers after a failed sync
 * @stats: the counters of the NAPI context
 * @unsynced: number of unmaps since the last sync. It is not 0 while a frame or
 *            a page waits
 * @failed: an early sync of this poll failed
 * @strayed: a poll has left buffers here that may not stay, which is a bug. The next poll may
 *           run on another CPU. Set once, and when the pen closes
 * @skbs: sent and unmapped
 * @frames: XDP frames that were sent and unmapped. They are linked through
 *          xdp_frame.dev_rx, which only CPU maps use, before they transmit
 * @stay: about skbs that stay beyond their poll
 * @kept: skbs and frames that failed syncs did not cover
 * @pages: pages of receive queues
 *
 * Only the poll of the context changes these fields. mlx5e_pen_open() and
 * mlx5e_pen_close() run while the poll is disabled. So there is no lock. The
 * structure that contains a pen may have a lock beside it, which other CPUs take,
 * so the pen begins a cache line of its own.
 */
struct mlx5e_pen {
	struct device *dev;
	struct mlx5e_priv *priv;
	struct mlx5e_ch_stats *stats;
	unsigned int unsynced;
	bool failed;
	bool strayed;
	struct mlx5e_pen_skbs skbs;
	struct xdp_frame *frames;
	struct mlx5e_pen_stay stay;
	struct mlx5e_pen_kept kept;
	struct mlx5e_pen_pages pages;
} ____cacheline_aligned_in_smp;

/**
 * struct mlx5e_pen_ref - a queue's pointer to its pen
 * @pen: the pen, or NULL if the device does not batch
 *
 * Without the option it is empty and takes no memory.
 */
struct mlx5e_pen_ref {
	struct mlx5e_pen *pen;
};

/**
 * struct mlx5e_pen_priv - the part of the pens that an interface has once
 * @batching: the unmaps without sync of the interface's first device are deferred.
 *            Constant after mlx5e_pen_priv_init(); if false, no queue gets a pen
 * @reopened: time of the last reopening in jiffies, 0 if there was none
 * @resting: the recovery closed the interface and opens it again once a sync
 *           succeeds. The administrator's state (IFF_UP) stays up meanwhile
 * @wait: jiffies until the next attempt to open it
 * @recover_work: reopens the channels after a failed sync
 *
 * The RTNL protects @reopened, @resting and @wait.
 */
struct mlx5e_pen_priv {
	bool batching;
	unsigned long reopened;
	bool resting;
	unsigned long wait;
	struct delayed_work recover_work;
};

#else

struct mlx5e_pen {};

struct mlx5e_pen_ref {};

struct mlx5e_pen_priv {};

#endif /* CONFIG_XSMMU_MLX5 */

#endif /* __MLX5E_PEN_TYPES_H__ */
