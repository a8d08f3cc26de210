// SPDX-License-Identifier: GPL-2.0
/*
 * Access to guest memory, and the device's own time.
 *
 * All of it goes through the virtual IOMMU, either by the bus or, with ATS, by
 * what the device TLB was granted.
 */
#include "connectx.h"

#include "hw/pci/msix.h"
#include "hw/pci/pci.h"

/*
 * Access memory only. An access to another device's register can have side
 * effects, some on this device during its own work.
 */
static const MemTxAttrs memory_only = { .memory = 1 };

/* An access by ATS stays within a page, as a translation does. */
static bool translated_access(ConnectX *cx, uint64_t iova, uint8_t *buf,
			      size_t len, bool write)
{
	while (len) {
		size_t rest = 4096 - iova % 4096;
		size_t part = MIN(len, rest);

		if (device_tlb_dma(&cx->tlb, iova, buf, part, write) != MEMTX_OK)
			return false;
		iova += part;
		buf += part;
		len -= part;
	}
	return true;
}

/* The bus alone, for accesses that replay and sweep must not record. */
bool dma_raw(ConnectX *cx, uint64_t iova, void *buf, size_t len, bool write)
{
	bool was = cx->in_dma;
	bool ok;

	/* The end of the address space is no place to go round. */
	if (iova + len < iova)
		return false;
	/* DMA into our own BAR comes back as an access; bar.c refuses it. */
	cx->in_dma = true;
	if (device_tlb_in_use(&cx->tlb))
		ok = translated_access(cx, iova, buf, len, write);
	else
		ok = pci_dma_rw(&cx->pci, iova, buf, len,
				write ? DMA_DIRECTION_FROM_DEVICE :
					DMA_DIRECTION_TO_DEVICE,
				memory_only) == MEMTX_OK;
	cx->in_dma = was;
	return ok;
}

static bool dma_access(ConnectX *cx, uint64_t iova, void *buf, size_t len,
		       bool write)
{
	if (!dma_raw(cx, iova, buf, len, write)) {
		cx->dma_faults++;
		cx_log(cx, "%s of %zu bytes at 0x%" PRIx64 " was refused",
		       write ? "write" : "read", len, iova);
		return false;
	}
	attack_accessed(cx, iova, buf, len, write);
	return true;
}

/* Data that cannot be read become zeroes. */
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

/* An interrupt is a write too, to an address from the driver. */
void dma_interrupt(ConnectX *cx, unsigned int vector)
{
	bool was = cx->in_dma;

	cx->in_dma = true;
	msix_notify(&cx->pci, vector);
	cx->in_dma = was;
}

int64_t cx_later(ConnectX *cx)
{
	int64_t now = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
	uint64_t spread = cx->prop.spread_ns;

	if (spread)
		spread = g_rand_double(cx->random) * spread;
	return now + cx->prop.delay_ns + spread;
}

void cx_kick(ConnectX *cx, QEMUTimer *timer)
{
	if (!timer_pending(timer))
		timer_mod_ns(timer, cx_later(cx));
}
