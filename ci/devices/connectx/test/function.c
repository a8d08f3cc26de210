// SPDX-License-Identifier: GPL-2.0
/*
 * The function as a whole: its memory, its capabilities, its keys, its health. These tests are
 * a program of their own, because the other tests replace the keys.
 */
#include "test.h"

enum { FIRST_PAGE = 0x10000, REFUSED = 0x13000, HEALTH_COUNTER = 0x1010 };
enum { GIVE = 1, REGULAR = 3 };

ConnectX *cx;

static int64_t now;		/* QEMU's clock */

/* ---- QEMU and other parts ---- */

int64_t qemu_clock_get_ns(QEMUClockType type)
{
	return now;
}

bool dma_write(ConnectX *cx, uint64_t iova, const void *buf, size_t len)
{
	return iova < REFUSED;
}

bool dma_read(ConnectX *cx, uint64_t iova, void *buf, size_t len)
{
	return false;
}

void receive_reset(ConnectX *cx)
{
}

void steering_reset(ConnectX *cx)
{
}

void cx_reset(ConnectX *cx)
{
}

uint64_t command_queue_iova(ConnectX *cx)
{
	return 0;
}

void command_set_queue_iova(ConnectX *cx, uint64_t iova)
{
}

void command_doorbell(ConnectX *cx, uint32_t slots)
{
}

void event_doorbell(ConnectX *cx, uint32_t val, bool arm)
{
}

void cq_doorbell(ConnectX *cx, uint64_t val)
{
}

void send_doorbell(ConnectX *cx, uint32_t sqn)
{
}

void cx_log(ConnectX *cx, const char *format, ...)
{
}

/* ---- the host ---- */

void test_begin(void)
{
	cx = g_new0(ConnectX, 1);
	cx->fw_pages = g_array_new(false, false, sizeof(uint64_t));
	cx_objects_init(cx);
	caps_reset(cx);
}

void test_end(void)
{
	cx_objects_reset(cx);
	cx_objects_free(cx);
	g_array_unref(cx->fw_pages);
	g_free(cx->caps_current);
	g_clear_pointer(&cx, g_free);
}

static uint8_t command(uint16_t opcode, uint16_t op_mod, uint8_t *in, size_t in_len,
		       uint8_t *out, size_t out_len)
{
	static const struct cx_op *const families[] = { hca_ops, caps_ops, mkey_ops };
	struct cx_cmd cmd = {
		.op = cmd_find(families, ARRAY_SIZE(families), opcode),
		.in = in,
		.out = out,
		.in_len = in_len,
		.out_len = out_len,
		.op_mod = op_mod,
	};

	g_assert(in_len >= cmd.op->in_size && out_len >= cmd.op->out_size);
	return cmd_run(cx, &cmd);
}

/* ---- pages ---- */

static uint8_t give(unsigned int count)
{
	uint8_t in[IFC_SIZE(manage_pages_in) + 64] = {};
	uint8_t out[IFC_SIZE(manage_pages_out)] = {};
	unsigned int i;

	IFC_SET(manage_pages_in, in, input_num_entries, count);
	for (i = 0; i < count; i++)
		stq_be_p(IFC_PTR(manage_pages_in, in, pas) + 8 * i, FIRST_PAGE + 0x1000 * i);
	return command(MLX5_CMD_OP_MANAGE_PAGES, GIVE, in, sizeof(in), out, sizeof(out));
}

/* The number of pages that the device says it has. */
static int32_t pages(void)
{
	uint8_t in[IFC_SIZE(query_pages_in)] = {};
	uint8_t out[IFC_SIZE(query_pages_out)] = {};

	CHECK(!command(MLX5_CMD_OP_QUERY_PAGES, REGULAR, in, sizeof(in), out, sizeof(out)));
	return -(int32_t)IFC_GET(query_pages_out, out, num_pages);
}

static void pages_are_taken_all_or_none(void)
{
	CHECK(give(2) == CX_OK && pages() == 2);
	CHECK(give(5) == CX_BAD_PARAM && pages() == 2);
}

/* ---- capabilities ---- */

static void only_advertised_capabilities_can_be_set(void)
{
	uint8_t in[IFC_SIZE(set_hca_cap_in)] = {};
	uint8_t out[IFC_SIZE(set_hca_cap_out)] = {};
	uint8_t *caps = IFC_PTR(set_hca_cap_in, in, capability);

	IFC_SET(cmd_hca_cap, caps, roce, 1);
	IFC_SET(cmd_hca_cap, caps, cq_moderation, 1);
	IFC_SET(cmd_hca_cap, caps, log_max_qp, 18);
	IFC_SET(cmd_hca_cap, caps, log_max_current_uc_list, 4);
	CHECK(!command(MLX5_CMD_OP_SET_HCA_CAP, 0, in, sizeof(in), out, sizeof(out)));
	CHECK(!IFC_GET(cmd_hca_cap, cx->caps_current, roce));
	CHECK(IFC_GET(cmd_hca_cap, cx->caps_current, cq_moderation));
	CHECK(IFC_GET(cmd_hca_cap, cx->caps_current, log_max_qp) == 10);
	CHECK(IFC_GET(cmd_hca_cap, cx->caps_current, log_max_current_uc_list) == 4);
}

/* ---- keys ---- */

static uint8_t make_key(uint32_t pd, uint32_t entries, uint32_t *num)
{
	uint8_t in[IFC_SIZE(create_mkey_in)] = {};
	uint8_t out[IFC_SIZE(create_mkey_out)] = {};
	uint8_t *mkc = IFC_PTR(create_mkey_in, in, memory_key_mkey_entry);
	uint8_t status;

	IFC_SET(mkc, mkc, access_mode_1_0, 1);
	IFC_SET(mkc, mkc, log_page_size, 12);
	IFC_SET(mkc, mkc, translations_octword_size, entries / 2);
	IFC_SET(mkc, mkc, pd, pd);
	status = command(MLX5_CMD_OP_CREATE_MKEY, 0, in, sizeof(in), out, sizeof(out));
	*num = IFC_GET(create_mkey_out, out, mkey_index);
	return status;
}

static void the_keys_share_a_bounded_memory(void)
{
	struct cx_object *pd = cx_object_new(cx, CX_PD, sizeof(*pd), NULL);
	unsigned int made = 0;
	uint32_t first, num;

	CHECK(make_key(pd->num, 1 << 20, &first) == CX_OK);
	while (made < 64 && make_key(pd->num, 1 << 20, &num) == CX_OK)
		made++;
	CHECK(made == 3);
	CHECK(make_key(pd->num, 2, &num) == CX_LIMIT);
	CHECK(cx_object_destroy(cx, CX_MKEY, first) == CX_OK);
	CHECK(make_key(pd->num, 1 << 20, &num) == CX_OK);
}

/* ---- health ---- */

static uint32_t counter(void)
{
	return cx_bar_ops.read(cx, HEALTH_COUNTER, 4);
}

static void the_health_counter_follows_the_time(void)
{
	uint32_t before = counter();

	CHECK(counter() == before);
	now += 5 * SCALE_MS;
	CHECK(counter() == before + 5);
	cx->health_syndrome = CX_HEALTH_EQ_ERROR;
	cx->broken_at = now;
	now += 5 * SCALE_MS;
	CHECK(counter() == before + 5);
}

static const struct test function_tests[] = {
	TEST(pages_are_taken_all_or_none),
	TEST(only_advertised_capabilities_can_be_set),
	TEST(the_keys_share_a_bounded_memory),
	TEST(the_health_counter_follows_the_time),
	{}
};

const struct test *const all_tests[] = { function_tests, NULL };
