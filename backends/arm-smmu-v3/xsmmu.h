/* SPDX-License-Identifier: GPL-2.0 */
/*
 * xSMMU behind Arm SMMUv3: what the driver's hooks call, and what the files of
 * the backend share. xsmmu-glue.h has what the backend asks of the driver.
 *
 * Section numbers are those of the "Arm System Memory Management Unit
 * Architecture Specification, version 3", IHI 0070, issue H.a.
 *
 * Include order: "arm-smmu-v3.h" first.
 */
#ifndef _ARM_SMMU_V3_XSMMU_H
#define _ARM_SMMU_V3_XSMMU_H

#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/dma-direction.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/iommu.h>
#include <linux/percpu.h>
#include <linux/rculist.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include "../../xsmmu/xsmmu.h"

struct io_pgtable_ops;
struct iommu_flush_ops;

#ifdef CONFIG_XSMMU_ARM_SMMU_V3

/* A CPU that polls looks for an error of the queue once in so many polls. */
#define ARM_SMMU_POLLS_PER_LOOK	8

/* Groups of cache lines that fit into a CPU's log. */
#define ARM_SMMU_LINE_GROUPS	8

/* Entries per cache line, and per group of as many lines as a long has bits. */
#define ARM_SMMU_LINE_ENTRIES	8
#define ARM_SMMU_GROUP_ENTRIES	(BITS_PER_LONG * ARM_SMMU_LINE_ENTRIES)

/**
 * struct arm_smmu_lines - cache lines of one table that are not yet clean
 * @iova: an IOVA that the entries map; it is in quarantine
 * @shift: log2 of the bytes that each of them maps
 * @set: lines with cleared entries, among the 64 of the 512 entries around @iova
 */
struct arm_smmu_lines {
	unsigned long iova;
	unsigned int shift;
	unsigned long set;
};

/**
 * struct arm_smmu_pending_log - the lines of leaves that one CPU has cleared
 * @lock: (L) taken by the CPU, and by a sync of the domain on any CPU
 * @n: (L) groups in use
 * @lines: (L) the groups
 */
struct arm_smmu_pending_log {
	raw_spinlock_t lock;
	unsigned int n;
	struct arm_smmu_lines lines[ARM_SMMU_LINE_GROUPS];
};

/**
 * struct arm_smmu_pending - the leaves that a domain's batches have cleared, and
 *	that are not yet clean
 * @pgtbl: the domain's tables; constant
 * @walker: the device that entries are cleaned for; constant
 * @granule: log2 of the smallest leaf; constant
 * @last: the highest IOVA; constant
 * @log: one per possible CPU
 * @cleaned: for tests that watch what is cleaned, or NULL; set before the first map
 * @driver: the driver's ops; constant once the domain is adopted
 * @ops: a copy of them, in which some are replaced; likewise
 * @busy: CPUs whose log may not be empty; a bit is written under that log's lock
 * @broken: (any) a line was not found again. Set once; no sync of the domain
 *	succeeds after it
 */
struct arm_smmu_pending {
	struct io_pgtable_ops *pgtbl;
	struct device *walker;
	unsigned int granule;
	unsigned long last;
	struct arm_smmu_pending_log __percpu *log;
#if IS_ENABLED(CONFIG_XSMMU_KUNIT_TEST)
	void (*cleaned)(struct device *walker, dma_addr_t addr, size_t size,
			enum dma_data_direction dir);
#endif
	const struct iommu_domain_ops *driver;
	struct iommu_domain_ops ops;

	struct cpumask busy ____cacheline_aligned_in_smp;
	bool broken;
};

/**
 * struct arm_smmu_context - what commands name a domain by
 * @smmu: the SMMU
 * @id: ASID or VMID
 * @stage2: @id is a VMID
 */
struct arm_smmu_context {
	struct arm_smmu_device *smmu;
	u16 id;
	bool stage2;
};

/* xsmmu.c */
int arm_smmu_xsmmu_sync_domain_iotlb(struct iommu_domain *domain,
				     bool leaf_only);
int arm_smmu_xsmmu_sync_iotlb_runs(struct iommu_domain *domain,
				   const struct xsmmu_run *run, unsigned int n);

/* xsmmu-entry.c */
u64 *arm_smmu_xsmmu_leaf_entry(struct iommu_domain *domain, dma_addr_t iova,
			       unsigned int *after);

/* xsmmu-error.c */
void arm_smmu_xsmmu_init_errors(struct arm_smmu_device *smmu);
irqreturn_t arm_smmu_xsmmu_gerror(int irq, void *dev);
void arm_smmu_xsmmu_mend_queue(struct arm_smmu_device *smmu);
bool arm_smmu_xsmmu_timed_out(struct arm_smmu_device *smmu, unsigned int since,
			      u32 at);

/* xsmmu-pending.c */
struct arm_smmu_pending *arm_smmu_pending_alloc(struct io_pgtable_ops *pgtbl);
void arm_smmu_pending_free(struct arm_smmu_pending *p);
void arm_smmu_pending_add(struct arm_smmu_pending *p, unsigned long iova,
			  unsigned int shift, size_t leaves);
int arm_smmu_pending_take(struct arm_smmu_pending *p);
int arm_smmu_pending_clean(struct arm_smmu_pending *p, unsigned long iova,
			   size_t size);

/* xsmmu-adopt.c */
void arm_smmu_xsmmu_adopt(struct iommu_domain *domain);
void arm_smmu_xsmmu_attach(struct iommu_domain *domain);
void arm_smmu_xsmmu_free(struct arm_smmu_domain *smmu_domain);

/*
 * Count the command queue's error if it is an ATC invalidation that timed out, and
 * note the CMD_SYNC that reports it (7.1). Returns false if it is another error.
 */
static inline bool arm_smmu_xsmmu_count_time_out(struct arm_smmu_device *smmu)
{
	u32 cons = readl_relaxed(smmu->cmdq.q.cons_reg);
	unsigned int n = atomic_read(&smmu->xsmmu_atc_errors);

	if (FIELD_GET(CMDQ_CONS_ERR, cons) != CMDQ_ERR_CERROR_ATC_INV_IDX)
		return false;
	smmu->xsmmu_atc_sync[n % ARRAY_SIZE(smmu->xsmmu_atc_sync)] = cons;
	atomic_inc(&smmu->xsmmu_atc_errors);
	return true;
}

/* The driver's handler of global errors has read that @active are active. */
static inline void arm_smmu_xsmmu_count_error(struct arm_smmu_device *smmu,
					      u32 active)
{
	active &= GERROR_CMDQ_ERR | GERROR_SFM_ERR;
	if (!active)
		return;
	if (active != GERROR_CMDQ_ERR || !arm_smmu_xsmmu_count_time_out(smmu))
		atomic_inc(&smmu->xsmmu_errors);
	/*
	 * E3, pairs with E2: the count, then the acknowledgment that lets the
	 * queue run on (7.5). The driver's writel() would do too.
	 * Litmus: arm-e2-e3, arm-e2-e3-bare
	 */
	wmb();
}

/*
 * A CPU begins to poll the command queue of @smmu, has polled once more, or has
 * found the queue full.
 */
static inline void arm_smmu_xsmmu_poll_init(struct arm_smmu_queue_poll *qp,
					    struct arm_smmu_device *smmu)
{
	qp->smmu = smmu;
	qp->polls = 0;
}

static inline void arm_smmu_xsmmu_poll(struct arm_smmu_queue_poll *qp)
{
	if (xsmmu_mode() && !(++qp->polls % ARM_SMMU_POLLS_PER_LOOK))
		arm_smmu_xsmmu_mend_queue(qp->smmu);
}

static inline void arm_smmu_xsmmu_queue_full(struct arm_smmu_device *smmu)
{
	if (xsmmu_mode())
		arm_smmu_xsmmu_mend_queue(smmu);
}

/*
 * The position of the last CMD_SYNC that this CPU has waited for. Rule: written
 * after the wait, because a message that is printed while this CPU polls may go to
 * a console whose driver waits for another CMD_SYNC; read with interrupts off and
 * without a CMD_SYNC in between.
 */
DECLARE_PER_CPU(u32, arm_smmu_xsmmu_sync_at);

static inline void arm_smmu_xsmmu_note_sync(u32 prod)
{
	__this_cpu_write(arm_smmu_xsmmu_sync_at, prod);
}

/*
 * A sync reads a domain's devices under rcu_read_lock() alone. It runs with
 * interrupts off and a raw lock held, and devices_lock may sleep on PREEMPT_RT.
 */
static inline void arm_smmu_xsmmu_link(struct list_head *link,
				       struct list_head *devices)
{
	list_add_rcu(link, devices);
}

static inline void arm_smmu_xsmmu_unlink(struct list_head *link)
{
	list_del_rcu(link);
}

/*
 * Called before what was unlinked joins another list or is freed: the device, or
 * its link if the kernel has one per domain. May sleep. Outside xSMMU mode there are
 * no syncs to wait for.
 */
static inline void arm_smmu_xsmmu_unlinked(void)
{
	/*
	 * R1, pairs with a sync's rcu_read_lock(): the device or its link leaves
	 * the list, then it joins another or is freed. A sync that stands on it
	 * stays in its list.
	 * Litmus: detach-r1
	 */
	if (xsmmu_mode())
		synchronize_rcu();
}
#else
static inline void arm_smmu_xsmmu_attach(struct iommu_domain *domain)
{
}

static inline void arm_smmu_xsmmu_free(struct arm_smmu_domain *smmu_domain)
{
}

static inline void arm_smmu_xsmmu_count_error(struct arm_smmu_device *smmu,
					      u32 active)
{
}

#define arm_smmu_xsmmu_gerror	arm_smmu_gerror_handler

static inline void arm_smmu_xsmmu_init_errors(struct arm_smmu_device *smmu)
{
}

static inline void arm_smmu_xsmmu_poll_init(struct arm_smmu_queue_poll *qp,
					    struct arm_smmu_device *smmu)
{
}

static inline void arm_smmu_xsmmu_poll(struct arm_smmu_queue_poll *qp)
{
}

static inline void arm_smmu_xsmmu_queue_full(struct arm_smmu_device *smmu)
{
}

static inline void arm_smmu_xsmmu_note_sync(u32 prod)
{
}

static inline void arm_smmu_xsmmu_link(struct list_head *link,
				       struct list_head *devices)
{
	list_add(link, devices);
}

static inline void arm_smmu_xsmmu_unlink(struct list_head *link)
{
	list_del(link);
}

static inline void arm_smmu_xsmmu_unlinked(void)
{
}
#endif /* CONFIG_XSMMU_ARM_SMMU_V3 */

#endif /* _ARM_SMMU_V3_XSMMU_H */
