-- Sessions of the page, so that they can be ended.

CREATE TABLE sessions (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,  -- never reused: audit entries name it
  business_id TEXT REFERENCES businesses (id),    -- NULL: an operator
  key_id      INTEGER NOT NULL,                   -- 0: none
  token_hash  TEXT NOT NULL UNIQUE,
  created_at  INTEGER NOT NULL,
  seen_at     INTEGER NOT NULL,
  expires_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX sessions_by_end ON sessions (expires_at);
