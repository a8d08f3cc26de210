// SPDX-License-Identifier: GPL-2.0
/*
 * xdp-pin pass|drop|tx PATH: loads an XDP program and pins it in a BPF file
 * system, for "ip link set DEV xdp pinned PATH". "tx" swaps the two Ethernet
 * addresses and sends the frame back.
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

#define INSN(c, d, s, o, i) \
	((struct bpf_insn){ .code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i) })
#define MOV(dst, imm)		INSN(BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, imm)
#define COPY(dst, src)		INSN(BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0)
#define ADD(dst, imm)		INSN(BPF_ALU64 | BPF_ADD | BPF_K, dst, 0, 0, imm)
#define LOAD(size, dst, src, off)	INSN(BPF_LDX | BPF_MEM | (size), dst, src, off, 0)
#define STORE(size, dst, off, src)	INSN(BPF_STX | BPF_MEM | (size), dst, src, off, 0)
#define SKIP_IF_ABOVE(a, b, count)	INSN(BPF_JMP | BPF_JGT | BPF_X, a, b, count, 0)
#define EXIT			INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)

static const struct bpf_insn pass[] = { MOV(BPF_REG_0, XDP_PASS), EXIT };
static const struct bpf_insn drop[] = { MOV(BPF_REG_0, XDP_DROP), EXIT };

/* R2 is the frame and R3 its end; R4 to R7 hold the addresses, 4 + 2 bytes each. */
static const struct bpf_insn tx[] = {
	LOAD(BPF_W, BPF_REG_2, BPF_REG_1, offsetof(struct xdp_md, data)),
	LOAD(BPF_W, BPF_REG_3, BPF_REG_1, offsetof(struct xdp_md, data_end)),
	MOV(BPF_REG_0, XDP_DROP),
	COPY(BPF_REG_4, BPF_REG_2),
	ADD(BPF_REG_4, 14),
	SKIP_IF_ABOVE(BPF_REG_4, BPF_REG_3, 9),
	LOAD(BPF_W, BPF_REG_4, BPF_REG_2, 0),
	LOAD(BPF_H, BPF_REG_5, BPF_REG_2, 4),
	LOAD(BPF_W, BPF_REG_6, BPF_REG_2, 6),
	LOAD(BPF_H, BPF_REG_7, BPF_REG_2, 10),
	STORE(BPF_W, BPF_REG_2, 0, BPF_REG_6),
	STORE(BPF_H, BPF_REG_2, 4, BPF_REG_7),
	STORE(BPF_W, BPF_REG_2, 6, BPF_REG_4),
	STORE(BPF_H, BPF_REG_2, 10, BPF_REG_5),
	MOV(BPF_REG_0, XDP_TX),
	EXIT,
};

static const struct {
	const char *name;
	const struct bpf_insn *insns;
	unsigned int count;
} programs[] = {
	{ "pass", pass, sizeof(pass) / sizeof(*pass) },
	{ "drop", drop, sizeof(drop) / sizeof(*drop) },
	{ "tx", tx, sizeof(tx) / sizeof(*tx) },
};

static int bpf(int command, union bpf_attr *attr)
{
	int result = syscall(__NR_bpf, command, attr, sizeof(*attr));

	if (result < 0) {
		fprintf(stderr, "xdp-pin: BPF command %d: %s\n", command, strerror(errno));
		exit(1);
	}
	return result;
}

int main(int argc, char **argv)
{
	union bpf_attr load = { .prog_type = BPF_PROG_TYPE_XDP };
	union bpf_attr pin = { 0 };
	size_t i;

	for (i = 0; argc == 3 && i < sizeof(programs) / sizeof(*programs); i++) {
		if (strcmp(argv[1], programs[i].name))
			continue;
		load.insns = (uintptr_t)programs[i].insns;
		load.insn_cnt = programs[i].count;
		load.license = (uintptr_t)"GPL";
		pin.bpf_fd = bpf(BPF_PROG_LOAD, &load);
		pin.pathname = (uintptr_t)argv[2];
		bpf(BPF_OBJ_PIN, &pin);
		return 0;
	}
	fprintf(stderr, "usage: xdp-pin pass|drop|tx PATH\n");
	return 2;
}
