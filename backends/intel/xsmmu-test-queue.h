/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An invalidation queue in memory, and an engine that executes it.
 *
 * DOC: the fake IOMMU
 *
 * The registers are a page of memory. The engine is a thread on a CPU of its
 * own, because a submitter spins with interrupts off. It follows the tail,
 * executes the descriptors in order, writes the status of wait descriptors, and
 * stops at an error until the fault bit has been cleared, as 6.5.2.10 of the
 * specification says.
 *
 * A CPU clears fault bits by writing ones, which memory does not do. So the
 * engine keeps a mark in a reserved bit of the fault status. A word without the
 * mark was written by a CPU. A CPU that clears a queue error waits until the
 * error is gone. A CPU that clears a time-out does not wait, and could read its
 * own word again before it releases the queue's lock. So the engine acts on a
 * cleared time-out under that lock, and stands still until then: a second look
 * finds the same fault at the same head.
 *
 * If no CPU repairs an error, the submitter would spin for ever. After a while
 * the engine steps over the error and sets @rescued, which fails the test.
 *
 * Included by xsmmu-test.c, after everything of xsmmu.c.
 */
#ifndef _INTEL_XSMMU_TEST_QUEUE_H
#define _INTEL_XSMMU_TEST_QUEUE_H

#include <kunit/test.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/mm.h>

/* In the fault status: the engine wrote last. Bits 31:16 are reserved. */
#define FAKE_MARK	BIT(31)

#define FAKE_LOG	512
#define FAKE_IOMMUS	2

/* The engine steps over an error after so many ms, or so many in a row. */
#define FAKE_PATIENCE	2000
#define FAKE_REPEATS	100

/* Extended capability SMTS: scalable mode, descriptors of 32 bytes. */
#define FAKE_SMTS	BIT_ULL(43)

/**
 * struct vtd_fake - an IOMMU that is memory
 * @iommu: the driver's part
 * @qi: its queue
 * @desc: the ring
 * @lock: held for a step of the engine, and for a reset
 * @head: the engine's position
 * @fsts: fault bits that are set
 * @raised: time of the last fault
 * @repeats: errors since the last executed descriptor
 * @rescued: the engine stepped over an error
 * @silent_sid: source id of a device that does not answer
 * @silent: number of invalidations that it will leave unanswered
 * @stops_at_timeout: descriptors behind one that times out are not fetched
 * @refuse: number of IOTLB invalidations that will raise a queue error
 * @refuse_waits: number of wait descriptors that will raise one
 * @stubborn: every descriptor raises one
 * @deaf: a fault that a CPU clears stays set
 * @executed: executed descriptors, in order, two words each
 * @n: number of them
 * @by_did: executed IOTLB invalidations by domain id, modulo 256
 *
 * The test writes the fields that inject failures while nothing is submitted.
 */
struct vtd_fake {
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

/**
 * struct vtd_fake_bus - the fake IOMMUs of a test
 * @fake: the IOMMUs
 * @engine: one thread for all of them
 * @domain: a domain to free after the test, or NULL
 */
struct vtd_fake_bus {
	struct vtd_fake *fake[FAKE_IOMMUS];
	struct task_struct *engine;
	struct dmar_domain *domain;
};

/* The engine, part 1: registers, faults and the log. */

static u32 vtd_fake_read(struct vtd_fake *f, unsigned int reg)
{
	return readl(f->iommu.reg + reg);
}

static void vtd_fake_write(struct vtd_fake *f, unsigned int reg, u32 val)
{
	writel(val, f->iommu.reg + reg);
}

static void vtd_fake_advance(struct vtd_fake *f)
{
	f->head = (f->head + 1) % QI_LENGTH;
	f->repeats = 0;
	vtd_fake_write(f, DMAR_IQH_REG, f->head << qi_shift(&f->iommu));
}

static void vtd_fake_raise(struct vtd_fake *f, u32 fault)
{
	f->fsts |= fault;
	f->raised = ktime_get();
	f->repeats++;
	vtd_fake_write(f, DMAR_FSTS_REG, f->fsts | FAKE_MARK);
}

static void vtd_fake_clear(struct vtd_fake *f)
{
	u32 written = vtd_fake_read(f, DMAR_FSTS_REG);

	if (!(written & FAKE_MARK) && !f->deaf)
		f->fsts &= ~written;
	vtd_fake_write(f, DMAR_FSTS_REG, f->fsts | FAKE_MARK);
}

/* Clear the faults that a CPU has cleared since the last step. */
static void vtd_fake_acknowledge(struct vtd_fake *f)
{
	unsigned long flags;

	if (vtd_fake_read(f, DMAR_FSTS_REG) & FAKE_MARK)
		return;
	if (f->fsts & DMA_FSTS_IQE) {
		vtd_fake_clear(f);
		return;
	}
	raw_spin_lock_irqsave(&f->qi.q_lock, flags);
	vtd_fake_clear(f);
	raw_spin_unlock_irqrestore(&f->qi.q_lock, flags);
}

/* If no CPU repairs an error, step over it, so that the test can fail. */
static void vtd_fake_rescue(struct vtd_fake *f)
{
	bool stuck = f->fsts && ktime_ms_delta(ktime_get(), f->raised) >
				FAKE_PATIENCE;

	if (!stuck && f->repeats < FAKE_REPEATS)
		return;
	f->rescued = true;
	f->fsts = 0;
	vtd_fake_advance(f);
	vtd_fake_write(f, DMAR_FSTS_REG, FAKE_MARK);
}

static void vtd_fake_log(struct vtd_fake *f, const struct qi_desc *desc)
{
	if (f->n == FAKE_LOG)
		return;
	f->executed[f->n].qw0 = desc->qw0;
	f->executed[f->n].qw1 = desc->qw1;
	/* A CPU that reads the count sees the entry. */
	smp_store_release(&f->n, f->n + 1);
}

/* The decoder: which descriptors are valid, and what they do (6.5.2). */

/* A device does not answer. The descriptors that were fetched are aborted. */
static void vtd_fake_time_out(struct vtd_fake *f)
{
	int tail = vtd_fake_read(f, DMAR_IQT_REG) >> qi_shift(&f->iommu);

	f->silent--;
	do {
		vtd_fake_advance(f);
	} while (!f->stops_at_timeout && f->head != tail);
	vtd_fake_raise(f, DMA_FSTS_ITE);
}

/* Write the status of a wait descriptor (type 5, SW in 5). */
static void vtd_fake_complete(const struct qi_desc *desc)
{
	u32 *status = phys_to_virt(desc->qw1);

	if ((desc->qw0 & 0xf) != 0x5 || !(desc->qw0 & BIT(5)))
		return;
	/* A CPU that reads the status sees all effects of what ran before. */
	smp_store_release(status, desc->qw0 >> 32);
}

static bool vtd_fake_refuses(unsigned int *times)
{
	if (!*times)
		return false;
	--*times;
	return true;
}

/* Is a descriptor valid, and not one that the test wants refused? */
static bool vtd_fake_accepts(struct vtd_fake *f,
			     const struct qi_desc *desc)
{
	if (f->stubborn)
		return false;
	switch (desc->qw0 & 0xf) {
	case 0x2:
	case 0x6:
		return !vtd_fake_refuses(&f->refuse);
	case 0x3:
		return true;
	case 0x5:
		return !vtd_fake_refuses(&f->refuse_waits);
	}
	return false;
}

/* Returns false if the descriptor raised a fault. */
static bool vtd_fake_obey(struct vtd_fake *f, const struct qi_desc *desc)
{
	unsigned int type = desc->qw0 & 0xf;

	if (!vtd_fake_accepts(f, desc)) {
		vtd_fake_raise(f, DMA_FSTS_IQE);
		return false;
	}
	if (type == 0x3 && f->silent &&
	    (u16)(desc->qw0 >> 32) == f->silent_sid) {
		vtd_fake_time_out(f);
		return false;
	}
	if (type == 0x2)
		f->by_did[(desc->qw0 >> 16) & 0xff]++;
	return true;
}

/* The engine, part 2: the ring. */

static void vtd_fake_step(struct vtd_fake *f)
{
	int shift = qi_shift(&f->iommu);
	struct qi_desc desc = {};

	vtd_fake_acknowledge(f);
	vtd_fake_rescue(f);
	if (f->fsts || vtd_fake_read(f, DMAR_IQT_REG) >> shift == f->head)
		return;
	memcpy(&desc, f->desc + (f->head << shift), 1 << shift);
	if (!vtd_fake_obey(f, &desc))
		return;
	vtd_fake_log(f, &desc);
	vtd_fake_advance(f);
	/* Last: the submitter may read the log as soon as it is done. */
	vtd_fake_complete(&desc);
}

static void vtd_fake_run(struct vtd_fake *f)
{
	raw_spin_lock(&f->lock);
	vtd_fake_step(f);
	raw_spin_unlock(&f->lock);
}

static int vtd_fake_engine(void *data)
{
	struct vtd_fake_bus *bus = data;
	unsigned int i;

	while (!kthread_should_stop()) {
		for (i = 0; i < FAKE_IOMMUS; i++)
			if (bus->fake[i])
				vtd_fake_run(bus->fake[i]);
		cond_resched();
		cpu_relax();
	}
	return 0;
}

/* Empty the queue and set its position. Call while nothing is submitted. */
static void vtd_fake_reset(struct vtd_fake *f, int position)
{
	raw_spin_lock(&f->lock);
	f->head = position;
	f->qi.free_head = position;
	f->qi.free_tail = position;
	f->qi.free_cnt = QI_LENGTH;
	f->n = 0;
	vtd_fake_write(f, DMAR_IQH_REG, position << qi_shift(&f->iommu));
	vtd_fake_write(f, DMAR_IQT_REG, position << qi_shift(&f->iommu));
	vtd_fake_write(f, DMAR_FSTS_REG, FAKE_MARK);
	raw_spin_unlock(&f->lock);
}

static struct vtd_fake *vtd_fake_create(struct kunit *test, int id, u64 ecap)
{
	struct vtd_fake *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);
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
	vtd_fake_reset(f, 0);
	return f;
}

/* Start the engine on a CPU of its own, and pin the test to another. */
static void vtd_fake_start(struct kunit *test, struct vtd_fake_bus *bus)
{
	unsigned int cpu = cpumask_first(cpu_online_mask);

	set_cpus_allowed_ptr(current, cpumask_of(cpu));
	cpu = cpumask_any_but(cpu_online_mask, cpu);
	if (cpu >= nr_cpu_ids)
		kunit_skip(test, "the engine needs a second CPU");
	bus->engine = kthread_run_on_cpu(vtd_fake_engine, bus, cpu,
					 "fake-qi/%u");
	if (IS_ERR(bus->engine))
		bus->engine = NULL;
	KUNIT_ASSERT_NOT_NULL(test, bus->engine);
}

static void vtd_fake_stop(struct vtd_fake_bus *bus)
{
	if (bus->engine)
		kthread_stop(bus->engine);
	bus->engine = NULL;
}

/* Wait until the engine has acted on a cleared fault. */
static bool vtd_fake_settled(struct vtd_fake *f)
{
	ktime_t end = ktime_add_ms(ktime_get(), FAKE_PATIENCE);

	while (!(vtd_fake_read(f, DMAR_FSTS_REG) & FAKE_MARK)) {
		if (ktime_after(ktime_get(), end))
			return false;
		cpu_relax();
	}
	return !READ_ONCE(f->fsts);
}

#endif /* _INTEL_XSMMU_TEST_QUEUE_H */
