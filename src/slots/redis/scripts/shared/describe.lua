-- Tells where a recording is, and why it is not further, in numbers of which the caller makes a sentence. A fragment; needs
-- subject, entry (its field of rec_conf), fetch, queue, fetch_length, and is_last: it stands at the end of its lane.
-- Leaves
--   place    0: nowhere, 1: granted, 2: running, 3: waiting, 4: delayed
--   position over both lanes, 0: does not wait
--   reason   0: none, 1: no worker yet, 2: the hold after a rebuild, 3: the limit, 4: the text, 5: the text is the number
--            of automatic fetches that wait before it
--   wait_until in ms, 0: unknown; text
local place, position, reason, wait_until, text = 0, 0, 0, 0, ''
if entry then
  local state = cmsgpack.unpack(entry)
  if state >= RUNNING then
    place = 2
  elseif state >= DELAYED then
    place, reason = 4, 4
    wait_until = tonumber(call('ZSCORE', 'rec_delayed:' .. tag, subject))
    text = call('HGET', 'rec_why:' .. tag, subject) or ''
  else
    local before
    if is_last then
      before = (state == PLAY and play_waits or fetch_length) - 1
    elseif state == FETCH then
      before = call('ZRANK', fetch, subject)
    elseif mirrored == 1 then
      before = call('ZRANK', 'rec_order:' .. tag, subject)
    else
      before = call('LPOS', queue, subject)
    end
    if not before then
      place, reason = 1, 1
    else
      place = 3
      position = before + 1 + (state == PLAY and 0 or play_waits)
    end
  end
end
if not entry and beyond > 0 then
  reason, text = 5, tostring(fetch_length)
elseif place == 3 then
--#include "why_waiting.lua"
end
