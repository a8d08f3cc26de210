// SPDX-License-Identifier: GPL-2.0
/*
 * Tracepoints of the memory allocators. Those of a free are hit before the allocator
 * has the memory.
 *
 * Not all of them are exported, so they are found by name. alloc_pages_bulk() has no
 * tracepoint. If the driver gets pages from it, the observer sees them when the driver
 * maps them.
 */
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/string.h>
#include <linux/tracepoint.h>
#include <trace/events/kmem.h>

#include "observer.h"

static void on_page_free(void *data, struct page *page, unsigned int order)
{
	pages_freed(page_to_pfn(page), 1ul << order);
}

static void on_page_alloc(void *data, struct page *page, unsigned int order,
			  gfp_t gfp, int migratetype)
{
	if (page)
		pages_taken(page_to_pfn(page), 1ul << order);
}

static void on_kfree(void *data, unsigned long site, const void *object)
{
	pages_object_freed(object);
}

static void on_cache_free(void *data, unsigned long site, const void *object,
			  const struct kmem_cache *cache)
{
	pages_object_freed(object);
}

static struct hook {
	const char *name;
	void *function;
	struct tracepoint *point;
	bool registered;
} hooks[] = {
	{ "mm_page_free", on_page_free },
	{ "mm_page_alloc", on_page_alloc },
	{ "kfree", on_kfree },
	{ "kmem_cache_free", on_cache_free },
};

/* The compiler checks the types of the functions above. */
static void __maybe_unused check_types(void)
{
	check_trace_callback_type_mm_page_free(on_page_free);
	check_trace_callback_type_mm_page_alloc(on_page_alloc);
	check_trace_callback_type_kfree(on_kfree);
	check_trace_callback_type_kmem_cache_free(on_cache_free);
}

static void find_hook(struct tracepoint *point, void *unused)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(hooks); i++)
		if (!strcmp(point->name, hooks[i].name))
			hooks[i].point = point;
}

int memory_init(void)
{
	unsigned int i;
	int ret;

	for_each_kernel_tracepoint(find_hook, NULL);
	for (i = 0; i < ARRAY_SIZE(hooks); i++) {
		ret = -ENOENT;
		if (hooks[i].point)
			ret = tracepoint_probe_register(hooks[i].point,
							hooks[i].function, NULL);
		if (ret) {
			pr_err("no tracepoint %s: %d\n", hooks[i].name, ret);
			memory_exit();
			return ret;
		}
		hooks[i].registered = true;
	}
	return 0;
}

void memory_exit(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(hooks); i++)
		if (hooks[i].registered)
			tracepoint_probe_unregister(hooks[i].point,
						    hooks[i].function, NULL);
	tracepoint_synchronize_unregister();
}
