// SPDX-License-Identifier: GPL-2.0
/*
 * Before a striding receive queue is flushed: UMRs that are under way.
 *
 * A UMR gives the NIC the pages of a WQE that will be posted when it completes.
 * The driver frees those pages in a flush and forgets the UMRs, but the poll
 * still counts them when they complete, takes them for UMRs of the queue's next
 * life, and posts WQEs whose pages are free. So they have to complete first.
 */
#include <linux/delay.h>
#include "en/txrx.h"
#include "lib/tout.h"

/**
 * mlx5e_rq_settle_umrs - wait for the UMRs of a queue, and free their pages
 * @rq: a queue that was deactivated, so that nothing more is posted
 *
 * May sleep; the queue's poll has to run meanwhile. Pages of UMRs that completed
 * are not posted yet: the device was not told of their WQEs.
 *
 * Return: 0, or -ETIMEDOUT: the queue has to stay as it is.
 */
int mlx5e_rq_settle_umrs(struct mlx5e_rq *rq)
{
	unsigned long end;

	if (rq->wq_type != MLX5_WQ_TYPE_LINKED_LIST_STRIDING_RQ)
		return 0;

	end = jiffies + msecs_to_jiffies(mlx5_tout_ms(rq->mdev, FLUSH_ON_ERROR));
	while (READ_ONCE(rq->mpwqe.umr_completed) != rq->mpwqe.umr_in_progress) {
		if (time_after(jiffies, end)) {
			netdev_err(rq->netdev,
				   "UMRs of RQ 0x%x did not complete: it rests until the channels are reopened\n",
				   rq->rqn);
			return -ETIMEDOUT;
		}
		usleep_range(100, 1000);
	}
	mlx5e_free_rx_in_progress_descs(rq);
	/*
	 * A poll reads the number that completed before it looks whether the queue
	 * is active. One that read it before it became 0 has to end before the
	 * caller activates the queue.
	 */
	synchronize_net();
	return 0;
}
