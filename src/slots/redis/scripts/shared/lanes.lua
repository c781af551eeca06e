-- The keys of the lanes, and what a step may tell of them. Few steps need rec_order, and name it where they do: a name that is
-- put together costs as much as a command. A fragment.
local queue, queued = 'rec_queue:' .. tag, 'rec_queued:' .. tag
local fetch, inflight = 'rec_fetch:' .. tag, 'rec_inflight:' .. tag .. ':'
local admitted = {}  -- sid, lane, active after it; and so on
local hint_play, hint_fetch = false, false
