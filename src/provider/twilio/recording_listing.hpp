#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "curl/client.hpp"
#include "curl/url_policy.hpp"
#include "provider/recording_listing.hpp"
#include "provider/twilio/recording_source.hpp"
#include "runtime/clock.hpp"

namespace tapedeck {

/// Most bytes of a page: an entry has about 1,200.
inline constexpr std::size_t kListingBytesMax = 8 * 1024 * 1024;
/// Most bytes of a call's document.
inline constexpr std::size_t kCallBytesMax = 64 * 1024;
/// Longest next_page_uri that is believed, and kept as the place where an import goes on.
inline constexpr std::size_t kPageUriMax = 2'048;

/// The lists of Twilio, and of those who speak its API. Asks the base URL's host alone: redirects are refused, and a
/// page's next_page_uri is taken as a path of the same account's list only.
/// Source: www.twilio.com/docs/voice/api/recording.
class TwilioRecordingListing final : public RecordingListing {
 public:
  /// Error kInvalidArgument: base_url is no URL. Of the options, base_url and limits count. `client` and `clock` must
  /// outlive the listing.
  [[nodiscard]] static Result<std::unique_ptr<TwilioRecordingListing>> make(CurlClient& client, const Clock& clock,
                                                                            const TwilioOptions& options);

  [[nodiscard]] Task<Result<ListingPage>> list(ListingRequest request, std::stop_token stop) override;
  [[nodiscard]] Task<Result<std::optional<CallUpdate>>> describe_call(ProviderLogin login, CallSid call,
                                                                      std::stop_token stop) override;

 private:
  TwilioRecordingListing(CurlClient& client, const Clock& clock, std::string base, UrlPolicy policy, CurlLimits limits)
      : client_(client), clock_(clock), base_(std::move(base)), policy_(std::move(policy)), limits_(limits) {}

  // The body of a 200; empty for a 404.
  [[nodiscard]] Task<Result<std::optional<std::string>>> get(std::string path, ProviderLogin login,
                                                             std::size_t bytes_max, std::stop_token stop);

  CurlClient& client_;
  const Clock& clock_;
  std::string base_;  // without a slash at the end
  UrlPolicy policy_;
  CurlLimits limits_;
};

}  // namespace tapedeck
