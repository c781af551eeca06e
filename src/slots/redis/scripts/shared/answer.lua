-- Completes `answer`: its code (+ 4 for a grant of the play lane that waits for a worker, + 8 for one of the automatic
-- lane), the limit, the caller's values from the third on, then those that this step let in. A fragment; the script
-- returns `answer`.
answer[1] = (hint_play and 4 or 0) + (hint_fetch and 8 or 0)
answer[2] = limit
local n = #answer
for i = 1, #admitted do answer[n + i] = admitted[i] end
