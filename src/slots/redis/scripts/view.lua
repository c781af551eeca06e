-- Shows a business's queue: active first, in the order of their grants, then the lanes in order, then the delayed by due
-- time. Changes nothing.
--
-- KEYS  rec_conf:{b}; derived: all of the business
-- ARGV  run_id, clock, most recordings to list
-- Gives code, limit, active, play lane's length, automatic lane's length, delayed, 1: more automatic fetches wait beyond
--       these, the block's end (ms; -1: for ever, 0: none) and its reason; reason, until, text of all that wait; then
--       (sid, lane, place, position, until, text) of each
-- Cost  O(most * log n)
local found = redis.call('HMGET', KEYS[1], 'r', 's')
--#include "business.lua"

local queue, fetch, delayed = 'rec_queue:' .. tag, 'rec_fetch:' .. tag, 'rec_delayed:' .. tag
local why = 'rec_why:' .. tag
local reason, wait_until, text = 0, 0, ''
--#include "why_waiting.lua"

local room = tonumber(ARGV[3])
local fetch_length = call('ZCARD', fetch)
local blocked = block_until == -1 or now < block_until
local answer = {0, limit, call('SCARD', slots), play_waits, fetch_length, call('ZCARD', delayed),
  beyond > 0 and 1 or 0,
  blocked and block_until or 0, blocked and text or '', reason, wait_until, text}

local function list(sid, lane, place, position, until_ms, text)
  if room <= 0 then return end
  room = room - 1
  local n = #answer
  answer[n + 1], answer[n + 2], answer[n + 3] = sid, lane, place
  answer[n + 4], answer[n + 5], answer[n + 6] = position, until_ms, text
end

local items, ours = {}, {}
local activities = call('ZRANGE', activity, 0, -1, 'WITHSCORES')
for i = 1, #activities, 2 do
  local sid, score = activities[i], tonumber(activities[i + 1])
  if score >= 0 then
    local state, _, _, _, rank = cmsgpack.unpack(call('HGET', KEYS[1], sid))
    items[#items + 1] = {sid = sid, lane = state - RUNNING, place = 2, rank = rank}
  elseif score >= FETCH_GRANT then
    items[#items + 1] = {sid = sid, lane = FETCH, place = 1, rank = math.floor((score - FETCH_GRANT) / 2)}
  else
    items[#items + 1] = {sid = sid, lane = PLAY, place = 1, rank = math.floor((score - PLAY_GRANT) / 2)}
  end
end
table.sort(items, function(a, b) return a.rank < b.rank end)
for _, item in ipairs(items) do
  ours[item.sid] = true
  list(item.sid, item.lane, item.place, 0, 0, '')
end
if #items < answer[3] then
  for _, sid in ipairs(call('SMEMBERS', slots)) do
    if not ours[sid] then list(sid, PLAY, 2, 0, 0, 'held by another program that uses the same keys') end
  end
end
if room > 0 then
  for i, sid in ipairs(call('LRANGE', queue, 0, room - 1)) do list(sid, PLAY, 3, i, 0, '') end
end
if room > 0 then
  for i, sid in ipairs(call('ZRANGE', fetch, 0, room - 1)) do list(sid, FETCH, 3, play_waits + i, 0, '') end
end
if room > 0 then
  local backing_off = call('ZRANGE', delayed, 0, room - 1, 'WITHSCORES')
  for i = 1, #backing_off, 2 do
    local sid = backing_off[i]
    local lane = cmsgpack.unpack(call('HGET', KEYS[1], sid)) - DELAYED
    list(sid, lane, 4, 0, tonumber(backing_off[i + 1]), call('HGET', why, sid) or '')
  end
end
return answer
