// SPDX-License-Identifier: GPL-2.0
/*
 * The choice of a packet's receive queue. Transport interface receive objects
 * (TIR) hash the packet, and look the hash up in a table of receive queues
 * (RQT). Transport interface send objects (TIS), which a send queue has to
 * name, are here, too.
 *
 * The input of the hash is the source address, the destination address and the
 * ports, as far as they are selected, in the order of the packet. This is the
 * input of "Verifying the RSS Hash Calculation" in Microsoft's NDIS
 * documentation. The tests use its vectors.
 */
#include "connectx.h"

#include <netinet/in.h>

#include "qemu/host-utils.h"

/* The longest input: IPv6 addresses and ports. The key has 32 bits more. */
#define HASH_MAX	36

/* Bits of selected_fields. */
enum {
	SRC_IP	= 1 << MLX5_RX_HASH_FIELD_SELECT_SELECTED_FIELDS_SRC_IP,
	DST_IP	= 1 << MLX5_RX_HASH_FIELD_SELECT_SELECTED_FIELDS_DST_IP,
	SPORT	= 1 << MLX5_RX_HASH_FIELD_SELECT_SELECTED_FIELDS_L4_SPORT,
	DPORT	= 1 << MLX5_RX_HASH_FIELD_SELECT_SELECTED_FIELDS_L4_DPORT,
	SPI	= 1 << MLX5_RX_HASH_FIELD_SELECT_SELECTED_FIELDS_IPSEC_SPI,
	ALL	= SRC_IP | DST_IP | SPORT | DPORT | SPI,
};

/* rss_hash_type of a CQE: two fields that name the input of the hash. */
enum {
	HASHED_IPV4	= 1 << 2,
	HASHED_IPV6	= 2 << 2,
	HASHED_TCP	= 1 << 6,
	HASHED_UDP	= 2 << 6,
	HASHED_SPI	= 3 << 6,
};

struct cx_rqt {
	struct cx_object object;
	uint32_t max_size;
	uint32_t size;
	struct cx_object **rqs;
};

struct cx_tir {
	struct cx_object object;
	uint8_t context[IFC_SIZE(tirc)];
	struct cx_object *domain;
	struct cx_object *rq;		/* the receive queue, or NULL */
	struct cx_rqt *rqt;		/* if NULL: the table of receive queues */
};

struct cx_tis {
	struct cx_object object;
	uint8_t context[IFC_SIZE(tisc)];
	struct cx_object *domain;
};

/* ---- the hash ---- */

struct hash_input {
	uint8_t data[HASH_MAX];
	unsigned int len;
	uint8_t type;
};

static void hash_add(struct hash_input *input, const uint8_t *data, unsigned int len)
{
	memcpy(input->data + input->len, data, len);
	input->len += len;
}

/*
 * Add two fields of @len bytes, which lie next to each other at @pair, as far
 * as they are selected. A symmetric hash is the same for both directions of a
 * flow. The card's own way to make it so is not published. Here the smaller
 * field comes first.
 */
static void hash_pair(struct hash_input *input, const uint8_t *pair,
		      unsigned int len, bool first, bool second, bool symmetric)
{
	bool swap = first && second && symmetric &&
		    memcmp(pair, pair + len, len) > 0;

	if (first)
		hash_add(input, swap ? pair + len : pair, len);
	if (second)
		hash_add(input, swap ? pair : pair + len, len);
}

static void hash_spi(struct hash_input *input, const struct cx_packet *packet)
{
	uint32_t at = packet->upper;

	if (packet->protocol == IPPROTO_AH)
		at += 4;
	else if (packet->protocol != IPPROTO_ESP)
		return;
	if (!packet->upper || packet->l3_end < at + 4)
		return;
	hash_add(input, packet->frame + at, 4);
	input->type |= HASHED_SPI;
}

/* Select the input of the hash from @packet. A fragment has no ports. */
static void hash_select(struct hash_input *input, const uint8_t *context,
			const struct cx_packet *packet)
{
	const uint8_t *selector = IFC_PTR(tirc, context,
					  rx_hash_field_selector_outer);
	uint32_t fields = IFC_GET(rx_hash_field_select, selector,
				  selected_fields);
	bool v6 = IFC_GET(rx_hash_field_select, selector, l3_prot_type);
	bool udp = IFC_GET(rx_hash_field_select, selector, l4_prot_type);
	bool symmetric = IFC_GET(tirc, context, rx_hash_symmetric);
	const uint8_t *ip = packet->frame + packet->l3;

	if (packet->ip_version != (v6 ? 6 : 4))
		return;
	if (fields & (SRC_IP | DST_IP)) {
		hash_pair(input, v6 ? ip + 8 : ip + 12, v6 ? 16 : 4,
			  fields & SRC_IP, fields & DST_IP, symmetric);
		input->type |= v6 ? HASHED_IPV6 : HASHED_IPV4;
	}
	if (fields & (SPORT | DPORT) && packet->l4 &&
	    packet->protocol == (udp ? IPPROTO_UDP : IPPROTO_TCP)) {
		hash_pair(input, packet->frame + packet->l4, 2,
			  fields & SPORT, fields & DPORT, symmetric);
		input->type |= udp ? HASHED_UDP : HASHED_TCP;
	} else if (fields & SPI) {
		hash_spi(input, packet);
	}
}

static uint32_t hash_toeplitz(const uint8_t *key, const struct hash_input *input)
{
	uint32_t window = ldl_be_p(key), hash = 0;
	unsigned int bit;

	for (bit = 0; bit < input->len * 8; bit++) {
		if (input->data[bit / 8] >> (7 - bit % 8) & 1)
			hash ^= window;
		window = window << 1 | (key[4 + bit / 8] >> (7 - bit % 8) & 1);
	}
	return hash;
}

/* "Inverted": the last bit comes first. The driver orders its table so. */
static uint32_t hash_inverted_xor8(const struct hash_input *input)
{
	uint8_t sum = 0;
	unsigned int i;

	for (i = 0; i < input->len; i++)
		sum ^= input->data[i];
	return revbit8(sum);
}

/* Returns the hash, and in @type the fields that it covers. */
static uint32_t hash_packet(const uint8_t *context,
			    const struct cx_packet *packet, uint8_t *type)
{
	struct hash_input input = { 0 };

	hash_select(&input, context, packet);
	*type = input.type;
	if (!input.len)
		return 0;
	if (IFC_GET(tirc, context, rx_hash_fn) == MLX5_RX_HASH_FN_INVERTED_XOR8)
		return hash_inverted_xor8(&input);
	return hash_toeplitz(IFC_PTR(tirc, context, rx_hash_toeplitz_key), &input);
}

void rss_deliver(ConnectX *cx, uint32_t tirn, const struct cx_packet *packet,
		 uint32_t flow_tag, struct cx_verdict *verdict)
{
	struct cx_tir *tir = cx_object_find(cx, CX_TIR, tirn);
	struct cx_object *rq;
	uint32_t hash = 0;
	uint8_t type = 0;

	if (!tir || verdict->count == CX_MAX_COPIES)
		return;
	if (IFC_GET(tirc, tir->context, rx_hash_fn) != MLX5_RX_HASH_FN_NONE)
		hash = hash_packet(tir->context, packet, &type);
	rq = tir->rqt ? tir->rqt->rqs[hash % tir->rqt->size] : tir->rq;
	verdict->to[verdict->count++] = (struct cx_target) {
		.rq = (struct cx_rq *)rq,
		.flow_tag = flow_tag,
		.hash = hash,
		.hash_type = type,
	};
}

/* ---- TIR ---- */

static void tir_release(ConnectX *cx, struct cx_object *object)
{
	struct cx_tir *tir = container_of(object, struct cx_tir, object);

	cx_object_put(tir->domain);
	cx_object_put(tir->rq);
	cx_object_put(tir->rqt);
}

static bool tir_hash_is_known(const uint8_t *context)
{
	const uint8_t *outer = IFC_PTR(tirc, context,
				       rx_hash_field_selector_outer);

	return IFC_GET(tirc, context, rx_hash_fn) <= MLX5_RX_HASH_FN_TOEPLITZ &&
	       !(IFC_GET(rx_hash_field_select, outer, selected_fields) & ~ALL) &&
	       !IFC_GET(rx_hash_field_select,
			IFC_PTR(tirc, context, rx_hash_field_selector_inner),
			selected_fields);
}

static uint8_t cmd_create_tir(ConnectX *cx, struct cx_cmd *cmd)
{
	const uint8_t *context = IFC_PTR(create_tir_in, cmd->in, ctx);
	uint8_t type = IFC_GET(tirc, context, disp_type);
	struct cx_object *domain, *rq = NULL;
	struct cx_rqt *rqt = NULL;
	struct cx_tir *tir;

	/* LRO, TLS and tunnels are not advertised. */
	if (type > MLX5_TIRC_DISP_TYPE_INDIRECT || !tir_hash_is_known(context) ||
	    IFC_GET(tirc, context, packet_merge_mask) || IFC_GET(tirc, context, tls_en) ||
	    IFC_GET(tirc, context, tunneled_offload_en))
		return CX_BAD_PARAM;
	domain = cx_object_find(cx, CX_TD,
				IFC_GET(tirc, context, transport_domain));
	if (type == MLX5_TIRC_DISP_TYPE_DIRECT)
		rq = cx_object_find(cx, CX_RQ,
				    IFC_GET(tirc, context, inline_rqn));
	else
		rqt = cx_object_find(cx, CX_RQT,
				     IFC_GET(tirc, context, indirect_table));
	if (!domain || (!rq && !rqt))
		return CX_BAD_RES;

	tir = cx_object_new(cx, CX_TIR, sizeof(*tir), tir_release);
	if (!tir)
		return CX_NO_RES;
	memcpy(tir->context, context, sizeof(tir->context));
	tir->domain = domain;
	tir->rq = rq;
	tir->rqt = rqt;
	cx_object_get(domain);
	cx_object_get(rq ? (void *)rq : rqt);
	IFC_SET(create_tir_out, cmd->out, tirn, tir->object.num);
	return CX_OK;
}

static void copy_hash(uint8_t *to, const uint8_t *from)
{
	size_t key = IFC_WIDTH(tirc, rx_hash_toeplitz_key) / 8;
	size_t fields = IFC_WIDTH(tirc, rx_hash_field_selector_outer) / 8;

	IFC_SET(tirc, to, rx_hash_fn, IFC_GET(tirc, from, rx_hash_fn));
	IFC_SET(tirc, to, rx_hash_symmetric,
		IFC_GET(tirc, from, rx_hash_symmetric));
	memcpy(IFC_PTR(tirc, to, rx_hash_toeplitz_key),
	       IFC_PTR(tirc, from, rx_hash_toeplitz_key), key);
	memcpy(IFC_PTR(tirc, to, rx_hash_field_selector_outer),
	       IFC_PTR(tirc, from, rx_hash_field_selector_outer), fields);
}

static uint8_t cmd_modify_tir(ConnectX *cx, struct cx_cmd *cmd)
{
	const uint8_t *mask = IFC_PTR(modify_tir_in, cmd->in, bitmask);
	const uint8_t *context = IFC_PTR(modify_tir_in, cmd->in, ctx);
	struct cx_tir *tir = cmd->object;

	if (IFC_GET(modify_tir_bitmask, mask, packet_merge) &&
	    IFC_GET(tirc, context, packet_merge_mask))
		return CX_BAD_PARAM;
	if (IFC_GET(modify_tir_bitmask, mask, hash)) {
		if (!tir_hash_is_known(context))
			return CX_BAD_PARAM;
		copy_hash(tir->context, context);
	}
	if (IFC_GET(modify_tir_bitmask, mask, self_lb_en))
		IFC_SET(tirc, tir->context, self_lb_block,
			IFC_GET(tirc, context, self_lb_block));
	return CX_OK;
}

static uint8_t cmd_query_tir(ConnectX *cx, struct cx_cmd *cmd)
{
	struct cx_tir *tir = cmd->object;

	memcpy(IFC_PTR(query_tir_out, cmd->out, tir_context), tir->context,
	       sizeof(tir->context));
	return CX_OK;
}

/* ---- TIS ---- */

static void tis_release(ConnectX *cx, struct cx_object *object)
{
	cx_object_put(container_of(object, struct cx_tis, object)->domain);
}

static uint8_t cmd_create_tis(ConnectX *cx, struct cx_cmd *cmd)
{
	const uint8_t *context = IFC_PTR(create_tis_in, cmd->in, ctx);
	struct cx_object *domain;
	struct cx_tis *tis;

	if (IFC_GET(tisc, context, tls_en) ||
	    IFC_GET(tisc, context, underlay_qpn) ||
	    IFC_GET(tisc, context, lag_tx_port_affinity) ||
	    IFC_GET(tisc, context, strict_lag_tx_port_affinity))
		return CX_BAD_PARAM;
	domain = cx_object_find(cx, CX_TD,
				IFC_GET(tisc, context, transport_domain));
	if (!domain)
		return CX_BAD_RES;

	tis = cx_object_new(cx, CX_TIS, sizeof(*tis), tis_release);
	if (!tis)
		return CX_NO_RES;
	memcpy(tis->context, context, sizeof(tis->context));
	tis->domain = domain;
	cx_object_get(domain);
	IFC_SET(create_tis_out, cmd->out, tisn, tis->object.num);
	return CX_OK;
}

static uint8_t cmd_modify_tis(ConnectX *cx, struct cx_cmd *cmd)
{
	const uint8_t *mask = IFC_PTR(modify_tis_in, cmd->in, bitmask);
	const uint8_t *context = IFC_PTR(modify_tis_in, cmd->in, ctx);
	struct cx_tis *tis = cmd->object;

	if (IFC_GET(modify_tis_bitmask, mask, lag_tx_port_affinity) ||
	    IFC_GET(modify_tis_bitmask, mask, strict_lag_tx_port_affinity))
		return CX_BAD_PARAM;
	if (IFC_GET(modify_tis_bitmask, mask, prio))
		IFC_SET(tisc, tis->context, prio, IFC_GET(tisc, context, prio));
	return CX_OK;
}

static uint8_t cmd_query_tis(ConnectX *cx, struct cx_cmd *cmd)
{
	struct cx_tis *tis = cmd->object;

	memcpy(IFC_PTR(query_tis_out, cmd->out, tis_context), tis->context,
	       sizeof(tis->context));
	return CX_OK;
}

/* ---- RQT ---- */

static void rqt_put_rqs(struct cx_rqt *rqt)
{
	uint32_t i;

	for (i = 0; i < rqt->size; i++)
		cx_object_put(rqt->rqs[i]);
	g_free(rqt->rqs);
}

static void rqt_release(ConnectX *cx, struct cx_object *object)
{
	rqt_put_rqs(container_of(object, struct cx_rqt, object));
}

/*
 * Replace the receive queues of a table by those that @context lists, up to
 * rqt->max_size. @bytes bytes of the context are there. If the result is not
 * CX_OK, nothing changes.
 */
static uint8_t rqt_set_rqs(ConnectX *cx, struct cx_rqt *rqt, const uint8_t *context,
			   size_t bytes)
{
	uint32_t size = IFC_GET(rqtc, context, rqt_actual_size);
	struct cx_object **rqs;
	uint32_t i;

	if (!size || size > rqt->max_size || bytes < IFC_SIZE(rqtc) ||
	    (bytes - IFC_SIZE(rqtc)) / IFC_SIZE(rq_num) < size ||
	    IFC_GET(rqtc, context, list_q_type) ||
	    IFC_GET(rqtc, context, rq_vhca_id_format))
		return CX_BAD_PARAM;
	rqs = g_new(struct cx_object *, size);
	for (i = 0; i < size; i++) {
		const uint8_t *num = context + IFC_SIZE(rqtc) +
				     i * IFC_SIZE(rq_num);

		rqs[i] = cx_object_find(cx, CX_RQ,
					IFC_GET(rq_num, num, rq_num));
		if (!rqs[i]) {
			g_free(rqs);
			return CX_BAD_RES;
		}
	}
	for (i = 0; i < size; i++)
		cx_object_get(rqs[i]);
	rqt_put_rqs(rqt);
	rqt->rqs = rqs;
	rqt->size = size;
	return CX_OK;
}

static uint8_t cmd_create_rqt(ConnectX *cx, struct cx_cmd *cmd)
{
	const uint8_t *context = IFC_PTR(create_rqt_in, cmd->in, rqt_context);
	uint32_t max = IFC_GET(rqtc, context, rqt_max_size);
	struct cx_rqt *rqt;
	uint8_t status;

	if (max > 1 << CX_LOG_MAX_RQT)
		return CX_BAD_PARAM;
	rqt = cx_object_new(cx, CX_RQT, sizeof(*rqt), rqt_release);
	if (!rqt)
		return CX_NO_RES;
	rqt->max_size = max;
	status = rqt_set_rqs(cx, rqt, context, cmd_rest(cmd, context));
	if (status)
		cx_object_drop(cx, rqt);
	else
		IFC_SET(create_rqt_out, cmd->out, rqtn, rqt->object.num);
	return status;
}

static uint8_t cmd_modify_rqt(ConnectX *cx, struct cx_cmd *cmd)
{
	const uint8_t *mask = IFC_PTR(modify_rqt_in, cmd->in, bitmask);
	const uint8_t *context = IFC_PTR(modify_rqt_in, cmd->in, ctx);

	if (!IFC_GET(rqt_bitmask, mask, rqn_list))
		return CX_OK;
	return rqt_set_rqs(cx, cmd->object, context, cmd_rest(cmd, context));
}

static uint8_t cmd_query_rqt(ConnectX *cx, struct cx_cmd *cmd)
{
	uint8_t *context = IFC_PTR(query_rqt_out, cmd->out, rqt_context);
	uint8_t *list = context + IFC_SIZE(rqtc);
	struct cx_rqt *rqt = cmd->object;
	uint32_t i;

	if (cmd_room(cmd, list) < rqt->size * IFC_SIZE(rq_num))
		return CX_BAD_OUTPUT_LEN;
	IFC_SET(rqtc, context, rqt_max_size, rqt->max_size);
	IFC_SET(rqtc, context, rqt_actual_size, rqt->size);
	for (i = 0; i < rqt->size; i++)
		IFC_SET(rq_num, list + i * IFC_SIZE(rq_num), rq_num,
			rqt->rqs[i]->num);
	return CX_OK;
}

const struct cx_op rss_ops[] = {
	CX_OP(CREATE_TIR, create_tir, CX_READY),
	CX_OP_ON(MODIFY_TIR, modify_tir, CX_TIR, tirn),
	CX_OP_ON(QUERY_TIR, query_tir, CX_TIR, tirn),
	CX_OP_DESTROY(DESTROY_TIR, destroy_tir, CX_TIR, tirn),
	CX_OP(CREATE_TIS, create_tis, CX_READY),
	CX_OP_ON(MODIFY_TIS, modify_tis, CX_TIS, tisn),
	CX_OP_ON(QUERY_TIS, query_tis, CX_TIS, tisn),
	CX_OP_DESTROY(DESTROY_TIS, destroy_tis, CX_TIS, tisn),
	CX_OP(CREATE_RQT, create_rqt, CX_READY),
	CX_OP_ON(MODIFY_RQT, modify_rqt, CX_RQT, rqtn),
	CX_OP_ON(QUERY_RQT, query_rqt, CX_RQT, rqtn),
	CX_OP_DESTROY(DESTROY_RQT, destroy_rqt, CX_RQT, rqtn),
	{}
};
