// SPDX-License-Identifier: GPL-2.0
/*
 * Commands of send and receive queues, and the life of both: they are created
 * in reset, made ready, fall into error, and are reset to begin anew.
 */
#include "queue.h"

enum {
	MIN_LOG_STRIDE		= 4,	/* one data segment */
	MIN_LOG_STRIDE_LIST	= 5,	/* and the link to the next work request */
	MAX_LOG_STRIDE		= 9,	/* CX_MAX_RECV_WQE */
	LOG_SEND_STRIDE		= 6,	/* MLX5_SEND_WQE_BB */
	MAX_LOG_PAGE		= 30,
	BASE_LOG_STRIDES	= 9,	/* MLX5_MPWQE_LOG_NUM_STRIDES_BASE */
	MIN_LOG_STRIDES		= 3,	/* MLX5_MPWQE_LOG_NUM_STRIDES_EXT_BASE */
	MAX_LOG_STRIDES		= 15,	/* a CQE counts up to 0x7fff of them */
	BASE_LOG_STRIDE_BYTES	= 6,	/* MLX5_MPWQE_LOG_STRIDE_SZ_BASE */
};

/* What the driver may say about a queue beside its state: bits of modify_bitmask. */
enum {
	MODIFY_RQ_VSD		= 1 << 1,
	MODIFY_RQ_COUNTER	= 1 << 3,
};

/* Values of qp_srq.type in an event. */
enum { EVENT_OF_RQ = 1, EVENT_OF_SQ = 2 };

/* ---- what both do while they work ---- */

void wq_fail(struct cx_wq *wq)
{
	wq->state = CX_QUEUE_ERROR;
}

void wq_get_stuck(struct cx_wq *wq, const char *why)
{
	uint8_t data[28] = { 0 };

	wq_fail(wq);
	wq->stuck = true;
	cx_log(wq->cx, "%s queue 0x%x: %s", wq->send ? "send" : "receive",
	       wq->num, why);
	data[20] = wq->send ? EVENT_OF_SQ : EVENT_OF_RQ;
	stl_be_p(data + 24, wq->num);
	event_post(wq->cx, CX_EVENT_WQ_CATAS_ERROR, data);
}

bool wq_posted(struct cx_wq *wq, unsigned int *posted)
{
	uint8_t record[4], cqe[64];

	if (wq->stuck || wq->state == CX_QUEUE_RESET)
		return false;
	if (!dma_read(wq->cx, wq->record, record, sizeof(record))) {
		wq_get_stuck(wq, "cannot read the doorbell record");
		return false;
	}
	*posted = (uint16_t)(ldl_be_p(record) - wq->index);
	if (*posted <= 1u << wq->ring.log_size)
		return true;

	if (wq->state == CX_QUEUE_READY) {
		wq_error_cqe(wq, cqe, CX_FAULT_COUNTER, 0);
		cq_post(wq->cx, wq->cq, cqe, NULL);
	}
	wq_get_stuck(wq, "more work requests posted than the ring has");
	return false;
}

void wq_cqe(struct cx_wq *wq, uint8_t cqe[64], unsigned int opcode)
{
	memset(cqe, 0, 64);
	stq_be_p(cqe + 48, qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL));
	stw_be_p(cqe + 60, wq->index);
	cqe[63] = opcode << 4;
}

static uint8_t syndrome_of(enum cx_fault fault)
{
	switch (fault) {
	case CX_FAULT_FLUSHED:
		return CX_SYNDROME_WR_FLUSH;
	case CX_FAULT_FETCH:
	case CX_FAULT_DATA:
		return CX_SYNDROME_LOCAL_PROT;
	case CX_FAULT_LENGTH:
		return CX_SYNDROME_LOCAL_LENGTH;
	default:
		return CX_SYNDROME_LOCAL_QP_OP;
	}
}

void wq_error_cqe(struct cx_wq *wq, uint8_t cqe[64], enum cx_fault fault,
		  uint8_t wqe_opcode)
{
	wq_cqe(wq, cqe, wq->send ? CX_CQE_REQ_ERR : CX_CQE_RESP_ERR);
	memset(cqe + 48, 0, 8);	/* an error has no time */
	cqe[54] = fault;
	cqe[55] = syndrome_of(fault);
	stl_be_p(cqe + 56, wqe_opcode << 24 | wq->num);
}

/* ---- creation ---- */

/* The ring, from the queue's context; the checks are those of both types. */
static uint8_t wq_init_ring(struct cx_wq *wq, const struct cx_cmd *cmd,
			    const uint8_t *context)
{
	const uint8_t *in = IFC_PTR(sqc, context, wq);	/* in rqc, too */
	struct cx_ring *ring = &wq->ring;
	const uint8_t *list = IFC_PTR(wq, in, pas);

	ring->log_size = IFC_GET(wq, in, log_wq_sz);
	ring->log_stride = IFC_GET(wq, in, log_wq_stride);
	ring->log_page = CX_PAGE_SHIFT + IFC_GET(wq, in, log_wq_pg_sz);
	wq->record = IFC_GET(wq, in, dbr_addr);
	if (ring->log_size > CX_LOG_MAX_WQ || ring->log_page > MAX_LOG_PAGE ||
	    wq->record % 8)
		return CX_BAD_SIZE;
	/* The second of two counters belongs to what sends (MLX5_SND_DBR). */
	wq->record += wq->send ? 4 : 0;
	/* In units of 1/64 of a page. */
	ring->page_offset = IFC_GET(wq, in, page_offset) << (ring->log_page - 6);
	if (ring->page_offset % (1u << ring->log_stride))
		return CX_BAD_SIZE;
	if (IFC_GET(wq, in, wq_signature) || IFC_GET(wq, in, dbr_umem_valid) ||
	    IFC_GET(wq, in, wq_umem_valid))
		return CX_BAD_PARAM;
	return ring_init(ring, list, cmd_rest(cmd, list)) ? CX_OK : CX_BAD_PARAM;
}

/* Whether the context asks for what no capability offers. */
static bool wq_context_ok(const uint8_t *context)
{
	return IFC_GET(sqc, context, state) == CX_QUEUE_RESET &&
	       !IFC_GET(sqc, context, hairpin) &&
	       IFC_GET(sqc, context, ts_format) != MLX5_TIMESTAMP_FORMAT_REAL_TIME;
}

/* What is read here as a field of sqc may be that of an rqc. */
#define SAME_FIELD(field) \
	_Static_assert(IFC_AT(sqc, field) == IFC_AT(rqc, field), #field)
SAME_FIELD(wq);
SAME_FIELD(state);
SAME_FIELD(cqn);
SAME_FIELD(hairpin);
SAME_FIELD(ts_format);
_Static_assert(IFC_SIZE(sqc) == IFC_SIZE(rqc), "size");
