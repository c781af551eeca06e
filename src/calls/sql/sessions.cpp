#include "calls/sql/functions.hpp"
#include "calls/sql/owner.hpp"
#include "calls/sql/rows.hpp"

// Each statement names a live session in the same way: not expired, and its key not revoked.
#define TAPEDECK_LIVE_SESSIONS                                                                                   \
  "SELECT s.id, s.business_id, s.key_id, s.token_hash, s.created_at, s.seen_at, s.expires_at FROM sessions AS s" \
  " WHERE s.expires_at > ?1"                                                                                     \
  " AND NOT EXISTS (SELECT 1 FROM api_keys AS k WHERE k.id = s.key_id AND k.revoked_at IS NOT NULL)"

namespace tapedeck::sql {
namespace {

PageSession read_session(const Rows& row) {
  return {row.integer(0), read_id<BusinessId>(row, 1), row.integer(2), row.text(3), row.time(4), row.time(5),
          row.time(6)};
}

}  // namespace

Result<std::int64_t> create_session(Session& session, const PageSession& page) {
  if (is_unknown(session, page.business)) return no_business(page.business);
  session.run("DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires_at <= ?1{lock_free})",
              page.created_at);
  const auto id = session.insert(
      "INSERT INTO sessions (business_id, key_id, token_hash, created_at, seen_at, expires_at)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (token_hash) DO NOTHING{returning_id}",
      reference(page.business), page.key_id, page.token_hash, page.created_at, page.seen_at, page.expires_at);
  if (!id) return fail(Errc::kConflict, "the session exists already");
  return *id;
}

Result<std::optional<PageSession>> find_session(Session& session, const std::string& token_hash, SystemTime now,
                                                SystemTime seen_since) {
  Rows row =
      session.query(TAPEDECK_LIVE_SESSIONS " AND s.token_hash = ?2 AND s.seen_at >= ?3", now, token_hash, seen_since);
  if (!row.next()) return std::nullopt;
  return read_session(row);
}

Result<void> touch_session(Session& session, std::int64_t id, SystemTime now) {
  session.run("UPDATE sessions SET seen_at = ?2 WHERE id = ?1 AND seen_at < ?2", id, now);
  return {};
}

Result<std::vector<PageSession>> list_sessions(Session& session, SystemTime now) {
  std::vector<PageSession> found;
  Rows rows = session.query(TAPEDECK_LIVE_SESSIONS " ORDER BY s.id", now);
  while (rows.next()) found.push_back(read_session(rows));
  return found;
}

Result<void> end_session(Session& session, std::int64_t id) {
  if (session.run("DELETE FROM sessions WHERE id = ?1", id) == 0) {
    return fail(Errc::kNotFound, fmt::format("no session {}", id));
  }
  return {};
}

}  // namespace tapedeck::sql
