#pragma once

#include <functional>
#include <stop_token>

#include "app/progress.hpp"
#include "app/worker/provider_backoff.hpp"
#include "blobs/blob_store.hpp"
#include "calls/businesses.hpp"
#include "calls/ports/attempt_store.hpp"
#include "domain/event_sink.hpp"
#include "domain/retry_policy.hpp"
#include "provider/recording_source.hpp"
#include "runtime/clock.hpp"
#include "runtime/random.hpp"
#include "slots/slot_requests.hpp"
#include "slots/slot_store.hpp"

namespace tapedeck {

/// How long a slot is kept after we cut a transfer, because the provider may count it for a moment longer.
inline constexpr Milliseconds kCutTransferLinger{2'000};
/// Attempts to write the outcome into the call store, and the pause between them.
inline constexpr int kRecordTries = 5;
inline constexpr Milliseconds kRecordPause{200};
/// Pause before a recording is tried again when the call store was away.
inline constexpr Milliseconds kStoreAwayPause{2'000};
/// Pause between attempts to confirm a lease before the download, while the slot store is away.
inline constexpr Milliseconds kConfirmPause{250};

/// One claimed recording, from the fence to the end:
///
///   begin attempt (fence) -> renew the lease -> fetch into an unpublished blob -> verify -> publish -> commit the row
///
/// The lease is renewed after the fence was raised and before the download: the claim may be older than a loss of the
/// slot store's memory, and then nobody counts it. A recovery that begins after this renewal finds the attempt in the
/// call store, and holds its grants (tests/model/README.md, NO_RENEWAL_BEFORE_CONNECT).
///
/// Each step may fail, or find that another worker was faster. Every way out ends in an outcome for the slot, so that
/// no path can leak it. The row is always written before the slot is given back.
class FetchJob {
 public:
  struct Dependencies {
    AttemptStore& attempts;
    SlotStore& slots;
    BlobStore& blobs;
    RecordingSource& source;
    Businesses& businesses;
    Clock& clock;
    Random& random;
    EventSink& events;
    ProgressBoard& progress;
    ProviderBackoff& backoff;
    SlotRequests& requests;
    SlotRecovery& recovery;
  };

  /// Hears of the connection to the provider.
  struct Watch {
    /// It may open from now on. `sent`: when the renewal that allows it was sent.
    std::function<void(SteadyTime sent)> connecting;
    /// It is closed, or was never opened. May be called more than once.
    std::function<void()> closed;
  };

  struct Stops {
    std::stop_token close;    ///< closes the connection to the provider; the recording is handed back unharmed
    std::stop_token upload;   ///< ends the upload, too; requested after `close`. A lost lease alone does not end it
    std::stop_token abandon;  ///< ends every wait; the slot must be left to its lease, as the linger may be cut short
  };

  FetchJob(Dependencies dependencies, Claim claim, Stops stops, Watch watch)
      : d_(dependencies), claim_(std::move(claim)), stops_(std::move(stops)), watch_(std::move(watch)) {}

  /// Returns what to finish the lease with.
  [[nodiscard]] Task<FinishOutcome> run();
  /// run() committed the recording.
  [[nodiscard]] bool stored() const noexcept { return stored_; }

 private:
  // How and when the provider's part of the fetch ended.
  struct Transfer {
    bool cut_by_us = false;
    SteadyTime ended{};
  };

  /// Calls `write`, which returns a Task<Result<void>>, until it succeeds, at most kRecordTries times.
  template <class Write>
  [[nodiscard]] Task<Result<void>> record(Write write);
  [[nodiscard]] Task<bool> confirm_lease();
  [[nodiscard]] Task<FinishOutcome> fetch(Business business, Recording recording);
  [[nodiscard]] Task<Result<StoredAudio>> fetch_to_blob(FetchRequest request, Recording recording, Transfer* transfer);
  [[nodiscard]] Task<FinishOutcome> commit(Recording recording, StoredAudio audio, SteadyTime last_byte);
  [[nodiscard]] Task<> remove_superseded(Recording recording, std::string key);
  [[nodiscard]] Task<FinishOutcome> give_up_attempt(Business business, FetchRequest request, Recording recording,
                                                    Error error);
  [[nodiscard]] Task<FinishOutcome> record_failure(Recording recording, Error error, RetryDecision decision);
  [[nodiscard]] Task<bool> has_new_credentials(Business business);
  [[nodiscard]] Task<RetryDecision> decide(FetchRequest request, Recording recording, Error error);
  [[nodiscard]] Task<> pause_business(Business business, Error error);
  [[nodiscard]] Task<FinishOutcome> hand_back(Recording recording, AttemptConnection connection);
  [[nodiscard]] Task<> close_attempt(Recording recording);

  Dependencies d_;
  Claim claim_;
  Stops stops_;
  Watch watch_;
  bool stored_ = false;
};

}  // namespace tapedeck
