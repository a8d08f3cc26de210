// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/debug/observer, for scripts:
 *
 *	module			what the module counted, a line each: NAME VALUE
 *	ADDRESS/counters	what the device at that PCI address counted
 *	ADDRESS/control		RW: "replay 0|1", "sweep 0|1", "hold-updates 0|1",
 *				"fail-send N" and "fail-receive N" (so many will
 *				fail), a line each;
 *				WO: "fail-sync MS" (for so long)
 *	strict			who unmaps or frees without deferring the invalidation:
 *				COUNT FUNCTION CALLER CALLER...
 *	reset			WO: anything sets all counters to 0
 *	mark			WO: a number, for QEMU's log
 */
#include <linux/debugfs.h>
#include <linux/kstrtox.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>

#include "observer.h"

static struct dentry *top;

static int module_show(struct seq_file *file, void *unused)
{
	seq_printf(file, "mapped %llu\n", pages_count.mapped);
	seq_printf(file, "unmapped %llu\n", pages_count.unmapped);
	seq_printf(file, "died %llu\n", pages_count.died);
	seq_printf(file, "taken %llu\n", pages_count.taken);
	seq_printf(file, "freed-while-mapped %llu\n",
		   pages_count.freed_while_mapped);
	seq_printf(file, "unmapped-unknown %llu\n",
		   pages_count.unmapped_unknown);
	seq_printf(file, "lost %llu\n", pages_count.lost);
	seq_printf(file, "unfollowed %llu\n", pages_count.unfollowed);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(module);

static int callers_show(struct seq_file *file, void *unused)
{
	strict_show(file);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(callers);

static const char *const kinds[CX_ATTACK_KINDS] = {
	[CX_ATTACK_REPLAY_READ] = "replay-read",
	[CX_ATTACK_REPLAY_WRITE] = "replay-write",
	[CX_ATTACK_SWEEP_READ] = "sweep-read",
	[CX_ATTACK_SWEEP_WRITE] = "sweep-write",
	[CX_ATTACK_WORK_READ] = "work-read",
	[CX_ATTACK_WORK_WRITE] = "work-write",
};

struct named_register {
	const char *name;
	unsigned int reg;
};

static const struct named_register of_kind[] = {
	{ "tried", CX_ATTACK_TRIED },
	{ "ok", CX_ATTACK_OK },
	{ "faulted", CX_ATTACK_FAULTED },
	{ "landed", CX_ATTACK_LANDED },
	{ "mistranslated", CX_ATTACK_MISTRANSLATED },
	{ "unjudged", CX_ATTACK_UNJUDGED },
};

static const struct named_register others[] = {
	{ "landed-first", CX_ATTACK_LANDED_FIRST },
	{ "landed-last", CX_ATTACK_LANDED_LAST },
	{ "exposure-ns", CX_ATTACK_EXPOSURE_NS },
	{ "mistranslated-first", CX_ATTACK_MISTRANSLATED_FIRST },
	{ "dropped", CX_ATTACK_DROPPED },
	{ "damaged", CX_ATTACK_DAMAGED },
	{ "ledger-errors", CX_ATTACK_LEDGER_ERRORS },
	{ "ledger-dead-pages", CX_ATTACK_LEDGER_DEAD_PAGES },
	{ "ledger-alive-pages", CX_ATTACK_LEDGER_ALIVE_PAGES },
	{ "ats-enabled", CX_ATTACK_ATS_ENABLED },
	{ "ats-hits", CX_ATTACK_ATS_HITS },
	{ "ats-fills", CX_ATTACK_ATS_FILLS },
	{ "ats-refused", CX_ATTACK_ATS_REFUSED },
	{ "ats-invalidations", CX_ATTACK_ATS_INVALIDATIONS },
	{ "ats-dropped", CX_ATTACK_ATS_DROPPED },
	{ "ats-overflows", CX_ATTACK_ATS_OVERFLOWS },
};

static int counters_show(struct seq_file *file, void *unused)
{
	struct function *function = file->private;
	unsigned int kind, i;

	for (kind = 0; kind < CX_ATTACK_KINDS; kind++)
		for (i = 0; i < ARRAY_SIZE(of_kind); i++)
			seq_printf(file, "%s-%s %llu\n", kinds[kind],
				   of_kind[i].name,
				   function_read(function, CX_ATTACK_KIND(kind) +
						 of_kind[i].reg));
	for (i = 0; i < ARRAY_SIZE(others); i++)
		seq_printf(file, "%s %llu\n", others[i].name,
			   function_read(function, others[i].reg));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(counters);

static int control_show(struct seq_file *file, void *unused)
{
	u64 control = function_read(file->private, CX_ATTACK_CONTROL);

	seq_printf(file, "replay %d\n", !!(control & CX_ATTACK_CONTROL_REPLAY));
	seq_printf(file, "sweep %d\n", !!(control & CX_ATTACK_CONTROL_SWEEP));
	seq_printf(file, "fail-send %llu\n",
		   function_read(file->private, CX_ATTACK_FAIL_SEND));
	seq_printf(file, "fail-receive %llu\n",
		   function_read(file->private, CX_ATTACK_FAIL_RECEIVE));
	seq_printf(file, "hold-updates %llu\n",
		   function_read(file->private, CX_ATTACK_HOLD_UPDATES));
	return 0;
}

static int control_open(struct inode *inode, struct file *file)
{
	return single_open(file, control_show, inode->i_private);
}

static u32 with_bit(u64 control, u32 bit, bool set)
{
	return set ? control | bit : control & ~bit;
}

static int change_control(struct function *function, const char *line)
{
	u64 control = function_read(function, CX_ATTACK_CONTROL);
	unsigned int reg = CX_ATTACK_CONTROL;
	char name[16];
	u32 val;

	if (sscanf(line, "%15s %u", name, &val) != 2)
		return -EINVAL;
	if (!strcmp(name, "fail-sync")) {
		function_fail_syncs(function, val);
		return 0;
	}
	if (!strcmp(name, "replay"))
		val = with_bit(control, CX_ATTACK_CONTROL_REPLAY, val);
	else if (!strcmp(name, "sweep"))
		val = with_bit(control, CX_ATTACK_CONTROL_SWEEP, val);
	else if (!strcmp(name, "fail-send"))
		reg = CX_ATTACK_FAIL_SEND;
	else if (!strcmp(name, "fail-receive"))
		reg = CX_ATTACK_FAIL_RECEIVE;
	else if (!strcmp(name, "hold-updates"))
		reg = CX_ATTACK_HOLD_UPDATES;
	else
		return -EINVAL;
	function_write(function, reg, val);
	return 0;
}

static ssize_t control_write(struct file *file, const char __user *from,
			     size_t size, loff_t *offset)
{
	struct seq_file *seq = file->private_data;
	char line[32] = "";
	int ret;

	if (size >= sizeof(line))
		return -EINVAL;
	if (copy_from_user(line, from, size))
		return -EFAULT;
	ret = change_control(seq->private, line);
	return ret ?: size;
}

static const struct file_operations control_fops = {
	.owner = THIS_MODULE,
	.open = control_open,
	.read = seq_read,
	.write = control_write,
	.llseek = seq_lseek,
	.release = single_release,
};

static void reset_counters(struct function *function)
{
	function_write(function, CX_ATTACK_RESET, CX_ATTACK_RESET_COUNTERS);
}

static ssize_t reset_write(struct file *file, const char __user *from,
			   size_t size, loff_t *offset)
{
	memset(&pages_count, 0, sizeof(pages_count));
	strict_reset();
	functions_each(reset_counters);
	return size;
}

static const struct file_operations reset_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = reset_write,
};

static u32 mark;

/* Devices share one log; the first writes. */
static void write_mark(struct function *function)
{
	if (mark)
		function_write(function, CX_ATTACK_MARK, mark);
	mark = 0;
}

static ssize_t mark_write(struct file *file, const char __user *from,
			  size_t size, loff_t *offset)
{
	u32 val;
	int ret;

	ret = kstrtou32_from_user(from, size, 0, &val);
	if (ret)
		return ret;
	mark = val;
	functions_each(write_mark);
	return size;
}

static const struct file_operations mark_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = mark_write,
};

void files_init(void)
{
	top = debugfs_create_dir("observer", NULL);
	debugfs_create_file("module", 0444, top, NULL, &module_fops);
	debugfs_create_file("strict", 0444, top, NULL, &callers_fops);
	debugfs_create_file("reset", 0200, top, NULL, &reset_fops);
	debugfs_create_file("mark", 0200, top, NULL, &mark_fops);
}

void files_add(struct function *function)
{
	function->dir = debugfs_create_dir(pci_name(function->pdev), top);
	debugfs_create_file("counters", 0444, function->dir, function,
			    &counters_fops);
	debugfs_create_file("control", 0644, function->dir, function,
			    &control_fops);
}

void files_exit(void)
{
	debugfs_remove(top);
}
