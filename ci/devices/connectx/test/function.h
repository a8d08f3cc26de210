/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The host of the tests of the function as a whole. They are a program of their own,
 * because the other tests replace the keys.
 */
#ifndef XSMMU_CONNECTX_TEST_FUNCTION_H
#define XSMMU_CONNECTX_TEST_FUNCTION_H

#include "test.h"

enum {
	FUNCTION_PAGES		= 0x10000,	/* the first page for the device's own use */
	FUNCTION_REFUSED	= 0x13000,	/* writes from this IOVA on are blocked */
	FUNCTION_CAPABILITY	= 0x40,		/* where QEMU puts a capability */
};

struct function_host {
	int64_t now;		/* QEMU's clock */
	unsigned int rung;	/* doorbells of send queues */
	uint32_t uar;		/* of the last one */
	unsigned int logged;	/* lines about errors */
};

extern struct function_host function;

/* Each ends with an entry without name. */
extern const struct test function_tests[], register_tests[], doorbell_tests[];

/* Run a command. Returns its status. */
uint8_t function_command(uint16_t opcode, uint16_t op_mod, uint8_t *in, size_t in_len,
			 uint8_t *out, size_t out_len);
uint8_t function_alloc_uar(uint32_t *num);

#endif /* XSMMU_CONNECTX_TEST_FUNCTION_H */
