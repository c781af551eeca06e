-- What is kept how long, held, damaged, and deleted at the provider; and the audit in order of time.

ALTER TABLE businesses ADD COLUMN retention_days INTEGER NOT NULL DEFAULT 0 CHECK (retention_days >= 0);  -- 0: for ever
-- Since its retention changed: the last of its recordings whose delete_at was computed anew. NULL: all of them.
ALTER TABLE businesses ADD COLUMN rescheduled_to TEXT;
ALTER TABLE businesses ADD COLUMN delete_at_provider INTEGER NOT NULL DEFAULT 0;

ALTER TABLE recordings ADD COLUMN delete_at INTEGER;                     -- when the retention ends; NULL: never
ALTER TABLE recordings ADD COLUMN hold_reason TEXT;                      -- NULL: not held
ALTER TABLE recordings ADD COLUMN held_since INTEGER;
ALTER TABLE recordings ADD COLUMN damage TEXT;                           -- what is wrong with the blob
ALTER TABLE recordings ADD COLUMN source_due_at INTEGER;                 -- when to delete it at the provider
ALTER TABLE recordings ADD COLUMN source_gone INTEGER NOT NULL DEFAULT 0;  -- the provider has it no more

-- Held ones are left out, so that they are not passed over again and again.
CREATE INDEX recordings_due ON recordings (delete_at)
  WHERE delete_at IS NOT NULL AND hold_reason IS NULL AND state = 'stored';
CREATE INDEX recordings_source_due ON recordings (source_due_at) WHERE source_due_at IS NOT NULL;
CREATE INDEX audit_by_time ON audit (business_id, at, id);
