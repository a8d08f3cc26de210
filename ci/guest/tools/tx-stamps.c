// SPDX-License-Identifier: GPL-2.0
/*
 * tx-stamps DEVICE CLOCK ADDRESS ROUNDS BURST: checks the time stamps that a NIC gives
 * to what it sends. CLOCK is the NIC's clock, a /dev/ptp*. In each round the program
 * sends BURST datagrams to ADDRESS, and then reads their stamps and pauses. It checks that each
 * datagram has a stamp of the NIC, that the stamp lies between two readings of the clock,
 * one before the datagram is sent and one after the stamp is read, and that no stamp is
 * earlier than that of the datagram before.
 *
 * It sets the clock to a time that no other clock shows. It prints lines "NAME NUMBER":
 *
 *	youngest-us	the least age of a stamp when it was read
 *	moments		number of different stamps
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PORT		9
#define PAYLOAD		100
#define MOST_BURST	64
#define PAUSE_US	5000
#define PATIENCE_MS	5000
#define NS_PER_S	1000000000ll
#define SOME_TIME_S	1000000		/* January 1970 */
/* The clock of an open file, for clock_gettime(). */
#define CLOCK_OF(fd)	((~(clockid_t)(fd) << 3) | 3)

static struct sockaddr_in target = { .sin_family = AF_INET };
static clockid_t clock_id;
static int sock;

static uint32_t sent;			/* datagrams, which are numbered from 0 */
static int64_t before[MOST_BURST];	/* the clock before each was sent */
static int64_t newest, youngest = INT64_MAX;
static unsigned int moments;

static int64_t ns(const struct timespec *time)
{
	return time->tv_sec * NS_PER_S + time->tv_nsec;
}

static int64_t now(void)
{
	struct timespec time;

	if (clock_gettime(clock_id, &time))
		err(1, "the NIC's clock");
	return ns(&time);
}

static void open_clock(const char *path)
{
	struct timespec time = { .tv_sec = SOME_TIME_S };
	int fd = open(path, O_RDWR);

	if (fd < 0)
		err(1, "%s", path);
	clock_id = CLOCK_OF(fd);
	if (clock_settime(clock_id, &time))
		err(1, "%s cannot be set", path);
}

static void switch_stamps(const char *device, int type)
{
	struct hwtstamp_config config = { .tx_type = type };
	struct ifreq request = { .ifr_data = (void *)&config };

	snprintf(request.ifr_name, IFNAMSIZ, "%s", device);
	if (ioctl(sock, SIOCSHWTSTAMP, &request))
		err(1, "%s: SIOCSHWTSTAMP", device);
}

static void open_socket(void)
{
	int flags = SOF_TIMESTAMPING_TX_HARDWARE | SOF_TIMESTAMPING_RAW_HARDWARE |
		    SOF_TIMESTAMPING_OPT_ID;

	sock = socket(AF_INET, SOCK_DGRAM, 0);
	if (sock < 0 ||
	    setsockopt(sock, SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof(flags)))
		err(1, "socket");
}

/* The kernel chooses a queue by the CPU, and only within a queue frames keep their order. */
static void stay_on_one_cpu(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		err(1, "CPU 0");
}

static void send_one(unsigned int i)
{
	char data[PAYLOAD];

	memset(data, sent++, sizeof(data));
	before[i] = now();
	if (sendto(sock, data, sizeof(data), 0, (struct sockaddr *)&target,
		   sizeof(target)) != sizeof(data))
		err(1, "send");
}

/* With a stamp the kernel returns the frame. The datagram is at its end. */
static void check_frame(const char *frame, ssize_t size, uint32_t number)
{
	ssize_t i;

	if (size < PAYLOAD)
		errx(1, "datagram %u came back with %zd bytes", number, size);
	for (i = size - PAYLOAD; i < size; i++)
		if (frame[i] != (char)number)
			errx(1, "datagram %u came back changed", number);
}

static int64_t receive_stamp(uint32_t number)
{
	char frame[2048], control[512];
	struct iovec data = { .iov_base = frame, .iov_len = sizeof(frame) };
	struct msghdr message = {
		.msg_iov = &data, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	const struct scm_timestamping *stamps = NULL;
	const struct sock_extended_err *error = NULL;
	ssize_t size = recvmsg(sock, &message, MSG_ERRQUEUE);
	struct cmsghdr *c;

	if (size < 0)
		err(1, "stamp %u", number);
	for (c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPING)
			stamps = (const void *)CMSG_DATA(c);
		else if (c->cmsg_level == SOL_IP && c->cmsg_type == IP_RECVERR)
			error = (const void *)CMSG_DATA(c);
	}
	if (!stamps || !error || error->ee_origin != SO_EE_ORIGIN_TIMESTAMPING)
		errx(1, "the message for datagram %u is no stamp", number);
	if (error->ee_data != number)
		errx(1, "stamp %u came when %u was due", error->ee_data, number);
	check_frame(frame, size, number);
	return ns(&stamps->ts[2]);
}

static void collect_one(unsigned int i, uint32_t number)
{
	struct pollfd events = { .fd = sock };
	int64_t stamp, after;

	if (poll(&events, 1, PATIENCE_MS) != 1)
		errx(1, "stamp %u does not come", number);
	stamp = receive_stamp(number);
	after = now();
	if (stamp < before[i] || stamp > after)
		errx(1, "stamp %u: %lld is not between %lld and %lld", number,
		     (long long)stamp, (long long)before[i], (long long)after);
	if (stamp < newest)
		errx(1, "stamp %u: %lld is before the last one, %lld", number,
		     (long long)stamp, (long long)newest);
	moments += stamp != newest;
	newest = stamp;
	if (after - stamp < youngest)
		youngest = after - stamp;
}

/*
 * Frames that stay in the driver's pen end with a poll of their own, which comes 1 ms after
 * the last one at the latest. That poll would find young stamps of the next round.
 */
static void do_round(unsigned int burst)
{
	uint32_t first = sent;
	unsigned int i;

	for (i = 0; i < burst; i++)
		send_one(i);
	for (i = 0; i < burst; i++)
		collect_one(i, first + i);
	usleep(PAUSE_US);
}

int main(int argc, char **argv)
{
	int rounds = argc == 6 ? atoi(argv[4]) : 0;
	int burst = argc == 6 ? atoi(argv[5]) : 0;

	if (rounds < 1 || burst < 1 || burst > MOST_BURST ||
	    !inet_aton(argv[3], &target.sin_addr)) {
		fprintf(stderr,
			"usage: tx-stamps DEVICE CLOCK ADDRESS ROUNDS BURST (at most %d)\n",
			MOST_BURST);
		return 2;
	}
	target.sin_port = htons(PORT);
	stay_on_one_cpu();
	open_socket();
	open_clock(argv[2]);
	switch_stamps(argv[1], HWTSTAMP_TX_ON);
	for (; rounds; rounds--)
		do_round(burst);
	switch_stamps(argv[1], HWTSTAMP_TX_OFF);
	printf("youngest-us %lld\nmoments %u\n", (long long)youngest / 1000, moments);
	return 0;
}
