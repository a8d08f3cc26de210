/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The PCI devices that attack. The module drives the first of each kind.
 */
#ifndef XSMMU_GUEST_ATTACKERS_H
#define XSMMU_GUEST_ATTACKERS_H

struct device;
struct pci_bus;
struct pci_dev;

/**
 * struct attacker - a device that attacks
 * @dev: the device, for the DMA API; NULL if QEMU has none of this kind
 * @bar: its registers
 */
struct attacker {
	struct device *dev;
	void __iomem *bar;
};

/* The DMA probe, and QEMU's own "edu", which is not part of this project. */
extern struct attacker probe, edu;

int attackers_init(void);
void attackers_exit(void);
void attacker_silence(struct pci_dev *pdev);
void attacker_rescan(struct pci_dev *pdev);
void attacker_return(struct pci_bus *bus);
void attacker_replug(struct pci_dev *pdev);

#endif /* XSMMU_GUEST_ATTACKERS_H */
