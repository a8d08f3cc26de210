// SPDX-License-Identifier: GPL-2.0
/*
 * Which IOVA page leads to which memory, and who owns that.
 *
 * An IOVA page is ALIVE from its mapping on. The driver's unmap does not kill
 * it: the memory still belongs to somebody who may let the device have it. It
 * dies when the memory is freed. That is told to the device before the allocator
 * gets the page, and a mapping before the driver hears of its IOVA, so the
 * device's ledger is never late. An IOVA that is mapped again is no longer what
 * it was: what becomes of its former memory does not matter.
 *
 * The kernel gives each mapping IOVA pages of its own, so that pages are exact;
 * of the memory, several objects may share one.
 */
#include <linux/hash.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/vmalloc.h>

#include "observer.h"

#define BUCKET_BITS	14
#define MOST_PAGES	255	/* in one command to the device */
/* No object of the slab allocator is larger: others are whole pages. */
#define MOST_OBJECT	(KMALLOC_MAX_CACHE_SIZE >> PAGE_SHIFT)

enum state { MAPPED, UNMAPPED, DEAD, TAKEN };

struct entry {
	struct hlist_node by_iova;
	struct hlist_node by_pfn;
	struct function *function;
	u64 iova;		/* of the page */
	phys_addr_t memory;	/* first byte that the mapping has in the page */
	enum state state;
};

static unsigned int capacity = 65536;
module_param(capacity, uint, 0444);
MODULE_PARM_DESC(capacity, "IOVA pages that can be followed at a time");

/* So that tests can see that the device finds out. */
enum lie { TRUTH, WRONG_MEMORY, DEAD_AT_ONCE };
static unsigned int lie;
module_param(lie, uint, 0644);
MODULE_PARM_DESC(lie, "1: tell wrong memory for what is mapped, 2: tell that it is dead");

struct pages_count pages_count;

/* Guards all below, the counters, and pairs of writes to a device. */
static DEFINE_RAW_SPINLOCK(pages_lock);
static struct entry *entries;
static struct hlist_head *by_iova, *by_pfn;
static unsigned int used;

static void command(struct function *function, u64 addr, unsigned int pages,
		    unsigned int cmd)
{
	function_write(function, CX_ATTACK_LEDGER_CMD,
		       (addr & PAGE_MASK) | CX_ATTACK_PAGES((u64)pages) | cmd);
}

static struct hlist_head *iova_bucket(u64 iova)
{
	return &by_iova[hash_64(iova >> PAGE_SHIFT, BUCKET_BITS)];
}

static struct hlist_head *pfn_bucket(unsigned long pfn)
{
	return &by_pfn[hash_64(pfn, BUCKET_BITS)];
}

/*
 * Without the lock: nobody maps this memory at the same time, for it is being
 * freed or was free; and that it was mapped earlier, the caller has seen.
 */
static bool nothing_at(unsigned long pfn)
{
	return hlist_empty(pfn_bucket(pfn));
}

static struct entry *find(struct function *function, u64 iova)
{
	struct entry *entry;

	hlist_for_each_entry(entry, iova_bucket(iova), by_iova) {
		if (entry->function == function &&
		    entry->iova == (iova & PAGE_MASK))
			return entry;
	}
	return NULL;
}

/* IOVAs are used again and again, so that entries need no end. */
static struct entry *find_or_add(struct function *function, u64 iova)
{
	struct entry *entry = find(function, iova);

	if (entry) {
		hlist_del(&entry->by_pfn);
		return entry;
	}
	if (used == capacity) {
		pages_count.lost++;
		return NULL;
	}
	entry = &entries[used++];
	entry->function = function;
	entry->iova = iova & PAGE_MASK;
	hlist_add_head(&entry->by_iova, iova_bucket(iova));
	return entry;
}

/* Somebody has the memory of dead pages again. */
static void take(unsigned long pfn)
{
	struct entry *entry;

	hlist_for_each_entry(entry, pfn_bucket(pfn), by_pfn) {
		if (PHYS_PFN(entry->memory) != pfn || entry->state != DEAD)
			continue;
		entry->state = TAKEN;
		pages_count.taken++;
		command(entry->function, entry->iova, 1, CX_ATTACK_LEDGER_TAKEN);
	}
}

static void follow(struct function *function, u64 iova, phys_addr_t memory)
{
	struct entry *entry;

	take(PHYS_PFN(memory));
	entry = find_or_add(function, iova);
	if (!entry)
		return;
	entry->memory = memory;
	entry->state = MAPPED;
	hlist_add_head(&entry->by_pfn, pfn_bucket(PHYS_PFN(memory)));
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
	function_write(function, CX_ATTACK_LEDGER_MEMORY, memory & PAGE_MASK);
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
		break;
	case TAKEN:
		/* Nobody's once more; the page is as dead as before. */
		break;
	}
}

void pages_freed(unsigned long pfn, unsigned long pages)
{
	unsigned long flags, end = pfn + pages;
	struct entry *entry;

	for (; pfn < end; pfn++) {
		if (nothing_at(pfn))
			continue;
		raw_spin_lock_irqsave(&pages_lock, flags);
		hlist_for_each_entry(entry, pfn_bucket(pfn), by_pfn) {
			if (PHYS_PFN(entry->memory) == pfn)
				bury(entry);
		}
		raw_spin_unlock_irqrestore(&pages_lock, flags);
	}
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

static void bury_within(unsigned long pfn, phys_addr_t start, phys_addr_t end)
{
	struct entry *entry;
	unsigned long flags;

	raw_spin_lock_irqsave(&pages_lock, flags);
	hlist_for_each_entry(entry, pfn_bucket(pfn), by_pfn) {
		if (entry->memory >= start && entry->memory < end)
			bury(entry);
	}
	raw_spin_unlock_irqrestore(&pages_lock, flags);
}

/* Its size takes some finding out: only if one of the pages was ever mapped. */
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
		if (!nothing_at(pfn))
			bury_within(pfn, start, end);
}

int pages_init(void)
{
	entries = vzalloc(array_size(capacity, sizeof(*entries)));
	by_iova = vzalloc(sizeof(*by_iova) << BUCKET_BITS);
	by_pfn = vzalloc(sizeof(*by_pfn) << BUCKET_BITS);
	if (entries && by_iova && by_pfn)
		return 0;
	pages_exit();
	return -ENOMEM;
}

void pages_exit(void)
{
	vfree(by_pfn);
	vfree(by_iova);
	vfree(entries);
}
