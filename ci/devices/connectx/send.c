// SPDX-License-Identifier: GPL-2.0
/*
 * Send queues: read work requests, gather their data, send it, complete them.
 *
 * A doorbell only arms the queue's timer. Each run of the timer takes a random
 * number of work requests. So queues overtake each other, while each keeps its
 * own order. After a CQE the device no longer accesses the data of its work
 * requests.
 */
#include "queue.h"

#include "net/eth.h"

enum {
	BLOCK			= 64,	/* bytes of a basic block: MLX5_SEND_WQE_BB */
	UNIT			= 16,	/* bytes in the unit of a WQE's size */
	MAX_BATCH		= 32,	/* work requests per timer run */
	MAX_TOUCHED		= 8192,	/* accesses to collect */
	MIN_FRAME		= 60,	/* without FCS; shorter ones are padded */
	MAX_SEND		= CX_MAX_FRAME - 4,	/* without FCS */
	MAX_INLINE		= 0x3ff,
	MAX_SEGMENTS		= 8192,	/* of one large send */
	HELD_NS			= SCALE_MS,	/* to the next look at held updates */
};

enum {
	WQE_NOP			= 0x00,
	WQE_SEND		= 0x0a,
	WQE_LSO			= 0x0e,
	WQE_UMR			= 0x25,
	WQE_MULTI_PACKET	= 0x29,
};

/* In the byte fm_ce_se of the control segment: the driver wants a CQE. */
enum { CONTROL_COMPLETE = 0x08 };

/* Ethernet segment. */
enum {
	ETH_L3_CHECKSUM		= 0x40,
	ETH_L4_CHECKSUM		= 0x80,
	ETH_INSERT_VLAN		= 0x8000,
	ETH_INSERT_TRAILER	= 0x4000,
	ETH_SERVICE_VLAN	= 0x0001,
};

/* In the byte count of a data segment: the data follow in the work request. */
#define SEGMENT_INLINE		0x80000000u

/* UMR control segment. Only the refill of a striding RQ is modelled. */
enum {
	UMR_FLAGS		= 0x90,	/* inline entries, at an offset */
	UMR_MASK_FREE		= 1 << 29,
	UMR_STATUS_FREE		= 1 << 6,
	UMR_CONTROL		= 16,	/* offsets in the work request */
	UMR_CONTEXT		= 64,
	UMR_ENTRIES		= 128,
};

struct wqe {
	uint8_t data[CX_MAX_SEND_WQE];
	const uint8_t *end;
	unsigned int blocks;	/* 0: unknown */
	unsigned int units;
	uint8_t opcode;
};

/* The frame under construction. One is enough under QEMU's big lock. */
static uint8_t frame[(1 << CX_LOG_MAX_LSO) + MAX_INLINE];

/* ---- frames ---- */

static void send_frame(ConnectX *cx, const uint8_t *data, size_t len)
{
	uint8_t padded[MIN_FRAME] = { 0 };

	if (len < MIN_FRAME) {
		memcpy(padded, data, len);
		data = padded;
		len = MIN_FRAME;
	}
	traffic_count(&cx->stats.vport_tx, data, len);
	port_transmit(cx, data, len);
}

/*
 * Append the data of the segment at *@at to the frame, up to a length of
 * @limit, and go on to the next segment. At least one unit is there.
 */
static enum cx_fault sq_gather(struct cx_sq *sq, const struct wqe *wqe,
			       const uint8_t **at, size_t *len, size_t limit)
{
	const uint8_t *segment = *at;
	uint32_t count = ldl_be_p(segment);

	if (count & SEGMENT_INLINE) {
		count &= MAX_INLINE;
		if (wqe->end - segment < count + 4)
			return CX_FAULT_SEGMENT;
		*at += ROUND_UP(count + 4, UNIT);
	} else {
		*at += UNIT;
	}
	if (count > limit - *len)
		return CX_FAULT_LENGTH;
	if (ldl_be_p(segment) & SEGMENT_INLINE)
		memcpy(frame + *len, segment + 4, count);
	else if (count && !mkey_read(sq->wq.cx, ldl_be_p(segment + 4),
				     ldq_be_p(segment + 8), frame + *len, count,
				     sq->touched))
		return CX_FAULT_DATA;
	*len += count;
	return CX_FAULT_NONE;
}

/* Copy the inline headers. They begin with the Ethernet segment's last 2 bytes. */
static enum cx_fault sq_gather_headers(struct cx_sq *sq, const struct wqe *wqe,
				       const uint8_t **at, size_t *len)
{
	const uint8_t *eth = wqe->data + UNIT;
	uint16_t type = lduw_be_p(eth + 12);
	size_t size = type & ETH_INSERT_VLAN ? 0 : type & MAX_INLINE;
	size_t more = size > 2 ? size - 2 : 0;

	*at = eth + UNIT;
	*len = size;
	if (wqe->end < *at || type & ETH_INSERT_TRAILER || (size_t)(wqe->end - *at) < more)
		return CX_FAULT_SEGMENT;
	if (sq->wq.cx->prop.inline_l2 && wqe->opcode != WQE_MULTI_PACKET &&
	    size < ETH_HLEN)
		return CX_FAULT_INLINE;
	memcpy(frame, eth + 14, size);
	*at += ROUND_UP(more, UNIT);
	return CX_FAULT_NONE;
}

/* Insert the VLAN tag of the Ethernet segment, if there is one. */
static size_t insert_vlan(const uint8_t *eth, size_t len)
{
	uint16_t type = lduw_be_p(eth + 12);

	if (!(type & ETH_INSERT_VLAN))
		return len;
	memmove(frame + 16, frame + 12, len - 12);
	stw_be_p(frame + 12, type & ETH_SERVICE_VLAN ? ETH_P_DVLAN : ETH_P_VLAN);
	memcpy(frame + 14, eth + 14, 2);
	return len + 4;
}

/* Send the complete frame. */
static enum cx_fault sq_finish(struct cx_sq *sq, const uint8_t *eth, size_t len)
{
	uint8_t flags = eth[4];

	if (len < ETH_HLEN)
		return CX_FAULT_LENGTH;
	len = insert_vlan(eth, len);
	if (len > MAX_SEND)
		return CX_FAULT_LENGTH;
	if (flags & (ETH_L3_CHECKSUM | ETH_L4_CHECKSUM))
		packet_fill_checksums(frame, len, flags & ETH_L3_CHECKSUM,
				      flags & ETH_L4_CHECKSUM);
	send_frame(sq->wq.cx, frame, len);
	return CX_FAULT_NONE;
}

/* ---- work requests ---- */

static enum cx_fault sq_send(struct cx_sq *sq, const struct wqe *wqe)
{
	enum cx_fault fault;
	const uint8_t *at;
	size_t len;

	fault = sq_gather_headers(sq, wqe, &at, &len);
	while (!fault && at < wqe->end)
		fault = sq_gather(sq, wqe, &at, &len, MAX_SEND);
	return fault ?: sq_finish(sq, wqe->data + UNIT, len);
}

static enum cx_fault sq_large_send(struct cx_sq *sq, const struct wqe *wqe)
{
	uint16_t mss = lduw_be_p(wqe->data + UNIT + 6);
	enum cx_fault fault;
	const uint8_t *at;
	size_t len, headers;

	fault = sq_gather_headers(sq, wqe, &at, &headers);
	len = headers;
	while (!fault && at < wqe->end)
		fault = sq_gather(sq, wqe, &at, &len, sizeof(frame));
	if (fault)
		return fault;
	if (!mss || headers + mss > MAX_SEND ||
	    (len - headers) / mss >= MAX_SEGMENTS)
		return CX_FAULT_LSO;
	return packet_segment(sq->wq.cx, frame, len, headers, mss, send_frame) ?
		       CX_FAULT_NONE : CX_FAULT_LSO;
}

/* Each data segment is a packet. Packets before one that fails are sent. */
static enum cx_fault sq_multi_packet(struct cx_sq *sq, const struct wqe *wqe)
{
	enum cx_fault fault;
	const uint8_t *at;
	size_t len;

	fault = sq_gather_headers(sq, wqe, &at, &len);
	if (!fault && len)
		fault = CX_FAULT_INLINE;
	while (!fault && at < wqe->end) {
		len = 0;
		fault = sq_gather(sq, wqe, &at, &len, MAX_SEND);
		if (!fault)
			fault = sq_finish(sq, wqe->data + UNIT, len);
	}
	return fault;
}

/*
 * Replace entries of a key's page table by those in the work request. Count and
 * offset are in units of 16 bytes. An entry has 8 bytes.
 */
static enum cx_fault sq_update_key(struct cx_sq *sq, const struct wqe *wqe)
{
	const uint8_t *control = wqe->data + UMR_CONTROL;
	uint32_t units = lduw_be_p(control + 4);
	uint32_t first_high = ldl_be_p(control + 16);
	uint64_t first = (uint64_t)first_high << 16 | lduw_be_p(control + 6);

	if (control[0] != UMR_FLAGS || ldq_be_p(control + 8) & ~(uint64_t)UMR_MASK_FREE ||
	    wqe->data[UMR_CONTEXT] & UMR_STATUS_FREE)
		return CX_FAULT_UMR;
	if (UMR_ENTRIES + units * UNIT > wqe->units * UNIT)
		return CX_FAULT_SEGMENT;
	return mkey_update(sq->wq.cx, ldl_be_p(wqe->data + 12), first * 2,
			   wqe->data + UMR_ENTRIES, units * 2) ?
		       CX_FAULT_NONE : CX_FAULT_UMR;
}

/*
 * An opcode modifier selects another form of an opcode. One form of WQE_LSO is the older
 * work request for several packets. The device advertises none of these forms.
 */
static enum cx_fault sq_execute(struct cx_sq *sq, const struct wqe *wqe)
{
	if (wqe->data[0])
		return CX_FAULT_OPCODE;
	if (sq->tis && wqe->opcode != WQE_NOP && attack_fails(sq->wq.cx, true))
		return CX_FAULT_DATA;
	switch (wqe->opcode) {
	case WQE_NOP:
		return CX_FAULT_NONE;
	case WQE_SEND:
		return sq->tis ? sq_send(sq, wqe) : CX_FAULT_OPCODE;
	case WQE_LSO:
		return sq->tis ? sq_large_send(sq, wqe) : CX_FAULT_OPCODE;
	case WQE_MULTI_PACKET:
		return sq->tis && sq->wq.cx->prop.multi_packet_wqe ?
			       sq_multi_packet(sq, wqe) : CX_FAULT_OPCODE;
	case WQE_UMR:
		return sq->umr ? sq_update_key(sq, wqe) : CX_FAULT_OPCODE;
	default:
		return CX_FAULT_OPCODE;
	}
}

/*
 * Read the next work request, which has at most @posted basic blocks. After a
 * fault, the fields of @wqe that could be read are valid.
 */
static enum cx_fault sq_fetch(struct cx_sq *sq, struct wqe *wqe, unsigned int posted)
{
	struct cx_wq *wq = &sq->wq;
	unsigned int block;

	wqe->blocks = 0;
	wqe->opcode = 0;
	if (!dma_read(wq->cx, ring_iova(&wq->ring, wq->index), wqe->data, BLOCK))
		return CX_FAULT_FETCH;
	wqe->opcode = wqe->data[3];
	wqe->units = wqe->data[7] & 0x3f;
	wqe->end = wqe->data + wqe->units * UNIT;
	wqe->blocks = MAX(1, DIV_ROUND_UP(wqe->units, BLOCK / UNIT));
	if (!wqe->units || wqe->blocks > posted) {
		wqe->blocks = MIN(wqe->blocks, posted);
		return CX_FAULT_SIZE;
	}
	if (lduw_be_p(wqe->data + 1) != wq->index ||
	    (uint32_t)ldl_be_p(wqe->data + 4) >> 8 != wq->num)
		return CX_FAULT_NUMBER;
	for (block = 1; block < wqe->blocks; block++)
		if (!dma_read(wq->cx, ring_iova(&wq->ring, wq->index + block),
			      wqe->data + block * BLOCK, BLOCK))
			return CX_FAULT_FETCH;
	return CX_FAULT_NONE;
}

/* ---- completion ---- */

static void sq_post(struct cx_sq *sq, const uint8_t cqe[64])
{
	cq_post(sq->wq.cx, sq->wq.cq, cqe, sq->touched);
	sq->touched = NULL;
}

static void sq_report_fault(struct cx_sq *sq, enum cx_fault fault, uint8_t opcode)
{
	uint8_t cqe[64];

	wq_error_cqe(&sq->wq, cqe, fault, opcode);
	sq_post(sq, cqe);
}

static void sq_report(struct cx_sq *sq, const struct wqe *wqe)
{
	uint8_t cqe[64];

	wq_cqe(&sq->wq, cqe, CX_CQE_REQ);
	stl_be_p(cqe + 56, (uint32_t)wqe->opcode << 24 | sq->wq.num);
	sq_post(sq, cqe);
}

static void sq_collect(struct cx_sq *sq)
{
	if (!attack_wants_accesses(sq->wq.cx))
		return;
	if (!sq->touched)
		sq->touched = g_array_new(false, false, sizeof(struct cx_access));
	/* A driver that never asks for a CQE must not fill the host's memory. */
	if (sq->touched->len > MAX_TOUCHED)
		g_array_set_size(sq->touched, 0);
}

/* Execute one work request of a queue that is ready. */
static void sq_work(struct cx_sq *sq, struct wqe *wqe, unsigned int posted)
{
	enum cx_fault fault = sq_fetch(sq, wqe, posted);

	sq_collect(sq);
	if (!fault)
		fault = sq_execute(sq, wqe);
	if (fault) {
		cx_log(sq->wq.cx, "send queue: work request failed, vendor syndrome %u",
		       fault);
		sq->wq.cx->stats.tx_errors++;
		sq_report_fault(sq, fault, wqe->opcode);
		wq_fail(&sq->wq);
	} else if (wqe->data[11] & CONTROL_COMPLETE) {
		sq_report(sq, wqe);
	}
}

/* Complete a work request of a queue in error state as flushed. */
static void sq_flush(struct cx_sq *sq, struct wqe *wqe, unsigned int posted)
{
	sq_fetch(sq, wqe, posted);
	if (wqe->blocks)
		sq_report_fault(sq, CX_FAULT_FLUSHED, wqe->opcode);
}

void sq_serve(void *opaque)
{
	struct cx_sq *sq = opaque;
	struct cx_wq *wq = &sq->wq;
	unsigned int budget = g_rand_int_range(wq->cx->random, 1, MAX_BATCH + 1);
	unsigned int posted;
	struct wqe wqe;

	if (!wq_posted(wq, &posted))
		return;
	if (sq->umr && wq->state == CX_QUEUE_READY && attack_holds_updates(wq->cx)) {
		timer_mod_ns(wq->timer, qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) + HELD_NS);
		return;
	}
	for (; posted && budget; budget--) {
		if (wq->state == CX_QUEUE_READY)
			sq_work(sq, &wqe, posted);
		else if (wq->flush)
			sq_flush(sq, &wqe, posted);
		else
			return;
		if (!wqe.blocks) {
			wq_get_stuck(wq, "cannot read a work request");
			return;
		}
		wq->index += wqe.blocks;
		posted -= wqe.blocks;
	}
	if (posted)
		cx_kick(wq->cx, wq->timer);
}

void sq_reset(struct cx_sq *sq)
{
	if (sq->touched)
		g_array_free(sq->touched, true);
	sq->touched = NULL;
}

void send_doorbell(ConnectX *cx, uint32_t uar, uint32_t sqn)
{
	struct cx_sq *sq = cx_object_find(cx, CX_SQ, sqn);

	if (!sq)
		cx_log(cx, "doorbell of send queue 0x%x, which does not exist", sqn);
	else if (sq->wq.state != CX_QUEUE_RESET &&
		 cx_uar_rings(cx, uar, sq->wq.uar, &sq->object))
		cx_kick(cx, sq->wq.timer);
}
