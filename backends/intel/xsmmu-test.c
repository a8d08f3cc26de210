// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the VT-d backend: the descriptors that it encodes, the invalidation
 * queue under errors, the descriptors that a sync puts into the queues of a
 * domain, of all of it or of runs of pages, and the leaf entries that it finds.
 *
 * Included at the end of xsmmu.c, whose functions are static. Descriptors are
 * written out here from the tables of chapter 6.5.2. They do not use the
 * driver's macros, so that a wrong macro fails a test.
 */
#include <linux/delay.h>
#include <linux/dmar.h>
#include "../xsmmu/cover-test.h"
#include "../xsmmu/detach-test.h"
#include "../xsmmu/fake-neighbour.h"
#include "../xsmmu/leaf-entry-test.h"
#include "../xsmmu/limit-test.h"
#include "xsmmu-test-base.h"
#include "xsmmu-test-decoder.h"

/* An IOTLB descriptor, domain-selective, without drain bits. */
#define RAW_DSI(did)		(0x22ULL | (u64)(did) << 16)
#define RAW_IH			0x40ULL
/* A PASID-based IOTLB descriptor, PASID-selective, PASID 0. */
#define RAW_PIOTLB(did)		(0x26ULL | (u64)(did) << 16)
/* A device-TLB descriptor, queue depth and PFSID 0, for all addresses. */
#define RAW_DEVTLB(sid)		(0x3ULL | (u64)(sid) << 32)
#define RAW_ALL			0x7ffffffffffff001ULL
/* The same for a PASID. */
#define RAW_DEVTLB_PASID(sid, pasid) \
	(0x8ULL | (u64)(sid) << 16 | (u64)(pasid) << 32)
/* A wait descriptor that writes 2, QI_DONE. */
#define RAW_WAIT		0x0000000200000025ULL
/* One that writes 6, QI_XSMMU_DONE. */
#define RAW_WAIT_BOUNDED	0x0000000600000025ULL
/* A descriptor of a type that the specification reserves. */
#define RAW_BAD			0xfULL

#define MANY			20

static int vtd_test_init(struct kunit *test)
{
	test->priv = fake_memory(test, sizeof(struct vtd_fake_bus));
	return 0;
}

static void vtd_test_exit(struct kunit *test)
{
	struct vtd_fake_bus *bus = test->priv;
	unsigned int i;

	if (!bus)
		return;
	fake_engine_stop(&bus->engine);
	if (bus->domain)
		intel_xsmmu_test_free_domain(bus->domain);
	for (i = 0; i < bus->engine.queues; i++)
		KUNIT_EXPECT_FALSE(test, vtd_fake(test, i)->rescued);
}

/* (a) Descriptors. */

static void vtd_expect_desc(struct kunit *test, struct qi_desc desc, u64 qw0,
			    u64 qw1)
{
	KUNIT_EXPECT_EQ(test, desc.qw0, qw0);
	KUNIT_EXPECT_EQ(test, desc.qw1, qw1);
	KUNIT_EXPECT_EQ(test, desc.qw2, 0);
	KUNIT_EXPECT_EQ(test, desc.qw3, 0);
}

/*
 * 6.5.2.3: type 2 in 3:0, granularity 10b (domain) in 5:4, DW in 6, DR in 7,
 * DID in 31:16; second word: IH in 6, address and mask not used.
 */
static void iotlb_descriptor_is_domain_selective_with_hint(struct kunit *test)
{
	struct intel_iommu *iommu = fake_memory(test, sizeof(*iommu));

	vtd_expect_desc(test, vtd_iotlb_desc(iommu, 0x1234, true),
			0x0000000012340022, 0x40);
	vtd_expect_desc(test, vtd_iotlb_desc(iommu, 0x1234, false),
			0x0000000012340022, 0);
	vtd_expect_desc(test, vtd_iotlb_desc(iommu, 0xffff, true),
			0x00000000ffff0022, 0x40);
}

/* 10.4.2: the capability register has DRD in bit 55 and DWD in bit 54. */
static void iotlb_descriptor_drains_what_the_hardware_can(struct kunit *test)
{
	struct intel_iommu *iommu = fake_memory(test, sizeof(*iommu));

	iommu->cap = 0x0080000000000000;
	vtd_expect_desc(test, vtd_iotlb_desc(iommu, 1, false), 0x100a2, 0);
	iommu->cap = 0x0040000000000000;
	vtd_expect_desc(test, vtd_iotlb_desc(iommu, 1, false), 0x10062, 0);
	iommu->cap = 0x00c0000000000000;
	vtd_expect_desc(test, vtd_iotlb_desc(iommu, 1, true), 0x100e2, 0x40);
	/* No other capability bit sets a drain bit. */
	iommu->cap = ~0x00c0000000000000;
	vtd_expect_desc(test, vtd_iotlb_desc(iommu, 1, true), 0x10022, 0x40);
}

/*
 * 6.5.2.4: type 6 in 3:0, granularity 10b (all of the PASID) in 5:4, DID in
 * 31:16, PASID in 51:32; only the page-selective form uses the second word.
 */
static void first_stage_descriptor_is_pasid_selective(struct kunit *test)
{
	vtd_expect_desc(test, vtd_piotlb_desc(0x1234, 0),
			0x0000000012340026, 0);
	vtd_expect_desc(test, vtd_piotlb_desc(0xffff, 0),
			0x00000000ffff0026, 0);
	vtd_expect_desc(test, vtd_piotlb_desc(1, 0xabcde),
			0x000abcde00010026, 0);
}

/*
 * 6.5.2.5: type 3 in 3:0, PFSID[3:0] in 15:12, queue depth in 20:16, source id
 * in 47:32, PFSID[15:4] in 63:52; second word: S in 0, address in 63:12, where
 * the lowest zero bit, here 63, gives the size.
 */
static void device_tlb_descriptor_covers_all_addresses(struct kunit *test)
{
	struct device_domain_info info = {
		.bus = 0x3a, .devfn = 0x81, .ats_qdep = 0x15, .pfsid = 0xb7c5,
	};

	vtd_expect_desc(test, vtd_devtlb_desc(&info, INTEL_XSMMU_NO_PASID,
					      VTD_DEVTLB_ALL),
			0xb7c03a8100155003, 0x7ffffffffffff001);
	/* A depth of 32 is encoded as 0. */
	info.ats_qdep = 32;
	vtd_expect_desc(test, vtd_devtlb_desc(&info, INTEL_XSMMU_NO_PASID,
					      VTD_DEVTLB_ALL),
			0xb7c03a8100005003, 0x7ffffffffffff001);
}

/*
 * 6.5.2.6: type 8 in 3:0, queue depth in 8:4, PFSID[3:0] in 15:12, source id in
 * 31:16, PASID in 51:32, PFSID[15:4] in 63:52; second word as above.
 */
static void device_tlb_descriptor_can_have_a_pasid(struct kunit *test)
{
	struct device_domain_info info = {
		.bus = 0x3a, .devfn = 0x81, .ats_qdep = 0x15, .pfsid = 0xb7c5,
	};

	vtd_expect_desc(test, vtd_devtlb_desc(&info, 0xabcde, VTD_DEVTLB_ALL),
			0xb7cabcde3a815158, 0x7ffffffffffff001);
}

/*
 * 6.5.2.3: granularity 11b (pages) in 5:4; second word: AM, log2 of the number of
 * pages, in 5:0, IH in 6, the address in 63:12. Blocks are written as xsmmu_cut()
 * makes them: address and log2 of the number of pages.
 */
static void iotlb_descriptor_of_a_block_names_its_pages(struct kunit *test)
{
	struct intel_iommu *iommu = fake_memory(test, sizeof(*iommu));

	vtd_expect_desc(test, vtd_iotlb_block_desc(iommu, 0x1234, 0x5000),
			0x0000000012340032, 0x5040);
	vtd_expect_desc(test, vtd_iotlb_block_desc(iommu, 0xffff, 0x4002),
			0x00000000ffff0032, 0x4042);
	vtd_expect_desc(test, vtd_iotlb_block_desc(iommu, 1, 0),
			0x10032, 0x40);
	vtd_expect_desc(test,
			vtd_iotlb_block_desc(iommu, 1, 0xfffffffffffff000),
			0x10032, 0xfffffffffffff040);
	vtd_expect_desc(test,
			vtd_iotlb_block_desc(iommu, 1, 0x8000000080000013),
			0x10032, 0x8000000080000053);
	iommu->cap = 0x00c0000000000000;
	vtd_expect_desc(test, vtd_iotlb_block_desc(iommu, 1, 0x5000),
			0x100f2, 0x5040);
}

/* 6.5.2.4: the same with type 6, and the PASID in 51:32. */
static void first_stage_descriptor_of_a_block_names_its_pages(struct kunit *test)
{
	vtd_expect_desc(test, vtd_piotlb_block_desc(0x1234, 0, 0x5000),
			0x0000000012340036, 0x5040);
	vtd_expect_desc(test, vtd_piotlb_block_desc(1, 0xabcde, 0x4002),
			0x000abcde00010036, 0x4042);
	vtd_expect_desc(test,
			vtd_piotlb_block_desc(0xffff, 0, 0x00007fffffe00009),
			0x00000000ffff0036, 0x00007fffffe00049);
}

/*
 * 6.5.2.5: S=0 is one page. With S=1 the lowest zero bit from bit 12 on gives the
 * size: 12 for two pages, 13 for four.
 */
static void device_tlb_descriptor_of_a_block_names_its_pages(struct kunit *test)
{
	static const u64 words[][2] = {
		{ 0x5000, 0x5000 }, { 0xfffffffffffff000, 0xfffffffffffff000 },
		{ 0x4001, 0x4001 }, { 0x4002, 0x5001 }, { 0x10003, 0x13001 },
		{ 0x10004, 0x17001 }, { 0x40000009, 0x400ff001 },
		{ 0, 0 }, { 1, 1 }, { 2, 0x1001 },
	};
	struct device_domain_info info = { .bus = 3 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(words); i++)
		vtd_expect_desc(test,
				vtd_devtlb_desc(&info, INTEL_XSMMU_NO_PASID,
						xsmmu_block_by_zero(words[i][0])),
				0x30000000003, words[i][1]);
}

/* (b) The queue under errors. */

static struct vtd_fake *vtd_start_one(struct kunit *test, u64 ecap)
{
	struct vtd_fake *f = vtd_fake_create(test, 0, ecap);

	fake_engine_start(test, f->queue.engine);
	return f;
}

static int submit(struct intel_iommu *iommu, struct qi_desc *desc,
		  unsigned int n)
{
	return qi_submit_sync(iommu, desc, n, QI_OPT_XSMMU_BOUNDED);
}

/* Make @n different valid descriptors. */
static void fill(struct qi_desc *desc, unsigned int n)
{
	unsigned int i;

	memset(desc, 0, n * sizeof(*desc));
	for (i = 0; i < n; i++)
		desc[i].qw0 = RAW_DSI(i);
}

/* Reset the queue to @position, submit, and see that no slot was lost. */
static int submit_at(struct kunit *test, struct vtd_fake *f, int position,
		     struct qi_desc *desc, unsigned int n)
{
	int err;

	KUNIT_ASSERT_TRUE(test, vtd_fake_settled(f));
	vtd_fake_reset(f, position);
	err = submit(&f->iommu, desc, n);
	KUNIT_EXPECT_TRUE(test, vtd_fake_settled(f));
	KUNIT_EXPECT_EQ(test, f->qi.free_cnt, QI_LENGTH);
	KUNIT_EXPECT_EQ(test, f->qi.free_head, (position + (int)n + 1) %
			QI_LENGTH);
	return err;
}

/* The queue works as before the error. */
static void vtd_expect_usable(struct kunit *test, struct vtd_fake *f)
{
	struct qi_desc desc[3];

	fill(desc, 3);
	f->queue.engine->n = 0;
	KUNIT_EXPECT_EQ(test, submit(&f->iommu, desc, 3), 0);
	KUNIT_EXPECT_EQ(test, f->queue.engine->n, 4);
	KUNIT_EXPECT_EQ(test, f->qi.free_cnt, QI_LENGTH);
}

/* A status that is written to @phys belongs to no slot of the queue. */
static void vtd_expect_no_status(struct kunit *test, struct vtd_fake *f,
				 u64 phys)
{
	u64 first = virt_to_phys(f->qi.desc_status);

	KUNIT_EXPECT_FALSE(test, phys >= first &&
			   phys < first + QI_LENGTH * sizeof(int));
}

/*
 * The queue executed @desc and the final @wait, nothing else. Each bad
 * descriptor was replaced by a wait that writes no slot's status, so that it
 * cannot be taken for the end of a later submission.
 */
static void vtd_expect_executed(struct kunit *test, struct vtd_fake *f,
				const struct qi_desc *desc, unsigned int n,
				u64 wait)
{
	int first = f->qi.free_head - (int)n - 1 + QI_LENGTH;
	struct fake_command *executed = f->queue.engine->log;
	unsigned int i;
	int *status;

	KUNIT_ASSERT_EQ(test, f->queue.engine->n, n + 1);
	for (i = 0; i <= n; i++) {
		if (i < n && desc[i].qw0 != RAW_BAD) {
			KUNIT_EXPECT_EQ(test, executed[i].qw[0], desc[i].qw0);
			continue;
		}
		KUNIT_EXPECT_EQ(test, executed[i].qw[0],
				i < n ? RAW_WAIT : wait);
		if (i < n) {
			vtd_expect_no_status(test, f, executed[i].qw[1]);
			continue;
		}
		status = &f->qi.desc_status[(first + i) % QI_LENGTH];
		KUNIT_EXPECT_EQ(test, executed[i].qw[1], virt_to_phys(status));
	}
}

static void error_at_each_index(struct kunit *test, struct vtd_fake *f,
				unsigned int n)
{
	struct qi_desc *desc = fake_memory(test, n * sizeof(*desc));
	unsigned int bad;

	for (bad = 0; bad < n; bad++) {
		fill(desc, n);
		desc[bad].qw0 = RAW_BAD;
		KUNIT_EXPECT_NE(test, submit_at(test, f, 0, desc, n), 0);
		vtd_expect_executed(test, f, desc, n, RAW_WAIT_BOUNDED);
		vtd_expect_usable(test, f);
	}
}

static void submission_without_error_is_executed_in_order(struct kunit *test)
{
	struct vtd_fake *f = vtd_start_one(test, 0);
	struct qi_desc desc[MANY];

	fill(desc, MANY);
	KUNIT_EXPECT_EQ(test, submit_at(test, f, 0, desc, MANY), 0);
	vtd_expect_executed(test, f, desc, MANY, RAW_WAIT_BOUNDED);
	vtd_expect_usable(test, f);
}

static void error_at_each_index_of_5_is_reported(struct kunit *test)
{
	error_at_each_index(test, vtd_start_one(test, 0), 5);
}

static void error_at_each_index_of_20_is_reported(struct kunit *test)
{
	error_at_each_index(test, vtd_start_one(test, 0), MANY);
}

static void error_in_a_queue_of_wide_descriptors_is_reported(struct kunit *test)
{
	error_at_each_index(test, vtd_start_one(test, FAKE_SMTS), 5);
}

/* Without QI_OPT_XSMMU_BOUNDED, as the rest of the driver submits. */
static void error_in_a_submission_without_the_option_is_reported(struct kunit *test)
{
	struct vtd_fake *f = vtd_start_one(test, 0);
	struct qi_desc desc[5];
	unsigned int bad;

	for (bad = 0; bad < 5; bad++) {
		fill(desc, 5);
		desc[bad].qw0 = RAW_BAD;
		vtd_fake_reset(f, 0);
		KUNIT_EXPECT_EQ(test, -EINVAL,
				qi_submit_sync(&f->iommu, desc, 5, 0));
		KUNIT_ASSERT_TRUE(test, vtd_fake_settled(f));
		vtd_expect_executed(test, f, desc, 5, RAW_WAIT);
		vtd_expect_usable(test, f);
	}
}

static void error_beside_the_end_of_the_ring_is_reported(struct kunit *test)
{
	static const int bads[] = { 0, 1, 9, 10, 18, 19 };
	/* Slot 0 is the wait's, the last, a middle, the second descriptor's. */
	static const int wraps[] = { 20, 19, 10, 1 };
	struct vtd_fake *f = vtd_start_one(test, 0);
	struct qi_desc desc[MANY];
	int i, j;

	for (i = 0; i < ARRAY_SIZE(wraps); i++) {
		for (j = 0; j < ARRAY_SIZE(bads); j++) {
			fill(desc, MANY);
			desc[bads[j]].qw0 = RAW_BAD;
			KUNIT_EXPECT_NE(test, 0,
					submit_at(test, f, QI_LENGTH - wraps[i],
						  desc, MANY));
			vtd_expect_executed(test, f, desc, MANY, RAW_WAIT_BOUNDED);
		}
	}
	vtd_expect_usable(test, f);
}

static void several_errors_in_a_submission_are_all_repaired(struct kunit *test)
{
	struct vtd_fake *f = vtd_start_one(test, 0);
	struct qi_desc desc[5];
	unsigned int mask, i;

	for (mask = 0; mask < BIT(5); mask++) {
		fill(desc, 5);
		for (i = 0; i < 5; i++)
			if (mask & BIT(i))
				desc[i].qw0 = RAW_BAD;
		KUNIT_EXPECT_EQ(test, !mask, !submit_at(test, f, 0, desc, 5));
		vtd_expect_executed(test, f, desc, 5, RAW_WAIT_BOUNDED);
	}
	vtd_expect_usable(test, f);
}

/* The final wait is refused, so nothing tells when the rest is over. */
static void error_of_the_final_wait_is_reported(struct kunit *test)
{
	struct vtd_fake *f = vtd_start_one(test, 0);
	struct qi_desc desc[5];

	fill(desc, 5);
	f->refuse_waits = 1;
	KUNIT_EXPECT_NE(test, 0, submit(&f->iommu, desc, 5));
	KUNIT_EXPECT_EQ(test, f->refuse_waits, 0);
}

/* The queue refuses every descriptor. The next submitter gives up too. */
static void submission_to_a_queue_beyond_repair_fails(struct kunit *test)
{
	struct vtd_fake *f = vtd_start_one(test, 0);
	struct qi_desc desc[5];

	fill(desc, 5);
	f->stubborn = true;
	KUNIT_EXPECT_NE(test, 0, submit(&f->iommu, desc, 5));
	KUNIT_EXPECT_NE(test, 0, submit(&f->iommu, desc, 5));
}

static void error_that_cannot_be_cleared_fails_the_submission(struct kunit *test)
{
	struct vtd_fake *f = vtd_start_one(test, 0);
	struct qi_desc desc[5];

	fill(desc, 5);
	desc[3].qw0 = RAW_BAD;
	f->deaf = true;
	KUNIT_EXPECT_NE(test, 0, submit(&f->iommu, desc, 5));
	KUNIT_EXPECT_NE(test, 0, submit(&f->iommu, desc, 5));
}

/* A submission of the rest of the driver. */
static int vtd_ordinary_submission(void *arg)
{
	struct vtd_fake *f = arg;
	struct qi_desc desc[5];

	fill(desc, 5);
	desc[3].qw0 = RAW_BAD;
	return qi_submit_sync(&f->iommu, desc, 5, 0);
}

/* The rest of the driver ignores errors, and would free what is still mapped. */
static void ordinary_submission_waits_for_an_error_that_stays(struct kunit *test)
{
	struct vtd_fake *f = vtd_start_one(test, 0);
	struct fake_neighbour once;
	unsigned int over;

	f->deaf = true;
	fake_neighbour_start_once(test, f->queue.engine, &once,
				  vtd_ordinary_submission, f);
	/* The driver waits 100 ms for an error that it has cleared. */
	mdelay(300);
	over = READ_ONCE(once.steps);
	WRITE_ONCE(f->raised, ktime_get());
	/* If the engine sees this, the time is set. */
	smp_store_release(&f->deaf, false);
	fake_queue_write(&f->queue, DMAR_FSTS_REG, DMA_FSTS_IQE);
	fake_neighbour_stop(&once);
	KUNIT_EXPECT_EQ(test, over, 0);
}

/* Time-outs. Source id 7 does not answer. */

#define SILENT		7

static void fill_with_device(struct vtd_fake *f, struct qi_desc *desc,
			     unsigned int n, unsigned int at, int times)
{
	fill(desc, n);
	desc[at] = (struct qi_desc){ .qw0 = RAW_DEVTLB(SILENT),
				     .qw1 = RAW_ALL };
	f->silent_sid = SILENT;
	f->silent = times;
}

static void time_out_is_reported_at_once(struct kunit *test)
{
	struct vtd_fake *f = vtd_start_one(test, 0);
	struct qi_desc desc[5];
	unsigned int i;

	for (i = 0; i < 5; i++) {
		fill_with_device(f, desc, 5, i, 1);
		KUNIT_EXPECT_NE(test, submit_at(test, f, 0, desc, 5), 0);
		KUNIT_EXPECT_EQ(test, f->silent, 0);
		vtd_expect_usable(test, f);
	}
}

/*
 * An engine may limit the number of unanswered requests, and may not have
 * fetched the wait when the time-out occurs. Then no wait is pending and none
 * is aborted, and the submission's own wait is executed once the fault is
 * cleared.
 * The device's TLB is still stale, so the submission must not return success.
 */
static void time_out_before_the_wait_was_fetched_is_reported(struct kunit *test)
{
	struct vtd_fake *f = vtd_start_one(test, 0);
	struct qi_desc desc[5];
	unsigned int i;

	f->stops_at_timeout = true;
	for (i = 0; i < 5; i++) {
		fill_with_device(f, desc, 5, i, 1);
		KUNIT_EXPECT_NE(test, submit_at(test, f, 0, desc, 5), 0);
		vtd_expect_usable(test, f);
	}
}

/* The IOMMU does not name the device. So no driver takes it for one that is gone. */
static void submission_without_the_option_is_repeated_after_a_time_out(struct kunit *test)
{
	struct vtd_fake *f = vtd_start_one(test, 0);
	struct qi_desc desc[5];

	fill_with_device(f, desc, 5, 1, 1);
	f->nameless = true;
	KUNIT_EXPECT_EQ(test, qi_submit_sync(&f->iommu, desc, 5, 0), 0);
	KUNIT_EXPECT_EQ(test, f->silent, 0);
}

/**
 * struct submitter - what a second CPU submits
 * @nb: submits
 * @f: the IOMMU
 * @desc: the descriptors
 */
struct submitter {
	struct fake_neighbour nb;
	struct vtd_fake *f;
	struct qi_desc desc[3];
};

#define NEIGHBOUR_DID	0xee

static int submitter_step(void *arg)
{
	struct submitter *s = arg;

	return submit(&s->f->iommu, s->desc, 3);
}

static void submitter_start(struct kunit *test, struct submitter *s,
			    struct qi_desc last)
{
	s->f = vtd_fake(test, 0);
	s->desc[0].qw0 = RAW_DSI(NEIGHBOUR_DID);
	s->desc[1].qw0 = RAW_DSI(NEIGHBOUR_DID);
	s->desc[2] = last;
	fake_neighbour_start(test, s->f->queue.engine, &s->nb, submitter_step, s);
}

/* Another domain's device does not answer, and another CPU names it all the time. */
static void submitter_of_silent_device(struct kunit *test, struct submitter *s)
{
	struct vtd_fake *f = vtd_fake(test, 0);

	f->silent_sid = SILENT;
	f->silent = UINT_MAX;
	submitter_start(test, s, (struct qi_desc){
		.qw0 = RAW_DEVTLB(SILENT), .qw1 = RAW_ALL
	});
}

/*
 * The driver knows no device with that source id, so it may take it for one that was
 * removed. It may then give up the submissions that name it, but no others.
 */
static void ordinary_submission_is_repeated_for_a_removed_device(struct kunit *test)
{
	struct vtd_fake *f = vtd_start_one(test, 0);
	struct submitter s = {};
	struct qi_desc desc[5];
	unsigned int i;

	submitter_of_silent_device(test, &s);
	for (i = 0; i < MANY; i++) {
		fill(desc, 5);
		KUNIT_EXPECT_EQ(test, qi_submit_sync(&f->iommu, desc, 5, 0), 0);
	}
	fake_neighbour_stop(&s.nb);
	KUNIT_EXPECT_EQ(test, s.nb.failed, s.nb.steps);
}

static void error_does_not_fail_another_cpus_submission(struct kunit *test)
{
	struct vtd_fake *f = vtd_start_one(test, 0);
	struct submitter s = {};
	struct qi_desc desc[5];
	unsigned int bad;

	submitter_start(test, &s, (struct qi_desc){
		.qw0 = RAW_DSI(NEIGHBOUR_DID)
	});
	for (bad = 0; bad < MANY; bad++) {
		fill(desc, 5);
		desc[bad % 5].qw0 = RAW_BAD;
		KUNIT_EXPECT_NE(test, 0, submit(&f->iommu, desc, 5));
	}
	fake_neighbour_stop(&s.nb);
	KUNIT_EXPECT_EQ(test, s.nb.failed, 0);
	KUNIT_EXPECT_EQ(test, f->by_did[NEIGHBOUR_DID], 3 * s.nb.steps);
	KUNIT_EXPECT_TRUE(test, vtd_fake_settled(f));
	vtd_expect_usable(test, f);
}

/* (c) A sync. */

/**
 * struct vtd_domain - a domain over fake IOMMUs
 * @dmar: the driver's part
 * @pci: one PCI device, which all of the domain's devices share
 * @gone: the same, pulled out
 */
struct vtd_domain {
	struct dmar_domain dmar;
	struct pci_dev *pci;
	struct pci_dev *gone;
};

#define DID(i)		(0x51 + (i))

static struct pci_dev *vtd_fake_pci(struct kunit *test,
				    pci_channel_state_t state)
{
	struct pci_dev *pci = fake_memory(test, sizeof(*pci));

	pci->dev.bus = &pci_bus_type;
	pci->error_state = state;
	return pci;
}

/* A domain attached to the first @iommus IOMMUs. Starts the engine. */
static struct vtd_domain *vtd_start_domain(struct kunit *test, int iommus)
{
	struct vtd_domain *d = fake_memory(test, sizeof(*d));
	struct vtd_fake_bus *bus = test->priv;
	int i;

	d->pci = vtd_fake_pci(test, pci_channel_io_normal);
	d->gone = vtd_fake_pci(test, pci_channel_io_perm_failure);
	intel_xsmmu_test_init_domain(&d->dmar);
	bus->domain = &d->dmar;
	for (i = 0; i < iommus; i++)
		intel_xsmmu_test_add_iommu(test, &d->dmar,
					   &vtd_fake_create(test, i, 0)->iommu,
					   DID(i));
	fake_engine_start(test, &bus->engine);
	return d;
}

/* An ATS device with source id @sid behind @iommu. */
static struct device_domain_info *
vtd_add_test_device(struct kunit *test, struct vtd_domain *d, int iommu,
		    u16 sid)
{
	struct device_domain_info *info = fake_memory(test, sizeof(*info));

	info->bus = sid >> 8;
	info->devfn = sid & 0xff;
	info->ats_enabled = 1;
	info->dev = &d->pci->dev;
	info->iommu = &vtd_fake(test, iommu)->iommu;
	intel_xsmmu_test_add_device(&d->dmar, info);
	return info;
}

static int vtd_sync_domain(struct vtd_domain *d, bool leaf_only)
{
	return intel_xsmmu_sync_domain_iotlb(&d->dmar.domain, leaf_only);
}

/* The next executed descriptor, not counting final waits, is this one. */
static void vtd_expect_next(struct kunit *test, struct vtd_fake *f,
			    unsigned int *pos, u64 qw0, u64 qw1)
{
	const struct fake_command *cmd;

	do {
		cmd = fake_queue_next(test, &f->queue, pos);
	} while (cmd->qw[0] == RAW_WAIT_BOUNDED);
	KUNIT_EXPECT_EQ(test, cmd->qw[0], qw0);
	KUNIT_EXPECT_EQ(test, cmd->qw[1], qw1);
}

/* A submission ends here: a final wait follows. */
static void vtd_expect_wait(struct kunit *test, struct vtd_fake *f,
			    unsigned int *pos)
{
	KUNIT_EXPECT_EQ(test, fake_queue_next(test, &f->queue, pos)->qw[0],
			RAW_WAIT_BOUNDED);
}

/* Only the final wait of the last submission follows. */
static void vtd_expect_end(struct kunit *test, struct vtd_fake *f,
			   unsigned int pos)
{
	vtd_expect_wait(test, f, &pos);
	KUNIT_EXPECT_FALSE(test, fake_queue_more(&f->queue, &pos));
}

/*
 * The IOTLB, in a submission of its own. Then the devices, each once and in
 * order.
 */
static void vtd_expect_sync(struct kunit *test, struct vtd_fake *f, u64 qw1,
			    u16 sid, unsigned int devices)
{
	unsigned int pos = 0, i;

	vtd_expect_next(test, f, &pos, RAW_DSI(DID(f->iommu.seq_id)), qw1);
	if (devices)
		vtd_expect_wait(test, f, &pos);
	for (i = 0; i < devices; i++)
		vtd_expect_next(test, f, &pos, RAW_DEVTLB(sid + i), RAW_ALL);
	vtd_expect_end(test, f, pos);
}

static void sync_is_one_descriptor_and_a_wait(struct kunit *test)
{
	struct vtd_domain *d = vtd_start_domain(test, 1);
	struct vtd_fake_bus *bus = test->priv;

	KUNIT_EXPECT_EQ(test, vtd_sync_domain(d, true), 0);
	vtd_expect_sync(test, vtd_fake(test, 0), RAW_IH, 0, 0);
	bus->engine.n = 0;
	KUNIT_EXPECT_EQ(test, vtd_sync_domain(d, false), 0);
	vtd_expect_sync(test, vtd_fake(test, 0), 0, 0, 0);
}

static void sync_returns_when_its_wait_was_executed(struct kunit *test)
{
	struct vtd_domain *d = vtd_start_domain(test, 1);
	struct vtd_fake_bus *bus = test->priv;

	vtd_fake(test, 0)->late_ms = 20;
	KUNIT_EXPECT_EQ(test, vtd_sync_domain(d, true), 0);
	KUNIT_EXPECT_EQ(test, READ_ONCE(bus->engine.n), 2);
}

static void sync_of_a_first_stage_domain_is_pasid_based(struct kunit *test)
{
	struct vtd_domain *d = vtd_start_domain(test, 1);
	unsigned int pos = 0;

	intel_xsmmu_test_use_first_stage(&d->dmar);
	KUNIT_EXPECT_EQ(test, vtd_sync_domain(d, true), 0);
	vtd_expect_next(test, vtd_fake(test, 0), &pos, RAW_PIOTLB(DID(0)), 0);
	vtd_expect_end(test, vtd_fake(test, 0), pos);
}

static void sync_covers_every_iommu_of_the_domain(struct kunit *test)
{
	struct vtd_domain *d = vtd_start_domain(test, 2);

	KUNIT_EXPECT_EQ(test, vtd_sync_domain(d, true), 0);
	vtd_expect_sync(test, vtd_fake(test, 0), RAW_IH, 0, 0);
	vtd_expect_sync(test, vtd_fake(test, 1), RAW_IH, 0, 0);
}

static void sync_of_an_unattached_domain_succeeds(struct kunit *test)
{
	struct vtd_domain *d = vtd_start_domain(test, 0);

	KUNIT_EXPECT_EQ(test, vtd_sync_domain(d, true), 0);
}

/* Some fill a submission exactly. */
static const unsigned int device_counts[] = {
	1, 3, VTD_BATCH - 1, VTD_BATCH, VTD_BATCH + 1, 40,
};

static void vtd_describe_count(const unsigned int *n, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u devices", *n);
}

KUNIT_ARRAY_PARAM(device_counts, device_counts, vtd_describe_count);

static void device_tlbs_are_invalidated_when_the_iotlb_is_clean(struct kunit *test)
{
	unsigned int n = *(const unsigned int *)test->param_value;
	struct vtd_domain *d = vtd_start_domain(test, 1);
	unsigned int i;

	for (i = 0; i < n; i++)
		vtd_add_test_device(test, d, 0, 0x300 + i);
	KUNIT_EXPECT_EQ(test, vtd_sync_domain(d, true), 0);
	vtd_expect_sync(test, vtd_fake(test, 0), RAW_IH, 0x300, n);
	KUNIT_EXPECT_EQ(test, vtd_fake(test, 0)->qi.free_cnt, QI_LENGTH);
}

/* Attach PASID 7 of an ATS device. Skips the test if this kernel does not do that. */
static void vtd_add_test_pasid(struct kunit *test, struct vtd_domain *d, int iommu,
			       u16 sid)
{
	struct device_domain_info *info = vtd_add_test_device(test, d, iommu, sid);

	d->pci->dev.iommu = fake_memory(test, sizeof(*d->pci->dev.iommu));
	d->pci->dev.iommu->priv = info;
	if (!intel_xsmmu_test_add_pasid(test, &d->dmar, &d->pci->dev, 7))
		kunit_skip(test, "no domain of this kernel has PASIDs");
}

static void sync_covers_the_device_tlb_of_a_pasid(struct kunit *test)
{
	struct vtd_domain *d = vtd_start_domain(test, 2);
	unsigned int pos = 0;

	vtd_add_test_pasid(test, d, 0, 0x300);
	KUNIT_EXPECT_EQ(test, vtd_sync_domain(d, true), 0);
	vtd_expect_next(test, vtd_fake(test, 0), &pos, RAW_DSI(DID(0)), RAW_IH);
	vtd_expect_wait(test, vtd_fake(test, 0), &pos);
	vtd_expect_next(test, vtd_fake(test, 0), &pos, RAW_DEVTLB(0x300), RAW_ALL);
	vtd_expect_next(test, vtd_fake(test, 0), &pos, RAW_DEVTLB_PASID(0x300, 7),
			RAW_ALL);
	vtd_expect_end(test, vtd_fake(test, 0), pos);
	vtd_expect_sync(test, vtd_fake(test, 1), RAW_IH, 0, 0);
}

/* The device TLBs come after the IOTLB of each PASID. */
static void sync_of_a_first_stage_domain_covers_its_pasids(struct kunit *test)
{
	struct vtd_domain *d = vtd_start_domain(test, 1);
	struct vtd_fake *f = vtd_fake(test, 0);
	unsigned int pos = 0, pasid;

	intel_xsmmu_test_use_first_stage(&d->dmar);
	vtd_add_test_pasid(test, d, 0, 0x300);
	KUNIT_EXPECT_EQ(test, vtd_sync_domain(d, true), 0);
	for (pasid = 0; pasid <= 7; pasid += 7) {
		vtd_expect_next(test, f, &pos,
				RAW_PIOTLB(DID(0)) | (u64)pasid << 32, 0);
		vtd_expect_wait(test, f, &pos);
		vtd_expect_next(test, f, &pos, RAW_DEVTLB(0x300), RAW_ALL);
		vtd_expect_next(test, f, &pos, RAW_DEVTLB_PASID(0x300, 7), RAW_ALL);
	}
	vtd_expect_end(test, f, pos);
}

static void each_iommu_gets_its_own_devices_only(struct kunit *test)
{
	struct vtd_domain *d = vtd_start_domain(test, 2);
	unsigned int i;

	for (i = 0; i < 3; i++) {
		vtd_add_test_device(test, d, 0, 0x300 + i);
		vtd_add_test_device(test, d, 1, 0x400 + i);
	}
	KUNIT_EXPECT_EQ(test, vtd_sync_domain(d, false), 0);
	vtd_expect_sync(test, vtd_fake(test, 0), 0, 0x300, 3);
	vtd_expect_sync(test, vtd_fake(test, 1), 0, 0x400, 3);
}

static void iommu_without_ats_devices_is_waited_for_once(struct kunit *test)
{
	struct vtd_domain *d = vtd_start_domain(test, 2);

	vtd_add_test_device(test, d, 1, 0x300);
	vtd_add_test_device(test, d, 0, 0x100)->dev = &d->gone->dev;
	vtd_add_test_device(test, d, 0, 0x200)->ats_enabled = 0;
	KUNIT_EXPECT_EQ(test, vtd_sync_domain(d, true), 0);
	vtd_expect_sync(test, vtd_fake(test, 0), RAW_IH, 0, 0);
	vtd_expect_sync(test, vtd_fake(test, 1), RAW_IH, 0x300, 1);
}

/*
 * Until the IOTLB is clean, the device can fill its TLB with what the sync must
 * drop.
 */
static void device_whose_ats_is_turned_on_meanwhile_is_not_left_out(struct kunit *test)
{
	struct vtd_domain *d = vtd_start_domain(test, 1);
	struct device_domain_info *info = vtd_add_test_device(test, d, 0, 0x300);

	info->ats_enabled = 0;
	vtd_fake(test, 0)->joining = info;
	KUNIT_EXPECT_EQ(test, vtd_sync_domain(d, true), 0);
	KUNIT_EXPECT_TRUE(test, info->ats_enabled);
	vtd_expect_sync(test, vtd_fake(test, 0), RAW_IH, 0x300, 1);
}

static void devices_that_are_gone_or_without_ats_are_left_out(struct kunit *test)
{
	struct vtd_domain *d = vtd_start_domain(test, 1);

	vtd_add_test_device(test, d, 0, 0x100)->dev = &d->gone->dev;
	vtd_add_test_device(test, d, 0, 0x300);
	vtd_add_test_device(test, d, 0, 0x200)->ats_enabled = 0;
	KUNIT_EXPECT_EQ(test, vtd_sync_domain(d, true), 0);
	vtd_expect_sync(test, vtd_fake(test, 0), RAW_IH, 0x300, 1);
}

static void device_with_the_quirk_is_invalidated_twice(struct kunit *test)
{
	struct vtd_domain *d = vtd_start_domain(test, 1);
	struct vtd_fake *f = vtd_fake(test, 0);
	unsigned int pos = 0;

	vtd_add_test_device(test, d, 0, 0x300)->dtlb_extra_inval = 1;
	vtd_add_test_device(test, d, 0, 0x301);
	KUNIT_EXPECT_EQ(test, vtd_sync_domain(d, true), 0);
	vtd_expect_next(test, f, &pos, RAW_DSI(DID(0)), RAW_IH);
	vtd_expect_wait(test, f, &pos);
	vtd_expect_next(test, f, &pos, RAW_DEVTLB(0x300), RAW_ALL);
	vtd_expect_next(test, f, &pos, RAW_DEVTLB(0x300), RAW_ALL);
	vtd_expect_next(test, f, &pos, RAW_DEVTLB(0x301), RAW_ALL);
	vtd_expect_end(test, f, pos);
}

static void device_tlbs_are_left_out_while_translation_is_off(struct kunit *test)
{
	struct vtd_domain *d = vtd_start_domain(test, 1);

	vtd_add_test_device(test, d, 0, 0x300);
	vtd_fake(test, 0)->iommu.gcmd = 0;
	KUNIT_EXPECT_EQ(test, vtd_sync_domain(d, true), 0);
	vtd_expect_sync(test, vtd_fake(test, 0), RAW_IH, 0, 0);
}

static void sync_without_a_queue_is_refused(struct kunit *test)
{
	struct vtd_domain *d = vtd_start_domain(test, 2);

	vtd_fake(test, 1)->iommu.qi = NULL;
	KUNIT_EXPECT_EQ(test, vtd_sync_domain(d, true), -EOPNOTSUPP);
}

/* 10.4.2: CM is bit 7. */
static void domain_is_shadowed_if_an_iommu_is_in_caching_mode(struct kunit *test)
{
	struct vtd_domain *d = vtd_start_domain(test, 2);

	vtd_fake(test, 0)->iommu.cap = ~0x80ULL;
	KUNIT_EXPECT_FALSE(test,
			   intel_xsmmu_domain_is_shadowed(&d->dmar.domain));
	vtd_fake(test, 1)->iommu.cap = 0x80;
	KUNIT_EXPECT_TRUE(test,
			  intel_xsmmu_domain_is_shadowed(&d->dmar.domain));
	intel_xsmmu_test_use_first_stage(&d->dmar);
	KUNIT_EXPECT_FALSE(test,
			   intel_xsmmu_domain_is_shadowed(&d->dmar.domain));
}

static void error_on_any_iommu_fails_the_sync(struct kunit *test)
{
	struct vtd_domain *d = vtd_start_domain(test, 2);
	int i;

	for (i = 0; i < 2; i++) {
		vtd_fake(test, i)->refuse = 1;
		KUNIT_EXPECT_NE(test, vtd_sync_domain(d, true), 0);
		KUNIT_EXPECT_TRUE(test, vtd_fake_settled(vtd_fake(test, i)));
		KUNIT_EXPECT_EQ(test, vtd_sync_domain(d, true), 0);
	}
}

/* The silent device is in the first, second or third submission. */
static void silent_device_fails_the_sync(struct kunit *test)
{
	static const u16 silent[] = { 0x300, 0x314, 0x327 };
	struct vtd_domain *d = vtd_start_domain(test, 1);
	struct vtd_fake_bus *bus = test->priv;
	struct vtd_fake *f = vtd_fake(test, 0);
	int i;

	for (i = 0; i < 40; i++)
		vtd_add_test_device(test, d, 0, 0x300 + i);
	for (i = 0; i < ARRAY_SIZE(silent); i++) {
		f->silent_sid = silent[i];
		f->silent = 1;
		KUNIT_EXPECT_NE(test, vtd_sync_domain(d, true), 0);
		KUNIT_EXPECT_EQ(test, f->silent, 0);
		KUNIT_EXPECT_TRUE(test, vtd_fake_settled(f));
		bus->engine.n = 0;
		KUNIT_EXPECT_EQ(test, vtd_sync_domain(d, true), 0);
		vtd_expect_sync(test, f, RAW_IH, 0x300, 40);
	}
}

/* A time-out aborts all fetched descriptors, also those of this domain. */
static void silent_device_of_another_domain_does_not_fail_the_sync(struct kunit *test)
{
	struct vtd_domain *d = vtd_start_domain(test, 1);
	struct vtd_fake *f = vtd_fake(test, 0);
	struct submitter s = {};
	int i;

	submitter_of_silent_device(test, &s);
	for (i = 0; i < MANY; i++)
		KUNIT_EXPECT_EQ(test, vtd_sync_domain(d, true), 0);
	fake_neighbour_stop(&s.nb);
	KUNIT_EXPECT_EQ(test, s.nb.failed, s.nb.steps);
	KUNIT_EXPECT_GE(test, f->by_did[DID(0)], MANY);
}

/* The IOMMU names the device that did not answer. */
static void silent_device_does_not_fail_the_sync_of_other_devices(struct kunit *test)
{
	struct vtd_domain *d = vtd_start_domain(test, 1);
	struct submitter s = {};
	int i;

	for (i = 0; i < 3; i++)
		vtd_add_test_device(test, d, 0, 0x300 + i);
	submitter_of_silent_device(test, &s);
	for (i = 0; i < MANY; i++)
		KUNIT_EXPECT_EQ(test, vtd_sync_domain(d, true), 0);
	fake_neighbour_stop(&s.nb);
	KUNIT_EXPECT_EQ(test, s.nb.failed, s.nb.steps);
}

static void time_out_without_a_name_fails_the_sync(struct kunit *test)
{
	struct vtd_domain *d = vtd_start_domain(test, 1);
	struct vtd_fake *f = vtd_fake(test, 0);

	vtd_add_test_device(test, d, 0, 0x300);
	f->nameless = true;
	f->silent_sid = 0x300;
	f->silent = 1;
	KUNIT_EXPECT_EQ(test, vtd_sync_domain(d, true), -ETIMEDOUT);
}

/* (d) Runs of pages. */

/* An IOTLB descriptor and a PASID-based one, page-selective. */
#define RAW_PSI(did)		(0x32ULL | (u64)(did) << 16)
#define RAW_PIOTLB_PSI(did)	(0x36ULL | (u64)(did) << 16)

/* 10.4.2: PSI is bit 39, MAMV is in 53:48. */
#define RAW_CAP(mamv)		(0x0000008000000000ULL | (u64)(mamv) << 48)

/* A domain attached to the first @iommus IOMMUs, which can name pages. */
static struct vtd_domain *vtd_start_named(struct kunit *test, int iommus)
{
	struct vtd_domain *d = vtd_start_domain(test, iommus);
	int i;

	for (i = 0; i < iommus; i++)
		vtd_fake(test, i)->iommu.cap = RAW_CAP(9);
	return d;
}

/* Sync as the core does: with interrupts off. */
static int vtd_sync_runs(struct vtd_domain *d, const struct xsmmu_run *run,
			 unsigned int n)
{
	unsigned long flags;
	int err;

	local_irq_save(flags);
	err = intel_xsmmu_sync_iotlb_runs(&d->dmar.domain, run, n);
	local_irq_restore(flags);
	return err;
}

static int vtd_sync_pages(struct vtd_domain *d, u64 addr, unsigned int pages)
{
	return vtd_sync_runs(d, &(struct xsmmu_run){ addr, pages }, 1);
}

/* The number of descriptors that were executed, with final waits. */
static unsigned int vtd_executed(struct kunit *test)
{
	struct vtd_fake_bus *bus = test->priv;

	return bus->engine.n;
}

static void vtd_expect_too_many(struct kunit *test, struct vtd_domain *d,
				const struct xsmmu_run *run, unsigned int n)
{
	KUNIT_EXPECT_EQ(test, vtd_sync_runs(d, run, n), -E2BIG);
	KUNIT_EXPECT_EQ(test, vtd_executed(test), 0);
}

/* One page and two, one page, and sixteen. */
static const struct xsmmu_run four_blocks[] = {
	{ 0x3000, 3 }, { 0xa000, 1 }, { 0x20000, 16 },
};

static int vtd_sync_four_blocks(struct vtd_domain *d)
{
	return vtd_sync_runs(d, four_blocks, ARRAY_SIZE(four_blocks));
}

/* The blocks in a submission of their own. Then each device gets them. */
static void vtd_expect_blocks(struct kunit *test, struct vtd_fake *f, u64 qw0,
			      u16 sid, unsigned int devices)
{
	static const u64 iotlb[] = { 0x3040, 0x4041, 0xa040, 0x20044 };
	static const u64 devtlb[] = { 0x3000, 0x4001, 0xa000, 0x27001 };
	unsigned int pos = 0, i, k;

	for (k = 0; k < ARRAY_SIZE(iotlb); k++)
		vtd_expect_next(test, f, &pos, qw0, iotlb[k]);
	if (devices)
		vtd_expect_wait(test, f, &pos);
	for (i = 0; i < devices; i++)
		for (k = 0; k < ARRAY_SIZE(devtlb); k++)
			vtd_expect_next(test, f, &pos, RAW_DEVTLB(sid + i),
					devtlb[k]);
	vtd_expect_end(test, f, pos);
}

static void runs_are_named_before_one_wait(struct kunit *test)
{
	struct vtd_domain *d = vtd_start_named(test, 1);
	struct vtd_fake_bus *bus = test->priv;

	KUNIT_EXPECT_EQ(test, vtd_sync_four_blocks(d), 0);
	vtd_expect_blocks(test, vtd_fake(test, 0), RAW_PSI(DID(0)), 0, 0);
	KUNIT_EXPECT_EQ(test, bus->engine.n, 4 + 1);
}

/* Exactly its pages would be three blocks. */
static void run_is_two_blocks_that_may_have_other_pages(struct kunit *test)
{
	struct vtd_domain *d = vtd_start_named(test, 1);
	struct vtd_fake *f = vtd_fake(test, 0);
	unsigned int pos = 0;

	vtd_add_test_device(test, d, 0, 0x300);
	KUNIT_EXPECT_EQ(test, vtd_sync_pages(d, 0x3000, 6), 0);
	vtd_expect_next(test, f, &pos, RAW_PSI(DID(0)), 0x43);
	vtd_expect_next(test, f, &pos, RAW_PSI(DID(0)), 0x8040);
	vtd_expect_wait(test, f, &pos);
	vtd_expect_next(test, f, &pos, RAW_DEVTLB(0x300), 0x3001);
	vtd_expect_next(test, f, &pos, RAW_DEVTLB(0x300), 0x8000);
	vtd_expect_end(test, f, pos);
}

static void runs_of_a_first_stage_domain_are_pasid_based(struct kunit *test)
{
	struct vtd_domain *d = vtd_start_named(test, 1);

	intel_xsmmu_test_use_first_stage(&d->dmar);
	vtd_add_test_device(test, d, 0, 0x300);
	KUNIT_EXPECT_EQ(test, vtd_sync_four_blocks(d), 0);
	vtd_expect_blocks(test, vtd_fake(test, 0), RAW_PIOTLB_PSI(DID(0)),
			  0x300, 1);
}

/* A hypervisor that shadows the tables walks these pages only. */
static void runs_are_named_in_caching_mode_too(struct kunit *test)
{
	struct vtd_domain *d = vtd_start_named(test, 1);

	vtd_fake(test, 0)->iommu.cap |= 0x80;
	KUNIT_EXPECT_EQ(test, vtd_sync_four_blocks(d), 0);
	vtd_expect_blocks(test, vtd_fake(test, 0), RAW_PSI(DID(0)), 0, 0);
}

static void runs_reach_every_iommu_and_its_own_devices(struct kunit *test)
{
	struct vtd_domain *d = vtd_start_named(test, 2);
	unsigned int i;

	for (i = 0; i < 3; i++) {
		vtd_add_test_device(test, d, 0, 0x300 + i);
		vtd_add_test_device(test, d, 1, 0x400 + i);
	}
	KUNIT_EXPECT_EQ(test, vtd_sync_four_blocks(d), 0);
	vtd_expect_blocks(test, vtd_fake(test, 0), RAW_PSI(DID(0)), 0x300, 3);
	vtd_expect_blocks(test, vtd_fake(test, 1), RAW_PSI(DID(1)), 0x400, 3);
}

static void device_tlbs_get_the_runs_when_the_iotlb_is_clean(struct kunit *test)
{
	unsigned int n = *(const unsigned int *)test->param_value;
	struct vtd_domain *d = vtd_start_named(test, 1);
	unsigned int i;

	for (i = 0; i < n; i++)
		vtd_add_test_device(test, d, 0, 0x300 + i);
	KUNIT_EXPECT_EQ(test, vtd_sync_four_blocks(d), 0);
	vtd_expect_blocks(test, vtd_fake(test, 0), RAW_PSI(DID(0)), 0x300, n);
	KUNIT_EXPECT_EQ(test, vtd_fake(test, 0)->qi.free_cnt, QI_LENGTH);
}

static void runs_leave_out_devices_that_are_gone_or_without_ats(struct kunit *test)
{
	struct vtd_domain *d = vtd_start_named(test, 1);

	vtd_add_test_device(test, d, 0, 0x100)->dev = &d->gone->dev;
	vtd_add_test_device(test, d, 0, 0x300);
	vtd_add_test_device(test, d, 0, 0x200)->ats_enabled = 0;
	KUNIT_EXPECT_EQ(test, vtd_sync_four_blocks(d), 0);
	vtd_expect_blocks(test, vtd_fake(test, 0), RAW_PSI(DID(0)), 0x300, 1);
}

static void runs_reach_a_device_whose_ats_is_turned_on_meanwhile(struct kunit *test)
{
	struct vtd_domain *d = vtd_start_named(test, 1);
	struct device_domain_info *info = vtd_add_test_device(test, d, 0, 0x300);

	info->ats_enabled = 0;
	vtd_fake(test, 0)->joining = info;
	KUNIT_EXPECT_EQ(test, vtd_sync_four_blocks(d), 0);
	KUNIT_EXPECT_TRUE(test, info->ats_enabled);
	vtd_expect_blocks(test, vtd_fake(test, 0), RAW_PSI(DID(0)), 0x300, 1);
}

static void device_with_the_quirk_gets_the_runs_twice(struct kunit *test)
{
	struct vtd_domain *d = vtd_start_named(test, 1);
	struct vtd_fake *f = vtd_fake(test, 0);
	unsigned int pos = 0, i;

	vtd_add_test_device(test, d, 0, 0x300)->dtlb_extra_inval = 1;
	KUNIT_EXPECT_EQ(test, vtd_sync_pages(d, 0x3000, 3), 0);
	vtd_expect_next(test, f, &pos, RAW_PSI(DID(0)), 0x3040);
	vtd_expect_next(test, f, &pos, RAW_PSI(DID(0)), 0x4041);
	vtd_expect_wait(test, f, &pos);
	for (i = 0; i < 2; i++) {
		vtd_expect_next(test, f, &pos, RAW_DEVTLB(0x300), 0x3000);
		vtd_expect_next(test, f, &pos, RAW_DEVTLB(0x300), 0x4001);
	}
	vtd_expect_end(test, f, pos);
}

/* The larger of the two could name all pages at once. */
static void blocks_are_no_larger_than_each_iommu_can_name(struct kunit *test)
{
	struct vtd_domain *d = vtd_start_named(test, 2);
	unsigned int i, k, pos;

	vtd_fake(test, 0)->iommu.cap = RAW_CAP(63);
	vtd_fake(test, 1)->iommu.cap = RAW_CAP(1);
	KUNIT_EXPECT_EQ(test, vtd_sync_pages(d, 0x40000, 8), 0);
	for (i = 0; i < 2; i++) {
		for (k = 0, pos = 0; k < 4; k++)
			vtd_expect_next(test, vtd_fake(test, i), &pos,
					RAW_PSI(DID(i)), 0x40041 + k * 0x2000);
		vtd_expect_end(test, vtd_fake(test, i), pos);
	}
	vtd_fake(test, 0)->iommu.cap = RAW_CAP(0);
	KUNIT_EXPECT_EQ(test, vtd_sync_pages(d, 0x40000, 8), 0);
	for (k = 0; k < 8; k++)
		vtd_expect_next(test, vtd_fake(test, 0), &pos,
				RAW_PSI(DID(0)), 0x40040 + k * 0x1000);
}

/* PSI is clear, and all other bits are set. */
static void iommu_that_names_no_pages_gets_no_runs(struct kunit *test)
{
	struct vtd_domain *d = vtd_start_named(test, 2);

	vtd_fake(test, 1)->iommu.cap = ~RAW_CAP(0);
	vtd_expect_too_many(test, d, four_blocks, ARRAY_SIZE(four_blocks));
	vtd_fake(test, 1)->iommu.qi = NULL;
	KUNIT_EXPECT_EQ(test, vtd_sync_four_blocks(d), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, vtd_executed(test), 0);
}

static void iommu_that_joins_and_cannot_name_the_blocks_fails_the_sync(struct kunit *test)
{
	struct xsmmu_blocks blocks = { .n = 1, .block = { 0x40003 } };
	struct vtd_domain *d = vtd_start_named(test, 1);
	struct intel_iommu *iommu = &vtd_fake(test, 0)->iommu;
	struct intel_xsmmu_sync *sync = fake_memory(test, sizeof(*sync));

	sync->domain = &d->dmar;
	sync->blocks = &blocks;
	sync->order = 3;
	rcu_read_lock();
	iommu->cap = RAW_CAP(2);
	KUNIT_EXPECT_EQ(test, vtd_sync_iommu(sync, iommu, DID(0), 0), -EAGAIN);
	iommu->cap = ~RAW_CAP(0);
	KUNIT_EXPECT_EQ(test, vtd_sync_iommu(sync, iommu, DID(0), 0), -EAGAIN);
	KUNIT_EXPECT_EQ(test, vtd_executed(test), 0);
	iommu->cap = RAW_CAP(3);
	KUNIT_EXPECT_EQ(test, vtd_sync_iommu(sync, iommu, DID(0), 0), 0);
	rcu_read_unlock();
}

static void runs_of_too_many_blocks_send_no_descriptor(struct kunit *test)
{
	struct vtd_domain *d = vtd_start_named(test, 1);
	struct vtd_fake_bus *bus = test->priv;
	struct xsmmu_run run[XSMMU_MAX_RUNS];
	unsigned int i;

	vtd_add_test_device(test, d, 0, 0x300);
	/* Too small for the block around a run, or for those of its halves. */
	vtd_fake(test, 0)->iommu.cap = RAW_CAP(1);
	/* Three blocks each; five are 15, six are 18. */
	for (i = 0; i < XSMMU_MAX_RUNS; i++)
		run[i] = (struct xsmmu_run){ 0x1000 + (i << 16), 4 };
	vtd_expect_too_many(test, d, run, 6);
	vtd_expect_too_many(test, d, run, XSMMU_MAX_RUNS);
	vtd_expect_too_many(test, d, &(struct xsmmu_run){ 0, UINT_MAX }, 1);
	KUNIT_EXPECT_EQ(test, vtd_sync_runs(d, run, 5), 0);
	KUNIT_EXPECT_EQ(test, bus->engine.n, 2 * (15 + 1));
}

/* Some fill more than one submission. */
static void most_blocks_are_what_debugfs_says(struct kunit *test)
{
	struct vtd_domain *d = vtd_start_named(test, 1);
	struct vtd_fake_bus *bus = test->priv;
	u32 most = vtd_most_blocks.value;
	unsigned int n;

	limit_test(test, &vtd_most_blocks, "intel_most_blocks", 16);
	vtd_fake(test, 0)->iommu.cap = RAW_CAP(0);
	for (n = 0; n <= XSMMU_MAX_BLOCKS; n += 8) {
		bus->engine.n = 0;
		WRITE_ONCE(vtd_most_blocks.value, n);
		vtd_expect_too_many(test, d,
				    &(struct xsmmu_run){ 0x5000, n + 1 }, 1);
		KUNIT_EXPECT_EQ(test, vtd_sync_pages(d, 0x5000, n), 0);
		KUNIT_EXPECT_EQ(test, bus->engine.n, n + DIV_ROUND_UP(n, 16));
	}
	WRITE_ONCE(vtd_most_blocks.value, most);
}

static void error_on_any_iommu_fails_the_runs(struct kunit *test)
{
	struct vtd_domain *d = vtd_start_named(test, 2);
	int i;

	for (i = 0; i < 2; i++) {
		vtd_fake(test, i)->refuse = 1;
		KUNIT_EXPECT_NE(test, vtd_sync_four_blocks(d), 0);
		KUNIT_EXPECT_TRUE(test, vtd_fake_settled(vtd_fake(test, i)));
		KUNIT_EXPECT_EQ(test, vtd_sync_four_blocks(d), 0);
	}
}

/* The silent device is in the first, second or last submission. */
static void silent_device_fails_the_runs(struct kunit *test)
{
	static const u16 silent[] = { 0x300, 0x304, 0x309 };
	struct vtd_domain *d = vtd_start_named(test, 1);
	struct vtd_fake_bus *bus = test->priv;
	struct vtd_fake *f = vtd_fake(test, 0);
	int i;

	for (i = 0; i < 10; i++)
		vtd_add_test_device(test, d, 0, 0x300 + i);
	for (i = 0; i < ARRAY_SIZE(silent); i++) {
		f->silent_sid = silent[i];
		f->silent = 1;
		KUNIT_EXPECT_EQ(test, vtd_sync_four_blocks(d),
				-ETIMEDOUT);
		KUNIT_EXPECT_EQ(test, f->silent, 0);
		KUNIT_EXPECT_TRUE(test, vtd_fake_settled(f));
		bus->engine.n = 0;
		KUNIT_EXPECT_EQ(test, vtd_sync_four_blocks(d), 0);
		vtd_expect_blocks(test, f, RAW_PSI(DID(0)), 0x300, 10);
	}
}

/* What another CPU does: it names one page. */
static int vtd_sync_page_9(void *arg)
{
	return vtd_sync_pages(arg, 0x9000, 1);
}

/* Each sync returns when its own descriptor was executed. */
static void two_cpus_name_runs_at_once(struct kunit *test)
{
	struct vtd_domain *d = vtd_start_named(test, 1);
	struct vtd_fake *f = vtd_fake(test, 0);
	struct fake_neighbour nb;
	unsigned int i;

	fake_neighbour_start(test, f->queue.engine, &nb, vtd_sync_page_9, d);
	for (i = 1; i <= 100; i++) {
		KUNIT_EXPECT_EQ(test, vtd_sync_pages(d, 0x5000, 1), 0);
		KUNIT_EXPECT_EQ(test, READ_ONCE(f->by_page[5]), i);
		if (i % 10 == 0)
			KUNIT_EXPECT_EQ(test, vtd_sync_domain(d, true), 0);
	}
	fake_neighbour_stop(&nb);
	KUNIT_EXPECT_EQ(test, nb.failed, 0);
	KUNIT_EXPECT_EQ(test, READ_ONCE(f->by_page[9]), nb.steps);
}

static void error_does_not_fail_the_runs_of_another_cpu(struct kunit *test)
{
	struct vtd_domain *d = vtd_start_named(test, 1);
	struct vtd_fake *f = vtd_fake(test, 0);
	struct fake_neighbour nb;
	struct qi_desc desc[5];
	unsigned int bad;

	fake_neighbour_start(test, f->queue.engine, &nb, vtd_sync_page_9, d);
	for (bad = 0; bad < MANY; bad++) {
		fill(desc, 5);
		desc[bad % 5].qw0 = RAW_BAD;
		KUNIT_EXPECT_NE(test, 0, submit(&f->iommu, desc, 5));
	}
	fake_neighbour_stop(&nb);
	KUNIT_EXPECT_EQ(test, nb.failed, 0);
	KUNIT_EXPECT_TRUE(test, vtd_fake_settled(f));
}

/* Both name the device, so neither may succeed. */
static void silent_device_fails_each_of_two_syncs_at_once(struct kunit *test)
{
	struct vtd_domain *d = vtd_start_named(test, 1);
	struct vtd_fake *f = vtd_fake(test, 0);
	struct fake_neighbour nb;
	unsigned int i;

	vtd_add_test_device(test, d, 0, SILENT);
	f->silent_sid = SILENT;
	f->silent = UINT_MAX;
	fake_neighbour_start(test, f->queue.engine, &nb, vtd_sync_page_9, d);
	for (i = 0; i < MANY; i++)
		KUNIT_EXPECT_NE(test, vtd_sync_pages(d, 0x5000, 1), 0);
	fake_neighbour_stop(&nb);
	KUNIT_EXPECT_EQ(test, nb.failed, nb.steps);
}

static void silent_device_of_another_domain_does_not_fail_the_runs(struct kunit *test)
{
	struct vtd_domain *d = vtd_start_named(test, 1);
	struct submitter s = {};
	int i;

	for (i = 0; i < 3; i++)
		vtd_add_test_device(test, d, 0, 0x300 + i);
	submitter_of_silent_device(test, &s);
	for (i = 0; i < MANY; i++)
		KUNIT_EXPECT_EQ(test, vtd_sync_four_blocks(d), 0);
	fake_neighbour_stop(&s.nb);
	KUNIT_EXPECT_EQ(test, s.nb.failed, s.nb.steps);
}

/* Random runs, against bitmaps. */

static void cover_from_log(struct kunit *test, struct cover *c)
{
	struct vtd_fake_bus *bus = test->priv;
	unsigned int i;

	for (i = 0; i < bus->engine.n; i++) {
		const u64 *qw = bus->engine.log[i].qw;

		if ((qw[0] & 0xf) == 0x2)
			cover_add_block(test, c->iommu, qw[1] >> 12,
					qw[1] & 0x3f);
		else if ((qw[0] & 0xf) == 0x3)
			cover_add_block(test, c->device, qw[1] >> 12,
					qw[1] & 1 ? ffz(qw[1] >> 12) + 1 : 0);
	}
	bus->engine.n = 0;
}

static bool cover_once(struct kunit *test, struct vtd_domain *d,
		       struct rnd_state *rnd)
{
	struct cover c;
	int err;

	cover_runs(&c, rnd, 20);
	err = vtd_sync_runs(d, c.run, c.n);
	if (err == -E2BIG) {
		KUNIT_EXPECT_EQ(test, vtd_executed(test), 0);
		return false;
	}
	KUNIT_EXPECT_EQ(test, err, 0);
	cover_from_log(test, &c);
	cover_expect(test, &c, c.iommu);
	cover_expect(test, &c, c.device);
	return true;
}

static void descriptors_cover_the_runs(struct kunit *test)
{
	struct vtd_domain *d = vtd_start_named(test, 1);
	unsigned int i, done = 0;
	struct rnd_state rnd;

	vtd_add_test_device(test, d, 0, 0x300);
	prandom_seed_state(&rnd, 4);
	for (i = 0; i < 1000; i++) {
		vtd_fake(test, 0)->iommu.cap = RAW_CAP(i % 8);
		done += cover_once(test, d, &rnd);
	}
	KUNIT_EXPECT_GT(test, done, 500);
}

/* (e) Leaf entries, in the driver's own tables. */

static void entry_is_found_in_second_stage_tables(struct kunit *test)
{
	struct dmar_domain *dmar = intel_xsmmu_test_new_domain(test, false);

	leaf_test(test, &dmar->domain);
	intel_xsmmu_test_delete_domain(dmar);
}

static void entry_is_found_in_first_stage_tables(struct kunit *test)
{
	struct dmar_domain *dmar = intel_xsmmu_test_new_domain(test, true);

	leaf_test(test, &dmar->domain);
	intel_xsmmu_test_delete_domain(dmar);
}

static void entry_is_cleaned_if_walks_are_not_coherent(struct kunit *test)
{
	struct dmar_domain *dmar = intel_xsmmu_test_new_domain(test, false);

	leaf_test_map(test, &dmar->domain, LEAF_IOVA, SZ_4K);
	intel_xsmmu_test_set_coherent(dmar, false);
	KUNIT_EXPECT_EQ(test, leaf_test_after(test, &dmar->domain),
			XSMMU_CLEAN_ENTRY);
	intel_xsmmu_test_set_coherent(dmar, true);
	KUNIT_EXPECT_EQ(test, leaf_test_after(test, &dmar->domain), 0);
	intel_xsmmu_test_delete_domain(dmar);
}

/* 11.4.2: CM is bit 7, RWBF is bit 4. */
static void new_mapping_is_told_to_iommus_that_ask_for_it(struct kunit *test)
{
	struct vtd_fake *f[2] = { vtd_fake_create(test, 0, 0),
				  vtd_fake_create(test, 1, 0) };
	struct dmar_domain *dmar = intel_xsmmu_test_new_domain(test, false);
	struct iommu_domain *domain = &dmar->domain;
	int i;

	leaf_test_map(test, domain, LEAF_IOVA, SZ_4K);
	intel_xsmmu_test_set_coherent(dmar, true);
	for (i = 0; i < 2; i++)
		intel_xsmmu_test_add_iommu(test, dmar, &f[i]->iommu, DID(i));
	f[0]->iommu.cap = ~0x90ULL;
	KUNIT_EXPECT_EQ(test, leaf_test_after(test, domain), 0);
	f[1]->iommu.cap = 0x80;
	KUNIT_EXPECT_EQ(test, leaf_test_after(test, domain), XSMMU_SYNC_MAP);
	f[1]->iommu.cap = 0x10;
	KUNIT_EXPECT_EQ(test, leaf_test_after(test, domain), XSMMU_SYNC_MAP);
	/* The IOMMU does not cache first-stage entries that are not present. */
	intel_xsmmu_test_use_first_stage(dmar);
	KUNIT_EXPECT_EQ(test, leaf_test_after(test, domain), XSMMU_SYNC_MAP);
	f[1]->iommu.cap = 0x80;
	KUNIT_EXPECT_EQ(test, leaf_test_after(test, domain), 0);
	intel_xsmmu_test_delete_domain(dmar);
}

/*
 * The driver's own flush. Until it has completed, a walker may still have the way to the
 * table in its caches.
 */
static void table_that_a_superpage_replaces_is_freed_after_the_flush(struct kunit *test)
{
	struct dmar_domain *dmar = intel_xsmmu_test_new_domain(test, false);
	struct vtd_fake *f = vtd_start_one(test, 0);
	struct vtd_fake_bus *bus = test->priv;
	struct page *table;

	if (!intel_xsmmu_test_add_flushed(test, dmar, &f->iommu, DID(0))) {
		intel_xsmmu_test_delete_domain(dmar);
		kunit_skip(test, "not by a function of this driver");
	}
	leaf_test_map(test, &dmar->domain, LEAF_IOVA, SZ_4K);
	table = virt_to_page(leaf_test_entry(&dmar->domain, LEAF_IOVA));
	get_page(table);
	leaf_test_unmap(test, &dmar->domain, LEAF_IOVA, SZ_4K);
	bus->engine.n = 0;
	WRITE_ONCE(bus->watched, table);
	leaf_test_map(test, &dmar->domain, LEAF_AREA, SZ_2M);
	WRITE_ONCE(bus->watched, NULL);
	KUNIT_EXPECT_EQ(test, bus->engine.n, 2);
	KUNIT_EXPECT_FALSE(test, bus->freed_early);
	KUNIT_EXPECT_EQ(test, page_count(table), 1);
	put_page(table);
	intel_xsmmu_test_delete_domain(dmar);
}

/* (f) An IOMMU of this machine, if there is one. */

static void detached_device_waits_for_readers_of_its_domain(struct kunit *test)
{
	detach_test(test, &intel_iommu_ops);
}

/* When a device is removed, some drivers detach it by another function. */
static void released_device_waits_for_readers_of_its_domain(struct kunit *test)
{
	struct detach_reader r;
	struct device *dev;

	detach_test_skip(test);
	if (!intel_xsmmu_test_can_release())
		kunit_skip(test, "the driver has one function for this");
	dev = detach_test_device(test, &intel_iommu_ops);
	detach_reader_begin(test, &r);
	intel_iommu_ops.release_device(dev);
	detach_reader_end(test, &r);
	intel_xsmmu_test_probe(test, dev);
	pci_dev_put(to_pci_dev(dev));
}

static struct intel_iommu *live_iommu(void)
{
	struct intel_iommu *iommu, *found = NULL;
	struct dmar_drhd_unit *drhd;

	down_read(&dmar_global_lock);
	for_each_active_iommu(iommu, drhd)
		if (iommu->qi && !found)
			found = iommu;
	up_read(&dmar_global_lock);
	return found;
}

/*
 * Every IOMMU accepts waits that write a status, and they invalidate nothing.
 * Nothing reads this one.
 */
static void fill_with_waits(struct qi_desc *desc, unsigned int n)
{
	static u32 status ____cacheline_aligned;

	while (n--)
		*desc++ = (struct qi_desc){
			.qw0 = RAW_WAIT, .qw1 = virt_to_phys(&status),
		};
}

static void live_queue_survives_an_error_at_each_index(struct kunit *test)
{
	struct intel_iommu *iommu = live_iommu();
	struct qi_desc desc[5];
	unsigned int bad;

	if (!iommu)
		kunit_skip(test, "no VT-d with queued invalidation here");
	for (bad = 0; bad < 5; bad++) {
		fill_with_waits(desc, 5);
		KUNIT_EXPECT_EQ(test, 0, submit(iommu, desc, 5));
		desc[bad].qw0 = RAW_BAD;
		KUNIT_EXPECT_NE(test, 0, submit(iommu, desc, 5));
		fill_with_waits(desc, 5);
		KUNIT_EXPECT_EQ(test, 0, qi_submit_sync(iommu, desc, 5, 0));
	}
}

static struct kunit_case vtd_test_cases[] = {
	KUNIT_CASE(iotlb_descriptor_is_domain_selective_with_hint),
	KUNIT_CASE(iotlb_descriptor_drains_what_the_hardware_can),
	KUNIT_CASE(first_stage_descriptor_is_pasid_selective),
	KUNIT_CASE(device_tlb_descriptor_covers_all_addresses),
	KUNIT_CASE(device_tlb_descriptor_can_have_a_pasid),
	KUNIT_CASE(iotlb_descriptor_of_a_block_names_its_pages),
	KUNIT_CASE(first_stage_descriptor_of_a_block_names_its_pages),
	KUNIT_CASE(device_tlb_descriptor_of_a_block_names_its_pages),
	KUNIT_CASE(submission_without_error_is_executed_in_order),
	KUNIT_CASE(error_at_each_index_of_5_is_reported),
	KUNIT_CASE(error_at_each_index_of_20_is_reported),
	KUNIT_CASE(error_in_a_queue_of_wide_descriptors_is_reported),
	KUNIT_CASE(error_in_a_submission_without_the_option_is_reported),
	KUNIT_CASE(error_beside_the_end_of_the_ring_is_reported),
	KUNIT_CASE(several_errors_in_a_submission_are_all_repaired),
	KUNIT_CASE(error_of_the_final_wait_is_reported),
	KUNIT_CASE(submission_to_a_queue_beyond_repair_fails),
	KUNIT_CASE(error_that_cannot_be_cleared_fails_the_submission),
	KUNIT_CASE(ordinary_submission_waits_for_an_error_that_stays),
	KUNIT_CASE(time_out_is_reported_at_once),
	KUNIT_CASE(time_out_before_the_wait_was_fetched_is_reported),
	KUNIT_CASE(submission_without_the_option_is_repeated_after_a_time_out),
	KUNIT_CASE(ordinary_submission_is_repeated_for_a_removed_device),
	KUNIT_CASE(error_does_not_fail_another_cpus_submission),
	KUNIT_CASE(sync_is_one_descriptor_and_a_wait),
	KUNIT_CASE(sync_returns_when_its_wait_was_executed),
	KUNIT_CASE(sync_of_a_first_stage_domain_is_pasid_based),
	KUNIT_CASE(sync_covers_every_iommu_of_the_domain),
	KUNIT_CASE(sync_of_an_unattached_domain_succeeds),
	KUNIT_CASE_PARAM(device_tlbs_are_invalidated_when_the_iotlb_is_clean,
			 device_counts_gen_params),
	KUNIT_CASE(sync_covers_the_device_tlb_of_a_pasid),
	KUNIT_CASE(sync_of_a_first_stage_domain_covers_its_pasids),
	KUNIT_CASE(each_iommu_gets_its_own_devices_only),
	KUNIT_CASE(iommu_without_ats_devices_is_waited_for_once),
	KUNIT_CASE(device_whose_ats_is_turned_on_meanwhile_is_not_left_out),
	KUNIT_CASE(devices_that_are_gone_or_without_ats_are_left_out),
	KUNIT_CASE(device_with_the_quirk_is_invalidated_twice),
	KUNIT_CASE(device_tlbs_are_left_out_while_translation_is_off),
	KUNIT_CASE(sync_without_a_queue_is_refused),
	KUNIT_CASE(domain_is_shadowed_if_an_iommu_is_in_caching_mode),
	KUNIT_CASE(error_on_any_iommu_fails_the_sync),
	KUNIT_CASE(silent_device_fails_the_sync),
	KUNIT_CASE(silent_device_of_another_domain_does_not_fail_the_sync),
	KUNIT_CASE(silent_device_does_not_fail_the_sync_of_other_devices),
	KUNIT_CASE(time_out_without_a_name_fails_the_sync),
	KUNIT_CASE(runs_are_named_before_one_wait),
	KUNIT_CASE(run_is_two_blocks_that_may_have_other_pages),
	KUNIT_CASE(runs_of_a_first_stage_domain_are_pasid_based),
	KUNIT_CASE(runs_are_named_in_caching_mode_too),
	KUNIT_CASE(runs_reach_every_iommu_and_its_own_devices),
	KUNIT_CASE_PARAM(device_tlbs_get_the_runs_when_the_iotlb_is_clean,
			 device_counts_gen_params),
	KUNIT_CASE(runs_leave_out_devices_that_are_gone_or_without_ats),
	KUNIT_CASE(runs_reach_a_device_whose_ats_is_turned_on_meanwhile),
	KUNIT_CASE(device_with_the_quirk_gets_the_runs_twice),
	KUNIT_CASE(blocks_are_no_larger_than_each_iommu_can_name),
	KUNIT_CASE(iommu_that_names_no_pages_gets_no_runs),
	KUNIT_CASE(iommu_that_joins_and_cannot_name_the_blocks_fails_the_sync),
	KUNIT_CASE(runs_of_too_many_blocks_send_no_descriptor),
	KUNIT_CASE(most_blocks_are_what_debugfs_says),
	KUNIT_CASE(error_on_any_iommu_fails_the_runs),
	KUNIT_CASE(silent_device_fails_the_runs),
	KUNIT_CASE(two_cpus_name_runs_at_once),
	KUNIT_CASE(error_does_not_fail_the_runs_of_another_cpu),
	KUNIT_CASE(silent_device_fails_each_of_two_syncs_at_once),
	KUNIT_CASE(silent_device_of_another_domain_does_not_fail_the_runs),
	KUNIT_CASE(descriptors_cover_the_runs),
	KUNIT_CASE(entry_is_found_in_second_stage_tables),
	KUNIT_CASE(entry_is_found_in_first_stage_tables),
	KUNIT_CASE(entry_is_cleaned_if_walks_are_not_coherent),
	KUNIT_CASE(new_mapping_is_told_to_iommus_that_ask_for_it),
	KUNIT_CASE(table_that_a_superpage_replaces_is_freed_after_the_flush),
	KUNIT_CASE(detached_device_waits_for_readers_of_its_domain),
	KUNIT_CASE(released_device_waits_for_readers_of_its_domain),
	KUNIT_CASE(live_queue_survives_an_error_at_each_index),
	{}
};

static struct kunit_suite vtd_test_suite = {
	.name = "xsmmu-intel",
	.init = vtd_test_init,
	.exit = vtd_test_exit,
	.test_cases = vtd_test_cases,
};

kunit_test_suites(&vtd_test_suite);
