-- Until a time, or for ever, nothing of this business is admitted; grants that no worker took go back to the heads of
-- their lanes. Of two blocks the longer holds. A business whose state is lost keeps the block for its recovery, which
-- would otherwise let in what a pause forbids.
--
-- KEYS  rec_conf:{b} [hints and rec_due, as in request.lua]; derived: rec_slots rec_queue rec_queued rec_order rec_fetch
--       rec_grants rec_why, and rec_inflight of those moved
-- ARGV  run_id, clock, until (ms; -1: for ever), why
-- Gives code, limit, then (sid, lane, active) of those it let in
-- Cost  O(limit * log n)
local until_ms = tonumber(ARGV[3])
local found = redis.call('HMGET', KEYS[1], 'r', 's')
--#include "keep_block.lua"
--#include "business.lua"
--#include "slots.lua"

local is_shorter = block_until ~= 0 and until_ms ~= -1 and (block_until == -1 or until_ms < block_until)
if not is_shorter then
  block_until = until_ms
  call('HSET', why, 'b', ARGV[4])
end
return_unclaimed(0)
admit()
if block_until > 0 then want_due(block_until) end
return finish_with({0, 0})
