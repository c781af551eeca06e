-- Admits, as every step does at its end: while a slot is free, nothing forbids it and somebody waits, the head of the lane
-- whose turn it is gets the slot. A fragment; needs lanes.lua and `active`.
--
-- subject: a recording whose own grant sets subject_granted, and is not listed in `admitted`. newcomer: the subject, in
-- newcomer_lane, where nobody else waits, so that it need not pass through its lane. is_press: if no slot is free, the
-- head of the play lane may take the place of an automatic fetch that no worker has taken yet.
local FETCH_SHARE = 8
local may_yield = is_press
if not (now < hold or block_until == -1 or now < block_until) then
  while (active < limit and (newcomer or play_waits > 0 or fetch_waits == 1))
      or (active == limit and may_yield and fetch_granted == 1 and play_waits > 0) do
    local sid, lane, by_share = newcomer, newcomer_lane, 0
    if sid then
      newcomer = nil
    else
      local yielding
      if active == limit then
        may_yield = false
        yielding = call('ZREVRANGEBYSCORE', activity, '(0', FETCH_GRANT, 'WITHSCORES', 'LIMIT', '0', '1')
        if not yielding[1] then
          fetch_granted = 0
          break
        end
      end
      -- One grant in FETCH_SHARE goes to a waiting fetch.
      local fetch_turn = not yielding and (play_waits == 0 or plays >= FETCH_SHARE - 1)
      if fetch_turn and fetch_waits == 1 then
        sid = call('ZPOPMIN', fetch)[1]
        if sid then
          lane, by_share = FETCH, play_waits > 0 and 1 or 0
          if beyond > 0 and wanted_due > now and call('ZCARD', fetch) <= FETCH_WINDOW / 2 then wanted_due = now end
        else
          fetch_waits = 0
        end
      end
      if not sid then
        if play_waits == 0 then break end
        sid, lane = call('LPOP', queue), PLAY
        play_waits = play_waits - 1
        if not sid or call('SREM', queued, sid) == 0
            or (mirrored == 1 and call('ZPOPMIN', 'rec_order:' .. tag)[1] ~= sid) then
          -- A foreign program changed the lane: nothing here can be trusted, and the next caller is told to rebuild.
          call('HSET', KEYS[1], 'r', 'damaged')
          error('DAMAGED ' .. queue)
        end
        if play_waits == 0 then mirrored = 0 end
      end
      if yielding then
        local other = yielding[1]
        if yielding[2] % 2 == 1 then plays = FETCH_SHARE - 1 end  -- the automatic lane keeps its turn
        call('ZREM', activity, other)
        active = active - call('SREM', slots, other)
        call('DEL', inflight .. other)
        call('ZADD', fetch, head_rank, other)
        fetch_waits = 1
        head_rank = head_rank - 1
        if other == subject then subject_granted = false end
      end
    end

    active = active + call('SADD', slots, sid)
    call('SET', inflight .. sid, 'processing', 'EX', '120')
    if lane == PLAY then
      if plays < FETCH_SHARE - 1 then plays = plays + 1 end
      hint_play = true
      call('ZADD', activity, PLAY_GRANT + next_rank * 2, sid)
    else
      plays = 0
      hint_fetch = true
      fetch_granted = 1
      call('ZADD', activity, FETCH_GRANT + next_rank * 2 + by_share, sid)
    end
    next_rank = next_rank + 1
    if sid == subject then
      subject_granted = true
    else
      local n = #admitted
      admitted[n + 1], admitted[n + 2], admitted[n + 3] = sid, lane, active
    end
  end
end
