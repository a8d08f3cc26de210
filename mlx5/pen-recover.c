// SPDX-License-Identifier: GPL-2.0
/*
 * Recovery of an interface after a failed sync.
 *
 * The IOMMU does not tell which queue's invalidation failed. So all polls of the
 * interface are disabled until a sync succeeds. Then all channels are reopened.
 * The interface rests if no sync succeeds in time, or if one fails again right
 * after a reopen: its channels are closed, because each poll would keep more
 * buffers. It is opened again once a sync succeeds.
 *
 * A resting interface keeps the administrator's state, IFF_UP. So the driver also
 * opens it when it resumes, after the system has slept. If the administrator closes
 * it, IFF_UP is cleared, and neither opens it.
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

static void mlx5e_pen_note_reopening(struct mlx5e_priv *priv)
{
	priv->pen.reopened = jiffies ?: 1;
}

static int mlx5e_pen_reopen(struct mlx5e_priv *priv)
{
	bool again = !mlx5e_pen_may_reopen(priv->pen.reopened, jiffies);
	int err;

	if (!again)
		priv->pen.wait = 0;
	err = mlx5e_pen_pause_polls(priv);
	if (err)
		return err;
	if (again)
		return -EBUSY;
	err = mlx5e_safe_reopen_channels(priv);
	if (!err)
		mlx5e_pen_note_reopening(priv);
	return err;
}

static void mlx5e_pen_try_later(struct mlx5e_priv *priv)
{
	struct mlx5e_pen_priv *p = &priv->pen;

	p->wait = mlx5e_pen_longer_wait(p->wait);
	cancel_delayed_work(&p->recover_work);
	queue_delayed_work(priv->wq, &p->recover_work, p->wait);
}

/* Without state_lock. */
static void mlx5e_pen_rest(struct mlx5e_priv *priv)
{
	mlx5e_base_close(priv->netdev);
	priv->pen.resting = true;
	mlx5e_pen_try_later(priv);
}

/*
 * The administrator may have closed a resting interface, or closed and opened it.
 * The driver may have detached from the device, and opens it when it attaches.
 */
static bool mlx5e_pen_still_rests(struct mlx5e_priv *priv)
{
	struct net_device *netdev = priv->netdev;

	return priv->pen.resting && netif_running(netdev) && netif_device_present(netdev) &&
	       !test_bit(MLX5E_STATE_OPENED, &priv->state);
}

static void mlx5e_pen_end_rest(struct mlx5e_priv *priv)
{
	int err = dma_sync_device_iotlb(mlx5_core_dma_dev(priv->mdev));

	if (!err) {
		netdev_err(priv->netdev, "IOTLB invalidation works again: opening the interface\n");
		err = mlx5e_base_open(priv->netdev);
	}
	if (err) {
		mlx5e_pen_try_later(priv);
		return;
	}
	priv->pen.resting = false;
	mlx5e_pen_note_reopening(priv);
}

static void mlx5e_pen_recover_channels(struct mlx5e_priv *priv)
{
	int err = 0;

	mutex_lock(&priv->state_lock);
	if (test_bit(MLX5E_STATE_OPENED, &priv->state)) {
		netdev_err(priv->netdev, "IOTLB invalidation failed: reopening the channels\n");
		err = mlx5e_pen_reopen(priv);
	}
	/* Drop requests of the old channels, but not those of new ones. */
	cancel_delayed_work(&priv->pen.recover_work);
	if (!err && mlx5e_base_any_kept(&priv->channels))
		mlx5e_pen_recover(priv);
	mutex_unlock(&priv->state_lock);
	if (err) {
		netdev_err(priv->netdev, "IOTLB invalidation does not recover (%d): closing the interface\n",
			   err);
		mlx5e_pen_rest(priv);
	}
}

/*
 * Has somebody else ended the rest: an administrator, or the driver that attached? Then this
 * work was queued for the rest. There is nothing to recover, unless a sync has failed since.
 */
static bool mlx5e_pen_rest_was_ended(struct mlx5e_priv *priv)
{
	bool kept;

	if (!priv->pen.resting)
		return false;
	priv->pen.resting = false;
	mutex_lock(&priv->state_lock);
	kept = mlx5e_base_any_kept(&priv->channels);
	mutex_unlock(&priv->state_lock);
	return !kept;
}

static void mlx5e_pen_recover_work(struct work_struct *work)
{
	struct mlx5e_priv *priv = container_of(to_delayed_work(work), struct mlx5e_priv,
					       pen.recover_work);

	mlx5e_base_lock(priv->netdev);
	if (mlx5e_pen_still_rests(priv))
		mlx5e_pen_end_rest(priv);
	else if (!mlx5e_pen_rest_was_ended(priv))
		mlx5e_pen_recover_channels(priv);
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
	queue_delayed_work(priv->wq, &priv->pen.recover_work, 0);
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
	INIT_DELAYED_WORK(&priv->pen.recover_work, mlx5e_pen_recover_work);
	priv->pen.batching = dma_enable_unmap_no_sync(mlx5_core_dma_dev(priv->mdev));
	if (priv->pen.batching)
		static_branch_enable(&mlx5e_pen_key);
}

/**
 * mlx5e_pen_priv_cleanup - end the recovery of an interface for good
 * @priv: the interface, which is closed or detached
 *
 * Context: process, without mlx5e_base_lock().
 */
void mlx5e_pen_priv_cleanup(struct mlx5e_priv *priv)
{
	cancel_delayed_work_sync(&priv->pen.recover_work);
}
