/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of the pen ask of Linux 7.3: the DMA operations of a device, an
 * interface that is not registered, XDP frames, and owners of zero-copy pages.
 */
#ifndef __MLX5E_PEN_TEST_BASE_H__
#define __MLX5E_PEN_TEST_BASE_H__

#include <linux/dma-map-ops.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <net/netmem.h>
#include <net/xdp.h>
#include "en/txrx.h"
#include "en/pen-test.h"

/** pen_test_base_set_dma_ops - let pen_test_map() and pen_test_unmap() serve a device */
static inline void pen_test_base_set_dma_ops(struct device *dev)
{
	static const struct dma_map_ops ops = {
		.map_phys = pen_test_map,
		.unmap_phys = pen_test_unmap,
	};

	set_dma_ops(dev, &ops);
}

/** pen_test_base_push_dma - enter a mapping of dma_map_single() into a send queue's FIFO */
static inline void pen_test_base_push_dma(struct mlx5e_txqsq *sq, dma_addr_t addr, u32 size)
{
	mlx5e_dma_push_single(sq, addr, size);
}

/**
 * pen_test_base_push_device_memory - enter memory of another device into a FIFO
 * @sq: the send queue that has the FIFO
 * @size: length in bytes
 *
 * Return: false if this base sends no such memory.
 */
static inline bool pen_test_base_push_device_memory(struct mlx5e_txqsq *sq, u32 size)
{
	struct net_iov niov = {};

	mlx5e_dma_push_netmem(sq, net_iov_to_netmem(&niov), PAGE_SIZE, size);
	return true;
}

/** pen_test_base_init_frame - make an XDP frame of a page that is put when it is returned */
static inline void pen_test_base_init_frame(struct xdp_frame *frame, void *data, u32 len)
{
	*frame = (struct xdp_frame) {
		.data = data,
		.len = len,
		.mem_type = MEM_TYPE_PAGE_ORDER0,
	};
}

/** pen_test_base_alloc_netdev - an interface for a NAPI context, or NULL */
static inline struct net_device *pen_test_base_alloc_netdev(void)
{
	return alloc_netdev_dummy(0);
}

/** pen_test_base_free_netdev - free an interface that has no NAPI context any more */
static inline void pen_test_base_free_netdev(struct net_device *netdev)
{
	free_netdev(netdev);
}

/**
 * struct pen_test_base_owner - the owner of an skb's pages
 * @uarg: what the skb refers to
 * @ops: its operations
 */
struct pen_test_base_owner {
	struct ubuf_info uarg;
	struct ubuf_info_ops ops;
};

/** pen_test_base_set_owner - call @told when an skb does not need its pages any more */
static inline void pen_test_base_set_owner(struct sk_buff *skb,
					   struct pen_test_base_owner *owner,
					   void (*told)(struct sk_buff *skb,
							struct ubuf_info *uarg, bool success))
{
	owner->ops = (struct ubuf_info_ops) { .complete = told };
	owner->uarg = (struct ubuf_info) { .ops = &owner->ops, .flags = SKBFL_ZEROCOPY_FRAG };
	refcount_set(&owner->uarg.refcnt, 1);
	skb_zcopy_init(skb, &owner->uarg);
}

static inline void pen_test_base_get_back(struct sk_buff *skb, struct ubuf_info *uarg,
					  bool success)
{
}

/** pen_test_base_lend - let a packet socket's ring own the pages of an skb */
static inline void pen_test_base_lend(struct sk_buff *skb, struct pen_test_base_owner *owner)
{
	pen_test_base_set_owner(skb, owner, pen_test_base_get_back);
}

/**
 * pen_test_base_tells_owner - is the owner told when a pen keeps the skb for good?
 *
 * Only that of MSG_ZEROCOPY is; see mlx5e_base_skb_is_lent().
 */
static inline bool pen_test_base_tells_owner(void)
{
	return false;
}

#endif /* __MLX5E_PEN_TEST_BASE_H__ */
