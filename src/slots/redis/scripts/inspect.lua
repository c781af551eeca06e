-- Finds the keys of a business that hold another type than they should, after a script failed on it. Marks the business
-- as damaged, because that script may have stopped half way.
--
-- KEYS  rec_conf:{b}; derived: all of the business
-- ARGV  run_id
-- Gives code, then (key, type expected, type found) of each
-- Cost  O(1)
local tag = string.sub(KEYS[1], 10)
local types = {
  {'rec_conf:', 'hash'}, {'rec_slots:', 'set'}, {'rec_queue:', 'list'}, {'rec_queued:', 'set'}, {'rec_order:', 'zset'},
  {'rec_fetch:', 'zset'}, {'rec_active:', 'zset'}, {'rec_delayed:', 'zset'}, {'rec_why:', 'hash'},
}
local answer = {0}
for _, item in ipairs(types) do
  local key = item[1] .. tag
  local found = redis.call('TYPE', key).ok
  if found ~= 'none' and found ~= item[2] then
    local n = #answer
    answer[n + 1], answer[n + 2], answer[n + 3] = key, item[2], found
  end
end
if redis.call('TYPE', KEYS[1]).ok == 'hash' then redis.call('HSET', KEYS[1], 'r', 'damaged') end
return answer
