#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "curl/client.hpp"
#include "curl/url_policy.hpp"
#include "provider/recording_source.hpp"
#include "runtime/clock.hpp"

namespace tapedeck {

/// Most bytes of a recording's metadata.
inline constexpr std::size_t kMetadataBytesMax = 64 * 1024;

struct TwilioOptions {
  std::string base_url = "https://api.twilio.com";  ///< TWILIO_BASE_URL; may have a path before "/2010-04-01"
  /// Where media may be redirected to, besides the base URL's own host (see UrlPolicy): Twilio's names, and its bucket
  /// of media, https://s3-external-1.amazonaws.com/media.twiliocdn.com/.
  std::vector<std::string> redirect_hosts{"*.twilio.com", "*.twiliocdn.com", "s3-external-1.amazonaws.com"};
  /// Further endpoints like "http://127.0.0.1:9001" that redirects may lead to, plain or private. For tests.
  std::vector<std::string> redirect_endpoints;
  CurlLimits limits;  ///< of each request
};

/// Recordings of Twilio, and of those who speak its API. URLs are made of validated SIDs and the base URL alone.
/// Source: www.twilio.com/docs/voice/api/recording.
class TwilioRecordingSource final : public RecordingSource {
 public:
  /// Error kInvalidArgument: base_url or a redirect endpoint is no URL. `client` and `clock` must outlive the source.
  [[nodiscard]] static Result<std::unique_ptr<TwilioRecordingSource>> make(CurlClient& client, const Clock& clock,
                                                                           const TwilioOptions& options);

  [[nodiscard]] Task<FetchOutcome> fetch(FetchRequest request, FetchSink& sink, std::stop_token stop) override;
  [[nodiscard]] Task<Result<RemoteStatus>> describe(FetchRequest request, std::stop_token stop) override;
  [[nodiscard]] Task<Result<void>> remove(FetchRequest request, std::stop_token stop) override;

 private:
  TwilioRecordingSource(CurlClient& client, const Clock& clock, std::string base, UrlPolicy policy, CurlLimits limits);

  // A fetch of the media as one particular form.
  struct Attempt {
    FetchOutcome outcome;
    bool channels_refused = false;
  };
  [[nodiscard]] Task<Attempt> fetch_form(FetchRequest request, std::string form, FetchSink& sink, std::stop_token stop);
  [[nodiscard]] Result<Url> url_of(const FetchRequest& request, const std::string& form) const;

  CurlClient& client_;
  const Clock& clock_;
  std::string base_;  // without a slash at the end
  UrlPolicy policy_;
  CurlLimits limits_;
};

}  // namespace tapedeck
