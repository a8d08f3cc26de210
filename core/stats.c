// SPDX-License-Identifier: GPL-2.0
/*
 * Statistics: one line per domain in debugfs, xsmmu/domains. A domain that was
 * refused has its reason there. Beside it are the limits of what a sync names.
 */
#include <linux/debugfs.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>
#include "window.h"

/* All batching states, and all refusals; protected by the mutex. */
static LIST_HEAD(xsmmu_domains);
static LIST_HEAD(xsmmu_refusals);
static DEFINE_MUTEX(xsmmu_domains_lock);

void xsmmu_stats_add(struct xsmmu_domain *xd)
{
	mutex_lock(&xsmmu_domains_lock);
	list_add_tail(&xd->node, &xsmmu_domains);
	mutex_unlock(&xsmmu_domains_lock);
}

void xsmmu_stats_remove(struct xsmmu_domain *xd)
{
	mutex_lock(&xsmmu_domains_lock);
	list_del(&xd->node);
	mutex_unlock(&xsmmu_domains_lock);
}

/* Call @fn for each batching domain; process context. */
void xsmmu_each_domain(void (*fn)(struct xsmmu_domain *xd, unsigned int cpu),
		       unsigned int cpu)
{
	struct xsmmu_domain *xd;

	mutex_lock(&xsmmu_domains_lock);
	list_for_each_entry(xd, &xsmmu_domains, node)
		fn(xd, cpu);
	mutex_unlock(&xsmmu_domains_lock);
}

void xsmmu_stats_add_refusal(struct xsmmu_refusal *refusal)
{
	mutex_lock(&xsmmu_domains_lock);
	list_add_tail(&refusal->node, &xsmmu_refusals);
	mutex_unlock(&xsmmu_domains_lock);
}

void xsmmu_stats_remove_refusal(struct xsmmu_refusal *refusal)
{
	mutex_lock(&xsmmu_domains_lock);
	list_del(&refusal->node);
	mutex_unlock(&xsmmu_domains_lock);
}

static void xsmmu_show_domain(struct seq_file *s, struct xsmmu_domain *xd)
{
	size_t ring = (xd->mask + 1) * sizeof(struct xsmmu_range);
	struct xsmmu_stats sum = {};
	size_t bytes = sizeof(*xd);
	unsigned int chunks;
	unsigned int pending = 0, class;
	int cpu;

	for_each_possible_cpu(cpu) {
		struct xsmmu_quarantine *q = per_cpu_ptr(xd->quarantine, cpu);

		sum.unmaps += q->stats.unmaps;
		sum.led += q->stats.led;
		sum.shared += q->stats.shared;
		sum.named += q->stats.named;
		sum.failed += q->stats.failed;
		sum.overflows += q->stats.overflows;
		sum.orphans += q->stats.orphans;
		sum.outside += q->stats.outside;
		pending += READ_ONCE(q->tail) - READ_ONCE(q->head);
		bytes += sizeof(*q) + (READ_ONCE(q->ring) ? ring : 0);
		for (class = 0; class < XSMMU_CLASSES; class++) {
			struct xsmmu_slots *slots = &q->slots[class];

			sum.unmaps += READ_ONCE(slots->tail);
			pending += READ_ONCE(slots->tail) - READ_ONCE(slots->done);
			if (READ_ONCE(slots->ring))
				bytes += XSMMU_RING * sizeof(*slots->ring);
		}
	}
	rcu_read_lock();
	bytes += xsmmu_window_bytes(rcu_dereference(xd->window), &chunks);
	rcu_read_unlock();
	seq_printf(s, "%s unmaps=%llu led=%llu shared=%llu named=%llu failed=%llu overflows=%llu orphans=%llu pending=%u withheld=%lu leaked=%lu chunks=%u outside=%llu bytes=%zu\n",
		   xd->name, sum.unmaps, sum.led, sum.shared, sum.named,
		   sum.failed, sum.overflows, sum.orphans, pending,
		   READ_ONCE(xd->withheld_pages), READ_ONCE(xd->leaked), chunks,
		   sum.outside, bytes);
}

static int xsmmu_domains_show(struct seq_file *s, void *unused)
{
	struct xsmmu_refusal *refusal;
	struct xsmmu_domain *xd;

	mutex_lock(&xsmmu_domains_lock);
	list_for_each_entry(xd, &xsmmu_domains, node)
		xsmmu_show_domain(s, xd);
	list_for_each_entry(refusal, &xsmmu_refusals, node)
		seq_printf(s, "%s refused: %s\n", refusal->name, refusal->why);
	mutex_unlock(&xsmmu_domains_lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(xsmmu_domains);

static int xsmmu_limit_get(void *data, u64 *value)
{
	struct xsmmu_limit *limit = data;

	*value = READ_ONCE(limit->value);
	return 0;
}

int xsmmu_limit_set(void *data, u64 value)
{
	struct xsmmu_limit *limit = data;

	if (value > limit->most)
		return -EINVAL;
	WRITE_ONCE(limit->value, value);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(xsmmu_limit_fops, xsmmu_limit_get, xsmmu_limit_set,
			 "%llu\n");

/* The directory; constant after boot. */
static struct dentry *xsmmu_dir;

/**
 * xsmmu_debugfs_limit - show a limit in debugfs, xsmmu/
 * @name: of the file, which root may write
 * @limit: the number; for good
 *
 * Context: process context, from an initcall of the device level or later.
 */
void xsmmu_debugfs_limit(const char *name, struct xsmmu_limit *limit)
{
	debugfs_create_file_unsafe(name, 0644, xsmmu_dir, limit,
				   &xsmmu_limit_fops);
}

/* Before the backends, which are linked earlier. */
static int __init xsmmu_debugfs_init(void)
{
	xsmmu_dir = debugfs_create_dir("xsmmu", NULL);
	debugfs_create_file("domains", 0444, xsmmu_dir, NULL,
			    &xsmmu_domains_fops);
	return 0;
}
subsys_initcall(xsmmu_debugfs_init);
