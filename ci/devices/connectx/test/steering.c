// SPDX-License-Identifier: GPL-2.0
/*
 * Small flow tables: matching, the order of entries, and refused commands.
 */
#include "test.h"

static const struct flow to_port_80 = {
	AF_INET, "192.0.2.1", "198.51.100.2", IPPROTO_TCP, 1000, 80, 0
};

static const struct flow to_port_81 = {
	AF_INET, "192.0.2.1", "198.51.100.2", IPPROTO_TCP, 1000, 81, 0
};

static uint8_t destroy_table(uint32_t table)
{
	uint8_t in[IFC_SIZE(destroy_flow_table_in)] = {};

	IFC_SET(destroy_flow_table_in, in, table_id, table);
	return test_command(MLX5_CMD_OP_DESTROY_FLOW_TABLE, in, sizeof(in),
			    NULL, 0);
}

static uint8_t delete_entry(uint32_t table, uint32_t index)
{
	uint8_t in[IFC_SIZE(delete_fte_in)] = {};

	IFC_SET(delete_fte_in, in, table_id, table);
	IFC_SET(delete_fte_in, in, flow_index, index);
	return test_command(MLX5_CMD_OP_DELETE_FLOW_TABLE_ENTRY, in,
			    sizeof(in), NULL, 0);
}

/* ---- a device with two TIRs ---- */

static uint32_t rqs[2], tirs[2];
static uint8_t port_mask[IFC_SIZE(fte_match_set_lyr_2_4)];
static uint8_t port_80[IFC_SIZE(fte_match_set_lyr_2_4)];

static void begin(void)
{
	uint32_t domain;
	int i;

	test_begin();
	domain = test_object(CX_TD);
	for (i = 0; i < 2; i++) {
		rqs[i] = test_object(CX_RQ);
		tirs[i] = test_direct_tir(domain, rqs[i]);
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
	table = make_table(1, 0);
	set_root(table);
	CHECK(receivers(&to_port_80) == 0);	/* nothing in it */

	/* The later group is made first. */
	rest = make_group(table, NULL, 8, 15);
	ports = make_group(table, port_mask, 0, 7);
	CHECK(!add_entry(table, rest, 9, NULL, tirs[1]));
	CHECK(!add_entry(table, ports, 5, port_80, tirs[0]));
	CHECK(receivers(&to_port_80) == 1);
	CHECK(receivers(&to_port_81) == 2);

	/* An entry before it with the same condition drops the frame. */
	CHECK(!add_entry(table, ports, 3, port_80, 0));
	CHECK(receivers(&to_port_80) == 0);
	CHECK(!delete_entry(table, 3));
	CHECK(receivers(&to_port_80) == 1);
	CHECK(!delete_entry(table, 5));
	CHECK(receivers(&to_port_80) == 2);
	CHECK(delete_entry(table, 5) == CX_BAD_INDEX);
}

/* The match depends on every field of the outer headers that the mask has. */
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
		table = make_table(0, 0);
		set_root(table);
		group = make_group(table, mask, 0, 1);
		CHECK(!add_entry(table, group, 0, value, tirs[0]));
		CHECK(receivers(&tagged) == 1);
		CHECK(!delete_entry(table, 0));
		ifc_set(value, fields[i].bit, fields[i].width,
			fields[i].value ^ 1);
		CHECK(!add_entry(table, group, 0, value, tirs[0]));
		CHECK(receivers(&tagged) == 0);
	}
}

static void tables_lead_on(void)
{
	uint32_t last, middle, first, group;
	struct entry entry;

	begin();
	last = make_table(5, 0);
	middle = make_table(4, last);
	first = make_table(3, middle);
	set_root(first);
	group = make_group(last, NULL, 0, 0);
	CHECK(!add_entry(last, group, 0, NULL, tirs[1]));
	CHECK(receivers(&to_port_80) == 2);	/* missed twice */

	group = make_group(first, port_mask, 0, 0);
	entry = (struct entry) { first, group, 0, port_80, { tirs[0] }, { last } };
	CHECK(!set_entry(&entry, 0));
	CHECK(receivers(&to_port_80) == 3);
	CHECK(receivers(&to_port_81) == 2);

	/* An entry changes in one step, or not at all. */
	entry = (struct entry) { first, group, 0, port_80, { tirs[0] } };
	CHECK(!set_entry(&entry, 4));
	CHECK(receivers(&to_port_80) == 1);
	entry = (struct entry) { first, group, 0, port_80, { tirs[1], 0x999 } };
	CHECK(set_entry(&entry, 4) == CX_BAD_RES);
	CHECK(receivers(&to_port_80) == 1);
	CHECK(destroy_table(last) == CX_BAD_RES_STATE);
	CHECK(destroy_table(first) == CX_BAD_RES_STATE);
}

/* ---- refused commands ---- */

static void what_cannot_be_matched_is_refused(void)
{
	uint8_t mask[IFC_SIZE(fte_match_set_lyr_2_4)] = {};
	uint8_t in[IFC_SIZE(create_flow_group_in)] = {};
	uint32_t table, id;
	unsigned int bit;

	begin();
	table = make_table(0, 0);
	IFC_SET(fte_match_set_lyr_2_4, mask, reserved_at_c4, 1);
	CHECK(try_group(table, mask, 0, 0, &id) == CX_BAD_PARAM);
	IFC_SET(create_flow_group_in, in, table_id, table);
	for (bit = 1; bit < 8; bit++) {
		IFC_SET(create_flow_group_in, in, match_criteria_enable, 1 << bit);
		CHECK(test_command(MLX5_CMD_OP_CREATE_FLOW_GROUP, in,
				   sizeof(in), NULL, 0) == CX_BAD_PARAM);
	}
}

static void ranges_are_kept(void)
{
	uint32_t table, other, group, id;
	struct entry entry;

	begin();
	table = make_table(0, 0);
	other = make_table(0, 0);
	group = make_group(table, NULL, 4, 7);
	CHECK(try_group(table, NULL, 7, 9, &id) == CX_BAD_INDEX);
	CHECK(try_group(table, NULL, 0, 4, &id) == CX_BAD_INDEX);
	CHECK(try_group(table, NULL, 0, 15, &id) == CX_BAD_INDEX);
	CHECK(try_group(table, NULL, 8, 16, &id) == CX_BAD_INDEX);
	CHECK(try_group(table, NULL, 9, 8, &id) == CX_BAD_INDEX);
	CHECK(add_entry(table, group, 3, NULL, 0) == CX_BAD_INDEX);
	CHECK(add_entry(table, group, 8, NULL, 0) == CX_BAD_INDEX);
	CHECK(add_entry(other, group, 4, NULL, 0) == CX_BAD_RES);
	entry = (struct entry) { table, group, 4 };
	CHECK(set_entry(&entry, 4) == CX_BAD_INDEX);
	CHECK(add_entry(table, group, 4, NULL, 0) == CX_OK);
	CHECK(add_entry(table, group, 4, NULL, 0) == CX_BAD_INDEX);
}

static void loops_cannot_be_made(void)
{
	uint32_t low, high, group, id;
	struct entry entry;

	begin();
	high = make_table(7, 0);
	low = make_table(6, high);
	CHECK(try_table(7, high, &id) == CX_BAD_PARAM);
	CHECK(try_table(8, low, &id) == CX_BAD_PARAM);
	CHECK(try_table(CX_MAX_FT_LEVEL, 0, &id) == CX_BAD_PARAM);
	group = make_group(high, NULL, 0, 0);
	entry = (struct entry) { high, group, 0, NULL, {}, { low } };
	CHECK(set_entry(&entry, 0) == CX_BAD_PARAM);
	entry.tables[0] = high;
	CHECK(set_entry(&entry, 0) == CX_BAD_PARAM);
}

static void what_is_in_use_stays(void)
{
	uint8_t in[IFC_SIZE(destroy_tir_in)] = {};
	uint32_t table, group;

	begin();
	table = make_table(0, 0);
	set_root(table);
	group = make_group(table, NULL, 0, 0);
	CHECK(!add_entry(table, group, 0, NULL, tirs[0]));
	IFC_SET(destroy_tir_in, in, tirn, tirs[0]);
	CHECK(test_command(MLX5_CMD_OP_DESTROY_TIR, in, sizeof(in), NULL, 0) ==
	      CX_BAD_RES_STATE);
	CHECK(destroy_table(table) == CX_BAD_RES_STATE);
	CHECK(!delete_entry(table, 0));
	CHECK(test_command(MLX5_CMD_OP_DESTROY_TIR, in, sizeof(in), NULL, 0) ==
	      CX_OK);
	CHECK(cx_object_destroy(cx, CX_FLOW_GROUP, group) == CX_OK);
	CHECK(destroy_table(table) == CX_OK);	/* although the root */
	CHECK(receivers(&to_port_80) == 0);
}

/* The widest and deepest tree of copies. */
static void copies_are_bounded(void)
{
	uint32_t next[2], group;
	struct entry entry;
	int level, i;

	begin();
	next[0] = make_table(63, 0);
	next[1] = make_table(63, 0);
	for (level = 62; level >= 0; level--) {
		uint32_t made[2];

		for (i = 0; i < 2; i++) {
			made[i] = make_table(level, 0);
			group = make_group(made[i], NULL, 0, 0);
			entry = (struct entry) { made[i], group, 0, NULL, {},
						 { next[0], next[1] } };
			CHECK(!set_entry(&entry, 0));
		}
		memcpy(next, made, sizeof(next));
	}
	set_root(next[0]);
	CHECK(receivers(&to_port_80) == 0);
}

const struct test steering_tests[] = {
	TEST(first_entry_decides),
	TEST(each_field_is_looked_at),
	TEST(tables_lead_on),
	TEST(what_cannot_be_matched_is_refused),
	TEST(ranges_are_kept),
	TEST(loops_cannot_be_made),
	TEST(what_is_in_use_stays),
	TEST(copies_are_bounded),
	{}
};
