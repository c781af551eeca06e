#pragma once

#include <string>
#include <vector>

#include "calls/ports/call_store.hpp"
#include "calls/sqlite/database.hpp"

// CallStore's functions for imports and the upkeep, on one connection and within the caller's transaction. They throw
// StorageFailure.
namespace tapedeck::sqlite {

[[nodiscard]] Result<std::vector<std::optional<KnownRecording>>> known_recordings(
    Database& database, const AccountSid& account, const std::vector<RecordingSid>& recordings);
[[nodiscard]] Result<Import> open_import(Database& database, const BusinessId& business, const ImportScope& scope,
                                         bool anew, SystemTime now);
[[nodiscard]] Result<void> save_import(Database& database, const Import& import);
[[nodiscard]] Result<std::vector<ImportTally>> import_tally(Database& database, std::int64_t import);
[[nodiscard]] Result<std::vector<BusinessId>> importing_since(Database& database, SystemTime since);
[[nodiscard]] Result<std::vector<Recording>> stored_after(Database& database, std::int64_t after, int limit);
[[nodiscard]] Result<void> lose_audio(Database& database, std::int64_t row_id, std::int64_t fence,
                                      const std::optional<Cause>& cause, SystemTime now);

[[nodiscard]] Result<bool> take_lease(Database& database, const std::string& name, const std::string& holder,
                                      SystemTime now, Milliseconds ttl);
[[nodiscard]] Result<void> drop_lease(Database& database, const std::string& name, const std::string& holder);
[[nodiscard]] Result<bool> is_leased(Database& database, const std::string& name, SystemTime now);
[[nodiscard]] Result<UpkeepMark> find_mark(Database& database, const std::string& name);
[[nodiscard]] Result<void> put_mark(Database& database, const std::string& name, const UpkeepMark& mark);

}  // namespace tapedeck::sqlite
