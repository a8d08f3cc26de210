/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The fixture of the tests of windows and of syncs that name runs: a domain with a
 * window, and the device behind it.
 *
 * DOC: the adversary
 *
 * The table is an array of entries. The device looks at each page as soon as it is
 * mapped and keeps the translation for as long as it may: until an invalidation has
 * completed that covers the page and began after the entry was cleared. What it takes
 * while an invalidation runs, it keeps beyond that. A mapping must never get a page of
 * which a translation is kept, and a sync that returns must have left none of the pages
 * that were unmapped before.
 */
#ifndef _XSMMU_WINDOW_FIXTURE_H
#define _XSMMU_WINDOW_FIXTURE_H

#include <kunit/test.h>
#include <linux/atomic.h>
#include <linux/cpu.h>
#include <linux/mm.h>
#include <linux/scatterlist.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include "test-base.h"
#include "window-page.h"
#include "base.h"

/*
 * Pages of the address space. The window gets 8 chunks per class of these: more slots of
 * each class than a CPU may have.
 */
#define PAGES		(SZ_1G >> PAGE_SHIFT)
#define LIMIT		(SZ_1G - 1)

/* What an entry has beside the address. */
#define ENTRY_READ	BIT_ULL(0)
#define ENTRY_WRITE	BIT_ULL(1)
#define ENTRY_SNOOP	BIT_ULL(2)

/* A batch of a driver. */
#define BATCH		64

/* What the IOMMU driver does that core cannot know. */
enum lie {
	HONEST,
	DEPENDS_ON_ADDRESS,	/* an entry differs from page to page */
	DEPENDS_ON_BUFFER,	/* it has a sum of the buffer's address */
	TABLE_MOVES,		/* the table is copied now and then */
	NO_ARRAY,		/* neighbours are not next to each other */
	NO_TABLE,		/* there are no leaf entries */
	KEEPS_CLEARED,		/* a cleared entry is not 0 */
};

/**
 * struct doomed - a translation that the device has to forget
 * @page: of which page
 * @taken: the value of &fix.taken of the page
 */
struct doomed {
	unsigned int page;
	unsigned int taken;
};

/**
 * struct fix - a domain with a window, and the device behind it
 * @test: the running test
 * @domain: the domain
 * @ops: its operations
 * @iovad: its allocator
 * @xd: its state
 * @w: its window
 * @lie: see &enum lie
 * @after: what has to follow a write to an entry
 * @fail: how many invalidations of the domain fail from now on
 * @fail_named: what invalidations of runs return, if not 0
 * @forgets: unmap_on() does not sync
 * @middle: called while something is invalidated; or NULL
 * @during: what @middle has unmapped
 * @lock: protects the fields below
 * @syncs: invalidations of the domain
 * @named: invalidations of runs
 * @run: the runs of the last one
 * @runs: their number
 * @ranges: pages that ordinary unmaps invalidated
 * @asked: calls of leaf_entry
 * @told: pages of new mappings that the IOMMU was told of
 * @told_of: the address of the last ones
 * @violation: what the adversary has found
 * @entry: the table
 * @spare: another place for the table
 * @memory: what a walker reads that does not look into the CPU's caches
 * @kept: translations that the device keeps; 0: none
 * @looks: how often the device has taken a translation
 * @taken: the value of @looks when it took the one of a page
 * @doomed: the translations that the device forgets when the invalidation of the domain
 *	that runs now has completed: their entries were cleared before it began
 * @n_doomed: their number
 */
struct fix {
	struct kunit *test;
	struct iommu_domain domain;
	struct iommu_domain_ops ops;
	struct iova_domain iovad;
	struct xsmmu_domain *xd;
	struct xsmmu_window *w;
	enum lie lie;
	unsigned int after;
	atomic_t fail;
	int fail_named;
	bool forgets;
	void (*middle)(struct fix *f);
	dma_addr_t during;

	raw_spinlock_t lock;
	unsigned int syncs;
	unsigned int named;
	struct xsmmu_run run[XSMMU_MAX_RUNS];
	unsigned int runs;
	unsigned int ranges;
	unsigned int asked;
	unsigned int told;
	dma_addr_t told_of;
	const char *violation;
	u64 *entry;
	u64 *spare;
	u64 *memory;
	u64 *kept;
	unsigned int looks;
	unsigned int *taken;
	struct doomed *doomed;
	unsigned int n_doomed;
};

/* Where the table has the entry of an address. Higher addresses use the table again. */
static inline unsigned long index_of(dma_addr_t iova)
{
	return (iova >> PAGE_SHIFT) % PAGES;
}

static inline struct fix *to_fix(struct iommu_domain *domain)
{
	return container_of(domain, struct fix, domain);
}

static inline u64 make_entry(struct fix *f, unsigned long iova, phys_addr_t phys, int prot)
{
	u64 entry = phys;

	entry |= prot & IOMMU_READ ? ENTRY_READ : 0;
	entry |= prot & IOMMU_WRITE ? ENTRY_WRITE : 0;
	entry |= prot & IOMMU_CACHE ? ENTRY_SNOOP : 0;
	if (f->lie == DEPENDS_ON_ADDRESS)
		entry |= (iova >> PAGE_SHIFT & 1) << 3;
	if (f->lie == DEPENDS_ON_BUFFER)
		entry |= (phys >> PAGE_SHIFT & 1) << 3;
	return entry;
}

static inline int fix_map(struct iommu_domain *domain, unsigned long iova,
			  phys_addr_t phys, size_t size, size_t count, int prot,
			  gfp_t gfp, size_t *mapped)
{
	struct fix *f = to_fix(domain);
	size_t i;

	for (i = 0; i < count; i++)
		WRITE_ONCE(f->entry[index_of(iova) + i],
			   make_entry(f, iova + i * size, phys + i * size, prot));
	*mapped = count * size;
	return 0;
}

static inline size_t fix_unmap(struct iommu_domain *domain, unsigned long iova,
			       size_t size, size_t count,
			       struct iommu_iotlb_gather *gather)
{
	struct fix *f = to_fix(domain);
	size_t i;

	for (i = 0; i < count; i++)
		WRITE_ONCE(f->entry[index_of(iova) + i],
			   f->lie == KEEPS_CLEARED ? ENTRY_SNOOP : 0);
	iommu_iotlb_gather_add_range(gather, iova, count * size);
	if (f->lie == TABLE_MOVES) {
		memcpy(f->spare, f->entry, PAGES * sizeof(u64));
		swap(f->spare, f->entry);
	}
	return count * size;
}

static inline u64 *fix_leaf_entry(struct iommu_domain *domain, dma_addr_t iova,
				  unsigned int *after)
{
	struct fix *f = to_fix(domain);
	unsigned long page = index_of(iova);

	f->asked++;
	*after = f->after;
	if (f->lie == NO_TABLE)
		return NULL;
	if (f->lie == NO_ARRAY)
		page ^= (page & 7) << 3;
	return &f->entry[page];
}

static inline XSMMU_TEST_SYNC_MAP
fix_iotlb_sync_map(struct iommu_domain *domain, unsigned long iova, size_t size)
{
	struct fix *f = to_fix(domain);
	unsigned long flags;

	raw_spin_lock_irqsave(&f->lock, flags);
	f->told += size >> PAGE_SHIFT;
	f->told_of = iova;
	raw_spin_unlock_irqrestore(&f->lock, flags);
	return xsmmu_test_sync_map_done();
}

static inline phys_addr_t fix_iova_to_phys(struct iommu_domain *domain, dma_addr_t iova)
{
	return to_fix(domain)->entry[index_of(iova)] & PAGE_MASK;
}

/* The device forgets what it kept of some pages and was cleared before. */
static inline void forget(struct fix *f, unsigned long first, unsigned long n)
{
	unsigned long i;

	for (i = first; i < first + n; i++)
		if (f->kept[i] != READ_ONCE(f->entry[i]))
			f->kept[i] = 0;
}

static inline void fix_iotlb_sync(struct iommu_domain *domain,
				  struct iommu_iotlb_gather *gather)
{
	struct fix *f = to_fix(domain);
	unsigned long first = index_of(gather->start);
	unsigned long n = (gather->end - gather->start + 1) >> PAGE_SHIFT;
	unsigned long flags;

	if (f->middle)
		f->middle(f);
	raw_spin_lock_irqsave(&f->lock, flags);
	forget(f, first, n);
	f->ranges += n;
	raw_spin_unlock_irqrestore(&f->lock, flags);
}

/* Call @fn for the pages of each chunk that has a table. */
static inline void each_chunk(struct fix *f,
			      void (*fn)(struct fix *f, unsigned long first))
{
	unsigned long base;
	unsigned int i;

	if (!f->w)
		return;
	base = index_of(f->w->base);
	for (i = 0; i < f->w->chunks * XSMMU_CLASSES; i++)
		if (READ_ONCE(f->w->leaf[i]))
			fn(f, base + i * XSMMU_CHUNK_PAGES);
}

/* Note what the device keeps of a chunk and was cleared. */
static inline void doom(struct fix *f, unsigned long first)
{
	unsigned long i;

	for (i = first; i < first + XSMMU_CHUNK_PAGES; i++)
		if (f->kept[i] != READ_ONCE(f->entry[i]))
			f->doomed[f->n_doomed++] = (struct doomed) {
				.page = i, .taken = f->taken[i],
			};
}

/* What the device has taken since then, it keeps. */
static inline void forget_doomed(struct fix *f)
{
	const struct doomed *d;

	for (d = f->doomed; d < f->doomed + f->n_doomed; d++)
		if (f->taken[d->page] == d->taken)
			f->kept[d->page] = 0;
}

/* Core runs one at a time. */
static inline int fix_sync_domain_iotlb(struct iommu_domain *domain, bool leaf_only)
{
	bool fails = atomic_dec_if_positive(&to_fix(domain)->fail) >= 0;
	struct fix *f = to_fix(domain);
	unsigned long flags;

	raw_spin_lock_irqsave(&f->lock, flags);
	f->n_doomed = 0;
	each_chunk(f, doom);
	f->syncs++;
	raw_spin_unlock_irqrestore(&f->lock, flags);
	if (f->middle)
		f->middle(f);
	raw_spin_lock_irqsave(&f->lock, flags);
	if (!fails)
		forget_doomed(f);
	raw_spin_unlock_irqrestore(&f->lock, flags);
	return fails ? -ETIMEDOUT : 0;
}

static inline int fix_sync_iotlb_runs(struct iommu_domain *domain,
				      const struct xsmmu_run *run,
				      unsigned int n)
{
	struct fix *f = to_fix(domain);
	int err = READ_ONCE(f->fail_named);
	unsigned long flags;
	unsigned int i;

	raw_spin_lock_irqsave(&f->lock, flags);
	if (!irqs_disabled_flags(flags))
		f->violation = "runs were invalidated with interrupts on";
	memcpy(f->run, run, n * sizeof(*run));
	f->runs = n;
	f->named++;
	raw_spin_unlock_irqrestore(&f->lock, flags);
	if (f->middle)
		f->middle(f);
	/* As late as it may: nobody may write the entries meanwhile. */
	raw_spin_lock_irqsave(&f->lock, flags);
	for (i = 0; !err && i < n; i++)
		forget(f, index_of(run[i].addr), run[i].pages);
	raw_spin_unlock_irqrestore(&f->lock, flags);
	return err;
}

/* The device looks at a page that was mapped, and keeps an older translation. */
static inline void look(struct fix *f, unsigned long page)
{
	u64 entry = READ_ONCE(f->entry[page]);
	unsigned long flags;

	raw_spin_lock_irqsave(&f->lock, flags);
	if (f->kept[page] && f->kept[page] != entry)
		f->violation = "a slot was handed out whose old translation is kept";
	if (!f->kept[page]) {
		f->kept[page] = entry;
		f->taken[page] = ++f->looks;
	}
	raw_spin_unlock_irqrestore(&f->lock, flags);
}

/* Map a buffer at page frame @pfn; the device looks at all of it. */
static inline dma_addr_t map_at(struct fix *f, unsigned long pfn, size_t size,
				enum dma_data_direction dir)
{
	dma_addr_t addr = xsmmu_window_map(f->w, PFN_PHYS(pfn), size, dir, true);
	unsigned long i;

	if (addr == DMA_MAPPING_ERROR)
		return addr;
	for (i = 0; i < PFN_UP(size); i++)
		look(f, (addr >> PAGE_SHIFT) + i);
	return addr;
}

/* A page frame that exists, and so do the 65536 behind it: lists look at struct page. */
static inline unsigned long first_pfn(void)
{
	return page_to_pfn(ZERO_PAGE(0));
}

/* The first page frame of a buffer that has no page in common with others. */
static inline unsigned long next_pfn(void)
{
	static atomic_t next = ATOMIC_INIT(0);

	return first_pfn() +
	       (unsigned int)atomic_add_return(XSMMU_SLOT_PAGES, &next) % 65536;
}

static inline dma_addr_t map(struct fix *f, unsigned int pages)
{
	return map_at(f, next_pfn(), pages * PAGE_SIZE, DMA_BIDIRECTIONAL);
}

/* The same as a list: the first page of a buffer and the rest of another one. */
static inline dma_addr_t map_as_list(struct fix *f, unsigned int pages)
{
	struct scatterlist sg[2];
	dma_addr_t addr;
	unsigned int i;

	sg_init_table(sg, min(pages, 2U));
	sg_set_page(&sg[0], pfn_to_page(next_pfn()), PAGE_SIZE, 0);
	if (pages > 1)
		sg_set_page(&sg[1], pfn_to_page(next_pfn()),
			    (pages - 1) * PAGE_SIZE, 0);
	if (!xsmmu_window_map_sg(f->w, sg, min(pages, 2U), DMA_BIDIRECTIONAL,
				 true, UINT_MAX, ULONG_MAX))
		return DMA_MAPPING_ERROR;
	addr = sg_dma_address(&sg[0]);
	for (i = 0; i < pages; i++)
		look(f, index_of(addr) + i);
	return addr;
}

/* As the DMA API does it. Returns false if nothing was mapped. */
static inline bool unmapped(struct fix *f, dma_addr_t addr)
{
	phys_addr_t phys;

	return xsmmu_page_unmap(f->w, 0, addr) ||
	       xsmmu_page_unmap(f->w, 1, addr) ||
	       xsmmu_window_unmap(f->w, addr, &phys);
}

static inline void unmap(struct fix *f, dma_addr_t addr)
{
	KUNIT_EXPECT_TRUE(f->test, unmapped(f, addr));
}

static inline bool is_kept(struct fix *f, dma_addr_t addr)
{
	return READ_ONCE(f->kept[addr >> PAGE_SHIFT]);
}

static inline unsigned int pending(struct fix *f)
{
	unsigned int class, sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		for (class = 0; class < XSMMU_CLASSES; class++) {
			struct xsmmu_slots *s;

			s = &per_cpu_ptr(f->xd->quarantine, cpu)->slots[class];
			sum += READ_ONCE(s->tail) - READ_ONCE(s->done);
		}
	return sum;
}

static inline u64 outside(struct fix *f)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += per_cpu_ptr(f->xd->quarantine, cpu)->stats.outside;
	return sum;
}

static inline bool get_window(struct fix *f)
{
	f->w = xsmmu_window_get(f->xd, LIMIT, true);
	return f->w;
}

/*
 * Keep the backstop's timers from starting, so that no tick comes between the steps of
 * a slow test.
 */
static inline void stop_backstop(struct fix *f)
{
	struct xsmmu_quarantine *q;
	unsigned long flags;
	int cpu;

	for_each_possible_cpu(cpu) {
		q = per_cpu_ptr(f->xd->quarantine, cpu);
		raw_spin_lock_irqsave(&q->lock, flags);
		q->armed = true;
		raw_spin_unlock_irqrestore(&q->lock, flags);
	}
}

static inline bool has_window(struct fix *f)
{
	return rcu_access_pointer(f->xd->window);
}

/* All free slots go to the depots. */
static inline void return_all(struct fix *f)
{
	cpus_read_lock();
	xsmmu_slots_return_all(f->w);
	cpus_read_unlock();
}

static inline void fix_free(struct fix *f)
{
	atomic_set(&f->fail, 0);
	xsmmu_domain_destroy(&f->domain);
	if (f->iovad.granule) {
		put_iova_domain(&f->iovad);
		iova_cache_put();
	}
	WRITE_ONCE(xsmmu_cleaned, NULL);
	WRITE_ONCE(xsmmu_putting, NULL);
	WRITE_ONCE(xsmmu_found_nothing, NULL);
	kfree(f->entry);
	kfree(f->spare);
	kvfree(f->memory);
	kvfree(f->kept);
	kvfree(f->taken);
	kvfree(f->doomed);
}

static inline struct fix *fix_create(struct kunit *test)
{
	struct fix *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, f);
	test->priv = f;
	f->test = test;
	raw_spin_lock_init(&f->lock);
	/* Cleans need addresses of the linear map. */
	f->entry = kcalloc(PAGES, sizeof(u64), GFP_KERNEL);
	f->spare = kcalloc(PAGES, sizeof(u64), GFP_KERNEL);
	f->memory = kvcalloc(PAGES, sizeof(u64), GFP_KERNEL);
	f->kept = kvcalloc(PAGES, sizeof(u64), GFP_KERNEL);
	f->taken = kvcalloc(PAGES, sizeof(*f->taken), GFP_KERNEL);
	f->doomed = kvcalloc(PAGES, sizeof(*f->doomed), GFP_KERNEL);
	f->ops.map_pages = fix_map;
	f->ops.unmap_pages = fix_unmap;
	f->ops.iotlb_sync = fix_iotlb_sync;
	f->ops.iotlb_sync_map = fix_iotlb_sync_map;
	f->ops.iova_to_phys = fix_iova_to_phys;
	f->ops.leaf_entry = fix_leaf_entry;
	f->ops.sync_domain_iotlb = fix_sync_domain_iotlb;
	f->ops.sync_iotlb_runs = fix_sync_iotlb_runs;
	f->domain.ops = &f->ops;
	f->domain.type = IOMMU_DOMAIN_DMA;
	f->domain.pgsize_bitmap = PAGE_SIZE;
	KUNIT_ASSERT_TRUE(test, f->entry && f->spare && f->memory && f->kept);
	KUNIT_ASSERT_TRUE(test, f->taken && f->doomed);
	KUNIT_ASSERT_EQ(test, iova_cache_get(), 0);
	init_iova_domain(&f->iovad, PAGE_SIZE, 1);
	KUNIT_ASSERT_EQ(test, iova_domain_init_rcaches(&f->iovad), 0);
	KUNIT_ASSERT_TRUE(test, xsmmu_domain_enable(&f->domain, &f->iovad, "window"));
	f->xd = xsmmu_of(&f->domain);
	return f;
}

static inline int xsmmu_window_init(struct kunit *test)
{
	if (!XSMMU_HAS_WINDOWS)
		kunit_skip(test, "windows need pages of 4 KiB");
	fix_create(test);
	/* Tests take other CPUs offline; the first CPU may not be able to. */
	set_cpus_allowed_ptr(current, cpumask_of(cpumask_first(cpu_online_mask)));
	return 0;
}

static inline void xsmmu_window_exit(struct kunit *test)
{
	struct fix *f = test->priv;

	if (!f)
		return;
	KUNIT_EXPECT_NULL_MSG(test, f->violation, "%s", f->violation);
	fix_free(f);
}

#endif /* _XSMMU_WINDOW_FIXTURE_H */
