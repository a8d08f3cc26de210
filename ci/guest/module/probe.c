// SPDX-License-Identifier: GPL-2.0
/*
 * Driver for the DMA probe. The registers, and what they mean, are described
 * in the header that the device itself is built from.
 */
#include <linux/bits.h>
#include <linux/dma-mapping.h>
#include <linux/io-64-nonatomic-lo-hi.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/spinlock.h>

#include "probe.h"

/**
 * struct probe - one DMA probe
 * @node:	in probes, under probes_lock
 * @pdev:	its PCI device
 * @bar:	its registers
 * @engines:	how many engines it has
 * @ledger_lock: held over the register writes of one ledger command
 * @engine_lock: per engine, held over the register writes of one command
 */
struct probe {
	struct list_head node;
	struct pci_dev *pdev;
	void __iomem *bar;
	int engines;
	spinlock_t ledger_lock;		/* one ledger command */
	/* one command of an engine */
	spinlock_t engine_lock[DMA_PROBE_MAX_ENGINES];
};

static LIST_HEAD(probes);
static DEFINE_MUTEX(probes_lock);

static u64 get(struct probe *p, unsigned int reg)
{
	return readq(p->bar + reg);
}

static void set(struct probe *p, unsigned int reg, u64 val)
{
	writeq(val, p->bar + reg);
}

static u64 engine_get(struct probe *p, int engine, unsigned int reg)
{
	return get(p, DMA_PROBE_ENGINE(engine) + reg);
}

static void engine_set(struct probe *p, int engine, unsigned int reg, u64 val)
{
	set(p, DMA_PROBE_ENGINE(engine) + reg, val);
}

static bool engine_exists(struct probe *p, int engine)
{
	return !WARN_ON_ONCE(engine < 0 || engine >= p->engines);
}

static int error_to_errno(u64 error)
{
	switch (error) {
	case DMA_PROBE_ERROR_NONE:
		return 0;
	case DMA_PROBE_ERROR_LEDGER_FULL:
		return -ENOSPC;
	case DMA_PROBE_ERROR_BUSY:
		return -EBUSY;
	default:
		return -EINVAL;
	}
}

/* Give a command to an engine whose lock is held. */
static int engine_command(struct probe *p, int engine, u64 cmd)
{
	u64 result;

	engine_set(p, engine, DMA_PROBE_ENGINE_CMD, cmd);
	result = engine_get(p, engine, DMA_PROBE_ENGINE_RESULT);
	if (result & DMA_PROBE_RESULT_REFUSED)
		return error_to_errno(result & 0xff);
	return result;
}

/* Take an engine for one command, unless it is hammering. */
static int engine_lock(struct probe *p, int engine, unsigned long *flags)
{
	spin_lock_irqsave(&p->engine_lock[engine], *flags);
	if (!engine_get(p, engine, DMA_PROBE_ENGINE_RUNNING))
		return 0;
	spin_unlock_irqrestore(&p->engine_lock[engine], *flags);
	return -EBUSY;
}

static void engine_unlock(struct probe *p, int engine, unsigned long flags)
{
	spin_unlock_irqrestore(&p->engine_lock[engine], flags);
}

static int engine_once(struct probe *p, int engine, dma_addr_t iova, size_t len,
		       u64 cmd, u64 pattern)
{
	unsigned long flags;
	int ret;

	if (!engine_exists(p, engine) || !len || len > DMA_PROBE_MAX_LEN)
		return -EINVAL;

	ret = engine_lock(p, engine, &flags);
	if (ret)
		return ret;
	engine_set(p, engine, DMA_PROBE_ENGINE_IOVA, iova);
	engine_set(p, engine, DMA_PROBE_ENGINE_LEN, len);
	engine_set(p, engine, DMA_PROBE_ENGINE_PATTERN, pattern);
	ret = engine_command(p, engine, cmd);
	engine_unlock(p, engine, flags);
	return ret;
}

/**
 * probe_read() - have the device read memory, now
 * @p:		the probe
 * @engine:	number of the engine to do it
 * @iova:	where
 * @len:	bytes, 1 .. DMA_PROBE_MAX_LEN; one access per 4 KiB page touched
 *
 * Return: 0 if the bus let every access through, a positive bus result if it
 * blocked one, -EBUSY if the engine is hammering, -EINVAL on a bad argument.
 */
int probe_read(struct probe *p, int engine, dma_addr_t iova, size_t len)
{
	return engine_once(p, engine, iova, len, DMA_PROBE_CMD_READ, 0);
}

/**
 * probe_write() - have the device write memory, now
 * @p:		the probe
 * @engine:	number of the engine to do it
 * @iova:	where
 * @len:	bytes, 1 .. DMA_PROBE_MAX_LEN; one access per 4 KiB page touched
 * @pattern:	what to write, repeated, lowest byte first
 *
 * Return: as probe_read().
 */
int probe_write(struct probe *p, int engine, dma_addr_t iova, size_t len,
		u64 pattern)
{
	return engine_once(p, engine, iova, len, DMA_PROBE_CMD_WRITE, pattern);
}

/**
 * probe_value() - first 8 bytes that the engine's last successful read found
 * @p:		the probe
 * @engine:	number of the engine
 *
 * Return: the bytes, lowest first; zeroes in place of those not read.
 */
u64 probe_value(struct probe *p, int engine)
{
	if (!engine_exists(p, engine))
		return 0;
	return engine_get(p, engine, DMA_PROBE_ENGINE_VALUE);
}

static int ledger_command(struct probe *p, dma_addr_t iova, size_t len, u64 cmd)
{
	unsigned long flags;
	int ret;

	spin_lock_irqsave(&p->ledger_lock, flags);
	set(p, DMA_PROBE_LEDGER_IOVA, iova);
	set(p, DMA_PROBE_LEDGER_LEN, len);
	set(p, DMA_PROBE_LEDGER_CMD, cmd);
	ret = error_to_errno(get(p, DMA_PROBE_LEDGER_RESULT));
	if (!ret && cmd == DMA_PROBE_LEDGER_CMD_QUERY)
		ret = get(p, DMA_PROBE_LEDGER_STATE);
	spin_unlock_irqrestore(&p->ledger_lock, flags);
	return ret;
}

/**
 * probe_dead() - declare a range dead: what it led to was freed
 * @p:		the probe
 * @iova:	start of the range
 * @len:	bytes; all pages that they touch are meant
 *
 * Return: 0, -ENOSPC if the ledger cannot hold the range, -EINVAL if the range
 * is empty or wraps. On an error the ledger is as it was.
 */
int probe_dead(struct probe *p, dma_addr_t iova, size_t len)
{
	return ledger_command(p, iova, len, DMA_PROBE_LEDGER_CMD_DEAD);
}

/**
 * probe_alive() - declare a range alive: it was mapped
 * @p:		the probe
 * @iova:	start of the range
 * @len:	bytes; all pages that they touch are meant
 *
 * Return: as probe_dead().
 */
int probe_alive(struct probe *p, dma_addr_t iova, size_t len)
{
	return ledger_command(p, iova, len, DMA_PROBE_LEDGER_CMD_ALIVE);
}

/**
 * probe_forget() - take a range off the ledger
 * @p:		the probe
 * @iova:	start of the range
 * @len:	bytes; all pages that they touch are meant
 *
 * Return: as probe_dead().
 */
int probe_forget(struct probe *p, dma_addr_t iova, size_t len)
{
	return ledger_command(p, iova, len, DMA_PROBE_LEDGER_CMD_FORGET);
}

/**
 * probe_state() - what the ledger knows about a page
 * @p:		the probe
 * @iova:	an address in the page
 *
 * Return: DMA_PROBE_PAGE_UNKNOWN, _DEAD or _ALIVE.
 */
int probe_state(struct probe *p, dma_addr_t iova)
{
	return ledger_command(p, iova, 1, DMA_PROBE_LEDGER_CMD_QUERY);
}

/**
 * probe_dead_pages() - number of pages that the ledger holds dead
 * @p:		the probe
 *
 * Return: pages of 4 KiB.
 */
u64 probe_dead_pages(struct probe *p)
{
	return get(p, DMA_PROBE_LEDGER_DEAD);
}

/**
 * probe_sweep() - try every dead page once, with one byte, now
 * @p:		the probe
 * @engine:	number of the engine to do it
 * @write:	write, else read
 *
 * All virtual CPUs that touch a device wait meanwhile; keep the dead pages to
 * some ten thousand.
 *
 * Return: accesses that landed, or -EBUSY or -EINVAL as probe_read().
 */
int probe_sweep(struct probe *p, int engine, bool write)
{
	unsigned int landed = DMA_PROBE_ENGINE_COUNTERS +
			      DMA_PROBE_COUNTER(write) + DMA_PROBE_LANDED;
	unsigned long flags;
	u64 before;
	int ret;

	if (!engine_exists(p, engine))
		return -EINVAL;

	ret = engine_lock(p, engine, &flags);
	if (ret)
		return ret;
	before = engine_get(p, engine, landed);
	engine_set(p, engine, DMA_PROBE_ENGINE_LEN, 1);
	ret = engine_command(p, engine, write ? DMA_PROBE_CMD_SWEEP_WRITE :
						DMA_PROBE_CMD_SWEEP_READ);
	if (ret >= 0)
		ret = engine_get(p, engine, landed) - before;
	engine_unlock(p, engine, flags);
	return ret;
}

static bool hammer_is_valid(const struct probe_hammer *h)
{
	return h->len && h->len <= DMA_PROBE_PAGE_SIZE &&
	       h->period_ns >= DMA_PROBE_MIN_PERIOD_NS &&
	       h->period_ns <= DMA_PROBE_MAX_PERIOD_NS &&
	       h->burst && h->burst <= DMA_PROBE_MAX_BURST;
}

/**
 * probe_hammer_start() - let an engine attack on its own
 * @p:		the probe
 * @engine:	number of the engine
 * @hammer:	what it shall do; copied
 *
 * Return: 0, -EBUSY if the engine is hammering already, -EINVAL on a bad
 * argument.
 */
int probe_hammer_start(struct probe *p, int engine,
		       const struct probe_hammer *hammer)
{
	unsigned long flags;
	int ret;

	if (!engine_exists(p, engine) || !hammer_is_valid(hammer))
		return -EINVAL;

	ret = engine_lock(p, engine, &flags);
	if (ret)
		return ret;
	engine_set(p, engine, DMA_PROBE_ENGINE_IOVA, hammer->iova);
	engine_set(p, engine, DMA_PROBE_ENGINE_LEN, hammer->len);
	engine_set(p, engine, DMA_PROBE_ENGINE_PATTERN, hammer->pattern);
	engine_set(p, engine, DMA_PROBE_ENGINE_PERIOD_NS, hammer->period_ns);
	engine_set(p, engine, DMA_PROBE_ENGINE_BURST, hammer->burst);
	engine_set(p, engine, DMA_PROBE_ENGINE_COUNT, hammer->count);
	engine_set(p, engine, DMA_PROBE_ENGINE_TARGET,
		   hammer->ledger ? DMA_PROBE_TARGET_LEDGER :
				    DMA_PROBE_TARGET_IOVA);
	ret = engine_command(p, engine,
			     hammer->write ? DMA_PROBE_CMD_START_WRITE :
					     DMA_PROBE_CMD_START_READ);
	engine_unlock(p, engine, flags);
	return ret;
}

/**
 * probe_hammer_stop() - stop an engine; harmless on an idle one
 * @p:		the probe
 * @engine:	number of the engine
 *
 * No access of the engine is under way when this returns.
 *
 * Return: accesses that it made since it was started.
 */
u64 probe_hammer_stop(struct probe *p, int engine)
{
	if (!engine_exists(p, engine))
		return 0;
	engine_set(p, engine, DMA_PROBE_ENGINE_CMD, DMA_PROBE_CMD_STOP);
	return engine_get(p, engine, DMA_PROBE_ENGINE_MADE);
}

/**
 * probe_hammer_running() - whether an engine still hammers
 * @p:		the probe
 * @engine:	number of the engine
 *
 * Return: false once it was stopped or made its count of accesses.
 */
bool probe_hammer_running(struct probe *p, int engine)
{
	if (!engine_exists(p, engine))
		return false;
	return engine_get(p, engine, DMA_PROBE_ENGINE_RUNNING);
}

/**
 * probe_get_counters() - read an engine's counters, or the sum of all
 * @p:		the probe
 * @engine:	number of the engine, or PROBE_ALL_ENGINES
 * @c:		filled in
 */
void probe_get_counters(struct probe *p, int engine, struct probe_counters *c)
{
	unsigned int base = DMA_PROBE_COUNTERS;
	unsigned int exposure = DMA_PROBE_EXPOSURE_NS;
	unsigned int dir, reg;

	memset(c, 0, sizeof(*c));
	if (engine != PROBE_ALL_ENGINES) {
		if (!engine_exists(p, engine))
			return;
		base = DMA_PROBE_ENGINE(engine) + DMA_PROBE_ENGINE_COUNTERS;
		exposure = DMA_PROBE_ENGINE(engine) +
			   DMA_PROBE_ENGINE_EXPOSURE_NS;
	}
	for (dir = DMA_PROBE_READ; dir <= DMA_PROBE_WRITE; dir++) {
		reg = base + DMA_PROBE_COUNTER(dir);
		c->tried[dir] = get(p, reg + DMA_PROBE_TRIED);
		c->ok[dir] = get(p, reg + DMA_PROBE_OK);
		c->faulted[dir] = get(p, reg + DMA_PROBE_FAULTED);
		c->landed[dir] = get(p, reg + DMA_PROBE_LANDED);
	}
	c->exposure_ns = get(p, exposure);
}

/**
 * probe_get_ats() - read the device TLB's counters
 * @p:		the probe
 * @ats:	filled in; zeroes if the device has no ATS
 */
void probe_get_ats(struct probe *p, struct probe_ats *ats)
{
	ats->enabled = get(p, DMA_PROBE_ATS_ENABLED);
	ats->hits = get(p, DMA_PROBE_ATS_HITS);
	ats->fills = get(p, DMA_PROBE_ATS_FILLS);
	ats->refused = get(p, DMA_PROBE_ATS_REFUSED);
	ats->invalidations = get(p, DMA_PROBE_ATS_INVALIDATIONS);
	ats->dropped = get(p, DMA_PROBE_ATS_DROPPED);
	ats->entries = get(p, DMA_PROBE_ATS_ENTRIES);
	ats->capacity = get(p, DMA_PROBE_ATS_CAPACITY);
	ats->overflows = get(p, DMA_PROBE_ATS_OVERFLOWS);
}

/**
 * probe_first_landing() - where the first access since the reset landed
 * @p:		the probe
 * @iova:	set to its address
 * @engine:	set to the engine that made it
 * @write:	set to whether it was a write
 *
 * Return: false, and nothing set, if none landed.
 */
bool probe_first_landing(struct probe *p, dma_addr_t *iova, int *engine,
			 bool *write)
{
	u64 where = get(p, DMA_PROBE_LANDED_IOVA);
	u64 who = get(p, DMA_PROBE_LANDED_BY);

	if (where == U64_MAX)
		return false;
	*iova = where;
	*engine = who & DMA_PROBE_LANDED_BY_ENGINE;
	*write = who & DMA_PROBE_LANDED_BY_WRITE;
	return true;
}

/**
 * probe_reset() - reset parts of the device
 * @p:		the probe
 * @what:	DMA_PROBE_RESET_* bits
 */
void probe_reset(struct probe *p, u64 what)
{
	set(p, DMA_PROBE_RESET, what);
}

/**
 * probe_errors() - errors that the device saw in its use; reading clears them
 * @p:		the probe
 * @first:	set to the first one, DMA_PROBE_ERROR_*
 * @offset:	set to the register that it was about
 *
 * Return: how many.
 */
u64 probe_errors(struct probe *p, u32 *first, u32 *offset)
{
	u64 count = get(p, DMA_PROBE_ERROR_COUNT);

	*first = get(p, DMA_PROBE_ERROR);
	*offset = get(p, DMA_PROBE_ERROR_OFFSET);
	set(p, DMA_PROBE_ERROR, 0);
	return count;
}

/**
 * probe_mark() - put a mark into QEMU's log, in order with its trace
 * @p:		the probe
 * @number:	appears as "dma_probe_mark <number>"
 */
void probe_mark(struct probe *p, u32 number)
{
	set(p, DMA_PROBE_MARK, number);
}

/**
 * probe_clock_ns() - QEMU's virtual clock
 * @p:		the probe
 *
 * Return: nanoseconds.
 */
u64 probe_clock_ns(struct probe *p)
{
	return get(p, DMA_PROBE_CLOCK_NS);
}

/**
 * probe_has_instructions() - whether QEMU counts instructions (-icount)
 * @p:		the probe
 *
 * Return: whether probe_instructions() means anything.
 */
bool probe_has_instructions(struct probe *p)
{
	return get(p, DMA_PROBE_FEATURES) & DMA_PROBE_FEATURE_ICOUNT;
}

/**
 * probe_instructions() - instructions that the guest executed so far
 * @p:		the probe
 *
 * Return: their number, of all virtual CPUs; 0 without -icount.
 */
u64 probe_instructions(struct probe *p)
{
	return get(p, DMA_PROBE_INSTRUCTIONS);
}

/**
 * probe_count() - number of probes present
 *
 * Return: how many probe_get() knows. Sleeps.
 */
int probe_count(void)
{
	struct probe *p;
	int count = 0;

	mutex_lock(&probes_lock);
	list_for_each_entry(p, &probes, node)
		count++;
	mutex_unlock(&probes_lock);
	return count;
}

/**
 * probe_get() - find a probe
 * @index:	0 for the first, in the order in which they were found
 *
 * Return: the probe, valid until it is unplugged, or NULL. Sleeps.
 */
struct probe *probe_get(int index)
{
	struct probe *p, *found = NULL;

	mutex_lock(&probes_lock);
	list_for_each_entry(p, &probes, node) {
		if (!index--) {
			found = p;
			break;
		}
	}
	mutex_unlock(&probes_lock);
	return found;
}

/**
 * probe_dev() - the device to map buffers for
 * @p:		the probe
 *
 * Return: what the DMA API takes.
 */
struct device *probe_dev(struct probe *p)
{
	return &p->pdev->dev;
}

/**
 * probe_engines() - number of engines
 * @p:		the probe
 *
 * Return: engines are numbered from 0 to one less.
 */
int probe_engines(struct probe *p)
{
	return p->engines;
}

static int check_identity(struct probe *p)
{
	struct device *dev = &p->pdev->dev;
	u64 version = get(p, DMA_PROBE_VERSION);

	if (get(p, DMA_PROBE_ID) != DMA_PROBE_MAGIC)
		return dev_err_probe(dev, -ENODEV, "not a DMA probe\n");
	if (version != DMA_PROBE_VERSION_NOW)
		return dev_err_probe(dev, -ENODEV,
				     "version %llu, this driver knows %u\n",
				     version, DMA_PROBE_VERSION_NOW);
	return 0;
}

static int probe_bind(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct probe *p;
	int ret, i;

	p = devm_kzalloc(&pdev->dev, sizeof(*p), GFP_KERNEL);
	if (!p)
		return -ENOMEM;
	p->pdev = pdev;
	spin_lock_init(&p->ledger_lock);
	for (i = 0; i < DMA_PROBE_MAX_ENGINES; i++)
		spin_lock_init(&p->engine_lock[i]);

	ret = pcim_enable_device(pdev);
	if (ret)
		return ret;
	p->bar = pcim_iomap(pdev, DMA_PROBE_BAR, DMA_PROBE_BAR_SIZE);
	if (!p->bar)
		return -ENOMEM;
	ret = check_identity(p);
	if (ret)
		return ret;
	ret = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(64));
	if (ret)
		return ret;

	probe_reset(p, DMA_PROBE_RESET_ALL);
	p->engines = min_t(u64, get(p, DMA_PROBE_ENGINES),
			   DMA_PROBE_MAX_ENGINES);
	pci_set_master(pdev);
	pci_set_drvdata(pdev, p);
	mutex_lock(&probes_lock);
	list_add_tail(&p->node, &probes);
	mutex_unlock(&probes_lock);
	return 0;
}

static void probe_unbind(struct pci_dev *pdev)
{
	struct probe *p = pci_get_drvdata(pdev);

	mutex_lock(&probes_lock);
	list_del(&p->node);
	mutex_unlock(&probes_lock);
	probe_reset(p, DMA_PROBE_RESET_ALL);
	pci_clear_master(pdev);
}

static const struct pci_device_id probe_ids[] = {
	{ PCI_DEVICE(DMA_PROBE_VENDOR_ID, DMA_PROBE_DEVICE_ID) },
	{ }
};
MODULE_DEVICE_TABLE(pci, probe_ids);

static struct pci_driver probe_driver = {
	.name = "dma_probe",
	.id_table = probe_ids,
	.probe = probe_bind,
	.remove = probe_unbind,
};

/**
 * probe_init() - bind to every probe present
 *
 * Return: 0 or an error of pci_register_driver(). Sleeps.
 */
int probe_init(void)
{
	return pci_register_driver(&probe_driver);
}

/**
 * probe_exit() - stop every probe and let go of it. Sleeps.
 */
void probe_exit(void)
{
	pci_unregister_driver(&probe_driver);
}
