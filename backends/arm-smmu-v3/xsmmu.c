// SPDX-License-Identifier: GPL-2.0
/*
 * xSMMU backend for Arm SMMUv3: one invalidation of a whole domain, or
 * invalidations of a few runs of its pages.
 *
 * Section numbers are those of the "Arm System Memory Management Unit
 * Architecture Specification, version 3", IHI 0070, issue H.a.
 */
#include <linux/init.h>
#include <linux/pci.h>
#include <linux/sizes.h>
#include "../../xsmmu/blocks.h"
#include "arm-smmu-v3.h"
#include "xsmmu.h"
#include "xsmmu-glue.h"

/*
 * Commands between two CMD_SYNCs. The driver's lists are longer, so the errata
 * that limit those need nothing here.
 */
#define SMMU_BATCH	16

/*
 * The most commands that a sync names pages by, for the SMMU's TLBs and for each
 * device TLB. To name pages costs these commands. To drop everything costs one per
 * TLB, and then a walk, of one read of memory or more, for every page that the
 * devices go on using. A NIC uses hundreds. It drops the walk caches too, because
 * the commands for all of an ASID or VMID have no leaf-only form. So a command more
 * is cheap as long as all fit into one list with one CMD_SYNC. An estimate: no
 * hardware was measured.
 */
static struct xsmmu_limit smmu_most_commands = {
	.value = SMMU_BATCH, .most = XSMMU_MAX_BLOCKS,
};

struct smmu_cmd {
	u64 dw[CMDQ_ENT_DWORDS];
};

/**
 * struct smmu_named - pages of 4 KiB that an invalidation names
 * @run: the runs
 * @n: number of runs
 * @blocks: the same for device TLBs
 */
struct smmu_named {
	const struct xsmmu_run *run;
	unsigned int n;
	struct xsmmu_blocks blocks;
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

static bool smmu_has_ranges(const struct arm_smmu_context *ctx)
{
	return ctx->smmu->features & ARM_SMMU_FEAT_RANGE_INV;
}

/*
 * The part of a run of @pages that one command names: the number that is returned,
 * times 2^@scale. NUM has five bits. Without range invalidation it is one page.
 */
static unsigned int smmu_part(const struct arm_smmu_context *ctx,
			      unsigned int pages, unsigned int *scale)
{
	*scale = 0;
	if (!smmu_has_ranges(ctx))
		return 1;
	*scale = __ffs(pages);
	return pages >> *scale & CMDQ_TLBI_RANGE_NUM_MAX;
}

/*
 * Drop the leaf entries of @num times 2^@scale pages of 4 KiB from @addr on (4.4.2.4,
 * 4.4.2.8, 4.4.3.1). With range invalidation the range is (NUM + 1) * 2^SCALE pages
 * of the size that TG says, and TTL says that their entries are in tables of level 3
 * (4.4.1.1). Without it these fields are reserved, and the command names one page.
 */
static struct smmu_cmd smmu_tlbi_pages(const struct arm_smmu_context *ctx,
				       u64 addr, unsigned int num,
				       unsigned int scale)
{
	u64 mask = ctx->stage2 ? CMDQ_TLBI_1_IPA_MASK : CMDQ_TLBI_1_VA_MASK;
	u64 op = CMDQ_OP_TLBI_S2_IPA;
	struct smmu_cmd cmd;

	if (!ctx->stage2)
		op = smmu_el2(ctx) ? CMDQ_OP_TLBI_EL2_VA : CMDQ_OP_TLBI_NH_VA;
	cmd.dw[0] = FIELD_PREP(CMDQ_0_OP, op) | smmu_tag(ctx);
	cmd.dw[1] = CMDQ_TLBI_1_LEAF | (addr & mask);
	if (smmu_has_ranges(ctx)) {
		cmd.dw[0] |= FIELD_PREP(CMDQ_TLBI_0_NUM, num - 1) |
			     FIELD_PREP(CMDQ_TLBI_0_SCALE, scale);
		cmd.dw[1] |= FIELD_PREP(CMDQ_TLBI_1_TTL, 3) |
			     FIELD_PREP(CMDQ_TLBI_1_TG, 1);
	}
	return cmd;
}

/* All addresses, in the form of a block: the largest Size (4.5.1). */
#define SMMU_ATC_ALL	ATC_INV_SIZE_ALL

/*
 * Drop a block, or everything, in a device's TLB (4.5.1). The second word has log2
 * of the number of pages in Size and the address, as the block has. A command
 * without substream also drops what the device requested with one.
 */
static struct smmu_cmd smmu_atc_inv(u32 sid, u64 block)
{
	return (struct smmu_cmd) {
		.dw[0] = FIELD_PREP(CMDQ_0_OP, CMDQ_OP_ATC_INV) |
			 FIELD_PREP(CMDQ_ATC_0_SID, sid),
		.dw[1] = FIELD_PREP(CMDQ_ATC_1_SIZE, xsmmu_block_order(block)) |
			 xsmmu_block_addr(block),
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

/* An ATC invalidation for a stream; @named is NULL for everything. */
struct smmu_atc {
	struct smmu_batch *batch;
	const struct smmu_named *named;
};

static int smmu_add_atc_inv(void *arg, struct device *dev, u32 sid)
{
	const struct smmu_atc *atc = arg;
	const struct xsmmu_blocks *b;
	unsigned int i;
	int err = 0;

	if (smmu_gone(dev))
		return 0;
	atc->batch->atc = true;
	if (!atc->named)
		return smmu_add(atc->batch, smmu_atc_inv(sid, SMMU_ATC_ALL));
	b = &atc->named->blocks;
	for (i = 0; !err && i < b->n; i++)
		err = smmu_add(atc->batch, smmu_atc_inv(sid, b->block[i]));
	return err;
}

/* Add ATC invalidations for each stream of the domain that uses ATS. */
static int smmu_add_atc_invs(struct smmu_batch *batch,
			     struct iommu_domain *domain,
			     const struct smmu_named *named)
{
	struct smmu_atc atc = { .batch = batch, .named = named };

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
	return arm_smmu_xsmmu_each_ats(domain, smmu_add_atc_inv, &atc);
}

static int smmu_add_run(struct smmu_batch *batch,
			const struct arm_smmu_context *ctx,
			const struct xsmmu_run *run)
{
	unsigned int left, num, scale;
	u64 addr = run->addr;
	int err = 0;

	for (left = run->pages; !err && left; left -= num << scale) {
		num = smmu_part(ctx, left, &scale);
		err = smmu_add(batch, smmu_tlbi_pages(ctx, addr, num, scale));
		addr += (u64)num << scale << ilog2(SZ_4K);
	}
	return err;
}

static int smmu_add_tlbis(struct smmu_batch *batch,
			  const struct arm_smmu_context *ctx,
			  const struct smmu_named *named)
{
	unsigned int i;
	int err = 0;

	if (!named)
		return smmu_add(batch, smmu_tlbi_all(ctx));
	for (i = 0; !err && i < named->n; i++)
		err = smmu_add_run(batch, ctx, &named->run[i]);
	return err;
}

/* Do @most commands suffice to name the pages? */
static bool smmu_few(const struct arm_smmu_context *ctx,
		     const struct smmu_named *named, unsigned int most)
{
	unsigned int i, left, scale;

	for (i = 0; i < named->n; i++) {
		left = named->run[i].pages;
		while (left) {
			if (!most--)
				return false;
			left -= smmu_part(ctx, left, &scale) << scale;
		}
	}
	return true;
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
 * Drop the pages that @named names, or everything if it is NULL.
 *
 * First the TLBs of the SMMU, with a CMD_SYNC, and then the device TLBs: a device
 * may refill its TLB from those of the SMMU (4.5.1).
 */
static int smmu_flush(struct iommu_domain *domain,
		      const struct arm_smmu_context *ctx,
		      const struct smmu_named *named)
{
	struct smmu_batch batch;
	int err;

	/* Leave cmd[] uninitialised; entries are written before use. */
	batch.smmu = ctx->smmu;
	batch.atc = false;
	batch.n = 0;
	batch.before = smmu_errors(ctx->smmu);
	err = smmu_add_tlbis(&batch, ctx, named);
	err = err ?: smmu_submit(&batch);
	err = err ?: smmu_add_atc_invs(&batch, domain, named);
	err = err ?: smmu_submit(&batch);
	if (!err && smmu_failed(&batch))
		err = -EIO;
	return err;
}

/**
 * arm_smmu_xsmmu_sync_domain_iotlb - drop a domain's translations, and wait
 * @domain: the domain
 * @leaf_only: ignored: what drops a whole domain drops non-leaf entries too
 *
 * Cleans the cache lines that are pending before. A domain that is attached to no
 * device, or does not translate, needs no command.
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
	struct arm_smmu_context ctx;
	int err = 0;

	if (!arm_smmu_xsmmu_context(domain, &ctx))
		return 0;
	if (pending)
		err = arm_smmu_pending_take(pending);
	return err ?: smmu_flush(domain, &ctx, NULL);
}

/**
 * arm_smmu_xsmmu_sync_iotlb_runs - drop the leaf entries of a few pages, and wait
 * @domain: the domain
 * @run: runs of pages of 4 KiB; their entries are clear for the walker, hence
 *	cleaned if walks are not coherent. What is pending is not cleaned here
 * @n: number of runs
 *
 * Several CPUs may call this for a domain at once, also beside a sync of all of it.
 * The commands and the counts of errors are on the caller's stack. The counts only
 * grow, and each caller compares them with what it has read before its own commands
 * (E1, E2); so it misses no error of its own, and fails too for one of another
 * caller. A time-out is told apart by the CMD_SYNC that has reported it, and each
 * caller has CMD_SYNCs of its own.
 *
 * Context: any but NMI; interrupts are off.
 * Return: 0 if every command completed without an error. -E2BIG, before any command,
 * if it takes more commands than debugfs allows, or the granule is not 4 KiB. After
 * other errors no command can be relied on.
 */
int arm_smmu_xsmmu_sync_iotlb_runs(struct iommu_domain *domain,
				   const struct xsmmu_run *run, unsigned int n)
{
	unsigned int most = READ_ONCE(smmu_most_commands.value);
	struct arm_smmu_context ctx;
	struct smmu_named named;

	if (!arm_smmu_xsmmu_context(domain, &ctx))
		return 0;
	named.run = run;
	named.n = n;
	if (!(domain->pgsize_bitmap & SZ_4K) || !smmu_few(&ctx, &named, most))
		return -E2BIG;
	if (ctx.smmu->features & ARM_SMMU_FEAT_ATS &&
	    !xsmmu_cut(&named.blocks, run, n, XSMMU_MAX_ORDER, most))
		return -E2BIG;
	return smmu_flush(domain, &ctx, &named);
}

static int __init smmu_debugfs_init(void)
{
	xsmmu_debugfs_limit("arm_smmu_v3_most_commands", &smmu_most_commands);
	return 0;
}
device_initcall(smmu_debugfs_init);

#if IS_ENABLED(CONFIG_XSMMU_KUNIT_TEST)
#include "xsmmu-test.c"
#include "xsmmu-pte-test.c"
#endif
