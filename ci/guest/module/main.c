// SPDX-License-Identifier: GPL-2.0
/*
 * The module: attacks the kernel that it is loaded into, through the DMA probe.
 *
 *   insmod attack.ko iommu=intel mode=xsmmu tests=xsmmu	runs KUnit suites
 *   insmod attack.ko iommu=intel mode=xsmmu workload=pages
 *							runs what "make run" measures
 *   insmod attack.ko iommu=intel mode=xsmmu workload=points points=64:1024:1:4096:0:0
 *							measures these points
 *
 * Everything runs during the load. The log has the results of the tests. insmod
 * fails only if nothing could be run.
 */
#define pr_fmt(fmt) "attack: " fmt

#include <linux/module.h>
#include <linux/string.h>

#include "points.h"
#include "suites.h"
#include "target.h"
#include "workload.h"

static char *mode = "";
module_param(mode, charp, 0444);
MODULE_PARM_DESC(mode, "how the kernel was meant to be booted: strict, lazy, passthrough or xsmmu");

static char *iommu = "";
module_param(iommu, charp, 0444);
MODULE_PARM_DESC(iommu, "the IOMMU behind which the probe is: intel, intel-first-stage, amd, arm-smmu-v3 or arm-smmu-v3-stage2");

static char *workload = "";
module_param(workload, charp, 0444);
MODULE_PARM_DESC(workload, "run this measured workload instead of suites: pages or points");

static int run(enum target_mode wanted)
{
	int ret;

	if (!*workload)
		return suites_run(wanted);
	ret = target_expect(wanted);
	if (ret)
		return ret;
	if (!strcmp(workload, "pages"))
		return run_workload();
	if (!strcmp(workload, "points"))
		return run_points();
	pr_err("workload=%s is none of pages, points\n", workload);
	return -EINVAL;
}

static int __init attack_init(void)
{
	int wanted = match_string(target_modes, TARGET_MODES, mode);
	int known = match_string(target_iommus, TARGET_IOMMUS, iommu);
	int ret;

	if (wanted < 0) {
		pr_err("mode=%s is none of strict, lazy, passthrough, xsmmu\n",
		       mode);
		return wanted;
	}
	if (known < 0) {
		pr_err("iommu=%s is none of intel, intel-first-stage, amd, arm-smmu-v3, arm-smmu-v3-stage2\n",
		       iommu);
		return known;
	}
	target.iommu = known;
	ret = attackers_init();
	if (ret)
		return ret;
	ret = target_open();
	if (!ret)
		ret = run(wanted);
	if (ret)
		attackers_exit();
	return ret;
}
module_init(attack_init);

static void __exit attack_exit(void)
{
	attackers_exit();
}
module_exit(attack_exit);

MODULE_DESCRIPTION("DMA attacks on unmapped buffers");
MODULE_LICENSE("GPL");
