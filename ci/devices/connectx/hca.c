// SPDX-License-Identifier: GPL-2.0
/*
 * Commands about the function as a whole: its state, the memory that the driver
 * lends to it, and the small objects that only have a number.
 */
#include "connectx.h"

/* "op_mod" of QUERY_PAGES and MANAGE_PAGES. */
enum { PAGES_BOOT = 1, PAGES_INIT = 2, PAGES_REGULAR = 3 };
enum { PAGES_CANT_GIVE = 0, PAGES_GIVE = 1, PAGES_TAKE = 2 };

#define ISSI_SUPPORTED	0x3	/* versions 0 and 1, a bit each */
#define VENDOR_ID	0x15b3

/* The beginning of each page that the device owns. The driver must not change it. */
#define PAGE_PATTERN	0xc5
#define PAGE_PATTERN_LEN	64

/* Commands that have no effect on this device. */
static uint8_t cmd_ok(ConnectX *cx, struct cx_cmd *cmd)
{
	return CX_OK;
}

static uint8_t cmd_enable_hca(ConnectX *cx, struct cx_cmd *cmd)
{
	if (cx->stage == CX_ANY_TIME)
		cx->stage = CX_ENABLED;
	return CX_OK;
}

static uint8_t cmd_init_hca(ConnectX *cx, struct cx_cmd *cmd)
{
	cx->stage = CX_READY;
	return CX_OK;
}

static uint8_t cmd_teardown_hca(ConnectX *cx, struct cx_cmd *cmd)
{
	receive_reset(cx);
	cx_objects_reset(cx);
	steering_reset(cx);
	cx->stage = CX_ENABLED;
	return CX_OK;
}

static uint8_t cmd_disable_hca(ConnectX *cx, struct cx_cmd *cmd)
{
	cmd_teardown_hca(cx, cmd);
	g_array_set_size(cx->fw_pages, 0);
	cx->stage = CX_ANY_TIME;
	return CX_OK;
}

static uint8_t cmd_query_issi(ConnectX *cx, struct cx_cmd *cmd)
{
	IFC_SET(query_issi_out, cmd->out, current_issi, 1);
	IFC_SET(query_issi_out, cmd->out, supported_issi_dw0, ISSI_SUPPORTED);
	return CX_OK;
}

static uint8_t cmd_set_issi(ConnectX *cx, struct cx_cmd *cmd)
{
	uint32_t issi = IFC_GET(set_issi_in, cmd->in, current_issi);

	return issi < 32 && ISSI_SUPPORTED >> issi & 1 ? CX_OK : CX_BAD_PARAM;
}

static uint8_t cmd_query_adapter(ConnectX *cx, struct cx_cmd *cmd)
{
	uint8_t *block = IFC_PTR(query_adapter_out, cmd->out,
				 query_adapter_struct);

	IFC_SET(query_adapter_param_block, block, ieee_vendor_id, VENDOR_ID);
	IFC_SET(query_adapter_param_block, block, vsd_vendor_id, VENDOR_ID);
	memcpy(IFC_PTR(query_adapter_param_block, block, vsd_contd_psid),
	       "XSMMU_CONNECTX", 14);
	return CX_OK;
}

/* ---- memory for the device's own use ---- */

static uint8_t cmd_query_pages(ConnectX *cx, struct cx_cmd *cmd)
{
	int32_t pages;

	switch (cmd->op_mod) {
	case PAGES_BOOT:
	case PAGES_INIT:
		pages = cx->prop.fw_pages;
		break;
	case PAGES_REGULAR:
		/* Negative: the driver may take this many pages back. */
		pages = -(int32_t)cx->fw_pages->len;
		break;
	default:
		return CX_BAD_PARAM;
	}
	IFC_SET(query_pages_out, cmd->out, num_pages, (uint32_t)pages);
	return CX_OK;
}

/*
 * Take all pages of the list, or none of them. The driver may give the same page again, so
 * the guest's memory does not bound the list.
 */
static uint8_t pages_give(ConnectX *cx, const uint8_t *list, uint32_t count)
{
	guint had = cx->fw_pages->len;
	uint8_t pattern[PAGE_PATTERN_LEN];
	uint32_t i;

	if (count > CX_MOST_FW_PAGES - had)
		return CX_LIMIT;
	memset(pattern, PAGE_PATTERN, sizeof(pattern));
	for (i = 0; i < count; i++) {
		uint64_t iova = ldq_be_p(list + 8 * i);

		if (!dma_write(cx, iova, pattern, sizeof(pattern))) {
			g_array_set_size(cx->fw_pages, had);
			return CX_BAD_PARAM;
		}
		g_array_append_val(cx->fw_pages, iova);
	}
	return CX_OK;
}

static void page_check(ConnectX *cx, uint64_t iova)
{
	uint8_t pattern[PAGE_PATTERN_LEN], now[PAGE_PATTERN_LEN];

	memset(pattern, PAGE_PATTERN, sizeof(pattern));
	if (dma_read(cx, iova, now, sizeof(now)) && memcmp(now, pattern, sizeof(now)))
		cx_log(cx, "the page at 0x%" PRIx64 " changed while the device owned it",
		       iova);
}

static uint32_t pages_take(ConnectX *cx, uint8_t *list, uint32_t count)
{
	uint32_t i;

	for (i = 0; i < count && cx->fw_pages->len; i++) {
		guint last = cx->fw_pages->len - 1;
		uint64_t iova = g_array_index(cx->fw_pages, uint64_t, last);

		page_check(cx, iova);
		g_array_set_size(cx->fw_pages, last);
		stq_be_p(list + 8 * i, iova);
	}
	return i;
}

static uint8_t cmd_manage_pages(ConnectX *cx, struct cx_cmd *cmd)
{
	uint32_t count = IFC_GET(manage_pages_in, cmd->in, input_num_entries);
	const uint8_t *in = IFC_PTR(manage_pages_in, cmd->in, pas);
	uint8_t *out = IFC_PTR(manage_pages_out, cmd->out, pas);

	switch (cmd->op_mod) {
	case PAGES_CANT_GIVE:
		return CX_OK;
	case PAGES_GIVE:
		if (count > cmd_rest(cmd, in) / 8)
			return CX_BAD_INPUT_LEN;
		return pages_give(cx, in, count);
	case PAGES_TAKE:
		count = pages_take(cx, out, MIN(count, cmd_room(cmd, out) / 8));
		IFC_SET(manage_pages_out, cmd->out, output_num_entries, count);
		return CX_OK;
	default:
		return CX_BAD_PARAM;
	}
}

/* ---- objects that are only numbers, and UARs ---- */

/* Both outputs that give such a number have it in the same place. */
_Static_assert(IFC_AT(alloc_transport_domain_out, transport_domain) ==
	       IFC_AT(alloc_pd_out, pd), "transport_domain");

static uint8_t cmd_alloc(ConnectX *cx, struct cx_cmd *cmd)
{
	struct cx_object *object = cx_object_new(cx, cmd->op->type, sizeof(*object), NULL);

	if (!object)
		return CX_NO_RES;
	IFC_SET(alloc_pd_out, cmd->out, pd, object->num);
	return CX_OK;
}

/* The whole page has to be in the BAR. */
static uint8_t cmd_alloc_uar(ConnectX *cx, struct cx_cmd *cmd)
{
	struct cx_object *uar = cx_object_new(cx, CX_UAR, sizeof(*uar), NULL);

	if (!uar)
		return CX_NO_RES;
	if (uar->num >= (uint32_t)CX_BAR_SIZE >> cx->log_uar_page) {
		cx_object_drop(cx, uar);
		return CX_NO_RES;
	}
	IFC_SET(alloc_uar_out, cmd->out, uar, uar->num);
	return CX_OK;
}

const struct cx_op hca_ops[] = {
	CX_OP(ENABLE_HCA, enable_hca, CX_ANY_TIME),
	CX_OP(DISABLE_HCA, disable_hca, CX_ANY_TIME),
	CX_OP(QUERY_ISSI, query_issi, CX_ANY_TIME),
	CX_OP(SET_ISSI, set_issi, CX_ANY_TIME),
	CX_OP(QUERY_PAGES, query_pages, CX_ENABLED),
	CX_OP(MANAGE_PAGES, manage_pages, CX_ENABLED),
	CX_OP(INIT_HCA, init_hca, CX_ENABLED),
	CX_OP(TEARDOWN_HCA, teardown_hca, CX_ENABLED),
	CX_OP(QUERY_ADAPTER, query_adapter, CX_ENABLED),
	CX_OP_RUN(SET_DRIVER_VERSION, set_driver_version, cmd_ok, CX_ENABLED),
	CX_OP_RUN(NOP, nop, cmd_ok, CX_ANY_TIME),
	CX_OP_RUN(ALLOC_PD, alloc_pd, cmd_alloc, CX_READY, .type = CX_PD),
	CX_OP_DESTROY(DEALLOC_PD, dealloc_pd, CX_PD, pd),
	CX_OP(ALLOC_UAR, alloc_uar, CX_READY),
	CX_OP_DESTROY(DEALLOC_UAR, dealloc_uar, CX_UAR, uar),
	CX_OP_RUN(ALLOC_TRANSPORT_DOMAIN, alloc_transport_domain, cmd_alloc, CX_READY,
		  .type = CX_TD),
	CX_OP_DESTROY(DEALLOC_TRANSPORT_DOMAIN, dealloc_transport_domain, CX_TD,
		      transport_domain),
	{}
};
