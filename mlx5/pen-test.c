// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the pen with real skbs and XDP frames; see pen-test.h for the fixture.
 * The tests with pages of receive queues are in pen-page-test.c.
 */
#include <kunit/test.h>
#include <linux/dma-mapping.h>
#include <linux/dma-xsmmu-override.h>
#include <net/xdp.h>
#include "en/txrx.h"
#include "en/pen-internal.h"
#include "en/pen-test.h"
#include "en/pen-test-base.h"

#ifdef MODULE
/* The driver exports no symbols. */
#include "pen.c"

void mlx5e_pen_recover(struct mlx5e_priv *priv)
{
	queue_delayed_work(priv->wq, &priv->pen.recover_work, 0);
}
#endif

static struct pen_fixture *fx_now;

unsigned int pen_test_frames_gone(struct pen_fixture *fx)
{
	unsigned int i, n = 0;

	for (i = 0; i < fx->n_frames; i++)
		if (page_ref_count(fx->frames[i]) == 1)
			n++;
	return n;
}

/* The DMA operations of the device */

dma_addr_t pen_test_map(struct device *dev, phys_addr_t phys, size_t size,
			enum dma_data_direction dir, unsigned long attrs)
{
	struct pen_test_mapping *mapping = kzalloc(sizeof(*mapping), GFP_KERNEL);

	if (!mapping)
		return DMA_MAPPING_ERROR;
	mapping->addr = phys;
	mapping->size = size;
	mapping->dir = dir;
	list_add(&mapping->node, &fx_now->mappings);
	return mapping->addr;
}

/*
 * An unmap names a mapping that exists, with its size and direction. Received pages
 * skip the sync for the CPU, which the driver has done before. Sent buffers do not.
 */
static void fx_check_unmap(dma_addr_t addr, size_t size, enum dma_data_direction dir,
			   unsigned long attrs)
{
	unsigned long expected = dir == DMA_TO_DEVICE ? 0 : DMA_ATTR_SKIP_CPU_SYNC;
	struct pen_test_mapping *mapping;

	KUNIT_EXPECT_EQ(fx_now->test, attrs, expected);
	list_for_each_entry(mapping, &fx_now->mappings, node) {
		if (mapping->addr != addr)
			continue;
		KUNIT_EXPECT_EQ(fx_now->test, mapping->size, size);
		KUNIT_EXPECT_EQ(fx_now->test, mapping->dir, dir);
		list_del(&mapping->node);
		kfree(mapping);
		return;
	}
	KUNIT_FAIL(fx_now->test, "unmap of %pad, which is not mapped", &addr);
}

void pen_test_unmap(struct device *dev, dma_addr_t addr, size_t size,
		    enum dma_data_direction dir, unsigned long attrs)
{
	fx_now->strict++;
	fx_check_unmap(addr, size, dir, attrs);
}

static bool fx_unmap_no_sync(struct xsmmu_override *override, dma_addr_t addr, size_t size,
			     enum dma_data_direction dir, unsigned long attrs)
{
	fx_now->unmaps++;
	fx_check_unmap(addr, size, dir, attrs);
	return true;
}

static int fx_sync(struct xsmmu_override *override, bool local)
{
	struct pen_fixture *fx = fx_now;

	fx->syncs++;
	fx->local_syncs += local;
	fx->gone_at_sync += fx->skbs_gone + pen_test_frames_gone(fx);
	if (fx->pages_gone)
		fx->gone_at_sync += fx->pages_gone(fx);
	return fx->sync_err;
}

static bool fx_enable(struct xsmmu_override *override)
{
	return true;
}

static struct xsmmu_override fx_override = {
	.enable = fx_enable,
	.unmap_page = fx_unmap_no_sync,
	.sync = fx_sync,
};

/* The steps of a poll */

void pen_test_poll_begins(void)
	__acquires(RCU)
{
	local_bh_disable();
	rcu_read_lock();
}

void pen_test_poll_ends(void)
	__releases(RCU)
{
	rcu_read_unlock();
	local_bh_enable();
}

void pen_test_poll(struct pen_fixture *fx, int budget)
{
	pen_test_poll_begins();
	if (budget)
		mlx5e_pen_before_refill(fx->pen, budget);
	else
		mlx5e_pen_without_refill(fx->pen, budget);
	mlx5e_pen_end_of_poll(fx->pen);
	pen_test_poll_ends();
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
	pen_test_base_push_dma(fx->sq, addr, 64);
	return skb;
}

static void fx_complete(struct pen_fixture *fx, struct mlx5e_tx_wqe_info *wi, int budget)
{
	KUNIT_EXPECT_TRUE(fx->test, mlx5e_pen_unmap_wi(fx->pen, fx->sq, wi, &fx->dma_cc));
	mlx5e_pen_consume_skb(fx->pen, wi->skb, budget);
}

/* A WQE with this skb, which is mapped once, has completed. */
void pen_test_complete(struct pen_fixture *fx, struct sk_buff *skb, int budget)
{
	struct mlx5e_tx_wqe_info wi = { .skb = skb, .num_dma = 1 };

	fx_complete(fx, &wi, budget);
}

void pen_test_send(struct pen_fixture *fx, unsigned int n, int budget)
{
	while (n--)
		pen_test_complete(fx, fx_post(fx), budget);
}

static struct page *fx_make_page(struct pen_fixture *fx)
{
	struct page *page = alloc_page(GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(fx->test, page);
	KUNIT_ASSERT_LT(fx->test, fx->n_frames, FIFO);
	get_page(page);
	fx->frames[fx->n_frames++] = page;
	return page;
}

/* An skb without a destructor. It is gone when its page is. */
struct sk_buff *pen_test_post_plain(struct pen_fixture *fx)
{
	struct sk_buff *skb = fx_post(fx);

	skb->destructor = NULL;
	skb_fill_page_desc(skb, 0, fx_make_page(fx), 0, 64);
	return skb;
}

void pen_test_send_plain(struct pen_fixture *fx, unsigned int n)
{
	while (n--)
		pen_test_complete(fx, pen_test_post_plain(fx), 1);
}

static struct xdp_frame *fx_make_frame(struct pen_fixture *fx)
{
	struct xdp_frame *frame = page_address(fx_make_page(fx));

	pen_test_base_init_frame(frame, frame + 1, 64);
	return frame;
}

void pen_test_transmit_frames(struct pen_fixture *fx, unsigned int n)
{
	while (n--) {
		struct xdp_frame *frame = fx_make_frame(fx);
		dma_addr_t addr = dma_map_single(fx->dev, frame->data, 64, DMA_TO_DEVICE);

		KUNIT_ASSERT_FALSE(fx->test, dma_mapping_error(fx->dev, addr));
		KUNIT_EXPECT_TRUE(fx->test, mlx5e_pen_unmap_frag(fx->pen, addr, 64));
		KUNIT_EXPECT_TRUE(fx->test, mlx5e_pen_return_frame(fx->pen, frame));
	}
}

void pen_test_expect_kept(struct pen_fixture *fx, unsigned int n)
{
	KUNIT_EXPECT_EQ(fx->test, fx->stats.unmap_kept, n);
	KUNIT_EXPECT_EQ(fx->test, fx->pen->kept.count, n);
}

/* Order of sync and release */

static void an_empty_pen_needs_no_sync(struct kunit *test)
{
	struct pen_fixture *fx = test->priv;

	pen_test_poll(fx, 1);
	KUNIT_EXPECT_EQ(test, fx->syncs, 0);
}

static void nothing_is_released_before_the_sync_returned(struct kunit *test)
{
	struct pen_fixture *fx = test->priv;

	pen_test_send(fx, 5, 1);
	pen_test_transmit_frames(fx, 2);
	KUNIT_EXPECT_EQ(test, fx->unmaps, 7);
	KUNIT_EXPECT_EQ(test, fx->skbs_gone + pen_test_frames_gone(fx), 0);
	pen_test_poll(fx, 1);
	KUNIT_EXPECT_EQ(test, fx->gone_at_sync, 0);
	KUNIT_EXPECT_EQ(test, fx->skbs_gone, 5);
	KUNIT_EXPECT_EQ(test, pen_test_frames_gone(fx), 2);
}

static void one_sync_covers_a_poll(struct kunit *test)
{
	struct pen_fixture *fx = test->priv;

	pen_test_send(fx, 60, 1);
	pen_test_transmit_frames(fx, 60);
	pen_test_poll(fx, 1);
	pen_test_poll(fx, 1);
	KUNIT_EXPECT_EQ(test, fx->syncs, 1);
	KUNIT_EXPECT_EQ(test, fx->local_syncs, 1);
	KUNIT_EXPECT_TRUE(test, mlx5e_pen_is_empty(fx->pen));
	KUNIT_EXPECT_EQ(test, fx->stats.unmap_batched, 120);
	KUNIT_EXPECT_EQ(test, fx->stats.iotlb_sync, 1);
	KUNIT_EXPECT_EQ(test, fx->strict, 0);
}

static void one_frame_may_have_many_fragments(struct kunit *test)
{
	struct pen_fixture *fx = test->priv;
	struct xdp_frame *frame = fx_make_frame(fx);
	unsigned int i;

	for (i = 0; i < 3; i++) {
		dma_addr_t addr = dma_map_single(fx->dev, frame->data + 64 * i, 64, DMA_TO_DEVICE);

		KUNIT_ASSERT_FALSE(test, dma_mapping_error(fx->dev, addr));
		KUNIT_EXPECT_TRUE(test, mlx5e_pen_unmap_frag(fx->pen, addr, 64));
	}
	KUNIT_EXPECT_TRUE(test, mlx5e_pen_return_frame(fx->pen, frame));
	KUNIT_EXPECT_EQ(test, fx->unmaps, 3);
	KUNIT_EXPECT_EQ(test, pen_test_frames_gone(fx), 0);
	pen_test_poll(fx, 1);
	KUNIT_EXPECT_EQ(test, fx->gone_at_sync, 0);
	KUNIT_EXPECT_EQ(test, pen_test_frames_gone(fx), 1);
	KUNIT_EXPECT_EQ(test, fx->stats.unmap_batched, 3);
}

static void a_frame_without_a_pen_is_the_callers(struct kunit *test)
{
	struct xdp_frame frame = {};

	KUNIT_EXPECT_FALSE(test, mlx5e_pen_unmap_frag(NULL, 0, 64));
	KUNIT_EXPECT_FALSE(test, mlx5e_pen_return_frame(NULL, &frame));
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
	pen_test_poll(fx, 1);
	KUNIT_EXPECT_EQ(test, fx->skbs_gone, 60);
}

static void a_shared_skb_is_unmapped_strictly(struct kunit *test)
{
	struct pen_fixture *fx = test->priv;
	struct mlx5e_tx_wqe_info wi = { .skb = fx_post(fx), .num_dma = 1 };

	skb_get(wi.skb);
	KUNIT_EXPECT_TRUE(test, mlx5e_pen_unmap_wi(fx->pen, fx->sq, &wi, &fx->dma_cc));
	KUNIT_EXPECT_EQ(test, fx->strict, 1);
	pen_test_poll_begins();
	mlx5e_pen_consume_skb(fx->pen, wi.skb, 1);
	pen_test_poll_ends();
	KUNIT_EXPECT_FALSE(test, skb_shared(wi.skb));
	KUNIT_EXPECT_TRUE(test, mlx5e_pen_is_empty(fx->pen));
	kfree_skb(wi.skb);
}

static void a_shared_skb_among_many_packets_is_unmapped_strictly(struct kunit *test)
{
	struct pen_fixture *fx = test->priv;
	struct mlx5e_skb_fifo *fifo = &fx->sq->db.skb_fifo;
	struct mlx5e_tx_wqe_info wi = { .num_dma = 3, .num_fifo_pkts = 3 };
	struct sk_buff *shared = NULL;
	int i;

	for (i = 0; i < 3; i++) {
		shared = fx_post(fx);
		mlx5e_skb_fifo_push(fifo, shared);
	}
	skb_get(shared);
	KUNIT_EXPECT_TRUE(test, mlx5e_pen_unmap_wi(fx->pen, fx->sq, &wi, &fx->dma_cc));
	KUNIT_EXPECT_EQ(test, fx->strict, 3);
	KUNIT_EXPECT_EQ(test, fx->unmaps, 0);
	pen_test_poll_begins();
	for (i = 0; i < 3; i++)
		mlx5e_pen_consume_skb(fx->pen, mlx5e_skb_fifo_pop(fifo), 1);
	pen_test_poll_ends();
	pen_test_poll(fx, 1);
	KUNIT_EXPECT_EQ(test, fx->skbs_gone, 2);
	kfree_skb(shared);
}

static void memory_of_another_device_is_not_unmapped(struct kunit *test)
{
	struct pen_fixture *fx = test->priv;
	struct mlx5e_tx_wqe_info wi = { .num_dma = 2 };

	if (!pen_test_base_push_device_memory(fx->sq, 64))
		kunit_skip(test, "no memory of other devices is sent");
	wi.skb = fx_post(fx);
	fx_complete(fx, &wi, 1);
	KUNIT_EXPECT_EQ(test, fx->unmaps, 1);
	pen_test_poll(fx, 1);
	KUNIT_EXPECT_EQ(test, fx->gone_at_sync, 0);
	KUNIT_EXPECT_EQ(test, fx->skbs_gone, 1);
}

/* Polls with budget 0 */

static void without_budget_the_pen_is_emptied_too(struct kunit *test)
{
	struct pen_fixture *fx = test->priv;

	pen_test_send(fx, 5, 0);
	pen_test_poll(fx, 0);
	KUNIT_EXPECT_EQ(test, fx->gone_at_sync, 0);
	KUNIT_EXPECT_EQ(test, fx->skbs_gone, 5);
	KUNIT_EXPECT_TRUE(test, mlx5e_pen_is_empty(fx->pen));
}

/* Syncs that fail */

static void fx_fail_a_poll(struct pen_fixture *fx)
{
	fx->sync_err = -EIO;
	pen_test_send(fx, 5, 1);
	pen_test_transmit_frames(fx, 2);
	pen_test_poll(fx, 1);
	fx->sync_err = 0;
}

static void what_a_failed_sync_left_is_kept(struct kunit *test)
{
	struct pen_fixture *fx = test->priv;

	fx_fail_a_poll(fx);
	KUNIT_EXPECT_TRUE(test, mlx5e_pen_is_empty(fx->pen));
	KUNIT_EXPECT_EQ(test, fx->skbs_gone, 0);
	KUNIT_EXPECT_EQ(test, pen_test_frames_gone(fx), 0);
	KUNIT_EXPECT_EQ(test, fx->stats.iotlb_sync_err, 1);
	pen_test_expect_kept(fx, 7);
}

static void a_failed_sync_starts_the_recovery(struct kunit *test)
{
	struct pen_fixture *fx = test->priv;

	fx_fail_a_poll(fx);
	flush_workqueue(fx->priv->wq);
	KUNIT_EXPECT_EQ(test, atomic_read(&fx->recoveries), 1);
}

static void the_next_sync_covers_what_was_kept(struct kunit *test)
{
	struct pen_fixture *fx = test->priv;

	fx_fail_a_poll(fx);
	fx_fail_a_poll(fx);
	pen_test_expect_kept(fx, 14);
	pen_test_send(fx, 1, 1);
	pen_test_poll(fx, 1);
	KUNIT_EXPECT_EQ(test, fx->skbs_gone, 11);
	KUNIT_EXPECT_EQ(test, pen_test_frames_gone(fx), 4);
	pen_test_expect_kept(fx, 0);
}

/* Kept buffers were unmapped by an earlier poll, perhaps on another CPU. */
static void kept_buffers_need_a_sync_of_all_cpus(struct kunit *test)
{
	struct pen_fixture *fx = test->priv;

	fx_fail_a_poll(fx);
	KUNIT_EXPECT_EQ(test, fx->local_syncs, 1);
	pen_test_send(fx, 1, 1);
	pen_test_poll(fx, 1);
	KUNIT_EXPECT_EQ(test, fx->local_syncs, 1);
	pen_test_expect_kept(fx, 0);
	pen_test_send(fx, 1, 1);
	pen_test_poll(fx, 1);
	KUNIT_EXPECT_EQ(test, fx->local_syncs, 2);
	KUNIT_EXPECT_EQ(test, fx->syncs, 3);
}

/* What an earlier poll has left may have been unmapped on another CPU. */
static void a_pen_that_strayed_is_synced_on_all_cpus(struct kunit *test)
{
	struct pen_fixture *fx = test->priv;

	fx->pen->strayed = true;
	pen_test_send(fx, 1, 1);
	pen_test_poll(fx, 1);
	KUNIT_EXPECT_EQ(test, fx->syncs, 1);
	KUNIT_EXPECT_EQ(test, fx->local_syncs, 0);
}

/* A short packet is copied into its WQE, so its skb is not mapped. */
static void a_poll_with_nothing_to_sync_releases_nothing_kept(struct kunit *test)
{
	struct pen_fixture *fx = test->priv;
	struct mlx5e_tx_wqe_info wi = { .skb = alloc_skb(64, GFP_KERNEL) };

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, wi.skb);
	wi.skb->destructor = fx_skb_gone;
	fx_fail_a_poll(fx);
	fx->syncs = 0;
	fx->local_syncs = 0;
	fx_complete(fx, &wi, 1);
	KUNIT_EXPECT_FALSE(test, mlx5e_pen_is_empty(fx->pen));
	pen_test_poll(fx, 1);
	KUNIT_EXPECT_EQ(test, fx->syncs, 0);
	KUNIT_EXPECT_EQ(test, fx->skbs_gone, 1);
	pen_test_expect_kept(fx, 7);
}

static void without_budget_nothing_kept_is_released(struct kunit *test)
{
	struct pen_fixture *fx = test->priv;

	fx_fail_a_poll(fx);
	pen_test_send(fx, 1, 0);
	pen_test_poll(fx, 0);
	KUNIT_EXPECT_EQ(test, fx->skbs_gone, 1);
	pen_test_expect_kept(fx, 7);
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

static void attempts_to_open_become_rarer(struct kunit *test)
{
	unsigned long wait = mlx5e_pen_longer_wait(0);

	KUNIT_EXPECT_EQ(test, wait, HZ / 20);
	KUNIT_EXPECT_EQ(test, mlx5e_pen_longer_wait(wait), 2 * wait);
	KUNIT_EXPECT_EQ(test, mlx5e_pen_longer_wait(9 * HZ), 10 * HZ);
	KUNIT_EXPECT_EQ(test, mlx5e_pen_longer_wait(10 * HZ), 10 * HZ);
}

/* The poll of a driver, without completions. */
static int fx_poll_nothing(struct napi_struct *napi, int budget)
{
	struct pen_fixture *fx = fx_now;

	fx->polls++;
	if (mlx5e_pen_ends_poll(fx->pen, napi, budget)) {
		fx->polls_ended++;
		return 0;
	}
	if (fx->napi_syncs)
		pen_test_poll(fx, budget);
	napi_complete_done(napi, 0);
	return 0;
}

void pen_test_let_napi_poll(struct pen_fixture *fx)
{
	local_bh_disable();
	napi_schedule(&fx->napi);
	local_bh_enable();
	napi_synchronize(&fx->napi);
}

static void a_pen_that_keeps_too_much_stops_its_polls(struct kunit *test)
{
	struct pen_fixture *fx = test->priv;
	unsigned int i;

	pen_test_let_napi_poll(fx);
	KUNIT_EXPECT_EQ(test, fx->polls, 1);
	KUNIT_EXPECT_EQ(test, fx->polls_ended, 0);
	fx->sync_err = -EIO;
	for (i = 0; i < MLX5E_PEN_MOST_KEPT; i += FIFO) {
		KUNIT_EXPECT_FALSE(test, mlx5e_pen_ends_poll(fx->pen, &fx->napi, 1));
		pen_test_send(fx, FIFO, 1);
		pen_test_poll(fx, 1);
	}
	flush_workqueue(fx->priv->wq);
	atomic_set(&fx->recoveries, 0);
	pen_test_let_napi_poll(fx);
	KUNIT_EXPECT_EQ(test, fx->polls_ended, 1);
	KUNIT_EXPECT_FALSE(test, test_bit(NAPI_STATE_SCHED, &fx->napi.state));
	flush_workqueue(fx->priv->wq);
	KUNIT_EXPECT_EQ(test, atomic_read(&fx->recoveries), 1);
	KUNIT_EXPECT_TRUE(test, mlx5e_pen_ends_poll(fx->pen, &fx->napi, 0));
	pen_test_expect_kept(fx, MLX5E_PEN_MOST_KEPT);
}

/* The channels of an interface may belong to several devices. */
static void only_the_device_that_was_asked_batches(struct kunit *test)
{
	struct pen_fixture *fx = test->priv;
	struct mlx5_core_dev *mdev = kunit_kzalloc(test, sizeof(*mdev), GFP_KERNEL);
	struct mlx5e_pen *pens = kunit_kcalloc(test, 2, sizeof(*pens), GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, mdev);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, pens);
	mdev->pdev = kunit_kzalloc(test, sizeof(*mdev->pdev), GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, mdev->pdev);
	fx->priv->mdev = mdev;
	fx->priv->pen.batching = true;
	mlx5e_pen_open(&pens[0], &fx->napi, fx->priv, &mdev->pdev->dev, &fx->stats);
	mlx5e_pen_open(&pens[1], &fx->napi, fx->priv, fx->dev, &fx->stats);
	KUNIT_EXPECT_TRUE(test, mlx5e_pen_ref(&pens[0]).pen == &pens[0]);
	KUNIT_EXPECT_TRUE(test, !mlx5e_pen_ref(&pens[1]).pen);
}

/* Closing of a pen */

static void closing_tries_once_more(struct kunit *test)
{
	struct pen_fixture *fx = test->priv;

	fx_fail_a_poll(fx);
	mlx5e_pen_close(fx->pen);
	KUNIT_EXPECT_EQ(test, fx->syncs, 2);
	KUNIT_EXPECT_EQ(test, fx->local_syncs, 1);
	KUNIT_EXPECT_EQ(test, fx->skbs_gone, 5);
	KUNIT_EXPECT_EQ(test, pen_test_frames_gone(fx), 2);
	pen_test_expect_kept(fx, 0);
}

/* A poll that leaves buffers behind is a bug, and the driver warns about it. */
static void closing_empties_a_pen_that_strayed(struct kunit *test)
{
	struct pen_fixture *fx = test->priv;

	pen_test_send(fx, 5, 1);
	pen_test_transmit_frames(fx, 2);
	mlx5e_pen_close(fx->pen);
	KUNIT_EXPECT_EQ(test, fx->syncs, 1);
	KUNIT_EXPECT_EQ(test, fx->local_syncs, 0);
	KUNIT_EXPECT_EQ(test, fx->gone_at_sync, 0);
	KUNIT_EXPECT_EQ(test, fx->skbs_gone, 5);
	KUNIT_EXPECT_EQ(test, pen_test_frames_gone(fx), 2);
	KUNIT_EXPECT_TRUE(test, mlx5e_pen_is_empty(fx->pen));
}

static void closing_gives_up_but_does_not_free(struct kunit *test)
{
	struct pen_fixture *fx = test->priv;

	fx->sync_err = -EIO;
	pen_test_transmit_frames(fx, 1);
	pen_test_poll(fx, 1);
	mlx5e_pen_close(fx->pen);
	KUNIT_EXPECT_EQ(test, pen_test_frames_gone(fx), 0);
	KUNIT_EXPECT_EQ(test, fx->stats.unmap_kept, 1);
	KUNIT_EXPECT_EQ(test, fx->stats.iotlb_sync_err, 2);
	KUNIT_EXPECT_EQ(test, fx->pen->kept.count, 0);
	put_page(fx->frames[0]);
}

/* As a packet socket lends the frames of its ring. */
static void closing_leaves_a_lent_skb_to_its_socket(struct kunit *test)
{
	struct pen_fixture *fx = test->priv;
	struct mlx5e_tx_wqe_info lent = { .skb = fx_post(fx), .num_dma = 1 };
	struct mlx5e_tx_wqe_info own = { .skb = fx_post(fx), .num_dma = 1 };
	struct pen_test_base_owner owner;

	pen_test_base_lend(lent.skb, &owner);
	fx->sync_err = -EIO;
	fx_complete(fx, &lent, 1);
	fx_complete(fx, &own, 1);
	pen_test_poll(fx, 1);
	mlx5e_pen_close(fx->pen);
	KUNIT_EXPECT_TRUE(test, !own.skb->destructor);
	KUNIT_EXPECT_TRUE(test, lent.skb->destructor == fx_skb_gone);
	KUNIT_EXPECT_EQ(test, fx->skbs_gone, 1);
	kfree_skb(own.skb);
	kfree_skb(lent.skb);
}

static void fx_zerocopy_ends(struct sk_buff *skb, struct ubuf_info *uarg, bool success)
{
	fx_now->zerocopy_ended++;
}

/* As vhost-net waits for the end of its packets before its user can go. */
static void closing_tells_the_owner_of_zerocopy_pages(struct kunit *test)
{
	struct pen_fixture *fx = test->priv;
	struct mlx5e_tx_wqe_info wi = { .skb = fx_post(fx), .num_dma = 1 };
	bool told = pen_test_base_tells_owner();
	struct pen_test_base_owner owner;

	pen_test_base_set_owner(wi.skb, &owner, fx_zerocopy_ends);
	fx->sync_err = -EIO;
	fx_complete(fx, &wi, 1);
	pen_test_poll(fx, 1);
	KUNIT_EXPECT_EQ(test, fx->zerocopy_ended, 0);
	mlx5e_pen_close(fx->pen);
	KUNIT_EXPECT_EQ(test, fx->zerocopy_ended, told ? 1 : 0);
	KUNIT_EXPECT_EQ(test, !wi.skb->destructor, told);
	KUNIT_EXPECT_EQ(test, refcount_read(&wi.skb->users), 1);
	kfree_skb(wi.skb);
	KUNIT_EXPECT_EQ(test, fx->zerocopy_ended, 1);
}

/* Set-up of the fixture */

static void fx_recover_work(struct work_struct *work)
{
	atomic_inc(&fx_now->recoveries);
}

static void fx_device_gone(struct device *dev)
{
}

/* The device is not added to the system's devices. */
static int fx_make_device(struct pen_fixture *fx)
{
	struct device *dev = kunit_kzalloc(fx->test, sizeof(*dev), GFP_KERNEL);

	if (!dev)
		return -ENOMEM;
	device_initialize(dev);
	dev->release = fx_device_gone;
	dev->dma_mask = &dev->coherent_dma_mask;
	dev->coherent_dma_mask = DMA_BIT_MASK(64);
	pen_test_base_set_dma_ops(dev);
	fx->dev = dev;
	return dev_set_name(dev, "mlx5e-pen-test");
}

static void fx_make_queue(struct pen_fixture *fx)
{
	fx->sq->pdev = fx->dev;
	fx->sq->dma_fifo_mask = FIFO - 1;
	fx->sq->db.dma_fifo = fx->dma;
	fx->sq->db.skb_fifo = (struct mlx5e_skb_fifo) {
		.fifo = fx->skbs,
		.pc = &fx->sq->skb_fifo_pc,
		.cc = &fx->sq->skb_fifo_cc,
		.mask = FIFO - 1,
	};
}

/* Without the mode each call is the ordinary one, and queues have no pen. */
static bool fx_batches(struct pen_fixture *fx)
{
	pen_test_send(fx, 1, 1);
	pen_test_poll(fx, 1);
	if (!fx->unmaps)
		return false;
	fx->unmaps = 0;
	fx->syncs = 0;
	fx->local_syncs = 0;
	fx->skbs_gone = 0;
	fx->gone_at_sync = 0;
	fx->stats = (struct mlx5e_ch_stats) {};
	return true;
}

int pen_test_open(struct pen_fixture *fx, struct kunit *test)
{
	int err;

	fx->test = test;
	fx_now = fx;
	INIT_LIST_HEAD(&fx->mappings);
	fx->priv = kunit_kzalloc(test, sizeof(*fx->priv), GFP_KERNEL);
	fx->pen = kunit_kzalloc(test, sizeof(*fx->pen), GFP_KERNEL);
	fx->sq = kunit_kzalloc(test, sizeof(*fx->sq), GFP_KERNEL);
	if (!fx->priv || !fx->pen || !fx->sq)
		return -ENOMEM;
	err = fx_make_device(fx);
	if (err)
		return err;
	fx_make_queue(fx);
	fx->priv->wq = alloc_ordered_workqueue("mlx5e-pen-test", 0);
	fx->netdev = pen_test_base_alloc_netdev();
	if (!fx->priv->wq || !fx->netdev)
		return -ENOMEM;
	INIT_DELAYED_WORK(&fx->priv->pen.recover_work, fx_recover_work);
	netif_napi_add(fx->netdev, &fx->napi, fx_poll_nothing);
	napi_enable(&fx->napi);
	mlx5e_pen_open(fx->pen, &fx->napi, fx->priv, fx->dev, &fx->stats);
	fx->pen->dev = fx->dev;
	static_branch_enable(&mlx5e_pen_key);

	fx_override.dev = fx->dev;
	xsmmu_override_add(&fx_override);
	if (!fx_batches(fx)) {
		pen_test_close(fx);
		kunit_skip(test, "needs iommu.xsmmu=1");
	}
	return 0;
}

void pen_test_close(struct pen_fixture *fx)
{
	fx->sync_err = 0;
	napi_disable(&fx->napi);
	netif_napi_del(&fx->napi);
	mlx5e_pen_close(fx->pen);
	pen_test_base_free_netdev(fx->netdev);
	while (fx->n_frames)
		put_page(fx->frames[--fx->n_frames]);
	KUNIT_EXPECT_TRUE(fx->test, list_empty(&fx->mappings));
	destroy_workqueue(fx->priv->wq);
	xsmmu_override_remove(&fx_override);
	put_device(fx->dev);
}

static int pen_test_init(struct kunit *test)
{
	struct pen_fixture *fx = kunit_kzalloc(test, sizeof(*fx), GFP_KERNEL);
	int err;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, fx);
	err = pen_test_open(fx, test);
	if (!err)
		test->priv = fx;
	return err;
}

static void pen_test_exit(struct kunit *test)
{
	if (test->priv)
		pen_test_close(test->priv);
}

static struct kunit_case pen_tests[] = {
	KUNIT_CASE(an_empty_pen_needs_no_sync),
	KUNIT_CASE(nothing_is_released_before_the_sync_returned),
	KUNIT_CASE(one_sync_covers_a_poll),
	KUNIT_CASE(one_frame_may_have_many_fragments),
	KUNIT_CASE(a_frame_without_a_pen_is_the_callers),
	KUNIT_CASE(one_wqe_may_hold_many_packets),
	KUNIT_CASE(a_shared_skb_is_unmapped_strictly),
	KUNIT_CASE(a_shared_skb_among_many_packets_is_unmapped_strictly),
	KUNIT_CASE(memory_of_another_device_is_not_unmapped),
	KUNIT_CASE(without_budget_the_pen_is_emptied_too),
	KUNIT_CASE(what_a_failed_sync_left_is_kept),
	KUNIT_CASE(a_failed_sync_starts_the_recovery),
	KUNIT_CASE(the_next_sync_covers_what_was_kept),
	KUNIT_CASE(kept_buffers_need_a_sync_of_all_cpus),
	KUNIT_CASE(a_pen_that_strayed_is_synced_on_all_cpus),
	KUNIT_CASE(a_poll_with_nothing_to_sync_releases_nothing_kept),
	KUNIT_CASE(without_budget_nothing_kept_is_released),
	KUNIT_CASE(channels_are_not_reopened_again_at_once),
	KUNIT_CASE(attempts_to_open_become_rarer),
	KUNIT_CASE(a_pen_that_keeps_too_much_stops_its_polls),
	KUNIT_CASE(only_the_device_that_was_asked_batches),
	KUNIT_CASE(closing_tries_once_more),
	KUNIT_CASE(closing_empties_a_pen_that_strayed),
	KUNIT_CASE(closing_gives_up_but_does_not_free),
	KUNIT_CASE(closing_leaves_a_lent_skb_to_its_socket),
	KUNIT_CASE(closing_tells_the_owner_of_zerocopy_pages),
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
