/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The workload that "make run" measures.
 */
#ifndef XSMMU_GUEST_RUN_H
#define XSMMU_GUEST_RUN_H

#include "rig.h"

int run_workload(enum rig_mode wanted);

#endif /* XSMMU_GUEST_RUN_H */
