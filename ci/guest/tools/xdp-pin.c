// SPDX-License-Identifier: GPL-2.0
/*
 * Loads an XDP program and pins it in a BPF file system, for "ip link set DEV xdp
 * pinned PATH":
 *
 *	xdp-pin pass|drop PATH
 *	xdp-pin tx PATH			swaps the two Ethernet addresses and sends the frame
 *					back
 *	xdp-pin redirect IFINDEX PATH	the same, through an interface of the same namespace
 *	xdp-pin cpu CPU PATH		the frame enters the network stack on that CPU
 *	xdp-pin frags ...		the same; the program takes frames in several buffers
 */
#include <stdio.h>

#include "xdp-program.h"

#define CPU_QUEUE	512	/* frames that wait for the other CPU */

static void redirect(unsigned int ifindex)
{
	APPEND(MOV(BPF_REG_1, ifindex), MOV(BPF_REG_2, 0), CALL(BPF_FUNC_redirect), EXIT);
}

/* A map of CPUs that contains one. */
static int map_of_cpu(uint32_t cpu)
{
	uint32_t queue = CPU_QUEUE;
	union bpf_attr create = {
		.map_type = BPF_MAP_TYPE_CPUMAP,
		.key_size = sizeof(cpu),
		.value_size = sizeof(queue),
		.max_entries = cpu + 1,
	};
	union bpf_attr update = { .key = (uintptr_t)&cpu, .value = (uintptr_t)&queue };

	update.map_fd = bpf(BPF_MAP_CREATE, &create);
	bpf(BPF_MAP_UPDATE_ELEM, &update);
	return update.map_fd;
}

static void redirect_to_cpu(unsigned int cpu)
{
	APPEND(MOV_MAP(BPF_REG_1, map_of_cpu(cpu)), UPPER_HALF,
	       MOV(BPF_REG_2, cpu), MOV(BPF_REG_3, XDP_ABORTED),
	       CALL(BPF_FUNC_redirect_map), EXIT);
}

static void misused(void)
{
	fprintf(stderr,
		"usage: xdp-pin [frags] pass|drop|tx PATH | redirect IFINDEX PATH | cpu CPU PATH\n");
	exit(2);
}

static unsigned int parse(const char *text)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (!*text || *end || value > 1000000)
		misused();
	return value;
}

static void compose(const char *name)
{
	if (!strcmp(name, "pass")) {
		give(XDP_PASS);
	} else if (!strcmp(name, "drop")) {
		give(XDP_DROP);
	} else if (!strcmp(name, "tx")) {
		swap_addresses();
		give(XDP_TX);
	} else {
		misused();
	}
}

static void compose_to(const char *name, unsigned int number)
{
	if (!strcmp(name, "redirect")) {
		swap_addresses();
		redirect(number);
	} else if (!strcmp(name, "cpu")) {
		redirect_to_cpu(number);
	} else {
		misused();
	}
}

int main(int argc, char **argv)
{
	union bpf_attr pin = { 0 };
	uint32_t flags = 0;

	if (argc > 1 && !strcmp(argv[1], "frags")) {
		flags = BPF_F_XDP_HAS_FRAGS;
		argc--;
		argv++;
	}
	if (argc == 3)
		compose(argv[1]);
	else if (argc == 4)
		compose_to(argv[1], parse(argv[2]));
	else
		misused();
	pin.bpf_fd = load_program(flags);
	pin.pathname = (uintptr_t)argv[argc - 1];
	bpf(BPF_OBJ_PIN, &pin);
	return 0;
}
