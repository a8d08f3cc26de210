// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the AMD-Vi backend: which words it encodes, which commands a sync of a
 * domain or of runs of pages sends and in which order, what errors do, when the
 * driver frees page tables, and which leaf entries it finds.
 *
 * Included at the end of xsmmu.c, whose functions are private. The expected
 * words are written out from the tables of chapter 2.4, not with the driver's
 * macros.
 */
#include "../xsmmu/cover-test.h"
#include "../xsmmu/detach-test.h"
#include "../xsmmu/fake-neighbour.h"
#include "../xsmmu/leaf-entry-test.h"
#include "../xsmmu/limit-test.h"
#include "xsmmu-test-decoder.h"

/* The last two words of a command that names the whole address space. */
#define RAW_ALL			0xfffff001
#define RAW_PDE			0x2
#define RAW_GN			0x4
#define RAW_ALL_HIGH		0x7fffffff

#define DID			0x51
#define DEVICE_DID		0x61
#define QDEP			0x15

/* Number of IOMMUs that the driver's own flushes look at, if it is more. */
int amd_xsmmu_test_iommus;

static int amd_test_init(struct kunit *test)
{
	struct amd_fake_bus *bus = fake_memory(test, sizeof(*bus));

	bus->seg.id = FAKE_SEGMENT;
	test->priv = bus;
	return 0;
}

static void amd_test_exit(struct kunit *test)
{
	struct amd_fake_bus *bus = test->priv;

	if (!bus)
		return;
	amd_fake_stop(bus);
	if (bus->log_size)
		amd_xsmmu_test_resize_log(bus->log_size);
	if (bus->domain)
		amd_xsmmu_test_free_domain(bus->domain);
}

/* (a) The words of a command. */

static void expect_words(struct kunit *test, const u32 *dw, u32 dw0, u32 dw1,
			 u32 dw2, u32 dw3)
{
	KUNIT_EXPECT_EQ(test, dw[0], dw0);
	KUNIT_EXPECT_EQ(test, dw[1], dw1);
	KUNIT_EXPECT_EQ(test, dw[2], dw2);
	KUNIT_EXPECT_EQ(test, dw[3], dw3);
}

/*
 * 2.4.3: the first word has the PASID in 19:0; the second has the domain id in
 * 15:0 and opcode 3 in 31:28; the third has S, PDE and GN in 0, 1 and 2, then
 * the address.
 */
static void domain_command_covers_everything_and_sets_pde_and_gn(struct kunit *test)
{
	static const u16 ids[] = { 0, 1, 0x1234, 0x8000, 0xffff };
	struct amd_xsmmu_cmd cmd;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		cmd = amd_pages_cmd(ids[i], AMD_ALL, false, true);
		expect_words(test, cmd.dw, 0, 0x30000000 | ids[i], 0xfffff001,
			     0x7fffffff);
		cmd = amd_pages_cmd(ids[i], AMD_ALL, false, false);
		expect_words(test, cmd.dw, 0, 0x30000000 | ids[i], 0xfffff003,
			     0x7fffffff);
		cmd = amd_pages_cmd(ids[i], AMD_ALL, true, true);
		expect_words(test, cmd.dw, 0, 0x30000000 | ids[i], 0xfffff005,
			     0x7fffffff);
		cmd = amd_pages_cmd(ids[i], AMD_ALL, true, false);
		expect_words(test, cmd.dw, 0, 0x30000000 | ids[i], 0xfffff007,
			     0x7fffffff);
	}
}

/*
 * 2.4.4: the first word has the device id in 15:0 and Maxpend in 31:24; the
 * second has the queue id in 15:0 and opcode 4 in 31:28; the third has S and GN
 * in 0 and 2, then the address. The bits of the PASID are zero.
 */
static void device_command_names_the_device_and_covers_everything(struct kunit *test)
{
	struct amd_xsmmu_cmd cmd;

	cmd = amd_devtlb_cmd(0x3a81, 0x15, AMD_ALL, false);
	expect_words(test, cmd.dw, 0x15003a81, 0x40003a81, 0xfffff001,
		     0x7fffffff);
	cmd = amd_devtlb_cmd(0xffff, 32, AMD_ALL, false);
	expect_words(test, cmd.dw, 0x2000ffff, 0x4000ffff, 0xfffff001,
		     0x7fffffff);
	cmd = amd_devtlb_cmd(0x0008, 1, AMD_ALL, true);
	expect_words(test, cmd.dw, 0x01000008, 0x40000008, 0xfffff005,
		     0x7fffffff);
	cmd = amd_devtlb_cmd(0xffff, 32, AMD_ALL, true);
	expect_words(test, cmd.dw, 0x2000ffff, 0x4000ffff, 0xfffff005,
		     0x7fffffff);
}

/*
 * 2.4.3, 2.4.4: the address is in 31:12 of the third word and in the fourth. S=0 is
 * one page. With S=1 the lowest zero bit from bit 12 on gives the size: 12 for two
 * pages, 13 for four. Blocks are written as xsmmu_cut() makes them: address and log2
 * of the number of pages.
 */
static void commands_of_a_block_name_its_pages(struct kunit *test)
{
	static const struct {
		u64 block;
		u32 dw2;
		u32 dw3;
	} words[] = {
		{ 0x5000, 0x5000, 0 }, { 0, 0, 0 }, { 1, 1, 0 },
		{ 0x4001, 0x4001, 0 }, { 0x4002, 0x5001, 0 },
		{ 0x10003, 0x13001, 0 }, { 0x10004, 0x17001, 0 },
		{ 0x123456789a000, 0x6789a000, 0x12345 },
		{ 0xfffffffffffff000, 0xfffff000, 0xffffffff },
		{ 0x8000000000000015, 0xfffff001, 0x80000000 },
	};
	struct amd_xsmmu_cmd cmd;
	unsigned int i;
	u64 pages;

	for (i = 0; i < ARRAY_SIZE(words); i++) {
		pages = xsmmu_block_by_zero(words[i].block);
		cmd = amd_pages_cmd(0x1234, pages, false, true);
		expect_words(test, cmd.dw, 0, 0x30001234, words[i].dw2,
			     words[i].dw3);
		cmd = amd_pages_cmd(0x1234, pages, true, true);
		expect_words(test, cmd.dw, 0, 0x30001234, words[i].dw2 | 0x4,
			     words[i].dw3);
		cmd = amd_devtlb_cmd(0x300, 0x15, pages, false);
		expect_words(test, cmd.dw, 0x15000300, 0x40000300,
			     words[i].dw2, words[i].dw3);
		cmd = amd_devtlb_cmd(0x300, 0x15, pages, true);
		expect_words(test, cmd.dw, 0x15000300, 0x40000300,
			     words[i].dw2 | 0x4, words[i].dw3);
	}
}

/*
 * 2.4.1: the first word has S in 0 and the address from 3 on; the second has the
 * rest of the address in 19:0 and opcode 1 in 31:28; then the data.
 */
static void wait_command_stores_a_number_to_an_address(struct kunit *test)
{
	struct amd_xsmmu_cmd cmd;

	cmd = amd_xsmmu_wait_cmd(0x000abcdef1234568, 0x123456789abcdef0);
	expect_words(test, cmd.dw, 0xf1234569, 0x100abcde, 0x9abcdef0,
		     0x12345678);
}

/* (b) A sync. */

/* Say whether devices of the domain stand behind a fake IOMMU. */
static void count_iommu(struct kunit *test, struct protection_domain *domain,
			unsigned int i, bool counted)
{
	amd_xsmmu_test_count(test, domain, &amd_fake(test, i)->iommu, counted);
}

static void add_iommus(struct kunit *test, struct protection_domain *domain,
		       unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		amd_fake_create(test, i);
		count_iommu(test, domain, i, true);
	}
}

/* A domain on @iommus fake IOMMUs, with the engine running. */
static struct protection_domain *start_domain(struct kunit *test,
					      unsigned int iommus)
{
	struct protection_domain *domain = fake_memory(test, sizeof(*domain));
	struct amd_fake_bus *bus = test->priv;

	amd_xsmmu_test_init_domain(domain, DID);
	bus->domain = domain;
	add_iommus(test, domain, iommus);
	fake_engine_start(test, &bus->engine);
	return domain;
}

/*
 * A PCI device with source id @sid behind a fake IOMMU. Its ATS is on. Commands for
 * domains with v1 tables must not name its own id.
 */
static struct iommu_dev_data *new_device(struct kunit *test, unsigned int iommu,
					 u16 sid)
{
	struct iommu_dev_data *dev_data = fake_memory(test, sizeof(*dev_data));
	struct dev_iommu *link = fake_memory(test, sizeof(*link));
	struct pci_dev *pci = fake_memory(test, sizeof(*pci));
	struct amd_fake_bus *bus = test->priv;

	pci->dev.bus = &pci_bus_type;
	pci->error_state = pci_channel_io_normal;
	pci->dev.iommu = link;
	link->iommu_dev = &amd_fake(test, iommu)->iommu.iommu;
	dev_data->dev = &pci->dev;
	dev_data->devid = sid;
	amd_xsmmu_test_set_ats(dev_data, true, QDEP);
	amd_xsmmu_test_set_id(dev_data, DEVICE_DID + bus->devices++);
	return dev_data;
}

static struct iommu_dev_data *add_device(struct kunit *test,
					 struct protection_domain *domain,
					 unsigned int iommu, u16 sid)
{
	struct iommu_dev_data *dev_data = new_device(test, iommu, sid);

	list_add_tail(&dev_data->list, &domain->dev_list);
	return dev_data;
}

static struct iommu_dev_data *
add_device_without_ats(struct kunit *test, struct protection_domain *domain,
		       unsigned int iommu, u16 sid)
{
	struct iommu_dev_data *dev_data = add_device(test, domain, iommu, sid);

	amd_xsmmu_test_set_ats(dev_data, false, 0);
	return dev_data;
}

/* A domain with v2 tables, and @iommus devices without ATS, each behind one. */
static struct protection_domain *start_guest_domain(struct kunit *test,
						    unsigned int iommus)
{
	struct protection_domain *domain = start_domain(test, iommus);
	unsigned int i;

	amd_xsmmu_test_use_guest(domain);
	for (i = 0; i < iommus; i++)
		add_device_without_ats(test, domain, i, 0x800 + i);
	return domain;
}

/* The driver finds a device by its id, and knows its domain. */
static void know_device(struct kunit *test, struct iommu_dev_data *dev_data,
			struct protection_domain *domain)
{
	struct amd_fake_bus *bus = test->priv;

	dev_data->domain = domain;
	llist_add(&dev_data->dev_data_list, &bus->seg.dev_data_list);
}

/* For amd_fake_hold() and amd_fake_refuse(): the CPU has interrupts on. */
static int sync_held(struct protection_domain *domain)
{
	return amd_xsmmu_sync_domain_iotlb(&domain->domain, true);
}

/* Sync as core does: with interrupts off. */
static int sync_domain(struct protection_domain *domain, bool leaf_only)
{
	unsigned long flags;
	int err;

	local_irq_save(flags);
	err = amd_xsmmu_sync_domain_iotlb(&domain->domain, leaf_only);
	local_irq_restore(flags);
	return err;
}

#define MOST_IDS	8

/* A position in the log of each IOMMU. */
struct cursor {
	unsigned int at[FAKE_IOMMUS];
};

/* The next command that an IOMMU executed. */
static const u32 *next(struct kunit *test, struct cursor *c, unsigned int i)
{
	return fake_queue_next(test, &amd_fake(test, i)->queue, &c->at[i])->dw;
}

static void expect_pages(struct kunit *test, struct cursor *c, unsigned int i,
			 u32 bits)
{
	expect_words(test, next(test, c, i), 0, 0x30000000 | DID,
		     RAW_ALL | bits, RAW_ALL_HIGH);
}

/* Returns the number of commands that were executed until then. */
static unsigned int expect_devtlb(struct kunit *test, struct cursor *c,
				  unsigned int i, u16 sid, u32 bits)
{
	expect_words(test, next(test, c, i), QDEP << 24 | sid, 0x40000000 | sid,
		     RAW_ALL | bits, RAW_ALL_HIGH);
	return c->at[i];
}

/* Likewise. */
static unsigned int expect_wait(struct kunit *test, struct cursor *c,
				unsigned int i)
{
	KUNIT_EXPECT_EQ(test, next(test, c, i)[1] >> 28, 0x1);
	return c->at[i];
}

/* Likewise: the IOMMU's own TLB is invalidated. */
static unsigned int expect_iommu(struct kunit *test, struct cursor *c,
				 unsigned int i, u32 bits)
{
	expect_pages(test, c, i, bits);
	return expect_wait(test, c, i);
}

/*
 * The ids that an IOMMU knows a domain with v2 tables by, each once. Returns their
 * number.
 */
static unsigned int guest_ids(struct kunit *test,
			      struct protection_domain *domain, unsigned int i,
			      u16 *ids)
{
	struct iommu_dev_data *dev_data;
	unsigned int n = 0;
	u16 id;

	list_for_each_entry(dev_data, &domain->dev_list, list) {
		if (amd_xsmmu_iommu_of(dev_data->dev) != &amd_fake(test, i)->iommu)
			continue;
		id = amd_xsmmu_test_guest_id(domain, dev_data);
		if (!n || ids[n - 1] != id)
			ids[n++] = id;
		KUNIT_ASSERT_LT(test, n, MOST_IDS);
	}
	return n;
}

/*
 * As expect_iommu(), with v2 tables: the IOMMU drops what it knows by each of the
 * domain's ids.
 */
static unsigned int expect_guest_iommu(struct kunit *test, struct cursor *c,
				       struct protection_domain *domain,
				       unsigned int i, u32 bits)
{
	unsigned int k, n;
	u16 ids[MOST_IDS];

	n = guest_ids(test, domain, i, ids);
	for (k = 0; k < n; k++)
		expect_words(test, next(test, c, i), 0, 0x30000000 | ids[k],
			     RAW_ALL | RAW_GN | bits, RAW_ALL_HIGH);
	return expect_wait(test, c, i);
}

static void expect_commands(struct kunit *test, unsigned int n)
{
	struct amd_fake_bus *bus = test->priv;

	KUNIT_EXPECT_EQ(test, bus->engine.n, n);
}

static void sync_is_one_command_and_a_wait(struct kunit *test)
{
	struct protection_domain *domain = start_domain(test, 1);
	struct cursor c = {};

	KUNIT_EXPECT_EQ(test, sync_domain(domain, true), 0);
	expect_iommu(test, &c, 0, 0);
	expect_commands(test, 2);
}

static void sync_after_a_table_was_unlinked_drops_directory_entries(struct kunit *test)
{
	struct protection_domain *domain = start_domain(test, 1);
	struct cursor c = {};

	KUNIT_EXPECT_EQ(test, sync_domain(domain, false), 0);
	expect_iommu(test, &c, 0, RAW_PDE);
	expect_commands(test, 2);
}

static void sync_of_v2_tables_is_a_guest_invalidation(struct kunit *test)
{
	struct protection_domain *domain = start_guest_domain(test, 1);
	struct cursor c = {};

	KUNIT_EXPECT_EQ(test, sync_domain(domain, true), 0);
	expect_guest_iommu(test, &c, domain, 0, 0);
	KUNIT_EXPECT_EQ(test, sync_domain(domain, false), 0);
	expect_guest_iommu(test, &c, domain, 0, RAW_PDE);
	expect_commands(test, 4);
}

/* Three devices behind one IOMMU, two behind another; each IOMMU is waited for once. */
static void sync_of_v2_tables_names_the_id_of_each_device(struct kunit *test)
{
	struct protection_domain *domain = start_guest_domain(test, 2);
	struct iommu_dev_data *dev_data;
	struct cursor c = {};
	u16 ids[MOST_IDS];
	unsigned int i, n;
	u16 id;

	for (i = 0; i < 3; i++)
		add_device_without_ats(test, domain, i & 1, 0x300 + i);
	KUNIT_EXPECT_EQ(test, sync_domain(domain, true), 0);
	list_for_each_entry(dev_data, &domain->dev_list, list) {
		id = amd_xsmmu_test_guest_id(domain, dev_data);
		i = amd_xsmmu_iommu_of(dev_data->dev) !=
		    &amd_fake(test, 0)->iommu;
		KUNIT_EXPECT_EQ(test, amd_fake(test, i)->by_did[id], 1);
	}
	for (i = 0, n = 0; i < 2; i++) {
		expect_guest_iommu(test, &c, domain, i, 0);
		n += guest_ids(test, domain, i, ids) + 1;
	}
	expect_commands(test, n);
}

static void sync_stays_one_command_under_a_hypervisor(struct kunit *test)
{
	struct protection_domain *domain = start_domain(test, 1);
	bool np_cache = amd_iommu_np_cache;

	amd_iommu_np_cache = true;
	KUNIT_EXPECT_EQ(test, sync_domain(domain, true), 0);
	amd_iommu_np_cache = np_cache;
	expect_commands(test, 2);
}

static void domain_is_shadowed_if_the_iommu_caches_absent_entries(struct kunit *test)
{
	struct protection_domain *domain = start_domain(test, 1);
	bool np_cache = amd_iommu_np_cache;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		amd_iommu_np_cache = i;
		KUNIT_EXPECT_EQ(test, i,
				amd_xsmmu_domain_is_shadowed(&domain->domain));
	}
	amd_iommu_np_cache = np_cache;
}

static void sync_covers_every_iommu_of_the_domain(struct kunit *test)
{
	struct protection_domain *domain = start_domain(test, 2);
	struct cursor c = {};
	unsigned int i;

	KUNIT_EXPECT_EQ(test, sync_domain(domain, true), 0);
	for (i = 0; i < 2; i++)
		expect_iommu(test, &c, i, 0);
	expect_commands(test, 4);
}

static void sync_leaves_other_iommus_alone(struct kunit *test)
{
	struct protection_domain *domain = start_domain(test, 2);
	struct cursor c = {};

	count_iommu(test, domain, 0, false);
	KUNIT_EXPECT_EQ(test, sync_domain(domain, true), 0);
	expect_iommu(test, &c, 1, 0);
	expect_commands(test, 2);
}

static void sync_of_an_unattached_domain_has_nothing_to_do(struct kunit *test)
{
	struct protection_domain *domain = start_domain(test, 0);

	KUNIT_EXPECT_EQ(test, sync_domain(domain, true), 0);
	KUNIT_EXPECT_EQ(test, sync_domain(domain, false), 0);
	expect_commands(test, 0);
}

/*
 * The ring has 512 places. The first sync starts three places before its end.
 */
static void syncs_go_on_around_the_end_of_the_ring(struct kunit *test)
{
	struct protection_domain *domain = start_domain(test, 1);
	struct amd_fake *f = amd_fake(test, 0);
	struct cursor c = {};
	unsigned int i;

	fake_queue_move(&f->queue, CMD_BUFFER_SIZE - 3 * 16);
	f->iommu.cmd_buf_head = f->queue.head;
	f->iommu.cmd_buf_tail = f->queue.head;
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_EQ(test, sync_domain(domain, true), 0);
	for (i = 0; i < 4; i++)
		expect_iommu(test, &c, 0, 0);
	expect_commands(test, 8);
}

/* The device's command must not be in the ring together with the IOMMU's. */
static void device_tlb_is_invalidated_when_the_iommu_has_completed(struct kunit *test)
{
	struct protection_domain *domain = start_domain(test, 1);
	struct cursor c = {};

	add_device(test, domain, 0, 0x300);
	KUNIT_EXPECT_EQ(test, sync_domain(domain, true), 0);
	expect_iommu(test, &c, 0, 0);
	expect_devtlb(test, &c, 0, 0x300, 0);
	expect_wait(test, &c, 0);
	expect_commands(test, 4);
}

/* Each of the IOMMUs is the slow one once. */
static void device_tlbs_wait_for_every_iommu(struct kunit *test)
{
	struct protection_domain *domain = start_domain(test, 2);
	struct amd_fake *f[2] = { amd_fake(test, 0), amd_fake(test, 1) };
	unsigned int slow, i, waited;
	struct cursor c = {};

	add_device(test, domain, 0, 0x300);
	add_device(test, domain, 1, 0x400);
	for (slow = 0; slow < 2; slow++) {
		WRITE_ONCE(f[slow]->queue.delay_us, FAKE_LONG_US);
		WRITE_ONCE(f[!slow]->queue.delay_us, FAKE_DELAY_US);
		KUNIT_EXPECT_EQ(test, sync_domain(domain, true), 0);
		for (i = 0, waited = 0; i < 2; i++)
			waited = max(waited, expect_iommu(test, &c, i, 0));
		KUNIT_EXPECT_GT(test, expect_devtlb(test, &c, 0, 0x300, 0),
				waited);
		KUNIT_EXPECT_GT(test, expect_devtlb(test, &c, 1, 0x400, 0),
				waited);
		expect_wait(test, &c, 0);
		expect_wait(test, &c, 1);
	}
	expect_commands(test, 16);
}

static void each_iommu_gets_commands_for_its_own_devices_only(struct kunit *test)
{
	struct protection_domain *domain = start_domain(test, 2);
	struct cursor c = {};
	unsigned int i, j;

	for (i = 0; i < 40; i++) {
		add_device(test, domain, 0, 0x300 + i);
		add_device(test, domain, 1, 0x400 + i);
	}
	KUNIT_EXPECT_EQ(test, sync_domain(domain, false), 0);
	for (i = 0; i < 2; i++) {
		expect_iommu(test, &c, i, RAW_PDE);
		for (j = 0; j < 40; j++)
			expect_devtlb(test, &c, i, 0x300 + 0x100 * i + j, 0);
		expect_wait(test, &c, i);
	}
	expect_commands(test, 2 * 43);
}

/* An IOMMU gets a second wait only after a device's command. */
static void iommu_without_ats_device_is_waited_for_once(struct kunit *test)
{
	struct protection_domain *domain = start_domain(test, 2);
	struct cursor c = {};

	add_device(test, domain, 1, 0x400);
	add_device_without_ats(test, domain, 0, 0x300);
	KUNIT_EXPECT_EQ(test, sync_domain(domain, true), 0);
	expect_iommu(test, &c, 0, 0);
	expect_iommu(test, &c, 1, 0);
	expect_devtlb(test, &c, 1, 0x400, 0);
	expect_wait(test, &c, 1);
	expect_commands(test, 6);
}

static void devices_that_are_gone_or_without_ats_are_left_out(struct kunit *test)
{
	struct protection_domain *domain = start_domain(test, 1);
	struct iommu_dev_data *dev_data;
	struct cursor c = {};

	dev_data = add_device(test, domain, 0, 0x100);
	to_pci_dev(dev_data->dev)->error_state = pci_channel_io_perm_failure;
	add_device(test, domain, 0, 0x300);
	add_device_without_ats(test, domain, 0, 0x200);
	KUNIT_EXPECT_EQ(test, sync_domain(domain, true), 0);
	expect_iommu(test, &c, 0, 0);
	expect_devtlb(test, &c, 0, 0x300, 0);
	expect_wait(test, &c, 0);
	expect_commands(test, 4);
}

/*
 * A device's own requests have no PASID, but with v2 tables the driver has
 * enabled PASIDs on it as well. Both commands share one wait.
 */
static void device_tlb_of_v2_tables_is_invalidated_with_and_without_pasid(struct kunit *test)
{
	struct protection_domain *domain = start_domain(test, 1);
	struct cursor c = {};
	u16 ids[MOST_IDS];
	unsigned int i;

	amd_xsmmu_test_use_guest(domain);
	add_device(test, domain, 0, 0x300);
	add_device(test, domain, 0, 0x301);
	KUNIT_EXPECT_EQ(test, sync_domain(domain, true), 0);
	expect_guest_iommu(test, &c, domain, 0, 0);
	for (i = 0; i < 2; i++) {
		expect_devtlb(test, &c, 0, 0x300 + i, 0);
		expect_devtlb(test, &c, 0, 0x300 + i, RAW_GN);
	}
	expect_wait(test, &c, 0);
	expect_commands(test, guest_ids(test, domain, 0, ids) + 6);
}

/* The device is being attached: it is on the list, its IOMMU is not counted. */
static void device_of_an_iommu_not_yet_counted_is_waited_for(struct kunit *test)
{
	struct protection_domain *domain = start_domain(test, 2);
	struct cursor c = {};

	count_iommu(test, domain, 1, false);
	add_device(test, domain, 1, 0x400);
	KUNIT_EXPECT_EQ(test, sync_domain(domain, true), 0);
	expect_iommu(test, &c, 0, 0);
	expect_devtlb(test, &c, 1, 0x400, 0);
	expect_wait(test, &c, 1);
	expect_commands(test, 4);
}

/**
 * struct leaver - a thread that takes a device off the list during a sync
 * @f: an IOMMU. The sync has reached the device when it queues its third
 *	command
 * @dev_data: the device
 * @here: the thread runs
 * @left: the device may join another list
 */
struct leaver {
	struct amd_fake *f;
	struct iommu_dev_data *dev_data;
	bool here;
	bool left;
};

static int leaver_thread(void *data)
{
	struct leaver *l = data;

	WRITE_ONCE(l->here, true);
	while (fake_queue_read(&l->f->queue, MMIO_CMD_TAIL_OFFSET) < 3 * 16 &&
	       !kthread_should_stop())
		cond_resched();
	amd_xsmmu_unlink(&l->dev_data->list);
	amd_xsmmu_unlinked();
	WRITE_ONCE(l->left, true);
	while (!kthread_should_stop())
		cond_resched();
	return 0;
}

/*
 * A sync on a device that has joined another list never finds the end of its
 * own.
 */
static void device_that_leaves_waits_for_the_sync_that_sees_it(struct kunit *test)
{
	struct protection_domain *domain = start_domain(test, 1);
	struct leaver l = { .f = amd_fake(test, 0) };
	struct task_struct *thread;
	unsigned long flags;
	bool left;
	int err;

	l.dev_data = add_device(test, domain, 0, 0x300);
	WRITE_ONCE(l.f->silent, 0x300);
	thread = kthread_run_on_cpu(leaver_thread, &l,
				    cpumask_last(cpu_online_mask), "leaver/%u");
	KUNIT_ASSERT_FALSE(test, IS_ERR(thread));
	while (!READ_ONCE(l.here))
		cond_resched();
	local_irq_save(flags);
	err = sync_domain(domain, true);
	left = READ_ONCE(l.left);
	local_irq_restore(flags);
	KUNIT_EXPECT_LT(test, err, 0);
	KUNIT_EXPECT_FALSE(test, left);
	kthread_stop(thread);
	KUNIT_EXPECT_TRUE(test, l.left);
}

/*
 * Another CPU has queued the driver's wait. Then need_sync is false, whether that
 * wait has completed or not.
 */
static void sync_does_not_rely_on_the_wait_of_another_cpu(struct kunit *test)
{
	struct protection_domain *domain = start_domain(test, 1);
	struct amd_sync sync = {
		.pdom = domain, .leaf_only = true,
		.blocks = { .n = 1, .block = { AMD_ALL } },
	};
	struct amd_fake *f = amd_fake(test, 0);
	struct cursor c = {};

	WRITE_ONCE(f->queue.delay_us, FAKE_LONG_US);
	KUNIT_EXPECT_EQ(test, amd_sync_target(&sync, &f->iommu, DID), 0);
	f->iommu.need_sync = false;
	KUNIT_EXPECT_EQ(test, amd_sync_wait(&sync, false), 0);
	KUNIT_EXPECT_EQ(test, READ_ONCE(f->by_did[DID]), 1);
	expect_iommu(test, &c, 0, 0);
	expect_commands(test, 2);
	/* And the driver's waits do not rely on this one. */
	KUNIT_EXPECT_TRUE(test, f->iommu.need_sync);
}

/**
 * struct flusher - flushes of the driver on another CPU
 * @nb: flushes
 * @f: the IOMMU
 * @early: number of flushes that were over before their command was executed
 */
struct flusher {
	struct fake_neighbour nb;
	struct amd_fake *f;
	unsigned int early;
};

#define NEIGHBOUR_DID	0xee

static int flusher_step(void *arg)
{
	struct flusher *fl = arg;
	struct amd_xsmmu_cmd cmd = amd_pages_cmd(NEIGHBOUR_DID, AMD_ALL, false,
						 true);

	if (!amd_xsmmu_test_flush(&fl->f->iommu, &cmd) &&
	    READ_ONCE(fl->f->by_did[NEIGHBOUR_DID]) <= fl->nb.steps)
		fl->early++;
	return 0;
}

/* The wait that a CPU queues or finds in the queue is often the other's. */
static void sync_beside_the_drivers_own_flushes_waits_for_its_command(struct kunit *test)
{
	struct protection_domain *domain = start_domain(test, 1);
	struct flusher fl = { .f = amd_fake(test, 0) };
	unsigned int i, syncs = 0;

	fake_neighbour_start(test, fl.f->queue.engine, &fl.nb, flusher_step, &fl);
	for (i = 0; i < 50; i++) {
		if (!sync_domain(domain, true))
			KUNIT_EXPECT_GT(test, READ_ONCE(fl.f->by_did[DID]),
					syncs);
		syncs++;
	}
	fake_neighbour_stop(&fl.nb);
	KUNIT_EXPECT_EQ(test, fl.early, 0);
}

static void ids_behind_one_iommu_share_a_wait(struct kunit *test)
{
	struct protection_domain *domain = start_domain(test, 1);
	struct amd_iommu *iommu = &amd_fake(test, 0)->iommu;
	struct amd_sync sync = {
		.pdom = domain, .leaf_only = true,
		.blocks = { .n = 1, .block = { AMD_ALL } },
	};
	struct cursor c = {};

	KUNIT_EXPECT_EQ(test, amd_sync_target(&sync, iommu, DID), 0);
	WRITE_ONCE(iommu->xsmmu_errors, 1);
	KUNIT_EXPECT_EQ(test, amd_sync_target(&sync, iommu, DID), 0);
	KUNIT_EXPECT_EQ(test, sync.n, 1);
	KUNIT_EXPECT_EQ(test, amd_sync_wait(&sync, false), 0);
	expect_pages(test, &c, 0, 0);
	expect_iommu(test, &c, 0, 0);
	expect_commands(test, 3);
	/* The count is that of before the first command. */
	KUNIT_EXPECT_LT(test, amd_sync_check(&sync), 0);
}

static void domain_on_too_many_iommus_fails_the_sync(struct kunit *test)
{
	struct protection_domain *domain = start_domain(test, FAKE_IOMMUS);

	KUNIT_EXPECT_LT(test, sync_domain(domain, true), 0);
	count_iommu(test, domain, 0, false);
	KUNIT_EXPECT_EQ(test, sync_domain(domain, true), 0);
}

/* (c) Errors. */

static void expect_soon(struct kunit *test, ktime_t begin)
{
	KUNIT_EXPECT_LT(test, ktime_ms_delta(ktime_get(), begin),
			FAKE_PATIENCE_MS);
}

static void iommu_that_never_completes_fails_the_sync(struct kunit *test)
{
	struct protection_domain *domain = start_domain(test, 2);
	ktime_t begin;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		WRITE_ONCE(amd_fake(test, i)->mute, true);
		begin = ktime_get();
		KUNIT_EXPECT_LT(test, sync_domain(domain, true), 0);
		expect_soon(test, begin);
		WRITE_ONCE(amd_fake(test, i)->mute, false);
		KUNIT_EXPECT_TRUE(test, amd_fake_settled(amd_fake(test, i)));
		KUNIT_EXPECT_EQ(test, sync_domain(domain, true), 0);
	}
}

static void iommu_whose_ring_is_full_fails_the_sync(struct kunit *test)
{
	struct protection_domain *domain = start_domain(test, 1);
	struct amd_fake *f = amd_fake(test, 0);

	f->queue.stopped = true;
	f->iommu.cmd_buf_tail = CMD_BUFFER_SIZE - 2 * 16;
	KUNIT_EXPECT_LT(test, sync_domain(domain, true), 0);
	expect_commands(test, 0);
}

/* The ring is full from the first command on, from the second, and so on. */
static void ring_that_fills_up_meanwhile_fails_the_sync(struct kunit *test)
{
	struct protection_domain *domain = start_domain(test, 1);
	struct amd_fake *f = amd_fake(test, 0);
	unsigned int nth;

	add_device(test, domain, 0, 0x300);
	for (nth = 1; nth <= 4; nth++) {
		amd_fake_fill(f, nth);
		KUNIT_EXPECT_LT(test, sync_domain(domain, true), 0);
		KUNIT_ASSERT_TRUE(test, amd_fake_settled(f));
		amd_fake_release(f);
		KUNIT_EXPECT_EQ(test, sync_domain(domain, true), 0);
	}
	expect_commands(test, 0 + 1 + 2 + 3 + 4 * 4);
}

/* Two devices get two commands each. Each of the four is refused once. */
static void device_command_that_is_refused_fails_the_sync(struct kunit *test)
{
	struct protection_domain *domain = start_domain(test, 1);
	struct amd_fake *f = amd_fake(test, 0);
	unsigned int nth, first;
	u16 ids[MOST_IDS];

	amd_xsmmu_test_use_guest(domain);
	add_device(test, domain, 0, 0x300);
	add_device(test, domain, 0, 0x400);
	first = guest_ids(test, domain, 0, ids) + 2;
	for (nth = first; nth < first + 4; nth++) {
		amd_fake_refuse(f, nth);
		KUNIT_EXPECT_LT(test, sync_held(domain), 0);
		KUNIT_EXPECT_FALSE(test, f->queue.frozen);
		KUNIT_ASSERT_TRUE(test, amd_fake_settled(f));
		KUNIT_EXPECT_EQ(test, sync_domain(domain, true), 0);
	}
}

/*
 * The IOMMU may have given up on the device before it completed the wait. Only
 * the time shows that.
 */
static void device_that_answers_too_late_fails_the_sync(struct kunit *test)
{
	struct protection_domain *domain = start_domain(test, 1);
	struct amd_fake *f = amd_fake(test, 0);

	add_device(test, domain, 0, 0x300);
	amd_fake_hold(f, 4, 0);
	KUNIT_EXPECT_EQ(test, sync_held(domain), 0);
	KUNIT_EXPECT_FALSE(test, f->queue.frozen);
	amd_fake_hold(f, 4, 600);
	KUNIT_EXPECT_LT(test, sync_held(domain), 0);
	KUNIT_EXPECT_FALSE(test, f->queue.frozen);
	expect_commands(test, 8);
}

static void device_that_never_answers_fails_the_sync(struct kunit *test)
{
	static const u16 silent[] = { 0x300, 0x313, 0x327 };
	struct protection_domain *domain = start_domain(test, 2);
	struct amd_fake *f = amd_fake(test, 1);
	ktime_t begin;
	unsigned int i;

	for (i = 0; i < 40; i++)
		add_device(test, domain, 1, 0x300 + i);
	for (i = 0; i < ARRAY_SIZE(silent); i++) {
		WRITE_ONCE(f->silent, silent[i]);
		begin = ktime_get();
		KUNIT_EXPECT_LT(test, sync_domain(domain, true), 0);
		expect_soon(test, begin);
		WRITE_ONCE(f->silent, FAKE_NO_DEVICE);
		KUNIT_EXPECT_TRUE(test, amd_fake_settled(f));
	}
	KUNIT_EXPECT_EQ(test, sync_domain(domain, true), 0);
}

/* Events that report a failed command. */
static const unsigned int errors[] = {
	0x5,	/* ILLEGAL_COMMAND_ERROR */
	0x6,	/* COMMAND_HARDWARE_ERROR */
	0x7,	/* IOTLB_INV_TIMEOUT */
};

static void describe_error(const unsigned int *type, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "event %u", *type);
}

KUNIT_ARRAY_PARAM(errors, errors, describe_error);

static unsigned int error_of(struct kunit *test)
{
	return *(const unsigned int *)test->param_value;
}

/*
 * Sync until an event was logged during the sync. If @nth is not 0, the sync's
 * CPU is held right after it has queued its @nth command. A sync without the
 * event was one that the driver gave up, because the machine had stood still:
 * try again.
 */
static int sync_with_event(struct kunit *test, struct protection_domain *domain,
			   const struct amd_fake_event *event, unsigned int nth)
{
	struct amd_fake_bus *bus = test->priv;
	struct amd_fake *f = amd_fake(test, 0);
	unsigned int tries;
	int err;

	for (tries = 0; tries < 5; tries++) {
		f->event = *event;
		if (nth)
			amd_fake_hold(f, nth, 0);
		err = nth ? sync_held(domain) : sync_domain(domain, true);
		KUNIT_ASSERT_TRUE(test, amd_fake_settled(f));
		amd_fake_release(f);
		if (!f->event.type)
			return err;
		bus->engine.n = 0;
	}
	KUNIT_FAIL(test, "no event in %u syncs", tries);
	return 0;
}

/* As 2.5.6 and 2.5.7 say of the first two errors. */
static void error_that_halts_the_iommu_fails_the_sync(struct kunit *test)
{
	struct protection_domain *domain = start_domain(test, 1);

	amd_fake(test, 0)->event = (struct amd_fake_event){
		.type = error_of(test), .opcode = 0x3, .halts = true,
		.reader = FAKE_READS_NEVER,
	};
	KUNIT_EXPECT_LT(test, sync_domain(domain, true), 0);
}

/* Every command completes, and the sync fails all the same. */
static void error_read_from_the_log_fails_the_sync(struct kunit *test)
{
	struct protection_domain *domain = start_domain(test, 2);
	unsigned int i;

	for (i = 0; i < 2; i++) {
		amd_fake(test, i)->event = (struct amd_fake_event){
			.type = error_of(test), .opcode = 0x3,
			.reader = FAKE_READS_BEFORE,
		};
		KUNIT_EXPECT_LT(test, sync_domain(domain, true), 0);
		KUNIT_EXPECT_TRUE(test, amd_fake_settled(amd_fake(test, i)));
		KUNIT_EXPECT_EQ(test, amd_fake(test, i)->event.type, 0);
		KUNIT_EXPECT_EQ(test, sync_domain(domain, true), 0);
	}
}

/* The sync compares the counts of its begin and its end. */
static void error_before_the_device_tlbs_fails_the_sync(struct kunit *test)
{
	struct protection_domain *domain = start_domain(test, 1);

	add_device(test, domain, 0, 0x300);
	amd_fake(test, 0)->event = (struct amd_fake_event){
		.type = error_of(test), .opcode = 0x3,
		.reader = FAKE_READS_BEFORE,
	};
	KUNIT_EXPECT_LT(test, sync_domain(domain, true), 0);
	KUNIT_EXPECT_EQ(test, amd_fake(test, 0)->event.type, 0);
	KUNIT_EXPECT_EQ(test, sync_domain(domain, true), 0);
}

static void device_error_still_in_the_log_fails_the_sync(struct kunit *test)
{
	struct protection_domain *domain = start_domain(test, 2);
	unsigned int i;

	add_device(test, domain, 0, 0x300);
	add_device(test, domain, 1, 0x400);
	for (i = 0; i < 2; i++) {
		amd_fake(test, i)->event = (struct amd_fake_event){
			.type = error_of(test), .opcode = 0x4,
			.reader = FAKE_READS_NEVER,
		};
		KUNIT_EXPECT_LT(test, sync_domain(domain, true), 0);
		KUNIT_EXPECT_EQ(test, amd_fake(test, i)->event.type, 0);
		/*
		 * The event is still in the log, and older than the next sync.
		 */
		KUNIT_EXPECT_EQ(test, sync_domain(domain, true), 0);
		KUNIT_EXPECT_EQ(test, amd_fake(test, i)->iommu.xsmmu_errors, 0);
	}
}

/*
 * The thread reads the event after the completion: before the sync reads the
 * log, or while it does.
 */
static void device_error_read_meanwhile_fails_the_sync(struct kunit *test)
{
	struct amd_fake_event event = {
		.type = error_of(test), .opcode = 0x4,
		.reader = FAKE_READS_AFTER,
	};
	struct protection_domain *domain = start_domain(test, 1);
	struct amd_fake *f = amd_fake(test, 0);
	unsigned int i;

	add_device(test, domain, 0, 0x300);
	for (i = 0; i < 10; i++) {
		KUNIT_EXPECT_LT(test,
				sync_with_event(test, domain, &event, 0), 0);
		KUNIT_EXPECT_EQ(test, f->iommu.xsmmu_errors, i + 1);
	}
}

/*
 * The sync must read the count after the entries. Here the thread counts and
 * clears the second entry when the sync has read the first.
 */
static void device_error_counted_during_the_look_fails_the_sync(struct kunit *test)
{
	static const struct amd_fake_event event = {
		.type = 0x7, .behind = 0x8, .opcode = 0x4,
		.reader = FAKE_READS_NEVER,
	};
	struct protection_domain *domain = start_domain(test, 1);
	struct amd_fake *f = amd_fake(test, 0);
	struct perf_event *watchpoint;

	add_device(test, domain, 0, 0x300);
	watchpoint = amd_fake_watch_log(test, f);
	KUNIT_EXPECT_LT(test, sync_with_event(test, domain, &event, 0), 0);
	perf_event_release_kernel(watchpoint);
	KUNIT_EXPECT_EQ(test, f->iommu.xsmmu_errors, 1);
}

/* The IOMMU executes the command before amd_xsmmu_queue() returns. */
static void error_before_queueing_returns_fails_the_sync(struct kunit *test)
{
	struct protection_domain *domain = start_domain(test, 1);
	struct amd_fake_event event = {
		.type = error_of(test), .opcode = 0x3,
		.reader = FAKE_READS_BEFORE,
	};

	KUNIT_EXPECT_LT(test, sync_with_event(test, domain, &event, 1), 0);
	KUNIT_EXPECT_EQ(test, sync_domain(domain, true), 0);
}

static void device_error_before_queueing_returns_fails_the_sync(struct kunit *test)
{
	struct protection_domain *domain = start_domain(test, 1);
	struct amd_fake_event event = {
		.type = error_of(test), .opcode = 0x4,
		.reader = FAKE_READS_NEVER,
	};

	add_device(test, domain, 0, 0x300);
	KUNIT_EXPECT_LT(test, sync_with_event(test, domain, &event, 3), 0);
	KUNIT_EXPECT_EQ(test, sync_domain(domain, true), 0);
}

/*
 * In the last place of the log, in the first, and in the first after an event.
 */
static void device_error_beside_the_end_of_the_log_is_found(struct kunit *test)
{
	static const struct amd_fake_event event = {
		.type = 0x7, .opcode = 0x4, .reader = FAKE_READS_NEVER,
	};
	struct protection_domain *domain = start_domain(test, 1);
	struct amd_fake *f = amd_fake(test, 0);
	u32 size = amd_xsmmu_event_log_size(&f->iommu);
	unsigned int i;

	add_device(test, domain, 0, 0x300);
	for (i = 0; i < 3; i++) {
		if (i != 1)
			fake_queue_write(&f->queue, MMIO_EVT_TAIL_OFFSET,
					 size - 16);
		f->event = event;
		f->event.behind = i == 2 ? 0x8 : 0;
		KUNIT_EXPECT_LT(test, sync_domain(domain, true), 0);
		KUNIT_EXPECT_EQ(test, i ? 16 : 0,
				fake_queue_read(&f->queue,
						MMIO_EVT_TAIL_OFFSET));
	}
}

/* The driver may have larger logs made. */
static void device_error_in_a_larger_log_is_found(struct kunit *test)
{
	struct amd_fake_bus *bus = test->priv;
	struct protection_domain *domain;
	struct amd_fake *f;
	u32 tail;

	bus->log_size = amd_xsmmu_test_resize_log(SZ_32K);
	if (!bus->log_size)
		kunit_skip(test, "the size is a constant");
	domain = start_domain(test, 1);
	f = amd_fake(test, 0);
	add_device(test, domain, 0, 0x300);
	for (tail = SZ_4K; tail <= SZ_32K; tail += SZ_4K) {
		fake_queue_write(&f->queue, MMIO_EVT_TAIL_OFFSET, tail - 16);
		f->event = (struct amd_fake_event){
			.type = 0x7, .opcode = 0x4, .reader = FAKE_READS_NEVER,
		};
		KUNIT_EXPECT_LT(test, sync_domain(domain, true), 0);
		KUNIT_EXPECT_EQ(test, tail % SZ_32K,
				fake_queue_read(&f->queue,
						MMIO_EVT_TAIL_OFFSET));
	}
}

/* The events of a device that does forbidden DMA must not fail a sync. */
static void other_events_do_not_fail_the_sync(struct kunit *test)
{
	static const unsigned int types[] = { 0x2, 0x3, 0x4, 0x8 };
	struct protection_domain *domain = start_domain(test, 1);
	struct amd_fake *f = amd_fake(test, 0);
	enum amd_fake_reader reader;
	unsigned int i;

	add_device(test, domain, 0, 0x300);
	for (i = 0; i < ARRAY_SIZE(types); i++) {
		for (reader = 0; reader <= FAKE_READS_NEVER; reader++) {
			f->event = (struct amd_fake_event){
				.type = types[i], .opcode = 0x4,
				.reader = reader,
			};
			KUNIT_EXPECT_EQ(test, sync_domain(domain, true), 0);
			KUNIT_EXPECT_TRUE(test, amd_fake_settled(f));
			KUNIT_EXPECT_EQ(test, f->event.type, 0);
		}
	}
}

static void errors_of_other_iommus_do_not_fail_the_sync(struct kunit *test)
{
	struct protection_domain *domain = start_domain(test, 2);
	struct amd_fake *other = amd_fake(test, 1);

	count_iommu(test, domain, 1, false);
	add_device(test, domain, 0, 0x300);
	amd_fake_log_event(other, 0x7, 0);
	amd_xsmmu_test_events(&other->iommu);
	KUNIT_EXPECT_EQ(test, other->iommu.xsmmu_errors, 1);
	KUNIT_EXPECT_EQ(test, sync_domain(domain, true), 0);
}

#define OWN		0x300
#define STRANGER	0x400

/* A domain with a device, beside another domain with one. */
static struct protection_domain *
start_two_domains(struct kunit *test, struct protection_domain **other)
{
	struct protection_domain *domain = start_domain(test, 1);

	if (!xsmmu_mode())
		kunit_skip(test, "not in xSMMU mode");
	*other = fake_memory(test, sizeof(**other));
	know_device(test, add_device(test, domain, 0, OWN), domain);
	know_device(test, new_device(test, 0, STRANGER), *other);
	return domain;
}

/* The IOMMU names the device that did not answer (2.5.8). */
static void silent_device_of_another_domain_does_not_fail_the_sync(struct kunit *test)
{
	struct protection_domain *other, *domain;
	enum amd_fake_reader reader;
	struct amd_fake *f;

	domain = start_two_domains(test, &other);
	f = amd_fake(test, 0);
	for (reader = 0; reader <= FAKE_READS_NEVER; reader++) {
		f->event = (struct amd_fake_event){
			.type = 0x7, .names = STRANGER, .opcode = 0x4,
			.reader = reader,
		};
		KUNIT_EXPECT_EQ(test, sync_domain(domain, true), 0);
		KUNIT_ASSERT_TRUE(test, amd_fake_settled(f));
		KUNIT_EXPECT_EQ(test, f->event.type, 0);
	}
	KUNIT_EXPECT_EQ(test, f->iommu.xsmmu_errors, 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&domain->xsmmu_timeouts), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&other->xsmmu_timeouts), 2);
}

static void silent_device_of_the_domain_fails_the_sync(struct kunit *test)
{
	struct protection_domain *other, *domain;
	enum amd_fake_reader reader;
	struct amd_fake *f;

	domain = start_two_domains(test, &other);
	f = amd_fake(test, 0);
	for (reader = 0; reader <= FAKE_READS_NEVER; reader++) {
		struct amd_fake_event event = {
			.type = 0x7, .names = OWN, .opcode = 0x4,
			.reader = reader,
		};

		KUNIT_EXPECT_LT(test,
				sync_with_event(test, domain, &event, 0), 0);
	}
	KUNIT_EXPECT_EQ(test, f->iommu.xsmmu_errors, 0);
	KUNIT_EXPECT_GE(test, atomic_read(&domain->xsmmu_timeouts), 2);
	KUNIT_EXPECT_EQ(test, atomic_read(&other->xsmmu_timeouts), 0);
}

/* A device that leaves its domain, or that the driver does not know. */
static void silent_device_without_a_domain_fails_the_sync(struct kunit *test)
{
	static const u16 devids[] = { STRANGER, STRANGER + 1 };
	struct protection_domain *domain = start_domain(test, 1);
	unsigned int i;

	know_device(test, add_device(test, domain, 0, OWN), domain);
	know_device(test, new_device(test, 0, STRANGER), NULL);
	for (i = 0; i < ARRAY_SIZE(devids); i++) {
		struct amd_fake_event event = {
			.type = 0x7, .names = devids[i], .opcode = 0x4,
			.reader = FAKE_READS_NEVER,
		};

		KUNIT_EXPECT_LT(test,
				sync_with_event(test, domain, &event, 0), 0);
	}
}

/*
 * An IOMMU that waits for a device executes nothing else for up to a second. Here
 * it takes 0.2 s for each command. A slow machine counts slowly, so the limit
 * itself is checked too.
 */
static void sync_waits_while_the_iommu_waits_for_another_device(struct kunit *test)
{
	struct protection_domain *domain = start_domain(test, 1);
	struct amd_fake *f = amd_fake(test, 0);
	struct cursor c = {};

	KUNIT_EXPECT_LT(test, amd_wait_limit(&f->iommu), USEC_PER_SEC);
	f->iommu.cap = BIT(IOMMU_CAP_IOTLB);
	KUNIT_EXPECT_GT(test, amd_wait_limit(&f->iommu), USEC_PER_SEC);
	WRITE_ONCE(f->queue.delay_us, 200 * USEC_PER_MSEC);
	KUNIT_EXPECT_EQ(test, sync_domain(domain, true), 0);
	expect_iommu(test, &c, 0, 0);
	expect_commands(test, 2);
}

/* The completion came late, and the device at fault is that of another domain. */
static void late_device_tlbs_are_invalidated_again_if_another_device_was_silent(struct kunit *test)
{
	struct protection_domain *other, *domain;
	struct cursor c = {};
	struct amd_fake *f;
	unsigned int i;

	domain = start_two_domains(test, &other);
	f = amd_fake(test, 0);
	f->event = (struct amd_fake_event){
		.type = 0x7, .names = STRANGER, .opcode = 0x4,
		.reader = FAKE_READS_NEVER,
	};
	amd_fake_hold(f, 4, 600);
	KUNIT_EXPECT_EQ(test, sync_held(domain), 0);
	KUNIT_EXPECT_FALSE(test, f->queue.frozen);
	expect_iommu(test, &c, 0, 0);
	for (i = 0; i < 2; i++) {
		expect_devtlb(test, &c, 0, OWN, 0);
		expect_wait(test, &c, 0);
	}
	expect_commands(test, 6);
}

static void error_before_the_sync_does_not_fail_it(struct kunit *test)
{
	struct protection_domain *domain = start_domain(test, 1);
	struct amd_fake *f = amd_fake(test, 0);

	add_device(test, domain, 0, 0x300);
	amd_fake_log_event(f, error_of(test), 0);
	amd_xsmmu_test_events(&f->iommu);
	KUNIT_EXPECT_EQ(test, f->iommu.xsmmu_errors, 1);
	KUNIT_EXPECT_EQ(test, sync_domain(domain, true), 0);
}

/*
 * (d) Tables that a mapping replaces. The driver's own flush covers them, so
 * these tests are of the fixes that precede the mode.
 */

static u64 *new_table(struct kunit *test)
{
	u64 *table = (u64 *)get_zeroed_page(GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, table);
	return table;
}

static u64 table_entry(const void *page, u64 bits)
{
	return iommu_virt_to_phys((void *)page) | 0x1 | bits;
}

/* A table that maps @iova, of @level. v2 has four levels, v1 here three. */
static u64 *table_of(struct protection_domain *domain, u64 iova, int level)
{
	bool guest = amd_xsmmu_is_guest(domain);
	u64 *table = amd_xsmmu_test_root(domain);
	int i;

	for (i = guest ? 3 : 2; i >= level; i--)
		table = iommu_phys_to_virt(table[iova >> (12 + 9 * i) & 0x1ff] &
					   0x000ffffffffff000);
	return table;
}

/* A domain with v2 tables, as the driver makes them, and a device. */
static struct protection_domain *start_v2_domain(struct kunit *test)
{
	struct protection_domain *domain = start_domain(test, 1);

	amd_xsmmu_test_use_guest(domain);
	amd_xsmmu_test_new_tables(test, domain, 0);
	add_device_without_ats(test, domain, 0, 0x300);
	return domain;
}

/* A domain with v1 tables of three levels. */
static struct protection_domain *start_v1_domain(struct kunit *test)
{
	struct protection_domain *domain = start_domain(test, 1);

	amd_xsmmu_test_new_tables(test, domain, 3);
	return domain;
}

/* Map while the driver's own flush finds the fake IOMMUs. */
static int map_and_flush(struct protection_domain *domain, u64 iova, u64 size)
{
	int err;

	amd_xsmmu_test_find_fakes(true);
	err = amd_xsmmu_test_map(domain, iova, size);
	amd_xsmmu_test_find_fakes(false);
	return err;
}

static void map_and_unmap(struct kunit *test, struct protection_domain *domain,
			  u64 iova, u64 size)
{
	KUNIT_ASSERT_EQ(test, map_and_flush(domain, iova, size), 0);
	KUNIT_ASSERT_EQ(test, amd_xsmmu_test_unmap(domain, iova, size), size);
}

/* Keep a page alive that the driver may free, to see whether it does. */
static struct page *watch(struct kunit *test, u64 *table)
{
	struct amd_fake_bus *bus = test->priv;
	struct page *page = virt_to_page(table);
	unsigned int i = 0;

	while (i < FAKE_WATCHED - 1 && bus->watched[i])
		i++;
	KUNIT_ASSERT_NULL(test, bus->watched[i]);
	get_page(page);
	bus->watched[i] = page;
	return page;
}

/* Was a page freed, and if so, after the commands? Ends the watch. */
static void expect_freed(struct kunit *test, struct page *page, bool freed)
{
	struct amd_fake_bus *bus = test->priv;
	unsigned int i;

	KUNIT_EXPECT_FALSE(test, bus->freed_early);
	KUNIT_EXPECT_EQ(test, page_count(page), freed ? 1 : 2);
	for (i = 0; i < FAKE_WATCHED; i++)
		if (bus->watched[i] == page)
			bus->watched[i] = NULL;
	if (!freed)
		put_page(page);
	put_page(page);
}

#define IOVA		0x40000000ULL

/*
 * The driver's own flush drops directory entries too, of @size bytes from IOVA on or
 * more. S=0 is one page, and with S=1 the lowest zero bit gives the size.
 */
static void expect_flush(struct kunit *test, struct cursor *c,
			 struct protection_domain *domain, u64 size)
{
	bool guest = amd_xsmmu_is_guest(domain);
	const u32 *dw = next(test, c, 0);
	u64 addr = (u64)dw[3] << 32 | dw[2];
	unsigned int bits = 12 + (addr & 1 ? ffz(addr >> 12) + 1 : 0);
	u16 ids[MOST_IDS] = { DID };

	if (guest)
		guest_ids(test, domain, 0, ids);
	KUNIT_EXPECT_EQ(test, dw[0], 0);
	KUNIT_EXPECT_EQ(test, dw[1], 0x30000000 | ids[0]);
	KUNIT_EXPECT_EQ(test, dw[2] & 0xffe, RAW_PDE | (guest ? RAW_GN : 0));
	/* 64 bits are the whole address space. */
	if (bits < 64) {
		KUNIT_EXPECT_EQ(test, addr >> bits, IOVA >> bits);
		KUNIT_EXPECT_EQ(test, addr >> bits,
				(IOVA + size - 1) >> bits);
	}
	expect_wait(test, c, 0);
}

static void v2_table_that_a_superpage_replaces_is_freed_after_the_flush(struct kunit *test)
{
	struct protection_domain *domain = start_v2_domain(test);
	struct cursor c = {};
	struct page *page;

	map_and_unmap(test, domain, IOVA, SZ_4K);
	page = watch(test, table_of(domain, IOVA, 1));
	expect_commands(test, 0);
	KUNIT_EXPECT_EQ(test, map_and_flush(domain, IOVA, SZ_2M), 0);
	expect_freed(test, page, true);
	expect_flush(test, &c, domain, SZ_2M);
	expect_commands(test, 2);
	amd_xsmmu_test_free_tables(domain);
}

static void v2_tree_that_a_superpage_replaces_is_freed_after_the_flush(struct kunit *test)
{
	static const u64 second = IOVA + SZ_512M;
	struct protection_domain *domain;
	struct page *page[3];
	struct cursor c = {};
	unsigned int i;

	domain = start_v2_domain(test);
	map_and_unmap(test, domain, IOVA, SZ_4K);
	map_and_unmap(test, domain, second, SZ_4K);
	page[0] = watch(test, table_of(domain, IOVA, 2));
	page[1] = watch(test, table_of(domain, IOVA, 1));
	page[2] = watch(test, table_of(domain, second, 1));
	expect_commands(test, 0);
	KUNIT_EXPECT_EQ(test, map_and_flush(domain, IOVA, SZ_1G), 0);
	for (i = 0; i < 3; i++)
		expect_freed(test, page[i], true);
	expect_flush(test, &c, domain, SZ_1G);
	expect_commands(test, 2);
	amd_xsmmu_test_free_tables(domain);
}

/* Some drivers refuse to map where something is mapped. */
static void skip_unless_pages_are_replaced(struct kunit *test)
{
	if (!amd_xsmmu_test_replaces_pages())
		kunit_skip(test, "the driver replaces no pages");
}

/*
 * The tables stand at the ends of the directory; a page is mapped in each way.
 */
static void v2_tree_is_freed_without_the_pages_that_it_maps(struct kunit *test)
{
	static const u64 end = IOVA + SZ_1G - SZ_4K;
	u64 *page, *top, *first, *last;
	struct protection_domain *domain;
	struct page *watched[4];
	unsigned int i;

	skip_unless_pages_are_replaced(test);
	domain = start_v2_domain(test);
	page = new_table(test);
	map_and_unmap(test, domain, IOVA, SZ_4K);
	map_and_unmap(test, domain, end, SZ_4K);
	top = table_of(domain, IOVA, 2);
	first = table_of(domain, IOVA, 1);
	last = table_of(domain, end, 1);
	top[5] = table_entry(page, 0x80);
	top[7] = iommu_virt_to_phys(page);
	first[0] = table_entry(page, 0);
	last[511] = table_entry(page, 0);
	watched[0] = watch(test, top);
	watched[1] = watch(test, first);
	watched[2] = watch(test, last);
	watched[3] = watch(test, page);
	KUNIT_EXPECT_EQ(test, map_and_flush(domain, IOVA, SZ_1G), 0);
	for (i = 0; i < 3; i++)
		expect_freed(test, watched[i], true);
	expect_freed(test, watched[3], false);
	amd_xsmmu_test_free_tables(domain);
}

static void v2_page_that_a_page_replaces_is_not_freed(struct kunit *test)
{
	struct protection_domain *domain;
	struct page *watched;
	u64 *page;

	skip_unless_pages_are_replaced(test);
	domain = start_v2_domain(test);
	page = new_table(test);
	map_and_unmap(test, domain, IOVA, SZ_4K);
	table_of(domain, IOVA, 1)[0] = table_entry(page, 0);
	watched = watch(test, page);
	KUNIT_EXPECT_EQ(test, map_and_flush(domain, IOVA, SZ_4K), 0);
	expect_freed(test, watched, false);
	amd_xsmmu_test_free_tables(domain);
}

static void v2_table_is_leaked_if_the_iommu_does_not_complete_the_flush(struct kunit *test)
{
	struct protection_domain *domain = start_v2_domain(test);
	struct page *page;

	map_and_unmap(test, domain, IOVA, SZ_4K);
	page = watch(test, table_of(domain, IOVA, 1));
	WRITE_ONCE(amd_fake(test, 0)->mute, true);
	KUNIT_EXPECT_EQ(test, map_and_flush(domain, IOVA, SZ_2M), 0);
	expect_freed(test, page, false);
	amd_xsmmu_test_free_tables(domain);
}

static void v2_table_is_leaked_if_the_flush_cannot_be_queued(struct kunit *test)
{
	struct protection_domain *domain = start_v2_domain(test);
	unsigned int nth = amd_xsmmu_test_first_quiet();
	struct page *page;

	map_and_unmap(test, domain, IOVA, SZ_4K);
	page = watch(test, table_of(domain, IOVA, 1));
	amd_fake_fill(amd_fake(test, 0), nth);
	KUNIT_EXPECT_EQ(test, map_and_flush(domain, IOVA, SZ_2M), 0);
	KUNIT_ASSERT_TRUE(test, amd_fake_settled(amd_fake(test, 0)));
	amd_fake_release(amd_fake(test, 0));
	expect_freed(test, page, false);
	expect_commands(test, nth - 1);
	amd_xsmmu_test_free_tables(domain);
}

static void v1_table_that_a_superpage_replaces_is_freed_after_the_flush(struct kunit *test)
{
	struct protection_domain *domain = start_v1_domain(test);
	struct cursor c = {};
	struct page *page;

	map_and_unmap(test, domain, IOVA, SZ_4K);
	page = watch(test, table_of(domain, IOVA, 1));
	expect_commands(test, 0);
	KUNIT_EXPECT_EQ(test, map_and_flush(domain, IOVA, SZ_2M), 0);
	expect_freed(test, page, true);
	expect_flush(test, &c, domain, SZ_2M);
	expect_commands(test, 2);
	amd_xsmmu_test_free_tables(domain);
}

static void v1_table_is_leaked_if_the_iommu_does_not_complete_the_flush(struct kunit *test)
{
	struct protection_domain *domain = start_v1_domain(test);
	struct page *page;

	map_and_unmap(test, domain, IOVA, SZ_4K);
	page = watch(test, table_of(domain, IOVA, 1));
	WRITE_ONCE(amd_fake(test, 0)->mute, true);
	KUNIT_EXPECT_EQ(test, map_and_flush(domain, IOVA, SZ_2M), 0);
	expect_freed(test, page, false);
	amd_xsmmu_test_free_tables(domain);
}

/* It is not certain that PDE=0 drops an entry of a directory. */
static void only_pages_of_4_kib_count_as_leaves(struct kunit *test)
{
	struct protection_domain *domain = start_v1_domain(test);

	KUNIT_EXPECT_EQ(test, amd_xsmmu_test_domain_ops(domain)->leaf_only_size,
			SZ_4K);
	amd_xsmmu_test_free_tables(domain);
}

static void only_pages_of_4_kib_count_as_leaves_of_v2_tables(struct kunit *test)
{
	struct protection_domain *domain = start_v2_domain(test);

	KUNIT_EXPECT_EQ(test, amd_xsmmu_test_domain_ops(domain)->leaf_only_size,
			SZ_4K);
	amd_xsmmu_test_free_tables(domain);
}

/* (e) Runs of pages. */

/* Sync as the core does: with interrupts off. */
static int sync_runs(struct protection_domain *domain,
		     const struct xsmmu_run *run, unsigned int n)
{
	unsigned long flags;
	int err;

	local_irq_save(flags);
	err = amd_xsmmu_sync_iotlb_runs(&domain->domain, run, n);
	local_irq_restore(flags);
	return err;
}

static int sync_pages(struct protection_domain *domain, u64 addr,
		      unsigned int pages)
{
	return sync_runs(domain, &(struct xsmmu_run){ addr, pages }, 1);
}

/* One page and two, one page, and sixteen. */
static const struct xsmmu_run four_blocks[] = {
	{ 0x3000, 3 }, { 0xa000, 1 }, { 0xabcd00020000, 16 },
};

static const u32 four_words[][2] = {
	{ 0x3000, 0 }, { 0x4001, 0 }, { 0xa000, 0 }, { 0x00027001, 0xabcd },
};

static int sync_four_blocks(struct protection_domain *domain)
{
	return sync_runs(domain, four_blocks, ARRAY_SIZE(four_blocks));
}

static void expect_blocks_of_id(struct kunit *test, struct cursor *c,
				unsigned int i, u16 id, u32 bits)
{
	unsigned int k;

	for (k = 0; k < ARRAY_SIZE(four_words); k++)
		expect_words(test, next(test, c, i), 0, 0x30000000 | id,
			     four_words[k][0] | bits, four_words[k][1]);
}

/* The IOMMU's TLB drops the four blocks. Returns as expect_wait(). */
static unsigned int expect_blocks(struct kunit *test, struct cursor *c,
				  unsigned int i)
{
	expect_blocks_of_id(test, c, i, DID, 0);
	return expect_wait(test, c, i);
}

/* A device's TLB drops them, with PASID 0 too if @guest. */
static unsigned int expect_devtlb_blocks(struct kunit *test, struct cursor *c,
					 unsigned int i, u16 sid, bool guest)
{
	unsigned int k, first = 0;
	u32 bits;

	for (k = 0; k < ARRAY_SIZE(four_words); k++) {
		for (bits = 0; bits <= (guest ? RAW_GN : 0); bits += RAW_GN) {
			expect_words(test, next(test, c, i), QDEP << 24 | sid,
				     0x40000000 | sid, four_words[k][0] | bits,
				     four_words[k][1]);
			first = first ?: c->at[i];
		}
	}
	return first;
}

static void runs_are_named_before_one_wait(struct kunit *test)
{
	struct protection_domain *domain = start_domain(test, 1);
	struct cursor c = {};

	KUNIT_EXPECT_EQ(test, sync_four_blocks(domain), 0);
	expect_blocks(test, &c, 0);
	expect_commands(test, 5);
}

/* Exactly its pages would be three blocks. */
static void run_is_two_blocks_that_may_have_other_pages(struct kunit *test)
{
	struct protection_domain *domain = start_domain(test, 1);
	struct cursor c = {};

	KUNIT_EXPECT_EQ(test, sync_pages(domain, 0x3000, 6), 0);
	expect_words(test, next(test, &c, 0), 0, 0x30000000 | DID, 0x3001, 0);
	expect_words(test, next(test, &c, 0), 0, 0x30000000 | DID, 0x8000, 0);
	expect_wait(test, &c, 0);
	expect_commands(test, 3);
}

static void runs_of_v2_tables_are_guest_invalidations(struct kunit *test)
{
	struct protection_domain *domain = start_domain(test, 1);
	struct cursor c = {};
	u16 ids[MOST_IDS];
	unsigned int k, n;

	amd_xsmmu_test_use_guest(domain);
	add_device(test, domain, 0, 0x300);
	add_device(test, domain, 0, 0x301);
	n = guest_ids(test, domain, 0, ids);
	KUNIT_EXPECT_EQ(test, sync_four_blocks(domain), 0);
	for (k = 0; k < n; k++)
		expect_blocks_of_id(test, &c, 0, ids[k], RAW_GN);
	expect_wait(test, &c, 0);
	expect_devtlb_blocks(test, &c, 0, 0x300, true);
	expect_devtlb_blocks(test, &c, 0, 0x301, true);
	expect_wait(test, &c, 0);
	expect_commands(test, 4 * n + 1 + 16 + 1);
}

static void runs_reach_every_iommu_of_the_domain(struct kunit *test)
{
	struct protection_domain *domain = start_domain(test, 3);
	struct cursor c = {};

	count_iommu(test, domain, 1, false);
	KUNIT_EXPECT_EQ(test, sync_four_blocks(domain), 0);
	expect_blocks(test, &c, 0);
	expect_blocks(test, &c, 2);
	expect_commands(test, 10);
}

static void runs_of_an_unattached_domain_need_no_command(struct kunit *test)
{
	struct protection_domain *domain = start_domain(test, 0);

	KUNIT_EXPECT_EQ(test, sync_four_blocks(domain), 0);
	expect_commands(test, 0);
}

/* Each of the IOMMUs is the slow one once. */
static void device_tlbs_get_the_runs_when_every_iommu_has_completed(struct kunit *test)
{
	struct protection_domain *domain = start_domain(test, 2);
	struct amd_fake *f[2] = { amd_fake(test, 0), amd_fake(test, 1) };
	unsigned int slow, i, waited;
	struct cursor c = {};

	add_device(test, domain, 0, 0x300);
	add_device(test, domain, 1, 0x400);
	for (slow = 0; slow < 2; slow++) {
		WRITE_ONCE(f[slow]->queue.delay_us, FAKE_LONG_US);
		WRITE_ONCE(f[!slow]->queue.delay_us, FAKE_DELAY_US);
		KUNIT_EXPECT_EQ(test, sync_four_blocks(domain), 0);
		for (i = 0, waited = 0; i < 2; i++)
			waited = max(waited, expect_blocks(test, &c, i));
		for (i = 0; i < 2; i++)
			KUNIT_EXPECT_GT(test,
					expect_devtlb_blocks(test, &c, i,
							     0x300 + 0x100 * i,
							     false),
					waited);
		expect_wait(test, &c, 0);
		expect_wait(test, &c, 1);
	}
	expect_commands(test, 2 * 2 * (5 + 5));
}

static void runs_leave_out_devices_that_are_gone_or_without_ats(struct kunit *test)
{
	struct protection_domain *domain = start_domain(test, 1);
	struct iommu_dev_data *dev_data;
	struct cursor c = {};

	dev_data = add_device(test, domain, 0, 0x100);
	to_pci_dev(dev_data->dev)->error_state = pci_channel_io_perm_failure;
	add_device(test, domain, 0, 0x300);
	add_device_without_ats(test, domain, 0, 0x200);
	KUNIT_EXPECT_EQ(test, sync_four_blocks(domain), 0);
	expect_blocks(test, &c, 0);
	expect_devtlb_blocks(test, &c, 0, 0x300, false);
	expect_wait(test, &c, 0);
	expect_commands(test, 10);
}

static void runs_of_too_many_blocks_send_no_command(struct kunit *test)
{
	struct protection_domain *domain = start_domain(test, 1);
	struct xsmmu_run run[XSMMU_MAX_RUNS];
	u32 most = amd_most_blocks.value;
	unsigned int i;

	add_device(test, domain, 0, 0x300);
	/* Two blocks each; seven are 14, eight are 16. */
	for (i = 0; i < XSMMU_MAX_RUNS; i++)
		run[i] = (struct xsmmu_run){ 0x3000 + (i << 16), 6 };
	WRITE_ONCE(amd_most_blocks.value, 15);
	KUNIT_EXPECT_EQ(test, sync_runs(domain, run, 8), -E2BIG);
	expect_commands(test, 0);
	KUNIT_EXPECT_EQ(test, sync_runs(domain, run, 7), 0);
	expect_commands(test, 2 * (14 + 1));
	/* The longest run too is two blocks. */
	WRITE_ONCE(amd_most_blocks.value, 1);
	KUNIT_EXPECT_EQ(test, sync_pages(domain, 0x1000, UINT_MAX), -E2BIG);
	expect_commands(test, 2 * (14 + 1));
	WRITE_ONCE(amd_most_blocks.value, most);
	KUNIT_EXPECT_EQ(test, sync_runs(domain, run, 8), 0);
	expect_commands(test, 2 * (14 + 1) + 2 * (16 + 1));
}

static void most_blocks_are_what_debugfs_says(struct kunit *test)
{
	struct protection_domain *domain = start_domain(test, 1);
	struct xsmmu_run run[XSMMU_MAX_BLOCKS + 1];
	struct amd_fake_bus *bus = test->priv;
	u32 most = amd_most_blocks.value;
	unsigned int n;

	limit_test(test, &amd_most_blocks, "amd_most_blocks", 16);
	/* More runs than the core names. */
	for (n = 0; n < ARRAY_SIZE(run); n++)
		run[n] = (struct xsmmu_run){ 0x1000 + (n << 16), 1 };
	for (n = 0; n <= XSMMU_MAX_BLOCKS; n += 4) {
		bus->engine.n = 0;
		WRITE_ONCE(amd_most_blocks.value, n);
		KUNIT_EXPECT_EQ(test, sync_runs(domain, run, n + 1), -E2BIG);
		expect_commands(test, 0);
		if (!n)
			continue;
		KUNIT_EXPECT_EQ(test, sync_runs(domain, run, n), 0);
		expect_commands(test, n + 1);
	}
	WRITE_ONCE(amd_most_blocks.value, most);
}

static void iommu_that_never_completes_fails_the_runs(struct kunit *test)
{
	struct protection_domain *domain = start_domain(test, 2);
	unsigned int i;

	for (i = 0; i < 2; i++) {
		WRITE_ONCE(amd_fake(test, i)->mute, true);
		KUNIT_EXPECT_LT(test, sync_four_blocks(domain), 0);
		WRITE_ONCE(amd_fake(test, i)->mute, false);
		KUNIT_EXPECT_TRUE(test, amd_fake_settled(amd_fake(test, i)));
		KUNIT_EXPECT_EQ(test, sync_four_blocks(domain), 0);
	}
}

/* The ring is full from the nth command on: blocks, a wait, blocks, a wait. */
static void ring_that_fills_up_meanwhile_fails_the_runs(struct kunit *test)
{
	struct protection_domain *domain = start_domain(test, 1);
	struct amd_fake *f = amd_fake(test, 0);
	unsigned int nth;

	add_device(test, domain, 0, 0x300);
	for (nth = 1; nth <= 10; nth++) {
		amd_fake_fill(f, nth);
		KUNIT_EXPECT_LT(test, sync_four_blocks(domain), 0);
		KUNIT_ASSERT_TRUE(test, amd_fake_settled(f));
		amd_fake_release(f);
		KUNIT_EXPECT_EQ(test, sync_four_blocks(domain), 0);
	}
}

static void error_read_from_the_log_fails_the_runs(struct kunit *test)
{
	struct protection_domain *domain = start_domain(test, 2);
	unsigned int i;

	for (i = 0; i < 2; i++) {
		amd_fake(test, i)->event = (struct amd_fake_event){
			.type = error_of(test), .opcode = 0x3,
			.reader = FAKE_READS_BEFORE,
		};
		KUNIT_EXPECT_LT(test, sync_four_blocks(domain), 0);
		KUNIT_EXPECT_TRUE(test, amd_fake_settled(amd_fake(test, i)));
		KUNIT_EXPECT_EQ(test, amd_fake(test, i)->event.type, 0);
		KUNIT_EXPECT_EQ(test, sync_four_blocks(domain), 0);
	}
}

static void device_error_still_in_the_log_fails_the_runs(struct kunit *test)
{
	struct protection_domain *domain = start_domain(test, 1);

	add_device(test, domain, 0, 0x300);
	amd_fake(test, 0)->event = (struct amd_fake_event){
		.type = error_of(test), .opcode = 0x4,
		.reader = FAKE_READS_NEVER,
	};
	KUNIT_EXPECT_LT(test, sync_four_blocks(domain), 0);
	KUNIT_EXPECT_EQ(test, amd_fake(test, 0)->event.type, 0);
	KUNIT_EXPECT_EQ(test, sync_four_blocks(domain), 0);
}

/* What another CPU does: it names one page. */
static int sync_page_9(void *arg)
{
	return sync_pages(arg, 0x9000, 1);
}

/* Each sync returns when its own command was executed, not another's. */
static void two_cpus_name_runs_at_once(struct kunit *test)
{
	struct protection_domain *domain = start_domain(test, 1);
	struct amd_fake *f = amd_fake(test, 0);
	struct fake_neighbour nb;
	unsigned int i;

	fake_neighbour_start(test, f->queue.engine, &nb, sync_page_9, domain);
	for (i = 1; i <= 100; i++) {
		KUNIT_EXPECT_EQ(test, sync_pages(domain, 0x5000, 1), 0);
		KUNIT_EXPECT_EQ(test, READ_ONCE(f->by_page[5]), i);
		if (i % 10 == 0)
			KUNIT_EXPECT_EQ(test, sync_domain(domain, true), 0);
	}
	fake_neighbour_stop(&nb);
	KUNIT_EXPECT_EQ(test, nb.failed, 0);
	KUNIT_EXPECT_EQ(test, READ_ONCE(f->by_page[9]), nb.steps);
}

/* Whose command it was is not told, so no sync that was running may succeed. */
static void error_beside_other_runs_is_not_missed(struct kunit *test)
{
	struct protection_domain *domain = start_domain(test, 1);
	struct amd_fake *f = amd_fake(test, 0);
	unsigned int i, failed, before, syncs;
	struct fake_neighbour nb;

	fake_neighbour_start(test, f->queue.engine, &nb, sync_page_9, domain);
	for (i = 0; i < 20; i++) {
		before = READ_ONCE(nb.failed);
		WRITE_ONCE(f->event.opcode, 0x3);
		WRITE_ONCE(f->event.reader, FAKE_READS_BEFORE);
		/* Last: if the engine sees it, the other fields are set. */
		smp_store_release(&f->event.type, 0x5);
		failed = sync_pages(domain, 0x5000, 1) < 0;
		KUNIT_EXPECT_EQ(test, READ_ONCE(f->event.type), 0);
		/* Until the other one has ended too. */
		syncs = READ_ONCE(nb.steps);
		while (READ_ONCE(nb.steps) < syncs + 2)
			cpu_relax();
		KUNIT_EXPECT_GE(test, failed + READ_ONCE(nb.failed) - before, 1);
	}
	fake_neighbour_stop(&nb);
	KUNIT_EXPECT_LE(test, nb.failed, 20);
}

/* Random runs, against bitmaps. */

/* What the commands name, by their third word. */
static void cover_from_log(struct kunit *test, struct cover *c)
{
	struct amd_fake_bus *bus = test->priv;
	unsigned int i, order;

	for (i = 0; i < bus->engine.n; i++) {
		const u32 *dw = bus->engine.log[i].dw;

		order = dw[2] & 1 ? ffz(dw[2] >> 12) + 1 : 0;
		if (dw[1] >> 28 == 0x3)
			cover_add_block(test, c->iommu, dw[2] >> 12, order);
		if (dw[1] >> 28 == 0x4)
			cover_add_block(test, c->device, dw[2] >> 12, order);
	}
	bus->engine.n = 0;
}

static void commands_cover_the_runs(struct kunit *test)
{
	struct protection_domain *domain = start_domain(test, 1);
	struct rnd_state rnd;
	struct cover c;
	unsigned int i;

	WRITE_ONCE(amd_fake(test, 0)->queue.delay_us, 0);
	add_device(test, domain, 0, 0x300);
	prandom_seed_state(&rnd, 5);
	for (i = 0; i < 400; i++) {
		cover_runs(&c, &rnd, 20);
		KUNIT_EXPECT_EQ(test, sync_runs(domain, c.run, c.n), 0);
		cover_from_log(test, &c);
		cover_expect(test, &c, c.iommu);
		cover_expect(test, &c, c.device);
	}
}

/* (f) Leaf entries, in the driver's own tables. */

/* Let the IOMMU API map in a domain. */
static struct iommu_domain *open_domain(struct protection_domain *domain)
{
	domain->domain.type = IOMMU_DOMAIN_DMA;
	domain->domain.ops = amd_xsmmu_test_domain_ops(domain);
	domain->domain.pgsize_bitmap = SZ_4K | SZ_2M;
	return &domain->domain;
}

static void entry_is_found_in_v1_tables(struct kunit *test)
{
	struct protection_domain *domain = start_v1_domain(test);

	leaf_test(test, open_domain(domain));
	amd_xsmmu_test_free_tables(domain);
}

static void entry_is_found_in_v2_tables(struct kunit *test)
{
	struct protection_domain *domain = start_v2_domain(test);

	leaf_test(test, open_domain(domain));
	amd_xsmmu_test_free_tables(domain);
}

/* The entries of a series stand at the lowest level, or above it. */
static void entry_of_a_series_is_not_found(struct kunit *test)
{
	static const size_t sizes[] = { SZ_8K, SZ_64K, SZ_1M, SZ_4M };
	struct protection_domain *domain = start_v1_domain(test);
	struct iommu_domain *d = open_domain(domain);
	unsigned int i;
	size_t at;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		bool lowest = sizes[i] < SZ_2M;

		KUNIT_ASSERT_EQ(test, 0,
				amd_xsmmu_test_map(domain, IOVA, sizes[i]));
		for (at = 0; at < sizes[i]; at += SZ_4K)
			KUNIT_EXPECT_NULL(test, leaf_test_entry(d, IOVA + at));
		KUNIT_EXPECT_EQ(test, lowest,
				!!leaf_test_entry(d, IOVA + sizes[i]));
		KUNIT_ASSERT_EQ(test, sizes[i],
				amd_xsmmu_test_unmap(domain, IOVA, sizes[i]));
		KUNIT_EXPECT_EQ(test, lowest, !!leaf_test_entry(d, IOVA));
	}
	amd_xsmmu_test_free_tables(domain);
}

static void entry_stays_when_a_level_is_added(struct kunit *test)
{
	struct protection_domain *domain = start_v1_domain(test);
	struct iommu_domain *d = open_domain(domain);
	u64 beyond = 1ULL << 39, *entry;

	leaf_test_map(test, d, LEAF_IOVA, SZ_4K);
	entry = leaf_test_entry(d, LEAF_IOVA);
	KUNIT_EXPECT_NOT_NULL(test, entry);
	KUNIT_EXPECT_NULL(test, leaf_test_entry(d, beyond));
	KUNIT_ASSERT_EQ(test, amd_xsmmu_test_map(domain, beyond, SZ_4K), 0);
	KUNIT_EXPECT_PTR_EQ(test, leaf_test_entry(d, LEAF_IOVA), entry);
	KUNIT_EXPECT_NOT_NULL(test, leaf_test_entry(d, beyond));
	amd_xsmmu_test_free_tables(domain);
}

static void domain_without_tables_has_no_entries(struct kunit *test)
{
	struct protection_domain *domain = start_domain(test, 0);
	struct iommu_domain *d = open_domain(domain);

	KUNIT_EXPECT_NULL(test, leaf_test_entry(d, 0));
	/* The same if it does not translate. */
	amd_xsmmu_test_new_tables(test, domain, 0);
	KUNIT_EXPECT_NULL(test, leaf_test_entry(d, 0));
	amd_xsmmu_test_free_tables(domain);
}

static void new_mapping_is_told_to_an_iommu_that_caches_absent_entries(struct kunit *test)
{
	struct protection_domain *domain = start_v1_domain(test);
	struct iommu_domain *d = open_domain(domain);
	bool np_cache = amd_iommu_np_cache;

	leaf_test_map(test, d, LEAF_IOVA, SZ_4K);
	amd_iommu_np_cache = false;
	KUNIT_EXPECT_EQ(test, leaf_test_after(test, d), 0);
	amd_iommu_np_cache = true;
	KUNIT_EXPECT_EQ(test, leaf_test_after(test, d), XSMMU_SYNC_MAP);
	amd_iommu_np_cache = np_cache;
	amd_xsmmu_test_free_tables(domain);
}

/* (g) Devices that the driver itself attaches and detaches. */

/* A domain without devices, to which the driver can attach some. */
static struct protection_domain *start_to_attach(struct kunit *test,
						 unsigned int iommus, bool guest)
{
	struct protection_domain *domain = start_domain(test, iommus);
	unsigned int i;

	for (i = 0; i < iommus; i++) {
		if (!amd_xsmmu_test_can_attach(test, &amd_fake(test, i)->iommu))
			kunit_skip(test, "the driver attaches no such device");
		count_iommu(test, domain, i, false);
	}
	if (guest)
		amd_xsmmu_test_use_guest(domain);
	amd_xsmmu_test_new_tables(test, domain, 3);
	return domain;
}

/* Attach a device that stands on no PCI bus. */
static struct iommu_dev_data *attach(struct kunit *test,
				     struct protection_domain *domain,
				     unsigned int iommu, u16 devid)
{
	struct iommu_dev_data *dev_data = new_device(test, iommu, devid);

	dev_data->dev->bus = NULL;
	amd_xsmmu_test_set_ats(dev_data, false, 0);
	amd_xsmmu_test_attach(test, domain, dev_data);
	return dev_data;
}

/*
 * A sync drops what the IOMMUs cache for each of @n devices, once, by the id in the
 * device's table entry, and sends @commands in all.
 */
static void expect_synced(struct kunit *test, struct protection_domain *domain,
			  struct iommu_dev_data **dev_data, unsigned int n,
			  unsigned int commands)
{
	struct amd_fake_bus *bus = test->priv;
	unsigned int i, k;
	u16 id;

	for (i = 0; i < bus->engine.queues; i++)
		memset(amd_fake(test, i)->by_did, 0,
		       sizeof(amd_fake(test, i)->by_did));
	bus->engine.n = 0;
	KUNIT_EXPECT_EQ(test, sync_domain(domain, true), 0);
	expect_commands(test, commands);
	for (k = 0; k < n; k++) {
		i = amd_xsmmu_iommu_of(dev_data[k]->dev) !=
		    &amd_fake(test, 0)->iommu;
		id = amd_xsmmu_test_table_id(dev_data[k]);
		KUNIT_EXPECT_NE(test, id, 0);
		KUNIT_EXPECT_EQ(test, amd_fake(test, i)->by_did[id & 0xff], 1);
	}
}

/* Two devices behind one IOMMU, and one behind another. They leave one by one. */
static void attach_and_sync(struct kunit *test, bool guest)
{
	struct protection_domain *domain = start_to_attach(test, 2, guest);
	struct iommu_dev_data *dev_data[3];
	unsigned int i;

	expect_synced(test, domain, dev_data, 0, 0);
	for (i = 0; i < 3; i++)
		dev_data[i] = attach(test, domain, i >> 1, 0x10 + i);
	expect_synced(test, domain, dev_data, 3, guest ? 3 + 2 : 2 + 2);
	amd_xsmmu_test_detach(test, dev_data[2]);
	expect_synced(test, domain, dev_data, 2, guest ? 2 + 1 : 1 + 1);
	amd_xsmmu_test_detach(test, dev_data[1]);
	expect_synced(test, domain, dev_data, 1, 1 + 1);
	amd_xsmmu_test_detach(test, dev_data[0]);
	expect_synced(test, domain, dev_data, 0, 0);
	amd_xsmmu_test_free_tables(domain);
}

static void attached_devices_of_v1_tables_share_a_command(struct kunit *test)
{
	attach_and_sync(test, false);
}

static void attached_devices_of_v2_tables_get_a_command_each(struct kunit *test)
{
	attach_and_sync(test, true);
}

/**
 * struct domain_reader - a thread that looks for the domain of a device
 * @dev_data: the device
 * @reads: number of times that it has looked
 * @left: the driver has detached the device
 * @late: it had found the domain, and the driver did not wait for it
 */
struct domain_reader {
	struct iommu_dev_data *dev_data;
	unsigned int reads;
	bool left;
	bool late;
};

/* As amd_xsmmu_event() does, but slowly. */
static int domain_reader_thread(void *data)
{
	struct domain_reader *r = data;
	bool found;

	while (!kthread_should_stop()) {
		rcu_read_lock();
		found = READ_ONCE(r->dev_data->domain);
		WRITE_ONCE(r->reads, r->reads + 1);
		mdelay(30);
		if (found && READ_ONCE(r->left))
			r->late = true;
		rcu_read_unlock();
		cond_resched();
	}
	return 0;
}

/*
 * Afterwards the domain may be freed, and the device may join another. The driver's
 * last flush of v2 tables, between the list and the device's data, takes a while.
 */
static void detach_waits_for_those_who_have_found_the_domain(struct kunit *test)
{
	struct protection_domain *domain = start_to_attach(test, 1, true);
	struct domain_reader r = {};
	struct task_struct *thread;

	if (!xsmmu_mode())
		kunit_skip(test, "not in xSMMU mode");
	r.dev_data = attach(test, domain, 0, 0x10);
	WRITE_ONCE(amd_fake(test, 0)->queue.delay_us, FAKE_LONG_US);
	thread = kthread_run_on_cpu(domain_reader_thread, &r,
				    cpumask_last(cpu_online_mask), "reader/%u");
	KUNIT_ASSERT_FALSE(test, IS_ERR(thread));
	while (!READ_ONCE(r.reads))
		cond_resched();
	amd_xsmmu_test_detach(test, r.dev_data);
	WRITE_ONCE(r.left, true);
	kthread_stop(thread);
	KUNIT_EXPECT_FALSE(test, r.late);
	amd_xsmmu_test_free_tables(domain);
}

/* (h) An IOMMU of this machine, if there is one. */

static void detached_device_waits_for_readers_of_its_domain(struct kunit *test)
{
	detach_test(test, &amd_iommu_ops);
}

static void live_iommu_completes_a_sync(struct kunit *test)
{
	struct protection_domain *domain = fake_memory(test, sizeof(*domain));
	struct amd_iommu *iommu = amd_xsmmu_test_live();
	u64 before, after;
	unsigned int count;
	int i;

	if (!iommu)
		kunit_skip(test, "no AMD IOMMU here");
	amd_xsmmu_test_init_domain(domain, MAX_DOMAIN_ID - 1);
	amd_xsmmu_test_count(test, domain, iommu, true);
	count = iommu->xsmmu_errors;
	for (i = 0; i < 2; i++) {
		/* The IOMMU stores the number of each wait of ours. */
		before = READ_ONCE(*amd_xsmmu_wait_word(iommu));
		KUNIT_EXPECT_EQ(test, sync_domain(domain, !i), 0);
		after = READ_ONCE(*amd_xsmmu_wait_word(iommu));
		KUNIT_EXPECT_GT(test, after, before);
	}
	KUNIT_EXPECT_EQ(test, iommu->xsmmu_errors, count);
	amd_xsmmu_test_free_domain(domain);
}

static struct kunit_case amd_test_cases[] = {
	KUNIT_CASE(domain_command_covers_everything_and_sets_pde_and_gn),
	KUNIT_CASE(device_command_names_the_device_and_covers_everything),
	KUNIT_CASE(commands_of_a_block_name_its_pages),
	KUNIT_CASE(wait_command_stores_a_number_to_an_address),
	KUNIT_CASE(sync_is_one_command_and_a_wait),
	KUNIT_CASE(sync_after_a_table_was_unlinked_drops_directory_entries),
	KUNIT_CASE(sync_of_v2_tables_is_a_guest_invalidation),
	KUNIT_CASE(sync_of_v2_tables_names_the_id_of_each_device),
	KUNIT_CASE(sync_stays_one_command_under_a_hypervisor),
	KUNIT_CASE(domain_is_shadowed_if_the_iommu_caches_absent_entries),
	KUNIT_CASE(sync_covers_every_iommu_of_the_domain),
	KUNIT_CASE(sync_leaves_other_iommus_alone),
	KUNIT_CASE(sync_of_an_unattached_domain_has_nothing_to_do),
	KUNIT_CASE(syncs_go_on_around_the_end_of_the_ring),
	KUNIT_CASE(device_tlb_is_invalidated_when_the_iommu_has_completed),
	KUNIT_CASE(device_tlbs_wait_for_every_iommu),
	KUNIT_CASE(each_iommu_gets_commands_for_its_own_devices_only),
	KUNIT_CASE(iommu_without_ats_device_is_waited_for_once),
	KUNIT_CASE(devices_that_are_gone_or_without_ats_are_left_out),
	KUNIT_CASE(device_tlb_of_v2_tables_is_invalidated_with_and_without_pasid),
	KUNIT_CASE(device_of_an_iommu_not_yet_counted_is_waited_for),
	KUNIT_CASE(device_that_leaves_waits_for_the_sync_that_sees_it),
	KUNIT_CASE(sync_does_not_rely_on_the_wait_of_another_cpu),
	KUNIT_CASE(sync_beside_the_drivers_own_flushes_waits_for_its_command),
	KUNIT_CASE(ids_behind_one_iommu_share_a_wait),
	KUNIT_CASE(domain_on_too_many_iommus_fails_the_sync),
	KUNIT_CASE(iommu_that_never_completes_fails_the_sync),
	KUNIT_CASE(iommu_whose_ring_is_full_fails_the_sync),
	KUNIT_CASE(ring_that_fills_up_meanwhile_fails_the_sync),
	KUNIT_CASE(device_command_that_is_refused_fails_the_sync),
	KUNIT_CASE(device_that_answers_too_late_fails_the_sync),
	KUNIT_CASE(device_that_never_answers_fails_the_sync),
	KUNIT_CASE_PARAM(error_that_halts_the_iommu_fails_the_sync,
			 errors_gen_params),
	KUNIT_CASE_PARAM(error_read_from_the_log_fails_the_sync,
			 errors_gen_params),
	KUNIT_CASE_PARAM(error_before_the_device_tlbs_fails_the_sync,
			 errors_gen_params),
	KUNIT_CASE_PARAM(device_error_still_in_the_log_fails_the_sync,
			 errors_gen_params),
	KUNIT_CASE_PARAM(device_error_read_meanwhile_fails_the_sync,
			 errors_gen_params),
	KUNIT_CASE(device_error_counted_during_the_look_fails_the_sync),
	KUNIT_CASE_PARAM(error_before_queueing_returns_fails_the_sync,
			 errors_gen_params),
	KUNIT_CASE_PARAM(device_error_before_queueing_returns_fails_the_sync,
			 errors_gen_params),
	KUNIT_CASE(device_error_beside_the_end_of_the_log_is_found),
	KUNIT_CASE(device_error_in_a_larger_log_is_found),
	KUNIT_CASE(other_events_do_not_fail_the_sync),
	KUNIT_CASE(errors_of_other_iommus_do_not_fail_the_sync),
	KUNIT_CASE(silent_device_of_another_domain_does_not_fail_the_sync),
	KUNIT_CASE(silent_device_of_the_domain_fails_the_sync),
	KUNIT_CASE(silent_device_without_a_domain_fails_the_sync),
	KUNIT_CASE(sync_waits_while_the_iommu_waits_for_another_device),
	KUNIT_CASE(late_device_tlbs_are_invalidated_again_if_another_device_was_silent),
	KUNIT_CASE_PARAM(error_before_the_sync_does_not_fail_it,
			 errors_gen_params),
	KUNIT_CASE(v2_table_that_a_superpage_replaces_is_freed_after_the_flush),
	KUNIT_CASE(v2_tree_that_a_superpage_replaces_is_freed_after_the_flush),
	KUNIT_CASE(v2_tree_is_freed_without_the_pages_that_it_maps),
	KUNIT_CASE(v2_page_that_a_page_replaces_is_not_freed),
	KUNIT_CASE(v2_table_is_leaked_if_the_iommu_does_not_complete_the_flush),
	KUNIT_CASE(v2_table_is_leaked_if_the_flush_cannot_be_queued),
	KUNIT_CASE(v1_table_that_a_superpage_replaces_is_freed_after_the_flush),
	KUNIT_CASE(v1_table_is_leaked_if_the_iommu_does_not_complete_the_flush),
	KUNIT_CASE(only_pages_of_4_kib_count_as_leaves),
	KUNIT_CASE(only_pages_of_4_kib_count_as_leaves_of_v2_tables),
	KUNIT_CASE(runs_are_named_before_one_wait),
	KUNIT_CASE(run_is_two_blocks_that_may_have_other_pages),
	KUNIT_CASE(runs_of_v2_tables_are_guest_invalidations),
	KUNIT_CASE(runs_reach_every_iommu_of_the_domain),
	KUNIT_CASE(runs_of_an_unattached_domain_need_no_command),
	KUNIT_CASE(device_tlbs_get_the_runs_when_every_iommu_has_completed),
	KUNIT_CASE(runs_leave_out_devices_that_are_gone_or_without_ats),
	KUNIT_CASE(runs_of_too_many_blocks_send_no_command),
	KUNIT_CASE(most_blocks_are_what_debugfs_says),
	KUNIT_CASE(iommu_that_never_completes_fails_the_runs),
	KUNIT_CASE(ring_that_fills_up_meanwhile_fails_the_runs),
	KUNIT_CASE_PARAM(error_read_from_the_log_fails_the_runs,
			 errors_gen_params),
	KUNIT_CASE_PARAM(device_error_still_in_the_log_fails_the_runs,
			 errors_gen_params),
	KUNIT_CASE(two_cpus_name_runs_at_once),
	KUNIT_CASE(error_beside_other_runs_is_not_missed),
	KUNIT_CASE(commands_cover_the_runs),
	KUNIT_CASE(entry_is_found_in_v1_tables),
	KUNIT_CASE(entry_is_found_in_v2_tables),
	KUNIT_CASE(entry_of_a_series_is_not_found),
	KUNIT_CASE(entry_stays_when_a_level_is_added),
	KUNIT_CASE(domain_without_tables_has_no_entries),
	KUNIT_CASE(new_mapping_is_told_to_an_iommu_that_caches_absent_entries),
	KUNIT_CASE(attached_devices_of_v1_tables_share_a_command),
	KUNIT_CASE(attached_devices_of_v2_tables_get_a_command_each),
	KUNIT_CASE(detach_waits_for_those_who_have_found_the_domain),
	KUNIT_CASE(detached_device_waits_for_readers_of_its_domain),
	KUNIT_CASE(live_iommu_completes_a_sync),
	{}
};

static struct kunit_suite amd_test_suite = {
	.name = "xsmmu-amd",
	.init = amd_test_init,
	.exit = amd_test_exit,
	.test_cases = amd_test_cases,
};

kunit_test_suites(&amd_test_suite);
