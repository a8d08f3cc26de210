/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Headers and names that differ between QEMU 7.2 and QEMU 10.
 */
#ifndef XSMMU_DEVICES_COMPAT_H
#define XSMMU_DEVICES_COMPAT_H

#include "qemu/osdep.h"
#include "hw/qdev-properties.h"

#if QEMU_VERSION_MAJOR >= 10
#include "hw/pci/pci_device.h"
#include "system/cpu-timers.h"

/* The array of properties is constant and has no end marker. */
#define PROPERTY_CONST		const
#define END_OF_PROPERTIES

#else
#include "hw/pci/pci.h"
#include "sysemu/cpu-timers.h"

#define PROPERTY_CONST
#define END_OF_PROPERTIES	DEFINE_PROP_END_OF_LIST()

static inline void device_class_set_legacy_reset(DeviceClass *class,
						 DeviceReset reset)
{
	class->reset = reset;
}
#endif

#endif /* XSMMU_DEVICES_COMPAT_H */
