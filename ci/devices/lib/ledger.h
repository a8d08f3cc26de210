/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The ledger: which IOVA pages the guest declared dead or alive.
 *
 * A page is dead once the guest freed the memory that it led to, alive once
 * mapped. An access that succeeds on a dead page reached memory that was taken
 * away from the device.
 */
#ifndef XSMMU_DEVICES_LEDGER_H
#define XSMMU_DEVICES_LEDGER_H

#include "qemu/osdep.h"

enum {
	LEDGER_PAGE_SHIFT	= 12,
	LEDGER_PAGE_SIZE	= 1 << LEDGER_PAGE_SHIFT,
	LEDGER_MAX_CAPACITY	= 1 << 20,	/* for a property "ledger" */
};

enum ledger_state { LEDGER_UNKNOWN, LEDGER_DEAD, LEDGER_ALIVE };
enum ledger_result { LEDGER_OK, LEDGER_BAD_RANGE, LEDGER_FULL };

/* In place of a physical address that the guest did not give. */
#define LEDGER_ANYWHERE		UINT64_MAX

struct ledger_page {
	uint64_t pfn;		/* first: the hash table's key points here */
	uint64_t memory;	/* physical page that it led to when last alive */
	int64_t dead_since;	/* virtual clock, while dead */
	guint slot;		/* place in ledger.dead, while dead */
	bool dead;		/* else alive */
	bool taken;		/* the memory has a new owner, while dead */
};

struct ledger {
	GHashTable *pages;	/* of struct ledger_page, dead or alive */
	GPtrArray *dead;	/* the dead ones, to go round */
	uint32_t capacity;
};

void ledger_init(struct ledger *ledger, uint32_t capacity);
void ledger_free(struct ledger *ledger);
void ledger_clear(struct ledger *ledger);

/*
 * For the pages that [@iova, @iova + @len) touches: all of them or, when the
 * result is not LEDGER_OK, none. A page that is declared dead twice keeps the
 * time of the first. @memory is where @iova leads to, or LEDGER_ANYWHERE.
 */
enum ledger_result ledger_declare_dead(struct ledger *ledger, uint64_t iova,
				       uint64_t len);
enum ledger_result ledger_declare_alive(struct ledger *ledger, uint64_t iova,
					uint64_t len, uint64_t memory);
/* The memory behind the dead ones of these pages has a new owner. */
enum ledger_result ledger_take(struct ledger *ledger, uint64_t iova,
			       uint64_t len);
/* The pages become unknown. */
enum ledger_result ledger_forget(struct ledger *ledger, uint64_t iova,
				 uint64_t len);

/* The page that holds @iova, or NULL: unknown. */
const struct ledger_page *ledger_find(struct ledger *ledger, uint64_t iova);
/* The same, if that page is dead. */
const struct ledger_page *ledger_find_dead(struct ledger *ledger, uint64_t iova);
enum ledger_state ledger_state(struct ledger *ledger, uint64_t iova);
uint32_t ledger_count_dead(const struct ledger *ledger);
uint32_t ledger_count_alive(const struct ledger *ledger);

#endif /* XSMMU_DEVICES_LEDGER_H */
