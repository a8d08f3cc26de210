// SPDX-License-Identifier: GPL-2.0
/*
 * Headers, checksums and segmentation of Ethernet frames: IPv4 (RFC 791), IPv6
 * (RFC 8200), TCP (RFC 9293), UDP (RFC 768). A header counts only if all of it
 * lies within the frame and within the length that the header before it gives.
 */
#include "connectx.h"

#include <netinet/in.h>

#include "net/eth.h"

enum {
	VLAN_TAG		= 4,
	IPV4_HEADER		= 20,
	IPV6_HEADER		= 40,
	TCP_HEADER		= 20,
	UDP_HEADER		= 8,
};

/* ---- headers ---- */

unsigned int packet_cast(const uint8_t *frame)
{
	if (is_broadcast_ether_addr(frame))
		return CX_BROADCAST;
	return is_multicast_ether_addr(frame) ? CX_MULTICAST : CX_UNICAST;
}

/* Returns the offset behind the Ethernet header and VLAN tags, or 0. */
static uint32_t parse_ethernet(struct cx_packet *packet)
{
	const uint8_t *frame = packet->frame;
	uint32_t at = ETH_HLEN;
	unsigned int tags;

	if (packet->len >= ETH_ALEN)
		packet->cast = packet_cast(frame);
	if (packet->len < at)
		return 0;
	packet->ethertype = lduw_be_p(frame + at - 2);
	for (tags = 0; tags < 2; tags++) {
		if (packet->ethertype != ETH_P_VLAN &&
		    packet->ethertype != ETH_P_DVLAN)
			break;
		if (packet->len < at + VLAN_TAG)
			return 0;
		if (tags) {
			packet->has_second_vlan = true;
		} else {
			packet->has_vlan = true;
			packet->vlan = lduw_be_p(frame + at);
		}
		packet->ethertype = lduw_be_p(frame + at + 2);
		at += VLAN_TAG;
	}
	return at;
}

/*
 * The end of an IP datagram whose header says that it has @len bytes, 0 if
 * there are fewer. In a large send (@large) that length means nothing, because
 * each segment gets its own.
 */
static uint32_t datagram_end(const struct cx_packet *packet, uint32_t len,
			     bool large)
{
	if (large)
		return packet->len;
	return len <= packet->len - packet->l3 ? packet->l3 + len : 0;
}

static void parse_ipv4(struct cx_packet *packet, uint32_t at, bool large)
{
	const uint8_t *ip = packet->frame + at;
	uint32_t header, end;

	if (packet->len < at + IPV4_HEADER || ip[0] >> 4 != 4)
		return;
	header = (ip[0] & 0xf) * 4;
	if (header < IPV4_HEADER || packet->len < at + header)
		return;
	packet->l3 = at;
	packet->ip_version = 4;
	packet->protocol = ip[9];
	packet->fragment = lduw_be_p(ip + 6) & 0x3fff;	/* more, or offset */
	end = datagram_end(packet, lduw_be_p(ip + 2), large);
	packet->l3_end = end ? end : packet->len;
	if (end >= at + header && !packet->fragment)
		packet->upper = at + header;
}

/* The size of an extension header. 0 if it is not one that the parser skips. */
static uint32_t extension_size(const uint8_t *header, uint8_t type)
{
	switch (type) {
	case IPPROTO_HOPOPTS:
	case IPPROTO_ROUTING:
	case IPPROTO_DSTOPTS:
		return (header[1] + 1) * 8;
	case IPPROTO_FRAGMENT:
		return 8;
	default:
		return 0;
	}
}

static void parse_ipv6(struct cx_packet *packet, uint32_t at, bool large)
{
	const uint8_t *frame = packet->frame;
	uint32_t end, size;

	if (packet->len < at + IPV6_HEADER || frame[at] >> 4 != 6)
		return;
	packet->l3 = at;
	packet->ip_version = 6;
	packet->protocol = frame[at + 6];
	end = datagram_end(packet, IPV6_HEADER + lduw_be_p(frame + at + 4), large);
	packet->l3_end = end ? end : packet->len;
	at += IPV6_HEADER;
	for (; end >= at + 8; at += size) {
		size = extension_size(frame + at, packet->protocol);
		if (!size)
			break;
		/* The offset and the flag for more fragments. */
		if (packet->protocol == IPPROTO_FRAGMENT)
			packet->fragment = lduw_be_p(frame + at + 2) & 0xfff9;
		packet->protocol = frame[at];
		if (packet->fragment)
			return;
	}
	if (end >= at)
		packet->upper = at;
}

static void parse_ports(struct cx_packet *packet, uint32_t header)
{
	const uint8_t *l4 = packet->frame + packet->upper;

	packet->l4 = packet->upper;
	packet->payload = packet->l4 + header;
	packet->sport = lduw_be_p(l4);
	packet->dport = lduw_be_p(l4 + 2);
}

static void parse_l4(struct cx_packet *packet, bool large)
{
	const uint8_t *l4 = packet->frame + packet->upper;
	uint32_t room = packet->l3_end - packet->upper;
	uint32_t size;

	if (packet->protocol == IPPROTO_TCP && room >= TCP_HEADER) {
		size = (l4[12] >> 4) * 4;
		if (size >= TCP_HEADER && size <= room)
			parse_ports(packet, size);
	} else if (packet->protocol == IPPROTO_UDP && room >= UDP_HEADER) {
		size = lduw_be_p(l4 + 4);
		if (large || (size >= UDP_HEADER && size <= room))
			parse_ports(packet, UDP_HEADER);
	}
}

static void parse(struct cx_packet *packet, const uint8_t *frame, size_t len,
		  bool large)
{
	uint32_t at;

	*packet = (struct cx_packet) { .frame = frame, .len = len };
	at = parse_ethernet(packet);
	if (at && packet->ethertype == ETH_P_IP)
		parse_ipv4(packet, at, large);
	else if (at && packet->ethertype == ETH_P_IPV6)
		parse_ipv6(packet, at, large);
	if (packet->upper)
		parse_l4(packet, large);
}

void packet_parse(struct cx_packet *packet, const uint8_t *frame, size_t len)
{
	parse(packet, frame, len, false);
}

/* ---- checksums ---- */

/*
 * The byte order of the words does not matter for the sum (RFC 1071, section
 * 2). So this adds in the host's byte order and converts the result.
 */
uint16_t packet_sum(const uint8_t *data, size_t len)
{
	uint64_t sum = 0, word;

	for (; len >= sizeof(word); len -= sizeof(word), data += sizeof(word)) {
		memcpy(&word, data, sizeof(word));
		sum += (uint32_t)word + (word >> 32);
	}
	word = 0;
	memcpy(&word, data, len);
	sum += (uint32_t)word + (word >> 32);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return be16_to_cpu(sum);
}

static uint16_t add(uint16_t a, uint16_t b)
{
	uint32_t sum = (uint32_t)a + b;

	return (sum & 0xffff) + (sum >> 16);
}

/* The number of bytes that the TCP or UDP checksum covers. */
static uint32_t l4_len(const struct cx_packet *packet)
{
	if (packet->protocol == IPPROTO_UDP)
		return lduw_be_p(packet->frame + packet->l4 + 4);
	return packet->l3_end - packet->l4;
}

/* The sum over the pseudo header, the header with its checksum, and the data. */
static uint16_t l4_sum(const struct cx_packet *packet)
{
	const uint8_t *ip = packet->frame + packet->l3;
	uint32_t len = l4_len(packet);
	uint16_t sum;

	sum = packet->ip_version == 4 ? packet_sum(ip + 12, 8) :
					packet_sum(ip + 8, 32);
	sum = add(sum, add(packet->protocol, add(len >> 16, len)));
	return add(sum, packet_sum(packet->frame + packet->l4, len));
}

static uint32_t l4_checksum_at(const struct cx_packet *packet)
{
	return packet->l4 + (packet->protocol == IPPROTO_UDP ? 6 : 16);
}

static bool l4_right(const struct cx_packet *packet)
{
	/* Over IPv4, UDP may have none (RFC 768). Over IPv6 it must (RFC 8200, 8.1). */
	if (packet->protocol == IPPROTO_UDP &&
	    !lduw_be_p(packet->frame + l4_checksum_at(packet)))
		return packet->ip_version == 4;
	return l4_sum(packet) == 0xffff;
}

static uint32_t ipv4_header_len(const uint8_t *ip)
{
	return (ip[0] & 0xf) * 4;
}

void packet_verify(struct cx_packet *packet)
{
	const uint8_t *ip = packet->frame + packet->l3;

	packet->ip_ok = packet->ip_version == 6 ||
			(packet->ip_version == 4 &&
			 packet_sum(ip, ipv4_header_len(ip)) == 0xffff);
	packet->l4_ok = packet->l4 && l4_right(packet);
}

/* @packet is the result of parsing @frame. */
static void fill(const struct cx_packet *packet, uint8_t *frame, bool l3, bool l4)
{
	uint8_t *ip = frame + packet->l3, *field;
	uint16_t sum;

	if (l3 && packet->ip_version == 4) {
		stw_be_p(ip + 10, 0);
		stw_be_p(ip + 10, ~packet_sum(ip, ipv4_header_len(ip)));
	}
	if (l4 && packet->l4) {
		field = frame + l4_checksum_at(packet);
		stw_be_p(field, 0);
		sum = ~l4_sum(packet);
		/* 0 would mean that there is no checksum. */
		if (!sum && packet->protocol == IPPROTO_UDP)
			sum = 0xffff;
		stw_be_p(field, sum);
	}
}

void packet_fill_checksums(uint8_t *frame, size_t len, bool l3, bool l4)
{
	struct cx_packet packet;

	packet_parse(&packet, frame, len);
	fill(&packet, frame, l3, l4);
}

/* ---- segmentation ---- */

/* Adapt the headers in @frame to segment @number, which has @data bytes. */
static void adapt_headers(struct cx_packet *packet, uint8_t *frame,
			  unsigned int number, uint32_t offset, uint32_t data,
			  bool last)
{
	uint8_t *ip = frame + packet->l3, *l4 = frame + packet->l4;

	packet->frame = frame;
	packet->len = packet->payload + data;
	packet->l3_end = packet->len;
	if (packet->ip_version == 4) {
		stw_be_p(ip + 2, packet->len - packet->l3);
		stw_be_p(ip + 4, lduw_be_p(ip + 4) + number);
	} else {
		stw_be_p(ip + 4, packet->len - packet->l3 - IPV6_HEADER);
	}
	if (packet->protocol == IPPROTO_UDP) {
		stw_be_p(l4 + 4, packet->len - packet->l4);
		return;
	}
	stl_be_p(l4 + 4, ldl_be_p(l4 + 4) + offset);
	if (!last)
		l4[13] &= ~(TH_FIN | TH_PUSH);
	if (number)
		l4[13] &= ~TH_CWR;
}

unsigned int packet_segment(ConnectX *cx, const uint8_t *frame, size_t len,
			    uint32_t header, uint32_t mss,
			    void (*emit)(ConnectX *cx, const uint8_t *frame,
					 size_t len))
{
	g_autofree uint8_t *segment = NULL;
	struct cx_packet whole, packet;
	unsigned int number = 0;
	size_t at = header;

	parse(&whole, frame, len, true);
	if (!whole.l4 || whole.payload != header || !mss)
		return 0;
	mss = MIN(mss, len - header);
	if (header - whole.l3 + mss > UINT16_MAX)
		return 0;

	segment = g_malloc(header + mss);
	do {
		uint32_t data = MIN(mss, len - at);

		memcpy(segment, frame, header);
		memcpy(segment + header, frame + at, data);
		packet = whole;
		adapt_headers(&packet, segment, number++, at - header, data,
			      at + data == len);
		fill(&packet, segment, true, true);
		emit(cx, segment, packet.len);
		at += data;
	} while (at < len);
	return number;
}
