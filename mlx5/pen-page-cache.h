/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Release of a received page: to the driver's page cache, or to the pen.
 *
 * en_rx.c includes this file once, because the functions of the page cache are
 * private to it.
 */
#ifdef CONFIG_XSMMU_MLX5

/*
 * mlx5e_page_release_pen() with a pen. A page that enters the page cache stays
 * mapped. Each other page is unmapped now and leaves the pen after the poll's sync.
 */
void __mlx5e_page_release_pen(struct mlx5e_pen *pen, struct mlx5e_rq *rq,
			      struct page *page, bool recycle)
{
	if (!recycle || !mlx5e_rx_cache_put(rq, page))
		mlx5e_pen_add_page(pen, rq, page, recycle);
}

#endif /* CONFIG_XSMMU_MLX5 */
