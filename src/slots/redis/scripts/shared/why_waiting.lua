-- Tells why all that wait here do so; see describe.lua. A fragment.
if block_until == -1 or now < block_until then
  reason, wait_until, text = 4, math.max(block_until, 0), call('HGET', 'rec_why:' .. tag, 'b') or ''
elseif now < hold then
  reason = 2
else
  reason = 3
end
