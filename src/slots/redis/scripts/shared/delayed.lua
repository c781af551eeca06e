-- Moves what is due to the tails of its lanes. rec_delayed ZSET: what backs off, by when it is due, in ms. rec_why HASH:
-- why, by SID; field b: of the block. A fragment; needs moves.lua.
local DUE_BATCH = '1000'  -- moved by one call, so that none takes long; the next sweep goes on
for _, sid in ipairs(call('ZRANGEBYSCORE', delayed, '-inf', now, 'LIMIT', '0', DUE_BATCH)) do
  local state, kind, reclaims, op = cmsgpack.unpack(call('HGET', KEYS[1], sid))
  call('ZREM', delayed, sid)
  call('HDEL', why, sid)
  call('HSET', KEYS[1], sid, cmsgpack.pack(state - DELAYED, kind, reclaims, op))
  push_back(sid, state - DELAYED)
end
