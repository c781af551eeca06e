#include "main/open_source.hpp"

#include <stdexcept>
#include <utility>

#include "adapters/system/system_clock.hpp"
#include "adapters/twilio/recording_source.hpp"

namespace tapedeck {
namespace {

// A source with what it borrows.
class OwnedSource final : public RecordingSource {
 public:
  explicit OwnedSource(const Settings& settings) {
    TwilioOptions options;
    options.base_url = settings.provider_url;
    auto made = TwilioRecordingSource::make(client_, clock_, options);
    if (!made) throw std::invalid_argument(made.error().detail);
    source_ = std::move(*made);
  }

  Task<FetchOutcome> fetch(FetchRequest request, FetchSink& sink, std::stop_token stop) override {
    return source_->fetch(std::move(request), sink, std::move(stop));
  }
  Task<Result<RemoteStatus>> describe(FetchRequest request, std::stop_token stop) override {
    return source_->describe(std::move(request), std::move(stop));
  }
  Task<Result<void>> remove(FetchRequest request, std::stop_token stop) override {
    return source_->remove(std::move(request), std::move(stop));
  }

 private:
  SystemClock clock_;
  CurlClient client_;
  std::unique_ptr<TwilioRecordingSource> source_;
};

}  // namespace

std::unique_ptr<RecordingSource> open_provider(const Settings& settings) {
  return std::make_unique<OwnedSource>(settings);
}

}  // namespace tapedeck
