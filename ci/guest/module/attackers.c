// SPDX-License-Identifier: GPL-2.0
/*
 * The PCI driver of the devices that attack.
 */
#include <linux/dma-mapping.h>
#include <linux/pci.h>

#include "attackers.h"
#include "../../devices/dma-probe/regs.h"

#define EDU_VENDOR_ID	0x1234
#define EDU_DEVICE_ID	0x11e8

struct attacker probe, edu;

static int attacker_bind(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct attacker *attacker = (struct attacker *)id->driver_data;
	int ret;

	if (attacker->dev)
		return -EBUSY;
	ret = pcim_enable_device(pdev);
	if (!ret)
		ret = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(64));
	if (ret)
		return ret;
	attacker->bar = pcim_iomap(pdev, 0, 0);
	if (!attacker->bar)
		return -ENOMEM;
	pci_set_master(pdev);
	pci_set_drvdata(pdev, attacker);
	attacker->dev = &pdev->dev;
	return 0;
}

/* After this the PCI core disables the device, which stops its DMA. */
static void attacker_unbind(struct pci_dev *pdev)
{
	struct attacker *attacker = pci_get_drvdata(pdev);

	attacker->dev = NULL;
}

static const struct pci_device_id attacker_ids[] = {
	{ PCI_DEVICE(DMA_PROBE_VENDOR_ID, DMA_PROBE_DEVICE_ID),
	  .driver_data = (kernel_ulong_t)&probe },
	{ PCI_DEVICE(EDU_VENDOR_ID, EDU_DEVICE_ID),
	  .driver_data = (kernel_ulong_t)&edu },
	{ }
};

static struct pci_driver attacker_driver = {
	.name = "attack",
	.id_table = attacker_ids,
	.probe = attacker_bind,
	.remove = attacker_unbind,
};

/**
 * attackers_init() - bind to the attackers that are present
 *
 * Return: 0, or an error of pci_register_driver(). Sleeps.
 */
int attackers_init(void)
{
	return pci_register_driver(&attacker_driver);
}

/**
 * attackers_exit() - unbind from all attackers. Sleeps.
 */
void attackers_exit(void)
{
	pci_unregister_driver(&attacker_driver);
}

/**
 * attacker_silence() - unbind from an attacker and take its registers off the bus
 * @pdev: the attacker
 *
 * Context: process, under pci_lock_rescan_remove().
 */
void attacker_silence(struct pci_dev *pdev)
{
	device_release_driver(&pdev->dev);
	pci_write_config_word(pdev, PCI_COMMAND, 0);
}

/**
 * attacker_rescan() - remove a silent attacker from its bus and find it again
 * @pdev: the attacker; another &struct pci_dev afterwards
 *
 * Its group and its domain end if it was the last device in them. QEMU's memory map
 * stays as it is.
 *
 * Context: process, under pci_lock_rescan_remove().
 */
void attacker_rescan(struct pci_dev *pdev)
{
	struct pci_bus *bus = pdev->bus;
	unsigned int devfn = pdev->devfn;

	pci_stop_and_remove_bus_device(pdev);
	pci_scan_single_device(bus, devfn);
}

/**
 * attacker_return() - bind to an attacker that was found again
 * @bus: its bus
 *
 * Context: process, under pci_lock_rescan_remove().
 */
void attacker_return(struct pci_bus *bus)
{
	pci_bus_assign_resources(bus);
	pci_bus_add_devices(bus);
}

/**
 * attacker_replug() - remove an attacker from its bus, find it and bind to it again
 * @pdev: the attacker; another &struct pci_dev afterwards
 *
 * Its group and its domain end if it was the last device in them. Sleeps.
 */
void attacker_replug(struct pci_dev *pdev)
{
	struct pci_bus *bus = pdev->bus;

	pci_lock_rescan_remove();
	attacker_silence(pdev);
	attacker_rescan(pdev);
	attacker_return(bus);
	pci_unlock_rescan_remove();
}
