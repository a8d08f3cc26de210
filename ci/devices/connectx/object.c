// SPDX-License-Identifier: GPL-2.0
/*
 * Numbered objects, and the references between them.
 *
 * Each type has its own numbers. A new object gets the lowest free one. Number
 * 0 is never used, because for some types it means "none" to the driver. The
 * numbers of send and receive queues do not overlap, because the same field of
 * a CQE names both.
 */
#include "connectx.h"

static const struct {
	uint32_t first;
	uint32_t count;
} numbers[CX_TYPES] = {
	[CX_EQ]		= { 1, 31 },
	[CX_CQ]		= { 0x400, 1024 },
	[CX_SQ]		= { 0x1000, 1024 },
	[CX_RQ]		= { 0x2000, 1024 },
	[CX_TIR]	= { 1, 1024 },
	[CX_TIS]	= { 1, 1024 },
	[CX_RQT]	= { 1, 1024 },
	[CX_MKEY]	= { 2, 4096 },	/* key 0x100 ends a list (receive.c) */
	[CX_PD]		= { 1, 1024 },
	[CX_TD]		= { 1, 1024 },
	[CX_UAR]	= { CX_FIRST_UAR, 1024 },
	[CX_Q_COUNTER]	= { 1, 255 },
	[CX_FLOW_TABLE]	= { 1, 1024 },
	[CX_FLOW_GROUP]	= { 1, 4096 },
};

void *cx_object_find(ConnectX *cx, enum cx_type type, uint32_t num)
{
	return g_hash_table_lookup(cx->objects[type], GUINT_TO_POINTER(num));
}

void *cx_object_find_get(ConnectX *cx, enum cx_type type, uint32_t num)
{
	void *object = cx_object_find(cx, type, num);

	cx_object_get(object);
	return object;
}

void *cx_object_new(ConnectX *cx, enum cx_type type, size_t size,
		    void (*release)(ConnectX *cx, struct cx_object *object))
{
	uint32_t end = numbers[type].first + numbers[type].count;
	struct cx_object *object;
	uint32_t num;

	for (num = numbers[type].first; num < end; num++)
		if (!cx_object_find(cx, type, num))
			break;
	if (num == end)
		return NULL;
	object = g_malloc0(size);
	object->type = type;
	object->num = num;
	object->release = release;
	g_hash_table_insert(cx->objects[type], GUINT_TO_POINTER(num), object);
	return object;
}

void cx_object_drop(ConnectX *cx, void *opaque)
{
	struct cx_object *object = opaque;

	g_hash_table_remove(cx->objects[object->type],
			    GUINT_TO_POINTER(object->num));
	if (object->release)
		object->release(cx, object);
	g_free(object);
}

uint8_t cx_object_destroy(ConnectX *cx, enum cx_type type, uint32_t num)
{
	struct cx_object *object = cx_object_find(cx, type, num);

	if (!object)
		return CX_BAD_RES;
	if (object->refs)
		return CX_BAD_RES_STATE;
	cx_object_drop(cx, object);
	return CX_OK;
}

void cx_object_get(void *opaque)
{
	struct cx_object *object = opaque;

	if (object)
		object->refs++;
}

void cx_object_put(void *opaque)
{
	struct cx_object *object = opaque;

	if (object)
		object->refs--;
}

bool cx_uar_rings(ConnectX *cx, uint32_t num, const struct cx_object *own,
		  const struct cx_object *object)
{
	if (own->num == num)
		return true;
	cx_log(cx, "doorbell of %s 0x%x, whose UAR is 0x%x, in UAR 0x%x: ignored",
	       object->type == CX_EQ ? "EQ" : object->type == CX_CQ ? "CQ" : "send queue",
	       object->num, own->num, num);
	return false;
}

void cx_object_each(ConnectX *cx, enum cx_type type,
		    void (*function)(ConnectX *cx, void *object, void *opaque),
		    void *opaque)
{
	GHashTableIter iter;
	gpointer object;

	g_hash_table_iter_init(&iter, cx->objects[type]);
	while (g_hash_table_iter_next(&iter, NULL, &object))
		function(cx, object, opaque);
}

void cx_objects_init(ConnectX *cx)
{
	unsigned int type;

	for (type = 0; type < CX_TYPES; type++)
		cx->objects[type] = g_hash_table_new(NULL, NULL);
}

/* An object without references to it. There is one, because there are no cycles. */
static struct cx_object *unreferenced(GHashTable *objects)
{
	GHashTableIter iter;
	gpointer object;

	g_hash_table_iter_init(&iter, objects);
	while (g_hash_table_iter_next(&iter, NULL, &object))
		if (!((struct cx_object *)object)->refs)
			break;
	return object;
}

/*
 * An object drops its references in release(). So an object is dropped before
 * the objects that it refers to. For flow tables this also holds within the
 * type.
 */
void cx_objects_reset(ConnectX *cx)
{
	static const enum cx_type order[] = {
		CX_FLOW_GROUP, CX_FLOW_TABLE, CX_TIR, CX_RQT, CX_SQ, CX_RQ,
		CX_TIS, CX_CQ, CX_EQ, CX_MKEY, CX_Q_COUNTER, CX_TD, CX_PD,
		CX_UAR,
	};
	size_t i;

	G_STATIC_ASSERT(ARRAY_SIZE(order) == CX_TYPES);
	for (i = 0; i < ARRAY_SIZE(order); i++) {
		GHashTable *objects = cx->objects[order[i]];

		while (g_hash_table_size(objects))
			cx_object_drop(cx, unreferenced(objects));
	}
}

const struct cx_op *cmd_find(const struct cx_op *const *families, size_t count,
			     uint16_t opcode)
{
	const struct cx_op *op;
	size_t i;

	for (i = 0; i < count; i++)
		for (op = families[i]; op->name; op++)
			if (op->opcode == opcode)
				return op;
	return NULL;
}

uint8_t cmd_run(ConnectX *cx, struct cx_cmd *cmd)
{
	const struct cx_op *op = cmd->op;

	if (op->width) {
		cmd->object = cx_object_find(cx, op->type,
					     ifc_get(cmd->in, op->bit, op->width));
		if (!cmd->object)
			return CX_BAD_RES;
	}
	return op->run(cx, cmd);
}

uint8_t cmd_destroy(ConnectX *cx, struct cx_cmd *cmd)
{
	struct cx_object *object = cmd->object;

	return cx_object_destroy(cx, object->type, object->num);
}

void cx_objects_free(ConnectX *cx)
{
	unsigned int type;

	for (type = 0; type < CX_TYPES; type++)
		g_clear_pointer(&cx->objects[type], g_hash_table_unref);
}
