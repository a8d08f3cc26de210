// SPDX-License-Identifier: GPL-2.0
/*
 * Doorbells of event and completion queues: each queue has one UAR.
 */
#include "function.h"

enum { PAGE = 4096, CQ = 0x20, EQ_ARM = 0x40, EQ = 0x48 };
enum { ARMED = 0x9, FIRED = 0xa };

static uint32_t own, other;	/* UARs */

static void make_uars(void)
{
	CHECK(function_alloc_uar(&own) == CX_OK && function_alloc_uar(&other) == CX_OK);
}

/* ---- queues ---- */

static uint8_t make_eq(uint32_t uar, uint32_t *num)
{
	uint8_t in[IFC_SIZE(create_eq_in) + 8] = {};
	uint8_t out[IFC_SIZE(create_eq_out)] = {};
	uint8_t *eqc = IFC_PTR(create_eq_in, in, eq_context_entry);
	uint8_t status;

	IFC_SET(eqc, eqc, uar_page, uar);
	IFC_SET(eqc, eqc, log_eq_size, 2);
	status = function_command(MLX5_CMD_OP_CREATE_EQ, 0, in, sizeof(in), out, sizeof(out));
	*num = IFC_GET(create_eq_out, out, eq_number);
	return status;
}

static uint8_t make_cq(uint32_t uar, uint32_t eq, uint32_t *num)
{
	uint8_t in[IFC_SIZE(create_cq_in) + 8] = {};
	uint8_t out[IFC_SIZE(create_cq_out)] = {};
	uint8_t *cqc = IFC_PTR(create_cq_in, in, cq_context);
	uint8_t status;

	IFC_SET(cqc, cqc, uar_page, uar);
	IFC_SET(cqc, cqc, log_cq_size, 2);
	IFC_SET(cqc, cqc, c_eqn_or_apu_element, eq);
	status = function_command(MLX5_CMD_OP_CREATE_CQ, 0, in, sizeof(in), out, sizeof(out));
	*num = IFC_GET(create_cq_out, out, cqn);
	return status;
}

/* Set how the moderation of a CQ counts its period. */
static uint8_t set_period_mode(uint32_t num, unsigned int mode)
{
	uint8_t in[IFC_SIZE(modify_cq_in)] = {};
	uint8_t out[IFC_SIZE(modify_cq_out)] = {};

	IFC_SET(modify_cq_in, in, cqn, num);
	ifc_set(in, IFC_AT(modify_cq_in, modify_field_select_resize_field_select), 32, 1 << 4);
	IFC_SET(cqc, IFC_PTR(modify_cq_in, in, cq_context), cq_period_mode, mode);
	return function_command(MLX5_CMD_OP_MODIFY_CQ, 0, in, sizeof(in), out, sizeof(out));
}

/* The context of an EQ. */
static const uint8_t *eq_context(uint32_t num)
{
	static uint8_t out[IFC_SIZE(query_eq_out)];
	uint8_t in[IFC_SIZE(query_eq_in)] = {};

	IFC_SET(query_eq_in, in, eq_number, num);
	CHECK(!function_command(MLX5_CMD_OP_QUERY_EQ, 0, in, sizeof(in), out, sizeof(out)));
	return IFC_PTR(query_eq_out, out, eq_context_entry);
}

static const uint8_t *cq_context(uint32_t num)
{
	static uint8_t out[IFC_SIZE(query_cq_out)];
	uint8_t in[IFC_SIZE(query_cq_in)] = {};

	IFC_SET(query_cq_in, in, cqn, num);
	CHECK(!function_command(MLX5_CMD_OP_QUERY_CQ, 0, in, sizeof(in), out, sizeof(out)));
	return IFC_PTR(query_cq_out, out, cq_context);
}

static bool is_eq(uint32_t num, uint8_t state, uint32_t consumed)
{
	const uint8_t *eqc = eq_context(num);

	return IFC_GET(eqc, eqc, st) == state && IFC_GET(eqc, eqc, consumer_counter) == consumed;
}

static bool is_cq(uint32_t num, uint8_t state, uint32_t consumed)
{
	const uint8_t *cqc = cq_context(num);

	return IFC_GET(cqc, cqc, st) == state && IFC_GET(cqc, cqc, consumer_counter) == consumed;
}

/* ---- doorbells ---- */

static void ring_eq(uint32_t uar, uint32_t reg, uint32_t num, uint32_t consumed)
{
	cx_bar_ops.write(cx, uar * PAGE + reg, num << 24 | consumed, 4);
}

static void ring_cq(uint32_t uar, uint32_t num, uint32_t consumed)
{
	cx_bar_ops.write(cx, uar * PAGE + CQ, (uint64_t)consumed << 32 | num, 8);
}

static void an_eq_listens_to_its_own_uar(void)
{
	uint32_t num;

	make_uars();
	CHECK(make_eq(own, &num) == CX_OK && is_eq(num, FIRED, 0));
	ring_eq(other, EQ_ARM, num, 3);
	ring_eq(other, EQ, num, 3);
	ring_eq(other + 1, EQ_ARM, num, 3);	/* nobody has allocated this one */
	CHECK(is_eq(num, FIRED, 0) && function.logged == 3);
	ring_eq(own, EQ, num, 1);
	CHECK(is_eq(num, FIRED, 1));
	ring_eq(own, EQ_ARM, num, 0);
	CHECK(is_eq(num, ARMED, 0) && function.logged == 3);
}

static void a_cq_listens_to_its_own_uar(void)
{
	uint32_t eq, num;

	make_uars();
	CHECK(make_eq(other, &eq) == CX_OK);
	CHECK(make_cq(own, eq, &num) == CX_OK && is_cq(num, FIRED, 0));
	ring_cq(other, num, 3);
	ring_cq(other + 1, num, 3);
	CHECK(is_cq(num, FIRED, 0) && function.logged == 2);
	ring_cq(own, num, 0);
	CHECK(is_cq(num, ARMED, 0) && function.logged == 2);
}

static void a_queue_needs_a_uar(void)
{
	uint32_t eq, num;

	make_uars();
	CHECK(make_eq(other + 1, &eq) == CX_BAD_RES && make_eq(0, &eq) == CX_BAD_RES);
	CHECK(make_eq(own, &eq) == CX_OK);
	CHECK(make_cq(other + 1, eq, &num) == CX_BAD_RES && make_cq(0, eq, &num) == CX_BAD_RES);
}

static void a_queue_reports_its_uar(void)
{
	uint32_t eq, cq;

	make_uars();
	CHECK(make_eq(own, &eq) == CX_OK && make_cq(other, eq, &cq) == CX_OK);
	CHECK(IFC_GET(eqc, eq_context(eq), uar_page) == own);
	CHECK(IFC_GET(cqc, cq_context(cq), uar_page) == other);
}

static uint8_t dealloc(uint32_t uar)
{
	uint8_t in[IFC_SIZE(dealloc_uar_in)] = {};
	uint8_t out[IFC_SIZE(dealloc_uar_out)] = {};

	IFC_SET(dealloc_uar_in, in, uar, uar);
	return function_command(MLX5_CMD_OP_DEALLOC_UAR, 0, in, sizeof(in), out, sizeof(out));
}

static void a_uar_in_use_is_kept(void)
{
	uint32_t eq, cq;

	make_uars();
	CHECK(make_eq(own, &eq) == CX_OK && make_cq(other, eq, &cq) == CX_OK);
	CHECK(dealloc(own) == CX_BAD_RES_STATE && dealloc(other) == CX_BAD_RES_STATE);
	CHECK(cx_object_destroy(cx, CX_CQ, cq) == CX_OK);
	CHECK(dealloc(own) == CX_BAD_RES_STATE && dealloc(other) == CX_OK);
	CHECK(cx_object_destroy(cx, CX_EQ, eq) == CX_OK && dealloc(own) == CX_OK);
}

/* ---- moderation ---- */

static void a_cq_changes_how_it_counts_its_period(void)
{
	uint32_t eq, num;

	make_uars();
	CHECK(make_eq(own, &eq) == CX_OK && make_cq(own, eq, &num) == CX_OK);
	CHECK(!IFC_GET(cqc, cq_context(num), cq_period_mode));
	CHECK(set_period_mode(num, 1) == CX_OK);
	CHECK(IFC_GET(cqc, cq_context(num), cq_period_mode) == 1);
	CHECK(set_period_mode(num, 2) == CX_BAD_PARAM);
	CHECK(IFC_GET(cqc, cq_context(num), cq_period_mode) == 1);
	CHECK(set_period_mode(num, 0) == CX_OK);
	CHECK(!IFC_GET(cqc, cq_context(num), cq_period_mode));
}

const struct test doorbell_tests[] = {
	TEST(an_eq_listens_to_its_own_uar),
	TEST(a_cq_listens_to_its_own_uar),
	TEST(a_queue_needs_a_uar),
	TEST(a_queue_reports_its_uar),
	TEST(a_uar_in_use_is_kept),
	TEST(a_cq_changes_how_it_counts_its_period),
	{}
};
