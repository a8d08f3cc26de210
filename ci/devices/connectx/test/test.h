/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tests of the parts of the emulated ConnectX that need no QEMU around them.
 * They run on the host, and print KTAP (main.c).
 */
#ifndef XSMMU_CONNECTX_TEST_H
#define XSMMU_CONNECTX_TEST_H

#include "../connectx.h"

#include <netinet/in.h>

struct test {
	const char *name;
	void (*run)(void);
};

/* Each ends with an entry without name. */
extern const struct test packet_tests[], rss_tests[], steering_tests[], send_tests[],
	receive_tests[], ledger_tests[];

void test_failed(const char *file, int line, const char *what);

#define CHECK(condition) do {						\
	if (!(condition))						\
		test_failed(__FILE__, __LINE__, #condition);		\
} while (0)

/* ---- frame.c ---- */

/* What a frame is made of; everything else in it is fixed. */
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

/* ---- commands.c ---- */

/* A device of which only objects and steering live. */
ConnectX *test_device_new(void);
void test_device_free(ConnectX *cx);
/* Run a command of steering_ops, rss_ops or queue_ops; returns its status. */
uint8_t test_command(ConnectX *cx, uint16_t opcode, const uint8_t *in,
		     size_t in_len, uint8_t *out, size_t out_len);
/* A transport domain or a receive queue, of which only the number is real. */
uint32_t test_object(ConnectX *cx, enum cx_type type);
uint32_t test_rqt(ConnectX *cx, const uint32_t *rqs, uint32_t count);
/* A TIR for @domain; @context is a tirc that says the rest. */
uint32_t test_tir(ConnectX *cx, uint32_t domain, const uint8_t *context);
uint32_t test_direct_tir(ConnectX *cx, uint32_t domain, uint32_t rq);

#endif /* XSMMU_CONNECTX_TEST_H */
