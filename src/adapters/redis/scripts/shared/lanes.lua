-- The keys of the lanes, and what a step may tell of them. A fragment.
local queue, queued, order = 'rec_queue:' .. tag, 'rec_queued:' .. tag, 'rec_order:' .. tag
local fetch, inflight = 'rec_fetch:' .. tag, 'rec_inflight:' .. tag .. ':'
local admitted = {}  -- sid, lane, active after it; and so on
local hint_play, hint_fetch = false, false
