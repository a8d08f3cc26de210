// SPDX-License-Identifier: GPL-2.0
/*
 * Commands of the ledger.
 */
#include "probe.h"

void ledger_regs_reset(struct ledger_regs *regs)
{
	ledger_clear(&regs->ledger);
	regs->iova = 0;
	regs->len = 0;
	regs->answer = DMA_PROBE_PAGE_UNKNOWN;
	regs->result = DMA_PROBE_ERROR_NONE;
}

static unsigned int execute(struct ledger_regs *regs, uint64_t cmd)
{
	static const unsigned int errors[] = {
		[LEDGER_OK] = DMA_PROBE_ERROR_NONE,
		[LEDGER_BAD_RANGE] = DMA_PROBE_ERROR_RANGE,
		[LEDGER_FULL] = DMA_PROBE_ERROR_LEDGER_FULL,
	};
	struct ledger *ledger = &regs->ledger;

	switch (cmd) {
	case DMA_PROBE_LEDGER_CMD_DEAD:
		return errors[ledger_declare_dead(ledger, regs->iova, regs->len)];
	case DMA_PROBE_LEDGER_CMD_ALIVE:
		return errors[ledger_declare_alive(ledger, regs->iova, regs->len,
						   LEDGER_ANYWHERE)];
	case DMA_PROBE_LEDGER_CMD_FORGET:
		return errors[ledger_forget(ledger, regs->iova, regs->len)];
	case DMA_PROBE_LEDGER_CMD_QUERY:
		regs->answer = ledger_state(ledger, regs->iova);
		return DMA_PROBE_ERROR_NONE;
	default:
		return DMA_PROBE_ERROR_COMMAND;
	}
}

unsigned int ledger_command(struct ledger_regs *regs, uint64_t cmd)
{
	regs->result = execute(regs, cmd);
	return regs->result;
}

/* The register holds the ledger's own values. */
_Static_assert(DMA_PROBE_PAGE_UNKNOWN == (int)LEDGER_UNKNOWN &&
	       DMA_PROBE_PAGE_DEAD == (int)LEDGER_DEAD &&
	       DMA_PROBE_PAGE_ALIVE == (int)LEDGER_ALIVE, "states of a page");
