-- Businesses, calls, recordings, keys, logins and audit. Times are milliseconds since 1970 UTC.

-- Counters. probe: what a health check changes.
CREATE TABLE meta (
  key   TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO meta (key, value) VALUES ('probe', 0);

CREATE TABLE businesses (
  id                TEXT PRIMARY KEY,
  account_sid       TEXT NOT NULL,     -- empty: the default account of the settings
  sealed_auth_token TEXT NOT NULL,     -- base/secret_box.hpp, with the id as context; empty with account_sid
  download_limit    INTEGER NOT NULL CHECK (download_limit >= 0),  -- 0: the default of the settings
  format            TEXT NOT NULL CHECK (format IN ('mp3', 'wav', 'wav-dual')),
  format_is_default INTEGER NOT NULL,
  paused            INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE calls (
  id               INTEGER PRIMARY KEY,
  business_id      TEXT NOT NULL REFERENCES businesses (id),
  call_sid         TEXT NOT NULL,
  from_party       TEXT NOT NULL,
  to_party         TEXT NOT NULL,
  direction        TEXT CHECK (direction IN ('inbound', 'outbound')),
  started_at       INTEGER NOT NULL,
  duration_seconds INTEGER,
  search_text      TEXT NOT NULL,      -- search_text.hpp
  UNIQUE (business_id, call_sid)
) STRICT;
-- The list, newest first. The last two columns are there so that a search passes over the calls it does not find
-- without reading their rows: five times as fast over 100,000 of them.
CREATE INDEX calls_by_time ON calls (business_id, started_at, id, direction, search_text);

CREATE TABLE recordings (
  id               INTEGER PRIMARY KEY,
  business_id      TEXT NOT NULL,
  call_sid         TEXT NOT NULL,
  provider         TEXT NOT NULL DEFAULT 'twilio',
  account_sid      TEXT NOT NULL,      -- empty: told without one, so the default account
  recording_sid    TEXT NOT NULL,
  sid              TEXT NOT NULL,      -- the name it goes by: call_sid for a call's first recording, else recording_sid
  -- Spelled out: for IN with more than two values SQLite builds a table at each change, which is half of its cost.
  state            TEXT NOT NULL DEFAULT 'remote'
                   CHECK (state = 'remote' OR state = 'queued' OR state = 'processing' OR state = 'stored'
                          OR state = 'failed' OR state = 'absent' OR state = 'deleted'),
  lane             TEXT NOT NULL DEFAULT 'fetch' CHECK (lane IN ('play', 'fetch')),
  wanted_order     INTEGER NOT NULL DEFAULT 0,  -- place among those that wait
  fence            INTEGER NOT NULL DEFAULT 0,
  attempts         INTEGER NOT NULL DEFAULT 0,
  retry_at         INTEGER,
  cause_code       TEXT,
  cause_detail     TEXT,
  duration_seconds INTEGER,
  channels         INTEGER NOT NULL DEFAULT 0,
  recorded_at      INTEGER,
  announced_at     INTEGER,
  blob_key         TEXT,
  size_bytes       INTEGER,
  content_type     TEXT,
  sha256           TEXT,
  stored_at        INTEGER,
  UNIQUE (recording_sid, account_sid, provider),  -- its identity; also finds a business's recording by its own SID
  UNIQUE (business_id, sid),                      -- also finds a call's first recording, which goes by call_sid
  FOREIGN KEY (business_id, call_sid) REFERENCES calls (business_id, call_sid)
) STRICT;
-- A call's second and later recordings. Each index is a page more to write for a new recording, so this one holds only
-- what the two above do not find.
CREATE INDEX recordings_further ON recordings (business_id, call_sid, id) WHERE sid <> call_sid;
-- What the slot store is rebuilt from at start, and where the next one finds its place: small, however many are stored.
CREATE INDEX recordings_waiting ON recordings (wanted_order) WHERE state IN ('queued', 'processing');
CREATE INDEX recordings_deleted_with_blob ON recordings (id) WHERE state = 'deleted' AND blob_key IS NOT NULL;

CREATE TABLE api_keys (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,  -- never reused: audit entries name it
  business_id TEXT REFERENCES businesses (id),    -- NULL: an operator's
  name        TEXT NOT NULL,
  hash        TEXT NOT NULL UNIQUE,
  created_at  INTEGER NOT NULL,
  revoked_at  INTEGER
) STRICT;

CREATE TABLE logins (
  token_hash  TEXT PRIMARY KEY,
  business_id TEXT REFERENCES businesses (id),    -- NULL: an operator
  key_id      INTEGER NOT NULL,                   -- 0: none
  expires_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- No reference to businesses: an entry is worth keeping whatever it speaks of.
CREATE TABLE audit (
  id          INTEGER PRIMARY KEY,
  at          INTEGER NOT NULL,
  business_id TEXT NOT NULL,
  actor       TEXT NOT NULL,
  action      TEXT NOT NULL,
  sid         TEXT NOT NULL,
  detail      TEXT NOT NULL
) STRICT;
