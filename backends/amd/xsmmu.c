// SPDX-License-Identifier: GPL-2.0
/*
 * xSMMU backend for AMD-Vi: one IOTLB invalidation for a whole domain.
 *
 * Section numbers are those of the "AMD I/O Virtualization Technology (IOMMU)
 * Specification", publication 48882, revision 3.
 */
#include <linux/bitfield.h>
#include <linux/iommu.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/pci.h>
#include "amd_iommu.h"
#include "xsmmu.h"

/* Opcodes, in the last four bits of the second word (2.4.3, 2.4.4). */
#define XSMMU_OPCODE		GENMASK(31, 28)
#define XSMMU_INV_IOMMU_PAGES	0x3
#define XSMMU_INV_IOTLB_PAGES	0x4

/* INVALIDATE_IOMMU_PAGES: second word, and the low bits of the third. */
#define XSMMU_DOMAIN_ID		GENMASK(15, 0)
#define XSMMU_S			BIT(0)
#define XSMMU_PDE		BIT(1)
#define XSMMU_GN		BIT(2)

/* INVALIDATE_IOTLB_PAGES: first word, and the second. */
#define XSMMU_DEVICE_ID		GENMASK(15, 0)
#define XSMMU_MAXPEND		GENMASK(31, 24)
#define XSMMU_QUEUE_ID		GENMASK(15, 0)

/*
 * With S the lowest zero from bit 12 on gives the size; here that is bit 63, and
 * the size everything.
 */
#define XSMMU_ALL_LOW		GENMASK(31, 12)
#define XSMMU_ALL_HIGH		GENMASK(30, 0)

/* Half of what the driver has the IOMMU wait for a device. */
#define XSMMU_DEVTLB_NS		(NSEC_PER_SEC / 2)

/* A page-table entry of v2 that maps a page above the lowest level. */
#define XSMMU_V2_PS		BIT_ULL(7)

/**
 * struct xsmmu_amd_sync - one sync under way; on its caller's stack
 * @domain: what is invalidated
 * @iommus: those that got a command, by index
 * @logs: those that got a device-TLB invalidation, by index
 * @errors: of each of @iommus, the count before its first command
 * @tail: of each of @logs, the end of its event log before the first of those
 */
struct xsmmu_amd_sync {
	struct protection_domain *domain;
	unsigned long iommus;
	unsigned long logs;
	unsigned int errors[MAX_IOMMUS];
	u32 tail[MAX_IOMMUS];
};

static_assert(MAX_IOMMUS <= BITS_PER_LONG);

/*
 * INVALIDATE_IOMMU_PAGES (2.4.3) of everything that is cached for a domain. With
 * PDE=0 cached directory entries may stay, which is right as long as none of them
 * was changed. Translations by v2 tables are cached as guest ones, GN=1, and
 * those of requests without a PASID under PASID 0 (GIOV); its bits are zero.
 */
static struct amd_xsmmu_cmd xsmmu_pages_cmd(u16 domain_id, bool guest,
					    bool leaf_only)
{
	return (struct amd_xsmmu_cmd) { {
		0,
		FIELD_PREP(XSMMU_OPCODE, XSMMU_INV_IOMMU_PAGES) |
		FIELD_PREP(XSMMU_DOMAIN_ID, domain_id),
		XSMMU_ALL_LOW | XSMMU_S | (leaf_only ? 0 : XSMMU_PDE) |
		(guest ? XSMMU_GN : 0),
		XSMMU_ALL_HIGH,
	} };
}

/*
 * INVALIDATE_IOTLB_PAGES (2.4.4) of everything in a device's TLB that it has
 * asked for without a PASID, or with @guest, under PASID 0. The device's id is
 * taken for the queue's too, as the driver does, also for virtual functions.
 */
static struct amd_xsmmu_cmd xsmmu_devtlb_cmd(u16 device_id, int qdep,
					     bool guest)
{
	return (struct amd_xsmmu_cmd) { {
		FIELD_PREP(XSMMU_DEVICE_ID, device_id) |
		FIELD_PREP(XSMMU_MAXPEND, qdep & 0xff),
		FIELD_PREP(XSMMU_OPCODE, XSMMU_INV_IOTLB_PAGES) |
		FIELD_PREP(XSMMU_QUEUE_ID, device_id),
		XSMMU_ALL_LOW | XSMMU_S | (guest ? XSMMU_GN : 0),
		XSMMU_ALL_HIGH,
	} };
}

static int xsmmu_queue(struct xsmmu_amd_sync *sync, struct amd_iommu *iommu,
		       const struct amd_xsmmu_cmd *cmd)
{
	/* What is counted from here on may be this command's. */
	if (!__test_and_set_bit(iommu->index, &sync->iommus))
		sync->errors[iommu->index] = READ_ONCE(iommu->xsmmu_errors);
	return amd_xsmmu_queue(iommu, cmd);
}

/* COMPLETION_WAIT (2.4.1) on each: it ends when all before it has ended. */
static int xsmmu_wait(unsigned long iommus)
{
	unsigned int i;
	int err;

	for_each_set_bit(i, &iommus, MAX_IOMMUS) {
		err = amd_xsmmu_wait(amd_iommus[i]);
		if (err)
			return err;
	}
	return 0;
}

/*
 * All IOMMUs work at the same time, then each is waited for. One whose count is
 * zero may be getting its first device. The count is raised before the device's
 * table entry is written, and was read after the caller's full barrier (B2): what
 * that device translates, it translates after the clears.
 */
static int xsmmu_flush_iommus(struct xsmmu_amd_sync *sync, bool leaf_only)
{
	struct protection_domain *domain = sync->domain;
	struct amd_xsmmu_cmd cmd;
	unsigned int i;
	int err;

	cmd = xsmmu_pages_cmd(domain->id, domain->flags & PD_GIOV_MASK,
			      leaf_only);
	for (i = 0; i < MAX_IOMMUS; i++) {
		if (!READ_ONCE(domain->dev_iommu[i]))
			continue;
		err = xsmmu_queue(sync, amd_iommus[i], &cmd);
		if (err)
			return err;
	}
	return xsmmu_wait(sync->iommus);
}

/* A device that was pulled out answers no more, and does no DMA either. */
static bool xsmmu_device_gone(struct device *dev)
{
	return dev_is_pci(dev) &&
	       to_pci_dev(dev)->error_state == pci_channel_io_perm_failure;
}

/* The IOMMU that a device is behind. (dev_to_amd_iommu() wants an IOMMU's own.) */
static struct amd_iommu *xsmmu_iommu_of(struct device *dev)
{
	return container_of(dev->iommu->iommu_dev, struct amd_iommu, iommu);
}

/* The end of an event log. Registers that are gone read as all ones. */
static u32 xsmmu_event_tail(struct amd_iommu *iommu)
{
	return readl(iommu->mmio_base + MMIO_EVT_TAIL_OFFSET) &
	       (EVT_BUFFER_SIZE - 1) & ~(EVENT_ENTRY_SIZE - 1);
}

static int xsmmu_queue_devtlb(struct xsmmu_amd_sync *sync,
			      struct iommu_dev_data *dev_data)
{
	struct amd_iommu *iommu = xsmmu_iommu_of(dev_data->dev);
	bool guest = sync->domain->flags & PD_GIOV_MASK;
	struct amd_xsmmu_cmd cmd;
	int err;

	if (!__test_and_set_bit(iommu->index, &sync->logs))
		sync->tail[iommu->index] = xsmmu_event_tail(iommu);
	cmd = xsmmu_devtlb_cmd(dev_data->devid, dev_data->ats.qdep, false);
	err = xsmmu_queue(sync, iommu, &cmd);
	/* With v2 tables the driver turns PASIDs on together with ATS. */
	if (err || !guest)
		return err;
	cmd = xsmmu_devtlb_cmd(dev_data->devid, dev_data->ats.qdep, true);
	return xsmmu_queue(sync, iommu, &cmd);
}

/*
 * The device TLBs. Only now that the IOMMUs have completed: before that a device
 * could refill from them.
 *
 * The driver has the IOMMU wait one second for a device before it gives up, logs
 * that, and completes the wait (2.5.8). The driver's own wait is a tenth of that,
 * and fails; but this CPU may be held up for so long that it finds the wait
 * completed. A completion within half of the time is a real one.
 *
 * If ATS is switched off on a device between this look at it and the command, the
 * device does not answer, and the sync fails for nothing.
 */
static int xsmmu_flush_devtlbs(struct xsmmu_amd_sync *sync)
{
	u64 begin = ktime_get_mono_fast_ns();
	struct iommu_dev_data *dev_data;
	int err;

	list_for_each_entry_rcu(dev_data, &sync->domain->dev_list, list) {
		if (!READ_ONCE(dev_data->ats.enabled) ||
		    xsmmu_device_gone(dev_data->dev))
			continue;
		err = xsmmu_queue_devtlb(sync, dev_data);
		if (err)
			return err;
	}
	err = xsmmu_wait(sync->logs);
	if (!err && sync->logs &&
	    ktime_get_mono_fast_ns() - begin > XSMMU_DEVTLB_NS)
		err = -EIO;
	return err;
}

/* Is an error among the entries of an event log from @tail on? Reads only. */
static bool xsmmu_error_logged(struct amd_iommu *iommu, u32 tail)
{
	u32 end = xsmmu_event_tail(iommu);
	const u32 *event;

	while (tail != end) {
		event = (const u32 *)(iommu->evt_buf + tail);
		if (amd_xsmmu_is_error(READ_ONCE(event[1]) >> EVENT_TYPE_SHIFT))
			return true;
		tail = (tail + EVENT_ENTRY_SIZE) % EVT_BUFFER_SIZE;
	}
	return false;
}

/*
 * Did an IOMMU log an error since its first command? After an illegal command or
 * a hardware error it fetches no more (2.5.6, 2.5.7) and the wait fails; this is
 * for what it goes on from. A device that does not answer is such a case, and
 * this the second line behind the time that its answer took.
 *
 * The log is read by a thread, later. So look at what it has not read too. That
 * misses an entry that follows the log's tail late, and one that finds the log
 * full: as far as the log goes, a silent device is found by best effort.
 */
static int xsmmu_check(struct xsmmu_amd_sync *sync)
{
	struct amd_iommu *iommu;
	unsigned int i;

	for_each_set_bit(i, &sync->iommus, MAX_IOMMUS) {
		iommu = amd_iommus[i];
		if (test_bit(i, &sync->logs) &&
		    xsmmu_error_logged(iommu, sync->tail[i]))
			return -EIO;
		/* E1, pairs with E0: the entries, then the count. */
		smp_rmb();
		if (READ_ONCE(iommu->xsmmu_errors) != sync->errors[i])
			return -EIO;
	}
	return 0;
}

/**
 * amd_xsmmu_sync_domain_iotlb - drop all translations of a domain, and wait
 * @domain: the domain
 * @leaf_only: only leaf entries changed since the last call with false
 *
 * On every IOMMU that the domain is attached to. With none there is nothing to
 * do: detaching flushed the domain's entries, or at least tried, as in strict
 * mode.
 *
 * A leaf above 4 KiB is an entry of a directory. It is not sure that PDE=0 drops
 * it, so the first sync after a batch has cleared such sets PDE. The flag is left
 * to a sync that would not: in an oops one that sets PDE anyway may run beside it.
 * If the sync fails the core's next one sets PDE.
 *
 * Context: any but NMI; interrupts may be off. At most 0.2 s or so per IOMMU, if
 * one does not answer.
 * Return: 0 if every command completed. Any error means that none can be relied
 * on.
 */
int amd_xsmmu_sync_domain_iotlb(struct iommu_domain *domain, bool leaf_only)
{
	struct xsmmu_amd_sync sync = {
		.domain = container_of(domain, struct protection_domain, domain),
	};
	int err;

	if (leaf_only && xchg(&sync.domain->xsmmu_large, 0))
		leaf_only = false;
	/* A device may leave meanwhile; see amd_xsmmu_unlinked(). */
	rcu_read_lock();
	err = xsmmu_flush_iommus(&sync, leaf_only);
	err = err ?: xsmmu_flush_devtlbs(&sync);
	rcu_read_unlock();
	return err ?: xsmmu_check(&sync);
}

/**
 * amd_xsmmu_collect - put a v2 table that was unlinked, and those below it, aside
 * @table: the table, or if @level is 0 no table but a mapped page
 * @level: of @table, 1 for the lowest
 * @tables: list for amd_xsmmu_free_tables()
 */
void amd_xsmmu_collect(u64 *table, int level, struct list_head *tables)
{
	unsigned int i;

	if (!level)
		return;
	for (i = 0; level > 1 && i < PAGE_SIZE / sizeof(*table); i++)
		if (IOMMU_PTE_PRESENT(table[i]) && !(table[i] & XSMMU_V2_PS))
			amd_xsmmu_collect(iommu_phys_to_virt(table[i] &
							     PM_ADDR_MASK),
					  level - 1, tables);
	list_add_tail(&virt_to_page(table)->lru, tables);
}

/**
 * amd_xsmmu_free_tables - free tables that a mapping has replaced (I3)
 * @domain: the domain whose they were
 * @tables: what amd_xsmmu_collect() put aside
 *
 * If the invalidation fails they are leaked: the walker may still read them.
 *
 * Context: as amd_xsmmu_sync_domain_iotlb(). Not under the domain's lock.
 */
void amd_xsmmu_free_tables(struct protection_domain *domain,
			   struct list_head *tables)
{
	if (list_empty(tables))
		return;
	if (amd_xsmmu_sync_domain_iotlb(&domain->domain, false))
		pr_err_ratelimited("xsmmu: tables leaked, invalidation failed\n");
	else
		put_pages_list(tables);
}

#if IS_ENABLED(CONFIG_XSMMU_KUNIT_TEST)
#include "xsmmu-test.c"
#endif
