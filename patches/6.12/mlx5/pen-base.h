/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The accessors of Linux 6.12 for the pen of mlx5: what the driver, page_pool and
 * the network core do differently in other base kernels.
 */
#ifndef __MLX5E_PEN_BASE_H__
#define __MLX5E_PEN_BASE_H__

#include <linux/dma-mapping.h>
#include <linux/hrtimer.h>
#include <linux/mm.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <linux/skbuff.h>
#include <net/page_pool/helpers.h>
#include <net/xdp.h>
#include "en/ptp.h"
#include "en/txrx.h"

/**
 * mlx5e_base_skb_is_lent - does the skb's owner get the memory back when it is freed?
 * @skb: an skb that was sent
 *
 * A packet socket's skb gives the frame back to the socket's ring when its zero-copy
 * state ends, and the user may then write to it. Others but MSG_ZEROCOPY may do the same.
 */
static inline bool mlx5e_base_skb_is_lent(struct sk_buff *skb)
{
	return skb_zcopy(skb) && skb_zcopy(skb)->ops != &msg_zerocopy_ubuf_ops;
}

/**
 * mlx5e_base_skb_only_accounts - does an skb's destructor only count its memory?
 * @skb: an skb that was sent
 */
static inline bool mlx5e_base_skb_only_accounts(struct sk_buff *skb)
{
	return !skb->destructor || skb->destructor == sock_wfree ||
	       (skb->sk && sk_fullsock(skb->sk) && sk_is_tcp(skb->sk));
}

/**
 * mlx5e_base_end_zerocopy - tell the owner of an skb's pages that it was sent
 * @skb: an skb that was sent; it keeps its references to the pages
 *
 * Does nothing if nobody waits for that. Context: process.
 */
static inline void mlx5e_base_end_zerocopy(struct sk_buff *skb)
{
	skb_zcopy_clear(skb, false);
}

static inline void mlx5e_base_detach_page(struct page *page)
{
	/* The frame may be another driver's, whose pages may be compound ones. */
	struct page *head = compound_head(page);

	/* A page that somebody else holds too leaves its pool. */
	get_page(head);
	page_pool_put_full_page(head->pp, head, false);
}

/**
 * mlx5e_base_detach_frame - take the pages of an XDP frame out of their page pool
 * @frame: a frame that will never be returned
 *
 * The page pool would wait for them. They stay allocated. Context: process.
 */
static inline void mlx5e_base_detach_frame(struct xdp_frame *frame)
{
	struct skb_shared_info *sinfo;
	int i;

	if (frame->mem.type != MEM_TYPE_PAGE_POOL)
		return;
	if (xdp_frame_has_frags(frame)) {
		sinfo = xdp_get_shared_info_from_frame(frame);
		for (i = 0; i < sinfo->nr_frags; i++)
			mlx5e_base_detach_page(skb_frag_page(&sinfo->frags[i]));
	}
	mlx5e_base_detach_page(virt_to_page(frame->data));
}

/**
 * mlx5e_base_lock - take the locks under which an interface is opened and closed
 * @netdev: the interface
 *
 * The driver's own state_lock nests inside. May sleep.
 */
static inline void mlx5e_base_lock(struct net_device *netdev)
{
	rtnl_lock();
}

/**
 * mlx5e_base_unlock - release the locks of mlx5e_base_lock()
 * @netdev: the interface
 */
static inline void mlx5e_base_unlock(struct net_device *netdev)
{
	rtnl_unlock();
}

/**
 * mlx5e_base_close - close an interface, but leave the administrator's state up
 * @netdev: the interface
 *
 * Under mlx5e_base_lock(), without state_lock. May sleep.
 */
static inline void mlx5e_base_close(struct net_device *netdev)
{
	netdev->netdev_ops->ndo_stop(netdev);
}

/**
 * mlx5e_base_open - open an interface that mlx5e_base_close() has closed
 * @netdev: the interface
 *
 * Under mlx5e_base_lock(), without state_lock. May sleep.
 * Return: 0, or an error of the driver.
 */
static inline int mlx5e_base_open(struct net_device *netdev)
{
	return netdev->netdev_ops->ndo_open(netdev);
}

/**
 * mlx5e_base_setup_timer - prepare a timer for HRTIMER_MODE_REL_PINNED
 * @timer: the timer
 * @end: called in a hard interrupt when the time is over
 */
static inline void mlx5e_base_setup_timer(struct hrtimer *timer,
					  enum hrtimer_restart (*end)(struct hrtimer *timer))
{
	hrtimer_init(timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED);
	timer->function = end;
}

static inline void mlx5e_base_each_napi(struct mlx5e_channels *chs,
					void (*act)(struct napi_struct *napi))
{
	int i;

	for (i = 0; i < chs->num; i++)
		act(&chs->c[i]->napi);
	if (chs->ptp)
		act(&chs->ptp->napi);
}

/**
 * mlx5e_base_any_kept - does a pen of a channel keep buffers?
 * @chs: the channels, open or closed
 *
 * Under state_lock. A poll that runs may change the answer.
 */
static inline bool mlx5e_base_any_kept(struct mlx5e_channels *chs)
{
	bool any = chs->ptp && READ_ONCE(chs->ptp->pen.kept.count);
	int i;

	for (i = 0; i < chs->num; i++)
		any |= READ_ONCE(chs->c[i]->pen.kept.count) != 0;
	return any;
}

/**
 * mlx5e_base_disable_napis - disable the polls of all channels
 * @chs: open channels
 *
 * Under mlx5e_base_lock() and state_lock. Waits for polls that run. May sleep.
 */
static inline void mlx5e_base_disable_napis(struct mlx5e_channels *chs)
{
	mlx5e_base_each_napi(chs, napi_disable);
}

/**
 * mlx5e_base_enable_napis - enable the polls of all channels
 * @chs: the channels of mlx5e_base_disable_napis()
 *
 * Under mlx5e_base_lock() and state_lock.
 */
static inline void mlx5e_base_enable_napis(struct mlx5e_channels *chs)
{
	mlx5e_base_each_napi(chs, napi_enable);
}

#endif /* __MLX5E_PEN_BASE_H__ */
