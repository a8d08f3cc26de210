// SPDX-License-Identifier: GPL-2.0
/*
 * The device TLB.
 *
 * The IOMMU's memory region notifies registered notifiers of device-TLB
 * invalidations. That region appears in the device's address space when the
 * guest turns translation on, and disappears when the guest turns it off. A
 * memory listener follows it.
 */
#include "device-tlb.h"

#include "hw/pci/pcie.h"
#include "qapi/error.h"
#include "qemu/error-report.h"
#include "qemu/rcu.h"

#define PAGE_SHIFT	12
#define PAGE_OFFSET	((1ull << PAGE_SHIFT) - 1)

/* One 4 KiB page. A translation request grants one direction. */
struct device_tlb_entry {
	uint64_t pfn;		/* the hash table's key points here */
	uint64_t target;	/* address of the page in as */
	AddressSpace *as;
	bool granted[2];	/* for reading, for writing */
};

bool device_tlb_enabled(const struct device_tlb *tlb)
{
	uint16_t cap = tlb->pci->exp.ats_cap;

	return tlb->present &&
	       pci_get_word(tlb->pci->config + cap + PCI_ATS_CTRL) &
		       PCI_ATS_CTRL_ENABLE;
}

/* Whether accesses go through the device TLB. */
static bool device_tlb_in_use(const struct device_tlb *tlb)
{
	return tlb->iommu && device_tlb_enabled(tlb);
}

void device_tlb_flush(struct device_tlb *tlb)
{
	if (tlb->entries)
		g_hash_table_remove_all(tlb->entries);
}

struct pfn_range {
	uint64_t first;
	uint64_t last;
};

static gboolean entry_in_range(gpointer key, gpointer value, gpointer opaque)
{
	const struct device_tlb_entry *entry = value;
	const struct pfn_range *range = opaque;

	return entry->pfn >= range->first && entry->pfn <= range->last;
}

/* The IOMMU invalidates the range of @what. */
static void invalidate(IOMMUNotifier *notifier, IOMMUTLBEntry *what)
{
	struct device_tlb *tlb = container_of(notifier, struct device_tlb,
					      notifier);
	struct pfn_range range = {
		.first = what->iova >> PAGE_SHIFT,
		.last = (what->iova + what->addr_mask) >> PAGE_SHIFT,
	};

	tlb->count.invalidations++;
	if (range.last - range.first > g_hash_table_size(tlb->entries)) {
		tlb->count.dropped +=
			g_hash_table_foreach_remove(tlb->entries,
						    entry_in_range, &range);
		return;
	}
	for (; range.first <= range.last; range.first++)
		tlb->count.dropped += g_hash_table_remove(tlb->entries,
							  &range.first);
}

static void iommu_appeared(MemoryListener *listener,
			   MemoryRegionSection *section)
{
	struct device_tlb *tlb = container_of(listener, struct device_tlb,
					      listener);
	Error *err = NULL;

	if (!memory_region_is_iommu(section->mr))
		return;
	/* The interrupt window cuts the region in two. One notifier is enough. */
	if (tlb->iommu) {
		tlb->sections += tlb->iommu == IOMMU_MEMORY_REGION(section->mr);
		return;
	}

	iommu_notifier_init(&tlb->notifier, invalidate,
			    IOMMU_NOTIFIER_DEVIOTLB_UNMAP, 0, HWADDR_MAX, 0);
	if (memory_region_register_iommu_notifier(section->mr, &tlb->notifier,
						  &err)) {
		warn_reportf_err(err, "ATS is not used: ");
		return;
	}
	tlb->iommu = IOMMU_MEMORY_REGION(section->mr);
	tlb->sections = 1;
}

static void iommu_went(MemoryListener *listener, MemoryRegionSection *section)
{
	struct device_tlb *tlb = container_of(listener, struct device_tlb,
					      listener);

	if (!tlb->iommu || section->mr != MEMORY_REGION(tlb->iommu))
		return;
	if (--tlb->sections)
		return;
	memory_region_unregister_iommu_notifier(section->mr, &tlb->notifier);
	tlb->iommu = NULL;
	g_hash_table_remove_all(tlb->entries);
}

static void listen_to_iommu(struct device_tlb *tlb)
{
	if (tlb->listening)
		return;
	tlb->listener = (MemoryListener) {
		.name = "device-tlb",
		.region_add = iommu_appeared,
		.region_del = iommu_went,
	};
	memory_listener_register(&tlb->listener,
				 pci_device_iommu_address_space(tlb->pci));
	tlb->listening = true;
}

static void unlisten(struct device_tlb *tlb)
{
	if (tlb->listening)
		memory_listener_unregister(&tlb->listener);
	tlb->listening = false;
}

/*
 * The guest has enabled or disabled ATS. Disabling it drops all entries. The
 * IOMMU is looked up only here, because it may not exist yet when the device is
 * realized.
 */
static void control_written(struct device_tlb *tlb)
{
	if (device_tlb_enabled(tlb)) {
		listen_to_iommu(tlb);
	} else {
		device_tlb_flush(tlb);
		unlisten(tlb);
	}
}

void device_tlb_config_written(struct device_tlb *tlb, uint32_t addr, int len)
{
	if (tlb->present &&
	    ranges_overlap(addr, len, tlb->pci->exp.ats_cap + PCI_ATS_CTRL, 2))
		control_written(tlb);
}

bool device_tlb_init(struct device_tlb *tlb, PCIDevice *pci, Error **errp)
{
	int ret = pcie_endpoint_cap_init(pci, 0);

	if (ret < 0) {
		error_setg_errno(errp, -ret, "no PCIe capability");
		return false;
	}
	tlb->pci = pci;
	if (tlb->present) {
		pcie_ats_init(pci, PCI_CONFIG_SPACE_SIZE, true);
		tlb->entries = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL,
						     g_free);
	}
	return true;
}

void device_tlb_exit(struct device_tlb *tlb)
{
	unlisten(tlb);
	device_tlb_flush(tlb);
	pcie_cap_exit(tlb->pci);
}

void device_tlb_free(struct device_tlb *tlb)
{
	g_clear_pointer(&tlb->entries, g_hash_table_unref);
}

void device_tlb_reset(struct device_tlb *tlb)
{
	uint16_t cap = tlb->pci->exp.ats_cap;

	if (!tlb->present)
		return;
	pci_set_word(tlb->pci->config + cap + PCI_ATS_CTRL, 0);
	control_written(tlb);
}

void device_tlb_reset_counters(struct device_tlb *tlb)
{
	memset(&tlb->count, 0, sizeof(tlb->count));
}

/* Store the IOMMU's answer to a request for one direction. */
static struct device_tlb_entry *keep(struct device_tlb *tlb, uint64_t pfn,
				     AddressSpace *as, uint64_t target,
				     bool write)
{
	struct device_tlb_entry *entry;

	entry = g_hash_table_lookup(tlb->entries, &pfn);
	if (!entry && g_hash_table_size(tlb->entries) >= DEVICE_TLB_CAPACITY) {
		g_hash_table_remove_all(tlb->entries);
		tlb->count.overflows++;
	}
	if (!entry) {
		entry = g_new0(struct device_tlb_entry, 1);
		entry->pfn = pfn;
		g_hash_table_insert(tlb->entries, &entry->pfn, entry);
	}
	/* The other direction was granted for the old target only. */
	if (entry->as != as || entry->target != target)
		entry->granted[!write] = false;
	entry->as = as;
	entry->target = target;
	entry->granted[write] = true;
	return entry;
}

/*
 * Whether the device may access memory. QEMU checks this for accesses over the
 * bus only: neither translation requests nor translated accesses take that way.
 */
static bool is_bus_master(const struct device_tlb *tlb)
{
	return pci_get_word(tlb->pci->config + PCI_COMMAND) & PCI_COMMAND_MASTER;
}

/* Ask the IOMMU for a translation in one direction. False: it refuses. */
static bool ask_iommu(struct device_tlb *tlb, uint64_t iova, bool write, AddressSpace **as,
		      uint64_t *memory)
{
	AddressSpace *from = pci_device_iommu_address_space(tlb->pci);
	IOMMUTLBEntry got;

	WITH_RCU_READ_LOCK_GUARD() {
		got = address_space_get_iotlb_entry(from, iova, write, MEMTXATTRS_UNSPECIFIED);
	}
	*as = got.target_as;
	*memory = got.translated_addr | (iova & got.addr_mask);
	return got.target_as && got.perm & (write ? IOMMU_WO : IOMMU_RO);
}

/*
 * The entry for @iova in one direction. The device sends a translation request
 * if it holds none. Returns NULL if the IOMMU refuses: then the device makes no
 * access, because it knows that the access would be blocked.
 */
static struct device_tlb_entry *lookup(struct device_tlb *tlb, uint64_t iova, bool write)
{
	uint64_t pfn = iova >> PAGE_SHIFT, memory;
	struct device_tlb_entry *entry;
	AddressSpace *as;

	if (!is_bus_master(tlb))
		return NULL;
	entry = g_hash_table_lookup(tlb->entries, &pfn);
	if (entry && entry->granted[write]) {
		tlb->count.hits++;
		return entry;
	}
	if (!ask_iommu(tlb, iova, write, &as, &memory)) {
		tlb->count.refused++;
		return NULL;
	}
	tlb->count.fills++;
	return keep(tlb, pfn, as, memory & ~PAGE_OFFSET, write);
}

bool device_tlb_translate(struct device_tlb *tlb, uint64_t iova, bool write,
			  uint64_t *memory)
{
	const struct device_tlb_entry *entry;
	AddressSpace *as;

	if (!device_tlb_in_use(tlb))
		return is_bus_master(tlb) && ask_iommu(tlb, iova, write, &as, memory);
	entry = lookup(tlb, iova, write);
	if (entry)
		*memory = entry->target | (iova & PAGE_OFFSET);
	return entry;
}

MemTxResult device_tlb_dma(struct device_tlb *tlb, uint64_t iova, void *buf, size_t len,
			   bool write, MemTxAttrs bus)
{
	/* An access to a register of another device can have side effects. */
	static const MemTxAttrs memory_only = { .memory = 1 };
	DMADirection way = write ? DMA_DIRECTION_FROM_DEVICE : DMA_DIRECTION_TO_DEVICE;
	const struct device_tlb_entry *entry;
	MemTxResult result = MEMTX_OK;
	size_t part;

	if (!device_tlb_in_use(tlb))
		return pci_dma_rw(tlb->pci, iova, buf, len, way, bus);
	for (; len && result == MEMTX_OK; iova += part, buf += part, len -= part) {
		part = MIN(len, PAGE_OFFSET + 1 - (iova & PAGE_OFFSET));
		entry = lookup(tlb, iova, write);
		if (!entry)
			return MEMTX_DECODE_ERROR;
		result = dma_memory_rw(entry->as, entry->target | (iova & PAGE_OFFSET), buf,
				       part, way, memory_only);
	}
	return result;
}
