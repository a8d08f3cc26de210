// SPDX-License-Identifier: GPL-2.0
/*
 * The host of the tests of the function as a whole: the functions of QEMU and of the other
 * parts of the device that these tests need.
 */
#include "function.h"

ConnectX *cx;
struct function_host function;

static NetClientState client;

/* ---- QEMU ---- */

QEMUTimerListGroup main_loop_tlg;

void timer_init_full(QEMUTimer *timer, QEMUTimerListGroup *group, QEMUClockType type,
		     int scale, int attributes, QEMUTimerCB *cb, void *opaque)
{
}

void timer_del(QEMUTimer *timer)
{
}

void timer_mod_ns(QEMUTimer *timer, int64_t when)
{
}

bool timer_pending(QEMUTimer *timer)
{
	return false;
}

int64_t qemu_clock_get_ns(QEMUClockType type)
{
	return function.now;
}

NetClientState *qemu_get_queue(NICState *nic)
{
	return &client;
}

ssize_t qemu_send_packet(NetClientState *nc, const uint8_t *frame, int len)
{
	return len;
}

int pci_add_capability(PCIDevice *pci, uint8_t id, uint8_t offset, uint8_t size, Error **errp)
{
	return FUNCTION_CAPABILITY;
}

Error *error_abort;

/* ---- other parts ---- */

bool dma_write(ConnectX *cx, uint64_t iova, const void *buf, size_t len)
{
	return iova < FUNCTION_REFUSED;
}

bool dma_read(ConnectX *cx, uint64_t iova, void *buf, size_t len)
{
	return false;
}

bool dma_write_entry(ConnectX *cx, uint64_t iova, uint8_t entry[CX_ENTRY_SIZE],
		     unsigned int owner)
{
	return true;
}

void dma_interrupt(ConnectX *cx, unsigned int vector)
{
}

void cx_kick(ConnectX *cx, QEMUTimer *timer)
{
}

void cx_health(ConnectX *cx, uint8_t syndrome)
{
}

void attack_completed(ConnectX *cx, GArray *touched)
{
}

void receive_reset(ConnectX *cx)
{
}

bool receive_has_room(ConnectX *cx)
{
	return true;
}

bool receive_frame(ConnectX *cx, const uint8_t *frame, size_t len)
{
	return true;
}

unsigned int packet_cast(const uint8_t *frame)
{
	return CX_UNICAST;
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

void send_doorbell(ConnectX *cx, uint32_t uar, uint32_t sqn)
{
	function.rung++;
	function.uar = uar;
}

void cx_log(ConnectX *cx, const char *format, ...)
{
	function.logged++;
}

void cx_trace(ConnectX *cx, const char *format, ...)
{
}

/* ---- the host ---- */

void test_begin(void)
{
	memset(&function, 0, sizeof(function));
	cx = g_new0(ConnectX, 1);
	cx->pci.config = g_malloc0(PCI_CONFIG_SPACE_SIZE);
	cx->fw_pages = g_array_new(false, false, sizeof(uint64_t));
	cx->prop.vectors = 1;
	cx_objects_init(cx);
	port_init(cx);
	port_reset(cx);
	caps_reset(cx);
}

void test_end(void)
{
	cx_objects_reset(cx);
	cx_objects_free(cx);
	port_exit(cx);
	g_array_unref(cx->fw_pages);
	g_free(cx->caps_current);
	g_free(cx->pci.config);
	g_clear_pointer(&cx, g_free);
}

uint8_t function_command(uint16_t opcode, uint16_t op_mod, uint8_t *in, size_t in_len,
			 uint8_t *out, size_t out_len)
{
	static const struct cx_op *const families[] = {
		hca_ops, caps_ops, mkey_ops, port_ops, event_ops, completion_ops,
	};
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

uint8_t function_alloc_uar(uint32_t *num)
{
	uint8_t in[IFC_SIZE(alloc_uar_in)] = {};
	uint8_t out[IFC_SIZE(alloc_uar_out)] = {};
	uint8_t status;

	status = function_command(MLX5_CMD_OP_ALLOC_UAR, 0, in, sizeof(in), out, sizeof(out));
	*num = IFC_GET(alloc_uar_out, out, uar);
	return status;
}

const struct test *const all_tests[] = {
	function_tests, register_tests, doorbell_tests, NULL,
};
