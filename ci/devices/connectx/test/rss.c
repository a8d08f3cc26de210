// SPDX-License-Identifier: GPL-2.0
/*
 * The hash and the table that it selects from. The vectors are those that
 * Microsoft publishes with NDIS ("Verifying the RSS Hash Calculation").
 */
#include "test.h"

#define IP_FIELDS	0x3
#define ALL_FIELDS	0xf

static const uint8_t key[40] = {
	0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67,
	0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb,
	0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30,
	0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
};

static const struct vector {
	struct flow flow;
	uint32_t ip;
	uint32_t tcp;
} vectors[] = {
	{ { AF_INET, "66.9.149.187", "161.142.100.80", IPPROTO_TCP, 2794, 1766 },
	  0x323e8fc2, 0x51ccc178 },
	{ { AF_INET, "199.92.111.2", "65.69.140.83", IPPROTO_TCP, 14230, 4739 },
	  0xd718262a, 0xc626b0ea },
	{ { AF_INET, "24.19.198.95", "12.22.207.184", IPPROTO_TCP, 12898, 38024 },
	  0xd2d0a5de, 0x5c2b394a },
	{ { AF_INET, "38.27.205.30", "209.142.163.6", IPPROTO_TCP, 48228, 2217 },
	  0x82989176, 0xafc7327f },
	{ { AF_INET, "153.39.163.191", "202.188.127.2", IPPROTO_TCP, 44251, 1303 },
	  0x5d1809c5, 0x10e828a2 },
	{ { AF_INET6, "3ffe:2501:200:1fff::7", "3ffe:2501:200:3::1", IPPROTO_TCP,
	    2794, 1766 }, 0x2cc18cd5, 0x40207d3d },
	{ { AF_INET6, "3ffe:501:8::260:97ff:fe40:efab", "ff02::1", IPPROTO_TCP,
	    14230, 4739 }, 0x0f0c461c, 0xdde51bbf },
	{ { AF_INET6, "3ffe:1900:4545:3:200:f8ff:fe21:67cf",
	    "fe80::200:f8ff:fe21:67cf", IPPROTO_TCP, 44251, 38024 },
	  0x4b61e985, 0x02d1feef },
};

/* A TIR with @rqt that hashes packets of the same protocols as @flow. */
static uint32_t hashing_tir(uint32_t rqt, const struct flow *flow,
			    uint8_t function, uint32_t fields, bool symmetric)
{
	uint8_t context[IFC_SIZE(tirc)] = {}, *selector;

	selector = IFC_PTR(tirc, context, rx_hash_field_selector_outer);
	IFC_SET(tirc, context, disp_type, MLX5_TIRC_DISP_TYPE_INDIRECT);
	IFC_SET(tirc, context, indirect_table, rqt);
	IFC_SET(tirc, context, rx_hash_fn, function);
	IFC_SET(tirc, context, rx_hash_symmetric, symmetric);
	memcpy(IFC_PTR(tirc, context, rx_hash_toeplitz_key), key, sizeof(key));
	IFC_SET(rx_hash_field_select, selector, l3_prot_type,
		flow->family == AF_INET6);
	IFC_SET(rx_hash_field_select, selector, l4_prot_type,
		flow->protocol == IPPROTO_UDP);
	IFC_SET(rx_hash_field_select, selector, selected_fields, fields);
	return test_tir(test_object(CX_TD), context);
}

static struct cx_verdict deliver(uint32_t tir, const struct flow *flow)
{
	struct cx_verdict verdict = { 0 };
	struct cx_packet packet;
	uint8_t frame[256];

	packet_parse(&packet, frame, frame_build(frame, flow, 10, NULL));
	rss_deliver(cx, tir, &packet, 5, &verdict);
	CHECK(verdict.count == 1 && verdict.to[0].flow_tag == 5);
	return verdict;
}

static uint32_t hash_of(const struct flow *flow, uint32_t fields, bool symmetric,
			uint8_t type)
{
	uint32_t rq = test_object(CX_RQ);
	uint32_t tir = hashing_tir(test_rqt(&rq, 1), flow,
				   MLX5_RX_HASH_FN_TOEPLITZ, fields, symmetric);
	struct cx_verdict verdict = deliver(tir, flow);

	CHECK(verdict.to[0].hash_type == type);
	return verdict.to[0].hash;
}

static void toeplitz_is_that_of_the_vectors(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(vectors); i++) {
		const struct flow *flow = &vectors[i].flow;
		uint8_t ip = flow->family == AF_INET ? 0x04 : 0x08;

		CHECK(hash_of(flow, IP_FIELDS, false, ip) == vectors[i].ip);
		CHECK(hash_of(flow, ALL_FIELDS, false, ip | 0x40) ==
		      vectors[i].tcp);
	}
}

static void symmetric_hash_is_that_of_the_answer(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(vectors); i++) {
		const struct flow *flow = &vectors[i].flow;
		struct flow answer = {
			flow->family, flow->dest, flow->source, IPPROTO_TCP,
			flow->dport, flow->sport,
		};
		uint8_t type = flow->family == AF_INET ? 0x44 : 0x48;

		CHECK(hash_of(flow, ALL_FIELDS, true, type) ==
		      hash_of(&answer, ALL_FIELDS, true, type));
		CHECK(hash_of(flow, ALL_FIELDS, false, type) !=
		      hash_of(&answer, ALL_FIELDS, false, type));
	}
}

/* A TIR for TCP gets UDP, and a TIR for IPv4 gets IPv6. */
static void other_packets_are_hashed_as_far_as_they_fit(void)
{
	uint32_t rq = test_object(CX_RQ);
	struct flow flow = vectors[0].flow;
	uint32_t tir = hashing_tir(test_rqt(&rq, 1), &flow,
				   MLX5_RX_HASH_FN_TOEPLITZ, ALL_FIELDS, false);
	struct cx_verdict verdict;

	flow.protocol = IPPROTO_UDP;
	verdict = deliver(tir, &flow);
	CHECK(verdict.to[0].hash == vectors[0].ip);
	CHECK(verdict.to[0].hash_type == 0x04);
	verdict = deliver(tir, &vectors[5].flow);
	CHECK(!verdict.to[0].hash && !verdict.to[0].hash_type);
}

/* The driver reverses the bits of the index for this hash. */
static void xor8_finds_the_turned_entry(void)
{
	struct flow flow = { AF_INET, "1.2.4.8", "16.32.64.128", IPPROTO_TCP,
			     0x0100, 0x0000 };
	uint32_t rqs[256], tir, i;
	struct cx_verdict verdict;

	for (i = 0; i < ARRAY_SIZE(rqs); i++)
		rqs[i] = test_object(CX_RQ);
	tir = hashing_tir(test_rqt(rqs, 256), &flow,
			  MLX5_RX_HASH_FN_INVERTED_XOR8, ALL_FIELDS, false);
	verdict = deliver(tir, &flow);	/* xor: 0xff ^ 0x01 */
	CHECK(verdict.to[0].hash == 0x7f);
	CHECK(((struct cx_object *)verdict.to[0].rq)->num == rqs[0x7f]);
}

static uint8_t modify_rqt(uint32_t rqt, uint32_t rq, uint32_t count)
{
	uint8_t in[IFC_SIZE(modify_rqt_in) + IFC_SIZE(rq_num)] = {};
	uint8_t *context = IFC_PTR(modify_rqt_in, in, ctx);

	IFC_SET(modify_rqt_in, in, rqtn, rqt);
	IFC_SET(modify_rqt_in, in, bitmask.rqn_list, 1);
	IFC_SET(rqtc, context, rqt_actual_size, count);
	IFC_SET(rq_num, context + IFC_SIZE(rqtc), rq_num, rq);
	return test_command(MLX5_CMD_OP_MODIFY_RQT, in, sizeof(in), NULL, 0);
}

static void queues_in_a_table_stay(void)
{
	uint32_t rqs[2] = { test_object(CX_RQ), test_object(CX_RQ) };
	uint32_t rqt = test_rqt(rqs, 1);

	CHECK(cx_object_destroy(cx, CX_RQ, rqs[0]) == CX_BAD_RES_STATE);
	CHECK(modify_rqt(rqt, 0x123, 1) == CX_BAD_RES);
	CHECK(modify_rqt(rqt, rqs[1], 2) == CX_BAD_PARAM);
	CHECK(modify_rqt(rqt, rqs[1], 0) == CX_BAD_PARAM);
	CHECK(modify_rqt(rqt, rqs[1], 1) == CX_OK);
	CHECK(cx_object_destroy(cx, CX_RQ, rqs[0]) == CX_OK);
	CHECK(cx_object_destroy(cx, CX_RQ, rqs[1]) == CX_BAD_RES_STATE);
}

const struct test rss_tests[] = {
	TEST(toeplitz_is_that_of_the_vectors),
	TEST(symmetric_hash_is_that_of_the_answer),
	TEST(other_packets_are_hashed_as_far_as_they_fit),
	TEST(xor8_finds_the_turned_entry),
	TEST(queues_in_a_table_stay),
	{}
};
