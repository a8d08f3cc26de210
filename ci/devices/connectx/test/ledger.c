// SPDX-License-Identifier: GPL-2.0
/*
 * The ledger of dead pages. The DMA probe has the same one.
 */
#include "test.h"

#include "../../lib/ledger.h"

#define PAGE	LEDGER_PAGE_SIZE

static struct ledger ledger;

static void begin(uint32_t capacity)
{
	ledger_free(&ledger);
	ledger_init(&ledger, capacity);
}

static bool alive(uint64_t iova, uint64_t len, uint64_t memory)
{
	return ledger_declare_alive(&ledger, iova, len, memory) == LEDGER_OK;
}

static bool dead(uint64_t iova, uint64_t len)
{
	return ledger_declare_dead(&ledger, iova, len) == LEDGER_OK;
}

static void pages_die_and_live(void)
{
	begin(8);
	CHECK(ledger_state(&ledger, PAGE) == LEDGER_UNKNOWN);
	CHECK(alive(PAGE, 2 * PAGE, LEDGER_ANYWHERE));
	CHECK(ledger_state(&ledger, PAGE) == LEDGER_ALIVE);
	CHECK(dead(PAGE, 1));
	CHECK(ledger_state(&ledger, 2 * PAGE - 1) == LEDGER_DEAD);
	CHECK(ledger_state(&ledger, 2 * PAGE) == LEDGER_ALIVE);
	CHECK(ledger_find_dead(&ledger, PAGE) && !ledger_find_dead(&ledger, 2 * PAGE));
	CHECK(ledger_count_dead(&ledger) == 1 && ledger_count_alive(&ledger) == 1);
	CHECK(alive(PAGE, PAGE, LEDGER_ANYWHERE));
	CHECK(!ledger_find_dead(&ledger, PAGE) && !ledger_count_dead(&ledger));
}

/* A range covers the pages that it touches. The first death of a page counts. */
static void ranges_and_times(void)
{
	int64_t first;

	begin(8);
	CHECK(dead(PAGE - 1, 2));
	first = ledger_find_dead(&ledger, 0)->dead_since;
	CHECK(dead(0, 3 * PAGE));
	CHECK(ledger_count_dead(&ledger) == 3);
	CHECK(ledger_find_dead(&ledger, PAGE)->dead_since == first);
	CHECK(ledger_find_dead(&ledger, 2 * PAGE)->dead_since > first);
	CHECK(ledger_forget(&ledger, 0, 2 * PAGE) == LEDGER_OK);
	CHECK(ledger_state(&ledger, PAGE) == LEDGER_UNKNOWN);
	CHECK(ledger_count_dead(&ledger) == 1);
}

static void memory_is_remembered(void)
{
	begin(8);
	CHECK(alive(4 * PAGE, 2 * PAGE, 16 * PAGE + 5));
	CHECK(ledger_find(&ledger, 5 * PAGE + 7)->memory == 17 * PAGE);
	CHECK(dead(5 * PAGE, PAGE));
	CHECK(ledger_find_dead(&ledger, 5 * PAGE)->memory == 17 * PAGE);
	CHECK(alive(5 * PAGE, PAGE, LEDGER_ANYWHERE));
	CHECK(ledger_find(&ledger, 5 * PAGE)->memory == LEDGER_ANYWHERE);
}

/* Only the memory of a dead page is taken. A new death of the page undoes that. */
static void memory_is_taken(void)
{
	begin(8);
	CHECK(alive(0, PAGE, 0) && dead(PAGE, PAGE));
	CHECK(ledger_take(&ledger, 0, 3 * PAGE) == LEDGER_OK);
	CHECK(!ledger_find(&ledger, 0)->taken);
	CHECK(ledger_find(&ledger, PAGE)->taken);
	CHECK(ledger_state(&ledger, 2 * PAGE) == LEDGER_UNKNOWN);
	CHECK(alive(PAGE, PAGE, 0) && dead(PAGE, PAGE));
	CHECK(!ledger_find(&ledger, PAGE)->taken);
}

static void bad_ranges_change_nothing(void)
{
	begin(4);
	CHECK(!dead(0, 0));
	CHECK(!dead(UINT64_MAX - PAGE, 2 * PAGE));
	CHECK(ledger_declare_dead(&ledger, 0, 5 * PAGE) == LEDGER_BAD_RANGE);
	CHECK(dead(0, 3 * PAGE));
	CHECK(ledger_declare_dead(&ledger, 2 * PAGE, 3 * PAGE) == LEDGER_FULL);
	CHECK(ledger_state(&ledger, 3 * PAGE) == LEDGER_UNKNOWN);
	CHECK(alive(2 * PAGE, 2 * PAGE, 0));
	CHECK(ledger_count_dead(&ledger) == 2 && ledger_count_alive(&ledger) == 2);
	ledger_clear(&ledger);
	CHECK(!ledger_count_dead(&ledger) && dead(UINT64_MAX, 1));
}

const struct test ledger_tests[] = {
	TEST(pages_die_and_live),
	TEST(ranges_and_times),
	TEST(memory_is_remembered),
	TEST(memory_is_taken),
	TEST(bad_ranges_change_nothing),
	{}
};
