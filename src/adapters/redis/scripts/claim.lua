-- Gives the longest-granted recording to a worker, presses first, and starts its lease. The same lease again answers the
-- same recording, and renews it. A lease id serves one claim.
--
-- KEYS  rec_conf:{b} [hints and rec_due, as in request.lua]; derived: rec_slots rec_grants rec_leases, and rec_inflight of
--       the one given
-- ARGV  run_id, clock, lease, 1: presses only
-- Gives code, limit[, sid, lane]; the code also says what waits for further workers
-- Cost  O(log n)
local found = redis.call('HMGET', KEYS[1], 'r', 's', 'L' .. ARGV[3])
--#include "business.lua"
--#include "slots.lua"

local LEASE_TTL_MS = 15000
local lease, plays_only, held = ARGV[3], ARGV[4] == '1', found[3]

if held then
  call('ZADD', leases, 'XX', now + LEASE_TTL_MS, held)
  call('SET', inflight .. held, 'processing', 'EX', INFLIGHT_TTL_S)
  return {0, limit, held, cmsgpack.unpack(call('HGET', KEYS[1], held)) - RUNNING}
end

local first = call('ZRANGE', grants, 0, 1, 'WITHSCORES')
local score, second = tonumber(first[2]), tonumber(first[4])
if not score or (plays_only and score >= FETCH_SCORE) then return {0, limit} end
local sid = first[1]
local lane = score >= FETCH_SCORE and FETCH or PLAY
call('ZREM', grants, sid)
call('ZADD', leases, now + LEASE_TTL_MS, sid)
want_due(now + LEASE_TTL_MS)

hint_play = second and second < FETCH_SCORE
if fetch_granted == 1 then
  hint_fetch = (tonumber(call('ZRANGE', grants, -1, -1, 'WITHSCORES')[2]) or 0) >= FETCH_SCORE
  if not hint_fetch then fetch_granted = 0 end
end
local _, kind, reclaims, op = cmsgpack.unpack(call('HGET', KEYS[1], sid))
local rank = math.floor(score % FETCH_SCORE / 2)
return finish_with({0, 0, sid, lane}, sid, cmsgpack.pack(RUNNING + lane, kind, reclaims, op, rank, lease), 'L' .. lease, sid)
