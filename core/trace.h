/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Trace events of xSMMU: invalidations, overflows, orphans.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM xsmmu

#if !defined(_XSMMU_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _XSMMU_TRACE_H

#include <linux/tracepoint.h>
#include "internal.h"

TRACE_EVENT(xsmmu_sync,
	TP_PROTO(const char *name, unsigned long number, bool leaf_only, int err),
	TP_ARGS(name, number, leaf_only, err),
	TP_STRUCT__entry(
		__array(char, name, XSMMU_NAME_LEN)
		__field(unsigned long, number)
		__field(bool, leaf_only)
		__field(int, err)
	),
	TP_fast_assign(
		strscpy(__entry->name, name, XSMMU_NAME_LEN);
		__entry->number = number;
		__entry->leaf_only = leaf_only;
		__entry->err = err;
	),
	TP_printk("%s number=%lu leaf_only=%d err=%d", __entry->name,
		  __entry->number, __entry->leaf_only, __entry->err)
);

TRACE_EVENT(xsmmu_named,
	TP_PROTO(const char *name, unsigned int runs, int err),
	TP_ARGS(name, runs, err),
	TP_STRUCT__entry(
		__array(char, name, XSMMU_NAME_LEN)
		__field(unsigned int, runs)
		__field(int, err)
	),
	TP_fast_assign(
		strscpy(__entry->name, name, XSMMU_NAME_LEN);
		__entry->runs = runs;
		__entry->err = err;
	),
	TP_printk("%s runs=%u err=%d", __entry->name, __entry->runs,
		  __entry->err)
);

TRACE_EVENT(xsmmu_overflow,
	TP_PROTO(const char *name, unsigned int entries),
	TP_ARGS(name, entries),
	TP_STRUCT__entry(
		__array(char, name, XSMMU_NAME_LEN)
		__field(unsigned int, entries)
	),
	TP_fast_assign(
		strscpy(__entry->name, name, XSMMU_NAME_LEN);
		__entry->entries = entries;
	),
	TP_printk("%s entries=%u", __entry->name, __entry->entries)
);

TRACE_EVENT(xsmmu_backstop,
	TP_PROTO(const char *name, int err),
	TP_ARGS(name, err),
	TP_STRUCT__entry(
		__array(char, name, XSMMU_NAME_LEN)
		__field(int, err)
	),
	TP_fast_assign(
		strscpy(__entry->name, name, XSMMU_NAME_LEN);
		__entry->err = err;
	),
	TP_printk("%s err=%d", __entry->name, __entry->err)
);

#endif /* _XSMMU_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
