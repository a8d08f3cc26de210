// SPDX-License-Identifier: GPL-2.0
/*
 * xSMMU backend for Arm SMMUv3: one invalidation for all that a batch unmapped.
 *
 * Section numbers are those of the "Arm System Memory Management Unit
 * Architecture Specification, version 3", IHI 0070, issue H.a.
 */
#include <linux/pci.h>
#include "arm-smmu-v3.h"
#include "xsmmu.h"
#include "xsmmu-glue.h"

/*
 * Commands between two CMD_SYNCs. The driver's lists are longer, so the errata
 * that limit those need nothing here.
 */
#define SMMU_BATCH	16

struct smmu_cmd {
	u64 dw[CMDQ_ENT_DWORDS];
};

/* Errors counted so far. ATC invalidations that timed out are counted apart. */
struct smmu_errors {
	int others;
	unsigned int atc;
};

struct smmu_batch {
	struct arm_smmu_device *smmu;
	struct smmu_errors before;	/* the counts before the first command */
	bool atc;			/* an ATC invalidation was added */
	unsigned int n;
	struct smmu_cmd cmd[SMMU_BATCH];
};

/*
 * Stage 1 entries carry the exception level that the stream table gives them. On
 * a host that runs at EL2 that is EL2 with E2H, which the commands for EL1 miss.
 */
static bool smmu_el2(const struct arm_smmu_context *ctx)
{
	return ctx->smmu->features & ARM_SMMU_FEAT_E2H;
}

static u64 smmu_tag(const struct arm_smmu_context *ctx)
{
	return ctx->stage2 ? FIELD_PREP(CMDQ_TLBI_0_VMID, ctx->id) :
			     FIELD_PREP(CMDQ_TLBI_0_ASID, ctx->id);
}

/*
 * Drop all of an ASID (4.4.2.2, 4.4.2.10) or VMID (4.4.3.2). These commands have
 * no leaf-only form, so they drop walk caches too. The VMID of stage 1 is 0, as
 * in the driver.
 */
static struct smmu_cmd smmu_tlbi_all(const struct arm_smmu_context *ctx)
{
	u64 op = CMDQ_OP_TLBI_S12_VMALL;

	if (!ctx->stage2)
		op = smmu_el2(ctx) ? CMDQ_OP_TLBI_EL2_ASID :
				      CMDQ_OP_TLBI_NH_ASID;
	return (struct smmu_cmd) {
		.dw[0] = FIELD_PREP(CMDQ_0_OP, op) | smmu_tag(ctx),
	};
}

/* TTL (4.4.1.1): the level of a table whose entries map @shift bits each. */
static unsigned int smmu_ttl(unsigned int granule, unsigned int shift)
{
	return 4 - (shift - 3) / (granule - 3);
}

/*
 * Drop the leaf entries of one run (4.4.2.4, 4.4.2.8, 4.4.3.1). The range is
 * (NUM + 1) * 2^SCALE granules (4.4.1.1). It is exact, with NUM for the number of
 * leaves and SCALE for their size. TTL is never 0 here; for a single granule that
 * would be a reserved combination.
 */
static struct smmu_cmd smmu_tlbi_run(const struct arm_smmu_context *ctx,
				     unsigned long iova, unsigned int leaves,
				     unsigned int shift)
{
	u64 mask = ctx->stage2 ? CMDQ_TLBI_1_IPA_MASK : CMDQ_TLBI_1_VA_MASK;
	u64 op = CMDQ_OP_TLBI_S2_IPA;

	BUILD_BUG_ON(ARM_SMMU_NAMED_LEAVES - 1 > CMDQ_TLBI_RANGE_NUM_MAX);
	if (!ctx->stage2)
		op = smmu_el2(ctx) ? CMDQ_OP_TLBI_EL2_VA : CMDQ_OP_TLBI_NH_VA;
	return (struct smmu_cmd) {
		.dw[0] = FIELD_PREP(CMDQ_0_OP, op) | smmu_tag(ctx) |
			 FIELD_PREP(CMDQ_TLBI_0_NUM, leaves - 1) |
			 FIELD_PREP(CMDQ_TLBI_0_SCALE, shift - ctx->granule),
		.dw[1] = CMDQ_TLBI_1_LEAF |
			 FIELD_PREP(CMDQ_TLBI_1_TTL,
				    smmu_ttl(ctx->granule, shift)) |
			 FIELD_PREP(CMDQ_TLBI_1_TG, (ctx->granule - 10) / 2) |
			 (iova & mask),
	};
}

/*
 * Drop everything in a device's TLB (4.5.1). A command without substream also
 * drops what the device requested with one.
 */
static struct smmu_cmd smmu_atc_inv(u32 sid)
{
	return (struct smmu_cmd) {
		.dw[0] = FIELD_PREP(CMDQ_0_OP, CMDQ_OP_ATC_INV) |
			 FIELD_PREP(CMDQ_ATC_0_SID, sid),
		.dw[1] = FIELD_PREP(CMDQ_ATC_1_SIZE, ATC_INV_SIZE_ALL),
	};
}

/*
 * Submit with a CMD_SYNC, and wait for that. Fails if this CMD_SYNC has reported
 * that a device did not answer; see smmu_failed() for the other errors.
 */
static int smmu_submit(struct smmu_batch *batch)
{
	unsigned int n = batch->n;
	int err;
	u32 at;

	if (!n)
		return 0;
	batch->n = 0;
	err = arm_smmu_xsmmu_issue(batch->smmu, batch->cmd[0].dw, n, &at);
	if (err)
		return err;
	/*
	 * E2, pairs with E3: completion was seen, then the counts are read, here
	 * and in smmu_failed().
	 * Litmus: arm-e2-e3, arm-e2-e3-bare
	 */
	dma_rmb();
	if (batch->atc &&
	    arm_smmu_xsmmu_timed_out(batch->smmu, batch->before.atc, at))
		return -EIO;
	return 0;
}

static int smmu_add(struct smmu_batch *batch, struct smmu_cmd cmd)
{
	int err = 0;

	if (batch->n == SMMU_BATCH)
		err = smmu_submit(batch);
	batch->cmd[batch->n++] = cmd;
	return err;
}

/* A device that was pulled out does not answer, and does no DMA either. */
static bool smmu_gone(struct device *dev)
{
	return dev_is_pci(dev) &&
	       to_pci_dev(dev)->error_state == pci_channel_io_perm_failure;
}

static int smmu_add_atc_inv(void *arg, struct device *dev, u32 sid)
{
	struct smmu_batch *batch = arg;

	if (smmu_gone(dev))
		return 0;
	batch->atc = true;
	return smmu_add(batch, smmu_atc_inv(sid));
}

/* Add an ATC invalidation for each stream of the domain that uses ATS. */
static int smmu_add_atc_invs(struct smmu_batch *batch,
			     struct iommu_domain *domain)
{
	if (!(batch->smmu->features & ARM_SMMU_FEAT_ATS))
		return 0;
	/*
	 * A1, pairs with arm_smmu_enable_ats(): the SMMU's own TLBs are clean,
	 * then the number of ATS devices and their list are read. The barrier of
	 * arm_smmu_enable_ats() is in its own ATC invalidation, between the entry
	 * in both and the write that turns ATS on. A device that could fill its
	 * TLB before the SMMU's were clean is in the list; one that is not yet
	 * has nothing stale to fill it from.
	 * Litmus: arm-a1
	 */
	smp_mb();
	return arm_smmu_xsmmu_each_ats(domain, smmu_add_atc_inv, batch);
}

/*
 * Can the ranges be named? With 16 KiB granules a level hint of 1 is reserved,
 * unless the SMMU has larger addresses than the driver uses (4.4.1.1).
 */
static bool smmu_nameable(const struct arm_smmu_context *ctx,
			  const struct arm_smmu_ranges *ranges)
{
	return ranges->n && !ranges->whole &&
	       !(ctx->granule == 14 && smmu_ttl(14, ranges->shift) == 1);
}

static int smmu_add_tlbis(struct smmu_batch *batch,
			  const struct arm_smmu_context *ctx,
			  const struct arm_smmu_ranges *ranges)
{
	unsigned int i;
	int err = 0;

	if (!smmu_nameable(ctx, ranges))
		return smmu_add(batch, smmu_tlbi_all(ctx));
	for (i = 0; i < ranges->n; i++)
		err = err ?: smmu_add(batch,
				      smmu_tlbi_run(ctx, ranges->run[i].iova,
						    ranges->run[i].leaves,
						    ranges->shift));
	return err;
}

/* The counts before a submission; see smmu_failed(). */
static struct smmu_errors smmu_errors(struct arm_smmu_device *smmu)
{
	struct smmu_errors errors = {
		.others = atomic_read(&smmu->xsmmu_errors),
		.atc = atomic_read(&smmu->xsmmu_atc_errors),
	};

	/*
	 * E1, pairs with the SMMU's read of PROD: the counts are read, then the
	 * commands are published. An error that they cause is counted afterwards.
	 * Litmus: arm-e1
	 */
	dma_mb();
	return errors;
}

/*
 * Has a command failed since the counts were read, other than by a time-out? The
 * driver mends errors without telling the submitter, so a sync compares the counts.
 *
 * A sync misses no error of its own commands. The queue is consumed in order and
 * stops at an error until the handler, or a CPU that polls, has acknowledged it
 * (7.1, 7.5). Both count before they acknowledge. The CMD_SYNC that was waited for
 * is behind the error, so it completes after the count, whether its consumption or
 * its message was polled. An ATC invalidation that times out is an error of the
 * next CMD_SYNC in the queue (3.9.1.4), which is the one of its own submission.
 *
 * A sync also counts errors of other submitters as its own, and the core tries
 * again. Time-outs are left out: a device of another domain may fail to answer for
 * a long time.
 */
static bool smmu_failed(const struct smmu_batch *batch)
{
	return atomic_read(&batch->smmu->xsmmu_errors) != batch->before.others;
}

/*
 * First the TLBs of the SMMU, with a CMD_SYNC, and then the device TLBs: a device
 * may refill its TLB from those of the SMMU (4.5.1).
 */
static int smmu_flush(struct iommu_domain *domain,
		      const struct arm_smmu_context *ctx,
		      const struct arm_smmu_ranges *ranges)
{
	struct smmu_batch batch;
	int err;

	/* Leave cmd[] uninitialised; entries are written before use. */
	batch.smmu = ctx->smmu;
	batch.atc = false;
	batch.n = 0;
	batch.before = smmu_errors(ctx->smmu);
	err = smmu_add_tlbis(&batch, ctx, ranges);
	err = err ?: smmu_submit(&batch);
	err = err ?: smmu_add_atc_invs(&batch, domain);
	err = err ?: smmu_submit(&batch);
	if (!err && smmu_failed(&batch))
		err = -EIO;
	return err;
}

/**
 * arm_smmu_xsmmu_sync_domain_iotlb - drop a domain's translations, and wait
 * @domain: the domain
 * @leaf_only: only leaf entries changed since the last call with false
 *
 * Drops only what the batches have cleared, if the SMMU has range invalidation
 * and that fits into a few ranges; else everything. A domain that is attached to
 * no device, or does not translate, needs no command.
 *
 * Context: any but NMI; interrupts may be off.
 * Return: 0 if every command completed without an error. After an error no
 * command can be relied on: -ETIMEDOUT from the queue, -EIO for an error that the
 * driver has mended.
 */
int arm_smmu_xsmmu_sync_domain_iotlb(struct iommu_domain *domain,
				     bool leaf_only)
{
	struct arm_smmu_pending *pending = to_smmu_domain(domain)->pending;
	struct arm_smmu_ranges ranges = { .whole = true };
	struct arm_smmu_context ctx;
	int err = 0;

	if (!arm_smmu_xsmmu_context(domain, &ctx))
		return 0;
	ctx.granule = __ffs(domain->pgsize_bitmap);
	if (pending)
		err = arm_smmu_pending_take(pending, leaf_only, &ranges);
	err = err ?: smmu_flush(domain, &ctx, &ranges);
	/* The next sync drops everything, and with it the ranges taken here. */
	if (err && pending)
		arm_smmu_pending_distrust(pending);
	return err;
}

#if IS_ENABLED(CONFIG_XSMMU_KUNIT_TEST)
#include "xsmmu-test.c"
#include "xsmmu-pte-test.c"
#endif
