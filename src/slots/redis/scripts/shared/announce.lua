-- Announces grants to the workers; in a Cluster the caller does. A fragment.
if hint_play or hint_fetch then
  if KEYS[2] then
    if hint_play then call('ZADD', KEYS[2], 'NX', microseconds, tag) end
    if hint_fetch then call('ZADD', KEYS[3], 'NX', microseconds, tag) end
  end
  if wanted_due > now + 2000 then wanted_due = now + 2000 end  -- the sweep announces it again, should the hint be lost
end
