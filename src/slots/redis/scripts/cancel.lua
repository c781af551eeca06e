-- Forgets a recording, unless a worker runs it.
--
-- KEYS  rec_conf:{b} [hints and rec_due, as in request.lua]; derived as in finish.lua
-- ARGV  run_id, clock, sid
-- Gives code, limit, kind (CancelKind: 0 cancelled, 1 running, 2 unknown), then (sid, lane, active) of those it let in
-- Cost  O(log n), but O(n) from the middle of the play lane
local found = redis.call('HMGET', KEYS[1], 'r', 's', ARGV[3])
--#include "business.lua"
--#include "lanes.lua"
local active = call('SCARD', slots)
local is_press, subject, subject_granted, newcomer, newcomer_lane = false, nil, false, nil, nil
--#include "moves.lua"

local CANCELLED, IS_RUNNING, UNKNOWN = 0, 1, 2
local sid = ARGV[3]

local function leave_play_lane()
  local from_the_tail = false  -- LREM looks from the nearer end
  if mirrored == 1 then
    local before = call('ZRANK', 'rec_order:' .. tag, sid)
    from_the_tail = before and before * 2 > play_waits
    call('ZREM', 'rec_order:' .. tag, sid)
  end
  if call('LREM', queue, from_the_tail and '-1' or '1', sid) == 0 or call('SREM', queued, sid) == 0 then
    damaged(queue)
  end
  play_waits = play_waits - 1
  if play_waits == 0 then mirrored = 0 end
end

local kind = UNKNOWN
if found[3] then
  local state = cmsgpack.unpack(found[3])
  if state >= RUNNING then
    kind = IS_RUNNING
  else
    kind = CANCELLED
    call('HDEL', KEYS[1], sid)
    if state >= DELAYED then
      call('ZREM', 'rec_delayed:' .. tag, sid)
      call('HDEL', 'rec_why:' .. tag, sid)
    elseif call('ZREM', activity, sid) == 1 then
      vacate(sid)
    elseif state == FETCH then
      call('ZREM', fetch, sid)
    else
      leave_play_lane()
    end
  end
end
--#include "admit.lua"
--#include "announce.lua"
local name1, value1, name2, value2
--#include "write.lua"
local answer = {0, 0, kind}
--#include "answer.lua"
return answer
