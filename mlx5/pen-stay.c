// SPDX-License-Identifier: GPL-2.0
/*
 * Buffers that stay in a pen beyond their poll.
 *
 * A poll that has only sent a few packets does not sync. It leaves their skbs in the pen,
 * and a later poll syncs for all of them together. So a sync costs less per packet where
 * polls are small. The skbs release their socket's memory when they are completed, as they
 * would without a pen. What else they hold is memory, and a few references that somebody
 * may wait for. So the stay is bounded in number and in time.
 *
 * A poll that has to sync for another reason syncs for these as well: it has pages or
 * frames to release, or an skb whose owner waits for it, or no budget.
 */
#include <linux/hrtimer.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <linux/smp.h>
#include "en/txrx.h"
#include "en/pen-base.h"
#include "en/pen-internal.h"

/* Buffers stay for this time, or twice as long. */
#define MLX5E_PEN_STAY_NS	(500 * NSEC_PER_USEC)

/* Hard interrupt. Only the poll changes the rest of the pen. */
static enum hrtimer_restart mlx5e_pen_expired(struct hrtimer *timer)
{
	struct mlx5e_pen_stay *stay = container_of(timer, struct mlx5e_pen_stay, timer);

	WRITE_ONCE(stay->expired, true);
	napi_schedule(stay->napi);
	return HRTIMER_NORESTART;
}

/* mlx5e_pen_open() for what stays. */
void mlx5e_pen_open_stay(struct mlx5e_pen *pen, struct napi_struct *napi)
{
	pen->stay.napi = napi;
	mlx5e_base_setup_timer(&pen->stay.timer, mlx5e_pen_expired);
	mlx5e_pen_none_stay(pen);
}

/*
 * Has the time of those that stay run out? The timer is not stopped when they go, because
 * that would cost more than a poll that finds nothing. So its end may concern others, which
 * have left the pen by now. Then those that stay now get a time of their own.
 */
static bool mlx5e_pen_is_late(struct mlx5e_pen_stay *stay)
{
	if (likely(!READ_ONCE(stay->expired)))
		return false;
	WRITE_ONCE(stay->expired, false);
	stay->timing = false;
	return stay->aging;
}

/*
 * The owner of zero-copy pages is told when the skb is freed, and may wait for that. A
 * destructor may give memory back to its owner, who writes to it. Those that are known
 * only count memory, and are called now.
 */
static bool mlx5e_pen_skb_may_stay(struct sk_buff *skb)
{
	return !skb_zcopy(skb) && mlx5e_base_skb_only_accounts(skb);
}

/* Those that earlier polls have left were looked at by these polls. */
static bool mlx5e_pen_skbs_may_stay(struct mlx5e_pen *pen)
{
	struct sk_buff **skb;

	for (skb = pen->stay.seen; skb != pen->skbs.last; skb = &(*skb)->next) {
		if (!mlx5e_pen_skb_may_stay(*skb))
			return false;
		skb_orphan(*skb);
	}
	return true;
}

static void mlx5e_pen_start_timer(struct mlx5e_pen_stay *stay)
{
	stay->timing = true;
	stay->aging = true;
	hrtimer_start(&stay->timer, ns_to_ktime(MLX5E_PEN_STAY_NS), HRTIMER_MODE_REL_PINNED);
}

/*
 * Leave the buffers of a poll in the pen. Returns false if the poll has to sync. After
 * failed syncs each poll syncs, to find out whether one succeeds.
 */
bool mlx5e_pen_try_stay(struct mlx5e_pen *pen, int budget)
{
	struct mlx5e_pen_stay *stay = &pen->stay;

	if (mlx5e_pen_is_late(stay) || !budget || pen->skbs.count >= MLX5E_PEN_MOST_STAY ||
	    pen->frames || pen->pages.count || pen->kept.count || pen->failed ||
	    pen->strayed || !mlx5e_pen_unmapped_here(pen) || !mlx5e_pen_skbs_may_stay(pen))
		return false;
	stay->seen = pen->skbs.last;
	stay->cpu = smp_processor_id();
	if (!stay->timing)
		mlx5e_pen_start_timer(stay);
	return true;
}
