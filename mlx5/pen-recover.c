// SPDX-License-Identifier: GPL-2.0
/*
 * After a sync that failed: the IOMMU does not say for which queue, so all
 * polls of the interface rest until a sync succeeds, and all channels are then reopened.
 * If none succeeds in time, or they have just been reopened, the interface goes
 * down: else each poll would keep more buffers.
 *
 * Not through the health reporters: they are locked by devlink, whose other
 * users wait for our workqueue, and some interfaces have none.
 */
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include "en.h"
#include "en/ptp.h"

#define MLX5E_PEN_RETRY_MS	50

/* Longer than outages that pass, shorter than a TX timeout. */
#define MLX5E_PEN_PATIENCE	HZ

static int mlx5e_pen_await_sync(struct mlx5e_priv *priv)
{
	struct device *dev = mlx5_core_dma_dev(priv->mdev);
	unsigned long end = jiffies + MLX5E_PEN_PATIENCE;
	int err = dma_sync_device_iotlb(dev);

	while (err && time_before(jiffies, end)) {
		msleep(MLX5E_PEN_RETRY_MS);
		err = dma_sync_device_iotlb(dev);
	}
	return err;
}

static void mlx5e_pen_each_napi(struct mlx5e_channels *chs,
				void (*act)(struct napi_struct *napi))
{
	int i;

	for (i = 0; i < chs->num; i++)
		act(&chs->c[i]->napi);
	if (chs->ptp)
		act(&chs->ptp->napi);
}

/*
 * Polls that rest unmap nothing, so nothing more is kept. Reopening and closing
 * free whole rings through strict unmaps, which cannot tell that they failed:
 * that has to wait for a sync that succeeds.
 *
 * The channels stay active, and what they sent stays in their books: activating
 * is for queues that are empty. Interrupts that found their poll resting are
 * lost; the caller closes the channels in any case.
 */
static int mlx5e_pen_rest(struct mlx5e_priv *priv)
{
	int err;

	mlx5e_pen_each_napi(&priv->channels, napi_disable);
	err = mlx5e_pen_await_sync(priv);
	mlx5e_pen_each_napi(&priv->channels, napi_enable);
	return err;
}

static int mlx5e_pen_reopen(struct mlx5e_priv *priv)
{
	struct mlx5e_pen_priv *p = &priv->pen;
	bool again = !mlx5e_pen_may_reopen(p->reopened, jiffies);
	int err = mlx5e_pen_rest(priv);

	if (err)
		return err;
	if (again)
		return -EBUSY;
	err = mlx5e_safe_reopen_channels(priv);
	if (!err)
		p->reopened = jiffies ?: 1;
	return err;
}

static void mlx5e_pen_recover_work(struct work_struct *work)
{
	struct mlx5e_priv *priv = container_of(work, struct mlx5e_priv, pen.recover_work);
	int err = 0;

	rtnl_lock();
	mutex_lock(&priv->state_lock);
	if (test_bit(MLX5E_STATE_OPENED, &priv->state)) {
		netdev_err(priv->netdev, "IOTLB invalidation failed: reopening the channels\n");
		err = mlx5e_pen_reopen(priv);
	}
	mutex_unlock(&priv->state_lock);
	if (err) {
		netdev_err(priv->netdev, "The IOTLB cannot be relied on (%d): closing the interface\n",
			   err);
		dev_close(priv->netdev);
	}
	/* What the old channels asked for meanwhile. A new one asks again. */
	cancel_work(work);
	rtnl_unlock();
}

/* From polls: the rest is done in process context. */
void mlx5e_pen_recover(struct mlx5e_priv *priv)
{
	queue_work(priv->wq, &priv->pen.recover_work);
}

/*
 * The interface's representors and subfunctions may share its device, and a
 * profile may change: asking again gets the same answer.
 */
void mlx5e_pen_priv_init(struct mlx5e_priv *priv)
{
	INIT_WORK(&priv->pen.recover_work, mlx5e_pen_recover_work);
	priv->pen.batching = dma_enable_unmap_no_sync(mlx5_core_dma_dev(priv->mdev));
}
