#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string_view>
#include <unordered_map>

#include "app/access.hpp"
#include "calls/ports/call_store.hpp"
#include "domain/event_sink.hpp"
#include "runtime/clock.hpp"

namespace tapedeck {

/// How long entries wait to be written together.
inline constexpr Milliseconds kAuditFlushInterval{1'000};
/// Most entries that wait; beyond, the oldest are given up and counted in the log.
inline constexpr std::size_t kAuditPendingMax = 20'000;
/// Most entries written at once.
inline constexpr std::size_t kAuditBatchMax = 1'000;
/// A player asks for the beginning several times for one play: those within this time are one play.
inline constexpr Seconds kPlayWindow{600};
/// Most plays that are remembered for that.
inline constexpr std::size_t kPlaysRememberedMax = 20'000;

/// Who did what: collected in memory, written about once a second, so that a play never waits for a disk. A process
/// that is killed loses at most that second. Thread-safe.
class AuditLog {
 public:
  AuditLog(CallStore& calls, Clock& clock, EventSink& events) : calls_(calls), clock_(clock), events_(events) {}

  /// `action`, a literal: "link", "delete", "retry", "cancel", "hold", "release". `business` as resolved for the
  /// request.
  void add(const Caller& caller, const BusinessId& business, std::string_view action, std::string_view sid,
           std::string_view detail = {});
  /// A play or a download, from its beginning; the same caller's others within kPlayWindow are not counted. Allocates
  /// only when it is counted.
  void play(const Caller& caller, const Recording& recording, bool download);

  /// Writes what waits. Error: the call store's; then the entries wait on.
  [[nodiscard]] Task<Result<void>> flush();
  /// Flushes, and logs AUDIT_NOT_WRITTEN when writing begins to fail. To be called every kAuditFlushInterval by one
  /// task. Never an error.
  [[nodiscard]] Task<Result<void>> write();

 private:
  struct Play {
    std::int64_t key_id;  // kLinkKey: a link's
    std::int64_t row_id;
    bool download;
    friend bool operator==(const Play&, const Play&) = default;
  };
  struct PlayHash {
    std::size_t operator()(const Play& play) const noexcept;
  };

  void push(AuditEntry entry);

  CallStore& calls_;
  Clock& clock_;
  EventSink& events_;
  std::mutex mutex_;
  std::deque<AuditEntry> pending_;
  std::size_t dropped_ = 0;
  std::unordered_map<Play, SteadyTime, PlayHash> plays_;
  bool is_failing_ = false;  // of write() alone
};

}  // namespace tapedeck
