#pragma once

#include <span>
#include <string>
#include <vector>

#include "app/access.hpp"
#include "app/audit_log.hpp"
#include "app/calls.hpp"
#include "app/hot_recordings.hpp"
#include "app/play.hpp"
#include "app/webhooks.hpp"
#include "calls/businesses.hpp"
#include "domain/event_sink.hpp"
#include "http/api/health.hpp"
#include "http/server/static_files.hpp"
#include "provider/webhook_codec.hpp"
#include "runtime/clock.hpp"

namespace tapedeck::http {

struct ApplicationSettings {
  /// PUBLIC_URL without a trailing "/": what providers sign, and what links begin with. Empty: links are relative, and
  /// every webhook is refused.
  std::string public_url;
  /// Other origins whose pages may call, exactly as browsers send them: "https://app.example.com".
  std::vector<std::string> cors_origins;
  /// A play is answered by a redirect to the object store, if that store can serve it.
  bool redirects_to_audio = false;
  /// The origin of those redirects: "https://recordings.s3.eu-west-1.amazonaws.com". The page may play from it.
  std::string audio_origin;
};

/// Browsers reach this server over HTTPS.
[[nodiscard]] inline bool is_https(const ApplicationSettings& settings) noexcept {
  return settings.public_url.starts_with("https://");
}

/// What the routes use. All of it outlives the Application.
struct Dependencies {
  Play& recordings;
  HotRecordings& hot;
  Calls& calls;
  Webhooks& webhooks;
  Businesses& businesses;
  Access& access;
  AuditLog& audit;
  FindWebhookCodec find_webhook_codec;
  Clock& clock;
  EventSink& events;
  Health health;
  std::span<const StaticAsset> assets;  ///< the page; "/index.html" is served at "/"
};

}  // namespace tapedeck::http
