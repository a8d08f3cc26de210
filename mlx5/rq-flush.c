// SPDX-License-Identifier: GPL-2.0
/*
 * Flushing a receive queue, but not while UMRs are under way.
 *
 * A UMR gives the NIC the pages of a striding queue's WQE, which is posted when
 * it completes. The driver frees those pages in a flush and forgets the UMRs, but
 * the poll still counts them when they complete, takes them for UMRs of the
 * queue's next life, and posts WQEs whose pages are free.
 */
#include <linux/delay.h>
#include "en/txrx.h"
#include "lib/tout.h"

/*
 * Of a send queue that is being closed, or has failed, the poll counts no more:
 * what it failed to do is reported WQE by WQE, and its own recovery flushes again.
 */
static bool mlx5e_umrs_are_counted(struct mlx5e_rq *rq)
{
	if (!test_bit(MLX5E_SQ_STATE_ENABLED, &rq->icosq->state) ||
	    test_bit(MLX5E_SQ_STATE_RECOVERING, &rq->icosq->state))
		return true;
	return READ_ONCE(rq->mpwqe.umr_completed) == rq->mpwqe.umr_in_progress;
}

/**
 * mlx5e_rq_await_umrs - wait until the poll has counted all UMRs of a queue
 * @rq: a queue that was deactivated, so that nothing more is posted, and that the
 *	device was told to reset: of two who flush it, the device refuses one
 *
 * May sleep; the queue's poll has to run meanwhile.
 *
 * Return: 0, or -ETIMEDOUT: nothing of the queue may be freed, nor may it be used.
 */
int mlx5e_rq_await_umrs(struct mlx5e_rq *rq)
{
	unsigned long end = jiffies + msecs_to_jiffies(mlx5_tout_ms(rq->mdev, FLUSH_ON_ERROR));

	if (rq->wq_type != MLX5_WQ_TYPE_LINKED_LIST_STRIDING_RQ)
		return 0;
	while (!mlx5e_umrs_are_counted(rq)) {
		if (time_after(jiffies, end)) {
			netdev_err(rq->netdev,
				   "UMRs of RQ 0x%x did not complete: it rests until the channels are reopened\n",
				   rq->rqn);
			return -ETIMEDOUT;
		}
		usleep_range(100, 1000);
	}
	/* The poll that disabled or failed the send queue may still be counting. */
	synchronize_net();
	return 0;
}

/**
 * mlx5e_rq_forgot_umrs - UMRs were forgotten, and the queue may be activated after this
 *
 * May sleep. A poll reads how many UMRs completed before it looks whether the
 * queue is active: one that read it before it became 0 has to end first.
 */
void mlx5e_rq_forgot_umrs(void)
{
	synchronize_net();
}
