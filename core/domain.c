// SPDX-License-Identifier: GPL-2.0
/*
 * The batching state of a domain: made when a driver opts in, freed when the
 * domain ends.
 */
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/jiffies.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include "slots.h"
#include "base.h"

/*
 * Protects xsmmu_refusal of all domains, and the step from no state to a state:
 * devices of one domain may opt in at the same time.
 */
static DEFINE_MUTEX(xsmmu_enable_lock);

/*
 * The lock of windows: protects the windows of all domains and their numbers of users.
 * It is held over the invalidations of a window's tables, and over a drain when the
 * window's last user or a CPU leaves. If an IOMMU never completes one, opt-ins and CPU
 * hotplug wait with them.
 */
static DEFINE_MUTEX(xsmmu_window_lock);

static struct xsmmu_window *xsmmu_window_locked(struct xsmmu_domain *xd)
{
	return rcu_dereference_protected(xd->window,
					 lockdep_is_held(&xsmmu_window_lock));
}

/*
 * Two queues, on two CPUs, write no common cache line when they map and unmap. Each has
 * its own quarantine, and a line of it per class of slots. What they read in the domain and
 * in the window is on other lines than what syncs, drains and CPUs without slots write.
 */
#ifdef CONFIG_SMP
static_assert(sizeof(struct xsmmu_slots) == SMP_CACHE_BYTES);
static_assert(!(offsetof(struct xsmmu_quarantine, slots) % SMP_CACHE_BYTES));
static_assert(!(offsetof(struct xsmmu_domain, started) % SMP_CACHE_BYTES));
static_assert(!(offsetof(struct xsmmu_domain, flush_lock) % SMP_CACHE_BYTES));
static_assert(!(offsetof(struct xsmmu_domain, draining) % SMP_CACHE_BYTES));
static_assert(!(offsetof(struct xsmmu_window, depot) % SMP_CACHE_BYTES));
static_assert(offsetofend(struct xsmmu_window, template) <= 2 * SMP_CACHE_BYTES);
#endif

static struct xsmmu_domain *xsmmu_domain_alloc(unsigned int entries)
{
	struct xsmmu_domain *xd = kzalloc(sizeof(*xd), GFP_KERNEL);
	int cpu;

	if (!xd)
		return NULL;
	xd->quarantine = __alloc_percpu(sizeof(struct xsmmu_quarantine),
					SMP_CACHE_BYTES);
	if (!xd->quarantine) {
		kfree(xd);
		return NULL;
	}
	xd->mask = entries - 1;
	for_each_possible_cpu(cpu)
		xsmmu_quarantine_init(xd, per_cpu_ptr(xd->quarantine, cpu), cpu);
	return xd;
}

static void xsmmu_domain_free(struct xsmmu_domain *xd)
{
	int cpu;

	for_each_possible_cpu(cpu)
		kfree(per_cpu_ptr(xd->quarantine, cpu)->ring);
	free_percpu(xd->quarantine);
	kfree(xd);
}

/*
 * Try an invalidation. A device of another domain can make it time out, so it gets
 * as many attempts as in a sync, unless the backend says that it cannot do it.
 */
static int xsmmu_try(struct iommu_domain *domain, bool leaf_only)
{
	unsigned int tries = XSMMU_SYNC_ATTEMPTS;
	int err;

	do {
		err = domain->ops->sync_domain_iotlb(domain, leaf_only);
	} while (err && err != -EOPNOTSUPP && --tries);
	return err;
}

/*
 * Why the unmaps of a domain are not batched, or NULL if they can be. The last
 * reason is the result of a trial of both kinds of invalidation: a backend that
 * cannot invalidate, because the hardware has no queue or lacks support, returns
 * -EOPNOTSUPP or another error.
 */
static const char *xsmmu_objection(struct iommu_domain *domain)
{
	const struct iommu_domain_ops *ops = domain->ops;

	if (!ops->sync_domain_iotlb)
		return "the IOMMU driver has no support";
	if (!xsmmu_virtual && ops->domain_is_shadowed &&
	    ops->domain_is_shadowed(domain))
		return "a hypervisor shadows the page tables; iommu.xsmmu_virtual=1 allows it";
	if (xsmmu_try(domain, true) || xsmmu_try(domain, false))
		return "the IOMMU cannot invalidate the domain";
	return NULL;
}

/* Takes the place of a refusal for which there is no memory. It is not listed. */
static struct xsmmu_refusal xsmmu_unlisted;

static void xsmmu_refuse(struct iommu_domain *domain, const char *name,
			 const char *why)
{
	struct xsmmu_refusal *refusal = kzalloc(sizeof(*refusal), GFP_KERNEL);

	pr_info("xsmmu: %s: unmaps are not batched: %s\n", name, why);
	domain->xsmmu_refusal = refusal ?: &xsmmu_unlisted;
	if (!refusal)
		return;
	refusal->why = why;
	strscpy(refusal->name, name, sizeof(refusal->name));
	xsmmu_stats_add_refusal(refusal);
}

static void xsmmu_refusal_destroy(struct xsmmu_refusal *refusal)
{
	if (!refusal || refusal == &xsmmu_unlisted)
		return;
	xsmmu_stats_remove_refusal(refusal);
	kfree(refusal);
}

/* Make batching state for a domain. @name is for statistics. */
static struct xsmmu_domain *xsmmu_domain_create(struct iommu_domain *domain,
						struct iova_domain *iovad,
						const char *name)
{
	struct xsmmu_domain *xd;

	xd = xsmmu_domain_alloc(roundup_pow_of_two(xsmmu_quarantine_size));
	if (!xd)
		return NULL;
	xd->domain = domain;
	xd->iovad = iovad;
	xd->name_again = jiffies;
	raw_spin_lock_init(&xd->flush_lock);
	raw_spin_lock_init(&xd->withheld_lock);
	INIT_LIST_HEAD(&xd->withheld);
	INIT_LIST_HEAD(&xd->leaked_tables);
	strscpy(xd->name, name, sizeof(xd->name));
	xsmmu_stats_add(xd);
	WRITE_ONCE(iovad->xsmmu_domain, domain);
	return xd;
}

/**
 * xsmmu_domain_enable - batch the unmaps of a domain whose driver opts in
 * @domain: a DMA domain without flush queue, attached to the device
 * @iovad: the domain's IOVA allocator
 * @name: of the device, for statistics
 *
 * The first answer of a domain is its answer for good. A driver that was told
 * "no" may free right after its unmaps, and the device that asks next may share
 * the domain with it. So a trial that times out is repeated before the answer, and
 * not when the next driver asks.
 *
 * Context: process context, may sleep.
 * Return: true if unmaps of this domain are batched.
 */
bool xsmmu_domain_enable(struct iommu_domain *domain, struct iova_domain *iovad,
			 const char *name)
{
	struct xsmmu_domain *xd;
	const char *why;

	mutex_lock(&xsmmu_enable_lock);
	xd = domain->xsmmu;
	if (!xd && !domain->xsmmu_refusal) {
		why = xsmmu_objection(domain);
		if (!why)
			xd = xsmmu_domain_create(domain, iovad, name);
		if (!xd)
			xsmmu_refuse(domain, name, why ?: "no memory");
		/*
		 * S0, pairs with S1: first the state, then its address.
		 * Litmus: core-state
		 */
		smp_store_release(&domain->xsmmu, xd);
	}
	mutex_unlock(&xsmmu_enable_lock);
	return xd;
}

/**
 * xsmmu_domain_trim - free the rings of a domain whose driver was unbound
 * @xd: the domain
 *
 * Syncs and releases first, and keeps the rings that still have entries. The
 * domain goes on batching: a driver that unmaps, of this device or of another one
 * in the domain, gets new rings.
 *
 * Context: process context.
 */
void xsmmu_domain_trim(struct xsmmu_domain *xd)
{
	int cpu;

	xsmmu_drain(xd);
	for_each_possible_cpu(cpu)
		xsmmu_quarantine_trim(per_cpu_ptr(xd->quarantine, cpu));
}

/**
 * xsmmu_window_get - let a device use the window of its domain
 * @xd: the domain
 * @limit: the highest bus address that the device reaches
 * @coherent: is the device's DMA coherent with the CPU's caches?
 *
 * Makes the window if the domain has none.
 *
 * Context: process context, may sleep.
 * Return: the window, to be given to xsmmu_window_put(), or NULL: all mappings of the
 * device are ordinary.
 */
struct xsmmu_window *xsmmu_window_get(struct xsmmu_domain *xd, u64 limit,
				      bool coherent)
{
	struct xsmmu_window *w, *new = NULL;

	mutex_lock(&xsmmu_window_lock);
	w = xsmmu_window_locked(xd);
	if (!w) {
		new = xsmmu_window_create(xd, limit);
		w = new;
	}
	if (w && !xsmmu_window_serves(w, limit, coherent)) {
		pr_info("xsmmu: %s: no window for a device: out of its reach, or entries of unknown form\n",
			xd->name);
		w = NULL;
	}
	if (w) {
		w->users++;
		rcu_assign_pointer(xd->window, w);
	} else if (new) {
		xsmmu_window_retire(new);
	}
	mutex_unlock(&xsmmu_window_lock);
	return w;
}

/*
 * Free a window without users, unless some of its slots are mapped or could not be
 * synced. Then it stays for the next user, or until the domain ends.
 */
static void xsmmu_window_try_retire(struct xsmmu_window *w)
{
	struct xsmmu_domain *xd = w->xd;

	xsmmu_drain(xd);
	xsmmu_slots_return_all(w);
	if (!xsmmu_window_is_whole(w))
		return;
	rcu_assign_pointer(xd->window, NULL);
	/*
	 * R2, pairs with rcu_read_lock() in xsmmu_window_find(): the domain has
	 * no window, then its memory is freed. An unmap of an address outside
	 * may still look at it.
	 * Litmus: window-retire
	 */
	synchronize_rcu();
	xsmmu_slots_free_rings(w);
	xsmmu_window_retire(w);
}

/**
 * xsmmu_window_put - a device does not use a window any more
 * @w: the window
 *
 * Context: process context, may sleep. The device's driver is unbound.
 */
void xsmmu_window_put(struct xsmmu_window *w)
{
	/* First, as in CPU hotplug. */
	cpus_read_lock();
	mutex_lock(&xsmmu_window_lock);
	if (!--w->users)
		xsmmu_window_try_retire(w);
	mutex_unlock(&xsmmu_window_lock);
	cpus_read_unlock();
}

static void xsmmu_domain_cpu_dead(struct xsmmu_domain *xd, unsigned int cpu)
{
	struct xsmmu_quarantine *q = per_cpu_ptr(xd->quarantine, cpu);
	struct xsmmu_window *w = xsmmu_window_locked(xd);

	xsmmu_quarantine_dead(xd, q);
	if (w)
		xsmmu_slots_return(w, q);
}

static void xsmmu_domain_cpu_returns(struct xsmmu_domain *xd, unsigned int cpu)
{
	xsmmu_quarantine_settle(xd, per_cpu_ptr(xd->quarantine, cpu));
}

static int xsmmu_cpu_dead(unsigned int cpu)
{
	mutex_lock(&xsmmu_window_lock);
	xsmmu_each_domain(xsmmu_domain_cpu_dead, cpu);
	mutex_unlock(&xsmmu_window_lock);
	return 0;
}

static int xsmmu_cpu_returns(unsigned int cpu)
{
	xsmmu_each_domain(xsmmu_domain_cpu_returns, cpu);
	return 0;
}

static int __init xsmmu_cpu_init(void)
{
	int ret;

	if (!xsmmu_mode())
		return 0;
	ret = cpuhp_setup_state_nocalls(CPUHP_BP_PREPARE_DYN, "iommu/xsmmu:prepare",
					xsmmu_cpu_returns, xsmmu_cpu_dead);
	return min(ret, 0);
}
late_initcall(xsmmu_cpu_init);

/*
 * Sync once more, and release if that succeeds. If it fails, leak the tables: the
 * IOMMU's page walker may still have cached a way to them. The IOVAs go with
 * their allocator.
 */
static void xsmmu_drain_last(struct xsmmu_domain *xd)
{
	bool leaked;
	int cpu, err;

	for_each_possible_cpu(cpu)
		timer_shutdown_sync(&per_cpu_ptr(xd->quarantine, cpu)->backstop);
	err = xsmmu_drain_all(xd);
	if (!err && !list_empty(&xd->leaked_tables))
		err = xsmmu_grace_period(xd);
	leaked = xsmmu_withheld_last(xd, err);
	for_each_possible_cpu(cpu)
		leaked |= !list_empty(&per_cpu_ptr(xd->quarantine, cpu)->tables);
	if (leaked)
		pr_err("xsmmu: %s: tables leaked, invalidation failed\n",
		       xd->name);
}

/**
 * xsmmu_domain_destroy - release everything and free the state of a domain
 * @domain: a DMA domain
 *
 * Called before the IOVA allocator is freed. By then all devices are detached,
 * and their detach has flushed what the IOMMU cached of the domain.
 *
 * Context: process context, may sleep.
 */
void xsmmu_domain_destroy(struct iommu_domain *domain)
{
	struct xsmmu_domain *xd = domain->xsmmu;
	struct xsmmu_window *w;

	xsmmu_refusal_destroy(domain->xsmmu_refusal);
	domain->xsmmu_refusal = NULL;
	if (!xd)
		return;
	xsmmu_stats_remove(xd);
	xsmmu_drain_last(xd);
	/* Nobody else knows the domain any more. */
	w = rcu_dereference_protected(xd->window, true);
	if (w) {
		xsmmu_slots_free_rings(w);
		xsmmu_window_free(w);
	}
	domain->xsmmu = NULL;
	xsmmu_init_iovad(xd->iovad);
	xsmmu_domain_free(xd);
}
