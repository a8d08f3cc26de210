// SPDX-License-Identifier: GPL-2.0
/*
 * The device TLB: with ATS, the device asks the IOMMU for translations, keeps
 * them, and uses them until the IOMMU says that they are no longer valid. An
 * entry that software forgot to invalidate therefore lets the device through,
 * and the IOMMU's own cache has no part in it.
 *
 * QEMU gives no table to snoop: the IOMMU's memory region sends notifications,
 * for device-TLB invalidations among others, to whoever registered with it.
 * That region appears in the device's address space when the guest turns
 * translation on, and goes when it turns it off; a listener follows it.
 */
#include "probe.h"

#include "hw/pci/pcie.h"
#include "qapi/error.h"
#include "qemu/error-report.h"
#include "qemu/rcu.h"

#define CAPACITY	4096

/* One 4 KiB page. Each direction was granted by a request of its own. */
struct device_tlb_entry {
	uint64_t pfn;		/* first: the hash table's key points here */
	uint64_t target;	/* address of the page in as */
	AddressSpace *as;
	bool granted[2];	/* by DMA_PROBE_READ and DMA_PROBE_WRITE */
};

static bool ats_enabled(DmaProbe *probe)
{
	uint16_t cap = probe->pci.exp.ats_cap;

	return probe->tlb.present &&
	       pci_get_word(probe->pci.config + cap + PCI_ATS_CTRL) &
		       PCI_ATS_CTRL_ENABLE;
}

/* Whether accesses go through the device TLB. */
bool ats_in_use(DmaProbe *probe)
{
	return probe->tlb.iommu && ats_enabled(probe);
}

/* Drop every entry. */
void ats_flush(DmaProbe *probe)
{
	if (probe->tlb.entries)
		g_hash_table_remove_all(probe->tlb.entries);
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

/* The IOMMU: forget what you know about @what's range. */
static void ats_invalidate(IOMMUNotifier *notifier, IOMMUTLBEntry *what)
{
	struct device_tlb *tlb = container_of(notifier, struct device_tlb,
					      notifier);
	struct pfn_range range = {
		.first = what->iova >> DMA_PROBE_PAGE_SHIFT,
		.last = (what->iova + what->addr_mask) >> DMA_PROBE_PAGE_SHIFT,
	};

	tlb->invalidations++;
	if (range.last - range.first > g_hash_table_size(tlb->entries)) {
		tlb->dropped += g_hash_table_foreach_remove(tlb->entries,
							    entry_in_range,
							    &range);
		return;
	}
	for (; range.first <= range.last; range.first++)
		tlb->dropped += g_hash_table_remove(tlb->entries, &range.first);
}

static void iommu_appeared(MemoryListener *listener,
			   MemoryRegionSection *section)
{
	struct device_tlb *tlb = container_of(listener, struct device_tlb,
					      listener);
	Error *err = NULL;

	if (!memory_region_is_iommu(section->mr))
		return;
	/* The interrupt window cuts the region in two; one notifier will do. */
	if (tlb->iommu) {
		tlb->sections += tlb->iommu == IOMMU_MEMORY_REGION(section->mr);
		return;
	}

	iommu_notifier_init(&tlb->notifier, ats_invalidate,
			    IOMMU_NOTIFIER_DEVIOTLB_UNMAP, 0, HWADDR_MAX, 0);
	if (memory_region_register_iommu_notifier(section->mr, &tlb->notifier,
						  &err)) {
		warn_reportf_err(err, TYPE_DMA_PROBE ": ATS is not used: ");
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

static void ats_listen(DmaProbe *probe)
{
	struct device_tlb *tlb = &probe->tlb;

	if (tlb->listening)
		return;
	tlb->listener = (MemoryListener) {
		.name = TYPE_DMA_PROBE,
		.region_add = iommu_appeared,
		.region_del = iommu_went,
	};
	memory_listener_register(&tlb->listener,
				 pci_device_iommu_address_space(&probe->pci));
	tlb->listening = true;
}

static void ats_unlisten(DmaProbe *probe)
{
	if (probe->tlb.listening)
		memory_listener_unregister(&probe->tlb.listener);
	probe->tlb.listening = false;
}

/*
 * The guest wrote the ATS capability. Entries do not outlive the permission
 * to use them. The IOMMU is looked up only here, because at realize time it
 * may not exist yet.
 */
void ats_control_written(DmaProbe *probe)
{
	if (ats_enabled(probe)) {
		ats_listen(probe);
	} else {
		ats_flush(probe);
		ats_unlisten(probe);
	}
}

void ats_init(DmaProbe *probe)
{
	struct device_tlb *tlb = &probe->tlb;

	if (!tlb->present)
		return;
	pcie_ats_init(&probe->pci, PCI_CONFIG_SPACE_SIZE, true);
	tlb->entries = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL,
					     g_free);
}

void ats_exit(DmaProbe *probe)
{
	ats_unlisten(probe);
	ats_flush(probe);
}

void ats_reset(DmaProbe *probe)
{
	uint16_t cap = probe->pci.exp.ats_cap;

	if (!probe->tlb.present)
		return;
	pci_set_word(probe->pci.config + cap + PCI_ATS_CTRL, 0);
	ats_control_written(probe);
}

void ats_reset_counters(DmaProbe *probe)
{
	struct device_tlb *tlb = &probe->tlb;

	tlb->hits = 0;
	tlb->fills = 0;
	tlb->refused = 0;
	tlb->invalidations = 0;
	tlb->dropped = 0;
	tlb->overflows = 0;
}

/* Keep what a request for one direction was answered. */
static struct device_tlb_entry *ats_keep(struct device_tlb *tlb, uint64_t pfn,
					 AddressSpace *as, uint64_t target,
					 bool write)
{
	struct device_tlb_entry *entry;

	entry = g_hash_table_lookup(tlb->entries, &pfn);
	if (!entry && g_hash_table_size(tlb->entries) >= CAPACITY) {
		g_hash_table_remove_all(tlb->entries);
		tlb->overflows++;
	}
	if (!entry) {
		entry = g_new0(struct device_tlb_entry, 1);
		entry->pfn = pfn;
		g_hash_table_insert(tlb->entries, &entry->pfn, entry);
	}
	/* What was granted for another target is void. */
	if (entry->as != as || entry->target != target)
		entry->granted[!write] = false;
	entry->as = as;
	entry->target = target;
	entry->granted[write] = true;
	return entry;
}

/* A translation request; NULL when the IOMMU grants nothing. */
static struct device_tlb_entry *ats_request(DmaProbe *probe, uint64_t iova,
					    bool write)
{
	struct device_tlb *tlb = &probe->tlb;
	AddressSpace *as = pci_device_iommu_address_space(&probe->pci);
	IOMMUTLBEntry got;
	uint64_t target;

	WITH_RCU_READ_LOCK_GUARD() {
		got = address_space_get_iotlb_entry(as, iova, write,
						    MEMTXATTRS_UNSPECIFIED);
	}
	if (!got.target_as || !(got.perm & (write ? IOMMU_WO : IOMMU_RO))) {
		tlb->refused++;
		return NULL;
	}
	tlb->fills++;
	target = got.translated_addr | (iova & got.addr_mask);
	return ats_keep(tlb, iova >> DMA_PROBE_PAGE_SHIFT, got.target_as,
			target & ~(uint64_t)(DMA_PROBE_PAGE_SIZE - 1), write);
}

/*
 * One access within a page, straight to where the device TLB says. A request
 * that is refused ends it: the device knows that it would be blocked.
 */
MemTxResult ats_dma(DmaProbe *probe, uint64_t iova, void *buf, uint64_t len,
		    bool write)
{
	struct device_tlb *tlb = &probe->tlb;
	uint64_t pfn = iova >> DMA_PROBE_PAGE_SHIFT;
	uint16_t command = pci_get_word(probe->pci.config + PCI_COMMAND);
	struct device_tlb_entry *entry;

	/* Translated requests do not pass the region that enforces this. */
	if (!(command & PCI_COMMAND_MASTER))
		return MEMTX_DECODE_ERROR;

	entry = g_hash_table_lookup(tlb->entries, &pfn);
	if (entry && entry->granted[write])
		tlb->hits++;
	else
		entry = ats_request(probe, iova, write);
	if (!entry)
		return MEMTX_DECODE_ERROR;
	return dma_memory_rw(entry->as,
			     entry->target | (iova & (DMA_PROBE_PAGE_SIZE - 1)),
			     buf, len,
			     write ? DMA_DIRECTION_FROM_DEVICE :
				     DMA_DIRECTION_TO_DEVICE,
			     MEMTXATTRS_UNSPECIFIED);
}

bool ats_read(DmaProbe *probe, unsigned int reg, uint64_t *val)
{
	const struct device_tlb *tlb = &probe->tlb;

	switch (reg) {
	case DMA_PROBE_ATS_ENABLED:
		*val = ats_enabled(probe);
		return true;
	case DMA_PROBE_ATS_HITS:
		*val = tlb->hits;
		return true;
	case DMA_PROBE_ATS_FILLS:
		*val = tlb->fills;
		return true;
	case DMA_PROBE_ATS_REFUSED:
		*val = tlb->refused;
		return true;
	case DMA_PROBE_ATS_INVALIDATIONS:
		*val = tlb->invalidations;
		return true;
	case DMA_PROBE_ATS_DROPPED:
		*val = tlb->dropped;
		return true;
	case DMA_PROBE_ATS_ENTRIES:
		*val = tlb->present ? g_hash_table_size(tlb->entries) : 0;
		return true;
	case DMA_PROBE_ATS_CAPACITY:
		*val = tlb->present ? CAPACITY : 0;
		return true;
	case DMA_PROBE_ATS_OVERFLOWS:
		*val = tlb->overflows;
		return true;
	default:
		return false;
	}
}
