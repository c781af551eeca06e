#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "provider/recording_listing.hpp"
#include "provider/recording_source.hpp"
#include "provider/webhook_codec.hpp"

// The providers that this server speaks to. A new one is a folder beside provider/twilio and a line in registry.cpp.

namespace tapedeck {

class Clock;
class CurlClient;

struct Provider {
  std::string_view name;  ///< in rows and in the URLs of webhooks
  const WebhookCodec& (*webhook_codec)() noexcept;
  /// The client and the clock must outlive what is made. Error kInvalidArgument: `base_url` is not the URL of an API.
  Result<std::unique_ptr<RecordingSource>> (*make_source)(CurlClient& client, const Clock& clock,
                                                          const std::string& base_url);
  Result<std::unique_ptr<RecordingListing>> (*make_listing)(CurlClient& client, const Clock& clock,
                                                            const std::string& base_url);
};

/// The provider of businesses that name none.
[[nodiscard]] const Provider& default_provider() noexcept;
/// The codec of a provider by its name; null: there is no such provider.
[[nodiscard]] const WebhookCodec* find_webhook_codec(std::string_view provider);

}  // namespace tapedeck
