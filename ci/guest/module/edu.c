// SPDX-License-Identifier: GPL-2.0
/*
 * Driver for "edu", which copies between memory and a buffer of its own. QEMU starts
 * a transfer 100 ms after the request and does not report whether it succeeded. By
 * default the device cuts addresses to 28 bits, so start QEMU with
 * -device edu,dma_mask=0xffffffffffffffff.
 */
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/io-64-nonatomic-lo-hi.h>
#include <linux/pci.h>

#include "edu.h"

#define EDU_VENDOR_ID		0x1234
#define EDU_DEVICE_ID		0x11e8

#define EDU_DMA_SRC		0x80
#define EDU_DMA_DST		0x88
#define EDU_DMA_LEN		0x90
#define EDU_DMA_CMD		0x98
#define EDU_DMA_START		0x1
#define EDU_DMA_TO_MEMORY	0x2
#define EDU_BUFFER		0x40000

/* A transfer takes 100 ms; on a slow machine, more. */
#define EDU_POLL_MS		10
#define EDU_POLLS		500

/* The one device that is driven; the first found. */
static struct pci_dev *edu;
static void __iomem *edu_bar;

static int edu_transfer(u64 from, u64 to, size_t len, u64 cmd)
{
	int i;

	if (!edu || !len || len > EDU_MAX_LEN)
		return -EINVAL;
	writeq(from, edu_bar + EDU_DMA_SRC);
	writeq(to, edu_bar + EDU_DMA_DST);
	writeq(len, edu_bar + EDU_DMA_LEN);
	writeq(cmd | EDU_DMA_START, edu_bar + EDU_DMA_CMD);
	for (i = 0; i < EDU_POLLS; i++) {
		msleep(EDU_POLL_MS);
		if (!(readq(edu_bar + EDU_DMA_CMD) & EDU_DMA_START))
			return 0;
	}
	return -ETIMEDOUT;
}

/**
 * edu_from_memory() - copy from memory to the start of the device's buffer
 * @from: bus address
 * @len: bytes, 1 .. EDU_MAX_LEN
 *
 * Return: 0 once the device is done, even if the access was blocked; -EINVAL or
 * -ETIMEDOUT. Sleeps.
 */
int edu_from_memory(dma_addr_t from, size_t len)
{
	return edu_transfer(from, EDU_BUFFER, len, 0);
}

/**
 * edu_to_memory() - copy from the start of the device's buffer to memory
 * @to: bus address
 * @len: bytes, 1 .. EDU_MAX_LEN
 *
 * Return: as edu_from_memory(). Sleeps.
 */
int edu_to_memory(dma_addr_t to, size_t len)
{
	return edu_transfer(EDU_BUFFER, to, len, EDU_DMA_TO_MEMORY);
}

/**
 * edu_dev() - the device to map buffers for
 *
 * Return: what the DMA API takes, or NULL if there is no edu.
 */
struct device *edu_dev(void)
{
	return edu ? &edu->dev : NULL;
}

static int edu_bind(struct pci_dev *pdev, const struct pci_device_id *id)
{
	int ret;

	if (edu)
		return -EBUSY;
	ret = pcim_enable_device(pdev);
	if (ret)
		return ret;
	edu_bar = pcim_iomap(pdev, 0, 0);
	if (!edu_bar)
		return -ENOMEM;
	ret = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(64));
	if (ret)
		return ret;
	pci_set_master(pdev);
	edu = pdev;
	return 0;
}

static void edu_unbind(struct pci_dev *pdev)
{
	pci_clear_master(pdev);
	edu = NULL;
}

static const struct pci_device_id edu_ids[] = {
	{ PCI_DEVICE(EDU_VENDOR_ID, EDU_DEVICE_ID) },
	{ }
};

static struct pci_driver edu_driver = {
	.name = "attack_edu",
	.id_table = edu_ids,
	.probe = edu_bind,
	.remove = edu_unbind,
};

/**
 * edu_init() - bind to the first edu
 *
 * Return: 0, -ENODEV if there is none, or another error. Sleeps.
 */
int edu_init(void)
{
	int ret = pci_register_driver(&edu_driver);

	if (!ret && !edu) {
		pci_unregister_driver(&edu_driver);
		ret = -ENODEV;
	}
	return ret;
}

/**
 * edu_exit() - let go of the edu. Sleeps.
 */
void edu_exit(void)
{
	pci_unregister_driver(&edu_driver);
}
