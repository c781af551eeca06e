-- Blocks a business until a time, or for ever: nothing is admitted, and grants that no worker has taken return to the
-- heads of their lanes. Of two blocks the longer holds. A business whose state is lost keeps the block for its rebuild,
-- which would otherwise let in what a pause forbids.
--
-- KEYS  rec_conf:{b} [hints and rec_due, as in request.lua]; derived: rec_slots rec_queue rec_queued rec_order rec_fetch
--       rec_active rec_why, and rec_inflight of those moved
-- ARGV  run_id, clock, until (ms; -1: for ever), why
-- Gives code, limit, then (sid, lane, active) of those it let in
-- Cost  O(limit * log n)
local until_ms = tonumber(ARGV[3])
local found = redis.call('HMGET', KEYS[1], 'r', 's')
--#include "keep_block.lua"
--#include "business.lua"
--#include "lanes.lua"
local active = call('SCARD', slots)
local is_press, subject, subject_granted, newcomer, newcomer_lane = false, nil, false, nil, nil
--#include "moves.lua"

local is_shorter = block_until ~= 0 and until_ms ~= -1 and (block_until == -1 or until_ms < block_until)
if not is_shorter then
  block_until = until_ms
  call('HSET', 'rec_why:' .. tag, 'b', ARGV[4])
end
if block_until > 0 and wanted_due > block_until then wanted_due = block_until end
local keep = 0
--#include "return_unclaimed.lua"
--#include "admit.lua"
--#include "announce.lua"
local name1, value1, name2, value2
--#include "write.lua"
local answer = {0, 0}
--#include "answer.lua"
return answer
