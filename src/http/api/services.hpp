#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/access.hpp"
#include "app/audit_log.hpp"
#include "app/calls.hpp"
#include "app/hot_recordings.hpp"
#include "app/recordings.hpp"
#include "app/webhooks.hpp"
#include "calls/businesses.hpp"
#include "domain/event_sink.hpp"
#include "http/api/health.hpp"
#include "http/server/static_files.hpp"
#include "provider/webhook_codec.hpp"
#include "runtime/clock.hpp"

namespace tapedeck::http {

struct ApplicationSettings {
  /// PUBLIC_URL without a trailing "/": what providers sign, and what links begin with. Empty: relative links, and no
  /// webhook is believed.
  std::string public_url;
  /// Other origins whose pages may call, exactly as browsers send them: "https://app.example.com".
  std::vector<std::string> cors_origins;
  /// A play is answered by a redirect to the store of the audio, where that can answer by itself.
  bool redirects_to_audio = false;
  /// Where those redirects lead: "https://recordings.s3.eu-west-1.amazonaws.com". The page may play from there.
  std::string audio_origin;
};

/// What the routes use; everything outlives the Application.
struct Services {
  Recordings& recordings;
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
