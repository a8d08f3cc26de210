/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The ledger: the IOVA pages that the guest declared dead or alive.
 *
 * A page is dead when the guest has unmapped it and freed the memory, and alive
 * when the guest has mapped it. If an access to a dead page succeeds, the
 * device has reached memory that the guest has taken back.
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

/* Stands for a physical address that the guest did not give. */
#define LEDGER_ANYWHERE		UINT64_MAX

struct ledger_page {
	uint64_t pfn;		/* the hash table's key points here */
	uint64_t memory;	/* physical page that it led to when last alive */
	int64_t dead_since;	/* virtual clock, while dead */
	guint slot;		/* place in ledger.dead, while dead */
	bool dead;		/* else alive */
	bool taken;		/* while dead: the memory has a new owner */
};

struct ledger {
	GHashTable *pages;	/* of struct ledger_page, dead or alive */
	GPtrArray *dead;	/* the dead ones */
	uint32_t capacity;
};

void ledger_init(struct ledger *ledger, uint32_t capacity);
void ledger_free(struct ledger *ledger);
void ledger_clear(struct ledger *ledger);

/*
 * Declare the pages that [@iova, @iova + @len) touches dead or alive. If the
 * result is not LEDGER_OK, no page has changed. A page that is declared dead
 * twice keeps its first time of death. @memory is the address that @iova leads
 * to, or LEDGER_ANYWHERE.
 */
enum ledger_result ledger_declare_dead(struct ledger *ledger, uint64_t iova,
				       uint64_t len);
enum ledger_result ledger_declare_alive(struct ledger *ledger, uint64_t iova,
					uint64_t len, uint64_t memory);
/* The memory behind those of these pages that are dead has a new owner. */
enum ledger_result ledger_take(struct ledger *ledger, uint64_t iova,
			       uint64_t len);
/* The pages become unknown. */
enum ledger_result ledger_forget(struct ledger *ledger, uint64_t iova,
				 uint64_t len);

/* The page that holds @iova, or NULL if it is unknown. */
const struct ledger_page *ledger_find(struct ledger *ledger, uint64_t iova);
/* The same; NULL if the page is not dead. */
const struct ledger_page *ledger_find_dead(struct ledger *ledger, uint64_t iova);
enum ledger_state ledger_state(struct ledger *ledger, uint64_t iova);
uint32_t ledger_count_dead(const struct ledger *ledger);
uint32_t ledger_count_alive(const struct ledger *ledger);

#endif /* XSMMU_DEVICES_LEDGER_H */
