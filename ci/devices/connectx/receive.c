// SPDX-License-Identifier: GPL-2.0
/*
 * Receive queues. A frame is steered when it arrives. It then waits in its
 * receive queue for that queue's timer. So queues overtake each other, while
 * each keeps its own order. All frames that wait share the port's buffer. While
 * it is full, QEMU keeps new frames.
 */
#include "queue.h"

#include "net/eth.h"

enum {
	BUFFER			= 512 * KiB,
	MAX_BATCH		= 32,	/* frames or flushed buffers per timer run */
	MIN_FRAME		= 60,	/* without FCS; shorter ones are padded */
	MAX_FRAME		= CX_MAX_FRAME - 4,
	SEGMENT			= 16,	/* a data segment */
	LINK			= 16,	/* in front of it in a striding queue */
	INVALID_KEY		= 0x100,	/* ends a list: MLX5_INVALID_LKEY */
	VLAN_TAG		= 4,
};

/* Fields of the CQE: struct mlx5_cqe64 of the driver. */
enum {
	CQE_WQE_ID		= 2,
	CQE_HASH		= 12,
	CQE_HASH_TYPE		= 16,
	CQE_CHECKSUM		= 20,
	CQE_OK			= 28,
	CQE_TYPES		= 29,
	CQE_VLAN		= 30,
	CQE_BYTES		= 44,
	CQE_TAG			= 56,
	CQE_COUNTER		= 60,
};

enum {
	OK_L2			= 1 << 0,
	OK_L3			= 1 << 1,
	OK_L4			= 1 << 2,
};

enum {
	TYPE_VLAN		= 1 << 0,	/* the device stripped the tag */
	TYPE_IPV6		= 1 << 2,
	TYPE_IPV4		= 2 << 2,
	TYPE_TCP		= 1 << 4,
	TYPE_UDP		= 2 << 4,
	TYPE_TCP_ACK		= 3 << 4,
	TYPE_TCP_ACK_DATA	= 4 << 4,
};

/* In the byte count of a CQE of a striding queue: the strides hold no frame. */
#define FILLER			(1u << 31)

struct cx_receiver {
	size_t bytes;		/* of frames that wait */
	QEMUTimer *room;	/* tells QEMU that there is room again */
};

/* A frame. The queues that it goes to share it. */
struct frame {
	unsigned int users;
	struct cx_packet packet;
	size_t len;
	uint8_t data[];
};

/* A frame in one queue. */
struct waiting {
	struct frame *frame;
	struct cx_target to;
};

/* ---- the buffer ---- */

bool receive_has_room(ConnectX *cx)
{
	return cx->receiver->bytes + MAX_FRAME <= BUFFER;
}

static void frame_put(ConnectX *cx, struct frame *frame)
{
	bool had_room = receive_has_room(cx);

	if (--frame->users)
		return;
	cx->receiver->bytes -= frame->len;
	g_free(frame);
	if (!had_room && receive_has_room(cx))
		cx_kick(cx, cx->receiver->room);
}

static void tell_room(void *opaque)
{
	ConnectX *cx = opaque;

	qemu_flush_queued_packets(qemu_get_queue(cx->nic));
}

static struct frame *frame_new(ConnectX *cx, const uint8_t *data, size_t len)
{
	size_t padded = MAX(len, MIN_FRAME);
	struct frame *frame = g_malloc0(sizeof(*frame) + padded);

	memcpy(frame->data, data, len);
	frame->users = 1;
	frame->len = padded;
	cx->receiver->bytes += padded;
	packet_parse(&frame->packet, frame->data, padded);
	packet_verify(&frame->packet);
	return frame;
}

bool receive_frame(ConnectX *cx, const uint8_t *data, size_t len)
{
	struct cx_verdict verdict = { 0 };
	struct frame *frame;
	unsigned int i;

	if (len < ETH_HLEN || len > MAX_FRAME)
		return true;
	if (!receive_has_room(cx))
		return false;

	frame = frame_new(cx, data, len);
	steering_classify(cx, &frame->packet, &verdict);
	if (verdict.count)
		traffic_count(&cx->stats.vport_rx, frame->data, frame->len);
	else
		cx->stats.rx_steering_drops++;
	for (i = 0; i < verdict.count; i++) {
		struct waiting *waiting = g_new(struct waiting, 1);
		struct cx_rq *rq = verdict.to[i].rq;

		*waiting = (struct waiting) { frame, verdict.to[i] };
		frame->users++;
		g_queue_push_tail(&rq->frames, waiting);
		cx_kick(cx, rq->wq.timer);
	}
	frame_put(cx, frame);
	return true;
}

static void waiting_free(ConnectX *cx, struct waiting *waiting)
{
	frame_put(cx, waiting->frame);
	g_free(waiting);
}

static void rq_forget_frames(struct cx_rq *rq)
{
	struct waiting *waiting;

	while ((waiting = g_queue_pop_head(&rq->frames)))
		waiting_free(rq->wq.cx, waiting);
}

static void forget_frames_of(ConnectX *cx, void *object, void *opaque)
{
	rq_forget_frames(object);
}

void receive_init(ConnectX *cx)
{
	cx->receiver = g_new0(struct cx_receiver, 1);
	cx->receiver->room = timer_new_ns(QEMU_CLOCK_VIRTUAL, tell_room, cx);
}

void receive_reset(ConnectX *cx)
{
	cx_object_each(cx, CX_RQ, forget_frames_of, NULL);
}

void receive_exit(ConnectX *cx)
{
	receive_reset(cx);
	timer_free(cx->receiver->room);
	g_free(cx->receiver);
	cx->receiver = NULL;
}

/* ---- the CQE's description of the frame ---- */

static uint8_t packet_types(const struct cx_packet *packet)
{
	uint8_t types = 0;

	if (packet->ip_version)
		types = packet->ip_version == 4 ? TYPE_IPV4 : TYPE_IPV6;
	if (!packet->l4)
		return types;
	if (packet->protocol == IPPROTO_UDP)
		return types | TYPE_UDP;
	if (packet->protocol != IPPROTO_TCP || packet->l4 + 20 > packet->len)
		return types;
	if (!(packet->frame[packet->l4 + 13] & 0x10))
		return types | TYPE_TCP;
	return types | (packet->l3_end > packet->payload ? TYPE_TCP_ACK_DATA :
							   TYPE_TCP_ACK);
}

static uint8_t packet_ok(const struct cx_packet *packet)
{
	uint8_t ok = OK_L2;

	if (packet->ip_version && packet->ip_ok)
		ok |= OK_L3;
	if (packet->l4 && packet->l4_ok && (packet->protocol == IPPROTO_TCP ||
					    packet->protocol == IPPROTO_UDP))
		ok |= OK_L4;
	return ok;
}

/* @data is the frame as it was written: without a tag that was stripped. */
static void describe(uint8_t cqe[64], const struct waiting *waiting,
		     const uint8_t *data, size_t len)
{
	const struct cx_packet *packet = &waiting->frame->packet;

	stl_be_p(cqe + CQE_HASH, waiting->to.hash);
	cqe[CQE_HASH_TYPE] = waiting->to.hash_type;
	stw_be_p(cqe + CQE_CHECKSUM, packet_sum(data + ETH_HLEN, len - ETH_HLEN));
	cqe[CQE_OK] = packet_ok(packet);
	cqe[CQE_TYPES] = packet_types(packet);
	if (len < waiting->frame->len) {
		cqe[CQE_TYPES] |= TYPE_VLAN;
		stw_be_p(cqe + CQE_VLAN, packet->vlan);
	}
	stl_be_p(cqe + CQE_TAG, waiting->to.flow_tag & 0xffffff);
}

/* Copy the frame without its first tag. */
static size_t strip_vlan(uint8_t *to, const struct frame *frame)
{
	memcpy(to, frame->data, 12);
	memcpy(to + 12, frame->data + 12 + VLAN_TAG, frame->len - 12 - VLAN_TAG);
	return frame->len - VLAN_TAG;
}

/* ---- cyclic queues: one frame per work request ---- */

static enum cx_fault cyclic_write(struct cx_rq *rq, const uint8_t *data, size_t len,
				  GArray *touched)
{
	struct cx_wq *wq = &rq->wq;
	size_t size = (size_t)1 << wq->ring.log_stride, done = 0, at;
	uint8_t wqe[CX_MAX_RECV_WQE];

	if (!dma_read(wq->cx, ring_iova(&wq->ring, wq->index), wqe, size))
		return CX_FAULT_FETCH;
	for (at = 0; at < size && done < len; at += SEGMENT) {
		/* The top bit asks for padding. */
		uint32_t count = ldl_be_p(wqe + at) & 0x7fffffff;
		uint32_t key = ldl_be_p(wqe + at + 4);

		if (key == INVALID_KEY)
			break;
		count = MIN(count, len - done);
		if (count && !mkey_write(wq->cx, key, ldq_be_p(wqe + at + 8), data + done,
					 count, touched))
			return CX_FAULT_DATA;
		done += count;
	}
	return done < len ? CX_FAULT_LENGTH : CX_FAULT_NONE;
}

/* ---- striding queues: several frames per work request ---- */

/* Use @strides of the work request at head, and name them in a CQE. */
static void striding_use(struct cx_rq *rq, uint8_t cqe[64], uint32_t strides,
			 uint32_t bytes)
{
	stw_be_p(cqe + CQE_WQE_ID, rq->head);
	stl_be_p(cqe + CQE_BYTES, strides << 16 | bytes);
	stw_be_p(cqe + CQE_COUNTER, rq->used);
	rq->used += strides;
	if (rq->used >> rq->log_strides) {
		rq->open = false;
		rq->wq.index++;
	}
}

static uint32_t striding_left(const struct cx_rq *rq)
{
	return (1u << rq->log_strides) - rq->used;
}

static uint32_t striding_need(const struct cx_rq *rq, size_t len)
{
	return DIV_ROUND_UP(len, 1u << rq->log_stride);
}

/* Post a CQE that says that the rest of the work request stays empty. */
static void striding_close(struct cx_rq *rq)
{
	uint8_t cqe[64];

	wq_cqe(&rq->wq, cqe, CX_CQE_RESP_SEND);
	striding_use(rq, cqe, striding_left(rq), 0);
	stl_be_p(cqe + CQE_BYTES, ldl_be_p(cqe + CQE_BYTES) | FILLER);
	cq_post(rq->wq.cx, rq->wq.cq, cqe, NULL);
}

/*
 * Begin the next work request. Read the link to it only now, because the driver
 * sets the link when it appends to the list.
 */
static bool striding_open(struct cx_rq *rq)
{
	struct cx_wq *wq = &rq->wq;
	uint16_t next = rq->head + 1;
	uint8_t link[LINK];

	if (rq->started && rq->linked) {
		if (!dma_read(wq->cx, ring_iova(&wq->ring, rq->head), link, LINK))
			return false;
		next = lduw_be_p(link + 2);
		if (next >> wq->ring.log_size)
			return false;
	}
	rq->head = rq->started ? next & ((1u << wq->ring.log_size) - 1) : 0;
	rq->started = true;
	rq->open = true;
	rq->used = 0;
	return true;
}

static enum cx_fault striding_write(struct cx_rq *rq, const uint8_t *data, size_t len,
				    GArray *touched)
{
	struct cx_wq *wq = &rq->wq;
	uint8_t wqe[LINK + SEGMENT];
	uint64_t offset = (uint64_t)rq->used << rq->log_stride;

	if (striding_need(rq, len) > striding_left(rq))
		return CX_FAULT_LENGTH;
	if (!dma_read(wq->cx, ring_iova(&wq->ring, rq->head), wqe, sizeof(wqe)))
		return CX_FAULT_FETCH;
	if (offset + len > (ldl_be_p(wqe + LINK) & 0x7fffffff))
		return CX_FAULT_LENGTH;
	return mkey_write(wq->cx, ldl_be_p(wqe + LINK + 4), ldq_be_p(wqe + LINK + 8) + offset,
			  data, len, touched) ? CX_FAULT_NONE : CX_FAULT_DATA;
}

/* ---- delivery ---- */

/* Whether a buffer for @len bytes is posted. Closes a buffer without room. */
static bool rq_has_buffer(struct cx_rq *rq, size_t len)
{
	unsigned int posted;

	if (rq->wq.state != CX_QUEUE_READY || !wq_posted(&rq->wq, &posted) || !posted)
		return false;
	if (!rq->open || striding_need(rq, len) <= striding_left(rq))
		return true;
	striding_close(rq);
	return posted > 1;
}

/*
 * Open the next work request of a striding queue, so that any CQE can name it.
 * If the link cannot be followed, no CQE can, and the queue is stuck.
 */
static bool rq_open(struct cx_rq *rq)
{
	if (!rq->striding || rq->open || striding_open(rq))
		return true;
	wq_get_stuck(&rq->wq, "cannot follow the list");
	return false;
}

/* A buffer is used up, with or without a frame: complete @cqe and post it. */
static void rq_complete(struct cx_rq *rq, uint8_t cqe[64], size_t len, bool good,
			GArray *touched)
{
	if (!rq->striding) {
		stl_be_p(cqe + CQE_BYTES, len);
		rq->wq.index++;
	} else {
		striding_use(rq, cqe, good ? striding_need(rq, len) : striding_left(rq),
			     len);
	}
	cq_post(rq->wq.cx, rq->wq.cq, cqe, touched);
}

static void rq_complete_fault(struct cx_rq *rq, enum cx_fault fault, GArray *touched)
{
	uint8_t cqe[64];

	wq_error_cqe(&rq->wq, cqe, fault, 0);
	rq_complete(rq, cqe, 0, false, touched);
}

static void rq_deliver(struct cx_rq *rq, const struct waiting *waiting)
{
	ConnectX *cx = rq->wq.cx;
	const uint8_t *data = waiting->frame->data;
	size_t len = waiting->frame->len;
	uint8_t stripped[MAX_FRAME], cqe[64];
	GArray *touched = NULL;
	enum cx_fault fault;

	if (rq->strip_vlan && waiting->frame->packet.has_vlan &&
	    lduw_be_p(data + 12) == ETH_P_VLAN) {
		len = strip_vlan(stripped, waiting->frame);
		data = stripped;
	}
	if (!rq_has_buffer(rq, len) || !rq_open(rq)) {
		port_out_of_buffer(cx, rq->counter);
		return;
	}

	if (attack_wants_accesses(cx))
		touched = g_array_new(false, false, sizeof(struct cx_access));
	if (attack_fails(cx, false))
		fault = CX_FAULT_DATA;
	else
		fault = (rq->striding ? striding_write : cyclic_write)(rq, data, len, touched);
	if (!fault) {
		wq_cqe(&rq->wq, cqe, CX_CQE_RESP_SEND);
		describe(cqe, waiting, data, len);
		rq_complete(rq, cqe, len, true, touched);
		return;
	}
	cx_log(cx, "receive queue: buffer failed, vendor syndrome %u", fault);
	rq_complete_fault(rq, fault, touched);
	/* Any fault but a frame that is too long stops the queue. */
	if (fault != CX_FAULT_LENGTH)
		wq_fail(&rq->wq);
}

/* Complete buffers of a queue in error state as flushed. False: none left. */
static bool rq_flush(struct cx_rq *rq, unsigned int budget)
{
	unsigned int posted;

	if (!rq->wq.flush || !wq_posted(&rq->wq, &posted))
		return false;
	for (; posted && budget; posted--, budget--) {
		if (!rq_open(rq))
			return false;
		rq_complete_fault(rq, CX_FAULT_FLUSHED, NULL);
	}
	return posted;
}

void rq_serve(void *opaque)
{
	struct cx_rq *rq = opaque;
	ConnectX *cx = rq->wq.cx;
	unsigned int budget = g_rand_int_range(cx->random, 1, MAX_BATCH + 1);
	struct waiting *waiting;
	bool more = false;

	for (; budget && (waiting = g_queue_pop_head(&rq->frames)); budget--) {
		rq_deliver(rq, waiting);
		waiting_free(cx, waiting);
	}
	if (rq->wq.state == CX_QUEUE_ERROR)
		more = !budget || rq_flush(rq, budget);
	if (more || !g_queue_is_empty(&rq->frames))
		cx_kick(cx, rq->wq.timer);
}

void rq_reset(struct cx_rq *rq)
{
	rq_forget_frames(rq);
	rq->started = false;
	rq->open = false;
	rq->head = 0;
	rq->used = 0;
}
