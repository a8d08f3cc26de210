/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Registers of the emulated ConnectX's hostile side, which no real one has.
 *
 * The one description of the interface: included by the QEMU device and by
 * the guest's ledger module, hence only preprocessor constants.
 *
 * BAR 4 is 4 KiB of 64-bit registers, little-endian; an access is 8 bytes.
 * Units are bytes and nanoseconds of QEMU's virtual clock unless said otherwise.
 * "Memory" is a guest-physical address.
 */
#ifndef XSMMU_CONNECTX_ATTACK_REGS_H
#define XSMMU_CONNECTX_ATTACK_REGS_H

#define CX_ATTACK_BAR			4
#define CX_ATTACK_BAR_SIZE		4096
#define CX_ATTACK_PAGE_SHIFT		12
#define CX_ATTACK_PAGE_SIZE		4096

/* ---- The device ---- */

/* RO: CX_ATTACK_MAGIC, so that a driver knows what it talks to. */
#define CX_ATTACK_ID			0x000
#define CX_ATTACK_MAGIC			0x6b7461786378	/* "cxatk", so to speak */

/* RO: CX_ATTACK_VERSION_NOW; grows with every incompatible change. */
#define CX_ATTACK_VERSION		0x008
#define CX_ATTACK_VERSION_NOW		1

/* RW: what the device does now; at reset what its properties say. */
#define CX_ATTACK_CONTROL		0x010
#define CX_ATTACK_CONTROL_REPLAY	0x1
#define CX_ATTACK_CONTROL_SWEEP		0x2
#define CX_ATTACK_CONTROL_ALL		0x3

/* WO: what to reset, any of the bits below. */
#define CX_ATTACK_RESET			0x018
#define CX_ATTACK_RESET_COUNTERS	0x1	/* all from CX_ATTACK_COUNTERS on */
#define CX_ATTACK_RESET_LEDGER		0x2	/* forget every page */
#define CX_ATTACK_RESET_MEMORY		0x4	/* forget what was accessed */
#define CX_ATTACK_RESET_ALL		0x7

/* WO: the u32 written appears in QEMU's log as "dma_probe_mark <decimal>". */
#define CX_ATTACK_MARK			0x020

/* RO: virtual clock now. */
#define CX_ATTACK_CLOCK_NS		0x028

/*
 * RW: so many of the next frames to send, and of those that are received, fail
 * as if their buffer could not be reached.
 */
#define CX_ATTACK_FAIL_SEND		0x030
#define CX_ATTACK_FAIL_RECEIVE		0x038

/* RW: while 1, work requests that update memory keys (UMR) wait. */
#define CX_ATTACK_HOLD_UPDATES		0x080

/* ---- The ledger: which IOVA pages are dead ---- */

/*
 * RW: memory that the first page of the next CX_ATTACK_LEDGER_ALIVE leads to,
 * the next pages lead to the next; or _ANYWHERE.
 */
#define CX_ATTACK_LEDGER_MEMORY		0x040
#define CX_ATTACK_LEDGER_ANYWHERE	0xffffffffffffffff

/*
 * WO: an address of a page, CX_ATTACK_PAGES(number of pages), and one of the
 * commands below, or-ed. For DEAD, ALIVE, TAKEN, FORGET and QUERY the address is
 * an IOVA, for MAPPING and MAPPED it is memory.
 *
 * A page is dead once the guest freed the memory that it led to, alive once
 * mapped. Declared dead twice, it keeps the time of the first. TAKEN: the
 * memory behind a dead page has a new owner; the device still tries to reach it
 * but will not damage it.
 *
 * Between MAPPING and MAPPED the guest maps this memory, or any memory if there
 * are 0 pages. Nobody can say then whether an access that reached it came early
 * or through a stale translation, so it is not judged.
 */
#define CX_ATTACK_LEDGER_CMD		0x048
#define CX_ATTACK_PAGES(n)		((n) << 4)	/* 0 .. 255 */
#define CX_ATTACK_LEDGER_DEAD		1
#define CX_ATTACK_LEDGER_ALIVE		2
#define CX_ATTACK_LEDGER_FORGET		3	/* back to unknown */
#define CX_ATTACK_LEDGER_TAKEN		4
#define CX_ATTACK_LEDGER_MAPPING	5
#define CX_ATTACK_LEDGER_MAPPED		6
#define CX_ATTACK_LEDGER_QUERY		7	/* state of the page */

/* RO: answer to the last CX_ATTACK_LEDGER_QUERY. */
#define CX_ATTACK_LEDGER_STATE		0x050
#define CX_ATTACK_PAGE_UNKNOWN		0
#define CX_ATTACK_PAGE_DEAD		1
#define CX_ATTACK_PAGE_ALIVE		2

/* RO: commands that were refused: unknown, or the ledger is full. */
#define CX_ATTACK_LEDGER_ERRORS		0x058

/* RO: pages held dead now, pages held alive now, and most of both together. */
#define CX_ATTACK_LEDGER_DEAD_PAGES	0x060
#define CX_ATTACK_LEDGER_ALIVE_PAGES	0x068
#define CX_ATTACK_LEDGER_CAPACITY	0x070

/* ---- What came of it ---- */

#define CX_ATTACK_COUNTERS		0x100

/*
 * RO: counters of one kind of access. One access never crosses a page: more
 * count once for each page. TRIED = OK + FAULTED. Of those that are OK:
 *
 * LANDED         the page is dead
 * MISTRANSLATED  it led to other memory than the guest said
 * UNJUDGED       one of the two, but see CX_ATTACK_LEDGER_CMD
 *
 * Kinds 4 and 5 are the device's ordinary work, all of which succeeded.
 */
#define CX_ATTACK_KIND(kind)		(0x100 + (kind) * 0x40)
#define CX_ATTACK_REPLAY_READ		0
#define CX_ATTACK_REPLAY_WRITE		1
#define CX_ATTACK_SWEEP_READ		2
#define CX_ATTACK_SWEEP_WRITE		3
#define CX_ATTACK_WORK_READ		4
#define CX_ATTACK_WORK_WRITE		5
#define CX_ATTACK_KINDS			6
#define CX_ATTACK_TRIED			0x00
#define CX_ATTACK_OK			0x08
#define CX_ATTACK_FAULTED		0x10
#define CX_ATTACK_LANDED		0x18
#define CX_ATTACK_MISTRANSLATED		0x20
#define CX_ATTACK_UNJUDGED		0x28

/* RO: IOVA of the first and the last landing, or ~0. */
#define CX_ATTACK_LANDED_FIRST		0x300
#define CX_ATTACK_LANDED_LAST		0x308

/* RO: longest time between a page being declared dead and a landing on it. */
#define CX_ATTACK_EXPOSURE_NS		0x310

/* RO: IOVA of the first access that was mistranslated, or ~0. */
#define CX_ATTACK_MISTRANSLATED_FIRST	0x318

/* RO: replays that never were because there was no room to remember them. */
#define CX_ATTACK_DROPPED		0x320

/* RO: landed writes that left CX_ATTACK_PATTERN in memory that nobody owned. */
#define CX_ATTACK_DAMAGED		0x328
#define CX_ATTACK_PATTERN		0xdb

/* ---- The device TLB (property "ats"); all 0 without ---- */

/* RO: 1 while the guest has ATS enabled in the capability. */
#define CX_ATTACK_ATS_ENABLED		0x380

/* RO: translated by an entry at hand; entries fetched; requests refused. */
#define CX_ATTACK_ATS_HITS		0x388
#define CX_ATTACK_ATS_FILLS		0x390
#define CX_ATTACK_ATS_REFUSED		0x398

/* RO: invalidations that the IOMMU sent; entries that they dropped. */
#define CX_ATTACK_ATS_INVALIDATIONS	0x3a0
#define CX_ATTACK_ATS_DROPPED		0x3a8

/* RO: times that a full device TLB was emptied. */
#define CX_ATTACK_ATS_OVERFLOWS		0x3b0

#endif /* XSMMU_CONNECTX_ATTACK_REGS_H */
