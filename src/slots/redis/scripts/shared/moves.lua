-- Functions that move recordings between slots and lanes, for the steps that make several moves. Needs lanes.lua and
-- `active`.
local function damaged(key)
  call('HSET', KEYS[1], 'r', 'damaged')
  error('DAMAGED ' .. key)
end

local function refresh_queued()
  call('EXPIRE', queued, '1200')
  fresh_until_s = math.floor(now / 1000) + 60
end

local function vacate(sid)
  active = active - call('SREM', slots, sid)
  call('DEL', inflight .. sid)
end

local function push(sid, lane, command, rank)
  if lane == PLAY then
    play_waits = play_waits + 1
    if call(command, queue, sid) ~= play_waits then damaged(queue) end
    call('SADD', queued, sid)
    if mirrored == 1 then
      call('ZADD', 'rec_order:' .. tag, rank, sid)
    elseif play_waits > MIRROR_FROM then
--#include "build_mirror.lua"
    end
    if play_waits == 1 or now >= fresh_until_s * 1000 then refresh_queued() end
  else
    call('ZADD', fetch, rank, sid)
    fetch_waits = 1
  end
end

local function push_back(sid, lane)
  push(sid, lane, 'RPUSH', next_rank)
  next_rank = next_rank + 1
end

local function push_front(sid, lane)
  push(sid, lane, 'LPUSH', head_rank)
  head_rank = head_rank - 1
end

-- Lane and rank of a grant, by its score in rec_active.
local function read_grant(score)
  if score < FETCH_GRANT then return PLAY, math.floor((score - PLAY_GRANT) / 2) end
  return FETCH, math.floor((score - FETCH_GRANT) / 2)
end
