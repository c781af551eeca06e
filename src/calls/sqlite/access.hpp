#pragma once

#include <optional>
#include <string>
#include <vector>

#include "calls/ports/call_store.hpp"
#include "calls/sqlite/database.hpp"

// CallStore's functions about keys, login links and the audit, on one connection and within the caller's transaction.
// They throw StorageFailure.
namespace tapedeck::sqlite {

[[nodiscard]] Result<std::int64_t> create_key(Database& database, const ApiKey& key);
[[nodiscard]] Result<std::optional<ApiKey>> find_key(Database& database, const std::string& hash);
[[nodiscard]] Result<std::vector<ApiKey>> list_keys(Database& database);
[[nodiscard]] Result<void> revoke_key(Database& database, std::int64_t id, SystemTime now);

[[nodiscard]] Result<void> create_login(Database& database, const std::string& token_hash, const LoginGrant& grant,
                                        SystemTime expires);
/// Also forgets logins that nobody used in time.
[[nodiscard]] Result<std::optional<LoginGrant>> consume_login(Database& database, const std::string& token_hash,
                                                              SystemTime now);

[[nodiscard]] Result<void> append_audit(Database& database, const std::vector<AuditEntry>& entries);

}  // namespace tapedeck::sqlite
