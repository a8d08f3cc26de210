// SPDX-License-Identifier: GPL-2.0
/*
 * Event queues tell the driver that something happened.
 *
 * An EQE is written some time after its event. The EQEs of a queue are in the
 * order of the events. An armed queue then sends its MSI-X vector once.
 */
#include "connectx.h"

#define EQE_TYPE	1
#define EQE_SUBTYPE	3
#define EQE_DATA	32

struct cx_eq {
	struct cx_object object;
	struct cx_ring ring;
	ConnectX *cx;
	struct cx_object *uar;
	uint64_t wanted;	/* a bit for each event type */
	uint32_t vector;
	uint32_t produced;
	uint32_t consumed;	/* 24 bits, as the driver's doorbell says */
	bool armed;
	bool broken;
	QEMUTimer timer;
	GQueue pending;		/* EQEs that are not written yet */
};

static void eq_raise(struct cx_eq *eq)
{
	eq->armed = false;
	dma_interrupt(eq->cx, eq->vector);
}

static bool eq_is_full(struct cx_eq *eq)
{
	return ((eq->produced - eq->consumed) & 0xffffff) >=
	       1u << eq->ring.log_size;
}

static void eq_break(struct cx_eq *eq, uint8_t syndrome)
{
	eq->broken = true;
	cx_health(eq->cx, syndrome);
}

static void eq_write(struct cx_eq *eq, uint8_t *eqe)
{
	if (eq_is_full(eq)) {
		eq_break(eq, CX_HEALTH_EQ_OVERRUN);
		return;
	}
	if (!dma_write_entry(eq->cx, ring_iova(&eq->ring, eq->produced), eqe,
			     eq->produced >> eq->ring.log_size)) {
		eq_break(eq, CX_HEALTH_EQ_ERROR);
		return;
	}
	eq->produced++;
	if (eq->armed)
		eq_raise(eq);
}

static void eq_timer(void *opaque)
{
	struct cx_eq *eq = opaque;
	uint8_t *eqe;

	while (!eq->broken && (eqe = g_queue_pop_head(&eq->pending))) {
		eq_write(eq, eqe);
		g_free(eqe);
	}
}

static void eq_post(struct cx_eq *eq, unsigned int type, const uint8_t *data)
{
	uint8_t *eqe;

	if (eq->broken)
		return;
	if (g_queue_get_length(&eq->pending) >= 1u << eq->ring.log_size) {
		eq_break(eq, CX_HEALTH_EQ_OVERRUN);
		return;
	}
	eqe = g_malloc0(CX_ENTRY_SIZE);
	eqe[EQE_TYPE] = type;
	eqe[EQE_SUBTYPE] = type >> 8;
	memcpy(eqe + EQE_DATA, data, 28);
	g_queue_push_tail(&eq->pending, eqe);
	cx_kick(eq->cx, &eq->timer);
}

struct wanted {
	unsigned int type;
	struct cx_eq *eq;
};

static void find_wanted(ConnectX *cx, void *object, void *opaque)
{
	struct wanted *wanted = opaque;
	struct cx_eq *eq = object;

	if (eq->wanted >> (wanted->type & 0x3f) & 1)
		wanted->eq = eq;
}

static struct cx_eq *eq_for(ConnectX *cx, unsigned int type)
{
	struct wanted wanted = { .type = type };

	cx_object_each(cx, CX_EQ, find_wanted, &wanted);
	return wanted.eq;
}

bool event_wanted(ConnectX *cx, unsigned int type)
{
	return eq_for(cx, type);
}

void event_post(ConnectX *cx, unsigned int type, const uint8_t data[28])
{
	struct cx_eq *eq = eq_for(cx, type);

	if (eq)
		eq_post(eq, type, data);
}

void event_post_on(ConnectX *cx, uint32_t eqn, unsigned int type,
		   const uint8_t data[28])
{
	struct cx_eq *eq = cx_object_find(cx, CX_EQ, eqn);

	if (eq)
		eq_post(eq, type, data);
}

/* Bits 31:24 of @val are the number of the EQ, bits 23:0 its consumer index. */
void event_doorbell(ConnectX *cx, uint32_t uar, uint32_t val, bool arm)
{
	struct cx_eq *eq = cx_object_find(cx, CX_EQ, val >> 24);

	if (!eq || !cx_uar_rings(cx, uar, eq->uar, &eq->object))
		return;
	eq->consumed = val & 0xffffff;
	if (!arm)
		return;
	eq->armed = true;
	if ((eq->produced & 0xffffff) != eq->consumed)
		eq_raise(eq);
}

static void eq_release(ConnectX *cx, struct cx_object *object)
{
	struct cx_eq *eq = container_of(object, struct cx_eq, object);

	timer_del(&eq->timer);
	while (!g_queue_is_empty(&eq->pending))
		g_free(g_queue_pop_head(&eq->pending));
	ring_free(&eq->ring);
	cx_object_put(eq->uar);
}

static uint8_t cmd_create_eq(ConnectX *cx, struct cx_cmd *cmd)
{
	const uint8_t *eqc = IFC_PTR(create_eq_in, cmd->in, eq_context_entry);
	const uint8_t *pages = IFC_PTR(create_eq_in, cmd->in, pas);
	struct cx_ring ring = {};
	uint32_t vector = IFC_GET(eqc, eqc, intr);
	struct cx_object *uar = cx_object_find(cx, CX_UAR, IFC_GET(eqc, eqc, uar_page));
	struct cx_eq *eq;

	if (!uar)
		return CX_BAD_RES;
	if (vector >= cx->prop.vectors ||
	    !ring_init_cq(&ring, eqc, CX_LOG_MAX_EQ, pages, cmd_rest(cmd, pages)))
		return CX_BAD_PARAM;
	eq = cx_object_new(cx, CX_EQ, sizeof(*eq), eq_release);
	if (!eq) {
		ring_free(&ring);
		return CX_NO_RES;
	}
	eq->cx = cx;
	eq->ring = ring;
	eq->uar = uar;
	cx_object_get(uar);
	eq->vector = vector;
	eq->wanted = ifc_get(cmd->in, IFC_AT(create_eq_in, event_bitmask), 64);
	timer_init_ns(&eq->timer, QEMU_CLOCK_VIRTUAL, eq_timer, eq);
	IFC_SET(create_eq_out, cmd->out, eq_number, eq->object.num);
	return CX_OK;
}

static uint8_t cmd_query_eq(ConnectX *cx, struct cx_cmd *cmd)
{
	struct cx_eq *eq = cmd->object;
	uint8_t *eqc = IFC_PTR(query_eq_out, cmd->out, eq_context_entry);

	IFC_SET(eqc, eqc, st, eq->armed ? 0x9 : 0xa);
	IFC_SET(eqc, eqc, log_eq_size, eq->ring.log_size);
	IFC_SET(eqc, eqc, uar_page, eq->uar->num);
	IFC_SET(eqc, eqc, log_page_size, eq->ring.log_page - CX_PAGE_SHIFT);
	IFC_SET(eqc, eqc, intr, eq->vector);
	IFC_SET(eqc, eqc, consumer_counter, eq->consumed);
	IFC_SET(eqc, eqc, producer_counter, eq->produced);
	return CX_OK;
}

const struct cx_op event_ops[] = {
	CX_OP(CREATE_EQ, create_eq, CX_READY),
	CX_OP_DESTROY(DESTROY_EQ, destroy_eq, CX_EQ, eq_number),
	CX_OP_ON(QUERY_EQ, query_eq, CX_EQ, eq_number),
	{}
};
