/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Registers of the hostile side of the emulated ConnectX. A real ConnectX has
 * none of them.
 *
 * The QEMU device and the guest's observer both include this file, so it has
 * only preprocessor constants.
 *
 * BAR 4 has 4 KiB of 64-bit registers, little-endian. An access has 8 bytes.
 * Units are bytes and nanoseconds of QEMU's virtual clock, unless a comment
 * names others. "Memory" is a guest-physical address.
 */
#ifndef XSMMU_CONNECTX_ATTACK_REGS_H
#define XSMMU_CONNECTX_ATTACK_REGS_H

#define CX_ATTACK_BAR			4
#define CX_ATTACK_BAR_SIZE		4096
#define CX_ATTACK_PAGE_SHIFT		12
#define CX_ATTACK_PAGE_SIZE		4096

/* ---- The device ---- */

/* RO: CX_ATTACK_MAGIC, by which a driver recognises the device. */
#define CX_ATTACK_ID			0x000
#define CX_ATTACK_MAGIC			0x6b7461786378	/* "cxatk" */

/* RO: CX_ATTACK_VERSION_NOW, which grows with each incompatible change. */
#define CX_ATTACK_VERSION		0x008
#define CX_ATTACK_VERSION_NOW		1

/* RW: the attacks that are on. At reset they are those of the properties. */
#define CX_ATTACK_CONTROL		0x010
#define CX_ATTACK_CONTROL_REPLAY	0x1
#define CX_ATTACK_CONTROL_SWEEP		0x2
#define CX_ATTACK_CONTROL_ALL		0x3

/* WO: the parts to reset, a bit each. */
#define CX_ATTACK_RESET			0x018
#define CX_ATTACK_RESET_COUNTERS	0x1	/* all from CX_ATTACK_COUNTERS on */
#define CX_ATTACK_RESET_LEDGER		0x2	/* forget every page */
#define CX_ATTACK_RESET_MEMORY		0x4	/* forget the past accesses */
#define CX_ATTACK_RESET_ALL		0x7

/* WO: the u32 that is written appears in QEMU's log: "dma_probe_mark <decimal>". */
#define CX_ATTACK_MARK			0x020

/* RO: the current time of the virtual clock. */
#define CX_ATTACK_CLOCK_NS		0x028

/*
 * RW: the number of next frames to send, or to receive, that fail as if the
 * access to their buffer were blocked.
 */
#define CX_ATTACK_FAIL_SEND		0x030
#define CX_ATTACK_FAIL_RECEIVE		0x038

/* RW: while 1, work requests that update memory keys (UMR) wait. */
#define CX_ATTACK_HOLD_UPDATES		0x080

/* ---- The ledger: the IOVA pages that are dead or alive ---- */

/*
 * RW: the memory that the pages of the next CX_ATTACK_LEDGER_ALIVE lead to,
 * beginning with the first page; or _ANYWHERE.
 */
#define CX_ATTACK_LEDGER_MEMORY		0x040
#define CX_ATTACK_LEDGER_ANYWHERE	0xffffffffffffffff

/*
 * WO: the OR of the address of a page, CX_ATTACK_PAGES(number of pages), and
 * one of the commands below. The address is memory for MAPPING and MAPPED, and
 * an IOVA for all others.
 *
 * A page is dead when the guest has freed the memory that it led to, and alive
 * when the guest has mapped it. A page that is declared dead twice keeps its
 * first time of death. TAKEN: the memory behind a dead page has a new owner.
 * The device still accesses the page but does not damage its contents.
 *
 * Between MAPPING and MAPPED the guest maps this memory or, with 0 pages, any
 * memory. An access that reaches it then may be early, or may use a stale
 * translation. The device cannot distinguish these, so it does not judge the
 * access.
 */
#define CX_ATTACK_LEDGER_CMD		0x048
#define CX_ATTACK_PAGES(n)		((n) << 4)	/* 0 .. 255 */
#define CX_ATTACK_LEDGER_DEAD		1
#define CX_ATTACK_LEDGER_ALIVE		2
#define CX_ATTACK_LEDGER_FORGET		3	/* back to unknown */
#define CX_ATTACK_LEDGER_TAKEN		4
#define CX_ATTACK_LEDGER_MAPPING	5
#define CX_ATTACK_LEDGER_MAPPED		6
#define CX_ATTACK_LEDGER_QUERY		7	/* the state of the page */

/* RO: the answer to the last CX_ATTACK_LEDGER_QUERY. */
#define CX_ATTACK_LEDGER_STATE		0x050
#define CX_ATTACK_PAGE_UNKNOWN		0
#define CX_ATTACK_PAGE_DEAD		1
#define CX_ATTACK_PAGE_ALIVE		2

/* RO: refused commands: they were unknown, or the ledger was full. */
#define CX_ATTACK_LEDGER_ERRORS		0x058

/* RO: the number of dead pages, of alive pages, and the most of both together. */
#define CX_ATTACK_LEDGER_DEAD_PAGES	0x060
#define CX_ATTACK_LEDGER_ALIVE_PAGES	0x068
#define CX_ATTACK_LEDGER_CAPACITY	0x070

/* ---- Counters ---- */

#define CX_ATTACK_COUNTERS		0x100

/*
 * RO: counters of one kind of access. An access counts once for each page that
 * it touches. TRIED = OK + FAULTED. These accesses count under OK, too:
 *
 * LANDED         the page is dead
 * MISTRANSLATED  the page led to other memory than the guest declared
 * UNJUDGED       one of the two, but between MAPPING and MAPPED
 *
 * Kinds 4 and 5 are the device's ordinary accesses that succeeded.
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

/* RO: the IOVA of the first and of the last landing, or ~0. */
#define CX_ATTACK_LANDED_FIRST		0x300
#define CX_ATTACK_LANDED_LAST		0x308

/* RO: the longest time from the death of a page to a landing on it. */
#define CX_ATTACK_EXPOSURE_NS		0x310

/* RO: the IOVA of the first access that was mistranslated, or ~0. */
#define CX_ATTACK_MISTRANSLATED_FIRST	0x318

/* RO: replays that were lost because newer accesses overwrote them. */
#define CX_ATTACK_DROPPED		0x320

/* RO: landed writes that left CX_ATTACK_PATTERN in memory without owner. */
#define CX_ATTACK_DAMAGED		0x328
#define CX_ATTACK_PATTERN		0xdb

/* ---- The device TLB; all 0 without the property "ats" ---- */

/* RO: 1 while the guest has ATS enabled in the capability. */
#define CX_ATTACK_ATS_ENABLED		0x380

/* RO: accesses that hit an entry; requests granted; requests refused. */
#define CX_ATTACK_ATS_HITS		0x388
#define CX_ATTACK_ATS_FILLS		0x390
#define CX_ATTACK_ATS_REFUSED		0x398

/* RO: invalidations that the IOMMU sent; entries that they dropped. */
#define CX_ATTACK_ATS_INVALIDATIONS	0x3a0
#define CX_ATTACK_ATS_DROPPED		0x3a8

/* RO: how often a full device TLB was emptied. */
#define CX_ATTACK_ATS_OVERFLOWS		0x3b0

#endif /* XSMMU_CONNECTX_ATTACK_REGS_H */
