/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The observer: it follows each DMA mapping of the emulated ConnectX
 * and each freeing of memory, and tells the device which IOVA pages are alive
 * and which are dead. The driver and the kernel are left as they are.
 *
 * functions.c	the ConnectX functions: their registers, their DMA operations
 * pages.c	which IOVA page leads to which memory, and who owns that
 * memory.c	tracepoints of the memory allocators
 * strict.c	who unmaps without deferring the invalidation
 * files.c	/sys/kernel/debug/observer
 * main.c	the module
 */
#ifndef XSMMU_GUEST_OBSERVER_H
#define XSMMU_GUEST_OBSERVER_H

#include <linux/dma-map-ops.h>
#ifdef CONFIG_XSMMU
#include <linux/dma-xsmmu-override.h>
#endif
#include <linux/io.h>
#include <linux/list.h>
#include <linux/types.h>

#include "../../devices/connectx/attack-regs.h"

struct dentry;
struct pci_dev;
struct seq_file;

/**
 * struct function - a ConnectX that attacks
 * @list:	of all of them; changed under function_lock
 * @pdev:	the PCI function
 * @bar:	its attack registers
 * @real:	the DMA operations that the kernel gave the device
 * @ops:	those that it has while it is bound to a driver
 * @override:	takes us to batched unmaps and their syncs meanwhile
 * @no_sync_until: in jiffies; batched invalidations fail meanwhile
 * @bound:	it is followed now, and the module cannot be removed
 * @dir:	its folder in debugfs
 */
struct function {
	struct list_head list;
	struct pci_dev *pdev;
	void __iomem *bar;
	const struct dma_map_ops *real;
	struct dma_map_ops ops;
#ifdef CONFIG_XSMMU
	struct xsmmu_override override;
#endif
	unsigned long no_sync_until;
	bool bound;
	struct dentry *dir;
};

static inline u64 function_read(struct function *function, unsigned int reg)
{
	return readq(function->bar + reg);
}

static inline void function_write(struct function *function, unsigned int reg,
				  u64 val)
{
	writeq(val, function->bar + reg);
}

/* ---- functions.c ---- */

int functions_init(void);
void functions_exit(void);
/* Batched invalidations fail from now on, without being tried. */
void function_fail_syncs(struct function *function, unsigned int ms);
void functions_each(void (*call)(struct function *function));

/* ---- pages.c ---- */

/* What the module counts; all must stay 0 except the first four. */
struct pages_count {
	u64 mapped;		/* IOVA pages */
	u64 unmapped;
	u64 died;
	u64 taken;
	u64 freed_while_mapped;	/* memory that the device still owned */
	u64 unmapped_unknown;	/* pages that were never mapped */
	u64 lost;		/* pages that found no room in our table */
	u64 unfollowed;		/* mappings of a kind that is not followed */
};

extern struct pages_count pages_count;

int pages_init(void);
void pages_exit(void);

/* All of these may be called in any context but NMI. */

/* Memory is about to be mapped; @size 0: whatever memory. */
void pages_mapping(struct function *function, phys_addr_t memory, size_t size);
/* The same mapping failed, or is finished and was told. */
void pages_mapped(struct function *function, phys_addr_t memory, size_t size);
/* IOVA @iova now leads to @memory. */
void pages_alive(struct function *function, dma_addr_t iova, phys_addr_t memory,
		 size_t size);
/* The driver unmaps this; the memory is still somebody's. */
void pages_unmap(struct function *function, dma_addr_t iova, size_t size);
/* Whole pages are about to be freed, or have just been allocated. */
void pages_freed(unsigned long pfn, unsigned long pages);
void pages_taken(unsigned long pfn, unsigned long pages);
/* An object of the slab allocator is about to be freed. */
void pages_object_freed(const void *object);

/* ---- memory.c ---- */

int memory_init(void);
void memory_exit(void);

/* ---- strict.c ---- */

/* To be called by a DMA operation; in any context but NMI. */
void strict_note(void);
void strict_forget_addresses(void);
void strict_reset(void);
void strict_show(struct seq_file *file);

/* ---- files.c ---- */

void files_init(void);
void files_add(struct function *function);
void files_exit(void);

#endif /* XSMMU_GUEST_OBSERVER_H */
