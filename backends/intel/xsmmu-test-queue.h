/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An invalidation queue in memory, and an engine behind it.
 *
 * DOC: the fake IOMMU
 *
 * The registers are a page of memory, the engine is a thread on a CPU of its
 * own: who submits spins with interrupts off. It follows the tail, executes what
 * it finds in order, writes the status of wait descriptors, and stops at an error
 * until the fault bit has been cleared, as 6.5.2.10 of the specification says.
 *
 * Fault bits are cleared by writing ones, which memory does not do. The engine
 * keeps a mark in a reserved bit of the fault status; a word without it has been
 * written by a CPU. Who clears a queue error waits until it is gone. Who clears a
 * time-out does not, and could read its own word again before it lets go of the
 * queue's lock: the engine acts on that one under the lock, and until then stands
 * still, so that a second look finds the same fault at the same place.
 *
 * An error that nobody mends would leave the submitter spinning for ever. After
 * a while the engine rescues it, and says so.
 *
 * Included by xsmmu-test.c, behind everything of xsmmu.c.
 */
#ifndef _INTEL_XSMMU_TEST_QUEUE_H
#define _INTEL_XSMMU_TEST_QUEUE_H

#include <kunit/test.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/mm.h>

/* In the fault status: no CPU has written since. Bits 31:16 are reserved. */
#define FAKE_MARK	BIT(31)

#define FAKE_LOG	512
#define FAKE_IOMMUS	2

/* When the engine loses patience: so many ms, so many errors in a row. */
#define FAKE_PATIENCE	2000
#define FAKE_REPEATS	100

/* Extended capability SMTS: scalable mode, descriptors of 32 bytes. */
#define FAKE_SMTS	BIT_ULL(43)

/**
 * struct fake_iommu - an IOMMU that is memory
 * @iommu: what the driver sees
 * @qi: its queue
 * @desc: the ring
 * @lock: held for a step of the engine, and for a reset
 * @head: the engine's position
 * @fsts: fault bits set
 * @raised: when the last one was
 * @repeats: errors since the last descriptor that was executed
 * @rescued: the engine lost its patience
 * @silent_sid: source id of a device that does not answer
 * @silent: how often it does not
 * @stops_at_timeout: descriptors behind one that times out are not fetched
 * @refuse: how many IOTLB invalidations are taken for errors
 * @refuse_waits: how many waits are
 * @stubborn: everything is
 * @deaf: a fault that a CPU clears stays
 * @executed: descriptors executed, in order, two words each
 * @n: how many
 * @by_did: executed IOTLB invalidations by domain id, modulo 256
 */
struct fake_iommu {
	struct intel_iommu iommu;
	struct q_inval qi;
	void *desc;
	raw_spinlock_t lock;
	int head;
	u32 fsts;
	ktime_t raised;
	unsigned int repeats;
	bool rescued;

	u16 silent_sid;
	unsigned int silent;
	bool stops_at_timeout;
	unsigned int refuse;
	unsigned int refuse_waits;
	bool stubborn;
	bool deaf;

	struct { u64 qw0, qw1; } executed[FAKE_LOG];
	unsigned int n;
	unsigned int by_did[256];
};

/* The fake IOMMUs of a test and the one thread that is their engine. */
struct fake_bus {
	struct fake_iommu *fake[FAKE_IOMMUS];
	struct task_struct *engine;
};

static u32 fake_read(struct fake_iommu *f, unsigned int reg)
{
	return readl(f->iommu.reg + reg);
}

static void fake_write(struct fake_iommu *f, unsigned int reg, u32 val)
{
	writel(val, f->iommu.reg + reg);
}

static void fake_advance(struct fake_iommu *f)
{
	f->head = (f->head + 1) % QI_LENGTH;
	f->repeats = 0;
	fake_write(f, DMAR_IQH_REG, f->head << qi_shift(&f->iommu));
}

static void fake_raise(struct fake_iommu *f, u32 fault)
{
	f->fsts |= fault;
	f->raised = ktime_get();
	f->repeats++;
	fake_write(f, DMAR_FSTS_REG, f->fsts | FAKE_MARK);
}

static void fake_clear(struct fake_iommu *f)
{
	u32 written = fake_read(f, DMAR_FSTS_REG);

	if (!(written & FAKE_MARK) && !f->deaf)
		f->fsts &= ~written;
	fake_write(f, DMAR_FSTS_REG, f->fsts | FAKE_MARK);
}

/* Has a CPU cleared a fault? */
static void fake_acknowledge(struct fake_iommu *f)
{
	unsigned long flags;

	if (fake_read(f, DMAR_FSTS_REG) & FAKE_MARK)
		return;
	if (f->fsts & DMA_FSTS_IQE) {
		fake_clear(f);
		return;
	}
	raw_spin_lock_irqsave(&f->qi.q_lock, flags);
	fake_clear(f);
	raw_spin_unlock_irqrestore(&f->qi.q_lock, flags);
}

/* Nobody mends the error: step over it, so that the test can fail. */
static void fake_rescue(struct fake_iommu *f)
{
	bool stuck = f->fsts && ktime_ms_delta(ktime_get(), f->raised) >
				FAKE_PATIENCE;

	if (!stuck && f->repeats < FAKE_REPEATS)
		return;
	f->rescued = true;
	f->fsts = 0;
	fake_advance(f);
	fake_write(f, DMAR_FSTS_REG, FAKE_MARK);
}

static void fake_log(struct fake_iommu *f, const struct qi_desc *desc)
{
	if (f->n == FAKE_LOG)
		return;
	f->executed[f->n].qw0 = desc->qw0;
	f->executed[f->n].qw1 = desc->qw1;
	/* Whoever sees the count sees the entry. */
	smp_store_release(&f->n, f->n + 1);
}

/* A device does not answer: the waits that were fetched are given up. */
static void fake_time_out(struct fake_iommu *f)
{
	int tail = fake_read(f, DMAR_IQT_REG) >> qi_shift(&f->iommu);

	f->silent--;
	do {
		fake_advance(f);
	} while (!f->stops_at_timeout && f->head != tail);
	fake_raise(f, DMA_FSTS_ITE);
}

static void fake_complete_wait(const struct qi_desc *desc)
{
	u32 *status = phys_to_virt(desc->qw1);

	if (!(desc->qw0 & BIT(5)))
		return;
	/* Who sees the status sees all that was executed before. */
	smp_store_release(status, desc->qw0 >> 32);
}

static bool fake_refuses(unsigned int *times)
{
	if (!*times)
		return false;
	--*times;
	return true;
}

/* Is a descriptor one that this engine accepts? */
static bool fake_accepts(struct fake_iommu *f, const struct qi_desc *desc)
{
	if (f->stubborn)
		return false;
	switch (desc->qw0 & 0xf) {
	case 0x2:
	case 0x6:
		return !fake_refuses(&f->refuse);
	case 0x3:
		return true;
	case 0x5:
		return !fake_refuses(&f->refuse_waits);
	}
	return false;
}

/* Returns false if that raised a fault. */
static bool fake_obey(struct fake_iommu *f, const struct qi_desc *desc)
{
	unsigned int type = desc->qw0 & 0xf;

	if (!fake_accepts(f, desc)) {
		fake_raise(f, DMA_FSTS_IQE);
		return false;
	}
	if (type == 0x3 && f->silent &&
	    (u16)(desc->qw0 >> 32) == f->silent_sid) {
		fake_time_out(f);
		return false;
	}
	if (type == 0x2)
		f->by_did[(desc->qw0 >> 16) & 0xff]++;
	return true;
}

static void fake_step(struct fake_iommu *f)
{
	int shift = qi_shift(&f->iommu);
	struct qi_desc desc = {};

	fake_acknowledge(f);
	fake_rescue(f);
	if (f->fsts || fake_read(f, DMAR_IQT_REG) >> shift == f->head)
		return;
	memcpy(&desc, f->desc + (f->head << shift), 1 << shift);
	if (!fake_obey(f, &desc))
		return;
	fake_log(f, &desc);
	fake_advance(f);
	/* Last: who waited for it may look at all the rest. */
	if ((desc.qw0 & 0xf) == 0x5)
		fake_complete_wait(&desc);
}

static void fake_run(struct fake_iommu *f)
{
	raw_spin_lock(&f->lock);
	fake_step(f);
	raw_spin_unlock(&f->lock);
}

static int fake_engine(void *data)
{
	struct fake_bus *bus = data;
	unsigned int i;

	while (!kthread_should_stop()) {
		for (i = 0; i < FAKE_IOMMUS; i++)
			if (bus->fake[i])
				fake_run(bus->fake[i]);
		cond_resched();
		cpu_relax();
	}
	return 0;
}

/* A reset queue, at any position of its ring. While nobody submits. */
static void fake_reset(struct fake_iommu *f, int position)
{
	raw_spin_lock(&f->lock);
	f->head = position;
	f->qi.free_head = position;
	f->qi.free_tail = position;
	f->qi.free_cnt = QI_LENGTH;
	f->n = 0;
	fake_write(f, DMAR_IQH_REG, position << qi_shift(&f->iommu));
	fake_write(f, DMAR_IQT_REG, position << qi_shift(&f->iommu));
	fake_write(f, DMAR_FSTS_REG, FAKE_MARK);
	raw_spin_unlock(&f->lock);
}

static struct fake_iommu *fake_create(struct kunit *test, int id, u64 ecap)
{
	struct fake_iommu *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);
	void *regs = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, f);
	KUNIT_ASSERT_NOT_NULL(test, regs);
	f->desc = kunit_kzalloc(test, 2 * PAGE_SIZE, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, f->desc);
	f->qi.desc = f->desc;
	f->qi.desc_status = kunit_kcalloc(test, QI_LENGTH, sizeof(int),
					  GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, f->qi.desc_status);
	raw_spin_lock_init(&f->qi.q_lock);
	raw_spin_lock_init(&f->lock);
	f->iommu.reg = (void __iomem *)regs;
	f->iommu.ecap = ecap;
	f->iommu.gcmd = DMA_GCMD_TE;
	f->iommu.seq_id = id;
	f->iommu.qi = &f->qi;
	snprintf(f->iommu.name, sizeof(f->iommu.name), "fake%d", id);
	fake_reset(f, 0);
	return f;
}

/* The engine on a CPU where nobody submits. Pins the test to another. */
static void fake_start(struct kunit *test, struct fake_bus *bus)
{
	unsigned int cpu = cpumask_first(cpu_online_mask);

	set_cpus_allowed_ptr(current, cpumask_of(cpu));
	cpu = cpumask_any_but(cpu_online_mask, cpu);
	if (cpu >= nr_cpu_ids)
		kunit_skip(test, "the engine needs a second CPU");
	bus->engine = kthread_run_on_cpu(fake_engine, bus, cpu, "fake-qi/%u");
	if (IS_ERR(bus->engine))
		bus->engine = NULL;
	KUNIT_ASSERT_NOT_NULL(test, bus->engine);
}

static void fake_stop(struct fake_bus *bus)
{
	if (bus->engine)
		kthread_stop(bus->engine);
	bus->engine = NULL;
}

/* Wait until the engine has seen that a fault was cleared. */
static bool fake_settled(struct fake_iommu *f)
{
	ktime_t end = ktime_add_ms(ktime_get(), FAKE_PATIENCE);

	while (!(fake_read(f, DMAR_FSTS_REG) & FAKE_MARK)) {
		if (ktime_after(ktime_get(), end))
			return false;
		cpu_relax();
	}
	return !READ_ONCE(f->fsts);
}

#endif /* _INTEL_XSMMU_TEST_QUEUE_H */
