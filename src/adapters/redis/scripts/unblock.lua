-- Ends a block.
--
-- KEYS  rec_conf:{b} [hints and rec_due, as in request.lua]; derived as in block.lua
-- ARGV  run_id, clock
-- Gives code, limit, then (sid, lane, active) of those it let in
-- Cost  O(limit * log n)
local until_ms = 0
local found = redis.call('HMGET', KEYS[1], 'r', 's')
--#include "keep_block.lua"
--#include "business.lua"
--#include "slots.lua"

block_until = 0
call('HDEL', why, 'b')
admit()
return finish_with({0, 0})
