#pragma once

#include <memory>
#include <utility>

#include "adapters/curl/client.hpp"
#include "adapters/system/system_clock.hpp"
#include "adapters/twilio/recording_source.hpp"
#include "main/settings.hpp"

namespace tapedeck {

/// Twilio at TWILIO_BASE_URL, with a client of its own. For commands; must outlive the tasks that use it.
class CommandProvider final : public RecordingSource {
 public:
  /// Error kInvalidArgument: TWILIO_BASE_URL is no URL.
  [[nodiscard]] static Result<std::unique_ptr<RecordingSource>> open(const Settings& settings);

  [[nodiscard]] Task<FetchOutcome> fetch(FetchRequest request, FetchSink& sink, std::stop_token stop) override {
    return source_->fetch(std::move(request), sink, std::move(stop));
  }
  [[nodiscard]] Task<Result<RemoteStatus>> describe(FetchRequest request, std::stop_token stop) override {
    return source_->describe(std::move(request), std::move(stop));
  }

 private:
  SystemClock clock_;
  CurlClient client_;
  std::unique_ptr<TwilioRecordingSource> source_;
};

}  // namespace tapedeck
