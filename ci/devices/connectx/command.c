// SPDX-License-Identifier: GPL-2.0
/*
 * The command queue: 32 slots in a page of guest memory. A slot holds the first
 * 16 bytes of a command's input and output. Chains of mailboxes hold the rest.
 *
 * The layouts are struct mlx5_cmd_layout and struct mlx5_cmd_prot_block of the
 * driver. A signature is the complement of the exclusive or of all other bytes
 * that it covers.
 */
#include "connectx.h"

/* A slot. */
#define SLOT_SIZE	64
#define SLOT_TYPE	0
#define SLOT_IN_LEN	4
#define SLOT_IN_BOX	8
#define SLOT_IN		16
#define SLOT_OUT	32
#define SLOT_OUT_BOX	48
#define SLOT_OUT_LEN	56
#define SLOT_TOKEN	60
#define SLOT_SIGNATURE	61
#define SLOT_STATUS	63
#define INLINE_LEN	16
#define HEADER_LEN	8	/* the common beginning of all inputs and outputs */
#define TYPE_PCI	7
#define STATUS_OWNED	1	/* by the device; the higher bits are the delivery */

/* A mailbox. */
#define BOX_SIZE	576
#define BOX_ALIGN	512
#define BOX_DATA	512
#define BOX_CONTROL	512	/* begin of the bytes that ctrl_sig covers */
#define BOX_NEXT	560
#define BOX_NUMBER	568
#define BOX_TOKEN	573
#define BOX_CTRL_SIG	574
#define BOX_SIG		575

#define MAX_LEN		(256 * KiB)

/* The delivery status of a command, not the status of its execution. */
enum delivery {
	DELIVERY_OK			= 0x0,
	DELIVERY_SIGNATURE		= 0x1,
	DELIVERY_TOKEN			= 0x2,
	DELIVERY_BLOCK_NUMBER		= 0x3,
	DELIVERY_OUT_ALIGN		= 0x4,
	DELIVERY_IN_ALIGN		= 0x5,
	DELIVERY_INTERNAL		= 0x6,
	DELIVERY_IN_LENGTH		= 0x7,
	DELIVERY_OUT_LENGTH		= 0x8,
	DELIVERY_DESCRIPTOR		= 0x10,
};

struct cx_command_queue {
	ConnectX *cx;
	uint64_t iova;		/* of slot 0; registers */
	uint32_t pending;	/* slots whose doorbell was rung, a bit each */
	QEMUTimer timer;
};

static const struct cx_op *const families[] = {
	hca_ops, caps_ops, mkey_ops, event_ops, completion_ops, queue_ops,
	steering_ops, rss_ops, port_ops,
};

static uint8_t exclusive_or(const uint8_t *data, size_t len)
{
	uint8_t sum = 0;

	while (len--)
		sum ^= *data++;
	return sum;
}

/* ---- mailboxes ---- */

static enum delivery box_check(const uint8_t *box, uint32_t number,
			       uint8_t token)
{
	if ((uint32_t)ldl_be_p(box + BOX_NUMBER) != number)
		return DELIVERY_BLOCK_NUMBER;
	if (box[BOX_TOKEN] != token)
		return DELIVERY_TOKEN;
	/* A driver that does not use signatures leaves them zero. */
	if (box[BOX_SIG] && exclusive_or(box, BOX_SIZE) != 0xff)
		return DELIVERY_SIGNATURE;
	return DELIVERY_OK;
}

static void box_sign(uint8_t *box)
{
	box[BOX_CTRL_SIG] = 0;
	box[BOX_SIG] = 0;
	box[BOX_CTRL_SIG] = ~exclusive_or(box + BOX_CONTROL,
					  BOX_SIG - BOX_CONTROL);
	box[BOX_SIG] = ~exclusive_or(box, BOX_SIZE);
}

/*
 * Copy the data behind the inline part from or to a chain of mailboxes. A block
 * is always written back as a whole, so that its signature is right.
 */
static enum delivery boxes_move(ConnectX *cx, uint64_t iova, uint8_t token,
				uint8_t *data, uint32_t len, bool out)
{
	uint8_t box[BOX_SIZE];
	uint32_t number = 0;
	uint32_t at;
	enum delivery status;

	for (at = INLINE_LEN; at < len; at += BOX_DATA, number++) {
		uint32_t part = MIN((uint32_t)BOX_DATA, len - at);

		if (!iova || iova % BOX_ALIGN)
			return out ? DELIVERY_OUT_ALIGN : DELIVERY_IN_ALIGN;
		if (!dma_read(cx, iova, box, sizeof(box)))
			return DELIVERY_INTERNAL;
		status = box_check(box, number, token);
		if (status && !(out && status == DELIVERY_SIGNATURE))
			return status;
		if (out) {
			memcpy(box, data + at, part);
			box_sign(box);
			if (!dma_write(cx, iova, box, sizeof(box)))
				return DELIVERY_INTERNAL;
		} else {
			memcpy(data + at, box, part);
		}
		iova = ldq_be_p(box + BOX_NEXT);
	}
	return DELIVERY_OK;
}

/* ---- execution ---- */

static uint8_t op_run(ConnectX *cx, struct cx_cmd *cmd)
{
	if (!cmd->op)
		return CX_BAD_OP;
	if (cx->stage < cmd->op->stage)
		return CX_BAD_SYS_STATE;
	if (cmd->in_len < cmd->op->in_size)
		return CX_BAD_INPUT_LEN;
	return cmd_run(cx, cmd);
}

/* Input and output are at least as long as their layouts. */
static void cmd_execute(ConnectX *cx, struct cx_cmd *cmd)
{
	uint16_t opcode = lduw_be_p(cmd->in);
	uint8_t status;

	cmd->op_mod = lduw_be_p(cmd->in + 6);
	status = op_run(cx, cmd);
	cx_trace(cx, "command 0x%03x %s modifier 0x%x: status %u", opcode,
		 cmd->op ? cmd->op->name : "unknown", cmd->op_mod, status);
	if (status) {
		/* The driver does not get the output of a failed command. */
		memset(cmd->out, 0, MAX(cmd->out_len, INLINE_LEN));
		stl_be_p(cmd->out + 4, opcode);
	}
	cmd->out[0] = status;
}

static uint32_t buffer_size(uint32_t len, uint32_t needed)
{
	return MAX(MAX(len, needed), INLINE_LEN);
}

/* Fetch the rest of @cmd's input, execute it, and deliver the output. */
static enum delivery slot_execute(ConnectX *cx, uint8_t *slot, struct cx_cmd *cmd)
{
	enum delivery status;

	memcpy(cmd->in, slot + SLOT_IN, INLINE_LEN);
	status = boxes_move(cx, ldq_be_p(slot + SLOT_IN_BOX), slot[SLOT_TOKEN],
			    cmd->in, cmd->in_len, false);
	if (status)
		return status;
	cmd_execute(cx, cmd);
	memcpy(slot + SLOT_OUT, cmd->out, INLINE_LEN);
	return boxes_move(cx, ldq_be_p(slot + SLOT_OUT_BOX), slot[SLOT_TOKEN],
			  cmd->out, cmd->out_len, true);
}

/* Execute the command of @slot, and put its inline output there. */
static enum delivery slot_deliver(ConnectX *cx, uint8_t *slot)
{
	const struct cx_op *op = cmd_find(families, ARRAY_SIZE(families),
					  lduw_be_p(slot + SLOT_IN));
	struct cx_cmd cmd = {
		.op = op,
		.in_len = ldl_be_p(slot + SLOT_IN_LEN),
		.out_len = ldl_be_p(slot + SLOT_OUT_LEN),
	};
	enum delivery status;

	if (slot[SLOT_TYPE] != TYPE_PCI)
		return DELIVERY_DESCRIPTOR;
	if (exclusive_or(slot, SLOT_SIZE) != 0xff)
		return DELIVERY_SIGNATURE;
	if (cmd.in_len < HEADER_LEN || cmd.in_len > MAX_LEN)
		return DELIVERY_IN_LENGTH;
	if (cmd.out_len < HEADER_LEN || cmd.out_len > MAX_LEN)
		return DELIVERY_OUT_LENGTH;

	cmd.in = g_malloc0(buffer_size(cmd.in_len, op ? op->in_size : 0));
	cmd.out = g_malloc0(buffer_size(cmd.out_len, op ? op->out_size : 0));
	status = slot_execute(cx, slot, &cmd);
	g_free(cmd.in);
	g_free(cmd.out);
	return status;
}

/* Run the slot if the device owns it. True if the driver owns it again. */
static bool slot_run(ConnectX *cx, unsigned int index)
{
	uint64_t iova = cx->commands->iova + (index << CX_LOG_CMD_STRIDE);
	uint8_t slot[SLOT_SIZE];
	enum delivery status;

	if (!dma_read(cx, iova, slot, sizeof(slot)) ||
	    !(slot[SLOT_STATUS] & STATUS_OWNED))
		return false;
	status = slot_deliver(cx, slot);
	if (status)
		cx_log(cx, "command in slot %u: not delivered, status 0x%x",
		       index, status);
	slot[SLOT_STATUS] = status << 1;
	slot[SLOT_SIGNATURE] = 0;
	slot[SLOT_SIGNATURE] = ~exclusive_or(slot, sizeof(slot));
	/* The last byte has the owner bit, so it is written last. */
	return dma_write(cx, iova + SLOT_OUT, slot + SLOT_OUT, INLINE_LEN) &&
	       dma_write(cx, iova + SLOT_TOKEN, slot + SLOT_TOKEN,
			 SLOT_STATUS - SLOT_TOKEN) &&
	       dma_write(cx, iova + SLOT_STATUS, slot + SLOT_STATUS, 1);
}

/* Choose one of the waiting slots at random. */
static unsigned int slot_choose(ConnectX *cx, uint32_t pending)
{
	unsigned int skip = g_rand_int_range(cx->random, 0, ctpop32(pending));

	while (skip--)
		pending &= pending - 1;
	return ctz32(pending);
}

static void command_timer(void *opaque)
{
	struct cx_command_queue *queue = opaque;
	ConnectX *cx = queue->cx;
	unsigned int index = slot_choose(cx, queue->pending);
	/*
	 * Look at this before the command runs. It may be the CREATE_EQ that
	 * asks for this event: the driver polls for its completion and expects
	 * no event.
	 */
	bool wanted = event_wanted(cx, CX_EVENT_COMMAND);
	uint8_t data[28] = {};

	queue->pending &= ~(1u << index);
	if (slot_run(cx, index) && wanted) {
		stl_be_p(data, 1u << index);
		event_post(cx, CX_EVENT_COMMAND, data);
	}
	if (queue->pending)
		cx_kick(cx, &queue->timer);
}

void command_doorbell(ConnectX *cx, uint32_t slots)
{
	cx->commands->pending |= slots;
	if (cx->commands->pending)
		cx_kick(cx, &cx->commands->timer);
}

uint64_t command_queue_iova(ConnectX *cx)
{
	return cx->commands->iova;
}

void command_set_queue_iova(ConnectX *cx, uint64_t iova)
{
	cx->commands->iova = iova;
}

void command_init(ConnectX *cx)
{
	cx->commands = g_new0(struct cx_command_queue, 1);
	cx->commands->cx = cx;
	timer_init_ns(&cx->commands->timer, QEMU_CLOCK_VIRTUAL, command_timer,
		      cx->commands);
}

void command_reset(ConnectX *cx)
{
	timer_del(&cx->commands->timer);
	cx->commands->pending = 0;
	cx->commands->iova = 0;
}

void command_exit(ConnectX *cx)
{
	timer_del(&cx->commands->timer);
	g_clear_pointer(&cx->commands, g_free);
}
