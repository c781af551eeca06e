-- Finishes a lease of the business of KEYS[1], for finish.lua and finish_and_claim.lua. A fragment; leaves `answer`.
local lease_field = 'L' .. ARGV[3]
local done_field = 'F' .. ARGV[3]
local found = redis.call('HMGET', KEYS[1], 'r', 's', lease_field, ARGV[4])
--#include "business.lua"
--#include "lanes.lua"

local ANSWER_MEMORY_MS = 60000
local DONE, RETRY = '0', '1'
local lease, sid, outcome, entry = ARGV[3], found[3], ARGV[5], found[4]
local active, answer
local is_press, subject, subject_granted, newcomer, newcomer_lane = false, nil, false, nil, nil

if sid then
  if sid ~= ARGV[4] then entry = call('HGET', KEYS[1], sid) end
  call('ZREM', activity, sid)
  call('SREM', slots, sid)
  call('DEL', inflight .. sid)
  active = call('SCARD', slots)
  answer = {0, 0, 1, 0, active, limit}
  if outcome == DONE then
    call('HDEL', KEYS[1], sid, lease_field)
  else
--#include "moves.lua"
    local state, kind, reclaims, op = cmsgpack.unpack(entry)
    local lane = state - RUNNING
    call('HDEL', KEYS[1], lease_field)
    if outcome == RETRY then
      local delayed, why = 'rec_delayed:' .. tag, 'rec_why:' .. tag
      local retry_at = tonumber(ARGV[6]) or now
      call('HSET', KEYS[1], sid, cmsgpack.pack(DELAYED + lane, kind, reclaims, op))
      call('ZADD', delayed, retry_at, sid)
      if ARGV[7] ~= '' then call('HSET', why, sid, ARGV[7]) end
      if wanted_due > retry_at then wanted_due = retry_at end
--#include "delayed.lua"
    else
      call('HSET', KEYS[1], sid, cmsgpack.pack(lane, kind, reclaims, op))
      push_front(sid, lane)
    end
  end
else
  active = call('SCARD', slots)
  answer = {0, 0, 0, 0, active, limit}
  local told = call('HGET', KEYS[1], done_field)
  if told then
    local forget_at, active_then, limit_then = cmsgpack.unpack(told)
    if forget_at > now then answer = {0, 0, 1, 1, active_then, limit_then} end
  end
end
--#include "admit.lua"
--#include "announce.lua"

local name1, value1, name2, value2
if sid then
  name1, value1 = done_field, cmsgpack.pack(now + ANSWER_MEMORY_MS, answer[5], answer[6])
  name2, value2 = 'O' .. done_next, lease
  done_next = done_next + 1
end
--#include "write.lua"
--#include "answer.lua"
