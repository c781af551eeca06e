-- Imports, and the upkeep that looks for what was missed.

CREATE TABLE imports (
  id             INTEGER PRIMARY KEY,
  business_id    TEXT NOT NULL REFERENCES businesses (id),
  account_sid    TEXT NOT NULL,
  since          INTEGER,
  until          INTEGER,
  started_at     INTEGER NOT NULL,
  touched_at     INTEGER NOT NULL,
  next_page      TEXT NOT NULL DEFAULT '',
  is_listed      INTEGER NOT NULL DEFAULT 0,
  listed         INTEGER NOT NULL DEFAULT 0,
  stored_before  INTEGER NOT NULL DEFAULT 0,
  waiting_before INTEGER NOT NULL DEFAULT 0,
  failed_before  INTEGER NOT NULL DEFAULT 0,
  gone           INTEGER NOT NULL DEFAULT 0,
  not_completed  INTEGER NOT NULL DEFAULT 0,
  not_ours       INTEGER NOT NULL DEFAULT 0,
  unreadable     INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX imports_touched ON imports (touched_at);

-- The import that queued a recording. The index holds what a tally asks for, and nothing of other recordings.
ALTER TABLE recordings ADD COLUMN import_id INTEGER;
CREATE INDEX recordings_of_import ON recordings (import_id, state, cause_code) WHERE import_id IS NOT NULL;

CREATE TABLE leases (
  name       TEXT PRIMARY KEY,
  holder     TEXT NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- How far the tasks of the upkeep are.
CREATE TABLE marks (
  name        TEXT PRIMARY KEY,
  cursor      TEXT NOT NULL,
  finished_at INTEGER
) STRICT, WITHOUT ROWID;
