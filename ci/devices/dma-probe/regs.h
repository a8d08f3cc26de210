/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Registers of the DMA probe, a PCI device that attacks an IOMMU.
 *
 * The QEMU device and the guest's driver both include this file, so it has only
 * preprocessor constants.
 *
 * BAR 0 has 64 KiB of 64-bit registers, little-endian. An 8-byte access reaches
 * a whole register, a 4-byte access one half of it. If a write starts an
 * action, only a write that includes the low half does. Units are bytes and
 * nanoseconds of QEMU's virtual clock, unless a comment names others.
 *
 * An "access" below is one bus access. It never crosses a 4 KiB page. The range
 * of a command is split at page boundaries, and each page counts as one access.
 */
#ifndef XSMMU_DMA_PROBE_REGS_H
#define XSMMU_DMA_PROBE_REGS_H

#define DMA_PROBE_VENDOR_ID		0x1234
#define DMA_PROBE_DEVICE_ID		0x5d0b
#define DMA_PROBE_BAR			0
#define DMA_PROBE_BAR_SIZE		0x10000

#define DMA_PROBE_PAGE_SHIFT		12
#define DMA_PROBE_PAGE_SIZE		0x1000
#define DMA_PROBE_MAX_ENGINES		16
#define DMA_PROBE_MAX_LEN		0x10000
#define DMA_PROBE_MAX_BURST		4096
#define DMA_PROBE_MIN_PERIOD_NS		1000
#define DMA_PROBE_MAX_PERIOD_NS		1000000000

/* ---- The device ---- */

/* RO: DMA_PROBE_MAGIC, by which a driver recognises the device. */
#define DMA_PROBE_ID			0x000
#define DMA_PROBE_MAGIC			0x62707264	/* "drpb" */

/* RO: DMA_PROBE_VERSION_NOW, which grows with each incompatible change. */
#define DMA_PROBE_VERSION		0x008
#define DMA_PROBE_VERSION_NOW		1

/* RO: number of engines, 1 .. DMA_PROBE_MAX_ENGINES. */
#define DMA_PROBE_ENGINES		0x010

/* RO: DMA_PROBE_FEATURE_* bits. */
#define DMA_PROBE_FEATURES		0x018
#define DMA_PROBE_FEATURE_ICOUNT	0x1	/* QEMU counts instructions */
#define DMA_PROBE_FEATURE_ATS		0x2	/* has an ATS capability */
#define DMA_PROBE_FEATURE_MSI		0x4	/* has an MSI capability */

/* RO: the current time of the virtual clock. */
#define DMA_PROBE_CLOCK_NS		0x020

/* RO: instructions that the guest has executed; 0 without -icount. */
#define DMA_PROBE_INSTRUCTIONS		0x028

/* WO: the u32 that is written appears in QEMU's log: "dma_probe_mark <decimal>". */
#define DMA_PROBE_MARK			0x030

/*
 * The first error since the register was cleared, DMA_PROBE_ERROR_*. Any write
 * clears it, DMA_PROBE_ERROR_OFFSET and DMA_PROBE_ERROR_COUNT. A write with an
 * error changes no other register, except the result of a command.
 */
#define DMA_PROBE_ERROR			0x038
#define DMA_PROBE_ERROR_NONE		0
#define DMA_PROBE_ERROR_REGISTER	1	/* no such register, or read-only */
#define DMA_PROBE_ERROR_VALUE		2	/* value out of its range */
#define DMA_PROBE_ERROR_COMMAND		3	/* no such command */
#define DMA_PROBE_ERROR_RANGE		4	/* empty, wraps, or longer than allowed */
#define DMA_PROBE_ERROR_LEDGER_FULL	5	/* no page of the range was added */
#define DMA_PROBE_ERROR_BUSY		6	/* engine runs, or own DMA hit the BAR */

/* RO: offset of the register whose write or read was the first error. */
#define DMA_PROBE_ERROR_OFFSET		0x040

/* RO: number of errors since they were cleared. */
#define DMA_PROBE_ERROR_COUNT		0x048

/* WO: the parts to reset, a bit each. */
#define DMA_PROBE_RESET			0x050
#define DMA_PROBE_RESET_COUNTERS	0x1	/* all counters, exposure, first landing */
#define DMA_PROBE_RESET_LEDGER		0x2	/* forget every page */
#define DMA_PROBE_RESET_ENGINES		0x4	/* stop them and reset their registers */
#define DMA_PROBE_RESET_ATS		0x8	/* drop every device-TLB entry */
#define DMA_PROBE_RESET_ALL		0xf

/* RW: bit n enables the MSI of engine n at the end of its count; 0 at reset. */
#define DMA_PROBE_IRQ_ENABLE		0x058

/* Bit n: engine n has ended its count, also if not enabled. Write 1 to clear. */
#define DMA_PROBE_IRQ_STATUS		0x060

/* RO: the sums over all engines, in the layout of DMA_PROBE_COUNTER(). */
#define DMA_PROBE_COUNTERS		0x080

/*
 * Counters of one direction (0 read, 1 write), relative to DMA_PROBE_COUNTERS
 * or DMA_PROBE_ENGINE_COUNTERS. TRIED = OK + FAULTED. LANDED counts the
 * accesses of OK whose page the ledger holds dead.
 */
#define DMA_PROBE_COUNTER(write)	((write) * 0x20)
#define DMA_PROBE_READ			0
#define DMA_PROBE_WRITE			1
#define DMA_PROBE_TRIED			0x00
#define DMA_PROBE_OK			0x08
#define DMA_PROBE_FAULTED		0x10
#define DMA_PROBE_LANDED		0x18
#define DMA_PROBE_COUNTERS_SIZE		0x40

/* ---- The ledger: the IOVA pages that are dead or alive ---- */

/* RW: the range of the next command, which works on all pages that it touches. */
#define DMA_PROBE_LEDGER_IOVA		0x100
#define DMA_PROBE_LEDGER_LEN		0x108

/*
 * WO: DMA_PROBE_LEDGER_CMD_*. It works on the whole range or, on an error, on
 * no page. A range may be as long as the ledger. A page is dead when the guest
 * has freed the memory that it led to, and alive when the guest has mapped it.
 * A page that is declared dead twice keeps its first time of death.
 */
#define DMA_PROBE_LEDGER_CMD		0x110
#define DMA_PROBE_LEDGER_CMD_DEAD	1
#define DMA_PROBE_LEDGER_CMD_ALIVE	2
#define DMA_PROBE_LEDGER_CMD_FORGET	3	/* back to unknown */
#define DMA_PROBE_LEDGER_CMD_QUERY	4	/* the state of the page at IOVA */

/* RO: the answer to the last DMA_PROBE_LEDGER_CMD_QUERY. */
#define DMA_PROBE_LEDGER_STATE		0x118
#define DMA_PROBE_PAGE_UNKNOWN		0
#define DMA_PROBE_PAGE_DEAD		1
#define DMA_PROBE_PAGE_ALIVE		2

/* RO: the number of dead pages, of alive pages, and the most of both together. */
#define DMA_PROBE_LEDGER_DEAD		0x120
#define DMA_PROBE_LEDGER_ALIVE		0x128
#define DMA_PROBE_LEDGER_CAPACITY	0x130

/* RO: DMA_PROBE_ERROR_* of the last ledger command. */
#define DMA_PROBE_LEDGER_RESULT		0x138

/*
 * The longest time from the declaration that a page is dead to an access that
 * landed on it. Any write sets it to 0.
 */
#define DMA_PROBE_EXPOSURE_NS		0x140

/* RO: the IOVA of the first landing since the counters were reset, or ~0. */
#define DMA_PROBE_LANDED_IOVA		0x148

/* RO: bits 7:0 are the engine of that landing. Bit 8 is set if it was a write. */
#define DMA_PROBE_LANDED_BY		0x150
#define DMA_PROBE_LANDED_BY_ENGINE	0x0ff
#define DMA_PROBE_LANDED_BY_WRITE	0x100

/* ---- The device TLB; all 0 without DMA_PROBE_FEATURE_ATS ---- */

/* RO: 1 while the guest has ATS enabled in the capability. */
#define DMA_PROBE_ATS_ENABLED		0x200

/* RO: accesses that hit an entry; requests granted; requests refused. */
#define DMA_PROBE_ATS_HITS		0x208
#define DMA_PROBE_ATS_FILLS		0x210
#define DMA_PROBE_ATS_REFUSED		0x218

/* RO: invalidations that the IOMMU sent; entries that they dropped. */
#define DMA_PROBE_ATS_INVALIDATIONS	0x220
#define DMA_PROBE_ATS_DROPPED		0x228

/* RO: the number of entries, and the most that there can be. */
#define DMA_PROBE_ATS_ENTRIES		0x230
#define DMA_PROBE_ATS_CAPACITY		0x238

/* RO: how often a full device TLB was emptied. It should stay 0 in a test. */
#define DMA_PROBE_ATS_OVERFLOWS		0x240

/* ---- Engines: one block each, offsets relative to DMA_PROBE_ENGINE(n) ---- */

#define DMA_PROBE_ENGINE(n)		(0x8000 + (n) * DMA_PROBE_ENGINE_SIZE)
#define DMA_PROBE_ENGINE_SIZE		0x400

/* RW: the address of the accesses, any IOVA; 0 at reset. Busy while running. */
#define DMA_PROBE_ENGINE_IOVA		0x00

/* RW: bytes, 1 .. DMA_PROBE_MAX_LEN, 8 at reset. Busy while running. */
#define DMA_PROBE_ENGINE_LEN		0x08

/* RW: the 8 bytes that a write repeats over the range, lowest byte first. */
#define DMA_PROBE_ENGINE_PATTERN	0x10

/* RO: the first 8 bytes of the last read that was ok, padded with zeroes. */
#define DMA_PROBE_ENGINE_VALUE		0x18

/*
 * WO: DMA_PROBE_CMD_*. All but START_* have finished when the write returns.
 * SWEEP_* accesses the first LEN bytes of each dead page once. START_* makes
 * BURST accesses every PERIOD_NS until it has made COUNT, or until STOP. An
 * access of SWEEP_* or START_* must lie within one page.
 */
#define DMA_PROBE_ENGINE_CMD		0x20
#define DMA_PROBE_CMD_READ		1
#define DMA_PROBE_CMD_WRITE		2
#define DMA_PROBE_CMD_SWEEP_READ	3
#define DMA_PROBE_CMD_SWEEP_WRITE	4
#define DMA_PROBE_CMD_START_READ	5
#define DMA_PROBE_CMD_START_WRITE	6
#define DMA_PROBE_CMD_STOP		7

/*
 * RO: the result of the bus for the last command, the OR over its accesses. 0
 * is success. An access that the IOMMU blocked gives another value.
 */
#define DMA_PROBE_ENGINE_RESULT		0x28
#define DMA_PROBE_RESULT_OK		0
#define DMA_PROBE_RESULT_ERROR		0x1
#define DMA_PROBE_RESULT_DECODE		0x2

/* The command was refused. Bits 7:0 hold DMA_PROBE_ERROR_*. */
#define DMA_PROBE_RESULT_REFUSED	0x80000000

/* RO: 1 while the engine runs after START. */
#define DMA_PROBE_ENGINE_RUNNING	0x30

/*
 * RW, for START: nanoseconds between bursts, DMA_PROBE_MIN_PERIOD_NS ..
 * DMA_PROBE_MAX_PERIOD_NS.
 */
#define DMA_PROBE_ENGINE_PERIOD_NS	0x38

/* RW, for START: accesses per period, 1 .. DMA_PROBE_MAX_BURST. */
#define DMA_PROBE_ENGINE_BURST		0x40

/* RW, for START: accesses in all; 0 means no end. */
#define DMA_PROBE_ENGINE_COUNT		0x48

/*
 * RW, for START: DMA_PROBE_TARGET_*. LEDGER accesses the dead pages in turn, as
 * SWEEP does. While there are none, it makes no access.
 */
#define DMA_PROBE_ENGINE_TARGET		0x50
#define DMA_PROBE_TARGET_IOVA		0
#define DMA_PROBE_TARGET_LEDGER		1

/* RO: accesses made since START. */
#define DMA_PROBE_ENGINE_MADE		0x58

/* The same as DMA_PROBE_EXPOSURE_NS, for landings of this engine. */
#define DMA_PROBE_ENGINE_EXPOSURE_NS	0x60

/* RO: this engine's counters, in the layout of DMA_PROBE_COUNTER(). */
#define DMA_PROBE_ENGINE_COUNTERS	0x80

#endif /* XSMMU_DMA_PROBE_REGS_H */
