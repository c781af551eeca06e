#pragma once

#include <cstddef>
#include <string>
#include <utility>

#include "provider/recording_source.hpp"
#include "provider/twilio/api.hpp"
#include "runtime/clock.hpp"

namespace tapedeck {

/// Most bytes of a recording's metadata.
inline constexpr std::size_t kMetadataBytesMax = 64 * 1024;

/// Recordings of Twilio, and of services that speak its API. A URL consists of the base URL and validated SIDs alone.
/// Source: www.twilio.com/docs/voice/api/recording.
class TwilioRecordingSource final : public RecordingSource {
 public:
  /// `client` and `clock` must outlive it.
  TwilioRecordingSource(CurlClient& client, const Clock& clock, TwilioApi api)
      : client_(client), clock_(clock), api_(std::move(api)) {}

  [[nodiscard]] Task<FetchOutcome> fetch(FetchRequest request, FetchSink& sink, std::stop_token stop) override;
  [[nodiscard]] Task<Result<RemoteStatus>> describe(FetchRequest request, std::stop_token stop) override;
  [[nodiscard]] Task<Result<void>> remove(FetchRequest request, std::stop_token stop) override;

 private:
  // A fetch of the media as one particular form.
  struct Attempt {
    FetchOutcome outcome;
    bool channels_refused = false;
  };
  [[nodiscard]] Task<Attempt> fetch_form(FetchRequest request, std::string form, FetchSink& sink, std::stop_token stop);
  [[nodiscard]] Result<Url> url_of(const FetchRequest& request, const std::string& form) const;

  CurlClient& client_;
  const Clock& clock_;
  const TwilioApi api_;
};

}  // namespace tapedeck
