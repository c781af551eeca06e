-- Where a recording is, and why it is not further, in numbers that the caller makes a sentence of.
--
-- Place 0: nowhere, 1: granted, 2: running, 3: waiting, 4: delayed. Reason 0: none, 1: no worker yet, 2: the hold after a
-- recovery, 3: the limit, 4: the text that follows. Until: in ms, 0 is unknown.
local REASON_NONE, REASON_WORKER, REASON_HOLD, REASON_LIMIT, REASON_TEXT = 0, 1, 2, 3, 4

-- Of all that wait here: reason, until, text.
local function why_waiting()
  if block_until == -1 or now < block_until then
    return REASON_TEXT, math.max(block_until, 0), call('HGET', why, 'b') or ''
  end
  if now < hold then return REASON_HOLD, 0, '' end
  return REASON_LIMIT, 0, ''
end

-- Place, position over both lanes, reason, until, text of a recording. `entry` is its field of rec_conf.
local function describe(sid, entry)
  if not entry then return 0, 0, REASON_NONE, 0, '' end
  local state = cmsgpack.unpack(entry)
  if state >= RUNNING then return 2, 0, REASON_NONE, 0, '' end
  if state >= DELAYED then
    return 4, 0, REASON_TEXT, tonumber(call('ZSCORE', delayed, sid)), call('HGET', why, sid) or ''
  end
  local before
  if state == PLAY then
    before = call('ZRANK', order, sid)
  else
    before = call('ZRANK', fetch, sid)
    if before then before = before + call('LLEN', queue) end
  end
  if not before then return 1, 0, REASON_WORKER, 0, '' end
  return 3, before + 1, why_waiting()
end
