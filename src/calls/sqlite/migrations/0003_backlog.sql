-- When a recording was asked for, so that the oldest wait can be told.
ALTER TABLE recordings ADD COLUMN wanted_at INTEGER;

-- What waited before this was not marked: it waits from now on.
UPDATE recordings SET wanted_at = CAST(strftime('%s', 'now') AS INTEGER) * 1000 WHERE state IN ('queued', 'processing');
