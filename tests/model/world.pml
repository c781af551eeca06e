/* The API, the sweep, the reconciliation and the provider, as they touch one recording; and rebuilds: app/play.cpp,
   webhooks.cpp, recovery.cpp, and the sweep of slot_sweep.cpp. */

inline reclaim_row(r) {
  if :: row[r] == PROCESSING -> row[r] = QUEUED :: else fi
#ifdef RECLAIM_ENDS_ATTEMPT
  ; DEL(attempt_open, r)
#endif
}

/* Recordings are interchangeable, so the API asks for them in their order. */
#define IS_NEXT_TO_ASK(r) (row[r] == REMOTE && (r == 0 || row[r - 1] != REMOTE))
#ifdef SWEEP_SKIPS_STORED
#define IS_SWEPT(r) (row[r] != STORED)
#else
#define IS_SWEPT(r) true
#endif
/* A press that changes something. */
#define IS_WORTH_A_PRESS(r) (IS_WANTED(r) && (!HAS(row_play, r) || !HAS(PLACED, r)))

proctype recording(byte r) {
end:
  do
  :: atomic {
       if
       /* The API: first the row, then the slot store. While that is away, the reconciliation asks later. */
       :: d_step { IS_NEXT_TO_ASK(r) -> row[r] = QUEUED; order!r;
            printf("a webhook announces recording %d\n", r);
            it = r; ask = (gone -> 0 : A_FETCH) }
       :: d_step { IS_NEXT_TO_ASK(r) -> row[r] = QUEUED; order!r; ADD(row_play, r);
            printf("recording %d is pressed\n", r);
            it = r; ask = (gone -> 0 : A_PRESS) }
       :: d_step { extras > 0 && IS_WORTH_A_PRESS(r) -> extras--;
            if
            :: row[r] == QUEUED && !HAS(backing_off | row_play, r) -> ADD(row_play, r); order??eval(r); order!r
            :: else
            fi;
            printf("recording %d, asked for before, is pressed\n", r);
            it = r; ask = (gone -> 0 : A_PRESS) }
       :: d_step { faults > 0 && IS_NEXT_TO_ASK(r) -> faults--; row[r] = QUEUED; order!r; ADD(late, r);
            printf("a webhook announces recording %d, and is slow to ask for a slot\n", r) }
       :: d_step { faults > 0 && IS_NEXT_TO_ASK(r) -> faults--; row[r] = QUEUED; order!r; ADD(row_play, r); ADD(late, r);
            printf("recording %d is pressed, and the API is slow to ask for a slot\n", r) }
       :: d_step { faults > 0 && IS_WANTED(r) && HAS(PLACED, r) && !HAS(late, r) -> faults--; ADD(late, r);
            printf("the answer for recording %d is lost: it will be asked for again\n", r) }
       :: d_step { HAS(late, r) && !gone -> DEL(late, r);
            printf("the slot store is asked for recording %d, late\n", r);
            it = r; ask = A_FETCH + HAS(row_play, r) }
       :: d_step { HAS(late, r) -> DEL(late, r);
            printf("the API dies before it asks for recording %d\n", r) }

       /* The sweep. */
       :: d_step { HAS(backing_off | delayed, r) && !gone -> DEL(backing_off, r);
            printf("the retry of recording %d is due\n", r);
            it = r; how = (HAS(delayed, r) -> DUE : 0) }
#ifndef NO_SWEEP
       :: d_step { EXPIRES(r) && IS_SWEPT(r) ->
            printf("the lease of recording %d expires\n", r);
            it = r; how = EXPIRED; reclaim_row(r) }
       :: d_step { faults > 0 && EXPIRES(r) -> faults--;
            printf("the lease of recording %d expires, and the sweep is slow to tell the call store\n", r);
            it = r; how = EXPIRED; ADD(owed_reclaim, r) }
#endif
       :: d_step { faults > 0 && MAY_EXPIRE(r) -> faults--;
            if
            :: doing[HOLDER(r)] == OPEN -> doing[HOLDER(r)] = COMPLETE; connections--;
               printf("worker %d has all of recording %d\n", HOLDER(r), r)
            :: else
            fi;
            printf("the lease of recording %d expires under worker %d\n", r, HOLDER(r));
            it = r; how = EXPIRED; reclaim_row(r) }
       :: d_step { HAS(owed_reclaim, r) -> DEL(owed_reclaim, r); reclaim_row(r);
            printf("the row of recording %d is reclaimed\n", r) }
#ifndef NO_RECONCILIATION
       :: d_step { !gone && IS_WANTED(r) && !HAS(backing_off | PLACED, r) -> reclaim_row(r);
            printf("the reconciliation asks for recording %d\n", r);
            it = r; ask = A_FETCH + HAS(row_play, r) }
#endif

       :: d_step { left_open[r] > 0 -> left_open[r]--; connections--;
            printf("the provider notices that a connection for recording %d is dead\n", r) }
       fi;
       d_step { operate() }
     }
  od
}

/* ---- the slot store loses everything ------------------------------------------------------------------------------------ */

#define LAST_W (WORKERS - 1)
#define LAST_R (RECORDINGS - 1)
#define ANY_LEASE (lease[0] + lease[1] + lease[LAST_R - 1] + lease[LAST_R] != 0)

inline drop_all(q) {
  do
  :: len(q) > 0 -> q?y
  :: else -> break
  od;
  y = 0
}

inline forget_everything() {
  drop_all(lane[FETCH]); drop_all(lane[PLAY]); drop_all(granted);
  in_lane[FETCH] = 0; in_lane[PLAY] = 0; slots = 0; delayed = 0; is_play = 0; by_share = 0; plays_since_fetch = 0;
  hold = 0;
  n = 0;
  do
  :: n < RECORDINGS -> lease[n] = NO_LEASE; before[n] = 0; n++
  :: else -> break
  od;
#ifdef COUNTER_INSTEAD_OF_SET
  counter = 0;
#endif
  n = 0
}

inline recover_row(r) {
  if :: HAS(row_play, r) -> ADD(is_play, r) :: else fi;
  if :: HAS(backing_off, r) -> ADD(delayed, r) :: else -> wait_at_tail(r) fi
}

/* Rows in the order of asking, interrupted ones first. */
inline recover_rows() {
  found = 2 * len(order);
  do
  :: found > 0 ->
     order?x; order!x;
     if :: !HAS(PLACED, x) && (found <= len(order) || HAS(attempt_open, x)) -> recover_row(x) :: else fi;
     found--
  :: else -> break
  od;
  x = 0
}

/* A rebuild is accepted for the loss that it saw. One that was read for an earlier loss, or that another has overtaken,
   is refused. */
#ifdef RECOVERY_BY_EPOCH_ALONE
#define MAY_READ(k) (gone && !has_read[k])
#define IS_ACCEPTED(k) (my_epoch[k] > slot_store_epoch)
#else
#define MAY_READ(k) (gone && (!has_read[k] || saw_open[k] != (attempt_open != 0)))
#define IS_ACCEPTED(k) gone
#endif

proctype recoverer(byte k) {
end:
  do
  :: atomic {
       if
       /* Every caller that gets the answer "recover" rebuilds; one may die in between, and the next begins again. */
       :: d_step { MAY_READ(k) ->
            saw_open[k] = attempt_open != 0; has_read[k] = 1;
            n = 0;
            do
            :: n < RECORDINGS -> reclaim_row(n); n++
            :: else -> break
            od;
            n = 0;
#ifdef RECOVERY_BY_EPOCH_ALONE
            epoch++; my_epoch[k] = epoch;
#endif
            printf("recoverer %d reads the call store; attempts open: %d\n", k, saw_open[k]) }
       :: d_step { has_read[k] && IS_ACCEPTED(k) ->
#ifdef RECOVERY_BY_EPOCH_ALONE
            slot_store_epoch = my_epoch[k]; my_epoch[k] = 0;
            saw_open[k] = saw_open[k] || ANY_LEASE;
#endif
            forget_everything();
            gone = 0;
#ifndef NO_HOLD
            hold = saw_open[k];
#endif
            has_read[k] = 0; saw_open[k] = 0;
            recover_rows();
            printf("recoverer %d rebuilds the slot store; hold: %d\n", k, hold) }
#ifdef RECOVERY_BY_EPOCH_ALONE
       :: d_step { has_read[k] && !IS_ACCEPTED(k) -> has_read[k] = 0; saw_open[k] = 0; my_epoch[k] = 0;
            printf("recoverer %d is refused\n", k) }
#endif
       fi;
       d_step { operate() }
     }
  od
}

/* Every connection from before the loss is closed, and the provider has noticed. */
#define ALL_CLOSED                                                                                 \
  (!CLOSES_FIRST(0) && !CLOSES_FIRST(1) && !CLOSES_FIRST(LAST_W - 1) && !CLOSES_FIRST(LAST_W) &&   \
   left_open[0] + left_open[1] + left_open[LAST_R - 1] + left_open[LAST_R] == 0)

proctype slot_store() {
end:
  do
  :: atomic {
       if
       :: d_step { faults > 0 && !gone -> faults--;
            printf("the slot store loses everything\n");
            forget_everything(); gone = 1;
#ifdef RECOVERY_BY_EPOCH_ALONE
            slot_store_epoch = 0
#else
            has_read[0] = 0; saw_open[0] = 0
#endif
          }
       :: d_step { hold && ALL_CLOSED -> hold = 0;
            printf("the hold is over\n") }
       fi;
       d_step { operate() }
     }
  od
}
