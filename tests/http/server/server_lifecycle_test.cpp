#include <chrono>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tests/http/server/server_fixture.hpp"

namespace tapedeck::http::testing {
namespace {

constexpr std::string_view kEcho = "GET /echo HTTP/1.1\r\nHost: h\r\n\r\n";
constexpr std::string_view kDisk = "GET /disk HTTP/1.1\r\nHost: h\r\n\r\n";
constexpr std::string_view kHold = "GET /hold HTTP/1.1\r\nHost: h\r\n\r\n";

class ServerLifecycle : public ServerFixture {};

TEST_F(ServerLifecycle, every_loop_serves_through_one_port) {
  start({}, 3);
  std::vector<RawClient> clients;
  for (int i = 0; i < 50; ++i) {
    clients.push_back(connect());
    clients.back().send(kEcho);
  }
  for (RawClient& client : clients) EXPECT_EQ(client.read_reply().status, 200);
  EXPECT_EQ(server_->stats().connections_open, 50U);
}

TEST_F(ServerLifecycle, a_port_of_another_server_is_refused) {
  start({}, 2);
  TestHandler handler;
  ServerOptions options;
  options.port = server_->port();
  Server second(options, handler);
  const auto started = second.start();
  ASSERT_FALSE(started.has_value());
  EXPECT_EQ(started.error().errc(), Errc::kConflict);
  EXPECT_NE(started.error().detail.find(std::to_string(server_->port())), std::string::npos);
}

TEST_F(ServerLifecycle, a_malformed_address_is_refused) {
  ServerOptions options;
  options.address = "everywhere";
  Server server(options, handler_);
  const auto started = server.start();
  ASSERT_FALSE(started.has_value());
  EXPECT_EQ(started.error().errc(), Errc::kInvalidArgument);
}

TEST_F(ServerLifecycle, a_stopped_server_frees_its_port) {
  start();
  const std::uint16_t port = server_->port();
  EXPECT_EQ(ask(kEcho).status, 200);
  server_->stop();
  ServerOptions options;
  options.port = port;
  Server second(options, handler_);
  const auto started = second.start();
  EXPECT_TRUE(started.has_value());
}

TEST_F(ServerLifecycle, stop_closes_idle_connections_at_once) {
  start();
  RawClient idle = connect();
  idle.send(kEcho);
  (void)idle.read_reply();
  const auto begin = std::chrono::steady_clock::now();
  server_->stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, Limits().stop_grace / 2);
  EXPECT_TRUE(idle.is_closed_by_peer());
}

TEST_F(ServerLifecycle, stop_lets_a_running_response_finish_and_accepts_no_other) {
  start();
  RawClient client = connect();
  client.send(std::string(kHold) + std::string(kEcho));
  ASSERT_TRUE(eventually([this] { return handler_.holding == 1; }));
  std::jthread stopping([this] { server_->stop(); });
  EXPECT_TRUE(eventually([this] { return !connect().send(kEcho); }));  // no listener is left
  handler_.released = true;
  const Reply reply = client.read_reply();
  EXPECT_EQ(reply.body, "handled /hold");
  EXPECT_EQ(reply.headers.at("connection"), "close");
  EXPECT_EQ(client.read_reply().status, 0);
}

TEST_F(ServerLifecycle, stop_cuts_responses_that_outlast_the_grace_period) {
  Limits limits;
  limits.stop_grace = std::chrono::milliseconds{50};
  start(limits);
  RawClient held = connect();
  held.send(kHold);
  RawClient stuck = connect();
  stuck.send("GET /stuck HTTP/1.1\r\nHost: h\r\n\r\n");
  RawClient half = connect();
  half.send("GET /echo HT");
  ASSERT_TRUE(eventually([this] { return handler_.holding == 2 && server_->stats().connections_open == 3; }));
  server_->stop();
  EXPECT_TRUE(held.is_closed_by_peer());
  EXPECT_TRUE(stuck.is_closed_by_peer());
  EXPECT_TRUE(half.is_closed_by_peer());
  EXPECT_EQ(server_->stats().connections_open, 0U);
}

TEST_F(ServerLifecycle, stop_returns_soon_after_the_grace_period_although_a_handler_runs_on) {
  Limits limits;
  limits.stop_grace = std::chrono::milliseconds{20};
  start(limits, 3);
  std::vector<RawClient> clients;  // enough that every loop has one
  for (int i = 0; i < 24; ++i) {
    clients.push_back(connect());
    clients.back().send(kDisk);
  }
  ASSERT_TRUE(eventually([this] { return handler_.holding == 24; }));
  const auto begin = std::chrono::steady_clock::now();
  server_->stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 2 * (limits.stop_grace + kAbortGrace));
  for (RawClient& client : clients) EXPECT_TRUE(client.is_closed_by_peer());
  EXPECT_EQ(handler_.running, 24);
  handler_.release();
  server_.reset();
  EXPECT_EQ(handler_.running, 0);
}

TEST_F(ServerLifecycle, a_loop_lives_until_the_last_handler_on_it_has_ended) {
  Limits limits;
  limits.stop_grace = std::chrono::milliseconds{20};
  start(limits);
  RawClient client = connect();
  client.send(kDisk);
  ASSERT_TRUE(eventually([this] { return handler_.running == 1; }));
  auto destroyed = std::async(std::launch::async, [this] { server_.reset(); });
  // Longer than stop() takes: without the wait for the handler the server would be gone by then.
  EXPECT_EQ(destroyed.wait_for(limits.stop_grace + kAbortGrace + std::chrono::milliseconds{500}),
            std::future_status::timeout);
  EXPECT_EQ(handler_.running, 1);
  handler_.release();
  destroyed.get();
  EXPECT_EQ(handler_.running, 0);
}

TEST_F(ServerLifecycle, a_server_may_be_stopped_twice_and_never_started) {
  start();
  server_->stop();
  server_->stop();
  const Server unused(ServerOptions{}, handler_);
}

}  // namespace
}  // namespace tapedeck::http::testing
