// SPDX-License-Identifier: GPL-2.0
/*
 * Capabilities: the features that this function advertises to the driver.
 *
 * Only modelled features are advertised, so the driver asks for no others.
 * Layouts: struct mlx5_ifc_*cap_bits.
 */
#include "connectx.h"

#define CAP_SIZE	4096

/* The bit of cq_period_mode_modify in cmd_hca_cap. Linux 6.1 has no name for it. */
#define PERIOD_MODE_MODIFY	(IFC_AT(cmd_hca_cap, cq_moderation) + 1)

/* "op_mod" of QUERY_HCA_CAP: bits 15:1 are the group. Bit 0: current values. */
enum { GROUP_GENERAL = 0, GROUP_ETHERNET = 1, GROUP_FLOW_TABLE = 7 };

/*
 * Fill in the general capabilities: all that is supported or, if @wanted is not
 * NULL, no more of each field than the driver asks for there. The fields that are
 * not listed here are 0, whatever the driver asks for.
 */
static void general(ConnectX *cx, const uint8_t *wanted, uint8_t *caps)
{
#define CAP(field, val)							\
	IFC_SET(cmd_hca_cap, caps, field, !wanted ? (uint64_t)(val) :	\
		MIN((uint64_t)(val), IFC_GET(cmd_hca_cap, wanted, field)))
	CAP(port_type, 1);			/* Ethernet */
	CAP(num_ports, 1);
	CAP(eth_net_offloads, 1);
	CAP(nic_flow_table, 1);
	CAP(cqe_version, 1);
	CAP(log_pg_sz, CX_PAGE_SHIFT);
	CAP(uar_sz, 5);				/* log2 of the MiB of UARs */
	CAP(log_bf_reg_size, 9);
	CAP(max_wqe_sz_sq, CX_MAX_SEND_WQE);
	CAP(max_wqe_sz_rq, CX_MAX_RECV_WQE);
	CAP(log_max_wq_sz, CX_LOG_MAX_WQ);
	CAP(log_max_qp_sz, CX_LOG_MAX_WQ);
	CAP(log_max_cq_sz, CX_LOG_MAX_CQ);
	CAP(log_max_eq_sz, CX_LOG_MAX_EQ);
	CAP(log_max_eq, 5);
	CAP(log_max_cq, 10);
	CAP(log_max_sq, 10);
	CAP(log_max_rq, 10);
	CAP(log_max_qp, 10);
	CAP(log_max_tir, 10);
	CAP(log_max_tis, 10);
	CAP(log_max_rqt, 10);
	CAP(log_max_rqt_size, CX_LOG_MAX_RQT);
	CAP(log_max_mkey, 12);
	CAP(log_max_mrw_sz, 64);
	CAP(log_max_pd, 10);
	CAP(log_max_transport_domain, 10);
	CAP(log_max_current_uc_list, 7);
	CAP(log_max_current_mc_list, 11);
	CAP(log_max_vlan_list, 12);
	CAP(max_qp_cnt, 255);			/* Q counters */
	CAP(cq_moderation, 1);
	CAP(cq_period_start_from_cqe, 1);
	CAP(nic_receive_steering_discard, 1);
	CAP(vport_counters, 1);
	CAP(driver_version, 1);
	/* The internal timer counts nanoseconds. */
	CAP(device_frequency_khz, 1000000);
	CAP(striding_rq, cx->prop.striding_rq);
	CAP(umr_ptr_rlky, cx->prop.striding_rq);
	CAP(ext_stride_num_range, cx->prop.striding_rq);
#undef CAP
	ifc_set(caps, PERIOD_MODE_MODIFY, 1,
		!wanted || ifc_get(wanted, PERIOD_MODE_MODIFY, 1));
}

static void ethernet(ConnectX *cx, uint8_t *caps)
{
#define CAP(field, val) \
	IFC_SET(per_protocol_networking_offload_caps, caps, field, val)
	CAP(csum_cap, 1);
	CAP(vlan_cap, 1);
	CAP(max_lso_cap, CX_LOG_MAX_LSO);
	/* 0: the L2 header must be inline. 2: no header must be. */
	CAP(wqe_inline_mode, cx->prop.inline_l2 ? 0 : 2);
	CAP(wqe_vlan_insert, 1);
	CAP(rss_ind_tbl_cap, CX_LOG_MAX_RQT);
	CAP(self_lb_en_modifiable, 1);
	CAP(cqe_checksum_full, 1);
	CAP(enhanced_multi_pkt_send_wqe, cx->prop.multi_packet_wqe);
	CAP(reg_umr_sq, cx->prop.striding_rq);
#undef CAP
}

/* The fields that a flow table may match, as a whole or under a mask. */
static void match_fields(uint8_t *caps)
{
#define CAP(field, val) \
	IFC_SET(flow_table_fields_supported, caps, field, val)
	CAP(outer_dmac, 1);
	CAP(outer_smac, 1);
	CAP(outer_ether_type, 1);
	CAP(outer_ip_version, 1);
	CAP(outer_first_prio, 1);
	CAP(outer_first_cfi, 1);
	CAP(outer_first_vid, 1);
	CAP(outer_ipv4_ttl, 1);
	CAP(outer_sip, 1);
	CAP(outer_dip, 1);
	CAP(outer_frag, 1);
	CAP(outer_ip_protocol, 1);
	CAP(outer_ip_ecn, 1);
	CAP(outer_ip_dscp, 1);
	CAP(outer_udp_sport, 1);
	CAP(outer_udp_dport, 1);
	CAP(outer_tcp_sport, 1);
	CAP(outer_tcp_dport, 1);
	CAP(outer_tcp_flags, 1);
#undef CAP
}

static void flow_table(ConnectX *cx, uint8_t *caps)
{
	uint8_t *receive = IFC_PTR(flow_table_nic_cap, caps,
				   flow_table_properties_nic_receive);

	IFC_SET(flow_table_nic_cap, caps, nic_rx_multi_path_tirs, 1);
	IFC_SET(flow_table_nic_cap, caps, nic_rx_multi_path_tirs_fts, 1);
#define CAP(field, val)	IFC_SET(flow_table_prop_layout, receive, field, val)
	CAP(ft_support, 1);
	CAP(flow_modify_en, 1);
	CAP(modify_root, 1);
	CAP(identified_miss_table_mode, 1);
	CAP(flow_table_modify, 1);
	CAP(log_max_ft_size, CX_LOG_MAX_FT_SIZE);
	CAP(max_ft_level, CX_MAX_FT_LEVEL);
	CAP(log_max_ft_num, 10);
	CAP(log_max_destination, CX_LOG_MAX_DEST);
	CAP(log_max_flow, CX_LOG_MAX_FLOW);
#undef CAP
	match_fields(IFC_PTR(flow_table_prop_layout, receive, ft_field_support));
	match_fields(IFC_PTR(flow_table_prop_layout, receive,
			     ft_field_bitmask_support));
}

void caps_reset(ConnectX *cx)
{
	if (!cx->caps_current)
		cx->caps_current = g_malloc(CAP_SIZE);
	memset(cx->caps_current, 0, CAP_SIZE);
	general(cx, NULL, cx->caps_current);
	cx->log_uar_page = CX_PAGE_SHIFT;
}

static uint8_t cmd_query_hca_cap(ConnectX *cx, struct cx_cmd *cmd)
{
	uint8_t *caps = IFC_PTR(query_hca_cap_out, cmd->out, capability);

	switch (cmd->op_mod >> 1) {
	case GROUP_GENERAL:
		if (cmd->op_mod & 1) {
			memcpy(caps, cx->caps_current, IFC_SIZE(cmd_hca_cap));
		} else {
			general(cx, NULL, caps);
			IFC_SET(cmd_hca_cap, caps, log_uar_page_sz,
				CX_LOG_MAX_UAR_PAGE - CX_PAGE_SHIFT);
		}
		return CX_OK;
	case GROUP_ETHERNET:
		ethernet(cx, caps);
		return CX_OK;
	case GROUP_FLOW_TABLE:
		flow_table(cx, caps);
		return CX_OK;
	default:
		return CX_BAD_PARAM;
	}
}

/*
 * The driver cannot get more than is advertised. Each field is a number, and a flag
 * is a number of one bit: the smaller one of the driver's and the advertised number
 * counts. log_uar_page_sz is different, because it decides where the doorbells are: a
 * size that is not supported is an error. It can change only while there are no UARs,
 * that is before INIT_HCA.
 */
static uint8_t cmd_set_hca_cap(ConnectX *cx, struct cx_cmd *cmd)
{
	const uint8_t *caps = IFC_PTR(set_hca_cap_in, cmd->in, capability);
	uint64_t log_uar = CX_PAGE_SHIFT + IFC_GET(cmd_hca_cap, caps, log_uar_page_sz);

	if (cx->stage == CX_READY)
		return CX_BAD_SYS_STATE;
	if (cmd->op_mod >> 1 != GROUP_GENERAL || log_uar > CX_LOG_MAX_UAR_PAGE ||
	    IFC_GET(set_hca_cap_in, cmd->in, other_function))
		return CX_BAD_PARAM;
	memset(cx->caps_current, 0, CAP_SIZE);
	general(cx, caps, cx->caps_current);
	cx->log_uar_page = log_uar;
	IFC_SET(cmd_hca_cap, cx->caps_current, log_uar_page_sz, log_uar - CX_PAGE_SHIFT);
	return CX_OK;
}

const struct cx_op caps_ops[] = {
	CX_OP(QUERY_HCA_CAP, query_hca_cap, CX_ENABLED),
	CX_OP(SET_HCA_CAP, set_hca_cap, CX_ENABLED),
	{}
};
