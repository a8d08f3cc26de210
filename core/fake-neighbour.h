/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a second CPU does while a test syncs, for the KUnit tests of the backends.
 */
#ifndef _XSMMU_FAKE_NEIGHBOUR_H
#define _XSMMU_FAKE_NEIGHBOUR_H

#include <kunit/test.h>
#include <linux/sched.h>
#include <linux/workqueue.h>
#include "fake-queue.h"

/**
 * struct fake_neighbour - a step that a CPU of its own takes again and again
 * @work: takes the steps
 * @step: the step; returns an error if it failed
 * @arg: its argument
 * @begun: the first step has begun
 * @stop: no more steps after this one
 * @steps: number of steps so far
 * @failed: number of those that failed; written before @steps
 */
struct fake_neighbour {
	struct work_struct work;
	int (*step)(void *arg);
	void *arg;
	bool begun;
	bool stop;
	unsigned int steps;
	unsigned int failed;
};

static inline void fake_neighbour_work(struct work_struct *work)
{
	struct fake_neighbour *nb = container_of(work, struct fake_neighbour,
						 work);

	WRITE_ONCE(nb->begun, true);
	do {
		if (nb->step(nb->arg))
			WRITE_ONCE(nb->failed, nb->failed + 1);
		WRITE_ONCE(nb->steps, nb->steps + 1);
		cond_resched();
	} while (!READ_ONCE(nb->stop));
}

static inline void fake_neighbour_begin(struct kunit *test,
					struct fake_engine *e,
					struct fake_neighbour *nb)
{
	unsigned int cpu = fake_engine_third_cpu(test, e);

	INIT_WORK_ONSTACK(&nb->work, fake_neighbour_work);
	queue_work_on(cpu, system_long_wq, &nb->work);
	while (!READ_ONCE(nb->begun))
		cpu_relax();
}

/*
 * Take steps on a CPU on which neither the test nor the engine runs, until
 * fake_neighbour_stop(). @nb is on the stack. Waits for the first step.
 */
static inline void fake_neighbour_start(struct kunit *test,
					struct fake_engine *e,
					struct fake_neighbour *nb,
					int (*step)(void *arg), void *arg)
{
	*nb = (struct fake_neighbour){ .step = step, .arg = arg };
	fake_neighbour_begin(test, e, nb);
	while (!READ_ONCE(nb->steps))
		cpu_relax();
}

/* The same with one step. Waits until it begins, because it may take for ever. */
static inline void fake_neighbour_start_once(struct kunit *test,
					     struct fake_engine *e,
					     struct fake_neighbour *nb,
					     int (*step)(void *arg), void *arg)
{
	*nb = (struct fake_neighbour){
		.step = step, .arg = arg, .stop = true,
	};
	fake_neighbour_begin(test, e, nb);
}

/* Wait for the end of its last step. */
static inline void fake_neighbour_stop(struct fake_neighbour *nb)
{
	WRITE_ONCE(nb->stop, true);
	flush_work(&nb->work);
	destroy_work_on_stack(&nb->work);
}

#endif /* _XSMMU_FAKE_NEIGHBOUR_H */
