-- Takes the businesses that are due for a sweep, and postpones them, so that no other sweeper takes them too and a crash
-- before the sweep costs only that time.
--
-- A member '@<run_id>' of rec_due says that the table was made under this run, and everything rebuilt since. Without it
-- everything may be lost: one caller at a time is told to rebuild all.
--
-- KEYS  rec_due
-- ARGV  run_id, clock, most businesses to take, how long they are postponed (ms), how long a rebuild of all may take (ms)
-- Gives 1: rebuild everything, or 0; the time until which the businesses are postponed (ms); then the businesses
-- Cost  O(taken * log n)
local now
if ARGV[2] == '' then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
else
  now = tonumber(ARGV[2])
end
local everything_lost = 0
if not redis.call('ZSCORE', KEYS[1], '@' .. ARGV[1]) then
  local until_ms = tonumber(redis.call('ZSCORE', KEYS[1], '@rebuilding'))
  if not until_ms or until_ms <= now then
    everything_lost = 1
    redis.call('ZADD', KEYS[1], now + ARGV[5], '@rebuilding')
  end
end
local answer = {everything_lost, now + ARGV[4]}
for _, tag in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[3])) do
  if string.sub(tag, 1, 1) ~= '@' then
    answer[#answer + 1] = tag
    redis.call('ZADD', KEYS[1], now + ARGV[4], tag)
  end
end
return answer
