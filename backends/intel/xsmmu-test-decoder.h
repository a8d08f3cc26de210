/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The part of the fake queue that knows VT-d: descriptors and faults.
 *
 * DOC: the decoder
 *
 * The engine writes the status of wait descriptors, and stops at an error until
 * the fault bit has been cleared, as 6.5.2.10 of the specification says.
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
#ifndef _INTEL_XSMMU_TEST_DECODER_H
#define _INTEL_XSMMU_TEST_DECODER_H

#include <linux/mm.h>
#include "../xsmmu/fake-queue.h"

/* In the fault status: the engine wrote last. Bits 31:16 are reserved. */
#define FAKE_MARK	BIT(31)

/* The engine steps over an error after so many ms, or so many in a row. */
#define FAKE_RESCUE_MS	2000
#define FAKE_REPEATS	100

/* Extended capability SMTS: scalable mode, descriptors of 32 bytes. */
#define FAKE_SMTS	BIT_ULL(43)

/**
 * struct vtd_fake - an IOMMU that is memory
 * @queue: its queue, as the engine sees it
 * @iommu: the driver's part
 * @qi: its queue, as the driver sees it
 * @fsts: fault bits that are set
 * @raised: time of the last fault
 * @repeats: errors since the last executed descriptor
 * @rescued: the engine stepped over an error
 * @silent_sid: source id of a device that does not answer
 * @silent: number of invalidations that it will leave unanswered
 * @nameless: a time-out does not tell the source id
 * @stops_at_timeout: descriptors behind one that times out are not fetched
 * @refuse: number of IOTLB invalidations that will raise a queue error
 * @refuse_waits: number of wait descriptors that will raise one
 * @stubborn: every descriptor raises one
 * @deaf: a fault that a CPU clears stays set, and the engine stays at it
 * @late_ms: how long each wait descriptor takes
 * @by_did: executed IOTLB invalidations by domain id, modulo 256
 * @by_page: executed page-selective ones by page number, modulo 16
 * @joining: the driver notes that this device has ATS when the next IOTLB
 *	invalidation is executed, before it completes; or NULL
 *
 * The test writes the fields that inject failures while nothing is submitted.
 */
struct vtd_fake {
	struct fake_queue queue;
	struct intel_iommu iommu;
	struct q_inval qi;
	u32 fsts;
	ktime_t raised;
	unsigned int repeats;
	bool rescued;

	u16 silent_sid;
	unsigned int silent;
	bool nameless;
	bool stops_at_timeout;
	unsigned int refuse;
	unsigned int refuse_waits;
	bool stubborn;
	bool deaf;
	unsigned int late_ms;

	unsigned int by_did[256];
	unsigned int by_page[16];
	struct device_domain_info *joining;
};

/**
 * struct vtd_fake_bus - the fake IOMMUs of a test
 * @engine: executes their descriptors
 * @domain: a domain to free after the test, or NULL
 * @watched: a page-table page that the driver may free, or NULL
 * @freed_early: it was free when a descriptor was executed
 */
struct vtd_fake_bus {
	struct fake_engine engine;
	struct dmar_domain *domain;
	struct page *watched;
	bool freed_early;
};

#define to_vtd_fake(q)	container_of(q, struct vtd_fake, queue)

static struct vtd_fake *vtd_fake(struct kunit *test, unsigned int i)
{
	struct vtd_fake_bus *bus = test->priv;

	return to_vtd_fake(bus->engine.queue[i]);
}

/* Faults. */

static void vtd_fake_raise(struct vtd_fake *f, u32 fault)
{
	f->fsts |= fault;
	f->raised = ktime_get();
	f->repeats++;
	fake_queue_write(&f->queue, DMAR_FSTS_REG, f->fsts | FAKE_MARK);
}

static void vtd_fake_clear(struct vtd_fake *f)
{
	u32 written = fake_queue_read(&f->queue, DMAR_FSTS_REG);

	if (!(written & FAKE_MARK) && !f->deaf)
		f->fsts &= ~written;
	fake_queue_write(&f->queue, DMAR_FSTS_REG, f->fsts | FAKE_MARK);
}

/* Has the engine acted on what a CPU wrote? */
static bool vtd_fake_marked(struct fake_queue *q)
{
	return fake_queue_read(q, DMAR_FSTS_REG) & FAKE_MARK;
}

/* Clear the faults that a CPU has cleared since the last step. */
static void vtd_fake_acknowledge(struct vtd_fake *f)
{
	unsigned long flags;

	if (vtd_fake_marked(&f->queue))
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
				FAKE_RESCUE_MS;

	if (READ_ONCE(f->deaf) || (!stuck && f->repeats < FAKE_REPEATS))
		return;
	f->rescued = true;
	f->fsts = 0;
	f->repeats = 0;
	fake_queue_advance(&f->queue);
	fake_queue_write(&f->queue, DMAR_FSTS_REG, FAKE_MARK);
}

static bool vtd_fake_ready(struct fake_queue *q)
{
	struct vtd_fake *f = to_vtd_fake(q);

	vtd_fake_acknowledge(f);
	vtd_fake_rescue(f);
	return !f->fsts;
}

/* Descriptors: which are valid, and what they do (6.5.2). */

static const void *vtd_fake_slot(struct fake_queue *q)
{
	return to_vtd_fake(q)->qi.desc + q->head;
}

/* A device does not answer. The descriptors that were fetched are aborted. */
static void vtd_fake_time_out(struct vtd_fake *f)
{
	u32 tail = fake_queue_read(&f->queue, DMAR_IQT_REG);

	f->silent--;
	do {
		fake_queue_advance(&f->queue);
	} while (!f->stops_at_timeout && f->queue.head != tail);
	f->repeats = 0;
	/* ITESID, in 47:32. */
	writeq(f->nameless ? 0 : (u64)f->silent_sid << 32,
	       f->queue.regs + DMAR_IQER_REG);
	vtd_fake_raise(f, DMA_FSTS_ITE);
}

/* Is a descriptor valid, and not one that the test wants refused? */
static bool vtd_fake_accepts(struct vtd_fake *f, u64 qw0)
{
	if (f->stubborn)
		return false;
	switch (qw0 & 0xf) {
	case 0x2:
	case 0x6:
		return !(f->refuse && f->refuse--);
	case 0x3:
	case 0x8:
		return true;
	case 0x5:
		return !(f->refuse_waits && f->refuse_waits--);
	}
	return false;
}

static void vtd_fake_iotlb(struct vtd_fake *f, const struct fake_command *cmd)
{
	f->by_did[cmd->qw[0] >> 16 & 0xff]++;
	if ((cmd->qw[0] >> 4 & 3) == 3)
		f->by_page[cmd->qw[1] >> 12 & 0xf]++;
	if (f->joining)
		f->joining->ats_enabled = 1;
	f->joining = NULL;
}

/* Is the page free that only a later descriptor may free? The test has a reference. */
static void vtd_fake_look(struct vtd_fake_bus *bus)
{
	struct page *page = READ_ONCE(bus->watched);

	if (page && page_count(page) < 2)
		bus->freed_early = true;
}

static bool vtd_fake_execute(struct fake_queue *q,
			     const struct fake_command *cmd)
{
	struct vtd_fake *f = to_vtd_fake(q);
	unsigned int type = cmd->qw[0] & 0xf;

	if (!vtd_fake_accepts(f, cmd->qw[0])) {
		vtd_fake_raise(f, DMA_FSTS_IQE);
		return false;
	}
	if (type == 0x3 && f->silent &&
	    (u16)(cmd->qw[0] >> 32) == f->silent_sid) {
		vtd_fake_time_out(f);
		return false;
	}
	if (type == 0x2)
		vtd_fake_iotlb(f, cmd);
	if (type == 0x5)
		mdelay(f->late_ms);
	vtd_fake_look(container_of(q->engine, struct vtd_fake_bus, engine));
	f->repeats = 0;
	return true;
}

/*
 * Write the status of a wait descriptor (type 5, SW in 5). KCSAN does not see the
 * stores of hardware either.
 */
static __no_kcsan void
vtd_fake_complete(struct fake_queue *q, const struct fake_command *cmd)
{
	u32 *status = phys_to_virt(cmd->qw[1]);

	if ((cmd->qw[0] & 0xf) != 0x5 || !(cmd->qw[0] & BIT(5)))
		return;
	/* A CPU that reads the status sees all effects of what ran before. */
	smp_store_release(status, cmd->qw[0] >> 32);
}

static const struct fake_queue_ops vtd_fake_ops = {
	.head_reg	= DMAR_IQH_REG,
	.tail_reg	= DMAR_IQT_REG,
	.slot		= vtd_fake_slot,
	.ready		= vtd_fake_ready,
	.execute	= vtd_fake_execute,
	.complete	= vtd_fake_complete,
};

/* For the tests. */

/* Empty the queue and set its position. Call while nothing is submitted. */
static void vtd_fake_reset(struct vtd_fake *f, int position)
{
	f->qi.free_head = position;
	f->qi.free_tail = position;
	f->qi.free_cnt = QI_LENGTH;
	f->queue.engine->n = 0;
	fake_queue_move(&f->queue, position * f->queue.unit);
}

static struct vtd_fake *vtd_fake_create(struct kunit *test, int id, u64 ecap)
{
	struct vtd_fake *f = fake_memory(test, sizeof(*f));
	struct vtd_fake_bus *bus = test->priv;

	intel_xsmmu_test_init_iommu(&f->iommu);
	f->iommu.ecap = ecap;
	f->queue.ops = &vtd_fake_ops;
	f->queue.unit = 1 << qi_shift(&f->iommu);
	f->queue.wrap = QI_LENGTH * f->queue.unit;
	fake_queue_add(test, &bus->engine, &f->queue);
	f->qi.desc = fake_memory(test, 2 * PAGE_SIZE);
	f->qi.desc_status = fake_memory(test, QI_LENGTH * sizeof(int));
	f->qi.free_cnt = QI_LENGTH;
	raw_spin_lock_init(&f->qi.q_lock);
	f->iommu.reg = f->queue.regs;
	f->iommu.gcmd = DMA_GCMD_TE;
	f->iommu.seq_id = id;
	f->iommu.qi = &f->qi;
	snprintf(f->iommu.name, sizeof(f->iommu.name), "fake%d", id);
	fake_queue_write(&f->queue, DMAR_FSTS_REG, FAKE_MARK);
	return f;
}

/* Wait until the engine has acted on a cleared fault. */
static bool vtd_fake_settled(struct vtd_fake *f)
{
	return fake_queue_wait(&f->queue, vtd_fake_marked) &&
	       !READ_ONCE(f->fsts);
}

#endif /* _INTEL_XSMMU_TEST_DECODER_H */
