-- Frees the slot that a lease holds, and hands it to the next in line in the same step. Only the holder's: without the
-- lease nothing is released. The same lease again answers what it was told, for a minute.
--
-- KEYS  rec_conf:{b} [hints and rec_due, as in request.lua]; derived: rec_slots rec_queue rec_queued rec_order rec_fetch
--       rec_grants rec_leases rec_delayed rec_why rec_done, and rec_inflight of the one freed and those let in
-- ARGV  run_id, clock, lease, sid, outcome (FinishKind: 0 done, 1 retry, 2 hand back), retry at (ms, empty: now), why
-- Gives code, limit, held, repeated, active after the release, limit then, then (sid, lane, active) of those it let in
-- Cost  O(log n)
local found = redis.call('HMGET', KEYS[1], 'r', 's', 'L' .. ARGV[3], ARGV[4])
--#include "business.lua"
--#include "slots.lua"
--#include "delayed.lua"

local ANSWER_MEMORY_MS, ANSWER_TTL_S = 60000, 125
local DONE, RETRY, HAND_BACK = '0', '1', '2'
local lease, sid, outcome, entry = ARGV[3], found[3], ARGV[5], found[4]
local bucket = math.floor(now / ANSWER_MEMORY_MS)

-- rec_done:{b}:<minute> HASH: what finished leases were told (until when, active after, limit).
local function answer_before()
  for back = 0, 1 do
    local packed = call('HGET', 'rec_done:' .. tag .. ':' .. bucket - back, lease)
    if packed then
      local forget_at, active_then, limit_then = cmsgpack.unpack(packed)
      if forget_at > now then return {0, 0, 1, 1, active_then, limit_then} end
    end
  end
end

if not sid then
  local before = answer_before()
  local answer = before or {0, 0, 0, 0, active, limit}
  admit()
  return finish_with(answer)
end

if sid ~= ARGV[4] then entry = call('HGET', KEYS[1], sid) end
local state, kind, reclaims, op = cmsgpack.unpack(entry)
local lane = state - RUNNING
call('ZREM', leases, sid)
vacate(sid)
local answer = {0, 0, 1, 0, active, limit}

if outcome == DONE then
  call('HDEL', KEYS[1], sid, 'L' .. lease)
else
  call('HDEL', KEYS[1], 'L' .. lease)
  if outcome == RETRY then
    local retry_at = tonumber(ARGV[6]) or now
    call('HSET', KEYS[1], sid, cmsgpack.pack(DELAYED + lane, kind, reclaims, op))
    call('ZADD', delayed, retry_at, sid)
    if ARGV[7] ~= '' then call('HSET', why, sid, ARGV[7]) end
    requeue_due()
    want_due(retry_at)
  else
    call('HSET', KEYS[1], sid, cmsgpack.pack(WAITING + lane, kind, reclaims, op))
    push_front(sid, lane)
  end
end
admit()

local memory = 'rec_done:' .. tag .. ':' .. bucket
call('HSET', memory, lease, cmsgpack.pack(now + ANSWER_MEMORY_MS, answer[5], answer[6]))
if bucket ~= done_bucket then
  call('EXPIRE', memory, ANSWER_TTL_S)
  done_bucket = bucket
end
return finish_with(answer)
