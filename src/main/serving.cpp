#include "main/serving.hpp"

#include <utility>

#include "main/page_assets.hpp"
#include "main/stores.hpp"
#include "provider/registry/registry.hpp"

namespace tapedeck {
namespace {

http::ApplicationSettings application_settings(const Settings& settings) {
  http::ApplicationSettings made;
  made.public_url = settings.public_url;
  made.cors_origins = settings.cors_origins;
  if (settings.storage_url.empty() || settings.delivery == Delivery::kStream) return made;
  const std::optional<std::string> origin = storage_origin(settings);
  made.redirects_to_audio = origin.has_value();
  made.audio_origin = origin.value_or("");
  return made;
}

}  // namespace

Serving::Serving(const SharedParts& parts, const std::string& secret_key, http::Health health)
    : hot_(parts.clock, kHotTtl),  // bounded, because commands delete recordings too
      recordings_(parts.calls, parts.calls, parts.calls, parts.slots, parts.requests, parts.blobs, parts.clock,
                  parts.progress, hot_),
      calls_(parts.calls, parts.businesses, parts.clock),
      webhooks_(parts.calls, parts.calls, parts.requests, parts.clock, parts.events),
      access_(parts.calls, parts.calls, parts.clock, parts.random, secret_key),
      audit_(parts.calls, parts.clock, parts.events),
      application_(dependencies(parts, std::move(health)), application_settings(parts.settings)) {}

http::Dependencies Serving::dependencies(const SharedParts& parts, http::Health health) {
  return {recordings_,        hot_,        calls_,       webhooks_,         parts.businesses, access_, audit_,
          find_webhook_codec, parts.clock, parts.events, std::move(health), page_assets()};
}

}  // namespace tapedeck
