/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of the pen and their tests share. The driver does not include
 * this file.
 */
#ifndef __MLX5E_PEN_INTERNAL_H__
#define __MLX5E_PEN_INTERNAL_H__

#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/smp.h>
#include "en.h"

/* Do not reopen again if the last reopen was under 0.5 s ago. */
#define MLX5E_PEN_REOPEN_PAUSE	(HZ / 2)

static inline bool mlx5e_pen_may_reopen(unsigned long last, unsigned long now)
{
	return !last || now - last >= MLX5E_PEN_REOPEN_PAUSE;
}

/* The first and the longest pause between two attempts to open an interface. */
#define MLX5E_PEN_FIRST_WAIT	(HZ / 20)
#define MLX5E_PEN_LONGEST_WAIT	(10 * HZ)

static inline unsigned long mlx5e_pen_longer_wait(unsigned long wait)
{
	return clamp_t(unsigned long, 2 * wait, MLX5E_PEN_FIRST_WAIT, MLX5E_PEN_LONGEST_WAIT);
}

/* A poll that finds so many unmaps or skbs in its pen syncs. See Documentation/mlx5.md. */
#define MLX5E_PEN_MOST_STAY	32

void mlx5e_pen_open_stay(struct mlx5e_pen *pen, struct napi_struct *napi);
bool mlx5e_pen_try_stay(struct mlx5e_pen *pen, int budget);

static inline void mlx5e_pen_none_stay(struct mlx5e_pen *pen)
{
	pen->stay.cpu = -1;
	pen->stay.seen = &pen->skbs.first;
	pen->stay.aging = false;
}

/* Has this CPU unmapped all that is in the pen? Ask in the poll. */
static inline bool mlx5e_pen_unmapped_here(struct mlx5e_pen *pen)
{
	return pen->stay.cpu < 0 || pen->stay.cpu == smp_processor_id();
}

void mlx5e_pen_make_room(struct mlx5e_pen *pen);
void mlx5e_pen_recover(struct mlx5e_priv *priv);

#endif /* __MLX5E_PEN_INTERNAL_H__ */
