/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The part of the fake queue that knows AMD-Vi: commands and the event log.
 *
 * DOC: the decoder
 *
 * A command is executed only some time after it was queued, so a sync that does
 * not wait where it has to returns too early.
 *
 * While a ring seems full, a CPU that queues a command spins under the driver's
 * lock with interrupts off. If the engine then sends it an interrupt, the CPU
 * takes it right after it has queued the command. See amd_fake_hold().
 *
 * The driver finds its IOMMUs in a table that is rarely full. The fake ones
 * stand at its end.
 *
 * Included by xsmmu-test.c, which is included at the end of xsmmu.c.
 */
#ifndef _AMD_XSMMU_TEST_DECODER_H
#define _AMD_XSMMU_TEST_DECODER_H

#include <linux/delay.h>
#include <linux/hw_breakpoint.h>
#include <linux/perf_event.h>
#include <linux/smp.h>
#include "../xsmmu/fake-queue.h"
#include "xsmmu-test-base.h"

#define FAKE_IOMMUS	(AMD_SYNC_IOMMUS + 1)
#define FAKE_WATCHED	4
#define FAKE_INDEX(i)	(MAX_IOMMUS - FAKE_IOMMUS + (i))

/* A PCI segment that no machine has. */
#define FAKE_SEGMENT	0xffff

/* Time from the queueing of a command to its execution. */
#define FAKE_DELAY_US	100
#define FAKE_LONG_US	3000

/* A source id that no device has. */
#define FAKE_NO_DEVICE	(-1)

/* When the engine reads the log, as the driver's interrupt thread does. */
enum amd_fake_reader {
	FAKE_READS_BEFORE,	/* before it executes the next command */
	FAKE_READS_AFTER,	/* after it has executed the next command */
	FAKE_READS_NEVER,
};

/**
 * struct amd_fake_event - what an IOMMU logs
 * @type: event code (2.5), 0 for none
 * @names: device id that it names
 * @behind: code of another event that is logged right before it, 0 for none
 * @opcode: opcode of the command on which the event is logged, once
 * @halts: the IOMMU fetches no more commands afterwards
 * @reader: when the event is read from the log
 */
struct amd_fake_event {
	unsigned int type;
	u16 names;
	unsigned int behind;
	unsigned int opcode;
	bool halts;
	enum amd_fake_reader reader;
};

/**
 * struct amd_fake - an IOMMU that is memory
 * @queue: its command ring
 * @iommu: what the driver sees
 * @entered: it stands in the driver's table
 * @mute: completion waits never complete
 * @silent: source id of a device that does not answer
 * @event: the event to log
 * @by_did: executed invalidations of the IOMMU's TLB by domain id, modulo 256
 * @by_page: the same by page number, modulo 16, if they name one page
 * @unread: the engine has to read an event from the log
 * @due: that event was logged before the command that is being executed
 * @stays: the head register while the queue is frozen, so the ring seems full;
 *	the driver knows this value once it finds the ring full
 * @armed: the engine interrupts a CPU that finds the ring full
 * @late: only that interrupt ends it, so the driver gives up first
 * @commands: number of executed commands for which amd_fake_held() waits
 * @held_ms: how long amd_fake_held() waits after that
 * @csd: calls amd_fake_held()
 */
struct amd_fake {
	struct fake_queue queue;
	struct amd_iommu iommu;
	bool entered;
	bool mute;
	int silent;
	struct amd_fake_event event;
	unsigned int by_did[256];
	unsigned int by_page[16];
	bool unread;
	bool due;
	u32 stays;
	bool armed;
	bool late;
	unsigned int commands;
	unsigned int held_ms;
	call_single_data_t csd;
};

/**
 * struct amd_fake_bus - the fake IOMMUs of a test
 * @engine: executes their commands
 * @seg: the PCI segment that they stand on
 * @domain: the domain whose lists to free
 * @devices: number of devices so far
 * @log_size: size of event logs to restore, or 0
 * @watched: page-table pages that the driver may free
 * @freed_early: one was free when a command was executed
 */
struct amd_fake_bus {
	struct fake_engine engine;
	struct amd_iommu_pci_seg seg;
	struct protection_domain *domain;
	unsigned int devices;
	u32 log_size;
	struct page *watched[FAKE_WATCHED];
	bool freed_early;
};

#define to_amd_fake(q)	container_of(q, struct amd_fake, queue)

static struct amd_fake *amd_fake(struct kunit *test, unsigned int i)
{
	struct amd_fake_bus *bus = test->priv;

	return to_amd_fake(bus->engine.queue[i]);
}

/*
 * Append to the event log: device id, code, and the address of the command at the
 * head.
 */
static void amd_fake_log_event(struct amd_fake *f, unsigned int type, u16 devid)
{
	u32 tail = fake_queue_read(&f->queue, MMIO_EVT_TAIL_OFFSET);
	u32 size = amd_xsmmu_event_log_size(&f->iommu);
	u32 *entry = (u32 *)(f->iommu.evt_buf + tail);
	u64 address = iommu_virt_to_phys(f->iommu.cmd_buf + f->queue.head);

	entry[0] = devid;
	entry[2] = lower_32_bits(address);
	entry[3] = upper_32_bits(address);
	WRITE_ONCE(entry[1], type << 28);
	fake_queue_write(&f->queue, MMIO_EVT_TAIL_OFFSET,
			 (tail + 16) % size);
}

static void amd_fake_event(struct amd_fake *f, unsigned int opcode)
{
	if (!f->event.type || f->event.opcode != opcode)
		return;
	if (f->event.behind)
		amd_fake_log_event(f, f->event.behind, 0);
	amd_fake_log_event(f, f->event.type, f->event.names);
	f->event.type = 0;
	f->queue.stopped = f->event.halts;
	if (f->event.reader == FAKE_READS_BEFORE)
		amd_xsmmu_test_events(&f->iommu);
	f->unread = f->event.reader == FAKE_READS_AFTER;
}

/* Is a page free that only a later command may free? */
static void amd_fake_look(struct amd_fake_bus *bus)
{
	unsigned int i;

	for (i = 0; i < FAKE_WATCHED; i++)
		if (bus->watched[i] && page_count(bus->watched[i]) < 2)
			bus->freed_early = true;
}

/* The decoder. */

static const void *amd_fake_slot(struct fake_queue *q)
{
	return to_amd_fake(q)->iommu.cmd_buf + q->head;
}

/* Does a command ever end? */
static bool amd_fake_ends(struct amd_fake *f, const u32 *dw)
{
	switch (dw[1] >> 28) {
	case 0x1:
		return !READ_ONCE(f->mute);
	case 0x4:
		return (dw[0] & 0xffff) != READ_ONCE(f->silent);
	}
	return true;
}

static bool amd_fake_execute(struct fake_queue *q,
			     const struct fake_command *cmd)
{
	struct amd_fake *f = to_amd_fake(q);

	if (!amd_fake_ends(f, cmd->dw))
		return false;
	if (cmd->dw[1] >> 28 == 0x3)
		f->by_did[cmd->dw[1] & 0xff]++;
	if (cmd->dw[1] >> 28 == 0x3 && !(cmd->dw[2] & 1))
		f->by_page[cmd->dw[2] >> 12 & 0xf]++;
	f->due = f->unread;
	amd_fake_event(f, cmd->dw[1] >> 28);
	amd_fake_look(container_of(q->engine, struct amd_fake_bus, engine));
	return true;
}

/* 2.4.1: store address in 51:3, data in the last two words. */
static void amd_fake_store(const u32 *dw)
{
	u64 *sem = iommu_phys_to_virt((u64)(dw[1] & 0xfffff) << 32 |
				      (dw[0] & ~0x7));

	/*
	 * If a CPU sees the value, it sees the effects of all commands before.
	 */
	smp_store_release(sem, (u64)dw[3] << 32 | dw[2]);
}

static void amd_fake_complete(struct fake_queue *q,
			      const struct fake_command *cmd)
{
	struct amd_fake *f = to_amd_fake(q);

	if (cmd->dw[1] >> 28 == 0x1)
		amd_fake_store(cmd->dw);
	if (!f->due)
		return;
	amd_xsmmu_test_events(&f->iommu);
	/* Pairs with amd_fake_idle(): the log is read, then this. */
	smp_store_release(&f->unread, false);
}

/* Has a CPU that queues a command found the ring full? */
static bool amd_fake_holds(struct amd_fake *f)
{
	return READ_ONCE(f->queue.frozen) &&
	       READ_ONCE(f->iommu.cmd_buf_head) == f->stays;
}

/* The head register tells the truth again. */
static void amd_fake_release(struct amd_fake *f)
{
	WRITE_ONCE(f->queue.frozen, false);
	fake_queue_write(&f->queue, MMIO_CMD_HEAD_OFFSET, f->queue.head);
}

static bool amd_fake_ready(struct fake_queue *q)
{
	struct amd_fake *f = to_amd_fake(q);

	/* If it is armed, the other fields are set. */
	if (smp_load_acquire(&f->armed) && amd_fake_holds(f)) {
		f->armed = false;
		smp_call_function_single_async(q->engine->test_cpu, &f->csd);
		if (!f->late)
			amd_fake_release(f);
	}
	return true;
}

static const struct fake_queue_ops amd_fake_ops = {
	.head_reg	= MMIO_CMD_HEAD_OFFSET,
	.tail_reg	= MMIO_CMD_TAIL_OFFSET,
	.slot		= amd_fake_slot,
	.ready		= amd_fake_ready,
	.execute	= amd_fake_execute,
	.complete	= amd_fake_complete,
};

/* For the tests. */

static bool amd_fake_enough(struct fake_queue *q)
{
	/* If the count is there, so is what the engine wrote before it. */
	return smp_load_acquire(&q->engine->n) >= to_amd_fake(q)->commands;
}

/* On the CPU that queued the command. */
static void amd_fake_held(void *data)
{
	struct amd_fake *f = data;

	fake_queue_wait(&f->queue, amd_fake_enough);
	mdelay(f->held_ms);
	if (f->late)
		amd_fake_release(f);
}

static void amd_fake_create(struct kunit *test, unsigned int i)
{
	struct amd_fake *f = fake_memory(test, sizeof(*f));
	struct amd_fake_bus *bus = test->priv;

	f->queue.ops = &amd_fake_ops;
	f->queue.unit = 16;
	f->queue.wrap = CMD_BUFFER_SIZE;
	f->queue.delay_us = FAKE_DELAY_US;
	fake_queue_add(test, &bus->engine, &f->queue);
	raw_spin_lock_init(&f->iommu.lock);
	INIT_CSD(&f->csd, amd_fake_held, f);
	f->iommu.index = FAKE_INDEX(i);
	f->iommu.pci_seg = &bus->seg;
	f->iommu.mmio_base = f->queue.regs;
	f->iommu.cmd_buf = fake_memory(test, CMD_BUFFER_SIZE);
	f->iommu.evt_buf = fake_memory(test,
				       amd_xsmmu_event_log_size(&f->iommu));
	f->iommu.cmd_sem = fake_memory(test, PAGE_SIZE);
	f->silent = FAKE_NO_DEVICE;
	if (!amd_xsmmu_test_enter(&f->iommu))
		kunit_skip(test, "no place for a fake IOMMU");
	f->entered = true;
}

static void amd_fake_stop(struct amd_fake_bus *bus)
{
	struct amd_fake *f;
	unsigned int i;

	fake_engine_stop(&bus->engine);
	for (i = 0; i < bus->engine.queues; i++) {
		f = to_amd_fake(bus->engine.queue[i]);
		if (f->entered)
			amd_xsmmu_test_remove(&f->iommu);
	}
}

static bool amd_fake_idle(struct fake_queue *q)
{
	if (READ_ONCE(q->head) != fake_queue_read(q, MMIO_CMD_TAIL_OFFSET))
		return false;
	/* If it is false, the log has been read and counted. */
	return !smp_load_acquire(&to_amd_fake(q)->unread);
}

/*
 * Wait until the engine has nothing left to do for an IOMMU, whatever the head
 * register says.
 */
static bool amd_fake_settled(struct amd_fake *f)
{
	return fake_queue_wait(&f->queue, amd_fake_idle);
}

/*
 * Read the last event of the log as the driver's interrupt thread does: count
 * it, then clear the entry.
 */
static void amd_fake_read_last(struct perf_event *watchpoint,
			       struct perf_sample_data *data,
			       struct pt_regs *regs)
{
	struct amd_fake *f = watchpoint->overflow_handler_context;
	u32 tail = fake_queue_read(&f->queue, MMIO_EVT_TAIL_OFFSET);
	u32 last = (tail - 16) % amd_xsmmu_event_log_size(&f->iommu);
	u32 *entry = (u32 *)(f->iommu.evt_buf + last);

	amd_xsmmu_event(&f->iommu, entry[1] >> 28, entry[0] & 0xffff);
	memset(entry, 0, 16);
}

/*
 * Call amd_fake_read_last() when the test's CPU has read the log's first entry.
 */
static struct perf_event *amd_fake_watch_log(struct kunit *test,
					     struct amd_fake *f)
{
	struct perf_event *watchpoint;
	struct perf_event_attr attr;

	hw_breakpoint_init(&attr);
	attr.bp_addr = (unsigned long)f->iommu.evt_buf + 4;
	attr.bp_len = HW_BREAKPOINT_LEN_4;
	attr.bp_type = HW_BREAKPOINT_RW;
	watchpoint = perf_event_create_kernel_counter(&attr,
						      f->queue.engine->test_cpu,
						      NULL, amd_fake_read_last,
						      f);
	if (IS_ERR(watchpoint))
		kunit_skip(test, "no watchpoint to be had");
	return watchpoint;
}

/*
 * From the @nth command on the ring is full. The driver reads the head register
 * only when the head that it remembers leaves no more than two free places.
 */
static void amd_fake_fill(struct amd_fake *f, unsigned int nth)
{
	u32 tail = f->iommu.cmd_buf_tail;

	f->armed = false;
	f->stays = (tail + (nth + 1) * 16) % CMD_BUFFER_SIZE;
	f->iommu.cmd_buf_head = (tail + (nth + 2) * 16) % CMD_BUFFER_SIZE;
	fake_queue_write(&f->queue, MMIO_CMD_HEAD_OFFSET, f->stays);
	WRITE_ONCE(f->queue.frozen, true);
}

/*
 * Hold the CPU of the test right after it has queued the @nth command, until
 * that command has been executed, and @ms longer. Interrupts must be on.
 */
static void amd_fake_hold(struct amd_fake *f, unsigned int nth, unsigned int ms)
{
	amd_fake_fill(f, nth);
	f->late = false;
	f->held_ms = ms;
	f->commands = f->queue.engine->n + nth;
	/* Last: if the engine sees it, the other fields are set. */
	smp_store_release(&f->armed, true);
}

/* The driver cannot queue the @nth command, but all that follow. */
static void amd_fake_refuse(struct amd_fake *f, unsigned int nth)
{
	amd_fake_fill(f, nth);
	f->late = true;
	f->held_ms = 0;
	f->commands = 0;
	/* Last: as above. */
	smp_store_release(&f->armed, true);
}

#endif /* _AMD_XSMMU_TEST_DECODER_H */
