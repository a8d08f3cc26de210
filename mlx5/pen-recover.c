// SPDX-License-Identifier: GPL-2.0
/*
 * Recovery of an interface after a failed sync.
 *
 * The IOMMU does not tell which queue's invalidation failed. So all polls of the
 * interface are disabled until a sync succeeds. Then all channels are reopened.
 * The interface is closed if no sync succeeds in time, or if it fails again
 * right after a reopen. Otherwise each poll would keep more buffers.
 *
 * The health reporters are not used. devlink locks them, other users of that lock
 * wait for our workqueue, and some interfaces have no reporters.
 */
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include "en/txrx.h"
#include "en/pen-base.h"
#include "en/pen-internal.h"

#define MLX5E_PEN_RETRY_MS	50

/* Longer than an outage that passes, shorter than a TX timeout. */
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

/*
 * Disabled polls unmap nothing, so the kept buffers do not grow. Reopening and
 * closing free whole rings after strict unmaps. A strict unmap cannot report that
 * its invalidation failed, so both have to wait for a sync that succeeds.
 *
 * The channels stay active: activation expects empty queues, and the send queues
 * hold posted packets. Interrupts that arrive while the polls are disabled are
 * lost. The caller closes the channels in any case.
 */
static int mlx5e_pen_pause_polls(struct mlx5e_priv *priv)
{
	int err;

	mlx5e_base_disable_napis(&priv->channels);
	err = mlx5e_pen_await_sync(priv);
	mlx5e_base_enable_napis(&priv->channels);
	return err;
}

static int mlx5e_pen_reopen(struct mlx5e_priv *priv)
{
	struct mlx5e_pen_priv *p = &priv->pen;
	bool again = !mlx5e_pen_may_reopen(p->reopened, jiffies);
	int err = mlx5e_pen_pause_polls(priv);

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

	mlx5e_base_lock(priv->netdev);
	mutex_lock(&priv->state_lock);
	if (test_bit(MLX5E_STATE_OPENED, &priv->state)) {
		netdev_err(priv->netdev, "IOTLB invalidation failed: reopening the channels\n");
		err = mlx5e_pen_reopen(priv);
	}
	mutex_unlock(&priv->state_lock);
	if (err) {
		netdev_err(priv->netdev, "IOTLB invalidation does not recover (%d): closing the interface\n",
			   err);
		mlx5e_base_close(priv->netdev);
	}
	/* Drop requests of the old channels. A failure of a new one queues the work again. */
	cancel_work(work);
	mlx5e_base_unlock(priv->netdev);
}

/**
 * mlx5e_pen_recover - start the recovery of an interface
 * @priv: the interface
 *
 * Context: any. The recovery runs later, in process context.
 */
void mlx5e_pen_recover(struct mlx5e_priv *priv)
{
	queue_work(priv->wq, &priv->pen.recover_work);
}

/**
 * mlx5e_pen_priv_init - opt in to batching and prepare the recovery
 * @priv: the interface
 *
 * Representors and subfunctions may share the device, and an interface may change
 * its profile. So this may run more than once for a device; the answer is the same.
 *
 * Context: process, after the DMA mask was set.
 */
void mlx5e_pen_priv_init(struct mlx5e_priv *priv)
{
	INIT_WORK(&priv->pen.recover_work, mlx5e_pen_recover_work);
	priv->pen.batching = dma_enable_unmap_no_sync(mlx5_core_dma_dev(priv->mdev));
	if (priv->pen.batching)
		static_branch_enable(&mlx5e_pen_key);
}
