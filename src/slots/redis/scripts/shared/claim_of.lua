-- Claims from the business of KEYS[1], for claim.lua and next_claim.lua. A fragment; ends the script.
local lease_field = 'L' .. ARGV[3]
local found = redis.call('HMGET', KEYS[1], 'r', 's', lease_field)
--#include "business.lua"

local LEASE_TTL_MS = 15000
local lease, plays_only, held = ARGV[3], ARGV[4] == '1', found[3]
if held then
  call('ZADD', activity, 'XX', now + LEASE_TTL_MS, held)
  call('SET', 'rec_inflight:' .. tag .. ':' .. held, 'processing', 'EX', '120')
  return {0, limit, held, cmsgpack.unpack(call('HGET', KEYS[1], held)) - RUNNING, tag, ARGV.finished}
end

local first = call('ZRANGE', activity, '0', '1', 'WITHSCORES')
local score, second = tonumber(first[2]), tonumber(first[4])
if not score or score >= 0 or (plays_only and score >= FETCH_GRANT) then return {0, limit, ARGV.finished} end
local sid = first[1]
local lane, rank = PLAY, (score - PLAY_GRANT) / 2
if score >= FETCH_GRANT then lane, rank = FETCH, math.floor((score - FETCH_GRANT) / 2) end
call('ZADD', activity, now + LEASE_TTL_MS, sid)
if wanted_due > now + LEASE_TTL_MS then wanted_due = now + LEASE_TTL_MS end

-- Hints on the grants that are left for other workers.
local hint_play, hint_fetch, admitted = second and second < FETCH_GRANT, false, {}
if fetch_granted == 1 then
  hint_fetch = call('ZCOUNT', activity, FETCH_GRANT, '(0') > 0
  if not hint_fetch then fetch_granted = 0 end
end
--#include "announce.lua"
local _, kind, reclaims, op = cmsgpack.unpack(call('HGET', KEYS[1], sid))
local name1, value1 = sid, cmsgpack.pack(RUNNING + lane, kind, reclaims, op, rank, lease)
local name2, value2 = lease_field, sid
--#include "write.lua"
local answer = {0, 0, sid, lane, tag, ARGV.finished}
--#include "answer.lua"
return answer
