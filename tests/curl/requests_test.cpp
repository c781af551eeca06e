#include <exception>
#include <memory>
#include <optional>
#include <string>

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "curl/client.hpp"
#include "tests/fakes/scripted_server.hpp"

// Requests of each method, with headers and bodies. The tests of the adapters that use this one check
// the answers.

namespace tapedeck {
namespace {

struct Exchange {
  CurlResult<CurlHead> head;
  std::string body;
  bool ended_well = false;
  int chunks_taken = 0;  // of a streamed body
};

Task<Exchange> exchange(CurlClient& client, CurlRequest request, std::vector<std::string> chunks) {
  const std::unique_ptr<CurlTransfer> transfer = client.start(std::move(request));
  Exchange done;
  for (std::string& chunk : chunks) {
    const bool taken = co_await transfer->write(std::move(chunk));
    if (!taken) break;
    ++done.chunks_taken;
  }
  CurlResult<CurlHead> head = co_await transfer->head();
  done.head = std::move(head);
  while (true) {
    CurlResult<std::string> bytes = co_await transfer->read();
    done.ended_well = bytes.has_value();
    if (!bytes || bytes->empty()) break;
    done.body += *bytes;
  }
  co_await transfer->ended();
  co_return done;
}

class CurlRequests : public testing::Test {
 protected:
  CurlRequest request(CurlMethod method, const std::string& target = "/object") {
    CurlRequest request;
    request.url = parse_url(server_.url() + target).value();
    request.method = method;
    request.may_be_private = true;
    return request;
  }

  Exchange run(CurlRequest request, std::vector<std::string> chunks = {}) {
    return run(client_, std::move(request), std::move(chunks));
  }
  Exchange run(CurlClient& client, CurlRequest request, std::vector<std::string> chunks = {}) {
    std::optional<Exchange> value;
    std::exception_ptr failure;
    Task<Exchange> task = exchange(client, std::move(request), std::move(chunks));
    boost::asio::co_spawn(loop_, std::move(task), [&](std::exception_ptr thrown, Exchange result) {
      failure = thrown;
      value.emplace(std::move(result));
    });
    while (!value) loop_.run_one();
    if (failure) std::rethrow_exception(failure);
    return std::move(*value);
  }

  boost::asio::io_context loop_{1};
  ScriptedServer server_{loop_};
  CurlClient client_;
};

TEST_F(CurlRequests, a_put_sends_its_headers_and_a_body_from_memory) {
  server_.answer({respond("200 OK", "ETag: \"e\"\r\n", "")});
  CurlRequest put = request(CurlMethod::kPut, "/a%20b?x=1");
  put.headers = {{"X-One", "1"}, {"Content-Type", "audio/mpeg"}};
  put.body = std::string(300'000, 'b');
  const Exchange done = run(std::move(put));
  ASSERT_TRUE(done.head) << done.head.error().detail;
  EXPECT_EQ(done.head->find("etag"), "\"e\"");
  const SeenRequest& seen = server_.requests().at(0);
  EXPECT_EQ(seen.method, "PUT");
  EXPECT_EQ(seen.target, "/a%20b?x=1");
  EXPECT_EQ(seen.header("x-one"), "1");
  EXPECT_EQ(seen.header("content-type"), "audio/mpeg");
  EXPECT_EQ(seen.header("content-length"), "300000");
  EXPECT_EQ(seen.body, std::string(300'000, 'b'));
}

TEST_F(CurlRequests, a_large_body_is_sent_without_expect_100_continue) {
  server_.answer({respond("200 OK", "", "")});
  CurlRequest put = request(CurlMethod::kPut);
  put.body = std::string(3'000'000, 'b');
  EXPECT_TRUE(run(std::move(put)).head);
  EXPECT_EQ(server_.requests().at(0).header("expect"), "");
  EXPECT_EQ(server_.requests().at(0).header("transfer-encoding"), "");
}

TEST_F(CurlRequests, a_put_sends_a_body_that_comes_in_chunks) {
  server_.answer({respond("200 OK", "", "")});
  CurlRequest put = request(CurlMethod::kPut);
  put.streamed_bytes = 4'000'000;
  put.limits.pipe_bytes = 100'000;
  std::vector<std::string> chunks;
  std::string whole;
  for (int i = 0; i < 40; ++i) {
    chunks.emplace_back(100'000, static_cast<char>('a' + i % 26));
    whole += chunks.back();
  }
  const Exchange done = run(std::move(put), std::move(chunks));
  EXPECT_TRUE(done.head);
  EXPECT_EQ(done.chunks_taken, 40);
  EXPECT_TRUE(server_.requests().at(0).body == whole);
}

TEST_F(CurlRequests, no_more_chunks_are_taken_once_the_answer_has_come) {
  server_.answer({early(), respond("403 Forbidden", "Connection: close\r\n", "no"), hang()});
  CurlRequest put = request(CurlMethod::kPut);
  put.streamed_bytes = 400'000'000;
  put.limits.pipe_bytes = 100'000;
  const Exchange done = run(std::move(put), std::vector<std::string>(4'000, std::string(100'000, 'x')));
  ASSERT_TRUE(done.head) << done.head.error().detail;
  EXPECT_EQ(done.head->status, 403);
  EXPECT_LT(done.chunks_taken, 4'000);
}

TEST_F(CurlRequests, a_post_may_have_a_body_or_none) {
  server_.answer({respond("200 OK", "", "<Result/>")});
  CurlRequest post = request(CurlMethod::kPost);
  post.body = "<Xml/>";
  EXPECT_EQ(run(std::move(post)).body, "<Result/>");
  EXPECT_EQ(run(request(CurlMethod::kPost)).body, "<Result/>");
  EXPECT_EQ(server_.requests().at(0).method, "POST");
  EXPECT_EQ(server_.requests().at(0).body, "<Xml/>");
  EXPECT_EQ(server_.requests().at(1).method, "POST");
  EXPECT_EQ(server_.requests().at(1).header("content-length"), "0");
}

TEST_F(CurlRequests, a_delete_request_is_answered) {
  server_.answer({send("HTTP/1.1 204 No Content\r\n\r\n")});
  const Exchange done = run(request(CurlMethod::kDelete));
  ASSERT_TRUE(done.head);
  EXPECT_EQ(done.head->status, 204);
  EXPECT_TRUE(done.ended_well);
  EXPECT_EQ(server_.requests().at(0).method, "DELETE");
}

TEST_F(CurlRequests, a_head_request_waits_for_no_body) {
  server_.answer({respond_head("200 OK", "", 5'000)});
  const Exchange done = run(request(CurlMethod::kHead));
  ASSERT_TRUE(done.head);
  EXPECT_EQ(done.head->find("content-length"), "5000");
  EXPECT_TRUE(done.ended_well);
  EXPECT_EQ(server_.requests().at(0).method, "HEAD");
}

TEST_F(CurlRequests, a_body_is_sent_again_if_the_idle_connection_was_closed) {
  server_.answer({respond("200 OK", "", "one"), close_connection()});
  server_.answer({respond("200 OK", "", "two")});
  CurlRequest put = request(CurlMethod::kPut);
  put.body = "bytes";
  EXPECT_EQ(run(CurlRequest(put)).body, "one");
  const Exchange again = run(std::move(put));
  EXPECT_EQ(again.body, "two");
  EXPECT_EQ(server_.requests().at(1).body, "bytes");
}

TEST_F(CurlRequests, a_missing_answer_after_the_body_times_out) {
  server_.answer({hang()});
  CurlRequest put = request(CurlMethod::kPut);
  put.body = "bytes";
  put.limits.answer_timeout = Milliseconds{50};
  const Exchange done = run(std::move(put));
  ASSERT_FALSE(done.head);
  EXPECT_EQ(done.head.error().failure, CurlFailure::kTimedOut);
}

TEST_F(CurlRequests, a_body_that_is_not_read_times_out) {
  server_.answer({early(), hang()});
  CurlRequest put = request(CurlMethod::kPut);
  put.streamed_bytes = 400'000'000;
  put.limits.answer_timeout = Milliseconds{50};
  const Exchange done = run(std::move(put), {std::string(1'000, 'x')});
  ASSERT_FALSE(done.head);
  EXPECT_EQ(done.head.error().failure, CurlFailure::kTimedOut);
}

TEST_F(CurlRequests, a_transfer_beyond_the_most_is_refused_with_the_reason) {
  CurlClient narrow(kConnectionsKept, 1);
  server_.answer({hang()});
  const std::unique_ptr<CurlTransfer> first = narrow.start(request(CurlMethod::kGet));
  EXPECT_EQ(narrow.active(), 1U);
  const Exchange second = run(narrow, request(CurlMethod::kGet));
  ASSERT_FALSE(second.head);
  EXPECT_EQ(second.head.error().failure, CurlFailure::kUnreachable);
  EXPECT_TRUE(second.head.error().detail.contains("1 transfers run already")) << second.head.error().detail;
  EXPECT_EQ(narrow.active(), 1U);
}

}  // namespace
}  // namespace tapedeck
