#pragma once

#include "calls/ports/keeping_store.hpp"
#include "domain/event_sink.hpp"

namespace tapedeck {

/// Rows that one transaction gives a new time of deletion, after a business's retention has changed, and such
/// transactions of one pass.
inline constexpr int kRescheduleBatch = 1'000;
inline constexpr int kRescheduleBatchesMax = 50;
/// Recordings that one transaction deletes because their retention has ended, and such transactions of one pass.
inline constexpr int kExpireBatch = 100;
inline constexpr int kExpireBatchesMax = 5;

/// One pass of the upkeep: lets times of deletion follow changed retentions, then deletes the rows that are due. Their
/// blobs are left to those who collect blobs of deleted rows. How many were deleted. Error: the call store's; what was
/// done before stays done.
[[nodiscard]] Task<Result<int>> end_retentions(KeepingStore& keeping, EventSink& events, SystemTime now);

}  // namespace tapedeck
