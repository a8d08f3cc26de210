// SPDX-License-Identifier: GPL-2.0
/*
 * Buffers, and the attack on one: read a secret, then write another.
 */
#include <linux/dma-mapping.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "buffers.h"

/* Each engine attacks its own cache line of a page. */
#define ENGINE_STRIDE	64

/* A value that was never used before. Failed reads leave 0 or ~0. */
static u64 fresh_secret(void)
{
	static atomic64_t count = ATOMIC64_INIT(0);

	return 0xa5a5000000000000ULL | atomic64_inc_return(&count);
}

/* What one direction of an attack found. */
struct access {
	bool bus;	/* the bus let it through */
	bool memory;	/* it read, or changed, the page that is watched */
};

static struct access device_reads(dma_addr_t iova, int engine, u64 secret)
{
	bool ok = !probe_read(target.probe, engine, iova, sizeof(secret));

	return (struct access){
		.bus = ok,
		.memory = ok && probe_value(target.probe, engine) == secret,
	};
}

static struct access device_writes(dma_addr_t iova, int engine, u64 *word)
{
	u64 before = READ_ONCE(*word), forged = fresh_secret(), after;
	bool ok = !probe_write(target.probe, engine, iova, sizeof(forged), forged);

	after = READ_ONCE(*word);
	return (struct access){
		.bus = ok,
		/* Any other value counts as a change. */
		.memory = ok ? after == forged : after != before,
	};
}

/**
 * attack_at() - let the device read and write a page through an address
 * @b: the buffer whose page is watched
 * @iova: the address, wherever it leads
 * @engine: engine of the probe to do it
 *
 * Memory counts, not only what the bus says.
 *
 * Context: any, also with interrupts off.
 * Return: see &enum reach.
 */
enum reach attack_at(const struct buf *b, dma_addr_t iova, int engine)
{
	u64 *word = page_address(b->page) + engine * ENGINE_STRIDE;
	struct access read, write;
	u64 secret = fresh_secret();

	WRITE_ONCE(*word, secret);
	/* The secret is in memory before the device is told. */
	mb();
	iova += engine * ENGINE_STRIDE;
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
 * attack() - let the device read and write a buffer at its bus address
 * @b: the buffer, mapped or not
 * @engine: engine of the probe to do it
 *
 * Context: any, also with interrupts off.
 * Return: see &enum reach.
 */
enum reach attack(const struct buf *b, int engine)
{
	return attack_at(b, b->iova, engine);
}

/**
 * buf_map() - map a buffer, and tell the probe that it lives
 * @b: the buffer
 * @dir: direction
 *
 * Return: 0 or an error.
 */
int buf_map(struct buf *b, enum dma_data_direction dir)
{
	b->iova = dma_map_page(target.dev, b->page, 0, PAGE_SIZE, dir);
	if (dma_mapping_error(target.dev, b->iova))
		return -ENOMEM;
	b->mapped = true;
	return probe_alive(target.probe, b->iova, PAGE_SIZE);
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
 * Each attack also leaves a translation in the IOTLB, if there is one to find.
 *
 * Return: how many the device reached, or UINT_MAX if an attack was torn.
 */
unsigned int batch_reached(const struct batch *b)
{
	unsigned int i, reached = 0;

	for (i = 0; i < b->n; i++) {
		switch (attack(&b->buf[i], i % probe_engines(target.probe))) {
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
 * batch_bury() - tell the probe that all buffers of a batch are dead
 * @b: the batch; from now on a driver would have freed it
 *
 * Return: 0 or the ledger's error.
 */
int batch_bury(const struct batch *b)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; !ret && i < b->n; i++)
		ret = probe_dead(target.probe, b->buf[i].iova, PAGE_SIZE);
	return ret;
}

/**
 * batch_forget() - take the buffers of a batch off the probe's ledger
 * @b: the batch
 *
 * To be done before anything else is mapped while engines go round the dead:
 * the bus address may be handed out again.
 */
void batch_forget(const struct batch *b)
{
	unsigned int i;

	for (i = 0; i < b->n; i++)
		probe_forget(target.probe, b->buf[i].iova, PAGE_SIZE);
}
