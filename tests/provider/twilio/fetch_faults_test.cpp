#include <fstream>
#include <thread>

#include <gtest/gtest.h>
#include <unistd.h>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "tests/provider/twilio/source_fixture.hpp"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
// Declared in sanitizer/allocator_interface.h, which GCC's package lacks.
extern "C" std::size_t __sanitizer_get_current_allocated_bytes();
#endif

// Faults of the provider (slow, cut off, false or endless answers) and of sinks (stopped or slow).

namespace tapedeck {
namespace {

using FetchFaults = SourceTest;

const std::string kChunkedHead = "HTTP/1.1 200 OK\r\n" + kMp3Header + "Transfer-Encoding: chunked\r\n\r\n";
const std::string kPlainHead = "HTTP/1.1 200 OK\r\n" + kMp3Header + "\r\n";

TEST_F(FetchFaults, a_closed_port_is_unreachable) {
  boost::asio::ip::tcp::acceptor taken(loop_, {boost::asio::ip::address_v4::loopback(), 0});
  const std::uint16_t port = taken.local_endpoint().port();
  taken.close();
  options_.base_url = "http://127.0.0.1:" + std::to_string(port);
  const FetchOutcome outcome = fetch();
  EXPECT_EQ(verdict_of(outcome), "provider_unreachable");
  EXPECT_FALSE(outcome.cut_by_us);
}

TEST_F(FetchFaults, a_connection_closed_without_an_answer_is_unreachable) {
  provider_.answer({close_connection()});
  const FetchOutcome outcome = fetch();
  EXPECT_EQ(verdict_of(outcome), "provider_unreachable");
  EXPECT_FALSE(outcome.cut_by_us);
}

TEST_F(FetchFaults, a_reset_within_the_headers_is_unreachable) {
  provider_.answer({send("HTTP/1.1 200 OK\r\nContent-"), reset_connection()});
  const FetchOutcome outcome = fetch();
  EXPECT_EQ(verdict_of(outcome), "provider_unreachable");
  EXPECT_FALSE(outcome.cut_by_us);
}

TEST_F(FetchFaults, fewer_bytes_than_announced_are_a_truncated_recording) {
  provider_.answer({send("HTTP/1.1 200 OK\r\n" + kMp3Header + "Content-Length: 100\r\n\r\nhello"), close_connection()});
  const FetchOutcome outcome = fetch();
  EXPECT_EQ(verdict_of(outcome), "media_truncated");
  EXPECT_FALSE(outcome.cut_by_us);
}

TEST_F(FetchFaults, bytes_beyond_the_announced_length_are_not_taken) {
  provider_.answer({send("HTTP/1.1 200 OK\r\n" + kMp3Header + "Content-Length: 5\r\n\r\nhello world"), hang()});
  const FetchOutcome outcome = fetch();
  EXPECT_EQ(verdict_of(outcome), "ok");
  EXPECT_EQ(sink_.bytes, "hello");
  // The rest belongs to no answer, so the connection must not be used again.
  EXPECT_EQ(verdict_of(fetch()), "ok");
  EXPECT_EQ(provider_.connections(), 2U);
}

TEST_F(FetchFaults, chunks_without_the_last_one_are_a_truncated_recording) {
  provider_.answer({send(kChunkedHead + "5\r\nhello\r\n"), close_connection()});
  EXPECT_EQ(verdict_of(fetch()), "media_truncated");
}

TEST_F(FetchFaults, a_chunk_that_breaks_off_is_a_truncated_recording) {
  provider_.answer({send(kChunkedHead + "50\r\nhello"), close_connection()});
  EXPECT_EQ(verdict_of(fetch()), "media_truncated");
}

TEST_F(FetchFaults, malformed_chunks_are_a_truncated_recording) {
  provider_.answer({send(kChunkedHead + "hello\r\n"), hang()});
  EXPECT_EQ(verdict_of(fetch()), "media_truncated");
}

TEST_F(FetchFaults, a_reset_within_the_body_is_a_truncated_recording) {
  provider_.answer({send("HTTP/1.1 200 OK\r\n" + kMp3Header + "Content-Length: 100\r\n\r\nhello"), reset_connection()});
  const FetchOutcome outcome = fetch();
  EXPECT_EQ(verdict_of(outcome), "media_truncated");
  EXPECT_FALSE(outcome.cut_by_us);
}

TEST_F(FetchFaults, an_answer_that_is_not_http_fails_the_fetch) {
  provider_.answer({send("220 smtp.example.com ready\r\n"), close_connection()});
  EXPECT_EQ(verdict_of(fetch()), "provider_server_error");
}

TEST_F(FetchFaults, endless_headers_fail_the_fetch) {
  provider_.answer({send("HTTP/1.1 200 OK\r\n"), endless("X-Filler: " + std::string(1000, 'x') + "\r\n")});
  const FetchOutcome outcome = fetch();
  EXPECT_EQ(verdict_of(outcome), "provider_server_error");
  EXPECT_TRUE(outcome.cut_by_us);
}

TEST_F(FetchFaults, endless_informational_answers_fail_the_fetch) {
  provider_.answer({endless("HTTP/1.1 102 Processing\r\n\r\n")});
  EXPECT_EQ(verdict_of(fetch()), "provider_server_error");
}

TEST_F(FetchFaults, an_answer_without_a_first_byte_times_out) {
  options_.limits.answer_timeout = Milliseconds{80};
  provider_.answer({hang()});
  const FetchOutcome outcome = fetch();
  EXPECT_EQ(verdict_of(outcome), "provider_timed_out");
  EXPECT_TRUE(outcome.cut_by_us);
  EXPECT_TRUE(provider_.client_has_closed(0));
}

TEST_F(FetchFaults, a_stall_in_the_body_times_out) {
  options_.limits.idle_timeout = Milliseconds{80};
  provider_.answer({send(kPlainHead + "hello"), hang()});
  const FetchOutcome outcome = fetch();
  EXPECT_EQ(verdict_of(outcome), "provider_timed_out");
  EXPECT_TRUE(outcome.cut_by_us);
  EXPECT_TRUE(provider_.client_has_closed(0));
}

TEST_F(FetchFaults, a_drip_below_the_lowest_speed_times_out) {
  options_.limits.low_speed_window = Milliseconds{120};
  options_.limits.low_speed_bytes_per_second = 10'000;
  provider_.answer({send(kPlainHead), drip("x", std::chrono::milliseconds(5))});
  const FetchOutcome outcome = fetch();
  EXPECT_EQ(verdict_of(outcome), "provider_timed_out");
  EXPECT_TRUE(outcome.cut_by_us);
  EXPECT_TRUE(sink_.bytes.starts_with("x"));
}

TEST_F(FetchFaults, a_fetch_that_takes_too_long_in_all_times_out) {
  options_.limits.total_timeout = Milliseconds{150};
  provider_.answer({send(kPlainHead), drip("x", std::chrono::milliseconds(5))});
  EXPECT_EQ(verdict_of(fetch()), "provider_timed_out");
}

TEST_F(FetchFaults, a_body_announced_as_too_large_is_not_read) {
  options_.limits.body_bytes_max = 1'000;
  provider_.answer({send("HTTP/1.1 200 OK\r\n" + kMp3Header + "Content-Length: 1000000\r\n\r\n"), endless("x")});
  const FetchOutcome outcome = fetch();
  EXPECT_EQ(verdict_of(outcome), "media_too_large");
  EXPECT_TRUE(outcome.cut_by_us);
  EXPECT_FALSE(sink_.head.has_value());
}

TEST_F(FetchFaults, an_endless_body_is_cut_at_the_limit) {
  options_.limits.body_bytes_max = 1'000'000;
  provider_.answer({send(kPlainHead), endless(std::string(10'000, 'x'))});
  const FetchOutcome outcome = fetch();
  EXPECT_EQ(verdict_of(outcome), "media_too_large");
  EXPECT_TRUE(outcome.cut_by_us);
  EXPECT_LE(sink_.bytes.size(), 1'000'000U);
  EXPECT_TRUE(provider_.client_has_closed(0));
}

TEST_F(FetchFaults, an_endless_error_body_is_cut) {
  provider_.answer({send("HTTP/1.1 503 Unavailable\r\n\r\n"), endless(std::string(10'000, 'x'))});
  const FetchOutcome outcome = fetch();
  EXPECT_EQ(verdict_of(outcome), "provider_server_error");
  EXPECT_TRUE(outcome.cut_by_us);
  EXPECT_TRUE(provider_.client_has_closed(0));
}

TEST_F(FetchFaults, a_cut_refusal_of_two_channels_is_reported_although_one_channel_arrives_whole) {
  provider_.answer({send("HTTP/1.1 400 Bad Request\r\n\r\n"), endless(std::string(10'000, 'x'))});
  provider_.answer({respond("200 OK", kMp3Header, "audio")});
  const FetchOutcome outcome = fetch(AudioFormat::kWavDual);
  EXPECT_EQ(verdict_of(outcome), "ok");
  EXPECT_TRUE(outcome.cut_by_us);
}

TEST_F(FetchFaults, an_error_body_that_breaks_off_does_not_hide_the_status) {
  provider_.answer({send("HTTP/1.1 404 Not Found\r\nContent-Length: 100\r\n\r\n{"), close_connection()});
  const FetchOutcome outcome = fetch();
  EXPECT_EQ(verdict_of(outcome), "provider_not_ready");
  EXPECT_FALSE(outcome.cut_by_us);
}

TEST_F(FetchFaults, endless_metadata_is_cut) {
  provider_.answer(
      {send("HTTP/1.1 200 OK\r\n\r\n{\"status\":\"completed\", \"x\": \""), endless(std::string(10'000, 'x'))});
  const Result<RemoteStatus> status = describe();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().errc(), Errc::kProviderServerError);
}

using FetchStop = SourceTest;

TEST_F(FetchStop, a_stop_before_the_start_sends_nothing) {
  stop_.request_stop();
  const FetchOutcome outcome = fetch();
  EXPECT_EQ(verdict_of(outcome), "cancelled");
  EXPECT_FALSE(outcome.cut_by_us);
  EXPECT_TRUE(provider_.requests().empty());
}

TEST_F(FetchStop, a_stop_in_the_body_returns_after_the_connection_is_closed) {
  provider_.answer({send(kPlainHead + "hello"), hang()});
  sink_.on_bytes = [this]() -> Result<void> {
    stop_.request_stop();
    return {};
  };
  const FetchOutcome outcome = fetch();
  EXPECT_EQ(verdict_of(outcome), "cancelled");
  EXPECT_TRUE(outcome.cut_by_us);
  EXPECT_TRUE(provider_.client_has_closed(0));
}

// Requests the stop on a thread of its own once the provider has a request.
Task<int> stop_at_request(boost::asio::io_context& loop, const ScriptedServer& provider, std::stop_source stop,
                          std::jthread& stopper) {
  while (provider.requests().empty()) co_await boost::asio::post(loop, boost::asio::use_awaitable);
  stopper = std::jthread([stop]() mutable { stop.request_stop(); });
  co_return 0;
}

TEST_F(FetchStop, a_stop_from_another_thread_ends_the_wait_for_an_answer) {
  provider_.answer({hang()});
  std::jthread stopper;
  source_ = std::make_unique<TwilioRecordingSource>(client_, clock_, *TwilioApi::parse(options_));
  std::optional<int> watched;
  boost::asio::co_spawn(loop_, stop_at_request(loop_, provider_, stop_, stopper),
                        [&](std::exception_ptr, int value) { watched = value; });
  const FetchOutcome outcome = run(source_->fetch(request(), sink_, stop_.get_token()));
  EXPECT_EQ(verdict_of(outcome), "cancelled");
  EXPECT_TRUE(outcome.cut_by_us);
  EXPECT_TRUE(provider_.client_has_closed(0));
  EXPECT_TRUE(watched.has_value());
}

TEST_F(FetchStop, a_stop_after_the_last_byte_cuts_nothing) {
  provider_.answer({respond("200 OK", kMp3Header, "audio")});
  EXPECT_EQ(verdict_of(fetch()), "ok");
  stop_.request_stop();
  EXPECT_FALSE(provider_.client_has_closed(0));
}

TEST_F(FetchStop, an_error_of_the_sink_ends_the_fetch_with_that_error) {
  provider_.answer({send(kPlainHead), endless(std::string(10'000, 'x'))});
  sink_.on_bytes = []() -> Result<void> { return fail(Errc::kNoSpace, "disk full"); };
  const FetchOutcome outcome = fetch();
  EXPECT_EQ(verdict_of(outcome), "disk_full");
  EXPECT_TRUE(outcome.cut_by_us);
  EXPECT_TRUE(provider_.client_has_closed(0));
}

TEST_F(FetchStop, an_error_of_the_sink_at_the_head_ends_the_fetch_with_that_error) {
  provider_.answer({send(kPlainHead), hang()});
  sink_.on_start = []() -> Result<void> { return fail(Errc::kReadOnly, "read only"); };
  const FetchOutcome outcome = fetch();
  EXPECT_EQ(verdict_of(outcome), "disk_read_only");
  EXPECT_TRUE(outcome.cut_by_us);
  EXPECT_TRUE(provider_.client_has_closed(0));
}

// A sink that waits at its first piece until the test releases it.
class GatedSink final : public FetchSink {
 public:
  explicit GatedSink(boost::asio::steady_timer& gate) : gate_(gate) {}
  [[nodiscard]] Task<Result<void>> start(FetchHead) override { co_return Result<void>{}; }
  [[nodiscard]] Task<Result<void>> write(std::string chunk) override {
    bytes += chunk.size();
    if (!gate_is_open()) co_await wait();
    co_return Result<void>{};
  }
  std::uint64_t bytes = 0;

 private:
  [[nodiscard]] bool gate_is_open() const { return gate_.expiry() == boost::asio::steady_timer::time_point::min(); }
  [[nodiscard]] Task<> wait() {
    try {
      co_await gate_.async_wait(boost::asio::use_awaitable);
    } catch (const boost::system::system_error&) {
      // The gate was opened.
    }
  }
  boost::asio::steady_timer& gate_;
};

// The memory that the program holds. A sanitizer keeps freed memory for a while, so the test asks the sanitizer.
std::uint64_t held_bytes() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return __sanitizer_get_current_allocated_bytes();
#else
  std::ifstream statm("/proc/self/statm");
  std::uint64_t total = 0;
  std::uint64_t resident = 0;
  statm >> total >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
#endif
}

// Returns when the provider could send nothing for `quiet`, because everything between it and the sinks is full.
Task<int> until_nothing_flows(boost::asio::io_context& loop, const ScriptedServer& provider, std::size_t connections,
                              std::uint64_t sent_at_least) {
  constexpr auto kQuiet = std::chrono::milliseconds(150);
  boost::asio::steady_timer timer(loop);
  std::uint64_t before = 0;
  while (provider.connections() < connections || provider.sent_bytes() < sent_at_least ||
         provider.sent_bytes() != before) {
    before = provider.sent_bytes();
    timer.expires_after(kQuiet);
    co_await timer.async_wait(boost::asio::use_awaitable);
  }
  co_return 0;
}

TEST_F(FetchFaults, sixty_four_endless_bodies_with_slow_sinks_take_bounded_memory) {
  constexpr std::size_t kTransfers = 64;
  constexpr std::uint64_t kBytesEach = 2 * 1024 * 1024;  // twice the pipe, which grows by doubling, and a margin
  provider_.answer({send(kPlainHead), endless(std::string(64 * 1024, 'x'))});
  source_ = std::make_unique<TwilioRecordingSource>(client_, clock_, *TwilioApi::parse(options_));

  boost::asio::steady_timer gate(loop_, boost::asio::steady_timer::time_point::max());
  std::vector<std::unique_ptr<GatedSink>> sinks;
  std::vector<std::string> ends;
  const std::uint64_t before = held_bytes();
  for (std::size_t i = 0; i < kTransfers; ++i) {
    sinks.push_back(std::make_unique<GatedSink>(gate));
    boost::asio::co_spawn(loop_, source_->fetch(request(), *sinks.back(), stop_.get_token()),
                          [&](std::exception_ptr, FetchOutcome outcome) {
                            ends.push_back(verdict_of(outcome) + (outcome.cut_by_us ? ", cut by us" : ""));
                          });
  }
  // When nothing flows any more, every sink has one piece and every pipe is full.
  (void)run(until_nothing_flows(loop_, provider_, kTransfers, kTransfers * options_.limits.pipe_bytes));
  const std::uint64_t grown = held_bytes() - before;
  EXPECT_LT(grown, kTransfers * kBytesEach);
  RecordProperty("bytes_each", static_cast<int>(grown / kTransfers));

  // Paused fetches end when they are cancelled.
  stop_.request_stop();
  gate.expires_at(boost::asio::steady_timer::time_point::min());
  while (ends.size() < kTransfers) loop_.run_one();
  EXPECT_EQ(std::ranges::count(ends, "cancelled, cut by us"), std::ssize(ends)) << ::testing::PrintToString(ends);
  for (std::size_t i = 0; i < kTransfers; ++i) EXPECT_TRUE(provider_.client_has_closed(i));
  EXPECT_EQ(client_.active(), 0U);
}

TEST_F(FetchFaults, fetches_that_their_sinks_end_return_after_their_connections_are_closed) {
  constexpr std::size_t kTransfers = 64;
  provider_.answer({send(kPlainHead), endless(std::string(16 * 1024, 'x'))});
  source_ = std::make_unique<TwilioRecordingSource>(client_, clock_, *TwilioApi::parse(options_));
  std::size_t ended = 0;
  std::size_t cut = 0;
  std::size_t early = 0;
  const auto closed = [&] {
    std::size_t count = 0;
    for (std::size_t i = 0; i < provider_.connections(); ++i) count += provider_.client_has_closed(i) ? 1U : 0U;
    return count;
  };
  std::vector<std::unique_ptr<CollectingSink>> sinks;
  for (std::size_t i = 0; i < kTransfers; ++i) {
    sinks.push_back(std::make_unique<CollectingSink>());
    sinks.back()->on_bytes = []() -> Result<void> { return fail(Errc::kNoSpace, "disk full"); };
    boost::asio::co_spawn(loop_, source_->fetch(request(), *sinks.back(), stop_.get_token()),
                          [&](std::exception_ptr, FetchOutcome outcome) {
                            ++ended;
                            if (outcome.cut_by_us) ++cut;
                            if (closed() < ended) ++early;
                          });
  }
  while (ended < kTransfers) loop_.run_one();
  EXPECT_EQ(cut, kTransfers);
  EXPECT_EQ(early, 0U);
}

// Lets the provider run ahead again and again.
TEST_F(FetchFaults, a_slow_sink_gets_every_byte_in_order) {
  std::string body(6'000'000, '\0');
  unsigned state = 7;
  for (char& byte : body) {
    state = state * 1664525U + 1013904223U;
    byte = static_cast<char>(state >> 24U);
  }
  options_.limits.pipe_bytes = 20'000;
  provider_.answer({respond("200 OK", kMp3Header, body)});
  const FetchOutcome outcome = fetch();
  EXPECT_EQ(verdict_of(outcome), "ok");
  EXPECT_FALSE(outcome.cut_by_us);
  EXPECT_TRUE(sink_.bytes == body);
}

TEST_F(FetchFaults, a_slow_sink_is_not_taken_for_a_stalled_provider) {
  options_.limits.pipe_bytes = 1'000;
  options_.limits.idle_timeout = Milliseconds{40};
  options_.limits.low_speed_window = Milliseconds{40};
  options_.limits.low_speed_bytes_per_second = 1'000'000'000;
  // One piece, so that the pipe is full when the answer begins.
  provider_.answer({send(kPlainHead + std::string(128 * 1024, 'x')), endless(std::string(64 * 1024, 'x'))});
  boost::asio::steady_timer gate(loop_, boost::asio::steady_timer::time_point::max());
  GatedSink sink(gate);
  source_ = std::make_unique<TwilioRecordingSource>(client_, clock_, *TwilioApi::parse(options_));
  std::optional<FetchOutcome> ended;
  boost::asio::co_spawn(loop_, source_->fetch(request(), sink, stop_.get_token()),
                        [&](std::exception_ptr, FetchOutcome outcome) { ended = std::move(outcome); });
  // Longer than every limit on the provider.
  (void)run(until_nothing_flows(loop_, provider_, 1, 100'000));
  EXPECT_FALSE(ended.has_value());
  stop_.request_stop();
  gate.expires_at(boost::asio::steady_timer::time_point::min());
  while (!ended) loop_.run_one();
  EXPECT_EQ(verdict_of(*ended), "cancelled");
}

TEST(CurlClientEnd, the_end_of_the_client_cancels_running_fetches) {
  boost::asio::io_context loop(1);
  ScriptedServer provider(loop);
  provider.answer({send(kPlainHead + "hello"), hang()});
  const FixedClock clock;
  TwilioOptions options;
  options.base_url = provider.url();
  auto client = std::make_unique<CurlClient>();
  const auto source = std::make_unique<TwilioRecordingSource>(*client, clock, *TwilioApi::parse(options));
  CollectingSink sink;
  FetchRequest request;
  request.recording = *RecordingSid::parse(kRecordingText);
  request.media_account = *AccountSid::parse(kAccountText);
  request.login_account = request.media_account;
  std::optional<FetchOutcome> ended;
  boost::asio::co_spawn(loop, source->fetch(request, sink, {}),
                        [&](std::exception_ptr, FetchOutcome outcome) { ended = std::move(outcome); });
  while (sink.bytes.empty()) loop.run_one();
  client.reset();
  while (!ended) loop.run_one();
  EXPECT_EQ(verdict_of(*ended), "cancelled");
  EXPECT_TRUE(provider.client_has_closed(0));
}

}  // namespace
}  // namespace tapedeck
