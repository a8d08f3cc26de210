// SPDX-License-Identifier: GPL-2.0
/*
 * Suite "fq": an administrator can switch a device from strict to lazy while its
 * driver is bound. In xSMMU mode the kernel must refuse that, because ordinary unmaps
 * would become lazy.
 *
 * In strict mode the switch succeeds and cannot be undone, so this suite runs last.
 */
#include <linux/dma-mapping.h>
#include <linux/fs.h>
#include <linux/iommu.h>
#include <linux/irqflags.h>

#include "buffers.h"
#include "suites.h"
#include "interval.h"

/* Does what an administrator does; returns the error of the write to sysfs. */
static int switch_to_lazy(struct kunit *test)
{
	struct iommu_group *group = iommu_group_get(target.dev);
	struct file *file;
	char path[64];
	loff_t pos = 0;
	ssize_t n;

	KUNIT_ASSERT_NOT_NULL(test, group);
	snprintf(path, sizeof(path), "/sys/kernel/iommu_groups/%d/type",
		 iommu_group_id(group));
	iommu_group_put(group);
	file = filp_open(path, O_WRONLY, 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, file);
	n = kernel_write(file, "DMA-FQ", strlen("DMA-FQ"), &pos);
	filp_close(file, NULL);
	return min_t(ssize_t, n, 0);
}

/*
 * Count the commands of an ordinary unmap and an attack. Interrupts are off, so that
 * the timer of the flush queue sends no command.
 */
static enum reach unmap_and_attack(struct kunit *test, struct buf *b,
				   const char *name, struct cmds cost)
{
	enum reach reach;
	unsigned long flags;
	u32 w;

	local_irq_save(flags);
	w = interval_open();
	buf_unmap(b);
	reach = attack(b, 0);
	interval_close(test, w, name, cost);
	local_irq_restore(flags);
	return reach;
}

/* The buffer is mapped before the switch, and must stay safe after it. */
static void live_switch_to_lazy_is_refused(struct kunit *test)
{
	struct batch *b = test_batch_in_reach(test, 1);

	KUNIT_EXPECT_EQ(test, switch_to_lazy(test), -EPERM);
	KUNIT_EXPECT_EQ(test,
			unmap_and_attack(test, &b->buf[0],
					 "strict_after_refusal",
					 (struct cmds){ .pages = 1 }),
			BLOCKED);
	KUNIT_EXPECT_TRUE(test, dma_enable_unmap_no_sync(target.dev));
}

/* Without xSMMU the same switch succeeds. */
static void live_switch_to_lazy_leaves_reach_in_strict(struct kunit *test)
{
	struct batch *b = test_batch_in_reach(test, 1);

	KUNIT_ASSERT_EQ(test, switch_to_lazy(test), 0);
	KUNIT_EXPECT_EQ(test,
			unmap_and_attack(test, &b->buf[0], "lazy_after_switch",
					 (struct cmds){}),
			REACHED);
	target.mode = target_mode_of(target.dev);
	KUNIT_EXPECT_EQ(test, target.mode, TARGET_LAZY);
}

static const struct attack_case fq_cases[] = {
	ATTACK_CASE(live_switch_to_lazy_is_refused, XSMMU),
	ATTACK_CASE(live_switch_to_lazy_leaves_reach_in_strict, STRICT),
	{ }
};

ATTACK_SUITE(fq, WORDS("strict", "xsmmu"), .last = true);
