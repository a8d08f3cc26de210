/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A command queue in memory and an engine that executes it, for the KUnit tests
 * of the backends. Inline, because one kernel may build several of these tests.
 *
 * DOC: the fake queue
 *
 * Registers, queue and status words are memory, and the driver's own functions
 * work on them. The engine is a thread on a CPU of its own, because a submitter
 * spins with interrupts off. It executes the commands of all queues of a test,
 * those of each queue in order. For each command it calls execute(), then logs
 * it, moves the head, and calls complete(). So a submitter that finds its
 * command completed can read the log.
 *
 * A backend brings the decoder: which commands are valid, what they do, what
 * else the IOMMU's registers do, and the failures that its tests inject.
 */
#ifndef _XSMMU_FAKE_QUEUE_H
#define _XSMMU_FAKE_QUEUE_H

#include <kunit/test.h>
#include <linux/io.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/sizes.h>

#define FAKE_QUEUES		32
#define FAKE_LOG		512
#define FAKE_REGISTERS		SZ_16K

/* How long a test waits for the engine. */
#define FAKE_PATIENCE_MS	10000

struct fake_queue;

/**
 * struct fake_command - a command
 * @queue: its queue
 * @qw: its first two words of 64 bits
 * @dw: the same as words of 32 bits, on a little-endian CPU
 */
struct fake_command {
	struct fake_queue *queue;
	union {
		u64 qw[2];
		u32 dw[4];
	};
};

/**
 * struct fake_queue_ops - a decoder
 * @head_reg: register that shows the engine's position
 * @tail_reg: register with the position of the next command to be queued
 * @slot: where the command at the head is
 * @ready: called before each look at the tail; false if the IOMMU fetches no
 *	command now
 * @execute: does what the command says; false if it does not leave the queue
 * @complete: tells the submitter; called last
 */
struct fake_queue_ops {
	unsigned int head_reg;
	unsigned int tail_reg;
	const void *(*slot)(struct fake_queue *q);
	bool (*ready)(struct fake_queue *q);
	bool (*execute)(struct fake_queue *q, const struct fake_command *cmd);
	void (*complete)(struct fake_queue *q, const struct fake_command *cmd);
};

/**
 * struct fake_queue - the queue of a fake IOMMU
 * @ops: the decoder; constant
 * @unit: difference between the positions of two commands; constant
 * @wrap: position that is 0 again; constant
 * @engine: executes the commands; constant
 * @regs: the IOMMU's registers; constant
 * @delay_us: time from the engine's first look at a command to its execution
 * @stopped: no command is executed
 * @frozen: the head register does not move
 * @head: the engine's position
 * @seen: when the engine saw the command at @head
 *
 * Positions are numbers as the registers show them. Rule: the engine writes
 * @head and @seen; tests and decoders write @delay_us, @stopped and @frozen.
 */
struct fake_queue {
	const struct fake_queue_ops *ops;
	u32 unit;
	u32 wrap;
	struct fake_engine *engine;
	void __iomem *regs;
	unsigned int delay_us;
	bool stopped;
	bool frozen;
	u32 head;
	ktime_t seen;
};

/**
 * struct fake_engine - what executes the commands of a test
 * @thread: the thread; NULL or an error if there is none
 * @cpu: its CPU; constant while it runs
 * @test_cpu: the CPU of the test; likewise
 * @queue: the queues; likewise
 * @queues: number of queues; likewise
 * @log: executed commands, in order
 * @n: number of commands in @log; the engine writes it, and the test while
 *	nothing is submitted
 */
struct fake_engine {
	struct task_struct *thread;
	unsigned int cpu;
	unsigned int test_cpu;
	struct fake_queue *queue[FAKE_QUEUES];
	unsigned int queues;
	struct fake_command log[FAKE_LOG];
	unsigned int n;
};

/* Zeroed, and freed after the test. */
static inline void *fake_memory(struct kunit *test, size_t size)
{
	void *memory = kunit_kzalloc(test, size, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, memory);
	return memory;
}

static inline u32 fake_queue_read(struct fake_queue *q, unsigned int reg)
{
	return readl(q->regs + reg);
}

static inline void fake_queue_write(struct fake_queue *q, unsigned int reg,
				    u32 val)
{
	writel(val, q->regs + reg);
}

/* The engine. */

static inline void fake_queue_advance(struct fake_queue *q)
{
	q->head = (q->head + q->unit) % q->wrap;
	q->seen = 0;
	if (!READ_ONCE(q->frozen))
		fake_queue_write(q, q->ops->head_reg, q->head);
}

static inline void fake_queue_execute(struct fake_queue *q)
{
	const __le64 *slot = q->ops->slot(q);
	struct fake_command cmd = { .queue = q };
	struct fake_engine *e = q->engine;

	cmd.qw[0] = le64_to_cpu(READ_ONCE(slot[0]));
	cmd.qw[1] = le64_to_cpu(READ_ONCE(slot[1]));
	if (!q->ops->execute(q, &cmd))
		return;
	if (e->n < FAKE_LOG) {
		e->log[e->n] = cmd;
		/* A CPU that reads the count sees the entry. */
		smp_store_release(&e->n, e->n + 1);
	}
	fake_queue_advance(q);
	q->ops->complete(q, &cmd);
}

static inline void fake_queue_step(struct fake_queue *q)
{
	if (!q->ops->ready(q) || READ_ONCE(q->stopped) ||
	    fake_queue_read(q, q->ops->tail_reg) == q->head)
		return;
	if (!q->seen)
		q->seen = ktime_get();
	if (ktime_us_delta(ktime_get(), q->seen) >= READ_ONCE(q->delay_us))
		fake_queue_execute(q);
}

static inline int fake_engine_thread(void *data)
{
	struct fake_engine *e = data;
	unsigned int i;

	while (!kthread_should_stop()) {
		for (i = 0; i < e->queues; i++)
			fake_queue_step(e->queue[i]);
		if (kthread_should_park())
			kthread_parkme();
		cond_resched();
		cpu_relax();
	}
	return 0;
}

/* Call before the engine starts. */
static inline void fake_queue_add(struct kunit *test, struct fake_engine *e,
				  struct fake_queue *q)
{
	KUNIT_ASSERT_LT(test, e->queues, FAKE_QUEUES);
	q->engine = e;
	q->regs = (void __iomem *)fake_memory(test, FAKE_REGISTERS);
	e->queue[e->queues++] = q;
}

/* Start the engine on another CPU than the test, and pin both. */
static inline void fake_engine_start(struct kunit *test, struct fake_engine *e)
{
	e->test_cpu = cpumask_first(cpu_online_mask);
	set_cpus_allowed_ptr(current, cpumask_of(e->test_cpu));
	e->cpu = cpumask_any_but(cpu_online_mask, e->test_cpu);
	if (e->cpu >= nr_cpu_ids)
		kunit_skip(test, "the engine needs a second CPU");
	e->thread = kthread_run_on_cpu(fake_engine_thread, e, e->cpu,
				       "fake-queue/%u");
	KUNIT_ASSERT_FALSE(test, IS_ERR(e->thread));
}

static inline void fake_engine_stop(struct fake_engine *e)
{
	if (!IS_ERR_OR_NULL(e->thread))
		kthread_stop(e->thread);
}

/* A CPU on which neither the test nor the engine runs. */
static inline unsigned int fake_engine_third_cpu(struct kunit *test,
						 struct fake_engine *e)
{
	unsigned int cpu;

	for_each_online_cpu(cpu)
		if (cpu != e->cpu && cpu != e->test_cpu)
			return cpu;
	kunit_skip(test, "needs a third CPU");
	return 0;
}

/* Move an empty queue to another position. The engine runs. */
static inline void fake_queue_move(struct fake_queue *q, u32 position)
{
	kthread_park(q->engine->thread);
	q->head = position;
	fake_queue_write(q, q->ops->head_reg, position);
	fake_queue_write(q, q->ops->tail_reg, position);
	kthread_unpark(q->engine->thread);
}

/* Wait until @done, but not for ever. Returns false if the time is over. */
static inline bool fake_queue_wait(struct fake_queue *q,
				   bool (*done)(struct fake_queue *q))
{
	ktime_t end = ktime_add_ms(ktime_get(), FAKE_PATIENCE_MS);

	while (!done(q)) {
		if (ktime_after(ktime_get(), end))
			return false;
		cpu_relax();
	}
	return true;
}

/* Move @at to the queue's next command in the log. Returns false at the end. */
static inline bool fake_queue_more(struct fake_queue *q, unsigned int *at)
{
	struct fake_engine *e = q->engine;
	/* Pairs with the engine's release: the count, then the entries. */
	unsigned int n = smp_load_acquire(&e->n);

	while (*at < n && e->log[*at].queue != q)
		(*at)++;
	return *at < n;
}

/* That command; moves @at behind it. The test ends if there is none. */
static inline const struct fake_command *
fake_queue_next(struct kunit *test, struct fake_queue *q, unsigned int *at)
{
	KUNIT_ASSERT_TRUE(test, fake_queue_more(q, at));
	return &q->engine->log[(*at)++];
}

#endif /* _XSMMU_FAKE_QUEUE_H */
