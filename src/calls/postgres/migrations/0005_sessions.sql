-- Sessions of the page, so that they can be ended.

CREATE TABLE sessions (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,  -- never reused: audit entries name it
  business_id text COLLATE "C" REFERENCES businesses (id),      -- NULL: an operator
  key_id      bigint NOT NULL,                                  -- 0: none
  token_hash  text COLLATE "C" NOT NULL UNIQUE,
  created_at  bigint NOT NULL,
  seen_at     bigint NOT NULL,
  expires_at  bigint NOT NULL
);
CREATE INDEX sessions_by_end ON sessions (expires_at);
