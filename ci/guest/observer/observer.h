/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The observer follows each DMA mapping of the emulated ConnectX and each freeing of
 * memory, and tells the device which IOVA pages are alive and which are dead. It
 * changes neither the driver nor the kernel. On request syncs fail, or the driver
 * detaches.
 *
 * functions.c	the ConnectX functions: their registers, when they are followed
 * calls.c	the DMA calls of their driver
 * pages.c	which IOVA page leads to which memory, and who owns the memory
 * memory.c	tracepoints of the memory allocators
 * strict.c	the callers of strict unmaps and frees
 * driver.c	lets the driver detach from a function and attach again
 * files.c	/sys/kernel/debug/observer
 * main.c	the module
 */
#ifndef XSMMU_GUEST_OBSERVER_H
#define XSMMU_GUEST_OBSERVER_H

#ifdef CONFIG_XSMMU
#include <linux/dma-xsmmu-override.h>
#endif
#include <linux/io.h>
#include <linux/list.h>
#include <linux/types.h>

#include "../../devices/connectx/attack-regs.h"

struct device;
struct iommu_domain;
struct pci_dev;
struct seq_file;

/**
 * struct function - a ConnectX that attacks
 * @list:	in the list of all functions. function_lock guards additions; readers use
 *		RCU. None is removed while the module is in use
 * @pdev:	the PCI function
 * @bar:	its attack registers
 * @domain:	the domain that it was bound to last; functions of one group share it, and
 *		each of them reaches what another one has mapped
 * @override:	lets syncs fail, while a driver is bound
 * @no_sync_until: in jiffies; syncs fail until then
 * @bound:	a driver is bound, so the observer follows it and cannot be removed
 */
struct function {
	struct list_head list;
	struct pci_dev *pdev;
	void __iomem *bar;
	struct iommu_domain *domain;
#ifdef CONFIG_XSMMU
	struct xsmmu_override override;
#endif
	unsigned long no_sync_until;
	bool bound;
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

/* The function whose device this is, if it is followed, or NULL. Any context. */
struct function *function_of(struct device *dev);
int functions_init(void);
void functions_exit(void);
void functions_each(void (*call)(struct function *function));
/* Writes to a register of all functions that share the domain. Any context but NMI. */
void functions_write(struct function *function, unsigned int reg, u64 val);

/* ---- pages.c ---- */

/* The module's counts. All must stay 0 except the first four. */
struct pages_count {
	u64 mapped;		/* IOVA pages */
	u64 unmapped;
	u64 died;
	u64 taken;
	u64 freed_while_mapped;	/* pages whose memory was freed before the unmap */
	u64 unmapped_unknown;	/* pages that were never mapped */
	u64 lost;		/* pages that found no place in our table */
	u64 unfollowed;		/* mappings of a kind that is not followed */
};

extern struct pages_count pages_count;

/* All of these may be called in any context but NMI. */

/* Memory is about to be mapped; @size 0: any memory. */
void pages_mapping(struct function *function, phys_addr_t memory, size_t size);
/* The same mapping failed, or pages_alive() has declared it. */
void pages_mapped(struct function *function, phys_addr_t memory, size_t size);
/* IOVA @iova now leads to @memory. */
void pages_alive(struct function *function, dma_addr_t iova, phys_addr_t memory,
		 size_t size);
/* The driver unmaps this. The memory is not free yet. */
void pages_unmap(struct function *function, dma_addr_t iova, size_t size);
/* Whole pages are about to be freed, or have just been allocated. */
void pages_freed(unsigned long pfn, unsigned long pages);
void pages_taken(unsigned long pfn, unsigned long pages);
/* An object of the slab allocator is about to be freed. */
void pages_object_freed(const void *object);

/* ---- calls.c ---- */

int calls_init(void);
void calls_exit(void);
/* How many probes of calls the kernel has skipped. */
u64 calls_skipped(void);

/* ---- memory.c ---- */

int memory_init(void);
void memory_exit(void);

/* ---- strict.c ---- */

/* What follows a call of @real, a function of the DMA API, calls this. Any context but NMI. */
void strict_note(void *real);
void strict_forget_addresses(void);
void strict_reset(void);
int strict_show(struct seq_file *file, void *unused);

/* ---- driver.c ---- */

/* The driver's methods for a sleep of the system: suspend, or resume. May sleep. */
int driver_sleep(struct function *function, bool sleep);
/* The driver's handlers of a PCI error, and a reset of the device. May sleep. */
int driver_recover(struct function *function);

/* ---- files.c ---- */

void files_init(void);
void files_add(struct function *function);
void files_exit(void);

#endif /* XSMMU_GUEST_OBSERVER_H */
