// SPDX-License-Identifier: GPL-2.0
/*
 * The module: load it before the driver of the devices, remove it after.
 */
#include <linux/module.h>

#include "observer.h"

static int __init observer_init(void)
{
	int ret;

	BUILD_BUG_ON(PAGE_SIZE != CX_ATTACK_PAGE_SIZE);
	ret = memory_init();
	if (ret)
		return ret;
	ret = calls_init();
	if (ret)
		goto no_calls;
	files_init();
	ret = functions_init();
	if (!ret)
		return 0;
	files_exit();
	calls_exit();
no_calls:
	memory_exit();
	return ret;
}
module_init(observer_init);

static void __exit observer_exit(void)
{
	calls_exit();
	memory_exit();
	files_exit();
	functions_exit();
}
module_exit(observer_exit);

MODULE_DESCRIPTION("Tells the emulated ConnectX which IOVAs are dead");
MODULE_AUTHOR("The xSMMU developers");
MODULE_LICENSE("GPL");
