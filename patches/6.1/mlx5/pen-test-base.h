/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of the pen ask of Linux 6.1: the DMA operations of a device, an
 * interface that is not registered, XDP frames, and owners of zero-copy pages.
 */
#ifndef __MLX5E_PEN_TEST_BASE_H__
#define __MLX5E_PEN_TEST_BASE_H__

#include <linux/dma-map-ops.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <net/xdp.h>
#include "en/txrx.h"
#include "en/pen-test.h"

static inline dma_addr_t pen_test_base_map_page(struct device *dev, struct page *page,
						unsigned long offset, size_t size,
						enum dma_data_direction dir,
						unsigned long attrs)
{
	return pen_test_map(dev, page_to_phys(page) + offset, size, dir, attrs);
}

/** pen_test_base_set_dma_ops - let pen_test_map() and pen_test_unmap() serve a device */
static inline void pen_test_base_set_dma_ops(struct device *dev)
{
	static const struct dma_map_ops ops = {
		.map_page = pen_test_base_map_page,
		.unmap_page = pen_test_unmap,
	};

	set_dma_ops(dev, &ops);
}

/** pen_test_base_push_dma - enter a mapping of dma_map_single() into a send queue's FIFO */
static inline void pen_test_base_push_dma(struct mlx5e_txqsq *sq, dma_addr_t addr, u32 size)
{
	mlx5e_dma_push(sq, addr, size, MLX5E_DMA_MAP_SINGLE);
}

/** pen_test_base_push_device_memory - false: this base sends no memory of other devices */
static inline bool pen_test_base_push_device_memory(struct mlx5e_txqsq *sq, u32 size)
{
	return false;
}

/** pen_test_base_init_frame - make an XDP frame of a page that is put when it is returned */
static inline void pen_test_base_init_frame(struct xdp_frame *frame, void *data, u32 len)
{
	*frame = (struct xdp_frame) {
		.data = data,
		.len = len,
		.mem.type = MEM_TYPE_PAGE_ORDER0,
	};
}

/** pen_test_base_alloc_netdev - an interface for a NAPI context, or NULL */
static inline struct net_device *pen_test_base_alloc_netdev(void)
{
	struct net_device *netdev = kzalloc(sizeof(*netdev), GFP_KERNEL);

	if (netdev)
		init_dummy_netdev(netdev);
	return netdev;
}

/** pen_test_base_free_netdev - free an interface that has no NAPI context any more */
static inline void pen_test_base_free_netdev(struct net_device *netdev)
{
	kfree(netdev);
}

/**
 * struct pen_test_base_owner - the owner of an skb's pages
 * @uarg: what the skb refers to
 */
struct pen_test_base_owner {
	struct ubuf_info uarg;
};

/** pen_test_base_lend - let a packet socket's ring own the pages of an skb */
static inline void pen_test_base_lend(struct sk_buff *skb, struct pen_test_base_owner *owner)
{
	skb_zcopy_set_nouarg(skb, owner);
}

/** pen_test_base_set_owner - call @told when an skb does not need its pages any more */
static inline void pen_test_base_set_owner(struct sk_buff *skb,
					   struct pen_test_base_owner *owner,
					   void (*told)(struct sk_buff *skb,
							struct ubuf_info *uarg, bool success))
{
	owner->uarg = (struct ubuf_info) { .callback = told, .flags = SKBFL_ZEROCOPY_FRAG };
	refcount_set(&owner->uarg.refcnt, 1);
	skb_zcopy_init(skb, &owner->uarg);
}

/** pen_test_base_tells_owner - is the owner told when a pen keeps the skb for good? */
static inline bool pen_test_base_tells_owner(void)
{
	return true;
}

#endif /* __MLX5E_PEN_TEST_BASE_H__ */
