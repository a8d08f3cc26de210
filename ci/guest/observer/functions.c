// SPDX-License-Identifier: GPL-2.0
/*
 * The ConnectX functions: their attack registers, and their DMA operations.
 *
 * A device points to a table of DMA operations. While a driver is bound, the device
 * points to a copy of that table. The functions in the copy tell pages.c and then call
 * the kernel's own functions. They see every call. A kprobe would not: it is skipped
 * while another kprobe runs. Unmaps without sync, and syncs, do not use the table; we
 * see them by an override (struct xsmmu_override).
 *
 * The kernel sets the table again before it binds a driver (arch_setup_dma_ops() on
 * arm64), and then calls the notifiers of the bus.
 */
#include <linux/delay.h>
#include <linux/iommu.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/rculist.h>
#include <linux/slab.h>

#include "observer.h"

static DEFINE_MUTEX(function_lock);
static LIST_HEAD(functions);

static struct function *function_of(struct device *dev)
{
	return container_of(get_dma_ops(dev), struct function, ops);
}

/* ---- DMA operations ---- */

/* What the DMA API does before it looks at the table. */
#ifdef CONFIG_XSMMU
#define map_in_window	xsmmu_real_map_page
#define unmap_in_window	xsmmu_real_unmap_page_strict
#else
static bool map_in_window(struct device *dev, phys_addr_t memory, size_t size,
			  enum dma_data_direction dir, unsigned long attrs,
			  dma_addr_t *iova)
{
	return false;
}

static bool unmap_in_window(struct device *dev, dma_addr_t iova, size_t size,
			    enum dma_data_direction dir, unsigned long attrs)
{
	return false;
}
#endif

static dma_addr_t follow_map_page(struct device *dev, struct page *page,
				  unsigned long offset, size_t size,
				  enum dma_data_direction dir,
				  unsigned long attrs)
{
	struct function *function = function_of(dev);
	phys_addr_t memory = page_to_phys(page) + offset;
	dma_addr_t iova;

	pages_mapping(function, memory, size);
	if (!map_in_window(dev, memory, size, dir, attrs, &iova))
		iova = function->real->map_page(dev, page, offset, size, dir,
						attrs);
	if (iova != DMA_MAPPING_ERROR)
		pages_alive(function, iova, memory, size);
	pages_mapped(function, memory, size);
	return iova;
}

static void follow_unmap_page(struct device *dev, dma_addr_t iova, size_t size,
			      enum dma_data_direction dir, unsigned long attrs)
{
	struct function *function = function_of(dev);

	strict_note();
	pages_unmap(function, iova, size);
	if (!unmap_in_window(dev, iova, size, dir, attrs))
		function->real->unmap_page(dev, iova, size, dir, attrs);
}

#ifdef CONFIG_XSMMU
/*
 * If the kernel then unmaps the ordinary way, follow_unmap_page() counts the page as
 * unmapped-unknown: mlx5 must batch only if dma_enable_unmap_no_sync() returned true.
 */
static bool follow_unmap_page_no_sync(struct xsmmu_override *override,
				      dma_addr_t iova, size_t size,
				      enum dma_data_direction dir,
				      unsigned long attrs)
{
	struct function *function = container_of(override, struct function,
						 override);

	pages_unmap(function, iova, size);
	return xsmmu_real_unmap_page(override->dev, iova, size, dir, attrs);
}

/* An IOMMU that fails does not answer in time. Meanwhile packets come and go. */
static int failing_sync(struct xsmmu_override *override, bool local)
{
	struct function *function = container_of(override, struct function,
						 override);

	if (time_before(jiffies, READ_ONCE(function->no_sync_until))) {
		mdelay(20);
		return -EIO;
	}
	return xsmmu_real_sync(override->dev, local);
}

static void override_add(struct function *function)
{
	function->override = (struct xsmmu_override) {
		.dev = &function->pdev->dev,
		.unmap_page = follow_unmap_page_no_sync,
		.sync = failing_sync,
	};
	xsmmu_override_add(&function->override);
}

static void override_remove(struct function *function)
{
	xsmmu_override_remove(&function->override);
}
#else
static void override_add(struct function *function)
{
}

static void override_remove(struct function *function)
{
}
#endif

/* Coherent memory, such as rings and mailboxes. Its pages need not be neighbours. */
static void *follow_alloc(struct device *dev, size_t size, dma_addr_t *iova,
			  gfp_t gfp, unsigned long attrs)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(dev);
	struct function *function = function_of(dev);
	size_t done, part;
	void *memory;

	pages_mapping(function, 0, 0);
	memory = function->real->alloc(dev, size, iova, gfp, attrs);
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
	struct function *function = function_of(dev);

	strict_note();
	pages_unmap(function, iova, size);
	function->real->free(dev, size, memory, iova, attrs);
}

/* mlx5 does not use the following operations. If it does, the count is not 0. */

static int unfollowed_map_sg(struct device *dev, struct scatterlist *sg,
			     int nents, enum dma_data_direction dir,
			     unsigned long attrs)
{
	pages_count.unfollowed++;
	return function_of(dev)->real->map_sg(dev, sg, nents, dir, attrs);
}

static struct page *unfollowed_alloc_pages(struct device *dev, size_t size,
					   dma_addr_t *iova,
					   enum dma_data_direction dir, gfp_t gfp)
{
	pages_count.unfollowed++;
	return function_of(dev)->real->alloc_pages(dev, size, iova, dir, gfp);
}

static struct sg_table *
unfollowed_alloc_noncontiguous(struct device *dev, size_t size,
			       enum dma_data_direction dir, gfp_t gfp,
			       unsigned long attrs)
{
	pages_count.unfollowed++;
	return function_of(dev)->real->alloc_noncontiguous(dev, size, dir, gfp,
							   attrs);
}

static void wrap(struct function *function)
{
	struct device *dev = &function->pdev->dev;

	WRITE_ONCE(function->domain, iommu_get_domain_for_dev(dev));
	function->real = get_dma_ops(dev);
	function->no_sync_until = jiffies;
	function->ops = *function->real;
	function->ops.map_page = follow_map_page;
	function->ops.unmap_page = follow_unmap_page;
	function->ops.alloc = follow_alloc;
	function->ops.free = follow_free;
	function->ops.map_sg = unfollowed_map_sg;
	function->ops.alloc_pages = unfollowed_alloc_pages;
	function->ops.alloc_noncontiguous = unfollowed_alloc_noncontiguous;
	set_dma_ops(dev, &function->ops);
	override_add(function);
}

static void unwrap(struct function *function)
{
	struct device *dev = &function->pdev->dev;

	override_remove(function);
	if (get_dma_ops(dev) == &function->ops)
		set_dma_ops(dev, function->real);
}

/* ---- the functions ---- */

static bool is_attacker(struct pci_dev *pdev)
{
	return pdev->vendor == PCI_VENDOR_ID_MELLANOX &&
	       pci_resource_len(pdev, CX_ATTACK_BAR) == CX_ATTACK_BAR_SIZE;
}

static void close_bar(struct function *function)
{
	pci_iounmap(function->pdev, function->bar);
	pci_disable_device(function->pdev);
}

/* Maps the registers without a request: the driver requests all BARs. */
static int open_bar(struct function *function)
{
	struct pci_dev *pdev = function->pdev;
	int ret = pci_enable_device_mem(pdev);

	if (ret)
		return ret;
	function->bar = pci_iomap(pdev, CX_ATTACK_BAR, 0);
	if (!function->bar) {
		pci_disable_device(pdev);
		return -ENOMEM;
	}
	if (function_read(function, CX_ATTACK_ID) == CX_ATTACK_MAGIC &&
	    function_read(function, CX_ATTACK_VERSION) == CX_ATTACK_VERSION_NOW)
		return 0;
	pci_err(pdev, "observer: its registers are not of version %d\n",
		CX_ATTACK_VERSION_NOW);
	close_bar(function);
	return -ENODEV;
}

static struct function *function_find(struct pci_dev *pdev)
{
	struct function *function;

	list_for_each_entry(function, &functions, list)
		if (function->pdev == pdev)
			return function;
	return NULL;
}

static struct function *function_add(struct pci_dev *pdev)
{
	struct function *function = kzalloc(sizeof(*function), GFP_KERNEL);

	if (!function)
		return NULL;
	function->pdev = pci_dev_get(pdev);
	if (open_bar(function)) {
		pci_dev_put(pdev);
		kfree(function);
		return NULL;
	}
	list_add_tail_rcu(&function->list, &functions);
	files_add(function);
	return function;
}

static bool is_translated(struct device *dev)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(dev);

	return domain && domain->type != IOMMU_DOMAIN_IDENTITY &&
	       get_dma_ops(dev);
}

/* Without translation an IOVA page is the memory itself, so it does not die. */
static void function_bind(struct pci_dev *pdev)
{
	struct function *function = function_find(pdev);

	if (!function)
		function = function_add(pdev);
	if (!function)
		return;
	if (!is_translated(&pdev->dev)) {
		pci_warn(pdev, "observer: not followed: no IOMMU translates it\n");
		return;
	}
	__module_get(THIS_MODULE);
	function->bound = true;
	wrap(function);
}

static void function_unbound(struct pci_dev *pdev)
{
	struct function *function = function_find(pdev);

	if (!function || !function->bound)
		return;
	unwrap(function);
	function->bound = false;
	strict_forget_addresses();
	module_put(THIS_MODULE);
}

static int on_bus(struct notifier_block *block, unsigned long event, void *data)
{
	struct pci_dev *pdev = to_pci_dev(data);

	if (!is_attacker(pdev))
		return NOTIFY_DONE;
	mutex_lock(&function_lock);
	switch (event) {
	case BUS_NOTIFY_BIND_DRIVER:
		function_bind(pdev);
		break;
	case BUS_NOTIFY_DRIVER_NOT_BOUND:
	case BUS_NOTIFY_UNBOUND_DRIVER:
		function_unbound(pdev);
		break;
	}
	mutex_unlock(&function_lock);
	return NOTIFY_OK;
}

static struct notifier_block notifier = { .notifier_call = on_bus };

void functions_each(void (*call)(struct function *function))
{
	struct function *function;

	mutex_lock(&function_lock);
	list_for_each_entry(function, &functions, list)
		call(function);
	mutex_unlock(&function_lock);
}

void functions_write(struct function *function, unsigned int reg, u64 val)
{
	struct function *other;

	rcu_read_lock();
	list_for_each_entry_rcu(other, &functions, list)
		if (READ_ONCE(other->domain) == function->domain)
			function_write(other, reg, val);
	rcu_read_unlock();
}

/* The observer cannot know what a driver mapped before it. */
static bool too_late(void)
{
	struct pci_dev *pdev = NULL;

	for_each_pci_dev(pdev) {
		if (is_attacker(pdev) && pdev->driver) {
			pci_err(pdev, "observer: load this module before %s\n",
				pdev->driver->name);
			pci_dev_put(pdev);
			return true;
		}
	}
	return false;
}

int functions_init(void)
{
	if (too_late())
		return -EBUSY;
	return bus_register_notifier(&pci_bus_type, &notifier);
}

/* No driver is bound to a function, or the module would be in use. */
void functions_exit(void)
{
	struct function *function, *next;

	bus_unregister_notifier(&pci_bus_type, &notifier);
	list_for_each_entry_safe(function, next, &functions, list) {
		list_del(&function->list);
		close_bar(function);
		pci_dev_put(function->pdev);
		kfree(function);
	}
}
