/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The two kinds of sync of a domain, as core/sync.c and core/local.c make them.
 *
 * Each CPU maps its own page, unmaps it without sync, syncs, and reuses it. The unmap
 * clears a leaf entry, or unlinks a table whose leaf entry stays. The sync is a grace
 * period, or names the page. A hostile device walks and caches whatever it can reach, at
 * any time. The IOMMU takes requests at any time after they were made, and may fail.
 *
 * Store buffers are explicit for the stores that matter: the clears, the flag
 * drop_non_leaf, and the leader's "started". They reach memory in any order, which is
 * weaker than x86 allows. A full barrier empties the buffer of its CPU.
 *
 * SEED_* are bugs, one at a time: see the table in README.md.
 */
#ifndef CPUS
#define CPUS	2
#endif
#define NOBODY	255

#ifndef FAILURES
#define FAILURES 1
#endif

/* What is in memory, and what is in the store buffer of a CPU. */
bit leaf[CPUS], table[CPUS];
bit buffered_leaf[CPUS], buffered_table[CPUS], buffered_flag[CPUS];
byte buffered_started, buffered_by = NOBODY;

/* What the IOMMU and the device have cached. */
bit cached_leaf[CPUS], cached_table[CPUS];

/* The domain. */
byte started, done;
bit flush_lock, drop_non_leaf;

/* The IOMMU: a request for the whole domain, and one of each CPU for its page. */
bit request, request_non_leaf, completed, failed;
bit request_named[CPUS], completed_named[CPUS], failed_named[CPUS];
byte failures;

#define BARRIER(cpu) d_step {							\
	if :: buffered_leaf[cpu] -> leaf[cpu] = 0; buffered_leaf[cpu] = 0	\
	   :: else fi;								\
	if :: buffered_table[cpu] -> table[cpu] = 0; buffered_table[cpu] = 0	\
	   :: else fi;								\
	if :: buffered_flag[cpu] -> drop_non_leaf = 1; buffered_flag[cpu] = 0	\
	   :: else fi;								\
	if :: buffered_by == cpu -> started = buffered_started;			\
				    buffered_by = NOBODY			\
	   :: else fi }

/* A store reaches memory by itself. B0 keeps the flag behind the unlink. */
#ifdef SEED_NO_B0
#define AFTER_B0(cpu)	1
#else
#define AFTER_B0(cpu)	!buffered_table[cpu]
#endif

#define DRAIN(cpu)								\
	:: atomic { buffered_leaf[cpu] -> leaf[cpu] = 0; buffered_leaf[cpu] = 0 } \
	:: atomic { buffered_table[cpu] -> table[cpu] = 0;			\
		    buffered_table[cpu] = 0 }					\
	:: atomic { buffered_flag[cpu] && AFTER_B0(cpu) -> drop_non_leaf = 1;	\
		    buffered_flag[cpu] = 0 }

active proctype store_buffers()
{
end:	do
	DRAIN(0)
	DRAIN(1)
#if CPUS > 2
	DRAIN(2)
#endif
	:: atomic { buffered_by != NOBODY -> started = buffered_started;
		    buffered_by = NOBODY }
	od
}

/* From a cached table the walker reaches the leaf entry although the table is unlinked. */
#define WALK(cpu)								\
	:: atomic { table[cpu] && !cached_table[cpu] -> cached_table[cpu] = 1 }	\
	:: atomic { leaf[cpu] && (table[cpu] || cached_table[cpu]) &&		\
		    !cached_leaf[cpu] -> cached_leaf[cpu] = 1 }

active proctype device()
{
end:	do
	WALK(0)
	WALK(1)
#if CPUS > 2
	WALK(2)
#endif
	od
}

inline drop_domain()
{
	cpu = 0;
	do
	:: cpu < CPUS ->
		cached_leaf[cpu] = 0;
		if :: request_non_leaf -> cached_table[cpu] = 0 :: else fi;
		cpu++
	:: else -> break
	od;
	cpu = 0
}

#ifdef SEED_WRONG_RUN
#define NAMES(cpu)	((cpu + 1) % CPUS)
#else
#define NAMES(cpu)	cpu
#endif

#define TAKE_NAMED(n)								\
	:: atomic { request_named[n] -> request_named[n] = 0;			\
		if								\
		:: failures < FAILURES -> failures++; failed_named[n] = 1	\
		:: cached_leaf[NAMES(n)] = 0; failed_named[n] = 0		\
		fi;								\
		completed_named[n] = 1 }

active proctype iommu()
{
	byte cpu;

end:	do
	:: atomic { request -> request = 0;
		if
		:: failures < FAILURES -> failures++; failed = 1
		:: d_step { drop_domain(); failed = 0 }
		fi;
		completed = 1 }
	TAKE_NAMED(0)
	TAKE_NAMED(1)
#if CPUS > 2
	TAKE_NAMED(2)
#endif
	od
}

/* core/sync.c, xsmmu_lead(). The caller holds the lock. */
inline lead(me)
{
	n = started + 1;
	atomic { buffered_started = n; buffered_by = me };
#ifndef SEED_NO_B2
	BARRIER(me);				/* B2 */
#endif
	atomic { flag = drop_non_leaf; drop_non_leaf = 0 };	/* B5 */
#ifdef SEED_ALWAYS_LEAF
	flag = 0;
#endif
	atomic { request_non_leaf = flag; request = 1 };
	atomic { completed -> completed = 0; ok = !failed };
	if :: buffered_by == me -> BARRIER(me) :: else fi;
	if
	:: ok -> done = n			/* B3 */
	:: else ->
#ifndef SEED_FLAG_LOST
		drop_non_leaf = 1;
#endif
#ifdef SEED_FAILURE_COUNTS
		done = n
#else
		skip
#endif
	fi
}

/* core/sync.c, xsmmu_grace_period(). */
inline grace_period(me)
{
#ifndef SEED_NO_B1
	BARRIER(me);				/* B1 */
#endif
#ifdef SEED_JOIN_RUNNING
	atomic { if :: flush_lock -> snap = started
		    :: else -> snap = started + 1 fi };
#else
	snap = started + 1;
#endif
	do
	:: done >= snap -> break		/* B4 */
	:: atomic { done < snap && !flush_lock -> flush_lock = 1 };
		if :: done < snap -> lead(me) :: else fi;
		flush_lock = 0
	od
}

/*
 * core/local.c, xsmmu_sync_local(). If the runs fail, or a table was unlinked, the grace
 * period follows.
 */
inline sync_local(me)
{
	ok = 0;
	if
#ifdef SEED_NAMES_TABLES
	:: true ->
#else
	:: !unlinked ->
#endif
#ifndef SEED_NO_N0
		BARRIER(me);			/* N0 */
#endif
		request_named[me] = 1;
		atomic { completed_named[me] -> completed_named[me] = 0;
			 ok = !failed_named[me] };
#ifdef SEED_NAMED_ERROR_IGNORED
		ok = 1;
#endif
#ifdef SEED_NAMED_COUNTS
		if :: ok -> atomic { started = started + 1; done = started }
		   :: else fi
#endif
	:: else
	fi;
	if :: !ok -> grace_period(me) :: else fi
}

proctype cpu(byte me)
{
	byte snap, n;
	bit unlinked, flag, ok;

	atomic { leaf[me] = 1; table[me] = 1 };
	if
	:: unlinked = 0; buffered_leaf[me] = 1
	:: unlinked = 1;
#ifdef SEED_FLAG_FIRST
		buffered_flag[me] = 1; BARRIER(me); buffered_table[me] = 1
#else
		buffered_table[me] = 1; buffered_flag[me] = 1
#endif
	fi;
	if
	:: grace_period(me)
	:: sync_local(me)
	fi;
	skip;
	d_step {
		assert(!cached_leaf[me]);			/* I1, I2 */
		assert(!(leaf[me] && (table[me] || cached_table[me])));
		assert(!(unlinked && cached_table[me]))		/* I3 */
	}
}

init {
	atomic {
		run cpu(0);
		run cpu(1);
#if CPUS > 2
		run cpu(2)
#endif
	}
}
