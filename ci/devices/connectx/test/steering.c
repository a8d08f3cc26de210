// SPDX-License-Identifier: GPL-2.0
/*
 * Small flow tables: what is matched, in which order, and what is refused.
 */
#include "test.h"

static const struct flow to_port_80 = {
	AF_INET, "192.0.2.1", "198.51.100.2", IPPROTO_TCP, 1000, 80, 0
};

static const struct flow to_port_81 = {
	AF_INET, "192.0.2.1", "198.51.100.2", IPPROTO_TCP, 1000, 81, 0
};

/* ---- commands ---- */

static uint8_t try_table(ConnectX *cx, uint8_t level, uint32_t miss, uint32_t *id)
{
	uint8_t in[IFC_SIZE(create_flow_table_in)] = {};
	uint8_t out[IFC_SIZE(create_flow_table_out)];
	uint8_t *context = IFC_PTR(create_flow_table_in, in, flow_table_context);
	uint8_t status;

	IFC_SET(flow_table_context, context, level, level);
	IFC_SET(flow_table_context, context, log_size, 4);
	if (miss) {
		IFC_SET(flow_table_context, context, table_miss_action,
			MLX5_FLOW_TABLE_MISS_ACTION_FWD);
		IFC_SET(flow_table_context, context, table_miss_id, miss);
	}
	status = test_command(cx, MLX5_CMD_OP_CREATE_FLOW_TABLE, in, sizeof(in),
			      out, sizeof(out));
	*id = IFC_GET(create_flow_table_out, out, table_id);
	return status;
}

static uint32_t make_table(ConnectX *cx, uint8_t level, uint32_t miss)
{
	uint32_t id;

	CHECK(try_table(cx, level, miss, &id) == CX_OK);
	return id;
}

static void set_root(ConnectX *cx, uint32_t table)
{
	uint8_t in[IFC_SIZE(set_flow_table_root_in)] = {};

	IFC_SET(set_flow_table_root_in, in, table_id, table);
	CHECK(!test_command(cx, MLX5_CMD_OP_SET_FLOW_TABLE_ROOT, in, sizeof(in),
			    NULL, 0));
}

static uint8_t destroy_table(ConnectX *cx, uint32_t table)
{
	uint8_t in[IFC_SIZE(destroy_flow_table_in)] = {};

	IFC_SET(destroy_flow_table_in, in, table_id, table);
	return test_command(cx, MLX5_CMD_OP_DESTROY_FLOW_TABLE, in, sizeof(in),
			    NULL, 0);
}

/* @mask is a fte_match_set_lyr_2_4, or NULL for a group without condition. */
static uint8_t try_group(ConnectX *cx, uint32_t table, const uint8_t *mask,
			 uint32_t first, uint32_t last, uint32_t *id)
{
	uint8_t in[IFC_SIZE(create_flow_group_in)] = {};
	uint8_t out[IFC_SIZE(create_flow_group_out)];
	uint8_t status;

	IFC_SET(create_flow_group_in, in, table_id, table);
	IFC_SET(create_flow_group_in, in, start_flow_index, first);
	IFC_SET(create_flow_group_in, in, end_flow_index, last);
	if (mask) {
		IFC_SET(create_flow_group_in, in, match_criteria_enable, 1);
		memcpy(IFC_PTR(create_flow_group_in, in, match_criteria), mask,
		       IFC_SIZE(fte_match_set_lyr_2_4));
	}
	status = test_command(cx, MLX5_CMD_OP_CREATE_FLOW_GROUP, in, sizeof(in),
			      out, sizeof(out));
	*id = IFC_GET(create_flow_group_out, out, group_id);
	return status;
}

static uint32_t make_group(ConnectX *cx, uint32_t table, const uint8_t *mask,
			   uint32_t first, uint32_t last)
{
	uint32_t id;

	CHECK(try_group(cx, table, mask, first, last, &id) == CX_OK);
	return id;
}

/* An entry that goes to the TIRs, and tables, up to a 0. */
struct entry {
	uint32_t table;
	uint32_t group;
	uint32_t index;
	const uint8_t *value;
	uint32_t tirs[3];
	uint32_t tables[2];
};

static uint8_t *add_destination(uint8_t *at, uint8_t type, uint32_t id)
{
	IFC_SET(dest_format_struct, at, destination_type, type);
	IFC_SET(dest_format_struct, at, destination_id, id);
	return at + IFC_SIZE(dest_format_struct);
}

static uint8_t set_entry(ConnectX *cx, const struct entry *entry,
			 uint8_t modify_mask)
{
	uint8_t in[IFC_SIZE(set_fte_in) + 5 * IFC_SIZE(dest_format_struct)] = {};
	uint8_t *context = IFC_PTR(set_fte_in, in, flow_context);
	uint8_t *list = in + IFC_SIZE(set_fte_in), *at = list;
	size_t i;

	IFC_SET(set_fte_in, in, op_mod, !!modify_mask);
	IFC_SET(set_fte_in, in, modify_enable_mask, modify_mask);
	IFC_SET(set_fte_in, in, table_id, entry->table);
	IFC_SET(set_fte_in, in, flow_index, entry->index);
	IFC_SET(flow_context, context, group_id, entry->group);
	IFC_SET(flow_context, context, flow_tag, entry->index);
	if (entry->value)
		memcpy(IFC_PTR(flow_context, context, match_value), entry->value,
		       IFC_SIZE(fte_match_set_lyr_2_4));
	for (i = 0; i < ARRAY_SIZE(entry->tirs) && entry->tirs[i]; i++)
		at = add_destination(at, MLX5_IFC_FLOW_DESTINATION_TYPE_TIR,
				     entry->tirs[i]);
	for (i = 0; i < ARRAY_SIZE(entry->tables) && entry->tables[i]; i++)
		at = add_destination(at, MLX5_IFC_FLOW_DESTINATION_TYPE_FLOW_TABLE,
				     entry->tables[i]);
	IFC_SET(flow_context, context, destination_list_size,
		(at - list) / IFC_SIZE(dest_format_struct));
	IFC_SET(flow_context, context, action,
		at == list ? MLX5_FLOW_CONTEXT_ACTION_DROP :
			     MLX5_FLOW_CONTEXT_ACTION_FWD_DEST);
	return test_command(cx, MLX5_CMD_OP_SET_FLOW_TABLE_ENTRY, in,
			    at - in, NULL, 0);
}

/* An entry for one TIR, or for none: drop. */
static uint8_t add_entry(ConnectX *cx, uint32_t table, uint32_t group,
			 uint32_t index, const uint8_t *value, uint32_t tir)
{
	struct entry entry = { table, group, index, value, { tir } };

	return set_entry(cx, &entry, 0);
}

static uint8_t delete_entry(ConnectX *cx, uint32_t table, uint32_t index)
{
	uint8_t in[IFC_SIZE(delete_fte_in)] = {};

	IFC_SET(delete_fte_in, in, table_id, table);
	IFC_SET(delete_fte_in, in, flow_index, index);
	return test_command(cx, MLX5_CMD_OP_DELETE_FLOW_TABLE_ENTRY, in,
			    sizeof(in), NULL, 0);
}

/* ---- a device with two TIRs ---- */

static ConnectX *cx;
static uint32_t rqs[2], tirs[2];
static uint8_t port_mask[IFC_SIZE(fte_match_set_lyr_2_4)];
static uint8_t port_80[IFC_SIZE(fte_match_set_lyr_2_4)];

static void begin(void)
{
	uint32_t domain;
	int i;

	cx = test_device_new();
	domain = test_object(cx, CX_TD);
	for (i = 0; i < 2; i++) {
		rqs[i] = test_object(cx, CX_RQ);
		tirs[i] = test_direct_tir(cx, domain, rqs[i]);
	}
	memset(port_mask, 0, sizeof(port_mask));
	memset(port_80, 0, sizeof(port_80));
	IFC_SET(fte_match_set_lyr_2_4, port_mask, ip_protocol, 0xff);
	IFC_SET(fte_match_set_lyr_2_4, port_mask, tcp_dport, 0xffff);
	IFC_SET(fte_match_set_lyr_2_4, port_80, ip_protocol, IPPROTO_TCP);
	IFC_SET(fte_match_set_lyr_2_4, port_80, tcp_dport, 80);
}

/* The receive queues that a packet of @flow goes to, a bit each. */
static unsigned int receivers(const struct flow *flow)
{
	struct cx_verdict verdict;
	struct cx_packet packet;
	unsigned int found = 0, i;
	uint8_t frame[256];

	packet_parse(&packet, frame, frame_build(frame, flow, 10, NULL));
	steering_classify(cx, &packet, &verdict);
	for (i = 0; i < verdict.count; i++)
		found |= ((struct cx_object *)verdict.to[i].rq)->num == rqs[1] ?
			 2 : 1;
	return found;
}

/* ---- matching ---- */

static void first_entry_decides(void)
{
	uint32_t table, ports, rest;

	begin();
	CHECK(receivers(&to_port_80) == 0);	/* no root */
	table = make_table(cx, 1, 0);
	set_root(cx, table);
	CHECK(receivers(&to_port_80) == 0);	/* nothing in it */

	/* The later group is made first. */
	rest = make_group(cx, table, NULL, 8, 15);
	ports = make_group(cx, table, port_mask, 0, 7);
	CHECK(!add_entry(cx, table, rest, 9, NULL, tirs[1]));
	CHECK(!add_entry(cx, table, ports, 5, port_80, tirs[0]));
	CHECK(receivers(&to_port_80) == 1);
	CHECK(receivers(&to_port_81) == 2);

	/* The same condition, before it: nowhere. */
	CHECK(!add_entry(cx, table, ports, 3, port_80, 0));
	CHECK(receivers(&to_port_80) == 0);
	CHECK(!delete_entry(cx, table, 3));
	CHECK(receivers(&to_port_80) == 1);
	CHECK(!delete_entry(cx, table, 5));
	CHECK(receivers(&to_port_80) == 2);
	CHECK(delete_entry(cx, table, 5) == CX_BAD_INDEX);
	test_device_free(cx);
}

/* Every field of the outer headers decides when it is asked for. */
static void each_field_is_looked_at(void)
{
	static const struct flow tagged = {
		AF_INET6, "2001:db8::1", "2001:db8::2", IPPROTO_UDP, 500, 600,
		0x3007,
	};
	static const struct { size_t bit, width; uint64_t value; } fields[] = {
#define HEADER(name, value) { IFC_AT(fte_match_set_lyr_2_4, name),	\
			     IFC_WIDTH(fte_match_set_lyr_2_4, name), value }
		HEADER(smac_47_16, 0x02000000), HEADER(smac_15_0, 2),
		HEADER(dmac_47_16, 0x02000000), HEADER(dmac_15_0, 1),
		HEADER(ethertype, 0x86dd), HEADER(first_prio, 1),
		HEADER(first_cfi, 1), HEADER(first_vid, 7), HEADER(cvlan_tag, 1),
		HEADER(svlan_tag, 0), HEADER(ip_protocol, IPPROTO_UDP),
		HEADER(ip_dscp, 0), HEADER(ip_ecn, 0), HEADER(frag, 0),
		HEADER(ip_version, 6), HEADER(ttl_hoplimit, 64),
		HEADER(udp_sport, 500), HEADER(udp_dport, 600), HEADER(tcp_dport, 0),
#undef HEADER
	};
	uint8_t mask[IFC_SIZE(fte_match_set_lyr_2_4)];
	uint8_t value[sizeof(mask)];
	uint32_t table, group;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fields); i++) {
		begin();
		memset(mask, 0, sizeof(mask));
		memset(value, 0xff, sizeof(value));
		ifc_set(mask, fields[i].bit, fields[i].width, UINT64_MAX);
		ifc_set(value, fields[i].bit, fields[i].width, fields[i].value);
		table = make_table(cx, 0, 0);
		set_root(cx, table);
		group = make_group(cx, table, mask, 0, 1);
		CHECK(!add_entry(cx, table, group, 0, value, tirs[0]));
		CHECK(receivers(&tagged) == 1);
		CHECK(!delete_entry(cx, table, 0));
		ifc_set(value, fields[i].bit, fields[i].width,
			fields[i].value ^ 1);
		CHECK(!add_entry(cx, table, group, 0, value, tirs[0]));
		CHECK(receivers(&tagged) == 0);
		test_device_free(cx);
	}
}

static void tables_lead_on(void)
{
	uint32_t last, middle, first, group;
	struct entry entry;

	begin();
	last = make_table(cx, 5, 0);
	middle = make_table(cx, 4, last);
	first = make_table(cx, 3, middle);
	set_root(cx, first);
	group = make_group(cx, last, NULL, 0, 0);
	CHECK(!add_entry(cx, last, group, 0, NULL, tirs[1]));
	CHECK(receivers(&to_port_80) == 2);	/* missed twice */

	group = make_group(cx, first, port_mask, 0, 0);
	entry = (struct entry) { first, group, 0, port_80, { tirs[0] }, { last } };
	CHECK(!set_entry(cx, &entry, 0));
	CHECK(receivers(&to_port_80) == 3);
	CHECK(receivers(&to_port_81) == 2);

	/* Changed in one step, and back to where it was if that is refused. */
	entry = (struct entry) { first, group, 0, port_80, { tirs[0] } };
	CHECK(!set_entry(cx, &entry, 4));
	CHECK(receivers(&to_port_80) == 1);
	entry = (struct entry) { first, group, 0, port_80, { tirs[1], 0x999 } };
	CHECK(set_entry(cx, &entry, 4) == CX_BAD_RES);
	CHECK(receivers(&to_port_80) == 1);
	CHECK(destroy_table(cx, last) == CX_BAD_RES_STATE);
	CHECK(destroy_table(cx, first) == CX_BAD_RES_STATE);
	test_device_free(cx);
}

/* ---- what is refused ---- */

static void what_cannot_be_matched_is_refused(void)
{
	uint8_t mask[IFC_SIZE(fte_match_set_lyr_2_4)] = {};
	uint8_t in[IFC_SIZE(create_flow_group_in)] = {};
	uint32_t table, id;
	unsigned int bit;

	begin();
	table = make_table(cx, 0, 0);
	IFC_SET(fte_match_set_lyr_2_4, mask, reserved_at_c4, 1);
	CHECK(try_group(cx, table, mask, 0, 0, &id) == CX_BAD_PARAM);
	IFC_SET(create_flow_group_in, in, table_id, table);
	for (bit = 1; bit < 8; bit++) {
		IFC_SET(create_flow_group_in, in, match_criteria_enable, 1 << bit);
		CHECK(test_command(cx, MLX5_CMD_OP_CREATE_FLOW_GROUP, in,
				   sizeof(in), NULL, 0) == CX_BAD_PARAM);
	}
	test_device_free(cx);
}

static void ranges_are_kept(void)
{
	uint32_t table, other, group, id;
	struct entry entry;

	begin();
	table = make_table(cx, 0, 0);
	other = make_table(cx, 0, 0);
	group = make_group(cx, table, NULL, 4, 7);
	CHECK(try_group(cx, table, NULL, 7, 9, &id) == CX_BAD_INDEX);
	CHECK(try_group(cx, table, NULL, 0, 4, &id) == CX_BAD_INDEX);
	CHECK(try_group(cx, table, NULL, 0, 15, &id) == CX_BAD_INDEX);
	CHECK(try_group(cx, table, NULL, 8, 16, &id) == CX_BAD_INDEX);
	CHECK(try_group(cx, table, NULL, 9, 8, &id) == CX_BAD_INDEX);
	CHECK(add_entry(cx, table, group, 3, NULL, 0) == CX_BAD_INDEX);
	CHECK(add_entry(cx, table, group, 8, NULL, 0) == CX_BAD_INDEX);
	CHECK(add_entry(cx, other, group, 4, NULL, 0) == CX_BAD_RES);
	entry = (struct entry) { table, group, 4 };
	CHECK(set_entry(cx, &entry, 4) == CX_BAD_INDEX);
	CHECK(add_entry(cx, table, group, 4, NULL, 0) == CX_OK);
	CHECK(add_entry(cx, table, group, 4, NULL, 0) == CX_BAD_INDEX);
	test_device_free(cx);
}

static void loops_cannot_be_made(void)
{
	uint32_t low, high, group, id;
	struct entry entry;

	begin();
	high = make_table(cx, 7, 0);
	low = make_table(cx, 6, high);
	CHECK(try_table(cx, 7, high, &id) == CX_BAD_PARAM);
	CHECK(try_table(cx, 8, low, &id) == CX_BAD_PARAM);
	CHECK(try_table(cx, CX_MAX_FT_LEVEL, 0, &id) == CX_BAD_PARAM);
	group = make_group(cx, high, NULL, 0, 0);
	entry = (struct entry) { high, group, 0, NULL, {}, { low } };
	CHECK(set_entry(cx, &entry, 0) == CX_BAD_PARAM);
	entry.tables[0] = high;
	CHECK(set_entry(cx, &entry, 0) == CX_BAD_PARAM);
	test_device_free(cx);
}

static void what_is_in_use_stays(void)
{
	uint8_t in[IFC_SIZE(destroy_tir_in)] = {};
	uint32_t table, group;

	begin();
	table = make_table(cx, 0, 0);
	set_root(cx, table);
	group = make_group(cx, table, NULL, 0, 0);
	CHECK(!add_entry(cx, table, group, 0, NULL, tirs[0]));
	IFC_SET(destroy_tir_in, in, tirn, tirs[0]);
	CHECK(test_command(cx, MLX5_CMD_OP_DESTROY_TIR, in, sizeof(in), NULL, 0) ==
	      CX_BAD_RES_STATE);
	CHECK(destroy_table(cx, table) == CX_BAD_RES_STATE);
	CHECK(!delete_entry(cx, table, 0));
	CHECK(test_command(cx, MLX5_CMD_OP_DESTROY_TIR, in, sizeof(in), NULL, 0) ==
	      CX_OK);
	CHECK(cx_object_destroy(cx, CX_FLOW_GROUP, group) == CX_OK);
	CHECK(destroy_table(cx, table) == CX_OK);	/* although the root */
	CHECK(receivers(&to_port_80) == 0);
	test_device_free(cx);
}

/* A tree of copies, as wide and as deep as can be made. */
static void copies_are_bounded(void)
{
	uint32_t next[2], group;
	struct entry entry;
	int level, i;

	begin();
	next[0] = make_table(cx, 63, 0);
	next[1] = make_table(cx, 63, 0);
	for (level = 62; level >= 0; level--) {
		uint32_t made[2];

		for (i = 0; i < 2; i++) {
			made[i] = make_table(cx, level, 0);
			group = make_group(cx, made[i], NULL, 0, 0);
			entry = (struct entry) { made[i], group, 0, NULL, {},
						 { next[0], next[1] } };
			CHECK(!set_entry(cx, &entry, 0));
		}
		memcpy(next, made, sizeof(next));
	}
	set_root(cx, next[0]);
	CHECK(receivers(&to_port_80) == 0);
	test_device_free(cx);
}

const struct test steering_tests[] = {
	{ "first_entry_decides", first_entry_decides },
	{ "each_field_is_looked_at", each_field_is_looked_at },
	{ "tables_lead_on", tables_lead_on },
	{ "what_cannot_be_matched_is_refused", what_cannot_be_matched_is_refused },
	{ "ranges_are_kept", ranges_are_kept },
	{ "loops_cannot_be_made", loops_cannot_be_made },
	{ "what_is_in_use_stays", what_is_in_use_stays },
	{ "copies_are_bounded", copies_are_bounded },
	{ 0 }
};
