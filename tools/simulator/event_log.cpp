#include "event_log.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace tapedeck::simulator {

EventLog::~EventLog() {
  if (file_ >= 0) ::close(file_);
}

Result<void> EventLog::open(const std::string& path) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (file < 0) return fail(Errc::kIo, fmt::format("the log cannot be opened: {}: {}", path, std::strerror(errno)));
  if (file_ >= 0) ::close(file_);
  file_ = file;
  return {};
}

void EventLog::write(std::string_view event, boost::json::object fields) {
  std::string line = fmt::format("{{\"n\":{},\"t_ns\":{},\"event\":\"{}\"", next_++, monotonic_ns(), event);
  if (fields.empty()) {
    line += '}';
  } else {
    const std::string rest = boost::json::serialize(fields);
    line += ',';
    line.append(rest, 1);
  }
  if (file_ >= 0) {
    line += '\n';
    // One write for each line, so that lines stay whole. A full disk loses lines of the file only.
    [[maybe_unused]] const ssize_t written = ::write(file_, line.data(), line.size());
    line.pop_back();
  }
  kept_.push_back(std::move(line));
  if (kept_.size() > kMaxKeptLines) {
    kept_.pop_front();
    ++first_kept_;
  }
}

std::string EventLog::since(std::uint64_t since, std::size_t limit) const {
  const std::uint64_t from = std::max(since, first_kept_);
  const std::size_t skip = std::min<std::size_t>(static_cast<std::size_t>(from - first_kept_), kept_.size());
  const std::size_t count = std::min(limit, kept_.size() - skip);
  std::string events;
  for (std::size_t i = skip; i < skip + count; ++i) {
    if (!events.empty()) events += ',';
    events += kept_[i];
  }
  const std::uint64_t wanted = std::max<std::uint64_t>(since, 1);
  const std::uint64_t dropped = first_kept_ > wanted ? first_kept_ - wanted : 0;
  return fmt::format("{{\"next\":{},\"dropped\":{},\"events\":[{}]}}", first_kept_ + skip + count, dropped, events);
}

void EventLog::forget() {
  first_kept_ = next_;
  kept_.clear();
}

std::int64_t monotonic_ns() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

}  // namespace tapedeck::simulator
