// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the SMMUv3 backend: the words of its commands, the commands of a sync
 * in their order, and what a sync returns after an error. Syncs are of a whole domain
 * or of runs of pages.
 *
 * Included at the end of xsmmu.c, whose functions are private. The expected words
 * are written out from the figures of chapter 4, not with the driver's macros.
 */
#include <linux/pci.h>
#include "../../xsmmu/cover-test.h"
#include "../../xsmmu/fake-neighbour.h"
#include "../../xsmmu/limit-test.h"
#include "xsmmu-test-base.h"
#include "xsmmu-test-decoder.h"

/* TLBI commands of everything, without their tag. */
#define RAW_NH_ASID	0x11ULL
#define RAW_EL2_ASID	0x21ULL
#define RAW_S12_VMALL	0x28ULL
/* TLBI commands of a page or a range. */
#define RAW_NH_VA	0x12ULL
#define RAW_EL2_VA	0x22ULL
#define RAW_S2_IPA	0x2aULL

#define TEST_ASID	0x51
#define TEST_VMID	0x62

/* (a) Words. */

static void expect_cmd(struct kunit *test, struct smmu_cmd cmd, u64 dw0,
		       u64 dw1)
{
	KUNIT_EXPECT_EQ(test, cmd.dw[0], dw0);
	KUNIT_EXPECT_EQ(test, cmd.dw[1], dw1);
}

static struct arm_smmu_context words_context(struct kunit *test, u16 id)
{
	struct arm_smmu_context ctx = { .id = id };

	ctx.smmu = fake_memory(test, sizeof(*ctx.smmu));
	return ctx;
}

/*
 * 4.4.2.2: opcode in 7:0, VMID in 47:32, ASID in 63:48. 4.4.2.10: no VMID.
 * 4.4.3.2: VMID alone. The second word is reserved in all of them.
 */
static void invalidation_of_everything_names_the_tag_alone(struct kunit *test)
{
	static const u16 ids[] = { 1, 0x1234, 0xff00, 0xffff };
	struct arm_smmu_context ctx = words_context(test, 0);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		ctx.id = ids[i];
		ctx.smmu->features = 0;
		ctx.stage2 = false;
		expect_cmd(test, smmu_tlbi_all(&ctx),
			   (u64)ids[i] << 48 | 0x11, 0);
		ctx.stage2 = true;
		expect_cmd(test, smmu_tlbi_all(&ctx),
			   (u64)ids[i] << 32 | 0x28, 0);
	}
}

static void host_at_el2_has_commands_of_its_own(struct kunit *test)
{
	struct arm_smmu_context ctx = words_context(test, 0x1234);

	ctx.smmu->features = ARM_SMMU_FEAT_E2H;
	expect_cmd(test, smmu_tlbi_all(&ctx), 0x1234000000000021, 0);
	expect_cmd(test, smmu_tlbi_pages(&ctx, 0x5000, 1, 0),
		   0x1234000000000022, 0x5001);
	/* Stage 2 has the same commands on every host. */
	ctx.stage2 = true;
	expect_cmd(test, smmu_tlbi_all(&ctx), 0x0000123400000028, 0);
	expect_cmd(test, smmu_tlbi_pages(&ctx, 0x5000, 1, 0),
		   0x000012340000002a, 0x5001);
}

/*
 * 4.4.2.4, 4.4.3.1: Leaf in 64, the address from bit 76 on, in a stage-2 command up
 * to bit 115. Without range invalidation all else of the second word is reserved.
 */
static void page_command_has_the_bits_of_the_figure(struct kunit *test)
{
	struct arm_smmu_context ctx = words_context(test, 0x1234);

	expect_cmd(test, smmu_tlbi_pages(&ctx, 0, 1, 0), 0x1234000000000012, 1);
	expect_cmd(test, smmu_tlbi_pages(&ctx, 0x7fffffff000, 1, 0),
		   0x1234000000000012, 0x7fffffff001);
	expect_cmd(test, smmu_tlbi_pages(&ctx, 0xfffffffffffff000, 1, 0),
		   0x1234000000000012, 0xfffffffffffff001);
	ctx.stage2 = true;
	expect_cmd(test, smmu_tlbi_pages(&ctx, 0xffffffffff000, 1, 0),
		   0x000012340000002a, 0xffffffffff001);
}

/*
 * 4.4.1.1: NUM in 16:12, SCALE in 24:20, TTL in 73:72, TG in 75:74. TG is 1 for
 * 4 KiB, and TTL is 3 for the last level. All bits that are not named are zero.
 */
static void range_command_has_the_bits_of_the_figure(struct kunit *test)
{
	struct arm_smmu_context ctx = words_context(test, 0x1234);

	ctx.smmu->features = ARM_SMMU_FEAT_RANGE_INV;
	expect_cmd(test, smmu_tlbi_pages(&ctx, 0x7fffffff000, 3, 0),
		   0x1234000000002012, 0x7fffffff701);
	expect_cmd(test, smmu_tlbi_pages(&ctx, 0xfffffffffffff000, 1, 0),
		   0x1234000000000012, 0xfffffffffffff701);
	/* 31 times 2^5 pages, and 1 times 2^26: all bits of NUM, most of SCALE. */
	expect_cmd(test, smmu_tlbi_pages(&ctx, 0x40000000, 31, 5),
		   0x123400000051e012, 0x40000701);
	expect_cmd(test, smmu_tlbi_pages(&ctx, 0x40000000, 1, 26),
		   0x1234000001a00012, 0x40000701);
	ctx.smmu->features |= ARM_SMMU_FEAT_E2H;
	expect_cmd(test, smmu_tlbi_pages(&ctx, 0x5000, 2, 0),
		   0x1234000000001022, 0x5701);
	ctx.stage2 = true;
	expect_cmd(test, smmu_tlbi_pages(&ctx, 0x5000, 2, 0),
		   0x000012340000102a, 0x5701);
}

/* The end of a command's range, by the formula of 4.4.1.1. */
static u64 range_end(struct smmu_cmd cmd)
{
	static const u64 granule[] = { 0, SZ_4K, SZ_16K, SZ_64K };
	u64 num = cmd.dw[0] >> 12 & 0x1f, scale = cmd.dw[0] >> 20 & 0x1f;
	u64 tg = cmd.dw[1] >> 10 & 3;

	return (cmd.dw[1] & ~0xfffULL) + ((num + 1) << scale) * granule[tg];
}

/* The commands of a run follow each other without gap, and end where it ends. */
static void expect_exact(struct kunit *test, struct arm_smmu_context *ctx,
			 const struct xsmmu_run *run)
{
	static const u64 ops[2][2] = { { 0x12, 0x22 }, { 0x2a, 0x2a } };
	struct smmu_batch batch = {};
	u64 at = run->addr;
	unsigned int i;

	KUNIT_EXPECT_EQ(test, smmu_add_run(&batch, ctx, run), 0);
	/* NUM has five bits, and a run is shorter than 2^32 pages. */
	KUNIT_EXPECT_LE(test, batch.n, 7);
	for (i = 0; i < batch.n; i++) {
		struct smmu_cmd cmd = batch.cmd[i];
		bool el2 = ctx->smmu->features & ARM_SMMU_FEAT_E2H;

		KUNIT_EXPECT_EQ(test, cmd.dw[0] & 0xff, ops[ctx->stage2][el2]);
		KUNIT_EXPECT_EQ(test, cmd.dw[0] >> 32,
				ctx->stage2 ? 0x1234ULL : 0x12340000ULL);
		KUNIT_EXPECT_EQ(test, cmd.dw[0] & 0xfe0e0f00, 0);
		KUNIT_EXPECT_EQ(test, cmd.dw[1] & 0xfff, 0x701);
		KUNIT_EXPECT_EQ(test, cmd.dw[1] & ~0xfffULL, at);
		at = range_end(cmd);
	}
	KUNIT_EXPECT_EQ(test, at, run->addr + (u64)run->pages * SZ_4K);
}

static void range_commands_are_exact_for_every_length(struct kunit *test)
{
	static const unsigned int long_ones[] = {
		0x3ff, 0x400, 0x401, 0x7fff, 0x8421, 0xfffff, 0xffffffff,
	};
	struct arm_smmu_context ctx = words_context(test, 0x1234);
	struct xsmmu_run run = { .addr = 0x5000 };
	unsigned int kind, i;

	for (kind = 0; kind < 4; kind++) {
		ctx.stage2 = kind & 1;
		ctx.smmu->features = ARM_SMMU_FEAT_RANGE_INV;
		ctx.smmu->features |= kind & 2 ? ARM_SMMU_FEAT_E2H : 0;
		for (run.pages = 1; run.pages <= 300; run.pages++)
			expect_exact(test, &ctx, &run);
		for (i = 0; i < ARRAY_SIZE(long_ones); i++) {
			run.pages = long_ones[i];
			expect_exact(test, &ctx, &run);
		}
	}
}

/* 4.5.1: opcode in 7:0, SSV in 11, StreamID in 63:32; Size in 69:64. */
static void device_tlb_command_names_stream_and_everything(struct kunit *test)
{
	expect_cmd(test, smmu_atc_inv(0, SMMU_ATC_ALL), 0x40, 0x34);
	expect_cmd(test, smmu_atc_inv(0x81234567, SMMU_ATC_ALL),
		   0x8123456700000040, 0x34);
	expect_cmd(test, smmu_atc_inv(0xffffffff, SMMU_ATC_ALL),
		   0xffffffff00000040, 0x34);
}

/* The address from bit 76 on. Size is log2 of the number of pages of 4 KiB. */
static void device_tlb_command_names_a_block(struct kunit *test)
{
	expect_cmd(test, smmu_atc_inv(0x300, 0x5000), 0x30000000040, 0x5000);
	expect_cmd(test, smmu_atc_inv(0x300, 0x4001), 0x30000000040, 0x4001);
	expect_cmd(test, smmu_atc_inv(0x300, 0xffffffffffff0004), 0x30000000040,
		   0xffffffffffff0004);
}

/* (b) What a sync puts into the queue. */

/**
 * struct fake_domain - a domain behind a fake SMMU
 * @d: the driver's part
 * @f: the SMMU
 */
struct fake_domain {
	struct arm_smmu_domain d;
	struct smmu_fake *f;
};

static int sync_domain(struct fake_domain *d, bool leaf_only)
{
	return arm_smmu_xsmmu_sync_domain_iotlb(&d->d.domain, leaf_only);
}

/* @features decide on stage and commands; see struct arm_smmu_device. */
static struct fake_domain *start_domain(struct kunit *test, u32 features)
{
	struct fake_domain *d = fake_memory(test, sizeof(*d));

	d->f = smmu_fake_create(test, features);
	/* From here on the suite's exit stops the engine. */
	test->priv = d->f;
	smmu_fake_start(test, d->f);
	d->d.smmu = &d->f->smmu;
	d->d.domain.pgsize_bitmap = SZ_4K | SZ_2M | SZ_1G;
	if (features & ARM_SMMU_FEAT_TRANS_S2) {
		d->d.stage = ARM_SMMU_DOMAIN_S2;
		d->d.s2_cfg.vmid = TEST_VMID;
	} else {
		arm_smmu_xsmmu_test_set_asid(&d->d, TEST_ASID);
	}
	arm_smmu_xsmmu_test_init_domain(test, &d->d);
	return d;
}

/* Add a device with @n streams, whose StreamIDs start at @sid. */
static struct arm_smmu_master *add_device(struct kunit *test,
					  struct fake_domain *d, u32 sid,
					  unsigned int n, bool ats)
{
	struct arm_smmu_master *master = fake_memory(test, sizeof(*master));
	unsigned int i;

	master->streams = fake_memory(test, n * sizeof(*master->streams));
	for (i = 0; i < n; i++)
		master->streams[i].id = sid + i;
	master->num_streams = n;
	master->dev = d->f->smmu.dev;
	arm_smmu_xsmmu_test_link(test, &d->d, master, ats, 0);
	atomic_inc(&d->d.nr_ats_masters);
	return master;
}

/* Add one with ATS. */
static struct arm_smmu_master *add_master(struct kunit *test,
					  struct fake_domain *d, u32 sid,
					  unsigned int n)
{
	return add_device(test, d, sid, n, true);
}

static void expect_next(struct kunit *test, struct smmu_fake *f,
			unsigned int *pos, u64 dw0, u64 dw1)
{
	const struct fake_command *cmd = fake_queue_next(test, &f->queue, pos);

	KUNIT_EXPECT_EQ(test, cmd->qw[0], dw0);
	KUNIT_EXPECT_EQ(test, cmd->qw[1], dw1);
}

static void expect_sync(struct kunit *test, struct smmu_fake *f,
			unsigned int *pos)
{
	KUNIT_EXPECT_EQ(test, 0x46,
			fake_queue_next(test, &f->queue, pos)->qw[0] & 0xff);
}

/* No more commands were sent. Clear the log. */
static void expect_end(struct kunit *test, struct smmu_fake *f,
		       unsigned int pos)
{
	KUNIT_EXPECT_EQ(test, f->engine.n, pos);
	f->engine.n = 0;
}

/* Everything of the domain, and a CMD_SYNC. */
static void expect_all(struct kunit *test, struct smmu_fake *f, u64 tlbi)
{
	unsigned int pos = 0;

	expect_next(test, f, &pos, tlbi, 0);
	expect_sync(test, f, &pos);
	expect_end(test, f, pos);
}

#define ALL	(RAW_NH_ASID | (u64)TEST_ASID << 48)

static void sync_is_one_command_and_a_sync(struct kunit *test)
{
	struct fake_domain *d = start_domain(test, 0);

	KUNIT_EXPECT_EQ(test, sync_domain(d, true), 0);
	expect_all(test, d->f, ALL);
	KUNIT_EXPECT_EQ(test, sync_domain(d, false), 0);
	expect_all(test, d->f, ALL);
}

static void sync_that_polls_for_messages_is_the_same(struct kunit *test)
{
	struct fake_domain *d = start_domain(test, 0);

	d->f->smmu.options = ARM_SMMU_OPT_MSIPOLL;
	KUNIT_EXPECT_EQ(test, sync_domain(d, true), 0);
	expect_all(test, d->f, ALL);
}

static void sync_at_el2_uses_the_commands_of_el2(struct kunit *test)
{
	struct fake_domain *d = start_domain(test, ARM_SMMU_FEAT_E2H);

	KUNIT_EXPECT_EQ(test, sync_domain(d, true), 0);
	expect_all(test, d->f, RAW_EL2_ASID | (u64)TEST_ASID << 48);
}

static void sync_of_stage_2_names_the_vmid(struct kunit *test)
{
	struct fake_domain *d = start_domain(test, ARM_SMMU_FEAT_E2H |
						   ARM_SMMU_FEAT_TRANS_S2);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(arm_smmu_xsmmu_test_stage2); i++) {
		d->d.stage = arm_smmu_xsmmu_test_stage2[i];
		KUNIT_EXPECT_EQ(test, sync_domain(d, true), 0);
		expect_all(test, d->f, RAW_S12_VMALL | (u64)TEST_VMID << 32);
	}
}

static void sync_of_a_domain_without_translation_sends_no_command(struct kunit *test)
{
	struct fake_domain *d = start_domain(test, 0);

	if (arm_smmu_xsmmu_test_bypass(&d->d))
		KUNIT_EXPECT_EQ(test, sync_domain(d, true), 0);
	d->d.stage = ARM_SMMU_DOMAIN_S1;
	d->d.smmu = NULL;
	KUNIT_EXPECT_EQ(test, sync_domain(d, true), 0);
	expect_end(test, d->f, 0);
}

/* Numbers of streams, also around the end of a batch. */
static const unsigned int stream_counts[] = {
	1, 3, SMMU_BATCH - 1, SMMU_BATCH, SMMU_BATCH + 1, 40,
};

static void describe_count(const unsigned int *n, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u streams", *n);
}

KUNIT_ARRAY_PARAM(stream_counts, stream_counts, describe_count);

/* TLBI, CMD_SYNC, then each stream once and a CMD_SYNC after every batch. */
static void expect_ats_sync(struct kunit *test, struct smmu_fake *f, u32 sid,
			    unsigned int n)
{
	unsigned int pos = 0, i;

	expect_next(test, f, &pos, ALL, 0);
	expect_sync(test, f, &pos);
	for (i = 0; i < n; i++) {
		if (i && i % SMMU_BATCH == 0)
			expect_sync(test, f, &pos);
		expect_next(test, f, &pos, (u64)(sid + i) << 32 | 0x40, 52);
	}
	expect_sync(test, f, &pos);
	expect_end(test, f, pos);
}

static void device_tlbs_come_after_the_first_sync(struct kunit *test)
{
	unsigned int n = *(const unsigned int *)test->param_value;
	struct fake_domain *d = start_domain(test, ARM_SMMU_FEAT_ATS);

	add_master(test, d, 0x300, n);
	KUNIT_EXPECT_EQ(test, sync_domain(d, true), 0);
	expect_ats_sync(test, d->f, 0x300, n);
}

static void every_device_of_the_domain_is_invalidated(struct kunit *test)
{
	struct fake_domain *d = start_domain(test, ARM_SMMU_FEAT_ATS);

	add_master(test, d, 0x300, 2);
	add_master(test, d, 0x302, 1);
	add_master(test, d, 0x303, 1);
	KUNIT_EXPECT_EQ(test, sync_domain(d, false), 0);
	expect_ats_sync(test, d->f, 0x300, 4);
}

static void devices_that_are_gone_or_without_ats_are_left_out(struct kunit *test)
{
	struct fake_domain *d = start_domain(test, ARM_SMMU_FEAT_ATS);
	struct pci_dev *gone = fake_memory(test, sizeof(*gone));

	gone->dev.bus = &pci_bus_type;
	gone->error_state = pci_channel_io_perm_failure;
	add_master(test, d, 0x100, 2)->dev = &gone->dev;
	add_master(test, d, 0x300, 1);
	add_device(test, d, 0x200, 2, false);
	KUNIT_EXPECT_EQ(test, sync_domain(d, true), 0);
	expect_ats_sync(test, d->f, 0x300, 1);
	/* No device has ATS enabled, or the SMMU does not support it. */
	atomic_set(&d->d.nr_ats_masters, 0);
	KUNIT_EXPECT_EQ(test, sync_domain(d, true), 0);
	expect_all(test, d->f, ALL);
	atomic_set(&d->d.nr_ats_masters, 3);
	d->f->smmu.features = 0;
	KUNIT_EXPECT_EQ(test, sync_domain(d, true), 0);
	expect_all(test, d->f, ALL);
}

/* A command without substream also drops what was requested with a PASID (4.5.1). */
static void device_that_uses_the_domain_by_a_pasid_is_invalidated(struct kunit *test)
{
	struct fake_domain *d = start_domain(test, ARM_SMMU_FEAT_ATS);
	struct fake_domain *other = fake_memory(test, sizeof(*other));
	struct arm_smmu_master *master;

	other->f = d->f;
	other->d.smmu = d->d.smmu;
	arm_smmu_xsmmu_test_init_domain(test, &other->d);
	master = add_device(test, other, 0x300, 1, true);
	if (!arm_smmu_xsmmu_test_link(test, &d->d, master, true, 7))
		kunit_skip(test, "the driver knows no paging domains of PASIDs");
	atomic_inc(&d->d.nr_ats_masters);
	KUNIT_EXPECT_EQ(test, sync_domain(d, true), 0);
	expect_ats_sync(test, d->f, 0x300, 1);
}

/* (c) Errors. */

/* The command @op is an error once. That fails one sync and no other. */
static void expect_error(struct kunit *test, struct fake_domain *d, u8 op)
{
	d->f->refuse_op = op;
	d->f->refuse = 1;
	KUNIT_EXPECT_EQ(test, sync_domain(d, true), -EIO);
	KUNIT_EXPECT_EQ(test, d->f->refuse, 0);
	KUNIT_EXPECT_EQ(test, smmu_fake_active(d->f), 0);
	KUNIT_EXPECT_EQ(test, sync_domain(d, true), 0);
}

static void illegal_command_fails_the_sync(struct kunit *test)
{
	struct fake_domain *d = start_domain(test, ARM_SMMU_FEAT_ATS);

	add_master(test, d, 0x300, 3);
	expect_error(test, d, RAW_NH_ASID);
	expect_error(test, d, FAKE_ATC_INV);
	expect_error(test, d, FAKE_SYNC);
	d->f->smmu.options = ARM_SMMU_OPT_MSIPOLL;
	expect_error(test, d, RAW_NH_ASID);
	expect_error(test, d, FAKE_ATC_INV);
}

static void silent_device_fails_the_sync(struct kunit *test)
{
	static const u32 silent[] = { 0x300, 0x30f, 0x310, 0x327 };
	struct fake_domain *d = start_domain(test, ARM_SMMU_FEAT_ATS);
	unsigned int i;

	add_master(test, d, 0x300, 40);
	for (i = 0; i < 2 * ARRAY_SIZE(silent); i++) {
		d->f->smmu.options = i % 2 ? ARM_SMMU_OPT_MSIPOLL : 0;
		d->f->silent_sid = silent[i / 2];
		d->f->silent = 1;
		KUNIT_EXPECT_EQ(test, sync_domain(d, true), -EIO);
		KUNIT_EXPECT_EQ(test, d->f->silent, 0);
		d->f->engine.n = 0;
		KUNIT_EXPECT_EQ(test, sync_domain(d, true), 0);
		expect_ats_sync(test, d->f, 0x300, 40);
	}
}

static void error_before_the_sync_does_not_fail_it(struct kunit *test)
{
	struct fake_domain *d = start_domain(test, 0);
	u64 cmd[2] = { RAW_NH_ASID };
	u32 at;

	d->f->refuse_op = RAW_NH_ASID;
	d->f->refuse = 1;
	KUNIT_EXPECT_EQ(test, arm_smmu_xsmmu_issue(&d->f->smmu, cmd, 1, &at),
			0);
	KUNIT_EXPECT_EQ(test, atomic_read(&d->f->smmu.xsmmu_errors), 1);
	KUNIT_EXPECT_EQ(test, sync_domain(d, true), 0);
}

/* Its error comes between our read of the counts and our completion. */
static void silent_device_of_another_domain_does_not_fail_the_sync(struct kunit *test)
{
	struct fake_domain *d = start_domain(test, ARM_SMMU_FEAT_ATS);
	u64 cmd[2] = { 0x4000000040, 52 };
	unsigned int i;

	d->f->silent_sid = 0x40;
	for (i = 0; i < 2; i++) {
		d->f->silent = 1;
		/* Without a CMD_SYNC: the next one is that of the sync. */
		arm_smmu_xsmmu_test_issue(&d->f->smmu, cmd, 1);
		KUNIT_EXPECT_EQ(test, sync_domain(d, true), 0);
		KUNIT_EXPECT_EQ(test, d->f->silent, 0);
		KUNIT_EXPECT_FALSE(test, d->f->unanswered);
		KUNIT_EXPECT_EQ(test, i + 1,
				atomic_read(&d->f->smmu.xsmmu_atc_errors));
		/* The same with an ATS device of its own. */
		add_master(test, d, 0x300, 1);
	}
}

/*
 * A sync before which @n ATC invalidations were queued that time out, each with a
 * CMD_SYNC of its own. They are executed after the sync has begun.
 */
static int sync_after_time_outs(struct fake_domain *d, unsigned int n)
{
	static const u64 timed_out[] = { 0x4000000040, 52, FAKE_SYNC, 0 };
	struct smmu_fake *f = d->f;
	u64 cmds[20 * ARRAY_SIZE(timed_out)];
	unsigned int i;
	int err;

	for (i = 0; i < n; i++)
		memcpy(cmds + i * ARRAY_SIZE(timed_out), timed_out,
		       sizeof(timed_out));
	f->silent_sid = 0x40;
	f->silent = n + !!f->silent_too;
	f->hold_at = fake_queue_read(&f->queue, ARM_SMMU_CMDQ_PROD) + 2 * n;
	f->hold_at %= f->queue.wrap;
	WRITE_ONCE(f->hold, true);
	arm_smmu_xsmmu_test_issue(&f->smmu, cmds, 2 * n);
	err = sync_domain(d, true);
	WRITE_ONCE(f->hold, false);
	return err;
}

/* At every position in the queue, and beyond its end. */
static void time_outs_of_another_domain_do_not_fail_the_sync(struct kunit *test)
{
	struct fake_domain *d = start_domain(test, ARM_SMMU_FEAT_ATS);
	unsigned int i;

	add_master(test, d, 0x300, 2);
	for (i = 0; i < 60; i++) {
		KUNIT_EXPECT_EQ(test, sync_after_time_outs(d, 1 + i % 3), 0);
		KUNIT_EXPECT_EQ(test, d->f->silent, 0);
		/* Its own device is silent too. */
		d->f->silent_too = 0x301;
		KUNIT_EXPECT_EQ(test, sync_after_time_outs(d, 1), -EIO);
		KUNIT_EXPECT_EQ(test, d->f->silent, 0);
		d->f->silent_too = 0;
	}
}

static void more_time_outs_than_are_noted_fail_the_sync(struct kunit *test)
{
	struct fake_domain *d = start_domain(test, ARM_SMMU_FEAT_ATS);
	unsigned int noted = ARRAY_SIZE(d->f->smmu.xsmmu_atc_sync);

	add_master(test, d, 0x300, 1);
	KUNIT_EXPECT_EQ(test, sync_after_time_outs(d, noted), 0);
	KUNIT_EXPECT_EQ(test, sync_after_time_outs(d, noted + 1), -EIO);
	KUNIT_EXPECT_EQ(test, d->f->silent, 0);
	KUNIT_EXPECT_EQ(test, sync_domain(d, true), 0);
}

/* Errors that do not concern commands. */
static void other_errors_are_not_counted(struct kunit *test)
{
	struct fake_domain *d = start_domain(test, 0);
	int i;

	for (i = 0; i < 32; i++)
		arm_smmu_xsmmu_count_error(&d->f->smmu, BIT(i));
	/* CMDQ_ERR and SFM_ERR (7.5). */
	KUNIT_EXPECT_EQ(test, atomic_read(&d->f->smmu.xsmmu_errors), 2);
	/* The same with the reason of a time-out in CMDQ_CONS (7.1). */
	fake_queue_write(&d->f->queue, ARM_SMMU_CMDQ_CONS, 0x03000000);
	for (i = 0; i < 32; i++)
		arm_smmu_xsmmu_count_error(&d->f->smmu, BIT(i));
	KUNIT_EXPECT_EQ(test, atomic_read(&d->f->smmu.xsmmu_errors), 3);
	KUNIT_EXPECT_EQ(test, atomic_read(&d->f->smmu.xsmmu_atc_errors), 1);
	/* Both at once: the worse one is counted. */
	arm_smmu_xsmmu_count_error(&d->f->smmu, 0x101);
	KUNIT_EXPECT_EQ(test, atomic_read(&d->f->smmu.xsmmu_errors), 4);
	fake_queue_write(&d->f->queue, ARM_SMMU_CMDQ_CONS, d->f->queue.head);
}

static void service_failure_fails_the_sync(struct kunit *test)
{
	struct fake_domain *d = start_domain(test, 0);

	d->f->fail = true;
	KUNIT_EXPECT_EQ(test, sync_domain(d, true), -EIO);
}

/* Errors that no interrupt reports, because it targets the CPU that polls. */

static int sync_with_interrupts_off(struct fake_domain *d)
{
	unsigned long flags;
	int err;

	local_irq_save(flags);
	err = sync_domain(d, true);
	local_irq_restore(flags);
	return err;
}

/* The driver alone waits for the interrupt, and gives up. */
static void expect_mended(struct kunit *test, struct fake_domain *d, u8 op)
{
	d->f->refuse_op = op;
	d->f->refuse = 1;
	KUNIT_EXPECT_EQ(test, sync_with_interrupts_off(d),
			xsmmu_mode() ? -EIO : -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, d->f->interrupts, 0);
	/* Outside xSMMU mode nobody else has acknowledged it yet. */
	WRITE_ONCE(d->f->masked, false);
	KUNIT_EXPECT_TRUE(test, fake_queue_wait(&d->f->queue, smmu_fake_quiet));
	KUNIT_EXPECT_EQ(test, d->f->refuse, 0);
	KUNIT_EXPECT_EQ(test, sync_with_interrupts_off(d), 0);
	d->f->interrupts = 0;
	WRITE_ONCE(d->f->masked, true);
}

static void waiter_mends_an_error_itself(struct kunit *test)
{
	struct fake_domain *d = start_domain(test, ARM_SMMU_FEAT_ATS);

	add_master(test, d, 0x300, 3);
	d->f->masked = true;
	expect_mended(test, d, RAW_NH_ASID);
	expect_mended(test, d, FAKE_ATC_INV);
	d->f->smmu.options = ARM_SMMU_OPT_MSIPOLL;
	expect_mended(test, d, RAW_NH_ASID);
}

static void waiter_mends_the_time_out_of_a_device_itself(struct kunit *test)
{
	struct fake_domain *d = start_domain(test, ARM_SMMU_FEAT_ATS);

	if (!xsmmu_mode())
		kunit_skip(test, "outside xSMMU mode it waits for the interrupt");
	add_master(test, d, 0x300, 3);
	d->f->masked = true;
	d->f->silent_sid = 0x301;
	d->f->silent = 1;
	KUNIT_EXPECT_EQ(test, sync_with_interrupts_off(d), -EIO);
	KUNIT_EXPECT_EQ(test, d->f->silent, 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&d->f->smmu.xsmmu_atc_errors), 1);
	KUNIT_EXPECT_EQ(test, sync_with_interrupts_off(d), 0);
	KUNIT_EXPECT_EQ(test, d->f->interrupts, 0);
}

/* The driver alone would wait for space for ever. */
static void waiter_for_space_mends_an_error_itself(struct kunit *test)
{
	struct fake_domain *d = start_domain(test, 0);
	u64 cmd[2] = { RAW_NH_ASID };
	unsigned int i;

	if (!xsmmu_mode())
		kunit_skip(test, "outside xSMMU mode it waits for the interrupt");
	d->f->masked = true;
	d->f->queue.stopped = true;
	for (i = 0; i < BIT(FAKE_SHIFT); i++)
		arm_smmu_xsmmu_test_issue(&d->f->smmu, cmd, 1);
	d->f->refuse_op = RAW_NH_ASID;
	d->f->refuse = 1;
	WRITE_ONCE(d->f->queue.stopped, false);
	KUNIT_EXPECT_EQ(test, sync_with_interrupts_off(d), -EIO);
	KUNIT_EXPECT_EQ(test, d->f->refuse, 0);
	KUNIT_EXPECT_EQ(test, d->f->interrupts, 0);
}

static void waiter_acknowledges_no_other_error(struct kunit *test)
{
	struct fake_domain *d = start_domain(test, 0);

	if (!xsmmu_mode())
		kunit_skip(test, "outside xSMMU mode it waits for the interrupt");
	d->f->masked = true;
	d->f->besides = GERROR_PRIQ_ABT_ERR;
	d->f->refuse_op = RAW_NH_ASID;
	d->f->refuse = 1;
	KUNIT_EXPECT_EQ(test, sync_with_interrupts_off(d), -EIO);
	KUNIT_EXPECT_EQ(test, smmu_fake_active(d->f), GERROR_PRIQ_ABT_ERR);
	KUNIT_EXPECT_EQ(test, arm_smmu_xsmmu_gerror(0, &d->f->smmu),
			IRQ_HANDLED);
	KUNIT_EXPECT_EQ(test, smmu_fake_active(d->f), 0);
	/* The interrupt of an error that is mended comes late, and only once. */
	d->f->refuse = 1;
	KUNIT_EXPECT_EQ(test, sync_with_interrupts_off(d), -EIO);
	KUNIT_EXPECT_EQ(test, arm_smmu_xsmmu_gerror(0, &d->f->smmu),
			IRQ_HANDLED);
	KUNIT_EXPECT_EQ(test, arm_smmu_xsmmu_gerror(0, &d->f->smmu), IRQ_NONE);
}

/*
 * A queue in service failure mode does not go on, and the driver's handler
 * disables it.
 */
static void waiter_leaves_a_service_failure_to_the_handler(struct kunit *test)
{
	struct fake_domain *d = start_domain(test, 0);

	d->f->masked = true;
	d->f->besides = GERROR_SFM_ERR;
	d->f->refuse_op = RAW_NH_ASID;
	d->f->refuse = 1;
	KUNIT_EXPECT_EQ(test, sync_with_interrupts_off(d), -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, smmu_fake_active(d->f),
			GERROR_SFM_ERR | GERROR_CMDQ_ERR);
	WRITE_ONCE(d->f->masked, false);
	KUNIT_EXPECT_TRUE(test, fake_queue_wait(&d->f->queue, smmu_fake_quiet));
}

static int handle_errors(void *arg)
{
	struct smmu_fake *f = arg;
	unsigned long flags;

	if (!smmu_fake_active(f))
		return 0;
	local_irq_save(flags);
	arm_smmu_xsmmu_gerror(0, &f->smmu);
	local_irq_restore(flags);
	return 0;
}

/*
 * The handler runs on a third CPU. When it has acknowledged an error, the engine
 * goes on at once, and the sync reads the counts.
 */
static void error_is_counted_before_the_queue_goes_on(struct kunit *test)
{
	struct fake_domain *d = start_domain(test, 0);
	struct fake_neighbour handler;
	unsigned int i;

	d->f->masked = true;
	d->f->refuse_op = RAW_NH_ASID;
	fake_neighbour_start(test, &d->f->engine, &handler, handle_errors, d->f);
	for (i = 0; i < 20; i++) {
		d->f->refuse = 1;
		KUNIT_EXPECT_EQ(test, sync_with_interrupts_off(d), -EIO);
	}
	fake_neighbour_stop(&handler);
}

/* The handler runs on the engine's CPU while this CPU polls. */
static void handler_and_waiter_mend_each_error_once(struct kunit *test)
{
	struct fake_domain *d = start_domain(test, 0);
	unsigned int i;

	d->f->refuse_op = RAW_NH_ASID;
	for (i = 0; i < 200; i++) {
		d->f->refuse = 1;
		KUNIT_EXPECT_EQ(test, sync_with_interrupts_off(d), -EIO);
	}
	KUNIT_EXPECT_EQ(test, d->f->raised, 200);
	KUNIT_EXPECT_EQ(test, atomic_read(&d->f->smmu.xsmmu_errors), 200);
	KUNIT_EXPECT_EQ(test, sync_with_interrupts_off(d), 0);
	kunit_info(test, "%u interrupts for 200 errors\n", d->f->interrupts);
}

static void stopped_queue_times_out(struct kunit *test)
{
	struct fake_domain *d = start_domain(test, 0);
	ktime_t start = ktime_get();

	d->f->queue.stopped = true;
	KUNIT_EXPECT_EQ(test, sync_domain(d, true), -ETIMEDOUT);
	KUNIT_EXPECT_LT(test, ktime_ms_delta(ktime_get(), start), 10000);
	WRITE_ONCE(d->f->queue.stopped, false);
}

static void missing_message_times_out(struct kunit *test)
{
	struct fake_domain *d = start_domain(test, 0);

	d->f->smmu.options = ARM_SMMU_OPT_MSIPOLL;
	d->f->queue.stopped = true;
	KUNIT_EXPECT_EQ(test, sync_domain(d, true), -ETIMEDOUT);
	WRITE_ONCE(d->f->queue.stopped, false);
}

/* (d) Runs of pages. */

#define RANGES		ARM_SMMU_FEAT_RANGE_INV
#define ATS		ARM_SMMU_FEAT_ATS
/* A command for one page, and one for a range. */
#define ONE		(RAW_NH_VA | (u64)TEST_ASID << 48)
#define RANGE(pages, scale)						\
	(ONE | ((pages) - 1) << 12 | (scale) << 20)

/* Sync as the core does: with interrupts off. */
static int sync_runs_of(struct iommu_domain *domain,
			const struct xsmmu_run *run, unsigned int n)
{
	unsigned long flags;
	int err;

	local_irq_save(flags);
	err = arm_smmu_xsmmu_sync_iotlb_runs(domain, run, n);
	local_irq_restore(flags);
	return err;
}

static int sync_runs(struct fake_domain *d, const struct xsmmu_run *run,
		     unsigned int n)
{
	return sync_runs_of(&d->d.domain, run, n);
}

static int sync_pages(struct fake_domain *d, u64 addr, unsigned int pages)
{
	return sync_runs(d, &(struct xsmmu_run){ addr, pages }, 1);
}

static void expect_too_many(struct kunit *test, struct fake_domain *d,
			    const struct xsmmu_run *run, unsigned int n)
{
	KUNIT_EXPECT_EQ(test, sync_runs(d, run, n), -E2BIG);
	expect_end(test, d->f, 0);
}

/* A run is named by one range command, and a CMD_SYNC follows. */
static void expect_range(struct kunit *test, struct fake_domain *d, u64 addr,
			 unsigned int pages, u64 dw0)
{
	unsigned int pos = 0;

	KUNIT_EXPECT_EQ(test, sync_pages(d, addr, pages), 0);
	expect_next(test, d->f, &pos, dw0, addr | 0x701);
	expect_sync(test, d->f, &pos);
	expect_end(test, d->f, pos);
}

static void run_is_named_by_one_range(struct kunit *test)
{
	struct fake_domain *d = start_domain(test, RANGES);
	unsigned int pages;

	for (pages = 1; pages <= 31; pages++)
		expect_range(test, d, 0x5000, pages,
			     RANGE(pages >> __ffs(pages), __ffs(pages)));
	expect_range(test, d, 0x5000, 32, RANGE(1, 5));
	expect_range(test, d, 0x5000, 64, RANGE(1, 6));
	/* The last page of 48 bits. */
	expect_range(test, d, 0xfffffffff000, 1, RANGE(1, 0));
}

static void long_run_is_named_by_a_few_ranges(struct kunit *test)
{
	struct fake_domain *d = start_domain(test, RANGES);
	unsigned int pos = 0;

	/* 1 and 32 pages; then 31, and 7 times 32. */
	KUNIT_EXPECT_EQ(test, sync_pages(d, 0x5000, 33), 0);
	KUNIT_EXPECT_EQ(test, sync_pages(d, 0x5000, 255), 0);
	expect_next(test, d->f, &pos, RANGE(1, 0), 0x5701);
	expect_next(test, d->f, &pos, RANGE(1, 5), 0x6701);
	expect_sync(test, d->f, &pos);
	expect_next(test, d->f, &pos, RANGE(31, 0), 0x5701);
	expect_next(test, d->f, &pos, RANGE(7, 5), 0x24701);
	expect_sync(test, d->f, &pos);
	expect_end(test, d->f, pos);
}

static void all_runs_are_sent_before_one_cmd_sync(struct kunit *test)
{
	struct fake_domain *d = start_domain(test, RANGES);
	struct xsmmu_run run[XSMMU_MAX_RUNS];
	unsigned int pos = 0, i;

	for (i = 0; i < XSMMU_MAX_RUNS; i++)
		run[i] = (struct xsmmu_run){ i << 16, 2 * i + 1 };
	KUNIT_EXPECT_EQ(test, sync_runs(d, run, XSMMU_MAX_RUNS), 0);
	for (i = 0; i < XSMMU_MAX_RUNS; i++)
		expect_next(test, d->f, &pos, RANGE(2 * i + 1, 0),
			    i << 16 | 0x701);
	expect_sync(test, d->f, &pos);
	expect_end(test, d->f, pos);
}

static void pages_are_named_one_by_one_without_ranges(struct kunit *test)
{
	static const struct xsmmu_run run[] = {
		{ 0x5000, 3 }, { 0xfffffffff000, 1 }, { 0, 1 },
	};
	struct fake_domain *d = start_domain(test, 0);
	unsigned int pos = 0;

	KUNIT_EXPECT_EQ(test, sync_runs(d, run, ARRAY_SIZE(run)), 0);
	expect_next(test, d->f, &pos, ONE, 0x5001);
	expect_next(test, d->f, &pos, ONE, 0x6001);
	expect_next(test, d->f, &pos, ONE, 0x7001);
	expect_next(test, d->f, &pos, ONE, 0xfffffffff001);
	expect_next(test, d->f, &pos, ONE, 1);
	expect_sync(test, d->f, &pos);
	expect_end(test, d->f, pos);
}

static void runs_at_el2_use_the_commands_of_el2(struct kunit *test)
{
	struct fake_domain *d = start_domain(test, ARM_SMMU_FEAT_E2H);
	unsigned int pos = 0;

	KUNIT_EXPECT_EQ(test, sync_pages(d, 0x5000, 1), 0);
	d->f->smmu.features |= RANGES;
	KUNIT_EXPECT_EQ(test, sync_pages(d, 0x5000, 3), 0);
	expect_next(test, d->f, &pos, RAW_EL2_VA | (u64)TEST_ASID << 48,
		    0x5001);
	expect_sync(test, d->f, &pos);
	expect_next(test, d->f, &pos,
		    RAW_EL2_VA | (u64)TEST_ASID << 48 | 2 << 12, 0x5701);
	expect_sync(test, d->f, &pos);
	expect_end(test, d->f, pos);
}

static void runs_of_stage_2_name_the_vmid(struct kunit *test)
{
	struct fake_domain *d = start_domain(test, ARM_SMMU_FEAT_E2H |
						   ARM_SMMU_FEAT_TRANS_S2);
	unsigned int pos = 0;

	KUNIT_EXPECT_EQ(test, sync_pages(d, 0x5000, 1), 0);
	d->f->smmu.features |= RANGES;
	KUNIT_EXPECT_EQ(test, sync_pages(d, 0x5000, 3), 0);
	expect_next(test, d->f, &pos, RAW_S2_IPA | (u64)TEST_VMID << 32,
		    0x5001);
	expect_sync(test, d->f, &pos);
	expect_next(test, d->f, &pos,
		    RAW_S2_IPA | (u64)TEST_VMID << 32 | 2 << 12, 0x5701);
	expect_sync(test, d->f, &pos);
	expect_end(test, d->f, pos);
}

static void runs_of_a_domain_without_translation_need_no_command(struct kunit *test)
{
	struct fake_domain *d = start_domain(test, 0);

	if (arm_smmu_xsmmu_test_bypass(&d->d))
		KUNIT_EXPECT_EQ(test, sync_pages(d, 0x5000, 1), 0);
	d->d.stage = ARM_SMMU_DOMAIN_S1;
	d->d.smmu = NULL;
	KUNIT_EXPECT_EQ(test, sync_pages(d, 0x5000, 1), 0);
	expect_end(test, d->f, 0);
}

/* The commands are those of the SMMU's own TLBs. */
static void runs_that_take_too_many_commands_send_none(struct kunit *test)
{
	struct fake_domain *d = start_domain(test, 0);
	struct xsmmu_run run[XSMMU_MAX_RUNS];
	unsigned int i;

	expect_too_many(test, d, &(struct xsmmu_run){ 0x5000, 17 }, 1);
	expect_too_many(test, d, &(struct xsmmu_run){ 0, UINT_MAX }, 1);
	/* Three each: 1, 32 and 1024 pages. */
	d->f->smmu.features = RANGES;
	for (i = 0; i < XSMMU_MAX_RUNS; i++)
		run[i] = (struct xsmmu_run){ i << 24, 1 + 32 + 1024 };
	expect_too_many(test, d, run, 6);
	KUNIT_EXPECT_EQ(test, sync_runs(d, run, 5), 0);
	KUNIT_EXPECT_EQ(test, d->f->engine.n, 15 + 1);
}

static void most_commands_are_what_debugfs_says(struct kunit *test)
{
	u32 most = smmu_most_commands.value;
	struct fake_domain *d = start_domain(test, 0);
	unsigned int pages;

	limit_test(test, &smmu_most_commands, "arm_smmu_v3_most_commands", 16);
	for (pages = 0; pages <= XSMMU_MAX_BLOCKS; pages += 8) {
		d->f->engine.n = 0;
		WRITE_ONCE(smmu_most_commands.value, pages);
		expect_too_many(test, d,
				&(struct xsmmu_run){ 0x5000, pages + 1 }, 1);
		if (pages)
			KUNIT_EXPECT_EQ(test, sync_pages(d, 0x5000, pages), 0);
	}
	WRITE_ONCE(smmu_most_commands.value, most);
}

static void runs_of_a_larger_granule_are_not_named(struct kunit *test)
{
	static const unsigned long sizes[] = {
		SZ_16K | SZ_32M, SZ_64K | SZ_512M,
	};
	struct fake_domain *d = start_domain(test, RANGES);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		d->d.domain.pgsize_bitmap = sizes[i];
		expect_too_many(test, d, &(struct xsmmu_run){ 0x10000, 1 }, 1);
	}
}

/* The device TLBs get the same pages, in blocks, after the CMD_SYNC. */
static void device_tlbs_get_the_runs_after_the_first_sync(struct kunit *test)
{
	unsigned int n = *(const unsigned int *)test->param_value;
	static const u64 blocks[] = { 0x3000, 0x4001, 0xa000, 0x20004 };
	static const struct xsmmu_run run[] = {
		{ 0x3000, 3 }, { 0xa000, 1 }, { 0x20000, 16 },
	};
	struct fake_domain *d = start_domain(test, ATS | RANGES);
	unsigned int pos = 0, sent = 0, i, k;

	add_master(test, d, 0x300, n);
	KUNIT_EXPECT_EQ(test, sync_runs(d, run, ARRAY_SIZE(run)), 0);
	expect_next(test, d->f, &pos, RANGE(3, 0), 0x3701);
	expect_next(test, d->f, &pos, RANGE(1, 0), 0xa701);
	expect_next(test, d->f, &pos, RANGE(1, 4), 0x20701);
	expect_sync(test, d->f, &pos);
	for (i = 0; i < n; i++) {
		for (k = 0; k < ARRAY_SIZE(blocks); k++) {
			if (sent && sent % SMMU_BATCH == 0)
				expect_sync(test, d->f, &pos);
			expect_next(test, d->f, &pos,
				    (u64)(0x300 + i) << 32 | 0x40, blocks[k]);
			sent++;
		}
	}
	expect_sync(test, d->f, &pos);
	expect_end(test, d->f, pos);
}

/* A range is exact. The blocks for device TLBs may have other pages. */
static void run_is_two_blocks_for_device_tlbs(struct kunit *test)
{
	struct fake_domain *d = start_domain(test, ATS | RANGES);
	unsigned int pos = 0;

	add_master(test, d, 0x300, 1);
	KUNIT_EXPECT_EQ(test, sync_pages(d, 0x3000, 6), 0);
	expect_next(test, d->f, &pos, RANGE(3, 1), 0x3701);
	expect_sync(test, d->f, &pos);
	expect_next(test, d->f, &pos, 0x30000000040, 0x0003);
	expect_next(test, d->f, &pos, 0x30000000040, 0x8000);
	expect_sync(test, d->f, &pos);
	expect_end(test, d->f, pos);
}

/* A range may be two blocks. */
static void runs_of_too_many_blocks_send_no_command(struct kunit *test)
{
	static const struct xsmmu_run run[] = {
		{ 0x3000, 3 }, { 0x803000, 3 },
	};
	u32 most = smmu_most_commands.value;
	struct fake_domain *d = start_domain(test, ATS | RANGES);

	WRITE_ONCE(smmu_most_commands.value, 3);
	expect_too_many(test, d, run, 2);
	d->f->smmu.features = RANGES;
	KUNIT_EXPECT_EQ(test, sync_runs(d, run, 2), 0);
	KUNIT_EXPECT_EQ(test, d->f->engine.n, 2 + 1);
	WRITE_ONCE(smmu_most_commands.value, most);
}

static void runs_leave_out_devices_that_are_gone_or_without_ats(struct kunit *test)
{
	struct fake_domain *d = start_domain(test, ATS);
	struct pci_dev *gone = fake_memory(test, sizeof(*gone));
	unsigned int pos = 0;

	gone->dev.bus = &pci_bus_type;
	gone->error_state = pci_channel_io_perm_failure;
	add_master(test, d, 0x100, 2)->dev = &gone->dev;
	add_master(test, d, 0x300, 1);
	add_device(test, d, 0x200, 2, false);
	KUNIT_EXPECT_EQ(test, sync_pages(d, 0x5000, 1), 0);
	expect_next(test, d->f, &pos, ONE, 0x5001);
	expect_sync(test, d->f, &pos);
	expect_next(test, d->f, &pos, 0x30000000040, 0x5000);
	expect_sync(test, d->f, &pos);
	expect_end(test, d->f, pos);
}

/* The command @op is an error once. */
static void expect_runs_fail(struct kunit *test, struct fake_domain *d, u8 op)
{
	d->f->refuse_op = op;
	d->f->refuse = 1;
	KUNIT_EXPECT_EQ(test, sync_pages(d, 0x5000, 3), -EIO);
	KUNIT_EXPECT_EQ(test, d->f->refuse, 0);
	KUNIT_EXPECT_EQ(test, sync_pages(d, 0x5000, 3), 0);
}

static void error_of_any_command_fails_the_runs(struct kunit *test)
{
	struct fake_domain *d = start_domain(test, ATS);

	add_master(test, d, 0x300, 3);
	expect_runs_fail(test, d, RAW_NH_VA);
	expect_runs_fail(test, d, FAKE_ATC_INV);
	expect_runs_fail(test, d, FAKE_SYNC);
	d->f->silent_sid = 0x302;
	d->f->silent = 1;
	KUNIT_EXPECT_EQ(test, sync_pages(d, 0x5000, 3), -EIO);
	KUNIT_EXPECT_EQ(test, d->f->silent, 0);
	KUNIT_EXPECT_EQ(test, sync_pages(d, 0x5000, 3), 0);
	d->f->queue.stopped = true;
	KUNIT_EXPECT_EQ(test, sync_pages(d, 0x5000, 3), -ETIMEDOUT);
	WRITE_ONCE(d->f->queue.stopped, false);
}

/* What another CPU does: it names one page. */
static int sync_page_9(void *arg)
{
	return sync_pages(arg, 0x9000, 1);
}

/* How often the engine has executed the commands for two pages. */
struct named {
	unsigned int mine;
	unsigned int others;
};

static void named_seen(void *arg, const u64 *cmd)
{
	struct named *named = arg;

	if (cmd[0] == ONE && cmd[1] == 0x5001)
		WRITE_ONCE(named->mine, named->mine + 1);
	if (cmd[0] == ONE && cmd[1] == 0x9001)
		WRITE_ONCE(named->others, named->others + 1);
}

static void two_cpus_name_runs_at_once(struct kunit *test)
{
	struct named *named = fake_memory(test, sizeof(*named));
	struct fake_domain *d = start_domain(test, 0);
	struct fake_neighbour nb;
	unsigned int i;

	d->f->arg = named;
	/* If the engine reads the function, it reads its argument. */
	smp_store_release(&d->f->seen, named_seen);
	fake_neighbour_start(test, &d->f->engine, &nb, sync_page_9, d);
	for (i = 1; i <= 100; i++) {
		KUNIT_EXPECT_EQ(test, sync_pages(d, 0x5000, 1), 0);
		KUNIT_EXPECT_EQ(test, READ_ONCE(named->mine), i);
	}
	fake_neighbour_stop(&nb);
	KUNIT_EXPECT_EQ(test, nb.failed, 0);
	KUNIT_EXPECT_EQ(test, READ_ONCE(named->others), nb.steps);
}

/* Whose command it was is not told, so the other sync may fail too. */
static void error_beside_other_runs_is_not_missed(struct kunit *test)
{
	struct fake_domain *d = start_domain(test, 0);
	struct fake_neighbour nb;
	unsigned int i, errors = 0;

	d->f->refuse_op = RAW_NH_ASID;
	fake_neighbour_start(test, &d->f->engine, &nb, sync_page_9, d);
	for (i = 0; i < 50; i++) {
		WRITE_ONCE(d->f->refuse, 1);
		/* Its own error, and no other CPU sends this command. */
		errors += sync_with_interrupts_off(d) == -EIO;
		KUNIT_EXPECT_EQ(test, READ_ONCE(d->f->refuse), 0);
	}
	fake_neighbour_stop(&nb);
	KUNIT_EXPECT_EQ(test, errors, 50);
	KUNIT_EXPECT_LE(test, nb.failed, 50);
	KUNIT_EXPECT_EQ(test, sync_pages(d, 0x5000, 1), 0);
}

/* A device of this domain is silent, and the neighbour's commands name it too. */
static void silent_device_fails_each_of_two_syncs_at_once(struct kunit *test)
{
	struct fake_domain *d = start_domain(test, ATS);
	struct fake_neighbour nb;
	unsigned int i;

	add_master(test, d, 0x300, 1);
	d->f->silent_sid = 0x300;
	d->f->silent = UINT_MAX;
	fake_neighbour_start(test, &d->f->engine, &nb, sync_page_9, d);
	for (i = 0; i < 20; i++)
		KUNIT_EXPECT_EQ(test, sync_pages(d, 0x5000, 1), -EIO);
	fake_neighbour_stop(&nb);
	KUNIT_EXPECT_EQ(test, nb.failed, nb.steps);
}

/* The errors of another queue of the SMMU would not be counted. */
static void all_commands_go_to_the_queue_whose_errors_are_counted(struct kunit *test)
{
	const struct iommu_ops *driver = arm_smmu_xsmmu_test_ops();
	struct fake_domain *d = start_domain(test, 0);
	unsigned int *choices;

	choices = arm_smmu_xsmmu_test_count_choices(&d->f->smmu);
	if (!choices)
		kunit_skip(test, "each SMMU has one queue");
	/* A control: the driver's own invalidations may go to another queue. */
	driver->default_domain_ops->flush_iotlb_all(&d->d.domain);
	KUNIT_EXPECT_GT(test, *choices, 0);
	*choices = 0;
	d->f->smmu.features = ATS;
	add_master(test, d, 0x300, 2);
	KUNIT_EXPECT_EQ(test, sync_domain(d, true), 0);
	KUNIT_EXPECT_EQ(test, sync_domain(d, false), 0);
	KUNIT_EXPECT_EQ(test, sync_pages(d, 0x5000, 3), 0);
	KUNIT_EXPECT_EQ(test, *choices, 0);
}

/* Random runs, against bitmaps. */

/* What the SMMU's TLBs and those of a device had to drop. */
static void cover_from_log(struct kunit *test, struct smmu_fake *f,
			   struct cover *c)
{
	unsigned int i;
	u64 from, to;

	for (i = 0; i < f->engine.n; i++) {
		const u64 *qw = f->engine.log[i].qw;

		from = qw[1] & ~0xfffULL;
		to = from + SZ_4K;
		if (qw[1] >> 10 & 3)
			to = range_end((struct smmu_cmd){ { qw[0], qw[1] } });
		if ((qw[0] & 0xff) == FAKE_ATC_INV)
			cover_add_block(test, c->device, from / SZ_4K,
					qw[1] & 0x3f);
		else if ((qw[0] & 0xff) == RAW_NH_VA)
			cover_add(test, c->iommu, from / SZ_4K,
				  (to - from) / SZ_4K);
	}
	f->engine.n = 0;
}

/* Without ranges each page is named by itself, so fewer fit into a sync. */
static bool cover_once(struct kunit *test, struct fake_domain *d,
		       struct rnd_state *rnd, unsigned int longest)
{
	struct cover c;
	int err;

	cover_runs(&c, rnd, longest);
	err = sync_runs(d, c.run, c.n);
	if (err == -E2BIG) {
		KUNIT_EXPECT_EQ(test, d->f->engine.n, 0);
		return false;
	}
	KUNIT_EXPECT_EQ(test, err, 0);
	cover_from_log(test, d->f, &c);
	cover_expect_exact(test, &c, c.iommu);
	cover_expect(test, &c, c.device);
	return true;
}

static void commands_cover_the_runs(struct kunit *test)
{
	struct fake_domain *d = start_domain(test, ATS);
	unsigned int i, done[2] = {};
	struct rnd_state rnd;

	d->f->lazy = 0;
	add_master(test, d, 0x300, 1);
	prandom_seed_state(&rnd, 6);
	for (i = 0; i < 400; i++) {
		d->f->smmu.features = i % 2 ? ATS | RANGES : ATS;
		done[i % 2] += cover_once(test, d, &rnd, i % 2 ? 20 : 5);
	}
	KUNIT_EXPECT_GT(test, done[0], 50);
	KUNIT_EXPECT_EQ(test, done[1], 200);
}

static struct kunit_case smmu_cases[] = {
	KUNIT_CASE(invalidation_of_everything_names_the_tag_alone),
	KUNIT_CASE(host_at_el2_has_commands_of_its_own),
	KUNIT_CASE(page_command_has_the_bits_of_the_figure),
	KUNIT_CASE(range_command_has_the_bits_of_the_figure),
	KUNIT_CASE(range_commands_are_exact_for_every_length),
	KUNIT_CASE(device_tlb_command_names_stream_and_everything),
	KUNIT_CASE(device_tlb_command_names_a_block),
	KUNIT_CASE(sync_is_one_command_and_a_sync),
	KUNIT_CASE(sync_that_polls_for_messages_is_the_same),
	KUNIT_CASE(sync_at_el2_uses_the_commands_of_el2),
	KUNIT_CASE(sync_of_stage_2_names_the_vmid),
	KUNIT_CASE(sync_of_a_domain_without_translation_sends_no_command),
	KUNIT_CASE_PARAM(device_tlbs_come_after_the_first_sync,
			 stream_counts_gen_params),
	KUNIT_CASE(every_device_of_the_domain_is_invalidated),
	KUNIT_CASE(devices_that_are_gone_or_without_ats_are_left_out),
	KUNIT_CASE(device_that_uses_the_domain_by_a_pasid_is_invalidated),
	KUNIT_CASE(illegal_command_fails_the_sync),
	KUNIT_CASE(silent_device_fails_the_sync),
	KUNIT_CASE(error_before_the_sync_does_not_fail_it),
	KUNIT_CASE(silent_device_of_another_domain_does_not_fail_the_sync),
	KUNIT_CASE(time_outs_of_another_domain_do_not_fail_the_sync),
	KUNIT_CASE(more_time_outs_than_are_noted_fail_the_sync),
	KUNIT_CASE(other_errors_are_not_counted),
	KUNIT_CASE(service_failure_fails_the_sync),
	KUNIT_CASE(waiter_mends_an_error_itself),
	KUNIT_CASE(waiter_mends_the_time_out_of_a_device_itself),
	KUNIT_CASE(waiter_for_space_mends_an_error_itself),
	KUNIT_CASE(waiter_acknowledges_no_other_error),
	KUNIT_CASE(waiter_leaves_a_service_failure_to_the_handler),
	KUNIT_CASE(error_is_counted_before_the_queue_goes_on),
	KUNIT_CASE(handler_and_waiter_mend_each_error_once),
	KUNIT_CASE(stopped_queue_times_out),
	KUNIT_CASE(missing_message_times_out),
	KUNIT_CASE(run_is_named_by_one_range),
	KUNIT_CASE(long_run_is_named_by_a_few_ranges),
	KUNIT_CASE(all_runs_are_sent_before_one_cmd_sync),
	KUNIT_CASE(pages_are_named_one_by_one_without_ranges),
	KUNIT_CASE(runs_at_el2_use_the_commands_of_el2),
	KUNIT_CASE(runs_of_stage_2_name_the_vmid),
	KUNIT_CASE(runs_of_a_domain_without_translation_need_no_command),
	KUNIT_CASE(runs_that_take_too_many_commands_send_none),
	KUNIT_CASE(most_commands_are_what_debugfs_says),
	KUNIT_CASE(runs_of_a_larger_granule_are_not_named),
	KUNIT_CASE_PARAM(device_tlbs_get_the_runs_after_the_first_sync,
			 stream_counts_gen_params),
	KUNIT_CASE(run_is_two_blocks_for_device_tlbs),
	KUNIT_CASE(runs_of_too_many_blocks_send_no_command),
	KUNIT_CASE(runs_leave_out_devices_that_are_gone_or_without_ats),
	KUNIT_CASE(error_of_any_command_fails_the_runs),
	KUNIT_CASE(two_cpus_name_runs_at_once),
	KUNIT_CASE(error_beside_other_runs_is_not_missed),
	KUNIT_CASE(silent_device_fails_each_of_two_syncs_at_once),
	KUNIT_CASE(all_commands_go_to_the_queue_whose_errors_are_counted),
	KUNIT_CASE(commands_cover_the_runs),
	{}
};

static struct kunit_suite smmu_suite = {
	.name = "xsmmu-arm-smmu-v3",
	.exit = smmu_fake_exit,
	.test_cases = smmu_cases,
};

kunit_test_suites(&smmu_suite);
