/* SPDX-License-Identifier: GPL-2.0 */
/* The workload that "make run" measures. */
#ifndef XSMMU_GUEST_WORKLOAD_H
#define XSMMU_GUEST_WORKLOAD_H

int run_workload(void);

#endif /* XSMMU_GUEST_WORKLOAD_H */
