-- Does what time brings. Ends blocks and holds; reclaims expired leases (to the heads of their lanes, given up after too
-- many); moves due retries to the tails of theirs; admits; drops the expired slots of foreign programs; refreshes the
-- keys that must not expire; announces grants again, whose hints a dying worker may have taken; and tells when the next
-- sweep is due.
--
-- KEYS  rec_conf:{b} [hints and rec_due, as in request.lua]; derived as in finish.lua
-- ARGV  run_id, clock
-- Gives code, limit, next time it is due (ms, 0: at rest), the number for refill.lua (0: the automatic lane is full, or
--       holds all), number of reclaimed, (sid, lane, gave up) of each, then (sid, lane, active) of those it let in
-- Cost  O((active + due) * log n)
local found = redis.call('HMGET', KEYS[1], 'r', 's')
--#include "business.lua"
--#include "lanes.lua"
local active = call('SCARD', slots)
local is_press, subject, subject_granted, newcomer, newcomer_lane = false, nil, false, nil, nil
--#include "moves.lua"

local RECLAIMS_MAX = 5
local FOREIGN_LOOK_MS, UNCLAIMED_LOOK_MS, GRANTED_LOOK_MS, QUEUED_LOOK_MS = 2000, 2000, 60000, 600000
local REFILL_LOOK_MS = 1000
local REST_TTL_S = '3600'
local delayed, why = 'rec_delayed:' .. tag, 'rec_why:' .. tag

local next_due = 0
local function consider(at)
  if at and at > 0 and (next_due == 0 or at < next_due) then next_due = at end
end

local length = call('LLEN', queue)
if length ~= play_waits or length ~= call('SCARD', queued) or (mirrored == 1 and length ~= call('ZCARD', 'rec_order:' .. tag)) then
  damaged(queue)
end

-- A member of rec_slots without a lease or a grant belongs to a foreign program. It counts until its rec_inflight has
-- expired.
local ours = call('ZCARD', activity)
if active < ours then damaged(slots) end
if active > ours then
  for _, sid in ipairs(call('SMEMBERS', slots)) do
    if not call('ZSCORE', activity, sid) then
      if call('EXISTS', inflight .. sid) == 1 then
        consider(now + FOREIGN_LOOK_MS)
      else
        active = active - call('SREM', slots, sid)
      end
    end
  end
end

if block_until > 0 and block_until <= now then
  block_until = 0
  call('HDEL', why, 'b')
end
if hold <= now then hold = 0 end

-- Expired leases, the newest grant first, so that the oldest comes to the head of its lane.
local expired, reclaimed = {}, {}
for _, sid in ipairs(call('ZRANGEBYSCORE', activity, '0', now)) do
  local state, kind, reclaims, op, rank, lease = cmsgpack.unpack(call('HGET', KEYS[1], sid))
  expired[#expired + 1] =
    {sid = sid, lane = state - RUNNING, kind = kind, reclaims = reclaims + 1, op = op, rank = rank, lease = lease}
end
table.sort(expired, function(a, b) return a.rank > b.rank end)
for i, item in ipairs(expired) do
  local gave_up = item.reclaims > RECLAIMS_MAX
  call('ZREM', activity, item.sid)
  vacate(item.sid)
  call('HDEL', KEYS[1], 'L' .. item.lease)
  if gave_up then
    call('HDEL', KEYS[1], item.sid)
  else
    call('HSET', KEYS[1], item.sid, cmsgpack.pack(item.lane, item.kind, item.reclaims, item.op))
    push_front(item.sid, item.lane)
  end
  local at = (#expired - i) * 3
  reclaimed[at + 1], reclaimed[at + 2], reclaimed[at + 3] = item.sid, item.lane, gave_up and 1 or 0
end

--#include "delayed.lua"
--#include "admit.lua"

-- Refreshes the locks of grants that no worker has taken, and announces the grants again. A missing hint was taken by a
-- worker just now, or by one that died.
local granted = call('ZRANGEBYSCORE', activity, '-inf', '(0', 'WITHSCORES')
hint_play, hint_fetch = false, false
for i = 1, #granted, 2 do
  call('SET', inflight .. granted[i], 'processing', 'EX', '120')
  if tonumber(granted[i + 1]) < FETCH_GRANT then hint_play = true else hint_fetch = true end
end
fetch_granted = hint_fetch and 1 or 0
if #granted > 0 then
  local added = KEYS[2] and 0 or 1
  if KEYS[2] and hint_play then added = added + call('ZADD', KEYS[2], 'NX', microseconds, tag) end
  if KEYS[2] and hint_fetch then added = added + call('ZADD', KEYS[3], 'NX', microseconds, tag) end
  consider(now + (added > 0 and UNCLAIMED_LOOK_MS or GRANTED_LOOK_MS))
end
consider(tonumber(call('ZRANGEBYSCORE', activity, '0', '+inf', 'WITHSCORES', 'LIMIT', '0', '1')[2]))
consider(tonumber(call('ZRANGE', delayed, '0', '0', 'WITHSCORES')[2]))
consider(hold)
consider(block_until)
if play_waits > 0 then
  refresh_queued()
  consider(now + QUEUED_LOOK_MS)
end
fetch_waits = call('EXISTS', fetch)
local refill = 0
if beyond > 0 and call('ZCARD', fetch) <= FETCH_WINDOW / 2 then
  refill = beyond
  consider(now + REFILL_LOOK_MS)
end
if block_until ~= 0 or fetch_waits == 1 or beyond > 0 then consider(now + QUEUED_LOOK_MS) end

-- Forgets the answers to finishes in their order.
local FORGET_BATCH = 100
while done_first < done_next do
  local names = {}
  for i = done_first, math.min(done_next, done_first + FORGET_BATCH) - 1 do names[#names + 1] = 'O' .. i end
  local forgotten = {}
  for i, lease in ipairs(call('HMGET', KEYS[1], unpack(names))) do
    local told = lease and call('HGET', KEYS[1], 'F' .. lease)
    local forget_at = told and cmsgpack.unpack(told) or 0
    if forget_at > now then
      consider(forget_at)
      break
    end
    forgotten[#forgotten + 1], forgotten[#forgotten + 2] = names[i], 'F' .. (lease or '')
  end
  if #forgotten > 0 then call('HDEL', KEYS[1], unpack(forgotten)) end
  done_first = done_first + #forgotten / 2
  if #forgotten < #names * 2 then break end
end

if KEYS[4] then
  if next_due == 0 then call('ZREM', KEYS[4], tag) else call('ZADD', KEYS[4], next_due, tag) end
end
local name1, value1, name2, value2
due, wanted_due = math.max(next_due, now), math.huge  -- rec_due is as it should be
--#include "write.lua"
if next_due == 0 then
  due, resting = 0, 1
  call('HSET', KEYS[1], 's', cmsgpack.pack(limit, epoch, next_rank, head_rank, plays, hold, block_until, due,
    fresh_until_s, done_first, done_next, play_waits, mirrored, fetch_waits, fetch_granted, resting, beyond))
  call('EXPIRE', KEYS[1], REST_TTL_S)
end
local answer = {0, 0, next_due, refill, #reclaimed / 3}
for i = 1, #reclaimed do answer[5 + i] = reclaimed[i] end
--#include "answer.lua"
return answer
