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
--#include "lanes.lua"
local active = call('SCARD', slots)
local is_press, subject, subject_granted, newcomer, newcomer_lane = false, nil, false, nil, nil

block_until = 0
call('HDEL', 'rec_why:' .. tag, 'b')
--#include "admit.lua"
--#include "announce.lua"
local name1, value1, name2, value2
--#include "write.lua"
local answer = {0, 0}
--#include "answer.lua"
return answer
