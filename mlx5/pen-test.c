// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the pen: the pen itself, skbs, pages and a page pool, on a device
 * whose DMA operations are ours. They note what had been released when a sync
 * returned, and fail it on demand.
 */
#include <kunit/test.h>
#include <linux/dma-map-ops.h>
#include <linux/dma-mapping.h>
#include <linux/dma-xsmmu-override.h>
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
 * struct pen_fixture - a NAPI context without hardware
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
struct pen_fixture {
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

static struct pen_fixture *fx_now;

static unsigned int fx_pages_released(struct pen_fixture *fx)
{
	return atomic_read(&fx->rq->page_pool->pages_state_release_cnt);
}

/* Pages that went back to the pool. Nobody takes any from its ring. */
static unsigned int fx_pages_recycled(struct pen_fixture *fx)
{
	struct page_pool *pool = fx->rq->page_pool;
	unsigned int idle = pool->alloc.count + pool->ring.producer;

	return idle + fx->pages - pool->pages_state_hold_cnt;
}

static unsigned int fx_pages_gone(struct pen_fixture *fx)
{
	return fx_pages_recycled(fx) + fx_pages_released(fx);
}

/* The device. */

static dma_addr_t fx_map(struct device *dev, struct page *page, unsigned long offset,
			  size_t size, enum dma_data_direction dir, unsigned long attrs)
{
	return page_to_phys(page) + offset;
}

static void fx_unmap(struct device *dev, dma_addr_t addr, size_t size,
		      enum dma_data_direction dir, unsigned long attrs)
{
	fx_now->strict++;
}

static bool fx_unmap_no_sync(struct xsmmu_override *override, dma_addr_t addr, size_t size,
			     enum dma_data_direction dir, unsigned long attrs)
{
	fx_now->unmaps++;
	return true;
}

static int fx_sync(struct xsmmu_override *override)
{
	struct pen_fixture *fx = fx_now;

	fx->syncs++;
	fx->gone_at_sync += fx->skbs_gone + fx_pages_gone(fx);
	return fx->sync_err;
}

static bool fx_enable(struct xsmmu_override *override)
{
	return true;
}

static const struct dma_map_ops fx_ops = {
	.map_page = fx_map,
	.unmap_page = fx_unmap,
};

static struct xsmmu_override fx_override = {
	.enable = fx_enable,
	.unmap_page = fx_unmap_no_sync,
	.sync = fx_sync,
};

static dma_addr_t fx_map_page(struct pen_fixture *fx, struct page *page)
{
	dma_addr_t addr = dma_map_page(fx->dev, page, 0, PAGE_SIZE, fx->rq->buff.map_dir);

	KUNIT_ASSERT_FALSE(fx->test, dma_mapping_error(fx->dev, addr));
	return addr;
}

/* What a poll does. */

static void fx_poll_begins(void)
{
	local_bh_disable();
	rcu_read_lock();
}

static void fx_poll_ends(void)
{
	rcu_read_unlock();
	local_bh_enable();
}

static void fx_poll(struct pen_fixture *fx, int budget)
{
	fx_poll_begins();
	mlx5e_pen_sync(fx->pen, budget);
	fx_poll_ends();
}

static struct page *fx_page(struct pen_fixture *fx)
{
	struct page *page = page_pool_dev_alloc_pages(fx->rq->page_pool);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(fx->test, page);
	fx->pages++;
	page_pool_set_dma_addr(page, fx_map_page(fx, page));
	return page;
}

static void fx_receive(struct pen_fixture *fx, unsigned int n, bool recycle)
{
	while (n--) {
		struct page *page = fx_page(fx);

		fx_poll_begins();
		mlx5e_pen_add_page(fx->pen, fx->rq, page, recycle);
		fx_poll_ends();
	}
}

static void fx_skb_gone(struct sk_buff *skb)
{
	fx_now->skbs_gone++;
}

static struct sk_buff *fx_post(struct pen_fixture *fx)
{
	struct sk_buff *skb = alloc_skb(64, GFP_KERNEL);
	dma_addr_t addr;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(fx->test, skb);
	skb->destructor = fx_skb_gone;
	addr = dma_map_single(fx->dev, skb->data, 64, DMA_TO_DEVICE);
	KUNIT_ASSERT_FALSE(fx->test, dma_mapping_error(fx->dev, addr));
	mlx5e_dma_push(fx->sq, addr, 64, MLX5E_DMA_MAP_SINGLE);
	return skb;
}

static void fx_complete(struct pen_fixture *fx, struct mlx5e_tx_wqe_info *wi, int budget)
{
	KUNIT_EXPECT_TRUE(fx->test, mlx5e_pen_unmap_wi(fx->pen, fx->sq, wi, &fx->dma_cc));
	mlx5e_pen_consume_skb(fx->pen, wi->skb, budget);
}

static void fx_send(struct pen_fixture *fx, unsigned int n, int budget)
{
	while (n--) {
		struct mlx5e_tx_wqe_info wi = { .skb = fx_post(fx), .num_dma = 1 };

		fx_complete(fx, &wi, budget);
	}
}

static void fx_redirect_in(struct pen_fixture *fx, unsigned int n)
{
	while (n--) {
		struct page *page = alloc_page(GFP_KERNEL);
		struct xdp_frame *frame;
		dma_addr_t addr;

		KUNIT_ASSERT_NOT_ERR_OR_NULL(fx->test, page);
		frame = page_address(page);
		*frame = (struct xdp_frame) {
			.data = frame + 1,
			.len = 64,
			.mem.type = MEM_TYPE_PAGE_ORDER0,
		};
		addr = dma_map_single(fx->dev, frame->data, 64, DMA_TO_DEVICE);
		KUNIT_ASSERT_FALSE(fx->test, dma_mapping_error(fx->dev, addr));
		mlx5e_pen_add_frame(fx->pen, frame, addr);
	}
}

static void fx_expect_kept(struct pen_fixture *fx, unsigned int n)
{
	KUNIT_EXPECT_EQ(fx->test, fx->stats.unmap_kept, n);
	KUNIT_EXPECT_EQ(fx->test, fx->pen->kept.count, n);
}

/* Order. */

static void an_empty_pen_needs_no_sync(struct kunit *test)
{
	struct pen_fixture *fx = test->priv;

	fx_poll(fx, 1);
	KUNIT_EXPECT_EQ(test, fx->syncs, 0);
}

static void nothing_is_released_before_the_sync_returned(struct kunit *test)
{
	struct pen_fixture *fx = test->priv;

	fx_send(fx, 5, 1);
	fx_receive(fx, 3, true);
	fx_receive(fx, 2, false);
	fx_redirect_in(fx, 2);
	KUNIT_EXPECT_EQ(test, fx->unmaps, 12);
	KUNIT_EXPECT_EQ(test, fx->skbs_gone + fx_pages_gone(fx), 0);
	fx_poll(fx, 1);
	KUNIT_EXPECT_EQ(test, fx->gone_at_sync, 0);
	KUNIT_EXPECT_EQ(test, fx->skbs_gone, 5);
	KUNIT_EXPECT_EQ(test, fx_pages_gone(fx), 5);
}

static void one_sync_covers_a_poll(struct kunit *test)
{
	struct pen_fixture *fx = test->priv;

	fx_send(fx, 60, 1);
	fx_receive(fx, 100, true);
	fx_poll(fx, 1);
	fx_poll(fx, 1);
	KUNIT_EXPECT_EQ(test, fx->syncs, 1);
	KUNIT_EXPECT_TRUE(test, mlx5e_pen_is_empty(fx->pen));
	KUNIT_EXPECT_EQ(test, fx->stats.unmap_batched, 160);
	KUNIT_EXPECT_EQ(test, fx->stats.iotlb_sync, 1);
	KUNIT_EXPECT_EQ(test, fx->strict, 0);
}

static void recycled_pages_go_to_the_pool_and_released_ones_leave_it(struct kunit *test)
{
	struct pen_fixture *fx = test->priv;

	fx_receive(fx, 3, true);
	fx_receive(fx, 2, false);
	fx_poll(fx, 1);
	KUNIT_EXPECT_EQ(test, fx_pages_recycled(fx), 3);
	KUNIT_EXPECT_EQ(test, fx_pages_released(fx), 2);
}

static void an_address_is_forgotten_when_it_is_unmapped(struct kunit *test)
{
	struct pen_fixture *fx = test->priv;
	struct page *page = fx_page(fx);

	mlx5e_pen_add_page(fx->pen, fx->rq, page, true);
	KUNIT_EXPECT_EQ(test, page_pool_get_dma_addr(page), 0);
	fx_poll(fx, 1);
}

static void one_wqe_may_hold_many_packets(struct kunit *test)
{
	struct pen_fixture *fx = test->priv;
	struct mlx5e_skb_fifo *fifo = &fx->sq->db.skb_fifo;
	struct mlx5e_tx_wqe_info wi = { .num_dma = 60, .num_fifo_pkts = 60 };
	int i;

	for (i = 0; i < 60; i++)
		mlx5e_skb_fifo_push(fifo, fx_post(fx));
	KUNIT_EXPECT_TRUE(test, mlx5e_pen_unmap_wi(fx->pen, fx->sq, &wi, &fx->dma_cc));
	for (i = 0; i < 60; i++)
		mlx5e_pen_consume_skb(fx->pen, mlx5e_skb_fifo_pop(fifo), 1);
	KUNIT_EXPECT_EQ(test, fx->skbs_gone, 0);
	fx_poll(fx, 1);
	KUNIT_EXPECT_EQ(test, fx->skbs_gone, 60);
}

static void a_shared_skb_is_unmapped_strictly(struct kunit *test)
{
	struct pen_fixture *fx = test->priv;
	struct mlx5e_tx_wqe_info wi = { .skb = fx_post(fx), .num_dma = 1 };

	skb_get(wi.skb);
	KUNIT_EXPECT_TRUE(test, mlx5e_pen_unmap_wi(fx->pen, fx->sq, &wi, &fx->dma_cc));
	KUNIT_EXPECT_EQ(test, fx->strict, 1);
	fx_poll_begins();
	mlx5e_pen_consume_skb(fx->pen, wi.skb, 1);
	fx_poll_ends();
	KUNIT_EXPECT_FALSE(test, skb_shared(wi.skb));
	KUNIT_EXPECT_TRUE(test, mlx5e_pen_is_empty(fx->pen));
	kfree_skb(wi.skb);
}

static void a_full_pen_is_emptied_in_place(struct kunit *test)
{
	struct pen_fixture *fx = test->priv;

	fx_receive(fx, MLX5E_PEN_ENTRIES, true);
	KUNIT_EXPECT_EQ(test, fx->syncs, 0);
	fx_receive(fx, 1, true);
	KUNIT_EXPECT_EQ(test, fx->syncs, 1);
	KUNIT_EXPECT_EQ(test, fx->gone_at_sync, 0);
	KUNIT_EXPECT_EQ(test, fx->stats.iotlb_sync_early, 1);
	KUNIT_EXPECT_EQ(test, fx_pages_gone(fx), MLX5E_PEN_ENTRIES);
	fx_poll(fx, 1);
	KUNIT_EXPECT_EQ(test, fx->syncs, 2);
	KUNIT_EXPECT_EQ(test, fx_pages_gone(fx), MLX5E_PEN_ENTRIES + 1);
}

/* Budget 0. */

static void without_budget_the_pen_is_emptied_too(struct kunit *test)
{
	struct pen_fixture *fx = test->priv;

	fx_send(fx, 5, 0);
	fx_poll(fx, 0);
	KUNIT_EXPECT_EQ(test, fx->gone_at_sync, 0);
	KUNIT_EXPECT_EQ(test, fx->skbs_gone, 5);
	KUNIT_EXPECT_TRUE(test, mlx5e_pen_is_empty(fx->pen));
}

/* Failure. */

static void fx_fail_a_poll(struct pen_fixture *fx)
{
	fx->sync_err = -EIO;
	fx_send(fx, 5, 1);
	fx_receive(fx, 3, true);
	fx_redirect_in(fx, 2);
	fx_poll(fx, 1);
	fx->sync_err = 0;
}

static void what_a_failed_sync_left_is_kept(struct kunit *test)
{
	struct pen_fixture *fx = test->priv;

	fx_fail_a_poll(fx);
	KUNIT_EXPECT_TRUE(test, mlx5e_pen_is_empty(fx->pen));
	KUNIT_EXPECT_EQ(test, fx->skbs_gone, 0);
	KUNIT_EXPECT_EQ(test, fx_pages_recycled(fx), 0);
	KUNIT_EXPECT_EQ(test, fx->stats.iotlb_sync_err, 1);
	fx_expect_kept(fx, 10);
}

static void a_failed_sync_starts_the_recovery(struct kunit *test)
{
	struct pen_fixture *fx = test->priv;

	fx_fail_a_poll(fx);
	flush_workqueue(fx->priv->wq);
	KUNIT_EXPECT_EQ(test, atomic_read(&fx->recoveries), 1);
}

static void kept_pages_have_left_their_pool(struct kunit *test)
{
	struct pen_fixture *fx = test->priv;

	fx_fail_a_poll(fx);
	KUNIT_EXPECT_EQ(test, fx_pages_released(fx), 3);
}

static void the_next_sync_covers_what_was_kept(struct kunit *test)
{
	struct pen_fixture *fx = test->priv;

	fx_fail_a_poll(fx);
	fx_fail_a_poll(fx);
	fx_expect_kept(fx, 20);
	fx_send(fx, 1, 1);
	fx_poll(fx, 1);
	KUNIT_EXPECT_EQ(test, fx->skbs_gone, 11);
	fx_expect_kept(fx, 0);
}

static void a_poll_with_nothing_to_sync_releases_nothing_kept(struct kunit *test)
{
	struct pen_fixture *fx = test->priv;

	fx_fail_a_poll(fx);
	fx_poll(fx, 1);
	fx_expect_kept(fx, 10);
}

static void without_budget_nothing_kept_is_released(struct kunit *test)
{
	struct pen_fixture *fx = test->priv;

	fx_fail_a_poll(fx);
	fx_send(fx, 1, 0);
	fx_poll(fx, 0);
	KUNIT_EXPECT_EQ(test, fx->skbs_gone, 1);
	fx_expect_kept(fx, 10);
}

static void an_early_sync_that_fails_keeps_too(struct kunit *test)
{
	struct pen_fixture *fx = test->priv;

	fx->sync_err = -EIO;
	fx_receive(fx, MLX5E_PEN_ENTRIES + 1, true);
	fx_expect_kept(fx, MLX5E_PEN_ENTRIES);
	fx->sync_err = 0;
	fx_poll(fx, 1);
	fx_expect_kept(fx, 0);
}

static void a_poll_waits_for_one_early_sync_that_fails(struct kunit *test)
{
	struct pen_fixture *fx = test->priv;

	fx->sync_err = -EIO;
	fx_receive(fx, 3 * MLX5E_PEN_ENTRIES + 1, true);
	KUNIT_EXPECT_EQ(test, fx->syncs, 1);
	KUNIT_EXPECT_EQ(test, fx->stats.iotlb_sync_early, 1);
	KUNIT_EXPECT_EQ(test, fx->stats.iotlb_sync_err, 1);
	fx_expect_kept(fx, 3 * MLX5E_PEN_ENTRIES);
	KUNIT_EXPECT_EQ(test, fx_pages_recycled(fx), 0);

	fx->sync_err = 0;
	fx_poll(fx, 1);
	KUNIT_EXPECT_EQ(test, fx->syncs, 2);
	KUNIT_EXPECT_EQ(test, fx->stats.unmap_batched, 3 * MLX5E_PEN_ENTRIES + 1);
	fx_expect_kept(fx, 0);
}

static void the_next_poll_tries_early_syncs_again(struct kunit *test)
{
	struct pen_fixture *fx = test->priv;

	fx->sync_err = -EIO;
	fx_receive(fx, MLX5E_PEN_ENTRIES + 1, true);
	fx_poll(fx, 1);
	KUNIT_EXPECT_EQ(test, fx->syncs, 2);
	fx->sync_err = 0;
	fx_receive(fx, MLX5E_PEN_ENTRIES + 1, true);
	KUNIT_EXPECT_EQ(test, fx->syncs, 3);
	fx_expect_kept(fx, 0);
	fx_poll(fx, 1);
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
	struct pen_fixture *fx = test->priv;

	fx_fail_a_poll(fx);
	mlx5e_pen_close(fx->pen);
	KUNIT_EXPECT_EQ(test, fx->syncs, 2);
	KUNIT_EXPECT_EQ(test, fx->skbs_gone, 5);
	fx_expect_kept(fx, 0);
}

static void closing_gives_up_but_does_not_free(struct kunit *test)
{
	struct pen_fixture *fx = test->priv;
	struct page *page = fx_page(fx);

	get_page(page);
	fx->sync_err = -EIO;
	mlx5e_pen_add_page(fx->pen, fx->rq, page, true);
	fx_poll(fx, 1);
	mlx5e_pen_close(fx->pen);
	KUNIT_EXPECT_EQ(test, page_ref_count(page), 2);
	KUNIT_EXPECT_EQ(test, fx->stats.unmap_kept, 1);
	KUNIT_EXPECT_EQ(test, fx->stats.iotlb_sync_err, 2);
	KUNIT_EXPECT_EQ(test, fx->pen->kept.count, 0);
	set_page_private(page, 0);
	put_page(page);
	put_page(page);
}

/* As a packet socket lends the frames of its ring. */
static void closing_leaves_a_lent_skb_to_its_socket(struct kunit *test)
{
	struct pen_fixture *fx = test->priv;
	struct mlx5e_tx_wqe_info lent = { .skb = fx_post(fx), .num_dma = 1 };
	struct mlx5e_tx_wqe_info own = { .skb = fx_post(fx), .num_dma = 1 };

	skb_zcopy_set_nouarg(lent.skb, test);
	fx->sync_err = -EIO;
	fx_complete(fx, &lent, 1);
	fx_complete(fx, &own, 1);
	fx_poll(fx, 1);
	mlx5e_pen_close(fx->pen);
	KUNIT_EXPECT_TRUE(test, !own.skb->destructor);
	KUNIT_EXPECT_TRUE(test, lent.skb->destructor == fx_skb_gone);
	KUNIT_EXPECT_EQ(test, fx->skbs_gone, 1);
	kfree_skb(own.skb);
	kfree_skb(lent.skb);
}

/* Set-up. */

static void fx_recover_work(struct work_struct *work)
{
	atomic_inc(&fx_now->recoveries);
}

static void fx_device_gone(struct device *dev)
{
}

/* Nobody has to find it: it is not added to the system's devices. */
static int fx_make_device(struct pen_fixture *fx)
{
	struct device *dev = kunit_kzalloc(fx->test, sizeof(*dev), GFP_KERNEL);

	if (!dev)
		return -ENOMEM;
	device_initialize(dev);
	dev->release = fx_device_gone;
	dev->dma_mask = &dev->coherent_dma_mask;
	dev->coherent_dma_mask = DMA_BIT_MASK(64);
	set_dma_ops(dev, &fx_ops);
	fx->dev = dev;
	return dev_set_name(dev, "mlx5e-pen-test");
}

static int fx_make_queues(struct pen_fixture *fx)
{
	struct page_pool_params params = { .pool_size = 512, .nid = NUMA_NO_NODE };

	fx->rq->pdev = fx->dev;
	fx->rq->buff.map_dir = DMA_FROM_DEVICE;
	fx->rq->page_pool = page_pool_create(&params);
	if (IS_ERR(fx->rq->page_pool))
		return PTR_ERR(fx->rq->page_pool);
	fx->sq->pdev = fx->dev;
	fx->sq->dma_fifo_mask = FIFO - 1;
	fx->sq->db.dma_fifo = fx->dma;
	fx->sq->db.skb_fifo = (struct mlx5e_skb_fifo) {
		.fifo = fx->skbs,
		.pc = &fx->sq->skb_fifo_pc,
		.cc = &fx->sq->skb_fifo_cc,
		.mask = FIFO - 1,
	};
	return 0;
}

/* Without the mode every call is the ordinary one, and there is no pen. */
static bool fx_batches(struct pen_fixture *fx)
{
	fx_send(fx, 1, 0);
	fx_poll(fx, 0);
	if (!fx->syncs)
		return false;
	fx->unmaps = 0;
	fx->syncs = 0;
	fx->skbs_gone = 0;
	fx->gone_at_sync = 0;
	fx->stats = (struct mlx5e_ch_stats) {};
	return true;
}

static void pen_test_exit(struct kunit *test)
{
	struct pen_fixture *fx = test->priv;

	if (!fx)
		return;
	fx->sync_err = 0;
	mlx5e_pen_close(fx->pen);
	page_pool_destroy(fx->rq->page_pool);
	destroy_workqueue(fx->priv->wq);
	xsmmu_override_remove(&fx_override);
	put_device(fx->dev);
}

static int pen_test_init(struct kunit *test)
{
	struct pen_fixture *fx = kunit_kzalloc(test, sizeof(*fx), GFP_KERNEL);
	int err;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, fx);
	fx->test = test;
	fx_now = fx;
	fx->priv = kunit_kzalloc(test, sizeof(*fx->priv), GFP_KERNEL);
	fx->pen = kunit_kzalloc(test, sizeof(*fx->pen), GFP_KERNEL);
	fx->rq = kunit_kzalloc(test, sizeof(*fx->rq), GFP_KERNEL);
	fx->sq = kunit_kzalloc(test, sizeof(*fx->sq), GFP_KERNEL);
	if (!fx->priv || !fx->pen || !fx->rq || !fx->sq)
		return -ENOMEM;
	err = fx_make_device(fx);
	if (err)
		return err;
	err = fx_make_queues(fx);
	if (err)
		return err;
	fx->priv->wq = alloc_workqueue("mlx5e-pen-test", 0, 1);
	if (!fx->priv->wq)
		return -ENOMEM;
	INIT_WORK(&fx->priv->pen.recover_work, fx_recover_work);
	mlx5e_pen_open(fx->pen, fx->priv, &fx->stats);
	fx->pen->dev = fx->dev;

	fx_override.dev = fx->dev;
	xsmmu_override_add(&fx_override);
	test->priv = fx;
	if (!fx_batches(fx))
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
