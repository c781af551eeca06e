#pragma once

#include <stop_token>

#include "app/archive_check.hpp"
#include "calls/businesses.hpp"
#include "calls/ports/call_store.hpp"
#include "domain/event_sink.hpp"
#include "provider/recording_source.hpp"

namespace tapedeck {

/// Recordings that one pass takes.
inline constexpr int kSourceBatch = 50;
/// Pause before the next try of a deletion that failed, where the provider does not name one, and the shortest one.
inline constexpr Milliseconds kSourceRetry{10 * 60'000};
inline constexpr Milliseconds kSourceRetryMin{2'000};
/// Bytes a second that are read back from the store before a deletion.
inline constexpr std::uint64_t kSourceReadRate = 32'000'000;

/// Deletes recordings at the provider, for businesses that want it, one after the other:
///
///   due (the row says so since its commit) -> read the archive back: length, SHA-256, audio -> DELETE -> the row
///
/// The row is the only memory of what is to be done, so a process may end anywhere: what was not noted is done again,
/// and the provider's 404 counts as done. An archive that is not what was stored is noted as damaged, and then the
/// provider keeps its recording. Two processes at it would do, and audit, everything twice: it needs the lease.
class SourceDeletions {
 public:
  struct Parts {
    CallStore& calls;
    BlobStore& blobs;
    RecordingSource& source;
    Businesses& businesses;
    Clock& clock;
    EventSink& events;
  };
  explicit SourceDeletions(Parts parts) : d_(parts) {}

  /// Deletes what is due now, at most kSourceBatch recordings. A deletion that fails is logged and becomes due again
  /// later. Error: the call store's.
  [[nodiscard]] Task<Result<void>> pass(std::stop_token stop);

 private:
  [[nodiscard]] Task<Result<void>> delete_one(Recording recording, std::stop_token stop);
  [[nodiscard]] Task<Result<void>> audit(const Recording& recording);
  [[nodiscard]] Task<Result<void>> note_damage(Recording recording, Error error);
  void tell(Severity severity, std::string_view name, const Recording& recording, const Error* error);

  const Parts d_;
};

}  // namespace tapedeck
