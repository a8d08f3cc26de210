/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The host of send and receive queues: memory, keys, timers, and the queues'
 * output.
 */
#ifndef XSMMU_CONNECTX_TEST_HOST_H
#define XSMMU_CONNECTX_TEST_HOST_H

#include "test.h"

enum {
	HOST_MEMORY	= 256 * KiB,	/* IOVAs from 0 on; others are blocked */
	HOST_RECORD	= 0x1000,
	HOST_RING	= 0x2000,	/* of the queue under test */
	HOST_DATA	= 0x10000,
	HOST_KEY	= 0x1234,	/* the only key, for all of memory */
	LOG_RING	= 4,
	RING		= 1 << LOG_RING,
};

struct host {
	uint8_t memory[HOST_MEMORY];
	uint64_t refused;	/* an IOVA whose accesses are blocked */
	GArray *cqes;		/* 64 bytes each */
	GPtrArray *sent;	/* GByteArrays */
	unsigned int events;	/* how often a queue got stuck */
	unsigned int logged;	/* lines about errors */
	unsigned int no_buffer;
	unsigned int flushed;	/* how often QEMU was told that there is room */
	bool fails;		/* every frame fails on request */
	unsigned int held;	/* how often an update is still put off */
	uint64_t first_entry;	/* of the last update of a key */
	uint32_t entries;
	uint32_t num;		/* of the queue under test */
	uint32_t uar;		/* of that queue, if it is a send queue */
	bool send;		/* it is a send queue */
};

extern struct host host;

/* Begin with a new device and empty memory. */
void host_begin(void);
/* Fill in the fields that the contexts of both kinds of queue share. */
void host_fill_context(uint8_t *context);
/* Create the queue under test with the command @in. */
uint8_t host_create(uint16_t opcode, uint8_t *in, size_t len);
/* Change the state of the queue under test from @now to @next. */
uint8_t host_modify(uint8_t now, uint8_t next);
void host_set_record(unsigned int at, uint32_t val);
/* Run the timers until none is armed. */
void host_run(void);
/* CQE @index, counted from the first. If there is none, the test fails. */
const uint8_t *host_cqe(unsigned int index);
/* The syndrome of that CQE. 0 if it reports success. */
uint8_t host_syndrome(unsigned int index);
/* The current state of the queue under test. */
uint8_t host_state(void);
/* Whether no timer is armed. */
bool host_is_idle(void);

#endif /* XSMMU_CONNECTX_TEST_HOST_H */
