#pragma once

#include <memory>
#include <string>

#include "base/error.hpp"

// What the registry knows of Twilio.

namespace tapedeck {

class Clock;
class CurlClient;
class RecordingListing;
class RecordingSource;
class WebhookCodec;

namespace twilio {

[[nodiscard]] const WebhookCodec& webhook_codec() noexcept;
/// `base_url`: of the API. The client and the clock must outlive the source. Error kInvalidArgument: it is not a URL.
[[nodiscard]] Result<std::unique_ptr<RecordingSource>> make_source(CurlClient& client, const Clock& clock,
                                                                   const std::string& base_url);
/// The same for the listing.
[[nodiscard]] Result<std::unique_ptr<RecordingListing>> make_listing(CurlClient& client, const Clock& clock,
                                                                     const std::string& base_url);

}  // namespace twilio
}  // namespace tapedeck
