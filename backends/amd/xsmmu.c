// SPDX-License-Identifier: GPL-2.0
/*
 * xSMMU backend for AMD-Vi: one invalidation of a whole domain, or invalidations
 * of a few runs of its pages.
 *
 * Section numbers are those of the "AMD I/O Virtualization Technology (IOMMU)
 * Specification", publication 48882, revision 3.
 */
#include <linux/bitfield.h>
#include <linux/delay.h>
#include <linux/init.h>
#include <linux/iommu.h>
#include <linux/ktime.h>
#include <linux/pci.h>
#include "../xsmmu/blocks.h"
#include "amd_iommu.h"
#include "xsmmu.h"
#include "xsmmu-base.h"

/* Opcodes, in the last four bits of the second word (2.4.1, 2.4.3, 2.4.4). */
#define AMD_OPCODE		GENMASK(31, 28)
#define AMD_COMPLETION_WAIT	0x1
#define AMD_INV_IOMMU_PAGES	0x3
#define AMD_INV_IOTLB_PAGES	0x4

/* COMPLETION_WAIT: first word; store the data. */
#define AMD_STORE		BIT(0)

/* INVALIDATE_IOMMU_PAGES: second word, and the low bits of the third. */
#define AMD_DOMAIN_ID		GENMASK(15, 0)
#define AMD_S			BIT_ULL(0)
#define AMD_PDE			BIT(1)
#define AMD_GN			BIT(2)

/* INVALIDATE_IOTLB_PAGES: first word, and the second. */
#define AMD_DEVICE_ID		GENMASK(15, 0)
#define AMD_MAXPEND		GENMASK(31, 24)
#define AMD_QUEUE_ID		GENMASK(15, 0)

/*
 * With S=1 the lowest zero bit of the address, from bit 12 on, gives the size.
 * Here that is bit 63, and the size is the whole address space.
 */
#define AMD_ALL			(GENMASK_ULL(62, 12) | AMD_S)

/*
 * How long a sync waits for an IOMMU, in microseconds. Behind an IOMMU with device
 * TLBs, the wait of a domain may stand in the queue behind that for a silent
 * device of another domain, for which the driver lets the IOMMU wait one second.
 */
#define AMD_WAIT_US		100000
#define AMD_WAIT_DEVTLB_US	1200000

/* Half of the time that the driver lets the IOMMU wait for a device. */
#define AMD_DEVTLB_NS		(NSEC_PER_SEC / 2)

/*
 * How often to repeat the invalidations of the device TLBs because they took too
 * long and a device of another domain did not answer.
 */
#define AMD_REPEATS		2

/* IOMMUs of one domain. A sync of a domain with more fails. */
#define AMD_SYNC_IOMMUS		16

/*
 * An IOMMU that got no device-TLB invalidation. No offset of an event is odd.
 */
#define AMD_SYNC_NO_DEVTLB	1

/*
 * The most blocks that a sync names. To name them costs each TLB, the IOMMU's and
 * those of the devices, a command per block, and the CPU a turn with the lock of
 * the command buffer and a write to a register. To drop everything costs one
 * command, and then a walk, of one read of memory or more, for every page that the
 * devices go on using. A NIC uses hundreds. How many pages are worth that is what
 * xsmmu_most_pages decides, for all backends. 16 blocks are two for each of the
 * XSMMU_MAX_RUNS runs that core names, the most that it takes to cover them. So this
 * limit does not refuse what that one allows. A smaller one is for an IOMMU whose
 * commands are slow. An estimate: no hardware was measured.
 */
static struct xsmmu_limit amd_most_blocks = {
	.value = 16, .most = XSMMU_MAX_BLOCKS,
};

/**
 * struct amd_sync_iommu - an IOMMU that a sync has sent commands to
 * @iommu: the IOMMU
 * @errors: its count of command errors before the first command
 * @timeouts: the same for time-outs of devices whose domain is known
 * @tail: end of its event log before the first device-TLB invalidation, or
 *	%AMD_SYNC_NO_DEVTLB
 */
struct amd_sync_iommu {
	struct amd_iommu *iommu;
	u32 errors;
	u32 timeouts;
	u32 tail;
};

/**
 * struct amd_sync - one sync under way; on its caller's stack
 * @pdom: the domain
 * @leaf_only: only leaf entries changed
 * @blocks: what the commands name: last two words, less PDE and GN
 * @timeouts: the domain's count of time-outs before the first command
 * @n: number of @iommus in use
 * @iommus: the IOMMUs that got commands, each once
 */
struct amd_sync {
	struct protection_domain *pdom;
	bool leaf_only;
	struct xsmmu_blocks blocks;
	int timeouts;
	unsigned int n;
	struct amd_sync_iommu iommus[AMD_SYNC_IOMMUS];
};

/*
 * INVALIDATE_IOMMU_PAGES (2.4.3) of what @pages names, everything or a block.
 * With PDE=0 cached directory entries may stay, which is right as long as none
 * of them was changed. The IOMMU caches translations by v2 tables as guest
 * translations, GN=1, and those of requests without a PASID under PASID 0
 * (GIOV). The bits of the PASID are zero.
 */
static struct amd_xsmmu_cmd amd_pages_cmd(u16 domain_id, u64 pages, bool guest,
					  bool leaf_only)
{
	return (struct amd_xsmmu_cmd) { {
		0,
		FIELD_PREP(AMD_OPCODE, AMD_INV_IOMMU_PAGES) |
		FIELD_PREP(AMD_DOMAIN_ID, domain_id),
		lower_32_bits(pages) | (leaf_only ? 0 : AMD_PDE) |
		(guest ? AMD_GN : 0),
		upper_32_bits(pages),
	} };
}

/*
 * INVALIDATE_IOTLB_PAGES (2.4.4) of what @pages names in a device's TLB and the
 * device has requested without a PASID, or with @guest, under PASID 0. The
 * queue id is the device id, as in the driver, also for virtual functions.
 */
static struct amd_xsmmu_cmd amd_devtlb_cmd(u16 device_id, int qdep, u64 pages,
					   bool guest)
{
	return (struct amd_xsmmu_cmd) { {
		FIELD_PREP(AMD_DEVICE_ID, device_id) |
		FIELD_PREP(AMD_MAXPEND, qdep & 0xff),
		FIELD_PREP(AMD_OPCODE, AMD_INV_IOTLB_PAGES) |
		FIELD_PREP(AMD_QUEUE_ID, device_id),
		lower_32_bits(pages) | (guest ? AMD_GN : 0),
		upper_32_bits(pages),
	} };
}

/**
 * amd_xsmmu_wait_cmd - make a COMPLETION_WAIT (2.4.1)
 * @phys: physical address of the word that the IOMMU stores to, aligned to 8
 * @number: what it stores
 *
 * Return: the command.
 */
struct amd_xsmmu_cmd amd_xsmmu_wait_cmd(u64 phys, u64 number)
{
	return (struct amd_xsmmu_cmd) { {
		lower_32_bits(phys) | AMD_STORE,
		FIELD_PREP(AMD_OPCODE, AMD_COMPLETION_WAIT) |
		upper_32_bits(phys),
		lower_32_bits(number),
		upper_32_bits(number),
	} };
}

/*
 * The entry of an IOMMU that is to get a command, or NULL if there is no place.
 * A new entry takes the counts of errors: a later error may be this command's.
 */
static struct amd_sync_iommu *amd_sync_find(struct amd_sync *sync,
					    struct amd_iommu *iommu)
{
	struct amd_sync_iommu *entry;

	for (entry = sync->iommus; entry < sync->iommus + sync->n; entry++)
		if (entry->iommu == iommu)
			return entry;
	if (sync->n == AMD_SYNC_IOMMUS)
		return NULL;
	sync->n++;
	entry->iommu = iommu;
	entry->errors = READ_ONCE(iommu->xsmmu_errors);
	entry->timeouts = READ_ONCE(iommu->xsmmu_timeouts);
	entry->tail = AMD_SYNC_NO_DEVTLB;
	return entry;
}

/* Has an IOMMU stored @number, or a later one? Numbers wrap. */
static bool amd_reached(const u64 *word, u64 number)
{
	return (s64)(READ_ONCE(*word) - number) >= 0;
}

static unsigned int amd_wait_limit(const struct amd_iommu *iommu)
{
	return amd_xsmmu_has_devtlbs(iommu) ? AMD_WAIT_DEVTLB_US : AMD_WAIT_US;
}

/*
 * Wait until an IOMMU has executed all commands queued so far. The wait has a
 * command, a number and a word of its own. The driver's waits are not used: one
 * that finds another CPU's wait in the queue may rely on that, and before Linux
 * 6.1.192 it did so without waiting for it.
 *
 * Bounded by a count, as in the driver: a virtual CPU that was held up looks
 * again before it gives up.
 */
static int amd_wait(struct amd_iommu *iommu)
{
	unsigned int i, limit = amd_wait_limit(iommu);
	const u64 *word = amd_xsmmu_wait_word(iommu);
	u64 number;
	int err;

	err = amd_xsmmu_queue_wait(iommu, &number);
	if (err)
		return err;
	for (i = 0; !amd_reached(word, number); i++) {
		if (i == limit)
			return -EIO;
		udelay(1);
	}
	return 0;
}

/* Wait for each IOMMU, or for each with device TLBs. */
static int amd_sync_wait(struct amd_sync *sync, bool devtlbs)
{
	unsigned int i;
	int err;

	for (i = 0; i < sync->n; i++) {
		if (devtlbs && sync->iommus[i].tail == AMD_SYNC_NO_DEVTLB)
			continue;
		err = amd_wait(sync->iommus[i].iommu);
		if (err)
			return err;
	}
	return 0;
}

static int amd_sync_target(void *arg, struct amd_iommu *iommu, u16 domid)
{
	struct amd_sync *sync = arg;
	struct amd_xsmmu_cmd cmd;
	unsigned int i;
	int err = 0;

	if (!amd_sync_find(sync, iommu))
		return -ENOSPC;
	for (i = 0; !err && i < sync->blocks.n; i++) {
		cmd = amd_pages_cmd(domid, sync->blocks.block[i],
				    amd_xsmmu_is_guest(sync->pdom),
				    sync->leaf_only);
		err = amd_xsmmu_queue(iommu, &cmd);
	}
	return err;
}

/* All IOMMUs work at the same time, then the sync waits for each. */
static int amd_sync_iommus(struct amd_sync *sync)
{
	int err = amd_xsmmu_each_target(sync->pdom, amd_sync_target, sync);

	return err ?: amd_sync_wait(sync, false);
}

/* A device that was pulled out does not answer, and does no DMA either. */
static bool amd_device_gone(struct device *dev)
{
	return dev_is_pci(dev) &&
	       to_pci_dev(dev)->error_state == pci_channel_io_perm_failure;
}

/* With v2 tables the driver turns PASIDs on together with ATS. */
static int amd_queue_devtlb(const struct amd_sync *sync,
			    struct amd_iommu *iommu, u16 devid, int qdep,
			    u64 pages)
{
	struct amd_xsmmu_cmd cmd = amd_devtlb_cmd(devid, qdep, pages, false);
	int err = amd_xsmmu_queue(iommu, &cmd);

	if (err || !amd_xsmmu_is_guest(sync->pdom))
		return err;
	cmd = amd_devtlb_cmd(devid, qdep, pages, true);
	return amd_xsmmu_queue(iommu, &cmd);
}

static int amd_sync_device(void *arg, struct amd_iommu *iommu,
			   struct device *dev, u16 devid, int qdep)
{
	struct amd_sync_iommu *entry;
	struct amd_sync *sync = arg;
	unsigned int i;
	int err = 0;

	if (amd_device_gone(dev))
		return 0;
	entry = amd_sync_find(sync, iommu);
	if (!entry)
		return -ENOSPC;
	if (entry->tail == AMD_SYNC_NO_DEVTLB)
		entry->tail = amd_xsmmu_event_tail(iommu);
	for (i = 0; !err && i < sync->blocks.n; i++)
		err = amd_queue_devtlb(sync, iommu, devid, qdep,
				       sync->blocks.block[i]);
	return err;
}

static bool amd_sync_has_devtlbs(const struct amd_sync *sync)
{
	unsigned int i;

	for (i = 0; i < sync->n; i++)
		if (sync->iommus[i].tail != AMD_SYNC_NO_DEVTLB)
			return true;
	return false;
}

/*
 * What have the IOMMUs logged since the first command of a sync?
 *
 * After an illegal command or a hardware error an IOMMU fetches no more commands
 * (2.5.6, 2.5.7), and the wait fails. This check is for errors after which the
 * IOMMU goes on. A device that does not answer is such an error, and the event
 * names the device. It is an error of this sync unless the device is known to be
 * in another domain.
 *
 * The driver's thread reads the log later, so look at the entries that it has
 * not read. See amd_xsmmu_logged() for what that can miss: the log finds a silent
 * device by best effort only. The time limit of the device TLBs is for that.
 */
static enum amd_xsmmu_logged amd_sync_logged(const struct amd_sync *sync)
{
	enum amd_xsmmu_logged found = AMD_XSMMU_NO_ERROR;
	const struct amd_sync_iommu *entry;

	for (entry = sync->iommus; entry < sync->iommus + sync->n; entry++) {
		if (entry->tail != AMD_SYNC_NO_DEVTLB)
			found = max(found, amd_xsmmu_logged(entry->iommu,
							    entry->tail,
							    sync->pdom));
		/*
		 * V1, pairs with V0: the entries of the log, then the counts.
		 * If an entry was found cleared, its error is in a count.
		 * Litmus: amd-v0-v1
		 */
		smp_rmb();
		if (READ_ONCE(entry->iommu->xsmmu_errors) != entry->errors ||
		    atomic_read(&sync->pdom->xsmmu_timeouts) != sync->timeouts)
			return AMD_XSMMU_ERROR;
		if (READ_ONCE(entry->iommu->xsmmu_timeouts) != entry->timeouts)
			found = max(found, AMD_XSMMU_OTHERS_SILENT);
	}
	return found;
}

/*
 * Invalidate the device TLBs once. The caller has waited for the IOMMUs: before
 * they complete, a device could refill its TLB from theirs.
 *
 * The driver lets the IOMMU wait one second for a device. Then the IOMMU gives
 * up, logs an event, and completes the wait (2.5.8). A sync may not find that
 * event in time. So a completion that takes longer than 0.5 s is treated as a
 * failure, with -EAGAIN: the device that did not answer may be that of another
 * domain.
 *
 * If ATS is switched off on a device after this function has read that it is
 * on, the device does not answer, and the sync fails without need.
 */
static int amd_sync_devtlbs_once(struct amd_sync *sync)
{
	u64 begin = ktime_get_mono_fast_ns();
	int err;

	err = amd_xsmmu_each_ats(sync->pdom, amd_sync_device, sync);
	err = err ?: amd_sync_wait(sync, true);
	if (!err && amd_sync_has_devtlbs(sync) &&
	    ktime_get_mono_fast_ns() - begin > AMD_DEVTLB_NS)
		err = -EAGAIN;
	return err;
}

/* Repeat it if a device of another domain was silent, and none of this one. */
static int amd_sync_devtlbs(struct amd_sync *sync)
{
	unsigned int repeats = AMD_REPEATS;
	int err;

	do {
		err = amd_sync_devtlbs_once(sync);
	} while (err == -EAGAIN && repeats-- &&
		 amd_sync_logged(sync) == AMD_XSMMU_OTHERS_SILENT);
	return err;
}

static int amd_sync_check(const struct amd_sync *sync)
{
	return amd_sync_logged(sync) == AMD_XSMMU_ERROR ? -EIO : 0;
}

static int amd_sync_run(struct amd_sync *sync)
{
	int err;

	sync->timeouts = atomic_read(&sync->pdom->xsmmu_timeouts);
	sync->n = 0;
	/* A device may leave meanwhile; see amd_xsmmu_unlinked(). */
	rcu_read_lock();
	err = amd_sync_iommus(sync);
	err = err ?: amd_sync_devtlbs(sync);
	err = err ?: amd_sync_check(sync);
	rcu_read_unlock();
	return err;
}

/**
 * amd_xsmmu_sync_domain_iotlb - drop all translations of a domain, and wait
 * @domain: the domain
 * @leaf_only: only leaf entries changed since the last call with false
 *
 * On every IOMMU that the domain is attached to. If there is none, there is
 * nothing to do: detaching has flushed the domain's entries, or at least has
 * tried to, as in strict mode.
 *
 * A leaf above 4 KiB is an entry of a directory. It is not certain that PDE=0
 * drops such a leaf, so leaf_only_size is 4 KiB: core does not ask for @leaf_only
 * after a batch that may have cleared one.
 *
 * Context: any but NMI; interrupts may be off. Takes at most about 0.1 s per
 * IOMMU that does not answer, or 1.2 s if that has device TLBs; and about 1 s for
 * each time that a device of another domain does not answer, at most 3 times.
 * Return: 0 if every command completed. After any error the caller can rely on
 * none of them.
 */
int amd_xsmmu_sync_domain_iotlb(struct iommu_domain *domain, bool leaf_only)
{
	struct amd_sync sync;

	sync.pdom = container_of(domain, struct protection_domain, domain);
	sync.leaf_only = leaf_only;
	sync.blocks.n = 1;
	sync.blocks.block[0] = AMD_ALL;
	return amd_sync_run(&sync);
}

/**
 * amd_xsmmu_sync_iotlb_runs - drop the leaf entries of a few pages, and wait
 * @domain: the domain
 * @run: runs of pages of 4 KiB; their entries are clear for the walkers
 * @n: number of runs
 *
 * PDE=0: the entries are page-table entries, none is one of a directory.
 *
 * The caller's full barrier between the clears and this call takes the place of B2
 * for D0: an IOMMU that is not found here translates by no cleared entry.
 *
 * Several CPUs may call this for a domain at once, also beside a sync of all of it.
 * All state is on the caller's stack. Each waits for numbers of its own. The word
 * that an IOMMU stores them to only grows, so no wait ends early and none is missed.
 * Syncs only read the counts of errors and the event logs, and each compares them
 * with what it has read before its own commands. So none misses its own error. An
 * error of a sync beside it may fail it too.
 *
 * Context: any but NMI; interrupts are off. Takes as long as a sync of the domain.
 * Return: 0 if every command completed. -E2BIG, before any command, if the runs are
 * more blocks than debugfs allows. After other errors no command can be relied on.
 */
int amd_xsmmu_sync_iotlb_runs(struct iommu_domain *domain,
			      const struct xsmmu_run *run, unsigned int n)
{
	struct amd_sync sync;
	unsigned int i;

	sync.pdom = container_of(domain, struct protection_domain, domain);
	sync.leaf_only = true;
	if (!xsmmu_cut(&sync.blocks, run, n, XSMMU_MAX_ORDER,
		       READ_ONCE(amd_most_blocks.value)))
		return -E2BIG;
	for (i = 0; i < sync.blocks.n; i++)
		sync.blocks.block[i] = xsmmu_block_by_zero(sync.blocks.block[i]);
	return amd_sync_run(&sync);
}

static int __init amd_debugfs_init(void)
{
	xsmmu_debugfs_limit("amd_most_blocks", &amd_most_blocks);
	return 0;
}
device_initcall(amd_debugfs_init);

/**
 * amd_xsmmu_domain_is_shadowed - does a hypervisor shadow a domain's tables?
 * @domain: the domain
 *
 * An IOMMU with NpCache (3.2.1) may cache entries that are not present. A
 * hypervisor claims that to see each change by an invalidation, and the driver
 * too takes it for the sign of one.
 *
 * Context: any.
 */
bool amd_xsmmu_domain_is_shadowed(struct iommu_domain *domain)
{
	return amd_iommu_np_cache;
}

#if IS_ENABLED(CONFIG_XSMMU_KUNIT_TEST)
#include "xsmmu-test.c"
#endif
