// SPDX-License-Identifier: GPL-2.0
/*
 * Buffers, and the attack on one: read a secret, then write another.
 */
#include <linux/mm.h>
#include <linux/slab.h>

#include "buffers.h"
#include "no-sync.h"

/* Each engine attacks its own cache line of a page. */
#define ENGINE_STRIDE	64

/* A new value for each call. Failed reads leave 0 or ~0. */
static u64 fresh_secret(void)
{
	static atomic64_t count = ATOMIC64_INIT(0);

	return 0xa5a5000000000000ULL | atomic64_inc_return(&count);
}

/* The result of one direction of an attack. */
struct access {
	bool bus;	/* the bus let it through */
	bool memory;	/* it read or changed the buffer's page */
};

static struct access device_reads(dma_addr_t iova, int engine, u64 secret)
{
	bool ok = !probe_read(engine, iova, sizeof(secret));

	return (struct access){
		.bus = ok,
		.memory = ok && probe_value(engine) == secret,
	};
}

static struct access device_writes(dma_addr_t iova, int engine, u64 *word)
{
	u64 before = READ_ONCE(*word), forged = fresh_secret(), after;
	bool ok = !probe_write(engine, iova, sizeof(forged), forged);

	after = READ_ONCE(*word);
	return (struct access){
		.bus = ok,
		/* Any other value counts as a change. */
		.memory = ok ? after == forged : after != before,
	};
}

/**
 * attack() - let the device read and write a buffer at its bus address
 * @b: the buffer, mapped or not
 * @engine: engine of the probe to do it
 *
 * The result depends on what the bus answers and on what happens in memory.
 *
 * Context: any, also with interrupts off.
 * Return: see &enum reach.
 */
enum reach attack(const struct buf *b, int engine)
{
	u64 *word = page_address(b->page) + engine * ENGINE_STRIDE;
	dma_addr_t iova = b->iova + engine * ENGINE_STRIDE;
	struct access read, write;
	u64 secret = fresh_secret();

	WRITE_ONCE(*word, secret);
	/* The secret is in memory before the device is told. */
	mb();
	read = device_reads(iova, engine, secret);
	write = device_writes(iova, engine, word);
	if (read.bus && read.memory && !write.bus && !write.memory)
		return READ_ONLY;
	if (read.bus != write.bus || read.memory != write.memory)
		return TORN;
	if (read.bus)
		return read.memory ? REACHED : ELSEWHERE;
	return read.memory ? TORN : BLOCKED;
}

/**
 * buf_map() - map a buffer, and declare it alive
 * @b: the buffer
 * @dir: direction
 *
 * Return: 0 or an error.
 */
int buf_map(struct buf *b, enum dma_data_direction dir)
{
	b->iova = dma_map_page(target.dev, b->page, 0, PAGE_SIZE, dir);
	return buf_mapped(b);
}

/**
 * buf_mapped() - declare a buffer alive that the caller has mapped
 * @b: the buffer, with the address that the mapping returned
 *
 * Return: 0 or an error.
 */
int buf_mapped(struct buf *b)
{
	if (dma_mapping_error(target.dev, b->iova))
		return -ENOMEM;
	b->mapped = true;
	return probe_alive(b->iova);
}

/**
 * buf_unmap() - unmap a buffer the ordinary way
 * @b: the buffer, mapped in both directions
 */
void buf_unmap(struct buf *b)
{
	dma_unmap_page(target.dev, b->iova, PAGE_SIZE, DMA_BIDIRECTIONAL);
	b->mapped = false;
}

/**
 * buf_unmap_no_sync() - unmap a buffer, leave the sync to the caller
 * @b: the buffer, mapped in both directions
 */
void buf_unmap_no_sync(struct buf *b)
{
	dma_unmap_page_no_sync(target.dev, b->iova, PAGE_SIZE, DMA_BIDIRECTIONAL);
	b->mapped = false;
}

/**
 * batch_free() - unmap and free what a batch still has
 * @b: the batch, or NULL
 */
void batch_free(struct batch *b)
{
	unsigned int i;

	for (i = 0; b && i < b->n; i++) {
		if (b->buf[i].mapped)
			buf_unmap(&b->buf[i]);
		if (b->buf[i].page)
			__free_page(b->buf[i].page);
	}
	kfree(b);
}

/**
 * batch_alloc() - allocate buffers
 * @n: how many
 *
 * Return: the batch, nothing mapped; NULL without memory.
 */
struct batch *batch_alloc(unsigned int n)
{
	struct batch *b = kzalloc(struct_size(b, buf, n), GFP_KERNEL);
	unsigned int i;

	if (!b)
		return NULL;
	b->n = n;
	for (i = 0; i < n; i++) {
		b->buf[i].page = alloc_page(GFP_KERNEL | __GFP_ZERO);
		if (!b->buf[i].page) {
			batch_free(b);
			return NULL;
		}
	}
	return b;
}

/**
 * batch_map() - map all buffers of a batch, in both directions
 * @b: the batch
 *
 * Return: 0 or an error; then some may be mapped.
 */
int batch_map(struct batch *b)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; !ret && i < b->n; i++)
		ret = buf_map(&b->buf[i], DMA_BIDIRECTIONAL);
	return ret;
}

/**
 * batch_unmap() - unmap all buffers of a batch the ordinary way
 * @b: the batch
 */
void batch_unmap(struct batch *b)
{
	unsigned int i;

	for (i = 0; i < b->n; i++)
		buf_unmap(&b->buf[i]);
}

/**
 * batch_unmap_no_sync() - unmap all buffers of a batch, leave the sync to the caller
 * @b: the batch
 */
void batch_unmap_no_sync(struct batch *b)
{
	unsigned int i;

	for (i = 0; i < b->n; i++)
		buf_unmap_no_sync(&b->buf[i]);
}

/**
 * batch_reached() - attack all buffers of a batch
 * @b: the batch
 *
 * If a buffer is mapped, the attack also loads its translation into the IOTLB.
 *
 * Return: how many the device reached, or UINT_MAX if an attack was torn.
 */
unsigned int batch_reached(const struct batch *b)
{
	unsigned int i, reached = 0;

	for (i = 0; i < b->n; i++) {
		switch (attack(&b->buf[i], i % probe_get(DMA_PROBE_ENGINES))) {
		case REACHED:
			reached++;
			break;
		case BLOCKED:
			break;
		default:
			return UINT_MAX;
		}
	}
	return reached;
}

static bool batch_has_iova(const struct batch *b, dma_addr_t iova)
{
	unsigned int i;

	for (i = 0; i < b->n; i++)
		if (b->buf[i].iova == iova)
			return true;
	return false;
}

/**
 * batch_iovas_in() - find the bus addresses of a batch in another one
 * @b: the batch
 * @others: where to look
 *
 * Return: how many addresses of @b were found.
 */
unsigned int batch_iovas_in(const struct batch *b, const struct batch *others)
{
	unsigned int i, found = 0;

	for (i = 0; i < b->n; i++)
		found += batch_has_iova(others, b->buf[i].iova);
	return found;
}

/**
 * batch_bury() - declare all buffers of a batch dead
 * @b: the batch; a driver would have freed it now
 *
 * Return: 0 or -EIO.
 */
int batch_bury(const struct batch *b)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; !ret && i < b->n; i++)
		ret = probe_dead(b->buf[i].iova);
	return ret;
}

/**
 * batch_forget() - take the buffers of a batch off the probe's ledger
 * @b: the batch
 *
 * While engines attack dead pages, call this before the next mapping: it may get the
 * same bus address.
 */
void batch_forget(const struct batch *b)
{
	unsigned int i;

	for (i = 0; i < b->n; i++)
		probe_forget(b->buf[i].iova);
}
