-- Finds the business whose turn it is, and claims from it, for claim_next.lua and finish_and_claim.lua; KEYS and ARGV as
-- in the former. A fragment; ends the script. Its answer ends with ARGV.finished, if there is one.
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
  if not turn then return {3, ARGV.finished} end
  redis.call('SET', KEYS[4], ARGV[3] .. turn, 'EX', CLAIM_MEMORY_S)
end
local KEYS = {'rec_conf:' .. turn, KEYS[1], KEYS[2], KEYS[3]}
local ARGV = {ARGV[1], ARGV[2], ARGV[3], plays_only, microseconds = ARGV.microseconds, finished = ARGV.finished}
--#include "claim_of.lua"
