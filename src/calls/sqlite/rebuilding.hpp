#pragma once

#include <vector>

#include "calls/ports/call_store.hpp"
#include "calls/sqlite/database.hpp"

// CallStore's functions for rebuilding the slot store, on one connection. They throw StorageFailure.
namespace tapedeck::sqlite {

[[nodiscard]] Result<std::vector<WaitingRecording>> waiting(Database& database, std::int64_t after, int limit);
[[nodiscard]] Result<std::vector<WaitingRecording>> waiting_of(Database& database, const BusinessId& business,
                                                               std::int64_t after, int limit);
[[nodiscard]] Result<std::vector<Sid>> waiting_fetches(Database& database, const BusinessId& business, SystemTime now,
                                                       int limit);
[[nodiscard]] Result<std::vector<BacklogLine>> backlog(Database& database, SystemTime now);
[[nodiscard]] Result<std::vector<BusinessId>> businesses_at_work(Database& database);
[[nodiscard]] Result<bool> has_open_attempt(Database& database, const BusinessId& business);
[[nodiscard]] Result<std::int64_t> raise_slot_epoch(Database& database, const BusinessId& business, SystemTime now);

}  // namespace tapedeck::sqlite
