// SPDX-License-Identifier: GPL-2.0
/*
 * Receive queues: frames in cyclic and striding buffers.
 */
#include "host.h"

#include "../queue.h"

enum {
	PAYLOAD		= 100,
	FRAME		= 14 + 20 + 8 + PAYLOAD,	/* UDP */
	LOG_STRIDES	= 3,
	STRIDES		= 1 << LOG_STRIDES,		/* in a striding buffer */
	STRIDE		= 64,				/* bytes */
	BUFFER		= 2048,				/* of a cyclic queue */
};

static const struct flow flow = {
	AF_INET, "192.0.2.1", "198.51.100.2", IPPROTO_UDP, 1000, 80, 0
};

static uint8_t frame[2 * STRIDES * STRIDE];

/* ---- the queue, and a flow table that sends all frames to it ---- */

static void make_root(void)
{
	uint32_t tir = test_direct_tir(test_object(CX_TD), host.num);
	uint32_t table = make_table(0, 0);

	CHECK(!add_entry(table, make_group(table, NULL, 0, 7), 7, NULL, tir));
	set_root(table);
}

static void begin(bool striding, bool flush)
{
	uint8_t in[IFC_SIZE(create_rq_in) + 8] = {};
	uint8_t *context = IFC_PTR(create_rq_in, in, ctx);
	uint8_t *wq = IFC_PTR(rqc, context, wq);

	host_begin();
	host_fill_context(context);
	IFC_SET(rqc, context, flush_in_error_en, flush);
	IFC_SET(wq, wq, log_wq_stride, 5);	/* two segments, or link and one */
	IFC_SET(wq, wq, wq_type, striding ? MLX5_WQ_TYPE_LINKED_LIST_STRIDING_RQ :
					    MLX5_WQ_TYPE_CYCLIC);
	IFC_SET(wq, wq, log_wqe_num_of_strides, (LOG_STRIDES - 9) & 0xf);
	CHECK(host_create(MLX5_CMD_OP_CREATE_RQ, in, sizeof(in)) == CX_OK);
	CHECK(host_modify(CX_QUEUE_RESET, CX_QUEUE_READY) == CX_OK);
	make_root();
	frame_build(frame, &flow, PAYLOAD, NULL);
}

static void set_segment(uint8_t *segment, uint32_t count, uint32_t key, uint64_t addr)
{
	stl_be_p(segment, count);
	stl_be_p(segment + 4, key);
	stq_be_p(segment + 8, addr);
}

static uint8_t *entry(unsigned int index)
{
	return host.memory + HOST_RING + 32 * index;
}

/* Buffer @index has two pieces of memory. The first one has 50 bytes. */
static void set_buffer(unsigned int index)
{
	uint64_t addr = HOST_DATA + index * BUFFER;

	set_segment(entry(index), 0x80000000u | 50, HOST_KEY, addr);
	set_segment(entry(index) + 16, BUFFER / 2, HOST_KEY, addr + BUFFER / 2);
}

static void set_striding_buffer(unsigned int index, unsigned int next)
{
	stw_be_p(entry(index) + 2, next);
	set_segment(entry(index) + 16, STRIDES * STRIDE, HOST_KEY,
		    HOST_DATA + index * STRIDES * STRIDE);
}

static void post(unsigned int count)
{
	host_set_record(0, count);
}

static void arrive(size_t len)
{
	CHECK(receive_frame(cx, frame, len));
}

/* ---- cyclic ---- */

static void a_frame_is_scattered_and_described(void)
{
	const uint8_t *cqe;

	begin(false, false);
	set_buffer(0);
	post(1);
	arrive(FRAME);
	CHECK(!host.cqes->len);		/* the timer has not run */
	host_run();
	cqe = host_cqe(0);
	CHECK(!memcmp(host.memory + HOST_DATA, frame, 50));
	CHECK(!memcmp(host.memory + HOST_DATA + BUFFER / 2, frame + 50, FRAME - 50));
	CHECK(!host.memory[HOST_DATA + 50]);
	CHECK(cqe[63] >> 4 == CX_CQE_RESP_SEND);
	CHECK(ldl_be_p(cqe + 44) == FRAME && lduw_be_p(cqe + 60) == 0);
	CHECK(lduw_be_p(cqe + 20) == packet_sum(frame + 14, FRAME - 14));
	CHECK(cqe[28] == 7 && cqe[29] == (2 << 2 | 2 << 4));
	CHECK(ldl_be_p(cqe + 56) == 0x777);	/* of entry 7 */
}

static void wrong_checksums_are_reported(void)
{
	begin(false, false);
	set_buffer(0);
	set_buffer(1);
	post(2);
	frame[FRAME - 1]++;
	arrive(FRAME);
	frame[24]++;
	arrive(FRAME);
	host_run();
	CHECK(host_cqe(0)[28] == 3 && host_cqe(1)[28] == 1);
}

static void the_tag_is_stripped(void)
{
	struct flow tagged = flow;
	uint8_t plain[FRAME];
	const uint8_t *cqe;

	begin(false, false);
	set_buffer(0);
	post(1);
	memcpy(plain, frame, FRAME);
	tagged.vlan = 0x2005;
	frame_build(frame, &tagged, PAYLOAD, NULL);
	arrive(FRAME + 4);
	host_run();
	cqe = host_cqe(0);
	CHECK(ldl_be_p(cqe + 44) == FRAME && cqe[29] & 1 && lduw_be_p(cqe + 30) == 0x2005);
	CHECK(lduw_be_p(cqe + 20) == packet_sum(plain + 14, FRAME - 14));
	CHECK(!memcmp(host.memory + HOST_DATA, plain, 50));
}

static void without_a_buffer_a_frame_is_dropped(void)
{
	begin(false, false);
	arrive(FRAME);
	host_run();
	CHECK(host.no_buffer == 1 && !host.cqes->len && host_state() == CX_QUEUE_READY);
}

static void a_frame_that_does_not_fit_costs_a_buffer(void)
{
	begin(false, false);
	set_buffer(0);
	set_segment(entry(0) + 16, 50, 0x100, HOST_DATA);	/* the list ends */
	set_buffer(1);
	post(2);
	arrive(FRAME);
	arrive(FRAME);
	host_run();
	CHECK(host_syndrome(0) == CX_SYNDROME_LOCAL_LENGTH);
	CHECK(!host_syndrome(1) && lduw_be_p(host_cqe(1) + 60) == 1);
	CHECK(host_state() == CX_QUEUE_READY);
}

static void a_buffer_that_cannot_be_written_stops_the_queue(void)
{
	begin(false, true);
	set_buffer(0);
	set_buffer(1);
	set_buffer(2);
	post(3);
	host.refused = HOST_DATA + 20;
	arrive(FRAME);
	arrive(FRAME);
	host_run();
	CHECK(host_syndrome(0) == CX_SYNDROME_LOCAL_PROT);
	CHECK(host_syndrome(1) == CX_SYNDROME_WR_FLUSH);
	CHECK(host_syndrome(2) == CX_SYNDROME_WR_FLUSH);
	CHECK(host.cqes->len == 3 && host.no_buffer == 1 && host_state() == CX_QUEUE_ERROR);
}

static void an_impossible_counter_is_an_error(void)
{
	begin(false, false);
	post(RING + 1);
	arrive(FRAME);
	host_run();
	CHECK(host_cqe(0)[54] == CX_FAULT_COUNTER && host.events == 1);
	CHECK(host_state() == CX_QUEUE_ERROR);
}

/* ---- striding ---- */

static void frames_share_a_buffer(void)
{
	begin(true, false);
	set_striding_buffer(0, 5);
	set_striding_buffer(5, 1);
	post(2);
	arrive(FRAME);		/* 3 strides of 8 */
	arrive(FRAME);
	arrive(FRAME);		/* in the next buffer, after a filler */
	host_run();
	CHECK(host.cqes->len == 4);
	CHECK(ldl_be_p(host_cqe(0) + 44) == (3 << 16 | FRAME));
	CHECK(lduw_be_p(host_cqe(0) + 2) == 0 && lduw_be_p(host_cqe(0) + 60) == 0);
	CHECK(lduw_be_p(host_cqe(1) + 2) == 0 && lduw_be_p(host_cqe(1) + 60) == 3);
	CHECK((uint32_t)ldl_be_p(host_cqe(2) + 44) == (0x80000000u | 2 << 16));
	CHECK(lduw_be_p(host_cqe(3) + 2) == 5 && lduw_be_p(host_cqe(3) + 60) == 0);
	CHECK(!memcmp(host.memory + HOST_DATA + 3 * STRIDE, frame, FRAME));
	CHECK(!memcmp(host.memory + HOST_DATA + 5 * STRIDES * STRIDE, frame, FRAME));
}

/* The driver sets the link of the last buffer when it appends another one. */
static void a_link_is_read_when_it_is_followed(void)
{
	begin(true, false);
	set_striding_buffer(0, 9);
	post(1);
	arrive(FRAME);
	arrive(FRAME);
	arrive(FRAME);
	host_run();
	CHECK(host.cqes->len == 3 && host.no_buffer == 1);	/* with a filler */
	set_striding_buffer(0, 4);
	set_striding_buffer(4, 0);
	post(2);
	arrive(FRAME);
	host_run();
	CHECK(lduw_be_p(host_cqe(3) + 2) == 4);
}

static void a_link_out_of_the_ring_is_an_error(void)
{
	begin(true, false);
	set_striding_buffer(0, RING);
	post(2);
	arrive(FRAME);
	arrive(FRAME);
	arrive(FRAME);
	host_run();
	CHECK(host.cqes->len == 3 && host.events == 1);	/* with a filler */
	CHECK(host_state() == CX_QUEUE_ERROR);
}

static void the_first_frame_of_a_buffer_fails_with_it(void)
{
	begin(true, false);
	set_striding_buffer(0, 5);
	set_striding_buffer(5, 1);
	post(2);
	arrive(FRAME);
	arrive(FRAME);
	host_run();
	host.fails = true;
	arrive(FRAME);
	host_run();
	CHECK(host.cqes->len == 4 && host_syndrome(3));	/* with a filler */
	CHECK(lduw_be_p(host_cqe(3) + 2) == 5 && lduw_be_p(host_cqe(3) + 44) == STRIDES);
	CHECK(host_state() == CX_QUEUE_ERROR);
}

static void a_frame_that_no_buffer_holds_costs_one(void)
{
	begin(true, false);
	set_striding_buffer(0, 1);
	set_striding_buffer(1, 2);
	set_striding_buffer(2, 0);
	stl_be_p(entry(0) + 16, 4096);		/* longer than its strides */
	stl_be_p(entry(1) + 16, FRAME - 1);	/* shorter */
	post(3);
	arrive(STRIDES * STRIDE + 1);
	arrive(FRAME);
	arrive(FRAME);
	host_run();
	CHECK(host_syndrome(0) == CX_SYNDROME_LOCAL_LENGTH);
	CHECK(host_syndrome(1) == CX_SYNDROME_LOCAL_LENGTH);
	CHECK(lduw_be_p(host_cqe(0) + 44) == STRIDES && lduw_be_p(host_cqe(1) + 2) == 1);
	CHECK(!host_syndrome(2) && lduw_be_p(host_cqe(2) + 2) == 2);
	CHECK(host_state() == CX_QUEUE_READY);
}

/* ---- the port's buffer ---- */

static void a_full_buffer_makes_qemu_wait(void)
{
	unsigned int count = 0;

	begin(false, false);
	while (receive_frame(cx, frame, FRAME) && count < 1000000)
		count++;
	CHECK(count > 1000 && count < 10000 && !receive_has_room(cx));
	CHECK(!host.flushed);
	host_run();
	CHECK(receive_has_room(cx) && host.flushed == 1);
	CHECK(host.no_buffer == count);
}

static void frames_do_not_outlive_their_queue(void)
{
	unsigned int i;

	begin(false, false);
	set_buffer(0);
	post(1);
	for (i = 0; i < 5; i++)
		arrive(FRAME);
	CHECK(host_modify(CX_QUEUE_READY, CX_QUEUE_RESET) == CX_OK);
	CHECK(host_is_idle());
	CHECK(host_modify(CX_QUEUE_RESET, CX_QUEUE_READY) == CX_OK);
	arrive(FRAME);
	host_run();
	CHECK(host.cqes->len == 1 && !host.no_buffer);
	arrive(FRAME);	/* a sanitizer reports it if it is not freed */
}

static void random_buffers_break_nothing(void)
{
	GRand *random = g_rand_new_with_seed(5);
	unsigned int i, j, striding;

	for (striding = 0; striding < 2; striding++) {
		begin(striding, true);
		for (i = 0; i < 5000; i++) {
			for (j = 0; j < RING; j++) {
				set_striding_buffer(j, g_rand_int_range(random, 0, RING + 1));
				if (!striding)
					set_buffer(j);
			}
			for (j = g_rand_int_range(random, 0, 6); j; j--)
				host.memory[HOST_RING + g_rand_int_range(random, 0, 32 * RING)] =
					g_rand_int(random);
			post(g_rand_int_range(random, 0, RING + 2));
			arrive(g_rand_int_range(random, 14, FRAME));
			arrive(g_rand_int_range(random, 14, FRAME));
			host_run();
			g_array_set_size(host.cqes, 0);
			if (host_state() == CX_QUEUE_READY && i % 16)
				continue;
			host_modify(host_state(), CX_QUEUE_RESET);
			host_modify(CX_QUEUE_RESET, CX_QUEUE_READY);
		}
	}
	g_rand_free(random);
}

const struct test receive_tests[] = {
	TEST(a_frame_is_scattered_and_described),
	TEST(wrong_checksums_are_reported),
	TEST(the_tag_is_stripped),
	TEST(without_a_buffer_a_frame_is_dropped),
	TEST(a_frame_that_does_not_fit_costs_a_buffer),
	TEST(a_buffer_that_cannot_be_written_stops_the_queue),
	TEST(an_impossible_counter_is_an_error),
	TEST(frames_share_a_buffer),
	TEST(a_link_is_read_when_it_is_followed),
	TEST(a_link_out_of_the_ring_is_an_error),
	TEST(the_first_frame_of_a_buffer_fails_with_it),
	TEST(a_frame_that_no_buffer_holds_costs_one),
	TEST(a_full_buffer_makes_qemu_wait),
	TEST(frames_do_not_outlive_their_queue),
	TEST(random_buffers_break_nothing),
	{}
};
