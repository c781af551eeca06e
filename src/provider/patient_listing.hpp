#pragma once

#include <stop_token>

#include "domain/retry_policy.hpp"
#include "provider/recording_listing.hpp"
#include "runtime/clock.hpp"
#include "runtime/random.hpp"

namespace tapedeck {

/// A listing is asked for again after 429, 5xx and faults of the network, about two minutes long in all.
inline constexpr Backoff kListingBackoff{Milliseconds{500}, Milliseconds{30'000}, 8};
/// A Retry-After of a listing is believed up to this.
inline constexpr Milliseconds kListingRetryAfterMax{5 * 60'000};

/// Trying a listing's request again later may work.
[[nodiscard]] bool may_list_again(const Error& error) noexcept;

/// A listing that is asked again where that may help. Thread-safe, as what it is made of.
class PatientListing {
 public:
  PatientListing(RecordingListing& listing, Clock& clock, Random& random)
      : listing_(listing), clock_(clock), random_(random) {}

  /// Errors: those of RecordingListing, the last one.
  [[nodiscard]] Task<Result<ListingPage>> list(ListingRequest request, std::stop_token stop);
  [[nodiscard]] Task<Result<std::optional<CallUpdate>>> describe_call(ProviderLogin login, CallSid call,
                                                                      std::stop_token stop);

 private:
  // False: it is to be given up.
  [[nodiscard]] Task<bool> pause(Error error, int tries, std::stop_token stop);

  RecordingListing& listing_;
  Clock& clock_;
  Random& random_;
};

}  // namespace tapedeck
