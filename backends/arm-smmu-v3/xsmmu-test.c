// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the SMMUv3 backend: the words of its commands, the commands of a sync
 * in their order, and what a sync returns after an error.
 *
 * Included at the end of xsmmu.c, whose functions are private. The expected words
 * are written out from the figures of chapter 4, not with the driver's macros.
 */
#include <linux/pci.h>
#include "xsmmu-test-decoder.h"

/* TLBI commands of everything, without their tag. */
#define RAW_NH_ASID	0x11ULL
#define RAW_EL2_ASID	0x21ULL
#define RAW_S12_VMALL	0x28ULL
/* TLBI commands of a range. */
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
	struct arm_smmu_context ctx = { .id = id, .granule = 12 };

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
	expect_cmd(test, smmu_tlbi_run(&ctx, 0x5000, 1, 12),
		   0x1234000000000022, 0x5701);
	/* Stage 2 has the same commands on every host. */
	ctx.stage2 = true;
	expect_cmd(test, smmu_tlbi_all(&ctx), 0x0000123400000028, 0);
	expect_cmd(test, smmu_tlbi_run(&ctx, 0x5000, 1, 12),
		   0x000012340000002a, 0x5701);
}

/* Whole words: all bits that are not named are zero. */
static void range_command_has_the_bits_of_the_figure(struct kunit *test)
{
	struct arm_smmu_context ctx = words_context(test, 0x1234);

	/* 4 KiB: TG 1, TTL 3; 3 leaves: NUM 2, SCALE 0. */
	expect_cmd(test, smmu_tlbi_run(&ctx, 0x7fffffff000, 3, 12),
		   0x1234000000002012, 0x7fffffff701);
	/* 2 MiB: TTL 2; 16 leaves: NUM 15, SCALE 9. */
	expect_cmd(test, smmu_tlbi_run(&ctx, 0x40000000, 16, 21),
		   0x123400000090f012, 0x40000601);
	/* 1 GiB: TTL 1, SCALE 18. */
	expect_cmd(test, smmu_tlbi_run(&ctx, 0x40000000, 1, 30),
		   0x1234000001200012, 0x40000501);
	ctx.granule = 14;
	/* 16 KiB: TG 2. 32 MiB: SCALE 11. */
	expect_cmd(test, smmu_tlbi_run(&ctx, 0x4000, 1, 14),
		   0x1234000000000012, 0x4b01);
	expect_cmd(test, smmu_tlbi_run(&ctx, 0x2000000, 2, 25),
		   0x1234000000b01012, 0x2000a01);
	ctx.granule = 16;
	/* 64 KiB: TG 3. 512 MiB: SCALE 13. 4 TiB: SCALE 26. */
	expect_cmd(test, smmu_tlbi_run(&ctx, 0x10000, 1, 16),
		   0x1234000000000012, 0x10f01);
	expect_cmd(test, smmu_tlbi_run(&ctx, 0x20000000, 1, 29),
		   0x1234000000d00012, 0x20000e01);
	expect_cmd(test, smmu_tlbi_run(&ctx, 0x40000000000, 1, 42),
		   0x1234000001a00012, 0x40000000d01);
}

/* The end of a command's range, by the formula of 4.4.1.1. */
static u64 range_end(struct smmu_cmd cmd)
{
	static const u64 granule[] = { 0, SZ_4K, SZ_16K, SZ_64K };
	u64 num = cmd.dw[0] >> 12 & 0x1f, scale = cmd.dw[0] >> 20 & 0x1f;
	u64 tg = cmd.dw[1] >> 10 & 3;

	return (cmd.dw[1] & ~0xfffULL) + ((num + 1) << scale) * granule[tg];
}

static void expect_run(struct kunit *test, struct arm_smmu_context *ctx,
		       unsigned int leaves, unsigned int level)
{
	static const u64 ops[2][2] = { { 0x12, 0x22 }, { 0x2a, 0x2a } };
	unsigned int shift = ctx->granule + (3 - level) * (ctx->granule - 3);
	unsigned long iova = 5UL << shift;
	struct smmu_cmd cmd = smmu_tlbi_run(ctx, iova, leaves, shift);

	KUNIT_EXPECT_EQ(test, cmd.dw[0] & 0xff,
			ops[ctx->stage2][!!ctx->smmu->features]);
	KUNIT_EXPECT_EQ(test, cmd.dw[0] >> 32,
			ctx->stage2 ? 0x1234ULL : 0x12340000ULL);
	KUNIT_EXPECT_EQ(test, cmd.dw[0] & 0xfe0e0f00, 0);
	KUNIT_EXPECT_EQ(test, cmd.dw[1] & 0xff, 1);
	KUNIT_EXPECT_EQ(test, cmd.dw[1] >> 8 & 3, level);
	KUNIT_EXPECT_EQ(test, cmd.dw[1] & ~0xfffULL, iova);
	KUNIT_EXPECT_EQ(test, range_end(cmd),
			iova + ((u64)leaves << shift));
}

static void range_command_is_exact_in_every_combination(struct kunit *test)
{
	struct arm_smmu_context ctx = words_context(test, 0x1234);
	unsigned int leaves, level, kind;

	for (ctx.granule = 12; ctx.granule <= 16; ctx.granule += 2) {
		for (kind = 0; kind < 4; kind++) {
			ctx.stage2 = kind & 1;
			ctx.smmu->features = kind & 2 ? ARM_SMMU_FEAT_E2H : 0;
			for (level = 1; level <= 3; level++)
				for (leaves = 1; leaves <= 16; leaves++)
					expect_run(test, &ctx, leaves, level);
		}
	}
}

/* 4.5.1: opcode in 7:0, SSV in 11, StreamID in 63:32; Size in 69:64. */
static void device_tlb_command_names_stream_and_everything(struct kunit *test)
{
	expect_cmd(test, smmu_atc_inv(0), 0x40, 0x34);
	expect_cmd(test, smmu_atc_inv(0x81234567), 0x8123456700000040, 0x34);
	expect_cmd(test, smmu_atc_inv(0xffffffff), 0xffffffff00000040, 0x34);
}

/* (b) What a sync puts into the queue. */

/**
 * struct fake_domain - a domain behind a fake SMMU
 * @d: the driver's part
 * @f: the SMMU
 * @pgtbl: tables that are never walked; only their configuration is read
 */
struct fake_domain {
	struct arm_smmu_domain d;
	struct smmu_fake *f;
	struct io_pgtable pgtbl;
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
	INIT_LIST_HEAD(&d->d.devices);
	if (features & ARM_SMMU_FEAT_TRANS_S2) {
		d->d.stage = ARM_SMMU_DOMAIN_S2;
		d->d.s2_cfg.vmid = TEST_VMID;
	} else {
		d->d.s1_cfg.cd.asid = TEST_ASID;
	}
	d->pgtbl.cfg.pgsize_bitmap = d->d.domain.pgsize_bitmap;
	d->pgtbl.cfg.ias = 48;
	d->pgtbl.cfg.coherent_walk = true;
	return d;
}

/* Let the domain note what is cleared. The test frees the state. */
static struct arm_smmu_pending *add_pending(struct kunit *test,
					    struct fake_domain *d)
{
	d->d.pending = arm_smmu_pending_alloc(&d->pgtbl.ops, true);
	KUNIT_ASSERT_NOT_NULL(test, d->d.pending);
	return d->d.pending;
}

/* Add a device with @n streams, whose StreamIDs start at @sid. */
static struct arm_smmu_master *add_master(struct kunit *test,
					  struct fake_domain *d, u32 sid,
					  unsigned int n)
{
	struct arm_smmu_master *master = fake_memory(test, sizeof(*master));
	unsigned int i;

	master->streams = fake_memory(test, n * sizeof(*master->streams));
	for (i = 0; i < n; i++)
		master->streams[i].id = sid + i;
	master->num_streams = n;
	master->dev = d->f->smmu.dev;
	master->ats_enabled = true;
	list_add_tail(&master->domain_head, &d->d.devices);
	atomic_inc(&d->d.nr_ats_masters);
	return master;
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

	KUNIT_EXPECT_EQ(test, sync_domain(d, true), 0);
	expect_all(test, d->f, RAW_S12_VMALL | (u64)TEST_VMID << 32);
	d->d.stage = ARM_SMMU_DOMAIN_NESTED;
	KUNIT_EXPECT_EQ(test, sync_domain(d, true), 0);
	expect_all(test, d->f, RAW_S12_VMALL | (u64)TEST_VMID << 32);
}

static void sync_of_a_domain_without_translation_sends_no_command(struct kunit *test)
{
	struct fake_domain *d = start_domain(test, 0);

	d->d.stage = ARM_SMMU_DOMAIN_BYPASS;
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
	add_master(test, d, 0x200, 2)->ats_enabled = false;
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

struct handler_work {
	struct work_struct work;
	struct smmu_fake *f;
	bool stop;
};

static void handle_by_work(struct work_struct *work)
{
	struct handler_work *h = container_of(work, struct handler_work, work);
	unsigned long flags;

	while (!READ_ONCE(h->stop)) {
		if (smmu_fake_active(h->f)) {
			local_irq_save(flags);
			arm_smmu_xsmmu_gerror(0, &h->f->smmu);
			local_irq_restore(flags);
		}
		cond_resched();
		cpu_relax();
	}
}

/*
 * The handler runs on a third CPU. When it has acknowledged an error, the engine
 * goes on at once, and the sync reads the counts.
 */
static void error_is_counted_before_the_queue_goes_on(struct kunit *test)
{
	struct fake_domain *d = start_domain(test, 0);
	unsigned int cpu = fake_engine_third_cpu(test, &d->f->engine), i;
	struct handler_work h = { .f = d->f };

	d->f->masked = true;
	d->f->refuse_op = RAW_NH_ASID;
	INIT_WORK_ONSTACK(&h.work, handle_by_work);
	queue_work_on(cpu, system_long_wq, &h.work);
	for (i = 0; i < 20; i++) {
		d->f->refuse = 1;
		KUNIT_EXPECT_EQ(test, sync_with_interrupts_off(d), -EIO);
	}
	WRITE_ONCE(h.stop, true);
	flush_work(&h.work);
	destroy_work_on_stack(&h.work);
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

/* (d) Ranges. */

#define RUN(leaves, scale)						\
	(RAW_NH_VA | (u64)TEST_ASID << 48 | ((leaves) - 1) << 12 | (scale) << 20)

static void expect_one_run(struct kunit *test, struct fake_domain *d, u64 dw0,
			   u64 dw1)
{
	unsigned int pos = 0;

	KUNIT_EXPECT_EQ(test, sync_domain(d, true), 0);
	expect_next(test, d->f, &pos, dw0, dw1);
	expect_sync(test, d->f, &pos);
	expect_end(test, d->f, pos);
}

static void expect_everything(struct kunit *test, struct fake_domain *d,
			      bool leaf_only)
{
	KUNIT_EXPECT_EQ(test, sync_domain(d, leaf_only), 0);
	expect_all(test, d->f, ALL);
}

static void small_batch_is_invalidated_by_range(struct kunit *test)
{
	struct fake_domain *d = start_domain(test, 0);
	struct arm_smmu_pending *p = add_pending(test, d);

	arm_smmu_pending_add(p, 0x5000, 12, 1);
	expect_one_run(test, d, RUN(1, 0), 0x5701);
	/* Neighbours are one run, in any order. */
	arm_smmu_pending_add(p, 0x7000, 12, 1);
	arm_smmu_pending_add(p, 0x5000, 12, 1);
	arm_smmu_pending_add(p, 0x8000, 12, 13);
	arm_smmu_pending_add(p, 0x6000, 12, 1);
	expect_one_run(test, d, RUN(16, 0), 0x5701);
	arm_smmu_pending_add(p, 0x40000000, 21, 2);
	expect_one_run(test, d, RUN(2, 9), 0x40000601);
	arm_smmu_pending_free(p);
}

static void all_runs_are_sent_before_one_cmd_sync(struct kunit *test)
{
	struct fake_domain *d = start_domain(test, 0);
	struct arm_smmu_pending *p = add_pending(test, d);
	unsigned int pos = 0, i;

	for (i = 0; i < 4; i++)
		arm_smmu_pending_add(p, i << 16, 12, i + 1);
	KUNIT_EXPECT_EQ(test, sync_domain(d, true), 0);
	for (i = 0; i < 4; i++)
		expect_next(test, d->f, &pos, RUN(i + 1, 0), i << 16 | 0x701);
	expect_sync(test, d->f, &pos);
	expect_end(test, d->f, pos);
	arm_smmu_pending_free(p);
}

static void what_fits_no_range_command_drops_everything(struct kunit *test)
{
	struct fake_domain *d = start_domain(test, 0);
	struct arm_smmu_pending *p = add_pending(test, d);
	unsigned int i;

	/* No log: the backend does not know what the caller wants covered. */
	expect_everything(test, d, true);
	/* 17 leaves, in one call and one by one. */
	arm_smmu_pending_add(p, 0x5000, 12, 17);
	expect_everything(test, d, true);
	for (i = 0; i < 17; i++)
		arm_smmu_pending_add(p, i << 12, 12, 1);
	expect_everything(test, d, true);
	/* Five runs. */
	for (i = 0; i < 5; i++)
		arm_smmu_pending_add(p, i << 16, 12, 1);
	expect_everything(test, d, true);
	/* Two sizes that touch. */
	arm_smmu_pending_add(p, 0x200000, 21, 1);
	arm_smmu_pending_add(p, 0x400000, 12, 1);
	expect_everything(test, d, true);
	/* Non-leaf entries changed as well. */
	arm_smmu_pending_add(p, 0x5000, 12, 1);
	expect_everything(test, d, false);
	/* A table was unlinked. */
	arm_smmu_pending_add(p, 0x5000, 12, 1);
	arm_smmu_xsmmu_unlinked_table(&d->d);
	expect_everything(test, d, true);
	/* All of that has been taken. */
	arm_smmu_pending_add(p, 0x5000, 12, 1);
	expect_one_run(test, d, RUN(1, 0), 0x5701);
	arm_smmu_pending_free(p);
}

/* 4.4.1.1: TG 16 KiB with TTL 1 is reserved. */
static void reserved_level_hint_is_not_used(struct kunit *test)
{
	struct fake_domain *d = start_domain(test, 0);
	struct arm_smmu_pending *p = add_pending(test, d);

	d->d.domain.pgsize_bitmap = SZ_16K | SZ_32M;
	arm_smmu_pending_add(p, 1UL << 36, 36, 1);
	expect_everything(test, d, true);
	arm_smmu_pending_add(p, SZ_32M, 25, 1);
	expect_one_run(test, d, RUN(1, 11), SZ_32M | 0xa01);
	arm_smmu_pending_free(p);
}

static void sync_after_a_failed_sync_drops_everything(struct kunit *test)
{
	struct fake_domain *d = start_domain(test, 0);
	struct arm_smmu_pending *p = add_pending(test, d);

	arm_smmu_pending_add(p, 0x5000, 12, 1);
	d->f->refuse_op = RAW_NH_VA;
	d->f->refuse = 1;
	KUNIT_EXPECT_EQ(test, sync_domain(d, true), -EIO);
	d->f->engine.n = 0;
	arm_smmu_pending_add(p, 0x9000, 12, 1);
	expect_everything(test, d, true);
	arm_smmu_pending_add(p, 0x9000, 12, 1);
	expect_one_run(test, d, RUN(1, 0), 0x9701);
	/* The same if the failed sync was to drop everything. */
	arm_smmu_pending_add(p, 0x5000, 12, 1);
	d->f->refuse_op = RAW_NH_ASID;
	d->f->refuse = 1;
	KUNIT_EXPECT_EQ(test, sync_domain(d, false), -EIO);
	d->f->engine.n = 0;
	arm_smmu_pending_add(p, 0x9000, 12, 1);
	expect_everything(test, d, true);
	arm_smmu_pending_free(p);
}

/* No log names what is cleared then, whatever else it names. */
static void domain_whose_entries_are_shown_is_always_synced_whole(struct kunit *test)
{
	struct fake_domain *d = start_domain(test, 0);
	struct arm_smmu_pending *p = add_pending(test, d);
	unsigned int i;

	arm_smmu_pending_add(p, 0x5000, 12, 1);
	expect_one_run(test, d, RUN(1, 0), 0x5701);
	arm_smmu_pending_unlogged(p);
	for (i = 0; i < 4; i++) {
		arm_smmu_pending_add(p, 0x5000, 12, 1);
		expect_everything(test, d, i != 2);
	}
	arm_smmu_pending_free(p);
}

struct add_work {
	struct work_struct work;
	struct arm_smmu_pending *p;
	unsigned long iova;
};

static void add_by_work(struct work_struct *work)
{
	struct add_work *add = container_of(work, struct add_work, work);

	arm_smmu_pending_add(add->p, add->iova, 12, 1);
}

static void add_on(unsigned int cpu, struct arm_smmu_pending *p,
		   unsigned long iova)
{
	struct add_work add = { .p = p, .iova = iova };

	INIT_WORK_ONSTACK(&add.work, add_by_work);
	queue_work_on(cpu, system_wq, &add.work);
	flush_work(&add.work);
	destroy_work_on_stack(&add.work);
}

static void sync_covers_what_other_cpus_have_cleared(struct kunit *test)
{
	struct fake_domain *d = start_domain(test, 0);
	struct arm_smmu_pending *p = add_pending(test, d);
	unsigned int cpu, n = 0;

	for_each_online_cpu(cpu)
		if (cpu != d->f->engine.cpu)
			add_on(cpu, p, (0x10 + n++) << 12);
	expect_one_run(test, d, RUN(n, 0), 0x10701);
	/* The bits stay until a sync finds that nothing was added. */
	KUNIT_EXPECT_EQ(test, cpumask_weight(&p->busy), n);
	expect_everything(test, d, true);
	KUNIT_EXPECT_TRUE(test, cpumask_empty(&p->busy));
	arm_smmu_pending_free(p);
}

struct sync_work {
	struct work_struct work;
	struct fake_domain *d;
	int err;
};

static void sync_by_work(struct work_struct *work)
{
	struct sync_work *sync = container_of(work, struct sync_work, work);

	sync->err = sync_domain(sync->d, true);
}

static int sync_on(unsigned int cpu, struct fake_domain *d)
{
	struct sync_work sync = { .d = d };

	INIT_WORK_ONSTACK(&sync.work, sync_by_work);
	queue_work_on(cpu, system_wq, &sync.work);
	flush_work(&sync.work);
	destroy_work_on_stack(&sync.work);
	return sync.err;
}

/* The other CPU's number is higher, and its log is still the first one taken. */
static void sync_of_everything_leaves_the_logs_of_other_cpus(struct kunit *test)
{
	struct fake_domain *d = start_domain(test, 0);
	struct arm_smmu_pending *p = add_pending(test, d);
	unsigned int cpu = fake_engine_third_cpu(test, &d->f->engine), i;
	struct arm_smmu_pending_log *log;

	log = per_cpu_ptr(p->log, d->f->engine.test_cpu);
	arm_smmu_pending_add(p, 0x5000, 12, 1);
	for (i = 0; i < ARM_SMMU_NAMED_LEAVES + 1; i++)
		add_on(cpu, p, (0x10 + i) << 12);
	KUNIT_EXPECT_EQ(test, sync_on(cpu, d), 0);
	expect_all(test, d->f, ALL);
	KUNIT_EXPECT_EQ(test, log->ranges.n, 1);
	/* The range that stayed is named once more. */
	arm_smmu_pending_add(p, 0x6000, 12, 1);
	expect_one_run(test, d, RUN(2, 0), 0x5701);
	arm_smmu_pending_free(p);
}

/* In an oops a second sync may run beside a first one that was stopped. */
static void second_sync_leaves_the_first_its_ranges(struct kunit *test)
{
	struct fake_domain *d = start_domain(test, 0);
	struct arm_smmu_pending *p = add_pending(test, d);
	struct arm_smmu_ranges ranges;

	/* A sync that drops everything runs between an unmap and its sync. */
	arm_smmu_pending_add(p, 0x5000, 12, 1);
	KUNIT_EXPECT_EQ(test, arm_smmu_pending_take(p, false, &ranges), 0);
	KUNIT_EXPECT_TRUE(test, ranges.whole);
	expect_one_run(test, d, RUN(1, 0), 0x5701);
	/* It does not take the flag either that makes the first drop everything. */
	arm_smmu_pending_distrust(p);
	arm_smmu_pending_add(p, 0x5000, 12, 1);
	KUNIT_EXPECT_EQ(test, arm_smmu_pending_take(p, false, &ranges), 0);
	expect_everything(test, d, true);
	arm_smmu_pending_free(p);
}

/* The CPU that holds the log's lock was stopped. */
static void locked_log_in_an_oops_fails_the_sync(struct kunit *test)
{
	struct fake_domain *d = start_domain(test, 0);
	struct arm_smmu_pending *p = add_pending(test, d);
	unsigned int cpu = raw_smp_processor_id();
	struct arm_smmu_pending_log *log = per_cpu_ptr(p->log, cpu);
	unsigned long flags;
	int err;

	arm_smmu_pending_add(p, 0x5000, 12, 1);
	raw_spin_lock_irqsave(&log->lock, flags);
	oops_in_progress++;
	err = sync_domain(d, true);
	arm_smmu_pending_add(p, 0x9000, 12, 1);
	oops_in_progress--;
	raw_spin_unlock_irqrestore(&log->lock, flags);
	KUNIT_EXPECT_EQ(test, err, -EIO);
	expect_everything(test, d, true);
	arm_smmu_pending_free(p);
}

static void unmap_that_is_not_noted_makes_the_sync_drop_everything(struct kunit *test)
{
	struct fake_domain *d = start_domain(test, 0);
	struct arm_smmu_pending *p = add_pending(test, d);
	unsigned int cpu = raw_smp_processor_id();
	struct arm_smmu_pending_log *log = per_cpu_ptr(p->log, cpu);
	unsigned long flags;

	arm_smmu_pending_add(p, 0x5000, 12, 1);
	raw_spin_lock_irqsave(&log->lock, flags);
	oops_in_progress++;
	arm_smmu_pending_add(p, 0x9000, 12, 1);
	oops_in_progress--;
	raw_spin_unlock_irqrestore(&log->lock, flags);
	expect_everything(test, d, true);
	arm_smmu_pending_free(p);
}

/* Random leaves of 64, each noted once, against a bitmap. */

#define COVER	64

static void cover_from_ranges(struct kunit *test,
			      const struct arm_smmu_ranges *ranges,
			      unsigned long *covered)
{
	unsigned int i, k, at;

	for (i = 0; i < ranges->n; i++) {
		at = ranges->run[i].iova >> 12;
		KUNIT_EXPECT_GT(test, ranges->run[i].leaves, 0);
		for (k = 0; k < ranges->run[i].leaves; k++)
			KUNIT_EXPECT_FALSE(test,
					   test_and_set_bit(at + k, covered));
	}
}

/* The number of runs of set bits. */
static unsigned int count_runs(const unsigned long *bits)
{
	unsigned int start, end, n = 0;

	for_each_set_bitrange(start, end, bits, COVER)
		n++;
	return n;
}

static void cover_once(struct kunit *test, struct arm_smmu_pending *p,
		       struct rnd_state *rnd)
{
	DECLARE_BITMAP(wanted, COVER) = {};
	DECLARE_BITMAP(covered, COVER) = {};
	struct arm_smmu_ranges ranges;
	unsigned int at, n, most = prandom_u32_state(rnd) % 24, total = 0;
	bool whole = false;

	while (total < most) {
		at = prandom_u32_state(rnd) % COVER;
		n = 1 + prandom_u32_state(rnd) % 3;
		if (at + n > COVER ||
		    find_next_bit(wanted, at + n, at) < at + n)
			continue;
		bitmap_set(wanted, at, n);
		arm_smmu_pending_add(p, (unsigned long)at << 12, 12, n);
		total += n;
		whole |= total > 16 || count_runs(wanted) > 4;
	}
	KUNIT_EXPECT_EQ(test, arm_smmu_pending_take(p, true, &ranges), 0);
	KUNIT_EXPECT_EQ(test, ranges.whole, whole);
	if (whole)
		return;
	KUNIT_EXPECT_EQ(test, ranges.n, count_runs(wanted));
	cover_from_ranges(test, &ranges, covered);
	KUNIT_EXPECT_TRUE(test, bitmap_equal(wanted, covered, COVER));
}

static void ranges_cover_exactly_what_was_cleared(struct kunit *test)
{
	struct fake_domain *d = start_domain(test, 0);
	struct arm_smmu_pending *p = add_pending(test, d);
	struct rnd_state rnd;
	unsigned int i;

	prandom_seed_state(&rnd, 6);
	for (i = 0; i < 5000; i++)
		cover_once(test, p, &rnd);
	arm_smmu_pending_free(p);
}

static struct kunit_case smmu_cases[] = {
	KUNIT_CASE(invalidation_of_everything_names_the_tag_alone),
	KUNIT_CASE(host_at_el2_has_commands_of_its_own),
	KUNIT_CASE(range_command_has_the_bits_of_the_figure),
	KUNIT_CASE(range_command_is_exact_in_every_combination),
	KUNIT_CASE(device_tlb_command_names_stream_and_everything),
	KUNIT_CASE(sync_is_one_command_and_a_sync),
	KUNIT_CASE(sync_that_polls_for_messages_is_the_same),
	KUNIT_CASE(sync_at_el2_uses_the_commands_of_el2),
	KUNIT_CASE(sync_of_stage_2_names_the_vmid),
	KUNIT_CASE(sync_of_a_domain_without_translation_sends_no_command),
	KUNIT_CASE_PARAM(device_tlbs_come_after_the_first_sync,
			 stream_counts_gen_params),
	KUNIT_CASE(every_device_of_the_domain_is_invalidated),
	KUNIT_CASE(devices_that_are_gone_or_without_ats_are_left_out),
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
	KUNIT_CASE(small_batch_is_invalidated_by_range),
	KUNIT_CASE(all_runs_are_sent_before_one_cmd_sync),
	KUNIT_CASE(what_fits_no_range_command_drops_everything),
	KUNIT_CASE(reserved_level_hint_is_not_used),
	KUNIT_CASE(sync_after_a_failed_sync_drops_everything),
	KUNIT_CASE(domain_whose_entries_are_shown_is_always_synced_whole),
	KUNIT_CASE(sync_covers_what_other_cpus_have_cleared),
	KUNIT_CASE(sync_of_everything_leaves_the_logs_of_other_cpus),
	KUNIT_CASE(second_sync_leaves_the_first_its_ranges),
	KUNIT_CASE(locked_log_in_an_oops_fails_the_sync),
	KUNIT_CASE(unmap_that_is_not_noted_makes_the_sync_drop_everything),
	KUNIT_CASE(ranges_cover_exactly_what_was_cleared),
	{}
};

static struct kunit_suite smmu_suite = {
	.name = "xsmmu-arm-smmu-v3",
	.exit = smmu_fake_exit,
	.test_cases = smmu_cases,
};

kunit_test_suites(&smmu_suite);
