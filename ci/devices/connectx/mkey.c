// SPDX-License-Identifier: GPL-2.0
/*
 * Memory keys: the memory that a work request may access, and its page table.
 */
#include "connectx.h"

/* Access modes of a key, "access_mode" of its context. */
#define MODE_PHYSICAL	0	/* addresses are IOVAs */
#define MODE_MTT	1	/* offsets into a list of pages */

#define MAX_ENTRIES	(1u << 20)
/* Of all keys. It bounds the host's memory for them to 32 MiB. */
#define MAX_ALL_ENTRIES	(1u << 22)
/* The low bits of an entry are rights. The key has them, too. */
#define ENTRY_RIGHTS	7ull

struct cx_mkey {
	struct cx_object object;
	struct cx_object *pd;
	uint64_t *table;	/* NULL: physical */
	uint64_t start;
	uint64_t len;
	uint32_t entries;
	uint8_t log_page;
	uint8_t variant;	/* low 8 bits of the key */
	bool free;		/* allocated, but not usable yet */
	bool umr;		/* a work request may change the page table */
	bool unlimited;
	bool readable;
	bool writable;
};

static struct cx_mkey *mkey_find(ConnectX *cx, uint32_t key)
{
	struct cx_mkey *mkey = cx_object_find(cx, CX_MKEY, key >> 8);

	return mkey && mkey->variant == (key & 0xff) ? mkey : NULL;
}

static bool mkey_allows(const struct cx_mkey *mkey, uint64_t addr, size_t len,
			bool write)
{
	if (mkey->free || !(write ? mkey->writable : mkey->readable))
		return false;
	if (mkey->unlimited)
		return true;
	return addr >= mkey->start && len <= mkey->len &&
	       addr - mkey->start <= mkey->len - len;
}

static bool access_part(ConnectX *cx, uint64_t iova, uint8_t *buf, size_t len,
			bool write, GArray *touched)
{
	struct cx_access access = { .iova = iova, .len = len, .write = write };

	if (!(write ? dma_write(cx, iova, buf, len) :
		      dma_read(cx, iova, buf, len)))
		return false;
	if (touched)
		g_array_append_val(touched, access);
	return true;
}

static bool access_table(ConnectX *cx, const struct cx_mkey *mkey,
			 uint64_t offset, uint8_t *buf, size_t len, bool write,
			 GArray *touched)
{
	uint64_t size = 1ull << mkey->log_page;

	while (len) {
		uint64_t page = offset >> mkey->log_page;
		uint64_t in_page = offset & (size - 1);
		size_t part = MIN(len, size - in_page);

		if (page >= mkey->entries ||
		    !access_part(cx, (mkey->table[page] & ~ENTRY_RIGHTS) + in_page,
				 buf, part, write, touched))
			return false;
		offset += part;
		buf += part;
		len -= part;
	}
	return true;
}

static bool mkey_access(ConnectX *cx, uint32_t key, uint64_t addr, uint8_t *buf,
			size_t len, bool write, GArray *touched)
{
	struct cx_mkey *mkey = mkey_find(cx, key);

	if (!mkey || !mkey_allows(mkey, addr, len, write)) {
		cx_log(cx, "key 0x%x does not allow this", key);
		return false;
	}
	if (!mkey->table)
		return access_part(cx, addr, buf, len, write, touched);
	return access_table(cx, mkey, addr - mkey->start, buf, len, write,
			    touched);
}

bool mkey_read(ConnectX *cx, uint32_t key, uint64_t addr, void *buf, size_t len,
	       GArray *touched)
{
	return mkey_access(cx, key, addr, buf, len, false, touched);
}

bool mkey_write(ConnectX *cx, uint32_t key, uint64_t addr, const void *buf,
		size_t len, GArray *touched)
{
	return mkey_access(cx, key, addr, (void *)buf, len, true, touched);
}

bool mkey_update(ConnectX *cx, uint32_t key, uint64_t first,
		 const uint8_t *entries, uint32_t count)
{
	struct cx_mkey *mkey = mkey_find(cx, key);
	uint32_t i;

	if (!mkey || !mkey->umr || !mkey->table || first > mkey->entries ||
	    count > mkey->entries - first)
		return false;
	for (i = 0; i < count; i++)
		mkey->table[first + i] = ldq_be_p(entries + 8 * i);
	/* The driver's UMR that gives pages to a key also enables the key. */
	mkey->free = false;
	return true;
}

static void mkey_release(ConnectX *cx, struct cx_object *object)
{
	struct cx_mkey *mkey = container_of(object, struct cx_mkey, object);

	cx->mkey_entries -= mkey->entries;
	g_free(mkey->table);
	cx_object_put(mkey->pd);
}

static void mkey_fill(struct cx_mkey *mkey, const uint8_t *mkc)
{
	mkey->start = IFC_GET(mkc, mkc, start_addr);
	mkey->len = IFC_GET(mkc, mkc, len);
	mkey->log_page = IFC_GET(mkc, mkc, log_page_size);
	mkey->variant = IFC_GET(mkc, mkc, mkey_7_0);
	mkey->free = IFC_GET(mkc, mkc, free);
	mkey->umr = IFC_GET(mkc, mkc, umr_en);
	mkey->unlimited = IFC_GET(mkc, mkc, length64);
	mkey->readable = IFC_GET(mkc, mkc, lr);
	mkey->writable = IFC_GET(mkc, mkc, lw);
}

/* Fill the page table from @list. Entries that the list lacks are zero. */
static void mkey_fill_table(struct cx_mkey *mkey, const uint8_t *list,
			    size_t bytes)
{
	uint32_t i;

	mkey->table = g_new0(uint64_t, mkey->entries);
	for (i = 0; i < mkey->entries && 8 * (i + 1) <= bytes; i++)
		mkey->table[i] = ldq_be_p(list + 8 * i);
}

static uint8_t cmd_create_mkey(ConnectX *cx, struct cx_cmd *cmd)
{
	const uint8_t *mkc = IFC_PTR(create_mkey_in, cmd->in,
				     memory_key_mkey_entry);
	const uint8_t *list = IFC_PTR(create_mkey_in, cmd->in, klm_pas_mtt);
	uint32_t mode = IFC_GET(mkc, mkc, access_mode_1_0) |
			IFC_GET(mkc, mkc, access_mode_4_2) << 2;
	uint64_t entries = IFC_GET(mkc, mkc, translations_octword_size) * 2;
	struct cx_object *pd = cx_object_find(cx, CX_PD, IFC_GET(mkc, mkc, pd));
	struct cx_mkey *mkey;

	if (!pd || mode > MODE_MTT)
		return CX_BAD_PARAM;
	if (mode == MODE_MTT && (!entries || entries > MAX_ENTRIES ||
				 IFC_GET(mkc, mkc, log_page_size) < CX_PAGE_SHIFT))
		return CX_BAD_SIZE;
	if (mode == MODE_MTT && entries > MAX_ALL_ENTRIES - cx->mkey_entries)
		return CX_LIMIT;
	mkey = cx_object_new(cx, CX_MKEY, sizeof(*mkey), mkey_release);
	if (!mkey)
		return CX_NO_RES;
	mkey->pd = pd;
	cx_object_get(pd);
	mkey_fill(mkey, mkc);
	if (mode == MODE_MTT) {
		mkey->entries = entries;
		cx->mkey_entries += entries;
		mkey_fill_table(mkey, list, cmd_rest(cmd, list));
	}
	IFC_SET(create_mkey_out, cmd->out, mkey_index, mkey->object.num);
	return CX_OK;
}

const struct cx_op mkey_ops[] = {
	CX_OP(CREATE_MKEY, create_mkey, CX_READY),
	CX_OP_DESTROY(DESTROY_MKEY, destroy_mkey, CX_MKEY, mkey_index),
	{}
};
