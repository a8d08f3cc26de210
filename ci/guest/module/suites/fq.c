// SPDX-License-Identifier: GPL-2.0
/*
 * Suite "fq": an administrator may switch a device from strict to lazy while its
 * driver is bound. In xSMMU mode the kernel has to refuse that, because ordinary
 * unmaps would become lazy.
 *
 * In strict mode the switch succeeds and cannot be undone, so this suite comes last.
 */
#include <linux/dma-mapping.h>
#include <linux/iommu.h>
#include <linux/irqflags.h>

#include "buffers.h"
#include "files.h"
#include "suites.h"
#include "interval.h"

static int switch_to_lazy(struct kunit *test)
{
	struct iommu_group *group = iommu_group_get(target.dev);
	char path[64];
	int ret;

	KUNIT_ASSERT_NOT_NULL(test, group);
	snprintf(path, sizeof(path), "/sys/kernel/iommu_groups/%d/type",
		 iommu_group_id(group));
	ret = file_write(path, "DMA-FQ");
	iommu_group_put(group);
	return ret;
}

/*
 * An ordinary unmap and an attack, and what both cost. With interrupts off, so that
 * the timer of the flush queue adds nothing to the cost.
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

/* The buffer is mapped before the switch: it is the one that must stay safe. */
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

ATTACK_SUITE(fq, "strict xsmmu", .last = true);
