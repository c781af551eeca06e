#pragma once

#include <functional>
#include <stop_token>

#include "app/progress.hpp"
#include "app/worker/provider_backoff.hpp"
#include "blobs/blob_store.hpp"
#include "calls/businesses.hpp"
#include "calls/ports/call_store.hpp"
#include "domain/event_sink.hpp"
#include "domain/retry_policy.hpp"
#include "provider/recording_source.hpp"
#include "runtime/clock.hpp"
#include "runtime/random.hpp"
#include "slots/slot_requests.hpp"
#include "slots/slot_store.hpp"

namespace tapedeck {

/// After we cut a transfer, the provider may count it for a moment longer: the slot is kept that long.
inline constexpr Milliseconds kCutTransferLinger{2'000};
/// Tries of a commit or a failure record while the call store is away, and the pause between them.
inline constexpr int kRecordTries = 5;
inline constexpr Milliseconds kRecordPause{200};
/// Before a claim is tried again when the call store could not even be asked.
inline constexpr Milliseconds kStoreAwayPause{2'000};
/// Between tries to renew a lease before the provider is connected to, while the slot store is away.
inline constexpr Milliseconds kConfirmPause{250};

/// One claimed recording, from the fence to the end:
///
///   begin attempt (fence) -> renew the lease -> fetch into an unpublished blob -> verify -> publish -> commit the row
///
/// The lease is renewed after the fence was raised and before the provider is connected to: the claim may be from
/// before the slot store lost its memory, and then nobody counts it. A recovery that begins after this renewal finds
/// the attempt in the call store, and holds its grants (tests/model/README.md, NO_RENEWAL_BEFORE_CONNECT).
///
/// Each step may fail or find that somebody was faster; every way out ends in an outcome for the slot, so that no path
/// can leave it behind. The row is always written before the slot is given back.
class FetchJob {
 public:
  struct Dependencies {
    CallStore& calls;
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

  /// Told of the connection to the provider.
  struct Watch {
    /// It may be made from now on. `sent`: when the renewal was sent that allows it.
    std::function<void(SteadyTime sent)> connecting;
    /// It is closed, or was not made after all. May be called more than once.
    std::function<void()> closed;
  };

  FetchJob(Dependencies dependencies, Claim claim, std::stop_token stop, Watch watch)
      : d_(dependencies), claim_(std::move(claim)), stop_(std::move(stop)), watch_(std::move(watch)) {}

  /// What to finish the lease with. On `stop` the connection is closed, and the recording handed back unharmed.
  [[nodiscard]] Task<FinishOutcome> run();
  /// run() committed the recording.
  [[nodiscard]] bool stored() const noexcept { return stored_; }

 private:
  // How the provider's part of the fetch ended, and when.
  struct Transfer {
    bool cut_by_us = false;
    SteadyTime ended{};
  };

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
  void tell(Severity severity, std::string_view name, const Error& error, const Recording& recording,
            const RetryDecision& decision);

  Dependencies d_;
  Claim claim_;
  std::stop_token stop_;
  Watch watch_;
  bool stored_ = false;
};

}  // namespace tapedeck
