/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of the pen and their tests share. The driver does not include
 * this file.
 */
#ifndef __MLX5E_PEN_INTERNAL_H__
#define __MLX5E_PEN_INTERNAL_H__

#include <linux/jiffies.h>
#include <linux/minmax.h>

struct mlx5e_pen;
struct mlx5e_priv;

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

void mlx5e_pen_make_room(struct mlx5e_pen *pen);
void mlx5e_pen_recover(struct mlx5e_priv *priv);

#endif /* __MLX5E_PEN_INTERNAL_H__ */
