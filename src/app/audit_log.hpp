#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string_view>
#include <unordered_map>

#include "app/access.hpp"
#include "calls/ports/audit_store.hpp"
#include "domain/event_sink.hpp"
#include "runtime/clock.hpp"

namespace tapedeck {

/// How long entries wait, so that they are written together.
inline constexpr Milliseconds kAuditFlushInterval{1'000};
/// Most entries that wait; beyond, the oldest are dropped, and the log counts them.
inline constexpr std::size_t kAuditPendingMax = 20'000;
/// Most entries of one write.
inline constexpr std::size_t kAuditBatchMax = 1'000;
/// A player sends many requests for one play; those that follow each other within this time are one play.
inline constexpr Seconds kPlayWindow{600};
/// Most plays that are remembered for this.
inline constexpr std::size_t kPlaysRememberedMax = 20'000;

/// Records who did what: collects entries in memory and writes them about once a second, so that a play never waits for
/// a disk. A process that is killed loses at most that second. Thread-safe.
class AuditLog {
 public:
  AuditLog(AuditStore& audit, Clock& clock, EventSink& events) : audit_(audit), clock_(clock), events_(events) {}

  /// `action` is a literal: "link", "delete", "retry", "cancel", "hold", "release", "sign_in", "sign_out". `business`
  /// is the one resolved for the request. `sid` is the recording's own name, not the name in the request; empty where
  /// it is about none.
  void add(const Caller& caller, const BusinessId& business, std::string_view action, std::string_view sid,
           std::string_view detail = {});
  /// Records that bytes of a recording go out, unless the caller's last request for it was within kPlayWindow: a player
  /// asks for many ranges, and all of them are one play. Allocates only if it is recorded.
  void play(const Caller& caller, const Recording& recording, bool download);

  /// Writes the waiting entries. Error: the call store's; then they go on waiting.
  [[nodiscard]] Task<Result<void>> flush();
  /// Flushes, and logs AUDIT_NOT_WRITTEN when writing begins to fail. To be called every kAuditFlushInterval by one
  /// task. Never an error.
  [[nodiscard]] Task<Result<void>> write();

 private:
  struct Play {
    Caller::Kind kind;
    std::int64_t id;  // of the key or the session; 0: of a link
    std::int64_t row_id;
    bool download;
    friend bool operator==(const Play&, const Play&) = default;
  };
  struct PlayHash {
    std::size_t operator()(const Play& play) const noexcept;
  };

  void push(AuditEntry entry);

  AuditStore& audit_;
  Clock& clock_;
  EventSink& events_;
  std::mutex mutex_;
  std::deque<AuditEntry> pending_;
  std::size_t dropped_ = 0;
  std::unordered_map<Play, SteadyTime, PlayHash> plays_;
  bool is_failing_ = false;  // of write() alone
};

}  // namespace tapedeck
