/* SPDX-License-Identifier: GPL-2.0 */
/*
 * XDP programs, assembled by hand: the guest has no compiler for them. A tool that
 * includes this file appends instructions and loads the program.
 */
#ifndef XDP_PROGRAM_H
#define XDP_PROGRAM_H

#include <err.h>
#include <linux/bpf.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MOST_INSNS	32

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

static inline int bpf(int command, union bpf_attr *attr)
{
	int result = syscall(__NR_bpf, command, attr, sizeof(*attr));

	if (result < 0)
		err(1, "BPF command %d", command);
	return result;
}

static inline void give(int verdict)
{
	APPEND(MOV(BPF_REG_0, verdict), EXIT);
}

/* R2 is the frame and R3 its end; R4 to R7 hold the addresses, 4 + 2 bytes each. */
static inline void swap_addresses(void)
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

/* @flags: of enum bpf_prog_load, such as BPF_F_XDP_HAS_FRAGS. Returns its descriptor. */
static inline int load_program(uint32_t flags)
{
	union bpf_attr load = {
		.prog_type = BPF_PROG_TYPE_XDP,
		.insns = (uintptr_t)program,
		.insn_cnt = length,
		.license = (uintptr_t)"GPL",
		.prog_flags = flags,
	};

	return bpf(BPF_PROG_LOAD, &load);
}

#endif /* XDP_PROGRAM_H */
