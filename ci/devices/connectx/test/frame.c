// SPDX-License-Identifier: GPL-2.0
/*
 * Frames for the tests. The checksums are computed here byte by byte, not by the
 * code under test.
 */
#include "test.h"

#include <arpa/inet.h>

static uint32_t sum_bytes(const uint8_t *data, size_t len)
{
	uint32_t sum = 0;
	size_t i;

	for (i = 0; i < len; i++)
		sum += i % 2 ? data[i] : data[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

static size_t build_ethernet(uint8_t *frame, const struct flow *flow)
{
	static const uint8_t macs[12] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2 };
	size_t at = sizeof(macs);

	memcpy(frame, macs, sizeof(macs));
	if (flow->vlan) {
		stw_be_p(frame + at, 0x8100);
		stw_be_p(frame + at + 2, flow->vlan);
		at += 4;
	}
	stw_be_p(frame + at, flow->family == AF_INET ? 0x0800 : 0x86dd);
	return at + 2;
}

/* Returns the sum of the pseudo header. */
static uint32_t build_ip(uint8_t *ip, const struct flow *flow, size_t bytes)
{
	uint32_t sum = flow->protocol + (bytes >> 16) + (bytes & 0xffff);

	if (flow->family == AF_INET) {
		memset(ip, 0, 20);
		ip[0] = 0x45;
		stw_be_p(ip + 2, 20 + bytes);
		stw_be_p(ip + 4, 0xfffe);	/* it wraps in a test */
		ip[8] = 64;
		ip[9] = flow->protocol;
		inet_pton(AF_INET, flow->source, ip + 12);
		inet_pton(AF_INET, flow->dest, ip + 16);
		stw_be_p(ip + 10, fold(sum_bytes(ip, 20)));
		return sum + sum_bytes(ip + 12, 8);
	}
	memset(ip, 0, 40);
	ip[0] = 0x60;
	stw_be_p(ip + 4, bytes);
	ip[6] = flow->protocol;
	ip[7] = 64;
	inet_pton(AF_INET6, flow->source, ip + 8);
	inet_pton(AF_INET6, flow->dest, ip + 24);
	return sum + sum_bytes(ip + 8, 32);
}

static void build_l4(uint8_t *l4, const struct flow *flow, size_t bytes,
		     uint32_t pseudo)
{
	size_t header = flow->protocol == IPPROTO_TCP ? 20 : 8;
	uint8_t *check = l4 + (flow->protocol == IPPROTO_TCP ? 16 : 6);
	size_t i;

	memset(l4, 0, header);
	stw_be_p(l4, flow->sport);
	stw_be_p(l4 + 2, flow->dport);
	if (flow->protocol == IPPROTO_TCP) {
		stl_be_p(l4 + 4, 0xfffffff0);	/* it wraps */
		l4[12] = 5 << 4;
		l4[13] = 0x99;			/* CWR, ACK, PSH, FIN */
	} else {
		stw_be_p(l4 + 4, bytes);
	}
	for (i = header; i < bytes; i++)
		l4[i] = i * 7 + (i >> 8);
	stw_be_p(check, fold(pseudo + sum_bytes(l4, bytes)));
}

size_t frame_build(uint8_t *frame, const struct flow *flow, size_t payload,
		   size_t *header)
{
	size_t l3 = build_ethernet(frame, flow);
	size_t l4 = l3 + (flow->family == AF_INET ? 20 : 40);
	size_t l4_header = flow->protocol == IPPROTO_TCP ? 20 : 8;
	uint32_t pseudo = build_ip(frame + l3, flow, l4_header + payload);

	build_l4(frame + l4, flow, l4_header + payload, pseudo);
	if (header)
		*header = l4 + l4_header;
	return l4 + l4_header + payload;
}
