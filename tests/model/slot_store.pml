/* The slot store of one business: slots/protocol/slot_protocol.cpp, and the scripts that do the same in Redis. */

#define WAITING (in_lane[FETCH] | in_lane[PLAY])
#define PLACED (WAITING | slots | delayed)
#define LANE_OF(r) HAS(is_play, r)
#define IS_GRANTED(r) (HAS(slots, r) && lease[r] == NO_LEASE)

/* After each operation. */
inline check_slots() {
  too_many_slots = SIZE(slots) > LIMIT;
  assert(!too_many_slots);
  two_places = SIZE(in_lane[FETCH]) + SIZE(in_lane[PLAY]) + SIZE(slots) + SIZE(delayed) != SIZE(PLACED) ||
               len(lane[FETCH]) != SIZE(in_lane[FETCH]) || len(lane[PLAY]) != SIZE(in_lane[PLAY]);
  assert(!two_places);
  waits_beside_free_slot = SIZE(slots) < LIMIT && WAITING && !hold;
  assert(!waits_beside_free_slot)
}

/* ---- lanes: a list and a set each, as in Redis ---------------------------------------------------------------------- */

inline wait_at_tail(r) {
  before[r] = in_lane[LANE_OF(r)];
  ADD(in_lane[LANE_OF(r)], r);
  lane[LANE_OF(r)]!r
}

inline to_head(r) {
  n = len(lane[LANE_OF(r)]) - 1;
  do
  :: n > 0 -> lane[LANE_OF(r)]?y; lane[LANE_OF(r)]!y; n--
  :: else -> break
  od;
  y = 0
}

inline wait_at_head(r) {
  before[r] = 0;
  n = 0;
  do
  :: n < RECORDINGS -> if :: HAS(in_lane[LANE_OF(r)], n) -> ADD(before[n], r) :: else fi; n++
  :: else -> break
  od;
  ADD(in_lane[LANE_OF(r)], r);
  lane[LANE_OF(r)]!r;
  to_head(r)
}

inline leave_lane(r) {
  lane[LANE_OF(r)]??eval(r);
  DEL(in_lane[LANE_OF(r)], r);
  before[r] = 0;
  n = 0;
  do
  :: n < RECORDINGS -> DEL(before[n], r); n++
  :: else -> break
  od;
  n = 0
}

/* ---- slots ------------------------------------------------------------------------------------------------------------ */

#ifdef COUNTER_INSTEAD_OF_SET
#define TAKEN counter
#define COUNT_UP counter++
#define COUNT_DOWN counter--
#else
#define TAKEN SIZE(slots)
#define COUNT_UP skip
#define COUNT_DOWN skip
#endif

#define MAY_ADMIT (TAKEN < LIMIT && WAITING && !hold)
/* One grant in SHARE goes to the automatic lane while both wait. */
#define NEXT_LANE (in_lane[PLAY] && (!in_lane[FETCH] || plays_since_fetch < SHARE - 1) -> PLAY : FETCH)

inline grant_from(a_lane) {
  lane[a_lane]?<x>;
  overtaken = before[x] != 0;
  assert(!overtaken);
  if
  :: a_lane == FETCH ->
     if :: in_lane[PLAY] -> ADD(by_share, x) :: else fi;
     plays_since_fetch = 0
  :: a_lane == PLAY && plays_since_fetch < SHARE - 1 -> plays_since_fetch++
  :: else
  fi;
  leave_lane(x);
  ADD(slots, x);
  COUNT_UP;
  granted!x;
  x = 0
}

inline admit() {
  do
  :: MAY_ADMIT -> from = NEXT_LANE; grant_from(from)
  :: else -> break
  od;
  from = 0
}

inline release(r) {
  DEL(slots, r);
  COUNT_DOWN;
  lease[r] = NO_LEASE
}

/* The longest granted, presses first. */
inline claim(w) {
  found = NOBODY;
  n = len(granted);
  do
  :: n > 0 ->
     granted?y;
     if :: found == NOBODY && HAS(is_play, y) -> found = y :: else -> granted!y fi;
     n--
  :: else -> break
  od;
  if :: found == NOBODY -> granted?found :: else fi;
  lease[found] = w + 1;
  DEL(by_share, found);
  job[w] = found;
  found = 0; y = 0
}

/* ---- operations --------------------------------------------------------------------------------------------------------- */

/* how */
#define DONE 1
#define RETRY 2
#define HAND_BACK 3
#define EXPIRED 4 /* the sweep: the lease */
#define DUE 5     /* the sweep: the retry */
/* ask */
#define A_FETCH 1
#define A_PRESS 2
#define A_PLACE 3 /* a press that found no slot */

inline finish(r) {
  if
  :: how == HAND_BACK -> release(r); wait_at_head(r)
  :: how == EXPIRED -> release(r);
#ifdef COUNTER_INSTEAD_OF_SET
     COUNT_UP; /* the sweep mends the set, and knows no counter */
#endif
     wait_at_head(r)
  :: how == RETRY && HAS(backing_off, r) ->
#ifndef BACKOFF_KEEPS_SLOT
     release(r);
#endif
#ifdef RETRY_OUTSIDE_LIMIT
     admit(); ADD(slots, r); granted!r
#else
     ADD(delayed, r)
#endif
  :: how == RETRY && !HAS(backing_off, r) -> release(r); wait_at_tail(r)
  :: how == DONE -> release(r); DEL(is_play, r)
  :: else
  fi
}

/* request(), up to admission. */
inline put(r) {
  if
  :: HAS(slots, r) ->
     if :: IS_GRANTED(r) && ask == A_PRESS -> ADD(is_play, r); DEL(by_share, r) :: else fi;
#ifdef DEDUP_EXPIRES
     if :: lease[r] != NO_LEASE -> lease[r] = NO_LEASE; granted!r :: else fi
#endif
  :: HAS(delayed, r)
  :: HAS(in_lane[PLAY], r)
  :: HAS(in_lane[FETCH], r) && ask == A_PRESS ->
     leave_lane(r); ADD(is_play, r); wait_at_tail(r)
  :: HAS(in_lane[FETCH], r) && ask != A_PRESS
  :: else ->
     if :: ask == A_PRESS -> ADD(is_play, r) :: else fi;
     wait_at_tail(r);
#ifdef NEWCOMER_OVERTAKES
     to_head(r)
#endif
  fi
}

/* The newest automatic fetch that was granted and that no worker has taken yet, or NOBODY. */
inline find_fetch_to_yield() {
  found = NOBODY;
  n = len(granted);
  do
  :: n > 0 -> granted?y; granted!y; if :: !HAS(is_play, y) -> found = y :: else fi; n--
  :: else -> break
  od;
  y = 0
}

inline yield() {
  granted??eval(found);
  DEL(slots, found);
  COUNT_DOWN;
  if :: HAS(by_share, found) -> plays_since_fetch = SHARE - 1 :: else fi;
  DEL(by_share, found);
  wait_at_head(found)
}

/* A step asks the slot store, for recording `it`, to end a lease or a delay (`how`), then to give it a place (`ask`).
   Every operation ends with admission. */
inline operate() {
  finish(it);
  if :: how == DUE -> DEL(delayed, it); wait_at_tail(it) :: else fi;
  do
  :: MAY_ADMIT -> from = NEXT_LANE; grant_from(from)
  :: !MAY_ADMIT && (ask == A_FETCH || ask == A_PRESS) ->
     put(it);
#ifdef LOST_WAKE_UP
     break;
#endif
     if :: ask == A_PRESS -> ask = A_PLACE :: else -> ask = 0 fi
  :: !MAY_ADMIT && ask == A_PLACE ->
     ask = 0;
     if :: in_lane[PLAY] && !hold && TAKEN == LIMIT -> find_fetch_to_yield() :: else -> found = NOBODY fi;
     if :: found != NOBODY -> yield(); grant_from(PLAY) :: else fi
  :: !MAY_ADMIT && ask == 0 -> break
  od;
  check_slots();
  it = 0; how = 0; ask = 0; from = 0; found = 0;
  sort_workers()
}
