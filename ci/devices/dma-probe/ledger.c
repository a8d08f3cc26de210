// SPDX-License-Identifier: GPL-2.0
/*
 * The ledger's registers.
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

static unsigned int error_of(enum ledger_result result)
{
	switch (result) {
	case LEDGER_OK:
		return DMA_PROBE_ERROR_NONE;
	case LEDGER_FULL:
		return DMA_PROBE_ERROR_LEDGER_FULL;
	default:
		return DMA_PROBE_ERROR_RANGE;
	}
}

static uint64_t state_of(enum ledger_state state)
{
	switch (state) {
	case LEDGER_DEAD:
		return DMA_PROBE_PAGE_DEAD;
	case LEDGER_ALIVE:
		return DMA_PROBE_PAGE_ALIVE;
	default:
		return DMA_PROBE_PAGE_UNKNOWN;
	}
}

static unsigned int command(struct ledger_regs *regs, uint64_t cmd)
{
	struct ledger *ledger = &regs->ledger;

	switch (cmd) {
	case DMA_PROBE_LEDGER_CMD_DEAD:
		return error_of(ledger_declare_dead(ledger, regs->iova,
						    regs->len));
	case DMA_PROBE_LEDGER_CMD_ALIVE:
		return error_of(ledger_declare_alive(ledger, regs->iova,
						     regs->len, LEDGER_ANYWHERE));
	case DMA_PROBE_LEDGER_CMD_FORGET:
		return error_of(ledger_forget(ledger, regs->iova, regs->len));
	case DMA_PROBE_LEDGER_CMD_QUERY:
		regs->answer = state_of(ledger_state(ledger, regs->iova));
		return DMA_PROBE_ERROR_NONE;
	default:
		return DMA_PROBE_ERROR_COMMAND;
	}
}

bool ledger_read(struct ledger_regs *regs, unsigned int reg, uint64_t *val)
{
	switch (reg) {
	case DMA_PROBE_LEDGER_IOVA:
		*val = regs->iova;
		return true;
	case DMA_PROBE_LEDGER_LEN:
		*val = regs->len;
		return true;
	case DMA_PROBE_LEDGER_CMD:
		*val = 0;
		return true;
	case DMA_PROBE_LEDGER_STATE:
		*val = regs->answer;
		return true;
	case DMA_PROBE_LEDGER_DEAD:
		*val = ledger_count_dead(&regs->ledger);
		return true;
	case DMA_PROBE_LEDGER_ALIVE:
		*val = ledger_count_alive(&regs->ledger);
		return true;
	case DMA_PROBE_LEDGER_CAPACITY:
		*val = regs->ledger.capacity;
		return true;
	case DMA_PROBE_LEDGER_RESULT:
		*val = regs->result;
		return true;
	default:
		return false;
	}
}

unsigned int ledger_write(struct ledger_regs *regs, unsigned int reg, uint64_t val)
{
	switch (reg) {
	case DMA_PROBE_LEDGER_IOVA:
		regs->iova = val;
		return DMA_PROBE_ERROR_NONE;
	case DMA_PROBE_LEDGER_LEN:
		regs->len = val;
		return DMA_PROBE_ERROR_NONE;
	case DMA_PROBE_LEDGER_CMD:
		regs->result = command(regs, val);
		return regs->result;
	default:
		return DMA_PROBE_ERROR_REGISTER;
	}
}
