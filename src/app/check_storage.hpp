#pragma once

#include <stop_token>

#include "blobs/blob_store.hpp"
#include "calls/businesses.hpp"
#include "calls/ports/lease_store.hpp"
#include "calls/ports/recording_store.hpp"
#include "domain/event_sink.hpp"
#include "provider/recording_source.hpp"
#include "runtime/clock.hpp"
#include "slots/slot_requests.hpp"

namespace tapedeck {

/// Interval between two comparisons of all rows and all blobs.
inline constexpr Milliseconds kStorageCheckEvery{24 * 60 * 60'000};
/// Rows, or blobs, in one step.
inline constexpr int kStorageBatch = 100;
/// A blob younger than this is left alone, because its row may be about to be written: at most kStoreTimeMax after the
/// blob's last byte.
inline constexpr Milliseconds kBlobGrace{60 * 60'000};
/// Most recordings that one pass fetches again or gives up. If more blobs are missing, the store is probably the wrong
/// one or not mounted.
inline constexpr int kMendedMax = 100;
/// Most log lines about blobs without a row in one pass.
inline constexpr int kUnknownToldMax = 100;

/// Checks stored rows against blobs, and blobs against rows: a batch in each step, from where the last step ended.
///
/// A stored row without its blob is fetched again if the provider has the recording; otherwise it becomes failed, with
/// the cause. A blob of another length is noted as damage. A blob of a deleted recording, or of an attempt before the
/// stored one, is removed. A blob without a row is logged and kept, because a database restored from a backup may have
/// forgotten its row.
class StorageCheck {
 public:
  struct Dependencies {
    RecordingStore& recordings;
    LeaseStore& leases;
    BlobStore& blobs;
    RecordingSource& source;
    Businesses& businesses;
    SlotRequests& requests;
    Clock& clock;
    EventSink& events;
  };

  explicit StorageCheck(Dependencies dependencies) : d_(dependencies) {}

  /// Checks the next batch, if a pass is due. Errors: the stores'.
  [[nodiscard]] Task<Result<void>> step(std::stop_token stop);

 private:
  // What this process has seen of a pass.
  struct Pass {
    std::int64_t checked = 0;
    int missing = 0;
    int unknown = 0;
    int removed = 0;
  };

  [[nodiscard]] Task<Result<void>> check_rows(UpkeepMark mark, std::stop_token stop);
  [[nodiscard]] Task<Result<void>> note_size(Recording recording, std::uint64_t size);
  [[nodiscard]] Task<Result<void>> mend(Recording recording, std::stop_token stop);
  [[nodiscard]] Task<Result<std::string>> give_up(Recording recording);
  [[nodiscard]] Task<Result<std::string>> fetch_again(Recording recording);
  [[nodiscard]] Task<Result<void>> check_blobs(UpkeepMark mark);
  [[nodiscard]] Task<Result<void>> check_blob(BlobEntry entry);
  [[nodiscard]] Task<Result<void>> finish_batch(std::string name, Pass* pass, std::string cursor, bool is_last);

  Dependencies d_;
  Pass rows_;
  Pass blobs_;
};

}  // namespace tapedeck
