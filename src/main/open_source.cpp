#include "main/open_source.hpp"

#include <stdexcept>
#include <utility>

#include "provider/twilio/recording_listing.hpp"
#include "provider/twilio/recording_source.hpp"
#include "runtime/system_clock.hpp"

namespace tapedeck {
namespace {

// A source with the objects that it borrows.
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

class OwnedListing final : public RecordingListing {
 public:
  explicit OwnedListing(const Settings& settings) {
    TwilioOptions options;
    options.base_url = settings.provider_url;
    auto made = TwilioRecordingListing::make(client_, clock_, options);
    if (!made) throw std::invalid_argument(made.error().detail);
    listing_ = std::move(*made);
  }

  Task<Result<ListingPage>> list(ListingRequest request, std::stop_token stop) override {
    return listing_->list(std::move(request), std::move(stop));
  }
  Task<Result<std::optional<CallUpdate>>> describe_call(ProviderLogin login, CallSid call,
                                                        std::stop_token stop) override {
    return listing_->describe_call(std::move(login), std::move(call), std::move(stop));
  }

 private:
  SystemClock clock_;
  CurlClient client_;
  std::unique_ptr<TwilioRecordingListing> listing_;
};

}  // namespace

std::unique_ptr<RecordingListing> open_provider_listing(const Settings& settings) {
  return std::make_unique<OwnedListing>(settings);
}

std::unique_ptr<RecordingSource> open_provider(const Settings& settings) {
  return std::make_unique<OwnedSource>(settings);
}

}  // namespace tapedeck
