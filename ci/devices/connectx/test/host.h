/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A host for send and receive queues: memory, keys, time, and what came out.
 */
#ifndef XSMMU_CONNECTX_TEST_HOST_H
#define XSMMU_CONNECTX_TEST_HOST_H

#include "test.h"

enum {
	HOST_MEMORY	= 256 * KiB,	/* IOVAs from 0 on; others are refused */
	HOST_RECORD	= 0x1000,
	HOST_RING	= 0x2000,	/* of the queue that is tested */
	HOST_DATA	= 0x10000,
	HOST_KEY	= 0x1234,	/* the only key: all of memory */
	LOG_RING	= 4,
	RING		= 1 << LOG_RING,
};

struct host {
	uint8_t memory[HOST_MEMORY];
	uint64_t refused;	/* an IOVA; accesses that touch it fail */
	GArray *cqes;		/* 64 bytes each */
	GPtrArray *sent;	/* GByteArrays */
	unsigned int events;	/* that a queue got stuck */
	unsigned int no_buffer;
	unsigned int flushed;	/* QEMU was told of room */
	bool fails;		/* every frame, by request */
	unsigned int held;	/* so often an update is looked at in vain */
	uint64_t first_entry;	/* of the last update of a key */
	uint32_t entries;
	uint32_t num;		/* of the queue under test */
	bool send;		/* it is a send queue */
};

extern struct host host;

/* A device with an empty memory. */
void host_begin(void);
/* Fill in the fields that the contexts of both kinds of queue share. */
void host_fill_context(uint8_t *context);
/* Create a queue with the command that @in is; it becomes the one tested. */
uint8_t host_create(uint16_t opcode, uint8_t *in, size_t len);
/* Change the state of the queue under test from @now to @next. */
uint8_t host_modify(uint8_t now, uint8_t next);
void host_set_record(unsigned int at, uint32_t val);
/* Let the timers run, until none is armed. */
void host_run(void);
/* CQE @index from the beginning; NULL and a failure, if there is none. */
const uint8_t *host_cqe(unsigned int index);
/* The syndrome of that CQE, 0 if it is of success. */
uint8_t host_syndrome(unsigned int index);
/* The current state of the queue under test. */
uint8_t host_state(void);
/* Whether no timer is armed. */
bool host_is_idle(void);

#endif /* XSMMU_CONNECTX_TEST_HOST_H */
