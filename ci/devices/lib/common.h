/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Functions that every device uses.
 */
#ifndef XSMMU_DEVICES_COMMON_H
#define XSMMU_DEVICES_COMMON_H

#include "qemu/osdep.h"
#include "hw/qdev-core.h"

/* Set the class's description and category. No device of ours can migrate. */
void device_class_describe(DeviceClass *class, const char *desc, DeviceCategory category);
/* Check that a property is in its range; else set *@errp and return false. */
bool device_check_property(const char *name, uint64_t val, uint64_t min, uint64_t max,
			   Error **errp);

#endif /* XSMMU_DEVICES_COMMON_H */
