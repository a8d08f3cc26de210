// SPDX-License-Identifier: GPL-2.0
/*
 * A device of which only the objects live, and commands for it.
 */
#include "test.h"

ConnectX *test_device_new(void)
{
	ConnectX *cx = g_new0(ConnectX, 1);

	cx_objects_init(cx);
	return cx;
}

void test_device_free(ConnectX *cx)
{
	cx_objects_reset(cx);
	cx_objects_free(cx);
	steering_reset(cx);
	g_free(cx);
}

size_t cmd_rest(const struct cx_cmd *cmd, const uint8_t *field)
{
	size_t before = field - cmd->in;

	return before < cmd->in_len ? cmd->in_len - before : 0;
}

static const struct cx_op *find_op(uint16_t opcode)
{
	static const struct cx_op *const families[] = { steering_ops, rss_ops, queue_ops };
	const struct cx_op *op;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(families); i++)
		for (op = families[i]; op->name; op++)
			if (op->opcode == opcode)
				return op;
	g_assert_not_reached();
}

uint8_t test_command(ConnectX *cx, uint16_t opcode, const uint8_t *in,
		     size_t in_len, uint8_t *out, size_t out_len)
{
	const struct cx_op *op = find_op(opcode);
	struct cx_cmd cmd = {
		.in = g_memdup2(in, in_len),
		.out = g_malloc0(MAX(out_len, op->out_size)),
		.in_len = in_len,
		.out_len = out_len,
		.op_mod = lduw_be_p(in + 6),
	};
	uint8_t status;

	g_assert(in_len >= op->in_size);
	status = op->run(cx, &cmd);
	if (out)
		memcpy(out, cmd.out, out_len);
	g_free(cmd.in);
	g_free(cmd.out);
	return status;
}

uint32_t test_object(ConnectX *cx, enum cx_type type)
{
	struct cx_object *object = cx_object_new(cx, type, sizeof(*object), NULL);

	return object->num;
}

uint32_t test_rqt(ConnectX *cx, const uint32_t *rqs, uint32_t count)
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
	CHECK(!test_command(cx, MLX5_CMD_OP_CREATE_RQT, in, len, out, sizeof(out)));
	g_free(in);
	return IFC_GET(create_rqt_out, out, rqtn);
}

uint32_t test_tir(ConnectX *cx, uint32_t domain, const uint8_t *context)
{
	uint8_t in[IFC_SIZE(create_tir_in)] = {};
	uint8_t out[IFC_SIZE(create_tir_out)];
	uint8_t *to = IFC_PTR(create_tir_in, in, ctx);

	memcpy(to, context, IFC_SIZE(tirc));
	IFC_SET(tirc, to, transport_domain, domain);
	CHECK(!test_command(cx, MLX5_CMD_OP_CREATE_TIR, in, sizeof(in), out,
			    sizeof(out)));
	return IFC_GET(create_tir_out, out, tirn);
}

uint32_t test_direct_tir(ConnectX *cx, uint32_t domain, uint32_t rq)
{
	uint8_t context[IFC_SIZE(tirc)] = {};

	IFC_SET(tirc, context, inline_rqn, rq);
	return test_tir(cx, domain, context);
}
