/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The part of the fake queue that knows SMMUv3: commands and global errors.
 *
 * DOC: the decoder
 *
 * Between two commands the engine waits for a random number of rounds. It
 * completes a CMD_SYNC by its index or by a message, and stops at an error until
 * that has been acknowledged (7.1). The interrupt of an error is a call of its
 * handler. If interrupts are masked, as on a CPU that polls, the call comes so late
 * that a test which waits for it fails.
 *
 * Included by xsmmu-test.c, at the end of xsmmu.c.
 */
#ifndef _ARM_SMMU_V3_XSMMU_TEST_DECODER_H
#define _ARM_SMMU_V3_XSMMU_TEST_DECODER_H

#include <linux/device.h>
#include <linux/mm.h>
#include <linux/prandom.h>
#include "../../xsmmu/fake-queue.h"

#define FAKE_SHIFT	8

/* How late a masked interrupt is. The driver gives up a CMD_SYNC after a second. */
#define FAKE_MASKED_MS	3000

/* Opcodes (4.1.1), written out. */
#define FAKE_ATC_INV	0x40
#define FAKE_SYNC	0x46

/**
 * struct smmu_fake - an SMMU that is memory
 * @engine: executes its commands
 * @queue: its command queue; positions include the wrap bit
 * @smmu: the driver's part
 * @gerror: errors raised, each bit flipped once per error
 * @raised: number of errors of the command queue raised
 * @since: when the engine first looked at an error that is masked
 * @masked: the CPU that the interrupt targets has interrupts off
 * @interrupts: how often the handler was called
 * @idle: rounds that the engine still waits
 * @lazy: rounds that it waits after each command, at most
 * @rnd: random numbers for the delays
 * @refuse_op: opcode that is treated as an illegal command
 * @refuse: how often it still is
 * @silent_sid: stream of a device that does not answer an ATC invalidation
 * @silent_too: another such stream, or 0
 * @silent: how often they still do not
 * @unanswered: an ATC invalidation was not answered: the next CMD_SYNC is an
 *	error
 * @hold: the engine rests while the tail is @hold_at: a test has queued commands
 *	that are to be executed only after a sync has begun
 * @hold_at: that position
 * @besides: errors that are raised together with the next one of a command
 * @fail: service failure mode is entered at the next command, without a message
 * @seen: called for every command consumed, or NULL
 * @arg: passed to @seen
 */
struct smmu_fake {
	struct fake_engine engine;
	struct fake_queue queue;
	struct arm_smmu_device smmu;
	u32 gerror;
	unsigned int raised;
	ktime_t since;
	bool masked;
	unsigned int interrupts;
	unsigned int idle;
	unsigned int lazy;
	struct rnd_state rnd;

	u8 refuse_op;
	unsigned int refuse;
	u32 silent_sid;
	u32 silent_too;
	unsigned int silent;
	bool unanswered;
	bool hold;
	u32 hold_at;
	u32 besides;
	bool fail;

	void (*seen)(void *arg, const u64 *cmd);
	void *arg;
};

#define to_smmu_fake(q)	container_of(q, struct smmu_fake, queue)

static void smmu_fake_raise(struct smmu_fake *f, u32 error, u32 reason)
{
	f->gerror ^= error | f->besides;
	f->besides = 0;
	f->raised++;
	fake_queue_write(&f->queue, ARM_SMMU_CMDQ_CONS,
			 f->queue.head | FIELD_PREP(CMDQ_CONS_ERR, reason));
	fake_queue_write(&f->queue, ARM_SMMU_GERROR, f->gerror);
}

static u32 smmu_fake_active(struct smmu_fake *f)
{
	return f->gerror ^ fake_queue_read(&f->queue, ARM_SMMU_GERRORN);
}

static void smmu_fake_interrupt(struct smmu_fake *f)
{
	unsigned long flags;

	f->since = 0;
	f->interrupts++;
	local_irq_save(flags);
	arm_smmu_xsmmu_gerror(0, &f->smmu);
	local_irq_restore(flags);
}

/* Does the interrupt of an error come now? */
static bool smmu_fake_interrupts(struct smmu_fake *f)
{
	if (!READ_ONCE(f->masked))
		return true;
	if (!f->since)
		f->since = ktime_get();
	return ktime_ms_delta(ktime_get(), f->since) > FAKE_MASKED_MS;
}

/* The decoder. */

static bool smmu_fake_ready(struct fake_queue *q)
{
	struct smmu_fake *f = to_smmu_fake(q);

	if (READ_ONCE(f->hold) &&
	    fake_queue_read(q, ARM_SMMU_CMDQ_PROD) == f->hold_at)
		return false;
	if (f->idle) {
		f->idle--;
		return false;
	}
	if (!smmu_fake_active(f)) {
		f->since = 0;
		return true;
	}
	if (smmu_fake_interrupts(f)) {
		smmu_fake_interrupt(f);
		return false;
	}
	/* Errors that are not of the queue do not stop it. */
	return !(smmu_fake_active(f) & GERROR_CMDQ_ERR);
}

static const void *smmu_fake_slot(struct fake_queue *q)
{
	return Q_ENT(&to_smmu_fake(q)->smmu.cmdq.q, q->head);
}

/* Does the command pass? If not, raise its error. */
static bool smmu_fake_accepts(struct smmu_fake *f, u8 op)
{
	if (f->refuse && op == f->refuse_op) {
		f->refuse--;
		smmu_fake_raise(f, GERROR_CMDQ_ERR, CMDQ_ERR_CERROR_ILL_IDX);
		return false;
	}
	if (f->unanswered && op == FAKE_SYNC) {
		f->unanswered = false;
		smmu_fake_raise(f, GERROR_CMDQ_ERR,
				CMDQ_ERR_CERROR_ATC_INV_IDX);
		return false;
	}
	return true;
}

static bool smmu_fake_execute(struct fake_queue *q,
			      const struct fake_command *cmd)
{
	struct smmu_fake *f = to_smmu_fake(q);
	void (*seen)(void *arg, const u64 *cmd);
	u8 op = cmd->qw[0];

	if (f->lazy)
		f->idle = prandom_u32_state(&f->rnd) % f->lazy;
	if (!smmu_fake_accepts(f, op))
		return false;
	if (op == FAKE_ATC_INV && f->silent &&
	    (cmd->qw[0] >> 32 == f->silent_sid ||
	     cmd->qw[0] >> 32 == (f->silent_too ?: f->silent_sid))) {
		f->silent--;
		f->unanswered = true;
	}
	if (f->fail) {
		f->fail = false;
		f->gerror ^= GERROR_SFM_ERR;
		fake_queue_write(q, ARM_SMMU_GERROR, f->gerror);
		smmu_fake_interrupt(f);
	}
	/* Pairs with the release that sets it: then the argument is set too. */
	seen = smp_load_acquire(&f->seen);
	if (seen)
		seen(f->arg, cmd->qw);
	return true;
}

/* The driver asks for messages to the address of the command itself. */
static void smmu_fake_complete(struct fake_queue *q,
			       const struct fake_command *cmd)
{
	struct arm_smmu_queue *cmdq = &to_smmu_fake(q)->smmu.cmdq.q;
	u64 to = cmd->qw[1] & CMDQ_SYNC_1_MSIADDR_MASK;
	u32 *message = (void *)cmdq->base + (to - cmdq->base_dma);

	if ((cmd->qw[0] & 0xff) == FAKE_SYNC &&
	    FIELD_GET(CMDQ_SYNC_0_CS, cmd->qw[0]) == CMDQ_SYNC_0_CS_IRQ)
		/* A CPU that reads it sees all that was consumed before. */
		smp_store_release(message, cmd->qw[0] >> 32);
}

static const struct fake_queue_ops smmu_fake_ops = {
	.head_reg	= ARM_SMMU_CMDQ_CONS,
	.tail_reg	= ARM_SMMU_CMDQ_PROD,
	.slot		= smmu_fake_slot,
	.ready		= smmu_fake_ready,
	.execute	= smmu_fake_execute,
	.complete	= smmu_fake_complete,
};

/* For the tests. */

/* No error is active. */
static bool smmu_fake_quiet(struct fake_queue *q)
{
	return !smmu_fake_active(to_smmu_fake(q));
}

static struct smmu_fake *smmu_fake_create(struct kunit *test, u32 features)
{
	struct smmu_fake *f = fake_memory(test, sizeof(*f));
	struct arm_smmu_queue *q = &f->smmu.cmdq.q;

	f->queue.ops = &smmu_fake_ops;
	f->queue.unit = 1;
	f->queue.wrap = 2 << FAKE_SHIFT;
	fake_queue_add(test, &f->engine, &f->queue);
	f->smmu.base = f->queue.regs;
	f->smmu.features = features;
	f->lazy = 20;
	prandom_seed_state(&f->rnd, 1);
	q->llq.max_n_shift = FAKE_SHIFT;
	q->ent_dwords = CMDQ_ENT_DWORDS;
	q->base = fake_memory(test, 16 << FAKE_SHIFT);
	q->base_dma = virt_to_phys(q->base);
	q->prod_reg = f->queue.regs + ARM_SMMU_CMDQ_PROD;
	q->cons_reg = f->queue.regs + ARM_SMMU_CMDQ_CONS;
	arm_smmu_xsmmu_init_errors(&f->smmu);
	f->smmu.cmdq.valid_map = fake_memory(test, BIT(FAKE_SHIFT) / 8);
	return f;
}

static void smmu_fake_start(struct kunit *test, struct smmu_fake *f)
{
	struct device *dev = root_device_register("fake-smmu");

	KUNIT_ASSERT_FALSE(test, IS_ERR(dev));
	f->smmu.dev = dev;
	fake_engine_start(test, &f->engine);
}

static void smmu_fake_stop(struct smmu_fake *f)
{
	fake_engine_stop(&f->engine);
	if (f->smmu.dev)
		root_device_unregister(f->smmu.dev);
	f->smmu.dev = NULL;
}

static void smmu_fake_exit(struct kunit *test)
{
	if (test->priv)
		smmu_fake_stop(test->priv);
	test->priv = NULL;
}

#endif /* _ARM_SMMU_V3_XSMMU_TEST_DECODER_H */
