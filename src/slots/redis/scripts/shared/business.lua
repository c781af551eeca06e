-- Reads the business of KEYS[1]: its clock, its numbers, its keys. A fragment, not a function: making a function at each
-- call costs as much as two commands.
--
-- Needs    found = HMGET KEYS[1] 'r' 's' ...
-- Ends the script with {1, business} when the state is lost, and with {2, business} while another caller rebuilds it; and
-- with ARGV.finished, where this is the second of two steps.
--
-- rec_conf:{b} is a HASH. Field r: the run_id of the server under which it was made, or 'damaged', or 'rebuilding ...'.
-- Field s: the numbers below. A field for each recording, named by its SID: its entry. A field L<lease>: the SID that the
-- lease holds. A field F<lease> of a finished lease: the answer to its finish; and O<number>, from done_first to before
-- done_next: the leases of these answers, in the order in which they are forgotten.
local call = redis.call

-- ARGV[2] is a clock for tests, in ms; empty: the server's. A script of two steps reads the clock once.
local microseconds = ARGV.microseconds
if not microseconds then
  if ARGV[2] == '' then
    local time = call('TIME')
    microseconds = time[1] * 1000000 + time[2]
  else
    microseconds = ARGV[2] * 1000
  end
end
local now = math.floor(microseconds / 1000)

if found[1] ~= ARGV[1] then
  local REBUILD_PATIENCE_MS = 2000
  local run_id, since = string.match(found[1] or '', '^rebuilding (%S+) (%d+)$')
  if run_id == ARGV[1] and now - since < REBUILD_PATIENCE_MS then
    return {2, string.sub(KEYS[1], 10), ARGV.finished}
  end
  return {1, string.sub(KEYS[1], 10), ARGV.finished}
end

-- Times are in ms; 0 is none. block_until -1: for ever. due: this business's score in rec_due. fresh_until_s: rec_queued
-- needs no refresh before this (seconds). play_waits: the length that we gave the play lane; if the LIST has another one,
-- a foreign program changed it. mirrored 1: rec_order mirrors it. fetch_waits 0: the automatic lane is empty, 1: it may
-- hold something. fetch_granted 0: no grant of the automatic lane is unclaimed, 1: one may be. beyond: requests turned
-- away since the automatic lane held all that wait; 0: it does.
local limit, epoch, next_rank, head_rank, plays, hold, block_until, due, fresh_until_s, done_first, done_next,
  play_waits, mirrored, fetch_waits, fetch_granted, resting, beyond = cmsgpack.unpack(found[2])
local wanted_due = now + 60000  -- latest time of the next look at a business that changes

-- rec_slots SET: the active ones; the set is the count. rec_active ZSET: the same, without those of foreign programs. The
-- score of a grant that no worker has taken: - 2^53 in the play lane, - 2^52 in the automatic lane, + its rank * 2, + 1
-- if the automatic lane's share granted it; so that the first is the next to be claimed. The score of a lease: its
-- deadline, which is positive.
-- rec_queue LIST, rec_queued SET: the play lane; rec_order ZSET: its mirror, by rank, so that a position is a ZRANK. A lane
-- no longer than MIRROR_FROM has no mirror: there LPOS costs less than keeping one.
-- rec_fetch ZSET: the automatic lane, by rank.
local tag = string.sub(KEYS[1], 10)
local slots, activity = 'rec_slots:' .. tag, 'rec_active:' .. tag
local PLAY_GRANT, FETCH_GRANT = -9007199254740992, -4503599627370496

-- An entry of a recording: (stage + lane, kind of answer, reclaims, operation id[, rank, lease]). Stage 0: it waits, or was
-- granted and not claimed; 2: delayed; 4: running. Lane 0: play, 1: automatic.
local DELAYED, RUNNING = 2, 4
local PLAY, FETCH = 0, 1
local MIRROR_FROM = 64
local FETCH_WINDOW = 1000
