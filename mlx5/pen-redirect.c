// SPDX-License-Identifier: GPL-2.0
/*
 * XDP_REDIRECT of received pages.
 *
 * A redirect gives the page away, and its receiver may free it at once. So the
 * page is unmapped strictly before the redirect. The driver without the pen
 * unmaps afterwards, and leaves the further fragments of a packet mapped.
 */
#include <net/page_pool.h>
#include "en/txrx.h"
#include "en/xdp.h"
#include "en/pen-redirect.h"

/* Pages of an AF_XDP socket stay mapped for as long as the socket has them. */
static bool mlx5e_xdp_is_socket(struct xdp_buff *xdp)
{
	return xdp->rxq->mem.type == MEM_TYPE_XSK_BUFF_POOL;
}

static void mlx5e_xdp_recycle(struct mlx5e_rq *rq, struct page *page)
{
	page_pool_recycle_direct(rq->page_pool, page);
}

static void mlx5e_xdp_each_page(struct mlx5e_rq *rq, struct page *page,
				struct xdp_buff *xdp,
				void (*act)(struct mlx5e_rq *rq, struct page *page))
{
	struct skb_shared_info *sinfo = xdp_get_shared_info_from_buff(xdp);
	int i;

	if (xdp_buff_has_frags(xdp))
		for (i = 0; i < sinfo->nr_frags; i++)
			act(rq, skb_frag_page(&sinfo->frags[i]));
	act(rq, page);
}

/**
 * __mlx5e_xdp_unmap_before_redirect - unmap the pages of a packet strictly
 * @rq: the receive queue
 * @page: the page of the packet's head
 * @xdp: the packet
 *
 * Context: the poll of a queue with a pen, before xdp_do_redirect().
 */
void __mlx5e_xdp_unmap_before_redirect(struct mlx5e_rq *rq, struct page *page,
				       struct xdp_buff *xdp)
{
	if (!mlx5e_xdp_is_socket(xdp))
		mlx5e_xdp_each_page(rq, page, xdp, mlx5e_page_dma_unmap);
}

/**
 * __mlx5e_xdp_redirect_failed - return the pages of a packet to the page pool
 * @rq: the receive queue
 * @page: the page of the packet's head
 * @xdp: the packet, which will be dropped
 *
 * The driver's release functions expect mapped pages, and these are unmapped. So
 * they are recycled here, and the flag tells the queue that they are gone.
 *
 * Context: the poll of a queue with a pen, after xdp_do_redirect() failed.
 */
void __mlx5e_xdp_redirect_failed(struct mlx5e_rq *rq, struct page *page,
				 struct xdp_buff *xdp)
{
	if (mlx5e_xdp_is_socket(xdp))
		return;
	mlx5e_xdp_each_page(rq, page, xdp, mlx5e_xdp_recycle);
	__set_bit(MLX5E_RQ_FLAG_XDP_XMIT, rq->flags);
}
