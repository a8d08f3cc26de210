/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The fixture of the tests of the pen: a NAPI context without hardware, on a
 * device whose DMA operations are the test's. They note what was already released
 * when a sync ran, and fail the sync on demand.
 */
#ifndef __MLX5E_PEN_TEST_H__
#define __MLX5E_PEN_TEST_H__

#include <kunit/test.h>
#include <linux/dma-direction.h>
#include <linux/types.h>
#include "en/txrx.h"

#define FIFO	64

/**
 * struct pen_test_mapping - a mapping of the device
 * @node: in the fixture's list
 * @addr: bus address
 * @size: length in bytes
 * @dir: direction
 */
struct pen_test_mapping {
	struct list_head node;
	dma_addr_t addr;
	size_t size;
	enum dma_data_direction dir;
};

/**
 * struct pen_fixture - a NAPI context without hardware
 * @test: the test that runs
 * @dev: a device that does no DMA
 * @mappings: what is mapped; each unmap is compared with it
 * @unmaps: number of unmaps without sync
 * @strict: number of strict unmaps
 * @syncs: number of syncs
 * @local_syncs: how many of them covered one CPU only
 * @sync_err: the result of a sync
 * @skbs_gone: number of skbs that were freed
 * @frames: pages of the XDP frames, and of skbs without a destructor; the fixture holds a
 *          reference to each
 * @n_frames: number of these pages
 * @pages_gone: returns the number of received pages that were released; NULL if
 *              the test receives none
 * @gone_at_sync: number of releases of any kind that syncs found
 * @priv: of which only the work of the recovery is used
 * @stats: the counters
 * @pen: the pen under test
 * @sq: a send queue, of which only the two FIFOs are used
 * @dma: its FIFO of DMA addresses
 * @skbs: its FIFO of skbs
 * @dma_cc: the consumer counter of @dma
 * @zerocopy_ended: number of owners of zero-copy pages that were told
 * @recoveries: number of recoveries that were started
 * @netdev: the interface of @napi; nothing else uses it
 * @napi: the NAPI context
 * @napi_syncs: the polls that NAPI starts end as those of the driver do
 * @polls: number of polls that NAPI started
 * @polls_ended: how many of these the pen ended
 */
struct pen_fixture {
	struct kunit *test;
	struct device *dev;
	struct list_head mappings;
	unsigned int unmaps, strict, syncs, local_syncs;
	int sync_err;
	unsigned int skbs_gone;
	struct page *frames[FIFO];
	unsigned int n_frames;
	unsigned int (*pages_gone)(struct pen_fixture *fx);
	unsigned int gone_at_sync;
	struct mlx5e_priv *priv;
	struct mlx5e_ch_stats stats;
	struct mlx5e_pen *pen;
	struct mlx5e_txqsq *sq;
	struct mlx5e_sq_dma dma[FIFO];
	struct sk_buff *skbs[FIFO];
	u32 dma_cc;
	unsigned int zerocopy_ended;
	atomic_t recoveries;
	struct net_device *netdev;
	struct napi_struct napi;
	bool napi_syncs;
	unsigned int polls, polls_ended;
};

dma_addr_t pen_test_map(struct device *dev, phys_addr_t phys, size_t size,
			enum dma_data_direction dir, unsigned long attrs);
void pen_test_unmap(struct device *dev, dma_addr_t addr, size_t size,
		    enum dma_data_direction dir, unsigned long attrs);

int pen_test_open(struct pen_fixture *fx, struct kunit *test);
void pen_test_close(struct pen_fixture *fx);
void pen_test_poll_begins(void);
void pen_test_poll_ends(void);
void pen_test_poll(struct pen_fixture *fx, int budget);
void pen_test_send(struct pen_fixture *fx, unsigned int n, int budget);
struct sk_buff *pen_test_post_plain(struct pen_fixture *fx);
void pen_test_complete(struct pen_fixture *fx, struct sk_buff *skb, int budget);
void pen_test_send_plain(struct pen_fixture *fx, unsigned int n);
void pen_test_let_napi_poll(struct pen_fixture *fx);
void pen_test_transmit_frames(struct pen_fixture *fx, unsigned int n);
unsigned int pen_test_frames_gone(struct pen_fixture *fx);
void pen_test_expect_kept(struct pen_fixture *fx, unsigned int n);

#endif /* __MLX5E_PEN_TEST_H__ */
