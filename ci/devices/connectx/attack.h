/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The hostile side of the device: functions that its parts share. The rest of
 * the device uses only the functions in connectx.h.
 *
 * attack.c	one hostile access, and its verdict; start and reset
 * attack-bar.c	registers, and the same numbers for QMP
 * replay.c	repeats completed work
 * sweep.c	accesses random pages of those that the device used last
 */
#ifndef XSMMU_CONNECTX_ATTACK_H
#define XSMMU_CONNECTX_ATTACK_H

#include "connectx.h"
#include "attack-regs.h"
#include "../lib/ledger.h"

/* The counters of a kind, in the layout of CX_ATTACK_KIND(). */
struct attack_counters {
	uint64_t n[8];
};

/* CX_ATTACK_RESET_COUNTERS resets these and those of the device TLB. */
struct attack_result {
	struct attack_counters kind[CX_ATTACK_KINDS];
	uint64_t landed_first;
	uint64_t landed_last;
	uint64_t exposure_ns;
	uint64_t mistranslated_first;
	uint64_t dropped;
	uint64_t damaged;
};

struct cx_attack {
	struct ledger ledger;
	uint64_t control;		/* CX_ATTACK_CONTROL_* */
	uint64_t fail_send;		/* registers */
	uint64_t fail_receive;
	uint64_t hold_updates;
	GHashTable *mapping;		/* page frames of memory, to counts */
	unsigned int mapping_any;
	struct attack_result result;
	uint64_t memory;		/* registers */
	uint64_t state;
	uint64_t errors;
	struct attack_replay *replay;
	struct attack_sweep *sweep;
};

/* ---- attack.c ---- */

/* Make one access of @kind. [@iova, @iova + @len) lies within a page. */
void attack_access(ConnectX *cx, unsigned int kind, uint64_t iova, size_t len);
/* Make one access per page of a range of any length. */
void attack_range(ConnectX *cx, unsigned int kind, uint64_t iova, size_t len);
/*
 * The guest begins or ends to map page frame @pfn of memory. Returns false if
 * there are too many of them, or if it ends what it did not begin.
 */
bool attack_mapping(struct cx_attack *attack, uint64_t pfn, bool begins);
/* Forget all pages, the mappings that are under way, and the error count. */
void attack_reset_ledger(struct cx_attack *attack);
void attack_reset_counters(struct cx_attack *attack);

/* ---- replay.c ---- */

void replay_init(ConnectX *cx);
void replay_completed(ConnectX *cx, const struct cx_access *access);
void replay_reset(ConnectX *cx);
void replay_exit(ConnectX *cx);

/* ---- sweep.c ---- */

void sweep_init(ConnectX *cx);
/* The device has accessed [@iova, @iova + @len), which lies within a page. */
void sweep_note(ConnectX *cx, uint64_t iova, size_t len, bool write);
/* Start or stop the timer according to the control register. */
void sweep_update(ConnectX *cx);
void sweep_reset(ConnectX *cx);
void sweep_exit(ConnectX *cx);

#endif /* XSMMU_CONNECTX_ATTACK_H */
