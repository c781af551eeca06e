-- What is found in the audio itself, once it was stored.

ALTER TABLE recordings
  ADD COLUMN measure_at           bigint,                     -- not measured, and nobody is at it, from then on; NULL: since stored_at
  ADD COLUMN measure_tries        bigint NOT NULL DEFAULT 0,
  ADD COLUMN measured_ms          bigint,                     -- its duration; the others with it, and the peaks are stored
  ADD COLUMN measured_channels    bigint,
  ADD COLUMN measured_rate        bigint,                     -- Hz
  ADD COLUMN measured_codec       text COLLATE "C",
  ADD COLUMN measure_cause_code   text COLLATE "C",           -- why it is given up
  ADD COLUMN measure_cause_detail text COLLATE "C";

-- What is still to be measured; small, once what was stored before this is done.
CREATE INDEX recordings_unmeasured ON recordings (coalesce(measure_at, stored_at))
  WHERE state = 'stored' AND measured_ms IS NULL AND measure_cause_code IS NULL;
