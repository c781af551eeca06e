#include "adapters/telemetry/logger.hpp"

#include <cerrno>

#include <poll.h>
#include <unistd.h>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "core/text.hpp"

namespace tapedeck {
namespace {

// Most fields in a JSON line that has to be cut; no event of ours has as many.
constexpr std::size_t kCutFieldsMax = 12;

std::string time_with_milliseconds(SystemTime time) {
  std::string text = format_rfc3339(time);
  if (text.find('.') == std::string::npos) text.insert(text.size() - 1, ".000");
  return text;
}

boost::json::value to_json(const Event::Value& value, std::size_t most) {
  if (const auto* text = std::get_if<std::string>(&value)) return boost::json::string(to_clean_text(*text, most));
  if (const auto* number = std::get_if<std::int64_t>(&value)) return *number;
  if (const auto* real = std::get_if<double>(&value)) return *real;
  return std::get<bool>(value);
}

std::string serialize(const Event& event, SystemTime time, std::size_t fields_max, std::size_t value_max) {
  boost::json::object line;
  line["time"] = time_with_milliseconds(time);
  line["level"] = severity_name(event.severity);
  line["event"] = event.name;
  for (const Event::Field& field : event.fields) {
    if (fields_max-- == 0) break;
    line[field.name] = to_json(field.value, value_max);
  }
  if (value_max == kLogValueMax) line["cut"] = true;
  return boost::json::serialize(line);
}

// Waits until the descriptor takes kLogLineMax bytes, at most `patience`.
bool is_writable(int file_descriptor, Milliseconds patience) {
  pollfd waiting{.fd = file_descriptor, .events = POLLOUT, .revents = 0};
  const int ready = ::poll(&waiting, 1, static_cast<int>(patience.count()));
  // A pipe whose reader is gone is "writable" too, with POLLERR: writing would raise SIGPIPE.
  return ready > 0 && waiting.revents == POLLOUT;
}

}  // namespace

std::optional<LogFormat> parse_log_format(std::string_view name) noexcept {
  if (name == "text") return LogFormat::kText;
  if (name == "json") return LogFormat::kJson;
  return std::nullopt;
}

std::optional<Severity> parse_severity(std::string_view name) noexcept {
  for (const Severity severity : {Severity::kDebug, Severity::kInfo, Severity::kWarning, Severity::kError}) {
    if (name == severity_name(severity)) return severity;
  }
  return std::nullopt;
}

std::string format_json(const Event& event, SystemTime time) {
  std::string line = serialize(event, time, event.fields.size(), kLogLineMax);
  if (line.size() >= kLogLineMax) line = serialize(event, time, kCutFieldsMax, kLogValueMax);
  return line;
}

std::string Logger::format(const Event& event) const {
  if (options_.format == LogFormat::kJson) return format_json(event, clock_.system_now());
  std::string line = format_text(event);
  if (event.severity != Severity::kInfo) line.append(" level=").append(severity_name(event.severity));
  // Control characters are escaped already: this mends ill-formed UTF-8 and cuts between two characters.
  return to_clean_text(line, kLogLineMax - 1);
}

bool Logger::write_line(std::string_view line) {
  if (!is_writable(options_.file_descriptor, stuck_ ? Milliseconds{0} : kLogPatience)) {
    stuck_ = true;
    return false;
  }
  stuck_ = false;
  ssize_t written = 0;
  do {
    written = ::write(options_.file_descriptor, line.data(), line.size());
  } while (written < 0 && errno == EINTR);
  return written == static_cast<ssize_t>(line.size());
}

void Logger::emit(const Event& event) noexcept {
  if (event.severity < options_.least) return;
  try {
    const std::string line = format(event) + "\n";
    const std::scoped_lock lock(mutex_);
    if (dropped_unreported_ > 0) {
      const Event lost{
          Severity::kWarning, "", "LOG_LINES_DROPPED", {{"count", static_cast<std::int64_t>(dropped_unreported_)}}};
      if (write_line(format(lost) + "\n")) dropped_unreported_ = 0;
    }
    if (!write_line(line)) {
      ++dropped_;
      ++dropped_unreported_;
    }
  } catch (...) {
    // No memory for a line: the process has worse to do than to log, and a log must not end it.
  }
}

std::uint64_t Logger::dropped() const {
  const std::scoped_lock lock(mutex_);
  return dropped_;
}

}  // namespace tapedeck
