/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Page tables as a non-coherent SMMU reads them, and a TLB that keeps each
 * translation for as long as the architecture allows.
 *
 * DOC: the shadow and the TLB
 *
 * The walker reads a shadow of the tables. When the driver maps a table for DMA,
 * its page in the shadow becomes a copy. After that only the lines that the driver
 * cleans are copied. So the page-table code runs unmodified and is observed at
 * the DMA API. The backend, which cleans below that API, tells what it cleans.
 *
 * The TLB watches some pages. It fetches their translations from the shadow when
 * they are mapped, and again right after each invalidation that dropped them. If
 * a line is cleaned too late, or an invalidation is too narrow, a translation
 * stays. The test reports a violation if a range is released or a sync returns
 * while the TLB still reaches its pages.
 *
 * Included by xsmmu-pte-test.c, after xsmmu-test.c.
 */
#ifndef _ARM_SMMU_V3_XSMMU_TEST_SHADOW_H
#define _ARM_SMMU_V3_XSMMU_TEST_SHADOW_H

#include <linux/dma-map-ops.h>
#include <linux/io-pgtable.h>
#include <linux/scatterlist.h>
#include "../../xsmmu/internal.h"

#define SHADOW_TABLES	64
#define TABLE_ENTRIES	512
#define LINE		64

/* Parts of an entry: the address, and a bit that is for software. */
#define ENTRY_ADDRESS	0x0000fffffffff000ULL
#define ENTRY_SW_SYNC	BIT_ULL(55)

/* The address space: areas of 2 MiB. */
#define AREA_BASE	SZ_1G
#define AREA(i)		(AREA_BASE + (unsigned long)(i) * SZ_2M)

/* Slots: single pages, lists of pages, and whole areas. */
#define PAGES		32
#define LISTS		8
#define BIGS		6
#define SLOTS		(PAGES + LISTS + BIGS)
#define LIST_PAGES	8

#define WATCHED		(PAGES + LISTS * LIST_PAGES + BIGS * 4)

struct shadow {
	phys_addr_t phys;
	size_t size;
	u64 *entry;
};

/* How a whole area is mapped and unmapped. */
enum big_way {
	BIG_BLOCK,		/* one entry */
	BIG_UNLINK,		/* 512 entries; the unmap unlinks their table */
	BIG_HALVES,		/* 512 entries; their empty table stays */
	BIG_WAYS,
};

/**
 * struct slot - a range that is mapped and unmapped as one
 * @iova: its first bus address
 * @pages: its length in pages
 * @owner: number of the CPU that maps and unmaps it
 * @way: how it is mapped, if it is a whole area
 * @state: free, being changed, mapped, or cleared and not yet released
 * @left: pages not yet released
 * @turn: how often it has been mapped
 * @first: index of its first watched page
 * @watched: number of its watched pages
 */
struct slot {
	unsigned long iova;
	unsigned int pages;
	unsigned int owner;
	enum big_way way;
	enum { SLOT_FREE, SLOT_BUSY, SLOT_LIVE, SLOT_GONE } state;
	unsigned int left;
	unsigned int turn;
	unsigned int first;
	unsigned int watched;
};

/**
 * struct watched - a page whose translation the TLB fetches
 * @iova: the page
 * @level: of the entry that is cached for it; 0 if none is
 */
struct watched {
	unsigned long iova;
	unsigned int level;
};

/**
 * struct pte_test - a domain whose tables and TLB are watched
 * @test: the running test
 * @f: the SMMU
 * @d: the domain
 * @iovad: an allocator; no test allocates from it
 * @xd: core's state
 * @ttbr: the topmost table
 * @ias: bits of an address
 * @coherent: the walker reads the tables themselves
 * @page: pages of memory to map
 * @lose_one_in: one in so many cleans is lost, for positive controls
 * @refuse_one_in: one in so many commands is an error
 * @fail_map: the allocation of the table with this number fails; 0 for none
 * @ways: each area is mapped another way each time
 * @lock: protects all below
 * @rnd: random numbers for @lose_one_in and @refuse_one_in
 * @shadow: memory without the caches
 * @calls: number of cleans
 * @lines: number of lines cleaned
 * @slot: the slots
 * @watch: the TLB
 * @violations: number of violations
 * @violation: text of the first one
 * @syncs: number of syncs that succeeded
 * @done: number of slots that were mapped, unmapped and released
 * @cleared: number of slots whose entry was cleared and synced by itself
 */
struct pte_test {
	struct kunit *test;
	struct smmu_fake *f;
	struct arm_smmu_domain d;
	struct iova_domain iovad;
	struct xsmmu_domain *xd;
	phys_addr_t ttbr;
	unsigned int ias;
	bool coherent;
	struct page *page;
	unsigned int lose_one_in;
	unsigned int refuse_one_in;
	unsigned int fail_map;
	bool ways;

	raw_spinlock_t lock;
	struct rnd_state rnd;
	struct shadow shadow[SHADOW_TABLES];
	unsigned int calls;
	unsigned int lines;
	struct slot slot[SLOTS];
	struct watched watch[WATCHED];
	unsigned int violations;
	const char *violation;
	unsigned int syncs;
	unsigned int done;
	unsigned int cleared;
};

static void pte_violation(struct pte_test *t, const char *violation)
{
	if (!t->violations++)
		t->violation = violation;
}

static bool pte_one_in(struct pte_test *t, unsigned int n)
{
	return n && !(prandom_u32_state(&t->rnd) % n);
}

/* (a) Memory, as the walker reads it. */

/* The shadow of the table at @phys, or NULL. The search starts at the place of @home. */
static struct shadow *shadow_find(struct pte_test *t, phys_addr_t home,
				  phys_addr_t phys)
{
	unsigned int first = home / SZ_4K, i;
	struct shadow *s;

	for (i = 0; i < SHADOW_TABLES; i++) {
		s = &t->shadow[(first + i) % SHADOW_TABLES];
		if (s->phys == phys)
			return s;
	}
	return NULL;
}

static struct shadow *shadow_of(struct pte_test *t, phys_addr_t phys)
{
	return shadow_find(t, phys, phys & PAGE_MASK);
}

static dma_addr_t shadow_map(struct device *dev, phys_addr_t phys, size_t size,
			     enum dma_data_direction dir, unsigned long attrs)
{
	struct pte_test *t = dev_get_drvdata(dev);
	dma_addr_t dma = phys;
	struct shadow *s;
	unsigned long flags;

	if (t->fail_map && !--t->fail_map)
		return DMA_MAPPING_ERROR;
	raw_spin_lock_irqsave(&t->lock, flags);
	s = shadow_find(t, dma, 0);
	if (s) {
		s->phys = dma;
		s->size = size;
		memcpy(s->entry, phys_to_virt(dma), size);
	}
	raw_spin_unlock_irqrestore(&t->lock, flags);
	return s ? dma : DMA_MAPPING_ERROR;
}

static void shadow_unmap(struct device *dev, dma_addr_t dma, size_t size,
			 enum dma_data_direction dir, unsigned long attrs)
{
	struct pte_test *t = dev_get_drvdata(dev);
	struct shadow *s;
	unsigned long flags;

	raw_spin_lock_irqsave(&t->lock, flags);
	s = shadow_of(t, dma);
	if (s)
		s->phys = 0;
	raw_spin_unlock_irqrestore(&t->lock, flags);
}

static void shadow_clean(struct device *dev, dma_addr_t dma, size_t size,
			 enum dma_data_direction dir)
{
	struct pte_test *t = dev_get_drvdata(dev);
	phys_addr_t from = ALIGN_DOWN(dma, LINE), to = ALIGN(dma + size, LINE);
	unsigned long flags, i;
	struct shadow *s;
	u64 *entry;

	raw_spin_lock_irqsave(&t->lock, flags);
	t->calls++;
	t->lines += (to - from) / LINE;
	s = shadow_of(t, dma);
	if (!s || dma + size > s->phys + s->size)
		pte_violation(t, "cleaned memory that is no table");
	if (s && !pte_one_in(t, t->lose_one_in)) {
		entry = phys_to_virt(s->phys);
		for (i = (from - s->phys) / 8; i < (to - s->phys) / 8; i++)
			WRITE_ONCE(s->entry[i], READ_ONCE(entry[i]));
	}
	raw_spin_unlock_irqrestore(&t->lock, flags);
}

DEFINE_ARM_SMMU_XSMMU_TEST_OPS(shadow_ops, shadow_map, shadow_unmap, shadow_clean);

static u64 *shadow_table(struct pte_test *t, phys_addr_t phys)
{
	struct shadow *s;

	if (t->coherent)
		return phys_to_virt(phys);
	s = shadow_of(t, phys);
	return s ? s->entry : NULL;
}

/*
 * Walk 4 KiB tables of 48 or 32 bits, independently of the walker under test.
 * Returns what @iova translates to, and its level. The caller holds the lock.
 */
static u64 shadow_walk(struct pte_test *t, unsigned long iova,
		       unsigned int *level)
{
	u64 *table, entry, phys = t->ttbr;
	unsigned int shift;

	for (*level = t->ias == 48 ? 0 : 1; *level < 4; (*level)++) {
		shift = 39 - 9 * *level;
		table = shadow_table(t, phys);
		if (!table) {
			pte_violation(t, "walked to memory that is no table");
			break;
		}
		entry = READ_ONCE(table[iova >> shift & 511]);
		if (!(entry & 1))
			break;
		if (*level == 3 || !(entry & 2))
			return (entry & ENTRY_ADDRESS) |
			       (iova & (BIT(shift) - 1));
		phys = entry & ENTRY_ADDRESS;
	}
	*level = 0;
	return 0;
}

static u64 pte_translate(struct pte_test *t, unsigned long iova)
{
	unsigned int level;
	unsigned long flags;
	u64 phys;

	raw_spin_lock_irqsave(&t->lock, flags);
	phys = shadow_walk(t, iova, &level);
	raw_spin_unlock_irqrestore(&t->lock, flags);
	return phys;
}

/* (b) The TLB. */

/* Does an invalidation of [@from, @to) with this level hint drop an entry? */
static bool tlb_hit(const struct watched *w, u64 from, u64 to, unsigned int ttl)
{
	u64 span = w->level == 2 ? SZ_2M : SZ_4K;
	u64 start = ALIGN_DOWN(w->iova, span);

	return w->level && (!ttl || ttl == w->level) && start < to &&
	       start + span > from;
}

static void tlb_invalidate(struct pte_test *t, u64 from, u64 to,
			   unsigned int ttl)
{
	struct watched *w;

	for (w = t->watch; w < t->watch + WATCHED; w++)
		if (tlb_hit(w, from, to, ttl))
			shadow_walk(t, w->iova, &w->level);
}

/* The engine has consumed a command. */
static void tlb_seen(void *arg, const u64 *cmd)
{
	struct pte_test *t = arg;
	struct smmu_cmd tlbi = { { cmd[0], cmd[1] } };
	u64 from = cmd[1] & ~0xfffULL, to = from + SZ_4K;
	unsigned long flags;

	raw_spin_lock_irqsave(&t->lock, flags);
	if ((cmd[0] & 0xff) == RAW_NH_ASID) {
		tlb_invalidate(t, 0, U64_MAX, 0);
	} else if ((cmd[0] & 0xff) == RAW_NH_VA) {
		if (cmd[1] >> 10 & 3)
			to = range_end(tlbi);
		tlb_invalidate(t, from, to, cmd[1] >> 8 & 3);
	}
	if (pte_one_in(t, t->refuse_one_in)) {
		t->f->refuse_op = pte_one_in(t, 2) ? RAW_NH_ASID : RAW_NH_VA;
		t->f->refuse = 1;
	}
	raw_spin_unlock_irqrestore(&t->lock, flags);
}

/* Does a page of [@iova, @iova + @size) still translate? The caller holds the lock. */
static bool tlb_reaches(struct pte_test *t, unsigned long iova, size_t size)
{
	struct watched *w;
	unsigned int level;

	for (w = t->watch; w < t->watch + WATCHED; w++)
		if (w->iova - iova < size &&
		    (w->level || shadow_walk(t, w->iova, &level)))
			return true;
	return false;
}

/* (c) Slots. */

/* The memory that page @i of a slot is mapped to. */
static phys_addr_t slot_phys(struct pte_test *t, struct slot *s, unsigned int i)
{
	if (s->pages == 1)
		return SZ_8G + (s->iova - AREA_BASE);
	if (s->pages == LIST_PAGES)
		return page_to_phys(t->page) + (i * 3 % LIST_PAGES) * SZ_4K;
	if (s->way == BIG_BLOCK)
		return SZ_8G + (s->iova - AREA_BASE) + i * SZ_4K;
	return page_to_phys(t->page) + (i % 2 ? 0 : SZ_8K);
}

static int pte_map(struct pte_test *t, unsigned long iova, phys_addr_t phys,
		   size_t size)
{
	return xsmmu_map(&t->d.domain, iova, phys, size,
			 IOMMU_READ | IOMMU_WRITE);
}

static int slot_map_list(struct pte_test *t, struct slot *s)
{
	struct sg_table sgt;
	struct scatterlist *sg;
	ssize_t mapped;
	int i;

	if (sg_alloc_table(&sgt, s->pages, GFP_KERNEL))
		return -ENOMEM;
	for_each_sgtable_sg(&sgt, sg, i)
		sg_set_page(sg, phys_to_page(slot_phys(t, s, i)), SZ_4K, 0);
	mapped = arm_smmu_xsmmu_test_map_sg(&t->d.domain, s->iova, sgt.sgl,
					    s->pages, IOMMU_READ | IOMMU_WRITE);
	sg_free_table(&sgt);
	return mapped == (ssize_t)s->pages * SZ_4K ? 0 : -EIO;
}

/* After a map: the walker must translate the pages, and the TLB fetches them. */
static void slot_fetch(struct pte_test *t, struct slot *s)
{
	struct watched *w;
	u64 phys;

	for (w = t->watch + s->first; w < t->watch + s->first + s->watched; w++) {
		phys = shadow_walk(t, w->iova, &w->level);
		if (phys != slot_phys(t, s, (w->iova - s->iova) / SZ_4K))
			pte_violation(t, "a mapped page does not translate");
	}
}

static void slot_map(struct pte_test *t, struct slot *s)
{
	unsigned long flags;
	int err;

	if (t->ways && s->pages == TABLE_ENTRIES)
		s->way = (s->way + 1) % BIG_WAYS;
	if (s->pages == 1 || (s->pages == TABLE_ENTRIES && s->way == BIG_BLOCK))
		err = pte_map(t, s->iova, slot_phys(t, s, 0),
			      (size_t)s->pages * SZ_4K);
	else
		err = slot_map_list(t, s);
	raw_spin_lock_irqsave(&t->lock, flags);
	if (err)
		pte_violation(t, "a map failed");
	slot_fetch(t, s);
	s->turn++;
	s->left = s->pages;
	s->state = SLOT_LIVE;
	raw_spin_unlock_irqrestore(&t->lock, flags);
}

static void slot_unmap(struct pte_test *t, struct slot *s)
{
	bool halves = s->pages == TABLE_ENTRIES && s->way == BIG_HALVES;
	unsigned int parts = halves ? 2 : 1, i;
	size_t size = (size_t)s->pages * SZ_4K / parts;
	unsigned long flags;

	for (i = 0; i < parts; i++)
		xsmmu_unmap(t->xd, s->iova + i * size, size);
	raw_spin_lock_irqsave(&t->lock, flags);
	/* An overflow or another CPU may have released it already. */
	if (s->state == SLOT_BUSY)
		s->state = SLOT_GONE;
	raw_spin_unlock_irqrestore(&t->lock, flags);
}

/* Make a slot busy if it is in state @from. Returns false if it is not. */
static bool slot_take(struct pte_test *t, struct slot *s, int from)
{
	unsigned long flags;
	bool taken;

	raw_spin_lock_irqsave(&t->lock, flags);
	taken = s->state == from;
	if (taken)
		s->state = SLOT_BUSY;
	raw_spin_unlock_irqrestore(&t->lock, flags);
	return taken;
}

static struct slot *slot_at(struct pte_test *t, unsigned long iova)
{
	struct slot *s;

	for (s = t->slot; s < t->slot + SLOTS; s++)
		if (iova - s->iova < (size_t)s->pages * SZ_4K)
			return s;
	return NULL;
}

/* The core releases ranges: their pages must not translate any more. */
static void pte_release(struct xsmmu_domain *xd, const struct xsmmu_range *r,
			unsigned int n, struct list_head *tables)
{
	struct pte_test *t = container_of(xd->iovad, struct pte_test, iovad);
	unsigned long flags;
	struct slot *s;

	raw_spin_lock_irqsave(&t->lock, flags);
	for (; n--; r++) {
		if (tlb_reaches(t, r->pfn * SZ_4K, (size_t)r->pages * SZ_4K))
			pte_violation(t, "a released page translates");
		s = slot_at(t, r->pfn * SZ_4K);
		if (!s)
			continue;
		s->left -= r->pages;
		if (s->left)
			continue;
		s->state = SLOT_FREE;
		t->done++;
	}
	raw_spin_unlock_irqrestore(&t->lock, flags);
}

/*
 * Sync. Pages that were unmapped before, on any CPU, must not translate then.
 * Slots that were mapped again in between are left out; their turn has changed.
 */
static int pte_sync(struct pte_test *t, int (*sync)(struct xsmmu_domain *xd))
{
	unsigned int turn[SLOTS], i;
	unsigned long flags;
	struct slot *s;
	int err;

	raw_spin_lock_irqsave(&t->lock, flags);
	for (i = 0; i < SLOTS; i++)
		turn[i] = t->slot[i].state == SLOT_GONE ? t->slot[i].turn : 0;
	raw_spin_unlock_irqrestore(&t->lock, flags);
	err = sync(t->xd);
	if (err)
		return err;
	raw_spin_lock_irqsave(&t->lock, flags);
	t->syncs++;
	for (i = 0; i < SLOTS; i++) {
		s = &t->slot[i];
		if (turn[i] == s->turn &&
		    (s->state == SLOT_GONE || s->state == SLOT_FREE) &&
		    tlb_reaches(t, s->iova, (size_t)s->pages * SZ_4K))
			pte_violation(t, "an unmapped page translates after a sync");
	}
	raw_spin_unlock_irqrestore(&t->lock, flags);
	return 0;
}

/* Sync, and release what the other CPUs have unmapped. */
static int drain_all(struct xsmmu_domain *xd)
{
	xsmmu_drain(xd);
	return xsmmu_sync(xd);
}

/* (d) A domain. */

static void watch_page(struct pte_test *t, struct slot *s, unsigned int page)
{
	t->watch[s->first + s->watched++].iova = s->iova + page * SZ_4K;
}

/*
 * The entries of the pages are close together in one table, and those of the lists
 * in another, so that they share lines. Some areas are neighbours of tables, and
 * some of each other.
 */
static void place_slots(struct pte_test *t)
{
	static const unsigned int area[BIGS] = { 1, 2, 5, 8, 9, 11 };
	static const unsigned int spot[4] = { 0, 1, 255, 511 };
	unsigned int i, k, next = 0;
	struct slot *s;

	for (i = 0; i < SLOTS; i++) {
		s = &t->slot[i];
		s->first = next;
		if (i < PAGES) {
			s->iova = AREA(0) + (5 + i) * SZ_4K;
			s->pages = 1;
		} else if (i < PAGES + LISTS) {
			s->iova = AREA(3) + (i - PAGES) * LIST_PAGES * SZ_4K +
				  490 * SZ_4K;
			s->pages = LIST_PAGES;
		} else {
			s->iova = AREA(area[i - PAGES - LISTS]);
			s->pages = TABLE_ENTRIES;
		}
		for (k = 0; k < min(s->pages, 8U) && s->pages < 512; k++)
			watch_page(t, s, k);
		for (k = 0; k < 4 && s->pages == 512; k++)
			watch_page(t, s, spot[k]);
		next += s->watched;
	}
}

static void pte_init_shadow(struct pte_test *t)
{
	unsigned int i;

	for (i = 0; i < SHADOW_TABLES; i++)
		t->shadow[i].entry = fake_memory(t->test, PAGE_SIZE);
	set_dma_ops(t->f->smmu.dev, &shadow_ops);
	t->f->smmu.dev->dma_mask = &t->f->smmu.dev->coherent_dma_mask;
	t->f->smmu.dev->coherent_dma_mask = DMA_BIT_MASK(48);
	dev_set_drvdata(t->f->smmu.dev, t);
}

static void pte_init_tables(struct pte_test *t)
{
	struct io_pgtable_cfg cfg = {
		.pgsize_bitmap = SZ_4K | SZ_2M | SZ_1G,
		.ias = t->ias,
		.oas = 48,
		.coherent_walk = t->coherent,
		.tlb = arm_smmu_xsmmu_test_flush_ops(),
		.iommu_dev = t->f->smmu.dev,
	};
	struct iommu_domain *domain = &t->d.domain;

	t->d.pgtbl_ops = alloc_io_pgtable_ops(ARM_64_LPAE_S1, &cfg, &t->d);
	KUNIT_ASSERT_NOT_NULL(t->test, t->d.pgtbl_ops);
	t->ttbr = cfg.arm_lpae_s1_cfg.ttbr;
	domain->type = IOMMU_DOMAIN_DMA;
	domain->pgsize_bitmap = cfg.pgsize_bitmap;
	domain->geometry.aperture_end = DMA_BIT_MASK(t->ias);
	domain->ops = arm_smmu_xsmmu_test_ops()->default_domain_ops;
}

/* A domain with tables and the driver's ops. The test adopts and opens it. */
static struct pte_test *pte_create(struct kunit *test, u32 features,
				   unsigned int ias)
{
	struct pte_test *t = fake_memory(test, sizeof(*t));

	t->test = test;
	t->ias = ias;
	t->coherent = features & ARM_SMMU_FEAT_COHERENCY;
	raw_spin_lock_init(&t->lock);
	prandom_seed_state(&t->rnd, 2);
	t->page = alloc_pages(GFP_KERNEL, 3);
	KUNIT_ASSERT_NOT_NULL(test, t->page);
	test->priv = t;
	t->f = smmu_fake_create(test, features);
	smmu_fake_start(test, t->f);
	t->d.smmu = &t->f->smmu;
	arm_smmu_xsmmu_test_set_asid(&t->d, TEST_ASID);
	arm_smmu_xsmmu_test_init_domain(test, &t->d);
	pte_init_shadow(t);
	pte_init_tables(t);
	place_slots(t);
	t->f->arg = t;
	/* If the engine reads the function, it reads its argument. */
	smp_store_release(&t->f->seen, tlb_seen);
	return t;
}

/* Make the core's state, without its timers. */
static void pte_enable(struct pte_test *t)
{
	int cpu;

	init_iova_domain(&t->iovad, SZ_4K, 1);
	KUNIT_ASSERT_TRUE(t->test, xsmmu_domain_enable(&t->d.domain, &t->iovad,
						       "fake"));
	t->xd = xsmmu_of(&t->d.domain);
	t->xd->release = pte_release;
	for_each_possible_cpu(cpu)
		per_cpu_ptr(t->xd->quarantine, cpu)->armed = true;
}

/* The same of a domain that is adopted before, if its walker is not coherent. */
static void pte_open(struct pte_test *t)
{
	arm_smmu_xsmmu_adopt(&t->d.domain);
	KUNIT_ASSERT_EQ(t->test, !t->d.pending, t->coherent);
	if (t->d.pending)
		t->d.pending->cleaned = shadow_clean;
	pte_enable(t);
}

static struct pte_test *pte_start(struct kunit *test, u32 features)
{
	struct pte_test *t = pte_create(test, features, 48);

	pte_open(t);
	return t;
}

/* The walker knows tables for pages of 4 KiB, of 512 entries each. */
static int pte_init(struct kunit *test)
{
	if (PAGE_SIZE != SZ_4K)
		kunit_skip(test, "the walker has no tables for pages of this size");
	return 0;
}

static void pte_exit(struct kunit *test)
{
	struct pte_test *t = test->priv;

	if (!t)
		return;
	test->priv = NULL;
	if (t->xd) {
		xsmmu_domain_destroy(&t->d.domain);
		put_iova_domain(&t->iovad);
	}
	if (t->f) {
		free_io_pgtable_ops(t->d.pgtbl_ops);
		arm_smmu_pending_free(t->d.pending);
		smmu_fake_stop(t->f);
	}
	if (t->page)
		__free_pages(t->page, 3);
	KUNIT_EXPECT_EQ_MSG(test, t->violations, 0, "%s", t->violation);
}

/* The number of violations that the test expected; they do not fail it. */
static unsigned int pte_take_violations(struct pte_test *t)
{
	unsigned int violations = t->violations;

	t->violations = 0;
	return violations;
}

/* When no CPU is at work, the walker reads what the CPUs read. */
static void pte_compare(struct pte_test *t)
{
	struct shadow *s;
	unsigned int i;
	u64 *entry;

	for (s = t->shadow; s < t->shadow + SHADOW_TABLES; s++) {
		entry = phys_to_virt(s->phys);
		for (i = 0; s->phys && i < TABLE_ENTRIES; i++)
			if ((s->entry[i] ^ entry[i]) & ~ENTRY_SW_SYNC)
				pte_violation(t, "memory differs from the caches");
	}
}

#endif /* _ARM_SMMU_V3_XSMMU_TEST_SHADOW_H */
