// SPDX-License-Identifier: GPL-2.0
/*
 * The QEMU device: type, properties, PCI configuration, reset, interrupt.
 *
 * A stock QEMU loads the shared object through LD_PRELOAD. The constructor that
 * DEFINE_TYPES() makes registers the type before QEMU's main() runs.
 */
#include "probe.h"

#include "hw/pci/msi.h"
#include "qapi/error.h"
#include "qemu/module.h"

#include "../lib/common.h"

#define DEFAULT_ENGINES		4
#define DEFAULT_LEDGER		(1u << 18)

bool probe_enter(DmaProbe *probe)
{
	if (probe->busy)
		return false;
	object_ref(OBJECT(probe));
	probe->busy = true;
	return true;
}

void probe_leave(DmaProbe *probe)
{
	probe->busy = false;
	object_unref(OBJECT(probe));
}

void probe_raise(DmaProbe *probe, uint64_t engines)
{
	probe->irq_status |= engines;
	if (engines)
		engines &= probe->irq_enable;
	else
		engines = probe->irq_status & probe->irq_enable;
	if (engines && msi_enabled(&probe->pci))
		msi_notify(&probe->pci, 0);
}

static void reset_counters(DmaProbe *probe)
{
	unsigned int i;

	for (i = 0; i < probe->num_engines; i++)
		engine_reset_counters(&probe->engines[i]);
	device_tlb_reset_counters(&probe->tlb);
	probe->exposure_ns = 0;
	probe->landed_iova = UINT64_MAX;
	probe->landed_by = 0;
}

void probe_reset(DmaProbe *probe, uint64_t what)
{
	unsigned int i;

	if (what & DMA_PROBE_RESET_ENGINES)
		for (i = 0; i < probe->num_engines; i++)
			engine_reset(&probe->engines[i]);
	if (what & DMA_PROBE_RESET_COUNTERS)
		reset_counters(probe);
	if (what & DMA_PROBE_RESET_LEDGER)
		ledger_regs_reset(&probe->ledger);
	if (what & DMA_PROBE_RESET_ATS)
		device_tlb_flush(&probe->tlb);
}

static void device_reset(DeviceState *dev)
{
	DmaProbe *probe = DMA_PROBE(dev);

	probe_reset(probe, DMA_PROBE_RESET_ALL);
	device_tlb_reset(&probe->tlb);
	probe->irq_enable = 0;
	probe->irq_status = 0;
	probe->error = DMA_PROBE_ERROR_NONE;
	probe->error_offset = 0;
	probe->error_count = 0;
}

/* Without MSI in the machine the device has no interrupt, and works. */
static bool init_msi(DmaProbe *probe, Error **errp)
{
	Error *err = NULL;
	int ret;

	ret = msi_init(&probe->pci, 0, 1, true, false, &err);
	if (ret == -ENOTSUP) {
		error_free(err);
		return true;
	}
	error_propagate(errp, err);
	return !ret;
}

static void device_realize(PCIDevice *pci, Error **errp)
{
	DmaProbe *probe = DMA_PROBE(pci);
	unsigned int i;

	if (!device_check_property("engines", probe->num_engines, 1, DMA_PROBE_MAX_ENGINES,
				   errp) ||
	    !device_check_property("ledger", probe->ledger_capacity, 1, LEDGER_MAX_CAPACITY,
				   errp) ||
	    !device_tlb_init(&probe->tlb, pci, errp))
		return;
	if (!init_msi(probe, errp)) {
		device_tlb_exit(&probe->tlb);
		return;
	}
	ledger_init(&probe->ledger.ledger, probe->ledger_capacity);
	for (i = 0; i < probe->num_engines; i++)
		engine_init(&probe->engines[i], probe, i);
	probe->landed_iova = UINT64_MAX;

	memory_region_init_io(&probe->bar, OBJECT(probe), &bar_ops, probe,
			      TYPE_DMA_PROBE, DMA_PROBE_BAR_SIZE);
	pci_register_bar(pci, DMA_PROBE_BAR,
			 PCI_BASE_ADDRESS_SPACE_MEMORY |
				 PCI_BASE_ADDRESS_MEM_TYPE_64,
			 &probe->bar);
}

/*
 * The device is unplugged, perhaps by its own DMA. It stops, and keeps its
 * state until that DMA has returned.
 */
static void device_exit(PCIDevice *pci)
{
	DmaProbe *probe = DMA_PROBE(pci);

	probe_reset(probe, DMA_PROBE_RESET_ENGINES);
	msi_uninit(pci);
	device_tlb_exit(&probe->tlb);
}

static void device_finalize(Object *obj)
{
	DmaProbe *probe = DMA_PROBE(obj);

	ledger_free(&probe->ledger.ledger);
	device_tlb_free(&probe->tlb);
}

static void device_config_write(PCIDevice *pci, uint32_t addr, uint32_t val,
				int len)
{
	DmaProbe *probe = DMA_PROBE(pci);

	pci_default_write_config(pci, addr, val, len);
	device_tlb_config_written(&probe->tlb, addr, len);
}

static PROPERTY_CONST Property properties[] = {
	DEFINE_PROP_UINT32("engines", DmaProbe, num_engines, DEFAULT_ENGINES),
	DEFINE_PROP_UINT32("ledger", DmaProbe, ledger_capacity, DEFAULT_LEDGER),
	DEFINE_PROP_BOOL("ats", DmaProbe, tlb.present, false),
	END_OF_PROPERTIES
};

static void class_init(ObjectClass *class, void *data)
{
	DeviceClass *dev = DEVICE_CLASS(class);
	PCIDeviceClass *pci = PCI_DEVICE_CLASS(class);

	pci->realize = device_realize;
	pci->exit = device_exit;
	pci->config_write = device_config_write;
	pci->vendor_id = DMA_PROBE_VENDOR_ID;
	pci->device_id = DMA_PROBE_DEVICE_ID;
	pci->revision = DMA_PROBE_VERSION_NOW;
	pci->class_id = PCI_CLASS_OTHERS;
	device_class_set_legacy_reset(dev, device_reset);
	device_class_set_props(dev, properties);
	device_class_describe(dev, "DMA probe that attacks an IOMMU", DEVICE_CATEGORY_MISC);
}

static const TypeInfo types[] = {
	{
		.name = TYPE_DMA_PROBE,
		.parent = TYPE_PCI_DEVICE,
		.instance_size = sizeof(DmaProbe),
		.instance_finalize = device_finalize,
		.class_init = class_init,
		.interfaces = (InterfaceInfo[]) { { INTERFACE_PCIE_DEVICE }, {} },
	},
};

DEFINE_TYPES(types)
