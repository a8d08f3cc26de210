// SPDX-License-Identifier: GPL-2.0
/*
 * After a sync that failed: the IOMMU does not say for which queue, so all
 * channels of the interface are reopened, as the health reporters do. If that
 * is refused or fails, as it is when it has just been tried, the interface
 * goes down: else each poll would keep more buffers.
 */
#include <net/devlink.h>
#include "en.h"
#include "en/health.h"

static u64 mlx5e_pen_kept(struct mlx5e_priv *priv)
{
	u64 kept = priv->ptp_stats.ch.unmap_kept + priv->trap_stats.ch.unmap_kept;
	int i, n = mlx5e_stats_nch_read(priv);

	for (i = 0; i < n; i++)
		kept += priv->channel_stats[i]->ch.unmap_kept;
	return kept;
}

static int mlx5e_pen_dump(struct mlx5e_priv *priv, struct devlink_fmsg *fmsg, void *ctx)
{
	return devlink_fmsg_u64_pair_put(fmsg, "unmapped buffers kept", mlx5e_pen_kept(priv));
}

static int mlx5e_pen_reopen(void *ctx)
{
	return mlx5e_health_recover_channels(ctx);
}

static void mlx5e_pen_stop(struct mlx5e_priv *priv)
{
	netdev_err(priv->netdev, "The IOTLB cannot be invalidated: closing the interface\n");
	rtnl_lock();
	dev_close(priv->netdev);
	rtnl_unlock();
}

static void mlx5e_pen_recover_work(struct work_struct *work)
{
	struct mlx5e_priv *priv = container_of(work, struct mlx5e_priv, pen.recover_work);
	struct mlx5e_err_ctx err_ctx = {
		.ctx = priv,
		.recover = mlx5e_pen_reopen,
		.dump = mlx5e_pen_dump,
	};

	if (mlx5e_health_report(priv, priv->tx_reporter,
				"IOTLB invalidation failed", &err_ctx))
		mlx5e_pen_stop(priv);
}

/* From polls: the rest is done in process context. */
void mlx5e_pen_recover(struct mlx5e_priv *priv)
{
	queue_work(priv->wq, &priv->pen.recover_work);
}

/* The interface's representors and subfunctions may share its device. */
void mlx5e_pen_priv_init(struct mlx5e_priv *priv)
{
	INIT_WORK(&priv->pen.recover_work, mlx5e_pen_recover_work);
	priv->pen.batching = dma_enable_unmap_no_sync(mlx5_core_dma_dev(priv->mdev));
}
