// SPDX-License-Identifier: GPL-2.0
/*
 * The accelerator that QEMU's qtest needs: CPUs that never run, and a virtual
 * clock that only qtest moves. In QEMU it is a module, which Debian does not
 * ship. The functions that it calls are in the binary. It is loaded in the same
 * way as the devices.
 */
#include "qemu/osdep.h"
#include "qemu/accel.h"
#include "qemu/module.h"
#include "sysemu/accel-ops.h"
#include "sysemu/cpus.h"
#include "sysemu/qtest.h"

static int init_machine(MachineState *ms)
{
	return 0;
}

static void accel_class_init(ObjectClass *class, void *data)
{
	AccelClass *accel = ACCEL_CLASS(class);

	accel->name = "qtest";
	accel->init_machine = init_machine;
	accel->allowed = &qtest_allowed;
}

static void ops_class_init(ObjectClass *class, void *data)
{
	AccelOpsClass *ops = ACCEL_OPS_CLASS(class);

	ops->create_vcpu_thread = dummy_start_vcpu_thread;
	ops->get_virtual_clock = qtest_get_virtual_clock;
}

static const TypeInfo types[] = {
	{
		.name = ACCEL_CLASS_NAME("qtest"),
		.parent = TYPE_ACCEL,
		.class_init = accel_class_init,
	}, {
		.name = ACCEL_OPS_NAME("qtest"),
		.parent = TYPE_ACCEL_OPS,
		.class_init = ops_class_init,
		.abstract = true,
	},
};

DEFINE_TYPES(types)
