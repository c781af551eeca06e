-- Changes how many may be active. It ends nothing that runs; grants that no worker has taken return to their lanes.
--
-- KEYS  rec_conf:{b} [hints and rec_due, as in request.lua]; derived as in block.lua
-- ARGV  run_id, clock, limit
-- Gives code, limit, then (sid, lane, active) of those it let in
-- Cost  O(limit * log n)
local found = redis.call('HMGET', KEYS[1], 'r', 's')
--#include "business.lua"
--#include "lanes.lua"
local active = call('SCARD', slots)
local is_press, subject, subject_granted, newcomer, newcomer_lane = false, nil, false, nil, nil
--#include "moves.lua"

limit = tonumber(ARGV[3])
local keep = limit
--#include "return_unclaimed.lua"
--#include "admit.lua"
--#include "announce.lua"
local name1, value1, name2, value2
--#include "write.lua"
local answer = {0, 0}
--#include "answer.lua"
return answer
