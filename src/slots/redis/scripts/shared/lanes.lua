-- Names the keys of the lanes, and the variables of admission. Few steps need rec_order, so each names it itself: building
-- a name costs as much as a command. A fragment.
local queue, queued = 'rec_queue:' .. tag, 'rec_queued:' .. tag
local fetch, inflight = 'rec_fetch:' .. tag, 'rec_inflight:' .. tag .. ':'
local admitted = {}  -- sid, lane, active after it; and so on
local hint_play, hint_fetch = false, false
