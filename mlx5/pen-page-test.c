// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the pen with pages of a receive queue and a real page pool; see
 * pen-test.h for the rest of the fixture.
 */
#include <kunit/test.h>
#include <linux/dma-mapping.h>
#include <net/page_pool.h>
#include "en/txrx.h"
#include "en/pen-internal.h"
#include "en/pen-page.h"
#include "en/pen-redirect.h"
#include "en/pen-test.h"

#ifdef MODULE
/* The driver exports no symbols. */
#include "pen-page.c"
#include "pen-redirect.c"

void mlx5e_page_dma_unmap(struct mlx5e_rq *rq, struct page *page)
{
	dma_unmap_page_attrs(rq->pdev, page_pool_get_dma_addr(page), PAGE_SIZE,
			     rq->buff.map_dir, DMA_ATTR_SKIP_CPU_SYNC);
	page_pool_set_dma_addr(page, 0);
}
#endif

/**
 * struct page_fixture - a pen and a receive queue
 * @fx: the pen, the device and the send queue
 * @rq: a receive queue
 * @pages: number of pages that were taken from the pool
 */
struct page_fixture {
	struct pen_fixture fx;
	struct mlx5e_rq *rq;
	unsigned int pages;
};

static unsigned int pages_released(struct page_fixture *pf)
{
	return atomic_read(&pf->rq->page_pool->pages_state_release_cnt);
}

/* Pages that went back to the pool. No page is taken from its ring. */
static unsigned int pages_recycled(struct page_fixture *pf)
{
	struct page_pool *pool = pf->rq->page_pool;
	unsigned int idle = pool->alloc.count + pool->ring.producer;

	return idle + pf->pages - pool->pages_state_hold_cnt;
}

static unsigned int pages_gone(struct pen_fixture *fx)
{
	struct page_fixture *pf = container_of(fx, struct page_fixture, fx);

	return pages_recycled(pf) + pages_released(pf);
}

static struct page *take_page(struct page_fixture *pf)
{
	struct page *page = page_pool_dev_alloc_pages(pf->rq->page_pool);
	dma_addr_t addr;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(pf->fx.test, page);
	pf->pages++;
	addr = dma_map_page(pf->fx.dev, page, 0, PAGE_SIZE, pf->rq->buff.map_dir);
	KUNIT_ASSERT_FALSE(pf->fx.test, dma_mapping_error(pf->fx.dev, addr));
	page_pool_set_dma_addr(page, addr);
	return page;
}

static void receive(struct page_fixture *pf, unsigned int n, bool recycle)
{
	while (n--) {
		struct page *page = take_page(pf);

		pen_test_poll_begins();
		mlx5e_pen_add_page(pf->fx.pen, pf->rq, page, recycle);
		pen_test_poll_ends();
	}
}

/* Order of sync and release */

static void nothing_is_released_before_the_sync_returned(struct kunit *test)
{
	struct page_fixture *pf = test->priv;
	struct pen_fixture *fx = &pf->fx;

	pen_test_send(fx, 5, 1);
	receive(pf, 3, true);
	receive(pf, 2, false);
	pen_test_transmit_frames(fx, 2);
	KUNIT_EXPECT_EQ(test, fx->unmaps, 12);
	KUNIT_EXPECT_EQ(test, fx->skbs_gone + pen_test_frames_gone(fx) + pages_gone(fx), 0);
	pen_test_poll(fx, 1);
	KUNIT_EXPECT_EQ(test, fx->gone_at_sync, 0);
	KUNIT_EXPECT_EQ(test, fx->skbs_gone, 5);
	KUNIT_EXPECT_EQ(test, pen_test_frames_gone(fx), 2);
	KUNIT_EXPECT_EQ(test, pages_gone(fx), 5);
}

static void one_sync_covers_skbs_and_pages(struct kunit *test)
{
	struct page_fixture *pf = test->priv;
	struct pen_fixture *fx = &pf->fx;

	pen_test_send(fx, 60, 1);
	receive(pf, 100, true);
	pen_test_poll(fx, 1);
	pen_test_poll(fx, 1);
	KUNIT_EXPECT_EQ(test, fx->syncs, 1);
	KUNIT_EXPECT_TRUE(test, mlx5e_pen_is_empty(fx->pen));
	KUNIT_EXPECT_EQ(test, fx->pen->pages.count, 0);
	KUNIT_EXPECT_EQ(test, fx->stats.unmap_batched, 160);
	KUNIT_EXPECT_EQ(test, fx->stats.iotlb_sync, 1);
	KUNIT_EXPECT_EQ(test, fx->strict, 0);
}

static void a_pen_with_a_page_is_not_empty(struct kunit *test)
{
	struct page_fixture *pf = test->priv;

	receive(pf, 1, true);
	KUNIT_EXPECT_FALSE(test, mlx5e_pen_is_empty(pf->fx.pen));
	pen_test_poll(&pf->fx, 1);
	KUNIT_EXPECT_TRUE(test, mlx5e_pen_is_empty(pf->fx.pen));
}

static void recycled_pages_go_to_the_pool_and_released_ones_leave_it(struct kunit *test)
{
	struct page_fixture *pf = test->priv;

	receive(pf, 3, true);
	receive(pf, 2, false);
	pen_test_poll(&pf->fx, 1);
	KUNIT_EXPECT_EQ(test, pages_recycled(pf), 3);
	KUNIT_EXPECT_EQ(test, pages_released(pf), 2);
}

static void an_address_is_cleared_when_it_is_unmapped(struct kunit *test)
{
	struct page_fixture *pf = test->priv;
	struct page *page = take_page(pf);

	mlx5e_pen_add_page(pf->fx.pen, pf->rq, page, true);
	KUNIT_EXPECT_EQ(test, page_pool_get_dma_addr(page), 0);
	pen_test_poll(&pf->fx, 1);
}

static void a_full_pen_is_emptied_in_place(struct kunit *test)
{
	struct page_fixture *pf = test->priv;
	struct pen_fixture *fx = &pf->fx;

	receive(pf, MLX5E_PEN_PAGES, true);
	KUNIT_EXPECT_EQ(test, fx->syncs, 0);
	receive(pf, 1, true);
	KUNIT_EXPECT_EQ(test, fx->syncs, 1);
	KUNIT_EXPECT_EQ(test, fx->gone_at_sync, 0);
	KUNIT_EXPECT_EQ(test, fx->stats.iotlb_sync_early, 1);
	KUNIT_EXPECT_EQ(test, pages_gone(fx), MLX5E_PEN_PAGES);
	pen_test_poll(fx, 1);
	KUNIT_EXPECT_EQ(test, fx->syncs, 2);
	KUNIT_EXPECT_EQ(test, pages_gone(fx), MLX5E_PEN_PAGES + 1);
}

/* Syncs that fail */

static void fail_a_poll(struct page_fixture *pf)
{
	pf->fx.sync_err = -EIO;
	pen_test_send(&pf->fx, 5, 1);
	receive(pf, 3, true);
	pen_test_transmit_frames(&pf->fx, 2);
	pen_test_poll(&pf->fx, 1);
	pf->fx.sync_err = 0;
}

static void a_failed_sync_keeps_skbs_frames_and_pages(struct kunit *test)
{
	struct page_fixture *pf = test->priv;
	struct pen_fixture *fx = &pf->fx;

	fail_a_poll(pf);
	KUNIT_EXPECT_TRUE(test, mlx5e_pen_is_empty(fx->pen));
	KUNIT_EXPECT_EQ(test, fx->skbs_gone, 0);
	KUNIT_EXPECT_EQ(test, pages_recycled(pf), 0);
	pen_test_expect_kept(fx, 10);
	fail_a_poll(pf);
	pen_test_expect_kept(fx, 20);
	pen_test_send(fx, 1, 1);
	pen_test_poll(fx, 1);
	KUNIT_EXPECT_EQ(test, fx->skbs_gone, 11);
	pen_test_expect_kept(fx, 0);
}

static void kept_pages_have_left_their_pool(struct kunit *test)
{
	struct page_fixture *pf = test->priv;

	fail_a_poll(pf);
	KUNIT_EXPECT_EQ(test, pages_released(pf), 3);
}

static void the_next_sync_frees_kept_pages(struct kunit *test)
{
	struct page_fixture *pf = test->priv;
	struct page *page = take_page(pf);

	get_page(page);
	pf->fx.sync_err = -EIO;
	mlx5e_pen_add_page(pf->fx.pen, pf->rq, page, true);
	pen_test_poll(&pf->fx, 1);
	KUNIT_EXPECT_EQ(test, page_ref_count(page), 2);
	pf->fx.sync_err = 0;
	pen_test_send(&pf->fx, 1, 1);
	pen_test_poll(&pf->fx, 1);
	KUNIT_EXPECT_EQ(test, page_ref_count(page), 1);
	put_page(page);
}

static void an_early_sync_that_fails_keeps_too(struct kunit *test)
{
	struct page_fixture *pf = test->priv;
	struct pen_fixture *fx = &pf->fx;

	fx->sync_err = -EIO;
	receive(pf, MLX5E_PEN_PAGES + 1, true);
	pen_test_expect_kept(fx, MLX5E_PEN_PAGES);
	fx->sync_err = 0;
	pen_test_poll(fx, 1);
	pen_test_expect_kept(fx, 0);
}

static void a_poll_waits_for_one_early_sync_that_fails(struct kunit *test)
{
	struct page_fixture *pf = test->priv;
	struct pen_fixture *fx = &pf->fx;

	fx->sync_err = -EIO;
	receive(pf, 3 * MLX5E_PEN_PAGES + 1, true);
	KUNIT_EXPECT_EQ(test, fx->syncs, 1);
	KUNIT_EXPECT_EQ(test, fx->stats.iotlb_sync_early, 1);
	KUNIT_EXPECT_EQ(test, fx->stats.iotlb_sync_err, 1);
	pen_test_expect_kept(fx, 3 * MLX5E_PEN_PAGES);
	KUNIT_EXPECT_EQ(test, pages_recycled(pf), 0);

	fx->sync_err = 0;
	pen_test_poll(fx, 1);
	KUNIT_EXPECT_EQ(test, fx->syncs, 2);
	KUNIT_EXPECT_EQ(test, fx->stats.unmap_batched, 3 * MLX5E_PEN_PAGES + 1);
	pen_test_expect_kept(fx, 0);
}

static void the_next_poll_tries_early_syncs_again(struct kunit *test)
{
	struct page_fixture *pf = test->priv;
	struct pen_fixture *fx = &pf->fx;

	fx->sync_err = -EIO;
	receive(pf, MLX5E_PEN_PAGES + 1, true);
	pen_test_poll(fx, 1);
	KUNIT_EXPECT_EQ(test, fx->syncs, 2);
	fx->sync_err = 0;
	receive(pf, MLX5E_PEN_PAGES + 1, true);
	KUNIT_EXPECT_EQ(test, fx->syncs, 3);
	pen_test_expect_kept(fx, 0);
	pen_test_poll(fx, 1);
}

/* Closing of a pen */

static void closing_gives_up_but_does_not_free(struct kunit *test)
{
	struct page_fixture *pf = test->priv;
	struct pen_fixture *fx = &pf->fx;
	struct page *page = take_page(pf);

	get_page(page);
	fx->sync_err = -EIO;
	mlx5e_pen_add_page(fx->pen, pf->rq, page, true);
	pen_test_poll(fx, 1);
	mlx5e_pen_close(fx->pen);
	KUNIT_EXPECT_EQ(test, page_ref_count(page), 2);
	KUNIT_EXPECT_EQ(test, fx->stats.unmap_kept, 1);
	KUNIT_EXPECT_EQ(test, fx->stats.iotlb_sync_err, 2);
	KUNIT_EXPECT_EQ(test, fx->pen->kept.count, 0);
	set_page_private(page, 0);
	put_page(page);
	put_page(page);
}

/* A poll that leaves pages behind is a bug, and the driver warns about it. */
static void closing_empties_a_pen_without_recycling(struct kunit *test)
{
	struct page_fixture *pf = test->priv;

	receive(pf, 2, true);
	mlx5e_pen_close(pf->fx.pen);
	KUNIT_EXPECT_EQ(test, pf->fx.syncs, 1);
	KUNIT_EXPECT_EQ(test, pf->fx.gone_at_sync, 0);
	KUNIT_EXPECT_EQ(test, pages_recycled(pf), 0);
	KUNIT_EXPECT_EQ(test, pages_released(pf), 2);
	KUNIT_EXPECT_TRUE(test, mlx5e_pen_is_empty(pf->fx.pen));
}

/* Redirects */

#define PACKET_PAGES	3

/**
 * struct packet - a received packet of several pages
 * @pages: its pages; the first one is the head
 * @rxq: the kind of its memory
 * @xdp: what the XDP program sees
 */
struct packet {
	struct page *pages[PACKET_PAGES];
	struct xdp_rxq_info rxq;
	struct xdp_buff xdp;
};

static void receive_packet(struct page_fixture *pf, struct packet *packet)
{
	struct skb_shared_info *sinfo;
	int i;

	for (i = 0; i < PACKET_PAGES; i++)
		packet->pages[i] = take_page(pf);
	packet->rxq = (struct xdp_rxq_info) { .mem.type = MEM_TYPE_PAGE_POOL };
	xdp_init_buff(&packet->xdp, PAGE_SIZE, &packet->rxq);
	xdp_prepare_buff(&packet->xdp, page_address(packet->pages[0]), 256, 64, false);
	xdp_buff_set_frags_flag(&packet->xdp);
	sinfo = xdp_get_shared_info_from_buff(&packet->xdp);
	sinfo->nr_frags = PACKET_PAGES - 1;
	for (i = 1; i < PACKET_PAGES; i++)
		__skb_frag_set_page(&sinfo->frags[i - 1], packet->pages[i]);
}

static unsigned int pages_mapped(struct packet *packet)
{
	unsigned int i, n = 0;

	for (i = 0; i < PACKET_PAGES; i++)
		if (page_pool_get_dma_addr(packet->pages[i]))
			n++;
	return n;
}

static void a_redirect_unmaps_each_page_strictly(struct kunit *test)
{
	struct page_fixture *pf = test->priv;
	struct packet packet;

	pf->rq->cq.pen.pen = pf->fx.pen;
	receive_packet(pf, &packet);
	mlx5e_xdp_unmap_before_redirect(pf->rq, packet.pages[0], &packet.xdp);
	KUNIT_EXPECT_EQ(test, pf->fx.strict, PACKET_PAGES);
	KUNIT_EXPECT_EQ(test, pages_mapped(&packet), 0);
	mlx5e_xdp_unmap_after_redirect(pf->rq, packet.pages[0], &packet.xdp);
	KUNIT_EXPECT_EQ(test, pf->fx.strict, PACKET_PAGES);

	pen_test_poll_begins();
	mlx5e_xdp_redirect_failed(pf->rq, packet.pages[0], &packet.xdp);
	pen_test_poll_ends();
	KUNIT_EXPECT_EQ(test, pages_recycled(pf), PACKET_PAGES);
	KUNIT_EXPECT_TRUE(test, test_bit(MLX5E_RQ_FLAG_XDP_XMIT, pf->rq->flags));
}

/* As in strict and lazy mode. */
static void without_a_pen_a_redirect_that_fails_leaves_pages_mapped(struct kunit *test)
{
	struct page_fixture *pf = test->priv;
	struct packet packet;
	unsigned int i;

	receive_packet(pf, &packet);
	mlx5e_xdp_unmap_before_redirect(pf->rq, packet.pages[0], &packet.xdp);
	mlx5e_xdp_redirect_failed(pf->rq, packet.pages[0], &packet.xdp);
	KUNIT_EXPECT_EQ(test, pf->fx.strict, 0);
	KUNIT_EXPECT_EQ(test, pages_mapped(&packet), PACKET_PAGES);
	KUNIT_EXPECT_FALSE(test, test_bit(MLX5E_RQ_FLAG_XDP_XMIT, pf->rq->flags));
	for (i = 0; i < PACKET_PAGES; i++)
		mlx5e_pen_add_page(pf->fx.pen, pf->rq, packet.pages[i], true);
	pen_test_poll(&pf->fx, 1);
}

/* Set-up of the fixture */

/* The direction is that of a queue with an XDP program, so no constant passes for it. */
static int make_queue(struct page_fixture *pf)
{
	struct page_pool_params params = { .pool_size = 512, .nid = NUMA_NO_NODE };

	pf->rq->pdev = pf->fx.dev;
	pf->rq->buff.map_dir = DMA_BIDIRECTIONAL;
	pf->rq->page_pool = page_pool_create(&params);
	return PTR_ERR_OR_ZERO(pf->rq->page_pool);
}

static int page_test_init(struct kunit *test)
{
	struct page_fixture *pf = kunit_kzalloc(test, sizeof(*pf), GFP_KERNEL);
	int err;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, pf);
	pf->rq = kunit_kzalloc(test, sizeof(*pf->rq), GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, pf->rq);
	err = pen_test_open(&pf->fx, test);
	if (err)
		return err;
	err = make_queue(pf);
	if (err) {
		pen_test_close(&pf->fx);
		return err;
	}
	pf->fx.pages_gone = pages_gone;
	test->priv = pf;
	return 0;
}

static void page_test_exit(struct kunit *test)
{
	struct page_fixture *pf = test->priv;

	if (!pf)
		return;
	pf->fx.pages_gone = NULL;
	pen_test_close(&pf->fx);
	page_pool_destroy(pf->rq->page_pool);
}

static struct kunit_case page_tests[] = {
	KUNIT_CASE(nothing_is_released_before_the_sync_returned),
	KUNIT_CASE(one_sync_covers_skbs_and_pages),
	KUNIT_CASE(a_pen_with_a_page_is_not_empty),
	KUNIT_CASE(recycled_pages_go_to_the_pool_and_released_ones_leave_it),
	KUNIT_CASE(an_address_is_cleared_when_it_is_unmapped),
	KUNIT_CASE(a_full_pen_is_emptied_in_place),
	KUNIT_CASE(a_failed_sync_keeps_skbs_frames_and_pages),
	KUNIT_CASE(kept_pages_have_left_their_pool),
	KUNIT_CASE(the_next_sync_frees_kept_pages),
	KUNIT_CASE(an_early_sync_that_fails_keeps_too),
	KUNIT_CASE(a_poll_waits_for_one_early_sync_that_fails),
	KUNIT_CASE(the_next_poll_tries_early_syncs_again),
	KUNIT_CASE(closing_gives_up_but_does_not_free),
	KUNIT_CASE(closing_empties_a_pen_without_recycling),
	KUNIT_CASE(a_redirect_unmaps_each_page_strictly),
	KUNIT_CASE(without_a_pen_a_redirect_that_fails_leaves_pages_mapped),
	{}
};

static struct kunit_suite page_suite = {
	.name = "xsmmu-mlx5-pen-page",
	.init = page_test_init,
	.exit = page_test_exit,
	.test_cases = page_tests,
};

kunit_test_suite(page_suite);

MODULE_LICENSE("GPL");
