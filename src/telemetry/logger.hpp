#pragma once

#include <climits>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "domain/event_sink.hpp"
#include "runtime/clock.hpp"

namespace tapedeck {

/// Bytes of a line, with its line feed, at most. A pipe takes that many in one piece or not at all, so lines of several
/// processes never mix, and a pipe that is ready takes them without blocking (pipe(7)).
inline constexpr std::size_t kLogLineMax = PIPE_BUF;
/// Bytes of lines that may wait for a reader that does not read; further lines are dropped and counted.
inline constexpr std::size_t kLogBacklogMax = 1U << 20U;
/// Time for which lines gather before they are written together; flush() and the end do not wait for it.
inline constexpr Milliseconds kLogGather{2};
/// Time that the end waits for a reader that does not read.
inline constexpr Milliseconds kLogPatience{100};
/// Bytes that one value keeps in a JSON line that would be longer than kLogLineMax.
inline constexpr std::size_t kLogValueMax = 120;

enum class LogFormat { kText, kJson };
[[nodiscard]] std::optional<LogFormat> parse_log_format(std::string_view name) noexcept;
/// "debug", "info", "warning", "error"
[[nodiscard]] std::optional<Severity> parse_severity(std::string_view name) noexcept;

struct LogOptions {
  LogFormat format = LogFormat::kText;
  Severity least = Severity::kInfo;  ///< less severe events are left out
  int file_descriptor = 2;           ///< borrowed
};

/// Writes events as lines. Thread-safe. The caller only formats the line; a thread writes it, because a write costs an
/// event loop more than the rest of a request does, and blocks it when nobody reads.
///
/// A text line is that of format_text(), without a time: the keeper of the log stamps it (journald, a container's
/// runtime). An event that is not routine ends in its level, `level=warning`. A JSON line is one object: time (RFC
/// 3339, milliseconds), level, event, and the fields in full.
class Logger final : public EventSink {
 public:
  Logger(const Clock& clock, LogOptions options);
  Logger(const Logger&) = delete;
  Logger& operator=(const Logger&) = delete;
  /// Writes what waits, within kLogPatience.
  ~Logger() override;

  void emit(const Event& event) noexcept override;
  /// Waits until every line emitted so far is written or dropped, at most `patience`. False: not in time.
  bool flush(Milliseconds patience);
  /// Lines dropped since the start.
  [[nodiscard]] std::uint64_t dropped() const;

 private:
  [[nodiscard]] std::string format(const Event& event) const;
  void run();
  void write_out(std::string_view lines);
  [[nodiscard]] bool wait_for_reader();
  void count_dropped(std::string_view lines);

  const Clock& clock_;
  const LogOptions options_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;     // for the writer: there is something to do
  std::condition_variable written_;  // for flush(): the writer has nothing left
  std::string pending_;
  bool idle_ = true;  // no line is on its way to the descriptor
  int hurried_ = 0;   // calls of flush() that wait
  bool stopping_ = false;
  SteadyTime give_up_at_ = SteadyTime::max();  // when the end stops waiting for a reader
  std::uint64_t dropped_ = 0;
  std::uint64_t dropped_unreported_ = 0;
  std::jthread writer_;
};

/// The event as one JSON object, without the line feed, at most kLogLineMax - 1 bytes.
[[nodiscard]] std::string format_json(const Event& event, SystemTime time);

}  // namespace tapedeck
