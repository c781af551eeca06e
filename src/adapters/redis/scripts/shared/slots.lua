-- The slots and lanes of the business, and admission: what every transition ends with.
--
-- rec_slots SET: who is active; the set is the count. rec_queue LIST, rec_queued SET: the play lane; rec_order ZSET: its
-- mirror, so that a place is a ZRANK. rec_fetch ZSET: the fetch lane, by rank. rec_grants ZSET: active, claimed by no
-- worker yet; score: the rank of the grant * 2, + 1 if the fetch lane's share granted it, + FETCH_SCORE in the fetch
-- lane, so that the first is the next to be claimed and the last the newest of the fetch lane.
local FETCH_SHARE = 8
local FETCH_SCORE = 4503599627370496  -- 2^52
local INFLIGHT_TTL_S = 120
local QUEUED_TTL_S, QUEUED_FRESH_S = 1200, 60
local UNCLAIMED_LOOK_MS = 2000  -- a grant whose hint was lost with a worker is announced again after this

local active = call('SCARD', slots)
local play_length          -- of the play lane, where it is known
local subject              -- a recording whose own grant is not listed in `admitted`
local subject_granted = false
local admitted = {}        -- sid, lane, active after it; and so on
local hint_play, hint_fetch = false, false

local function held_back()
  return now < hold or block_until == -1 or now < block_until
end

local function occupy(sid)
  active = active + call('SADD', slots, sid)
  call('SET', inflight .. sid, 'processing', 'EX', INFLIGHT_TTL_S)
end

local function vacate(sid)
  active = active - call('SREM', slots, sid)
  call('DEL', inflight .. sid)
end

local function refresh_queued()
  call('EXPIRE', queued, QUEUED_TTL_S)
  fresh_until_s = math.floor(now / 1000) + QUEUED_FRESH_S
end

local function push_back(sid, lane)
  if lane == PLAY then
    play_length = call('RPUSH', queue, sid)
    call('SADD', queued, sid)
    call('ZADD', order, next_rank, sid)
    if play_length == 1 or now >= fresh_until_s * 1000 then refresh_queued() end
  else
    call('ZADD', fetch, next_rank, sid)
  end
  next_rank = next_rank + 1
end

local function push_front(sid, lane)
  if lane == PLAY then
    play_length = call('LPUSH', queue, sid)
    call('SADD', queued, sid)
    call('ZADD', order, head_rank, sid)
    if play_length == 1 or now >= fresh_until_s * 1000 then refresh_queued() end
  else
    call('ZADD', fetch, head_rank, sid)
  end
  head_rank = head_rank - 1
end

local function pop_play()
  local sid = call('LPOP', queue)
  if not sid then return nil end
  if call('ZPOPMIN', order)[1] ~= sid or call('SREM', queued, sid) == 0 then damaged(queue) end
  if play_length then play_length = play_length - 1 end
  return sid
end

local function grant(sid, lane, by_share)
  occupy(sid)
  local score = next_rank * 2 + (by_share and 1 or 0)
  next_rank = next_rank + 1
  if lane == PLAY then
    plays = math.min(plays + 1, FETCH_SHARE - 1)
    hint_play = true
  else
    plays = 0
    score = score + FETCH_SCORE
    hint_fetch = true
    fetch_granted = 1
  end
  call('ZADD', grants, score, sid)
  if sid == subject then
    subject_granted = true
  else
    local n = #admitted
    admitted[n + 1], admitted[n + 2], admitted[n + 3] = sid, lane, active
  end
end

-- The head of the lane whose turn it is: sid, lane, whether the fetch lane's share chose it.
local function pop_next()
  local fetch_turn = plays >= FETCH_SHARE - 1
  if not fetch_turn then
    local sid = pop_play()
    if sid then return sid, PLAY, false end
  end
  local sid = call('ZPOPMIN', fetch)[1]
  if sid then return sid, FETCH, fetch_turn and call('LLEN', queue) > 0 end
  if fetch_turn then return pop_play(), PLAY, false end
end

local function admit()
  if active >= limit or held_back() then return end
  repeat
    local sid, lane, by_share = pop_next()
    if not sid then return end
    grant(sid, lane, by_share)
  until active >= limit
end

-- A press that found no free slot may take the place of an automatic fetch that no worker has taken yet.
local function admit_press()
  admit()
  if fetch_granted == 0 or active ~= limit or held_back() then return end
  local newest = call('ZRANGE', grants, -1, -1, 'WITHSCORES')
  local score = tonumber(newest[2])
  if not score or score < FETCH_SCORE then
    fetch_granted = 0
    return
  end
  local sid = pop_play()
  if not sid then return end
  if score % 2 == 1 then plays = FETCH_SHARE - 1 end  -- its turn is only put off
  call('ZREM', grants, newest[1])
  vacate(newest[1])
  push_front(newest[1], FETCH)
  if newest[1] == subject then subject_granted = false end
  grant(sid, PLAY, false)
end

-- Grants that no worker took go back to the heads of their lanes, the newest first, until `keep` are active.
local function return_unclaimed(keep)
  if active <= keep then return end
  local list = call('ZRANGE', grants, 0, -1, 'WITHSCORES')
  local items = {}
  for i = 1, #list, 2 do
    local score = tonumber(list[i + 1])
    items[#items + 1] = {sid = list[i], lane = score >= FETCH_SCORE and FETCH or PLAY, rank = score % FETCH_SCORE}
  end
  table.sort(items, function(a, b) return a.rank > b.rank end)
  for _, item in ipairs(items) do
    if active <= keep then return end
    call('ZREM', grants, item.sid)
    vacate(item.sid)
    push_front(item.sid, item.lane)
  end
end

-- Tells the workers of grants. Gives how many hints were not there already.
local function announce()
  local added = 0
  if KEYS[2] then
    if hint_play then added = added + call('ZADD', KEYS[2], 'NX', exact_now, tag) end
    if hint_fetch then added = added + call('ZADD', KEYS[3], 'NX', exact_now, tag) end
  end
  return added
end

-- The answer's code, + 4 for a grant of the play lane that waits for a worker, + 8 of the fetch lane (in a Cluster the
-- caller writes the hints); the limit; the caller's values from the third on; then whom this step let in.
local function complete(answer)
  answer[1] = (hint_play and 4 or 0) + (hint_fetch and 8 or 0)
  answer[2] = limit
  local n = #answer
  for i = 1, #admitted do answer[n + i] = admitted[i] end
  return answer
end

-- Writes what an admission changed, and further fields of rec_conf, and answers.
local function finish_with(answer, ...)
  if hint_play or hint_fetch then
    announce()
    want_due(now + UNCLAIMED_LOOK_MS)
  end
  save(...)
  return complete(answer)
end
