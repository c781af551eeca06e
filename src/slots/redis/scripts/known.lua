-- Tells which recordings are here: with a slot, waiting or delayed. Changes nothing.
--
-- KEYS  rec_conf:{b}; derived: none
-- ARGV  run_id, clock, sids
-- Gives code, 1: unknown automatic fetches wait beyond the window, then 1 or 0 for each
-- Cost  O(sids)
local names = {'r', 's'}
for i = 3, #ARGV do names[i] = ARGV[i] end
local found = redis.call('HMGET', KEYS[1], unpack(names))
--#include "business.lua"

local answer = {0, beyond > 0 and 1 or 0}
for i = 3, #ARGV do answer[i] = found[i] and 1 or 0 end
return answer
