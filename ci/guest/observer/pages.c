// SPDX-License-Identifier: GPL-2.0
/*
 * Which IOVA page leads to which memory, and who owns the memory.
 *
 * An IOVA page is alive from its mapping on. The driver's unmap does not kill it,
 * because the owner of the memory may still let the device use it. It dies when the
 * memory is freed. The device's ledger is never late: the observer declares a page
 * dead before the allocator gets the memory, and alive before the driver gets the
 * IOVA. If an IOVA is mapped again, its former memory does not matter any more.
 *
 * No two mappings of a domain share an IOVA page, so IOVAs are followed by the page.
 * Several objects may share a page of memory.
 */
#include <linux/hashtable.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "observer.h"

#define CAPACITY	65536	/* IOVA pages that can be followed at a time */
#define BUCKET_BITS	14
#define MOST_PAGES	255	/* in one command to the device */
/* Pages of the largest object of the slab allocator. Larger ones are whole pages. */
#define MOST_OBJECT	(KMALLOC_MAX_CACHE_SIZE >> PAGE_SHIFT)

enum state { MAPPED, UNMAPPED, DEAD, TAKEN };

struct entry {
	struct hlist_node by_iova;
	struct hlist_node by_pfn;
	struct function *function;	/* that mapped it first; its domain counts */
	u64 iova;		/* of the page */
	phys_addr_t memory;	/* first byte that the mapping has in the page */
	enum state state;
};

/* For tests that show that the device notices a lie. */
enum lie { TRUTH, WRONG_MEMORY, DEAD_AT_ONCE };
static unsigned int lie;
module_param(lie, uint, 0644);
MODULE_PARM_DESC(lie, "1: tell wrong memory for what is mapped, 2: tell that it is dead");

struct pages_count pages_count;

/* Guards all below, the counters, and pairs of writes to a device. */
static DEFINE_RAW_SPINLOCK(pages_lock);
static struct entry entries[CAPACITY];
static DEFINE_HASHTABLE(by_iova, BUCKET_BITS);
static DEFINE_HASHTABLE(by_pfn, BUCKET_BITS);
static unsigned int used;

static void command(struct function *function, u64 addr, unsigned int pages,
		    unsigned int cmd)
{
	functions_write(function, CX_ATTACK_LEDGER_CMD,
			(addr & PAGE_MASK) | CX_ATTACK_PAGES((u64)pages) | cmd);
}

/*
 * Without the lock. The memory is being freed or was free, so nobody maps it at the
 * same time, and the caller has seen all earlier mappings of it.
 */
static bool nothing_at(unsigned long pfn)
{
	return hlist_empty(&by_pfn[hash_min(pfn, BUCKET_BITS)]);
}

static struct entry *find(struct function *function, u64 iova)
{
	struct entry *entry;

	iova &= PAGE_MASK;
	hash_for_each_possible(by_iova, entry, by_iova, iova) {
		if (entry->function->domain == function->domain &&
		    entry->iova == iova)
			return entry;
	}
	return NULL;
}

/* Entries are not removed: the allocator uses the same IOVAs again and again. */
static struct entry *find_or_add(struct function *function, u64 iova)
{
	struct entry *entry = find(function, iova);

	if (entry) {
		hash_del(&entry->by_pfn);
		return entry;
	}
	if (used == CAPACITY) {
		pages_count.lost++;
		return NULL;
	}
	entry = &entries[used++];
	entry->function = function;
	entry->iova = iova & PAGE_MASK;
	hash_add(by_iova, &entry->by_iova, entry->iova);
	return entry;
}

/* The memory of dead pages has a new owner. */
static void take(unsigned long pfn)
{
	struct entry *entry;

	hash_for_each_possible(by_pfn, entry, by_pfn, pfn) {
		if (PHYS_PFN(entry->memory) != pfn || entry->state != DEAD)
			continue;
		entry->state = TAKEN;
		pages_count.taken++;
		command(entry->function, entry->iova, 1, CX_ATTACK_LEDGER_TAKEN);
	}
}

static void follow(struct function *function, u64 iova, phys_addr_t memory)
{
	unsigned long pfn = PHYS_PFN(memory);
	struct entry *entry;

	take(pfn);
	entry = find_or_add(function, iova);
	if (!entry)
		return;
	entry->memory = memory;
	entry->state = MAPPED;
	hash_add(by_pfn, &entry->by_pfn, pfn);
	pages_count.mapped++;
}

/* Pages that [@start, @start + @size) touches. */
static unsigned long pages_of(u64 start, size_t size)
{
	return PAGE_ALIGN(offset_in_page(start) + size) >> PAGE_SHIFT;
}

static void tell_alive(struct function *function, u64 iova, phys_addr_t memory,
		       unsigned int pages)
{
	if (lie == WRONG_MEMORY)
		memory += PAGE_SIZE;
	functions_write(function, CX_ATTACK_LEDGER_MEMORY, memory & PAGE_MASK);
	command(function, iova, pages, CX_ATTACK_LEDGER_ALIVE);
	if (lie == DEAD_AT_ONCE)
		command(function, iova, pages, CX_ATTACK_LEDGER_DEAD);
}

/* One command for many pages. */
static void tell(struct function *function, u64 addr, unsigned long pages,
		 unsigned int cmd)
{
	unsigned int part;

	for (; pages; pages -= part, addr += (u64)part << PAGE_SHIFT) {
		part = min_t(unsigned long, pages, MOST_PAGES);
		command(function, addr, part, cmd);
	}
}

static void tell_mapping(struct function *function, phys_addr_t memory,
			 size_t size, unsigned int cmd)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&pages_lock, flags);
	if (size)
		tell(function, memory, pages_of(memory, size), cmd);
	else
		command(function, 0, 0, cmd);
	raw_spin_unlock_irqrestore(&pages_lock, flags);
}

void pages_mapping(struct function *function, phys_addr_t memory, size_t size)
{
	tell_mapping(function, memory, size, CX_ATTACK_LEDGER_MAPPING);
}

void pages_mapped(struct function *function, phys_addr_t memory, size_t size)
{
	tell_mapping(function, memory, size, CX_ATTACK_LEDGER_MAPPED);
}

void pages_alive(struct function *function, dma_addr_t iova, phys_addr_t memory,
		 size_t size)
{
	unsigned long pages = pages_of(iova, size);
	unsigned long flags, i, part;

	raw_spin_lock_irqsave(&pages_lock, flags);
	for (i = 0; i < pages; i++)
		follow(function, iova + (i << PAGE_SHIFT),
		       i ? (memory & PAGE_MASK) + (i << PAGE_SHIFT) : memory);
	for (i = 0; i < pages; i += part) {
		part = min_t(unsigned long, pages - i, MOST_PAGES);
		tell_alive(function, iova + (i << PAGE_SHIFT),
			   memory + (i << PAGE_SHIFT), part);
	}
	raw_spin_unlock_irqrestore(&pages_lock, flags);
}

void pages_unmap(struct function *function, dma_addr_t iova, size_t size)
{
	unsigned long i, pages = pages_of(iova, size);
	unsigned long flags;

	raw_spin_lock_irqsave(&pages_lock, flags);
	for (i = 0; i < pages; i++) {
		struct entry *entry = find(function, iova + (i << PAGE_SHIFT));

		if (entry && entry->state == MAPPED) {
			entry->state = UNMAPPED;
			pages_count.unmapped++;
		} else {
			pages_count.unmapped_unknown++;
		}
	}
	raw_spin_unlock_irqrestore(&pages_lock, flags);
}

/* The memory of @entry goes back to the allocator. */
static void bury(struct entry *entry)
{
	switch (entry->state) {
	case MAPPED:
		pages_count.freed_while_mapped++;
		break;
	case UNMAPPED:
		entry->state = DEAD;
		pages_count.died++;
		command(entry->function, entry->iova, 1, CX_ATTACK_LEDGER_DEAD);
		break;
	case DEAD:
	case TAKEN:
		/* The device knows already that the page is dead. */
		break;
	}
}

/* Memory of page @pfn from @start to @end is freed. */
static void bury_within(unsigned long pfn, phys_addr_t start, phys_addr_t end)
{
	struct entry *entry;
	unsigned long flags;

	if (nothing_at(pfn))
		return;
	raw_spin_lock_irqsave(&pages_lock, flags);
	hash_for_each_possible(by_pfn, entry, by_pfn, pfn) {
		if (entry->memory >= start && entry->memory < end)
			bury(entry);
	}
	raw_spin_unlock_irqrestore(&pages_lock, flags);
}

void pages_freed(unsigned long pfn, unsigned long pages)
{
	unsigned long end = pfn + pages;

	for (; pfn < end; pfn++)
		bury_within(pfn, PFN_PHYS(pfn), PFN_PHYS(pfn + 1));
}

void pages_taken(unsigned long pfn, unsigned long pages)
{
	unsigned long flags, end = pfn + pages;

	for (; pfn < end; pfn++) {
		if (nothing_at(pfn))
			continue;
		raw_spin_lock_irqsave(&pages_lock, flags);
		take(pfn);
		raw_spin_unlock_irqrestore(&pages_lock, flags);
	}
}

/* ksize() is slow, so it is called only if one of the pages was ever mapped. */
void pages_object_freed(const void *object)
{
	phys_addr_t start, end;
	unsigned long pfn;
	unsigned int i;

	if (ZERO_OR_NULL_PTR(object))
		return;
	start = virt_to_phys((void *)object);
	pfn = PHYS_PFN(start);
	for (i = 0; i <= MOST_OBJECT && nothing_at(pfn + i); i++)
		;
	if (i > MOST_OBJECT)
		return;

	end = start + ksize(object);
	for (; pfn <= PHYS_PFN(end - 1); pfn++)
		bury_within(pfn, start, end);
}
