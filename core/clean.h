/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Leaf entries for a walker that does not look into the CPU's caches.
 */
#ifndef _XSMMU_CLEAN_H
#define _XSMMU_CLEAN_H

#ifdef CONFIG_X86
#include <linux/kernel.h>
#include <asm/barrier.h>
#include <asm/processor.h>
#include <asm/special_insns.h>
#else
#include "base.h"
#endif

/* Are entries cleaned without a call? */
#define XSMMU_CLEANS_INLINE	IS_ENABLED(CONFIG_X86)

#if IS_ENABLED(CONFIG_XSMMU_KUNIT_TEST)
/* Unless it is NULL, it is told what was written out of the caches. Set by a test. */
extern void (*xsmmu_cleaned)(const void *start, size_t size);

static __always_inline void xsmmu_tell_test(const void *start, size_t size)
{
	void (*cleaned)(const void *start, size_t size) = READ_ONCE(xsmmu_cleaned);

	if (unlikely(cleaned))
		cleaned(start, size);
}
#else
static __always_inline void xsmmu_tell_test(const void *start, size_t size)
{
}
#endif

#ifdef CONFIG_X86
/* Write a line of @size bytes out of the caches, without waiting. */
static __always_inline void xsmmu_clean_line(unsigned long line, unsigned long size)
{
	clwb((void *)line);
	xsmmu_tell_test((void *)(line & ~(size - 1)), size);
}
#endif

/**
 * xsmmu_clean_entries - write entries out of the CPU's caches
 * @entry: the first one
 * @n: their number
 *
 * Context: any.
 */
static __always_inline void xsmmu_clean_entries(u64 *entry, unsigned int n)
{
#ifdef CONFIG_X86
	unsigned long size = boot_cpu_data.x86_clflush_size;
	unsigned long line = (unsigned long)entry & ~(size - 1);

	xsmmu_clean_line((unsigned long)entry, size);
	/* One entry is in one line. */
	while (n > 1 && (line += size) < (unsigned long)(entry + n))
		xsmmu_clean_line(line, size);
	/*
	 * W2, pairs with the walk that a device or a sync causes: the lines are
	 * in memory, then the stores that follow. Only a fence orders clwb().
	 * Litmus: window-clean
	 */
	wmb();
#else
	/* This waits for the lines, as W2 does. */
	xsmmu_write_back(entry, n * sizeof(*entry));
	xsmmu_tell_test(entry, n * sizeof(*entry));
#endif
}

#endif /* _XSMMU_CLEAN_H */
