// SPDX-License-Identifier: GPL-2.0
/*
 * Writes a mark to QEMU's log, for ci/lib/oracle.py:
 *
 *	mark NUMBER REGISTERS
 *
 * REGISTERS is the file in sysfs of the BAR of a ConnectX that attack-regs.h describes.
 */
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "../../devices/connectx/attack-regs.h"

int main(int argc, char **argv)
{
	uint64_t *registers;
	int fd;

	if (argc != 3)
		errx(2, "usage: mark NUMBER REGISTERS");
	fd = open(argv[2], O_RDWR | O_SYNC);
	if (fd < 0)
		err(1, "%s", argv[2]);
	registers = mmap(NULL, CX_ATTACK_BAR_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (registers == MAP_FAILED)
		err(1, "%s", argv[2]);
	/* Atomic, so that each is one access of 64 bits. */
	if (__atomic_load_n(&registers[CX_ATTACK_ID / 8], __ATOMIC_ACQUIRE) != CX_ATTACK_MAGIC)
		errx(1, "%s is not of a ConnectX", argv[2]);
	__atomic_store_n(&registers[CX_ATTACK_MARK / 8], strtoul(argv[1], NULL, 10),
			 __ATOMIC_RELEASE);
	return 0;
}
