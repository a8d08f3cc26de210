/* SPDX-License-Identifier: GPL-2.0 */
/* The workload that measures the DMA API at the points that the host names. */
#ifndef XSMMU_GUEST_POINTS_H
#define XSMMU_GUEST_POINTS_H

int run_points(void);

#endif /* XSMMU_GUEST_POINTS_H */
