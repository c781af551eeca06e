-- Frees the slot that a lease holds, and hands it to the next in line in the same step. Without the lease it releases
-- nothing. For a minute the same lease again gets the first answer (fields F and O of rec_conf).
--
-- KEYS  rec_conf:{b} [hints and rec_due, as in request.lua]; derived: rec_slots rec_queue rec_queued rec_order rec_fetch
--       rec_active rec_delayed rec_why, and rec_inflight of the one freed and those let in
-- ARGV  run_id, clock, lease, sid, outcome (FinishKind: 0 done, 1 retry, 2 hand back), retry at (ms, empty: now), why
-- Gives code, limit, held, repeated, active after the release, limit then, then (sid, lane, active) of those it let in
-- Cost  O(log n)
--#include "finish_of.lua"
return answer
