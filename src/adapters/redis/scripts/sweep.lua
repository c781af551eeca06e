-- What time brings: ends blocks and holds, takes back expired leases (to the heads of their lanes, given up after too
-- many), moves due retries to the tails of theirs, admits; drops slots of foreign programs that have expired; refreshes
-- what must not expire and announces again what may have been announced to a worker that died; and says when to come
-- again.
--
-- KEYS  rec_conf:{b} [hints and rec_due, as in request.lua]; derived as in finish.lua
-- ARGV  run_id, clock
-- Gives code, limit, next time it is due (ms, 0: at rest), number of reclaimed, (sid, lane, gave up) of each, then (sid, lane,
--       active) of those it let in
-- Cost  O((active + due) * log n)
local found = redis.call('HMGET', KEYS[1], 'r', 's')
--#include "business.lua"
--#include "slots.lua"
--#include "delayed.lua"

local RECLAIMS_MAX = 5
local FOREIGN_LOOK_MS, QUEUED_LOOK_MS, REST_TTL_S = 2000, 600000, 3600

-- A member of rec_slots without a lease or a grant belongs to a foreign program. It counts until its rec_inflight has
-- expired. Gives how many are left.
local function drop_foreign()
  local ours = call('ZCARD', leases) + call('ZCARD', grants)
  if active < ours then damaged(slots) end
  if active == ours then return 0 end
  local left = 0
  for _, sid in ipairs(call('SMEMBERS', slots)) do
    if not call('ZSCORE', leases, sid) and not call('ZSCORE', grants, sid) then
      if call('EXISTS', inflight .. sid) == 1 then
        left = left + 1
      else
        active = active - call('SREM', slots, sid)
      end
    end
  end
  return left
end

-- Expired leases, the oldest grant first: sid, lane, gave up; and so on.
local function reclaim_expired()
  local items = {}
  for _, sid in ipairs(call('ZRANGEBYSCORE', leases, '-inf', now)) do
    local state, kind, reclaims, op, rank, lease = cmsgpack.unpack(call('HGET', KEYS[1], sid))
    items[#items + 1] =
      {sid = sid, lane = state - RUNNING, kind = kind, reclaims = reclaims + 1, op = op, rank = rank, lease = lease}
  end
  table.sort(items, function(a, b) return a.rank > b.rank end)
  local reclaimed = {}
  for i, item in ipairs(items) do
    local gave_up = item.reclaims > RECLAIMS_MAX
    call('ZREM', leases, item.sid)
    vacate(item.sid)
    call('HDEL', KEYS[1], 'L' .. item.lease)
    if gave_up then
      call('HDEL', KEYS[1], item.sid)
    else
      call('HSET', KEYS[1], item.sid, cmsgpack.pack(WAITING + item.lane, item.kind, item.reclaims, item.op))
      push_front(item.sid, item.lane)
    end
    local at = (#items - i) * 3
    reclaimed[at + 1], reclaimed[at + 2], reclaimed[at + 3] = item.sid, item.lane, gave_up and 1 or 0
  end
  return reclaimed
end

-- Refreshes the locks of grants that no worker took, and announces them again. Gives when to look again, 0: no need.
local function refresh_grants()
  local list = call('ZRANGE', grants, 0, -1, 'WITHSCORES')
  if #list == 0 then
    fetch_granted = 0
    return 0
  end
  local play_granted, any_fetch = false, false
  for i = 1, #list, 2 do
    call('SET', inflight .. list[i], 'processing', 'EX', INFLIGHT_TTL_S)
    if tonumber(list[i + 1]) < FETCH_SCORE then play_granted = true else any_fetch = true end
  end
  hint_play, hint_fetch, fetch_granted = play_granted, any_fetch, any_fetch and 1 or 0
  if not KEYS[2] then return now + UNCLAIMED_LOOK_MS end
  -- A hint that was not there was taken by a worker just now, or by one that died.
  return now + (announce() > 0 and UNCLAIMED_LOOK_MS or IDLE_LOOK_MS)
end

local played = call('LLEN', queue)
if played ~= call('ZCARD', order) or played ~= call('SCARD', queued) then damaged(queue) end
local foreign = drop_foreign()
if block_until > 0 and block_until <= now then
  block_until = 0
  call('HDEL', why, 'b')
end
if hold <= now then hold = 0 end
local reclaimed = reclaim_expired()
requeue_due()
admit()

local next_due = 0
local function consider(at)
  if at and at > 0 and (next_due == 0 or at < next_due) then next_due = at end
end
consider(refresh_grants())
consider(tonumber(call('ZRANGE', leases, 0, 0, 'WITHSCORES')[2]))
consider(tonumber(call('ZRANGE', delayed, 0, 0, 'WITHSCORES')[2]))
consider(hold)
consider(block_until)
if foreign > 0 then consider(now + FOREIGN_LOOK_MS) end
if call('EXISTS', queue) == 1 then
  refresh_queued()
  consider(now + QUEUED_LOOK_MS)
end
local is_at_rest = next_due == 0 and block_until == 0 and call('EXISTS', fetch) == 0
if next_due == 0 and not is_at_rest then next_due = now + QUEUED_LOOK_MS end

due = next_due
resting = 0
if KEYS[4] then
  if is_at_rest then call('ZREM', KEYS[4], tag) else call('ZADD', KEYS[4], due, tag) end
end
local answer = {0, 0, next_due, #reclaimed / 3}
for i = 1, #reclaimed do answer[4 + i] = reclaimed[i] end
if is_at_rest then
  resting = 1
  due = 0
  call('EXPIRE', KEYS[1], REST_TTL_S)
end
write_numbers()
return complete(answer)
