/* SPDX-License-Identifier: GPL-2.0 */
/*
 * AMD IOMMUs in memory, and an engine that executes their commands.
 *
 * DOC: the fake IOMMU
 *
 * The registers, the command ring, the event log and the word that completion
 * waits write are memory, and the driver's own functions work on them. The
 * engine is a thread. It runs on a CPU of its own, because a sync spins with
 * interrupts off. It reads the tail of each ring and executes the commands in
 * order. It executes each command only some time after it was queued, so a sync
 * that does not wait where it has to returns too early.
 *
 * One log records the commands of all IOMMUs in the order of their execution.
 *
 * While a ring seems full, a CPU that queues a command spins under the driver's
 * lock with interrupts off. If the engine then sends it an interrupt, the CPU
 * takes it right after it has queued the command. See fake_hold().
 *
 * The driver finds its IOMMUs in a table that is rarely full. The fake ones
 * stand at its end, and the driver's own functions do not look there unless a
 * test raises amd_xsmmu_test_iommus.
 *
 * Included by xsmmu-test.c, which is included at the end of xsmmu.c.
 */
#ifndef _AMD_XSMMU_TEST_QUEUE_H
#define _AMD_XSMMU_TEST_QUEUE_H

#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/hw_breakpoint.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/perf_event.h>
#include <linux/smp.h>

#define FAKE_LOG	256
#define FAKE_IOMMUS	(AMD_SYNC_IOMMUS + 1)
#define FAKE_WATCHED	4
#define FAKE_INDEX(i)	(MAX_IOMMUS - FAKE_IOMMUS + (i))

/* A PCI segment that no machine has. */
#define FAKE_SEGMENT	0xffff

/* Time from the queueing of a command to its execution. */
#define FAKE_DELAY_US	100
#define FAKE_LONG_US	3000

/* How long a test waits for the engine. */
#define FAKE_PATIENCE_MS	10000

/* Registers are below 0x2028. */
#define FAKE_REGISTERS	(3 * PAGE_SIZE)

/* A source id that no device has. */
#define FAKE_NO_DEVICE	(-1)

/* When the engine reads the log, as the driver's interrupt thread does. */
enum fake_reader {
	FAKE_READS_BEFORE,	/* before it executes the next command */
	FAKE_READS_AFTER,	/* after it has executed the next command */
	FAKE_READS_NEVER,
};

/**
 * struct fake_event - what an IOMMU logs
 * @type: event code (2.5), 0 for none
 * @behind: code of another event that is logged right before it, 0 for none
 * @opcode: opcode of the command on which the event is logged, once
 * @halts: the IOMMU fetches no more commands afterwards
 * @reader: when the event is read from the log
 */
struct fake_event {
	unsigned int type;
	unsigned int behind;
	unsigned int opcode;
	bool halts;
	enum fake_reader reader;
};

/**
 * struct fake_amd - an IOMMU that is memory
 * @iommu: what the driver sees
 * @head: the engine's position in the ring
 * @seen: when the engine saw the command at @head
 * @delay_us: time from then to the command's execution
 * @halted: the IOMMU fetches no more commands
 * @mute: completion waits never complete
 * @silent: source id of a device that does not answer
 * @event: the event to log
 * @unread: the engine has to read an event from the log
 * @bus: the bus that the IOMMU is on
 * @full: the head register stays at @stays
 * @stays: a value that the driver knows once it finds the ring full
 * @armed: the engine interrupts a CPU that finds the ring full
 * @late: only that interrupt ends @full, so the driver gives up first
 * @commands: number of executed commands for which fake_held() waits
 * @held_ms: how long fake_held() waits after that
 * @csd: calls fake_held()
 */
struct fake_amd {
	struct amd_iommu iommu;
	u32 head;
	ktime_t seen;
	unsigned int delay_us;
	bool halted;
	bool mute;
	int silent;
	struct fake_event event;
	bool unread;
	struct fake_amd_bus *bus;
	bool full;
	u32 stays;
	bool armed;
	bool late;
	unsigned int commands;
	unsigned int held_ms;
	call_single_data_t csd;
};

struct fake_executed {
	unsigned int iommu;
	u32 dw[4];
};

/**
 * struct fake_amd_bus - the fake IOMMUs of a test and their engine
 * @fake: the IOMMUs
 * @seg: the PCI segment that they stand on
 * @engine: one thread for all
 * @log: executed commands, in order
 * @n: number of entries in @log
 * @watched: page-table pages that the driver may free
 * @freed_early: one was free when a command was executed
 * @cpu: the CPU of the test
 */
struct fake_amd_bus {
	struct fake_amd *fake[FAKE_IOMMUS];
	struct amd_iommu_pci_seg seg;
	struct task_struct *engine;
	struct fake_executed log[FAKE_LOG];
	unsigned int n;
	struct page *watched[FAKE_WATCHED];
	bool freed_early;
	unsigned int cpu;
};

static u32 fake_read(struct fake_amd *f, unsigned int reg)
{
	return readl(f->iommu.mmio_base + reg);
}

static void fake_write(struct fake_amd *f, unsigned int reg, u32 val)
{
	writel(val, f->iommu.mmio_base + reg);
}

/* Append to the event log: code, and the address of the command at the head. */
static void fake_log_event(struct fake_amd *f, unsigned int type)
{
	u32 tail = fake_read(f, MMIO_EVT_TAIL_OFFSET);
	u32 *entry = (u32 *)(f->iommu.evt_buf + tail);
	u64 address = iommu_virt_to_phys(f->iommu.cmd_buf + f->head);

	entry[0] = 0;
	entry[2] = lower_32_bits(address);
	entry[3] = upper_32_bits(address);
	WRITE_ONCE(entry[1], type << 28);
	fake_write(f, MMIO_EVT_TAIL_OFFSET, (tail + 16) % EVT_BUFFER_SIZE);
}

static void fake_event(struct fake_amd *f, unsigned int opcode)
{
	if (!f->event.type || f->event.opcode != opcode)
		return;
	if (f->event.behind)
		fake_log_event(f, f->event.behind);
	fake_log_event(f, f->event.type);
	f->event.type = 0;
	f->halted = f->event.halts;
	if (f->event.reader == FAKE_READS_BEFORE)
		amd_xsmmu_test_events(&f->iommu);
	f->unread = f->event.reader == FAKE_READS_AFTER;
}

static void fake_log_command(struct fake_amd_bus *bus, struct fake_amd *f,
			     const u32 *dw)
{
	struct fake_executed *entry = &bus->log[bus->n];
	unsigned int i;

	if (bus->n == FAKE_LOG)
		return;
	entry->iommu = f->iommu.index;
	memcpy(entry->dw, dw, sizeof(entry->dw));
	for (i = 0; i < FAKE_WATCHED; i++)
		if (bus->watched[i] && page_count(bus->watched[i]) < 2)
			bus->freed_early = true;
	/* If a reader sees the count, it sees the entry. */
	smp_store_release(&bus->n, bus->n + 1);
}

/* Does a command ever end? */
static bool fake_ends(struct fake_amd *f, const u32 *dw)
{
	switch (dw[1] >> 28) {
	case 0x1:
		return !READ_ONCE(f->mute);
	case 0x4:
		return (dw[0] & 0xffff) != READ_ONCE(f->silent);
	}
	return true;
}

/* 2.4.1: store address in 51:3, data in the last two words. */
static void fake_complete(const u32 *dw)
{
	u64 *sem = iommu_phys_to_virt((u64)(dw[1] & 0xfffff) << 32 |
				      (dw[0] & ~0x7));

	/*
	 * If a CPU sees the value, it sees the effects of all commands before.
	 */
	smp_store_release(sem, (u64)dw[3] << 32 | dw[2]);
}

static void fake_execute(struct fake_amd_bus *bus, struct fake_amd *f)
{
	unsigned int opcode;
	bool unread;
	u32 dw[4];

	memcpy(dw, f->iommu.cmd_buf + f->head, sizeof(dw));
	if (!fake_ends(f, dw))
		return;
	opcode = dw[1] >> 28;
	unread = f->unread;
	fake_event(f, opcode);
	fake_log_command(bus, f, dw);
	f->head = (f->head + 16) % CMD_BUFFER_SIZE;
	f->seen = 0;
	if (!f->full)
		fake_write(f, MMIO_CMD_HEAD_OFFSET, f->head);
	/* Last: the test may then read everything else. */
	if (opcode == 0x1)
		fake_complete(dw);
	if (unread) {
		amd_xsmmu_test_events(&f->iommu);
		/* Pairs with fake_busy(): the log is read, then this. */
		smp_store_release(&f->unread, false);
	}
}

/* Has a CPU that queues a command found the ring full? */
static bool fake_holds(struct fake_amd *f)
{
	return READ_ONCE(f->full) &&
	       READ_ONCE(f->iommu.cmd_buf_head) == f->stays;
}

/* The head register tells the truth again. */
static void fake_release(struct fake_amd *f)
{
	WRITE_ONCE(f->full, false);
	fake_write(f, MMIO_CMD_HEAD_OFFSET, f->head);
}

/* On the CPU that queued the command. */
static void fake_held(void *data)
{
	ktime_t end = ktime_add_ms(ktime_get(), FAKE_PATIENCE_MS);
	struct fake_amd *f = data;

	/* If the count is there, so is what the engine wrote before it. */
	while (smp_load_acquire(&f->bus->n) < f->commands &&
	       ktime_before(ktime_get(), end))
		cpu_relax();
	mdelay(f->held_ms);
	if (f->late)
		fake_release(f);
}

static void fake_run(struct fake_amd_bus *bus, struct fake_amd *f)
{
	/* If it is armed, the other fields are set. */
	if (smp_load_acquire(&f->armed) && fake_holds(f)) {
		f->armed = false;
		smp_call_function_single_async(bus->cpu, &f->csd);
		if (!f->late)
			fake_release(f);
	}
	if (f->halted || fake_read(f, MMIO_CMD_TAIL_OFFSET) == f->head)
		return;
	if (!f->seen)
		f->seen = ktime_get();
	if (ktime_us_delta(ktime_get(), f->seen) >= READ_ONCE(f->delay_us))
		fake_execute(bus, f);
}

static int fake_engine(void *data)
{
	struct fake_amd_bus *bus = data;
	unsigned int i;

	while (!kthread_should_stop()) {
		for (i = 0; i < FAKE_IOMMUS; i++)
			if (bus->fake[i])
				fake_run(bus, bus->fake[i]);
		cond_resched();
		cpu_relax();
	}
	return 0;
}

static void *fake_memory(struct kunit *test, size_t size)
{
	void *memory = kunit_kzalloc(test, size, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, memory);
	return memory;
}

static void fake_create(struct kunit *test, unsigned int i)
{
	struct fake_amd *f = fake_memory(test, sizeof(*f));
	struct fake_amd_bus *bus = test->priv;

	if (amd_iommus[FAKE_INDEX(i)])
		kunit_skip(test, "no place for a fake IOMMU");
	raw_spin_lock_init(&f->iommu.lock);
	f->bus = bus;
	INIT_CSD(&f->csd, fake_held, f);
	f->iommu.index = FAKE_INDEX(i);
	f->iommu.pci_seg = &bus->seg;
	f->iommu.mmio_base = (void __iomem *)fake_memory(test, FAKE_REGISTERS);
	f->iommu.cmd_buf = fake_memory(test, CMD_BUFFER_SIZE);
	f->iommu.evt_buf = fake_memory(test, EVT_BUFFER_SIZE);
	f->iommu.cmd_sem = fake_memory(test, PAGE_SIZE);
	f->delay_us = FAKE_DELAY_US;
	f->silent = FAKE_NO_DEVICE;
	bus->fake[i] = f;
	amd_iommus[f->iommu.index] = &f->iommu;
}

/*
 * Start the engine on another CPU than the test, and pin the test to its CPU.
 */
static void fake_start(struct kunit *test)
{
	unsigned int cpu = cpumask_first(cpu_online_mask);
	struct fake_amd_bus *bus = test->priv;

	bus->cpu = cpu;
	set_cpus_allowed_ptr(current, cpumask_of(cpu));
	cpu = cpumask_any_but(cpu_online_mask, cpu);
	if (cpu >= nr_cpu_ids)
		kunit_skip(test, "the engine needs a second CPU");
	bus->engine = kthread_run_on_cpu(fake_engine, bus, cpu, "fake-amd/%u");
	if (IS_ERR(bus->engine))
		bus->engine = NULL;
	KUNIT_ASSERT_NOT_NULL(test, bus->engine);
}

static void fake_stop(struct fake_amd_bus *bus)
{
	unsigned int i;

	if (bus->engine)
		kthread_stop(bus->engine);
	for (i = 0; i < FAKE_IOMMUS; i++)
		if (bus->fake[i])
			amd_iommus[FAKE_INDEX(i)] = NULL;
}

static bool fake_busy(struct fake_amd *f)
{
	if (fake_read(f, MMIO_CMD_HEAD_OFFSET) !=
	    fake_read(f, MMIO_CMD_TAIL_OFFSET))
		return true;
	/* If it is false, the log has been read and counted. */
	return smp_load_acquire(&f->unread);
}

/* Wait until the engine has nothing left to do for an IOMMU. */
static bool fake_settled(struct fake_amd *f)
{
	ktime_t end = ktime_add_ms(ktime_get(), FAKE_PATIENCE_MS);

	while (fake_busy(f)) {
		if (ktime_after(ktime_get(), end))
			return false;
		cpu_relax();
	}
	return true;
}

/*
 * Read the last event of the log as the driver's interrupt thread does: count
 * it, then clear the entry.
 */
static void fake_read_last(struct perf_event *watchpoint,
			   struct perf_sample_data *data, struct pt_regs *regs)
{
	struct fake_amd *f = watchpoint->overflow_handler_context;
	u32 at = (fake_read(f, MMIO_EVT_TAIL_OFFSET) - 16) % EVT_BUFFER_SIZE;
	u32 *entry = (u32 *)(f->iommu.evt_buf + at);

	amd_xsmmu_event(&f->iommu, entry[1] >> 28);
	memset(entry, 0, 16);
}

/* Call fake_read_last() when the test's CPU has read the log's first entry. */
static struct perf_event *fake_watch_log(struct kunit *test, struct fake_amd *f)
{
	struct perf_event *watchpoint;
	struct perf_event_attr attr;

	hw_breakpoint_init(&attr);
	attr.bp_addr = (unsigned long)f->iommu.evt_buf + 4;
	attr.bp_len = HW_BREAKPOINT_LEN_4;
	attr.bp_type = HW_BREAKPOINT_RW;
	watchpoint = perf_event_create_kernel_counter(&attr, f->bus->cpu, NULL,
						      fake_read_last, f);
	if (IS_ERR(watchpoint))
		kunit_skip(test, "no watchpoint to be had");
	return watchpoint;
}

/* Wait until all commands are executed, whatever the head register says. */
static bool fake_executed(struct fake_amd *f)
{
	ktime_t end = ktime_add_ms(ktime_get(), FAKE_PATIENCE_MS);

	while (READ_ONCE(f->head) != fake_read(f, MMIO_CMD_TAIL_OFFSET)) {
		if (ktime_after(ktime_get(), end))
			return false;
		cpu_relax();
	}
	return true;
}

/*
 * From the @nth command on the ring is full. The driver reads the head register
 * only when the head that it remembers leaves no more than two free places.
 */
static void fake_fill(struct fake_amd *f, unsigned int nth)
{
	u32 tail = f->iommu.cmd_buf_tail;

	f->armed = false;
	f->stays = (tail + (nth + 1) * 16) % CMD_BUFFER_SIZE;
	f->iommu.cmd_buf_head = (tail + (nth + 2) * 16) % CMD_BUFFER_SIZE;
	fake_write(f, MMIO_CMD_HEAD_OFFSET, f->stays);
	WRITE_ONCE(f->full, true);
}

/*
 * Hold the CPU of the test right after it has queued the @nth command, until
 * that command has been executed, and @ms longer. Interrupts must be on.
 */
static void fake_hold(struct fake_amd *f, unsigned int nth, unsigned int ms)
{
	fake_fill(f, nth);
	f->late = false;
	f->held_ms = ms;
	f->commands = f->bus->n + nth;
	/* Last: if the engine sees it, the other fields are set. */
	smp_store_release(&f->armed, true);
}

/* The driver cannot queue the @nth command, but all that follow. */
static void fake_refuse(struct fake_amd *f, unsigned int nth)
{
	fake_fill(f, nth);
	f->late = true;
	f->held_ms = 0;
	f->commands = 0;
	/* Last: as above. */
	smp_store_release(&f->armed, true);
}

#endif /* _AMD_XSMMU_TEST_QUEUE_H */
