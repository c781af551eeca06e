-- Ends a rebuild of everything under this run: see due.lua.
--
-- KEYS  rec_due
-- ARGV  run_id
-- Gives 0
-- Cost  O(log n)
for _, mark in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '+inf', '+inf')) do redis.call('ZREM', KEYS[1], mark) end
redis.call('ZREM', KEYS[1], '@rebuilding')
redis.call('ZADD', KEYS[1], '+inf', '@' .. ARGV[1])
return {0}
