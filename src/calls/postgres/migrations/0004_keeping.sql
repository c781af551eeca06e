-- What is kept how long, held, damaged, and deleted at the provider; and the audit in order of time.

ALTER TABLE businesses
  ADD COLUMN retention_days bigint NOT NULL DEFAULT 0 CHECK (retention_days >= 0),  -- 0: for ever
  -- Since its retention changed: the last of its recordings whose delete_at was computed anew. NULL: all of them.
  ADD COLUMN rescheduled_to text COLLATE "C",
  ADD COLUMN delete_at_provider boolean NOT NULL DEFAULT false;

ALTER TABLE recordings
  ADD COLUMN delete_at bigint,                            -- when the retention ends; NULL: never
  ADD COLUMN hold_reason text COLLATE "C",                -- NULL: not held
  ADD COLUMN held_since bigint,
  ADD COLUMN damage text COLLATE "C",                     -- what is wrong with the blob
  ADD COLUMN source_due_at bigint,                        -- when to delete it at the provider
  ADD COLUMN source_gone boolean NOT NULL DEFAULT false;  -- the provider has it no more

-- Held ones are left out, so that they are not passed over again and again.
CREATE INDEX recordings_due ON recordings (delete_at)
  WHERE delete_at IS NOT NULL AND hold_reason IS NULL AND state = 'stored';
CREATE INDEX recordings_source_due ON recordings (source_due_at) WHERE source_due_at IS NOT NULL;
CREATE INDEX audit_by_time ON audit (business_id, at, id);
