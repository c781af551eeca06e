-- The business of KEYS[1]: its clock, its keys and its numbers.
--
-- Needs    found = HMGET KEYS[1] 'r' 's' ...
-- Ends the script with {1} when the state is lost, and with {2} while somebody rebuilds it.
--
-- rec_conf:{b} is a HASH. Field r: the run_id of the server under which it was made, or what it is instead. Field s: the
-- numbers below. A field for each recording, by its SID: what is remembered of it. A field L<lease>: the SID it holds.
local call = redis.call

-- ARGV[2] is a clock for tests, in ms; empty: the server's.
local now, exact_now
if ARGV[2] == '' then
  local time = call('TIME')
  exact_now = time[1] * 1000 + time[2] / 1000
  now = math.floor(exact_now)
else
  now = tonumber(ARGV[2])
  exact_now = now
end

local REBUILD_PATIENCE_MS = 2000
if found[1] ~= ARGV[1] then
  local since = found[1] and string.match(found[1], '^rebuilding (%d+)$')
  if since and now - since < REBUILD_PATIENCE_MS then return {2} end
  return {1}
end

-- Times are in ms; 0 is none. block_until -1: for ever. fresh_until_s: rec_queued need not be refreshed before (seconds).
-- fetch_granted 0: no grant of the fetch lane is unclaimed; 1: there may be one. due: this business's score in rec_due.
local limit, epoch, next_rank, head_rank, plays, hold, block_until, due, fresh_until_s, done_bucket, fetch_granted, resting =
  cmsgpack.unpack(found[2])

local tag = string.sub(KEYS[1], 10)
local slots, queue, queued = 'rec_slots:' .. tag, 'rec_queue:' .. tag, 'rec_queued:' .. tag
local order, fetch, grants = 'rec_order:' .. tag, 'rec_fetch:' .. tag, 'rec_grants:' .. tag
local leases, delayed, why = 'rec_leases:' .. tag, 'rec_delayed:' .. tag, 'rec_why:' .. tag
local inflight = 'rec_inflight:' .. tag .. ':'

local IDLE_LOOK_MS = 60000   -- a business that something happened to is looked at after this, at the latest
local OVERDUE_MS = 5000      -- a sweep that is later than this has lost sight of the business
local wanted_due = now + IDLE_LOOK_MS

local function want_due(at)
  if at < wanted_due then wanted_due = at end
end

-- Writes the numbers, and further fields of rec_conf.
local function write_numbers(...)
  call('HSET', KEYS[1], 's', cmsgpack.pack(limit, epoch, next_rank, head_rank, plays, hold, block_until, due,
    fresh_until_s, done_bucket, fetch_granted, resting), ...)
end

-- The same, once rec_due knows when to look again.
local function save(...)
  if due == 0 or wanted_due < due or due < now - OVERDUE_MS then
    due = wanted_due
    if KEYS[4] then call('ZADD', KEYS[4], 'LT', due, tag) end
  end
  if resting == 1 then
    resting = 0
    call('PERSIST', KEYS[1])
  end
  write_numbers(...)
end

-- A foreign program changed our keys: nothing here can be trusted. The next one who asks is told to recover.
local function damaged(key)
  call('HSET', KEYS[1], 'r', 'damaged')
  error('DAMAGED ' .. key)
end

-- What is remembered of a recording: (stage * 2 + lane, kind of answer, reclaims, operation id[, rank, lease]).
-- Stage 0: waits, or was granted and not claimed; 1: delayed; 2: running. Lane 0: play, 1: fetch.
local WAITING, DELAYED, RUNNING = 0, 2, 4
local PLAY, FETCH = 0, 1
