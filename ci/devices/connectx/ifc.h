/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fields of the ConnectX interface, by the names that they have in the kernel.
 *
 * The build takes mlx5_ifc.h from the source of the base kernel. Its structures
 * describe formats, not memory. Each byte of a structure stands for one bit of
 * the format, so offsetof() and sizeof() count bits.
 */
#ifndef XSMMU_CONNECTX_IFC_H
#define XSMMU_CONNECTX_IFC_H

#include "qemu/osdep.h"
#include "qemu/bswap.h"

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
#ifndef BIT
#define BIT(n) (1UL << (n))
#endif
#ifndef BIT_ULL
#define BIT_ULL(n) (1ULL << (n))
#endif
/* Newer kernels use it for arrays at the end. */
#ifndef DECLARE_FLEX_ARRAY
#define DECLARE_FLEX_ARRAY(type, name) struct { type name[0]; }
#endif
#include <mlx5_ifc.h>

/* The type of a format, and its size in bytes. */
#define IFC(type)		struct mlx5_ifc_##type##_bits
#define IFC_SIZE(type)		(sizeof(IFC(type)) / 8)

#define IFC_AT(type, field)	offsetof(IFC(type), field)
#define IFC_WIDTH(type, field)	sizeof(((IFC(type) *)NULL)->field)

/* The value of a field of at most 64 bits in the format at @p. */
#define IFC_GET(type, p, field) \
	ifc_get(p, IFC_AT(type, field), IFC_WIDTH(type, field))
#define IFC_SET(type, p, field, val) \
	ifc_set(p, IFC_AT(type, field), IFC_WIDTH(type, field), val)
/* The address of a field that begins on a byte. */
#define IFC_PTR(type, p, field)	((u8 *)(p) + IFC_AT(type, field) / 8)

static inline u64 ifc_get(const void *buf, size_t bit, size_t width)
{
	const u8 *p = buf;
	u64 val = 0;
	size_t b;

	if (bit % 8 == 0 && width == 32)
		return (u32)ldl_be_p(p + bit / 8);
	if (bit % 8 == 0 && width == 64)
		return ldq_be_p(p + bit / 8);
	for (b = bit; b < bit + width; b++)
		val = val << 1 | (p[b / 8] >> (7 - b % 8) & 1);
	return val;
}

static inline void ifc_set(void *buf, size_t bit, size_t width, u64 val)
{
	u8 *p = buf;
	size_t i;

	for (i = 0; i < width; i++) {
		size_t b = bit + width - 1 - i;
		u8 mask = 1 << (7 - b % 8);

		p[b / 8] = val >> i & 1 ? p[b / 8] | mask : p[b / 8] & ~mask;
	}
}

#endif /* XSMMU_CONNECTX_IFC_H */
