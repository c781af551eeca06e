#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "domain/recording.hpp"

// What the call store is asked to keep, to forget and to prove. Part of calls/ports/call_store.hpp.
namespace tapedeck {

struct AuditEntry {
  SystemTime at;
  BusinessId business;
  std::string actor;   ///< "key:7", "session:7", "link", "operator:2", "provider", "retention", "command:root"
  std::string action;  ///< "play", "download", "link", "delete", "retry", "cancel", "hold", "release", "expire",
                       ///< "erase", "delete_at_provider"
  std::string sid;     ///< the recording's, where there is one
  std::string detail;
};

/// A place in the audit, oldest first: after (younger than) this entry.
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

/// Who erases, why and when: for the audit. With `looks_only` nothing is changed.
struct EraseOrder {
  std::string actor;
  std::string detail;
  SystemTime now;
  bool looks_only = false;
};

/// What erase_call() did, or would do.
struct ErasedCall {
  std::vector<Recording> erased;  ///< as they are now: those with `audio` have a blob that is still to be removed
  std::vector<Recording> held;    ///< not empty: the call was left as it was, because of these
  bool had_parties = false;       ///< a name or number was there
};

/// How a deletion at the provider went on.
struct SourceOutcome {
  /// Set: to be tried again then.
  std::optional<SystemTime> retry_at;
  /// With no retry_at: the provider has the recording no more. Otherwise it stays there.
  bool is_gone = false;
};

}  // namespace tapedeck
