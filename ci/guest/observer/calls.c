// SPDX-License-Identifier: GPL-2.0
/*
 * The DMA calls of the functions that are followed.
 *
 * A kprobe on the entry of each call of the DMA API sends it to a function here if its
 * device is followed. That function tells pages.c and calls the real one. The probe lets
 * its call pass, because the return address is in this module. All base kernels have
 * these calls, in whatever way they reach the IOMMU.
 *
 * Nothing is missed. A kprobe is skipped while another one is handled, but ours are
 * handled with interrupts off, call nothing that is probed, and have no handler at the
 * return. What the kernel skipped all the same is counted.
 */
#include <linux/dma-mapping.h>
#include <linux/iommu.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/pci.h>

#include "observer.h"

enum call { MAP, UNMAP, UNMAP_NO_SYNC, ALLOC, FREE, CALLS };

/* The kernel's own function. Its first instruction may be a probe, which lets it pass. */
static void *real(enum call call);

/* ---- instead of the calls ---- */

static dma_addr_t follow_map_page(struct device *dev, struct page *page,
				  size_t offset, size_t size,
				  enum dma_data_direction dir,
				  unsigned long attrs)
{
	typeof(dma_map_page_attrs) *map = real(MAP);
	phys_addr_t memory = page_to_phys(page) + offset;
	struct function *function = function_of(dev);
	dma_addr_t iova;

	pages_mapping(function, memory, size);
	iova = map(dev, page, offset, size, dir, attrs);
	if (iova != DMA_MAPPING_ERROR)
		pages_alive(function, iova, memory, size);
	pages_mapped(function, memory, size);
	return iova;
}

/* The same call where the DMA API takes CPU addresses. */
static dma_addr_t follow_map_phys(struct device *dev, phys_addr_t memory,
				  size_t size, enum dma_data_direction dir,
				  unsigned long attrs)
{
	dma_addr_t (*map)(struct device *dev, phys_addr_t memory, size_t size,
			  enum dma_data_direction dir,
			  unsigned long attrs) = real(MAP);
	struct function *function = function_of(dev);
	dma_addr_t iova;

	pages_mapping(function, memory, size);
	iova = map(dev, memory, size, dir, attrs);
	if (iova != DMA_MAPPING_ERROR)
		pages_alive(function, iova, memory, size);
	pages_mapped(function, memory, size);
	return iova;
}

static void follow_unmap(struct device *dev, dma_addr_t iova, size_t size,
			 enum dma_data_direction dir, unsigned long attrs)
{
	typeof(dma_unmap_page_attrs) *unmap = real(UNMAP);

	strict_note(unmap);
	pages_unmap(function_of(dev), iova, size);
	unmap(dev, iova, size, dir, attrs);
}

/*
 * If the kernel then unmaps the ordinary way, that call is followed as well and counts the
 * page as unmapped-unknown: mlx5 must batch only if dma_enable_unmap_no_sync() returned
 * true.
 */
static void follow_unmap_no_sync(struct device *dev, dma_addr_t iova, size_t size,
				 enum dma_data_direction dir, unsigned long attrs)
{
	typeof(dma_unmap_page_attrs) *unmap = real(UNMAP_NO_SYNC);

	pages_unmap(function_of(dev), iova, size);
	unmap(dev, iova, size, dir, attrs);
}

/* Coherent memory, such as rings and mailboxes. Its pages need not be neighbours. */
static void *follow_alloc(struct device *dev, size_t size, dma_addr_t *iova,
			  gfp_t gfp, unsigned long attrs)
{
	typeof(dma_alloc_attrs) *alloc = real(ALLOC);
	struct iommu_domain *domain = iommu_get_domain_for_dev(dev);
	struct function *function = function_of(dev);
	size_t done, part;
	void *memory;

	pages_mapping(function, 0, 0);
	memory = alloc(dev, size, iova, gfp, attrs);
	for (done = 0; memory && done < size; done += part) {
		part = min_t(size_t, size - done, PAGE_SIZE);
		pages_alive(function, *iova + done,
			    iommu_iova_to_phys(domain, *iova + done), part);
	}
	pages_mapped(function, 0, 0);
	return memory;
}

static void follow_free(struct device *dev, size_t size, void *memory,
			dma_addr_t iova, unsigned long attrs)
{
	typeof(dma_free_attrs) *release = real(FREE);

	strict_note(release);
	pages_unmap(function_of(dev), iova, size);
	release(dev, size, memory, iova, attrs);
}

/* ---- probes ---- */

/*
 * A call has one of two names, depending on the kernel. If a kernel has the first function,
 * the second one calls it. Kernels without xSMMU have no unmaps without sync.
 */
struct probe {
	const char *names[2];
	void *follow[2];
	bool may_be_missing;
	void *to;		/* one of @follow */
	struct kprobe kprobe;
};

static struct probe probes[CALLS] = {
	[MAP] = {
		.names = { "dma_map_phys", "dma_map_page_attrs" },
		.follow = { follow_map_phys, follow_map_page },
	},
	[UNMAP] = {
		.names = { "dma_unmap_phys", "dma_unmap_page_attrs" },
		.follow = { follow_unmap, follow_unmap },
	},
	[UNMAP_NO_SYNC] = {
		.names = { "dma_unmap_page_attrs_no_sync" },
		.follow = { follow_unmap_no_sync },
		.may_be_missing = true,
	},
	[ALLOC] = {
		.names = { "dma_alloc_attrs" },
		.follow = { follow_alloc },
	},
	[FREE] = {
		.names = { "dma_free_attrs" },
		.follow = { follow_free },
	},
};

/* mlx5 does not use these. If it does, the count of "unfollowed" is not 0. */
static const char *const unfollowed_names[] = {
	"dma_map_sg_attrs", "dma_map_sgtable", "dma_alloc_pages",
	"dma_alloc_noncontiguous", "dma_iova_try_alloc",
};

static struct kprobe unfollowed[ARRAY_SIZE(unfollowed_names)];

static void *real(enum call call)
{
	return probes[call].kprobe.addr;
}

/* Where the function will return to, at its entry. */
static unsigned long returns_to(struct pt_regs *regs)
{
#ifdef CONFIG_X86_64
	return *(unsigned long *)kernel_stack_pointer(regs);
#else
	return procedure_link_pointer(regs);
#endif
}

static struct function *function_of_call(struct pt_regs *regs)
{
	if (within_module(returns_to(regs), THIS_MODULE))
		return NULL;
	return function_of((struct device *)regs_get_kernel_argument(regs, 0));
}

static int on_call(struct kprobe *kprobe, struct pt_regs *regs)
{
	struct probe *probe = container_of(kprobe, struct probe, kprobe);

	if (!function_of_call(regs))
		return 0;
	instruction_pointer_set(regs, (unsigned long)probe->to);
	return 1;
}

static int on_unfollowed(struct kprobe *kprobe, struct pt_regs *regs)
{
	if (function_of_call(regs))
		pages_count.unfollowed++;
	return 0;
}

/* A kprobe with this handler is never replaced by a jump, which could not be sent away. */
static void after(struct kprobe *kprobe, struct pt_regs *regs,
		  unsigned long flags)
{
}

static int probe_register(struct kprobe *kprobe, const char *name,
			  kprobe_pre_handler_t handler)
{
	int ret;

	*kprobe = (struct kprobe) {
		.symbol_name = name,
		.pre_handler = handler,
		.post_handler = after,
	};
	ret = register_kprobe(kprobe);
	if (ret && ret != -ENOENT)
		pr_err("observer: no probe of %s: %d\n", name, ret);
	/* For calls_exit() and real(). */
	if (ret)
		kprobe->addr = NULL;
	return ret;
}

static int call_register(struct probe *probe)
{
	unsigned int i;
	int ret = -ENOENT;

	for (i = 0; ret == -ENOENT && i < ARRAY_SIZE(probe->names); i++) {
		if (!probe->names[i])
			break;
		probe->to = probe->follow[i];
		ret = probe_register(&probe->kprobe, probe->names[i], on_call);
	}
	return ret == -ENOENT && probe->may_be_missing ? 0 : ret;
}

static int unfollowed_register(unsigned int i)
{
	int ret = probe_register(&unfollowed[i], unfollowed_names[i],
				 on_unfollowed);

	return ret == -ENOENT ? 0 : ret;
}

u64 calls_skipped(void)
{
	u64 sum = 0;
	unsigned int i;

	for (i = 0; i < CALLS; i++)
		sum += probes[i].kprobe.nmissed;
	return sum;
}

int calls_init(void)
{
	unsigned int i;
	int ret = 0;

	/* The real functions are called by the addresses of their probes. */
	BUILD_BUG_ON(IS_ENABLED(CONFIG_X86_KERNEL_IBT));
	for (i = 0; !ret && i < CALLS; i++)
		ret = call_register(&probes[i]);
	for (i = 0; !ret && i < ARRAY_SIZE(unfollowed); i++)
		ret = unfollowed_register(i);
	if (ret)
		calls_exit();
	return ret;
}

void calls_exit(void)
{
	unsigned int i;

	for (i = 0; i < CALLS; i++)
		if (probes[i].kprobe.addr)
			unregister_kprobe(&probes[i].kprobe);
	for (i = 0; i < ARRAY_SIZE(unfollowed); i++)
		if (unfollowed[i].addr)
			unregister_kprobe(&unfollowed[i]);
}
