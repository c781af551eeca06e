-- In a Cluster, where rec_due is on another node than the business: writes when a swept business is due next, unless
-- its score has changed since due.lua postponed it.
--
-- KEYS  rec_due
-- ARGV  run_id, clock, business, the score that due.lua gave, the new one (0: at rest)
-- Gives 0
-- Cost  O(log n)
if redis.call('ZSCORE', KEYS[1], ARGV[3]) == ARGV[4] then
  if ARGV[5] == '0' then
    redis.call('ZREM', KEYS[1], ARGV[3])
  else
    redis.call('ZADD', KEYS[1], ARGV[5], ARGV[3])
  end
end
return {0}
