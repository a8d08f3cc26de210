// SPDX-License-Identifier: GPL-2.0
/*
 * Makes the driver of a function detach from it and attach again: as the kernel does when
 * the system sleeps and wakes up, or after a PCI error.
 */
#include <linux/device.h>
#include <linux/pci.h>

#include "observer.h"

/* What the PCI bus does with a driver that has the methods of old. */
int driver_sleep(struct function *function, bool sleep)
{
	struct pci_dev *pdev = function->pdev;
	struct pci_driver *driver;
	int ret = -ENODEV;

	device_lock(&pdev->dev);
	driver = pdev->driver;
	if (driver && driver->suspend && driver->resume)
		ret = sleep ? driver->suspend(pdev, PMSG_SUSPEND) : driver->resume(pdev);
	device_unlock(&pdev->dev);
	return ret;
}

static int recover(struct pci_dev *pdev, const struct pci_error_handlers *handlers)
{
	int ret;

	pdev->error_state = pci_channel_io_frozen;
	if (handlers->error_detected(pdev, pci_channel_io_frozen) != PCI_ERS_RESULT_NEED_RESET)
		return -EIO;
	ret = __pci_reset_function_locked(pdev);
	if (ret)
		return ret;
	if (handlers->slot_reset(pdev) != PCI_ERS_RESULT_RECOVERED)
		return -EIO;
	pdev->error_state = pci_channel_io_normal;
	handlers->resume(pdev);
	return 0;
}

/*
 * What the PCI bus does when a port reports that the link to a device is frozen. The
 * device is reset, so its counters are 0 afterwards, and its ledger is empty.
 */
int driver_recover(struct function *function)
{
	struct pci_dev *pdev = function->pdev;
	int ret = -ENODEV;

	device_lock(&pdev->dev);
	if (pdev->driver && pdev->driver->err_handler)
		ret = recover(pdev, pdev->driver->err_handler);
	device_unlock(&pdev->dev);
	return ret;
}
