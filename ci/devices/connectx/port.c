// SPDX-License-Identifier: GPL-2.0
/*
 * The port and the vport: link, MTU, addresses, statistics.
 *
 * One function has the port to itself, without a switch in between. So the
 * device only stores the vport's lists that the driver writes, and returns
 * them. The driver's own flow tables decide what it receives. The layouts of
 * the registers are struct mlx5_ifc_*_reg_bits.
 */
#include "connectx.h"

#include "net/eth.h"

/* ACCESS_REG: register numbers, and "op_mod". */
enum {
	REG_PMTU	= 0x5003,
	REG_PTYS	= 0x5004,
	REG_PAOS	= 0x5006,
	REG_PFCC	= 0x5007,
	REG_PPCNT	= 0x5008,
	REG_ENDIANNESS	= 0x7004,
};

enum { REG_WRITE = 0, REG_READ = 1 };
#define REG_DATA	16	/* offset in input and output */

/* States of PAOS. */
enum { STATUS_UP = 1, STATUS_DOWN = 2 };

#define PROTO_100G_CR4	(1u << 20)	/* of the link modes in PTYS */

/* Groups of PPCNT. */
enum {
	GROUP_802_3	= 0x00,
	GROUP_RFC2863	= 0x01,
	GROUP_RFC2819	= 0x02,
	GROUP_PER_PRIO	= 0x10,
	GROUP_PHYSICAL	= 0x12,
};

#define FCS_LEN		4
#define MAX_ADDRESSES	2048
#define ADDRESS_SIZE	8	/* of an entry in the vport's lists */
#define LISTS		3	/* unicast, multicast, VLANs */

/* Upper ends, with FCS, of the ranges of RFC 2819. mlx5 goes on to 10239. */
static const uint16_t size_ends[] = {
	64, 127, 255, 511, 1023, 1518, 2047, 4095, 8191, 10239,
};

struct cx_port {
	uint8_t mac[ETH_ALEN];
	uint16_t vport_mtu;	/* MTUs with CX_L2_OVERHEAD */
	uint16_t port_mtu;
	bool admin_up;
	bool was_up;
	uint8_t promisc;	/* unicast, multicast, all: bits 2:0 */
	uint8_t vport_state;
	uint8_t pause[8];	/* the settings of PFCC, without effect */
	bool big_endian;	/* HOST_ENDIANNESS, without effect */
	GByteArray *lists[LISTS];
	uint64_t link_downs;
	uint64_t too_long;
	uint64_t sizes[ARRAY_SIZE(size_ends)];
};

struct q_counter {
	struct cx_object object;
	uint32_t out_of_buffer;
};

/* ---- link ---- */

bool port_is_up(ConnectX *cx)
{
	return cx->port->admin_up && !qemu_get_queue(cx->nic)->link_down;
}

void port_link_changed(ConnectX *cx)
{
	uint8_t data[28] = {};
	bool up = port_is_up(cx);

	if (up == cx->port->was_up)
		return;
	cx->port->was_up = up;
	cx->port->link_downs += !up;
	data[8] = 1 << 4;	/* port 1 */
	event_post(cx, up ? CX_EVENT_PORT_UP : CX_EVENT_PORT_DOWN, data);
}

/* ---- frames ---- */

void traffic_count(struct cx_traffic *traffic, const uint8_t *frame, size_t len)
{
	unsigned int cast = packet_cast(frame);

	traffic->packets[cast]++;
	traffic->bytes[cast] += len;
}

static void count_size(struct cx_port *port, size_t len)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(size_ends) - 1; i++)
		if (len + FCS_LEN <= size_ends[i])
			break;
	port->sizes[i]++;
}

void port_transmit(ConnectX *cx, const uint8_t *frame, size_t len)
{
	if (!port_is_up(cx))
		return;
	traffic_count(&cx->stats.wire_tx, frame, len);
	qemu_send_packet(qemu_get_queue(cx->nic), frame, len);
}

bool port_receive(ConnectX *cx, const uint8_t *frame, size_t len)
{
	if (len < ETH_HLEN || !port_is_up(cx))
		return true;
	if (!receive_has_room(cx))
		return false;
	traffic_count(&cx->stats.wire_rx, frame, len);
	count_size(cx->port, len);
	if (len + FCS_LEN > cx->port->port_mtu)
		cx->port->too_long++;
	else if (!receive_frame(cx, frame, len))
		cx->stats.wire_rx_discards++;
	return true;
}

void port_out_of_buffer(ConnectX *cx, uint32_t id)
{
	struct q_counter *counter = cx_object_find(cx, CX_Q_COUNTER, id);

	if (counter)
		counter->out_of_buffer++;
}

/* ---- statistics ---- */

static uint64_t total(const uint64_t counts[CX_CASTS])
{
	return counts[CX_UNICAST] + counts[CX_MULTICAST] + counts[CX_BROADCAST];
}

/* Each frame has an FCS on the wire. */
static uint64_t wire_bytes(const struct cx_traffic *traffic)
{
	return total(traffic->bytes) + FCS_LEN * total(traffic->packets);
}

/* Set a 64-bit counter, which is a pair of fields with the high one first. */
#define SET64(layout, p, field, val) \
	stq_be_p(IFC_PTR(layout, p, field##_high), val)

static void fill_802_3(ConnectX *cx, uint8_t *set)
{
	const struct cx_traffic *rx = &cx->stats.wire_rx;
	const struct cx_traffic *tx = &cx->stats.wire_tx;

#define PUT(field, val)	SET64(eth_802_3_cntrs_grp_data_layout, set, field, val)
	PUT(a_frames_transmitted_ok, total(tx->packets));
	PUT(a_frames_received_ok, total(rx->packets));
	PUT(a_octets_transmitted_ok, wire_bytes(tx));
	PUT(a_octets_received_ok, wire_bytes(rx));
	PUT(a_multicast_frames_xmitted_ok, tx->packets[CX_MULTICAST]);
	PUT(a_broadcast_frames_xmitted_ok, tx->packets[CX_BROADCAST]);
	PUT(a_multicast_frames_received_ok, rx->packets[CX_MULTICAST]);
	PUT(a_broadcast_frames_received_ok, rx->packets[CX_BROADCAST]);
	PUT(a_frame_too_long_errors, cx->port->too_long);
#undef PUT
}

static void fill_2863(ConnectX *cx, uint8_t *set)
{
	const struct cx_traffic *rx = &cx->stats.wire_rx;
	const struct cx_traffic *tx = &cx->stats.wire_tx;

#define PUT(field, val)	SET64(eth_2863_cntrs_grp_data_layout, set, field, val)
	PUT(if_in_octets, wire_bytes(rx));
	PUT(if_in_ucast_pkts, rx->packets[CX_UNICAST]);
	PUT(if_in_discards, cx->stats.wire_rx_discards);
	PUT(if_in_errors, cx->port->too_long);
	PUT(if_out_octets, wire_bytes(tx));
	PUT(if_out_ucast_pkts, tx->packets[CX_UNICAST]);
	PUT(if_in_multicast_pkts, rx->packets[CX_MULTICAST]);
	PUT(if_in_broadcast_pkts, rx->packets[CX_BROADCAST]);
	PUT(if_out_multicast_pkts, tx->packets[CX_MULTICAST]);
	PUT(if_out_broadcast_pkts, tx->packets[CX_BROADCAST]);
#undef PUT
}

static void fill_2819(ConnectX *cx, uint8_t *set)
{
	const struct cx_traffic *rx = &cx->stats.wire_rx;
	uint8_t *sizes = IFC_PTR(eth_2819_cntrs_grp_data_layout, set,
				 ether_stats_pkts64octets_high);
	size_t i;

#define PUT(field, val)	SET64(eth_2819_cntrs_grp_data_layout, set, field, val)
	PUT(ether_stats_octets, wire_bytes(rx));
	PUT(ether_stats_pkts, total(rx->packets));
	PUT(ether_stats_multicast_pkts, rx->packets[CX_MULTICAST]);
	PUT(ether_stats_broadcast_pkts, rx->packets[CX_BROADCAST]);
	PUT(ether_stats_oversize_pkts, cx->port->too_long);
#undef PUT
	for (i = 0; i < ARRAY_SIZE(size_ends); i++)
		stq_be_p(sizes + 8 * i, cx->port->sizes[i]);
}

/* The device has no priorities: all traffic has priority 0. */
static void fill_prio(ConnectX *cx, uint8_t *set)
{
#define PUT(field, val) \
	SET64(eth_per_prio_grp_data_layout, set, field, val)
	PUT(rx_octets, wire_bytes(&cx->stats.wire_rx));
	PUT(rx_frames, total(cx->stats.wire_rx.packets));
	PUT(tx_octets, wire_bytes(&cx->stats.wire_tx));
	PUT(tx_frames, total(cx->stats.wire_tx.packets));
#undef PUT
}

static void reg_ppcnt(ConnectX *cx, uint8_t *reg)
{
	uint8_t *set = IFC_PTR(ppcnt_reg, reg, counter_set);

	switch (IFC_GET(ppcnt_reg, reg, grp)) {
	case GROUP_802_3:
		fill_802_3(cx, set);
		break;
	case GROUP_RFC2863:
		fill_2863(cx, set);
		break;
	case GROUP_RFC2819:
		fill_2819(cx, set);
		break;
	case GROUP_PER_PRIO:
		if (!IFC_GET(ppcnt_reg, reg, prio_tc))
			fill_prio(cx, set);
		break;
	case GROUP_PHYSICAL:
		IFC_SET(phys_layer_cntrs, set, link_down_events,
			cx->port->link_downs);
		break;
	}
}

/* ---- registers ---- */

static uint8_t reg_pmtu(ConnectX *cx, uint8_t *reg, bool write)
{
	uint32_t mtu = IFC_GET(pmtu_reg, reg, admin_mtu);

	if (write && mtu > CX_MAX_FRAME)
		return CX_BAD_PARAM;
	if (write)
		cx->port->port_mtu = mtu;
	IFC_SET(pmtu_reg, reg, max_mtu, CX_MAX_FRAME);
	IFC_SET(pmtu_reg, reg, admin_mtu, cx->port->port_mtu);
	IFC_SET(pmtu_reg, reg, oper_mtu, cx->port->port_mtu);
	return CX_OK;
}

static uint8_t reg_ptys(ConnectX *cx, uint8_t *reg, bool write)
{
	if (write && IFC_GET(ptys_reg, reg, eth_proto_admin) != PROTO_100G_CR4)
		return CX_BAD_PARAM;
	IFC_SET(ptys_reg, reg, eth_proto_capability, PROTO_100G_CR4);
	IFC_SET(ptys_reg, reg, eth_proto_admin, PROTO_100G_CR4);
	IFC_SET(ptys_reg, reg, eth_proto_oper,
		port_is_up(cx) ? PROTO_100G_CR4 : 0);
	return CX_OK;
}

static uint8_t reg_paos(ConnectX *cx, uint8_t *reg, bool write)
{
	uint32_t status = IFC_GET(paos_reg, reg, admin_status);

	if (write && status != STATUS_UP && status != STATUS_DOWN)
		return CX_BAD_PARAM;
	if (write) {
		cx->port->admin_up = status == STATUS_UP;
		port_link_changed(cx);
	}
	IFC_SET(paos_reg, reg, admin_status,
		cx->port->admin_up ? STATUS_UP : STATUS_DOWN);
	IFC_SET(paos_reg, reg, oper_status,
		port_is_up(cx) ? STATUS_UP : STATUS_DOWN);
	return CX_OK;
}

static uint8_t reg_pfcc(ConnectX *cx, uint8_t *reg, bool write)
{
	uint8_t *settings = IFC_PTR(pfcc_reg, reg, pptx);

	if (write)
		memcpy(cx->port->pause, settings, sizeof(cx->port->pause));
	else
		memcpy(settings, cx->port->pause, sizeof(cx->port->pause));
	return CX_OK;
}

/*
 * The driver of a physical function says which byte order its CPU has. The device
 * needs that for atomic operations only, which it does not have.
 */
static uint8_t reg_endianness(ConnectX *cx, uint8_t *reg, bool write)
{
	if (write && reg[0] & 0x7f)
		return CX_BAD_PARAM;
	if (write)
		cx->port->big_endian = IFC_GET(register_host_endianness, reg, he);
	memset(reg, 0, IFC_SIZE(register_host_endianness));
	IFC_SET(register_host_endianness, reg, he, cx->port->big_endian);
	return CX_OK;
}

static const struct {
	uint16_t num;
	uint8_t (*run)(ConnectX *cx, uint8_t *reg, bool write);
	uint32_t size;
} registers[] = {
	{ REG_PMTU, reg_pmtu, IFC_SIZE(pmtu_reg) },
	{ REG_PTYS, reg_ptys, IFC_SIZE(ptys_reg) },
	{ REG_PAOS, reg_paos, IFC_SIZE(paos_reg) },
	{ REG_PFCC, reg_pfcc, IFC_SIZE(pfcc_reg) },
	{ REG_ENDIANNESS, reg_endianness, IFC_SIZE(register_host_endianness) },
};

static uint8_t cmd_access_register(ConnectX *cx, struct cx_cmd *cmd)
{
	uint32_t num = IFC_GET(access_register_in, cmd->in, register_id);
	uint8_t reg[IFC_SIZE(ppcnt_reg)] = {};
	uint8_t status = CX_BAD_PARAM;
	uint32_t len;
	size_t i;

	if (cmd->op_mod > REG_READ)
		return CX_BAD_PARAM;
	len = MIN(cmd_rest(cmd, cmd->in + REG_DATA), sizeof(reg));
	memcpy(reg, cmd->in + REG_DATA, len);
	if (num == REG_PPCNT && cmd->op_mod == REG_READ) {
		reg_ppcnt(cx, reg);
		status = CX_OK;
	}
	for (i = 0; i < ARRAY_SIZE(registers); i++)
		if (registers[i].num == num && registers[i].size <= len)
			status = registers[i].run(cx, reg,
						  cmd->op_mod == REG_WRITE);
	cx_trace(cx, "register 0x%x %s: status %u", num,
		 cmd->op_mod == REG_WRITE ? "write" : "read", status);
	len = MIN(sizeof(reg), cmd_room(cmd, cmd->out + REG_DATA));
	memcpy(cmd->out + REG_DATA, reg, len);
	return status;
}

/* ---- vport ---- */

static uint8_t cmd_query_vport_state(ConnectX *cx, struct cx_cmd *cmd)
{
	IFC_SET(query_vport_state_out, cmd->out, admin_state,
		cx->port->vport_state);
	IFC_SET(query_vport_state_out, cmd->out, state, port_is_up(cx));
	return CX_OK;
}

static uint8_t cmd_modify_vport_state(ConnectX *cx, struct cx_cmd *cmd)
{
	cx->port->vport_state = IFC_GET(modify_vport_state_in, cmd->in,
					admin_state);
	return CX_OK;
}

static uint8_t cmd_query_nic_vport_context(ConnectX *cx, struct cx_cmd *cmd)
{
	uint8_t *context = IFC_PTR(query_nic_vport_context_out, cmd->out,
				   nic_vport_context);
	uint32_t type = IFC_GET(query_nic_vport_context_in, cmd->in,
				allowed_list_type);
	uint8_t *list = IFC_PTR(nic_vport_context, context,
				current_uc_mac_address);
	GByteArray *kept;

	if (type >= LISTS)
		return CX_BAD_PARAM;
	kept = cx->port->lists[type];
	memcpy(IFC_PTR(nic_vport_context, context, permanent_address) + 2,
	       cx->port->mac, ETH_ALEN);
	IFC_SET(nic_vport_context, context, mtu, cx->port->vport_mtu);
	IFC_SET(nic_vport_context, context, promisc_uc, cx->port->promisc >> 2);
	IFC_SET(nic_vport_context, context, promisc_mc, cx->port->promisc >> 1);
	IFC_SET(nic_vport_context, context, promisc_all, cx->port->promisc);
	IFC_SET(nic_vport_context, context, allowed_list_type, type);
	IFC_SET(nic_vport_context, context, allowed_list_size,
		kept->len / ADDRESS_SIZE);
	if (kept->len)
		memcpy(list, kept->data, MIN(kept->len, cmd_room(cmd, list)));
	return CX_OK;
}

static uint8_t set_list(ConnectX *cx, struct cx_cmd *cmd, const uint8_t *context)
{
	const uint8_t *list = IFC_PTR(nic_vport_context, context,
				      current_uc_mac_address);
	uint32_t type = IFC_GET(nic_vport_context, context, allowed_list_type);
	uint32_t count = IFC_GET(nic_vport_context, context, allowed_list_size);

	if (type >= LISTS || count > MAX_ADDRESSES)
		return CX_BAD_PARAM;
	if (count > cmd_rest(cmd, list) / ADDRESS_SIZE)
		return CX_BAD_INPUT_LEN;
	g_byte_array_set_size(cx->port->lists[type], 0);
	g_byte_array_append(cx->port->lists[type], list, count * ADDRESS_SIZE);
	return CX_OK;
}

static uint8_t cmd_modify_nic_vport_context(ConnectX *cx, struct cx_cmd *cmd)
{
	const uint8_t *select = IFC_PTR(modify_nic_vport_context_in, cmd->in,
					field_select);
	const uint8_t *context = IFC_PTR(modify_nic_vport_context_in, cmd->in,
					 nic_vport_context);
	struct cx_port *port = cx->port;

#define SELECTED(field)	IFC_GET(modify_nic_vport_field_select, select, field)
	if (SELECTED(mtu))
		port->vport_mtu = IFC_GET(nic_vport_context, context, mtu);
	if (SELECTED(permanent_address))
		memcpy(port->mac, IFC_PTR(nic_vport_context, context,
					  permanent_address) + 2, ETH_ALEN);
	if (SELECTED(promisc))
		port->promisc = IFC_GET(nic_vport_context, context, promisc_uc) << 2 |
				IFC_GET(nic_vport_context, context, promisc_mc) << 1 |
				IFC_GET(nic_vport_context, context, promisc_all);
	if (SELECTED(addresses_list))
		return set_list(cx, cmd, context);
#undef SELECTED
	return CX_OK;
}

static uint8_t cmd_query_vport_counter(ConnectX *cx, struct cx_cmd *cmd)
{
	const struct cx_traffic *rx = &cx->stats.vport_rx;
	const struct cx_traffic *tx = &cx->stats.vport_tx;
	uint8_t *out = cmd->out;

#define PUT(field, traffic, cast) \
	(IFC_SET(query_vport_counter_out, out, field.packets, (traffic)->packets[cast]), \
	 IFC_SET(query_vport_counter_out, out, field.octets, (traffic)->bytes[cast]))
	PUT(received_eth_unicast, rx, CX_UNICAST);
	PUT(received_eth_multicast, rx, CX_MULTICAST);
	PUT(received_eth_broadcast, rx, CX_BROADCAST);
	PUT(transmitted_eth_unicast, tx, CX_UNICAST);
	PUT(transmitted_eth_multicast, tx, CX_MULTICAST);
	PUT(transmitted_eth_broadcast, tx, CX_BROADCAST);
#undef PUT
	IFC_SET(query_vport_counter_out, out, transmit_errors.packets,
		cx->stats.tx_errors);
	return CX_OK;
}

static uint8_t cmd_query_vnic_env(ConnectX *cx, struct cx_cmd *cmd)
{
	IFC_SET(query_vnic_env_out, cmd->out,
		vport_env.nic_receive_steering_discard,
		cx->stats.rx_steering_drops);
	return CX_OK;
}

/* ---- Q counters ---- */

static uint8_t cmd_alloc_q_counter(ConnectX *cx, struct cx_cmd *cmd)
{
	struct q_counter *counter;

	counter = cx_object_new(cx, CX_Q_COUNTER, sizeof(*counter), NULL);
	if (!counter)
		return CX_NO_RES;
	IFC_SET(alloc_q_counter_out, cmd->out, counter_set_id,
		counter->object.num);
	return CX_OK;
}

static uint8_t cmd_query_q_counter(ConnectX *cx, struct cx_cmd *cmd)
{
	struct q_counter *counter = cmd->object;

	IFC_SET(query_q_counter_out, cmd->out, out_of_buffer,
		counter->out_of_buffer);
	if (IFC_GET(query_q_counter_in, cmd->in, clear))
		counter->out_of_buffer = 0;
	return CX_OK;
}

void port_reset(ConnectX *cx)
{
	struct cx_port *port = cx->port;
	unsigned int i;

	memcpy(port->mac, cx->conf.macaddr.a, ETH_ALEN);
	port->vport_mtu = 1500 + CX_L2_OVERHEAD;
	port->port_mtu = CX_MAX_FRAME;
	port->admin_up = true;
	port->was_up = true;
	port->promisc = 0;
	port->vport_state = 2;	/* it follows the port */
	memset(port->pause, 0, sizeof(port->pause));
	port->big_endian = false;
	for (i = 0; i < LISTS; i++)
		g_byte_array_set_size(port->lists[i], 0);
}

void port_init(ConnectX *cx)
{
	unsigned int i;

	cx->port = g_new0(struct cx_port, 1);
	for (i = 0; i < LISTS; i++)
		cx->port->lists[i] = g_byte_array_new();
}

void port_exit(ConnectX *cx)
{
	unsigned int i;

	for (i = 0; i < LISTS; i++)
		g_byte_array_unref(cx->port->lists[i]);
	g_clear_pointer(&cx->port, g_free);
}

const struct cx_op port_ops[] = {
	CX_OP(ACCESS_REG, access_register, CX_ENABLED),
	CX_OP(QUERY_VPORT_STATE, query_vport_state, CX_READY),
	CX_OP(MODIFY_VPORT_STATE, modify_vport_state, CX_READY),
	CX_OP(QUERY_NIC_VPORT_CONTEXT, query_nic_vport_context, CX_READY),
	CX_OP(MODIFY_NIC_VPORT_CONTEXT, modify_nic_vport_context, CX_READY),
	CX_OP(QUERY_VPORT_COUNTER, query_vport_counter, CX_READY),
	CX_OP(QUERY_VNIC_ENV, query_vnic_env, CX_READY),
	CX_OP(ALLOC_Q_COUNTER, alloc_q_counter, CX_READY),
	CX_OP_DESTROY(DEALLOC_Q_COUNTER, dealloc_q_counter, CX_Q_COUNTER, counter_set_id),
	CX_OP_ON(QUERY_Q_COUNTER, query_q_counter, CX_Q_COUNTER, counter_set_id),
	{}
};
