-- Calls of one business, each with a stored recording: :business, :count. One call a second, up to 2026-11-23; one in ten has a
-- name instead of a number. The index of the search is made afterwards, in a third of the time.
SET session_replication_role = replica;
SET search_path = tapedeck, public;
SET maintenance_work_mem = '1GB';
INSERT INTO businesses (id, account_sid, sealed_auth_token, download_limit, format, format_is_default, paused)
  VALUES (:'business', '', '', 0, 'mp3', true, false);
DROP INDEX IF EXISTS calls_by_text;
INSERT INTO calls (business_id, call_sid, from_party, to_party, direction, started_at, duration_seconds, search_text)
  SELECT :'business', 'CA' || lpad(to_hex(n), 32, '0'), from_party, to_party,
         CASE WHEN n % 3 = 0 THEN 'outbound' ELSE 'inbound' END, 1763856000000 - n * 1000, n % 600,
         lower(from_party) || E'\n' || to_party || E'\n' || regexp_replace(from_party, '\D', '', 'g') || E'\n'
         || substr(to_party, 2)
  FROM (SELECT n, CASE WHEN n % 10 = 0 THEN 'Customer ' || (hashint8(n) & 1048575)
                       ELSE '+1' || (2000000000 + (hashint8extended(n, 1) & 4294967295)) END AS from_party,
               '+1' || (2000000000 + (hashint8extended(n, 2) & 4294967295)) AS to_party
        FROM generate_series(1, :count::bigint) AS n) AS parties;
INSERT INTO recordings (business_id, call_sid, recording_sid, account_sid, sid, state, blob_key, size_bytes, content_type,
                        sha256, stored_at)
  SELECT :'business', 'CA' || lpad(to_hex(n), 32, '0'), 'RE' || lpad(to_hex(n), 32, '0'),
         'AC' || lpad(to_hex(length(:'business')), 32, '0'), 'CA' || lpad(to_hex(n), 32, '0'), 'stored',
         :'business' || '/2026/11/' || n || '.mp3', 480044, 'audio/mpeg', lpad(to_hex(n), 64, '0'), 1763856000000
  FROM generate_series(1, :count::bigint) AS n;
