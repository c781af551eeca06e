-- Asks for a recording: a slot now, or the tail of its lane. What is known stays where it is, but a press moves it from
-- the fetch lane to the play lane. The same operation id answers as the first time.
--
-- KEYS  rec_conf:{b} [rec_ready:{r}:play rec_ready:{r}:fetch rec_due: outside a Cluster]; keys of the same tag are
--       derived from the first: rec_slots rec_queue rec_queued rec_order rec_fetch rec_grants rec_delayed rec_why, and
--       rec_inflight:{b}:<sid> of those let in
-- ARGV  run_id, clock, sid, lane (0 play, 1 fetch), operation id
-- Gives code, limit, kind (RequestKind), active, place, position, play lane's length, fetch lane's length, reason, until,
--       text, then (sid, lane, active) of others it let in
-- Cost  O(log n) in the recordings of the business
local found = redis.call('HMGET', KEYS[1], 'r', 's', ARGV[3])
--#include "business.lua"
--#include "slots.lua"
--#include "describe.lua"

local ACQUIRED, QUEUED, PROCESSING, ALREADY_QUEUED, BACKING_OFF = 0, 1, 2, 3, 4
local sid, lane, op, entry = ARGV[3], tonumber(ARGV[4]), ARGV[5], found[3]
subject = sid

local function answer(kind, ...)
  local played = play_length or call('LLEN', queue)
  return {0, 0, kind, active, select(1, ...), select(2, ...), played, call('ZCARD', fetch), select(3, ...)}
end

local function let_in()
  if lane == PLAY then admit_press() else admit() end
end

if not entry then
  if call('EXISTS', inflight .. sid) == 1 then  -- a foreign program has it in hand
    admit()
    return finish_with(answer(PROCESSING, 0, 0, REASON_NONE, 0, ''))
  end
  if active < limit and not held_back() and call('LLEN', queue) == 0 and call('ZCARD', fetch) == 0 then
    play_length = 0
    grant(sid, lane, false)
  else
    push_back(sid, lane)
    let_in()
  end
  local kind = subject_granted and ACQUIRED or QUEUED
  local reply
  if subject_granted then
    reply = answer(kind, 1, 0, REASON_WORKER, 0, '')
  else
    reply = answer(kind, 3, 0, why_waiting())
    reply[6] = lane == PLAY and reply[7] or reply[7] + reply[8]
  end
  return finish_with(reply, sid, cmsgpack.pack(lane, kind, 0, op))
end

local state, known_kind, reclaims, known_op, rank, lease = cmsgpack.unpack(entry)
local is_repeat = op ~= '' and op == known_op
local was_active, kind = false, BACKING_OFF
if state >= RUNNING then
  was_active = true
elseif state < DELAYED then
  local score = tonumber(call('ZSCORE', grants, sid))
  if score then
    was_active = true
    if lane == PLAY and state == FETCH then
      call('ZADD', grants, score - FETCH_SCORE, sid)
      state = PLAY
      hint_play = true
    end
  elseif is_repeat then
    kind = QUEUED
  else
    kind = ALREADY_QUEUED
    if lane == PLAY and state == FETCH then
      call('ZREM', fetch, sid)
      push_back(sid, PLAY)
      state = PLAY
    end
  end
end
if was_active then kind = (is_repeat and known_kind == ACQUIRED) and ACQUIRED or PROCESSING end
let_in()
if subject_granted and not was_active then kind = ACQUIRED end
if known_op == '' or kind == ACQUIRED then known_op, known_kind = op, kind end
if rank then
  entry = cmsgpack.pack(state, known_kind, reclaims, known_op, rank, lease)
else
  entry = cmsgpack.pack(state, known_kind, reclaims, known_op)
end
return finish_with(answer(kind, describe(sid, entry)), sid, entry)
