#include <string>
#include <string_view>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/http/server/server_fixture.hpp"

namespace tapedeck::http::testing {
namespace {

class ServerRequests : public ServerFixture {};

std::string get(std::string_view path, std::string_view more = "") {
  return fmt::format("GET {} HTTP/1.1\r\nHost: h\r\n{}\r\n", path, more);
}

TEST_F(ServerRequests, a_response_has_length_date_and_server) {
  start();
  const Reply reply = ask(get("/echo?a=1"));
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, "GET /echo ?a=1 []");
  EXPECT_EQ(reply.headers.at("content-length"), "17");
  EXPECT_EQ(reply.headers.at("server"), "tapedeck");
  EXPECT_TRUE(reply.headers.at("date").ends_with(" GMT"));
  EXPECT_FALSE(reply.headers.contains("connection"));
}

TEST_F(ServerRequests, a_connection_is_kept_for_the_next_request) {
  start();
  RawClient client = connect();
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(client.send(get(fmt::format("/echo?{}", i))));
    EXPECT_EQ(client.read_reply().body, fmt::format("GET /echo ?{} []", i));
  }
  EXPECT_EQ(server_->stats().connections_accepted, 1U);
}

TEST_F(ServerRequests, a_request_may_arrive_byte_by_byte) {
  start();
  RawClient client = connect();
  for (const char byte : std::string("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc")) {
    ASSERT_TRUE(client.send({&byte, 1}));
  }
  EXPECT_EQ(client.read_reply().body, "POST /echo ? [abc]");
}

TEST_F(ServerRequests, mixed_pipelined_requests_are_answered_in_order) {
  handler_.blob = memory_blob(pattern(50'000), 50'000);
  start();
  RawClient client = connect();
  ASSERT_TRUE(client.send(get("/echo?1") + "HEAD /echo?2 HTTP/1.1\r\nHost: h\r\n\r\n" +
                          "POST /echo?3 HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello" + get("/later?4") +
                          "POST /echo?5 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" +
                          "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n" + get("/blob") + get("/empty") + get("/echo?8")));
  EXPECT_EQ(client.read_reply().body, "GET /echo ?1 []");
  const Reply head = client.read_reply(true);
  EXPECT_EQ(head.headers.at("content-length"), "16");
  EXPECT_EQ(client.read_reply().body, "POST /echo ?3 [hello]");
  EXPECT_EQ(client.read_reply().body, "handled /later?4");
  EXPECT_EQ(client.read_reply().body, "POST /echo ?5 [abcde]");
  EXPECT_EQ(client.read_reply().body, pattern(50'000));
  const Reply empty = client.read_reply();
  EXPECT_EQ(empty.status, 204);
  EXPECT_FALSE(empty.headers.contains("content-length"));
  EXPECT_EQ(client.read_reply().body, "GET /echo ?8 []");
}

TEST_F(ServerRequests, another_client_is_served_between_many_pipelined_requests) {
  Limits limits;
  limits.pipelined = 4;
  start(limits);
  constexpr int kRequests = 2'000;
  std::string requests;
  for (int i = 0; i < kRequests; ++i) requests += get("/text/10");
  RawClient client = connect();
  RawClient other = connect();
  ASSERT_TRUE(client.send(requests));
  ASSERT_TRUE(other.send(get("/echo")));
  EXPECT_EQ(other.read_reply().status, 200);
  for (int i = 0; i < kRequests; ++i) ASSERT_EQ(client.read_reply().body, pattern(10)) << i;
}

TEST_F(ServerRequests, a_connection_closes_on_request) {
  start();
  RawClient client = connect();
  client.send(get("/echo", "Connection: close\r\n"));
  const Reply reply = client.read_reply();
  EXPECT_EQ(reply.headers.at("connection"), "close");
  EXPECT_TRUE(client.is_closed_by_peer());
}

TEST_F(ServerRequests, the_last_answer_arrives_whole_although_the_client_sends_on) {
  start();
  RawClient client = connect();
  client.send(get("/text/3000000", "Connection: close\r\n") + get("/echo") + std::string(50'000, 'x'));
  const Reply reply = client.read_reply();
  EXPECT_EQ(reply.body, pattern(3'000'000));
}

TEST_F(ServerRequests, a_connection_closes_after_an_http_1_0_request) {
  start();
  RawClient client = connect();
  client.send("GET /echo HTTP/1.0\r\n\r\n");
  EXPECT_EQ(client.read_reply().status, 200);
  EXPECT_TRUE(client.is_closed_by_peer());
}

TEST_F(ServerRequests, an_http_1_0_connection_is_kept_on_request) {
  start();
  RawClient client = connect();
  client.send("GET /echo HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(client.read_reply().headers.at("connection"), "keep-alive");
  client.send("GET /echo HTTP/1.0\r\n\r\n");
  EXPECT_EQ(client.read_reply().status, 200);
}

TEST_F(ServerRequests, the_server_sends_100_continue_before_it_waits_for_a_body) {
  start();
  RawClient client = connect();
  client.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.read_reply().status, 100);
  client.send("data");
  EXPECT_EQ(client.read_reply().body, "POST /echo ? [data]");
}

TEST_F(ServerRequests, the_server_sends_no_100_continue_for_a_body_that_has_arrived) {
  start();
  RawClient client = connect();
  client.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\ndata");
  EXPECT_EQ(client.read_reply().status, 200);
}

TEST_F(ServerRequests, a_large_body_is_refused_before_it_is_sent) {
  start();
  RawClient client = connect();
  client.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.read_reply().status, 413);
  EXPECT_TRUE(client.is_closed_by_peer());
}

TEST_F(ServerRequests, one_empty_line_before_a_request_is_ignored) {
  start();
  EXPECT_EQ(ask("\r\n" + get("/echo")).status, 200);
}

TEST_F(ServerRequests, an_absolute_target_may_name_the_host) {
  start();
  EXPECT_EQ(ask("GET http://Example.com:80/echo?q HTTP/1.1\r\nHost: example.com:80\r\n\r\n").body, "GET /echo ?q []");
  EXPECT_EQ(ask("GET http://example.com HTTP/1.1\r\nHost: example.com\r\n\r\n").status, 404);
}

TEST_F(ServerRequests, trailer_fields_are_dropped) {
  start();
  RawClient client = connect();
  client.send("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nHost: other\r\n\r\n" +
              get("/echo?next"));
  EXPECT_EQ(client.read_reply().body, "POST /echo ? [a]");
  EXPECT_EQ(client.read_reply().body, "GET /echo ?next []");
}

TEST_F(ServerRequests, an_exception_of_the_handler_gets_500_and_the_connection_goes_on) {
  start();
  RawClient client = connect();
  client.send(get("/throw"));
  const Reply reply = client.read_reply();
  EXPECT_EQ(reply.status, 500);
  EXPECT_EQ(reply.headers.at("content-type"), "application/problem+json");
  EXPECT_EQ(reply.body.find("planted"), std::string::npos);
  client.send(get("/echo"));
  EXPECT_EQ(client.read_reply().status, 200);
  EXPECT_EQ(server_->stats().handler_failures, 1U);
}

TEST_F(ServerRequests, no_header_value_begins_another_header) {
  start();
  const Reply reply = ask(get("/odd-header"));
  EXPECT_FALSE(reply.headers.contains("x-injected"));
  EXPECT_EQ(reply.headers.at("x-name"), "a  X-Injected: yes");
}

TEST_F(ServerRequests, a_head_request_gets_no_body) {
  start();
  RawClient client = connect();
  client.send("HEAD /text/100000 HTTP/1.1\r\nHost: h\r\n\r\n" + get("/echo"));
  EXPECT_EQ(client.read_reply(true).headers.at("content-length"), "100000");
  EXPECT_EQ(client.read_reply().body, "GET /echo ? []");
}

TEST_F(ServerRequests, the_server_counts_requests_bytes_and_durations) {
  start();
  std::size_t bytes = 0;
  {
    RawClient client = connect();
    client.send(get("/echo", "Connection: close\r\n"));
    bytes = client.read_to_end().size();
  }
  (void)ask(get("/nothing"));
  ASSERT_TRUE(eventually([this] { return server_->stats().connections_open == 0; }));
  const ServerStats stats = server_->stats();
  EXPECT_EQ(stats.requests_by_class[1], 1U);
  EXPECT_EQ(stats.requests_by_class[3], 1U);
  EXPECT_EQ(stats.connections_accepted, 2U);
  EXPECT_GT(stats.bytes_sent, bytes);
  EXPECT_EQ(stats.duration.total(), 2U);
  EXPECT_EQ(stats.first_byte.total(), 2U);
}

}  // namespace
}  // namespace tapedeck::http::testing
