#pragma once

#include "app/access.hpp"
#include "app/audit_log.hpp"
#include "app/calls.hpp"
#include "app/hot_recordings.hpp"
#include "app/recordings.hpp"
#include "app/webhooks.hpp"
#include "http/api/application.hpp"
#include "main/shared_parts.hpp"

namespace tapedeck {

/// The part of a process that answers users, the provider and the page. Nothing in it can download.
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
