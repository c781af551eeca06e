#pragma once

#include <stop_token>

#include "blobs/blob_store.hpp"
#include "calls/businesses.hpp"
#include "calls/ports/call_store.hpp"
#include "domain/event_sink.hpp"
#include "provider/recording_source.hpp"
#include "runtime/clock.hpp"
#include "slots/slot_requests.hpp"

namespace tapedeck {

/// How often all rows and all blobs are compared.
inline constexpr Milliseconds kStorageCheckEvery{24 * 60 * 60'000};
/// Rows, or blobs, of one step.
inline constexpr int kStorageBatch = 100;
/// A blob younger than this may be about to get its row. Between a blob's last byte and its row there is a minute at
/// most (kStoreTimeMax), then the worker gives up.
inline constexpr Milliseconds kBlobGrace{60 * 60'000};
/// Recordings that one pass fetches again or gives up. More than these missing are no accident of one recording: the
/// store is not the one it was, or not there.
inline constexpr int kMendedMax = 100;
/// Lines about blobs without a row that one pass writes.
inline constexpr int kUnknownToldMax = 100;

/// Compares the rows that say stored with the blobs that are there, both ways, a batch at each step and from where the
/// last step ended.
///
/// A stored row without its blob is fetched again, where the provider has the recording; else it becomes failed, with
/// the cause. A blob of a recording that was deleted, or that a later attempt has stored, is removed. A blob that no
/// row speaks of stays, for it may be what a database that was put back from a backup has forgotten, and is told of.
class StorageCheck {
 public:
  struct Dependencies {
    CallStore& calls;
    BlobStore& blobs;
    RecordingSource& source;
    Businesses& businesses;
    SlotRequests& requests;
    Clock& clock;
    EventSink& events;
  };

  explicit StorageCheck(Dependencies dependencies) : d_(dependencies) {}

  /// The next batch of what is due. Errors: the stores'.
  [[nodiscard]] Task<Result<void>> step(std::stop_token stop);

 private:
  // What a pass has seen so far, in this process.
  struct Pass {
    std::int64_t checked = 0;
    int missing = 0;
    int unknown = 0;
    int removed = 0;
  };

  [[nodiscard]] Task<Result<void>> check_rows(UpkeepMark mark, std::stop_token stop);
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
