// SPDX-License-Identifier: GPL-2.0
/*
 * The functions of QEMU and of the other parts of the device that the tests
 * need.
 */
#include "host.h"

struct host host;
ConnectX *cx;

static GPtrArray *armed;	/* timers, in the order of their arming */

/* ---- QEMU ---- */

QEMUTimerListGroup main_loop_tlg;

void timer_init_full(QEMUTimer *timer, QEMUTimerListGroup *group, QEMUClockType type,
		     int scale, int attributes, QEMUTimerCB *cb, void *opaque)
{
	timer->cb = cb;
	timer->opaque = opaque;
}

void timer_del(QEMUTimer *timer)
{
	if (armed)
		g_ptr_array_remove(armed, timer);
}

int64_t qemu_clock_get_ns(QEMUClockType type)
{
	static int64_t now;

	return ++now;
}

NetClientState *qemu_get_queue(NICState *nic)
{
	return NULL;
}

void qemu_flush_queued_packets(NetClientState *client)
{
	host.flushed++;
}

/* ---- other parts ---- */

static bool reachable(uint64_t iova, size_t len)
{
	return iova < HOST_MEMORY && len <= HOST_MEMORY - iova &&
	       !(iova <= host.refused && host.refused < iova + len);
}

bool dma_read(ConnectX *cx, uint64_t iova, void *buf, size_t len)
{
	memset(buf, 0, len);
	if (reachable(iova, len))
		memcpy(buf, host.memory + iova, len);
	return reachable(iova, len);
}

static bool dma_write_from(uint64_t iova, const void *buf, size_t len)
{
	if (reachable(iova, len))
		memcpy(host.memory + iova, buf, len);
	return reachable(iova, len);
}

bool mkey_read(ConnectX *cx, uint32_t key, uint64_t addr, void *buf, size_t len,
	       GArray *touched)
{
	return key == HOST_KEY && dma_read(cx, addr, buf, len);
}

bool mkey_write(ConnectX *cx, uint32_t key, uint64_t addr, const void *buf,
		size_t len, GArray *touched)
{
	return key == HOST_KEY && dma_write_from(addr, buf, len);
}

bool mkey_update(ConnectX *cx, uint32_t key, uint64_t first, const uint8_t *entries,
		 uint32_t count)
{
	uint32_t i;

	host.first_entry = first;
	host.entries = count;
	for (i = 0; i < count; i++)
		host.memory[0] += entries[8 * i];	/* a sanitizer checks this read */
	return key == HOST_KEY;
}

void cx_kick(ConnectX *cx, QEMUTimer *timer)
{
	if (!g_ptr_array_find(armed, timer, NULL))
		g_ptr_array_add(armed, timer);
}

void timer_mod_ns(QEMUTimer *timer, int64_t when)
{
	cx_kick(cx, timer);
}

void cq_post(ConnectX *cx, struct cx_cq *cq, const uint8_t cqe[64], GArray *touched)
{
	g_array_append_vals(host.cqes, cqe, 1);
	if (touched)
		g_array_unref(touched);
}

void event_post(ConnectX *cx, unsigned int type, const uint8_t data[28])
{
	CHECK(type == CX_EVENT_WQ_CATAS_ERROR);
	host.events++;
}

void port_transmit(ConnectX *cx, const uint8_t *frame, size_t len)
{
	GByteArray *copy = g_byte_array_new();

	g_byte_array_append(copy, frame, len);
	g_ptr_array_add(host.sent, copy);
}

void port_out_of_buffer(ConnectX *cx, uint32_t id)
{
	host.no_buffer++;
}

void traffic_count(struct cx_traffic *traffic, const uint8_t *frame, size_t len)
{
}

bool attack_fails(ConnectX *cx, bool send)
{
	return host.fails;
}

bool attack_holds_updates(ConnectX *cx)
{
	return host.held && host.held--;
}

bool attack_wants_accesses(ConnectX *cx)
{
	return true;
}

void cx_log(ConnectX *cx, const char *format, ...)
{
	host.logged++;
}

/* ---- the host ---- */

void test_begin(void)
{
	test_end();
	cx = g_new0(ConnectX, 1);
	cx_objects_init(cx);
}

void test_end(void)
{
	if (!cx)
		return;
	if (cx->receiver)
		receive_exit(cx);
	cx_objects_reset(cx);
	cx_objects_free(cx);
	steering_reset(cx);
	if (cx->random) {
		g_rand_free(cx->random);
		CHECK(!armed->len);
		g_clear_pointer(&armed, g_ptr_array_unref);
		g_array_unref(host.cqes);
		g_ptr_array_unref(host.sent);
	}
	g_clear_pointer(&cx, g_free);
}

void host_begin(void)
{
	test_begin();
	memset(&host, 0, sizeof(host));
	armed = g_ptr_array_new();
	host.refused = UINT64_MAX;
	host.cqes = g_array_new(false, false, 64);
	host.sent = g_ptr_array_new_with_free_func((GDestroyNotify)g_byte_array_unref);
	cx->random = g_rand_new_with_seed(1);
	cx->prop.striding_rq = true;
	cx->prop.multi_packet_wqe = true;
	receive_init(cx);
}

void host_fill_context(uint8_t *context)
{
	uint8_t *wq = IFC_PTR(sqc, context, wq);

	IFC_SET(sqc, context, cqn, test_object(CX_CQ));
	IFC_SET(wq, wq, pd, test_object(CX_PD));
	IFC_SET(wq, wq, log_wq_sz, LOG_RING);
	IFC_SET(wq, wq, dbr_addr, HOST_RECORD);
	stq_be_p(IFC_PTR(wq, wq, pas), HOST_RING);
}

uint8_t host_create(uint16_t opcode, uint8_t *in, size_t len)
{
	uint8_t out[IFC_SIZE(create_sq_out)];
	uint8_t status = test_command(opcode, in, len, out, sizeof(out));

	host.num = IFC_GET(create_sq_out, out, sqn);	/* as in create_rq_out */
	host.send = opcode == MLX5_CMD_OP_CREATE_SQ;
	return status;
}

uint8_t host_modify(uint8_t now, uint8_t next)
{
	uint8_t in[IFC_SIZE(modify_sq_in)] = {};	/* as modify_rq_in */

	IFC_SET(modify_sq_in, in, sqn, host.num);
	IFC_SET(modify_sq_in, in, sq_state, now);
	IFC_SET(sqc, IFC_PTR(modify_sq_in, in, ctx), state, next);
	return test_command(host.send ? MLX5_CMD_OP_MODIFY_SQ : MLX5_CMD_OP_MODIFY_RQ, in,
			    sizeof(in), NULL, 0);
}

void host_set_record(unsigned int at, uint32_t val)
{
	stl_be_p(host.memory + HOST_RECORD + at, val);
}

void host_run(void)
{
	unsigned int turns = 0;

	while (armed->len && turns++ < 100000) {
		QEMUTimer *timer = g_ptr_array_remove_index(armed, 0);

		timer->cb(timer->opaque);
	}
	CHECK(!armed->len);
}

const uint8_t *host_cqe(unsigned int index)
{
	static const uint8_t none[64];

	CHECK(index < host.cqes->len);
	return index < host.cqes->len ? (uint8_t *)host.cqes->data + 64 * index : none;
}

uint8_t host_state(void)
{
	uint8_t in[IFC_SIZE(query_sq_in)] = {};		/* as query_rq_in */
	uint8_t out[IFC_SIZE(query_sq_out)];		/* as query_rq_out */

	IFC_SET(query_sq_in, in, sqn, host.num);
	CHECK(!test_command(host.send ? MLX5_CMD_OP_QUERY_SQ : MLX5_CMD_OP_QUERY_RQ, in,
			    sizeof(in), out, sizeof(out)));
	return IFC_GET(sqc, IFC_PTR(query_sq_out, out, sq_context), state);
}

uint8_t host_syndrome(unsigned int index)
{
	const uint8_t *cqe = host_cqe(index);
	uint8_t opcode = cqe[63] >> 4;

	return opcode == CX_CQE_REQ_ERR || opcode == CX_CQE_RESP_ERR ? cqe[55] : 0;
}

bool host_is_idle(void)
{
	return !armed->len;
}
