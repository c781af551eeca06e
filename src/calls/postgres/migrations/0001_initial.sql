-- Businesses, calls, recordings, keys, logins and audit: what SQLite's migrations made in two steps. Times are
-- milliseconds since 1970 UTC. Run with the schema `tapedeck` first in the search path.
--
-- Text is COLLATE "C" throughout: names are compared byte by byte, lists are in the same order everywhere, and no index
-- depends on the collations of an operating system, which change with its upgrades.

-- For the search: trusted extensions, so the owner of the database may make them (PostgreSQL 13 and newer). Whoever made
-- them before, and where, does not matter.
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS btree_gin;

-- Counters. schema: the number of the last migration. probe: what a health check changes.
CREATE TABLE meta (
  key   text COLLATE "C" PRIMARY KEY,
  value bigint NOT NULL
);
INSERT INTO meta (key, value) VALUES ('schema', 0), ('probe', 0);

-- One row for each connection that changes something: by it a change whose COMMIT was never answered is recognised
-- (change_mark.hpp). A change with a number below the barrier may not be committed any more; it is turned into -1, which
-- the CHECK refuses.
CREATE TABLE change_marks (
  id      bigint PRIMARY KEY,
  number  bigint NOT NULL CHECK (number >= 0),
  barrier bigint NOT NULL,
  seen_at timestamptz NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE businesses (
  id                text COLLATE "C" PRIMARY KEY,
  account_sid       text COLLATE "C" NOT NULL,  -- empty: the default account of the settings
  sealed_auth_token text COLLATE "C" NOT NULL,  -- base/secret_box.hpp, with the id as context; empty with account_sid
  download_limit    bigint NOT NULL CHECK (download_limit >= 0),  -- 0: the default of the settings
  format            text COLLATE "C" NOT NULL CHECK (format IN ('mp3', 'wav', 'wav-dual')),
  format_is_default boolean NOT NULL,
  paused            boolean NOT NULL,
  slot_epoch        bigint NOT NULL DEFAULT 0   -- the number of the last rebuilding of its slots
);

CREATE TABLE calls (
  id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  business_id      text COLLATE "C" NOT NULL REFERENCES businesses (id),
  call_sid         text COLLATE "C" NOT NULL,
  from_party       text COLLATE "C" NOT NULL,
  to_party         text COLLATE "C" NOT NULL,
  direction        text COLLATE "C" CHECK (direction IN ('inbound', 'outbound')),
  started_at       bigint NOT NULL,
  duration_seconds bigint,
  search_text      text COLLATE "C" NOT NULL,   -- calls/search_text.hpp
  UNIQUE (business_id, call_sid)
) WITH (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
-- The list, newest first, by keyset.
CREATE INDEX calls_by_time ON calls (business_id, started_at, id);
-- The search, within one business. Without the list of pending entries, which each search would have to read through.
CREATE INDEX calls_by_text ON calls USING gin (business_id, search_text gin_trgm_ops) WITH (fastupdate = off);

CREATE TABLE recordings (
  id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  business_id      text COLLATE "C" NOT NULL,
  call_sid         text COLLATE "C" NOT NULL,
  provider         text COLLATE "C" NOT NULL DEFAULT 'twilio',
  account_sid      text COLLATE "C" NOT NULL,   -- empty: told without one, so the default account
  recording_sid    text COLLATE "C" NOT NULL,
  sid              text COLLATE "C" NOT NULL,   -- the name it goes by: call_sid for a call's first recording, else recording_sid
  state            text COLLATE "C" NOT NULL DEFAULT 'remote'
                   CHECK (state IN ('remote', 'queued', 'processing', 'stored', 'failed', 'absent', 'deleted')),
  lane             text COLLATE "C" NOT NULL DEFAULT 'fetch' CHECK (lane IN ('play', 'fetch')),
  wanted_order     bigint NOT NULL DEFAULT 0,   -- place among those that wait
  wanted_at        bigint,                      -- when it was asked for
  fence            bigint NOT NULL DEFAULT 0,
  attempts         bigint NOT NULL DEFAULT 0,
  open_attempts    bigint NOT NULL DEFAULT 0,   -- attempts of which nobody has heard the end: 0, 1, or 2 for more
  retry_at         bigint,
  cause_code       text COLLATE "C",
  cause_detail     text COLLATE "C",
  duration_seconds bigint,
  channels         bigint NOT NULL DEFAULT 0,
  recorded_at      bigint,
  announced_at     bigint,
  blob_key         text COLLATE "C",
  size_bytes       bigint,
  content_type     text COLLATE "C",
  sha256           text COLLATE "C",
  stored_at        bigint,
  UNIQUE (recording_sid, account_sid, provider),  -- its identity; also finds a business's recording by its own SID
  UNIQUE (business_id, sid),                      -- also finds a call's first recording, which goes by call_sid
  FOREIGN KEY (business_id, call_sid) REFERENCES calls (business_id, call_sid)
) WITH (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
-- Places in the order of asking. Not max() + 1 as in SQLite, where one thread writes: here two presses at the same time
-- would get the same place, or have to wait for each other's commit.
CREATE SEQUENCE wanted_orders;
-- A call's second and later recordings: only what the two unique ones do not find.
CREATE INDEX recordings_further ON recordings (business_id, call_sid, id) WHERE sid <> call_sid;
-- What the slot store is rebuilt from: small, however many are stored.
CREATE INDEX recordings_waiting ON recordings (wanted_order) WHERE state IN ('queued', 'processing');
CREATE INDEX recordings_waiting_by_business ON recordings (business_id, wanted_order)
  WHERE state IN ('queued', 'processing');
CREATE INDEX recordings_open ON recordings (business_id) WHERE open_attempts > 0;
CREATE INDEX recordings_deleted_with_blob ON recordings (id) WHERE state = 'deleted' AND blob_key IS NOT NULL;

CREATE TABLE api_keys (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,  -- never reused: audit entries name it
  business_id text COLLATE "C" REFERENCES businesses (id),      -- NULL: an operator's
  name        text COLLATE "C" NOT NULL,
  hash        text COLLATE "C" NOT NULL UNIQUE,
  created_at  bigint NOT NULL,
  revoked_at  bigint
);

CREATE TABLE logins (
  token_hash  text COLLATE "C" PRIMARY KEY,
  business_id text COLLATE "C" REFERENCES businesses (id),      -- NULL: an operator
  key_id      bigint NOT NULL,                                  -- 0: none
  expires_at  bigint NOT NULL
);

-- No reference to businesses: an entry is worth keeping whatever it speaks of.
CREATE TABLE audit (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at          bigint NOT NULL,
  business_id text COLLATE "C" NOT NULL,
  actor       text COLLATE "C" NOT NULL,
  action      text COLLATE "C" NOT NULL,
  sid         text COLLATE "C" NOT NULL,
  detail      text COLLATE "C" NOT NULL
);
