/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The accessors of Linux 6.1 for the pen of mlx5: what the driver, page_pool and
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
#include <net/page_pool.h>
#include <net/xdp.h>
#include "en/ptp.h"
#include "en/txrx.h"

/**
 * mlx5e_base_skb_is_lent - does the skb's owner get the memory back when it is freed?
 * @skb: an skb that was sent
 *
 * The destructor of a packet socket's skb returns the frame to the socket's ring,
 * and the user may then write to it.
 */
static inline bool mlx5e_base_skb_is_lent(struct sk_buff *skb)
{
	return skb_zcopy(skb) && skb_zcopy_is_nouarg(skb);
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

/**
 * mlx5e_base_detach_frame - take the page of an XDP frame out of its page pool
 * @frame: a frame that will never be returned
 *
 * The page pool would wait for the page. Context: process.
 */
static inline void mlx5e_base_detach_frame(struct xdp_frame *frame)
{
	struct page *page = virt_to_head_page(frame->data);

	if (frame->mem.type == MEM_TYPE_PAGE_POOL &&
	    !(page->pp->p.flags & PP_FLAG_PAGE_FRAG))
		page_pool_release_page(page->pp, page);
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
