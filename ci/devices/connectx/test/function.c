// SPDX-License-Identifier: GPL-2.0
/*
 * The function as a whole: its memory, capabilities, UARs, keys, health.
 */
#include "function.h"

enum { HEALTH_COUNTER = 0x1010 };
enum { GIVE = 1, TAKE = 2, REGULAR = 3 };

/* ---- pages ---- */

static uint8_t give(unsigned int count)
{
	uint8_t in[IFC_SIZE(manage_pages_in) + 64] = {};
	uint8_t out[IFC_SIZE(manage_pages_out)] = {};
	unsigned int i;

	IFC_SET(manage_pages_in, in, input_num_entries, count);
	for (i = 0; i < count; i++)
		stq_be_p(IFC_PTR(manage_pages_in, in, pas) + 8 * i,
			 FUNCTION_PAGES + 0x1000 * i);
	return function_command(MLX5_CMD_OP_MANAGE_PAGES, GIVE, in, sizeof(in), out, sizeof(out));
}

/* The number of pages that the device returns. */
static uint32_t take(unsigned int count)
{
	uint8_t in[IFC_SIZE(manage_pages_in)] = {};
	uint8_t out[IFC_SIZE(manage_pages_out) + 64] = {};

	IFC_SET(manage_pages_in, in, input_num_entries, count);
	CHECK(!function_command(MLX5_CMD_OP_MANAGE_PAGES, TAKE, in, sizeof(in), out, sizeof(out)));
	return IFC_GET(manage_pages_out, out, output_num_entries);
}

/* The number of pages that the device says it has. */
static int32_t pages(void)
{
	uint8_t in[IFC_SIZE(query_pages_in)] = {};
	uint8_t out[IFC_SIZE(query_pages_out)] = {};

	CHECK(!function_command(MLX5_CMD_OP_QUERY_PAGES, REGULAR, in, sizeof(in), out,
				sizeof(out)));
	return -(int32_t)IFC_GET(query_pages_out, out, num_pages);
}

static void pages_are_taken_all_or_none(void)
{
	CHECK(give(2) == CX_OK && pages() == 2);
	CHECK(give(5) == CX_BAD_PARAM && pages() == 2);
}

/* The same pages again and again: the host's memory must not grow with that. */
static void the_pages_have_a_bounded_number(void)
{
	unsigned int given = 0;

	while (given <= CX_MOST_FW_PAGES && give(2) == CX_OK)
		given += 2;
	CHECK(given == CX_MOST_FW_PAGES && give(1) == CX_LIMIT);
	CHECK(pages() == CX_MOST_FW_PAGES);
	CHECK(take(3) == 3 && give(2) == CX_OK && give(2) == CX_LIMIT && give(1) == CX_OK);
}

/* ---- capabilities ---- */

static uint8_t in[IFC_SIZE(set_hca_cap_in)];

/* The capabilities that the next set_capabilities() asks for. */
static uint8_t *begin_capabilities(void)
{
	memset(in, 0, sizeof(in));
	return IFC_PTR(set_hca_cap_in, in, capability);
}

static uint8_t set_capabilities(void)
{
	uint8_t out[IFC_SIZE(set_hca_cap_out)] = {};

	return function_command(MLX5_CMD_OP_SET_HCA_CAP, 0, in, sizeof(in), out, sizeof(out));
}

#define WANT(field, val)	IFC_SET(cmd_hca_cap, caps, field, val)
#define NOW(field)		IFC_GET(cmd_hca_cap, cx->caps_current, field)

static void only_advertised_capabilities_can_be_set(void)
{
	uint8_t *caps = begin_capabilities();

	WANT(roce, 1);
	WANT(cq_moderation, 1);
	CHECK(set_capabilities() == CX_OK);
	CHECK(!NOW(roce) && NOW(cq_moderation) && !NOW(vport_counters));
}

static void numbers_are_set_as_numbers(void)
{
	uint8_t *caps = begin_capabilities();

	WANT(log_max_qp, 18);		/* too many */
	WANT(log_max_cq, 9);		/* 10 is supported, which shares a bit */
	WANT(log_max_current_uc_list, 4);
	WANT(max_qp_cnt, 256);		/* 255 is supported */
	WANT(pkey_table_size, 3);	/* there are none of these three */
	WANT(num_total_dynamic_vf_msix, 64);
	WANT(num_vhca_ports, 2);
	CHECK(set_capabilities() == CX_OK);
	CHECK(NOW(log_max_qp) == 10 && NOW(log_max_cq) == 9);
	CHECK(NOW(log_max_current_uc_list) == 4 && NOW(max_qp_cnt) == 255);
	CHECK(!NOW(pkey_table_size) && !NOW(num_total_dynamic_vf_msix) && !NOW(num_vhca_ports));
}

static void capabilities_of_others_cannot_be_set(void)
{
	begin_capabilities();
	IFC_SET(set_hca_cap_in, in, other_function, 1);
	CHECK(set_capabilities() == CX_BAD_PARAM && NOW(cq_moderation));
}

/* ---- UARs ---- */

static uint8_t set_uar_size(uint16_t log_pages)
{
	uint8_t *caps = begin_capabilities();

	WANT(log_uar_page_sz, log_pages);
	return set_capabilities();
}

/* The number of doorbells that a write to the BAR rings. */
static unsigned int rings(uint64_t addr)
{
	function.rung = 0;
	cx_bar_ops.write(cx, addr, 0, 8);
	return function.rung;
}

static void a_uar_has_the_size_that_the_driver_sets(void)
{
	uint32_t log_size, num;

	for (log_size = 12; log_size <= 16; log_size += 4) {
		CHECK(set_uar_size(log_size - 12) == CX_OK);
		CHECK(NOW(log_uar_page_sz) == log_size - 12);
		CHECK(function_alloc_uar(&num) == CX_OK);
		CHECK(rings(((uint64_t)num << log_size) + 0x800) == 1);
		CHECK(function.uar == num);
		CHECK(rings(((uint64_t)num << log_size) + 0xb00) == 1);
		CHECK(rings(((uint64_t)num << log_size) + 0xc00) == 0);
	}
	/* The second 4 KiB of a page of 64 KiB. */
	CHECK(rings(((uint64_t)num << 16) + 0x1800) == 0);
}

static void a_uar_has_no_other_size(void)
{
	CHECK(set_uar_size(4) == CX_OK);
	CHECK(set_uar_size(5) == CX_BAD_PARAM && set_uar_size(0xffff) == CX_BAD_PARAM);
	CHECK(NOW(log_uar_page_sz) == 4);
	cx->stage = CX_READY;
	CHECK(set_uar_size(0) == CX_BAD_SYS_STATE);
	CHECK(NOW(log_uar_page_sz) == 4);
}

static void every_uar_is_in_the_bar(void)
{
	uint32_t num, last = 0;

	CHECK(set_uar_size(4) == CX_OK);
	while (last < 1024 && function_alloc_uar(&num) == CX_OK)
		last = num;
	CHECK(last == (CX_BAR_SIZE >> 16) - 1);
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
	status = function_command(MLX5_CMD_OP_CREATE_MKEY, 0, in, sizeof(in), out, sizeof(out));
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
	function.now += 5 * SCALE_MS;
	CHECK(counter() == before + 5);
	cx->health_syndrome = CX_HEALTH_EQ_ERROR;
	cx->broken_at = function.now;
	function.now += 5 * SCALE_MS;
	CHECK(counter() == before + 5);
}

const struct test function_tests[] = {
	TEST(pages_are_taken_all_or_none),
	TEST(the_pages_have_a_bounded_number),
	TEST(only_advertised_capabilities_can_be_set),
	TEST(numbers_are_set_as_numbers),
	TEST(capabilities_of_others_cannot_be_set),
	TEST(a_uar_has_the_size_that_the_driver_sets),
	TEST(a_uar_has_no_other_size),
	TEST(every_uar_is_in_the_bar),
	TEST(the_keys_share_a_bounded_memory),
	TEST(the_health_counter_follows_the_time),
	{}
};
