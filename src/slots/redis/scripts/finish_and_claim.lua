-- Finishes a lease as finish.lua does, and then claims as claim_next.lua does, in one step: what a worker without room asks
-- when a download has ended. Not in a Cluster.
--
-- KEYS  rec_conf:{b} of the lease, rec_ready:{r}:play rec_ready:{r}:fetch rec_due rec_claim:<worker>; derived: those of
--       finish.lua, and those of claim.lua, of whose turn it is
-- ARGV  run_id, clock, lease, sid, outcome, retry at, why, as finish.lua; then the lease of the claim, 1: presses only,
--       1: all this was sent before, and its answer was lost
-- Gives what claim_next.lua does, with what finish.lua does as one more value at the end; {1, business} and {2, business}
--       alone: nothing was finished and nothing claimed
-- Cost  O(log n)
local finished, read_at
do
--#include "finish_of.lua"
  finished, read_at = answer, microseconds
end
local KEYS = {KEYS[2], KEYS[3], KEYS[4], KEYS[5]}
local ARGV = {ARGV[1], ARGV[2], ARGV[8], ARGV[9], ARGV[10], microseconds = read_at, finished = finished}
--#include "next_claim.lua"
