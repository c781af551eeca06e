#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include <boost/json.hpp>

#include "base/error.hpp"

namespace tapedeck::simulator {

/// Most lines that GET /_sim/log can return. Older lines are in the file only.
inline constexpr std::size_t kMaxKeptLines = 50'000;

/// The events at the provider's side, one JSON object per line:
/// {"n": sequence number, "t_ns": CLOCK_MONOTONIC in nanoseconds, "event": ..., ...}.
/// Lines reach the file at once, so that a reader sees them and a kill loses none of them.
class EventLog {
 public:
  EventLog() = default;
  ~EventLog();
  EventLog(const EventLog&) = delete;
  EventLog& operator=(const EventLog&) = delete;

  /// Appends to the file from now on. Error kIo.
  Result<void> open(const std::string& path);

  /// Adds a line; `fields` follow n, t_ns and event.
  void write(std::string_view event, boost::json::object fields);

  /// {"next": ..., "dropped": ..., "events": [...]} as text: the lines numbered `since` and later, at most `limit`.
  /// `dropped` counts those that are no longer kept.
  [[nodiscard]] std::string since(std::uint64_t since, std::size_t limit) const;

  /// Forgets the kept lines. The numbering continues.
  void forget();

 private:
  int file_ = -1;
  std::uint64_t next_ = 1;
  std::uint64_t first_kept_ = 1;
  std::deque<std::string> kept_;
};

/// CLOCK_MONOTONIC in nanoseconds, comparable between the processes of a machine.
[[nodiscard]] std::int64_t monotonic_ns() noexcept;

}  // namespace tapedeck::simulator
