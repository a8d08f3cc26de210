// SPDX-License-Identifier: GPL-2.0
/*
 * The vendor-specific capability of a physical function: a window, in PCI
 * configuration space, to other address spaces of the device. Its user takes the
 * semaphore, selects a space, and then accesses it.
 *
 * This device has no such space, so the status of each selected one is
 * "unsupported". The semaphore works.
 */
#include "connectx.h"

#include "hw/pci/pci_regs.h"
#include "qapi/error.h"

#define CAP_LENGTH	2	/* offsets in the capability */
#define CONTROL		0x04
#define COUNTER		0x08
#define SEMAPHORE	0x0c
#define CAP_SIZE	0x18

#define CONTROL_SPACE	0xffff	/* the status, bits 31:29, is 0: unsupported */

static uint8_t *reg(ConnectX *cx, uint32_t offset)
{
	return cx->pci.config + cx->vsc + offset;
}

void vsc_init(ConnectX *cx)
{
	cx->vsc = pci_add_capability(&cx->pci, PCI_CAP_ID_VNDR, 0, CAP_SIZE, &error_abort);
	*reg(cx, CAP_LENGTH) = CAP_SIZE;
}

void vsc_reset(ConnectX *cx)
{
	if (cx->vsc)
		memset(reg(cx, CONTROL), 0, CAP_SIZE - CONTROL);
}

/* Each read of the counter gives another number, with which the reader can lock. */
void vsc_reading(ConnectX *cx, uint32_t addr)
{
	uint32_t next;

	if (!cx->vsc || addr != cx->vsc + COUNTER)
		return;
	next = ldl_le_p(reg(cx, COUNTER)) + 1;
	stl_le_p(reg(cx, COUNTER), MAX(next, 1));
}

/* A number takes the semaphore if that is free, and 0 releases it. */
void vsc_written(ConnectX *cx, uint32_t addr, uint32_t val, int len)
{
	if (!cx->vsc || len != 4)
		return;
	if (addr == cx->vsc + CONTROL)
		stl_le_p(reg(cx, CONTROL), val & CONTROL_SPACE);
	if (addr == cx->vsc + SEMAPHORE && (!val || !ldl_le_p(reg(cx, SEMAPHORE))))
		stl_le_p(reg(cx, SEMAPHORE), val);
}
