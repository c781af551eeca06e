#pragma once

#include "blobs/blob_store.hpp"
#include "calls/ports/call_store.hpp"
#include "domain/event_sink.hpp"

namespace tapedeck {

/// Rows that one transaction gives a new time of deletion, after a business's retention has changed, and such
/// transactions of one pass.
inline constexpr int kRescheduleBatch = 1'000;
inline constexpr int kRescheduleBatchesMax = 50;
/// Recordings that one transaction deletes because their retention has ended, and such transactions of one pass.
inline constexpr int kExpireBatch = 100;
inline constexpr int kExpireBatchesMax = 5;
/// Deleted rows whose blobs one pass removes.
inline constexpr int kDeletedBatch = 500;

/// One pass: applies changed retentions to the rows' times of deletion, then deletes the rows that are due. Leaves
/// their blobs to remove_deleted(). Returns how many rows were deleted. Error: the call store's; what was done before
/// stays done.
[[nodiscard]] Task<Result<int>> end_retentions(CallStore& calls, EventSink& events, SystemTime now);

/// One pass: removes the blobs of deleted rows. A blob that cannot be removed holds up no other, and its row is found
/// again by the next pass. Error: the last one of the stores.
[[nodiscard]] Task<Result<void>> remove_deleted(CallStore& calls, BlobStore& blobs);

/// Both, the second only where the first has deleted something.
[[nodiscard]] Task<Result<void>> end_retentions_and_remove(CallStore& calls, BlobStore& blobs, EventSink& events,
                                                           SystemTime now);

}  // namespace tapedeck
