#pragma once

#include <stop_token>

#include "app/archive_check.hpp"
#include "calls/businesses.hpp"
#include "calls/ports/call_store.hpp"
#include "domain/event_sink.hpp"
#include "provider/recording_source.hpp"

namespace tapedeck {

/// How often it is looked for recordings that are to be deleted at the provider, and how many are taken at once.
inline constexpr Milliseconds kSourceLook{2'000};
inline constexpr int kSourceBatch = 50;
/// How long after one that failed it is tried again, where the provider does not say.
inline constexpr Milliseconds kSourceRetry{10 * 60'000};
/// Bytes a second that are read back from the store before.
inline constexpr std::uint64_t kSourceReadRate = 32'000'000;

/// Deletes recordings at the provider, for businesses that want it, one after the other:
///
///   due (the row says so since its commit) -> read the archive back: length, SHA-256, audio -> DELETE -> the row
///
/// The row is the only memory of what is to be done, so a process may end anywhere: what was not noted is done again,
/// and the provider's 404 counts as done. An archive that is not what was stored is noted as damaged, and then the
/// provider keeps its recording.
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

  [[nodiscard]] Task<> run(std::stop_token stop);
  /// What is due now, at most kSourceBatch.
  [[nodiscard]] Task<> pass(std::stop_token stop);

 private:
  [[nodiscard]] Task<> delete_one(Recording recording, std::stop_token stop);
  [[nodiscard]] Task<> settle(Recording recording, SourceOutcome outcome);
  [[nodiscard]] Task<> note_damage(Recording recording, Error error);

  const Parts d_;
};

}  // namespace tapedeck
