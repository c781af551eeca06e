-- Where a recording is, and why it is not further. Changes nothing.
--
-- KEYS  rec_conf:{b}; derived: rec_slots rec_queue rec_order rec_fetch rec_delayed rec_why
-- ARGV  run_id, clock, sid
-- Gives code, limit, active, play lane's length, fetch lane's length, lane, place, position, reason, until, text
-- Cost  O(log n)
local found = redis.call('HMGET', KEYS[1], 'r', 's', ARGV[3])
--#include "business.lua"
--#include "describe.lua"

local lane = found[3] and cmsgpack.unpack(found[3]) % 2 or PLAY
return {0, limit, call('SCARD', slots), call('LLEN', queue), call('ZCARD', fetch), lane, describe(ARGV[3], found[3])}
