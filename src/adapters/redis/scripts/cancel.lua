-- Forgets a recording that no worker has in hand.
--
-- KEYS  rec_conf:{b} [hints and rec_due, as in request.lua]; derived as in finish.lua
-- ARGV  run_id, clock, sid
-- Gives code, limit, kind (CancelKind: 0 cancelled, 1 running, 2 unknown), then (sid, lane, active) of those it let in
-- Cost  O(log n), but O(n) from the middle of the play lane
local found = redis.call('HMGET', KEYS[1], 'r', 's', ARGV[3])
--#include "business.lua"
--#include "slots.lua"

local CANCELLED, IS_RUNNING, UNKNOWN = 0, 1, 2
local sid = ARGV[3]

-- LREM looks from the nearer end.
local function leave_play_lane()
  local before = call('ZRANK', order, sid)
  if not before then return false end
  local from_the_tail = before * 2 > call('ZCARD', order)
  if call('LREM', queue, from_the_tail and -1 or 1, sid) == 0 or call('SREM', queued, sid) == 0 then damaged(queue) end
  call('ZREM', order, sid)
  return true
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
      call('ZREM', delayed, sid)
      call('HDEL', why, sid)
    elseif call('ZREM', grants, sid) == 1 then
      vacate(sid)
    elseif state == FETCH then
      call('ZREM', fetch, sid)
    elseif not leave_play_lane() then
      damaged(queue)
    end
  end
end
admit()
return finish_with({0, 0, kind})
