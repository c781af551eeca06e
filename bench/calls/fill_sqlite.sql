-- Calls of one business, each with a stored recording, as in fill_postgres.sql: :business, :count. Here the hash of a
-- number is its product with a large odd one, cut to 32 bits. Rows are in the order of their SIDs, so that the indexes of the
-- UNIQUE constraints, which cannot be dropped, grow at one end only.
INSERT INTO businesses (id, account_sid, sealed_auth_token, download_limit, format, format_is_default, paused)
  VALUES (:business, '', '', 0, 'mp3', 1, 0);
INSERT INTO calls (business_id, call_sid, from_party, to_party, direction, started_at, duration_seconds, search_text)
  SELECT :business, printf('CA%032x', n), from_party, to_party, iif(n % 3 = 0, 'outbound', 'inbound'),
         1763856000000 - n * 1000, n % 600,
         lower(from_party) || char(10) || to_party || char(10) || ltrim(from_party, 'Customer +') || char(10)
         || substr(to_party, 2)
  FROM (SELECT value AS n,
               CASE WHEN value % 10 = 0 THEN 'Customer ' || (value * 2654435761 >> 12 & 1048575)
                    ELSE '+1' || (2000000000 + (value * 2654435761 & 4294967295)) END AS from_party,
               '+1' || (2000000000 + (value * 2246822519 & 4294967295)) AS to_party
        FROM generate_series(1, :count)) AS parties;
INSERT INTO recordings (business_id, call_sid, recording_sid, account_sid, sid, state, blob_key, size_bytes, content_type,
                        sha256, stored_at)
  SELECT :business, printf('CA%032x', value), printf('RE%032x', value), printf('AC%032x', length(:business)),
         printf('CA%032x', value), 'stored', :business || '/2026/11/' || value || '.mp3', 480044, 'audio/mpeg',
         printf('%064x', value), 1763856000000
  FROM generate_series(1, :count);
