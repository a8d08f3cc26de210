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
 */
#include <errno.h>
#include <linux/bpf.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MOST_INSNS	32
#define CPU_QUEUE	512	/* frames that wait for the other CPU */

#define INSN(c, d, s, o, i) \
	((struct bpf_insn){ .code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i) })
#define MOV(dst, imm)		INSN(BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, imm)
#define COPY(dst, src)		INSN(BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0)
#define ADD(dst, imm)		INSN(BPF_ALU64 | BPF_ADD | BPF_K, dst, 0, 0, imm)
#define LOAD(size, dst, src, off)	INSN(BPF_LDX | BPF_MEM | (size), dst, src, off, 0)
#define STORE(size, dst, off, src)	INSN(BPF_STX | BPF_MEM | (size), dst, src, off, 0)
#define SKIP_UNLESS_ABOVE(a, b, count)	INSN(BPF_JMP | BPF_JLE | BPF_X, a, b, count, 0)
#define CALL(function)		INSN(BPF_JMP | BPF_CALL, 0, 0, 0, function)
#define EXIT			INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)
/* A constant of 64 bits needs two instructions. */
#define MOV_MAP(dst, fd)	INSN(BPF_LD | BPF_DW | BPF_IMM, dst, BPF_PSEUDO_MAP_FD, 0, fd)
#define UPPER_HALF		INSN(0, 0, 0, 0, 0)

static struct bpf_insn program[MOST_INSNS];
static unsigned int length;

#define APPEND(...) do {							\
	const struct bpf_insn insns[] = { __VA_ARGS__ };			\
										\
	memcpy(&program[length], insns, sizeof(insns));				\
	length += sizeof(insns) / sizeof(*insns);				\
} while (0)

static int bpf(int command, union bpf_attr *attr)
{
	int result = syscall(__NR_bpf, command, attr, sizeof(*attr));

	if (result < 0) {
		fprintf(stderr, "xdp-pin: BPF command %d: %s\n", command, strerror(errno));
		exit(1);
	}
	return result;
}

static void give(int verdict)
{
	APPEND(MOV(BPF_REG_0, verdict), EXIT);
}

/* R2 is the frame and R3 its end; R4 to R7 hold the addresses, 4 + 2 bytes each. */
static void swap_addresses(void)
{
	APPEND(LOAD(BPF_W, BPF_REG_2, BPF_REG_1, offsetof(struct xdp_md, data)),
	       LOAD(BPF_W, BPF_REG_3, BPF_REG_1, offsetof(struct xdp_md, data_end)),
	       COPY(BPF_REG_4, BPF_REG_2),
	       ADD(BPF_REG_4, 14),
	       SKIP_UNLESS_ABOVE(BPF_REG_4, BPF_REG_3, 2));
	give(XDP_DROP);
	APPEND(LOAD(BPF_W, BPF_REG_4, BPF_REG_2, 0),
	       LOAD(BPF_H, BPF_REG_5, BPF_REG_2, 4),
	       LOAD(BPF_W, BPF_REG_6, BPF_REG_2, 6),
	       LOAD(BPF_H, BPF_REG_7, BPF_REG_2, 10),
	       STORE(BPF_W, BPF_REG_2, 0, BPF_REG_6),
	       STORE(BPF_H, BPF_REG_2, 4, BPF_REG_7),
	       STORE(BPF_W, BPF_REG_2, 6, BPF_REG_4),
	       STORE(BPF_H, BPF_REG_2, 10, BPF_REG_5));
}

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
		"usage: xdp-pin pass|drop|tx PATH | redirect IFINDEX PATH | cpu CPU PATH\n");
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
	union bpf_attr load = { .prog_type = BPF_PROG_TYPE_XDP };
	union bpf_attr pin = { 0 };

	if (argc == 3)
		compose(argv[1]);
	else if (argc == 4)
		compose_to(argv[1], parse(argv[2]));
	else
		misused();
	load.insns = (uintptr_t)program;
	load.insn_cnt = length;
	load.license = (uintptr_t)"GPL";
	pin.bpf_fd = bpf(BPF_PROG_LOAD, &load);
	pin.pathname = (uintptr_t)argv[argc - 1];
	bpf(BPF_OBJ_PIN, &pin);
	return 0;
}
