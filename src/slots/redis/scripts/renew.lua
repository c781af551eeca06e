-- Extends leases, and the dedup locks of what they hold.
--
-- KEYS  rec_conf:{b}; derived: rec_active, and rec_inflight of each that is held
-- ARGV  run_id, clock, lease...
-- Gives code, then 1 or 0 for each lease: held or lost
-- Cost  O(leases * log n)
local names = {'r', 's'}
for i = 3, #ARGV do names[i] = 'L' .. ARGV[i] end
local found = redis.call('HMGET', KEYS[1], unpack(names))
--#include "business.lua"

local LEASE_TTL_MS = 15000
local answer = {0}
for i = 3, #ARGV do
  local sid = found[i]
  if sid then
    call('ZADD', activity, 'XX', now + LEASE_TTL_MS, sid)
    call('SET', 'rec_inflight:' .. tag .. ':' .. sid, 'processing', 'EX', '120')
  end
  answer[i - 1] = sid and 1 or 0
end
return answer
