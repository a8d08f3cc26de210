// SPDX-License-Identifier: GPL-2.0
/*
 * xSMMU backend for Arm SMMUv3: one invalidation for what a batch has unmapped.
 *
 * Section numbers are those of the "Arm System Memory Management Unit
 * Architecture Specification, version 3", IHI 0070, issue H.a.
 */
#include <linux/io-pgtable.h>
#include "arm-smmu-v3.h"
#include "xsmmu.h"

/*
 * Commands between two CMD_SYNCs. Fewer than the driver ever submits at once, so
 * the errata that limit its lists need nothing here.
 */
#define XSMMU_BATCH	16

struct xsmmu_cmd {
	u64 dw[CMDQ_ENT_DWORDS];
};

struct xsmmu_batch {
	struct arm_smmu_device *smmu;
	bool atc;	/* holds, or has held, an ATC invalidation */
	unsigned int n;
	struct xsmmu_cmd cmd[XSMMU_BATCH];
};

/*
 * Stage 1 entries carry the exception level that the stream table gives them:
 * EL2 with E2H on hosts that run there, and the other commands miss those.
 */
static bool xsmmu_el2(const struct arm_smmu_context *ctx)
{
	return ctx->smmu->features & ARM_SMMU_FEAT_E2H;
}

static u64 xsmmu_tag(const struct arm_smmu_context *ctx)
{
	return ctx->stage2 ? FIELD_PREP(CMDQ_TLBI_0_VMID, ctx->id) :
			     FIELD_PREP(CMDQ_TLBI_0_ASID, ctx->id);
}

/*
 * All of an ASID (4.4.2.2, 4.4.2.10) or VMID (4.4.3.2). These have no leaf-only
 * form; walk caches go as well. The VMID of stage 1 is 0, as in the driver.
 */
static struct xsmmu_cmd xsmmu_tlbi_all(const struct arm_smmu_context *ctx)
{
	u64 op = CMDQ_OP_TLBI_S12_VMALL;

	if (!ctx->stage2)
		op = xsmmu_el2(ctx) ? CMDQ_OP_TLBI_EL2_ASID :
				      CMDQ_OP_TLBI_NH_ASID;
	return (struct xsmmu_cmd) {
		.dw[0] = FIELD_PREP(CMDQ_0_OP, op) | xsmmu_tag(ctx),
	};
}

/* TTL (4.4.1.1): the level of a table whose entries map @shift bits each. */
static unsigned int xsmmu_ttl(unsigned int granule, unsigned int shift)
{
	return 4 - (shift - 3) / (granule - 3);
}

/*
 * One run of leaves, and only last-level entries (4.4.2.4, 4.4.2.8, 4.4.3.1).
 * The range is (NUM + 1) * 2^SCALE granules (4.4.1.1); with NUM for the leaves
 * and SCALE for their size it is exact. TTL is never 0 here, which a single
 * granule would make a reserved combination.
 */
static struct xsmmu_cmd xsmmu_tlbi_run(const struct arm_smmu_context *ctx,
				       unsigned long iova, unsigned int leaves,
				       unsigned int shift)
{
	u64 mask = ctx->stage2 ? CMDQ_TLBI_1_IPA_MASK : CMDQ_TLBI_1_VA_MASK;
	u64 op = CMDQ_OP_TLBI_S2_IPA;

	BUILD_BUG_ON(ARM_SMMU_NAMED_LEAVES - 1 > CMDQ_TLBI_RANGE_NUM_MAX);
	if (!ctx->stage2)
		op = xsmmu_el2(ctx) ? CMDQ_OP_TLBI_EL2_VA : CMDQ_OP_TLBI_NH_VA;
	return (struct xsmmu_cmd) {
		.dw[0] = FIELD_PREP(CMDQ_0_OP, op) | xsmmu_tag(ctx) |
			 FIELD_PREP(CMDQ_TLBI_0_NUM, leaves - 1) |
			 FIELD_PREP(CMDQ_TLBI_0_SCALE, shift - ctx->granule),
		.dw[1] = CMDQ_TLBI_1_LEAF |
			 FIELD_PREP(CMDQ_TLBI_1_TTL,
				    xsmmu_ttl(ctx->granule, shift)) |
			 FIELD_PREP(CMDQ_TLBI_1_TG, (ctx->granule - 10) / 2) |
			 (iova & mask),
	};
}

/*
 * Everything in a device's TLB (4.5.1). Without a substream that includes what
 * the device asked for with one.
 */
static struct xsmmu_cmd xsmmu_atc_inv(u32 sid)
{
	return (struct xsmmu_cmd) {
		.dw[0] = FIELD_PREP(CMDQ_0_OP, CMDQ_OP_ATC_INV) |
			 FIELD_PREP(CMDQ_ATC_0_SID, sid),
		.dw[1] = FIELD_PREP(CMDQ_ATC_1_SIZE, ATC_INV_SIZE_ALL),
	};
}

/* Submit with a CMD_SYNC, and wait for that one second at most. */
static int xsmmu_submit(struct xsmmu_batch *batch)
{
	unsigned int n = batch->n;

	batch->n = 0;
	return n ? arm_smmu_xsmmu_issue(batch->smmu, batch->cmd[0].dw, n) : 0;
}

static int xsmmu_add(struct xsmmu_batch *batch, struct xsmmu_cmd cmd)
{
	int err = 0;

	if (batch->n == XSMMU_BATCH)
		err = xsmmu_submit(batch);
	batch->cmd[batch->n++] = cmd;
	return err;
}

static int xsmmu_add_atc_inv(void *arg, u32 sid)
{
	struct xsmmu_batch *batch = arg;

	batch->atc = true;
	return xsmmu_add(batch, xsmmu_atc_inv(sid));
}

/*
 * Can the ranges be named? A level hint of 1 is reserved for 16 KiB granules
 * unless the SMMU has larger addresses than the driver uses (4.4.1.1).
 */
static bool xsmmu_nameable(const struct arm_smmu_context *ctx,
			   const struct arm_smmu_ranges *ranges)
{
	return ranges->n && !ranges->whole &&
	       !(ctx->granule == 14 && xsmmu_ttl(14, ranges->shift) == 1);
}

static int xsmmu_add_tlbis(struct xsmmu_batch *batch,
			   const struct arm_smmu_context *ctx,
			   const struct arm_smmu_ranges *ranges)
{
	unsigned int i;
	int err = 0;

	if (!xsmmu_nameable(ctx, ranges))
		return xsmmu_add(batch, xsmmu_tlbi_all(ctx));
	for (i = 0; i < ranges->n; i++)
		err = err ?: xsmmu_add(batch,
				       xsmmu_tlbi_run(ctx, ranges->run[i].iova,
						      ranges->run[i].leaves,
						      ranges->shift));
	return err;
}

/* Errors counted so far; ATC invalidations that timed out are apart. */
struct xsmmu_errors {
	int others;
	int atc;
};

/* The counts before a submission; see xsmmu_failed(). */
static struct xsmmu_errors xsmmu_errors(struct arm_smmu_device *smmu)
{
	struct xsmmu_errors errors = {
		.others = atomic_read(&smmu->xsmmu_errors),
		.atc = atomic_read(&smmu->xsmmu_atc_errors),
	};

	/*
	 * E1: the counts are read, then the commands are published. An error
	 * that they cause is counted afterwards.
	 */
	dma_mb();
	return errors;
}

/*
 * Has a command failed since @errors was read? The driver mends errors without
 * telling the submitter, so this is how a sync hears of them. It misses none of
 * its own: the queue is consumed in order and stands still at an error until the
 * handler has acknowledged it (7.1, 7.5), which it does after counting. Hence
 * what lies behind the error, the CMD_SYNC that was waited for, completes after
 * the count, whether its consumption or its message was polled. An ATC
 * invalidation that times out is an error of the next CMD_SYNC, whosever that
 * is (3.9.1.4): it stands before ours, or is ours.
 *
 * Errors of others are taken for our own, and the core tries again. But a device
 * of somebody else that does not answer, which may go on for long, does not fail
 * a sync without ATC invalidations.
 */
static bool xsmmu_failed(const struct xsmmu_batch *batch,
			 const struct xsmmu_errors *errors)
{
	/* E2, pairs with E3: completion was seen, then the counts are read. */
	dma_rmb();
	return atomic_read(&batch->smmu->xsmmu_errors) != errors->others ||
	       (batch->atc &&
		atomic_read(&batch->smmu->xsmmu_atc_errors) != errors->atc);
}

/*
 * The device TLBs come when the TLBs of the SMMU are clean, and not before: a
 * device would refill from them (4.5.1).
 */
static int xsmmu_flush(struct iommu_domain *domain,
		       const struct arm_smmu_context *ctx,
		       const struct arm_smmu_ranges *ranges)
{
	struct xsmmu_errors errors;
	struct xsmmu_batch batch;
	int err;

	/* Not the whole of it: the commands are written before they are read. */
	batch.smmu = ctx->smmu;
	batch.atc = false;
	batch.n = 0;
	errors = xsmmu_errors(ctx->smmu);
	err = xsmmu_add_tlbis(&batch, ctx, ranges);
	err = err ?: xsmmu_submit(&batch);
	err = err ?: arm_smmu_xsmmu_visit_ats(domain, xsmmu_add_atc_inv,
					      &batch);
	err = err ?: xsmmu_submit(&batch);
	if (!err && xsmmu_failed(&batch, &errors))
		err = -EIO;
	return err;
}

/**
 * arm_smmu_xsmmu_sync_domain_iotlb - drop a domain's translations, and wait
 * @domain: the domain
 * @leaf_only: only leaf entries changed since the last call with false
 *
 * If the SMMU can be told ranges, and what the batches have cleared fits into a
 * few, only those are dropped.
 *
 * A domain that is attached to nothing, or does not translate, needs nothing.
 *
 * Context: any but NMI; interrupts may be off.
 * Return: 0 if every command completed. Any error means that none can be relied
 * on: -ETIMEDOUT from the queue, -EIO for an error that the driver has mended.
 */
int arm_smmu_xsmmu_sync_domain_iotlb(struct iommu_domain *domain,
				     bool leaf_only)
{
	struct arm_smmu_ranges ranges = { .whole = true };
	struct arm_smmu_context ctx;
	int err = 0;

	if (!arm_smmu_xsmmu_context(domain, &ctx))
		return 0;
	if (ctx.pending)
		err = arm_smmu_pending_take(ctx.pending, leaf_only, &ranges);
	err = err ?: xsmmu_flush(domain, &ctx, &ranges);
	/* What was taken is part of everything, which the next one drops. */
	if (err && ctx.pending)
		arm_smmu_pending_distrust(ctx.pending);
	return err;
}

#if IS_ENABLED(CONFIG_XSMMU_KUNIT_TEST)
#include "xsmmu-test.c"
#include "xsmmu-pte-test.c"
#endif
