// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of buffers that stay in a pen beyond their poll; see pen-stay.c.
 */
#include <kunit/test.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/net.h>
#include <linux/sched.h>
#include <net/sock.h>
#include "en/txrx.h"
#include "en/pen-internal.h"
#include "en/pen-test.h"
#include "en/pen-test-base.h"

#ifdef MODULE
/* The driver exports no symbols. */
#include "pen-stay.c"
#endif

static void expect_stay(struct pen_fixture *fx, unsigned int n)
{
	KUNIT_EXPECT_EQ(fx->test, fx->syncs, 0);
	KUNIT_EXPECT_EQ(fx->test, pen_test_frames_gone(fx), 0);
	KUNIT_EXPECT_EQ(fx->test, fx->pen->unsynced, n);
}

/* All are gone, and none was before a sync. */
static void expect_gone(struct pen_fixture *fx, unsigned int n)
{
	KUNIT_EXPECT_EQ(fx->test, fx->syncs, 1);
	KUNIT_EXPECT_EQ(fx->test, fx->gone_at_sync, 0);
	KUNIT_EXPECT_EQ(fx->test, pen_test_frames_gone(fx), n);
	KUNIT_EXPECT_TRUE(fx->test, mlx5e_pen_is_empty(fx->pen));
}

/* The test is slow, so the timer may end at any time. */
static void stop_timer(struct pen_fixture *fx)
{
	hrtimer_cancel(&fx->pen->stay.timer);
	fx->pen->stay.expired = false;
}

static void send_and_stay(struct pen_fixture *fx, unsigned int n)
{
	pen_test_send_plain(fx, n);
	pen_test_poll(fx, 1);
	stop_timer(fx);
	expect_stay(fx, n);
}

static void a_few_sent_skbs_stay(struct kunit *test)
{
	struct pen_fixture *fx = test->priv;

	send_and_stay(fx, 3);
	pen_test_poll(fx, 1);
	expect_stay(fx, 3);
}

static void their_number_is_bounded(struct kunit *test)
{
	struct pen_fixture *fx = test->priv;

	send_and_stay(fx, MLX5E_PEN_MOST_STAY - 1);
	pen_test_send_plain(fx, 1);
	pen_test_poll(fx, 1);
	expect_gone(fx, MLX5E_PEN_MOST_STAY);
	KUNIT_EXPECT_EQ(test, fx->local_syncs, 1);
	KUNIT_EXPECT_EQ(test, fx->stats.unmap_batched, MLX5E_PEN_MOST_STAY);
}

/* Nobody sends any more. */
static void their_time_is_bounded(struct kunit *test)
{
	struct pen_fixture *fx = test->priv;
	unsigned int ms;

	fx->napi_syncs = true;
	pen_test_send_plain(fx, 3);
	pen_test_let_napi_poll(fx);
	for (ms = 0; ms < 1000 && !READ_ONCE(fx->syncs); ms++)
		usleep_range(1000, 2000);
	napi_synchronize(&fx->napi);
	KUNIT_EXPECT_GE(test, fx->polls, 2);
	expect_gone(fx, 3);
}

/* The timer was started for others, which are gone. */
static void a_timer_does_not_end_the_stay_of_younger_ones(struct kunit *test)
{
	struct pen_fixture *fx = test->priv;

	send_and_stay(fx, 3);
	pen_test_send_plain(fx, MLX5E_PEN_MOST_STAY);
	pen_test_poll(fx, 1);
	KUNIT_EXPECT_EQ(test, fx->syncs, 1);
	fx->pen->stay.expired = true;
	pen_test_send_plain(fx, 1);
	pen_test_poll(fx, 1);
	KUNIT_EXPECT_EQ(test, fx->syncs, 1);
	stop_timer(fx);
	fx->pen->stay.expired = true;
	pen_test_poll(fx, 1);
	KUNIT_EXPECT_EQ(test, fx->syncs, 2);
}

static void socket_memory_is_released_at_once(struct kunit *test)
{
	struct pen_fixture *fx = test->priv;
	struct socket *sock;
	struct sk_buff *skb;

	KUNIT_ASSERT_EQ(test, sock_create_kern(&init_net, PF_INET, SOCK_DGRAM, 0, &sock), 0);
	skb = pen_test_post_plain(fx);
	skb_set_owner_w(skb, sock->sk);
	KUNIT_EXPECT_GT(test, sk_wmem_alloc_get(sock->sk), 0);
	pen_test_complete(fx, skb, 1);
	pen_test_poll(fx, 1);
	KUNIT_EXPECT_EQ(test, sk_wmem_alloc_get(sock->sk), 0);
	expect_stay(fx, 1);
	sock_release(sock);
}

/* What ends the stay */

static void another_cpu_syncs_all_cpus(struct kunit *test)
{
	struct pen_fixture *fx = test->priv;
	int here = cpumask_first(cpu_online_mask);
	int there = cpumask_next(here, cpu_online_mask);

	if (there >= nr_cpu_ids)
		kunit_skip(test, "needs two CPUs");
	set_cpus_allowed_ptr(current, cpumask_of(here));
	send_and_stay(fx, 3);
	set_cpus_allowed_ptr(current, cpumask_of(there));
	pen_test_send_plain(fx, 1);
	pen_test_poll(fx, 1);
	set_cpus_allowed_ptr(current, cpu_possible_mask);
	expect_gone(fx, 4);
	KUNIT_EXPECT_EQ(test, fx->local_syncs, 0);
}

static void a_poll_without_budget_ends_it(struct kunit *test)
{
	struct pen_fixture *fx = test->priv;

	send_and_stay(fx, 3);
	pen_test_poll(fx, 0);
	expect_gone(fx, 3);
}

static void a_frame_ends_it(struct kunit *test)
{
	struct pen_fixture *fx = test->priv;

	send_and_stay(fx, 3);
	pen_test_transmit_frames(fx, 1);
	pen_test_poll(fx, 1);
	expect_gone(fx, 4);
}

/* Its destructor may give memory back to a user; so the first 3 wait no longer either. */
static void an_unknown_destructor_ends_it(struct kunit *test)
{
	struct pen_fixture *fx = test->priv;

	send_and_stay(fx, 3);
	pen_test_send(fx, 1, 1);
	pen_test_poll(fx, 1);
	expect_gone(fx, 3);
	KUNIT_EXPECT_EQ(test, fx->skbs_gone, 1);
}

static void a_lent_skb_ends_it(struct kunit *test)
{
	struct pen_fixture *fx = test->priv;
	struct sk_buff *skb = pen_test_post_plain(fx);
	struct pen_test_base_owner owner;

	pen_test_base_lend(skb, &owner);
	pen_test_complete(fx, skb, 1);
	pen_test_poll(fx, 1);
	expect_gone(fx, 1);
}

static void told(struct sk_buff *skb, struct ubuf_info *uarg, bool success)
{
}

static void a_zerocopy_skb_ends_it(struct kunit *test)
{
	struct pen_fixture *fx = test->priv;
	struct sk_buff *skb = pen_test_post_plain(fx);
	struct pen_test_base_owner owner;

	pen_test_base_set_owner(skb, &owner, told);
	pen_test_complete(fx, skb, 1);
	pen_test_poll(fx, 1);
	expect_gone(fx, 1);
}

static void closing_ends_it(struct kunit *test)
{
	struct pen_fixture *fx = test->priv;

	send_and_stay(fx, 3);
	hrtimer_start(&fx->pen->stay.timer, ms_to_ktime(100000), HRTIMER_MODE_REL_PINNED);
	mlx5e_pen_close(fx->pen);
	expect_gone(fx, 3);
	KUNIT_EXPECT_EQ(test, fx->local_syncs, 0);
	KUNIT_EXPECT_FALSE(test, hrtimer_active(&fx->pen->stay.timer));
	pen_test_expect_kept(fx, 0);
}

/* Syncs that fail */

static void a_failed_sync_keeps_them_too(struct kunit *test)
{
	struct pen_fixture *fx = test->priv;

	send_and_stay(fx, 3);
	fx->sync_err = -EIO;
	pen_test_send(fx, 1, 1);
	pen_test_poll(fx, 1);
	pen_test_expect_kept(fx, 4);
	KUNIT_EXPECT_EQ(test, pen_test_frames_gone(fx), 0);
	fx->sync_err = 0;
	pen_test_send_plain(fx, 1);
	pen_test_poll(fx, 1);
	pen_test_expect_kept(fx, 0);
	KUNIT_EXPECT_EQ(test, pen_test_frames_gone(fx), 4);
}

static void closing_frees_none_if_its_sync_fails(struct kunit *test)
{
	struct pen_fixture *fx = test->priv;

	send_and_stay(fx, 1);
	fx->sync_err = -EIO;
	mlx5e_pen_close(fx->pen);
	KUNIT_EXPECT_EQ(test, pen_test_frames_gone(fx), 0);
	KUNIT_EXPECT_EQ(test, fx->stats.unmap_kept, 1);
	put_page(fx->frames[0]);
}

static int stay_test_init(struct kunit *test)
{
	struct pen_fixture *fx = kunit_kzalloc(test, sizeof(*fx), GFP_KERNEL);
	int err;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, fx);
	err = pen_test_open(fx, test);
	if (!err)
		test->priv = fx;
	return err;
}

static void stay_test_exit(struct kunit *test)
{
	if (test->priv)
		pen_test_close(test->priv);
}

static struct kunit_case stay_tests[] = {
	KUNIT_CASE(a_few_sent_skbs_stay),
	KUNIT_CASE(their_number_is_bounded),
	KUNIT_CASE(their_time_is_bounded),
	KUNIT_CASE(a_timer_does_not_end_the_stay_of_younger_ones),
	KUNIT_CASE(socket_memory_is_released_at_once),
	KUNIT_CASE(another_cpu_syncs_all_cpus),
	KUNIT_CASE(a_poll_without_budget_ends_it),
	KUNIT_CASE(a_frame_ends_it),
	KUNIT_CASE(an_unknown_destructor_ends_it),
	KUNIT_CASE(a_lent_skb_ends_it),
	KUNIT_CASE(a_zerocopy_skb_ends_it),
	KUNIT_CASE(closing_ends_it),
	KUNIT_CASE(a_failed_sync_keeps_them_too),
	KUNIT_CASE(closing_frees_none_if_its_sync_fails),
	{}
};

static struct kunit_suite stay_suite = {
	.name = "xsmmu-mlx5-pen-stay",
	.init = stay_test_init,
	.exit = stay_test_exit,
	.test_cases = stay_tests,
};

kunit_test_suite(stay_suite);

MODULE_LICENSE("GPL");
