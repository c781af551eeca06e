-- Rebuilds a business: replaces its state by what the call store knows. The caller sends a first chunk without
-- recordings, reads the call store, and sends one or more chunks with what it read; it may send each again. The first
-- one is accepted for a higher epoch than the last one seen, and leaves a mark. The others are accepted while the mark
-- stands: a loss removes it, so that rows from before a loss do not mend it. A block stays. Leases that this ends may
-- belong to open downloads: nothing is granted until they would have expired.
--
-- KEYS  rec_conf:{b} [hints and rec_due, as in request.lua]; derived: all of the business
-- ARGV  run_id, clock, epoch, limit, hold (ms from now, 0: none), 1: the first chunk, 1: the last chunk. Then in the
--       first chunk 1: leave alone what is whole. In the others 1: more automatic fetches wait than these; and for each
--       recording, those that were processing first: sid, lane, retry at (ms, 0: waits), why
-- Gives {2} while another caller rebuilds it; or code, limit, accepted, then (sid, lane, active) of those it let in
-- Cost  O(recordings of the chunk * log n); what was there is freed in the background
local epoch_now, is_first, is_last = tonumber(ARGV[3]), ARGV[6] == '1', ARGV[7] == '1'
local LEASE_TTL_MS = 15000
local conf, tag = KEYS[1], string.sub(KEYS[1], 10)
local slots, why = 'rec_slots:' .. tag, 'rec_why:' .. tag
local activity = 'rec_active:' .. tag

-- A value of the wrong type counts as none, because keys may hold anything.
local function read(...)
  local value = redis.pcall(...)
  if type(value) == 'table' and value.err then return nil end
  return value
end

local time = ARGV[2] ~= '' and tonumber(ARGV[2])
if not time then
  local t = redis.call('TIME')
  time = t[1] * 1000 + math.floor(t[2] / 1000)
end

local before = read('HMGET', conf, 'r', 's', 'k', 'K') or {}
local is_readable, numbers = pcall(function() return {cmsgpack.unpack(before[2])} end)
if not is_readable then numbers = {} end
local epoch_before = tonumber(numbers[2]) or 0
local run_id, since = string.match(before[1] or '', '^rebuilding (%S+) (%d+)$')
local rebuilding = run_id == ARGV[1]
local is_over = epoch_now == epoch_before and not rebuilding and (is_first or before[1] == ARGV[1])
if epoch_now < epoch_before or is_over then return {0, 0, 0} end
if is_first and ARGV[8] == '1' and before[1] == ARGV[1] then return {0, 0, 0} end
local REBUILD_PATIENCE_MS = 2000  -- as in business.lua
if is_first and rebuilding and epoch_now > epoch_before and time - since < REBUILD_PATIENCE_MS then return {2} end
if not is_first and not (rebuilding and epoch_now == epoch_before) then return {1} end

if is_first then
  local hold_until = 0
  local last = tonumber((read('ZRANGE', activity, -1, -1, 'WITHSCORES') or {})[2]) or 0
  if last > time then hold_until = math.max(hold_until, math.min(last, time + LEASE_TTL_MS)) end

  -- The block of this run: kept apart if the state was lost, else part of the state.
  local block, block_why = before[3], before[4]
  if not (block and string.find(block, '^' .. ARGV[1] .. ' ')) then
    block = before[1] == ARGV[1] and (numbers[7] or 0) ~= 0 and ARGV[1] .. ' ' .. numbers[7]
    block_why = block and read('HGET', why, 'b') or ''
  end

  -- Slots of foreign programs stay. Ours have a lease or a grant, or a field in what is left of the state.
  local members = read('SMEMBERS', slots)
  if not members then redis.call('DEL', slots) end
  for _, sid in ipairs(members or {}) do
    local lock = 'rec_inflight:' .. tag .. ':' .. sid
    if read('ZSCORE', activity, sid) or read('HEXISTS', conf, sid) == 1 then
      redis.call('SREM', slots, sid)
      redis.call('DEL', lock)
    elseif redis.call('EXISTS', lock) == 0 then
      redis.call('SREM', slots, sid)
    end
  end
  redis.call('UNLINK', conf, why, activity, 'rec_queue:' .. tag, 'rec_queued:' .. tag, 'rec_order:' .. tag,
    'rec_fetch:' .. tag, 'rec_delayed:' .. tag)
  if block then redis.call('HSET', conf, 'k', block, 'K', block_why) end
  redis.call('HSET', conf, 'r', 'rebuilding ' .. ARGV[1] .. ' ' .. time, 's',
    cmsgpack.pack(1, epoch_now, 1, 0, 0, hold_until, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
end

-- From here on the business counts as whole.
local found = {ARGV[1], redis.call('HGET', conf, 's')}
--#include "business.lua"
--#include "lanes.lua"
local delayed = 'rec_delayed:' .. tag
limit = tonumber(ARGV[4])
if not is_first and ARGV[8] == '1' then beyond = 1 end
if tonumber(ARGV[5]) > 0 and hold < now + ARGV[5] then hold = now + ARGV[5] end
local active = call('SCARD', slots)
local is_press, subject, subject_granted, newcomer, newcomer_lane = false, nil, false, nil, nil

local ENTRY_WORDS = 4
local names = {}
for i = is_first and #ARGV + 1 or 9, #ARGV, ENTRY_WORDS do names[#names + 1] = ARGV[i] end
local known = #names > 0 and call('HMGET', KEYS[1], unpack(names)) or {}
local fields, played, ordered, fetched, backing_off, reasons, seen = {}, {}, {}, {}, {}, {}, {}

local function add(list, first, second)
  local n = #list
  list[n + 1], list[n + 2] = first, second
end

for i = 1, #names do
  local at = 9 + (i - 1) * ENTRY_WORDS
  local sid, lane, retry_at = names[i], tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  if not known[i] and not seen[sid] then
    seen[sid] = true
    if retry_at > now then
      add(fields, sid, cmsgpack.pack(DELAYED + lane, 1, 0, ''))
      add(backing_off, retry_at, sid)
      if ARGV[at + 3] ~= '' then add(reasons, sid, ARGV[at + 3]) end
      if wanted_due > retry_at then wanted_due = retry_at end
    else
      add(fields, sid, cmsgpack.pack(lane, 1, 0, ''))
      if lane == PLAY then
        played[#played + 1] = sid
        add(ordered, next_rank, sid)
      else
        add(fetched, next_rank, sid)
      end
      next_rank = next_rank + 1
    end
  end
end
if #fields > 0 then call('HSET', KEYS[1], unpack(fields)) end
if #played > 0 then
  call('RPUSH', queue, unpack(played))
  call('SADD', queued, unpack(played))
  play_waits = play_waits + #played
  if mirrored == 1 then
    call('ZADD', 'rec_order:' .. tag, unpack(ordered))
  elseif play_waits > MIRROR_FROM then
--#include "build_mirror.lua"
  end
  call('EXPIRE', queued, '1200')
  fresh_until_s = math.floor(now / 1000) + 60
end
if #fetched > 0 then
  call('ZADD', fetch, unpack(fetched))
  fetch_waits = 1
end
if #backing_off > 0 then call('ZADD', delayed, unpack(backing_off)) end
if #reasons > 0 then call('HSET', why, unpack(reasons)) end

local name1, value1, name2, value2 = 'r', ARGV[1], nil, nil
if is_last then
  local kept = call('HMGET', KEYS[1], 'k', 'K')
  if kept[1] then
    block_until = tonumber(string.match(kept[1], ' (-?%d+)$'))
    call('HSET', why, 'b', kept[2])
    call('HDEL', KEYS[1], 'k', 'K')
  end
  call('PERSIST', KEYS[1])
--#include "admit.lua"
  if hold > now and wanted_due > hold then wanted_due = hold end
  if block_until > 0 and wanted_due > block_until then wanted_due = block_until end
else
  value1 = 'rebuilding ' .. ARGV[1] .. ' ' .. now
end
--#include "announce.lua"
--#include "write.lua"
local answer = {0, 0, 1}
--#include "answer.lua"
return answer
