#pragma once

#include <cstddef>
#include <string>
#include <utility>

#include "provider/recording_listing.hpp"
#include "provider/twilio/api.hpp"
#include "runtime/clock.hpp"

namespace tapedeck {

/// Most bytes of a page: an entry has about 1,200.
inline constexpr std::size_t kListingBytesMax = 8 * 1024 * 1024;
/// Most bytes of a call's document.
inline constexpr std::size_t kCallBytesMax = 64 * 1024;
/// Longest next_page_uri that is accepted. An import stores it as the place where it continues.
inline constexpr std::size_t kPageUriMax = 2'048;

/// Lists of Twilio, and of services that speak its API. It asks the base URL's host alone: it refuses redirects, and
/// takes a page's next_page_uri only as a path of the same account's list.
/// Source: www.twilio.com/docs/voice/api/recording.
class TwilioRecordingListing final : public RecordingListing {
 public:
  /// `client` and `clock` must outlive it.
  TwilioRecordingListing(CurlClient& client, const Clock& clock, TwilioApi api)
      : client_(client), clock_(clock), api_(std::move(api)) {}

  [[nodiscard]] Task<Result<ListingPage>> list(ListingRequest request, std::stop_token stop) override;
  [[nodiscard]] Task<Result<std::optional<CallUpdate>>> describe_call(ProviderLogin login, CallSid call,
                                                                      std::stop_token stop) override;

 private:
  // The body of a 200; empty for a 404.
  [[nodiscard]] Task<Result<std::optional<std::string>>> get(std::string path, ProviderLogin login,
                                                             std::size_t bytes_max, std::stop_token stop);

  CurlClient& client_;
  const Clock& clock_;
  const TwilioApi api_;
};

}  // namespace tapedeck
