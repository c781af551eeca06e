-- Extends leases, and the dedup locks of what they hold.
--
-- KEYS  rec_conf:{b}; derived: rec_leases, and rec_inflight of each that is held
-- ARGV  run_id, clock, lease...
-- Gives code, then 1 or 0 for each lease: held or lost
-- Cost  O(leases * log n)
local names = {'r', 's'}
for i = 3, #ARGV do names[i] = 'L' .. ARGV[i] end
local found = redis.call('HMGET', KEYS[1], unpack(names))
--#include "business.lua"

local LEASE_TTL_MS, INFLIGHT_TTL_S = 15000, 120
local answer = {0}
for i = 3, #ARGV do
  local sid = found[i]
  if sid then
    call('ZADD', leases, 'XX', now + LEASE_TTL_MS, sid)
    call('SET', inflight .. sid, 'processing', 'EX', INFLIGHT_TTL_S)
  end
  answer[i - 1] = sid and 1 or 0
end
return answer
