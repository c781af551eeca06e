-- Appends to the automatic lane what waits first in the call store and is unknown here, as far as the lane has room.
--
-- KEYS  rec_conf:{b} [hints and rec_due, as in request.lua]; derived as in block.lua
-- ARGV  run_id, clock, the number that sweep.lua gave before the call store was read, 1: no others wait there, then the
--       SIDs in their order
-- Gives code, limit, then (sid, lane, active) of those it let in
-- Cost  O(recordings * log n)
local names = {'r', 's'}
for i = 5, #ARGV do names[i - 2] = ARGV[i] end
local found = redis.call('HMGET', KEYS[1], unpack(names))
--#include "business.lua"
--#include "lanes.lua"
local active = call('SCARD', slots)
local is_press, subject, subject_granted, newcomer, newcomer_lane = false, nil, false, nil, nil

local room = FETCH_WINDOW - call('ZCARD', fetch)
local fields, ranks, has_room = {}, {}, true
for i = 5, #ARGV do
  if not found[i - 2] then
    has_room = room > 0
    if not has_room then break end
    room = room - 1
    local n = #fields
    fields[n + 1], fields[n + 2] = ARGV[i], cmsgpack.pack(FETCH, 1, 0, '')
    ranks[n + 1], ranks[n + 2] = next_rank, ARGV[i]
    next_rank = next_rank + 1
  end
end
if #fields > 0 then
  call('HSET', KEYS[1], unpack(fields))
  call('ZADD', fetch, unpack(ranks))
  fetch_waits = 1
end
if ARGV[4] == '1' and has_room and tonumber(ARGV[3]) == beyond then beyond = 0 end
--#include "admit.lua"
--#include "announce.lua"
local name1, value1, name2, value2
--#include "write.lua"
local answer = {0, 0}
--#include "answer.lua"
return answer
