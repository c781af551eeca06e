#include "telemetry/logger.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include <gtest/gtest.h>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "domain/events.hpp"

namespace tapedeck {
namespace {

constexpr Milliseconds kPatience{10'000};

class FixedClock final : public Clock {
 public:
  [[nodiscard]] SystemTime system_now() const override {
    return SystemTime(std::chrono::sys_days{std::chrono::year{2026} / 11 / 23} + std::chrono::hours{12});
  }
  [[nodiscard]] SteadyTime steady_now() const override { return {}; }
  [[nodiscard]] Task<> sleep_until(SteadyTime, std::stop_token) override { co_return; }
};

// A pipe whose reading end gives back what was logged.
class Pipe {
 public:
  Pipe() {
    if (::pipe2(ends_.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
    ::fcntl(ends_[0], F_SETFL, O_NONBLOCK);
  }
  ~Pipe() {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  [[nodiscard]] int write_end() const { return ends_[1]; }
  // What the log has written when everything emitted is out.
  [[nodiscard]] std::string read_from(Logger& log) const {
    EXPECT_TRUE(log.flush(kPatience));
    return read();
  }
  // One read(2): what one or more write(2) left.
  [[nodiscard]] std::string read() const {
    std::string bytes(1 << 17, '\0');
    const ssize_t count = ::read(ends_[0], bytes.data(), bytes.size());
    bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return bytes;
  }

 private:
  std::array<int, 2> ends_{};
};

const BusinessId kBusiness = *BusinessId::parse("123");
Sid sid_of(char last) { return *Sid::parse("CA" + std::string(31, '1') + last); }

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::size_t start = 0;
  for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n', start)) {
    lines.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  if (start < text.size()) lines.push_back(text.substr(start) + " (without a line feed)");
  return lines;
}

TEST(Logger, text_lines_of_the_contract_are_the_whole_line_to_the_letter) {
  const FixedClock clock;
  const Pipe pipe;
  Logger log(clock, {.file_descriptor = pipe.write_end()});
  log.emit(event::recording_enqueue(kBusiness, sid_of('1'), 1, 3));
  log.emit(event::recording_queued(kBusiness, sid_of('4'), 3, 3, 1));
  log.emit(event::recording_done(kBusiness, sid_of('1'), 2, 3));
  log.emit(event::recording_next(kBusiness, sid_of('4'), 3, 3));
  EXPECT_EQ(pipe.read_from(log),
            "🎧 RECORDING_ENQUEUE business_id=123 sid=CA111111... active=1/3\n"
            "⏳ RECORDING_QUEUED business_id=123 sid=CA111111... active=3/3 queue_len=1\n"
            "✅ RECORDING_DONE business_id=123 sid=CA111111... active=2/3\n"
            "➡️ RECORDING_NEXT business_id=123 sid=CA111111... active=3/3\n");
}

TEST(Logger, a_warning_says_so_at_the_end_of_its_text_line) {
  const FixedClock clock;
  const Pipe pipe;
  Logger log(clock, {.file_descriptor = pipe.write_end()});
  log.emit({Severity::kWarning, "", "DISK_SLOW", {{"milliseconds", std::int64_t{900}}}});
  EXPECT_EQ(pipe.read_from(log), "DISK_SLOW milliseconds=900 level=warning\n");
}

TEST(Logger, json_lines_carry_time_level_event_and_the_whole_sid) {
  const FixedClock clock;
  const Pipe pipe;
  Logger log(clock, {.format = LogFormat::kJson, .file_descriptor = pipe.write_end()});
  log.emit(event::recording_queued(kBusiness, sid_of('4'), 3, 3, 7));
  EXPECT_EQ(boost::json::parse(pipe.read_from(log)), boost::json::value({{"time", "2026-11-23T12:00:00.000Z"},
                                                                         {"level", "info"},
                                                                         {"event", "RECORDING_QUEUED"},
                                                                         {"business_id", "123"},
                                                                         {"sid", sid_of('4').str()},
                                                                         {"active", "3/3"},
                                                                         {"queue_len", 7}}));
}

TEST(Logger, what_is_less_severe_than_the_level_is_left_out) {
  const FixedClock clock;
  const Pipe pipe;
  Logger log(clock, {.least = Severity::kWarning, .file_descriptor = pipe.write_end()});
  log.emit({Severity::kDebug, "", "A", {}});
  log.emit({Severity::kInfo, "", "B", {}});
  log.emit({Severity::kWarning, "", "C", {}});
  log.emit({Severity::kError, "", "D", {}});
  EXPECT_EQ(pipe.read_from(log), "C level=warning\nD level=error\n");
}

// Values that try to end a line, to begin another, to leave JSON or to steer a terminal.
class HostileValue : public testing::TestWithParam<std::string> {};

TEST_P(HostileValue, stays_within_one_line_of_text) {
  const FixedClock clock;
  const Pipe pipe;
  Logger log(clock, {.file_descriptor = pipe.write_end()});
  log.emit({Severity::kInfo, "", "NAMED", {{"name", GetParam()}}});
  const std::string out = pipe.read_from(log);
  ASSERT_EQ(lines_of(out).size(), 1U);
  EXPECT_TRUE(out.starts_with("NAMED name="));
  EXPECT_EQ(out.find('\x1b'), std::string::npos);
  EXPECT_LE(out.size(), kLogLineMax);
}

TEST_P(HostileValue, stays_within_one_json_object) {
  const FixedClock clock;
  const Pipe pipe;
  Logger log(clock, {.format = LogFormat::kJson, .file_descriptor = pipe.write_end()});
  log.emit({Severity::kInfo, "", "NAMED", {{"name", GetParam()}, {"after", true}}});
  const std::string out = pipe.read_from(log);
  ASSERT_EQ(lines_of(out).size(), 1U);
  EXPECT_LE(out.size(), kLogLineMax);
  const boost::json::value line = boost::json::parse(out);
  EXPECT_EQ(line.at("event"), "NAMED");
  EXPECT_EQ(line.at("after"), true);
}

INSTANTIATE_TEST_SUITE_P(Logger, HostileValue,
                         testing::Values("a\nRECORDING_DONE business_id=1", "\r\n\r\n", "\x1b[2J", "\" level=error",
                                         "\",\"level\":\"error", std::string("a\0b", 3), "\xff\xfe\xc3", "\xc2\x9b",
                                         std::string(100'000, 'x'), std::string(50'000, '"'),
                                         std::string(9'000, '\n')));

TEST(Logger, lines_of_several_threads_never_mix) {
  const FixedClock clock;
  const Pipe pipe;
  Logger log(clock, {.file_descriptor = pipe.write_end()});
  const auto work = [&log](int id) {
    for (std::int64_t i = 0; i < 100; ++i) log.emit({Severity::kInfo, "", "L", {{"t", std::int64_t{id}}, {"i", i}}});
  };
  {
    std::vector<std::jthread> threads;
    for (int id = 0; id < 4; ++id) threads.emplace_back(work, id);
  }
  const auto lines = lines_of(pipe.read_from(log));
  ASSERT_EQ(lines.size(), 400U);
  for (const std::string& line : lines) EXPECT_TRUE(line.starts_with("L t=")) << line;
  EXPECT_EQ(log.dropped(), 0U);
}

TEST(Logger, a_reader_that_stands_still_costs_lines_and_not_the_caller) {
  const FixedClock clock;
  const Pipe pipe;
  Logger log(clock, {.file_descriptor = pipe.write_end()});
  const std::string filler(kLogLineMax / 2, 'x');
  constexpr std::uint64_t kLines = 2 * kLogBacklogMax / (kLogLineMax / 2);
  for (std::uint64_t i = 0; i < kLines; ++i) log.emit({Severity::kInfo, "", "FULL", {{"filler", filler}}});
  const std::uint64_t dropped = log.dropped();
  EXPECT_GT(dropped, kLines / 4);
  EXPECT_LT(dropped, kLines * 3 / 4);

  std::string seen;
  while (!log.flush(Milliseconds{1})) seen += pipe.read();
  seen += pipe.read();  // the last lines may fill the pipe
  log.emit({Severity::kInfo, "", "AFTER", {}});
  seen += pipe.read_from(log);
  const auto lines = lines_of(seen);
  ASSERT_EQ(lines.size(), kLines - dropped + 2);
  EXPECT_EQ(std::ranges::count(lines, "LOG_LINES_DROPPED count=" + std::to_string(dropped) + " level=warning"), 1);
  EXPECT_EQ(lines.back(), "AFTER");
}

TEST(Logger, its_end_writes_what_was_emitted) {
  const FixedClock clock;
  const Pipe pipe;
  std::optional<Logger> log;
  log.emplace(clock, LogOptions{.file_descriptor = pipe.write_end()});
  log->emit({Severity::kInfo, "", "LAST", {}});
  log.reset();
  EXPECT_EQ(pipe.read(), "LAST\n");
}

TEST(Logger, its_end_does_not_wait_for_a_reader_that_stands_still) {
  const FixedClock clock;
  const Pipe pipe;
  Logger log(clock, {.file_descriptor = pipe.write_end()});
  const std::string filler(kLogLineMax / 2, 'x');
  // A pipe holds 64 KiB: 100 lines of 2 KiB do not fit. That this test ends is what it asks for.
  for (int i = 0; i < 100; ++i) log.emit({Severity::kInfo, "", "FULL", {{"filler", filler}}});
  EXPECT_FALSE(log.flush(Milliseconds{1}));
}

TEST(Logger, a_reader_that_is_gone_raises_no_signal) {
  const FixedClock clock;
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  ::close(ends[0]);
  {
    Logger log(clock, {.file_descriptor = ends[1]});
    log.emit({Severity::kInfo, "", "TO_NOBODY", {}});
    EXPECT_TRUE(log.flush(kPatience));
    EXPECT_EQ(log.dropped(), 1U);
  }
  ::close(ends[1]);
}

}  // namespace
}  // namespace tapedeck
