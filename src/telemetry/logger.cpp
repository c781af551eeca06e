#include "telemetry/logger.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "base/text.hpp"
#include "domain/events.hpp"

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

// How often the writer looks whether it is to end, while nobody reads.
constexpr int kLookMilliseconds = 20;
// More than this is worth a write at once.
constexpr std::size_t kGatherBytesMax = 64U << 10U;

// As many whole lines as a pipe takes in one piece.
std::string_view first_piece(std::string_view lines) {
  if (lines.size() <= kLogLineMax) return lines;
  return lines.substr(0, lines.rfind('\n', kLogLineMax - 1) + 1);
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

Logger::Logger(const Clock& clock, LogOptions options) : clock_(clock), options_(options), writer_([this] { run(); }) {}

Logger::~Logger() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
    give_up_at_ = std::chrono::steady_clock::now() + kLogPatience;
  }
  wake_.notify_one();
}

void Logger::emit(const Event& event) noexcept {
  if (event.severity < options_.least) return;
  try {
    std::string line = format(event);
    line.push_back('\n');
    const std::scoped_lock lock(mutex_);
    if (pending_.size() + line.size() > kLogBacklogMax) {
      ++dropped_;
      ++dropped_unreported_;
      return;
    }
    const bool was_empty = pending_.empty();
    pending_ += line;
    if (was_empty || pending_.size() > kGatherBytesMax) wake_.notify_one();
  } catch (...) {
    // No memory for a line: the process has worse to do than to log, and a log must not end it.
  }
}

bool Logger::flush(Milliseconds patience) {
  std::unique_lock lock(mutex_);
  ++hurried_;
  wake_.notify_one();
  const bool all = written_.wait_for(lock, patience, [this] { return idle_ && pending_.empty(); });
  --hurried_;
  return all;
}

std::uint64_t Logger::dropped() const {
  const std::scoped_lock lock(mutex_);
  return dropped_;
}

void Logger::run() {
  ::pthread_setname_np(::pthread_self(), "log");
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || !pending_.empty(); });
    if (pending_.empty()) return;
    wake_.wait_for(lock, kLogGather, [this] { return stopping_ || hurried_ > 0 || pending_.size() > kGatherBytesMax; });
    std::string lines = std::exchange(pending_, {});
    const std::uint64_t lost = std::exchange(dropped_unreported_, 0);
    idle_ = false;
    lock.unlock();
    // The lines that wait are older than those that found no room behind them.
    if (lost > 0) {
      lines += format(event::log_lines_dropped(static_cast<std::int64_t>(lost))) + "\n";
    }
    write_out(lines);
    lock.lock();
    idle_ = true;
    written_.notify_all();
  }
}

void Logger::write_out(std::string_view lines) {
  while (!lines.empty()) {
    const std::string_view piece = first_piece(lines);
    if (!wait_for_reader()) return count_dropped(lines);
    ssize_t written = 0;
    do {
      written = ::write(options_.file_descriptor, piece.data(), piece.size());
    } while (written < 0 && errno == EINTR);
    if (written != static_cast<ssize_t>(piece.size())) count_dropped(piece);
    lines.remove_prefix(piece.size());
  }
}

// Until the descriptor takes kLogLineMax bytes. False: the reader is gone, or does not read and the end is due.
bool Logger::wait_for_reader() {
  while (true) {
    pollfd waiting{.fd = options_.file_descriptor, .events = POLLOUT, .revents = 0};
    const int ready = ::poll(&waiting, 1, kLookMilliseconds);
    // A pipe whose reader is gone is "writable" too, with POLLERR: writing would raise SIGPIPE.
    if (ready > 0) return waiting.revents == POLLOUT;
    if (ready < 0 && errno != EINTR) return false;
    const std::scoped_lock lock(mutex_);
    if (std::chrono::steady_clock::now() >= give_up_at_) return false;
  }
}

void Logger::count_dropped(std::string_view lines) {
  const auto count = static_cast<std::uint64_t>(std::count(lines.begin(), lines.end(), '\n'));
  const std::scoped_lock lock(mutex_);
  dropped_ += count;
  dropped_unreported_ += count;
}

}  // namespace tapedeck
