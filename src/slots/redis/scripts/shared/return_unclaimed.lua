-- Returns grants that no worker has taken to the heads of their lanes, the newest first, until `keep` are active. A
-- fragment; needs moves.lua and `keep`.
if active > keep then
  local items = {}
  local list = call('ZRANGEBYSCORE', activity, '-inf', '(0', 'WITHSCORES')
  for i = 1, #list, 2 do
    local lane, rank = read_grant(tonumber(list[i + 1]))
    items[#items + 1] = {sid = list[i], lane = lane, rank = rank}
  end
  table.sort(items, function(a, b) return a.rank > b.rank end)
  for _, item in ipairs(items) do
    if active <= keep then break end
    call('ZREM', activity, item.sid)
    vacate(item.sid)
    push_front(item.sid, item.lane)
  end
end
