// SPDX-License-Identifier: GPL-2.0
/*
 * Runs a function on several CPUs at the same time. Each CPU has a worker that stays
 * there. The workers begin together.
 */
#include <linux/atomic.h>
#include <linux/processor.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "parallel.h"

/**
 * struct share - what one CPU does
 * @work: runs it
 * @crowd: what all of them do
 * @cpu: the CPU
 */
struct share {
	struct work_struct work;
	struct crowd *crowd;
	unsigned int cpu;
};

/**
 * struct crowd - what all CPUs do
 * @fn: the function
 * @data: its argument
 * @waiting: CPUs that have not begun
 * @err: the first error
 * @share: by CPU
 */
struct crowd {
	int (*fn)(void *data, unsigned int cpu);
	void *data;
	atomic_t waiting;
	int err;
	struct share share[];
};

static void share_work(struct work_struct *work)
{
	struct share *share = container_of(work, struct share, work);
	struct crowd *crowd = share->crowd;
	int ret;

	atomic_dec(&crowd->waiting);
	while (atomic_read(&crowd->waiting))
		cpu_relax();
	ret = crowd->fn(crowd->data, share->cpu);
	if (ret)
		cmpxchg(&crowd->err, 0, ret);
}

/**
 * run_on_cpus() - run a function on some CPUs at the same time, and wait for its end
 * @cpus: how many CPUs; number 0 and those that follow, which are online
 * @fn: the function; it may sleep, and learns on which CPU it runs
 * @data: its argument
 *
 * Context: process.
 * Return: 0, the first error of the function, or -ENOMEM.
 */
int run_on_cpus(unsigned int cpus, int (*fn)(void *data, unsigned int cpu),
		void *data)
{
	struct crowd *crowd;
	unsigned int i;
	int ret;

	crowd = kzalloc(struct_size(crowd, share, cpus), GFP_KERNEL);
	if (!crowd)
		return -ENOMEM;
	crowd->fn = fn;
	crowd->data = data;
	atomic_set(&crowd->waiting, cpus);
	for (i = 0; i < cpus; i++) {
		crowd->share[i].crowd = crowd;
		crowd->share[i].cpu = i;
		INIT_WORK(&crowd->share[i].work, share_work);
		schedule_work_on(i, &crowd->share[i].work);
	}
	for (i = 0; i < cpus; i++)
		flush_work(&crowd->share[i].work);
	ret = crowd->err;
	kfree(crowd);
	return ret;
}
