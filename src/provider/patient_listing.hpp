#pragma once

#include <stop_token>

#include "domain/retry_policy.hpp"
#include "provider/recording_listing.hpp"
#include "runtime/clock.hpp"
#include "runtime/random.hpp"

namespace tapedeck {

/// Retries of a listing after 429, 5xx and network failures: about two minutes in all.
inline constexpr Backoff kListingBackoff{Milliseconds{500}, Milliseconds{30'000}, 8};
/// Longest Retry-After of a listing that is obeyed.
inline constexpr Milliseconds kListingRetryAfterMax{5 * 60'000};

/// True when the same request may work later.
[[nodiscard]] bool may_list_again(const Error& error) noexcept;

/// Repeats requests of a listing that may work later. Thread-safe.
class PatientListing {
 public:
  PatientListing(RecordingListing& listing, Clock& clock, Random& random)
      : listing_(listing), clock_(clock), random_(random) {}

  /// The error is that of the last request.
  [[nodiscard]] Task<Result<ListingPage>> list(ListingRequest request, std::stop_token stop);
  [[nodiscard]] Task<Result<std::optional<CallUpdate>>> describe_call(ProviderLogin login, CallSid call,
                                                                      std::stop_token stop);

 private:
  // Waits. False: give up.
  [[nodiscard]] Task<bool> pause(Error error, int tries, std::stop_token stop);

  RecordingListing& listing_;
  Clock& clock_;
  Random& random_;
};

}  // namespace tapedeck
