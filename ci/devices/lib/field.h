/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Registers whose value is a 64-bit field of a structure. A device lists them
 * in a table and needs no code for each of them.
 */
#ifndef XSMMU_DEVICES_FIELD_H
#define XSMMU_DEVICES_FIELD_H

#include "qemu/osdep.h"

struct field {
	unsigned int reg;	/* offset in the BAR */
	size_t at;		/* offset of the uint64_t in the structure */
	uint64_t max;		/* the guest may write min .. max; 0: nothing */
	uint64_t min;
	const char *name;	/* of the property that QMP reads, or NULL */
};

/* The entry of @fields for @reg, or NULL. */
static inline const struct field *field_find(const struct field *fields, size_t count,
					     unsigned int reg)
{
	const struct field *field;

	for (field = fields; field < fields + count; field++)
		if (field->reg == reg)
			return field;
	return NULL;
}

#define FIELD_FIND(fields, reg)	field_find(fields, ARRAY_SIZE(fields), reg)

static inline uint64_t *field_in(const void *structure, const struct field *field)
{
	return (uint64_t *)((uintptr_t)structure + field->at);
}

#endif /* XSMMU_DEVICES_FIELD_H */
