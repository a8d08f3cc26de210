/* SPDX-License-Identifier: GPL-2.0 */
/* The workload that "make run" measures. */
#ifndef XSMMU_GUEST_WORKLOAD_H
#define XSMMU_GUEST_WORKLOAD_H

#include "target.h"

int run_workload(enum target_mode wanted);

#endif /* XSMMU_GUEST_WORKLOAD_H */
