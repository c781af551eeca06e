-- Moves due retries to the tails of their lanes. rec_delayed ZSET: the delayed, by due time in ms. rec_why HASH: why, by
-- SID; field b: why the business is blocked. A fragment; needs moves.lua.
local DUE_BATCH = '1000'  -- most in one call, so that none takes long; the next sweep moves the others
for _, sid in ipairs(call('ZRANGEBYSCORE', delayed, '-inf', now, 'LIMIT', '0', DUE_BATCH)) do
  local state, kind, reclaims, op = cmsgpack.unpack(call('HGET', KEYS[1], sid))
  call('ZREM', delayed, sid)
  call('HDEL', why, sid)
  call('HSET', KEYS[1], sid, cmsgpack.pack(state - DELAYED, kind, reclaims, op))
  push_back(sid, state - DELAYED)
end
