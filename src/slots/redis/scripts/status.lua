-- Tells where a recording is, and why it is not further. Changes nothing.
--
-- KEYS  rec_conf:{b}; derived: rec_slots rec_queue rec_order rec_fetch rec_delayed rec_why
-- ARGV  run_id, clock, sid
-- Gives code, limit, active, play lane's length, automatic lane's length, lane, place, position, reason, until, text
-- Cost  O(log n)
local found = redis.call('HMGET', KEYS[1], 'r', 's', ARGV[3])
--#include "business.lua"

local queue, fetch = 'rec_queue:' .. tag, 'rec_fetch:' .. tag
local subject, entry, is_last = ARGV[3], found[3], false
local fetch_length = call('ZCARD', fetch)
--#include "describe.lua"
local lane = entry and cmsgpack.unpack(entry) % 2 or PLAY
return {0, limit, call('SCARD', slots), play_waits, fetch_length, lane, place, position, reason,
  wait_until, text}
