// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/debug/observer, for scripts. ADDRESS is a device's on the PCI bus:
 *
 *	module/NAME		a count of the module
 *	ADDRESS/counters	the device's counters, a line each: NAME VALUE
 *	ADDRESS/control/NAME	numbers that control the device:
 *				attacks		1: replays, 2: sweeps
 *				fail-send	so many frames will fail
 *				fail-receive	the same for received frames
 *				hold-updates	1: updates of memory keys wait
 *				fail-sync	WO: syncs fail for so many ms
 *				asleep		WO: 1: the driver suspends, 0: it resumes
 *				pci-error	WO: any number: the driver recovers from
 *						a PCI error, which resets the device
 *	strict			the callers of strict unmaps and frees:
 *				COUNT FUNCTION CALLER CALLER...
 *	reset			WO: any number sets all counters to 0
 */
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/seq_file.h>

#include "observer.h"

static struct dentry *top;

DEFINE_SHOW_ATTRIBUTE(strict);

static const char *const kinds[] = {
	[CX_ATTACK_REPLAY_READ] = "replay-read",
	[CX_ATTACK_REPLAY_WRITE] = "replay-write",
	[CX_ATTACK_SWEEP_READ] = "sweep-read",
	[CX_ATTACK_SWEEP_WRITE] = "sweep-write",
	[CX_ATTACK_WORK_READ] = "work-read",
	[CX_ATTACK_WORK_WRITE] = "work-write",
};

static const char *const of_kind[] = {
	[CX_ATTACK_TRIED / 8] = "tried",
	[CX_ATTACK_OK / 8] = "ok",
	[CX_ATTACK_FAULTED / 8] = "faulted",
	[CX_ATTACK_LANDED / 8] = "landed",
	[CX_ATTACK_MISTRANSLATED / 8] = "mistranslated",
	[CX_ATTACK_UNJUDGED / 8] = "unjudged",
};

static const struct {
	const char *name;
	unsigned int reg;
} others[] = {
	{ "exposure-ns", CX_ATTACK_EXPOSURE_NS },
	{ "dropped", CX_ATTACK_DROPPED },
	{ "damaged", CX_ATTACK_DAMAGED },
	{ "ledger-errors", CX_ATTACK_LEDGER_ERRORS },
	{ "ats-enabled", CX_ATTACK_ATS_ENABLED },
};

static int counters_show(struct seq_file *file, void *unused)
{
	struct function *function = file->private;
	unsigned int kind, i, reg;

	for (kind = 0; kind < ARRAY_SIZE(kinds); kind++)
		for (i = 0; i < ARRAY_SIZE(of_kind); i++) {
			reg = CX_ATTACK_KIND(kind) + 8 * i;
			seq_printf(file, "%s-%s %llu\n", kinds[kind],
				   of_kind[i], function_read(function, reg));
		}
	for (i = 0; i < ARRAY_SIZE(others); i++)
		seq_printf(file, "%s %llu\n", others[i].name,
			   function_read(function, others[i].reg));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(counters);

static int register_get(void *reg, u64 *val)
{
	*val = readq((void __force __iomem *)reg);
	return 0;
}

static int register_set(void *reg, u64 val)
{
	writeq(val, (void __force __iomem *)reg);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(register_fops, register_get, register_set, "%llu\n");

static int fail_sync_set(void *data, u64 ms)
{
	struct function *function = data;

	WRITE_ONCE(function->no_sync_until, jiffies + msecs_to_jiffies(ms));
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(fail_sync_fops, NULL, fail_sync_set, "%llu\n");

static int asleep_set(void *data, u64 asleep)
{
	return driver_sleep(data, asleep);
}
DEFINE_DEBUGFS_ATTRIBUTE(asleep_fops, NULL, asleep_set, "%llu\n");

static int pci_error_set(void *data, u64 any)
{
	return driver_recover(data);
}
DEFINE_DEBUGFS_ATTRIBUTE(pci_error_fops, NULL, pci_error_set, "%llu\n");

static void reset_counters(struct function *function)
{
	function_write(function, CX_ATTACK_RESET, CX_ATTACK_RESET_COUNTERS);
}

static int reset_set(void *unused, u64 any)
{
	memset(&pages_count, 0, sizeof(pages_count));
	strict_reset();
	functions_each(reset_counters);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(reset_fops, NULL, reset_set, "%llu\n");

static int skipped_get(void *unused, u64 *val)
{
	*val = calls_skipped();
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(skipped_fops, skipped_get, NULL, "%llu\n");

void files_init(void)
{
	struct pages_count *count = &pages_count;
	struct dentry *module;

	top = debugfs_create_dir("observer", NULL);
	debugfs_create_file("strict", 0444, top, NULL, &strict_fops);
	debugfs_create_file("reset", 0200, top, NULL, &reset_fops);
	module = debugfs_create_dir("module", top);
	debugfs_create_u64("mapped", 0444, module, &count->mapped);
	debugfs_create_u64("unmapped", 0444, module, &count->unmapped);
	debugfs_create_u64("died", 0444, module, &count->died);
	debugfs_create_u64("taken", 0444, module, &count->taken);
	debugfs_create_u64("freed-while-mapped", 0444, module,
			   &count->freed_while_mapped);
	debugfs_create_u64("unmapped-unknown", 0444, module,
			   &count->unmapped_unknown);
	debugfs_create_u64("lost", 0444, module, &count->lost);
	debugfs_create_u64("unfollowed", 0444, module, &count->unfollowed);
	debugfs_create_file("skipped", 0444, module, NULL, &skipped_fops);
}

static void add_register(struct dentry *dir, const char *name,
			 struct function *function, unsigned int reg)
{
	void *data = (void __force *)function->bar + reg;

	debugfs_create_file(name, 0600, dir, data, &register_fops);
}

void files_add(struct function *function)
{
	struct dentry *dir, *control;

	dir = debugfs_create_dir(pci_name(function->pdev), top);
	debugfs_create_file("counters", 0444, dir, function, &counters_fops);
	control = debugfs_create_dir("control", dir);
	add_register(control, "attacks", function, CX_ATTACK_CONTROL);
	add_register(control, "fail-send", function, CX_ATTACK_FAIL_SEND);
	add_register(control, "fail-receive", function, CX_ATTACK_FAIL_RECEIVE);
	add_register(control, "hold-updates", function, CX_ATTACK_HOLD_UPDATES);
	debugfs_create_file("fail-sync", 0200, control, function,
			    &fail_sync_fops);
	debugfs_create_file("asleep", 0200, control, function, &asleep_fops);
	debugfs_create_file("pci-error", 0200, control, function,
			    &pci_error_fops);
}

void files_exit(void)
{
	debugfs_remove(top);
}
