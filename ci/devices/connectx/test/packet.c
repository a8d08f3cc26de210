// SPDX-License-Identifier: GPL-2.0
/*
 * Headers of whole and of broken frames, checksums, segmentation.
 */
#include "test.h"

static const struct flow flows[] = {
	{ AF_INET, "192.0.2.1", "198.51.100.2", IPPROTO_TCP, 1000, 2000, 0 },
	{ AF_INET, "192.0.2.1", "198.51.100.2", IPPROTO_UDP, 1000, 2000, 7 },
	{ AF_INET6, "2001:db8::1", "2001:db8::2", IPPROTO_TCP, 1000, 2000, 7 },
	{ AF_INET6, "2001:db8::1", "2001:db8::2", IPPROTO_UDP, 1000, 2000, 0 },
};

static uint8_t frame[FRAME_MAX];

/* ---- headers ---- */

static void headers_are_found(void)
{
	struct cx_packet packet;
	size_t i, len, header;

	for (i = 0; i < ARRAY_SIZE(flows); i++) {
		len = frame_build(frame, &flows[i], 100, &header);
		packet_parse(&packet, frame, len + 6);	/* padding */
		packet_verify(&packet);
		CHECK(packet.cast == CX_UNICAST);
		CHECK(packet.has_vlan == !!flows[i].vlan);
		CHECK(packet.vlan == flows[i].vlan);
		CHECK(packet.ip_version == (flows[i].family == AF_INET ? 4 : 6));
		CHECK(packet.protocol == flows[i].protocol);
		CHECK(packet.sport == 1000 && packet.dport == 2000);
		CHECK(packet.l3_end == len && packet.payload == header);
		CHECK(packet.l4 == packet.upper && !packet.fragment);
		CHECK(packet.ip_ok && packet.l4_ok);
	}
}

static void two_vlan_tags_are_walked_over(void)
{
	static const uint8_t tags[] = { 0x88, 0xa8, 0, 5, 0x81, 0, 0, 6, 8, 0 };
	size_t len = frame_build(frame, &flows[0], 1, NULL);
	struct cx_packet packet;

	memmove(frame + 22, frame + 14, len - 14);
	memcpy(frame + 12, tags, sizeof(tags));
	packet_parse(&packet, frame, len + 8);
	CHECK(packet.has_vlan && packet.vlan == 5 && packet.has_second_vlan);
	CHECK(packet.ethertype == 0x800 && packet.l3 == 22 && packet.l4 == 42);
}

/* Put an extension header of 8 bytes between IPv6 and UDP. */
static size_t with_extension(uint8_t type, uint16_t third_word)
{
	size_t len = frame_build(frame, &flows[3], 10, NULL);

	memmove(frame + 62, frame + 54, len - 54);
	memset(frame + 54, 0, 8);
	frame[54] = IPPROTO_UDP;
	stw_be_p(frame + 56, third_word);
	frame[20] = type;
	stw_be_p(frame + 18, lduw_be_p(frame + 18) + 8);
	return len + 8;
}

static void extension_headers_are_walked_over(void)
{
	struct cx_packet packet;
	size_t len;

	len = with_extension(IPPROTO_HOPOPTS, 0);
	packet_parse(&packet, frame, len);
	packet_verify(&packet);
	CHECK(packet.protocol == IPPROTO_UDP && packet.l4 == 62 && packet.l4_ok);

	len = with_extension(IPPROTO_FRAGMENT, 0);	/* atomic (RFC 6946) */
	packet_parse(&packet, frame, len);
	CHECK(!packet.fragment && packet.l4 == 62);

	len = with_extension(IPPROTO_AH, 0);
	packet_parse(&packet, frame, len);
	CHECK(packet.protocol == IPPROTO_AH && packet.upper == 54 && !packet.l4);
}

static void fragments_have_no_ports(void)
{
	struct cx_packet packet;
	size_t len = with_extension(IPPROTO_FRAGMENT, 1);

	packet_parse(&packet, frame, len);
	CHECK(packet.fragment && !packet.upper && !packet.l4);
	CHECK(packet.protocol == IPPROTO_UDP && !packet.sport);

	len = frame_build(frame, &flows[0], 10, NULL);
	stw_be_p(frame + 20, 0x2000);
	packet_parse(&packet, frame, len);
	CHECK(packet.fragment && !packet.l4 && packet.protocol == IPPROTO_TCP);
	packet_verify(&packet);
	CHECK(!packet.ip_ok && !packet.l4_ok);
}

/* These conditions hold for every packet. */
static void check_bounds(const struct cx_packet *packet)
{
	CHECK(packet->l3 <= packet->len && packet->l3_end <= packet->len);
	CHECK(packet->upper <= packet->l3_end);
	CHECK(packet->l4 <= packet->payload);
	CHECK(packet->payload <= packet->l3_end);
	CHECK(!packet->l4 || packet->l4 == packet->upper);
}

/* The copy is as large as the frame, so that a sanitizer finds each access beyond. */
static void parse_copy(const uint8_t *bytes, size_t len)
{
	uint8_t *copy = g_memdup2(bytes, len);
	struct cx_packet packet;

	packet_parse(&packet, copy, len);
	packet_verify(&packet);
	check_bounds(&packet);
	packet_fill_checksums(copy, len, true, true);
	g_free(copy);
}

static void truncated_frames_are_harmless(void)
{
	size_t i, len, cut;

	for (i = 0; i < ARRAY_SIZE(flows); i++) {
		len = frame_build(frame, &flows[i], 20, NULL);
		for (cut = 0; cut <= len; cut++)
			parse_copy(frame, cut);
	}
	len = with_extension(IPPROTO_ROUTING, 0);
	for (cut = 0; cut <= len; cut++)
		parse_copy(frame, cut);
	/* The same, with the shorter length in the IP header. */
	for (cut = len; cut >= 54; cut--) {
		stw_be_p(frame + 18, cut - 54);
		parse_copy(frame, cut);
	}
}

static void ignore(ConnectX *cx, const uint8_t *segment, size_t len)
{
}

static void garbage_is_harmless(void)
{
	GRand *random = g_rand_new_with_seed(1);
	unsigned int round, n;
	size_t len, header;

	for (round = 0; round < 100000; round++) {
		len = round % 8 ? frame_build(frame, &flows[round % 4], 40, &header) :
				  with_extension(IPPROTO_DSTOPTS, 0);
		for (n = g_rand_int_range(random, 1, 4); n; n--)
			frame[g_rand_int_range(random, 12, 80)] =
				g_rand_int(random);
		len = g_rand_int_range(random, 0, len + 1);
		parse_copy(frame, len);
		packet_segment(NULL, frame, len, MIN(header, len),
			       g_rand_int_range(random, 0, 40), ignore);
	}
	g_rand_free(random);
}

/* ---- checksums ---- */

static void sum_is_that_of_the_rfc(void)
{
	/* RFC 1071, section 3 */
	static const uint8_t example[] = {
		0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7,
	};
	uint8_t ones[64];
	size_t len;

	CHECK(packet_sum(example, 8) == 0xddf2);
	CHECK(packet_sum(example, 3) == 0xf201);
	CHECK(packet_sum(example + 1, 6) == 0x01f2 + 0x03f4 + 0xf5f6);
	CHECK(packet_sum(example, 0) == 0);
	memset(ones, 0xff, sizeof(ones));
	for (len = 2; len <= sizeof(ones); len += 2)
		CHECK(packet_sum(ones, len) == 0xffff);
}

static void wrong_checksums_are_seen(void)
{
	struct cx_packet packet;
	size_t i, len, byte;

	for (i = 0; i < ARRAY_SIZE(flows); i++) {
		len = frame_build(frame, &flows[i], 33, NULL);
		packet_parse(&packet, frame, len);
		for (byte = packet.l4; byte < len; byte++) {
			frame[byte] ^= 0x10;
			packet_parse(&packet, frame, len);
			packet_verify(&packet);
			CHECK(packet.ip_ok && !packet.l4_ok);
			frame[byte] ^= 0x10;
		}
	}
	len = frame_build(frame, &flows[0], 33, NULL);
	frame[22]--;	/* time to live */
	packet_parse(&packet, frame, len);
	packet_verify(&packet);
	CHECK(!packet.ip_ok && packet.l4_ok);
}

static void udp_may_do_without_over_ipv4_only(void)
{
	struct cx_packet packet;
	size_t len = frame_build(frame, &flows[1], 33, NULL);

	stw_be_p(frame + 18 + 20 + 6, 0);
	packet_parse(&packet, frame, len);
	packet_verify(&packet);
	CHECK(packet.l4_ok);

	len = frame_build(frame, &flows[3], 33, NULL);
	stw_be_p(frame + 14 + 40 + 6, 0);
	packet_parse(&packet, frame, len);
	packet_verify(&packet);
	CHECK(!packet.l4_ok);
}

static void checksums_are_filled_in(void)
{
	uint8_t right[256];
	struct cx_packet packet;
	size_t i, len;

	for (i = 0; i < ARRAY_SIZE(flows); i++) {
		len = frame_build(frame, &flows[i], 33, NULL);
		memcpy(right, frame, len);
		packet_parse(&packet, frame, len);
		if (packet.ip_version == 4)
			stw_be_p(frame + packet.l3 + 10, 0x1234);
		stw_be_p(frame + packet.l4 +
			 (packet.protocol == IPPROTO_TCP ? 16 : 6), 0x4321);
		packet_fill_checksums(frame, len, false, false);
		CHECK(memcmp(frame, right, len));
		packet_fill_checksums(frame, len, true, true);
		CHECK(!memcmp(frame, right, len));
	}
}

static void udp_checksum_is_never_zero(void)
{
	struct cx_packet packet;
	size_t len = frame_build(frame, &flows[1], 2, NULL);
	uint8_t *check = frame + 18 + 20 + 6, *data = check + 2;

	/* These data make the sum of everything else 0xffff. */
	stw_be_p(data, 0);
	packet_fill_checksums(frame, len, false, true);
	stw_be_p(data, lduw_be_p(check));
	packet_fill_checksums(frame, len, false, true);
	CHECK(lduw_be_p(check) == 0xffff);
	packet_parse(&packet, frame, len);
	packet_verify(&packet);
	CHECK(packet.l4_ok);
}

/* ---- segmentation ---- */

static struct {
	size_t header;
	size_t mss;
	unsigned int segments;
	GByteArray *data;
	size_t total;
} expected;

static void check_tcp(const uint8_t *tcp, bool first, bool last)
{
	CHECK((uint32_t)ldl_be_p(tcp + 4) == 0xfffffff0 + expected.data->len);
	CHECK(tcp[13] == (0x10 | (first ? 0x80 : 0) | (last ? 0x09 : 0)));
}

static void check_segment(ConnectX *cx, const uint8_t *segment, size_t len)
{
	size_t payload = len - expected.header;
	struct cx_packet packet;
	bool last = expected.data->len + payload == expected.total;

	packet_parse(&packet, segment, len);
	packet_verify(&packet);
	CHECK(packet.ip_ok && packet.l4_ok);
	CHECK(packet.payload == expected.header && packet.l3_end == len);
	CHECK(last ? payload <= expected.mss : payload == expected.mss);
	if (packet.ip_version == 4)
		CHECK(lduw_be_p(segment + packet.l3 + 4) ==
		      (uint16_t)(0xfffe + expected.segments));
	if (packet.protocol == IPPROTO_TCP)
		check_tcp(segment + packet.l4, !expected.segments, last);
	else
		CHECK((size_t)lduw_be_p(segment + packet.l4 + 4) == 8 + payload);
	g_byte_array_append(expected.data, segment + expected.header, payload);
	expected.segments++;
}

static void segment_and_compare(const struct flow *flow, size_t total, size_t mss)
{
	size_t header, len = frame_build(frame, flow, total, &header);
	unsigned int segments;

	expected.header = header;
	expected.mss = mss;
	expected.total = total;
	expected.segments = 0;
	expected.data = g_byte_array_new();
	segments = packet_segment(NULL, frame, len, header, mss, check_segment);
	CHECK(segments == DIV_ROUND_UP(total, mss));
	CHECK(segments == expected.segments);
	CHECK(expected.data->len == total &&
	      !memcmp(expected.data->data, frame + header, total));
	g_byte_array_free(expected.data, true);
}

static void segments_add_up(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(flows); i++) {
		segment_and_compare(&flows[i], 60000, 1448);
		segment_and_compare(&flows[i], 2000, 1000);
		segment_and_compare(&flows[i], 10, 1000);
		segment_and_compare(&flows[i], 11, 1);
		/* more than the length in an IP header can hold */
		segment_and_compare(&flows[i], 200000, 8900);
	}
}

static void only_tcp_and_udp_are_segmented(void)
{
	size_t header, len = frame_build(frame, &flows[0], 3000, &header);

	CHECK(!packet_segment(NULL, frame, len, header, 0, ignore));
	CHECK(!packet_segment(NULL, frame, len, header - 1, 1000, ignore));
	CHECK(!packet_segment(NULL, frame, len, header + 4, 1000, ignore));
	CHECK(packet_segment(NULL, frame, len, header, 1000, ignore) == 3);
	frame[23] = IPPROTO_ICMP;
	CHECK(!packet_segment(NULL, frame, len, header, 1000, ignore));
	len = frame_build(frame, &flows[0], 100000, &header);
	CHECK(!packet_segment(NULL, frame, len, header, 90000, ignore));
}

const struct test packet_tests[] = {
	TEST(headers_are_found),
	TEST(two_vlan_tags_are_walked_over),
	TEST(extension_headers_are_walked_over),
	TEST(fragments_have_no_ports),
	TEST(truncated_frames_are_harmless),
	TEST(garbage_is_harmless),
	TEST(sum_is_that_of_the_rfc),
	TEST(wrong_checksums_are_seen),
	TEST(udp_may_do_without_over_ipv4_only),
	TEST(checksums_are_filled_in),
	TEST(udp_checksum_is_never_zero),
	TEST(segments_add_up),
	TEST(only_tcp_and_udp_are_segmented),
	{}
};
