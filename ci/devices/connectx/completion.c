// SPDX-License-Identifier: GPL-2.0
/*
 * Completion queues.
 *
 * A CQE is written some time after its work was done. The CQEs of a queue are
 * written in the order of cq_post(). An armed queue then posts an event on its
 * EQ: at once or, if the driver asked for moderation, after a number of CQEs or
 * a time.
 */
#include "connectx.h"

/* A queue with more CQEs that are not written yet writes them at once. */
#define MAX_PENDING	4096

/* Fields of the doorbell. */
#define ARM_CQN(v)	((uint32_t)(v) & 0xffffff)
#define ARM_CONSUMED(v)	((uint32_t)((v) >> 32) & 0xffffff)

#define CQ_ERROR_OVERRUN	1
#define CQ_ERROR_ACCESS		2

/* Fields that MODIFY_CQ changes: bits of its modify_field_select. */
#define CQ_MODIFY_PERIOD	(1 << 0)
#define CQ_MODIFY_COUNT		(1 << 1)
#define CQ_MODIFY_OVERRUN	(1 << 2)
#define CQ_MODIFY_PERIOD_MODE	(1 << 4)
#define CQ_MODIFY_ALL		(CQ_MODIFY_PERIOD | CQ_MODIFY_COUNT |	\
				 CQ_MODIFY_OVERRUN | CQ_MODIFY_PERIOD_MODE)

/* States of a CQ, "st" of its context. */
#define CQ_ARMED	0x9
#define CQ_FIRED	0xa
/* "status" */
#define CQ_OVERFLOW	0x9
#define CQ_WRITE_FAILED	0xa

struct cx_cq {
	struct cx_object object;
	struct cx_ring ring;
	ConnectX *cx;
	struct cx_object *eq;
	struct cx_object *uar;
	uint64_t record;	/* IOVA of the doorbell record */
	uint32_t produced;
	uint32_t consumed;	/* 24 bits, from the last doorbell or record */
	uint32_t period_us;	/* moderation; 0: none */
	uint32_t max_count;
	uint32_t unannounced;	/* CQEs since the last event */
	uint8_t status;		/* 0, or the reason why it is broken */
	bool restart_period;	/* each CQE restarts it, not each event */
	bool ignore_overrun;
	bool armed;
	QEMUTimer writer;
	QEMUTimer moderation;
	GQueue pending;		/* of struct pending_cqe */
};

struct pending_cqe {
	uint8_t cqe[CX_ENTRY_SIZE];
	GArray *touched;
};

static void pending_free(void *opaque)
{
	struct pending_cqe *pending = opaque;

	if (pending->touched)
		g_array_unref(pending->touched);
	g_free(pending);
}

static void cq_event(struct cx_cq *cq)
{
	uint8_t data[28] = {};

	cq->armed = false;
	cq->unannounced = 0;
	timer_del(&cq->moderation);
	stl_be_p(data + 24, cq->object.num);
	event_post_on(cq->cx, cq->eq->num, CX_EVENT_COMPLETION, data);
}

static void cq_moderation_timer(void *opaque)
{
	struct cx_cq *cq = opaque;

	if (cq->armed && cq->unannounced)
		cq_event(cq);
}

/* Post an event, now or when moderation allows it. */
static void cq_announce(struct cx_cq *cq)
{
	if (!cq->armed || !cq->unannounced)
		return;
	if (!cq->period_us || cq->unannounced >= MAX(cq->max_count, 1)) {
		cq_event(cq);
		return;
	}
	if (cq->restart_period || !timer_pending(&cq->moderation))
		timer_mod_ns(&cq->moderation,
			     qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) +
				     cq->period_us * 1000ull);
}

static void cq_break(struct cx_cq *cq, uint8_t status, uint8_t syndrome)
{
	uint8_t data[28] = {};

	cq->status = status;
	stl_be_p(data, cq->object.num);
	data[11] = syndrome;
	event_post(cq->cx, CX_EVENT_CQ_ERROR, data);
}

/* Read the driver's consumer index from memory only if the queue looks full. */
static bool cq_is_full(struct cx_cq *cq)
{
	uint32_t size = 1u << cq->ring.log_size;
	uint8_t record[4];

	if (((cq->produced - cq->consumed) & 0xffffff) < size)
		return false;
	if (dma_read(cq->cx, cq->record, record, sizeof(record)))
		cq->consumed = ldl_be_p(record) & 0xffffff;
	return ((cq->produced - cq->consumed) & 0xffffff) >= size;
}

static bool cq_write(struct cx_cq *cq, uint8_t *cqe)
{
	if (!cq->ignore_overrun && cq_is_full(cq)) {
		cq_break(cq, CQ_OVERFLOW, CQ_ERROR_OVERRUN);
		return false;
	}
	if (!dma_write_entry(cq->cx, ring_iova(&cq->ring, cq->produced), cqe,
			     cq->produced >> cq->ring.log_size)) {
		cq_break(cq, CQ_WRITE_FAILED, CQ_ERROR_ACCESS);
		return false;
	}
	cq->produced++;
	cq->unannounced++;
	return true;
}

static void cq_writer_timer(void *opaque)
{
	struct cx_cq *cq = opaque;
	struct pending_cqe *pending;

	while (!cq->status && (pending = g_queue_pop_head(&cq->pending))) {
		if (cq_write(cq, pending->cqe) && pending->touched)
			attack_completed(cq->cx,
					 g_steal_pointer(&pending->touched));
		pending_free(pending);
	}
	cq_announce(cq);
}

void cq_post(ConnectX *cx, struct cx_cq *cq, const uint8_t cqe[64],
	     GArray *touched)
{
	struct pending_cqe *pending = g_new0(struct pending_cqe, 1);

	pending->touched = touched;
	if (cq->status) {
		pending_free(pending);
		return;
	}
	memcpy(pending->cqe, cqe, CX_ENTRY_SIZE);
	g_queue_push_tail(&cq->pending, pending);
	if (g_queue_get_length(&cq->pending) > MAX_PENDING)
		cq_writer_timer(cq);
	else
		cx_kick(cx, &cq->writer);
}

void cq_doorbell(ConnectX *cx, uint32_t uar, uint64_t val)
{
	struct cx_cq *cq = cx_object_find(cx, CX_CQ, ARM_CQN(val));

	if (!cq || cq->status || !cx_uar_rings(cx, uar, cq->uar, &cq->object))
		return;
	cq->consumed = ARM_CONSUMED(val);
	cq->armed = true;
	/* A CQE that the driver saw before it armed the queue needs no event. */
	cq->unannounced = (cq->produced - cq->consumed) & 0xffffff;
	cq_announce(cq);
}

static void cq_set_moderation(struct cx_cq *cq, const uint8_t *cqc, bool period,
			      bool count)
{
	if (period)
		cq->period_us = IFC_GET(cqc, cqc, cq_period);
	if (count)
		cq->max_count = IFC_GET(cqc, cqc, cq_max_count);
	if (cq->armed && cq->unannounced)
		cq_event(cq);
}

static void cq_release(ConnectX *cx, struct cx_object *object)
{
	struct cx_cq *cq = container_of(object, struct cx_cq, object);

	timer_del(&cq->writer);
	timer_del(&cq->moderation);
	while (!g_queue_is_empty(&cq->pending))
		pending_free(g_queue_pop_head(&cq->pending));
	ring_free(&cq->ring);
	cx_object_put(cq->eq);
	cx_object_put(cq->uar);
}

static uint8_t cmd_create_cq(ConnectX *cx, struct cx_cmd *cmd)
{
	const uint8_t *cqc = IFC_PTR(create_cq_in, cmd->in, cq_context);
	const uint8_t *pages = IFC_PTR(create_cq_in, cmd->in, pas);
	uint32_t eqn = IFC_GET(cqc, cqc, c_eqn_or_apu_element);
	struct cx_object *eq = cx_object_find(cx, CX_EQ, eqn);
	struct cx_object *uar = cx_object_find(cx, CX_UAR, IFC_GET(cqc, cqc, uar_page));
	struct cx_ring ring = {};
	struct cx_cq *cq;

	if (!uar)
		return CX_BAD_RES;
	/* There are only CQEs of 64 bytes, and no compression. */
	if (!eq || IFC_GET(cqc, cqc, cqe_sz) || IFC_GET(cqc, cqc, cqe_comp_en) ||
	    !ring_init_cq(&ring, cqc, CX_LOG_MAX_CQ, pages, cmd_rest(cmd, pages)))
		return CX_BAD_PARAM;
	cq = cx_object_new(cx, CX_CQ, sizeof(*cq), cq_release);
	if (!cq) {
		ring_free(&ring);
		return CX_NO_RES;
	}
	cq->cx = cx;
	cq->ring = ring;
	cq->eq = eq;
	cx_object_get(eq);
	cq->uar = uar;
	cx_object_get(uar);
	cq->record = IFC_GET(cqc, cqc, dbr_addr);
	cq->ignore_overrun = IFC_GET(cqc, cqc, oi);
	cq->restart_period = IFC_GET(cqc, cqc, cq_period_mode) == 1;
	g_queue_init(&cq->pending);
	timer_init_ns(&cq->writer, QEMU_CLOCK_VIRTUAL, cq_writer_timer, cq);
	timer_init_ns(&cq->moderation, QEMU_CLOCK_VIRTUAL, cq_moderation_timer,
		      cq);
	cq_set_moderation(cq, cqc, true, true);
	IFC_SET(create_cq_out, cmd->out, cqn, cq->object.num);
	return CX_OK;
}

/* Changes moderation and overrun. There is no change of the size. */
static uint8_t cmd_modify_cq(ConnectX *cx, struct cx_cmd *cmd)
{
	const uint8_t *cqc = IFC_PTR(modify_cq_in, cmd->in, cq_context);
	struct cx_cq *cq = cmd->object;
	uint32_t fields = ifc_get(cmd->in,
				  IFC_AT(modify_cq_in,
					 modify_field_select_resize_field_select),
				  32);

	if (cmd->op_mod || fields & ~CQ_MODIFY_ALL)
		return CX_BAD_PARAM;
	if (fields & CQ_MODIFY_PERIOD_MODE) {
		if (IFC_GET(cqc, cqc, cq_period_mode) > 1)
			return CX_BAD_PARAM;
		cq->restart_period = IFC_GET(cqc, cqc, cq_period_mode);
	}
	if (fields & CQ_MODIFY_OVERRUN)
		cq->ignore_overrun = IFC_GET(cqc, cqc, oi);
	cq_set_moderation(cq, cqc, fields & CQ_MODIFY_PERIOD,
			  fields & CQ_MODIFY_COUNT);
	return CX_OK;
}

static uint8_t cmd_query_cq(ConnectX *cx, struct cx_cmd *cmd)
{
	struct cx_cq *cq = cmd->object;
	uint8_t *cqc = IFC_PTR(query_cq_out, cmd->out, cq_context);

	IFC_SET(cqc, cqc, status, cq->status);
	IFC_SET(cqc, cqc, st, cq->armed ? CQ_ARMED : CQ_FIRED);
	IFC_SET(cqc, cqc, oi, cq->ignore_overrun);
	IFC_SET(cqc, cqc, log_cq_size, cq->ring.log_size);
	IFC_SET(cqc, cqc, uar_page, cq->uar->num);
	IFC_SET(cqc, cqc, log_page_size, cq->ring.log_page - CX_PAGE_SHIFT);
	IFC_SET(cqc, cqc, cq_period_mode, cq->restart_period);
	IFC_SET(cqc, cqc, cq_period, cq->period_us);
	IFC_SET(cqc, cqc, cq_max_count, cq->max_count);
	IFC_SET(cqc, cqc, c_eqn_or_apu_element, cq->eq->num);
	IFC_SET(cqc, cqc, consumer_counter, cq->consumed);
	IFC_SET(cqc, cqc, producer_counter, cq->produced);
	IFC_SET(cqc, cqc, dbr_addr, cq->record);
	return CX_OK;
}

const struct cx_op completion_ops[] = {
	CX_OP(CREATE_CQ, create_cq, CX_READY),
	CX_OP_DESTROY(DESTROY_CQ, destroy_cq, CX_CQ, cqn),
	CX_OP_ON(MODIFY_CQ, modify_cq, CX_CQ, cqn),
	CX_OP_ON(QUERY_CQ, query_cq, CX_CQ, cqn),
	{}
};
