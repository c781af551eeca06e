-- In a Cluster, where rec_due is on another node than the business: has the business looked at soon, in case the script
-- that follows needs it, or its caller dies before it has announced what that script granted.
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
redis.call('ZADD', KEYS[1], 'LT', now + ARGV[4], ARGV[3])
return {0}
