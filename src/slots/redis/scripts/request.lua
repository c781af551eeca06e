-- Asks for a recording: it gets a slot now, or joins the tail of its lane. A known one stays where it is, but a press
-- moves it from the automatic lane to the play lane. The same operation id gets the first answer again.
--
-- KEYS  rec_conf:{b} [rec_ready:{r}:play rec_ready:{r}:fetch rec_due: outside a Cluster]; keys of the same tag are
--       derived from the first: rec_slots rec_queue rec_queued rec_order rec_fetch rec_active rec_delayed rec_why, and
--       rec_inflight:{b}:<sid> of those let in
-- ARGV  run_id, clock, sid, lane (0 play, 1 fetch), operation id
-- Gives code, limit, kind (RequestKind), then active to text as status.lua, then (sid, lane, active) of others it let in
-- Cost  O(log n) in the recordings of the business
local found = redis.call('HMGET', KEYS[1], 'r', 's', ARGV[3])
--#include "business.lua"
--#include "lanes.lua"

local ACQUIRED, QUEUED, PROCESSING, ALREADY_QUEUED, BACKING_OFF, BEYOND = 0, 1, 2, 3, 4, 5
local sid, asked_lane, op, entry = ARGV[3], tonumber(ARGV[4]), ARGV[5], found[3]
local active = call('SCARD', slots)
local is_press, subject, subject_granted = asked_lane == PLAY, sid, false
local newcomer, newcomer_lane, tail_lane
local is_new, is_foreign, is_beyond, was_active, kind = not entry, false, false, false, nil
local state, known_kind, reclaims, known_op, rank, lease = asked_lane, nil, 0, '', nil, nil

if is_new then
  if call('EXISTS', inflight .. sid) == 1 then  -- a foreign program runs it
    is_foreign, is_press, kind = true, false, PROCESSING
  elseif asked_lane == FETCH and (beyond > 0 or (fetch_waits == 1 and call('ZCARD', fetch) >= FETCH_WINDOW)) then
    is_beyond, kind = true, BEYOND
    beyond = beyond + 1
  elseif active < limit and play_waits == 0 and (fetch_waits == 0 or call('ZCARD', fetch) == 0)
      and not (now < hold or block_until == -1 or now < block_until) then
    newcomer, newcomer_lane = sid, asked_lane
  else
    tail_lane = asked_lane
  end
else
  state, known_kind, reclaims, known_op, rank, lease = cmsgpack.unpack(entry)
  local is_repeat = op ~= '' and op == known_op
  if state >= RUNNING then
    was_active = true
  elseif state >= DELAYED then
    kind = BACKING_OFF
  else
    local score = tonumber(call('ZSCORE', activity, sid))
    if score then
      was_active = true
      if is_press and state == FETCH then
        call('ZADD', activity, PLAY_GRANT + math.floor((score - FETCH_GRANT) / 2) * 2, sid)
        state = PLAY
        hint_play = true
      end
    elseif is_repeat then
      kind = QUEUED
    else
      kind = ALREADY_QUEUED
      if is_press and state == FETCH then
        call('ZREM', fetch, sid)
        state, tail_lane = PLAY, PLAY
      end
    end
  end
  if was_active then kind = (is_repeat and known_kind == ACQUIRED) and ACQUIRED or PROCESSING end
end

if tail_lane == PLAY then
  play_waits = play_waits + 1
  if call('RPUSH', queue, sid) ~= play_waits then
    call('HSET', KEYS[1], 'r', 'damaged')
    error('DAMAGED ' .. queue)
  end
  call('SADD', queued, sid)
  if mirrored == 1 then
    call('ZADD', 'rec_order:' .. tag, next_rank, sid)
  elseif play_waits > MIRROR_FROM then
--#include "build_mirror.lua"
  end
  if play_waits == 1 or now >= fresh_until_s * 1000 then
    call('EXPIRE', queued, '1200')
    fresh_until_s = math.floor(now / 1000) + 60
  end
elseif tail_lane == FETCH then
  call('ZADD', fetch, next_rank, sid)
  fetch_waits = 1
end
if tail_lane then next_rank = next_rank + 1 end

--#include "admit.lua"
--#include "announce.lua"

if is_new and not (is_foreign or is_beyond) then kind = QUEUED end
if subject_granted and not was_active then kind = ACQUIRED end
local name1, value1, name2, value2
if not (is_foreign or is_beyond) then
  if is_new or known_op == '' or kind == ACQUIRED then known_op, known_kind = op, kind end
  if rank then
    entry = cmsgpack.pack(state, known_kind, reclaims, known_op, rank, lease)
  else
    entry = cmsgpack.pack(state, known_kind, reclaims, known_op)
  end
  name1, value1 = sid, entry
end
--#include "write.lua"

local fetch_length = fetch_waits == 1 and call('ZCARD', fetch) or 0
local is_last = tail_lane and not subject_granted
--#include "describe.lua"
if is_foreign then place = 2 end
local answer = {0, 0, kind, active, play_waits, fetch_length, state % 2, place, position, reason, wait_until, text}
--#include "answer.lua"
return answer
