#include "calls/postgres/access.hpp"

#include "calls/postgres/rows.hpp"

namespace tapedeck::postgres {
namespace {

// An operator's rows have no business: NULL, so that the reference holds.
std::optional<BusinessId> reference(const BusinessId& business) {
  if (business.empty()) return std::nullopt;
  return business;
}

bool is_unknown(Database& database, const BusinessId& business) {
  return !business.empty() && !business_exists(database, business);
}

ApiKey read_key(const Row& row) {
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
  const ResultRows added = database.query(
      "INSERT INTO api_keys (business_id, name, hash, created_at) VALUES ($1, $2, $3, $4)"
      " ON CONFLICT (hash) DO NOTHING RETURNING id",
      reference(key.business), key.name, key.hash, key.created_at);
  if (added.empty()) return fail(Errc::kConflict, "the key exists already");
  return added.front().integer(0);
}

Result<std::optional<ApiKey>> find_key(Database& database, const std::string& hash) {
  const ResultRows rows = database.query(
      "SELECT id, business_id, name, hash, created_at, revoked_at FROM api_keys"
      " WHERE hash = $1 AND revoked_at IS NULL",
      hash);
  if (rows.empty()) return std::nullopt;
  return read_key(rows.front());
}

Result<std::vector<ApiKey>> list_keys(Database& database) {
  std::vector<ApiKey> keys;
  const ResultRows rows =
      database.query("SELECT id, business_id, name, hash, created_at, revoked_at FROM api_keys ORDER BY id");
  for (const Row row : rows) keys.push_back(read_key(row));
  return keys;
}

Result<void> revoke_key(Database& database, std::int64_t id, SystemTime now) {
  const std::int64_t changed =
      database.run("UPDATE api_keys SET revoked_at = coalesce(revoked_at, $2) WHERE id = $1", id, now);
  if (changed == 0) return fail(Errc::kNotFound, fmt::format("no key {}", id));
  return {};
}

Result<void> create_login(Database& database, const std::string& token_hash, const LoginGrant& grant,
                          SystemTime expires) {
  if (is_unknown(database, grant.business)) return no_business(grant.business);
  const std::int64_t added = database.run(
      "INSERT INTO logins (token_hash, business_id, key_id, expires_at) VALUES ($1, $2, $3, $4)"
      " ON CONFLICT (token_hash) DO NOTHING",
      token_hash, reference(grant.business), grant.key_id, expires);
  if (added == 0) return fail(Errc::kConflict, "the login link exists already");
  return {};
}

// Two who consume the same token wait for each other at its row, and the second one finds it gone.
Result<std::optional<LoginGrant>> consume_login(Database& database, const std::string& token_hash, SystemTime now) {
  std::optional<LoginGrant> grant;
  const ResultRows used = database.query(
      "DELETE FROM logins WHERE token_hash = $1 RETURNING business_id, key_id, expires_at > $2", token_hash, now);
  if (!used.empty() && used.front().boolean(2)) {
    grant = LoginGrant{read_id<BusinessId>(used.front(), 0), used.front().integer(1)};
  }
  (void)database.run(
      "DELETE FROM logins WHERE token_hash IN"
      " (SELECT token_hash FROM logins WHERE expires_at <= $1 FOR UPDATE SKIP LOCKED)",
      now);
  return grant;
}

Result<void> append_audit(Database& database, const std::vector<AuditEntry>& entries) {
  std::vector<std::int64_t> times;
  std::vector<std::string> businesses;
  std::vector<std::string> actors;
  std::vector<std::string> actions;
  std::vector<std::string> sids;
  std::vector<std::string> details;
  for (const AuditEntry& entry : entries) {
    times.push_back(entry.at.time_since_epoch().count());
    businesses.push_back(entry.business.str());
    actors.push_back(entry.actor);
    actions.push_back(entry.action);
    sids.push_back(entry.sid);
    details.push_back(entry.detail);
  }
  (void)database.run(
      "INSERT INTO audit (at, business_id, actor, action, sid, detail)"
      " SELECT at, business_id, actor, action, sid, detail FROM unnest($1, $2, $3, $4, $5, $6)"
      " WITH ORDINALITY AS entry (at, business_id, actor, action, sid, detail, place) ORDER BY place",
      times, businesses, actors, actions, sids, details);
  return {};
}

}  // namespace tapedeck::postgres
