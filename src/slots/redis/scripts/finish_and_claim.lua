-- Finishes a lease as finish.lua does, and then claims as claim_next.lua does, in one step. A worker without room asks
-- for this when a download has ended. Not in a Cluster.
--
-- KEYS  rec_conf:{b} of the lease, rec_ready:{r}:play rec_ready:{r}:fetch rec_due rec_claim:<worker>; derived: those of
--       finish.lua, and those of claim.lua, of the business whose turn it is
-- ARGV  run_id, clock, lease, sid, outcome, retry at, why, as finish.lua; then the lease of the claim, 1: presses only,
--       1: both were sent before, and their answer was lost
-- Gives what claim_next.lua gives, and at the end, as one value, what finish.lua gives; {1, business} and {2, business}
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
