// SPDX-License-Identifier: GPL-2.0
/*
 * Suite "memory": what the state of a domain costs. It grows with the CPUs that unmap and
 * with the possible ones. A device that does not batch has none.
 */
#include <linux/cpumask.h>
#include <linux/dma-mapping.h>
#include <linux/gfp.h>
#include <linux/iommu.h>
#include <linux/sizes.h>
#include <linux/workqueue.h>

#include "counters.h"
#include "interval.h"
#include "suites.h"

#define QUEUES		2

/* The most that a device with so many queues may cost. */
#define MOST		SZ_1M

/* A queue has mappings of 1, 2, 4, 8 and 16 pages. */
#define LARGEST_ORDER	4
#define MAPPINGS	64

static int map_and_unmap(struct page *page, size_t size)
{
	dma_addr_t addr[MAPPINGS];
	unsigned int i, mapped;
	int ret = 0;

	for (mapped = 0; !ret && mapped < MAPPINGS; mapped++) {
		addr[mapped] = dma_map_page(target.dev, page, 0, size,
					    DMA_TO_DEVICE);
		ret = dma_mapping_error(target.dev, addr[mapped]);
	}
	if (ret)
		mapped--;
	for (i = 0; i < mapped; i++)
		dma_unmap_page_no_sync(target.dev, addr[i], size, DMA_TO_DEVICE);
	return dma_sync_device_iotlb(target.dev) ?: ret;
}

static long queue_work_of_all_sizes(void *unused)
{
	struct page *page = alloc_pages(GFP_KERNEL, LARGEST_ORDER);
	unsigned int order;
	int ret = 0;

	if (!page)
		return -ENOMEM;
	for (order = 0; !ret && order <= LARGEST_ORDER; order++)
		ret = map_and_unmap(page, PAGE_SIZE << order);
	__free_pages(page, LARGEST_ORDER);
	return ret;
}

static void device_with_two_queues_costs_little(struct kunit *test)
{
	struct counters idle, c;
	int cpu;
	u32 w;

	if (num_online_cpus() < QUEUES)
		kunit_skip(test, "needs %d CPUs", QUEUES);
	KUNIT_ASSERT_EQ(test, counters_read(target.dev, &idle), 0);
	w = interval_open();
	for (cpu = 0; cpu < QUEUES; cpu++)
		KUNIT_ASSERT_EQ(test, work_on_cpu(cpu, queue_work_of_all_sizes, NULL), 0L);
	interval_close_shared(test, w, "all_sizes",
			      QUEUES * (LARGEST_ORDER + 1) * MAPPINGS);
	KUNIT_ASSERT_EQ(test, counters_read(target.dev, &c), 0);
	KUNIT_EXPECT_EQ(test, c.outside, 0);
	KUNIT_EXPECT_GT(test, c.bytes, idle.bytes);
	KUNIT_EXPECT_LE(test, c.bytes, MOST);
	pr_info("memory: possible_cpus=%u queues=%d idle_bytes=%llu bytes=%llu\n",
		num_possible_cpus(), QUEUES, idle.bytes, c.bytes);
}

/* The device maps and unmaps as any other, but its driver has not opted in. */
static void device_that_does_not_batch_costs_nothing(struct kunit *test)
{
	struct iommu_domain *domain;
	struct counters c;
	struct page *page;
	dma_addr_t addr;

	KUNIT_ASSERT_NOT_NULL(test, edu.dev);
	domain = iommu_get_domain_for_dev(edu.dev);
	KUNIT_ASSERT_NOT_NULL(test, domain);
	KUNIT_ASSERT_TRUE(test, domain->type & __IOMMU_DOMAIN_PAGING);
	page = alloc_page(GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, page);
	addr = dma_map_page(edu.dev, page, 0, PAGE_SIZE, DMA_TO_DEVICE);
	if (!dma_mapping_error(edu.dev, addr))
		dma_unmap_page(edu.dev, addr, PAGE_SIZE, DMA_TO_DEVICE);
	else
		KUNIT_FAIL(test, "no mapping");
	__free_page(page);
	KUNIT_EXPECT_PTR_EQ(test, domain->xsmmu, NULL);
	KUNIT_EXPECT_EQ(test, counters_read(edu.dev, &c), -ENOENT);
}

static const struct attack_case memory_cases[] = {
	ATTACK_CASE(device_with_two_queues_costs_little, XSMMU),
	ATTACK_CASE(device_that_does_not_batch_costs_nothing, XSMMU),
	{ }
};

ATTACK_SUITE(memory, WORDS("memory", "memory-256"));
