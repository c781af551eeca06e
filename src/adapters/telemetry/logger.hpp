#pragma once

#include <climits>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "ports/clock.hpp"
#include "ports/event_sink.hpp"

namespace tapedeck {

/// Most bytes in a line, with its line feed. A pipe takes that many in one piece or not at all, so that lines of
/// several processes never mix, and a pipe that is ready takes them without blocking (pipe(7)).
inline constexpr std::size_t kLogLineMax = PIPE_BUF;
/// How long a line waits for a reader that does not read; then it is dropped and counted. Later lines do not wait until
/// the reader reads again.
inline constexpr Milliseconds kLogPatience{100};
/// Most bytes that one value keeps in a JSON line that would be longer than kLogLineMax.
inline constexpr std::size_t kLogValueMax = 120;

enum class LogFormat { kText, kJson };
[[nodiscard]] std::optional<LogFormat> parse_log_format(std::string_view name) noexcept;
/// "debug", "info", "warning", "error"
[[nodiscard]] std::optional<Severity> parse_severity(std::string_view name) noexcept;

struct LogOptions {
  LogFormat format = LogFormat::kText;
  Severity least = Severity::kInfo;  ///< what is less severe is left out
  int file_descriptor = 2;           ///< borrowed
};

/// Writes events as lines. Thread-safe.
///
/// Text is the line of format_text() and nothing else: the time is stamped by whoever keeps the log (journald, a
/// container's runtime), and an event that is no matter of course says so at its end, `level=warning`. JSON is one
/// object a line: time (RFC 3339, milliseconds), level, event, and the fields whole.
class Logger final : public EventSink {
 public:
  Logger(const Clock& clock, LogOptions options) : clock_(clock), options_(options) {}

  void emit(const Event& event) noexcept override;
  /// Lines that nobody took in time.
  [[nodiscard]] std::uint64_t dropped() const;

 private:
  [[nodiscard]] std::string format(const Event& event) const;
  [[nodiscard]] bool write_line(std::string_view line);

  const Clock& clock_;
  const LogOptions options_;
  mutable std::mutex mutex_;
  bool stuck_ = false;  // the last line found nobody reading
  std::uint64_t dropped_ = 0;
  std::uint64_t dropped_unreported_ = 0;
};

/// The event as one JSON object, without the line feed, at most kLogLineMax - 1 bytes.
[[nodiscard]] std::string format_json(const Event& event, SystemTime time);

}  // namespace tapedeck
