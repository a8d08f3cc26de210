// SPDX-License-Identifier: GPL-2.0
/*
 * The ConnectX functions: their attack registers, and when they are followed.
 *
 * A function is followed while a driver is bound, if an IOMMU translates it.
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

/* Any context. */
struct function *function_of(struct device *dev)
{
	struct function *function, *found = NULL;

	rcu_read_lock();
	list_for_each_entry_rcu(function, &functions, list)
		if (&function->pdev->dev == dev && READ_ONCE(function->bound))
			found = function;
	rcu_read_unlock();
	return found;
}

/*
 * Syncs fail by an override: a kernel may begin them with a jump label, and no kprobe can
 * be there.
 */
#ifdef CONFIG_XSMMU
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
	function->no_sync_until = jiffies;
	function->override = (struct xsmmu_override) {
		.dev = &function->pdev->dev,
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

	return domain && iommu_is_dma_domain(domain);
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
	WRITE_ONCE(function->domain, iommu_get_domain_for_dev(&pdev->dev));
	override_add(function);
	WRITE_ONCE(function->bound, true);
}

static void function_unbound(struct pci_dev *pdev)
{
	struct function *function = function_find(pdev);

	if (!function || !function->bound)
		return;
	WRITE_ONCE(function->bound, false);
	override_remove(function);
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
