// SPDX-License-Identifier: GPL-2.0
/*
 * BAR 0: the initialisation segment, then pages of doorbells (UARs).
 *
 * The layouts are struct mlx5_init_seg and struct health_buffer of the driver.
 */
#include "connectx.h"

/* The initialisation segment. */
#define SEG_FW_REVISION		0x0000
#define SEG_CMD_REVISION	0x0004
#define SEG_CMDQ_HIGH		0x0010
#define SEG_CMDQ_LOW		0x0014
#define SEG_CMD_DOORBELL	0x0018
#define SEG_INITIALIZING	0x01fc
#define SEG_HEALTH		0x0200
#define SEG_HEALTH_FW_VERSION	(SEG_HEALTH + 0x30)
#define SEG_HEALTH_HW_ID	(SEG_HEALTH + 0x34)
#define SEG_HEALTH_SEVERITY	(SEG_HEALTH + 0x38)
#define SEG_HEALTH_SYNDROME	(SEG_HEALTH + 0x3c)
#define SEG_TIMER_HIGH		0x1000
#define SEG_TIMER_LOW		0x1004
#define SEG_HEALTH_COUNTER	0x1010

#define FW_MAJOR		16
#define FW_MINOR		35
#define FW_SUBMINOR		1000
#define CMD_REVISION		5
#define HW_ID			0x209
#define REQUEST_RESET		(1u << 31)	/* in the dword of the severity */

/* In the low word of the command queue's address. */
#define CMDQ_ADDRESS		0xfffff000u
#define CMDQ_INTERFACE(v)	((v) >> 8 & 7)
#define CMDQ_FIELDS		(CX_LOG_CMDS << 4 | CX_LOG_CMD_STRIDE)

/* A page of doorbells. All are in its first 4 KiB. */
#define UAR_CQ			0x20
#define UAR_EQ_ARM		0x40
#define UAR_EQ			0x48
#define UAR_BLUEFLAME		0x800
#define UAR_BLUEFLAME_SIZE	0x100
#define UAR_BLUEFLAME_END	0xc00	/* four registers: MLX5_BFREGS_PER_UAR */

/* The owner of the interface. After a reset it has none. */
enum { INTERFACE_DRIVER = 0, INTERFACE_DISABLED = 1, INTERFACE_RESET = 7 };

static uint32_t segment_read(ConnectX *cx, hwaddr addr)
{
	uint64_t now = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
	uint64_t queue = command_queue_iova(cx);

	switch (addr) {
	case SEG_FW_REVISION:
		return FW_MINOR << 16 | FW_MAJOR;
	case SEG_CMD_REVISION:
		return CMD_REVISION << 16 | FW_SUBMINOR;
	case SEG_CMDQ_HIGH:
		return queue >> 32;
	case SEG_CMDQ_LOW:
		return (queue & CMDQ_ADDRESS) | cx->interface << 8 | CMDQ_FIELDS;
	case SEG_HEALTH_FW_VERSION:
		return FW_MAJOR << 24 | FW_MINOR << 16 | FW_SUBMINOR;
	case SEG_HEALTH_HW_ID:
		return HW_ID;
	case SEG_HEALTH_SEVERITY:
		return cx->health_syndrome ? REQUEST_RESET : 0;
	case SEG_HEALTH_SYNDROME:
		return cx->health_syndrome << 16;
	case SEG_TIMER_HIGH:
		return now >> 32;
	case SEG_TIMER_LOW:
		return now;
	case SEG_HEALTH_COUNTER:
		/* It counts milliseconds, and stops when the function breaks. */
		return (cx->health_syndrome ? cx->broken_at : now) / SCALE_MS & 0xffffff;
	default:
		return 0;
	}
}

/* The driver's health poll reads single bytes, so any size works. */
static uint64_t bar_read(void *opaque, hwaddr addr, unsigned int size)
{
	ConnectX *cx = opaque;
	uint32_t val;

	if (size == 8)
		return (uint64_t)segment_read(cx, addr) << 32 |
		       segment_read(cx, addr + 4);
	val = segment_read(cx, addr & ~3ull);
	if (size == 4)
		return val;
	return val >> (4 - size - (addr & 3)) * 8 & ((1u << size * 8) - 1);
}

static void set_interface(ConnectX *cx, unsigned int interface)
{
	switch (interface) {
	case INTERFACE_DRIVER:
		cx->interface = INTERFACE_DRIVER;
		break;
	case INTERFACE_DISABLED:
	case INTERFACE_RESET:
		cx_reset(cx);
		cx->interface = INTERFACE_DISABLED;
		break;
	}
}

static void segment_write(ConnectX *cx, hwaddr addr, uint32_t val)
{
	uint64_t queue = command_queue_iova(cx);

	switch (addr) {
	case SEG_CMDQ_HIGH:
		command_set_queue_iova(cx, deposit64(queue, 32, 32, val));
		break;
	case SEG_CMDQ_LOW:
		command_set_queue_iova(cx, deposit64(queue, 0, 32,
						     val & CMDQ_ADDRESS));
		set_interface(cx, CMDQ_INTERFACE(val));
		break;
	case SEG_CMD_DOORBELL:
		if (cx->interface == INTERFACE_DRIVER)
			command_doorbell(cx, val);
		break;
	}
}

/* Of a blue flame register only the first 8 bytes count. */
static void uar_write(ConnectX *cx, hwaddr addr, uint64_t val, unsigned int size)
{
	uint32_t uar = addr >> cx->log_uar_page;
	uint32_t reg = addr & ((1u << cx->log_uar_page) - 1);

	if (size == 4 && (reg == UAR_EQ_ARM || reg == UAR_EQ))
		event_doorbell(cx, uar, val, reg == UAR_EQ_ARM);
	else if (size == 8 && reg == UAR_CQ)
		cq_doorbell(cx, uar, val);
	else if (size == 8 && reg >= UAR_BLUEFLAME && reg < UAR_BLUEFLAME_END &&
		 reg % UAR_BLUEFLAME_SIZE == 0)
		send_doorbell(cx, uar, val >> 8 & 0xffffff);
}

static void bar_write(void *opaque, hwaddr addr, uint64_t val,
		      unsigned int size)
{
	ConnectX *cx = opaque;

	/* The device's own DMA may lead to this BAR. */
	if (cx->in_dma)
		return;
	if (addr >= CX_FIRST_UAR << CX_PAGE_SHIFT)
		uar_write(cx, addr, val, size);
	else if (size == 4)
		segment_write(cx, addr, val);
}

/* A 64-bit doorbell is one write, with the first word in the upper half. */
const MemoryRegionOps cx_bar_ops = {
	.read = bar_read,
	.write = bar_write,
	.endianness = DEVICE_BIG_ENDIAN,
	.valid = { .min_access_size = 1, .max_access_size = 8 },
	.impl = { .min_access_size = 1, .max_access_size = 8 },
};
