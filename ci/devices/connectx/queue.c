// SPDX-License-Identifier: GPL-2.0
/*
 * Commands of send and receive queues, and their states. A queue is created in
 * the state reset. The driver makes it ready. After an error the driver resets
 * it.
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
	MAX_LOG_STRIDES		= 14,	/* a CQE counts up to 0x7fff of them */
	BASE_LOG_STRIDE_BYTES	= 6,	/* MLX5_MPWQE_LOG_STRIDE_SZ_BASE */
};

/* Bits of modify_bitmask: what the driver may change besides the state. */
enum {
	MODIFY_RQ_VSD		= 1 << 1,
	MODIFY_RQ_COUNTER	= 1 << 3,
};

/* Values of qp_srq.type in an event. */
enum { EVENT_OF_RQ = 1, EVENT_OF_SQ = 2 };

/* ---- work ---- */

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
	memset(cqe + 48, 0, 8);	/* an error has no time stamp */
	cqe[54] = fault;
	cqe[55] = syndrome_of(fault);
	stl_be_p(cqe + 56, (uint32_t)wqe_opcode << 24 | wq->num);
}

/* ---- creation ---- */

/* Initialise the ring from the context of a send or a receive queue. */
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
	/* A send queue uses the second counter of the record (MLX5_SND_DBR). */
	wq->record += wq->send ? 4 : 0;
	/* The unit is 1/64 of a page. */
	ring->page_offset = IFC_GET(wq, in, page_offset) << (ring->log_page - 6);
	if (ring->page_offset % (1u << ring->log_stride))
		return CX_BAD_SIZE;
	if (IFC_GET(wq, in, wq_signature) || IFC_GET(wq, in, dbr_umem_valid) ||
	    IFC_GET(wq, in, wq_umem_valid))
		return CX_BAD_PARAM;
	return ring_init(ring, list, cmd_rest(cmd, list)) ? CX_OK : CX_BAD_PARAM;
}

/* False if the context asks for a feature that is not advertised. */
static bool wq_context_ok(const uint8_t *context)
{
	return IFC_GET(sqc, context, state) == CX_QUEUE_RESET &&
	       !IFC_GET(sqc, context, hairpin) &&
	       IFC_GET(sqc, context, ts_format) != MLX5_TIMESTAMP_FORMAT_REAL_TIME;
}

/* Code here reads these fields of an rqc as those of an sqc. */
_Static_assert(IFC_AT(sqc, wq) == IFC_AT(rqc, wq), "wq");
_Static_assert(IFC_AT(sqc, state) == IFC_AT(rqc, state), "state");
_Static_assert(IFC_AT(sqc, cqn) == IFC_AT(rqc, cqn), "cqn");
_Static_assert(IFC_AT(sqc, hairpin) == IFC_AT(rqc, hairpin), "hairpin");
_Static_assert(IFC_AT(sqc, ts_format) == IFC_AT(rqc, ts_format), "ts_format");
_Static_assert(IFC_SIZE(sqc) == IFC_SIZE(rqc), "size");

static uint8_t wq_init(ConnectX *cx, struct cx_wq *wq, const struct cx_cmd *cmd,
		       const uint8_t *context, uint32_t num, QEMUTimerCB *serve,
		       void *opaque)
{
	uint32_t pd = IFC_GET(wq, IFC_PTR(sqc, context, wq), pd);
	uint8_t status;

	wq->cx = cx;
	wq->num = num;
	wq->timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, serve, opaque);
	if (!wq_context_ok(context))
		return CX_BAD_PARAM;
	status = wq_init_ring(wq, cmd, context);
	if (status)
		return status;

	wq->cq = cx_object_find_get(cx, CX_CQ, IFC_GET(sqc, context, cqn));
	wq->pd = cx_object_find_get(cx, CX_PD, pd);
	/* The receive queue with which the driver drops frames has no PD. */
	if (!wq->cq || (!wq->pd && (pd || wq->send)))
		return CX_BAD_RES;
	memcpy(wq->context, context, sizeof(wq->context));
	return CX_OK;
}

static void wq_release(struct cx_wq *wq)
{
	timer_free(wq->timer);
	ring_free(&wq->ring);
	cx_object_put(wq->cq);
	cx_object_put(wq->pd);
	cx_object_put(wq->uar);
}

static void sq_release(ConnectX *cx, struct cx_object *object)
{
	struct cx_sq *sq = container_of(object, struct cx_sq, object);

	sq_reset(sq);
	cx_object_put(sq->tis);
	wq_release(&sq->wq);
}

static void rq_release(ConnectX *cx, struct cx_object *object)
{
	struct cx_rq *rq = container_of(object, struct cx_rq, object);

	rq_reset(rq);
	wq_release(&rq->wq);
}

/*
 * Initialise what only a send queue has. allow_multi_pkt_send_wqe allows the older form of
 * multi-packet work requests, which is not advertised (capability multi_pkt_send_wqe). The
 * enhanced form needs no such bit: mlx5e uses it on queues without the bit.
 */
static uint8_t sq_init(ConnectX *cx, struct cx_sq *sq, const uint8_t *context)
{
	const uint8_t *in = IFC_PTR(sqc, context, wq);
	uint32_t tis_count = IFC_GET(sqc, context, tis_lst_sz);

	sq->wq.flush = IFC_GET(sqc, context, flush_in_error_en);
	sq->umr = IFC_GET(sqc, context, reg_umr);
	if (IFC_GET(wq, in, wq_type) != MLX5_WQ_TYPE_CYCLIC || tis_count > 1 ||
	    sq->wq.ring.log_stride != LOG_SEND_STRIDE ||
	    IFC_GET(sqc, context, allow_swp) ||
	    IFC_GET(sqc, context, allow_multi_pkt_send_wqe) ||
	    IFC_GET(sqc, context, ts_cqe_to_dest_cqn) ||
	    (sq->umr && !cx->prop.striding_rq))
		return CX_BAD_PARAM;

	sq->wq.uar = cx_object_find_get(cx, CX_UAR, IFC_GET(wq, in, uar_page));
	if (tis_count)
		sq->tis = cx_object_find_get(cx, CX_TIS, IFC_GET(sqc, context, tis_num_0));
	return sq->wq.uar && (sq->tis || !tis_count) ? CX_OK : CX_BAD_RES;
}

static uint8_t rq_init_striding(ConnectX *cx, struct cx_rq *rq, const uint8_t *in)
{
	unsigned int strides = IFC_GET(wq, in, log_wqe_num_of_strides);

	/* A signed number of 4 bits. */
	rq->log_strides = BASE_LOG_STRIDES + strides - (strides & 8 ? 16 : 0);
	rq->log_stride = BASE_LOG_STRIDE_BYTES + IFC_GET(wq, in, log_wqe_stride_size);
	rq->striding = true;
	if (!cx->prop.striding_rq || rq->wq.ring.log_stride < MIN_LOG_STRIDE_LIST ||
	    rq->log_strides < MIN_LOG_STRIDES || rq->log_strides > MAX_LOG_STRIDES ||
	    IFC_GET(wq, in, two_byte_shift_en) || IFC_GET(wq, in, shampo_enable))
		return CX_BAD_PARAM;
	return CX_OK;
}

static bool rq_set_counter(ConnectX *cx, struct cx_rq *rq, uint8_t id)
{
	if (id && !cx_object_find(cx, CX_Q_COUNTER, id))
		return false;
	rq->counter = id;
	IFC_SET(rqc, rq->wq.context, counter_set_id, id);
	return true;
}

/* Initialise what only a receive queue has. */
static uint8_t rq_init(ConnectX *cx, struct cx_rq *rq, const uint8_t *context)
{
	const uint8_t *in = IFC_PTR(rqc, context, wq);
	uint8_t log_stride = rq->wq.ring.log_stride;

	rq->wq.flush = IFC_GET(rqc, context, flush_in_error_en);
	rq->strip_vlan = !IFC_GET(rqc, context, vsd);
	if (IFC_GET(rqc, context, mem_rq_type) != MLX5_RQC_MEM_RQ_TYPE_MEMORY_RQ_INLINE ||
	    log_stride < MIN_LOG_STRIDE || log_stride > MAX_LOG_STRIDE ||
	    IFC_GET(rqc, context, scatter_fcs) || IFC_GET(rqc, context, delay_drop_en) ||
	    !rq_set_counter(cx, rq, IFC_GET(rqc, context, counter_set_id)))
		return CX_BAD_PARAM;

	switch (IFC_GET(wq, in, wq_type)) {
	case MLX5_WQ_TYPE_CYCLIC:
		return CX_OK;
	case MLX5_WQ_TYPE_LINKED_LIST_STRIDING_RQ:
		rq->linked = true;
		return rq_init_striding(cx, rq, in);
	case MLX5_WQ_TYPE_CYCLIC_STRIDING_RQ:
		return rq_init_striding(cx, rq, in);
	default:
		return CX_BAD_PARAM;
	}
}

static uint8_t cmd_create_sq(ConnectX *cx, struct cx_cmd *cmd)
{
	const uint8_t *context = IFC_PTR(create_sq_in, cmd->in, ctx);
	struct cx_sq *sq = cx_object_new(cx, CX_SQ, sizeof(*sq), sq_release);
	uint8_t status;

	if (!sq)
		return CX_NO_RES;
	sq->wq.send = true;
	status = wq_init(cx, &sq->wq, cmd, context, sq->object.num, sq_serve, sq);
	if (!status)
		status = sq_init(cx, sq, context);
	if (status)
		cx_object_drop(cx, sq);
	else
		IFC_SET(create_sq_out, cmd->out, sqn, sq->object.num);
	return status;
}

static uint8_t cmd_create_rq(ConnectX *cx, struct cx_cmd *cmd)
{
	const uint8_t *context = IFC_PTR(create_rq_in, cmd->in, ctx);
	struct cx_rq *rq = cx_object_new(cx, CX_RQ, sizeof(*rq), rq_release);
	uint8_t status;

	if (!rq)
		return CX_NO_RES;
	g_queue_init(&rq->frames);
	status = wq_init(cx, &rq->wq, cmd, context, rq->object.num, rq_serve, rq);
	if (!status)
		status = rq_init(cx, rq, context);
	if (status)
		cx_object_drop(cx, rq);
	else
		IFC_SET(create_rq_out, cmd->out, rqn, rq->object.num);
	return status;
}

/* ---- states ---- */

/* Check a change of the state. The driver says that it is @now. */
static uint8_t wq_check_move(const struct cx_wq *wq, uint8_t now, uint8_t next)
{
	if (now != wq->state)
		return CX_BAD_RES_STATE;
	switch (next) {
	case CX_QUEUE_RESET:
	case CX_QUEUE_ERROR:
		return CX_OK;
	case CX_QUEUE_READY:
		return now == CX_QUEUE_ERROR ? CX_BAD_RES_STATE : CX_OK;
	default:
		return CX_BAD_PARAM;
	}
}

/* Change the state. True if the caller has to reset the rest of the queue. */
static bool wq_move(struct cx_wq *wq, uint8_t next)
{
	wq->state = next;
	if (next == CX_QUEUE_ERROR)
		cx_kick(wq->cx, wq->timer);	/* flush */
	if (next != CX_QUEUE_RESET)
		return false;
	timer_del(wq->timer);
	wq->index = 0;
	wq->stuck = false;
	return true;
}

static uint8_t cmd_modify_sq(ConnectX *cx, struct cx_cmd *cmd)
{
	const uint8_t *context = IFC_PTR(modify_sq_in, cmd->in, ctx);
	struct cx_sq *sq = cmd->object;
	uint8_t next = IFC_GET(sqc, context, state);
	uint8_t status;

	/* Rate limits and other settings are not advertised. */
	if (IFC_GET(modify_sq_in, cmd->in, modify_bitmask))
		return CX_BAD_PARAM;
	status = wq_check_move(&sq->wq, IFC_GET(modify_sq_in, cmd->in, sq_state), next);
	if (status)
		return status;
	if (wq_move(&sq->wq, next))
		sq_reset(sq);
	return CX_OK;
}

static uint8_t rq_modify(ConnectX *cx, struct cx_rq *rq, uint64_t what,
			 const uint8_t *context)
{
	uint8_t vsd = IFC_GET(rqc, context, vsd);

	if (what & ~(uint64_t)(MODIFY_RQ_VSD | MODIFY_RQ_COUNTER))
		return CX_BAD_PARAM;
	if (what & MODIFY_RQ_COUNTER &&
	    !rq_set_counter(cx, rq, IFC_GET(rqc, context, counter_set_id)))
		return CX_BAD_PARAM;
	if (what & MODIFY_RQ_VSD) {
		rq->strip_vlan = !vsd;
		IFC_SET(rqc, rq->wq.context, vsd, vsd);
	}
	return CX_OK;
}

static uint8_t cmd_modify_rq(ConnectX *cx, struct cx_cmd *cmd)
{
	const uint8_t *context = IFC_PTR(modify_rq_in, cmd->in, ctx);
	struct cx_rq *rq = cmd->object;
	uint8_t next = IFC_GET(rqc, context, state);
	uint8_t status;

	status = wq_check_move(&rq->wq, IFC_GET(modify_rq_in, cmd->in, rq_state), next);
	if (!status)
		status = rq_modify(cx, rq, IFC_GET(modify_rq_in, cmd->in, modify_bitmask),
				   context);
	if (status)
		return status;
	if (wq_move(&rq->wq, next))
		rq_reset(rq);
	return CX_OK;
}

/* Return the driver's context with the current state and index. */
static void wq_query(const struct cx_wq *wq, uint8_t *context)
{
	memcpy(context, wq->context, sizeof(wq->context));
	IFC_SET(sqc, context, state, wq->state);
	IFC_SET(wq, IFC_PTR(sqc, context, wq), hw_counter, wq->index);
}

static uint8_t cmd_query_sq(ConnectX *cx, struct cx_cmd *cmd)
{
	struct cx_sq *sq = cmd->object;

	wq_query(&sq->wq, IFC_PTR(query_sq_out, cmd->out, sq_context));
	return CX_OK;
}

static uint8_t cmd_query_rq(ConnectX *cx, struct cx_cmd *cmd)
{
	struct cx_rq *rq = cmd->object;

	wq_query(&rq->wq, IFC_PTR(query_rq_out, cmd->out, rq_context));
	return CX_OK;
}

const struct cx_op queue_ops[] = {
	CX_OP(CREATE_SQ, create_sq, CX_READY),
	CX_OP_ON(MODIFY_SQ, modify_sq, CX_SQ, sqn),
	CX_OP_ON(QUERY_SQ, query_sq, CX_SQ, sqn),
	CX_OP_DESTROY(DESTROY_SQ, destroy_sq, CX_SQ, sqn),
	CX_OP(CREATE_RQ, create_rq, CX_READY),
	CX_OP_ON(MODIFY_RQ, modify_rq, CX_RQ, rqn),
	CX_OP_ON(QUERY_RQ, query_rq, CX_RQ, rqn),
	CX_OP_DESTROY(DESTROY_RQ, destroy_rq, CX_RQ, rqn),
	{}
};
