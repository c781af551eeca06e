-- Imports, and the upkeep that looks for what was missed.

CREATE TABLE imports (
  id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  business_id    text COLLATE "C" NOT NULL REFERENCES businesses (id),
  account_sid    text COLLATE "C" NOT NULL,
  since          bigint,
  until          bigint,
  started_at     bigint NOT NULL,
  touched_at     bigint NOT NULL,
  next_page      text COLLATE "C" NOT NULL DEFAULT '',
  is_listed      boolean NOT NULL DEFAULT false,
  listed         bigint NOT NULL DEFAULT 0,
  stored_before  bigint NOT NULL DEFAULT 0,
  waiting_before bigint NOT NULL DEFAULT 0,
  failed_before  bigint NOT NULL DEFAULT 0,
  gone           bigint NOT NULL DEFAULT 0,
  not_completed  bigint NOT NULL DEFAULT 0,
  not_ours       bigint NOT NULL DEFAULT 0,
  unreadable     bigint NOT NULL DEFAULT 0
);
CREATE INDEX imports_touched ON imports (touched_at);

-- The import that queued a recording. The index holds what a tally asks for, and nothing of other recordings.
ALTER TABLE recordings ADD COLUMN import_id bigint;
CREATE INDEX recordings_of_import ON recordings (import_id, state, cause_code) WHERE import_id IS NOT NULL;

CREATE TABLE leases (
  name       text COLLATE "C" PRIMARY KEY,
  holder     text COLLATE "C" NOT NULL,
  expires_at bigint NOT NULL
);

-- How far the tasks of the upkeep are.
CREATE TABLE marks (
  name        text COLLATE "C" PRIMARY KEY,
  cursor      text COLLATE "C" NOT NULL,
  finished_at bigint
);
