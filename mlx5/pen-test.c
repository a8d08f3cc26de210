// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the pen: the pen itself, skbs, pages and a page pool, on a device
 * whose DMA operations are ours. They note what had been released when a sync
 * returned, and fail it on demand.
 */
#include <kunit/test.h>
#include <linux/dma-map-ops.h>
#include <linux/dma-mapping.h>
#include <net/page_pool.h>
#include <net/xdp.h>
#include "en/txrx.h"

#ifdef MODULE
/* The driver exports nothing. */
#include "pen.c"

void mlx5e_pen_recover(struct mlx5e_priv *priv)
{
	queue_work(priv->wq, &priv->pen.recover_work);
}
#endif

#define FIFO	64

/**
 * struct pen_rig - a NAPI context without hardware
 * @test: whose
 * @dev: does no DMA
 * @pages: taken from the pool
 * @unmaps: without sync
 * @strict: with
 * @syncs: so far
 * @sync_err: what they return
 * @skbs_gone: skbs that were freed
 * @gone_at_sync: releases of any kind that a sync found
 * @priv: of which only the work of the recovery is used
 * @stats: the counters
 * @pen: what is tested
 * @rq: a receive queue with a page pool
 * @sq: a send queue, of which only the two FIFOs are used
 * @dma: one FIFO
 * @skbs: the other
 * @dma_cc: the first one's consumer
 * @recoveries: asked for
 */
struct pen_rig {
	struct kunit *test;
	struct device *dev;
	unsigned int pages, unmaps, strict, syncs;
	int sync_err;
	unsigned int skbs_gone, gone_at_sync;
	struct mlx5e_priv *priv;
	struct mlx5e_ch_stats stats;
	struct mlx5e_pen *pen;
	struct mlx5e_rq *rq;
	struct mlx5e_txqsq *sq;
	struct mlx5e_sq_dma dma[FIFO];
	struct sk_buff *skbs[FIFO];
	u32 dma_cc;
	atomic_t recoveries;
};

static struct pen_rig *rig_now;

static unsigned int rig_pages_released(struct pen_rig *rig)
{
	return atomic_read(&rig->rq->page_pool->pages_state_release_cnt);
}

/* Pages that went back to the pool. Nobody takes any from its ring. */
static unsigned int rig_pages_recycled(struct pen_rig *rig)
{
	struct page_pool *pool = rig->rq->page_pool;
	unsigned int idle = pool->alloc.count + pool->ring.producer;

	return idle + rig->pages - pool->pages_state_hold_cnt;
}

static unsigned int rig_pages_gone(struct pen_rig *rig)
{
	return rig_pages_recycled(rig) + rig_pages_released(rig);
}

/* The device. */

static dma_addr_t rig_map(struct device *dev, struct page *page, unsigned long offset,
			  size_t size, enum dma_data_direction dir, unsigned long attrs)
{
	return page_to_phys(page) + offset;
}

static void rig_unmap(struct device *dev, dma_addr_t addr, size_t size,
		      enum dma_data_direction dir, unsigned long attrs)
{
	rig_now->strict++;
}

static void rig_unmap_no_sync(struct device *dev, dma_addr_t addr, size_t size,
			      enum dma_data_direction dir, unsigned long attrs)
{
	rig_now->unmaps++;
}

static int rig_sync(struct device *dev)
{
	struct pen_rig *rig = rig_now;

	rig->syncs++;
	rig->gone_at_sync += rig->skbs_gone + rig_pages_gone(rig);
	return rig->sync_err;
}

static bool rig_enable(struct device *dev)
{
	return true;
}

static const struct dma_map_ops rig_ops = {
	.map_page = rig_map,
	.unmap_page = rig_unmap,
	.unmap_page_no_sync = rig_unmap_no_sync,
	.sync_device_iotlb = rig_sync,
	.enable_unmap_no_sync = rig_enable,
};

static dma_addr_t rig_map_page(struct pen_rig *rig, struct page *page)
{
	dma_addr_t addr = dma_map_page(rig->dev, page, 0, PAGE_SIZE, rig->rq->buff.map_dir);

	KUNIT_ASSERT_FALSE(rig->test, dma_mapping_error(rig->dev, addr));
	return addr;
}

/* What a poll does. */

static void rig_poll_begins(void)
{
	local_bh_disable();
	rcu_read_lock();
}

static void rig_poll_ends(void)
{
	rcu_read_unlock();
	local_bh_enable();
}

static void rig_poll(struct pen_rig *rig, int budget)
{
	rig_poll_begins();
	mlx5e_pen_sync(rig->pen, budget);
	rig_poll_ends();
}

static struct page *rig_page(struct pen_rig *rig)
{
	struct page *page = page_pool_dev_alloc_pages(rig->rq->page_pool);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(rig->test, page);
	rig->pages++;
	page_pool_set_dma_addr(page, rig_map_page(rig, page));
	return page;
}

static void rig_receive(struct pen_rig *rig, unsigned int n, bool recycle)
{
	while (n--) {
		struct page *page = rig_page(rig);

		rig_poll_begins();
		mlx5e_pen_add_page(rig->pen, rig->rq, page, recycle);
		rig_poll_ends();
	}
}

static void rig_skb_gone(struct sk_buff *skb)
{
	rig_now->skbs_gone++;
}

static struct sk_buff *rig_post(struct pen_rig *rig)
{
	struct sk_buff *skb = alloc_skb(64, GFP_KERNEL);
	dma_addr_t addr;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(rig->test, skb);
	skb->destructor = rig_skb_gone;
	addr = dma_map_single(rig->dev, skb->data, 64, DMA_TO_DEVICE);
	KUNIT_ASSERT_FALSE(rig->test, dma_mapping_error(rig->dev, addr));
	mlx5e_dma_push(rig->sq, addr, 64, MLX5E_DMA_MAP_SINGLE);
	return skb;
}

static void rig_complete(struct pen_rig *rig, struct mlx5e_tx_wqe_info *wi, int budget)
{
	KUNIT_EXPECT_TRUE(rig->test, mlx5e_pen_unmap_wi(rig->pen, rig->sq, wi, &rig->dma_cc));
	mlx5e_pen_consume_skb(rig->pen, wi->skb, budget);
}

static void rig_send(struct pen_rig *rig, unsigned int n, int budget)
{
	while (n--) {
		struct mlx5e_tx_wqe_info wi = { .skb = rig_post(rig), .num_dma = 1 };

		rig_complete(rig, &wi, budget);
	}
}

static void rig_redirect_in(struct pen_rig *rig, unsigned int n)
{
	while (n--) {
		struct page *page = alloc_page(GFP_KERNEL);
		struct xdp_frame *frame;
		dma_addr_t addr;

		KUNIT_ASSERT_NOT_ERR_OR_NULL(rig->test, page);
		frame = page_address(page);
		*frame = (struct xdp_frame) {
			.data = frame + 1,
			.len = 64,
			.mem.type = MEM_TYPE_PAGE_ORDER0,
		};
		addr = dma_map_single(rig->dev, frame->data, 64, DMA_TO_DEVICE);
		KUNIT_ASSERT_FALSE(rig->test, dma_mapping_error(rig->dev, addr));
		mlx5e_pen_add_frame(rig->pen, frame, addr);
	}
}

static void rig_expect_kept(struct pen_rig *rig, unsigned int n)
{
	KUNIT_EXPECT_EQ(rig->test, rig->stats.unmap_kept, n);
	KUNIT_EXPECT_EQ(rig->test, rig->pen->kept.count, n);
}

/* Order. */

static void an_empty_pen_needs_no_sync(struct kunit *test)
{
	struct pen_rig *rig = test->priv;

	rig_poll(rig, 1);
	KUNIT_EXPECT_EQ(test, rig->syncs, 0);
}

static void nothing_is_released_before_the_sync_returned(struct kunit *test)
{
	struct pen_rig *rig = test->priv;

	rig_send(rig, 5, 1);
	rig_receive(rig, 3, true);
	rig_receive(rig, 2, false);
	rig_redirect_in(rig, 2);
	KUNIT_EXPECT_EQ(test, rig->unmaps, 12);
	KUNIT_EXPECT_EQ(test, rig->skbs_gone + rig_pages_gone(rig), 0);
	rig_poll(rig, 1);
	KUNIT_EXPECT_EQ(test, rig->gone_at_sync, 0);
	KUNIT_EXPECT_EQ(test, rig->skbs_gone, 5);
	KUNIT_EXPECT_EQ(test, rig_pages_gone(rig), 5);
}

static void one_sync_covers_a_poll(struct kunit *test)
{
	struct pen_rig *rig = test->priv;

	rig_send(rig, 60, 1);
	rig_receive(rig, 100, true);
	rig_poll(rig, 1);
	rig_poll(rig, 1);
	KUNIT_EXPECT_EQ(test, rig->syncs, 1);
	KUNIT_EXPECT_TRUE(test, mlx5e_pen_is_empty(rig->pen));
	KUNIT_EXPECT_EQ(test, rig->stats.unmap_batched, 160);
	KUNIT_EXPECT_EQ(test, rig->stats.iotlb_sync, 1);
	KUNIT_EXPECT_EQ(test, rig->strict, 0);
}

static void recycled_pages_go_to_the_pool_and_released_ones_leave_it(struct kunit *test)
{
	struct pen_rig *rig = test->priv;

	rig_receive(rig, 3, true);
	rig_receive(rig, 2, false);
	rig_poll(rig, 1);
	KUNIT_EXPECT_EQ(test, rig_pages_recycled(rig), 3);
	KUNIT_EXPECT_EQ(test, rig_pages_released(rig), 2);
}

static void an_address_is_forgotten_when_it_is_unmapped(struct kunit *test)
{
	struct pen_rig *rig = test->priv;
	struct page *page = rig_page(rig);

	mlx5e_pen_add_page(rig->pen, rig->rq, page, true);
	KUNIT_EXPECT_EQ(test, page_pool_get_dma_addr(page), 0);
	rig_poll(rig, 1);
}

static void one_wqe_may_hold_many_packets(struct kunit *test)
{
	struct pen_rig *rig = test->priv;
	struct mlx5e_skb_fifo *fifo = &rig->sq->db.skb_fifo;
	struct mlx5e_tx_wqe_info wi = { .num_dma = 60, .num_fifo_pkts = 60 };
	int i;

	for (i = 0; i < 60; i++)
		mlx5e_skb_fifo_push(fifo, rig_post(rig));
	KUNIT_EXPECT_TRUE(test, mlx5e_pen_unmap_wi(rig->pen, rig->sq, &wi, &rig->dma_cc));
	for (i = 0; i < 60; i++)
		mlx5e_pen_consume_skb(rig->pen, mlx5e_skb_fifo_pop(fifo), 1);
	KUNIT_EXPECT_EQ(test, rig->skbs_gone, 0);
	rig_poll(rig, 1);
	KUNIT_EXPECT_EQ(test, rig->skbs_gone, 60);
}

static void a_shared_skb_is_unmapped_strictly(struct kunit *test)
{
	struct pen_rig *rig = test->priv;
	struct mlx5e_tx_wqe_info wi = { .skb = rig_post(rig), .num_dma = 1 };

	skb_get(wi.skb);
	KUNIT_EXPECT_TRUE(test, mlx5e_pen_unmap_wi(rig->pen, rig->sq, &wi, &rig->dma_cc));
	KUNIT_EXPECT_EQ(test, rig->strict, 1);
	rig_poll_begins();
	mlx5e_pen_consume_skb(rig->pen, wi.skb, 1);
	rig_poll_ends();
	KUNIT_EXPECT_FALSE(test, skb_shared(wi.skb));
	KUNIT_EXPECT_TRUE(test, mlx5e_pen_is_empty(rig->pen));
	kfree_skb(wi.skb);
}

static void a_full_pen_is_emptied_in_place(struct kunit *test)
{
	struct pen_rig *rig = test->priv;

	rig_receive(rig, MLX5E_PEN_ENTRIES, true);
	KUNIT_EXPECT_EQ(test, rig->syncs, 0);
	rig_receive(rig, 1, true);
	KUNIT_EXPECT_EQ(test, rig->syncs, 1);
	KUNIT_EXPECT_EQ(test, rig->gone_at_sync, 0);
	KUNIT_EXPECT_EQ(test, rig->stats.iotlb_sync_early, 1);
	KUNIT_EXPECT_EQ(test, rig_pages_gone(rig), MLX5E_PEN_ENTRIES);
	rig_poll(rig, 1);
	KUNIT_EXPECT_EQ(test, rig->syncs, 2);
	KUNIT_EXPECT_EQ(test, rig_pages_gone(rig), MLX5E_PEN_ENTRIES + 1);
}

/* Budget 0. */

static void without_budget_the_pen_is_emptied_too(struct kunit *test)
{
	struct pen_rig *rig = test->priv;

	rig_send(rig, 5, 0);
	rig_poll(rig, 0);
	KUNIT_EXPECT_EQ(test, rig->gone_at_sync, 0);
	KUNIT_EXPECT_EQ(test, rig->skbs_gone, 5);
	KUNIT_EXPECT_TRUE(test, mlx5e_pen_is_empty(rig->pen));
}

/* Failure. */

static void rig_fail_a_poll(struct pen_rig *rig)
{
	rig->sync_err = -EIO;
	rig_send(rig, 5, 1);
	rig_receive(rig, 3, true);
	rig_redirect_in(rig, 2);
	rig_poll(rig, 1);
	rig->sync_err = 0;
}

static void what_a_failed_sync_left_is_kept(struct kunit *test)
{
	struct pen_rig *rig = test->priv;

	rig_fail_a_poll(rig);
	KUNIT_EXPECT_TRUE(test, mlx5e_pen_is_empty(rig->pen));
	KUNIT_EXPECT_EQ(test, rig->skbs_gone, 0);
	KUNIT_EXPECT_EQ(test, rig_pages_recycled(rig), 0);
	KUNIT_EXPECT_EQ(test, rig->stats.iotlb_sync_err, 1);
	rig_expect_kept(rig, 10);
}

static void a_failed_sync_starts_the_recovery(struct kunit *test)
{
	struct pen_rig *rig = test->priv;

	rig_fail_a_poll(rig);
	flush_workqueue(rig->priv->wq);
	KUNIT_EXPECT_EQ(test, atomic_read(&rig->recoveries), 1);
}

static void kept_pages_have_left_their_pool(struct kunit *test)
{
	struct pen_rig *rig = test->priv;

	rig_fail_a_poll(rig);
	KUNIT_EXPECT_EQ(test, rig_pages_released(rig), 3);
}

static void the_next_sync_covers_what_was_kept(struct kunit *test)
{
	struct pen_rig *rig = test->priv;

	rig_fail_a_poll(rig);
	rig_fail_a_poll(rig);
	rig_expect_kept(rig, 20);
	rig_send(rig, 1, 1);
	rig_poll(rig, 1);
	KUNIT_EXPECT_EQ(test, rig->skbs_gone, 11);
	rig_expect_kept(rig, 0);
}

static void a_poll_with_nothing_to_sync_releases_nothing_kept(struct kunit *test)
{
	struct pen_rig *rig = test->priv;

	rig_fail_a_poll(rig);
	rig_poll(rig, 1);
	rig_expect_kept(rig, 10);
}

static void without_budget_nothing_kept_is_released(struct kunit *test)
{
	struct pen_rig *rig = test->priv;

	rig_fail_a_poll(rig);
	rig_send(rig, 1, 0);
	rig_poll(rig, 0);
	KUNIT_EXPECT_EQ(test, rig->skbs_gone, 1);
	rig_expect_kept(rig, 10);
}

static void an_early_sync_that_fails_keeps_too(struct kunit *test)
{
	struct pen_rig *rig = test->priv;

	rig->sync_err = -EIO;
	rig_receive(rig, MLX5E_PEN_ENTRIES + 1, true);
	rig_expect_kept(rig, MLX5E_PEN_ENTRIES);
	rig->sync_err = 0;
	rig_poll(rig, 1);
	rig_expect_kept(rig, 0);
}

static void a_poll_waits_for_one_early_sync_that_fails(struct kunit *test)
{
	struct pen_rig *rig = test->priv;

	rig->sync_err = -EIO;
	rig_receive(rig, 3 * MLX5E_PEN_ENTRIES + 1, true);
	KUNIT_EXPECT_EQ(test, rig->syncs, 1);
	KUNIT_EXPECT_EQ(test, rig->stats.iotlb_sync_early, 1);
	KUNIT_EXPECT_EQ(test, rig->stats.iotlb_sync_err, 1);
	rig_expect_kept(rig, 3 * MLX5E_PEN_ENTRIES);
	KUNIT_EXPECT_EQ(test, rig_pages_recycled(rig), 0);

	rig->sync_err = 0;
	rig_poll(rig, 1);
	KUNIT_EXPECT_EQ(test, rig->syncs, 2);
	KUNIT_EXPECT_EQ(test, rig->stats.unmap_batched, 3 * MLX5E_PEN_ENTRIES + 1);
	rig_expect_kept(rig, 0);
}

static void the_next_poll_tries_early_syncs_again(struct kunit *test)
{
	struct pen_rig *rig = test->priv;

	rig->sync_err = -EIO;
	rig_receive(rig, MLX5E_PEN_ENTRIES + 1, true);
	rig_poll(rig, 1);
	KUNIT_EXPECT_EQ(test, rig->syncs, 2);
	rig->sync_err = 0;
	rig_receive(rig, MLX5E_PEN_ENTRIES + 1, true);
	KUNIT_EXPECT_EQ(test, rig->syncs, 3);
	rig_expect_kept(rig, 0);
	rig_poll(rig, 1);
}

static void channels_are_not_reopened_again_at_once(struct kunit *test)
{
	const unsigned long pause = MLX5E_PEN_REOPEN_PAUSE;

	KUNIT_EXPECT_TRUE(test, mlx5e_pen_may_reopen(0, 1));
	KUNIT_EXPECT_FALSE(test, mlx5e_pen_may_reopen(1000, 1000));
	KUNIT_EXPECT_FALSE(test, mlx5e_pen_may_reopen(1000, 1000 + pause - 1));
	KUNIT_EXPECT_TRUE(test, mlx5e_pen_may_reopen(1000, 1000 + pause));
	/* jiffies wrap */
	KUNIT_EXPECT_FALSE(test, mlx5e_pen_may_reopen(-1UL, 0));
	KUNIT_EXPECT_TRUE(test, mlx5e_pen_may_reopen(-1UL, pause - 1));
}

/* Closing. */

static void closing_tries_once_more(struct kunit *test)
{
	struct pen_rig *rig = test->priv;

	rig_fail_a_poll(rig);
	mlx5e_pen_close(rig->pen);
	KUNIT_EXPECT_EQ(test, rig->syncs, 2);
	KUNIT_EXPECT_EQ(test, rig->skbs_gone, 5);
	rig_expect_kept(rig, 0);
}

static void closing_gives_up_but_does_not_free(struct kunit *test)
{
	struct pen_rig *rig = test->priv;
	struct page *page = rig_page(rig);

	get_page(page);
	rig->sync_err = -EIO;
	mlx5e_pen_add_page(rig->pen, rig->rq, page, true);
	rig_poll(rig, 1);
	mlx5e_pen_close(rig->pen);
	KUNIT_EXPECT_EQ(test, page_ref_count(page), 2);
	KUNIT_EXPECT_EQ(test, rig->stats.unmap_kept, 1);
	KUNIT_EXPECT_EQ(test, rig->stats.iotlb_sync_err, 2);
	KUNIT_EXPECT_EQ(test, rig->pen->kept.count, 0);
	set_page_private(page, 0);
	put_page(page);
	put_page(page);
}

/* As a packet socket lends the frames of its ring. */
static void closing_leaves_a_lent_skb_to_its_socket(struct kunit *test)
{
	struct pen_rig *rig = test->priv;
	struct mlx5e_tx_wqe_info lent = { .skb = rig_post(rig), .num_dma = 1 };
	struct mlx5e_tx_wqe_info own = { .skb = rig_post(rig), .num_dma = 1 };

	skb_zcopy_set_nouarg(lent.skb, test);
	rig->sync_err = -EIO;
	rig_complete(rig, &lent, 1);
	rig_complete(rig, &own, 1);
	rig_poll(rig, 1);
	mlx5e_pen_close(rig->pen);
	KUNIT_EXPECT_TRUE(test, !own.skb->destructor);
	KUNIT_EXPECT_TRUE(test, lent.skb->destructor == rig_skb_gone);
	KUNIT_EXPECT_EQ(test, rig->skbs_gone, 1);
	kfree_skb(own.skb);
	kfree_skb(lent.skb);
}

/* Set-up. */

static void rig_recover_work(struct work_struct *work)
{
	atomic_inc(&rig_now->recoveries);
}

static void rig_device_gone(struct device *dev)
{
}

/* Nobody has to find it: it is not added to the system's devices. */
static int rig_make_device(struct pen_rig *rig)
{
	struct device *dev = kunit_kzalloc(rig->test, sizeof(*dev), GFP_KERNEL);

	if (!dev)
		return -ENOMEM;
	device_initialize(dev);
	dev->release = rig_device_gone;
	dev->dma_mask = &dev->coherent_dma_mask;
	dev->coherent_dma_mask = DMA_BIT_MASK(64);
	set_dma_ops(dev, &rig_ops);
	rig->dev = dev;
	return dev_set_name(dev, "mlx5e-pen-test");
}

static int rig_make_queues(struct pen_rig *rig)
{
	struct page_pool_params params = { .pool_size = 512, .nid = NUMA_NO_NODE };

	rig->rq->pdev = rig->dev;
	rig->rq->buff.map_dir = DMA_FROM_DEVICE;
	rig->rq->page_pool = page_pool_create(&params);
	if (IS_ERR(rig->rq->page_pool))
		return PTR_ERR(rig->rq->page_pool);
	rig->sq->pdev = rig->dev;
	rig->sq->dma_fifo_mask = FIFO - 1;
	rig->sq->db.dma_fifo = rig->dma;
	rig->sq->db.skb_fifo = (struct mlx5e_skb_fifo) {
		.fifo = rig->skbs,
		.pc = &rig->sq->skb_fifo_pc,
		.cc = &rig->sq->skb_fifo_cc,
		.mask = FIFO - 1,
	};
	return 0;
}

/* Without the mode every call is the ordinary one, and there is no pen. */
static bool rig_batches(struct pen_rig *rig)
{
	rig_send(rig, 1, 0);
	rig_poll(rig, 0);
	if (!rig->syncs)
		return false;
	rig->unmaps = 0;
	rig->syncs = 0;
	rig->skbs_gone = 0;
	rig->gone_at_sync = 0;
	rig->stats = (struct mlx5e_ch_stats) {};
	return true;
}

static void pen_test_exit(struct kunit *test)
{
	struct pen_rig *rig = test->priv;

	if (!rig)
		return;
	rig->sync_err = 0;
	mlx5e_pen_close(rig->pen);
	page_pool_destroy(rig->rq->page_pool);
	destroy_workqueue(rig->priv->wq);
	put_device(rig->dev);
}

static int pen_test_init(struct kunit *test)
{
	struct pen_rig *rig = kunit_kzalloc(test, sizeof(*rig), GFP_KERNEL);
	int err;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, rig);
	rig->test = test;
	rig_now = rig;
	rig->priv = kunit_kzalloc(test, sizeof(*rig->priv), GFP_KERNEL);
	rig->pen = kunit_kzalloc(test, sizeof(*rig->pen), GFP_KERNEL);
	rig->rq = kunit_kzalloc(test, sizeof(*rig->rq), GFP_KERNEL);
	rig->sq = kunit_kzalloc(test, sizeof(*rig->sq), GFP_KERNEL);
	if (!rig->priv || !rig->pen || !rig->rq || !rig->sq)
		return -ENOMEM;
	err = rig_make_device(rig);
	if (err)
		return err;
	err = rig_make_queues(rig);
	if (err)
		return err;
	rig->priv->wq = alloc_workqueue("mlx5e-pen-test", 0, 1);
	if (!rig->priv->wq)
		return -ENOMEM;
	INIT_WORK(&rig->priv->pen.recover_work, rig_recover_work);
	mlx5e_pen_open(rig->pen, rig->priv, &rig->stats);
	rig->pen->dev = rig->dev;

	test->priv = rig;
	if (!rig_batches(rig))
		kunit_skip(test, "needs iommu.xsmmu=1");
	return 0;
}

static struct kunit_case pen_tests[] = {
	KUNIT_CASE(an_empty_pen_needs_no_sync),
	KUNIT_CASE(nothing_is_released_before_the_sync_returned),
	KUNIT_CASE(one_sync_covers_a_poll),
	KUNIT_CASE(recycled_pages_go_to_the_pool_and_released_ones_leave_it),
	KUNIT_CASE(an_address_is_forgotten_when_it_is_unmapped),
	KUNIT_CASE(one_wqe_may_hold_many_packets),
	KUNIT_CASE(a_shared_skb_is_unmapped_strictly),
	KUNIT_CASE(a_full_pen_is_emptied_in_place),
	KUNIT_CASE(without_budget_the_pen_is_emptied_too),
	KUNIT_CASE(what_a_failed_sync_left_is_kept),
	KUNIT_CASE(a_failed_sync_starts_the_recovery),
	KUNIT_CASE(kept_pages_have_left_their_pool),
	KUNIT_CASE(the_next_sync_covers_what_was_kept),
	KUNIT_CASE(a_poll_with_nothing_to_sync_releases_nothing_kept),
	KUNIT_CASE(without_budget_nothing_kept_is_released),
	KUNIT_CASE(an_early_sync_that_fails_keeps_too),
	KUNIT_CASE(a_poll_waits_for_one_early_sync_that_fails),
	KUNIT_CASE(the_next_poll_tries_early_syncs_again),
	KUNIT_CASE(channels_are_not_reopened_again_at_once),
	KUNIT_CASE(closing_tries_once_more),
	KUNIT_CASE(closing_leaves_a_lent_skb_to_its_socket),
	KUNIT_CASE(closing_gives_up_but_does_not_free),
	{}
};

static struct kunit_suite pen_suite = {
	.name = "xsmmu-mlx5-pen",
	.init = pen_test_init,
	.exit = pen_test_exit,
	.test_cases = pen_tests,
};

kunit_test_suite(pen_suite);

MODULE_LICENSE("GPL");
