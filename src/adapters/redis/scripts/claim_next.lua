-- Whose turn is it? Takes a business off the hints, presses first, and claims of it as claim.lua does, in one step instead of
-- two. Not in a Cluster, where the hints live on another node than the business.
--
-- KEYS  rec_ready:{r}:play rec_ready:{r}:fetch rec_due, and rec_claim:<worker>: the last claim's lease and business, so that
--       a claim whose answer was lost can be told again; derived: those of claim.lua, of whose turn it is
-- ARGV  run_id, clock, lease, 1: presses only, 1: this lease was sent before, and its answer was lost
-- Gives {3} when it is nobody's turn; {1, business} and {2, business} as claim.lua does; else code, limit[, sid, lane,
--       business]
-- Cost  O(log n)
local CLAIM_MEMORY_S = '60'
local turn, plays_only = nil, ARGV[4]
if ARGV[5] == '1' then
  local last = redis.call('GET', KEYS[4]) or ''
  if string.sub(last, 1, #ARGV[3]) == ARGV[3] then turn = string.sub(last, #ARGV[3] + 1) end
end
if not turn then
  turn = redis.call('ZPOPMIN', KEYS[1])[1]
  if turn then
    plays_only = '1'
  elseif plays_only ~= '1' then
    turn = redis.call('ZPOPMIN', KEYS[2])[1]
  end
  if not turn then return {3} end
  redis.call('SET', KEYS[4], ARGV[3] .. turn, 'EX', CLAIM_MEMORY_S)
end
local KEYS = {'rec_conf:' .. turn, KEYS[1], KEYS[2], KEYS[3]}
local ARGV = {ARGV[1], ARGV[2], ARGV[3], plays_only}
--#include "claim_of.lua"
