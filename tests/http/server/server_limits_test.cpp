#include <fcntl.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/http/server/server_fixture.hpp"

namespace tapedeck::http::testing {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kShort{60};
constexpr std::uint64_t kLargeFile = 64 * 1024 * 1024;

class ServerLimits : public ServerFixture {};

TEST_F(ServerLimits, a_head_that_does_not_arrive_in_time_gets_408) {
  Limits limits;
  limits.header_timeout = kShort;
  start(limits);
  RawClient client = connect();
  client.send("GET /echo HTTP/1.1\r\nHost:");
  EXPECT_EQ(client.read_reply().status, 408);
  EXPECT_TRUE(client.is_closed_by_peer());
  EXPECT_EQ(server_->stats().header_timeouts, 1U);
}

TEST_F(ServerLimits, a_dripped_head_gets_no_more_time_than_one_that_stops) {
  Limits limits;
  limits.header_timeout = kShort;
  start(limits);
  RawClient client = connect();
  client.send("GET /echo HTTP/1.1\r\nHost: h\r\n");
  while (server_->stats().header_timeouts == 0 && client.send("a: b\r\n")) std::this_thread::yield();
  const std::uint64_t timeouts = server_->stats().header_timeouts;
  const int status = client.read_reply().status;
  // The drip may fill the header before the time is up on a slow machine; both end it.
  EXPECT_TRUE((timeouts == 1 && status == 408) || status == 431) << status;
}

TEST_F(ServerLimits, a_silent_connection_is_closed) {
  Limits limits;
  limits.header_timeout = kShort;
  start(limits);
  RawClient client = connect();
  EXPECT_TRUE(client.is_closed_by_peer());
  EXPECT_EQ(server_->stats().idle_timeouts, 1U);
}

TEST_F(ServerLimits, a_body_that_does_not_arrive_in_time_gets_408) {
  Limits limits;
  limits.body_timeout = kShort;
  start(limits);
  RawClient client = connect();
  client.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc");
  EXPECT_EQ(client.read_reply().status, 408);
  EXPECT_EQ(server_->stats().body_timeouts, 1U);
}

TEST_F(ServerLimits, an_idle_connection_is_closed) {
  Limits limits;
  limits.idle_timeout = kShort;
  start(limits);
  RawClient client = connect();
  client.send("GET /echo HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.read_reply().status, 200);
  EXPECT_TRUE(client.is_closed_by_peer());
  EXPECT_EQ(server_->stats().idle_timeouts, 1U);
}

TEST_F(ServerLimits, a_working_handler_does_not_count_as_idle) {
  Limits limits;
  limits.idle_timeout = limits.header_timeout = limits.body_timeout = kShort;
  start(limits);
  RawClient client = connect();
  client.send("GET /hold HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(eventually([this] { return handler_.holding == 1; }));
  RawClient idle = connect();
  EXPECT_TRUE(idle.is_closed_by_peer());  // by now the first one has waited longer
  handler_.released = true;
  EXPECT_EQ(client.read_reply().body, "handled /hold");
}

TEST_F(ServerLimits, a_reader_that_takes_nothing_is_cut) {
  const TemporaryFile file("");
  file.resize(kLargeFile);
  handler_.blob = file_blob(file, kLargeFile);
  Limits limits;
  limits.stall_timeout = kShort;
  start(limits);
  RawClient client = connect(4096);
  client.send("GET /blob HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(eventually([this] { return server_->stats().stall_timeouts == 1; }));
  ASSERT_TRUE(eventually([this] { return server_->stats().connections_open == 0; }));
  EXPECT_FALSE(client.read_reply().body_complete);
}

TEST_F(ServerLimits, a_reader_below_the_least_rate_is_cut) {
  const TemporaryFile file("");
  file.resize(kLargeFile);
  handler_.blob = file_blob(file, kLargeFile);
  Limits limits;
  limits.rate_window = milliseconds{100};
  limits.least_send_rate = std::uint64_t{1} << 40;  // faster than any memory
  start(limits);
  RawClient client = connect(4096);
  client.send("GET /blob HTTP/1.1\r\nHost: h\r\n\r\n");
  char byte = 0;
  while (server_->stats().slow_readers_cut == 0 && ::recv(client.descriptor(), &byte, 1, 0) == 1) {
  }
  EXPECT_EQ(server_->stats().slow_readers_cut, 1U);
  EXPECT_EQ(server_->stats().stall_timeouts, 0U);
}

TEST_F(ServerLimits, connections_beyond_the_limit_are_refused_until_one_ends) {
  Limits limits;
  limits.connections = 2;
  start(limits, 2);
  RawClient first = connect();
  first.send("GET /echo HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(first.read_reply().status, 200);
  {
    RawClient second = connect();
    second.send("GET /echo HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_EQ(second.read_reply().status, 200);
    RawClient third = connect();
    const Reply refused = third.read_reply();
    EXPECT_EQ(refused.status, 503);
    EXPECT_EQ(refused.headers.at("content-type"), "application/problem+json");
    EXPECT_TRUE(refused.body_complete);
    EXPECT_TRUE(third.is_closed_by_peer());
    EXPECT_EQ(server_->stats().connections_refused, 1U);
  }
  ASSERT_TRUE(eventually([this] { return server_->stats().connections_open == 1; }));
  EXPECT_EQ(ask("GET /echo HTTP/1.1\r\nHost: h\r\n\r\n").status, 200);
}

// The next free descriptor; a limit of this value leaves none.
::rlim_t next_descriptor() {
  const int probe = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  ::close(probe);
  return static_cast<::rlim_t>(probe);
}

TEST_F(ServerLimits, the_server_sheds_connections_without_spinning_when_descriptors_run_out) {
  start();
  // The loop has run, so it opens no further files itself.
  EXPECT_EQ(ask("GET /echo HTTP/1.1\r\nHost: h\r\n\r\n").status, 200);
  ASSERT_TRUE(eventually([this] { return server_->stats().connections_open == 0; }));
  ::rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  std::vector<int> clients;
  for (int i = 0; i < 3; ++i) clients.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ::rlimit none = before;
  none.rlim_cur = next_descriptor();
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);

  ::sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(server_->port());
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  for (const int client : clients) {
    EXPECT_EQ(::connect(client, reinterpret_cast<const ::sockaddr*>(&address), sizeof(address)), 0);
    char byte = 0;
    EXPECT_LE(::recv(client, &byte, 1, 0), 0);  // closed
  }
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  for (const int client : clients) ::close(client);
  EXPECT_EQ(server_->stats().connections_refused, clients.size());
  EXPECT_LE(server_->stats().accept_errors, 3 * clients.size());  // a few for each, not thousands
  EXPECT_EQ(ask("GET /echo HTTP/1.1\r\nHost: h\r\n\r\n").status, 200);
}

// Resident memory of this process, bytes.
std::size_t resident_memory() {
  std::ifstream statm("/proc/self/statm");
  std::size_t total = 0;
  std::size_t resident = 0;
  statm >> total >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

void raise_descriptor_limit(::rlim_t wanted) {
  ::rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  if (limit.rlim_cur >= wanted) return;
  limit.rlim_cur = std::min(wanted, limit.rlim_max);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::size_t kSlowReaders = 200;  // the sanitizers' own memory would be measured
constexpr std::size_t kMemoryMax = 400'000'000;
#else
constexpr std::size_t kSlowReaders = 2'000;
constexpr std::size_t kMemoryMax = 60'000'000;
#endif

class SlowReaders : public ServerFixture, public ::testing::WithParamInterface<bool> {};

TEST_P(SlowReaders, slow_readers_cost_descriptors_and_little_memory) {
  raise_descriptor_limit(2 * kSlowReaders + 200);
  const TemporaryFile file("");
  file.resize(kLargeFile);
  handler_.blob = file_blob(file, kLargeFile, GetParam());
  start({}, 2);
  const std::size_t before = resident_memory();
  std::vector<RawClient> readers;
  readers.reserve(kSlowReaders);
  for (std::size_t i = 0; i < kSlowReaders; ++i) {
    readers.push_back(connect(4096));
    ASSERT_TRUE(readers.back().send("GET /blob HTTP/1.1\r\nHost: h\r\n\r\n")) << i;
  }
  // Each reader has its head, so each response has begun.
  for (RawClient& reader : readers) {
    char byte = 0;
    ASSERT_EQ(::recv(reader.descriptor(), &byte, 1, 0), 1);
  }
  EXPECT_EQ(server_->stats().connections_open, kSlowReaders);
  const std::size_t grown = resident_memory() - before;
  EXPECT_LT(grown, kMemoryMax);
  EXPECT_EQ(ask("GET /echo HTTP/1.1\r\nHost: h\r\n\r\n").status, 200);
  std::printf("  %zu slow readers: %.1f MB more resident\n", kSlowReaders, static_cast<double>(grown) / 1e6);
}

INSTANTIATE_TEST_SUITE_P(Of, SlowReaders, ::testing::Bool(),
                         [](const auto& row) { return row.param ? "a_file" : "a_blob_that_is_not_a_file"; });

}  // namespace
}  // namespace tapedeck::http::testing
