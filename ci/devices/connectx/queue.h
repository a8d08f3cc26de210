/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Send and receive queues.
 *
 * queue.c creates, modifies and destroys them, send.c and receive.c serve them.
 * The device reads the driver's producer counter and the entries of the ring
 * from memory each time it needs them, and checks them before use.
 */
#ifndef XSMMU_CONNECTX_QUEUE_H
#define XSMMU_CONNECTX_QUEUE_H

#include "connectx.h"

/* The reason why a work request failed: the vendor syndrome of its error CQE. */
enum cx_fault {
	CX_FAULT_NONE,
	CX_FAULT_FLUSHED,	/* posted to a queue in error state */
	CX_FAULT_COUNTER,	/* more work requests than the ring holds */
	CX_FAULT_FETCH,		/* the work request cannot be read */
	CX_FAULT_SIZE,		/* its size is 0 or more than was posted */
	CX_FAULT_NUMBER,	/* it names another queue or another index */
	CX_FAULT_OPCODE,	/* opcode unknown, or not allowed here */
	CX_FAULT_SEGMENT,	/* a segment ends beyond the work request */
	CX_FAULT_INLINE,	/* too little of the headers is inline */
	CX_FAULT_LENGTH,	/* the frame is too short or too long */
	CX_FAULT_DATA,		/* data cannot be read or written */
	CX_FAULT_LSO,		/* the frame cannot be segmented */
	CX_FAULT_UMR,		/* the update of a key is not modelled */
};

struct cx_wq {
	ConnectX *cx;
	uint32_t num;
	bool send;
	QEMUTimer *timer;	/* serves the queue */
	struct cx_ring ring;
	uint64_t record;	/* IOVA of the producer counter */
	uint16_t index;		/* of the next work request to use */
	uint8_t state;
	bool flush;		/* in error state, posted work requests complete */
	bool stuck;		/* the place of the next work request is unknown */
	struct cx_cq *cq;
	void *pd;		/* referenced objects */
	struct cx_object *uar;	/* of a send queue */
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
	GQueue frames;		/* that wait for the timer (receive.c) */
	bool strip_vlan;
	uint8_t counter;	/* Q counter */
	/* Striding: a work request takes several frames, one after the other. */
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
 * Read the producer counter, and compute the number of work requests that are
 * posted and not used. Returns false if the queue is reset or stuck. If the
 * counter cannot be read or is impossible, the queue gets stuck.
 */
bool wq_posted(struct cx_wq *wq, unsigned int *posted);
/* The common part of a CQE. The rest is zero. */
void wq_cqe(struct cx_wq *wq, uint8_t cqe[64], unsigned int opcode);
/* The CQE of a failed work request. @wqe_opcode is that of a send WQE, or 0. */
void wq_error_cqe(struct cx_wq *wq, uint8_t cqe[64], enum cx_fault fault,
		  uint8_t wqe_opcode);
/* Enter the error state. */
void wq_fail(struct cx_wq *wq);
/*
 * Enter the error state, because the place of the next work request is unknown.
 * No CQE can name that work request, so an event tells the driver. The queue
 * does nothing until it is reset.
 */
void wq_get_stuck(struct cx_wq *wq, const char *why);

/* ---- send.c ---- */

/* The timer of a send queue. */
void sq_serve(void *opaque);
/* Forget the accesses that no CQE covers. */
void sq_reset(struct cx_sq *sq);

/* ---- receive.c ---- */

/* The timer of a receive queue. */
void rq_serve(void *opaque);
/* Forget the work request in use, and the frames that wait. */
void rq_reset(struct cx_rq *rq);

#endif /* XSMMU_CONNECTX_QUEUE_H */
