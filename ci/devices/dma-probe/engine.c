// SPDX-License-Identifier: GPL-2.0
/*
 * Engines: they make the accesses, and count the result of each.
 *
 * An access has landed if the bus let it through and the ledger holds its page
 * dead: the device has reached memory that the guest has taken back.
 */
#include "probe.h"

#define DEFAULT_LEN		8
#define DEFAULT_PERIOD_NS	10000

/* The registers that are fields. The guest may write those with a maximum. */
static const struct field fields[] = {
#define AT(member)	offsetof(struct engine, member)
	{ DMA_PROBE_ENGINE_IOVA,	AT(iova), UINT64_MAX },
	{ DMA_PROBE_ENGINE_LEN,		AT(len), DMA_PROBE_MAX_LEN, 1 },
	{ DMA_PROBE_ENGINE_PATTERN,	AT(pattern), UINT64_MAX },
	{ DMA_PROBE_ENGINE_PERIOD_NS,	AT(period_ns), DMA_PROBE_MAX_PERIOD_NS,
	  DMA_PROBE_MIN_PERIOD_NS },
	{ DMA_PROBE_ENGINE_BURST,	AT(burst), DMA_PROBE_MAX_BURST, 1 },
	{ DMA_PROBE_ENGINE_COUNT,	AT(count), UINT64_MAX },
	{ DMA_PROBE_ENGINE_TARGET,	AT(target), DMA_PROBE_TARGET_LEDGER },
	{ DMA_PROBE_ENGINE_VALUE,	AT(value) },
	{ DMA_PROBE_ENGINE_RESULT,	AT(result) },
	{ DMA_PROBE_ENGINE_RUNNING,	AT(running) },
	{ DMA_PROBE_ENGINE_MADE,	AT(made) },
	{ DMA_PROBE_ENGINE_EXPOSURE_NS,	AT(exposure_ns) },
#undef AT
};

static void count(struct engine *engine, bool write, unsigned int what)
{
	engine->counters.n[(DMA_PROBE_COUNTER(write) + what) / 8]++;
}

static void landed(struct engine *engine, uint64_t iova, bool write,
		   const struct ledger_page *page)
{
	DmaProbe *probe = engine->probe;
	uint64_t exposure;

	exposure = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) - page->dead_since;
	engine->exposure_ns = MAX(engine->exposure_ns, exposure);
	probe->exposure_ns = MAX(probe->exposure_ns, exposure);
	if (probe->landed_iova == UINT64_MAX) {
		probe->landed_iova = iova;
		probe->landed_by = engine->index |
				   (write ? DMA_PROBE_LANDED_BY_WRITE : 0);
	}
	count(engine, write, DMA_PROBE_LANDED);
}

/* One access; [@iova, @iova + @len) lies within a page. */
static MemTxResult access_page(struct engine *engine, uint64_t iova, void *buf,
			       uint64_t len, bool write)
{
	DmaProbe *probe = engine->probe;
	const struct ledger_page *page;
	MemTxResult result;

	count(engine, write, DMA_PROBE_TRIED);
	if (!probe->pci.qdev.realized)	/* its own DMA has just unplugged it */
		result = MEMTX_DECODE_ERROR;
	else
		result = device_tlb_dma(&probe->tlb, iova, buf, len, write,
					MEMTXATTRS_UNSPECIFIED);
	if (result != MEMTX_OK) {
		count(engine, write, DMA_PROBE_FAULTED);
		return result;
	}

	count(engine, write, DMA_PROBE_OK);
	page = ledger_find_dead(&probe->ledger.ledger, iova);
	if (page)
		landed(engine, iova, write, page);
	return MEMTX_OK;
}

/* Fill @buf with bytes [@from, @from + @len) of the repeated pattern. */
static void fill(const struct engine *engine, uint8_t *buf, uint64_t from,
		 uint64_t len)
{
	uint64_t i;

	for (i = 0; i < len; i++)
		buf[i] = engine->pattern >> ((from + i) % 8 * 8);
}

static void access_range(struct engine *engine, uint64_t iova, uint64_t len,
			 bool write)
{
	uint8_t buf[DMA_PROBE_PAGE_SIZE];
	uint8_t head[8] = { 0 };
	MemTxResult result = MEMTX_OK;
	uint64_t done, part;

	for (done = 0; done < len; done += part) {
		part = DMA_PROBE_PAGE_SIZE -
		       ((iova + done) & (DMA_PROBE_PAGE_SIZE - 1));
		part = MIN(part, len - done);
		if (write)
			fill(engine, buf, done, part);
		result |= access_page(engine, iova + done, buf, part, write);
		if (!write && done < sizeof(head))
			memcpy(head + done, buf,
			       MIN(part, sizeof(head) - done));
	}
	engine->result = result;
	if (!write && result == MEMTX_OK)
		engine->value = ldq_le_p(head);
}

/* The address of the next dead page. The first one follows the last one. */
static bool next_dead(struct engine *engine, uint64_t *iova)
{
	GPtrArray *dead = engine->probe->ledger.ledger.dead;
	struct ledger_page *page;

	if (!dead->len)
		return false;
	if (engine->cursor >= dead->len)
		engine->cursor = 0;
	page = g_ptr_array_index(dead, engine->cursor++);
	*iova = page->pfn << DMA_PROBE_PAGE_SHIFT;
	return true;
}

static unsigned int once(struct engine *engine, bool write)
{
	if (engine->iova + engine->len - 1 < engine->iova)
		return DMA_PROBE_ERROR_RANGE;
	access_range(engine, engine->iova, engine->len, write);
	return DMA_PROBE_ERROR_NONE;
}

static unsigned int sweep(struct engine *engine, bool write)
{
	guint left = engine->probe->ledger.ledger.dead->len;
	uint64_t result = 0;
	uint64_t iova;

	if (engine->len > DMA_PROBE_PAGE_SIZE)
		return DMA_PROBE_ERROR_RANGE;
	for (engine->cursor = 0; left && next_dead(engine, &iova); left--) {
		access_range(engine, iova, engine->len, write);
		result |= engine->result;
	}
	engine->result = result;
	return DMA_PROBE_ERROR_NONE;
}

static bool finished(const struct engine *engine)
{
	return engine->count && engine->made >= engine->count;
}

static void burst(struct engine *engine)
{
	uint64_t left;

	for (left = engine->burst; left && !finished(engine); left--) {
		uint64_t iova = engine->iova;

		if (engine->target == DMA_PROBE_TARGET_LEDGER &&
		    !next_dead(engine, &iova))
			return;
		access_range(engine, iova, engine->len, engine->writes);
		engine->made++;
	}
}

static void rearm(struct engine *engine)
{
	int64_t now = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);

	/* Skip overdue bursts, so that they do not accumulate. */
	engine->next += engine->period_ns;
	if (engine->next <= now)
		engine->next = now + engine->period_ns;
	timer_mod_ns(&engine->timer, engine->next);
}

static void engine_tick(void *opaque)
{
	struct engine *engine = opaque;
	DmaProbe *probe = engine->probe;

	if (!probe_enter(probe)) {
		rearm(engine);
		return;
	}
	burst(engine);
	if (engine->running) {
		if (finished(engine)) {
			engine_stop(engine);
			probe_raise(probe, 1ull << engine->index);
		} else {
			rearm(engine);
		}
	}
	probe_leave(probe);
}

static unsigned int start(struct engine *engine, bool write)
{
	uint64_t offset = engine->iova & (DMA_PROBE_PAGE_SIZE - 1);

	if (engine->target == DMA_PROBE_TARGET_LEDGER)
		offset = 0;
	if (offset + engine->len > DMA_PROBE_PAGE_SIZE)
		return DMA_PROBE_ERROR_RANGE;
	engine->writes = write;
	engine->result = DMA_PROBE_RESULT_OK;
	engine->made = 0;
	engine->cursor = 0;
	engine->running = true;
	engine->next = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
	rearm(engine);
	return DMA_PROBE_ERROR_NONE;
}

void engine_stop(struct engine *engine)
{
	timer_del(&engine->timer);
	engine->running = false;
}

void engine_reset_counters(struct engine *engine)
{
	memset(&engine->counters, 0, sizeof(engine->counters));
	engine->exposure_ns = 0;
}

void engine_reset(struct engine *engine)
{
	engine_stop(engine);
	engine->iova = 0;
	engine->len = DEFAULT_LEN;
	engine->pattern = 0;
	engine->value = 0;
	engine->result = DMA_PROBE_RESULT_OK;
	engine->period_ns = DEFAULT_PERIOD_NS;
	engine->burst = 1;
	engine->count = 0;
	engine->target = DMA_PROBE_TARGET_IOVA;
	engine->made = 0;
	engine->cursor = 0;
}

void engine_init(struct engine *engine, DmaProbe *probe, unsigned int index)
{
	engine->probe = probe;
	engine->index = index;
	timer_init_ns(&engine->timer, QEMU_CLOCK_VIRTUAL, engine_tick, engine);
	engine_reset(engine);
}

static unsigned int carry_out(struct engine *engine, uint64_t cmd)
{
	if (engine->running && cmd != DMA_PROBE_CMD_STOP)
		return DMA_PROBE_ERROR_BUSY;

	switch (cmd) {
	case DMA_PROBE_CMD_READ:
	case DMA_PROBE_CMD_WRITE:
		return once(engine, cmd == DMA_PROBE_CMD_WRITE);
	case DMA_PROBE_CMD_SWEEP_READ:
	case DMA_PROBE_CMD_SWEEP_WRITE:
		return sweep(engine, cmd == DMA_PROBE_CMD_SWEEP_WRITE);
	case DMA_PROBE_CMD_START_READ:
	case DMA_PROBE_CMD_START_WRITE:
		return start(engine, cmd == DMA_PROBE_CMD_START_WRITE);
	case DMA_PROBE_CMD_STOP:
		engine_stop(engine);
		return DMA_PROBE_ERROR_NONE;
	default:
		return DMA_PROBE_ERROR_COMMAND;
	}
}

static unsigned int engine_command(struct engine *engine, uint64_t cmd)
{
	unsigned int error = carry_out(engine, cmd);

	if (error)
		engine->result = DMA_PROBE_RESULT_REFUSED | error;
	return error;
}

bool engine_is_stored(unsigned int reg)
{
	const struct field *field = FIELD_FIND(fields, reg);

	return field && field->max;
}

bool engine_read(struct engine *engine, unsigned int reg, uint64_t *val)
{
	const struct field *field = FIELD_FIND(fields, reg);

	if (field)
		*val = *field_in(engine, field);
	else if (reg == DMA_PROBE_ENGINE_CMD)
		*val = 0;
	else if (reg >= DMA_PROBE_ENGINE_COUNTERS &&
		 reg < DMA_PROBE_ENGINE_COUNTERS + DMA_PROBE_COUNTERS_SIZE)
		*val = engine->counters.n[(reg - DMA_PROBE_ENGINE_COUNTERS) / 8];
	else
		return false;
	return true;
}

unsigned int engine_write(struct engine *engine, unsigned int reg, uint64_t val)
{
	const struct field *field = FIELD_FIND(fields, reg);

	switch (reg) {
	case DMA_PROBE_ENGINE_CMD:
		return engine_command(engine, val);
	case DMA_PROBE_ENGINE_EXPOSURE_NS:
		engine->exposure_ns = 0;
		return DMA_PROBE_ERROR_NONE;
	}

	if (!field || !field->max)
		return DMA_PROBE_ERROR_REGISTER;
	if (engine->running)
		return DMA_PROBE_ERROR_BUSY;
	if (val < field->min || val > field->max)
		return DMA_PROBE_ERROR_VALUE;
	*field_in(engine, field) = val;
	return DMA_PROBE_ERROR_NONE;
}
