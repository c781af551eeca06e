#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/time.hpp"
#include "domain/ids.hpp"
#include "runtime/task.hpp"

namespace tapedeck {

struct AuditEntry {
  SystemTime at;
  BusinessId business;
  std::string actor;   ///< "key:7", "session:7", "link", "operator:2", "provider", "retention", "command:root"
  std::string action;  ///< "play", "download", "link", "delete", "retry", "cancel", "hold", "release", "expire",
                       ///< "erase", "delete_at_provider"
  std::string sid;     ///< the recording's, if there is one
  std::string detail;
};

/// A place in the audit, oldest first: after this entry, so with younger ones.
struct AuditCursor {
  SystemTime at;
  std::int64_t id = 0;
  friend bool operator==(const AuditCursor&, const AuditCursor&) = default;
};

/// Most entries in one page of list_audit().
inline constexpr int kAuditPageMax = 1'000;

struct AuditQuery {
  BusinessId business;
  std::optional<SystemTime> since;  ///< inclusive
  std::optional<SystemTime> until;  ///< exclusive
  std::optional<AuditCursor> cursor;
  int limit = kAuditPageMax;  ///< 1 to kAuditPageMax
};

struct AuditPage {
  std::vector<AuditEntry> entries;
  std::optional<AuditCursor> next;
};

/// The audit: who did what. Errors: see CallStore.
class AuditStore {
 public:
  virtual ~AuditStore() = default;

  [[nodiscard]] virtual Task<Result<void>> append_audit(std::vector<AuditEntry> entries) = 0;
  /// By time, oldest first.
  [[nodiscard]] virtual Task<Result<AuditPage>> list_audit(AuditQuery query) = 0;
};

}  // namespace tapedeck
