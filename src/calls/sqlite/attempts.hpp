#pragma once

#include <optional>
#include <vector>

#include "calls/ports/call_store.hpp"
#include "calls/sqlite/database.hpp"

// CallStore's functions for workers, on one connection and within the caller's transaction. They throw StorageFailure.
namespace tapedeck::sqlite {

[[nodiscard]] Result<std::optional<Recording>> begin_attempt(Database& database, const BusinessId& business,
                                                             const Sid& sid);
[[nodiscard]] Result<void> commit_stored(Database& database, std::int64_t row_id, std::int64_t fence,
                                         const StoredAudio& audio);
[[nodiscard]] Result<void> fail_attempt(Database& database, std::int64_t row_id, std::int64_t fence,
                                        const AttemptFailure& failure);
[[nodiscard]] Result<void> hand_back(Database& database, std::int64_t row_id, std::int64_t fence,
                                     AttemptConnection connection);
[[nodiscard]] Result<void> close_attempt(Database& database, std::int64_t row_id, std::int64_t fence);
[[nodiscard]] Result<void> reclaim(Database& database, const BusinessId& business, const Sid& sid,
                                   const std::optional<Cause>& give_up);

}  // namespace tapedeck::sqlite
