// SPDX-License-Identifier: GPL-2.0
/*
 * Suite "fq": the one switch of mode that works while a driver is bound, from
 * strict to lazy, must not take the ordinary unmaps of an xSMMU kernel along.
 *
 * In strict mode it leaves the device lazy for good: run this suite last.
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

static enum reach unmap_and_attack(struct buf *b)
{
	enum reach reach;
	unsigned long flags;

	local_irq_save(flags);
	buf_unmap(b);
	reach = attack(b, 0);
	local_irq_restore(flags);
	return reach;
}

static void live_switch_to_lazy_is_refused(struct kunit *test)
{
	struct batch *b = test_batch_in_reach(test, 1);
	u32 w;

	KUNIT_EXPECT_EQ(test, switch_to_lazy(test), -EPERM);
	w = interval_open();
	KUNIT_EXPECT_EQ(test, unmap_and_attack(&b->buf[0]), BLOCKED);
	interval_close(test, w, "strict_after_refusal",
		     (struct cmds){ .pages = 1 });
	KUNIT_EXPECT_TRUE(test, dma_enable_unmap_no_sync(target.dev));
}

/* The switch that is refused there is a real one. */
static void live_switch_to_lazy_leaves_reach_in_strict(struct kunit *test)
{
	struct batch *b = test_batch_in_reach(test, 1);
	u32 w;

	KUNIT_ASSERT_EQ(test, switch_to_lazy(test), 0);
	w = interval_open();
	KUNIT_EXPECT_EQ(test, unmap_and_attack(&b->buf[0]), REACHED);
	interval_close(test, w, "lazy_after_switch", (struct cmds){});
	target.mode = target_mode_of(target.dev);
	KUNIT_EXPECT_EQ(test, target.mode, TARGET_LAZY);
}

static const struct attack_case fq_cases[] = {
	ATTACK_CASE(live_switch_to_lazy_is_refused, XSMMU),
	ATTACK_CASE(live_switch_to_lazy_leaves_reach_in_strict, STRICT),
	{ }
};

ATTACK_SUITE(fq_suite, "fq", fq_cases);
