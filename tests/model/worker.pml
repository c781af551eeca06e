/* A worker with one download: app/worker/worker.cpp and app/worker/fetch_job.cpp.

   What ends a download is one step here, although it is two: the row is written, then the slot is given back. While the
   lease is held, nobody looks at the row in between: it comes to the same as a longer download. What can come between
   is a fault of its own below. */

#define HOLDS(w) (lease[job[w]] == w + 1)
#define IS_CONNECTED(w) (doing[w] >= OPEN && doing[w] <= CLOSED)
#define IS_WANTED(r) (row[r] == QUEUED || row[r] == PROCESSING)

/* Idle workers are alike, so the first of them claims. */
#define IS_BUSY(v) (doing[v] != IDLE)
#if WORKERS > 3
#define FIRST_IDLE(w) (!IS_BUSY(w) && (w < 1 || IS_BUSY(0)) && (w < 2 || IS_BUSY(1)) && (w < 3 || IS_BUSY(2)))
#else
#define FIRST_IDLE(w) (!IS_BUSY(w) && (w < 1 || IS_BUSY(0)) && (w < 2 || IS_BUSY(1)))
#endif

/* Workers are interchangeable: without this the states multiply by the ways to number them. A story is told without it,
   so that a worker keeps its number. */
#ifdef ANONYMOUS_WORKERS
#define KEY(w) (doing[w] * 16 + job[w] * 4 + HOLDS(w) * 2 + (fence[job[w]] == w + 1))

inline exchange(number) {
  if
  :: number == x + 1 -> number = x + 2
  :: number == x + 2 -> number = x + 1
  :: else
  fi
}

inline sort_workers() {
  y = WORKERS - 1;
  do
  :: y > 0 ->
     x = 0;
     do
     :: x < y ->
        if
        :: KEY(x) < KEY(x + 1) ->
           found = doing[x]; doing[x] = doing[x + 1]; doing[x + 1] = found;
           found = job[x]; job[x] = job[x + 1]; job[x + 1] = found;
           n = 0;
           do
           :: n < RECORDINGS -> exchange(lease[n]); exchange(fence[n]); n++
           :: else -> break
           od
        :: else
        fi;
        x++
     :: else -> break
     od;
     y--
  :: else -> break
  od;
  x = 0; y = 0; n = 0; found = 0
}
#else
inline sort_workers() { skip }
#endif

inline rest(w) {
  doing[w] = IDLE;
  job[w] = 0
}

/* kill -9: the kernel closes the socket, the provider notices later; lease and row stay as they are. */
inline die(w) {
  if :: IS_CONNECTED(w) -> left_open[job[w]]++ :: else fi;
  if :: HOLDS(w) -> lease[job[w]] = DEAD :: else fi;
  if :: fence[job[w]] == w + 1 -> fence[job[w]] = 0 :: else fi;
  rest(w)
}

/* Gives the slot back, if there is one: a slot store that has lost everything has none. After an end without audio the
   worker looks whether the recording is wanted again. */
inline give_back(w, an_end) {
  it = job[w];
  if
  :: !gone && HOLDS(w) -> how = an_end
#ifdef RELEASE_WITHOUT_OWNERSHIP
  :: !gone && !HOLDS(w) && WAITING -> from = NEXT_LANE; grant_from(from)
#endif
  :: else
  fi;
  if
  :: !gone && an_end == DONE && row[it] == QUEUED && !HAS(backing_off, it) -> ask = A_FETCH + HAS(row_play, it)
  :: else
  fi;
  rest(w)
}

inline begin_attempt(w, r) {
  row[r] = PROCESSING;
  fence[r] = w + 1;
  ADD(attempt_open, r);
  DEL(backing_off, r);
  doing[w] = BEGUN
}

#ifdef NO_FENCE
#define MAY_COMMIT(w, r) true
#else
#define MAY_COMMIT(w, r) (fence[r] == w + 1)
#endif

inline commit(w, r) {
  if
  :: MAY_COMMIT(w, r) ->
     printf("worker %d commits recording %d\n", w, r);
     stored_twice = row[r] == STORED;
     assert(!stored_twice);
     row[r] = STORED;
     fence[r] = 0;
     DEL(attempt_open, r);
     DEL(backing_off, r);
     DEL(row_play, r);
     DEL(owed_reclaim, r);
     order??eval(r)
  :: else -> printf("worker %d is refused to commit recording %d: its fence is stale\n", w, r)
  fi;
  doing[w] = COMPLETE
}

/* The end of an attempt without audio counts only under the row's fence. `found`: the row has changed. An attempt that
   did not connect must leave the mark: an earlier one may still be connected. */
#ifdef ANY_END_CLOSES_ATTEMPT
#define CLOSES_ATTEMPT(w) true
#else
#define CLOSES_ATTEMPT(w) (doing[w] != BEGUN)
#endif

inline end_attempt(w, r) {
  found = 0;
  if
  :: fence[r] == w + 1 ->
     fence[r] = 0;
     if :: CLOSES_ATTEMPT(w) -> DEL(attempt_open, r) :: else fi;
     if :: row[r] == PROCESSING -> row[r] = QUEUED; found = 1 :: else fi
  :: else
  fi
}

proctype worker(byte w) {
end:
  do
  :: atomic {
       if
       :: d_step { FIRST_IDLE(w) && !gone && len(granted) > 0 ->
            claim(w); doing[w] = CLAIMED;
            printf("worker %d claims recording %d\n", w, job[w]) }
       :: d_step { doing[w] == CLAIMED && IS_WANTED(job[w]) ->
            printf("worker %d begins an attempt at recording %d\n", w, job[w]);
            begin_attempt(w, job[w]) }
       :: d_step { doing[w] == CLAIMED && !IS_WANTED(job[w]) ->
            printf("worker %d finds nothing to fetch for recording %d\n", w, job[w]);
            give_back(w, DONE) }

       /* The worker renews its lease between the fence and the connection. */
#ifdef NO_RENEWAL_BEFORE_CONNECT
#define MAY_CONNECT(w) true
#else
#define MAY_CONNECT(w) (!gone && HOLDS(w))
#endif
       :: d_step { doing[w] == BEGUN && MAY_CONNECT(w) ->
            doing[w] = OPEN; connections++;
            printf("worker %d connects for recording %d: %d at the provider\n", w, job[w], connections);
            assert(connections <= LIMIT) }
       :: d_step { doing[w] == BEGUN && !MAY_CONNECT(w) ->
            printf("worker %d cannot renew its lease of recording %d, and does not connect\n", w, job[w]);
            end_attempt(w, job[w]); give_back(w, HAND_BACK) }

       /* The end of a download. A worker whose lease is lost may take any time to commit. */
       :: d_step { doing[w] == OPEN && !gone && HOLDS(w) -> connections--;
            commit(w, job[w]); give_back(w, DONE) }
       :: d_step { ((doing[w] == OPEN && (gone || !HOLDS(w))) || doing[w] == CUT) -> connections--;
            doing[w] = COMPLETE;
            printf("worker %d has all of recording %d\n", w, job[w]) }
       :: d_step { doing[w] == COMPLETE ->
            commit(w, job[w]); give_back(w, DONE) }
       :: d_step { doing[w] == OPEN && extras > 0 -> extras--; connections--;
            printf("the provider fails recording %d for worker %d\n", job[w], w);
            end_attempt(w, job[w]);
            if :: found -> ADD(backing_off, job[w]) :: else fi;
            give_back(w, (found -> RETRY : DONE)) }

       /* A worker closes by itself when it learns that it holds nothing, when it learns nothing, and when it drains. */
       :: d_step { doing[w] == OPEN && !gone && !HOLDS(w) -> doing[w] = CLOSED;
            printf("worker %d is told that its lease of recording %d is lost, and closes\n", w, job[w]) }
#ifndef NO_SELF_CLOSE
       :: d_step { doing[w] == CUT || (doing[w] == OPEN && gone) -> doing[w] = CLOSED;
            printf("worker %d could not renew its lease of recording %d, and closes\n", w, job[w]) }
#endif
       :: d_step { doing[w] == OPEN && faults > 0 -> faults--; doing[w] = CLOSED;
            printf("worker %d drains, and closes its download of recording %d\n", w, job[w]) }
       :: d_step { doing[w] == CLOSED ->
#ifdef NO_LINGER
            left_open[job[w]]++;
            printf("worker %d hands back recording %d before the provider can notice\n", w, job[w]);
#else
            connections--;
            printf("the provider notices; worker %d hands back recording %d\n", w, job[w]);
#endif
            end_attempt(w, job[w]); give_back(w, HAND_BACK) }

       /* Faults. A stop or a cut-off matters beside a connection; elsewhere it is a lease that expires. */
       :: d_step { faults > 0 && doing[w] != IDLE -> faults--;
            printf("worker %d is killed with recording %d in hand\n", w, job[w]); die(w) }
       :: d_step { faults > 0 && doing[w] == OPEN && !gone && HOLDS(w) -> faults--; connections--;
            commit(w, job[w]);
            printf("worker %d is killed before it gives back the slot\n", w); die(w) }
       :: d_step { faults > 0 && (doing[w] == OPEN || doing[w] == CUT) -> faults--;
            doing[w] = doing[w] + 2;
            printf("worker %d stalls\n", w) }
       :: d_step { doing[w] == STALLED || doing[w] == CUT_STALLED -> doing[w] = doing[w] - 2;
            printf("worker %d goes on\n", w) }
#ifndef NO_SUPERVISOR
       :: d_step { doing[w] == STALLED || doing[w] == CUT_STALLED ->
            printf("the supervisor kills worker %d\n", w); die(w) }
#endif
       :: d_step { faults > 0 && doing[w] == OPEN -> faults--; doing[w] = CUT;
            printf("worker %d is cut off from the slot store\n", w) }
       :: d_step { doing[w] == CUT -> doing[w] = OPEN;
            printf("worker %d reaches the slot store again\n", w) }
       fi;
       d_step { operate() }
     }
  od
}

/* ---- deadlines ------------------------------------------------------------------------------------------------------- */

#ifdef NO_SELF_CLOSE
#define CLOSES_WHEN_CUT false
#else
#define CLOSES_WHEN_CUT true
#endif
#ifdef NO_SUPERVISOR
#define IS_KILLED_IN_TIME(w) false
#else
#ifdef SUPERVISOR_COUNTS_SIGNS_OF_LIFE
/* Not from the last renewal: too late for a worker that could not renew before it stalled. */
#define IS_KILLED_IN_TIME(w) (doing[w] == STALLED)
#else
#define IS_KILLED_IN_TIME(w) true
#endif
#endif

/* Connected, and no safeguard ends that before the lease expires. */
#define OUTLIVES_ITS_LEASE(w)                   \
  ((doing[w] == CUT && !CLOSES_WHEN_CUT) ||     \
   ((doing[w] == STALLED || doing[w] == CUT_STALLED) && !IS_KILLED_IN_TIME(w)))
/* Connected, and to be closed first: deadlines keep their order. */
#define CLOSES_FIRST(w) (IS_CONNECTED(w) && !OUTLIVES_ITS_LEASE(w))

#define HOLDER(r) (lease[r] - 1)
#define LIVES(r) (lease[r] != NO_LEASE && lease[r] != DEAD)
#define EXPIRES(r)                                       \
  (!gone && ((lease[r] == DEAD && left_open[r] == 0) ||  \
             (LIVES(r) && OUTLIVES_ITS_LEASE(HOLDER(r)))))
/* A worker that is not connected was stopped or cut off for longer than its lease: a fault. */
#define MAY_EXPIRE(r) (!gone && LIVES(r) && (!IS_CONNECTED(HOLDER(r)) || doing[HOLDER(r)] == OPEN))
