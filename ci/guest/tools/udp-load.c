// SPDX-License-Identifier: GPL-2.0
/*
 * A load for a NIC, and its cost.
 *
 *	udp-load hold PORT	binds a port and reads nothing: datagrams stay in the
 *				socket until the program is ended
 *	udp-load print PORT	prints the datagrams that the port receives
 *	udp-load send ADDRESS PORT PACKETS BURST [MARK REGISTERS]
 *				sends datagrams of a full Ethernet frame, BURST of them in
 *				a call (UDP_SEGMENT), as fast as the socket's buffer allows
 *
 * REGISTERS is the file of the DMA probe's BAR in sysfs. With it the program writes MARK
 * to QEMU's log before it sends, and MARK + 1 after, and prints the instructions that the
 * guest executed between the two.
 */
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../devices/dma-probe/regs.h"

#define SEGMENT		1472
#define MOST_SEGMENTS	44	/* within 64 KiB */
#define HELD_BYTES	(256 << 20)
/* Time for the last completions, and for the flush queue of a lazy kernel. */
#define SETTLE_US	50000

static uint64_t *probe;

/* Atomic, so that each is one access of 64 bits. */
static uint64_t probe_read(unsigned int reg)
{
	return __atomic_load_n(&probe[reg / 8], __ATOMIC_ACQUIRE);
}

static void open_probe(const char *path)
{
	int fd = open(path, O_RDWR | O_SYNC);

	if (fd < 0)
		err(1, "%s", path);
	probe = mmap(NULL, DMA_PROBE_BAR_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (probe == MAP_FAILED)
		err(1, "%s", path);
	close(fd);
	if (probe_read(DMA_PROBE_ID) != DMA_PROBE_MAGIC ||
	    !(probe_read(DMA_PROBE_FEATURES) & DMA_PROBE_FEATURE_ICOUNT))
		errx(1, "%s is no DMA probe that counts instructions", path);
}

static void mark(uint64_t name)
{
	__atomic_store_n(&probe[DMA_PROBE_MARK / 8], name, __ATOMIC_RELEASE);
}

static unsigned int parse(const char *text)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (!*text || *end || value > 1000000)
		errx(2, "%s is not between 0 and 1000000", text);
	return value;
}

static int udp_socket(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0)
		err(1, "socket");
	return fd;
}

static void set(int fd, int level, int option, int value)
{
	if (setsockopt(fd, level, option, &value, sizeof(value)))
		err(1, "socket option %d of level %d", option, level);
}

static int bound(unsigned int port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = udp_socket();

	set(fd, SOL_SOCKET, SO_RCVBUFFORCE, HELD_BYTES);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)))
		err(1, "port %u", port);
	return fd;
}

static void hold(unsigned int port)
{
	bound(port);
	for (;;)
		pause();
}

static void print(unsigned int port)
{
	static char data[SEGMENT * MOST_SEGMENTS];
	int fd = bound(port);
	ssize_t size;

	while ((size = recv(fd, data, sizeof(data), 0)) >= 0) {
		fwrite(data, 1, size, stdout);
		fflush(stdout);
	}
	err(1, "recv");
}

static int connected(const char *host, unsigned int port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = udp_socket();

	if (!inet_aton(host, &address.sin_addr))
		errx(2, "%s is no address", host);
	set(fd, SOL_UDP, UDP_SEGMENT, SEGMENT);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)))
		err(1, "%s", host);
	return fd;
}

static void send_packets(int fd, unsigned int packets, unsigned int burst)
{
	static char data[SEGMENT * MOST_SEGMENTS];
	size_t size;

	for (; packets; packets -= size / SEGMENT) {
		size = (packets < burst ? packets : burst) * SEGMENT;
		if (send(fd, data, size, 0) != (ssize_t)size)
			err(1, "send");
	}
}

static void measure(int fd, unsigned int packets, unsigned int burst, unsigned int first)
{
	uint64_t begin, end;

	mark(first);
	begin = probe_read(DMA_PROBE_INSTRUCTIONS);
	send_packets(fd, packets, burst);
	usleep(SETTLE_US);
	end = probe_read(DMA_PROBE_INSTRUCTIONS);
	mark(first + 1);
	printf("%llu\n", (unsigned long long)(end - begin));
}

int main(int argc, char **argv)
{
	unsigned int packets, burst;
	int fd;

	if (argc == 3 && !strcmp(argv[1], "hold"))
		hold(parse(argv[2]));
	if (argc == 3 && !strcmp(argv[1], "print"))
		print(parse(argv[2]));
	if ((argc != 6 && argc != 8) || strcmp(argv[1], "send")) {
		fprintf(stderr,
			"usage: udp-load hold|print PORT | send ADDRESS PORT PACKETS BURST [MARK REGISTERS]\n");
		return 2;
	}
	fd = connected(argv[2], parse(argv[3]));
	packets = parse(argv[4]);
	burst = parse(argv[5]);
	if (!burst || burst > MOST_SEGMENTS)
		errx(2, "a burst is of 1 to %d packets", MOST_SEGMENTS);
	if (argc == 6) {
		send_packets(fd, packets, burst);
		return 0;
	}
	open_probe(argv[7]);
	measure(fd, packets, burst, parse(argv[6]));
	return 0;
}
