/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Runs a function on several CPUs at the same time.
 */
#ifndef XSMMU_GUEST_PARALLEL_H
#define XSMMU_GUEST_PARALLEL_H

int run_on_cpus(unsigned int cpus, int (*fn)(void *data, unsigned int cpu),
		void *data);

#endif /* XSMMU_GUEST_PARALLEL_H */
