// SPDX-License-Identifier: GPL-2.0
/*
 * Runs the kernel's own benchmark of the DMA API (CONFIG_DMA_MAP_BENCHMARK) on the device
 * that is bound to it:
 *
 *	map-benchmark PAGES SECONDS
 *			a thread maps and unmaps so many pages as one buffer, again and again.
 *			Prints the mean times, in units of 100 ns
 */
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#define FILE_NAME	"/sys/kernel/debug/dma_map_benchmark"

/* What the kernel takes and returns. All bases have this layout. */
struct benchmark {
	uint64_t map_100ns;
	uint64_t map_deviation;
	uint64_t unmap_100ns;
	uint64_t unmap_deviation;
	uint32_t threads;
	uint32_t seconds;
	int32_t node;
	uint32_t dma_bits;
	uint32_t direction;	/* 0: both */
	uint32_t transfer_ns;
	uint32_t pages;
	uint8_t reserved[76];	/* the first byte is the form on newer kernels; 0: one buffer */
};

#define RUN		_IOWR('d', 1, struct benchmark)
#define ANY_NODE	(-1)

static uint32_t parse(const char *text, const char *what)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (!value || value > UINT32_MAX || *end)
		errx(1, "%s is no number of %s", text, what);
	return value;
}

int main(int argc, char **argv)
{
	struct benchmark b = { .threads = 1, .node = ANY_NODE, .dma_bits = 64 };
	int fd;

	if (argc != 3)
		errx(1, "usage: map-benchmark PAGES SECONDS");
	b.pages = parse(argv[1], "pages");
	b.seconds = parse(argv[2], "seconds");
	fd = open(FILE_NAME, O_RDWR);
	if (fd < 0)
		err(1, "%s: no device is bound to the benchmark", FILE_NAME);
	if (ioctl(fd, RUN, &b))
		err(1, "the benchmark failed");
	printf("benchmark: pages=%u map_100ns=%llu unmap_100ns=%llu\n", b.pages,
	       (unsigned long long)b.map_100ns, (unsigned long long)b.unmap_100ns);
	return 0;
}
