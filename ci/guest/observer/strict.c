// SPDX-License-Identifier: GPL-2.0
/*
 * Counts the callers of strict unmaps and frees.
 *
 * A chain of callers is found by its addresses. Its names are looked up when the chain
 * is first seen, because the kernel forgets the driver's names when the driver goes.
 */
#include <linux/kallsyms.h>
#include <linux/seq_file.h>
#include <linux/spinlock.h>
#include <linux/stacktrace.h>
#include <linux/string.h>

#include "observer.h"

#define CALLERS		10	/* the first is the DMA API's function */
#define CHAINS		512
#define OURS		2	/* strict_note() and the function that follows the call */

struct chain {
	unsigned long callers[CALLERS];
	u64 count;
	char names[CALLERS * 40];
};

static DEFINE_RAW_SPINLOCK(strict_lock);
static struct chain chains[CHAINS];
static unsigned int used;
static u64 nameless;		/* calls whose chain found no place */

/* Without the module, and without the suffix that the compiler gives to clones. */
static void add_name(struct chain *chain, unsigned long caller)
{
	static char name[KSYM_NAME_LEN];

	/* After a call that does not return, the next address is another function's. */
	snprintf(name, sizeof(name), "%ps", (void *)(caller - 1));
	name[strcspn(name, " .")] = '\0';
	strlcat(chain->names, " ", sizeof(chain->names));
	strlcat(chain->names, name, sizeof(chain->names));
}

static struct chain *find_or_add(const unsigned long *callers)
{
	struct chain *chain;
	unsigned int i;

	for (i = 0; i < used; i++)
		if (!memcmp(chains[i].callers, callers, sizeof(chains[i].callers)))
			return &chains[i];
	if (used == CHAINS)
		return NULL;
	chain = &chains[used++];
	memcpy(chain->callers, callers, sizeof(chain->callers));
	for (i = 0; i < CALLERS && callers[i]; i++)
		add_name(chain, callers[i]);
	return chain;
}

/* Not inlined, because OURS counts it. */
noinline void strict_note(void *real)
{
	unsigned long callers[CALLERS] = {};
	struct chain *chain;
	unsigned long flags;

	/* As if @real had called. */
	callers[0] = (unsigned long)real + 1;
	stack_trace_save(callers + 1, CALLERS - 1, OURS);
	raw_spin_lock_irqsave(&strict_lock, flags);
	chain = find_or_add(callers);
	if (chain)
		chain->count++;
	else
		nameless++;
	raw_spin_unlock_irqrestore(&strict_lock, flags);
}

/* The driver may go, and another module may get its addresses. */
void strict_forget_addresses(void)
{
	unsigned long flags;
	unsigned int i;

	raw_spin_lock_irqsave(&strict_lock, flags);
	for (i = 0; i < used; i++)
		memset(chains[i].callers, 0, sizeof(chains[i].callers));
	raw_spin_unlock_irqrestore(&strict_lock, flags);
}

void strict_reset(void)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&strict_lock, flags);
	memset(chains, 0, sizeof(chains));
	used = 0;
	nameless = 0;
	raw_spin_unlock_irqrestore(&strict_lock, flags);
}

/* Without the lock: chains that exist do not move. */
int strict_show(struct seq_file *file, void *unused)
{
	unsigned int i, n = READ_ONCE(used);

	for (i = 0; i < n; i++)
		seq_printf(file, "%llu%s\n", chains[i].count, chains[i].names);
	if (nameless)
		seq_printf(file, "%llu nameless\n", nameless);
	return 0;
}
