#include "calls/sql/functions.hpp"
#include "calls/sql/owner.hpp"
#include "calls/sql/rows.hpp"

#define TAPEDECK_KEY_COLUMNS "id, business_id, name, hash, created_at, revoked_at"

namespace tapedeck::sql {
namespace {

ApiKey read_key(const Rows& row) {
  ApiKey key;
  key.id = row.integer(0);
  key.business = read_id<BusinessId>(row, 1);
  key.name = row.text(2);
  key.hash = row.text(3);
  key.created_at = row.time(4);
  key.revoked_at = read_time(row, 5);
  return key;
}

}  // namespace

Result<std::int64_t> create_key(Session& session, const ApiKey& key) {
  if (is_unknown(session, key.business)) return no_business(key.business);
  const auto id = session.insert(
      "INSERT INTO api_keys (business_id, name, hash, created_at) VALUES (?1, ?2, ?3, ?4)"
      " ON CONFLICT (hash) DO NOTHING{returning_id}",
      reference(key.business), key.name, key.hash, key.created_at);
  if (!id) return fail(Errc::kConflict, "the key exists already");
  return *id;
}

Result<std::optional<ApiKey>> find_key(Session& session, const std::string& hash) {
  Rows row =
      session.query("SELECT " TAPEDECK_KEY_COLUMNS " FROM api_keys WHERE hash = ?1 AND revoked_at IS NULL", hash);
  if (!row.next()) return std::nullopt;
  return read_key(row);
}

Result<std::vector<ApiKey>> list_keys(Session& session) {
  std::vector<ApiKey> keys;
  Rows rows = session.query("SELECT " TAPEDECK_KEY_COLUMNS " FROM api_keys ORDER BY id");
  while (rows.next()) keys.push_back(read_key(rows));
  return keys;
}

Result<void> revoke_key(Session& session, std::int64_t id, SystemTime now) {
  const std::int64_t changed =
      session.run("UPDATE api_keys SET revoked_at = coalesce(revoked_at, ?2) WHERE id = ?1", id, now);
  if (changed == 0) return fail(Errc::kNotFound, fmt::format("no key {}", id));
  return {};
}

Result<void> create_login(Session& session, const std::string& token_hash, const LoginGrant& grant,
                          SystemTime expires) {
  if (is_unknown(session, grant.business)) return no_business(grant.business);
  const std::int64_t added = session.run(
      "INSERT INTO logins (token_hash, business_id, key_id, expires_at) VALUES (?1, ?2, ?3, ?4)"
      " ON CONFLICT (token_hash) DO NOTHING",
      token_hash, reference(grant.business), grant.key_id, expires);
  if (added == 0) return fail(Errc::kConflict, "the login link exists already");
  return {};
}

// Two that consume the same token wait for each other at its row, and the second one finds it gone.
Result<std::optional<LoginGrant>> consume_login(Session& session, const std::string& token_hash, SystemTime now) {
  std::optional<LoginGrant> grant;
  {
    Rows used = session.query("DELETE FROM logins WHERE token_hash = ?1 RETURNING business_id, key_id, expires_at > ?2",
                              token_hash, now);
    if (used.next() && used.boolean(2)) grant = LoginGrant{read_id<BusinessId>(used, 0), used.integer(1)};
  }
  session.run(
      "DELETE FROM logins WHERE token_hash IN (SELECT token_hash FROM logins WHERE expires_at <= ?1{lock_free})", now);
  return grant;
}

}  // namespace tapedeck::sql
