-- What backs off, holding no slot. rec_delayed ZSET: by when it is due, in ms. rec_why HASH: why, by SID; field b: of the
-- block.
local DUE_BATCH = 1000  -- moved by one call, so that none takes long; the next sweep goes on

local function requeue_due()
  local sids = call('ZRANGEBYSCORE', delayed, '-inf', now, 'LIMIT', 0, DUE_BATCH)
  for _, sid in ipairs(sids) do
    local state, kind, reclaims, op = cmsgpack.unpack(call('HGET', KEYS[1], sid))
    call('ZREM', delayed, sid)
    call('HDEL', why, sid)
    call('HSET', KEYS[1], sid, cmsgpack.pack(state - DELAYED, kind, reclaims, op))
    push_back(sid, state - DELAYED)
  end
end
