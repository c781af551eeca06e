-- What a slot store that has lost its memory is rebuilt from, a business at a time.

-- Attempts that began and of which nobody has heard the end: 0, 1, or 2 for more. Their connections may be open.
ALTER TABLE recordings ADD COLUMN open_attempts INTEGER NOT NULL DEFAULT 0;
-- The number of the last rebuilding of a business's slots.
ALTER TABLE businesses ADD COLUMN slot_epoch INTEGER NOT NULL DEFAULT 0;

-- A version before this one did not mark what it had open.
UPDATE recordings SET open_attempts = 1 WHERE state = 'processing';

CREATE INDEX recordings_waiting_by_business ON recordings (business_id, wanted_order)
  WHERE state IN ('queued', 'processing');
CREATE INDEX recordings_open ON recordings (business_id) WHERE open_attempts > 0;
