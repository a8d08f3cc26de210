// SPDX-License-Identifier: GPL-2.0
/*
 * An AF_XDP socket without copies:
 *
 *	xdp-socket IFINDEX QUEUE echo|tx|pass|bind
 *
 * The program attaches an XDP program to the interface, except with "bind". Then it binds
 * a socket to the queue, which from then on receives into the socket's own memory.
 *
 *	echo	the socket receives each frame of the queue, swaps its two Ethernet
 *		addresses and sends it back from the same memory
 *	tx	the XDP program does that, so the kernel copies the frame out of the
 *		socket's memory
 *	pass	the network stack receives the frames, as copies
 *	bind	the interface has an XDP program already, which stays when the socket goes
 *
 * It prints "ready", and after SIGTERM or SIGINT "received N" and "sent N".
 */
#include <linux/if_link.h>
#include <linux/if_xdp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "xdp-program.h"

#define FRAMES		2048	/* and entries of each ring, so that none is ever full */
#define FRAME_SIZE	4096
#define BATCH		64
#define PATIENCE_MS	10
#define MOST_QUEUES	64

struct ring {
	uint32_t *producer;
	uint32_t *consumer;
	uint32_t *flags;
	void *entries;
};

static struct ring fill, completion, rx, tx;
static char *memory;
static int sock;
static unsigned long received, sent;
static sig_atomic_t ended;	/* atomic accesses only */

static void end(int signal)
{
	__atomic_store_n(&ended, signal, __ATOMIC_RELAXED);
}

static uint32_t ready(const struct ring *ring)
{
	uint32_t entries = __atomic_load_n(ring->producer, __ATOMIC_ACQUIRE) - *ring->consumer;

	return entries < BATCH ? entries : BATCH;
}

static void consumed(struct ring *ring, uint32_t entries)
{
	__atomic_store_n(ring->consumer, *ring->consumer + entries, __ATOMIC_RELEASE);
}

static void produced(struct ring *ring, uint32_t entries)
{
	__atomic_store_n(ring->producer, *ring->producer + entries, __ATOMIC_RELEASE);
}

static uint64_t *address_in(struct ring *ring, uint32_t position)
{
	return (uint64_t *)ring->entries + position % FRAMES;
}

static struct xdp_desc *frame_in(struct ring *ring, uint32_t position)
{
	return (struct xdp_desc *)ring->entries + position % FRAMES;
}

static void set(int option, unsigned int value)
{
	if (setsockopt(sock, SOL_XDP, option, &value, sizeof(value)))
		err(1, "XDP socket option %d", option);
}

static void map_ring(struct ring *ring, const struct xdp_ring_offset *offset, size_t entry,
		     uint64_t where)
{
	char *base = mmap(NULL, offset->desc + FRAMES * entry, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_POPULATE, sock, where);

	if (base == MAP_FAILED)
		err(1, "a ring");
	ring->producer = (uint32_t *)(base + offset->producer);
	ring->consumer = (uint32_t *)(base + offset->consumer);
	ring->flags = (uint32_t *)(base + offset->flags);
	ring->entries = base + offset->desc;
}

static void make_rings(void)
{
	struct xdp_mmap_offsets offsets;
	socklen_t size = sizeof(offsets);

	set(XDP_UMEM_FILL_RING, FRAMES);
	set(XDP_UMEM_COMPLETION_RING, FRAMES);
	set(XDP_RX_RING, FRAMES);
	set(XDP_TX_RING, FRAMES);
	if (getsockopt(sock, SOL_XDP, XDP_MMAP_OFFSETS, &offsets, &size))
		err(1, "offsets of the rings");
	map_ring(&fill, &offsets.fr, sizeof(uint64_t), XDP_UMEM_PGOFF_FILL_RING);
	map_ring(&completion, &offsets.cr, sizeof(uint64_t), XDP_UMEM_PGOFF_COMPLETION_RING);
	map_ring(&rx, &offsets.rx, sizeof(struct xdp_desc), XDP_PGOFF_RX_RING);
	map_ring(&tx, &offsets.tx, sizeof(struct xdp_desc), XDP_PGOFF_TX_RING);
}

static void make_memory(void)
{
	struct xdp_umem_reg umem = { .len = FRAMES * FRAME_SIZE, .chunk_size = FRAME_SIZE };

	memory = mmap(NULL, umem.len, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (memory == MAP_FAILED)
		err(1, "memory");
	umem.addr = (uintptr_t)memory;
	if (setsockopt(sock, SOL_XDP, XDP_UMEM_REG, &umem, sizeof(umem)))
		err(1, "registering memory");
}

static void fill_all(void)
{
	uint32_t i;

	for (i = 0; i < FRAMES; i++)
		*address_in(&fill, i) = (uint64_t)i * FRAME_SIZE;
	produced(&fill, FRAMES);
}

static void bind_to(unsigned int ifindex, unsigned int queue)
{
	struct sockaddr_xdp address = {
		.sxdp_family = AF_XDP,
		.sxdp_flags = XDP_ZEROCOPY | XDP_USE_NEED_WAKEUP,
		.sxdp_ifindex = ifindex,
		.sxdp_queue_id = queue,
	};

	if (bind(sock, (struct sockaddr *)&address, sizeof(address)))
		err(1, "binding to queue %u", queue);
}

/* Frames of queues without a socket pass. */
static void redirect_to_sockets(int map)
{
	APPEND(LOAD(BPF_W, BPF_REG_2, BPF_REG_1, offsetof(struct xdp_md, rx_queue_index)),
	       MOV_MAP(BPF_REG_1, map), UPPER_HALF,
	       MOV(BPF_REG_3, XDP_PASS),
	       CALL(BPF_FUNC_redirect_map), EXIT);
}

static int map_of_sockets(void)
{
	union bpf_attr create = {
		.map_type = BPF_MAP_TYPE_XSKMAP,
		.key_size = sizeof(uint32_t),
		.value_size = sizeof(uint32_t),
		.max_entries = MOST_QUEUES,
	};

	return bpf(BPF_MAP_CREATE, &create);
}

static void enter(int map, uint32_t queue)
{
	uint32_t value = sock;
	union bpf_attr update = {
		.map_fd = map,
		.key = (uintptr_t)&queue,
		.value = (uintptr_t)&value,
	};

	bpf(BPF_MAP_UPDATE_ELEM, &update);
}

/* The program stays attached until this process ends. */
static void attach(unsigned int ifindex)
{
	union bpf_attr attach = { .link_create = {
		.prog_fd = load_program(0),
		.target_ifindex = ifindex,
		.attach_type = BPF_XDP,
		.flags = XDP_FLAGS_DRV_MODE,
	} };

	bpf(BPF_LINK_CREATE, &attach);
}

static void swap(char *frame)
{
	char address[6];

	memcpy(address, frame, 6);
	memcpy(frame, frame + 6, 6);
	memcpy(frame + 6, address, 6);
}

static bool echo_some(void)
{
	uint32_t i, count = ready(&rx);

	for (i = 0; i < count; i++) {
		struct xdp_desc *frame = frame_in(&tx, *tx.producer + i);

		*frame = *frame_in(&rx, *rx.consumer + i);
		swap(memory + frame->addr);
	}
	consumed(&rx, count);
	produced(&tx, count);
	received += count;
	if (__atomic_load_n(tx.flags, __ATOMIC_RELAXED) & XDP_RING_NEED_WAKEUP)
		sendto(sock, NULL, 0, MSG_DONTWAIT, NULL, 0);
	return count;
}

static bool refill(void)
{
	uint32_t i, count = ready(&completion);

	for (i = 0; i < count; i++)
		*address_in(&fill, *fill.producer + i) =
			*address_in(&completion, *completion.consumer + i);
	consumed(&completion, count);
	produced(&fill, count);
	sent += count;
	return count;
}

static void serve(void)
{
	struct pollfd wait = { .fd = sock, .events = POLLIN };

	while (!__atomic_load_n(&ended, __ATOMIC_RELAXED)) {
		bool busy = echo_some();

		busy |= refill();
		if (!busy)
			poll(&wait, 1, PATIENCE_MS);
	}
}

static unsigned int parse(const char *text)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (!*text || *end || value > 1000000)
		errx(2, "%s is not between 0 and 1000000", text);
	return value;
}

static void compose(const char *name, int map)
{
	if (!strcmp(name, "echo")) {
		redirect_to_sockets(map);
	} else if (!strcmp(name, "tx")) {
		swap_addresses();
		give(XDP_TX);
	} else if (!strcmp(name, "pass")) {
		give(XDP_PASS);
	} else {
		errx(2, "%s is neither echo nor tx nor pass nor bind", name);
	}
}

int main(int argc, char **argv)
{
	unsigned int ifindex, queue;
	int map;

	if (argc != 4)
		errx(2, "usage: xdp-socket IFINDEX QUEUE echo|tx|pass|bind");
	ifindex = parse(argv[1]);
	queue = parse(argv[2]);
	signal(SIGTERM, end);
	signal(SIGINT, end);
	sock = socket(AF_XDP, SOCK_RAW, 0);
	if (sock < 0)
		err(1, "socket");
	map = map_of_sockets();
	if (strcmp(argv[3], "bind")) {
		compose(argv[3], map);
		attach(ifindex);
	}
	make_memory();
	make_rings();
	fill_all();
	bind_to(ifindex, queue);
	enter(map, queue);
	puts("ready");
	fflush(stdout);
	serve();
	printf("received %lu\nsent %lu\n", received, sent);
	return 0;
}
