#include "calls/sqlite/access.hpp"

#include "calls/sqlite/rows.hpp"

namespace tapedeck::sqlite {
namespace {

// An operator's rows have no business: NULL, so that the reference holds.
std::optional<BusinessId> reference(const BusinessId& business) {
  if (business.empty()) return std::nullopt;
  return business;
}

bool is_unknown(Database& database, const BusinessId& business) {
  return !business.empty() && !business_exists(database, business);
}

ApiKey read_key(const Statement& row) {
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

Result<std::int64_t> create_key(Database& database, const ApiKey& key) {
  if (is_unknown(database, key.business)) return no_business(key.business);
  database.run(
      "INSERT INTO api_keys (business_id, name, hash, created_at) VALUES (?1, ?2, ?3, ?4)"
      " ON CONFLICT (hash) DO NOTHING",
      reference(key.business), key.name, key.hash, key.created_at);
  if (database.changes() == 0) return fail(Errc::kConflict, "the key exists already");
  return database.last_row_id();
}

Result<std::optional<ApiKey>> find_key(Database& database, const std::string& hash) {
  Statement row = database.query(
      "SELECT id, business_id, name, hash, created_at, revoked_at FROM api_keys"
      " WHERE hash = ?1 AND revoked_at IS NULL",
      hash);
  if (!row.step()) return std::nullopt;
  return read_key(row);
}

Result<std::vector<ApiKey>> list_keys(Database& database) {
  std::vector<ApiKey> keys;
  Statement rows =
      database.query("SELECT id, business_id, name, hash, created_at, revoked_at FROM api_keys ORDER BY id");
  while (rows.step()) keys.push_back(read_key(rows));
  return keys;
}

Result<void> revoke_key(Database& database, std::int64_t id, SystemTime now) {
  database.run("UPDATE api_keys SET revoked_at = coalesce(revoked_at, ?2) WHERE id = ?1", id, now);
  if (database.changes() == 0) return fail(Errc::kNotFound, fmt::format("no key {}", id));
  return {};
}

Result<void> create_login(Database& database, const std::string& token_hash, const LoginGrant& grant,
                          SystemTime expires) {
  if (is_unknown(database, grant.business)) return no_business(grant.business);
  database.run(
      "INSERT INTO logins (token_hash, business_id, key_id, expires_at) VALUES (?1, ?2, ?3, ?4)"
      " ON CONFLICT (token_hash) DO NOTHING",
      token_hash, reference(grant.business), grant.key_id, expires);
  if (database.changes() == 0) return fail(Errc::kConflict, "the login link exists already");
  return {};
}

Result<std::optional<LoginGrant>> consume_login(Database& database, const std::string& token_hash, SystemTime now) {
  std::optional<LoginGrant> grant;
  {
    Statement row = database.query("SELECT business_id, key_id FROM logins WHERE token_hash = ?1 AND expires_at > ?2",
                                   token_hash, now);
    if (row.step()) grant = LoginGrant{read_id<BusinessId>(row, 0), row.integer(1)};
  }
  database.run("DELETE FROM logins WHERE token_hash = ?1 OR expires_at <= ?2", token_hash, now);
  return grant;
}

Result<void> append_audit(Database& database, const std::vector<AuditEntry>& entries) {
  for (const AuditEntry& entry : entries) {
    database.run("INSERT INTO audit (at, business_id, actor, action, sid, detail) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                 entry.at, entry.business, entry.actor, entry.action, entry.sid, entry.detail);
  }
  return {};
}

}  // namespace tapedeck::sqlite
