#pragma once

#include "adapters/http/application.hpp"
#include "adapters/http/server.hpp"
#include "app/access.hpp"
#include "app/audit_log.hpp"
#include "app/businesses.hpp"
#include "app/calls.hpp"
#include "app/hot_recordings.hpp"
#include "app/progress.hpp"
#include "app/recordings.hpp"
#include "app/slot_requests.hpp"
#include "app/webhooks.hpp"
#include "main/settings.hpp"
#include "ports/blob_store.hpp"
#include "ports/clock.hpp"
#include "ports/event_sink.hpp"
#include "ports/random.hpp"

namespace tapedeck {

/// What the parts of a process share.
struct SharedParts {
  const Settings& settings;
  CallStore& calls;
  SlotStore& slots;
  BlobStore& blobs;
  Businesses& businesses;
  SlotRecovery& recovery;
  SlotRequests& requests;
  ProgressBoard& progress;
  Clock& clock;
  Random& random;
  EventSink& events;
};

/// The interface, for users, providers and the page: all but the worker's part of a process. It holds nothing that
/// could download.
class Serving {
 public:
  Serving(const SharedParts& parts, const std::string& secret_key, http::Health health);

  [[nodiscard]] Access& access() { return access_; }
  [[nodiscard]] AuditLog& audit() { return audit_; }
  [[nodiscard]] http::Handler& handler() { return application_; }

 private:
  [[nodiscard]] http::Services services(const SharedParts& parts, http::Health health);

  HotRecordings hot_;
  Recordings recordings_;
  Calls calls_;
  Webhooks webhooks_;
  Access access_;
  AuditLog audit_;
  http::Application application_;
};

}  // namespace tapedeck
