/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What send and receive queues have in common, and what each has of its own.
 *
 * queue.c creates, modifies and destroys them, send.c and receive.c serve them.
 * The producer counter that the driver keeps in memory, and all that a ring
 * holds, is read anew each time and believed only after it was checked.
 */
#ifndef XSMMU_CONNECTX_QUEUE_H
#define XSMMU_CONNECTX_QUEUE_H

#include "connectx.h"

/* Why a work request failed: the vendor's syndrome of its error CQE. */
enum cx_fault {
	CX_FAULT_NONE,
	CX_FAULT_FLUSHED,	/* posted to a queue in error state */
	CX_FAULT_COUNTER,	/* more work requests than the ring has */
	CX_FAULT_FETCH,		/* the work request cannot be read */
	CX_FAULT_SIZE,		/* its size is 0, or beyond what was posted */
	CX_FAULT_NUMBER,	/* it is for another queue, or another index */
	CX_FAULT_OPCODE,	/* opcode unknown, or not allowed here */
	CX_FAULT_SEGMENT,	/* a segment ends beyond the work request */
	CX_FAULT_INLINE,	/* inlines less of the headers than it must */
	CX_FAULT_LENGTH,	/* the frame is too short or too long */
	CX_FAULT_DATA,		/* data cannot be read or written */
	CX_FAULT_LSO,		/* nothing that can be segmented */
	CX_FAULT_UMR,		/* an update of a key that is not modelled */
};

struct cx_wq {
	ConnectX *cx;
	uint32_t num;
	bool send;
	QEMUTimer *timer;	/* serves the queue */
	struct cx_ring ring;
	uint64_t record;	/* IOVA of the producer counter */
	uint16_t index;		/* the next work request to be used */
	uint8_t state;
	bool flush;		/* what is posted in error state completes */
	bool stuck;		/* where the next work request is, is not known */
	struct cx_cq *cq;
	void *pd;		/* objects that we hold */
	void *uar;
	uint8_t context[IFC_SIZE(sqc)];	/* or rqc, as the driver gave it */
};

struct cx_sq {
	struct cx_object object;
	struct cx_wq wq;
	void *tis;
	bool umr;		/* may update keys */
	GArray *touched;	/* accesses that no CQE covers yet, or NULL */
};

struct cx_rq {
	struct cx_object object;
	struct cx_wq wq;
	GQueue frames;		/* that wait for their time: receive.c */
	bool strip_vlan;
	uint8_t counter;	/* Q counter */
	/* Striding: a work request takes several frames, one behind the other. */
	bool striding;
	bool linked;		/* each work request names the next one */
	bool started;		/* head is valid */
	bool open;		/* the work request at head is in use */
	uint8_t log_strides;	/* in a work request */
	uint8_t log_stride;	/* bytes */
	uint16_t head;
	uint32_t used;		/* strides of the work request at head */
};

/* ---- queue.c ---- */

/*
 * Read the producer counter: how many work requests are posted and not used.
 * False when the queue has nothing to give: the counter cannot be read or is
 * impossible, which is an error of the queue.
 */
bool wq_posted(struct cx_wq *wq, unsigned int *posted);
/* The common part of a CQE; the rest is zero. */
void wq_cqe(struct cx_wq *wq, uint8_t cqe[64], unsigned int opcode);
/* The same for a work request that failed; @wqe_opcode is of a send WQE. */
void wq_error_cqe(struct cx_wq *wq, uint8_t cqe[64], enum cx_fault fault,
		  uint8_t wqe_opcode);
/* Enter the error state. */
void wq_fail(struct cx_wq *wq);
/*
 * The same, and nobody can tell where the next work request is: an event tells
 * the driver, for no CQE could. Until the queue is reset it does nothing.
 */
void wq_get_stuck(struct cx_wq *wq, const char *why);

/* ---- send.c ---- */

/* Timer of a send queue. */
void sq_serve(void *opaque);
/* Forget what was begun. */
void sq_reset(struct cx_sq *sq);

/* ---- receive.c ---- */

/* Timer of a receive queue. */
void rq_serve(void *opaque);
/* Forget what was begun, and the frames that wait. */
void rq_reset(struct cx_rq *rq);

#endif /* XSMMU_CONNECTX_QUEUE_H */
