/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The device TLB of a PCI device. With ATS, the device requests translations
 * from the IOMMU, caches them, and uses them until the IOMMU invalidates them.
 * If software forgets to invalidate an entry, the device still reaches memory
 * with it, whatever the IOMMU's own cache holds.
 *
 * The device sets present before device_tlb_init(), calls
 * device_tlb_config_written() for each write of its configuration space, and
 * makes its accesses with device_tlb_dma().
 */
#ifndef XSMMU_DEVICES_DEVICE_TLB_H
#define XSMMU_DEVICES_DEVICE_TLB_H

#include "qemu/osdep.h"

#include "compat.h"

#define DEVICE_TLB_CAPACITY	4096

struct device_tlb {
	bool present;		/* for a property "ats" */
	PCIDevice *pci;
	GHashTable *entries;	/* of struct device_tlb_entry */
	MemoryListener listener;	/* sees the IOMMU's region come and go */
	bool listening;
	IOMMUMemoryRegion *iommu;	/* NULL while requests bypass it */
	unsigned int sections;	/* of the address space that lead to iommu */
	IOMMUNotifier notifier;	/* on iommu: device-TLB invalidations */
	struct {
		uint64_t hits;
		uint64_t fills;
		uint64_t refused;
		uint64_t invalidations;
		uint64_t dropped;	/* entries that they dropped */
		uint64_t overflows;
	} count;
};

/*
 * Make the device a PCIe endpoint, and give it an ATS capability if it is
 * present. Returns false and sets *@errp if there is no PCIe capability.
 */
bool device_tlb_init(struct device_tlb *tlb, PCIDevice *pci, Error **errp);
/* The device is unplugged. It makes no access after this. */
void device_tlb_exit(struct device_tlb *tlb);
/* The device is freed. */
void device_tlb_free(struct device_tlb *tlb);
void device_tlb_reset(struct device_tlb *tlb);
void device_tlb_reset_counters(struct device_tlb *tlb);
/* The guest has written @len bytes of configuration space at @addr. */
void device_tlb_config_written(struct device_tlb *tlb, uint32_t addr, int len);
/* Whether the guest has enabled ATS. */
bool device_tlb_enabled(const struct device_tlb *tlb);
/* Drop every entry. */
void device_tlb_flush(struct device_tlb *tlb);
/*
 * Find out where an access to @iova would go, and ask the IOMMU if needed.
 * QEMU's IOMMUs answer as they do for an access. Returns false if the access
 * would be blocked.
 */
bool device_tlb_translate(struct device_tlb *tlb, uint64_t iova, bool write,
			  uint64_t *memory);
/*
 * Access guest memory: through the device TLB while the guest has translation
 * and ATS on, else over the bus, with the attributes @bus.
 */
MemTxResult device_tlb_dma(struct device_tlb *tlb, uint64_t iova, void *buf, size_t len,
			   bool write, MemTxAttrs bus);

#endif /* XSMMU_DEVICES_DEVICE_TLB_H */
