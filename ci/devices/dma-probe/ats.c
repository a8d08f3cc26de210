// SPDX-License-Identifier: GPL-2.0
/*
 * The device TLB's registers.
 */
#include "probe.h"

bool ats_read(const struct device_tlb *tlb, unsigned int reg, uint64_t *val)
{
	switch (reg) {
	case DMA_PROBE_ATS_ENABLED:
		*val = device_tlb_enabled(tlb);
		return true;
	case DMA_PROBE_ATS_HITS:
		*val = tlb->count.hits;
		return true;
	case DMA_PROBE_ATS_FILLS:
		*val = tlb->count.fills;
		return true;
	case DMA_PROBE_ATS_REFUSED:
		*val = tlb->count.refused;
		return true;
	case DMA_PROBE_ATS_INVALIDATIONS:
		*val = tlb->count.invalidations;
		return true;
	case DMA_PROBE_ATS_DROPPED:
		*val = tlb->count.dropped;
		return true;
	case DMA_PROBE_ATS_ENTRIES:
		*val = tlb->present ? g_hash_table_size(tlb->entries) : 0;
		return true;
	case DMA_PROBE_ATS_CAPACITY:
		*val = tlb->present ? DEVICE_TLB_CAPACITY : 0;
		return true;
	case DMA_PROBE_ATS_OVERFLOWS:
		*val = tlb->count.overflows;
		return true;
	default:
		return false;
	}
}
