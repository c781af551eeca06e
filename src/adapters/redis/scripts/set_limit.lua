-- Changes how many may be active. Takes effect as slots free themselves; grants that no worker took go back.
--
-- KEYS  rec_conf:{b} [hints and rec_due, as in request.lua]; derived as in block.lua
-- ARGV  run_id, clock, limit
-- Gives code, limit, then (sid, lane, active) of those it let in
-- Cost  O(limit * log n)
local found = redis.call('HMGET', KEYS[1], 'r', 's')
--#include "business.lua"
--#include "slots.lua"

limit = tonumber(ARGV[3])
return_unclaimed(limit)
admit()
return finish_with({0, 0})
