// SPDX-License-Identifier: GPL-2.0
/*
 * Commands for the device under test.
 */
#include "test.h"

uint8_t test_command(uint16_t opcode, const uint8_t *in, size_t in_len, uint8_t *out,
		     size_t out_len)
{
	static const struct cx_op *const families[] = { steering_ops, rss_ops, queue_ops };
	const struct cx_op *op = cmd_find(families, ARRAY_SIZE(families), opcode);
	struct cx_cmd cmd = {
		.op = op,
		.in = g_memdup2(in, in_len),
		.out = g_malloc0(MAX(out_len, op->out_size)),
		.in_len = in_len,
		.out_len = out_len,
		.op_mod = lduw_be_p(in + 6),
	};
	uint8_t status;

	g_assert(in_len >= op->in_size);
	status = cmd_run(cx, &cmd);
	if (out)
		memcpy(out, cmd.out, out_len);
	g_free(cmd.in);
	g_free(cmd.out);
	return status;
}

uint32_t test_object(enum cx_type type)
{
	struct cx_object *object = cx_object_new(cx, type, sizeof(*object), NULL);

	return object->num;
}

uint32_t test_rqt(const uint32_t *rqs, uint32_t count)
{
	size_t len = IFC_SIZE(create_rqt_in) + count * IFC_SIZE(rq_num);
	uint8_t *in = g_malloc0(len), *context, *list;
	uint8_t out[IFC_SIZE(create_rqt_out)];
	uint32_t i;

	context = IFC_PTR(create_rqt_in, in, rqt_context);
	list = context + IFC_SIZE(rqtc);
	IFC_SET(rqtc, context, rqt_max_size, count);
	IFC_SET(rqtc, context, rqt_actual_size, count);
	for (i = 0; i < count; i++)
		IFC_SET(rq_num, list + i * IFC_SIZE(rq_num), rq_num, rqs[i]);
	CHECK(!test_command(MLX5_CMD_OP_CREATE_RQT, in, len, out, sizeof(out)));
	g_free(in);
	return IFC_GET(create_rqt_out, out, rqtn);
}

uint32_t test_tir(uint32_t domain, const uint8_t *context)
{
	uint8_t in[IFC_SIZE(create_tir_in)] = {};
	uint8_t out[IFC_SIZE(create_tir_out)];
	uint8_t *to = IFC_PTR(create_tir_in, in, ctx);

	memcpy(to, context, IFC_SIZE(tirc));
	IFC_SET(tirc, to, transport_domain, domain);
	CHECK(!test_command(MLX5_CMD_OP_CREATE_TIR, in, sizeof(in), out,
			    sizeof(out)));
	return IFC_GET(create_tir_out, out, tirn);
}

uint32_t test_direct_tir(uint32_t domain, uint32_t rq)
{
	uint8_t context[IFC_SIZE(tirc)] = {};

	IFC_SET(tirc, context, inline_rqn, rq);
	return test_tir(domain, context);
}

uint8_t try_table(uint8_t level, uint32_t miss, uint32_t *id)
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
	status = test_command(MLX5_CMD_OP_CREATE_FLOW_TABLE, in, sizeof(in),
			      out, sizeof(out));
	*id = IFC_GET(create_flow_table_out, out, table_id);
	return status;
}

uint32_t make_table(uint8_t level, uint32_t miss)
{
	uint32_t id;

	CHECK(try_table(level, miss, &id) == CX_OK);
	return id;
}

void set_root(uint32_t table)
{
	uint8_t in[IFC_SIZE(set_flow_table_root_in)] = {};

	IFC_SET(set_flow_table_root_in, in, table_id, table);
	CHECK(!test_command(MLX5_CMD_OP_SET_FLOW_TABLE_ROOT, in, sizeof(in),
			    NULL, 0));
}

uint8_t try_group(uint32_t table, const uint8_t *mask, uint32_t first, uint32_t last,
		  uint32_t *id)
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
	status = test_command(MLX5_CMD_OP_CREATE_FLOW_GROUP, in, sizeof(in),
			      out, sizeof(out));
	*id = IFC_GET(create_flow_group_out, out, group_id);
	return status;
}

uint32_t make_group(uint32_t table, const uint8_t *mask, uint32_t first, uint32_t last)
{
	uint32_t id;

	CHECK(try_group(table, mask, first, last, &id) == CX_OK);
	return id;
}

static uint8_t *add_destination(uint8_t *at, uint8_t type, uint32_t id)
{
	IFC_SET(dest_format_struct, at, destination_type, type);
	IFC_SET(dest_format_struct, at, destination_id, id);
	return at + IFC_SIZE(dest_format_struct);
}

uint8_t set_entry(const struct entry *entry, uint8_t modify_mask)
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
	IFC_SET(flow_context, context, flow_tag, 0x770 + entry->index);
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
	return test_command(MLX5_CMD_OP_SET_FLOW_TABLE_ENTRY, in,
			    at - in, NULL, 0);
}

uint8_t add_entry(uint32_t table, uint32_t group, uint32_t index, const uint8_t *value,
		  uint32_t tir)
{
	struct entry entry = { table, group, index, value, { tir } };

	return set_entry(&entry, 0);
}
