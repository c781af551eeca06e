-- What is found in the audio itself, once it was stored.

-- Not measured, and nobody is at it, from then on; NULL: since it was stored.
ALTER TABLE recordings ADD COLUMN measure_at INTEGER;
ALTER TABLE recordings ADD COLUMN measure_tries INTEGER NOT NULL DEFAULT 0;
ALTER TABLE recordings ADD COLUMN measured_ms INTEGER;        -- its duration; the others with it, and the peaks are stored
ALTER TABLE recordings ADD COLUMN measured_channels INTEGER;
ALTER TABLE recordings ADD COLUMN measured_rate INTEGER;      -- Hz
ALTER TABLE recordings ADD COLUMN measured_codec TEXT;
ALTER TABLE recordings ADD COLUMN measure_cause_code TEXT;    -- why it is given up
ALTER TABLE recordings ADD COLUMN measure_cause_detail TEXT;

-- What is still to be measured; small, once what was stored before this is done.
CREATE INDEX recordings_unmeasured ON recordings (coalesce(measure_at, stored_at))
  WHERE state = 'stored' AND measured_ms IS NULL AND measure_cause_code IS NULL;
