#include "provider/twilio/provider.hpp"

#include <utility>

#include "provider/twilio/recording_listing.hpp"
#include "provider/twilio/recording_source.hpp"
#include "provider/twilio/webhook_codec.hpp"

namespace tapedeck::twilio {
namespace {

template <class Port, class Adapter>
Result<std::unique_ptr<Port>> make(CurlClient& client, const Clock& clock, const std::string& base_url) {
  TwilioOptions options;
  options.base_url = base_url;
  Result<TwilioApi> api = TwilioApi::parse(options);
  if (!api) return fail(std::move(api.error()));
  return std::make_unique<Adapter>(client, clock, std::move(*api));
}

}  // namespace

const WebhookCodec& webhook_codec() noexcept {
  static const TwilioWebhookCodec codec;
  return codec;
}

Result<std::unique_ptr<RecordingSource>> make_source(CurlClient& client, const Clock& clock,
                                                     const std::string& base_url) {
  return make<RecordingSource, TwilioRecordingSource>(client, clock, base_url);
}

Result<std::unique_ptr<RecordingListing>> make_listing(CurlClient& client, const Clock& clock,
                                                       const std::string& base_url) {
  return make<RecordingListing, TwilioRecordingListing>(client, clock, base_url);
}

}  // namespace tapedeck::twilio
