// SPDX-License-Identifier: GPL-2.0
/*
 * Send queues: good and bad work requests.
 */
#include "host.h"

#include "../queue.h"

enum {
	SEND		= 0x0a,
	LSO		= 0x0e,
	UMR		= 0x25,
	MULTI_PACKET	= 0x29,
	COMPLETE	= 0x08,
	BEYOND		= 63,		/* more units than are posted */
	PAYLOAD		= 100,
	FRAME		= 14 + 20 + 8 + PAYLOAD,	/* UDP */
};

static const struct flow flow = {
	AF_INET, "192.0.2.1", "198.51.100.2", IPPROTO_UDP, 1000, 80, 0
};

static uint16_t posted;		/* the producer counter */
static uint8_t wqe[1024];	/* the work request that is being built */

/* ---- work requests ---- */

/* Create a send queue that asks for some of what a context can ask for. */
static uint8_t create(bool umr, bool allow_multi_packet)
{
	uint8_t in[IFC_SIZE(create_sq_in) + 8] = {};
	uint8_t *context = IFC_PTR(create_sq_in, in, ctx);
	uint8_t *wq = IFC_PTR(sqc, context, wq);

	host_begin();
	host_fill_context(context);
	IFC_SET(sqc, context, flush_in_error_en, 1);
	IFC_SET(sqc, context, reg_umr, umr);
	IFC_SET(sqc, context, allow_multi_pkt_send_wqe, allow_multi_packet);
	IFC_SET(sqc, context, tis_lst_sz, 1);
	IFC_SET(sqc, context, tis_num_0, test_object(CX_TIS));
	host.uar = test_object(CX_UAR);
	IFC_SET(wq, wq, uar_page, host.uar);
	IFC_SET(wq, wq, wq_type, MLX5_WQ_TYPE_CYCLIC);
	IFC_SET(wq, wq, log_wq_stride, 6);
	return host_create(MLX5_CMD_OP_CREATE_SQ, in, sizeof(in));
}

static void begin(bool umr)
{
	CHECK(create(umr, false) == CX_OK);
	CHECK(host_modify(CX_QUEUE_RESET, CX_QUEUE_READY) == CX_OK);
	posted = 0;
	frame_build(host.memory + HOST_DATA, &flow, PAYLOAD, NULL);
}

/* Begin a work request of @units times 16 bytes for the next place in the ring. */
static void make(uint8_t opcode, unsigned int units)
{
	memset(wqe, 0, sizeof(wqe));
	stw_be_p(wqe + 1, posted);
	wqe[3] = opcode;
	stl_be_p(wqe + 4, host.num << 8 | units);
	wqe[11] = COMPLETE;
}

static void set_data(unsigned int unit, uint32_t count, uint64_t addr)
{
	stl_be_p(wqe + 16 * unit, count);
	stl_be_p(wqe + 16 * unit + 4, HOST_KEY);
	stq_be_p(wqe + 16 * unit + 8, addr);
}

static void make_send(void)
{
	make(SEND, 3);
	set_data(2, FRAME, HOST_DATA);
}

static void ring(uint16_t counter)
{
	host_set_record(4, counter);
	send_doorbell(cx, host.uar, host.num);
}

/* Write the work request to the ring, where it takes @blocks. */
static void post(unsigned int blocks)
{
	unsigned int i;

	for (i = 0; i < blocks; i++)
		memcpy(host.memory + HOST_RING + 64 * ((posted + i) % RING),
		       wqe + 64 * i, 64);
	posted += blocks;
	ring(posted);
}

static const GByteArray *sent(unsigned int index)
{
	static GByteArray none;

	CHECK(index < host.sent->len);
	return index < host.sent->len ? host.sent->pdata[index] : &none;
}

static bool sent_is(unsigned int index, const uint8_t *frame, size_t len)
{
	return sent(index)->len == len && !memcmp(sent(index)->data, frame, len);
}

/* ---- good work requests ---- */

static void a_frame_goes_out_and_then_completes(void)
{
	begin(false);
	make_send();
	post(1);
	CHECK(!host.sent->len && !host.cqes->len);	/* the timer has not run */
	host_run();
	CHECK(sent_is(0, host.memory + HOST_DATA, FRAME));
	CHECK(host.cqes->len == 1 && !host_syndrome(0));
	CHECK((uint32_t)ldl_be_p(host_cqe(0) + 56) == (SEND << 24 | host.num));
	CHECK(lduw_be_p(host_cqe(0) + 60) == 0);
	CHECK(ldq_be_p(host_cqe(0) + 48) > 0);
}

static void only_who_asks_gets_a_cqe(void)
{
	begin(false);
	make_send();
	wqe[11] = 0;
	post(1);
	make_send();
	post(1);
	host_run();
	CHECK(host.sent->len == 2 && host.cqes->len == 1);
	CHECK(lduw_be_p(host_cqe(0) + 60) == 1);
}

static void headers_may_be_inline(void)
{
	begin(false);
	make(SEND, 4);
	stw_be_p(wqe + 16 + 12, 18);	/* two bytes in the segment, 16 behind */
	memcpy(wqe + 16 + 14, host.memory + HOST_DATA, 18);
	set_data(3, FRAME - 18, HOST_DATA + 18);
	post(1);
	host_run();
	CHECK(sent_is(0, host.memory + HOST_DATA, FRAME));
}

static void a_tag_is_inserted(void)
{
	begin(false);
	make_send();
	stw_be_p(wqe + 16 + 12, 0x8000);
	stw_be_p(wqe + 16 + 14, 0x2005);
	post(1);
	host_run();
	CHECK(sent(0)->len == FRAME + 4);
	CHECK(!memcmp(sent(0)->data, host.memory + HOST_DATA, 12));
	CHECK((uint32_t)ldl_be_p(sent(0)->data + 12) == 0x81002005);
	CHECK(!memcmp(sent(0)->data + 16, host.memory + HOST_DATA + 12, FRAME - 12));
}

static void checksums_are_filled_in_if_asked_for(void)
{
	uint8_t frame[FRAME];

	begin(false);
	memcpy(frame, host.memory + HOST_DATA, FRAME);
	stw_be_p(host.memory + HOST_DATA + 24, 0xdead);
	stw_be_p(host.memory + HOST_DATA + 40, 0xdead);
	make_send();
	post(1);
	make_send();
	wqe[16 + 4] = 0xc0;
	post(1);
	host_run();
	CHECK(sent_is(0, host.memory + HOST_DATA, FRAME));
	CHECK(sent_is(1, frame, FRAME));
}

static void short_frames_are_padded(void)
{
	begin(false);
	make(SEND, 3);
	set_data(2, 20, HOST_DATA);
	post(1);
	host_run();
	CHECK(sent(0)->len == 60 && !memcmp(sent(0)->data, host.memory + HOST_DATA, 20));
	CHECK(!sent(0)->data[20] && !sent(0)->data[59]);
}

static void one_work_request_may_hold_many_packets(void)
{
	begin(false);
	make(MULTI_PACKET, 9);
	set_data(2, FRAME, HOST_DATA);
	stl_be_p(wqe + 48, 0x80000000u | 70);	/* inline: 74 bytes, 5 units */
	memcpy(wqe + 52, host.memory + HOST_DATA, 70);
	set_data(8, FRAME - 1, HOST_DATA);
	post(3);
	host_run();
	CHECK(host.sent->len == 3 && host.cqes->len == 1);
	CHECK(sent_is(0, host.memory + HOST_DATA, FRAME));
	CHECK(sent_is(1, host.memory + HOST_DATA, 70));
	CHECK(sent_is(2, host.memory + HOST_DATA, FRAME - 1));
}

static void many_packets_need_the_property(void)
{
	begin(false);
	cx->prop.multi_packet_wqe = false;
	make(MULTI_PACKET, 3);
	set_data(2, FRAME, HOST_DATA);
	post(1);
	host_run();
	CHECK(host_cqe(0)[54] == CX_FAULT_OPCODE && !host.sent->len);
}

static void no_queue_gets_the_older_form_of_many_packets(void)
{
	CHECK(create(false, true) == CX_BAD_PARAM);
}

static void make_large_send(uint16_t mss, size_t payload)
{
	make(LSO, 6);
	stw_be_p(wqe + 16 + 6, mss);
	stw_be_p(wqe + 16 + 12, 42);
	memcpy(wqe + 16 + 14, host.memory + HOST_DATA, 42);	/* to unit 4.5 */
	set_data(5, payload, HOST_DATA + 42);
}

static void a_large_send_becomes_segments(void)
{
	begin(false);
	make_large_send(40, PAYLOAD);
	post(2);
	host_run();
	CHECK(host.sent->len == 3 && !host_syndrome(0));
	CHECK(sent(0)->len == 82 && sent(1)->len == 82 && sent(2)->len == 62);
	CHECK(!memcmp(sent(1)->data + 42, host.memory + HOST_DATA + 82, 40));
}

static void a_large_send_has_limits(void)
{
	static const struct {
		uint16_t mss;
		size_t payload;
		enum cx_fault fault;
	} bad[] = {
		{ 0, PAYLOAD, CX_FAULT_LSO },
		{ CX_MAX_FRAME, PAYLOAD, CX_FAULT_LSO },
		{ 1, 9000, CX_FAULT_LSO },		/* too many segments */
		{ 1000, 1 << 20, CX_FAULT_LENGTH },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		begin(false);
		make_large_send(bad[i].mss, bad[i].payload);
		post(2);
		host_run();
		CHECK(host_cqe(0)[54] == bad[i].fault && !host.sent->len);
	}
}

/* @units of two entries each. The work request has room for two units. */
static void make_update(unsigned int units)
{
	make(UMR, 10);
	stl_be_p(wqe + 12, HOST_KEY);
	wqe[16] = 0x90;
	stw_be_p(wqe + 20, units);
	stw_be_p(wqe + 22, 5);
	stl_be_p(wqe + 32, 1);
}

static void a_key_gets_other_pages(void)
{
	begin(true);
	make_update(2);
	post(3);
	host_run();
	CHECK(!host_syndrome(0));
	CHECK(host.entries == 4 && host.first_entry == 2 * 0x10005);
}

static void an_update_may_be_held_back(void)
{
	begin(true);
	host.held = 3;
	make_update(2);
	post(3);
	host_run();
	CHECK(!host.held && !host_syndrome(0) && host.entries == 4);
}

static void only_entries_in_the_work_request_are_taken(void)
{
	begin(true);
	make_update(3);
	post(3);
	host_run();
	CHECK(host_cqe(0)[54] == CX_FAULT_SEGMENT && !host.entries);
}

static void a_key_is_not_changed_otherwise(void)
{
	static const unsigned int at[] = { 16, 24, 64 };	/* flags, mask, status */
	size_t i;

	for (i = 0; i < ARRAY_SIZE(at); i++) {
		begin(true);
		make_update(2);
		wqe[at[i]] ^= 0x40;
		post(3);
		host_run();
		CHECK(host_cqe(0)[54] == CX_FAULT_UMR && !host.entries);
	}
}

static void the_ring_goes_round(void)
{
	unsigned int i;

	begin(false);
	for (i = 0; i < 3 * RING; i++) {
		make_send();
		post(1);
		if (i % 5 == 0)
			host_run();
	}
	host_run();
	CHECK(host.sent->len == 3 * RING && host_state() == CX_QUEUE_READY);
}

/* ---- bad work requests ---- */

/* A change that makes a good send bad: @len bytes at @at become @val. */
static const struct {
	unsigned int at;
	unsigned int len;
	uint64_t val;
	enum cx_fault fault;
	uint8_t syndrome;
	bool tag;		/* a VLAN tag is inserted, too */
} spoiled[] = {
	/* the size: 0, or beyond what is posted */
	{ 7, 1, 0, CX_FAULT_SIZE, CX_SYNDROME_LOCAL_QP_OP },
	{ 7, 1, BEYOND, CX_FAULT_SIZE, CX_SYNDROME_LOCAL_QP_OP },
	/* the index, and the low byte of the queue's number */
	{ 1, 2, 1, CX_FAULT_NUMBER, CX_SYNDROME_LOCAL_QP_OP },
	{ 6, 1, 0xff, CX_FAULT_NUMBER, CX_SYNDROME_LOCAL_QP_OP },
	/* the opcode: unknown, not allowed to this queue, without an mss */
	{ 3, 1, 0x23, CX_FAULT_OPCODE, CX_SYNDROME_LOCAL_QP_OP },
	{ 3, 1, UMR, CX_FAULT_OPCODE, CX_SYNDROME_LOCAL_QP_OP },
	{ 3, 1, LSO, CX_FAULT_LSO, CX_SYNDROME_LOCAL_QP_OP },
	/* the opcode's modifier: the only form of a send, the older one of many packets */
	{ 0, 1, 1, CX_FAULT_OPCODE, CX_SYNDROME_LOCAL_QP_OP },
	{ 0, 4, 0x0100000e, CX_FAULT_OPCODE, CX_SYNDROME_LOCAL_QP_OP },
	/* segments: none, inline headers and data beyond the end, a trailer */
	{ 7, 1, 1, CX_FAULT_SEGMENT, CX_SYNDROME_LOCAL_QP_OP },
	{ 28, 2, 0x3ff, CX_FAULT_SEGMENT, CX_SYNDROME_LOCAL_QP_OP },
	{ 32, 4, 0x80000000u | 13, CX_FAULT_SEGMENT, CX_SYNDROME_LOCAL_QP_OP },
	{ 28, 2, 0x4000, CX_FAULT_SEGMENT, CX_SYNDROME_LOCAL_QP_OP },
	/* the length: too long, with the tag one byte too long, too short */
	{ 32, 4, CX_MAX_FRAME, CX_FAULT_LENGTH, CX_SYNDROME_LOCAL_LENGTH },
	{ 32, 4, 0x7fffffff, CX_FAULT_LENGTH, CX_SYNDROME_LOCAL_LENGTH },
	{ 32, 4, CX_MAX_FRAME - 4 - 3, CX_FAULT_LENGTH, CX_SYNDROME_LOCAL_LENGTH, true },
	{ 32, 4, 13, CX_FAULT_LENGTH, CX_SYNDROME_LOCAL_LENGTH },
	/* the key and the address */
	{ 36, 4, HOST_KEY + 1, CX_FAULT_DATA, CX_SYNDROME_LOCAL_PROT },
	{ 40, 8, HOST_MEMORY, CX_FAULT_DATA, CX_SYNDROME_LOCAL_PROT },
};

static void a_bad_work_request_fails_and_what_follows_is_flushed(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(spoiled); i++) {
		begin(false);
		make_send();
		stn_be_p(wqe + spoiled[i].at, spoiled[i].len, spoiled[i].val);
		if (spoiled[i].tag)
			stw_be_p(wqe + 28, 0x8000);
		post(1);
		if (spoiled[i].val != BEYOND) {
			make_send();
			post(1);
		}
		host_run();
		CHECK(!host.sent->len && host_state() == CX_QUEUE_ERROR && !host.events);
		CHECK(host_cqe(0)[54] == spoiled[i].fault);
		CHECK(host_syndrome(0) == spoiled[i].syndrome);
		CHECK(lduw_be_p(host_cqe(0) + 60) == 0);
		if (posted == 2) {
			CHECK(host_syndrome(1) == CX_SYNDROME_WR_FLUSH);
			CHECK(lduw_be_p(host_cqe(1) + 60) == 1);
		}
		CHECK(host.cqes->len == posted);
		CHECK(cx->stats.tx_errors == 1);
	}
}

static void a_queue_in_error_begins_anew_after_reset(void)
{
	begin(false);
	make_send();
	wqe[3] = 0x23;		/* no such opcode */
	post(1);
	host_run();
	CHECK(host_modify(CX_QUEUE_ERROR, CX_QUEUE_READY) == CX_BAD_RES_STATE);
	CHECK(host_modify(CX_QUEUE_READY, CX_QUEUE_RESET) == CX_BAD_RES_STATE);
	CHECK(host_modify(CX_QUEUE_ERROR, CX_QUEUE_RESET) == CX_OK);
	ring(posted);		/* a queue in reset does nothing */
	CHECK(host_is_idle());
	CHECK(host_modify(CX_QUEUE_RESET, 2) == CX_BAD_PARAM);
	CHECK(host_modify(CX_QUEUE_RESET, CX_QUEUE_READY) == CX_OK);
	posted = 0;
	make_send();
	post(1);
	host_run();
	CHECK(host.sent->len == 1 && host.cqes->len == 2 && !host_syndrome(1));
}

static void the_driver_may_flush_a_queue(void)
{
	begin(false);
	make_send();
	post(1);
	make_send();
	post(1);
	CHECK(host_modify(CX_QUEUE_READY, CX_QUEUE_ERROR) == CX_OK);
	host_run();
	CHECK(!host.sent->len && host.cqes->len == 2);
	CHECK(host_syndrome(0) == CX_SYNDROME_WR_FLUSH);
	CHECK(host_syndrome(1) == CX_SYNDROME_WR_FLUSH);
}

static void an_impossible_counter_is_an_error(void)
{
	begin(false);
	ring(RING + 1);
	host_run();
	CHECK(!host.sent->len && host.cqes->len == 1 && host.events == 1);
	CHECK(host_cqe(0)[54] == CX_FAULT_COUNTER && host_state() == CX_QUEUE_ERROR);
	ring(RING + 1);
	host_run();
	CHECK(host.cqes->len == 1 && host.events == 1);
}

static void what_cannot_be_read_is_an_event(void)
{
	static const uint64_t iovas[] = { HOST_RECORD + 4, HOST_RING };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(iovas); i++) {
		begin(false);
		make_send();
		host.refused = iovas[i];
		post(1);
		host_run();
		CHECK(host.events == 1 && host_state() == CX_QUEUE_ERROR && !host.sent->len);
		/* No CQE can name a work request if the record cannot be read. */
		CHECK(host.cqes->len == i);
		if (i)
			CHECK(host_syndrome(0) == CX_SYNDROME_LOCAL_PROT);
	}
}

static void nothing_is_left_of_a_destroyed_queue(void)
{
	uint8_t in[IFC_SIZE(destroy_sq_in)] = {};

	begin(false);
	make_send();
	post(1);
	IFC_SET(destroy_sq_in, in, sqn, host.num);
	CHECK(!test_command(MLX5_CMD_OP_DESTROY_SQ, in, sizeof(in), NULL, 0));
	CHECK(host_is_idle());
	ring(2);
	CHECK(host_is_idle());
}

static void another_uar_rings_no_doorbell(void)
{
	uint32_t other;

	begin(false);
	other = test_object(CX_UAR);
	make_send();
	memcpy(host.memory + HOST_RING, wqe, 64);
	host_set_record(4, 1);
	send_doorbell(cx, other, host.num);
	send_doorbell(cx, 0, host.num);
	CHECK(host_is_idle() && host.logged == 2);
	send_doorbell(cx, host.uar, host.num);
	CHECK(!host_is_idle() && host.logged == 2);
	host_run();
	CHECK(host.sent->len == 1);
}

static void a_send_queue_keeps_its_uar(void)
{
	uint8_t in[IFC_SIZE(destroy_sq_in)] = {};

	begin(false);
	CHECK(cx_object_destroy(cx, CX_UAR, host.uar) == CX_BAD_RES_STATE);
	IFC_SET(destroy_sq_in, in, sqn, host.num);
	CHECK(!test_command(MLX5_CMD_OP_DESTROY_SQ, in, sizeof(in), NULL, 0));
	CHECK(cx_object_destroy(cx, CX_UAR, host.uar) == CX_OK);
}

/* Sanitizers look for errors. */
static void random_work_requests_break_nothing(void)
{
	static const uint8_t opcodes[] = { 0, SEND, LSO, UMR, MULTI_PACKET, 0x23 };
	GRand *random = g_rand_new_with_seed(4);
	unsigned int i, j, units;

	begin(true);
	for (i = 0; i < 20000; i++) {
		units = g_rand_int_range(random, 0, g_rand_boolean(random) ? 8 : 64);
		make(opcodes[g_rand_int_range(random, 0, ARRAY_SIZE(opcodes))], units);
		for (j = g_rand_int_range(random, 0, 12); j; j--)
			wqe[g_rand_int_range(random, 16, 256)] = g_rand_int(random);
		for (j = 2; j < units && g_rand_boolean(random); j++)
			set_data(j, g_rand_int_range(random, 0, 3000), HOST_DATA);
		post(g_rand_int_range(random, 1, MAX(2, units / 4 + 2)));
		host_run();
		g_array_set_size(host.cqes, 0);
		g_ptr_array_set_size(host.sent, 0);
		if (host_state() == CX_QUEUE_READY)
			continue;
		host_modify(CX_QUEUE_ERROR, CX_QUEUE_RESET);
		host_modify(CX_QUEUE_RESET, CX_QUEUE_READY);
		posted = 0;
		host_set_record(4, 0);
	}
	g_rand_free(random);
}

const struct test send_tests[] = {
	TEST(a_frame_goes_out_and_then_completes),
	TEST(only_who_asks_gets_a_cqe),
	TEST(headers_may_be_inline),
	TEST(a_tag_is_inserted),
	TEST(checksums_are_filled_in_if_asked_for),
	TEST(short_frames_are_padded),
	TEST(one_work_request_may_hold_many_packets),
	TEST(many_packets_need_the_property),
	TEST(no_queue_gets_the_older_form_of_many_packets),
	TEST(a_large_send_becomes_segments),
	TEST(a_large_send_has_limits),
	TEST(a_key_gets_other_pages),
	TEST(an_update_may_be_held_back),
	TEST(only_entries_in_the_work_request_are_taken),
	TEST(a_key_is_not_changed_otherwise),
	TEST(the_ring_goes_round),
	TEST(a_bad_work_request_fails_and_what_follows_is_flushed),
	TEST(a_queue_in_error_begins_anew_after_reset),
	TEST(the_driver_may_flush_a_queue),
	TEST(an_impossible_counter_is_an_error),
	TEST(what_cannot_be_read_is_an_event),
	TEST(nothing_is_left_of_a_destroyed_queue),
	TEST(another_uar_rings_no_doorbell),
	TEST(a_send_queue_keeps_its_uar),
	TEST(random_work_requests_break_nothing),
	{}
};
