// SPDX-License-Identifier: GPL-2.0
/*
 * The module: attacks the kernel that it is loaded into, through the DMA probe.
 *
 *   insmod attack.ko iommu=intel mode=xsmmu tests=xsmmu	runs KUnit suites
 *   insmod attack.ko iommu=intel mode=xsmmu workload=1	runs the measured workload
 *
 * Everything runs during the load. The log has the results of the tests. insmod
 * fails only if nothing could be run.
 */
#define pr_fmt(fmt) "attack: " fmt

#include <linux/module.h>
#include <linux/string.h>

#include "target.h"
#include "workload.h"
#include "suites.h"

static char *mode;
module_param(mode, charp, 0444);
MODULE_PARM_DESC(mode, "how the kernel was meant to be booted: strict, lazy, passthrough or xsmmu");

static char *iommu;
module_param(iommu, charp, 0444);
MODULE_PARM_DESC(iommu, "the IOMMU behind which the probe is: intel, intel-first-stage, amd or arm-smmu-v3");

static char *tests;
module_param(tests, charp, 0444);
MODULE_PARM_DESC(tests, "run the suites that have one of these words, separated by commas");

static char *suites;
module_param(suites, charp, 0444);
MODULE_PARM_DESC(suites, "with tests: run the suites with these names instead");

static bool workload;
module_param(workload, bool, 0444);
MODULE_PARM_DESC(workload, "run the measured workload");

/* The mode that was asked for, or -EINVAL. */
static int wanted_mode(void)
{
	int i;

	for (i = 0; mode && i < TARGET_MODES; i++)
		if (!strcmp(mode, target_mode_name(i)))
			return i;
	pr_err("mode=%s is none of strict, lazy, passthrough, xsmmu\n",
	       mode ?: "");
	return -EINVAL;
}

static int do_work(enum target_mode wanted)
{
	int ret = 0;

	if (tests)
		ret = suites_run(tests, suites, wanted);
	if (!ret && workload)
		ret = run_workload(wanted);
	return ret;
}

static int __init attack_init(void)
{
	int wanted = wanted_mode();
	int known = target_iommu_by_name(iommu);
	int ret;

	if (wanted < 0)
		return wanted;
	if (known < 0) {
		pr_err("iommu=%s is none of intel, intel-first-stage, amd, arm-smmu-v3\n",
		       iommu ?: "");
		return known;
	}
	target.iommu = known;
	ret = probe_init();
	if (ret)
		return ret;
	ret = target_open();
	if (!ret)
		ret = do_work(wanted);
	if (ret)
		probe_exit();
	return ret;
}
module_init(attack_init);

static void __exit attack_exit(void)
{
	probe_exit();
}
module_exit(attack_exit);

MODULE_DESCRIPTION("DMA attacks on unmapped buffers");
MODULE_LICENSE("GPL");
