// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of adoption, deferred cleaning, runs of pages, and leaf entries. A walker
 * reads only what was cleaned, and a TLB drops only what it is told to drop.
 *
 * Included at the end of xsmmu.c, after xsmmu-test.c.
 */
#include <linux/percpu.h>
#include "../../xsmmu/detach-test.h"
#include "../../xsmmu/leaf-entry-test.h"
#include "xsmmu-test-shadow.h"

/* The random test ends after so many slots and syncs, or so many seconds. */
#define ENOUGH_SLOTS	400
#define ENOUGH_SYNCS	200
#define SECONDS_MOST	25

/* (a) One thing at a time. */

#define NONCOHERENT	0
#define COHERENT	ARM_SMMU_FEAT_COHERENCY

/* Enough that their logs, if they leaked, would fill many pages. */
#define DOMAINS		512

/* The ops that a domain has before it is adopted. */
static const struct iommu_domain_ops *driver_ops(void)
{
	return arm_smmu_xsmmu_test_ops()->default_domain_ops;
}

static void expect_refused(struct pte_test *t,
			   const struct iommu_domain_ops *ops)
{
	struct io_pgtable *tables = io_pgtable_ops_to_pgtable(t->d.pgtbl_ops);

	KUNIT_EXPECT_NULL(t->test, t->d.pending);
	KUNIT_EXPECT_PTR_EQ(t->test, t->d.domain.ops, ops);
	KUNIT_EXPECT_FALSE(t->test, tables->cfg.xsmmu_defer);
}

/* There is nothing to note, so noting would only cost. */
static void domain_of_a_coherent_smmu_is_not_adopted(struct kunit *test)
{
	struct pte_test *t = pte_create(test, COHERENT, 48);

	arm_smmu_xsmmu_adopt(&t->d.domain);
	expect_refused(t, driver_ops());
	t->f->smmu.features = COHERENT | RANGES;
	arm_smmu_xsmmu_adopt(&t->d.domain);
	expect_refused(t, driver_ops());
	KUNIT_EXPECT_EQ(test, t->calls, 0);
}

static void domains_are_adopted_in_xsmmu_mode_only(struct kunit *test)
{
	static const unsigned int types[] = {
		IOMMU_DOMAIN_UNMANAGED, IOMMU_DOMAIN_IDENTITY,
		IOMMU_DOMAIN_BLOCKED,
	};
	struct pte_test *t = pte_create(test, NONCOHERENT, 48);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		t->d.domain.type = types[i];
		t->d.xsmmu_attached = false;
		arm_smmu_xsmmu_attach(&t->d.domain);
		expect_refused(t, driver_ops());
	}
	t->d.domain.type = IOMMU_DOMAIN_DMA;
	t->d.xsmmu_attached = false;
	arm_smmu_xsmmu_attach(&t->d.domain);
	KUNIT_EXPECT_EQ(test, !!t->d.pending, xsmmu_mode());
}

static void only_the_first_attach_adopts(struct kunit *test)
{
	struct pte_test *t = pte_create(test, COHERENT, 48);
	const struct iommu_domain_ops *ops;
	struct arm_smmu_pending *pending;

	arm_smmu_xsmmu_attach(&t->d.domain);
	expect_refused(t, driver_ops());
	/* Now the features would allow it, but it is not the first attach. */
	t->f->smmu.features = NONCOHERENT;
	arm_smmu_xsmmu_attach(&t->d.domain);
	expect_refused(t, driver_ops());
	t->d.xsmmu_attached = false;
	arm_smmu_xsmmu_attach(&t->d.domain);
	KUNIT_EXPECT_EQ(test, !!t->d.pending, xsmmu_mode());
	/* An adopted domain stays as it is. */
	pending = t->d.pending;
	ops = t->d.domain.ops;
	arm_smmu_xsmmu_attach(&t->d.domain);
	KUNIT_EXPECT_PTR_EQ(test, t->d.pending, pending);
	KUNIT_EXPECT_PTR_EQ(test, t->d.domain.ops, ops);
}

static const u32 kinds[] = { NONCOHERENT, RANGES, RANGES | COHERENT };

static void describe_kind(const u32 *features, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%scoherent%s",
		 *features & COHERENT ? "" : "not ",
		 *features & RANGES ? ", with ranges" : "");
}

KUNIT_ARRAY_PARAM(kinds, kinds, describe_kind);

static void all_other_ops_are_the_drivers(struct kunit *test)
{
	struct pte_test *t = pte_create(test, NONCOHERENT, 48);
	const struct iommu_domain_ops *driver = driver_ops();
	struct iommu_domain_ops copy;

	arm_smmu_xsmmu_adopt(&t->d.domain);
	KUNIT_ASSERT_PTR_NE(test, t->d.domain.ops, driver);
	copy = *t->d.domain.ops;
	KUNIT_EXPECT_PTR_EQ(test, copy.sync_domain_iotlb,
			    &arm_smmu_xsmmu_sync_domain_iotlb);
	KUNIT_EXPECT_PTR_EQ(test, copy.sync_iotlb_runs,
			    &arm_smmu_xsmmu_sync_iotlb_runs);
	KUNIT_EXPECT_PTR_NE(test, copy.unmap_pages, driver->unmap_pages);
	copy.unmap_pages = driver->unmap_pages;
	KUNIT_EXPECT_NOT_NULL(test, copy.iotlb_sync_map);
	copy.iotlb_sync_map = driver->iotlb_sync_map;
	KUNIT_EXPECT_EQ(test, memcmp(&copy, driver, sizeof(copy)), 0);
}

/* No driver has one today. One that had would not lose it. */
static void iotlb_sync_map_of_the_driver_is_not_replaced(struct kunit *test)
{
	struct pte_test *t = pte_create(test, NONCOHERENT, 48);
	struct iommu_domain_ops *driver;

	driver = fake_memory(test, sizeof(*driver));
	*driver = *driver_ops();
	driver->iotlb_sync_map = arm_smmu_xsmmu_iotlb_sync_map;
	t->d.domain.ops = driver;
	arm_smmu_xsmmu_adopt(&t->d.domain);
	expect_refused(t, driver);
}

/* (b) The driver attaches a device to a domain of its own. */

/**
 * struct fake_device - a device behind the fake SMMU
 * @pci: the device
 * @port: its bus
 * @iommu: what the core knows of it
 * @master: what the driver knows of it
 * @stream: its stream
 * @t: the test
 * @domain: the domain that it is attached to
 * @commands: invalidations of its TLB that a sync sent when ATS was turned on
 * @ats_on: how often ATS was turned on
 */
struct fake_device {
	struct pci_dev pci;
	struct pci_bus port;
	struct dev_iommu iommu;
	struct arm_smmu_master master;
	struct arm_smmu_stream stream;
	struct pte_test *t;
	struct iommu_domain *domain;
	unsigned int commands;
	unsigned int ats_on;
};

#define TEST_SID	3

static int device_reads(struct pci_bus *bus, unsigned int devfn, int where,
			int size, u32 *val)
{
	*val = 0;
	return PCIBIOS_SUCCESSFUL;
}

/* Sync as soon as ATS is on. The driver has not finished then. */
static int device_writes(struct pci_bus *bus, unsigned int devfn, int where,
			 int size, u32 val)
{
	struct fake_device *dev = bus->sysdata;
	struct smmu_fake *f = dev->t->f;
	unsigned int i = f->engine.n;

	if (!(val & PCI_ATS_CTRL_ENABLE))
		return PCIBIOS_SUCCESSFUL;
	dev->ats_on++;
	KUNIT_EXPECT_EQ(dev->t->test, 0,
			arm_smmu_xsmmu_sync_domain_iotlb(dev->domain, true));
	for (; i < f->engine.n; i++)
		dev->commands += f->engine.log[i].qw[0] ==
				 ((u64)TEST_SID << 32 | FAKE_ATC_INV);
	return PCIBIOS_SUCCESSFUL;
}

static struct pci_ops device_ops = {
	.read = device_reads, .write = device_writes,
};

/* A device that has ATS if the SMMU has. */
static struct fake_device *new_device(struct pte_test *t)
{
	struct fake_device *dev = fake_memory(t->test, sizeof(*dev));
	struct arm_smmu_device *smmu = &t->f->smmu;

	smmu->pgsize_bitmap = SZ_4K | SZ_2M | SZ_1G;
	smmu->oas = 48;
	smmu->vmid_bits = 8;
	dev->t = t;
	dev->port.ops = &device_ops;
	dev->port.sysdata = dev;
	dev->pci.bus = &dev->port;
	dev->pci.ats_cap = 0x100;
	dev->pci.dev.bus = &pci_bus_type;
	dev->pci.dev.iommu = &dev->iommu;
	dev->iommu.priv = &dev->master;
	dev->iommu.fwspec = fake_memory(t->test, sizeof(*dev->iommu.fwspec));
	dev->iommu.fwspec->flags = IOMMU_FWSPEC_PCI_RC_ATS;
	dev->stream.id = TEST_SID;
	dev->master.smmu = smmu;
	dev->master.dev = &dev->pci.dev;
	dev->master.streams = &dev->stream;
	dev->master.num_streams = 1;
	arm_smmu_xsmmu_test_init_attach(t->test, &dev->master);
	return dev;
}

/* Allocate and attach a domain, in the order in which the core does it. */
static struct arm_smmu_domain *attach_new_domain(struct fake_device *dev)
{
	struct iommu_domain *domain;

	domain = arm_smmu_xsmmu_test_domain_alloc(&dev->pci.dev);
	KUNIT_ASSERT_NOT_NULL(dev->t->test, domain);
	/* The driver may have made its tables. It does not know the type yet. */
	domain->type = IOMMU_DOMAIN_DMA;
	domain->ops = driver_ops();
	dev->domain = domain;
	KUNIT_ASSERT_EQ(dev->t->test, 0,
			arm_smmu_xsmmu_test_attach(domain, &dev->pci.dev));
	return to_smmu_domain(domain);
}

static void free_domain_of(struct fake_device *dev)
{
	arm_smmu_xsmmu_test_detach(dev->domain, &dev->pci.dev);
	dev->domain->ops->free(dev->domain);
}

/* In xSMMU mode only, and only if the walker is not coherent. */
static void driver_adopts_what_it_attaches(struct kunit *test)
{
	u32 features = *(const u32 *)test->param_value;
	bool adopted = xsmmu_mode() && !(features & COHERENT);
	struct pte_test *t = pte_create(test, features | ARM_SMMU_FEAT_TRANS_S2,
					48);
	struct fake_device *dev = new_device(t);
	struct arm_smmu_domain *d = attach_new_domain(dev);

	KUNIT_EXPECT_EQ(test, !!d->pending, adopted);
	KUNIT_EXPECT_EQ(test, d->domain.ops != driver_ops(), adopted);
	KUNIT_EXPECT_EQ(test, !!d->domain.ops->iotlb_sync_map, adopted);
	KUNIT_EXPECT_EQ(test, adopted,
			io_pgtable_ops_to_pgtable(d->pgtbl_ops)->cfg.xsmmu_defer);
	KUNIT_EXPECT_EQ(test, dev->ats_on, 0);
	free_domain_of(dev);
}

/* The device may have filled its TLB before the driver has finished. */
static void device_is_invalidated_as_soon_as_ats_is_on(struct kunit *test)
{
	struct pte_test *t = pte_create(test, COHERENT | ATS |
					      ARM_SMMU_FEAT_TRANS_S2, 48);
	struct fake_device *dev = new_device(t);

	attach_new_domain(dev);
	KUNIT_EXPECT_EQ(test, dev->ats_on, 1);
	KUNIT_EXPECT_EQ(test, dev->commands, 1);
	free_domain_of(dev);
}

static void detached_device_waits_for_readers_of_its_domain(struct kunit *test)
{
	struct fake_device *dev;
	struct detach_reader r;

	detach_test_skip(test);
	dev = new_device(pte_create(test, COHERENT | ARM_SMMU_FEAT_TRANS_S2,
				    48));
	attach_new_domain(dev);
	detach_reader_begin(test, &r);
	arm_smmu_xsmmu_test_detach(dev->domain, &dev->pci.dev);
	detach_reader_end(test, &r);
	dev->domain->ops->free(dev->domain);
}

/* Errors of iotlb_sync_map. */

/* This driver maps and unmaps nothing, anywhere. */
static int map_nothing(struct iommu_domain *domain, unsigned long iova,
		       phys_addr_t phys, size_t pgsize, size_t pgcount, int prot,
		       gfp_t gfp, size_t *mapped)
{
	*mapped = pgsize * pgcount;
	return 0;
}

static void range_beyond_the_tables_is_an_error(struct kunit *test)
{
	static const struct {
		unsigned long iova;
		size_t size;
		int err;
	} ranges[] = {
		{ BIT(48) - SZ_8K, SZ_8K, 0 },
		{ BIT(48) - SZ_4K, SZ_8K, -ERANGE },
		{ BIT(48), SZ_4K, -ERANGE },
		{ BIT(48), 0, 0 },
		{ -(unsigned long)SZ_4K, SZ_8K, -ERANGE },
	};
	struct pte_test *t = pte_start(test, NONCOHERENT);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ranges); i++) {
		t->calls = 0;
		KUNIT_EXPECT_EQ(test, ranges[i].err,
				arm_smmu_pending_clean(t->d.pending,
						       ranges[i].iova,
						       ranges[i].size));
		KUNIT_EXPECT_EQ(test, !!t->calls,
				ranges[i].size && !ranges[i].err);
	}
}

/* The driver of this test unmaps so many bytes and no more. */
static size_t unmaps_at_most;

static size_t unmap_partly(struct iommu_domain *domain, unsigned long iova,
			   size_t pgsize, size_t pgcount,
			   struct iommu_iotlb_gather *gather)
{
	return min(pgsize * pgcount, unmaps_at_most);
}

static void error_of_a_clean_reaches_the_mapper(struct kunit *test)
{
	struct pte_test *t = pte_create(test, NONCOHERENT, 48);
	struct iommu_domain_ops *driver;

	driver = fake_memory(test, sizeof(*driver));
	*driver = *driver_ops();
	driver->map_pages = map_nothing;
	driver->unmap_pages = unmap_partly;
	unmaps_at_most = SZ_4K;
	t->d.domain.ops = driver;
	arm_smmu_xsmmu_adopt(&t->d.domain);
	KUNIT_ASSERT_NOT_NULL(test, t->d.pending);
	KUNIT_EXPECT_EQ(test, pte_map(t, BIT(48), SZ_8G, SZ_4K),
			ARM_SMMU_XSMMU_TEST_SYNC_MAP_TELLS ? -ERANGE : 0);
}

/* The lines that have been noted on this CPU since the domain was adopted. */
static unsigned int noted(struct pte_test *t)
{
	struct arm_smmu_pending_log *log;
	unsigned int i, lines = 0;

	log = per_cpu_ptr(t->d.pending->log, raw_smp_processor_id());
	for (i = 0; i < log->n; i++)
		lines += hweight_long(log->lines[i].set);
	return lines;
}

static void what_the_driver_unmapped_in_a_batch_is_noted(struct kunit *test)
{
	struct pte_test *t = pte_create(test, NONCOHERENT, 48);
	struct iommu_domain_ops *driver;
	struct iommu_iotlb_gather gather;
	struct iommu_domain *domain = &t->d.domain;

	driver = fake_memory(test, sizeof(*driver));
	*driver = *driver_ops();
	driver->unmap_pages = unmap_partly;
	domain->ops = driver;
	arm_smmu_xsmmu_adopt(domain);
	KUNIT_ASSERT_NOT_NULL(test, t->d.pending);
	iommu_iotlb_gather_init(&gather);
	/* Entries in two lines. */
	unmaps_at_most = SZ_64K;
	/* An ordinary unmap. */
	KUNIT_EXPECT_EQ(test, domain->ops->unmap_pages(domain, AREA(1), SZ_4K,
						       32, &gather), SZ_64K);
	KUNIT_EXPECT_EQ(test, noted(t), 0);
	gather.queued = true;
	KUNIT_EXPECT_EQ(test, domain->ops->unmap_pages(domain, AREA(1), SZ_4K,
						       32, &gather), SZ_64K);
	KUNIT_EXPECT_EQ(test, noted(t), 2);
	unmaps_at_most = 0;
	KUNIT_EXPECT_EQ(test, domain->ops->unmap_pages(domain, AREA(2), SZ_4K,
						       32, &gather), 0);
	KUNIT_EXPECT_EQ(test, noted(t), 2);
}

/* A domain that the driver allocates, with stage-2 tables of these page sizes. */
static struct iommu_domain *new_domain(struct pte_test *t, unsigned long sizes)
{
	struct io_pgtable_cfg cfg = {
		.pgsize_bitmap = sizes, .ias = 48, .oas = 48,
		.coherent_walk = true,
		.tlb = arm_smmu_xsmmu_test_flush_ops(),
		.iommu_dev = t->f->smmu.dev,
	};
	struct iommu_domain *domain = arm_smmu_xsmmu_test_domain_alloc(NULL);
	struct arm_smmu_domain *d = to_smmu_domain(domain);

	KUNIT_ASSERT_NOT_NULL(t->test, domain);
	domain->type = IOMMU_DOMAIN_DMA;
	domain->ops = driver_ops();
	d->smmu = &t->f->smmu;
	/* It has no VMID, which the driver would give back. */
	d->stage = ARM_SMMU_DOMAIN_S2;
	d->pgtbl_ops = alloc_io_pgtable_ops(ARM_64_LPAE_S2, &cfg, d);
	KUNIT_ASSERT_NOT_NULL(t->test, d->pgtbl_ops);
	domain->pgsize_bitmap = cfg.pgsize_bitmap;
	return domain;
}

static struct iommu_domain *adopted_domain(struct pte_test *t)
{
	struct iommu_domain *domain = new_domain(t, SZ_4K);

	arm_smmu_xsmmu_adopt(domain);
	KUNIT_ASSERT_NOT_NULL(t->test, to_smmu_domain(domain)->pending);
	return domain;
}

/* The logs are per CPU memory, and the kernel counts the pages of that. */
static void ops_are_freed_with_the_domain(struct kunit *test)
{
	struct pte_test *t = pte_create(test, NONCOHERENT, 48);
	size_t log = sizeof(struct arm_smmu_pending_log);
	unsigned long before, leaked;
	struct iommu_domain *domain;
	unsigned int i;

	leaked = DOMAINS * log / PAGE_SIZE * num_possible_cpus();
	before = pcpu_nr_pages();
	for (i = 0; i < DOMAINS; i++) {
		domain = adopted_domain(t);
		domain->ops->free(domain);
	}
	KUNIT_EXPECT_LT(test, pcpu_nr_pages(), before + leaked / 2);
}

/* The counts since the last call. */
static void expect_cleans(struct pte_test *t, unsigned int lines,
			  unsigned int calls)
{
	KUNIT_EXPECT_EQ(t->test, t->lines, lines);
	KUNIT_EXPECT_EQ(t->test, t->calls, calls);
	t->lines = 0;
	t->calls = 0;
}

/* A list of 512 pages across two tables that exist already. */
static struct slot prepare_512(struct pte_test *t)
{
	struct slot s = { .iova = AREA(5) + SZ_1M, .pages = TABLE_ENTRIES,
			  .way = BIG_UNLINK };

	KUNIT_ASSERT_EQ(t->test, 0, pte_map(t, AREA(5), SZ_8G, SZ_4K));
	KUNIT_ASSERT_EQ(t->test, 0, pte_map(t, AREA(7) - SZ_4K, SZ_8G, SZ_4K));
	t->lines = 0;
	t->calls = 0;
	return s;
}

static void list_of_512_pages_costs_64_lines(struct kunit *test)
{
	struct pte_test *t = pte_start(test, NONCOHERENT);
	struct slot s = prepare_512(t);
	unsigned int i;

	KUNIT_EXPECT_EQ(test, slot_map_list(t, &s), 0);
	expect_cleans(t, 64, 2);
	for (i = 0; i < 512; i++)
		KUNIT_EXPECT_EQ(test, pte_translate(t, s.iova + i * SZ_4K),
				slot_phys(t, &s, i));
	xsmmu_unmap(t->xd, s.iova, SZ_2M);
	expect_cleans(t, 0, 0);
	KUNIT_EXPECT_EQ(test, xsmmu_sync(t->xd), 0);
	expect_cleans(t, 64, 2);
	for (i = 0; i < 512; i++)
		KUNIT_EXPECT_EQ(test, pte_translate(t, s.iova + i * SZ_4K), 0);
	/* The lines are cleaned only once. */
	KUNIT_EXPECT_EQ(test, xsmmu_sync(t->xd), 0);
	expect_cleans(t, 0, 0);
	pte_compare(t);
}

/* The same counts if the domain is not adopted: the page-table code cleans each entry at once. */
static void list_of_512_pages_costs_512_lines_without(struct kunit *test)
{
	struct pte_test *t = pte_create(test, NONCOHERENT, 48);
	struct slot s;
	unsigned int i;

	pte_enable(t);
	s = prepare_512(t);
	KUNIT_EXPECT_EQ(test, slot_map_list(t, &s), 0);
	expect_cleans(t, 512, 512);
	/* Some kernels clean the entries of one unmap together. */
	for (i = 0; i < 512; i++)
		xsmmu_unmap(t->xd, s.iova + i * SZ_4K, SZ_4K);
	expect_cleans(t, 512, 512);
}

static void pages_unmapped_one_by_one_share_a_clean(struct kunit *test)
{
	struct pte_test *t = pte_start(test, NONCOHERENT);
	struct slot s = prepare_512(t);
	unsigned int i;

	KUNIT_EXPECT_EQ(test, slot_map_list(t, &s), 0);
	t->lines = 0;
	t->calls = 0;
	/* 16 lines of the first table, backwards; then every other line. */
	for (i = 128; i--; )
		xsmmu_unmap(t->xd, s.iova + i * SZ_4K, SZ_4K);
	KUNIT_EXPECT_EQ(test, xsmmu_sync(t->xd), 0);
	expect_cleans(t, 16, 1);
	for (i = 128; i < 256; i += 16)
		xsmmu_unmap(t->xd, s.iova + i * SZ_4K, SZ_4K);
	KUNIT_EXPECT_EQ(test, xsmmu_sync(t->xd), 0);
	expect_cleans(t, 8, 8);
	pte_compare(t);
}

static void neighbouring_blocks_share_a_clean(struct kunit *test)
{
	struct pte_test *t = pte_start(test, NONCOHERENT);
	unsigned long iova = AREA(16);
	unsigned int i;

	KUNIT_ASSERT_EQ(test, 0, pte_map(t, iova + 3 * SZ_2M, SZ_8G, SZ_4K));
	t->lines = 0;
	t->calls = 0;
	/* Three blocks before a table, and twelve behind it. */
	KUNIT_EXPECT_EQ(test, 0, pte_map(t, iova, SZ_8G, 3 * SZ_2M));
	expect_cleans(t, 1, 1);
	KUNIT_EXPECT_EQ(test, 0, pte_map(t, iova + 4 * SZ_2M, SZ_16G, 12 * SZ_2M));
	expect_cleans(t, 2, 1);
	for (i = 0; i < 16; i++)
		if (i != 3)
			xsmmu_unmap(t->xd, iova + i * SZ_2M, SZ_2M);
	expect_cleans(t, 0, 0);
	KUNIT_EXPECT_EQ(test, xsmmu_sync(t->xd), 0);
	expect_cleans(t, 2, 1);
	KUNIT_EXPECT_EQ(test, pte_translate(t, iova + 3 * SZ_2M), SZ_8G);
	pte_compare(t);
}

/* One mapping of pages, blocks, and pages again. */
static void mapping_of_blocks_and_pages_is_cleaned_whole(struct kunit *test)
{
	struct pte_test *t = pte_start(test, NONCOHERENT);
	unsigned long iova = AREA(20) - 3 * SZ_4K, i;
	size_t size = 3 * SZ_4K + 2 * SZ_2M + 5 * SZ_4K;
	phys_addr_t phys = SZ_8G + SZ_2M - 3 * SZ_4K;

	KUNIT_EXPECT_EQ(test, 0, pte_map(t, iova, phys, size));
	for (i = 0; i < size; i += SZ_4K)
		KUNIT_EXPECT_EQ(test, pte_translate(t, iova + i), phys + i);
	xsmmu_unmap(t->xd, iova, size);
	KUNIT_EXPECT_EQ(test, xsmmu_sync(t->xd), 0);
	for (i = 0; i < size; i += SZ_4K)
		KUNIT_EXPECT_EQ(test, pte_translate(t, iova + i), 0);
	pte_compare(t);
}

/* More groups of lines than fit into the log. */
static void full_log_is_cleaned_in_place(struct kunit *test)
{
	struct pte_test *t = pte_start(test, NONCOHERENT);
	unsigned int n = ARM_SMMU_LINE_GROUPS + 3, i;

	for (i = 0; i < n; i++)
		KUNIT_ASSERT_EQ(test, 0, pte_map(t, AREA(20 + i), SZ_8G, SZ_4K));
	t->lines = 0;
	t->calls = 0;
	for (i = 0; i < n; i++)
		xsmmu_unmap(t->xd, AREA(20 + i), SZ_4K);
	expect_cleans(t, ARM_SMMU_LINE_GROUPS, ARM_SMMU_LINE_GROUPS);
	KUNIT_EXPECT_EQ(test, xsmmu_sync(t->xd), 0);
	expect_cleans(t, 3, 3);
	pte_compare(t);
}

/* The topmost table has four entries, which is half a line. */
static void short_table_is_cleaned_no_further(struct kunit *test)
{
	struct pte_test *t = pte_create(test, NONCOHERENT, 32);

	pte_open(t);
	KUNIT_ASSERT_EQ(test, 0, pte_map(t, SZ_1G, SZ_8G, SZ_2G));
	KUNIT_EXPECT_EQ(test, pte_translate(t, SZ_2G), SZ_8G + SZ_1G);
	expect_cleans(t, 1, 1);
	xsmmu_unmap(t->xd, SZ_1G, SZ_2G);
	KUNIT_EXPECT_EQ(test, xsmmu_sync(t->xd), 0);
	expect_cleans(t, 1, 1);
	KUNIT_EXPECT_EQ(test, pte_translate(t, SZ_2G), 0);
}

static void ordinary_unmap_is_cleaned_at_once(struct kunit *test)
{
	struct pte_test *t = pte_start(test, NONCOHERENT);
	struct slot *s = &t->slot[PAGES];

	slot_map(t, s);
	KUNIT_EXPECT_EQ(test, iommu_unmap(&t->d.domain, s->iova,
					  LIST_PAGES * SZ_4K),
			LIST_PAGES * SZ_4K);
	KUNIT_EXPECT_FALSE(test, tlb_reaches(t, s->iova, LIST_PAGES * SZ_4K));
	KUNIT_EXPECT_TRUE(test, cpumask_empty(&t->d.pending->busy));
	pte_compare(t);
}

static void table_of_a_split_block_is_cleaned_whole(struct kunit *test)
{
	struct pte_test *t = pte_start(test, NONCOHERENT);
	unsigned long iova = AREA(6);
	unsigned int i;

	KUNIT_ASSERT_EQ(test, 0, pte_map(t, iova, SZ_8G, SZ_2M));
	KUNIT_EXPECT_EQ(test, SZ_4K, iommu_unmap(&t->d.domain,
						 iova + 7 * SZ_4K, SZ_4K));
	for (i = 0; i < 512; i++)
		KUNIT_EXPECT_EQ(test, pte_translate(t, iova + i * SZ_4K),
				i == 7 ? 0 : SZ_8G + i * SZ_4K);
	pte_compare(t);
}

/* No driver does this. The TLB caches the block. */
static void split_in_a_batch_drops_the_block(struct kunit *test)
{
	struct pte_test *t = pte_start(test, RANGES);
	struct slot *s = &t->slot[PAGES + LISTS];

	slot_map(t, s);
	xsmmu_unmap(t->xd, s->iova, SZ_4K);
	KUNIT_EXPECT_EQ(test, xsmmu_sync(t->xd), 0);
	KUNIT_EXPECT_EQ(test, t->watch[s->first].level, 0);
	KUNIT_EXPECT_EQ(test, t->watch[s->first + 1].level, 3);
	xsmmu_unmap(t->xd, s->iova + SZ_4K, SZ_2M - SZ_4K);
	KUNIT_EXPECT_EQ(test, xsmmu_sync(t->xd), 0);
	pte_compare(t);
}

static void failed_mapping_leaves_no_entries(struct kunit *test)
{
	struct pte_test *t = pte_start(test, NONCOHERENT);
	unsigned long iova = AREA(21) - 9 * SZ_4K;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, 0, pte_map(t, AREA(20), SZ_8G, SZ_4K));
	/* There is no memory for the second table. */
	t->fail_map = 1;
	KUNIT_EXPECT_NE(test, 0, pte_map(t, iova, SZ_8G + SZ_4K, 20 * SZ_4K));
	KUNIT_EXPECT_EQ(test, t->fail_map, 0);
	for (i = 0; i < 20; i++)
		KUNIT_EXPECT_EQ(test, pte_translate(t, iova + i * SZ_4K), 0);
	pte_compare(t);
}

/* The driver's own invalidation at an unlink fails, and the driver is not told. */
static void failed_invalidation_at_an_unlink_is_repeated(struct kunit *test)
{
	struct pte_test *t = pte_start(test, RANGES);
	struct slot *s = &t->slot[PAGES + LISTS];

	s->way = BIG_UNLINK;
	slot_map(t, s);
	t->f->refuse_op = RAW_NH_VA;
	t->f->refuse = 1;
	slot_take(t, s, SLOT_LIVE);
	slot_unmap(t, s);
	KUNIT_EXPECT_EQ(test, t->f->refuse, 0);
	KUNIT_EXPECT_NE(test, t->watch[s->first].level, 0);
	KUNIT_EXPECT_EQ(test, pte_sync(t, xsmmu_sync), 0);
	KUNIT_EXPECT_EQ(test, t->watch[s->first].level, 0);
	pte_compare(t);
}

/* Cleared on one CPU, synced on another. */

struct unmap_work {
	struct work_struct work;
	struct pte_test *t;
	struct slot *slot;
};

static void unmap_by_work(struct work_struct *work)
{
	struct unmap_work *u = container_of(work, struct unmap_work, work);

	slot_take(u->t, u->slot, SLOT_LIVE);
	slot_unmap(u->t, u->slot);
}

static void unmap_on(unsigned int cpu, struct pte_test *t, struct slot *s)
{
	struct unmap_work u = { .t = t, .slot = s };

	INIT_WORK_ONSTACK(&u.work, unmap_by_work);
	queue_work_on(cpu, system_wq, &u.work);
	flush_work(&u.work);
	destroy_work_on_stack(&u.work);
}

static void sync_on_another_cpu_covers_it(struct kunit *test)
{
	struct pte_test *t = pte_start(test, NONCOHERENT);
	unsigned int cpu = fake_engine_third_cpu(test, &t->f->engine), i;

	for (i = 0; i < 6; i++) {
		slot_map(t, &t->slot[i]);
		unmap_on(cpu, t, &t->slot[i]);
	}
	KUNIT_EXPECT_EQ(test, pte_sync(t, xsmmu_sync), 0);
	KUNIT_EXPECT_EQ(test, t->violations, 0);
	/* The ranges are still in the other CPU's quarantine. */
	KUNIT_EXPECT_EQ(test, t->done, 0);
	KUNIT_EXPECT_TRUE(test, xsmmu_drain(t->xd));
	KUNIT_EXPECT_EQ(test, t->done, 6);
	pte_compare(t);
}

static void sync_cleans_the_lines_of_all_cpus(struct kunit *test)
{
	struct pte_test *t = pte_start(test, RANGES);
	unsigned int cpu = fake_engine_third_cpu(test, &t->f->engine), i;

	for (i = PAGES; i < PAGES + 3; i++) {
		slot_map(t, &t->slot[i]);
		slot_take(t, &t->slot[i], SLOT_LIVE);
		slot_unmap(t, &t->slot[i]);
	}
	slot_map(t, &t->slot[0]);
	unmap_on(cpu, t, &t->slot[0]);
	KUNIT_EXPECT_EQ(test, pte_sync(t, xsmmu_sync), 0);
	KUNIT_EXPECT_EQ(test, t->watch[t->slot[0].first].level, 0);
	KUNIT_EXPECT_TRUE(test, xsmmu_drain(t->xd));
	pte_compare(t);
}

/* The CPU that holds the log's lock was stopped, so its lines cannot be cleaned. */
static void locked_log_in_an_oops_fails_each_sync(struct kunit *test)
{
	struct pte_test *t = pte_start(test, NONCOHERENT);
	struct iommu_domain *domain = &t->d.domain;
	struct arm_smmu_pending_log *log;
	unsigned long flags;
	int err[2];

	slot_map(t, &t->slot[0]);
	slot_take(t, &t->slot[0], SLOT_LIVE);
	slot_unmap(t, &t->slot[0]);
	log = per_cpu_ptr(t->d.pending->log, raw_smp_processor_id());
	raw_spin_lock_irqsave(&log->lock, flags);
	oops_in_progress++;
	err[0] = arm_smmu_xsmmu_sync_domain_iotlb(domain, false);
	err[1] = arm_smmu_xsmmu_sync_domain_iotlb(domain, true);
	oops_in_progress--;
	raw_spin_unlock_irqrestore(&log->lock, flags);
	KUNIT_EXPECT_EQ(test, err[0], -EIO);
	KUNIT_EXPECT_EQ(test, err[1], -EIO);
	KUNIT_EXPECT_EQ(test, pte_sync(t, xsmmu_sync), 0);
	pte_compare(t);
}

/* Leaf entries. */

static void entry_is_found_in_stage_1_tables(struct kunit *test)
{
	u32 features = *(const u32 *)test->param_value;
	struct pte_test *t = pte_start(test, features);
	unsigned int after = XSMMU_ORDER_ENTRY;

	leaf_test(test, &t->d.domain);
	if (!(features & COHERENT))
		after |= XSMMU_CLEAN_ENTRY;
	KUNIT_EXPECT_EQ(test, leaf_test_after(test, &t->d.domain), after);
}

static void entry_is_found_in_stage_2_tables(struct kunit *test)
{
	struct pte_test *t = pte_create(test, COHERENT, 48);
	struct iommu_domain *domain = new_domain(t, SZ_4K | SZ_2M | SZ_1G);

	/* This domain is not adopted, either. */
	leaf_test(test, domain);
	KUNIT_EXPECT_EQ(test, leaf_test_after(test, domain), XSMMU_ORDER_ENTRY);
	domain->ops->free(domain);
}

static void entry_of_a_larger_granule_is_not_found(struct kunit *test)
{
	static const unsigned long sizes[] = {
		SZ_16K | SZ_32M, SZ_64K | SZ_512M,
	};
	struct pte_test *t = pte_create(test, COHERENT, 48);
	struct iommu_domain *domain;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		domain = new_domain(t, sizes[i]);
		leaf_test_map(test, domain, LEAF_AREA, SZ_64K);
		KUNIT_EXPECT_NULL(test, leaf_test_entry(domain, LEAF_AREA));
		KUNIT_EXPECT_NULL(test, leaf_test_entry(domain, LEAF_BLOCK));
		domain->ops->free(domain);
	}
}

static void domain_without_tables_has_no_entries(struct kunit *test)
{
	struct arm_smmu_domain *d = fake_memory(test, sizeof(*d));

	d->domain.ops = driver_ops();
	KUNIT_EXPECT_NULL(test, leaf_test_entry(&d->domain, 0));
}

/* Clear the entry of a mapped page as the core does that was shown it. */
static void clear_entry(struct pte_test *t, struct slot *s)
{
	u64 *entry = leaf_test_entry(&t->d.domain, s->iova);

	WRITE_ONCE(*entry, 0);
	if (t->d.pending)
		arm_smmu_pending_clean(t->d.pending, s->iova, SZ_4K);
	/* The caller of the sync has one between the clear and the sync. */
	smp_mb();
}

static void sync_covers_what_the_core_has_cleared_itself(struct kunit *test)
{
	struct pte_test *t = pte_start(test, *(const u32 *)test->param_value);
	struct slot *direct = &t->slot[0], *batched = &t->slot[1];

	slot_map(t, direct);
	slot_map(t, batched);
	clear_entry(t, direct);
	slot_take(t, batched, SLOT_LIVE);
	slot_unmap(t, batched);
	KUNIT_EXPECT_EQ(test, pte_sync(t, xsmmu_sync), 0);
	KUNIT_EXPECT_EQ(test, t->watch[batched->first].level, 0);
	KUNIT_EXPECT_EQ(test, t->watch[direct->first].level, 0);
	pte_compare(t);
}

/* Clear the entries of some pages, and name @n pages. Others stay cached. */
static void clear_and_name(struct pte_test *t, unsigned int cleared,
			   unsigned int n)
{
	struct xsmmu_run run[] = {
		{ t->slot[2].iova, n }, { t->slot[20].iova, 1 },
	};
	unsigned int i;

	for (i = 0; i < PAGES; i++)
		slot_map(t, &t->slot[i]);
	for (i = 2; i < 2 + cleared; i++)
		clear_entry(t, &t->slot[i]);
	clear_entry(t, &t->slot[20]);
	KUNIT_EXPECT_EQ(t->test, sync_runs_of(&t->d.domain, run, 2), 0);
}

static void runs_drop_these_pages_and_no_others(struct kunit *test)
{
	struct pte_test *t = pte_start(test, *(const u32 *)test->param_value);
	unsigned int i;

	clear_and_name(t, 7, 7);
	for (i = 0; i < PAGES; i++)
		KUNIT_EXPECT_EQ(test, t->watch[t->slot[i].first].level,
				(i >= 2 && i < 9) || i == 20 ? 0 : 3);
	pte_compare(t);
}

/* Positive controls: each mistake is a violation. */

static void run_that_is_too_short_is_found(struct kunit *test)
{
	struct pte_test *t = pte_start(test, *(const u32 *)test->param_value);

	clear_and_name(t, 7, 6);
	KUNIT_EXPECT_EQ(test, t->watch[t->slot[7].first].level, 0);
	KUNIT_EXPECT_EQ(test, t->watch[t->slot[8].first].level, 3);
}

static void lost_clean_is_found(struct kunit *test)
{
	struct pte_test *t = pte_start(test, NONCOHERENT);

	slot_map(t, &t->slot[0]);
	slot_take(t, &t->slot[0], SLOT_LIVE);
	slot_unmap(t, &t->slot[0]);
	t->lose_one_in = 1;
	KUNIT_EXPECT_EQ(test, pte_sync(t, xsmmu_sync), 0);
	KUNIT_EXPECT_GT(test, pte_take_violations(t), 0);
	slot_map(t, &t->slot[1]);
	KUNIT_EXPECT_GT(test, pte_take_violations(t), 0);
}

static void ignored_cpu_is_found(struct kunit *test)
{
	struct pte_test *t = pte_start(test, NONCOHERENT);

	slot_map(t, &t->slot[0]);
	unmap_on(fake_engine_third_cpu(test, &t->f->engine), t, &t->slot[0]);
	cpumask_clear(&t->d.pending->busy);
	KUNIT_EXPECT_EQ(test, pte_sync(t, drain_all), 0);
	KUNIT_EXPECT_GT(test, pte_take_violations(t), 0);
}

/* (c) Random work on all CPUs. */

/**
 * struct pte_worker - one CPU's share
 * @work: runs it
 * @t: the test
 * @number: number of the CPU among the workers
 * @rnd: random numbers
 * @end: time at which it gives up
 */
struct pte_worker {
	struct work_struct work;
	struct pte_test *t;
	unsigned int number;
	struct rnd_state rnd;
	ktime_t end;
};

/* Unmap a page as the core does in a window: clear its entry, sync it alone. */
static void slot_clear(struct pte_test *t, struct slot *s)
{
	struct xsmmu_run run = { s->iova, 1 };
	unsigned long flags;

	clear_entry(t, s);
	/* Commands of all CPUs are refused now and then. */
	while (sync_runs_of(&t->d.domain, &run, 1))
		cond_resched();
	raw_spin_lock_irqsave(&t->lock, flags);
	if (tlb_reaches(t, s->iova, SZ_4K))
		pte_violation(t, "a page translates after a sync of its run");
	t->cleared++;
	s->state = SLOT_FREE;
	raw_spin_unlock_irqrestore(&t->lock, flags);
}

static void slot_end(struct pte_test *t, struct slot *s, bool by_run)
{
	if (by_run && s->pages == 1)
		slot_clear(t, s);
	else
		slot_unmap(t, s);
}

static void worker_turn(struct pte_worker *w)
{
	unsigned int r = prandom_u32_state(&w->rnd);
	struct pte_test *t = w->t;
	struct slot *s = &t->slot[r % SLOTS];

	if (r >> 16 & 7 && s->owner == w->number) {
		if (slot_take(t, s, SLOT_LIVE))
			slot_end(t, s, r >> 19 & 1);
		else if (slot_take(t, s, SLOT_FREE))
			slot_map(t, s);
	} else if (!(r >> 20 & 7)) {
		pte_sync(t, r >> 24 & 3 ? xsmmu_sync : drain_all);
	}
}

static bool pte_enough(struct pte_test *t)
{
	return READ_ONCE(t->violations) ||
	       (READ_ONCE(t->done) >= ENOUGH_SLOTS &&
		READ_ONCE(t->syncs) >= ENOUGH_SYNCS);
}

static void worker_work(struct work_struct *work)
{
	struct pte_worker *w = container_of(work, struct pte_worker, work);

	while (!pte_enough(w->t) && ktime_before(ktime_get(), w->end)) {
		worker_turn(w);
		cond_resched();
	}
}

/* Give neighbouring slots to different owners. */
static void assign_slots(struct pte_test *t, unsigned int owners)
{
	unsigned int i;

	for (i = 0; i < SLOTS; i++) {
		t->slot[i].owner = i % owners;
		t->slot[i].way = BIG_BLOCK;
	}
	/* A walk without shadow must not read a table that was freed. */
	t->ways = !t->coherent;
}

static void run_workers(struct pte_test *t)
{
	ktime_t end = ktime_add_ms(ktime_get(), SECONDS_MOST * MSEC_PER_SEC);
	struct pte_worker *w;
	unsigned int cpu, n = 0;

	w = fake_memory(t->test, nr_cpu_ids * sizeof(*w));
	assign_slots(t, num_online_cpus() - 1);
	for_each_online_cpu(cpu) {
		if (cpu == t->f->engine.cpu)
			continue;
		w[n].t = t;
		w[n].number = n;
		w[n].end = end;
		prandom_seed_state(&w[n].rnd, 3 + n);
		INIT_WORK(&w[n].work, worker_work);
		queue_work_on(cpu, system_long_wq, &w[n].work);
		n++;
	}
	while (n--)
		flush_work(&w[n].work);
}

/* Unmap and release what is left. */
static void finish(struct pte_test *t)
{
	struct slot *s;

	t->refuse_one_in = 0;
	for (s = t->slot; s < t->slot + SLOTS; s++)
		if (slot_take(t, s, SLOT_LIVE))
			slot_unmap(t, s);
	KUNIT_EXPECT_EQ(t->test, pte_sync(t, drain_all), 0);
	for (s = t->slot; s < t->slot + SLOTS; s++)
		KUNIT_EXPECT_EQ(t->test, s->state, SLOT_FREE);
}

static void random_batches_on_all_cpus_leave_no_translation(struct kunit *test)
{
	u32 features = *(const u32 *)test->param_value;
	struct pte_test *t = pte_start(test, features);

	t->f->lazy = 5;
	/* Without range invalidation the driver sends a command per page of an area. */
	t->refuse_one_in = features & RANGES ? 50 : 1000;
	run_workers(t);
	finish(t);
	kunit_info(test, "seeds 1 to %u: %u slots, %u runs, %u syncs, %d errors, %u lines in %u cleans\n",
		   num_online_cpus() + 1, t->done, t->cleared, t->syncs,
		   atomic_read(&t->f->smmu.xsmmu_errors), t->lines, t->calls);
	KUNIT_EXPECT_GE(test, t->done, ENOUGH_SLOTS);
	KUNIT_EXPECT_GE(test, t->cleared, ENOUGH_SLOTS / 8);
	KUNIT_EXPECT_GE(test, t->syncs, ENOUGH_SYNCS);
	pte_compare(t);
}

/* The same work with a mistake in it. */
static void lost_cleans_among_random_batches_are_found(struct kunit *test)
{
	struct pte_test *t = pte_start(test, NONCOHERENT);

	t->f->lazy = 5;
	t->lose_one_in = 100;
	run_workers(t);
	KUNIT_EXPECT_GT(test, pte_take_violations(t), 0);
	t->lose_one_in = 0;
	finish(t);
	pte_take_violations(t);
}

static struct kunit_case smmu_pte_cases[] = {
	KUNIT_CASE(domain_of_a_coherent_smmu_is_not_adopted),
	KUNIT_CASE(domains_are_adopted_in_xsmmu_mode_only),
	KUNIT_CASE(only_the_first_attach_adopts),
	KUNIT_CASE(all_other_ops_are_the_drivers),
	KUNIT_CASE(iotlb_sync_map_of_the_driver_is_not_replaced),
	KUNIT_CASE_PARAM(driver_adopts_what_it_attaches, kinds_gen_params),
	KUNIT_CASE(device_is_invalidated_as_soon_as_ats_is_on),
	KUNIT_CASE(detached_device_waits_for_readers_of_its_domain),
	KUNIT_CASE(range_beyond_the_tables_is_an_error),
	KUNIT_CASE(error_of_a_clean_reaches_the_mapper),
	KUNIT_CASE(what_the_driver_unmapped_in_a_batch_is_noted),
	KUNIT_CASE(ops_are_freed_with_the_domain),
	KUNIT_CASE(list_of_512_pages_costs_64_lines),
	KUNIT_CASE(list_of_512_pages_costs_512_lines_without),
	KUNIT_CASE(pages_unmapped_one_by_one_share_a_clean),
	KUNIT_CASE(neighbouring_blocks_share_a_clean),
	KUNIT_CASE(mapping_of_blocks_and_pages_is_cleaned_whole),
	KUNIT_CASE(full_log_is_cleaned_in_place),
	KUNIT_CASE(short_table_is_cleaned_no_further),
	KUNIT_CASE(ordinary_unmap_is_cleaned_at_once),
	KUNIT_CASE(table_of_a_split_block_is_cleaned_whole),
	KUNIT_CASE(split_in_a_batch_drops_the_block),
	KUNIT_CASE(failed_mapping_leaves_no_entries),
	KUNIT_CASE(failed_invalidation_at_an_unlink_is_repeated),
	KUNIT_CASE(sync_on_another_cpu_covers_it),
	KUNIT_CASE(sync_cleans_the_lines_of_all_cpus),
	KUNIT_CASE(locked_log_in_an_oops_fails_each_sync),
	KUNIT_CASE_PARAM(entry_is_found_in_stage_1_tables, kinds_gen_params),
	KUNIT_CASE(entry_is_found_in_stage_2_tables),
	KUNIT_CASE(entry_of_a_larger_granule_is_not_found),
	KUNIT_CASE(domain_without_tables_has_no_entries),
	KUNIT_CASE_PARAM(sync_covers_what_the_core_has_cleared_itself,
			 kinds_gen_params),
	KUNIT_CASE_PARAM(runs_drop_these_pages_and_no_others, kinds_gen_params),
	KUNIT_CASE_PARAM(run_that_is_too_short_is_found, kinds_gen_params),
	KUNIT_CASE(lost_clean_is_found),
	KUNIT_CASE(ignored_cpu_is_found),
	KUNIT_CASE_PARAM(random_batches_on_all_cpus_leave_no_translation,
			 kinds_gen_params),
	KUNIT_CASE(lost_cleans_among_random_batches_are_found),
	{}
};

static struct kunit_suite smmu_pte_suite = {
	.name = "xsmmu-arm-smmu-v3-pte",
	.init = pte_init,
	.exit = pte_exit,
	.test_cases = smmu_pte_cases,
};

kunit_test_suites(&smmu_pte_suite);
