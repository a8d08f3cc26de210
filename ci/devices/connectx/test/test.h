/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tests of the parts of the emulated ConnectX that need no QEMU. They run on
 * the host and print KTAP (main.c).
 */
#ifndef XSMMU_CONNECTX_TEST_H
#define XSMMU_CONNECTX_TEST_H

#include "../connectx.h"

#include <netinet/in.h>

struct test {
	const char *name;
	void (*run)(void);
};

#define TEST(function)	{ #function, function }

/* Each ends with an entry without name. */
extern const struct test packet_tests[], rss_tests[], steering_tests[], send_tests[],
	receive_tests[], ledger_tests[];

/* What main.c runs. A list ends with NULL. Each program has its own. */
extern const struct test *const all_tests[];

void test_failed(const char *file, int line, const char *what);

#define CHECK(condition) do {						\
	if (!(condition))						\
		test_failed(__FILE__, __LINE__, #condition);		\
} while (0)

/* ---- frame.c ---- */

/* The parts of a frame that tests choose. All others are fixed. */
struct flow {
	int family;		/* AF_INET or AF_INET6 */
	const char *source;
	const char *dest;
	uint8_t protocol;	/* IPPROTO_TCP or IPPROTO_UDP */
	uint16_t sport;
	uint16_t dport;
	uint16_t vlan;		/* 0: no tag */
};

#define FRAME_MAX	(256 * 1024)

/*
 * Write a frame of @flow with @payload bytes, all checksums right, to @frame.
 * Returns its length, and in @header that of its headers.
 */
size_t frame_build(uint8_t *frame, const struct flow *flow, size_t payload,
		   size_t *header);

/* ---- host.c ---- */

/* The device under test. Only its objects and its flow tables work. */
extern ConnectX *cx;

/* Free the old device, and begin with a new one. Called before each test. */
void test_begin(void);
/* Free the device, if there is one. Called after each test. */
void test_end(void);

/* ---- commands.c ---- */

/* Run a command of steering_ops, rss_ops or queue_ops. Returns its status. */
uint8_t test_command(uint16_t opcode, const uint8_t *in, size_t in_len, uint8_t *out,
		     size_t out_len);
/* An object that is only a number, of any type. */
uint32_t test_object(enum cx_type type);
uint32_t test_rqt(const uint32_t *rqs, uint32_t count);
/* A TIR for @domain. @context is a tirc with all other settings. */
uint32_t test_tir(uint32_t domain, const uint8_t *context);
uint32_t test_direct_tir(uint32_t domain, uint32_t rq);

/* A flow table of 16 entries, with a miss table or 0. */
uint8_t try_table(uint8_t level, uint32_t miss, uint32_t *id);
uint32_t make_table(uint8_t level, uint32_t miss);
void set_root(uint32_t table);
/* @mask is a fte_match_set_lyr_2_4, or NULL to match every frame. */
uint8_t try_group(uint32_t table, const uint8_t *mask, uint32_t first, uint32_t last,
		  uint32_t *id);
uint32_t make_group(uint32_t table, const uint8_t *mask, uint32_t first, uint32_t last);

/* An entry with these TIRs and tables as destinations; a list ends with a 0. */
struct entry {
	uint32_t table;
	uint32_t group;
	uint32_t index;
	const uint8_t *value;
	uint32_t tirs[3];
	uint32_t tables[2];
};

/* Its flow tag is 0x770 + index. */
uint8_t set_entry(const struct entry *entry, uint8_t modify_mask);
/* An entry for one TIR. If @tir is 0, it drops the frame. */
uint8_t add_entry(uint32_t table, uint32_t group, uint32_t index, const uint8_t *value,
		  uint32_t tir);

#endif /* XSMMU_CONNECTX_TEST_H */
