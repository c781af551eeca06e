-- Writes the numbers, and up to two fields of rec_conf (name1, value1, name2, value2), after rec_due has the time of the
-- next sweep. A fragment.
if due == 0 or wanted_due < due or due < now - 60000 then  -- a sweep that is so late has lost the business
  due = wanted_due
  if KEYS[4] then call('ZADD', KEYS[4], 'LT', due, tag) end
end
if resting == 1 then
  resting = 0
  call('PERSIST', KEYS[1])
end
local numbers = cmsgpack.pack(limit, epoch, next_rank, head_rank, plays, hold, block_until, due, fresh_until_s,
  done_first, done_next, play_waits, mirrored, fetch_waits, fetch_granted, resting, beyond)
if name2 then
  call('HSET', KEYS[1], 's', numbers, name1, value1, name2, value2)
elseif name1 then
  call('HSET', KEYS[1], 's', numbers, name1, value1)
else
  call('HSET', KEYS[1], 's', numbers)
end
