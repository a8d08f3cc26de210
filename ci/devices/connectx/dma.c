// SPDX-License-Identifier: GPL-2.0
/*
 * Access to guest memory, and the device's own time.
 *
 * Every access goes through the virtual IOMMU: over the bus or, with ATS, by a
 * translation in the device TLB.
 */
#include "connectx.h"

#include "hw/pci/msix.h"
#include "hw/pci/pci.h"

/*
 * Access memory only. An access to another device's register can have side
 * effects, some on this device during its own work.
 */
static const MemTxAttrs memory_only = { .memory = 1 };

bool dma_raw(ConnectX *cx, uint64_t iova, void *buf, size_t len, bool write)
{
	bool was = cx->in_dma;
	bool ok;

	/* An access does not wrap at the end of the address space. */
	if (iova + len < iova)
		return false;
	/* The access may lead to the device's own BAR, which then ignores it. */
	cx->in_dma = true;
	ok = device_tlb_dma(&cx->tlb, iova, buf, len, write, memory_only) == MEMTX_OK;
	cx->in_dma = was;
	return ok;
}

static bool dma_access(ConnectX *cx, uint64_t iova, void *buf, size_t len,
		       bool write)
{
	if (!dma_raw(cx, iova, buf, len, write)) {
		cx_log(cx, "%s of %zu bytes at 0x%" PRIx64 " was refused",
		       write ? "write" : "read", len, iova);
		return false;
	}
	attack_accessed(cx, iova, len, write);
	return true;
}

bool dma_read(ConnectX *cx, uint64_t iova, void *buf, size_t len)
{
	if (dma_access(cx, iova, buf, len, false))
		return true;
	memset(buf, 0, len);
	return false;
}

bool dma_write(ConnectX *cx, uint64_t iova, const void *buf, size_t len)
{
	return dma_access(cx, iova, (void *)buf, len, true);
}

bool dma_write_entry(ConnectX *cx, uint64_t iova, uint8_t entry[CX_ENTRY_SIZE],
		     unsigned int owner)
{
	uint8_t *last = entry + CX_ENTRY_SIZE - 1;

	*last = deposit32(*last, 0, 1, owner);
	return dma_write(cx, iova, entry, CX_ENTRY_SIZE - 1) &&
	       dma_write(cx, iova + CX_ENTRY_SIZE - 1, last, 1);
}

/* An interrupt is a write to an address from the driver. */
void dma_interrupt(ConnectX *cx, unsigned int vector)
{
	bool was = cx->in_dma;

	cx->in_dma = true;
	msix_notify(&cx->pci, vector);
	cx->in_dma = was;
}

void cx_kick(ConnectX *cx, QEMUTimer *timer)
{
	int64_t now = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
	uint64_t spread = cx->prop.spread_ns;

	if (timer_pending(timer))
		return;
	if (spread)
		spread = g_rand_double(cx->random) * spread;
	timer_mod_ns(timer, now + cx->prop.delay_ns + spread);
}
