-- Builds the mirror of a play lane that has become long: rec_order mirrors it until it is empty. A fragment.
mirrored = 1
local mirror = {}
for _, one in ipairs(call('LRANGE', queue, '0', '-1')) do
  local n = #mirror
  mirror[n + 1], mirror[n + 2] = next_rank, one
  next_rank = next_rank + 1
end
call('ZADD', 'rec_order:' .. tag, unpack(mirror))
