/* The slot protocol of one business, with everything around it that can break. Read README.md first.

   Problem. src/slots/protocol/slot_protocol.hpp is a pure state machine, and its tests show that it keeps its rules while it lives.
   The promise is larger: at most LIMIT connections as the provider counts them, and nothing lost, while workers die,
   stall or are cut off at any step, and while the slot store loses everything. That takes safeguards outside the state
   machine. This model shows which: each #ifdef below removes one, and the search must then find a violation.

   Method. Every step is one atomic action on one party: a script in the slot store, a transaction in the call store, a
   socket of the provider, a decision of a worker. Steps interleave in any order. Budgets bound what happens, so every run
   ends, and the checks of the end run where nothing more can happen.

   Time. There are no clocks. A deadline is a step that may come at any moment, except that deadlines keep their order:
   7 s the worker closes, 9 s the supervisor kills, then the provider notices, 15 s the lease or the hold is over.
   CLOSES_FIRST() is that order.

   Numbers that the code only compares are replaced by what they compare to: a lease is its holder (or DEAD, when it
   is forgotten), and a row's fence is the worker that raised it last.                                                   */

#ifndef WORKERS
#define WORKERS 3
#endif
#ifndef LIMIT
#define LIMIT 2
#endif
#ifndef RECORDINGS
#define RECORDINGS 3
#endif
/* Faults of every kind together. */
#ifndef FAULTS
#define FAULTS 2
#endif
/* Downloads that the provider refuses, and that are delayed; presses of what was asked for before. Together. */
#ifndef EXTRAS
#define EXTRAS 1
#endif
/* kFetchShare: small, so that few recordings reach it. */
#define SHARE 2

/* Sets of recordings are bits. */
#define HAS(set, member) (((set) >> (member)) & 1)
#define ADD(set, member) set = set | (1 << (member))
#define DEL(set, member) set = set & ~(1 << (member))
#define SIZE(set) (HAS(set, 0) + HAS(set, 1) + HAS(set, 2) + HAS(set, 3))

/* The call store: rows, and the order of asking. */
#define REMOTE 0
#define QUEUED 1
#define PROCESSING 2
#define STORED 3
byte row[RECORDINGS];
byte row_play;                         /* rows whose lane is play */
byte backing_off;                      /* rows with a retry_at to come */
byte fence[RECORDINGS];                /* the worker that raised it last, + 1; 0: none that lives */
byte attempt_open;                     /* begun, and not ended by its last worker */
chan order = [RECORDINGS] of { byte }; /* rows that wait, by wanted_order */

/* The slot store. */
#define FETCH 0
#define PLAY 1
#define NO_LEASE 0
#define DEAD 15
#define NOBODY 15
chan lane[2] = [RECORDINGS] of { byte };
byte in_lane[2];
byte slots;                               /* rec_slots */
byte delayed;
byte is_play;                             /* of those that have a place: the lane is play */
chan granted = [RECORDINGS] of { byte };  /* holds a slot, and no worker has it yet; by order of the grant */
byte by_share;                            /* granted by the share of the automatic lane */
byte lease[RECORDINGS];                   /* 1 + worker */
byte plays_since_fetch;
bit hold;                                 /* nothing is granted after a recovery */
bit gone;                                 /* has lost everything, and answers only "recover" */
#ifdef COUNTER_INSTEAD_OF_SET
byte counter;
#endif

/* Recovery: what was read of the call store and is to be written to the slot store. */
#ifdef RECOVERY_BY_EPOCH_ALONE
#define RECOVERERS 2
byte epoch, slot_store_epoch, my_epoch[RECOVERERS];
#else
#define RECOVERERS 1
#endif
bit has_read[RECOVERERS], saw_open[RECOVERERS];

/* Workers, each with one download at a time. */
#define IDLE 0
#define CLAIMED 1     /* has a recording and a lease */
#define BEGUN 2       /* has raised the fence */
#define OPEN 3        /* has renewed since then: downloads, or is about to connect, which counts the same */
#define CUT 4         /* the same, and cannot reach the slot store */
#define STALLED 5     /* OPEN, and stopped: SIGSTOP, deadlock, blocked disk */
#define CUT_STALLED 6 /* CUT, and stopped */
#define CLOSED 7      /* has closed the connection by itself; the provider has not noticed yet */
#define COMPLETE 8    /* has all the bytes, and its lease is lost */
byte doing[WORKERS];
byte job[WORKERS];

/* The provider. */
byte left_open[RECORDINGS]; /* connections of workers that have died, until it notices */
byte connections;           /* these, and those of the workers that live */

/* The world. */
byte late;         /* the API is slow, or lost an answer: it asks the slot store (again) later, or dies before */
byte owed_reclaim; /* reclaimed in the slot store; the row follows later */
byte faults = FAULTS;
byte extras = EXTRAS;

/* What a step has for the slot store to do: see operate(). */
byte it, how, ask;

/* For the checks: which recording stands before which in the same lane. */
byte before[RECORDINGS];

/* Of no account between steps. */
hidden byte x, y, n, found, from;
hidden byte too_many_slots, two_places, waits_beside_free_slot, overtaken, stored_twice, lost, not_at_rest;

#include "slot_store.pml"
#include "worker.pml"
#include "world.pml"

/* What must be true when nothing can happen any more. */
inline check_the_end() {
  n = 0;
  do
  :: n < RECORDINGS -> lost = lost || row[n] != STORED; n++
  :: else -> break
  od;
  assert(!lost);
  not_at_rest = PLACED || connections || attempt_open || hold || gone;
  assert(!not_at_rest)
}

init {
  atomic {
    n = 0;
    do :: n < WORKERS -> run worker(n); n++ :: else -> break od;
    n = 0;
    do :: n < RECORDINGS -> run recording(n); n++ :: else -> break od;
    n = 0;
    do :: n < RECOVERERS -> run recoverer(n); n++ :: else -> break od;
    n = 0;
    run slot_store()
  }
  atomic { timeout -> d_step { check_the_end() } }
}
