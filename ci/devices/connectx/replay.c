// SPDX-License-Identifier: GPL-2.0
/*
 * Replay: the device repeats the reads and writes of a work request as soon as
 * it has completed, and again in later rounds.
 *
 * A ring holds the last accesses. Each round repeats them with its own delay.
 * If new accesses overwrite those that a round has not repeated, these are lost
 * and counted.
 */
#include "attack.h"

#define REMEMBERED	8192
/* Accesses per run of the timer. QEMU's main loop waits meanwhile. */
#define AT_ONCE		128

/*
 * The delays after the completion; a random time of up to half a delay is
 * added. Linux's lazy mode invalidates after 10 ms or 256 unmaps, whichever
 * comes first.
 */
static const int64_t delays_ns[CX_MAX_REPLAYS] = {
	50 * SCALE_US, 500 * SCALE_US, 2 * SCALE_MS, 6 * SCALE_MS,
	12 * SCALE_MS, 25 * SCALE_MS, 50 * SCALE_MS, 100 * SCALE_MS,
};

struct remembered {
	struct cx_access access;
	int64_t when;
};

struct round {
	uint64_t next;		/* number of the access to repeat next */
	int64_t due;		/* its time, if next is below attack_replay.end */
};

struct attack_replay {
	struct remembered ring[REMEMBERED];
	uint64_t end;		/* number of accesses so far */
	struct round rounds[CX_MAX_REPLAYS];
	QEMUTimer *timer;
};

static void replay_access(ConnectX *cx, const struct cx_access *access)
{
	attack_range(cx, access->write ? CX_ATTACK_REPLAY_WRITE :
					 CX_ATTACK_REPLAY_READ,
		     access->iova, access->len);
}

static void set_due(ConnectX *cx, unsigned int round)
{
	struct attack_replay *replay = cx->attack->replay;
	struct round *r = &replay->rounds[round];
	int64_t delay = delays_ns[round];

	if (r->next < replay->end)
		r->due = replay->ring[r->next % REMEMBERED].when + delay +
			 (int64_t)(g_rand_double(cx->random) * (delay / 2));
}

/* Skip the accesses that are no longer in the ring. */
static void catch_up(ConnectX *cx, unsigned int round)
{
	struct attack_replay *replay = cx->attack->replay;
	struct round *r = &replay->rounds[round];
	uint64_t oldest = replay->end - MIN(replay->end, REMEMBERED);

	if (r->next >= oldest)
		return;
	cx->attack->result.dropped += oldest - r->next;
	r->next = oldest;
	set_due(cx, round);
}

static void arm(ConnectX *cx)
{
	struct attack_replay *replay = cx->attack->replay;
	int64_t first = INT64_MAX;
	unsigned int i;

	for (i = 0; i < cx->prop.attack.replay_times; i++)
		if (replay->rounds[i].next < replay->end)
			first = MIN(first, replay->rounds[i].due);
	if (first < INT64_MAX)
		timer_mod_ns(replay->timer, first);
}

static unsigned int do_round(ConnectX *cx, unsigned int round, int64_t now,
			     unsigned int budget)
{
	struct attack_replay *replay = cx->attack->replay;
	struct round *r = &replay->rounds[round];

	for (; budget && r->next < replay->end && r->due <= now; budget--) {
		replay_access(cx, &replay->ring[r->next % REMEMBERED].access);
		r->next++;
		set_due(cx, round);
	}
	return budget;
}

static void replay_tick(void *opaque)
{
	int64_t now = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
	unsigned int budget = AT_ONCE;
	ConnectX *cx = opaque;
	unsigned int i;

	for (i = 0; i < cx->prop.attack.replay_times; i++) {
		catch_up(cx, i);
		budget = do_round(cx, i, now, budget);
	}
	arm(cx);
}

void replay_completed(ConnectX *cx, const struct cx_access *access)
{
	struct attack_replay *replay = cx->attack->replay;
	unsigned int i;

	if (access->write)
		sweep_note(cx, access->iova, access->len, true);
	if (!(cx->attack->control & CX_ATTACK_CONTROL_REPLAY))
		return;
	replay_access(cx, access);
	replay->ring[replay->end % REMEMBERED] = (struct remembered) {
		.access = *access,
		.when = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL),
	};
	replay->end++;
	for (i = 0; i < cx->prop.attack.replay_times; i++)
		if (replay->rounds[i].next == replay->end - 1)
			set_due(cx, i);
	if (!timer_pending(replay->timer))
		arm(cx);
}

void replay_init(ConnectX *cx)
{
	struct attack_replay *replay = g_new0(struct attack_replay, 1);

	replay->timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, replay_tick, cx);
	cx->attack->replay = replay;
}

void replay_reset(ConnectX *cx)
{
	struct attack_replay *replay = cx->attack->replay;

	timer_del(replay->timer);
	replay->end = 0;
	memset(replay->rounds, 0, sizeof(replay->rounds));
}

void replay_exit(ConnectX *cx)
{
	timer_free(cx->attack->replay->timer);
	g_clear_pointer(&cx->attack->replay, g_free);
}
