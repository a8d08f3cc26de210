/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A command queue in memory, and an engine behind it.
 *
 * DOC: the fake SMMU
 *
 * The registers are a page of memory. The engine is a thread on a CPU of its own,
 * because a submitter spins with interrupts off. It consumes the queue in order
 * and with delays, completes a CMD_SYNC by its index or by a message, and stops at
 * an error until that has been acknowledged (7.1). Commands are put into the queue
 * by the driver's own code. The interrupt of an error is a call of the driver's
 * own handler.
 *
 * Included by xsmmu-test.c, at the end of xsmmu.c.
 */
#ifndef _ARM_SMMU_V3_XSMMU_TEST_SMMU_H
#define _ARM_SMMU_V3_XSMMU_TEST_SMMU_H

#include <kunit/test.h>
#include <linux/device.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/prandom.h>

#define FAKE_LOG	256
#define FAKE_SHIFT	8

/* Opcodes (4.1.1), written out. */
#define FAKE_ATC_INV	0x40
#define FAKE_SYNC	0x46

/**
 * struct fake_smmu - an SMMU that is memory
 * @smmu: the driver's part
 * @regs: its registers
 * @cons: the engine's position, with the wrap bit
 * @gerror: errors raised, each bit flipped once per error
 * @idle: rounds that the engine still waits
 * @lazy: rounds that it waits before each command, at most
 * @rnd: random numbers for the delays
 * @refuse_op: opcode that is treated as an illegal command
 * @refuse: how often it still is
 * @silent_sid: stream of a device that does not answer an ATC invalidation
 * @silent: how often it still does not
 * @unanswered: an ATC invalidation was not answered: the next CMD_SYNC is an error
 * @fail: service failure mode is entered at the next command, without a message
 * @stopped: no command is consumed
 * @seen: called for every command consumed, or NULL
 * @arg: passed to @seen
 * @log: commands consumed, in order
 * @n: number of commands in @log
 * @engine: the thread
 */
struct fake_smmu {
	struct arm_smmu_device smmu;
	void *regs;
	u32 cons;
	u32 gerror;
	unsigned int idle;
	unsigned int lazy;
	struct rnd_state rnd;

	u8 refuse_op;
	unsigned int refuse;
	u32 silent_sid;
	unsigned int silent;
	bool unanswered;
	bool fail;
	bool stopped;

	void (*seen)(void *arg, const u64 *cmd);
	void *arg;

	u64 log[FAKE_LOG][2];
	unsigned int n;
	struct task_struct *engine;
};

static u32 fake_read(struct fake_smmu *f, unsigned int reg)
{
	return readl(f->regs + reg);
}

static void fake_write(struct fake_smmu *f, unsigned int reg, u32 val)
{
	writel(val, f->regs + reg);
}

static void fake_raise(struct fake_smmu *f, u32 error, u32 reason)
{
	f->gerror ^= error;
	fake_write(f, ARM_SMMU_CMDQ_CONS,
		   f->cons | FIELD_PREP(CMDQ_CONS_ERR, reason));
	fake_write(f, ARM_SMMU_GERROR, f->gerror);
	/* The interrupt comes later. */
	f->idle = f->lazy;
}

static u32 fake_active(struct fake_smmu *f)
{
	return f->gerror ^ fake_read(f, ARM_SMMU_GERRORN);
}

static void fake_interrupt(struct fake_smmu *f)
{
	unsigned long flags;

	local_irq_save(flags);
	arm_smmu_xsmmu_test_gerror(&f->smmu);
	local_irq_restore(flags);
}

static void fake_advance(struct fake_smmu *f)
{
	f->cons = (f->cons + 1) & (BIT(FAKE_SHIFT + 1) - 1);
	fake_write(f, ARM_SMMU_CMDQ_CONS, f->cons);
}

/* The driver asks for messages to the address of the command itself. */
static void fake_complete_sync(struct fake_smmu *f, const u64 *cmd)
{
	u64 offset = (cmd[1] & CMDQ_SYNC_1_MSIADDR_MASK) -
		     f->smmu.cmdq.q.base_dma;
	u32 *message = (void *)f->smmu.cmdq.q.base + offset;

	if (FIELD_GET(CMDQ_SYNC_0_CS, cmd[0]) == CMDQ_SYNC_0_CS_IRQ)
		/* A CPU that reads it sees all that was consumed before. */
		smp_store_release(message, cmd[0] >> 32);
	fake_advance(f);
}

static void fake_note(struct fake_smmu *f, const u64 *cmd)
{
	/* Pairs with the release that sets it: then the argument is set too. */
	void (*seen)(void *arg, const u64 *cmd) = smp_load_acquire(&f->seen);

	if (seen)
		seen(f->arg, cmd);
	if (f->n == FAKE_LOG)
		return;
	f->log[f->n][0] = cmd[0];
	f->log[f->n][1] = cmd[1];
	/* A CPU that reads the count sees the entry. */
	smp_store_release(&f->n, f->n + 1);
}

/* Does the command pass? If not, raise its error. */
static bool fake_accepts(struct fake_smmu *f, const u64 *cmd)
{
	u8 op = cmd[0];

	if (f->refuse && op == f->refuse_op) {
		f->refuse--;
		fake_raise(f, GERROR_CMDQ_ERR, CMDQ_ERR_CERROR_ILL_IDX);
		return false;
	}
	if (f->unanswered && op == FAKE_SYNC) {
		f->unanswered = false;
		fake_raise(f, GERROR_CMDQ_ERR, CMDQ_ERR_CERROR_ATC_INV_IDX);
		return false;
	}
	return true;
}

static void fake_execute(struct fake_smmu *f, const u64 *cmd)
{
	u8 op = cmd[0];

	if (op == FAKE_ATC_INV && f->silent && cmd[0] >> 32 == f->silent_sid) {
		f->silent--;
		f->unanswered = true;
	}
	if (f->fail) {
		f->fail = false;
		f->gerror ^= GERROR_SFM_ERR;
		fake_write(f, ARM_SMMU_GERROR, f->gerror);
		fake_interrupt(f);
	}
	fake_note(f, cmd);
	if (op == FAKE_SYNC)
		fake_complete_sync(f, cmd);
	else
		fake_advance(f);
}

static void fake_step(struct fake_smmu *f)
{
	__le64 *slot;
	u64 cmd[2];

	if (f->idle) {
		f->idle--;
		return;
	}
	if (fake_active(f)) {
		fake_interrupt(f);
		return;
	}
	if (READ_ONCE(f->stopped) || fake_read(f, ARM_SMMU_CMDQ_PROD) == f->cons)
		return;
	slot = Q_ENT(&f->smmu.cmdq.q, f->cons);
	cmd[0] = le64_to_cpu(READ_ONCE(slot[0]));
	cmd[1] = le64_to_cpu(READ_ONCE(slot[1]));
	if (fake_accepts(f, cmd))
		fake_execute(f, cmd);
	if (f->lazy)
		f->idle = prandom_u32_state(&f->rnd) % f->lazy;
}

static int fake_engine(void *data)
{
	while (!kthread_should_stop()) {
		fake_step(data);
		cond_resched();
		cpu_relax();
	}
	return 0;
}

/* The CPU of the engine. Submitters must run on other CPUs. */
static unsigned int fake_engine_cpu(void)
{
	return cpumask_last(cpu_online_mask);
}

static void fake_init_queue(struct kunit *test, struct fake_smmu *f)
{
	struct arm_smmu_cmdq *cmdq = &f->smmu.cmdq;
	struct arm_smmu_queue *q = &cmdq->q;

	q->llq.max_n_shift = FAKE_SHIFT;
	q->ent_dwords = CMDQ_ENT_DWORDS;
	q->base = kunit_kzalloc(test, 16 << FAKE_SHIFT, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, q->base);
	q->base_dma = virt_to_phys(q->base);
	q->prod_reg = f->smmu.base + ARM_SMMU_CMDQ_PROD;
	q->cons_reg = f->smmu.base + ARM_SMMU_CMDQ_CONS;
	cmdq->valid_map = kunit_kzalloc(test, BIT(FAKE_SHIFT) / 8, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, cmdq->valid_map);
}

static void fake_stop(struct fake_smmu *f)
{
	if (f->engine)
		kthread_stop(f->engine);
	f->engine = NULL;
	if (f->smmu.dev)
		root_device_unregister(f->smmu.dev);
	f->smmu.dev = NULL;
}

static struct fake_smmu *fake_create(struct kunit *test, u32 features)
{
	struct fake_smmu *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, f);
	f->regs = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, f->regs);
	f->smmu.base = (void __iomem *)f->regs;
	f->smmu.features = features;
	f->lazy = 20;
	prandom_seed_state(&f->rnd, 1);
	fake_init_queue(test, f);
	return f;
}

/* Start the engine. Moves the test to a CPU that is not the engine's. */
static void fake_start(struct kunit *test, struct fake_smmu *f)
{
	struct device *dev;

	if (num_online_cpus() < 2)
		kunit_skip(test, "the engine needs a second CPU");
	set_cpus_allowed_ptr(current, cpumask_of(cpumask_first(cpu_online_mask)));
	dev = root_device_register("fake-smmu");
	KUNIT_ASSERT_FALSE(test, IS_ERR(dev));
	f->smmu.dev = dev;
	f->engine = kthread_run_on_cpu(fake_engine, f, fake_engine_cpu(),
				       "fake-smmu/%u");
	if (IS_ERR(f->engine))
		f->engine = NULL;
	KUNIT_ASSERT_NOT_NULL(test, f->engine);
}

static void fake_exit(struct kunit *test)
{
	if (test->priv)
		fake_stop(test->priv);
	test->priv = NULL;
}

#endif /* _ARM_SMMU_V3_XSMMU_TEST_SMMU_H */
