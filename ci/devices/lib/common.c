// SPDX-License-Identifier: GPL-2.0
#include "common.h"

#include "migration/vmstate.h"
#include "qapi/error.h"

void device_class_describe(DeviceClass *class, const char *desc, DeviceCategory category)
{
	static const VMStateDescription unmigratable = {
		.name = "unmigratable",
		.unmigratable = 1,
	};

	class->desc = desc;
	class->vmsd = &unmigratable;
	set_bit(category, class->categories);
}

bool device_check_property(const char *name, uint64_t val, uint64_t min, uint64_t max,
			   Error **errp)
{
	if (val >= min && val <= max)
		return true;
	error_setg(errp, "property %s must be %" PRIu64 " .. %" PRIu64, name, min, max);
	return false;
}
