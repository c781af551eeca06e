-- In a Cluster, where rec_due is on another node than the business: makes the sweep look at the business soon, in case
-- the script that follows needs it, or its caller dies before it has announced what that script granted.
--
-- KEYS  rec_due
-- ARGV  run_id, clock, business, how soon (ms)
-- Gives 0
-- Cost  O(log n)
local now = tonumber(ARGV[2])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
local score = tonumber(redis.call('ZSCORE', KEYS[1], ARGV[3]))
if not score or score > now + ARGV[4] then
  redis.call('ZADD', KEYS[1], now + ARGV[4], ARGV[3])
else
  -- It is sooner already. But a sweep may be between its script and put_off.lua, and must see the change.
  redis.call('ZADD', KEYS[1], score - 0.001, ARGV[3])
end
return {0}
